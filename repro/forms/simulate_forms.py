"""Write the simulated Kiruna: pictures, truth and labels, night by night; nights that are there already are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from repro.engine import receipts
from repro.engine.run_nights import Task, run_nights
from repro.files import atomic_path, write_json, write_table, write_text
from repro.forms import kiruna
from repro.forms.classes import CLASSES, ambiguous, classes_of
from repro.params import FormsCampaign, Params
from repro.seeding import generator
from repro.simulated_mark import COMMENT, mark_folders
from repro.untrusted import read_table

WHOLE = "whole_night"  # name of the files of the one whole night


@dataclass(frozen=True)
class _Job(Task):
    night: kiruna.FormNight
    campaign: FormsCampaign


def simulate_forms(out: Path, params: Params) -> Mapping[str, Any]:
    """Simulate the campaign of section ``kvammen``.

    ``out`` gets ``images/YYYYMMDD_K.png``, ``truth/YYYYMMDD.parquet`` (see :func:`repro.forms.kiruna.pictures_and_truth`),
    ``labels.csv``, and ``whole_night.npz`` with ``whole_night.parquet``.

    Gives counts: how many frames have each class, are ambiguous, cloudy, of no class or labelled; also written as
    ``campaign.json``.
    """
    campaign, seed = params.kvammen.campaign, params.seed
    mark_folders(out, out / "images")
    nights = kiruna.campaign_nights(campaign, seed)
    jobs = [_job(out, night, campaign, seed) for night in nights]
    whole = _job(out, kiruna.whole_night(campaign, seed), campaign, seed, whole=True)
    outcome = run_nights(
        "simulate Kiruna", out, [*jobs, whole], _make, workers=params.engine, unit="frames", clear_stale=False
    )
    if outcome.failed:
        raise outcome.failed[0].error()
    kept = {path.name for job in jobs for path in job.work.outputs}
    for path in (*(out / "images").glob("*.png"), *(out / "truth").glob("*.parquet")):
        if path.name not in kept:  # of a campaign with other nights
            path.unlink()
    table = truth_of(out, campaign)
    labelled = table[labelled_frames(table, campaign.ambiguous_share, seed)].sort_values("name")
    labels = labelled[["name", "class"]].rename(columns={"class": "label"}).assign(labeller="simulated", labelled_at="")
    write_text(out / "labels.csv", labels.to_csv(index=False, lineterminator="\n"))
    document = {
        "nights": int(table["night"].nunique()),
        "frames": len(table),
        "cloudy": int((table["cloud_cover"] > kiruna.CLEAN_COVER).sum()),
        "ambiguous": int(table["ambiguous"].sum()),
        "of_no_class": int((table["class"] == "none").sum()),
        "classes": {name: int((table["class"] == name).sum()) for name in CLASSES},
        "labelled": len(labelled),
        "labeller_shift": campaign.labeller_shift,
        "precedence": list(campaign.precedence),
    }
    write_json(out / "campaign.json", document)
    return document


def truth_of(folder: Path, campaign: FormsCampaign) -> pd.DataFrame:
    """Truth of all frames of the campaign's short spells, with ``class`` and ``ambiguous``."""
    files = sorted((folder / "truth").glob("[!.]*.parquet"))
    return _classed(
        pd.concat([read_table(path, made_by="make records") for path in files], ignore_index=True), campaign
    )


def whole_night_of(folder: Path, campaign: FormsCampaign) -> tuple[npt.NDArray[np.uint8], pd.DataFrame]:
    """Frames, uint8 (n, side, side, 3), of the whole night, and their truth."""
    with np.load(folder / f"{WHOLE}.npz") as stored:
        frames = stored["frames"]
    return frames, _classed(read_table(folder / f"{WHOLE}.parquet", made_by="make records"), campaign)


def labelled_frames(table: pd.DataFrame, ambiguous_share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Frames that get a label: clean ones of a class, and so many of the ambiguous ones as the share asks for."""
    clean = ((table["class"] != "none") & (table["cloud_cover"] <= kiruna.CLEAN_COVER)).to_numpy()
    sure: npt.NDArray[np.bool_] = clean & ~table["ambiguous"].to_numpy()
    unsure = np.flatnonzero(clean & table["ambiguous"].to_numpy())
    wanted = round(ambiguous_share / (1 - ambiguous_share) * int(sure.sum()))
    chosen = generator(seed, "kiruna", "ambiguous").permutation(unsure)[:wanted]
    sure[chosen] = True
    return sure


def _classed(truth: pd.DataFrame, campaign: FormsCampaign) -> pd.DataFrame:
    # Classes are not stored: a limit that moves must not render a night again.
    limits = campaign.rules, campaign.precedence
    return truth.assign(
        **{"class": classes_of(truth, *limits), "ambiguous": ambiguous(truth, *limits, campaign.labeller_shift)}
    )


def _job(out: Path, night: kiruna.FormNight, campaign: FormsCampaign, seed: int, *, whole: bool = False) -> _Job:
    name = night.plan.night
    if whole:
        outputs = [out / f"{WHOLE}.parquet", out / f"{WHOLE}.npz"]
    else:
        pictures = [out / "images" / f"{name}_{k}.png" for k in range(len(night.times_utc))]
        outputs = [out / "truth" / f"{name}.parquet", *pictures]
    settings = {
        "plan": repr(night), "site": campaign.site.model_dump(), "image_px": campaign.image_px, "seed": seed,
        "times": [str(time) for time in night.times_utc],
    }  # fmt: skip
    receipt = out / "receipts" / f"{WHOLE if whole else name}.json"
    work = receipts.NightWork(name, (), tuple(outputs), receipt, receipts.settings_digest(settings, kiruna.__name__))
    return _Job(work, len(night.times_utc), night, campaign)


def _make(job: _Job) -> dict[str, int]:
    frames, truth = kiruna.pictures_and_truth(job.night, job.campaign)
    table, *pictures = job.work.outputs
    if pictures[0].suffix == ".npz":
        with atomic_path(pictures[0]) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, frames=frames)
        truth["name"] = [f"{WHOLE}_{k}" for k in range(len(truth))]
    else:
        for frame, target in zip(frames, pictures, strict=True):
            write_png(frame, target)
        truth["name"] = [path.name for path in pictures]
    write_table(table, truth)
    return {"frames": len(truth)}


def write_png(frame: npt.NDArray[np.uint8], target: Path) -> None:
    """Write a simulated picture, uint8 (side, side, 3), with the comment that says so."""
    comment = PngInfo()
    comment.add_text("comment", COMMENT)
    with atomic_path(target) as temporary:
        Image.fromarray(frame).save(temporary, format="PNG", pnginfo=comment)
