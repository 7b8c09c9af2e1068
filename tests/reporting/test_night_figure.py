"""The drawing of a night and its keogram: on one axis of time, legible without colour, and marked where it is simulated."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro.params import load_params
from repro.reporting import night_pages
from repro.reporting.canvas import FIRST, SECOND
from repro.reporting.frame_pictures import GREY, STRIP_PX, keogram_strip, place_in_time, small_copy
from repro.reporting.night_figure import CLASS, LEFT, RIGHT, TRUTH, count_answers, draw_night, make_drawing, read_frames
from repro.reporting.night_pages import load_parts
from repro.reporting.nights_table import load_corpus
from tests.reporting import corpora
from tests.reporting.conftest import FILMED

SVG = "{http://www.w3.org/2000/svg}"
START = pd.Timestamp("2024-01-01T06:00", tz="UTC")


def _frames(minutes: list[int], predicted: list[str | None] | None = None, truth: list[str | None] | None = None):
    predicted, truth = (words or [None] * len(minutes) for words in (predicted, truth))
    return pd.DataFrame(
        {
            "time_utc": START + pd.to_timedelta(minutes, unit="min"),
            "sun_alt_deg": np.linspace(-20, -30, len(minutes)),
            "moon_alt_deg": np.linspace(10, 20, len(minutes)),
            "p_yes": [np.nan if word is None else 0.9 if word == "yes" else 0.1 for word in predicted],
            "predicted": pd.Series(predicted, dtype="str"),
            "truth": pd.Series(truth, dtype="str"),
        }
    )


def _drawn(tmp_path, frames: pd.DataFrame, *, simulated: bool = True):
    first = START.timestamp() / 86400 - 0.5 / 1440
    height = draw_night(frames, b"RIFF", (first, first + 10 / 1440), tmp_path / "a.svg", simulated=simulated)
    tree = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert tree.get("height") == str(height)
    return tree


def test_the_ribbon_tells_each_frames_class_at_its_time(tmp_path):
    """Spans of yes and of no begin and end half a cadence around their frames, and stop where frames are missing.

    Yes fills the height of the ribbon and no a third of it, so that they can be told without colour.
    """
    minutes, words = [0, 1, 2, 3, 7, 8], ["yes", "yes", "no", "no", "no", "yes"]
    for band, frames in ((CLASS, _frames(minutes, words)), (TRUTH, _frames(minutes, truth=words))):
        boxes = [box for box in _drawn(tmp_path, frames).iter(f"{SVG}rect") if box.get("fill") in (FIRST, SECOND)]
        assert [box.get("fill") for box in boxes] == [SECOND, FIRST, FIRST, SECOND]
        x, y, width, height = (np.array([float(b.get(name)) for b in boxes]) for name in ("x", "y", "width", "height"))
        scale = 10 / (RIGHT - LEFT)  # minutes a pixel, from half a minute before the start
        np.testing.assert_allclose((x - LEFT) * scale - 0.5, [-0.5, 1.5, 6.5, 7.5], atol=0.01)
        np.testing.assert_allclose((x + width - LEFT) * scale - 0.5, [1.5, 3.5, 7.5, 8.5], atol=0.01)
        np.testing.assert_allclose(y + height, band.bottom, atol=0.03)
        np.testing.assert_allclose(height, (band.bottom - band.top) / np.array([1, 3, 3, 1]), atol=0.01)


def test_right_answers_are_counted():
    """Frames classified yes and rightly are counted among those of which it is known."""
    frames = _frames([0, 1, 2, 3], ["yes", "yes", "no", None], ["yes", "no", None, "yes"])
    assert count_answers(frames) == {"frames": 4, "classified": 3, "yes": 2, "right": [1, 2]}


@pytest.mark.parametrize(
    ("answers", "simulated", "said"),
    [
        (["yes", "no"], True, {"class", "p(yes)", "0 to 1", "truth", "simulated"}),
        (["yes", "no"], False, {"class", "p(yes)", "0 to 1", "label"}),
        ([None, None], False, set()),
    ],
)
def test_a_drawing_says_what_it_shows(tmp_path, answers, simulated, said):
    """The drawing itself bears the mark, so that it keeps it outside the report; without answers and truth it claims nothing."""
    tree = _drawn(tmp_path, _frames([0, 1], answers, answers), simulated=simulated)
    words = {text.text for text in tree.iter(f"{SVG}text") if not re.fullmatch(r"[\d:−°]+", text.text)}
    assert words == {"sun", "moon", "north", "south", "UTC"} | said


def test_lines_break_where_frames_are_missing(tmp_path):
    """No line is drawn across a gap, where nothing is known."""
    tree = _drawn(tmp_path, _frames([0, 1, 2, 7, 8], ["no"] * 5))
    lines = [path.get("d") for path in tree.iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(lines) == 3  # sun, moon, p(yes)
    assert [len(re.findall("M", line)) for line in lines] == [2, 2, 2]


def test_frames_are_read_in_order_with_their_answers(done):
    """A night's frames with a time come with p(yes) and truth; before stage infer they come without answers."""
    table, truth = "tables/20221201.parquet", done.truth("simulated")
    before = read_frames(done.stage("simulated", "sky") / table, {}, truth, classified=False)
    assert count_answers(before) == {"frames": 5, "classified": 0, "yes": 0, "right": [0, 0]}
    after = read_frames(done.stage("simulated", "infer") / table, {}, truth, classified=True)
    assert after["time_utc"].is_monotonic_increasing
    assert after["p_yes"].tolist() == [0.9, 0.8, 0.2, 0.3, 0.6]
    assert after["truth"].tolist() == ["yes", "yes", "no", "no", "no"]
    assert count_answers(after)["right"] == [4, 5]
    # Where no truth is known, a frame's label is its right answer, and a frame without one has none.
    name = str(pd.read_parquet(done.stage("simulated", "infer") / table)["name"].iloc[0])
    labelled = read_frames(done.stage("simulated", "infer") / table, {name: "no"}, None, classified=True)
    assert count_answers(labelled)["right"] == [0, 1]


