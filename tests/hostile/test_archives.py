"""Hostile archives of frames, pictures and masks: nothing is unpacked to disk, nothing fills the memory, all damage is told."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro import frames
from repro.audit.thumbnails import small_jpeg
from repro.camera import load_camera
from repro.classifier import network as networks
from repro.classifier.gradcam_corpus import read_masks
from repro.classifier.images import gather
from repro.classifier.infer_corpus import infer_corpus
from repro.classifier.transforms import decode, load_frame
from repro.clock.clock_corpus import clock_corpus
from repro.engine.receipts import NightWork, write
from repro.errors import ReproError
from repro.film.cut import decode_grey, encode_png
from repro.film.frame_archive import film_outputs
from repro.params import ClockParams, Engine, InferParams, load_params
from tests.conftest import ROOT
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, spoilt
from tests.support.frames import night_frames
from tests.support.images import jpeg, sky, write_archive

NIGHT = "20240201"
NAME = f"{NIGHT}_0.jpg"  # as stage film stores it


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A frame's JPEG."""
    return jpeg(sky(np.random.default_rng(1), aurora=True, size_px=64))


@pytest.fixture(scope="module")
def good(picture: bytes) -> bytes:
    """A night's archive of four frames."""
    return zipped({f"2024020106000{n}_20240201_{n}.jpg": picture for n in range(4)})


def zipped(contents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP file of these."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", method) as file:
        warnings.simplefilter("ignore")  # of two files of one name
        for name, data in contents.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def tried(attempt: Attempt, data: bytes, what: object, name: str = NAME) -> Any:
    """Outcome of taking one frame out of an archive with these contents."""
    path = Path(f"{NIGHT}.zip")
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    before = sorted(Path().rglob("*"))
    found = attempt("archives", lambda: load_frame(path, name, 16), what)
    assert sorted(Path().rglob("*")) == before
    assert isinstance(found, ReproError) or found.shape == (16, 16, 3)
    return found


def test_spoilt_archives(attempt: Attempt, good: bytes) -> None:
    """Flipped, lost and foreign bytes anywhere in an archive give the frame or an error, never another file's bytes."""
    for how, data in spoilt(good, 31, 400):
        tried(attempt, data, how)
    # The table of contents again: it stands at the end.
    start = good.index(b"PK\x01\x02")
    for how, data in spoilt(good[start:], 32, 400):
        tried(attempt, good[:start] + data, how)


def test_hostile_names_in_archives(attempt: Attempt, picture: bytes) -> None:
    """Names that lead out of the folder, absolute ones and links are entries like any other: nothing is written anywhere."""
    link = zipfile.ZipInfo(NAME)
    link.external_attr = 0o120777 << 16
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(link, "/etc/passwd")
    assert isinstance(tried(attempt, made.getvalue(), "a link in the place of the frame"), ReproError)
    for word in WORDS:
        for name in (word[:200], f"../{word[:200]}", f"/tmp/{word[:100]}"):
            name = name.encode(errors="ignore").decode()
            data = zipped({name or "x": b"gone", NAME: picture})
            assert not isinstance(tried(attempt, data, name), ReproError)
            if name:
                tried(attempt, data, name, name=name)


def test_archives_that_fill_the_memory(attempt: Attempt, good: bytes) -> None:
    """A file that unpacks to a gigabyte is refused before it is unpacked, also where its size is given wrong."""
    deep = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(deep.compress(bytes(1 << 20)) for _ in range(200)) + deep.flush()
    for told in (200 << 20, 1 << 31, 1000, 0xFFFFFFFF):
        crc = zlib.crc32(bytes(1000))
        name = NAME.encode()
        local = (
            struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(packed), told, len(name), 0)
            + name
            + packed
        )
        entry = struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            20,
            0,
            8,
            0,
            33,
            crc,
            len(packed),
            told,
            len(name),
            0,
            0,
            0,
            0,
            0,
            0,
        )
        entry += name
        end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
        assert isinstance(tried(attempt, local + entry + end, f"bomb of {told}"), ReproError)


