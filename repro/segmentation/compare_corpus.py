"""Stage compare: both methods on the same images, and maps of occurrence by magnetic local time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.engine.run_nights import failures, summaries
from repro.errors import ReproError
from repro.files import write_json, write_table
from repro.params import Params
from repro.segmentation.cells import CELLS
from repro.segmentation.frames_compared import Compared, gather
from repro.segmentation.station import DARK_DEG
from repro.segmentation.threshold_curves import MOVING, curves, summary
from repro.simulated_mark import MARKER
from repro.sky.ephemeris import positions

STAGES = ("difference", "train", "segment")
Floats = npt.NDArray[np.float64]
HOURS = 24


@dataclass(frozen=True)
class Occurrence:
    """Occurrence of one method: flagged images (24, 400) by hour of magnetic local time and cell; usable images (24,)."""

    flagged: npt.NDArray[np.int64]
    images: npt.NDArray[np.int64]

    @property
    def rate(self) -> Floats:
        """Flagged over usable images, (24, 400); NaN where there was no image: an empty bin is empty, not zero."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.flagged / self.images[:, None])

    def merged(self, hours: int) -> Occurrence:
        """The same with bins of so many hours, a divisor of 24."""
        return Occurrence(self.flagged.reshape(-1, hours, CELLS).sum(1), self.images.reshape(-1, hours).sum(1))

    @property
    def mean(self) -> float:
        """Share of all cells of all usable images; NaN without images."""
        total = int(self.images.sum())
        return float(self.flagged.sum() / (total * CELLS)) if total else float("nan")


def occurrence(flags: npt.NDArray[np.bool_], mlt_h: Floats) -> Occurrence:
    """Occurrence of aurora in flags (n, 400) of the cells of n usable images at magnetic local times (n,), 0 to 24 h."""
    hour = np.floor(mlt_h).astype(np.int64) % HOURS
    flagged = np.zeros((HOURS, CELLS), np.int64)
    np.add.at(flagged, hour, flags)
    return Occurrence(flagged, np.bincount(hour, minlength=HOURS))


def compare(data: Path, folders: dict[str, Path], target: Path, params: Params) -> dict[str, Any]:
    """Compare the methods on a corpus, from the folders of the stages :data:`STAGES`.

    ``target`` gets ``compare.json``, ``curves.parquet``, ``occurrence.parquet`` (``method``, ``hour``, ``cell``,
    ``flagged`` of so many ``images``) and ``examples.parquet``. Raises ReproError if no labelled image of a held-out night
    has a partner.
    """
    kopri = params.kopri
    compared = gather(data, folders, params)
    held = compared.take((compared.table["part"] == "held_out").to_numpy() & compared.labelled & compared.paired)
    if not len(held):
        raise ReproError(
            found=f"no labelled image of a held-out night with a partner {max(kopri.difference.lags_min)} min before it",
            expected="images a minute apart, with masks, of nights that are not for training",
            where=str(data),
            remedy="add such images, or raise kopri.difference.tolerance_s in params.yaml",
        )
    table = curves(held, kopri)
    sun = positions(compared.table["time_utc"].to_numpy("datetime64[s]"), kopri.site).sun_alt_deg
    maps = _maps(compared, sun < DARK_DEG, params)
    nights = {stage: summaries(folders[stage]).values() for stage in ("difference", "segment")}
    alone = pd.DataFrame([night["without_partner"] for night in nights["difference"]]).sum().astype(int)
    document = {
        "simulated": (data / MARKER).is_file(),
        "images": len(compared),
        "nights": int(compared.table["night"].nunique()),
        "too_bright": int((sun >= DARK_DEG).sum()),
        "not_usable": {  # reasons by image
            stage: {name: fault for night in of_stage for name, fault in night["faults"].items()}
            for stage, of_stage in nights.items()
        },
        "without_partner": alone.to_dict(),
        "refused_files": [vars(fault) for fault in failures(folders["difference"], made_by="make records")],
        "held_out": summary(held, table, kopri),
        "occurrence": {
            method: {
                "mean": round(occurrence.mean, 4) if occurrence.images.any() else None,
                "images": occurrence.images.tolist(),
            }
            for method, occurrence in maps.items()
        },
        "curves": json.loads(table.round(4).to_json(orient="records")),
    }
    write_json(target / "compare.json", document)
    write_json(target / "metrics.json", _metrics(document))  # for DVC
    write_table(target / "curves.parquet", table)
    write_table(target / "occurrence.parquet", maps_table(maps))
    write_table(target / "examples.parquet", examples(held))
    return document


def _maps(compared: Compared, dark: npt.NDArray[np.bool_], params: Params) -> dict[str, Occurrence]:
    """Occurrence by each method in all dark images; the network also in nights that it learnt from."""
    kopri = params.kopri
    mlt = compared.table["mlt_h"].to_numpy()
    true = dark & compared.labelled
    maps = {"network": occurrence(compared.network_cells(kopri.threshold)[dark], mlt[dark])}
    if true.any():
        maps = {"truth": occurrence(compared.true_cells()[true], mlt[true]), **maps}
    for lag, change in compared.change.items():
        usable = dark & ~np.isnan(change[:, 0])
        maps[f"differencing_{lag}"] = occurrence(change[usable] > kopri.difference.threshold_counts, mlt[usable])
    return maps


def maps_table(maps: dict[str, Occurrence]) -> pd.DataFrame:
    """Maps as a table with one row a method, hour and cell; :func:`read_maps` reads it."""
    parts = []
    for method, rates in maps.items():
        hour, cell = np.indices(rates.flagged.shape)
        columns = {"hour": hour.ravel(), "cell": cell.ravel(), "flagged": rates.flagged.ravel()}
        parts.append(pd.DataFrame({"method": method, **columns, "images": np.repeat(rates.images, CELLS)}))
    return pd.concat(parts, ignore_index=True)


def read_maps(table: pd.DataFrame) -> dict[str, Occurrence]:
    """Maps out of the table that the stage wrote, by method."""
    result = {}
    for method, rows in table.sort_values(["hour", "cell"]).groupby("method", sort=False):
        flagged, images = (rows[name].to_numpy().reshape(HOURS, CELLS) for name in ("flagged", "images"))
        result[str(method)] = Occurrence(flagged, images[:, 0])
    return {method: result[method] for method in table["method"].unique()}


def examples(held: Compared) -> pd.DataFrame:
    """Held-out images to look at: of each motion and place the one with most aurora, and one without any."""
    table = held.table.assign(aurora=held.masks.mean((1, 2)))
    lit = table[table["aurora"] > 0].sort_values("aurora", ascending=False)
    order = {motion: number for number, motion in enumerate(("stationary", *MOVING))}
    known = lit[lit["motion"].isin(order)].groupby(["motion", "place"], sort=False).head(1)
    known = known.assign(order=known["motion"].map(order)).sort_values(["order", "place"]).drop(columns="order")
    empty = table[(table["aurora"] == 0) & (table["weather"] != "clear")].head(1)
    chosen = pd.concat([known if len(known) else lit.head(6), empty], ignore_index=True)
    return chosen[["name", "night", "motion", "place", "light", "weather", "aurora"]]


def _metrics(document: dict[str, Any]) -> dict[str, Any]:
    pixels, lags = document["held_out"]["pixels"]["network"]["all"], document["held_out"]["equal_false_alarms"]["lags"]
    return {
        **{name: pixels[name] for name in ("iou", "recall", "precision")},
        "ratio_stationary": {lag: of_lag["ratio_stationary"] for lag, of_lag in lags.items()},
    }
