"""The video of a night: H.264 in MP4, 1280 x 720, 25 frames a second, one frame every 6 s.

The scene is rendered once a minute, at the frames that the film stage keeps, with the sensor's noise and the camera's own
JPEG. The nine frames between are faded from one rendered frame to the next; every frame has its own clock. So a
kept frame is a full rendering, and the frames between are only as true as a fade over a minute can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

from repro.files import atomic_path
from repro.observatory import geometry, overlay
from repro.observatory.plan import Night, Times
from repro.observatory.render import joined, render
from repro.observatory.scene import Scenes
from repro.params import Overlay
from repro.simulated_mark import COMMENT

CADENCE_S = 6
KEY_EVERY = 10  # frames from one rendered frame to the next
FPS = 25
RIM_PX = 14  # of the dome that shows outside the sky's circle
Yuv = npt.NDArray[np.uint8]


def frame_times(night: Night) -> Times:
    """Times of all frames of a night's video, one every 6 s from its first moment on, datetime64[ms]."""
    count = int((night.end_utc - night.begin_utc) / np.timedelta64(CADENCE_S, "s"))
    begin = night.begin_utc.astype("datetime64[ms]")
    return np.asarray(begin + np.arange(count) * np.timedelta64(CADENCE_S * 1000, "ms"))


def key_times(night: Night) -> Times:
    """Times of the rendered frames: every tenth frame of the video."""
    return frame_times(night)[::KEY_EVERY]


def write_film(
    target: Path, night: Night, keys: Scenes, *, time_zone: str, crf: int = 23, kind: Overlay = "sharp"
) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[Any]]]:
    """Write a night's video, whole or not at all; gives the aurora's pixels, bool (n, 180, 180), and the truth, arrays (n,).

    ``keys`` are the n scenes at :func:`key_times`. ``crf`` is the quality of x264, 0 lossless to 51 worst; ``kind`` is how
    the clock is burned in, see :func:`repro.observatory.overlay.clock_image`. The truth is that of
    :func:`repro.observatory.truth.measure`.
    """
    times = frame_times(night)
    masks: list[npt.NDArray[np.bool_]] = []
    tables: list[dict[str, npt.NDArray[Any]]] = []

    def pictures() -> Iterator[Yuv]:
        for index in range(len(keys)):
            result = render(keys.take(slice(index, index + 1)))
            masks.append(result.mask.numpy())
            tables.append(result.truth)
            picture: Yuv = np.asarray(cv2.cvtColor(canvas(result.picture()), cv2.COLOR_RGB2YUV_I420))
            yield picture
        yield picture  # the last one fades to itself

    with atomic_path(target) as temporary, av.open(str(temporary), "w", format="mp4") as container:
        container.metadata["comment"] = COMMENT
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = overlay.WIDTH, overlay.HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.codec_context.thread_count = 1  # nights run in parallel; the result shall not depend on the machine
        for key, (current, following) in enumerate(pairwise(pictures())):
            for step in range(min(KEY_EVERY, len(times) - key * KEY_EVERY)):
                number = key * KEY_EVERY + step
                picture = cv2.addWeighted(current, 1 - step / KEY_EVERY, following, step / KEY_EVERY, 0.0)
                text = overlay.clock_text(times[number], night.generation, time_zone)
                _burn_in(picture, overlay.clock_image(text, kind, key))
                frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
                frame.pts = number
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return np.concatenate(masks), joined(tables)


def canvas(sky: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A whole frame, uint8 (720, 1280, 3), around the masked sky (720, 720, 3): overlay, and the dome's rim in its light."""
    frame = overlay.frame_art().copy()
    square = frame[:, overlay.CIRCLE_LEFT : overlay.CIRCLE_LEFT + geometry.FRAME_PX]
    np.maximum(square, sky, out=square)
    edge = sky.reshape(-1, 3)[_inner_edge()].mean(0)
    ring, brightness = _rim()
    pixels = frame.reshape(-1, 3)
    pixels[ring] = np.maximum(pixels[ring], (brightness[:, None] * (0.75 * edge + 6)).astype(np.uint8))
    return frame


def _burn_in(picture: Yuv, clock: Yuv) -> None:
    """Burn the clock into the brightness plane of a YUV picture, in place."""
    left, top, width, height = overlay.CLOCK_BOX
    box = picture[top : top + height, left : left + width]
    # Video keeps brightness within 16 to 235.
    np.maximum(box, 16 + clock * (219 / 255), out=box, casting="unsafe")


@lru_cache(maxsize=1)
def _inner_edge() -> npt.NDArray[np.intp]:
    """Pixels of the sky just within its edge, counted row by row; numbers pick pixels faster than a mask."""
    y, x = np.mgrid[: geometry.FRAME_PX, : geometry.FRAME_PX] - (geometry.FRAME_PX / 2 - 0.5)
    radius = np.hypot(x, y)
    return np.flatnonzero((radius > 340) & (radius < 355))


@lru_cache(maxsize=1)
def _rim() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """The dome outside the sky's circle, a soft ring, brightest at the upper left: its pixels, row by row, and their brightness."""
    y, x = np.mgrid[: overlay.HEIGHT, : overlay.WIDTH].astype(float)
    x, y = x - overlay.WIDTH / 2 + 0.5, y - overlay.HEIGHT / 2 + 0.5
    outside = np.hypot(x, y) - geometry.MASK_RADIUS * geometry.FRAME_PX
    lean = 0.7 - 0.3 * (x + y) / np.hypot(x, y)
    fade = np.clip(1 - outside / (RIM_PX * (1 + lean)), 0, 1)
    ring = (outside > 0.5) & (fade > 0)
    return np.flatnonzero(ring), (lean * fade)[ring]