def test_only_a_night_that_changed_is_drawn_again(small, monkeypatch):
    """A drawing stays until the night's answers or labels change or a file of it is missing; other nights' are removed."""
    corpora.film(small, FILMED)
    corpora.simulate(small, FILMED)
    made = []

    def noted(drawing, **data):
        made.append(drawing.stem)
        return make_drawing(drawing, **data)

    def drawn_again() -> list[str]:
        made.clear()
        load_parts(small, load_corpus(small, load_params(small.params), set()))
        return made

    monkeypatch.setattr(night_pages, "make_drawing", noted)
    assert drawn_again() == FILMED
    assert drawn_again() == []
    corpora.infer(small, ["20240301"])
    assert drawn_again() == ["20240301"]
    folder = small.report_build / "nights"
    (folder / "20221201.csv").unlink()
    (folder / "20200101.svg").touch()
    assert drawn_again() == ["20221201"]
    assert {path.stem for path in folder.iterdir()} == set(FILMED)
    corpora.split(small, ["20260101"])
    assert drawn_again() == []  # the truth is known, so labels are not shown
    (small.truth("simulated") / "20260101.parquet").unlink()
    assert drawn_again() == ["20260101"]


@pytest.mark.parametrize(
    ("minutes", "columns"),
    [
        ((0, 1, 2, 7, 8, 9), (10, 20, 30, *[GREY] * 4, 40, 50, 60)),
        ((0, 1, 2, None, 4), (10, 20, 30, GREY, 50)),
        ((0,), (10,)),
    ],
    ids=["a pause of the camera", "a clock that is unreadable", "a single frame"],
)
def test_columns_stand_where_their_times_are(minutes, columns):
    """The n-th column of the keogram, of brightness 10 n, is at the time of its frame; where there is none, it is grey."""
    keogram = np.broadcast_to(np.arange(10, 10 * len(minutes) + 10, 10, np.uint8)[None, :, None], (4, len(minutes), 3))
    times = START + pd.to_timedelta(pd.Series(minutes, dtype="float"), unit="min")
    image, (left, right) = place_in_time(keogram, times)
    np.testing.assert_array_equal(image, np.broadcast_to(np.array(columns)[None, :, None], (4, len(columns), 3)))
    assert (right - left) * 1440 == pytest.approx(len(columns), abs=0.01)


def test_a_strip_shows_gaps_in_grey(tmp_path):
    """A frame stands where its time is; a time without a frame is grey."""
    Image.new("RGB", (4, 20), (250, 0, 0)).save(tmp_path / "raw.png")
    times = pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta([0, 1, 2, 6], unit="min"))
    strip, (first, last) = keogram_strip(tmp_path / "raw.png", times)
    picture = Image.open(io.BytesIO(strip))
    assert picture.size == STRIP_PX
    row = [picture.getpixel((round(STRIP_PX[0] * x), 50)) for x in (0.1, 4.5 / 7, 0.95)]
    assert [max(pixel) - min(pixel) > 150 for pixel in row] == [True, False, True]
    assert round((last - first) * 1440) == 7


def test_a_small_picture_is_not_made_larger(tmp_path):
    """A picture is made smaller to fit, in proportion, and never larger."""
    Image.new("RGB", (400, 200)).save(tmp_path / "a.png")
    assert small_copy(tmp_path / "a.png", tmp_path / "b.webp", width_px=100) == (100, 50)
    assert small_copy(tmp_path / "a.png", tmp_path / "c.webp", width_px=900) == (400, 200)
