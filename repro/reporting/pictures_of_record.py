"""The record's own pictures in the report: drawings of the readings, and claims that a picture can judge."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from repro.engine.receipts import settings_digest
from repro.figures.drawing import draw_figure7_panels
from repro.figures.readings import load_readings
from repro.files import atomic_path, read_json
from repro.paths import Paths
from repro.record.claims import Claim
from repro.record.comparator import Verdict
from repro.reporting.canvas import as_csv
from repro.reporting.classifier_results import Predictions
from repro.reporting.frame_pictures import full_copy
from repro.reporting.verdicts import Results
from repro.sky.bins import CONDITIONS

MADE_BY = "dvc repro figures"
#: Drawings of stage figures in the order of the page: title, and a description for readers who cannot see them.
DRAWINGS = {
    "figure5": (
        "Figure 5, redrawn from the readings",
        "Loss and accuracy over twelve epochs with the errors of reading.",
    ),
    "figure5_over_original": (
        "Readings over the printed Figure 5",
        "Crosses on the markers of the printed learning curves.",
    ),
    "figure7_over_original": ("Readings over the printed Figure 7", "Lines on the tops of the printed histogram bars."),
    "gradcam_maps": (
        "Maps recovered from the twelve overlays",
        "Twelve Grad-CAM maps recovered from the printed overlays.",
    ),
    "gradcam_over_original": (
        "Recovered maps over the printed frames",
        "Contours of the recovered maps on frames and overlays.",
    ),
    "readme_gradcam_maps": (
        "Maps recovered from the README's eight overlays",
        "Eight Grad-CAM maps recovered from the overlays of the README.",
    ),
    "readme_gradcam_over_original": (
        "Recovered maps over the README's frames",
        "Contours of the recovered maps on the README's frames and overlays.",
    ),
    "slide_bars": (
        "Bars of slide 10, redrawn from the readings",
        "Frames by time of night and lunar condition, with the errors of reading.",
    ),
    "readme_errors": (
        "Misclassified frames of the README, measured",
        "Brightness and chroma of eight misclassified frames beside eight frames with Grad-CAM.",
    ),
    "circle_over_original": (
        "Circle of sky on a printed frame",
        "The measured circle of sky drawn on a printed frame.",
    ),
}
#: Quantities of Figure 7 by condition: column title, name in ``figures.json``, decimals.
ACCOUNT = {
    "confidence, %": ("calibrated_accuracy_pct", 1),
    "aurora expected, %": ("expected_share_pct", 1),
    "classified yes, %": ("share_yes_pct", 1),
    "near 50 %": ("frames_near_decision", 0),
    "fewest errors": ("least_errors", 0),
}


class RecordDrawing(NamedTuple):
    """One drawing: path from the page, title, description for readers who cannot see it, width and height in pixels."""

    file: str
    title: str
    words: str
    size: tuple[int, int]


class RecordPictures(NamedTuple):
    """Content of the page about the record's pictures.

    ``panels`` is Figure 7 as nine panels, with the rebuilt one where there is any; ``account`` has the values of
    :data:`ACCOUNT` by condition, None where a picture does not give one; ``judged`` the claims that a picture judges;
    ``missing`` has each missing document, ``file``, and what it would add, ``enables``.
    """

    drawings: list[RecordDrawing]
    panels: RecordDrawing
    account: list[tuple[str, list[float | None]]]
    judged: list[tuple[Claim, Verdict]]
    missing: list[dict[str, str]]

    @property
    def shows_frames(self) -> bool:
        """Whether a drawing has frames of AuroraMAX in it."""
        return any(drawing.file.endswith("_over_original.png") for drawing in self.drawings)


def load_record_pictures(
    paths: Paths, results: Results, predictions: Predictions | None, target: Path, *, simulated: bool
) -> RecordPictures | None:
    """Copy the drawings beside the page and gather the numbers; None if stage figures has not run."""
    source = paths.figures / "figures.json"
    if not source.is_file():
        return None
    document = read_json(source, made_by=MADE_BY)
    quantities = document["quantities"]
    drawings = []
    for name, (title, words) in DRAWINGS.items():
        if (paths.figures / f"{name}.png").is_file():
            full_copy(paths.figures / f"{name}.png", target / "record" / f"{name}.png")
            drawings.append(_placed(target / "record" / f"{name}.png", target, title, words))
    panels = _nine_panels(paths, predictions, target, simulated=simulated)
    title, words = "Figure 7, published and rebuilt", "Nine histograms of p(yes), one for each condition."
    return RecordPictures(
        drawings=drawings,
        panels=_placed(panels, target, title, words),
        account=[
            (f"{sun}, {moon}", [quantities.get(f"figure7.{name}.{sun}.{moon}".lower()) for name, _ in ACCOUNT.values()])
            for sun, moon in CONDITIONS
        ],
        judged=[pair for pair in results.verdicts if pair[1].evidence == "figure" and pair[1].compared],
        missing=document["missing"],
    )


def _nine_panels(paths: Paths, predictions: Predictions | None, target: Path, *, simulated: bool) -> Path:
    """Draw Figure 7 as nine panels, unless the picture there is of the same numbers and code, which a text in it says."""
    panels, printed = target / "record" / "figure7_nine_panels.png", load_readings(paths.figures)["figure7"].table
    rebuilt = _rebuilt(predictions.tables["figure7"]) if predictions else None
    label = "rebuilt, simulated" if simulated else "rebuilt"
    data = [as_csv(table) for table in (printed, rebuilt) if table is not None]
    made_from = settings_digest({"data": data, "label": label}, draw_figure7_panels.__module__)
    if panels.is_file():
        with Image.open(panels) as picture:
            if picture.info.get("made_from") == made_from:
                return panels
    draw_figure7_panels(printed, panels, rebuilt, label=label)
    note = PngInfo()
    note.add_text("made_from", made_from)
    with Image.open(panels) as picture:
        picture.load()
    with atomic_path(panels) as temporary:
        picture.save(temporary, pnginfo=note)
    return panels


def _placed(file: Path, target: Path, title: str, words: str) -> RecordDrawing:
    with Image.open(file) as picture:
        return RecordDrawing(str(file.relative_to(target)), title, words, picture.size)


def _rebuilt(figure7: pd.DataFrame) -> pd.DataFrame:
    """Rebuilt densities in the format of the readings; a bin without a frame is zero."""
    index = pd.MultiIndex.from_product([range(100), [f"{sun}.{moon}".upper() for sun, moon in CONDITIONS]])
    keys = [figure7["low_percent"].astype(int), (figure7["sun_bin"] + "." + figure7["moon_bin"]).str.upper()]
    density = figure7["density"].groupby(keys).sum().reindex(index, fill_value=0.0).reset_index()
    density.columns = pd.Index(["bin_from_pct", "condition", "value"])
    condition = density["condition"].str.split(".", expand=True)
    return density.assign(sun=condition[0], moon=condition[1])
