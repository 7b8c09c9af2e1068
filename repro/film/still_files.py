"""Still images as files: in folders and in ZIP files, their pixels, and the time in their EXIF data."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from PIL.ExifTags import IFD, Base

from repro.camera import STILL_SUFFIXES, Camera
from repro.errors import ReproError
from repro.film.videos import files_below, path_text
from repro.untrusted import archive_member, open_archive

Image = npt.NDArray[np.uint8]

#: Largest file of one image; a camera of 60 megapixels with 16 bits a channel writes 360 MB.
MOST_BYTES = 1 << 29
MOST_PX = 16_384  # side of the largest image; a few bytes can claim to be a picture that fills the memory
_FORMATS = ("JPEG", "PNG", "TIFF")
_REMEDY = "replace the file by a whole JPEG, PNG or TIFF, or take it out of the folder"
#: The tags of a time and of its offset from UTC, best first: taken, digitised, written.
_TIMES = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    (Base.DateTime, Base.OffsetTime),
)


@dataclass(frozen=True)
class StillFile:
    """One image file: ``member`` is its name in the ZIP file ``path``, empty for a file by itself.

    ``name`` is its path below the corpus' folder; a ZIP file counts as a folder.
    """

    path: Path
    member: str
    name: str

    def read(self) -> bytes:
        """Contents of the file.

        Raises ReproError if it is not there, or larger than any image.
        """
        if self.member:
            with open_archive(self.path, remedy=_REMEDY) as archive:
                return archive_member(archive, self.member, remedy=_REMEDY)
        try:
            if self.path.stat().st_size <= MOST_BYTES:
                return self.path.read_bytes()
            found = f"a file of {self.path.stat().st_size:,} bytes"
        except OSError as error:
            found = error.strerror or str(error)
        raise ReproError(found=found, expected="an image file", where=path_text(self.path), remedy=_REMEDY)

    def exif_time(self) -> tuple[str, str] | None:
        """Time (``2024:01:31 22:15:30``) and offset (``+01:00`` or empty) of the EXIF data; None if there is none."""
        # A damaged image raises whatever its decoder raises; it has no time then, and is reported for that.
        with contextlib.suppress(Exception), Pillow.open(self._header(), formats=_FORMATS) as image:
            exif = image.getexif()
            tags: dict[int, Any] = {**exif.get_ifd(IFD.Exif), **dict(exif)}
            for time, offset in _TIMES:
                if isinstance(text := tags.get(time), str) and text.strip(" \0:0"):
                    zone = tags.get(offset)
                    return text.strip(" \0"), zone.strip(" \0") if isinstance(zone, str) else ""
        return None

    def _header(self) -> Path | io.BytesIO:
        return io.BytesIO(self.read()) if self.member else self.path


def list_stills(folder: Path) -> Iterator[StillFile]:
    """Image files below a folder and in the ZIP files there, by name; hidden ones are left out.

    Raises ReproError if a ZIP file is damaged.
    """
    for path in sorted(files_below(folder)):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in STILL_SUFFIXES:
            yield StillFile(path, "", name)
        elif path.suffix.lower() == ".zip":
            with open_archive(path, remedy="download or pack it again, or take it out of the folder") as archive:
                members = sorted(entry.filename for entry in archive.infolist() if not entry.is_dir())
            for member in members:
                hidden = any(part.startswith((".", "__MACOSX")) for part in member.split("/"))
                if member.lower().endswith(STILL_SUFFIXES) and not hidden:
                    yield StillFile(path, member, f"{name}/{member}")


def decode_still(data: bytes, camera: Camera, where: str) -> Image:
    """Pixels of an image file, (height, width, 3), BGR, 8 bits; 16 bits are scaled by the profile's ``levels``.

    The orientation in the EXIF data is ignored: of a camera that looks up it says nothing, and it may turn any time.
    Raises ReproError if it is no such image, a damaged one, or of another size than the profile's.
    """
    raw = decode_pixels(data, where)
    size, wanted = (raw.shape[1], raw.shape[0]), (camera.frame_px.width, camera.frame_px.height)
    if size != wanted:
        raise ReproError(
            found=f"an image of {size[0]} x {size[1]} pixels",
            expected=f"{wanted[0]} x {wanted[1]} (frame_px of the camera profile)",
            where=where,
            remedy="take images of another size out of the folder, or give them a corpus and a profile of their own",
        )
    return to_eight_bits(raw, camera.levels)


def to_eight_bits(raw: npt.NDArray[Any], levels: tuple[int, int] | None) -> Image:
    """Counts of 16 bits as counts of 8: ``levels`` become 0 and 255, 0 and 65535 if None; 8 bits stay as they are."""
    if raw.dtype == np.uint8:
        return raw
    low, high = levels or (0, 65_535)
    scaled = (raw.astype(np.float32) - low) * (255 / (high - low))
    return np.asarray(np.clip(np.rint(scaled), 0, 255), dtype=np.uint8)


def decode_pixels(data: bytes, where: str) -> npt.NDArray[Any]:
    """Pixels of an image file as they are: (height, width, 3), BGR, uint8 or uint16.

    Raises ReproError if it is no JPEG, PNG or TIFF, a damaged one, or larger than any image.
    """
    image, found = None, "a damaged image, or none of these formats"
    # Pillow is asked for the size in the header only; its decoders may raise anything.
    with contextlib.suppress(Exception):
        try:
            with Pillow.open(io.BytesIO(data), formats=_FORMATS) as header:
                size = header.size
        except UnidentifiedImageError:  # such as a TIFF of 16 bits a colour, which only OpenCV reads
            size = (0, 0)
        if max(size) > MOST_PX:
            found = f"an image of {size[0]} x {size[1]} pixels"
        elif data.startswith((b"\xff\xd8", b"\x89PNG", b"II", b"MM")):
            flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None or image.dtype not in (np.uint8, np.uint16):
        expected = f"a JPEG, PNG or TIFF of 8 or 16 bits a channel, at most {MOST_PX} pixels wide and high"
        raise ReproError(found=found, expected=expected, where=where, remedy=_REMEDY)
    return np.asarray(image)
