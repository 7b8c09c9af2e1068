"""Results of stages on a corpus of a few frames, written by hand so that every number in the report is known."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from repro import frames
from repro.analysis import confusion as errors
from repro.analysis import softmax as sureness
from repro.analysis import table6 as counted
from repro.files import atomic_path, write_json, write_table
from repro.paths import Paths
from tests.support.frames import night_frames
from tests.support.images import write_archive

PER_NIGHT = 6
SUN = ["Night"] * 4 + ["Astro"] * 2
#: What clock and sky do not know of a frame without a time.
UNKNOWN = ["name", "clock_text", "time_utc", "sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]
SUMMARIES = {
    "film": {"scanned": 60, "sampled": PER_NIGHT, "missing": 0, "holes": [], "undecoded": []},
    "clock": {
        "frames": PER_NIGHT, "step_s": 60.0, "repairs": {"day_34": 1, "unreadable": 1}, "unreadable": [2],
        "breaks": [{"kind": "gap", "after": 3, "before": 4, "seconds": 60.0, "frames": 1}],
        "ambiguous": [], "dst_inconsistent": 0, "confusions": [["1", "4", 1], ["<", "", 2]],
    },
    "sky": {"frames": PER_NIGHT, "timed": 5, "on_boundary": 0,
            "conditions": [["No_moon", "Astro", 2], ["No_moon", "Night", 3]]},
}  # fmt: skip


def film(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what film, clock and sky leave of nights of six frames a minute apart, see :func:`_table`."""
    for night in nights:
        table = _table(night)
        for stage in ("clock", "sky"):
            columns = [*frames.schema(stage).columns]
            frames.write(paths.stage(corpus, stage) / "tables" / f"{night}.parquet", table[columns], stage)
        for stage, summary in SUMMARIES.items():
            document = {"night": night, "inputs": {}, "outputs": {}, "summary": summary}
            if stage == "film":
                document["summary"] = {**summary, "simulated": corpus == "simulated"}
            write_json(paths.stage(corpus, stage) / "receipts" / f"{night}.json", document)
            write_json(paths.stage(corpus, stage) / "failures.json", [])
        for stage, size in (("film", (PER_NIGHT, 40)), ("sky", (700, 350))):
            values = np.random.default_rng(int(night)).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            _save(Image.fromarray(values), paths.stage(corpus, stage) / "keograms" / f"{night}.png")


