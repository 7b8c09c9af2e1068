"""Results of stages on a corpus of a few frames, written by hand so that every number in the report is known."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from repro import frames
from repro.analysis import confusion as errors
from repro.analysis import softmax as sureness
from repro.analysis import table6 as counted
from repro.paths import Paths

PER_NIGHT = 6


def _folder(paths: Paths, corpus: str, stage: str, inside: str = "") -> Path:
    """A folder of a stage's results, made if it is not there."""
    folder = paths.stage(corpus, stage) / inside
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def film(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what film, clock and sky leave of nights of six frames a minute apart.

    The second was repaired, the third is unreadable, the fourth's time is a second late; the last two are in twilight.
    """
    for night in nights:
        table = _table(night)
        for stage, columns in (("clock", list(table.columns[:10])), ("sky", list(table.columns))):
            frames.write(_folder(paths, corpus, stage, "tables") / f"{night}.parquet", table[columns], stage)
        for stage, summary in _summaries(simulated=corpus == "simulated").items():
            receipt = _folder(paths, corpus, stage, "receipts") / f"{night}.json"
            receipt.write_text(json.dumps({"night": night, "inputs": {}, "outputs": {}, "summary": summary}))
            (paths.stage(corpus, stage) / "failures.json").write_text("[]")
        for stage, size in (("film", (PER_NIGHT, 40)), ("sky", (700, 350))):
            values = np.random.default_rng(int(night)).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(values).save(_folder(paths, corpus, stage, "keograms") / f"{night}.png")


def infer(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what stage infer leaves of the same frames: yes, yes, none (unreadable), no, no, yes."""
    for night in nights:
        table = _table(night)
        timed = table["time_utc"].notna()
        p_yes = pd.Series([0.9, 0.8, 0.7, 0.2, 0.3, 0.6]).where(timed)
        table = table.assign(
            logit_no=-p_yes, logit_yes=p_yes, p_yes=p_yes, predicted=np.where(p_yes > 0.5, "yes", "no")
        )
        table["predicted"] = table["predicted"].where(timed, None)
        frames.write(_folder(paths, corpus, "infer", "tables") / f"{night}.parquet", table, "infer")


def split(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what stage split leaves, and the archives of the frames: the first of each night trains as yes."""
    rows = []
    for night in nights:
        table = _table(night)
        with zipfile.ZipFile(_folder(paths, corpus, "film", "frames") / f"{night}.zip", "w") as file:
            for number, name in zip(table["number"], table["name"], strict=True):
                if isinstance(name, str):
                    values = np.random.default_rng(number).integers(0, 255, (48, 48, 3), dtype=np.uint8)
                    jpeg = io.BytesIO()
                    Image.fromarray(values).save(jpeg, "JPEG")
                    file.writestr(frames.archive_name(name), jpeg.getvalue())
        for place, label in enumerate(("yes", "no")):
            rows.append({"night": night, "name": table["name"][place], "label": label, "split": "train"})
    pd.DataFrame(rows).to_parquet(_folder(paths, corpus, "split") / "split.parquet")


def simulate(paths: Paths, nights: list[str]) -> None:
    """Write the truth of the same frames, half of them with aurora."""
    folder = paths.truth("simulated")
    folder.mkdir(parents=True, exist_ok=True)
    for night in nights:
        table = _table(night)
        truth = table[["night", "number"]].assign(
            time_utc=_times(night),
            sun_bin=table["sun_bin"].fillna("Night"),
            moon_bin="No_moon",
            visible=[True, True, True, False, False, False],
            certain=[True, False, True, True, True, True],
            form=["arc", "arc", "corona", "none", "none", "none"],
            colour=["green", "green", "pink", "none", "none", "none"],
            weather=["clear"] * 4 + ["snow"] * 2,
        )
        truth.to_parquet(folder / f"{night}.parquet")


def contact_sheet(paths: Paths) -> None:
    """Write a contact sheet of three frames."""
    paths.contact_sheet.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (300, 200), (20, 40, 60)).save(paths.contact_sheet)
    table = pd.DataFrame({"row": ["form", "form", "weather"], "median_red": [20.0, 30.0, 70.0]})
    table.to_csv(paths.contact_sheet.with_suffix(".csv"), index=False)


def train(paths: Paths, corpus: str = "simulated") -> None:
    """Write what stage train leaves of two trainings of two epochs on twenty validation images."""
    folder = _folder(paths, corpus, "train")
    runs = [
        {"split": split, "network": 0, "seed": 7, "best_epoch": 2, "train_images": 80, "val_images": 20,
         "val_correct": correct, "val_loss": 0.2, "epochs": 2, "lowest_val_loss": 0.2, "wilson": [0.6, 0.97]}
        for split, correct in (("within nights", 18), ("unseen nights", 16))
    ]  # fmt: skip
    curves = [
        {"split": run["split"], "network": 0, "epoch": epoch, "phase": phase, "train_loss": 0.5, "train_accuracy": 0.8,
         "val_loss": 0.3, "val_accuracy": run["val_correct"] / 20 - 0.1 * (epoch == 1),
         "val_correct": run["val_correct"] - 2 * (epoch == 1)}
        for run in runs
        for epoch, phase in ((1, "head"), (2, "all"))
    ]  # fmt: skip
    pd.DataFrame(curves).to_parquet(folder / "curves.parquet")
    measured = {"correct": 18, "images": 20, "nights": 3, "accuracy": 0.9, "wilson": [0.7, 0.97]}
    document = {
        "initial_weights": {"name": "observatory"}, "precision": "float32", "image_size_px": 240, "device": "CPU",
        "runs": runs, "spread": None, "generalisation_gap": {
            "within_nights": {**measured, "by_night": [0.6, 1.0]}, "unseen_nights": {**measured, "by_night": None}},
    }  # fmt: skip
    (folder / "train.json").write_text(json.dumps(document))


def softmax(paths: Paths, corpus: str = "simulated") -> None:
    """Write what stage softmax leaves of two nights of eight frames, the second of which is also taken as a later one."""
    table = pd.DataFrame(
        {
            "night": ["20221201"] * 4 + ["20240301"] * 4,
            "sun_bin": ["Night"] * 5 + ["Astro"] * 3,
            "moon_bin": "No_moon",
            "p_yes": [0.99, 0.8, 0.6, 0.2, 0.005, 0.9, 0.4, 0.1],
            "truth": ["yes", "yes", "no", "no", "no", "yes", "yes", "no"],
        }
    )
    table["predicted"] = np.where(table["p_yes"] > 0.5, "yes", "no")
    table["weather"] = ["clear"] * 6 + ["snow"] * 2
    table["form"], table["colour"] = (np.where(table["truth"] == "yes", kind, "none") for kind in ("arc", "green"))
    rng = np.random.default_rng(1)
    tables = {
        "table6": counted.table6(table),
        "figure6": sureness.figure6(table),
        "figure7": sureness.figure7(table),
        "table6_later": counted.table6(table[4:]),
        "confusion": errors.confusion(table, ["sun_bin", "moon_bin"], 100, rng),
        **{f"confusion_{by}": errors.confusion(table, [by], 100, rng) for by in ("weather", "form", "colour")},
        "reliability": errors.reliability(table, ["sun_bin", "moon_bin"]),
    }
    folder = _folder(paths, corpus, "softmax")
    for name, rows in tables.items():
        rows.to_parquet(folder / f"{name}.parquet")
    calibration = {"all": errors.calibration_error(table, 100, rng)}
    calibration["Night.No_moon"] = errors.calibration_error(table[:5], 100, rng)
    counted_errors = {"right_answers_from": "truth", "frames": 8, "calibration": calibration, "claims": {}}
    occurrence = {"mean_of_odds_percent": None, "odds_percent": 100.0, "share_percent": 50.0}
    (folder / "softmax.json").write_text(json.dumps({"occurrence": occurrence, "errors": counted_errors}))


def gradcam(paths: Paths, corpus: str = "simulated") -> None:
    """Write what stage gradcam leaves of two cases, one of them without a frame."""
    folder = paths.stage(corpus, "gradcam")
    for name in ("frames/colour.red.jpg", "overlays/colour.red.yes.jpg", "overlays/colour.red.no.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (720, 720), (120, 20, 20)).save(folder / name)
    rows = [
        {"panel": "colour", "case": "red", "label": "yes", "name": "a.jpg", "chosen": "red, classified yes", "p_yes": 0.97},
        {"panel": "weather", "case": "snow", "label": "no", "name": None, "chosen": "no frame fits", "p_yes": None},
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "cases.parquet")
    on = {"frames": 4, "pointing_game": {"mean": 0.75, "by_night": [0.5, 1.0]},
          "energy": {"mean": 0.6, "by_night": None}, "uniform": 0.2}  # fmt: skip
    said = {"quantities": {"gradcam.colour": "red"}, "missing": {"weather.snow": "no frame fits"}, "on_aurora": on}
    (folder / "gradcam.json").write_text(json.dumps({"target_layer": "features", **said}))


def _times(night: str) -> pd.Series:
    start = pd.Timestamp(night, tz="UTC") + pd.Timedelta(hours=7)
    return pd.Series(pd.date_range(start, periods=PER_NIGHT, freq="min").as_unit("us"))


def _table(night: str) -> pd.DataFrame:
    times = _times(night)
    times[2] = pd.NaT
    times[3] += pd.Timedelta(seconds=1)
    timed = times.notna()
    stamps = times.dt.strftime("%Y%m%d%H%M%S")
    names = stamps + f"_{night}_" + pd.Series(range(PER_NIGHT)).astype(str) + ".jpg"
    return pd.DataFrame(
        {
            "night": night,
            "number": range(PER_NIGHT),
            "frame": [10 * number for number in range(PER_NIGHT)],
            "video_time_s": [0.4 * number for number in range(PER_NIGHT)],
            "name": names.where(timed, None),
            "clock_read": "x",
            "clock_confidence": 50.0,
            "clock_text": pd.Series(["x"] * PER_NIGHT).where(timed, None),
            "clock_repair": ["", "day_34", "unreadable", "", "", ""],
            "time_utc": times,
            "sun_alt_deg": pd.Series([-30.0] * 4 + [-15.0] * 2).where(timed),
            "moon_alt_deg": pd.Series([-5.0] * PER_NIGHT).where(timed),
            "moon_phase_deg": pd.Series([10.0] * PER_NIGHT).where(timed),
            "sun_bin": pd.Series(["Night"] * 4 + ["Astro"] * 2).where(timed, None),
            "moon_bin": pd.Series(["No_moon"] * PER_NIGHT).where(timed, None),
            "on_boundary": False,
        }
    )


def _summaries(*, simulated: bool) -> dict[str, dict]:
    gap = {"kind": "gap", "after": 3, "before": 4, "seconds": 60.0, "frames": 1}
    return {
        "film": {"scanned": 60, "sampled": PER_NIGHT, "missing": 0, "holes": [], "undecoded": [],
                 "simulated": simulated},
        "clock": {
            "frames": PER_NIGHT, "step_s": 60.0, "repairs": {"day_34": 1, "unreadable": 1}, "unreadable": [2],
            "breaks": [gap], "ambiguous": [], "dst_inconsistent": 0, "confusions": [["1", "4", 1], ["<", "", 2]],
        },
        "sky": {"frames": PER_NIGHT, "timed": 5, "on_boundary": 0,
                "conditions": [["No_moon", "Astro", 2], ["No_moon", "Night", 3]]},
    }  # fmt: skip
