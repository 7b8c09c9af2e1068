"""Hostile archives of frames, pictures and masks: nothing is unpacked to disk, nothing fills the memory, all damage is reported."""

import io
import struct
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
from repro.params import ClockParams, Engine, InferParams, Params
from tests.hostile.conftest import Attempt, no_fault_of_the_program
from tests.hostile.inputs import WORDS, Bomb, spoilt
from tests.hostile.samples import NIGHT, archive, picture, stored, zipped
from tests.support.frames import night_frames
from tests.support.images import jpeg

NAME = stored(0)


def frame_of(data: bytes, name: str = NAME) -> Any:
    """A reader of one frame of an archive with these contents."""
    path = Path(f"{NIGHT}.zip")
    path.unlink(missing_ok=True)  # a thread keeps an archive open, and knows a new one by its inode
    path.write_bytes(data)
    return lambda: load_frame(path, name, 16)


def test_hostile_names_in_archives(attempt: Attempt) -> None:
    """Names that lead out of the folder, absolute ones and links are entries like any other: nothing is written anywhere."""
    link, made = zipfile.ZipInfo(NAME), io.BytesIO()
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(link, "/etc/passwd")
    attempt.refused(frame_of(made.getvalue()), "a link in the place of the frame")
    for word in WORDS:
        for name in (word[:200], f"../{word[:200]}", f"/tmp/{word[:100]}"):
            name = name.encode(errors="ignore").decode() or "x"
            data = zipped({name: b"gone", NAME: picture()})
            assert not isinstance(attempt(frame_of(data), name), ReproError)
            attempt(frame_of(data, name), name)
    assert sorted(path.name for path in Path().iterdir()) == [f"{NIGHT}.zip", "tmp"]


