"""Hostile videos and file names: a night is filmed or listed as failed, and nothing but the file itself is opened."""

import io
import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from repro.engine.run_nights import failures
from repro.errors import ReproError
from repro.film.film_corpus import film_corpus
from repro.film.frame_archive import film_outputs
from repro.film.videos import find_videos
from repro.params import FilmParams
from tests.hostile.conftest import Attempt, no_fault_of_the_program
from tests.hostile.inputs import WORDS, encoded, spoilt
from tests.hostile.samples import CAMERA, read_video, video
from tests.support.containers import remux

PARAMS = FilmParams(max_missing_share=1.0, max_failed_share=1.0)
VIDEO = Path("small_20240201.mp4")


def sampled(attempt: Attempt, data: bytes, what: object) -> Any:
    """Frames sampled from a video with these contents, or the error."""
    VIDEO.write_bytes(data)
    return attempt(lambda: read_video(VIDEO), what)


def film(attempt: Attempt, folder: Path, what: object) -> Any:
    """Outcome of stage film over a folder; none of its failures is a fault of the program."""
    outcome = attempt(lambda: film_corpus(folder, Path("film"), CAMERA, PARAMS, workers=1), what)
    no_fault_of_the_program(outcome)
    return outcome


def test_huge_and_negative_numbers_in_the_index(attempt: Attempt) -> None:
    """Counts, sizes and times of four thousand million, or below zero, end in an error or in what is really there."""
    good = video()
    for name in (b"stsz", b"stts", b"stsc", b"stco", b"mdhd", b"tkhd", b"avc1", b"elst", b"ctts", b"stss"):
        at = good.find(name)
        for offset in range(4, 40, 4) if at >= 0 else ():
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000):
                data = good[: at + offset] + struct.pack(">I", value) + good[at + offset + 4 :]
                sampled(attempt, data, (name, offset, value))


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
def test_playlists_open_nothing(attempt: Attempt, kind: str) -> None:
    """A text that names other files or addresses is no video, whatever its name; nothing that it names is opened."""
    Path("other.mp4").write_bytes(video())
    addresses = ("http://127.0.0.1:9/x.ts", "file:///etc/passwd", "concat:other.mp4", "../other/kept.txt")
    for target in (str(Path("other.mp4").absolute()), "other.mp4", *addresses):
        VIDEO.write_bytes(PLAYLISTS[kind].format(target=target).encode())
        attempt.refused(lambda: read_video(VIDEO), (kind, target))


def test_other_kinds_of_files(attempt: Attempt) -> None:
    """Pictures, sounds and archives under a video's name are refused; a video in another container is filmed."""
    wave = b"RIFF" + struct.pack("<I", 1036) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    sound = wave + b"data" + struct.pack("<I", 1000) + bytes(1000)
    files = [sound, b"%PDF-1.7\n", b"PK\x03\x04" + bytes(300), b"\x7fELF"]
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF"):
        made = io.BytesIO()
        Image.fromarray(np.zeros((120, 160, 3), np.uint8)).save(made, form)
        files.append(made.getvalue())
    for data in files:
        assert isinstance(sampled(attempt, data, data[:8]), ReproError)
    Path("good.mp4").write_bytes(video())
    for name in ("good.mkv", "good.mov"):
        assert sampled(attempt, remux(Path("good.mp4"), Path(name)).read_bytes(), name) == 4


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
    assert sampled(attempt, made.getvalue(), "two sizes") == 2


def test_a_corpus_of_hostile_videos(attempt: Attempt) -> None:
    """Of a folder of spoilt videos every night is filmed or listed with what to do; none is a fault of the program."""
    folder = Path("videos")
    folder.mkdir()
    for number, (_, data) in enumerate(spoilt(video(), 23, 20, other=video(240)), start=1):
        (folder / f"small_202402{number:02}.mp4").write_bytes(data)
    outcome = film(attempt, folder, "20 videos")
    assert len(outcome.done) + len(outcome.failed) == 20
    assert outcome.done
    for night in outcome.done:
        assert all(path.is_file() for path in film_outputs(Path("film"), night))


def names() -> set[bytes]:
    """File names around the pattern of the camera."""
    words = [word.replace(b"/", b"_").replace(b"\0", b"")[:80] for word in encoded(*WORDS)]
    dates = (
        "99999999", "00000000", "20240230", "２０２４０２０１", "٢٠٢٤٠٢٠١", "00010101", "99991231", "2024020", "+2024020", "1e000000",
    )  # fmt: skip
    return {
        *(word + b".mp4" for word in words if word not in (b"", b".", b"..")), *(b"small_20240201" + word + b".mp4" for word in words),
        *(f"small_{date}.mp4".encode() for date in dates), b"SMALL_20240202.MP4", b"\xff\xfe_20240203.mp4", b"small_20240204.mp4.mp4",
    }  # fmt: skip


def test_hostile_file_names(attempt: Attempt) -> None:
    """Whatever files are called, each is a night of ASCII digits or is listed; nothing but the listing and the nights is written."""
    for number, name in enumerate(sorted(names())):
        folder = Path(f"one-{number}")
        for place in (folder, Path("videos")):
            place.mkdir(exist_ok=True)
            Path(os.fsdecode(bytes(place) + b"/" + name)).write_bytes(b"no video")
        found = attempt(lambda folder=folder: find_videos(folder, CAMERA), name)
        nights, failed = ({}, []) if isinstance(found, ReproError) else found  # refused: a name that hides the file
        assert len(nights) + len(failed) == (not isinstance(found, ReproError))
        assert all(night.isascii() and night.isdigit() and len(night) == 8 for night in nights)
        assert all(str(failure.error()).encode() for failure in failed)
    outcome = film(attempt, Path("videos"), "all names")
    assert not outcome.done
    assert failures(Path("film"), made_by="dvc repro film") == list(outcome.failed)
    assert sorted(path.name for path in Path("film").rglob("*") if path.is_file()) == ["failures.json"]


def test_links_and_folders_with_the_names_of_videos(attempt: Attempt) -> None:
    """A folder, a broken link, a pipe or a loop of links among the videos neither hangs nor is taken for a video."""
    folder = Path("videos")
    folder.mkdir()
    (folder / "small_20240201.mp4").write_bytes(video())
    (folder / "small_20240202.mp4").mkdir()
    (folder / "small_20240203.mp4").symlink_to("gone.mp4")
    (folder / "small_20240204.mp4").symlink_to("small_20240204.mp4")
    os.mkfifo(folder / "small_20240205.mp4")
    (folder / "loop").symlink_to(".")
    outcome = film(attempt, folder, "links")
    assert outcome.done == ("20240201",)
    assert [failure.night for failure in outcome.failed] == ["20240203", "20240204"]