def infer(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what stage infer leaves of the same frames: yes, yes, none (unreadable), no, no, yes."""
    p_yes = pd.Series([0.9, 0.8, np.nan, 0.2, 0.3, 0.6])
    predicted = ["yes", "yes", None, "no", "no", "yes"]
    for night in nights:
        table = _table(night).assign(logit_no=-p_yes, logit_yes=p_yes, p_yes=p_yes, predicted=predicted)
        frames.write(paths.stage(corpus, "infer") / "tables" / f"{night}.parquet", table, "infer")


def split(paths: Paths, nights: list[str], corpus: str = "simulated") -> None:
    """Write what stage split leaves, and the archives of the frames: the first of each night trains as yes."""
    rows = []
    for night in nights:
        names = _table(night)["name"]
        rng = np.random.default_rng(int(night))
        images = {name: rng.integers(0, 255, (48, 48, 3), dtype=np.uint8) for name in names.dropna()}
        write_archive(paths.stage(corpus, "film") / "frames" / f"{night}.zip", images)
        rows += [(night, names[0], "yes", "train"), (night, names[1], "no", "train")]
    table = pd.DataFrame(rows, columns=["night", "name", "label", "split"])
    write_table(paths.stage(corpus, "split") / "split.parquet", table)


def simulate(paths: Paths, nights: list[str]) -> None:
    """Write the truth of the same frames, half of them with aurora."""
    for night in nights:
        truth = night_frames(night, PER_NIGHT)[["night", "number", "time_utc", "moon_bin"]].assign(
            sun_bin=SUN,
            visible=[True, True, True, False, False, False],
            certain=[True, False, True, True, True, True],
            form=["arc", "arc", "corona", "none", "none", "none"],
            colour=["green", "green", "pink", "none", "none", "none"],
            weather=["clear"] * 4 + ["snow"] * 2,
        )
        write_table(paths.truth("simulated") / f"{night}.parquet", truth)


def contact_sheet(paths: Paths) -> None:
    """Write a contact sheet of three frames."""
    _save(Image.new("RGB", (300, 200), (20, 40, 60)), paths.contact_sheet)
    table = pd.DataFrame({"row": ["form", "form", "weather"], "median_red": [20.0, 30.0, 70.0]})
    table.to_csv(paths.contact_sheet.with_suffix(".csv"), index=False)


def train(paths: Paths, corpus: str = "simulated") -> None:
    """Write what stage train leaves of two trainings of two epochs on twenty validation images."""
    folder = paths.stage(corpus, "train")
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
    write_table(folder / "curves.parquet", pd.DataFrame(curves))
    measured = {"correct": 18, "images": 20, "nights": 3, "accuracy": 0.9, "wilson": [0.7, 0.97]}
    document = {
        "initial_weights": {"name": "observatory"}, "precision": "float32", "image_size_px": 240, "device": "CPU",
        "runs": runs, "spread": None, "generalisation_gap": {
            "within_nights": {**measured, "by_night": [0.6, 1.0]}, "unseen_nights": {**measured, "by_night": None}},
    }  # fmt: skip
    write_json(folder / "train.json", document)


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
    folder = paths.stage(corpus, "softmax")
    for name, rows in tables.items():
        write_table(folder / f"{name}.parquet", rows)
    calibration = {"all": errors.calibration_error(table, 100, rng)}
    calibration["Night.No_moon"] = errors.calibration_error(table[:5], 100, rng)
    counted_errors = {"right_answers_from": "truth", "frames": 8, "calibration": calibration, "claims": {}}
    occurrence = {"mean_of_odds_percent": None, "odds_percent": 100.0, "share_percent": 50.0}
    write_json(folder / "softmax.json", {"occurrence": occurrence, "errors": counted_errors})


def gradcam(paths: Paths, corpus: str = "simulated") -> None:
    """Write what stage gradcam leaves of two cases, one of them without a frame."""
    folder = paths.stage(corpus, "gradcam")
    for name in ("frames/colour.red.jpg", "overlays/colour.red.yes.jpg", "overlays/colour.red.no.jpg"):
        _save(Image.new("RGB", (720, 720), (120, 20, 20)), folder / name)
    rows = [
        {"panel": "colour", "case": "red", "label": "yes", "name": "a.jpg", "chosen": "red, classified yes", "p_yes": 0.97},
        {"panel": "weather", "case": "snow", "label": "no", "name": None, "chosen": "no frame fits", "p_yes": None},
    ]  # fmt: skip
    write_table(folder / "cases.parquet", pd.DataFrame(rows))
    on = {"frames": 4, "pointing_game": {"mean": 0.75, "by_night": [0.5, 1.0]},
          "energy": {"mean": 0.6, "by_night": None}, "uniform": 0.2}  # fmt: skip
    said = {"quantities": {"gradcam.colour": "red"}, "missing": {"weather.snow": "no frame fits"}, "on_aurora": on}
    write_json(folder / "gradcam.json", {"target_layer": "features", **said})


def _save(picture: Image.Image, path: Path) -> None:
    with atomic_path(path) as temporary:
        picture.save(temporary)


def _table(night: str) -> pd.DataFrame:
    """The second frame was repaired, the third is unreadable, the fourth's time is a second late; the last two are in twilight."""
    table = night_frames(night, PER_NIGHT).assign(sun_bin=SUN)
    table["sun_alt_deg"] = table["sun_bin"].map({"Night": -30.0, "Astro": -15.0})
    table["clock_repair"] = ["", "day_34", "unreadable", "", "", ""]
    table.loc[3, "time_utc"] += pd.Timedelta(seconds=1)
    table["name"] = frames.published_names(table)
    table.loc[2, UNKNOWN] = None
    return table
