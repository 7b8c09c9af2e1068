"""The figures, by the data behind them and by what they draw."""

import itertools
import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.colors import to_rgb

from repro.errors import ReproError
from repro.intervals import wilson
from repro.params import load_params
from repro.paths import Paths
from repro.reporting import drawings, figures, workflow
from repro.reporting.augmentation import build_figure3
from repro.reporting.canvas import CONDITION_COLOUR, write_csv
from repro.reporting.drawings import FigureFolder
from repro.reporting.verdicts import load_results
from repro.sky.bins import CONDITIONS
from tests.reporting import corpora
from tests.reporting.conftest import COUNTS

PIPELINE = """
stages:
  film: {cmd: x, desc: cut, deps: [code.py, "data/${corpus}/videos"], outs: ["results/${corpus}/film": {persist: true}]}
  clock: {cmd: x, deps: ["results/${corpus}/film"], outs: ["results/${corpus}/clock"]}
  sky: {cmd: x, deps: ["results/${corpus}/film", "results/${corpus}/clock/tables"], outs: ["results/${corpus}/sky"]}
  schedule: {cmd: x, outs: [results/schedule]}
  report: {cmd: x, deps: ["results/${corpus}/sky", results/schedule], outs: [report/build]}
"""
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
    expected = pd.DataFrame([*COUNTS], columns=["sun_bin", "moon_bin"]).assign(
        published=[float(count) for count in COUNTS.values()],
        predicted=[1.02 * count for count in COUNTS.values()],
        deviation_percent=2.0,
        unfitted_percent=[4.0, 4.0, np.nan] * 3,  # none in nautical twilight
        sd_percent=1.0,
        tolerance_percent=5.0,
        outcome="consistent",
    )
    pd.testing.assert_frame_equal(drawings.table3_cells(results)[[*expected]], expected, rtol=1e-7)


def test_figure5_data(results):
    """The redrawn Figure 5 has one row an epoch in order of epochs, with the interval of each accuracy."""
    epochs, images = drawings.curves(results)
    assert images == 658
    assert epochs["epoch"].tolist() == [1, 2, 10]
    assert epochs["val_correct"].tolist() == [510, 520, 600]
    np.testing.assert_allclose(epochs["val_accuracy"], np.array([510, 520, 600]) / 658)
    assert tuple(epochs.loc[2, ["val_accuracy_low", "val_accuracy_high"]]) == wilson(600, 658)
    assert epochs["train_loss"].tolist() == [0.4, 0.4, 0.4]


def test_calendar_draws_every_span(results, tmp_path):
    """Each span with the camera on is a box one night tall and as wide as its hours, in its condition's colour and window."""
    nights, windows = drawings.camera_on(results), drawings.windows(results)
    assert windows == [("2022-12-01", "2022-12-02"), ("2024-03-01", "2024-03-02")]
    assert (nights["end_utc"] - nights["start_utc"]).sum() == pd.Timedelta(hours=4 * 7)
    figures.calendar(nights, windows, tmp_path / "calendar.svg")
    areas: dict[str, list[float]] = {}
    for path in ElementTree.parse(tmp_path / "calendar.svg").iter(f"{SVG}path"):
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


def test_figure1_shows_the_pipeline(small, tmp_path):
    """A stage follows those whose outputs it needs, unless another of them needs these already, and stands to their right.

    It has run if all its outputs are there, and has a dashed outline if not. No two stand on one place.
    """
    (small.root / "dvc.yaml").write_text(PIPELINE)
    small.stage("simulated", "film").mkdir(parents=True)
    table = workflow.stages(small, "simulated")
    assert table.set_index("stage")[["after", "column", "made"]].T.to_dict("list") == {
        "film": ["", 0, True],
        "clock": ["film", 1, False],
        "sky": ["clock", 2, False],
        "schedule": ["", 2, True],
        "report": ["schedule sky", 3, True],
    }
    assert table["what"].tolist() == ["cut", "", "", "", ""]
    assert not table.duplicated(["column", "row"]).any()
    workflow.draw(table, tmp_path / "figure1.svg")
    assert (tmp_path / "figure1.svg").read_text().count("stroke-dasharray") == 2


def test_a_pipeline_that_cannot_be_drawn(small):
    """Without dvc.yaml there are no stages to show; stages that need each other are named."""
    assert workflow.stages(small, "simulated").empty
    (small.root / "dvc.yaml").write_text("stages: {a: {deps: [y], outs: [x]}, b: {deps: [x], outs: [y]}}")
    with pytest.raises(ReproError, match="a, b"):
        workflow.stages(small, "simulated")


def _figure3(paths, **changes):
    return build_figure3(paths, load_params(paths.params).model_copy(update=changes))


def test_figure3_has_the_steps_of_the_thesis(small):
    """The four panels cut 80 % of the area, exchange left and right, and make three factors 1.3, one at a time."""
    corpora.split(small, ["20221201"])
    figure = _figure3(small)
    assert [picture.done for picture in figure.steps] == [
        "nothing",
        "80 % of the area cut out and enlarged",
        "left and right exchanged",
        "brightness ×1.30, contrast ×1.30, saturation ×1.30",
    ]
    table = pd.read_csv(small.report_build / "figures" / "figure3.csv")
    assert table["picture"].tolist() == ["a", "b", "c", "d", "draw1", "draw2", "draw3", "draw4"]
    assert (table["top_px"] + table["height_px"]).max() <= figure.side_px
    drawn = table[4:]
    factors = drawn[["brightness", "contrast", "saturation"]].to_numpy()
    assert 0.7 <= factors.min() < factors.max() <= 1.3
    assert (drawn["height_px"] * drawn["width_px"] / figure.side_px**2).between(0.79, 1.01).all()
    document = yaml.safe_load(small.params.read_text())
    small.params.write_text(yaml.safe_dump({**document, "train": {"image_size_px": 64}}))
    assert _figure3(small).side_px == 64  # as large as the network sees it


def test_figure3_shows_a_frame_that_trains_and_has_aurora(small):
    """The frame shown is labelled yes and among those that train, and the seed draws it; without one there is no figure."""
    assert _figure3(small) is None
    corpora.split(small, ["20221201", "20240301"])
    table = pd.read_parquet(small.stage("simulated", "split") / "split.parquet")
    shown = _figure3(small)
    assert shown.name in set(table.loc[(table["label"] == "yes") & (table["split"] == "train"), "name"])
    assert _figure3(small) == shown
    assert _figure3(small, seed=2).draws != shown.draws
    for archive in (small.stage("simulated", "film") / "frames").iterdir():
        archive.unlink()
    assert _figure3(small) is None
