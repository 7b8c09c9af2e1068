"""Draw every figure of the page that is no photograph, and write the table behind each beside it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from repro.reporting import figure_data as data
from repro.reporting import figures, workflow
from repro.reporting import prediction_figures as prediction_figures
from repro.reporting.canvas import write_csv
from repro.reporting.predictions import Predictions
from repro.reporting.training import Training
from repro.reporting.verdicts import Results


def draw_record(results: Results, folder: Path) -> None:
    """Draw what follows from the record, its verdicts and the schedule."""
    cells = data.table3_cells(results)
    write_csv(folder / "table3.csv", cells)
    figures.table3(cells, folder / "table3.svg")
    epochs, images = data.curves(results)
    write_csv(folder / "figure5.csv", epochs)
    figures.learning_curves(epochs, images, folder / "figure5.svg")
    nights = data.camera_on(results)
    write_csv(folder / "calendar.csv", nights)
    figures.calendar(nights, data.windows(results), folder / "calendar.svg")


def draw_workflow(flow: pd.DataFrame, folder: Path) -> None:
    """Draw Figure 1 as this project runs it, if the project has a pipeline."""
    if len(flow):
        write_csv(folder / "figure1.csv", flow)
        workflow.draw(flow, folder / "figure1.svg")


def draw_training(training: Training, folder: Path, *, simulated: bool) -> None:
    """Draw Figure 5 as rebuilt."""
    write_csv(folder / "figure5_rebuilt.csv", training.epochs)
    figures.learning_curves(
        training.epochs, training.images, folder / "figure5_rebuilt.svg", frozen=training.frozen, mark_loss=None,
        simulated=simulated,
    )  # fmt: skip


def draw_predictions(results: Results, predictions: Predictions, folder: Path, *, simulated: bool) -> None:
    """Draw Figures 6 and 7 in both readings, and calibration where right predictions are known."""
    six, seven = predictions.tables["figure6"], predictions.tables["figure7"]
    printed = data.figure6_cells(results)
    write_csv(folder / "figure6.csv", pd.concat([printed.assign(over="published"), six], ignore_index=True))
    prediction_figures.figure6(six, printed, folder / "figure6.svg", simulated=simulated)
    for name, density in (("figure7", "density"), ("figure7_all", "density_of_all")):
        columns = ["moon_bin", "sun_bin", "predicted", "low_percent", "frames", density]
        write_csv(folder / f"{name}.csv", seven[columns])
        prediction_figures.figure7(seven, density, folder / f"{name}.svg", simulated=simulated)
    for name in ("reliability", "reliability_calibrated"):
        if name in predictions.tables:
            write_csv(folder / f"{name}.csv", predictions.tables[name])
            prediction_figures.reliability(predictions.tables[name], folder / f"{name}.svg", simulated=simulated)
