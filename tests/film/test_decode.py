"""Decoding: the right frames, exactly; and files that are really damaged."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from repro.errors import ReproError
from repro.film.decode import Video
from repro.film.packets import count_frames
from tests.support.camera import SLASHES, Look, burn, small_camera, small_frames, write_video
from tests.support.containers import opencv_frames, remux, sound

UNEVEN = np.cumsum([1, 3, 1, 2] * 15).tolist()  # presentation times in frames


@pytest.mark.parametrize("threads", [1, 2])
def test_samples_are_what_opencv_reads(good: Path, threads: int) -> None:
    """Leaving out frames that nothing refers to changes no pixel of a sampled frame: OpenCV reads the same ones."""
    shown = opencv_frames(good)
    video = Video(good, small_camera(), "published", threads=threads)
    samples = {number: image for number, time_s, image in video.sampled() if time_s == pytest.approx(number / 25)}
    assert len(shown) == 105
    assert list(samples) == list(range(0, 105, 10))
    for number, image in samples.items():
        np.testing.assert_array_equal(image, shown[number])
    assert video.scan.missing == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _, path: path.touch(), "an empty file"),
        (lambda _, path: path.write_bytes(b"<html>404 not found</html>" * 40), "a web page of 1040 bytes"),
        (lambda good, path: path.write_bytes(good.read_bytes()[:400]), "cut off before its index"),
        (lambda _, path: write_video(path, [np.zeros((240, 320, 3), np.uint8)] * 30), r"320 x 240.*\n.*160 x 120"),
        (lambda _, path: write_video(path, small_frames(60), ticks=UNEVEN), "variable frame rate"),
        (lambda good, path: remux(good, path, copies=2), "2 videos in one file"),
        (lambda _, path: sound(path), "sound but no video"),
    ],
    ids=["empty", "web page", "no index", "another size", "variable frame rate", "two videos", "sound only"],
)
def test_what_cannot_be_filmed_is_refused(
    good: Path, tmp_path: Path, make: Callable[[Path, Path], object], message: str
) -> None:
    """The error says what the file is: of uneven frames the index says nothing of time, of two videos nobody knows which one."""
    path = tmp_path / "small_20240201.mp4"
    make(good, path)
    with pytest.raises(ReproError, match=message):
        Video(path, small_camera(), "published")


@pytest.mark.parametrize("content", [b"", b"<html>404 not found</html>" * 40])
def test_frames_of_no_video_are_none(good: Path, tmp_path: Path, content: bytes) -> None:
    """What a progress bar counts: 105 frames of a video, none of an empty file and of a web page."""
    (tmp_path / "a.mp4").write_bytes(content)
    assert (count_frames(good), count_frames(tmp_path / "a.mp4")) == (105, 0)


def test_a_file_truncated_in_mid_stream_counts_what_is_missing(good: Path, tmp_path: Path) -> None:
    """A download that ends in mid-stream gives the frames that are there and counts those that are not."""
    path = tmp_path / "small_20240201.mp4"
    path.write_bytes(good.read_bytes()[: good.stat().st_size * 6 // 10])
    video = Video(path, small_camera(), "published")
    seen = [number for number, _, _ in video.sampled()]
    assert video.scan.declared == 105
    assert 0 < video.scan.frames < 105
    assert video.scan.missing >= 105 - video.scan.frames
    assert set(seen) <= set(range(0, 105, 10))


def test_damage_in_mid_stream_is_counted_not_shown(good: Path, tmp_path: Path) -> None:
    """Bytes overwritten in mid-stream cost frames, which are counted; the pass goes on to the end."""
    data = bytearray(good.read_bytes())
    at = len(data) // 2
    data[at : at + 3000] = bytes(3000)
    path = tmp_path / "small_20240201.mp4"
    path.write_bytes(bytes(data))
    video = Video(path, small_camera(), "published")
    seen = [number for number, _, _ in video.sampled()]
    assert sorted(seen + video.scan.undecoded) == list(range(0, 105, 10))
    assert video.scan.undecoded
    assert video.scan.missing >= 10


def test_a_hole_is_listed(tmp_path: Path) -> None:
    """Frames that were dropped in one place are listed there and counted; the video is taken."""
    ticks = [*range(40), *range(47, 107)]
    path = write_video(tmp_path / "small_20240201.mp4", small_frames(100), ticks=ticks)
    scan = Video(path, small_camera(), "published").scan
    assert scan.holes == [(39, 7)]
    assert scan.missing == 7


def clock_video(path: Path, fps: int, frames: int = 60, exposures: int = 25) -> Path:
    """A video of a clock that advances by 6 s an exposure, ``exposures`` of them a second of video."""
    start = datetime(2024, 2, 1, 20)
    images = []
    for number in range(frames):
        image = np.full((120, 320, 3), 20, np.uint8)
        time = start + timedelta(seconds=6 * (number * exposures // fps))
        burn(image, time.strftime(SLASHES), 310, 114, Look(text=200))
        images.append(image)
    return write_video(path, images, fps=fps)


CLOCKED = small_camera(
    frame_px={"width": 320, "height": 120},
    clock={"box_px": {"left": 0, "top": 92, "width": 320, "height": 28}, "scale": 3, "formats": [SLASHES]},
)


@pytest.mark.parametrize(("fps", "repeated", "step"), [(25, 1.0, 10), (30, 1.2, 12), (50, 2.0, 20), (60, 2.4, 24)])
def test_exposures_that_stand_twice_are_noticed(tmp_path: Path, fps: int, repeated: float, step: int) -> None:
    """A video that was converted from 25 to another frame rate says so, and both rules still sample once a minute."""
    path = clock_video(tmp_path / "small_20240201.mp4", fps)
    for sampling in ("published", "cadence"):
        scan = Video(path, CLOCKED, sampling).scan
        assert scan.frames_per_exposure == pytest.approx(repeated, abs=0.1)
        assert scan.step == pytest.approx(step, abs=1)


def test_a_clock_that_stands_still_says_nothing_about_exposures(tmp_path: Path) -> None:
    """Where no digit changes, nothing is concluded, and sampling follows the profile."""
    scan = Video(clock_video(tmp_path / "small_20240201.mp4", 25, exposures=0), CLOCKED, "cadence").scan
    assert (scan.frames_per_exposure, scan.step) == (None, 10)
