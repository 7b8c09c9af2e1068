"""Both methods on the same images: the truth, the network's answer and the change of each cell, gathered in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.params import Params
from repro.segmentation.cells import CELLS, cell_map
from repro.segmentation.image_corpus import checked, find_images, load_masks, read_change, read_probability
from repro.sky.magnetic import magnetic_local_time, magnetic_place
from repro.untrusted import read_table

#: What is known of a simulated image; of real ones nothing but what the masks say.
GROUPS = ("motion", "light", "weather", "place")
SHARE = 0.5  # of a cell's pixels from which it counts as auroral


@dataclass(frozen=True)
class Compared:
    """n images with all that is known of them.

    ``table`` has ``name``, ``night``, ``time_utc``, ``mlt_h``, ``part`` (``train`` for nights that the network learnt from,
    ``held_out`` for others) and :data:`GROUPS`. ``probability`` of aurora is uint8 (n, size, size), in 255ths. ``masks``
    are the truth, bool of the same shape, only where ``labelled`` (n,). ``change``, by lag in minutes, is (n, 400), NaN
    where an image has no partner.
    """

    table: pd.DataFrame
    probability: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    labelled: npt.NDArray[np.bool_]
    change: dict[int, npt.NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.table)

    def take(self, chosen: npt.NDArray[np.bool_]) -> Compared:
        """Images of a flag."""
        arrays = {name: getattr(self, name)[chosen] for name in ("probability", "masks", "labelled")}
        changes = {lag: table[chosen] for lag, table in self.change.items()}
        return replace(self, table=self.table[chosen].reset_index(drop=True), change=changes, **arrays)

    @property
    def paired(self) -> npt.NDArray[np.bool_]:
        """Images that have a partner at every lag."""
        return np.asarray(np.all([~np.isnan(table[:, 0]) for table in self.change.values()], axis=0))

    def true_cells(self) -> npt.NDArray[np.bool_]:
        """Cells of which more than half is aurora, (n, 400)."""
        return cells_of(self.masks)

    def network_cells(self, threshold: float) -> npt.NDArray[np.bool_]:
        """Cells of which the network calls more than half aurora, (n, 400)."""
        return cells_of(self.probability >= np.ceil(255 * threshold))


def cells_of(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Cells of which more than half of the pixels are flagged, (n, 400), of flags (n, size, size)."""
    if not len(flags):
        return np.zeros((0, CELLS), bool)
    table = cell_map(flags.shape[1])
    return np.stack([table.means(flag.view(np.uint8))[:, 0] > SHARE for flag in flags])


def gather(data: Path, folders: dict[str, Path], params: Params) -> Compared:
    """Gather a corpus ``data`` from the folders of the stages difference, train and segment."""
    kopri = params.kopri
    corpus = find_images(data, kopri.site)
    rows = corpus.table
    with_mask = set(checked(corpus, kopri.image_size_px)[0]["name"])
    split = read_table(folders["train"] / "split.parquet", made_by="make records")
    trained = set(split.loc[split[kopri.splits[0]] == "train", "night"])
    tables, probabilities = [], []
    changes: dict[int, list[npt.NDArray[np.float32]]] = {lag: [] for lag in kopri.difference.lags_min}
    for night, mine in rows.groupby("night"):
        names, probability = read_probability(folders["segment"] / "nights" / f"{night}.npz")
        changes_of_night = read_change(folders["difference"] / "nights" / f"{night}.npz")
        order = pd.Index(changes_of_night.names).get_indexer(pd.Index(names))
        tables.append(mine.set_index("name").loc[names.tolist()].reset_index())
        probabilities.append(probability)
        for lag, values in changes.items():
            values.append(changes_of_night.change[lag][order])
    table = pd.concat(tables, ignore_index=True)
    files = sorted((data / "truth").glob("[!.]*.parquet"))
    if files:
        known = pd.concat([pd.read_parquet(path, columns=["name", *GROUPS]) for path in files])
        table = table.merge(known, on="name", how="left")
    else:
        table = table.assign(**dict.fromkeys(GROUPS, "unknown"))
    table["part"] = np.where(table["night"].isin(trained), "train", "held_out")
    for year, rows in table.groupby(table["time_utc"].dt.year):
        mlt_h = magnetic_local_time(rows["time_utc"].to_numpy("datetime64[s]"), magnetic_place(kopri.place, int(year)))
        table.loc[rows.index, "mlt_h"] = mlt_h
    labelled = table["name"].isin(with_mask).to_numpy()
    size = kopri.image_size_px
    masks = np.zeros((len(table), size, size), bool)
    masks[labelled] = load_masks(table.loc[labelled, "mask"].tolist(), size, corpus.circle)
    change = {lag: np.concatenate(values) for lag, values in changes.items()}
    table = table.drop(columns=["image", "mask"])
    return Compared(table, np.concatenate(probabilities), masks, labelled, change)
