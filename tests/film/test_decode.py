"""Decoding: what is shown counts, as in OpenCV, whatever a file's packets, flags and lengths say; and damaged files."""

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from repro.engine.run_nights import summaries
from repro.errors import ReproError
from repro.film.decode import Scan, Video
from repro.film.film_corpus import film_corpus
from repro.film.packets import count_frames, is_cut_off
from repro.params import FilmParams
from repro.paths import Paths
from repro.status import print_status, status
from tests.support import containers
from tests.support.camera import SLASHES, Look, burn, small_camera, small_frames, write_video

CAMERA = small_camera()
COUNT = 105
IMAGES = small_frames(COUNT)
UNEVEN = np.cumsum([1, 3, 1, 2] * 15).tolist()  # presentation times in frames
QUIET = {"x265-params": "log-level=none"}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound video of 105 frames of the small camera, with B-frames, that tests copy, cut and convert."""
    return write_video(tmp_path_factory.mktemp("video") / "small_20240201.mp4", IMAGES)


def in_container(good: Path, path: Path) -> Path:
    """The sound video in the container that a name says; MP4 in fragments, H.264 in AVI without presentation order."""
    if path.suffix in (".avi", ".mp4"):
        return containers.encode(path, IMAGES, container=containers.FRAGMENTED if path.suffix == ".mp4" else None)
    return containers.remux(good, path)


def samples(path: Path, threads: int = 1, off_s: float = 1e-6) -> tuple[dict[int, np.ndarray], Scan]:
    """Sampled frames by number, each at its time or off by no more than that, and what is known of the video after the pass."""
    video, found = Video(path, CAMERA, "published", threads=threads), {}
    for number, time_s, image in video.sampled():
        assert time_s == pytest.approx(number / 25, abs=off_s)
        found[number] = image
    return found, video.scan


def assert_as_opencv(path: Path, threads: int = 1, off_s: float = 1e-6) -> Scan:
    """Check that the samples are frames 0, 10, 20 ... of those that OpenCV shows, to the bit; give the scan."""
    shown, (found, scan) = containers.opencv_frames(path), samples(path, threads, off_s)
    assert scan.frames == len(shown) > 0
    assert list(found) == list(range(0, len(shown), 10))
    for number, image in found.items():
        np.testing.assert_array_equal(image, shown[number])
    return scan


@pytest.mark.parametrize(("first", "count"), [(3, 102), (47, 58), (0, 60), (47, 30)])
def test_only_what_an_edit_list_shows_is_numbered(good: Path, tmp_path: Path, first: int, count: int) -> None:
    """In a night trimmed without re-coding, frame 0 is the first shown one, and nothing that is hidden is missing."""
    path = containers.hide(good, tmp_path / "small_20240201.mp4", first, count)
    scan = assert_as_opencv(path)
    assert (scan.frames, scan.missing) == (count, 0)
    assert count_frames(path) == count


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", ["a.mkv", "a.mov", "a.mp4", "a.avi", None])
def test_the_same_video_in_other_containers_is_the_same(
    good: Path, tmp_path: Path, name: str | None, threads: int
) -> None:
    """MOV, MKV, AVI and MP4, fragmented or not, show the same frames, none is missing, and the length is known."""
    path = in_container(good, tmp_path / name) if name else good
    scan = assert_as_opencv(path, threads)
    assert (scan.frames, scan.missing, scan.fps, scan.length_known) == (COUNT, 0, 25, True)
    assert count_frames(path) == COUNT


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi", None])
def test_a_cut_off_file_is_refused_or_kept_on_purpose(good: Path, tmp_path: Path, name: str | None) -> None:
    """Matroska, AVI and MP4 cut off lack frames that their headers promise; a fragmented MP4 ends within its last box."""
    entire = in_container(good, tmp_path / name) if name else good
    videos = tmp_path / "videos"
    videos.mkdir()
    path = containers.cut(entire, videos / f"small_20240201{entire.suffix}")
    camera = small_camera(file_pattern=f"small_YYYYMMDD{entire.suffix}")
    assert is_cut_off(entire) is False
    assert is_cut_off(path) is True
    outcome = film_corpus(videos, tmp_path / "film", camera, FilmParams(), workers=1)
    assert "cut off" in outcome.failed[0].found + outcome.failed[0].remedy
    assert "film.max_missing_share" in outcome.failed[0].expected
    kept = film_corpus(videos, tmp_path / "film", camera, FilmParams(max_missing_share=1.0), workers=1)
    assert kept.done == ("20240201",)
    summary = summaries(tmp_path / "film")["20240201"]
    assert 0 < summary["sampled"] < 11
    found, scan = samples(path)
    assert set(found) <= set(range(0, COUNT, 10))
    assert 0 < scan.frames < COUNT
    assert scan.missing == summary["missing"] >= max(21, COUNT - scan.frames) or not scan.length_known


def test_a_file_that_does_not_say_its_length_is_filmed_and_marked(
    good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A live recording without a duration cannot be known to be complete: status shows no count of missing frames."""
    paths = Paths(tmp_path)
    videos = paths.videos("small")
    videos.mkdir(parents=True)
    path = containers.remux(good, videos / "small_20240201.mkv", container={"live": "1"})
    assert count_frames(path) == COUNT
    camera = small_camera(file_pattern="small_YYYYMMDD.mkv")
    assert film_corpus(videos, paths.stage("small", "film"), camera, FilmParams(), workers=1).done == ("20240201",)
    assert summaries(paths.stage("small", "film"))["20240201"]["length_known"] is False
    assert status(paths, "small").nights["missing"].isna().all()
    print_status(status(paths, "small"))
    assert "length unknown, so the end of the video may be missing: 20240201" in capsys.readouterr().out


