"""Filming a night: what is written, that nothing half-written stays, and how the archive gives its frames back."""

import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from repro import frames
from repro.camera import load_camera
from repro.engine.run_nights import failures, summaries
from repro.errors import ReproError
from repro.film.cut import clock_strip, decode_grey, meridian, sky_mask
from repro.film.decode import Video
from repro.film.film_corpus import film_corpus
from repro.film.frame_archive import film_outputs, read_frame, unpack_night
from repro.params import FilmParams
from tests.support.camera import small_camera, small_frames, write_video, write_zip
from tests.support.frames import night_frames

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
    """Of five kinds of damage and a night that is gone all are listed or cleared, and nothing that was filmed before stays."""
    source, folder = tmp_path / "videos", tmp_path / "film"
    shutil.copytree(videos, source)
    whole = (source / "small_20240201.mp4").read_bytes()
    (source / "small_20240206.mp4").write_bytes(whole)
    assert len(film_corpus(source, folder, CAMERA, FilmParams(), workers=1).done) == 3
    (source / "small_20240206.mp4").unlink()
    (source / "small_20240202.mp4").write_bytes(b"")
    (source / "small_20240203.mp4").write_bytes(b"no video" * 100)
    (source / "small_20240204.mp4").write_bytes(whole[: len(whole) // 2])
    (source / "small_someday.mp4").write_bytes(whole)
    write_video(source / "small_20240205.mp4", [np.zeros((64, 64, 3), np.uint8)] * 20)
    outcome = film_corpus(source, folder, CAMERA, FilmParams(), workers=1)
    assert outcome.kept == ("20240201",)
    listed = {failure.night: failure.found for failure in failures(folder, made_by="film")}
    assert list(listed) == ["20240202", "20240203", "20240204", "20240205", "small_someday.mp4"]
    assert "missing" in listed["20240204"]
    assert {path.stem for path in folder.rglob("*") if path.is_file()} == {"20240201", "failures"}


NIGHT = "20240201"
NAMES = ["20240201060000_20240201_0.jpg", "20240201060100_20240201_1.jpg"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three frames as film and clock leave them; the clock of the last could not be read."""
    pictures = {f"{NIGHT}_{number}.jpg": f"picture {number}".encode() for number in range(3)}
    write_zip(film_outputs(tmp_path / "film", NIGHT)[0], pictures, zipfile.ZIP_STORED)
    table = night_frames(NIGHT, 3)[list(frames.COLUMNS[:10])]
    table.loc[2, ["name", "time_utc", "clock_text"]] = None
    frames.write(tmp_path / "clock" / "tables" / f"{NIGHT}.parquet", table, "clock")
    return tmp_path


def unpacked(corpus: Path, night: str = NIGHT) -> int:
    """Unpack a night into the folder ``out``."""
    return unpack_night(corpus / "film", corpus / "clock", night, corpus / "out")


@pytest.mark.parametrize("name", ["20240201060100_20240201_1.jpg", "20240201_1.jpg"])
def test_a_frame_is_found_by_either_name(corpus: Path, name: str) -> None:
    """The published name and the archive's own name give the same picture."""
    assert read_frame(film_outputs(corpus / "film", NIGHT)[0], name) == b"picture 1"


@pytest.mark.parametrize("name", ["20240201060100_20240201_7.jpg", "20240202060100_20240202_1.jpg", "x.jpg"])
def test_a_frame_that_is_not_there_is_named(corpus: Path, name: str) -> None:
    """A number or a night that the archive does not hold is an error, never another frame."""
    with pytest.raises(ReproError, match="no frame"):
        read_frame(film_outputs(corpus / "film", NIGHT)[0], name)


def test_frames_are_unpacked_under_their_published_names(corpus: Path) -> None:
    """Every frame with a time is written under its published name; doing it again changes nothing."""
    assert unpacked(corpus) == 2
    written = {path.name: path.read_bytes() for path in (corpus / "out").iterdir()}
    assert written == dict(zip(NAMES, [b"picture 0", b"picture 1"], strict=True))
    before = [(corpus / "out" / name).stat().st_mtime_ns for name in NAMES]
    assert unpacked(corpus) == 2
    assert [(corpus / "out" / name).stat().st_mtime_ns for name in NAMES] == before


def test_the_files_of_others_are_never_overwritten(corpus: Path) -> None:
    """Where a file of a frame's name holds something else, nothing at all is written."""
    (corpus / "out").mkdir()
    (corpus / "out" / NAMES[1]).write_bytes(b"a person's own")
    with pytest.raises(ReproError, match="another frame") as caught:
        unpacked(corpus)
    assert NAMES[1] in caught.value.where
    assert [path.name for path in (corpus / "out").iterdir()] == [NAMES[1]]
    assert (corpus / "out" / NAMES[1]).read_bytes() == b"a person's own"


def test_an_unknown_night_names_those_that_are_there(corpus: Path) -> None:
    """A night that was not filmed is an error that lists the nights of the corpus."""
    with pytest.raises(ReproError, match=NIGHT):
        unpacked(corpus, "20240205")
