"""Filming a night: what is written, and that nothing half-written stays."""

import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from repro import frames
from repro.camera import load_camera
from repro.engine.run_nights import failures, summaries
from repro.film.cut import clock_strip, decode_grey, meridian, sky_mask
from repro.film.decode import Video
from repro.film.film_corpus import film_corpus
from repro.film.frame_archive import film_outputs
from repro.params import FilmParams
from tests.support.camera import small_camera, small_frames, write_video

CAMERA = small_camera()


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights of the small camera."""
    folder = tmp_path_factory.mktemp("videos")
    for day in (1, 2):
        write_video(folder / f"small_2024020{day}.mp4", small_frames(95, seed=day))
    return folder


@pytest.fixture(scope="module")
def filmed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two nights, filmed."""
    folder = tmp_path_factory.mktemp("film")
    outcome = film_corpus(videos, folder, CAMERA, FilmParams(), workers=1)
    assert outcome.done == ("20240201", "20240202")
    return folder


def everything(folder: Path) -> set[str]:
    """All files of a folder, by relative name."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_index_tells_frame_and_time(filmed: Path) -> None:
    """The index has a row a sampled frame with its running number, its index in the video and its presentation time."""
    table = frames.read(filmed / "index" / "20240201.parquet", "film")
    assert table["number"].tolist() == list(range(10))
    assert table["frame"].tolist() == list(range(0, 95, 10))
    assert table["video_time_s"].to_numpy() == pytest.approx(table["frame"].to_numpy() / 25)
    assert summaries(filmed)["20240201"]["simulated"] is False


def test_archive_is_stored_and_holds_masked_crops(filmed: Path, videos: Path) -> None:
    """JPEGs lie uncompressed in the archive, are of the crop's size, black outside the circle, and true inside."""
    originals = {n: image for n, _, image in Video(videos / "small_20240201.mp4", CAMERA, "published").sampled()}
    mask = sky_mask(CAMERA) > 0
    with zipfile.ZipFile(filmed / "frames" / "20240201.zip") as archive:
        assert [entry.filename for entry in archive.infolist()] == [f"20240201_{n}.jpg" for n in range(10)]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        for number in range(10):
            image = cv2.imdecode(np.frombuffer(archive.read(f"20240201_{number}.jpg"), np.uint8), cv2.IMREAD_COLOR)
            assert image.shape == (80, 80, 3)
            # A JPEG rings a little at the circle's edge; the corners are far from it.
            assert image[:6, :6].max() <= 8
            inside = np.abs(image.astype(int) - originals[number * 10][10:90, 40:120])[mask]
            assert inside.mean() < 5


def test_strips_and_keogram_are_pixels_of_the_video(filmed: Path, videos: Path) -> None:
    """A strip is the brightness of the clock's corner, and a column of the keogram the meridian, north up, pixel for pixel."""
    keogram = cv2.imread(str(filmed / "keograms" / "20240201.png"))
    assert keogram.shape == (80, 10, 3)
    with zipfile.ZipFile(filmed / "strips" / "20240201.zip") as archive:
        for number, (_, _, image) in enumerate(Video(videos / "small_20240201.mp4", CAMERA, "published").sampled()):
            strip = decode_grey(archive.read(f"20240201_{number}.png"))
            np.testing.assert_array_equal(strip, clock_strip(image, CAMERA))
            np.testing.assert_array_equal(keogram[:, number], image[10:90, 80])


def test_meridian_follows_north() -> None:
    """With north 32 deg anticlockwise of up, the meridian begins at the upper left, where the overlay has its N."""
    camera = load_camera("kho")
    rows, columns = meridian(camera)
    assert len(rows) == 196
    # The N of the overlay stands at (101, 22) outside the circle; the meridian's end points at it.
    towards = np.arctan2(camera.circle_px.x - columns[0], camera.circle_px.y - rows[0])
    overlay = np.arctan2(camera.circle_px.x - 101, camera.circle_px.y - 22)
    assert np.degrees(abs(towards - overlay)) < 2


def test_a_done_night_is_kept(filmed: Path, videos: Path) -> None:
    """A second run films nothing; a video that was only touched is not filmed again either."""
    before = {name: (filmed / name).stat().st_mtime_ns for name in everything(filmed) if "receipts" not in name}
    again = film_corpus(videos, filmed, CAMERA, FilmParams(), workers=1)
    assert again.kept == ("20240201", "20240202")
    os.utime(videos / "small_20240201.mp4")
    film_corpus(videos, filmed, CAMERA, FilmParams(), workers=1)
    after = {name: (filmed / name).stat().st_mtime_ns for name in before if "failures" not in name}
    assert after == {name: time for name, time in before.items() if "failures" not in name}


def test_only_what_changed_is_made_again(videos: Path, tmp_path: Path) -> None:
    """A night without one of its outputs is filmed again, byte for byte the same; a changed parameter voids all receipts."""

    def film(**changes: int) -> tuple[str, ...]:
        return film_corpus(videos, tmp_path, CAMERA, FilmParams(**changes), workers=1).done

    assert film() == ("20240201", "20240202")
    frames_zip, strips_zip, *_ = film_outputs(tmp_path, "20240202")
    before = frames_zip.read_bytes(), strips_zip.read_bytes()
    strips_zip.unlink()
    assert film() == ("20240202",)
    assert (frames_zip.read_bytes(), strips_zip.read_bytes()) == before
    assert film(jpeg_quality=80) == ("20240201", "20240202")


def test_bad_nights_do_not_stop_the_others(videos: Path, tmp_path: Path) -> None:
    """Of a folder with five kinds of damage the good night is filmed, the bad are listed, and nothing of them stays."""
    source, folder = tmp_path / "videos", tmp_path / "film"
    source.mkdir()
    whole = (videos / "small_20240201.mp4").read_bytes()
    (source / "small_20240201.mp4").write_bytes(whole)
    (source / "small_20240202.mp4").touch()
    (source / "small_20240203.mp4").write_bytes(b"no video" * 100)
    (source / "small_20240204.mp4").write_bytes(whole[: len(whole) // 2])
    (source / "small_someday.mp4").write_bytes(whole)
    write_video(source / "small_20240205.mp4", [np.zeros((64, 64, 3), np.uint8)] * 20)
    outcome = film_corpus(source, folder, CAMERA, FilmParams(), workers=1)
    assert outcome.done == ("20240201",)
    listed = {failure.night: failure.found for failure in failures(folder, made_by="film")}
    assert list(listed) == ["20240202", "20240203", "20240204", "20240205", "small_someday.mp4"]
    assert "missing" in listed["20240204"]
    assert {Path(name).stem for name in everything(folder)} == {"20240201", "failures"}
    with pytest.raises(Exception, match="5 of 6 nights failed"):
        outcome.check("film", 0.02, folder / "failures.json")


def test_a_night_that_turns_bad_takes_its_outputs_along(videos: Path, tmp_path: Path) -> None:
    """A night filmed before whose video is now damaged, or gone, leaves no stale output to be counted."""
    source, folder = tmp_path / "videos", tmp_path / "film"
    source.mkdir()
    for day in (1, 2):
        (source / f"small_2024020{day}.mp4").write_bytes((videos / f"small_2024020{day}.mp4").read_bytes())
    film_corpus(source, folder, CAMERA, FilmParams(), workers=1)
    (source / "small_20240201.mp4").write_bytes(b"")
    (source / "small_20240202.mp4").unlink()
    film_corpus(source, folder, CAMERA, FilmParams(), workers=1)
    assert everything(folder) == {"failures.json"}
