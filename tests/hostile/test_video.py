"""Hostile videos and file names: a night is filmed or told as failed, and nothing but the file itself is opened."""

from __future__ import annotations

import io
import os
import shutil
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from repro.camera import Camera
from repro.engine.run_nights import failures
from repro.errors import ReproError
from repro.film.decode import Video
from repro.film.film_corpus import film_corpus
from repro.film.frame_archive import film_outputs
from repro.film.packets import count_frames
from repro.film.videos import find_videos
from repro.params import FilmParams
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, spoilt
from tests.support.camera import small_camera, small_frames, write_video

CAMERA = small_camera()
PARAMS = FilmParams(max_missing_share=1.0, max_failed_share=1.0)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video of 40 frames."""
    return write_video(tmp_path_factory.mktemp("good") / "v.mp4", small_frames(40)).read_bytes()


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A video of another size."""
    frames = [np.full((240, 320, 3), 9 * number, np.uint8) for number in range(20)]
    return write_video(tmp_path_factory.mktemp("larger") / "v.mp4", frames).read_bytes()


def tried(attempt: Attempt, data: bytes, what: object, camera: Camera = CAMERA) -> object:
    """Outcome of a pass through a video with these contents; every frame that comes is a whole one."""
    path = Path("small_20240201.mp4")
    path.write_bytes(data)

    def watch() -> int:
        count_frames(path)
        video = Video(path, camera, "published")
        images = 0
        for frame, time_s, image in video.sampled():
            assert image.shape == (camera.frame_px.height, camera.frame_px.width, 3)
            assert frame % video.scan.step == 0
            assert np.isfinite(time_s)
            images += 1
        return images

    return attempt("video bytes", watch, what)


def test_spoilt_videos(attempt: Attempt, good: bytes, larger: bytes) -> None:
    """Flipped, lost, zeroed and foreign bytes anywhere in a video are damaged frames or an error."""
    for how, data in spoilt(good, 21, 320, other=larger):
        tried(attempt, data, how)


def test_spoilt_index_of_a_video(attempt: Attempt, good: bytes) -> None:
    """The same within the first bytes, where the file says how many frames there are, how large and when."""
    head = good.index(b"mdat")
    for how, data in spoilt(good[:head], 22, 320):
        tried(attempt, data + good[head:], how)


def boxes(data: bytes, name: bytes) -> list[int]:
    """Places of the boxes of a name in an MP4 file."""
    found, at = [], data.find(name)
    while at >= 0:
        found.append(at)
        at = data.find(name, at + 1)
    return found


@pytest.mark.parametrize(
    "name", [b"stsz", b"stts", b"stsc", b"stco", b"mdhd", b"tkhd", b"avc1", b"elst", b"ctts", b"stss"]
)
def test_huge_and_negative_numbers_in_the_index(attempt: Attempt, good: bytes, name: bytes) -> None:
    """Counts, sizes and times of four thousand million, or below zero, end in an error or in what is really there."""
    for at in boxes(good, name):
        for offset in range(4, 40, 4):
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000):
                data = good[: at + offset] + struct.pack(">I", value) + good[at + offset + 4 :]
                tried(attempt, data, (name, offset, value))


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "DASH": "<?xml version='1.0'?><MPD><Period><AdaptationSet><Representation><BaseURL>{target}</BaseURL></Representation>"
    "</AdaptationSet></Period></MPD>",
    "SDP": "v=0\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "MPEG playlist": "[playlist]\nFile1={target}\n",
    "SAMI": "<SAMI><BODY><SYNC Start=0><P>x</BODY></SAMI>",
    "shell": "#!/bin/sh\ntouch gone\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlists_open_nothing(attempt: Attempt, good: bytes, kind: str) -> None:
    """A text that names other files or addresses is no video, whatever its name; nothing that it names is opened."""
    other = Path("other.mp4").absolute()
    other.write_bytes(good)
    for target in (
        str(other),
        "other.mp4",
        "http://127.0.0.1:9/x.ts",
        "file:///etc/passwd",
        "concat:other.mp4",
        "../other/kept.txt",
    ):
        found = tried(attempt, PLAYLISTS[kind].format(target=target).encode(), (kind, target))
        assert isinstance(found, ReproError), f"{kind} was taken for a video"


def test_other_kinds_of_files(attempt: Attempt, good: bytes) -> None:
    """Pictures, sounds and archives under a video's name are refused; a video in another container is filmed."""
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF"):
        data = io.BytesIO()
        Image.fromarray(np.zeros((120, 160, 3), np.uint8)).save(data, form)
        assert isinstance(tried(attempt, data.getvalue(), form), ReproError), form
    wave = b"RIFF" + struct.pack("<I", 1036) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    for data in (
        wave + b"data" + struct.pack("<I", 1000) + bytes(1000),
        b"%PDF-1.7\n",
        b"PK\x03\x04" + bytes(300),
        b"\x7fELF",
    ):
        assert isinstance(tried(attempt, data, data[:8]), ReproError)
    for container in ("matroska", "mov"):
        made = io.BytesIO()
        with av.open(io.BytesIO(good)) as source, av.open(made, "w", format=container) as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        assert tried(attempt, made.getvalue(), container) == 4


