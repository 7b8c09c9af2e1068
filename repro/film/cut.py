"""Parts of a sampled frame that are stored: the sky, the clock, and the meridian; and a night's index and keogram."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from repro import frames
from repro.camera import Camera
from repro.engine.receipts import NightWork
from repro.errors import ReproError
from repro.files import write_bytes

Image = npt.NDArray[np.uint8]
_LARGEST_PX = 16_384  # greatest side of a clock strip


def sky_mask(camera: Camera) -> Image:
    """Mask of the sky within the crop, shape (height, width), 255 where a pixel's centre is in the circle, else 0."""
    box, circle = camera.crop_px, camera.circle_px
    y, x = np.mgrid[box.rows, box.columns]
    inside = (x - circle.x) ** 2 + (y - circle.y) ** 2 <= circle.radius**2
    return np.asarray(inside * 255, dtype=np.uint8)


def sky_cutter(camera: Camera) -> Callable[[Image], Image]:
    """Function from a frame (height, width, 3) to the masked crop, black outside the circle."""
    # Three channels of mask: OpenCV's own masked copy is four times slower.
    mask, box = cv2.merge([sky_mask(camera)] * 3), camera.crop_px

    def cut(image: Image) -> Image:
        return np.asarray(cv2.bitwise_and(image[box.rows, box.columns], mask), dtype=np.uint8)

    return cut


def clock_strip(image: Image, camera: Camera) -> Image:
    """Brightness of the clock's corner, (height, width), of a frame (height, width, 3), BGR.

    Conversion to grey is the first step of the published reading. The strip is stored without loss.
    """
    box = camera.printed_clock.box_px
    return np.asarray(cv2.cvtColor(image[box.rows, box.columns], cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def meridian(camera: Camera) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of the frame's pixels along the meridian, from north to south, each of shape (2 radius,).

    The nearest pixels along the line through the circle's centre at ``north_deg``; pixels beyond the frame are clipped
    to its edge.
    """
    circle = camera.circle_px
    along = np.arange(round(2 * circle.radius)) - circle.radius  # from north, negative, to south, in pixels
    turn = np.radians(camera.north_deg)
    x = np.rint(circle.x + along * np.sin(turn)).astype(np.intp)
    y = np.rint(circle.y + along * np.cos(turn)).astype(np.intp)
    return np.clip(y, 0, camera.frame_px.height - 1), np.clip(x, 0, camera.frame_px.width - 1)


def encode_jpeg(image: Image, quality: int) -> bytes:
    """JPEG of an image (height, width, 3), BGR, at a quality of 1 to 100, with OpenCV's chroma subsampling."""
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def encode_png(image: Image) -> bytes:
    """PNG of an image (height, width) or (height, width, 3), with the fastest compression."""
    return bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])


def write_index(work: NightWork, places: Sequence[int], times_s: Sequence[float], meridians: Sequence[Image]) -> None:
    """Write the index and the keogram of a night's n frames, the last two outputs of its work.

    ``places`` are the frames' numbers in the video or among the images, ``times_s`` counts from the first frame, and
    ``meridians`` (height, 3) become the keogram's columns.
    """
    *_, index, keogram = work.outputs
    write_bytes(keogram, encode_png(np.stack(meridians, axis=1)))
    numbers = np.arange(len(places))
    table = pd.DataFrame({"night": work.night, "number": numbers, "frame": places, "video_time_s": times_s})
    frames.write(index, table, "film")


def decode_grey(data: bytes, name: str = "a strip") -> Image:
    """Image (height, width) of a grey PNG.

    Raises ReproError if it is not a PNG, is damaged, or is larger than any frame. ``name`` is used in the message.
    """
    image = None
    # The size is in the first bytes, so that an image too large for the memory is not decoded.
    if data.startswith(b"\x89PNG") and len(data) > 24 and max(struct.unpack(">II", data[16:24])) <= _LARGEST_PX:
        with contextlib.suppress(cv2.error):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise ReproError(
            found="a damaged picture of the clock",
            expected="a PNG as the film stage writes it",
            where=name,
            remedy="film the night again: dvc repro film",
        )
    return np.asarray(image, dtype=np.uint8)
