"""A camera profile measured on a folder of images, and a profile looked at on an image."""

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from repro.camera import PixelCircle, load_camera
from repro.clock.camera_check import COLOURS, CameraCheck, check_camera
from repro.errors import ReproError
from repro.film.new_camera import choose_corpus, find_circle, new_camera
from repro.film.stills import find_stills
from repro.params import ClockParams, FilmParams, Site
from repro.paths import Paths
from tests.conftest import ROOT
from tests.support.camera import write_jpeg

SITE = Site(latitude_deg=67.84, longitude_deg=20.41, time_zone="Europe/Stockholm")
START = datetime(2024, 1, 31, 22, 0)
CIRCLE = PixelCircle(x=200, y=150, radius=120)
new = partial(new_camera, site=SITE, credit="me")


def fisheye(seed: int, circle: PixelCircle = CIRCLE) -> np.ndarray:
    """A noisy lit disc before black, with a bright text beside it, (300, 400, 3)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:300, :400]
    inside = np.hypot(columns - circle.x, rows - circle.y) <= circle.radius
    sky = np.clip(rng.normal(60 + 20 * np.sin(rows / 30 + seed), 8), 0, 255)
    image = np.repeat(np.where(inside, sky, 3)[..., None], 3, axis=2).astype(np.uint8)
    cv2.putText(image, "22:15:30", (5, 295), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255))
    return image


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of profiles of its own, so that none is written into the library."""
    (tmp_path / "library" / "cameras").mkdir(parents=True)
    monkeypatch.setattr("repro.camera.resources.files", lambda _package: tmp_path / "library")
    return tmp_path / "library" / "cameras"


@pytest.mark.parametrize(("x", "y", "radius"), [(200, 150, 120), (230, 140, 100), (200, 150, 170)])
def test_circle_is_found(x: float, y: float, radius: float) -> None:
    """Centre and radius of a lit circle are found within two pixels, also where the frame cuts it."""
    circle = PixelCircle(x=x, y=y, radius=radius)
    assert vars(find_circle([fisheye(seed, circle) for seed in range(4)])) == pytest.approx(vars(circle), abs=2)


def test_bright_aurora_does_not_move_the_circle() -> None:
    """Bright arcs in the middle of a dim sky leave the circle where it is."""
    images = [fisheye(seed) for seed in range(6)]
    for number, image in enumerate(images):
        image[90 + 20 * number : 110 + 20 * number, 120:280, 1] = 220
    assert vars(find_circle(images)) == pytest.approx(vars(CIRCLE), abs=2.5)


def test_no_circle_in_a_whole_frame_and_in_darkness() -> None:
    """A frame that is lit to its corners, and one that is dark all over, have no circle."""
    rng = np.random.default_rng(1)
    assert find_circle([rng.integers(60, 90, (200, 300, 3), dtype=np.uint8)]) is None
    assert find_circle([rng.integers(0, 6, (200, 300, 3), dtype=np.uint8)]) is None


@pytest.mark.reference
def test_circle_of_real_images(reference: Path) -> None:
    """In real all-sky frames of the Sony camera, cut to their circle, it is found within 5 pixels of 360."""
    for path in sorted((reference / "real").glob("sony_*.jpg")):
        assert vars(find_circle([cv2.imread(str(path))])) == pytest.approx(dict.fromkeys(vars(CIRCLE), 360), abs=6), (
            path
        )


def test_a_folder_becomes_a_corpus(tmp_path: Path, profiles: Path) -> None:
    """From 12 images a profile is measured with which all of them are taken, and params.yaml names the corpus."""
    project = Paths(tmp_path / "project")
    for number in range(12):
        name = f"roof_{START + timedelta(seconds=30 * number):%Y%m%d_%H%M%S}.jpg"
        write_jpeg(tmp_path / "pictures" / "one" / name, fisheye(number))
    new(project, "roof", tmp_path / "pictures", stamp_zone="UTC", circle=None)
    camera = load_camera("roof")
    assert (camera.cadence_s, camera.sample_interval_s, camera.stamp_zone) == (30, 60, "UTC")
    assert camera.crop_px.width == pytest.approx(240, abs=4)
    nights, failed = find_stills(project.videos("roof"), camera, FilmParams())
    assert ({night: len(stills) for night, stills in nights.items()}, failed) == ({"20240201": 12}, [])
    params = tmp_path / "params.yaml"
    params.write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    choose_corpus(params, "roof")
    text = params.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["corpus"] == "roof"
    assert "# a folder of data" in text, "the remark behind the value stays"
    with pytest.raises(ReproError, match="there already"):
        new(project, "roof", tmp_path / "pictures", stamp_zone=None, circle=None)


def test_times_in_exif_data_and_nowhere(tmp_path: Path, profiles: Path) -> None:
    """Without times in the names the EXIF data are used; without either the message says what to do."""
    project = Paths(tmp_path / "project")
    for number in range(3):
        time = START + timedelta(minutes=number)
        write_jpeg(tmp_path / "exif" / f"DSC{number}.JPG", fisheye(number), time, "+01:00")
        write_jpeg(tmp_path / "none" / f"DSC{number}.JPG", fisheye(number))
    new(project, "roof", tmp_path / "exif", stamp_zone=None, circle=CIRCLE)
    assert (load_camera("roof").time_from, load_camera("roof").circle_px) == ("exif", CIRCLE)
    with pytest.raises(ReproError, match=r"docs/camera\.md"):
        new(project, "wall", tmp_path / "none", stamp_zone=None, circle=CIRCLE)
    with pytest.raises(ReproError, match="small letters"):
        new(project, "../wall", tmp_path / "exif", stamp_zone=None, circle=CIRCLE)
    assert not (profiles / "wall.yaml").exists()


def test_check_draws_and_reads(tmp_path: Path, profiles: Path) -> None:
    """The circle is drawn where the profile says, the time and night are read from the name, and what is unknown is named."""
    file = write_jpeg(tmp_path / "sky_20240131_221530.jpg", fisheye(1))
    document = {
        "credit": "me", "site": SITE.model_dump(), "frames": "stills", "time_from": "file_name",
        "file_pattern": "sky_%Y%m%d_%H%M%S.jpg", "frame_px": {"width": 400, "height": 300},
        "circle_px": CIRCLE.model_dump(), "crop_px": {"left": 80, "top": 30, "width": 240, "height": 240},
        "north_deg": 0, "cadence_s": 60, "sample_interval_s": 60,
    }  # fmt: skip

    def check(**changes: object) -> CameraCheck:
        (profiles / "roof.yaml").write_text(yaml.safe_dump(document | changes), encoding="utf-8")
        return check_camera("roof", file, ClockParams())

    found = check()
    assert found.fits
    assert found.lines[-1] == "which is 2024-01-31T21:15:30 UTC, night 20240201"
    # On the circle at 45 degrees, blended with its neighbours by the drawing.
    np.testing.assert_allclose(found.picture[235, 285], COLOURS["circle_px"], atol=45)
    assert check(circle_px="unknown").lines[-1] == "not known yet: circle_px"
    assert not check(frame_px={"width": 640, "height": 480}).fits


@pytest.mark.reference
def test_check_reads_the_clock_of_a_real_video(reference: Path) -> None:
    """The clock of the public video's first frame is read as it is printed."""
    found = check_camera("kho", reference / "kho_20131204.mp4", ClockParams())
    assert found.fits
    assert found.lines[-1].startswith("clock: 04.12.2013 18:49:44")
