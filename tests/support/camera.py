"""A small camera that makes AuroraMAX-like strips and videos whose clock is known; test support, no part of the library.

The overlay follows what is known of the real one: 1280 x 720, white sans-serif text, name and site above, logo and
clock below, the clock near y = 705. It is burned in before the encoder, so it carries the encoder's own damage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 720
SLASHES = "%Y/%m/%d %H:%M:%S"
DASHES = "%Y-%m-%d %H:%M:%S"


@lru_cache
def font(size_px: int) -> ImageFont.FreeTypeFont:
    """A sans-serif that comes with matplotlib, so the picture is the same on every machine."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size_px)


@dataclass(frozen=True)
class Look:
    """How badly the overlay is seen: text and background brightness (0 to 255), noise (counts), glyph height."""

    text: int = 230
    background: int = 12
    noise: float = 4.0
    size_px: int = 16
    jpeg_quality: int = 60


def burn(image: np.ndarray, text: str, right_px: int, baseline_px: int, look: Look) -> None:
    """Draw text, right-aligned, into a (height, width, 3) uint8 image in place."""
    canvas = Image.fromarray(image)
    grey = (look.text,) * 3
    ImageDraw.Draw(canvas).text((right_px, baseline_px), text, font=font(look.size_px), fill=grey, anchor="rs")
    image[:] = np.asarray(canvas)


def strip(text: str, look: Look, rng: np.random.Generator, shape: tuple[int, int] = (40, 440)) -> np.ndarray:
    """A clock strip as the film stage would cut it, (height, width) uint8, after noise and a lossy codec."""
    image = np.full((*shape, 3), look.background, np.uint8)
    if text:
        burn(image, text, shape[1] - 40, shape[0] - 14, look)
    noisy = np.clip(image + rng.normal(0, look.noise, image.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


def sky_frames(texts: Sequence[str], look: Look, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """One 1280 x 720 frame a text: a dim sky with a drifting arc inside the circle, and the overlay around it."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    inside = (columns - 640) ** 2 + (rows - 360) ** 2 <= 360**2
    base = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    base[inside] = (30, 18, 14)
    grain = rng.normal(0, look.noise, (8, HEIGHT, WIDTH, 1)).astype(np.float32)
    for number, text in enumerate(texts):
        arc = 90 * np.exp(-(((rows - 330 - 60 * np.sin(number / 40)) / 40.0) ** 2)) * inside
        image = base.copy()
        image[..., 1] += arc
        image[..., 2] += arc * 0.3
        image[~inside] = look.background
        image = np.clip(image + grain[number % 8], 0, 255).astype(np.uint8)
        burn(image, "AuroraMAX", 330, 30, look)
        burn(image, "Yellowknife NWT", 1240, 30, look)
        burn(image, "AuroraMAX", 330, 706, look)
        burn(image, text, 1240, 706, look)
        yield image


def write_video(path: Path, frames: Iterable[np.ndarray], fps: float = 25.0) -> Path:
    """Encode frames as MPEG-4 (the one codec for MP4 that every OpenCV wheel can write)."""
    writer = None
    for image in frames:
        if writer is None:
            size = (image.shape[1], image.shape[0])
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
            assert writer.isOpened()
        writer.write(image)
    assert writer is not None
    writer.release()
    return path


def times(start: datetime, count: int, cadence_s: float) -> list[datetime]:
    """Moments ``cadence_s`` apart."""
    return [start + timedelta(seconds=cadence_s * number) for number in range(count)]