def test_a_video_that_changes_size(attempt: Attempt) -> None:
    """Frames of another size in the midst of a video are damaged frames, never cut as if they were whole."""
    made = io.BytesIO()
    with av.open(made, "w", format="matroska") as target:
        stream = target.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuvj420p"
        for number in range(40):
            height, width = (120, 160) if number < 20 else (80, 100)
            data = io.BytesIO()
            Image.fromarray(np.full((height, width, 3), 100, np.uint8)).save(data, "JPEG")
            packet = av.Packet(data.getvalue())
            packet.stream = stream
            packet.pts, packet.dts, packet.time_base = number * 40, number * 40, Fraction(1, 1000)
            target.mux(packet)
    assert tried(attempt, made.getvalue(), "two sizes") == 2


def test_a_corpus_of_hostile_videos(attempt: Attempt, good: bytes, larger: bytes) -> None:
    """Of a folder of spoilt videos every night is filmed or listed with what to do; none is a fault of the program."""
    folder = Path("videos")
    folder.mkdir()
    for number, (_, data) in enumerate(spoilt(good, 23, 20, other=larger), start=1):
        (folder / f"small_202402{number:02}.mp4").write_bytes(data)
    outcome = attempt(
        "videos, whole stage", lambda: film_corpus(folder, Path("film"), CAMERA, PARAMS, workers=1), "20 videos"
    )
    assert len(outcome.done) + len(outcome.failed) == 20
    assert outcome.done
    assert [failure.found for failure in outcome.failed if "fault of the program" in failure.remedy] == []
    for night in outcome.done:
        assert all(path.is_file() for path in film_outputs(Path("film"), night))


def names() -> list[bytes]:
    """File names around the pattern of the camera, as bytes."""
    hostile = [word.encode("utf-8", "surrogatepass").replace(b"/", b"_").replace(b"\0", b"")[:80] for word in WORDS]
    around = [b"small_20240201" + word + b".mp4" for word in hostile]
    dates = [
        "99999999",
        "00000000",
        "20240230",
        "２０２４０２０１",
        "٢٠٢٤٠٢٠١",
        "00010101",
        "99991231",
        "2024020",
        "+2024020",
        "1e000000",
    ]
    return [
        *(word + b".mp4" for word in hostile if word not in (b"", b".", b"..")), *around,
        *(f"small_{date}.mp4".encode() for date in dates), b"SMALL_20240202.MP4", b"\xff\xfe_20240203.mp4", b"small_20240204.mp4.mp4",
    ]  # fmt: skip


def test_hostile_file_names(attempt: Attempt) -> None:
    """Whatever files are called, each is a night of ASCII digits or is listed; nothing but the listing and the nights is written."""
    every = sorted(set(names()))
    for name in every:
        folder = Path("one")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        Path(os.fsdecode(b"one/" + name)).write_bytes(b"no video")

        def find() -> None:
            nights, failed = find_videos(Path("one"), CAMERA)
            assert len(nights) + len(failed) == 1
            assert all(night.isascii() and night.isdigit() and len(night) == 8 for night in nights)
            for failure in failed:
                str(failure.error()).encode()

        attempt("video file names", find, name)
    folder = Path("videos")
    folder.mkdir()
    for name in every:
        Path(os.fsdecode(b"videos/" + name)).write_bytes(b"no video")
    outcome = attempt(
        "videos, whole stage", lambda: film_corpus(folder, Path("film"), CAMERA, PARAMS, workers=1), every
    )
    assert not outcome.done
    assert [failure.found for failure in outcome.failed if "fault of the program" in failure.remedy] == []
    assert failures(Path("film"), made_by="dvc repro film") == list(outcome.failed)
    assert sorted(path.name for path in Path("film").rglob("*") if path.is_file()) == ["failures.json"]


def test_links_and_folders_with_the_names_of_videos(attempt: Attempt, good: bytes) -> None:
    """A folder, a broken link, a pipe or a loop of links among the videos neither hangs nor is taken for a video."""
    folder = Path("videos")
    folder.mkdir()
    (folder / "small_20240201.mp4").write_bytes(good)
    (folder / "small_20240202.mp4").mkdir()
    (folder / "small_20240203.mp4").symlink_to("gone.mp4")
    (folder / "small_20240204.mp4").symlink_to("small_20240204.mp4")
    os.mkfifo(folder / "small_20240205.mp4")
    (folder / "loop").symlink_to(".")
    outcome = attempt("video file names", lambda: film_corpus(folder, Path("film"), CAMERA, PARAMS, workers=1), "links")
    assert outcome.done == ("20240201",)
    assert [failure.night for failure in outcome.failed] == ["20240203", "20240204"]
