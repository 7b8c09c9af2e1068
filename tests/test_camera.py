"""Camera profiles."""

from pathlib import Path

import pytest
import yaml

from repro.camera import Camera, camera_of, cameras, load_camera, profile_document
from repro.errors import ReproError
from repro.params import FilmParams, Sampling
from tests.support.camera import CLOCK, small_camera

UNFINISHED = {"jang_bogo", "kiruna"}
SITE = {"latitude_deg": 62, "longitude_deg": 0, "time_zone": "America/Yellowknife"}


@pytest.mark.parametrize("name", sorted(set(cameras()) - UNFINISHED))
def test_every_profile_loads(name: str) -> None:
    """Each profile that is shipped is one that the model accepts."""
    assert isinstance(load_camera(name), Camera)


@pytest.mark.parametrize("name", sorted(UNFINISHED))
def test_a_profile_with_unknown_values_names_them(name: str) -> None:
    """A camera whose circle nobody has measured has a place, and is refused with the fields that are missing."""
    assert profile_document(name)[0]["site"]["latitude_deg"] in (-74.62, 67.84)
    with pytest.raises(ReproError, match=r"does not know .*circle_px.*file_pattern.*time_from"):
        load_camera(name)


def test_hidden_files_are_no_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hidden twin that macOS keeps of a profile is no camera."""
    (tmp_path / "cameras").mkdir()
    for name in ("small.yaml", "._small.yaml", "notes.txt"):
        (tmp_path / "cameras" / name).touch()
    monkeypatch.setattr("repro.camera.resources.files", lambda _package: tmp_path)
    assert cameras() == ["small"]


def test_auroramax_is_as_published() -> None:
    """AuroraMAX is masked by a circle at (640, 360) of radius 360, cropped to 720 x 720, and seen at 62.4333, -114.35."""
    camera = load_camera("auroramax")
    assert (camera.circle_px.x, camera.circle_px.y, camera.circle_px.radius) == (640, 360, 360)
    assert (camera.crop_px.width, camera.crop_px.height) == (720, 720)
    assert (camera.site.latitude_deg, camera.site.longitude_deg) == (62.4333, -114.35)


def test_night_is_the_date_in_the_name() -> None:
    """The night is read from the file's name as the pattern says, and from no other name."""
    camera = load_camera("auroramax")
    assert camera.night_of("auroramaxHD_20240201_720p.mp4") == "20240201"
    assert camera.night_of("AURORAMAXHD_20240201_720P.MP4") == "20240201"
    assert camera.night_of("auroramaxHD_20240201_1080p.mp4") is None
    assert camera.night_of("auroramaxHD_720p.mp4") is None


@pytest.mark.parametrize(
    ("name", "sampling", "fps", "step"),
    [
        ("auroramax", "published", 25.0, 10),
        ("auroramax", "published", 24.97, 10),
        ("auroramax", "published", 30.0, 12),
        ("auroramax", "cadence", 30.0, 10),
        ("kho", "published", 25.0, 59),
    ],
)
def test_sampling(name: str, sampling: Sampling, fps: float, step: int) -> None:
    """As published, every fps x 2/5-th frame, rounded; by cadence, and without that rule, a frame a minute at any rate."""
    assert load_camera(name).step(fps, sampling) == step


def test_the_camera_of_a_corpus() -> None:
    """A corpus uses the camera that params name for it, else the one of its own name; an unknown one lists all others."""
    assert camera_of("kho", FilmParams()) == load_camera("kho")
    assert camera_of("simulated", FilmParams()) == load_camera("auroramax")
    with pytest.raises(ReproError, match="auroramax, jang_bogo, kho"):
        load_camera("nobody")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"crop_px": {"left": 100, "top": 0, "width": 80, "height": 80}}, "crop_px", "reaches beyond the frame"),
        ({"circle_px": {"x": 9000, "y": 50, "radius": 40}}, "circle_px", "is beyond"),
        ({"file_pattern": "night.mp4"}, "file_pattern", "must contain YYYYMMDD once"),
        ({"file_pattern": "night_YYYYMMDD.jpg"}, "file_pattern", "set frames: stills"),
        ({"clock": CLOCK | {"formats": ["%H:%M"]}}, "clock.formats.0", "names the year once"),
        (
            {"clock": CLOCK | {"box_px": {"left": 9, "top": 0, "width": 160, "height": 9}}},
            "clock",
            "clock.box_px reaches beyond",
        ),
        ({"site": SITE | {"time_zone": "America/Yelowknife"}}, "site.time_zone", "did you mean America/Yellowknife"),
        ({"colour": "green"}, "colour", "not permitted"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(
    change: dict[str, object], field: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each impossible value in a profile's file is refused with the name of its field and what is wrong with it."""
    document = small_camera().model_dump(mode="json") | change
    (tmp_path / "cameras").mkdir()
    (tmp_path / "cameras" / "small.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.setattr("repro.camera.resources.files", lambda _package: tmp_path)
    with pytest.raises(ReproError, match=message) as caught:
        load_camera("small")
    assert caught.value.where.endswith(f"field {field}")
