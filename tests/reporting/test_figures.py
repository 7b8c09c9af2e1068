"""The figures, by the data behind them and by what they draw."""

import itertools
import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from repro.intervals import wilson
from repro.paths import Paths
from repro.reporting import drawings, figures
from repro.reporting.canvas import CONDITION_COLOUR, write_csv
from repro.reporting.drawings import FigureFolder
from repro.reporting.verdicts import load_results
from repro.sky.bins import CONDITIONS

SVG = "{http://www.w3.org/2000/svg}"
#: Simulation of full colour blindness in linear RGB (Machado, Oliveira and Fernandes 2009, IEEE TVCG 15, 1291-1298).
COLOUR_BLIND = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


@pytest.fixture
def results(built):
    """Results of the project of the built report."""
    return load_results(Paths(built.parents[1]))


def _lab(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of a colour as someone sees it."""
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(COLOUR_BLIND[vision]) @ linear, 0, 1)
    return cv2.cvtColor(seen.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_LRGB2Lab).ravel()


@pytest.mark.parametrize("vision", COLOUR_BLIND)
def test_conditions_can_be_told_apart(vision):
    """Any two of the nine colours differ by at least 10 in CIE Lab, also for colour-blind readers; 2.3 is just noticeable."""
    assert set(CONDITION_COLOUR) == set(CONDITIONS)
    colours = [_lab(colour, vision) for colour in CONDITION_COLOUR.values()]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(colours, 2)) >= 10


def test_table3_data(results):
    """The picture of Table 3 shows published and predicted counts of all nine cells, and their deviation in percent."""
    cells = drawings.table3_cells(results)
    assert list(zip(cells["sun_bin"], cells["moon_bin"], strict=True)) == list(CONDITIONS)
    assert cells["published"].tolist() == [1000, 1100, 1200, 2000, 2100, 2200, 3000, 3100, 3200]
    np.testing.assert_allclose(cells["predicted"], 1.02 * cells["published"])
    np.testing.assert_allclose(cells["deviation_percent"], 2.0)
    np.testing.assert_allclose(cells["sd_percent"], 1.0)
    np.testing.assert_allclose(cells["tolerance_percent"], 5.0)
    dark = cells["sun_bin"] != "Nautical"
    np.testing.assert_allclose(cells["unfitted_percent"][dark], 4.0)
    assert cells["unfitted_percent"][~dark].isna().all()
    assert set(cells["outcome"]) == {"consistent"}


def test_calendar_data(results):
    """The calendar holds the hours with the camera on and no others, in the windows of the schedule."""
    nights = drawings.camera_on(results)
    hours = (nights["end_utc"] - nights["start_utc"]).dt.total_seconds().sum() / 3600
    assert hours == 4 * 7
    assert set(nights["sun_bin"]) == {"Night", "Astro"}
    assert drawings.windows(results) == [("2022-12-01", "2022-12-02"), ("2024-03-01", "2024-03-02")]


def test_figure5_data(results):
    """The redrawn Figure 5 has one row an epoch in order of epochs, with the interval of each accuracy."""
    epochs, images = drawings.curves(results)
    assert images == 658
    assert epochs["epoch"].tolist() == [1, 2, 10]
    assert epochs["val_correct"].tolist() == [510, 520, 600]
    np.testing.assert_allclose(epochs["val_accuracy"], np.array([510, 520, 600]) / 658)
    assert (epochs.iloc[2]["val_accuracy_low"], epochs.iloc[2]["val_accuracy_high"]) == wilson(600, 658)
    assert epochs["train_loss"].tolist() == [0.4, 0.4, 0.4]


def test_calendar_draws_every_span(results, tmp_path):
    """Each span is a box one night tall and as wide as its hours, in the colour of its condition and in its window."""
    nights = drawings.camera_on(results)
    figures.calendar(nights, drawings.windows(results), tmp_path / "calendar.svg")
    tree = ElementTree.parse(tmp_path / "calendar.svg")
    areas: dict[str, list[float]] = {}
    for path in tree.iter(f"{SVG}path"):
        # Boxes of the calendar are edged in their own colour, those of the key are not.
        fill = re.search(r"fill: (#\w{6}); stroke: \1", path.get("style", ""))
        if fill and fill[1] in CONDITION_COLOUR.values():
            numbers = np.array(re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path.get("d")), dtype=float).reshape(-1, 4, 2)
            width, height = np.ptp(numbers, axis=1).T
            areas.setdefault(fill[1], []).append(float((width * height).sum()))
    night, astro = areas[CONDITION_COLOUR["Night", "No_moon"]], areas[CONDITION_COLOUR["Astro", "No_moon"]]
    assert len(areas) == len(night) == len(astro) == 2  # two conditions, each in two windows
    np.testing.assert_allclose(np.divide(night, astro), 4 / 3, rtol=1e-4)
    np.testing.assert_allclose(night[0], night[1], rtol=1e-4)


def test_figures_are_vector_and_undated(built):
    """Every figure is one SVG without a date, a pixel image or a reference to anything outside it."""
    drawn = sorted((built / "figures").glob("*.svg"))
    assert [path.stem for path in drawn] == ["calendar", "figure5", "table3"]
    for path in drawn:
        names = {element.tag.split("}")[1] for element in ElementTree.parse(path).iter()}
        assert "path" in names
        assert not names & {"date", "image", "script", "style_sheet"}


def test_data_beside_a_figure_can_be_read_back(tmp_path):
    """The CSV beside a figure holds its numbers to seven digits, and nothing where there is nothing."""
    table = pd.DataFrame({"name": ["a", "b"], "value": [1 / 3, np.nan]})
    write_csv(tmp_path / "x.csv", table)
    assert (tmp_path / "x.csv").read_text() == "name,value\na,0.3333333\nb,\n"


def test_a_figure_is_drawn_again_only_if_it_changed(tmp_path):
    """A figure stays while its table and options do; its table is written each time, and figures not drawn are removed."""
    drawn = []

    def draw(table, path, *, title):
        drawn.append(title)
        path.write_text(f"<svg>{len(table)}</svg>\n")

    draw.__module__ = figures.__name__  # whose code decides, too
    table = pd.DataFrame({"value": [1.0, 2.0]})
    for title, shown in (("a", table), ("a", table), ("b", table), ("b", table.head(1))):
        folder = FigureFolder(tmp_path)
        folder.draw("one", draw, shown, title=title)
    assert drawn == ["a", "b", "b"]
    assert (tmp_path / "one.csv").read_text() == "value\n1\n"
    ElementTree.parse(tmp_path / "one.svg")
    (tmp_path / "old.svg").touch()
    folder.remove_others()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.csv", "one.svg"]