def test_two_frames_of_one_name(attempt: Attempt, picture: bytes) -> None:
    """An archive that holds a name twice is damaged: no one can say which frame is meant."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as file:
        warnings.simplefilter("ignore")
        file.writestr(NAME, picture)
        file.writestr(NAME, jpeg(np.zeros((8, 8, 3), np.uint8)))
    found = tried(attempt, made.getvalue(), "twice")
    assert "twice" in found.found


def test_packed_and_locked_archives(attempt: Attempt, picture: bytes) -> None:
    """Other ways of packing are read or told; a password is told."""
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = zipped({NAME: picture}, method)
        assert not isinstance(tried(attempt, data, method), ReproError)
        for how, spoilt_data in spoilt(data, 33 + method, 80):
            tried(attempt, spoilt_data, (method, how))
    data = bytearray(zipped({NAME: picture}))
    data[6] |= 1  # encrypted, says the file's head, and so does the table of contents
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert isinstance(tried(attempt, bytes(data), "locked"), ReproError)
    for method in (1, 6, 9, 12, 95, 99):
        data = bytearray(zipped({NAME: picture}))
        data[8], data[data.index(b"PK\x01\x02") + 10] = method, method
        tried(attempt, bytes(data), f"method {method}")


def test_spoilt_pictures(attempt: Attempt, picture: bytes) -> None:
    """A frame whose JPEG is damaged, or is something else, is decoded or refused; other formats are not even opened."""
    strip = encode_png(np.random.default_rng(2).integers(0, 256, (20, 60), dtype=np.uint8))
    for how, data in spoilt(picture, 34, 400, other=strip):
        attempt("pictures", lambda data=data: decode(data, 24, "frame"), how)
        attempt("pictures", lambda data=data: small_jpeg(data), how)
    for how, data in spoilt(strip, 35, 300, other=picture):
        attempt("pictures", lambda data=data: decode_grey(data), how)
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(gone) (w) file closefile\nshowpage\n"
    for form in ("GIF", "TIFF", "BMP", "ICO", "PPM", "WEBP"):
        made = io.BytesIO()
        Image.new("RGB", (16, 16)).save(made, form)
        assert isinstance(attempt("pictures", lambda made=made: decode(made.getvalue(), 24, "frame"), form), ReproError)
    for data in (postscript, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"P6 99999 99999 255\n"):
        assert isinstance(attempt("pictures", lambda data=data: decode(data, 24, "frame"), data[:20]), ReproError)


def test_pictures_that_fill_the_memory(attempt: Attempt) -> None:
    """A picture of thousands of millions of pixels in a few bytes is refused before it is decoded."""
    for side in (9_000, 14_000, 60_000):
        small = bytearray(jpeg(np.zeros((16, 16, 3), np.uint8)))
        at = small.index(b"\xff\xc0") + 5
        small[at : at + 4] = struct.pack(">HH", side, side)
        for work in (lambda data=bytes(small): decode(data, 24, "frame"), lambda data=bytes(small): small_jpeg(data)):
            assert isinstance(attempt("pictures", work, side), ReproError)
        head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        png = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", head)
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )
        assert isinstance(attempt("pictures", lambda png=png: decode(png, 24, "frame"), side), ReproError)
        assert isinstance(attempt("pictures", lambda png=png: decode_grey(png), side), ReproError)


def chunk(kind: bytes, data: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_spoilt_masks(attempt: Attempt) -> None:
    """A damaged file of masks, or one that holds pickled code, is refused."""
    made = io.BytesIO()
    mask = np.random.default_rng(3).random((4, 9, 9)) > 0.5
    np.savez_compressed(made, mask=np.packbits(mask, axis=-1), shape=np.array(mask.shape))
    path = Path("masks.npz")
    for how, data in spoilt(made.getvalue(), 36, 300):
        path.write_bytes(data)
        found = attempt("masks", lambda: read_masks(path), how)
        assert isinstance(found, ReproError) or (found.dtype == bool and found.ndim == 3)
    for shape, packed in (
        ((), np.zeros(3, np.uint8)),
        ((4, 9), np.zeros((4, 2, 2), np.uint8)),
        ((-1, -1, -1), np.zeros((1, 1, 1), np.uint8)),
    ):
        np.savez(path, mask=packed, shape=np.array(shape, dtype=np.int64))
        attempt("masks", lambda: read_masks(path), shape)
    for value in (np.array([Bomb()], dtype=object), np.array("x"), np.zeros((2, 2, 2))):
        np.savez(path, mask=value, shape=np.array((1, 1, 1)))
        assert isinstance(attempt("masks", lambda: read_masks(path), value.dtype), ReproError)
    assert not Path("gone").exists()


class Bomb:
    """An object that leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("gone", "w")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network drawn at random."""
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    networks.save(networks.build("none", 1), path, {"image_size_px": 32})
    return path


def test_stages_over_spoilt_archives(attempt: Attempt, weights: Path, picture: bytes) -> None:
    """Of nights with spoilt archives the stage infer lists each with its archive, and does the others."""
    nights = [f"202402{day:02}" for day in range(1, 13)]
    contents = {n: spoilt(write_night(night), 40 + n, 16) for n, night in enumerate(nights)}
    for n, night in enumerate(nights[1:], start=1):
        data = list(contents[n])[4 + n % 12][1]
        Path(f"film/frames/{night}.zip").write_bytes(data)

    def classify() -> Any:
        changes = {"infer": InferParams(batch=2), "engine": Engine(workers=1, device="cpu")}
        params = load_params(ROOT / "params.yaml").model_copy(update=changes)
        return infer_corpus(Path("film"), Path("sky"), weights, Path("infer"), params)

    outcome = attempt("archives, whole stage", classify, "12 nights")
    assert nights[0] in outcome.done
    assert outcome.failed
    assert [failure.found for failure in outcome.failed if "fault of the program" in failure.remedy] == []
    rows = frames.read(Path(f"sky/tables/{nights[3]}.parquet"), "sky").assign(label="yes")
    attempt("archives, whole stage", lambda: gather(rows, Path("film/frames"), 32, workers=1), "gather")


def write_night(night: str) -> bytes:
    """A night of two frames as clock and sky leave it; its archive's bytes."""
    table = night_frames(night, 2)
    rng = np.random.default_rng(int(night))
    path = write_archive(
        Path(f"film/frames/{night}.zip"), {name: sky(rng, aurora=True, size_px=40) for name in table["name"]}
    )
    target = Path(f"sky/tables/{night}.parquet")
    frames.write(target, table, "sky")
    write(NightWork(night, (), (target,), Path(f"sky/receipts/{night}.json"), "s"), {"frames": 2})
    return path.read_bytes()


