"""A small camera that makes AuroraMAX-like strips, videos and stills whose times are known; test support.

The overlay follows what is known of the real one: 1280 x 720, white sans-serif text, name and site above, logo and
clock below, the clock near y = 705. It is burned in before the encoder, so it carries the encoder's own damage.
"""

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytz
from PIL import Image, ImageDraw, ImageFont
from PIL.ExifTags import IFD, Base

from repro.camera import Camera
from tests.support.containers import encode

WIDTH, HEIGHT = 1280, 720
SLASHES = "%Y/%m/%d %H:%M:%S"
DASHES = "%Y-%m-%d %H:%M:%S"
#: The clock of :func:`small_camera`.
CLOCK = {"box_px": {"left": 0, "top": 100, "width": 160, "height": 20}, "scale": 4, "formats": [SLASHES]}


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
    if not text:
        return
    # Only the part that the text covers is touched: the rest of a frame is large.
    left, top, right, bottom = font(look.size_px).getbbox(text, anchor="rs")
    rows = slice(max(0, baseline_px + int(top) - 2), baseline_px + int(bottom) + 2)
    columns = slice(max(0, right_px + int(left) - 2), right_px + int(right) + 2)
    canvas = Image.fromarray(np.ascontiguousarray(image[rows, columns]))
    place = (right_px - columns.start, baseline_px - rows.start)
    ImageDraw.Draw(canvas).text(place, text, font=font(look.size_px), fill=(look.text,) * 3, anchor="rs")
    image[rows, columns] = np.asarray(canvas)


def strip(text: str, look: Look, rng: np.random.Generator, shape: tuple[int, int] = (40, 440)) -> np.ndarray:
    """A clock strip as the film stage would cut it, (height, width) uint8, after noise and a lossy codec."""
    image = np.full((*shape, 3), look.background, np.uint8)
    burn(image, text, shape[1] - 40, shape[0] - 14, look)
    noisy = np.clip(image + rng.normal(0, look.noise, image.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])[1]
    return cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)


def sky_frames(texts: Sequence[str], look: Look, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """One 1280 x 720 frame a text: a dim sky with a drifting arc inside the circle, and the overlay around it."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    inside = ((columns - 640) ** 2 + (rows - 360) ** 2 <= 360**2)[..., None]
    grain = rng.normal(0, look.noise, (8, HEIGHT, WIDTH, 1)).astype(np.float32)
    for number, text in enumerate(texts):
        arc = 90 * np.exp(-(((np.arange(HEIGHT) - 330 - 60 * np.sin(number / 40)) / 40) ** 2))
        sky = np.float32([30, 18, 14]) + arc[:, None, None].astype(np.float32) * np.float32([0, 1, 0.3])
        image = np.where(inside, sky, np.float32(look.background)) + grain[number % 8]
        image = np.clip(image, 0, 255).astype(np.uint8)
        for words, right, baseline in (
            ("AuroraMAX", 330, 30),
            ("Yellowknife NWT", 1060, 30),
            ("AuroraMAX", 330, 706),
            (text, 1100, 706),
        ):
            burn(image, words, right, baseline, look)
        yield image


def write_video(path: Path, frames: Iterable[np.ndarray], *, fps: int = 25, ticks: Sequence[int] | None = None) -> Path:
    """Encode frames as H.264 with its index in front, as downloads have it; see :func:`tests.support.containers.encode`."""
    options = {"preset": "veryfast", "crf": "26"}
    return encode(path, frames, container={"movflags": "+faststart"}, gop=None, options=options, fps=fps, ticks=ticks)


def film_night(
    folder: Path, night: str, begin: str, seed: int, count: int = 100, form: str = SLASHES,
    look: Look = Look(text=200, background=25, noise=5),
) -> list[datetime]:  # fmt: skip
    """Film ``count`` frames, one every six seconds, of a night from a local time on; gives the times of those kept."""
    zone = pytz.timezone("America/Yellowknife")
    local = datetime.strptime(night + begin, "%Y%m%d%H:%M:%S")
    exposures = times(zone.localize(local - timedelta(days=int(local.hour >= 12))).astimezone(UTC), count, 6)
    texts = [time.astimezone(zone).strftime(form) for time in exposures]
    folder.mkdir(parents=True, exist_ok=True)
    write_video(folder / f"auroramaxHD_{night}_720p.mp4", sky_frames(texts, look, np.random.default_rng(seed)))
    return exposures[::10]


def times(start: datetime, count: int, cadence_s: float) -> list[datetime]:
    """Moments ``cadence_s`` apart."""
    return [start + timedelta(seconds=cadence_s * number) for number in range(count)]


def small_camera(**changes: object) -> Camera:
    """A camera of 160 x 120 pixels with a clock at the bottom, for tests that need many videos fast."""
    document = {
        "credit": "test camera",
        "site": {"latitude_deg": 62.4333, "longitude_deg": -114.35, "time_zone": "America/Yellowknife"},
        "file_pattern": "small_YYYYMMDD.mp4",
        "file_date": "morning",
        "frame_px": {"width": 160, "height": 120},
        "circle_px": {"x": 80, "y": 50, "radius": 40},
        "crop_px": {"left": 40, "top": 10, "width": 80, "height": 80},
        "north_deg": 0,
        "cadence_s": 6,
        "sample_interval_s": 60,
        "sample_fps_fraction": 0.4,
        "clock": CLOCK,
    }
    return Camera.model_validate(document | changes)


def small_frames(count: int, seed: int = 1) -> list[np.ndarray]:
    """Frames of :func:`small_camera`: smooth colours that drift, and a bright row that tells the frame's number."""
    rng = np.random.default_rng(seed)
    base = cv2.resize(rng.integers(20, 200, (8, 10, 3), dtype=np.uint8), (200, 160), interpolation=cv2.INTER_CUBIC)
    return [np.roll(base, number, axis=1)[:120, :160].copy() for number in range(count)]


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


def write_zip(path: Path, members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A ZIP file, compressed if no other way of packing is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path