@pytest.mark.parametrize(
    "change",
    [
        lambda good, path: containers.with_sound(good, path.with_suffix(".mkv"), sound_s=9),
        lambda good, path: containers.remux(good, path.with_suffix(".mkv"), shift_s=100),
        lambda good, path: containers.with_cover(good, path),
        lambda _, path: containers.encode(path, IMAGES, colour=(1, 1)),
        lambda _, path: containers.encode(path, IMAGES, aspect=Fraction(4, 3)),
    ],
    ids=["longer sound", "late start", "cover picture", "BT.709", "oblong pixels"],
)
def test_what_changes_no_frame(change: Callable[[Path, Path], Path], good: Path, tmp_path: Path) -> None:
    """A longer sound track, a late start, a cover picture, a colour tag and a pixel shape change no frame, time or count."""
    path = change(good, tmp_path / "a.mp4")
    scan = assert_as_opencv(path)
    assert (scan.declared, scan.missing) == (COUNT, 0)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_file_that_begins_between_key_frames_begins_with_the_next(tmp_path: Path, codec: str) -> None:
    """Frames that refer to what was cut away cannot be shown: they are missing, and the first shown frame is frame 0."""
    options = {"x264-params": "open_gop=1:keyint=12:min-keyint=12:scenecut=0"} if codec == "libx264" else {
        "x265-params": "open-gop=1:keyint=12:scenecut=0:log-level=none"
    }  # fmt: skip
    entire = containers.encode(tmp_path / "entire.mkv", IMAGES[:60], codec, options=options)
    scan = assert_as_opencv(containers.remux(entire, tmp_path / "a.mkv", skip=4))
    assert 0 < scan.frames <= 48
    assert scan.missing > 0


def test_two_frames_at_one_time_are_two_frames(tmp_path: Path) -> None:
    """A presentation time that stands twice loses no sample."""
    ticks = [*range(20), *range(19, 59)]
    path = containers.encode(tmp_path / "a.mkv", IMAGES[:60], "mjpeg", "yuvj420p")
    with av.open(str(path)) as source, av.open(str(tmp_path / "b.mkv"), "w") as file:
        stream = file.add_stream_from_template(source.streams.video[0])
        for tick, packet in zip(ticks, source.demux(source.streams.video[0]), strict=False):
            packet.pts = packet.dts = tick * 40
            packet.time_base, packet.stream = Fraction(1, 1000), stream
            file.mux(packet)
    scan = assert_as_opencv(tmp_path / "b.mkv", off_s=0.041)
    assert (scan.frames, scan.undecoded) == (60, [])


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv422p"), ("a.mp4", "libx264", "yuv444p"), ("a.mp4", "libx264", "gray"),
        ("a.mp4", "libx264", "yuvj420p"), ("a.mp4", "libx265", "yuv420p"), ("a.avi", "mpeg4", "yuv420p"),
        ("a.webm", "libvpx", "yuv420p"), ("a.mkv", "ffv1", "bgr0"), ("a.mkv", "mjpeg", "yuvj420p"),
    ],
)  # fmt: skip
def test_pixels_of_eight_bit_formats_are_those_of_opencv(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    """Grey, full-range, RGB and finer chroma come out as OpenCV gives them, bit for bit."""
    options = QUIET if codec == "libx265" else {"deadline": "realtime"}
    assert_as_opencv(containers.encode(tmp_path / name, IMAGES[:30], codec, pix_fmt, options=options))


def test_ten_bits_are_close_to_opencv(tmp_path: Path) -> None:
    """Of 10-bit HEVC the frames are the same ones; pixels differ by the rounding of the lowest bits, no more."""
    path = containers.encode(tmp_path / "a.mp4", IMAGES[:30], "libx265", "yuv420p10le", options=QUIET)
    shown, (found, scan) = containers.opencv_frames(path), samples(path)
    assert (scan.frames, list(found)) == (30, [0, 10, 20])
    for number, image in found.items():
        difference = np.abs(image.astype(int) - shown[number])
        assert difference.max() <= 24
        assert difference.mean() < 3


def test_interlaced_frames_are_read(tmp_path: Path) -> None:
    """Both fields of an interlaced video make up the frame; OpenCV 5.0 itself gives no picture for it."""
    path = containers.encode(tmp_path / "a.mp4", IMAGES[:30], "mpeg2video", interlaced=True, options={"qmax": "4"})
    with av.open(str(path)) as file:
        assert next(file.decode(video=0)).interlaced_frame
    found, _ = samples(path)
    assert list(found) == [0, 10, 20]
    for number, image in found.items():
        assert np.abs(image.astype(int) - IMAGES[number]).mean() < 6


def test_a_rotation_is_made_as_opencv_makes_it(tmp_path: Path) -> None:
    """A file that asks players to turn its pictures upside down is turned; one turned by a quarter has another size."""
    path = containers.encode(tmp_path / "half.mp4", IMAGES[:30], rotation=180)
    assert_as_opencv(path)
    found, _ = samples(path)
    assert np.abs(found[0][::-1, ::-1].astype(int) - IMAGES[0]).mean() < 6
    with pytest.raises(ReproError, match="120 x 160"):
        samples(containers.encode(tmp_path / "quarter.mp4", IMAGES[:30], rotation=90))


def test_odd_sizes_are_read(tmp_path: Path) -> None:
    """A frame of odd width and height is read in its size."""
    images = [np.full((121, 161, 3), 40 + number, np.uint8) for number in range(20)]
    path = containers.encode(tmp_path / "a.mkv", images, "mjpeg", "yuvj420p")
    video = Video(path, small_camera(frame_px={"width": 161, "height": 121}), "published")
    assert [image.shape for _, _, image in video.sampled()] == [(121, 161, 3)] * 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _, path: path.touch(), "an empty file"),
        (lambda _, path: path.write_bytes(b"<html>404 not found</html>" * 40), "a web page of 1040 bytes"),
        (lambda good, path: path.write_bytes(good.read_bytes()[:400]), "cut off before its index"),
        (lambda _, path: write_video(path, [np.zeros((240, 320, 3), np.uint8)] * 30), r"320 x 240.*\n.*160 x 120"),
        (lambda _, path: write_video(path, IMAGES[:60], ticks=UNEVEN), "variable frame rate"),
        (lambda good, path: containers.remux(good, path, copies=2), "2 videos in one file"),
        (lambda _, path: containers.sound(path), "sound but no video"),
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
        Video(path, CAMERA, "published")