def test_clock_over_spoilt_archives(attempt: Attempt, picture: bytes) -> None:
    """Of nights whose strips or frames are damaged, missing or of another size the stage clock lists each with its reason."""
    rng = np.random.default_rng(5)
    strip = encode_png(rng.integers(0, 60, (40, 440), dtype=np.uint8))
    good = {"strips": strip, "frames": picture}
    ways = {
        "a strip is missing": lambda part, n: {} if part == "strips" and n == 1 else {n: good[part]},
        "a strip is no picture": lambda part, n: {n: b"x" if part == "strips" else picture},
        "a strip of another size": lambda part, n: {
            n: encode_png(np.zeros((7, 9), np.uint8)) if part == "strips" and n else good[part]
        },
        "no archive": None,
        "no ZIP file": b"nothing",
    }
    for number, (_, way) in enumerate(ways.items(), start=1):
        night = f"202403{number:02}"
        table = pd.DataFrame(
            {"night": [night] * 3, "number": range(3), "frame": [0, 10, 20], "video_time_s": [0.0, 0.4, 0.8]}
        )
        jpegs, strips, index, _ = film_outputs(Path("film"), night)
        frames.write(index, table, "film")
        for part, path in (("frames", jpegs), ("strips", strips)):
            path.parent.mkdir(parents=True, exist_ok=True)
            suffix = "png" if part == "strips" else "jpg"
            if callable(way):
                entries = {f"{night}_{n}.{suffix}": data for k in range(3) for n, data in way(part, k).items()}
                path.write_bytes(zipped(entries))
            elif way is not None:
                path.write_bytes(way)
        write(NightWork(night, (), (index,), Path(f"film/receipts/{night}.json"), "s"), {"sampled": 3, "step": 10})
    camera, params = load_camera("auroramax"), ClockParams()
    outcome = attempt(
        "archives, whole stage", lambda: clock_corpus(Path("film"), Path("clock"), camera, params, workers=1), "clock"
    )
    assert len(outcome.failed) == len(ways)
    assert [failure for failure in outcome.failed if "fault of the program" in failure.remedy] == []
