"""The real video of the Kjell Henriksen Observatory, from file to conditions."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from repro import frames
from repro.camera import load_camera
from repro.clock.clock_corpus import clock_corpus
from repro.film.film_corpus import film_corpus
from repro.params import ClockParams, FilmParams, Params
from repro.sky.sky_corpus import sky_corpus

pytestmark = pytest.mark.reference

#: Read by eye off the strips: running number, the time of the burned-in clock.
BY_EYE = {
    0: "18:49:44", 1: "18:50:42", 5: "18:54:43", 11: "19:00:46", 17: "19:06:49", 22: "19:11:52", 28: "19:17:55",
    33: "19:22:57", 38: "19:28:00", 44: "19:34:03", 50: "19:40:06", 56: "19:46:09", 61: "19:51:11",
}  # fmt: skip


@pytest.fixture(scope="module")
def done(reference: Path, params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the outputs of film, clock and sky."""
    folder, camera = tmp_path_factory.mktemp("kho"), load_camera("kho")
    (folder / "videos").mkdir()
    shutil.copy(reference / "kho_20131204.mp4", folder / "videos")
    for outcome in (
        film_corpus(folder / "videos", folder / "film", camera, FilmParams(), workers=1),
        clock_corpus(folder / "film", folder / "clock", camera, ClockParams(), workers=1),
        sky_corpus(folder / "clock", folder / "sky", camera, params.sky, workers=1),
    ):
        assert outcome.done == ("20131204",)
    return folder


@pytest.fixture(scope="module")
def table(done: Path) -> pd.DataFrame:
    """Its frame table."""
    return frames.read(done / "sky" / "tables" / "20131204.parquet", "sky")


def test_a_frame_a_minute(table: pd.DataFrame) -> None:
    """An hour of sky gives 61 or 62 frames, all with a time, about a minute apart."""
    assert len(table) in (61, 62)
    assert table["time_utc"].notna().all()
    spacing_s = table["time_utc"].diff().dt.total_seconds().iloc[1:]
    assert spacing_s.between(57, 62).all()


def test_utc_is_the_clock_read_by_eye(table: pd.DataFrame) -> None:
    """On strips read by eye, each UTC is the burned-in clock to the second."""
    for number, text in BY_EYE.items():
        assert table["clock_text"][number] == f"04.12.2013 {text}"
        assert abs(table["time_utc"][number] - pd.Timestamp(f"2013-12-04 {text}Z")) <= pd.Timedelta(seconds=1)


def test_svalbard_is_dark(table: pd.DataFrame) -> None:
    """In the polar night of December the sun is some 29 deg down and the moon is down too: Night and No_moon throughout."""
    assert set(table["sun_bin"]) == {"Night"}
    assert set(table["moon_bin"]) == {"No_moon"}
    assert table["sun_alt_deg"].between(-32, -26).all()
    assert not table["on_boundary"].any()


def test_keogram_shows_the_arcs(done: Path) -> None:
    """The keogram of the night has green arcs in its southern half, and next to none near the northern horizon."""
    keogram = cv2.imread(str(done / "film" / "keograms" / "20131204.png")).astype(float)
    green = keogram[..., 1] - keogram[..., [0, 2]].mean(axis=2)
    assert green[100:190].mean() > 4 * max(0.5, green[20:80].mean())
    assert np.percentile(green[100:190], 95) > 30


def test_both_engines_agree(done: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    """If Tesseract reads every strip, each frame has the same time and stamp as if most were matched."""
    clock_corpus(done / "film", tmp_path, load_camera("kho"), ClockParams(engine="tesseract"), workers=1)
    columns = ["time_utc", "clock_text"]
    tesseract = frames.read(tmp_path / "tables" / "20131204.parquet", "clock")
    pd.testing.assert_frame_equal(table[columns], tesseract[columns])