def test_archives_that_fill_the_memory(attempt: Attempt) -> None:
    """A file that unpacks to 200 MB is refused before it is unpacked, also where its size is given wrong."""
    deep, name, crc = zlib.compressobj(9, zlib.DEFLATED, -15), NAME.encode(), zlib.crc32(bytes(1000))
    packed = b"".join(deep.compress(bytes(1 << 20)) for _ in range(200)) + deep.flush()
    for size in (200 << 20, 1 << 31, 1000, 0xFFFFFFFF):
        common = struct.pack("<HHHHIIIHH", 0, 8, 0, 33, crc, len(packed), size, len(name), 0)
        local = b"PK\x03\x04" + struct.pack("<H", 20) + common + name + packed
        entry = b"PK\x01\x02" + struct.pack("<HH", 20, 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
        end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
        attempt.refused(frame_of(local + entry + end), f"bomb of {size}")


def test_doubled_locked_and_foreign_archives(attempt: Attempt) -> None:
    """A frame that stands twice, a password and unknown ways of packing are errors; the known ways are read."""
    two = zipped({NAME: picture(), "20240201_9.jpg": jpeg(np.zeros((8, 8, 3), np.uint8))})
    found = attempt.refused(frame_of(two.replace(b"20240201_9.jpg", NAME.encode())), "twice")
    assert "twice" in found.found
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert not isinstance(attempt(frame_of(archive(method)), method), ReproError)
    for local, central, value in ((6, 8, 1), *((8, 10, method) for method in (1, 6, 9, 12, 95, 99))):
        data = bytearray(zipped({NAME: picture()}))
        entry = data.index(b"PK\x01\x02")
        data[local], data[entry + central] = value, value  # a flag says encrypted; then ways of packing
        attempt.refused(frame_of(bytes(data)), (local, value))


def test_other_kinds_of_pictures(attempt: Attempt) -> None:
    """A frame that is a picture of another format, or text that draws one, is not even opened."""
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(gone) (w) file closefile\nshowpage\n"
    pictures = [postscript, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"P6 99999 99999 255\n"]
    for form in ("GIF", "TIFF", "BMP", "ICO", "PPM", "WEBP"):
        made = io.BytesIO()
        Image.new("RGB", (16, 16)).save(made, form)
        pictures.append(made.getvalue())
    for data in pictures:
        attempt.refused(lambda data=data: decode(data, 24, "frame"), data[:20])


def test_pictures_that_fill_the_memory(attempt: Attempt) -> None:
    """A picture of thousands of millions of pixels in a few bytes is refused before it is decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (9_000, 14_000, 60_000):
        large = bytearray(jpeg(np.zeros((16, 16, 3), np.uint8)))
        at = large.index(b"\xff\xc0") + 5
        large[at : at + 4] = struct.pack(">HH", side, side)
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        png = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
        for data in (bytes(large), png):
            attempt.refused(lambda data=data: decode(data, 24, "frame"), side)
        attempt.refused(lambda data=bytes(large): small_jpeg(data), side)
        attempt.refused(lambda data=png: decode_grey(data), side)


def test_masks_of_another_kind(attempt: Attempt) -> None:
    """A file of masks of another shape, type or place, or one that holds pickled code, is refused."""
    path = Path("masks.npz")
    for shape, packed in (((), (3,)), ((4, 9), (4, 2, 2)), ((-1, -1, -1), (1, 1, 1))):
        np.savez(path, mask=np.zeros(packed, np.uint8), shape=np.array(shape, dtype=np.int64))
        attempt(lambda: read_masks(path), shape)
    for value in (np.array([Bomb()], dtype=object), np.array("x"), np.zeros((2, 2, 2))):
        np.savez(path, mask=value, shape=np.array((1, 1, 1)))
        attempt.refused(lambda: read_masks(path), value.dtype)


@pytest.mark.slow
def test_stages_over_spoilt_archives(attempt: Attempt, params: Params) -> None:
    """Of nights with spoilt archives the stage infer lists each with its archive, and does the others."""
    weights = Path("w.safetensors")
    networks.save(networks.build("none", 1), weights, {"image_size_px": 32})
    nights = [f"202402{day:02}" for day in range(1, 9)]
    for night in nights:
        table, target = night_frames(night, 2), Path(f"sky/tables/{night}.parquet")
        frames.write(target, table, "sky")
        write(NightWork(night, (), (target,), Path(f"sky/receipts/{night}.json"), "s"), {"frames": 2})
    Path("film/frames").mkdir(parents=True)
    good = [zipped({f"{night}_{number}.jpg": picture() for number in range(2)}) for night in nights]
    for night, data in zip(nights, [good[0], *(data for _, data in list(spoilt(good[1], 41, 12))[5:])], strict=True):
        Path(f"film/frames/{night}.zip").write_bytes(data)
    changes = {"infer": InferParams(batch=2), "engine": Engine(workers=1, device="cpu")}
    changed = params.model_copy(update=changes)
    outcome = attempt(lambda: infer_corpus(Path("film"), Path("sky"), weights, Path("infer"), changed), 8)
    assert nights[0] in outcome.done
    assert len(outcome.done) + len(outcome.failed) == 8
    assert outcome.failed
    no_fault_of_the_program(outcome)
    rows = frames.read(Path(f"sky/tables/{nights[3]}.parquet"), "sky").assign(label="yes")
    attempt(lambda: gather(rows, Path("film/frames"), 32, workers=1), "gather")


def test_clock_over_spoilt_archives(attempt: Attempt) -> None:
    """Of nights whose strips or frames are damaged, missing or of another size the stage clock lists each with its reason."""
    strip = encode_png(np.random.default_rng(5).integers(0, 60, (40, 440), dtype=np.uint8))
    jpegs = {f"{number}.jpg": picture() for number in range(3)}
    strips = {f"{number}.png": strip for number in range(3)}
    small = encode_png(np.zeros((7, 9), np.uint8))
    ways: list[tuple[dict[str, bytes] | bytes | None, ...]] = [
        (jpegs, {name: data for name, data in strips.items() if name != "1.png"}), (jpegs, dict.fromkeys(strips, b"x")),
        (jpegs, strips | {"1.png": small, "2.png": small}), (None, None), (b"nothing", b"nothing"),
    ]  # fmt: skip
    for number, contents in enumerate(ways, start=1):
        night = f"202403{number:02}"
        table = pd.DataFrame(
            {"night": night, "number": range(3), "frame": [0, 10, 20], "video_time_s": [0.0, 0.4, 0.8]}
        )
        *archives, index, _ = film_outputs(Path("film"), night)
        frames.write(index, table, "film")
        for path, entries in zip(archives, contents, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(entries, dict):
                path.write_bytes(zipped({f"{night}_{name}": data for name, data in entries.items()}))
            elif entries is not None:
                path.write_bytes(entries)
        write(NightWork(night, (), (index,), Path(f"film/receipts/{night}.json"), "s"), {"sampled": 3, "step": 10})
    camera = load_camera("auroramax")
    outcome = attempt(lambda: clock_corpus(Path("film"), Path("clock"), camera, ClockParams(), workers=1), "clock")
    assert len(outcome.failed) == len(ways)
    no_fault_of_the_program(outcome)