@pytest.mark.parametrize("content", [b"", b"<html>404 not found</html>" * 40])
def test_a_progress_bar_counts_no_frames_of_no_video(tmp_path: Path, content: bytes) -> None:
    """An empty file and a web page have no frames."""
    (tmp_path / "a.mp4").write_bytes(content)
    assert count_frames(tmp_path / "a.mp4") == 0


def test_damage_in_mid_stream_is_counted_not_shown(good: Path, tmp_path: Path) -> None:
    """Bytes overwritten in mid-stream cost frames, which are counted; the pass goes on to the end."""
    data = bytearray(good.read_bytes())
    at = len(data) // 2
    data[at : at + 3000] = bytes(3000)
    (tmp_path / "a.mp4").write_bytes(data)
    found, scan = samples(tmp_path / "a.mp4")
    assert sorted([*found, *scan.undecoded]) == list(range(0, COUNT, 10))
    assert scan.undecoded
    assert scan.missing >= 10


def test_a_hole_is_listed(tmp_path: Path) -> None:
    """Frames that were dropped in one place are listed there and counted; the video is taken."""
    path = write_video(tmp_path / "a.mp4", IMAGES[:100], ticks=[*range(40), *range(47, 107)])
    scan = Video(path, CAMERA, "published").scan
    assert (scan.holes, scan.missing) == ([(39, 7)], 7)


@pytest.mark.parametrize(
    ("fps", "exposures", "repeated", "step"),
    [(25, 25, 1.0, 10), (30, 25, 1.2, 12), (50, 25, 2.0, 20), (60, 25, 2.4, 24), (25, 0, None, 10)],
)
def test_exposures_that_stand_twice_are_noticed(
    tmp_path: Path, fps: int, exposures: int, repeated: float | None, step: int
) -> None:
    """A video converted from 25 to another frame rate says so, and both rules still sample once a minute.

    Where no digit of the clock changes, nothing is concluded, and sampling follows the profile.
    """
    images = np.full((60, 120, 320, 3), 20, np.uint8)
    for number, image in enumerate(images):  # of a clock that advances by 6 s an exposure
        time = datetime(2024, 2, 1, 20) + timedelta(seconds=6 * (number * exposures // fps))
        burn(image, time.strftime(SLASHES), 310, 114, Look(text=200))
    path = write_video(tmp_path / "small_20240201.mp4", images, fps=fps)
    camera = small_camera(
        frame_px={"width": 320, "height": 120},
        clock={"box_px": {"left": 0, "top": 92, "width": 320, "height": 28}, "scale": 3, "formats": [SLASHES]},
    )
    for sampling in ("published", "cadence"):
        scan = Video(path, camera, sampling).scan
        assert scan.frames_per_exposure == pytest.approx(repeated, abs=0.1)
        assert scan.step == pytest.approx(step, abs=1 if repeated else 0)
