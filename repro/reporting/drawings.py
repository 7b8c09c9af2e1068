"""The figures of the report that are no photographs, each with the table behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from repro.engine.receipts import settings_digest
from repro.reporting import figure_data as data
from repro.reporting import figures, prediction_figures, workflow
from repro.reporting.canvas import as_csv, write_csv
from repro.reporting.drawing_notes import add_note, note_of
from repro.reporting.predictions import Predictions
from repro.reporting.training import Training
from repro.reporting.verdicts import Results


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
    target.draw("table3", figures.table3, data.table3_cells(results))
    epochs, images = data.curves(results)
    target.draw("figure5", figures.learning_curves, epochs, images)
    target.draw("calendar", figures.calendar, data.camera_on(results), data.windows(results))
    if len(flow):
        target.draw("figure1", workflow.draw, flow)
    if training:
        target.draw(
            "figure5_rebuilt", figures.learning_curves, training.epochs, training.images,
            frozen=training.frozen, mark_loss=None, simulated=simulated,
        )  # fmt: skip
    if predictions:
        six, seven = predictions.tables["figure6"], predictions.tables["figure7"]
        printed = data.figure6_cells(results)
        both = pd.concat([printed.assign(over="published"), six], ignore_index=True)
        target.draw("figure6", prediction_figures.figure6, six, printed, table=both, simulated=simulated)
        for name, density in (("figure7", "density"), ("figure7_all", "density_of_all")):
            shown = seven[["moon_bin", "sun_bin", "predicted", "low_percent", "frames", density]]
            target.draw(name, prediction_figures.figure7, shown, density, simulated=simulated)
        for name in ("reliability", "reliability_calibrated"):
            if name in predictions.tables:
                target.draw(name, prediction_figures.reliability, predictions.tables[name], simulated=simulated)
    target.remove_others()
