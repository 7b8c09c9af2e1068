"""The figures of the report that are no photographs, each with the table behind it, from claims, verdicts and the schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from repro.engine.receipts import settings_digest
from repro.reporting import figures, prediction_figures, workflow
from repro.reporting.canvas import add_note, as_csv, note_of, write_csv
from repro.reporting.classifier_results import Predictions, Training, with_intervals
from repro.reporting.verdicts import Results
from repro.sky.bins import CONDITIONS


class FigureFolder:
    """A folder of figures: each is drawn again only if its data, its options or the code that draws it have changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names: set[str] = set()

    def draw(
        self,
        name: str,
        function: Callable[..., None],
        *data: object,
        table: pd.DataFrame | None = None,
        **options: object,
    ) -> None:
        """Draw one figure, and write the table behind it, by default the first of the data.

        ``name`` is that of the file, without ending. ``function`` takes the data, the path of the SVG file and the options; all but
        tables must be values that JSON can hold.
        """
        drawing, texts = self.folder / f"{name}.svg", [as_csv(x) if isinstance(x, pd.DataFrame) else x for x in data]
        note = {"made_from": settings_digest({"data": texts, "options": options}, function.__module__)}
        shown = data[0] if table is None else table
        assert isinstance(shown, pd.DataFrame)
        write_csv(drawing.with_suffix(".csv"), shown)
        if note_of(drawing) != note:
            function(*data, drawing, **options)
            add_note(drawing, note)
        self._names |= {drawing.name, drawing.with_suffix(".csv").name}

    def remove_others(self) -> None:
        """Remove figures of an earlier report that were not drawn now."""
        for path in self.folder.iterdir():
            if path.name not in self._names:
                path.unlink()


def draw_figures(
    folder: Path,
    results: Results,
    flow: pd.DataFrame,
    training: Training | None,
    predictions: Predictions | None,
    *,
    simulated: bool,
) -> None:
    """Draw the figures of the record and, as far as its stages have run, of the corpus; remove all others from the folder."""
    target = FigureFolder(folder)
    target.draw("table3", figures.table3, table3_cells(results))
    epochs, images = curves(results)
    target.draw("figure5", figures.learning_curves, epochs, images)
    target.draw("calendar", figures.calendar, camera_on(results), windows(results))
    if len(flow):
        target.draw("figure1", workflow.draw, flow)
    if training:
        target.draw(
            "figure5_rebuilt", figures.learning_curves, training.epochs, training.images,
            frozen=training.frozen, mark_loss=None, simulated=simulated,
        )  # fmt: skip
    if predictions:
        six, seven = predictions.tables["figure6"], predictions.tables["figure7"]
        printed = figure6_cells(results)
        both = pd.concat([printed.assign(over="published"), six], ignore_index=True)
        target.draw("figure6", prediction_figures.figure6, six, printed, table=both, simulated=simulated)
        for name, density in (("figure7", "density"), ("figure7_all", "density_of_all")):
            shown = seven[["moon_bin", "sun_bin", "predicted", "low_percent", "frames", density]]
            target.draw(name, prediction_figures.figure7, shown, density, simulated=simulated)
        for name in ("reliability", "reliability_calibrated"):
            if name in predictions.tables:
                target.draw(name, prediction_figures.reliability, predictions.tables[name], simulated=simulated)
    target.remove_others()


def table3_cells(results: Results) -> pd.DataFrame:
    """The nine cells of Table 3 as published and as predicted, in frames; one whose prediction was not made is left out.

    ``deviation_percent`` is predicted minus published, of published; ``unfitted_percent`` the same without any fitted number, NaN
    where it is undefined; ``sd_percent`` the standard deviation that missing nights make.
    """
    quantities = results.schedule["quantities"]
    rows = []
    for sun, moon in CONDITIONS:
        item, cell = results.judged[f"T3.{sun}.{moon}".upper()], f"{sun}.{moon}".lower()
        verdict = item.by("ephemeris")
        if verdict is None or not isinstance(verdict.measured, int | float):
            continue
        published, predicted = item.claim.number, float(verdict.measured)
        # Before the fit no switch-on altitude is known, so nothing can be said about nautical twilight.
        unfitted = float(quantities.get(f"unfitted.{cell}", math.nan))
        rows.append(
            {
                "sun_bin": sun,
                "moon_bin": moon,
                "published": published,
                "predicted": predicted,
                "unfitted": unfitted,
                "deviation_percent": 100 * (predicted - published) / published,
                "unfitted_percent": 100 * (unfitted - published) / published,
                "sd_percent": 100 * float(quantities[f"sd.{cell}"]) / published,
                "tolerance_percent": 100 * (item.claim.evidence["ephemeris"].tolerance or 0.0),
                "outcome": verdict.outcome,
            }
        )
    return pd.DataFrame(rows)


def windows(results: Results) -> list[tuple[str, str]]:
    """First and last night (YYYY-MM-DD) of each window of the schedule."""
    spans = results.nights.groupby("window")["date"].agg(["min", "max"])
    return list(zip(spans["min"], spans["max"], strict=True))


def camera_on(results: Results) -> pd.DataFrame:
    """Spans of one condition while the predicted camera is on."""
    shown = results.segments[results.segments["camera_on"]]
    return shown[["night", "start_utc", "end_utc", "sun_bin", "moon_bin"]].reset_index(drop=True)


def curves(results: Results) -> tuple[pd.DataFrame, int]:
    """Figure 5 by epoch, and the number of validation images."""
    images = int(results.claims["F5.VAL_IMAGES"].number)
    counts = results.claims.matching("F5.VAL_ACCURACY_COUNT.*")
    epochs = pd.DataFrame({"epoch": sorted(int(claim.id.rsplit(".E", 1)[1]) for claim in counts)})
    for column in ("train_loss", "val_loss", "train_accuracy"):
        names = [f"F5.{column}.E{epoch}".upper() for epoch in epochs["epoch"]]
        epochs[column] = [results.claims[name].number for name in names]
    correct = [int(results.claims[f"F5.VAL_ACCURACY_COUNT.E{epoch}"].number) for epoch in epochs["epoch"]]
    epochs = epochs.assign(val_correct=correct, val_accuracy=np.divide(correct, images))
    return with_intervals(epochs, images), images


def figure6_cells(results: Results) -> pd.DataFrame:
    """Figure 6 as read off the print: ``sun_bin``, ``moon_bin``, ``mean_percent``, ``sd_percent``; cells not registered left out."""
    rows = []
    for sun, moon in CONDITIONS:
        names = [f"F6.YES.{sun}.{moon}.{what}".upper() for what in ("MEAN", "SD")]
        if all(name in results.judged for name in names):
            mean, sd = (results.claims[name].number for name in names)
            rows.append({"sun_bin": sun, "moon_bin": moon, "mean_percent": mean, "sd_percent": sd})
    return pd.DataFrame(rows, columns=["sun_bin", "moon_bin", "mean_percent", "sd_percent"])
