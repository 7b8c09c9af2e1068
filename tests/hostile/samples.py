"""Good files of each kind, from which hostile ones are made, and readers that need more than one call."""

import io
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from repro import camera as profile
from repro.camera import Camera, load_camera
from repro.film.decode import Video
from repro.film.packets import count_frames
from repro.frames import CLASSES
from repro.record.claim_files import load_claims
from repro.record.claims import Claims
from tests.support.camera import small_camera, small_frames, write_video
from tests.support.images import jpeg, sky

NIGHT = "20240201"
CAMERA = small_camera()
NAMES = [f"2024020206{n:02}00_20240202_{n}.jpg" for n in range(40)]
HEADER = "name,label,labeller,labelled_at\n"
LABELS = HEADER + "".join(f"{name},{CLASSES[n % 2]},ann,2025-05-01\n" for n, name in enumerate(NAMES))


def stored(number: int) -> str:
    """Name of a frame in its archive."""
    return f"{NIGHT}_{number}.jpg"


@cache
def picture() -> bytes:
    """A frame's JPEG."""
    return jpeg(sky(np.random.default_rng(1), aurora=True, size_px=64))


def zipped(contents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP file of these."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", method) as file:
        warnings.simplefilter("ignore")  # of two files of one name
        for name, data in contents.items():
            file.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def archive(method: int = zipfile.ZIP_STORED) -> bytes:
    """A night's archive of four frames."""
    return zipped({stored(number): picture() for number in range(4)}, method)


@cache
def video(height_px: int = 120) -> bytes:
    """A video of 40 frames, of the small camera's size if its height is not given."""
    plain = [np.full((height_px, height_px * 4 // 3, 3), 6 * number, np.uint8) for number in range(40)]
    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder) / "v.mp4", small_frames(40) if height_px == 120 else plain).read_bytes()


def read_video(path: Path, camera: Camera = CAMERA) -> int:
    """Number of sampled frames of a video; each that comes is a whole one."""
    count_frames(path)
    opened, images = Video(path, camera, "published"), 0
    for frame, time_s, image in opened.sampled():
        assert image.shape == (camera.frame_px.height, camera.frame_px.width, 3)
        assert frame % opened.scan.step == 0
        assert np.isfinite(time_s)
        images += 1
    return images


def camera_in(data: bytes) -> Camera:
    """A camera out of a profile with these contents, by the library's own way."""
    folder = Path("cameras").absolute()
    folder.mkdir(exist_ok=True)
    (folder / "evil.yaml").write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profile.resources, "files", lambda _: folder.parent)
        return load_camera("evil")


def claims_in(data: bytes) -> Claims:
    """Claims out of a folder with one file of these contents."""
    Path("claims").mkdir(exist_ok=True)
    Path("claims/t.yaml").write_bytes(data)
    return load_claims(Path("claims"))
