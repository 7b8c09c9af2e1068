"""Still images with known times; test support, no part of the library."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.ExifTags import IFD, Base

from repro.camera import Camera
from tests.support.camera import SLASHES, small_camera, small_frames


def still_camera(**changes: object) -> Camera:
    """The small camera as one that takes a still a minute, named after local time."""
    document: dict[str, object] = {
        "frames": "stills", "time_from": "file_name", "file_pattern": "sky_%Y%m%d_%H%M%S.*", "cadence_s": 60,
        "sample_interval_s": 60, "sample_fps_fraction": None,
    }  # fmt: skip
    if changes.get("time_from") != "clock":
        document["clock"] = None
    return small_camera(**(document | changes))


def image(seed: int) -> np.ndarray:
    """One image of the small camera, (120, 160, 3) uint8, BGR, different for each seed."""
    return small_frames(1, seed)[0]


def write_jpeg(path: Path, pixels: np.ndarray, time: datetime | None = None, offset: str = "") -> Path:
    """A JPEG, with the time it was taken and its offset from UTC in its EXIF data."""
    exif = Image.Exif()
    if time is not None:
        tags = exif.get_ifd(IFD.Exif)
        tags[Base.DateTimeOriginal] = time.strftime("%Y:%m:%d %H:%M:%S")
        if offset:
            tags[Base.OffsetTimeOriginal] = offset
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels[..., ::-1]).save(path, quality=95, exif=exif)
    return path


def write_image(path: Path, pixels: np.ndarray) -> Path:
    """An image in the format that its name says, of 8 or 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)
    return path


def write_zip(path: Path, members: Mapping[str, bytes]) -> Path:
    """A compressed ZIP file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


CLOCK = {"box_px": {"left": 0, "top": 100, "width": 160, "height": 20}, "scale": 4, "formats": [SLASHES]}
