"""Still images: which are taken, when and in which night they were taken, and how their pixels are stored."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from repro import frames
from repro.camera import Camera
from repro.clock.clock_corpus import clock_corpus
from repro.engine.run_nights import summaries
from repro.errors import ReproError
from repro.film.film_corpus import film_corpus
from repro.film.frame_archive import film_outputs, read_frame
from repro.film.still_files import decode_pixels, to_eight_bits
from repro.film.stills import find_stills, night_at
from repro.params import ClockParams, FilmParams
from repro.simulated_mark import comment_jpeg
from tests.support.camera import CLOCK, Look, burn, image, still_camera, write_image, write_jpeg, write_zip

CAMERA = still_camera()
FILM = FilmParams(max_missing_share=0.1)
START = datetime(2024, 1, 31, 22, 0)  # local time at Yellowknife, UTC - 7


def shots(folder: Path, seconds: Iterable[int]) -> list[Path]:
    """Images so many seconds after START, with their times in their names."""
    names = [f"sky_{START + timedelta(seconds=second):%Y%m%d_%H%M%S}.jpg" for second in seconds]
    return [write_jpeg(folder / name, image(number)) for number, name in enumerate(names)]


def film(folder: Path, tmp_path: Path, camera: Camera = CAMERA, params: FilmParams = FILM) -> list[str]:
    """Film a folder of stills and read its clock; gives the times of the night's frames, UTC."""
    film_corpus(folder, tmp_path / "film", camera, params, workers=1).check("film", 0, tmp_path)
    clock_corpus(tmp_path / "film", tmp_path / "clock", camera, ClockParams(), workers=1).check("clock", 0, tmp_path)
    table = frames.read(tmp_path / "clock" / "tables" / "20240201.parquet", "clock")
    return table["time_utc"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()


def filmed_image(tmp_path: Path, number: int) -> np.ndarray:
    """A frame of the night as the film stage stored it."""
    data = read_frame(film_outputs(tmp_path / "film", "20240201")[0], f"20240201_{number}.jpg")
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_times_from_file_names_in_folders_and_zips(tmp_path: Path) -> None:
    """Images of a night lie in folders and ZIP files, in three formats, and come out in the order of their times in UTC."""
    images = tmp_path / "images"
    names = [f"sky_{START + timedelta(minutes=k):%Y%m%d_%H%M%S}" for k in range(4)]
    write_jpeg(images / "a" / f"{names[3]}.jpg", image(3))
    write_image(images / "b" / f"{names[1]}.PNG", image(1))
    packed = write_image(tmp_path / "packed.tiff", image(2)).read_bytes()
    write_zip(images / "more.zip", {f"deep/{names[2]}.tiff": packed, "__MACOSX/._x.jpg": b"", "notes.txt": b"hello"})
    write_jpeg(images / f"{names[0]}.JPG", image(0))
    assert film(images, tmp_path) == [f"2024-02-01 05:0{k}:00" for k in range(4)]
    for number in range(4):
        got = filmed_image(tmp_path, number).astype(int)
        wanted = image(number)[CAMERA.crop_px.rows, CAMERA.crop_px.columns]
        inside = np.hypot(*(np.mgrid[:80, :80] - 39.5)) < 36
        assert np.abs(got - wanted)[inside].mean() < 4
        assert got[:6, :6].max() <= 12  # a JPEG rings a little


def test_night_from_noon_to_noon(tmp_path: Path) -> None:
    """An image of 11:59 local time ends its night, one of 12:00 begins the next."""
    noon = datetime(2024, 2, 1, 19, 0, tzinfo=UTC).timestamp()  # 12:00 at UTC - 7
    assert (night_at(noon - 1, CAMERA), night_at(noon, CAMERA)) == ("20240201", "20240202")


def test_exif_times_with_and_without_offset(tmp_path: Path) -> None:
    """The offset of the EXIF data decides; without one the time zone of the profile does."""
    images = tmp_path / "images"
    write_jpeg(images / "one.jpg", image(1), datetime(2024, 2, 1, 6, 10, 0), "+01:00")
    write_jpeg(images / "two.jpg", image(2), datetime(2024, 2, 1, 5, 11, 0), "+00:00")
    write_jpeg(images / "three.jpg", image(3), datetime(2024, 2, 1, 5, 12, 0))
    camera = still_camera(time_from="exif", file_pattern="*", stamp_zone="UTC")
    assert film(images, tmp_path, camera) == [f"2024-02-01 05:1{k}:00" for k in range(3)]


def test_times_from_the_burned_in_clock(tmp_path: Path) -> None:
    """Stills of a folder a night, whose only time is printed in them, get it from the clock stage."""
    images, look = tmp_path / "images" / "20240201", Look(text=220, background=10, size_px=13)
    for number in range(12):
        pixels = image(number)
        pixels[100:] = look.background
        burn(pixels, f"{START + timedelta(minutes=number):%Y/%m/%d %H:%M:%S}", 150, 114, look)
        write_image(images / f"img{number}.png", pixels)
    camera = still_camera(time_from="clock", file_pattern="YYYYMMDD/*", clock=CLOCK)
    assert film(images.parent, tmp_path, camera) == [f"2024-02-01 05:{k:02}:00" for k in range(12)]


def test_sixteen_bits_are_scaled_by_the_levels(tmp_path: Path) -> None:
    """16-bit PNG and TIFF are scaled so that the levels of the profile become 0 and 255; 8 bits stay as they are."""
    ramp = np.linspace(0, 4095, 160 * 120 * 3).reshape(120, 160, 3).astype(np.uint16)
    for suffix in (".png", ".tiff"):
        data = write_image(tmp_path / f"deep{suffix}", ramp).read_bytes()
        raw = decode_pixels(data, "deep")
        np.testing.assert_array_equal(raw, ramp)
        eight = to_eight_bits(raw, (100, 4095))
        np.testing.assert_allclose(eight, np.clip((ramp - 100.0) / 3995 * 255, 0, 255), atol=0.51)
    assert to_eight_bits(np.full((1, 1, 3), 65_535, np.uint16), None).max() == 255
    assert to_eight_bits(np.full((1, 1, 3), 77, np.uint8), (100, 4095)).max() == 77


def test_sampling_by_interval_across_gaps(tmp_path: Path) -> None:
    """One image a minute is kept of a camera that takes one in 20 s, also after a gap; with `all`, every image is."""
    images = tmp_path / "images"
    seconds = [0, 20, 41, 60, 80, 100, 119, 500, 520, 541, 561]
    shots(images, seconds)
    camera = still_camera(cadence_s=20)
    assert len(film(images, tmp_path, camera)) == 5
    table = frames.read(tmp_path / "film" / "index" / "20240201.parquet", "film")
    assert table["video_time_s"].tolist() == [0, 60, 119, 500, 561]
    assert table["frame"].tolist() == [0, 3, 6, 7, 10]
    assert len(film(images, tmp_path / "all", camera, FilmParams(sampling="all"))) == len(seconds)


def test_a_copy_counts_once_and_a_burst_counts_whole(tmp_path: Path) -> None:
    """The same image in a folder and in a ZIP is one frame; two different images of one second are two."""
    images = tmp_path / "images"
    name = f"sky_{START:%Y%m%d_%H%M%S}"
    first = write_jpeg(images / f"{name}.jpg", image(1))
    write_zip(images / "copy.zip", {f"{name}.jpg": first.read_bytes()})
    write_jpeg(images / f"{name}.jpeg", image(2))
    nights, _ = find_stills(images, CAMERA, FILM)
    assert [len(stills) for stills in nights.values()] == [2]


def test_files_that_cannot_be_used_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name without a time, a time that does not exist and one that occurs twice are named; too many are a failure."""
    images = tmp_path / "images"
    shots(images, range(0, 1800, 60))
    for name in ("holiday.jpg", "sky_20240231_220000.jpg", "sky_20240310_023000.jpg", "sky_20231105_013000.jpg"):
        write_jpeg(images / name, image(1))
    nights, failed = find_stills(images, CAMERA, FilmParams(max_missing_share=0.05))
    assert [len(stills) for stills in nights.values()] == [30]
    printed = capsys.readouterr().err
    for words in ("holiday.jpg", "does not exist", "sky_20240231", "repeats: sky_20231105_013000.jpg"):
        assert words in printed
    assert [failure.found for failure in failed] == ["2 of 34 images: a time that does not exist"]


def test_damaged_and_foreign_images(tmp_path: Path) -> None:
    """A few damaged images are left out and counted; a night with too many, or with another size, fails by name."""
    images = tmp_path / "images"
    paths = shots(images, range(0, 1200, 60))
    paths[4].write_bytes(b"no image")
    assert len(film(images, tmp_path)) == 19
    summary = summaries(tmp_path / "film")["20240201"]
    assert (summary["sampled"], summary["missing"], summary["undecoded"]) == (19, 1, [4])
    for path in paths[5:10]:
        write_jpeg(path, np.zeros((50, 50, 3), np.uint8))
    outcome = film_corpus(images, tmp_path / "film", CAMERA, FILM, workers=1)
    assert "6 of 20 images" in outcome.failed[0].found


def test_hostile_images_are_refused(tmp_path: Path) -> None:
    """A picture that claims to fill the memory, a script, and floats are errors that name the file."""
    bomb = bytearray(cv2.imencode(".png", np.zeros((4, 4, 3), np.uint8))[1])
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    floats = cv2.imencode(".tiff", np.zeros((4, 4, 3), np.float32))[1].tobytes()
    for data in (bytes(bomb), b"%!PS-Adobe", b"", floats, b"II*\0" + b"\xff" * 40):
        with pytest.raises(ReproError, match=r"where: +bad\.png"):
            decode_pixels(data, "bad.png")


def test_a_still_is_scaled_and_keeps_the_mark_of_a_simulation(tmp_path: Path) -> None:
    """A crop of 80 pixels is scaled to the profile's 40; a frame of the simulated observatory makes a simulated night."""
    (path,) = shots(tmp_path / "images", [0])
    path.write_bytes(comment_jpeg(path.read_bytes()))
    film(tmp_path / "images", tmp_path, still_camera(output_px=40))
    assert filmed_image(tmp_path, 0).shape == (40, 40, 3)
    assert summaries(tmp_path / "film")["20240201"]["simulated"] is True


def test_no_image_at_all(tmp_path: Path) -> None:
    """A folder without images, or with none that has a time, is an error that names the pattern."""
    with pytest.raises(ReproError, match="no image"):
        find_stills(tmp_path, CAMERA, FILM)
    write_jpeg(tmp_path / "holiday.jpg", image(1))
    with pytest.raises(ReproError, match=r"no image with a time among 1.*\n.*sky_%Y"):
        find_stills(tmp_path, CAMERA, FILM)


def test_new_images_make_only_their_night_again(tmp_path: Path) -> None:
    """An image more in one night makes that night again; the other is kept."""
    images = tmp_path / "images"
    shots(images, [0, 86_400])
    film(images, tmp_path)
    shots(images, [300])
    outcome = film_corpus(images, tmp_path / "film", CAMERA, FILM, workers=1)
    assert (outcome.done, outcome.kept) == (("20240201",), ("20240202",))
