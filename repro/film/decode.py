"""One sequential pass through a video that converts only the frames that are sampled.

``grab`` decodes, ``retrieve`` converts colours; most frames are thrown away, so most are only grabbed. Seeking to each
sample would be slower still, and inexact on some files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from repro.errors import ReproError
from repro.film.profile import Camera

# The decoder prints every damaged block; what is missing is counted here instead. Read once, on import of cv2.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
import cv2

Image = npt.NDArray[np.uint8]
_AGAIN = "download the video again, or take it out of the folder"


@dataclass
class Scan:
    """What a pass through a video found; complete when the pass has ended.

    Parameters
    ----------
    fps : float
        Frames a second of the video.
    declared : int
        Frames it says it has.
    step : int
        Every how many frames one is sampled.
    frames : int
        Frames decoded.
    holes : list of (int, int)
        After which frame the presentation time skips, and how many frames are lost there.
    """

    fps: float
    declared: int
    step: int
    frames: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)
    uneven: int = 0

    @property
    def missing(self) -> int:
        """Frames lost in holes and at the end."""
        return max(sum(lost for _, lost in self.holes), self.declared - self.frames)


class Video:
    """A video opened for one pass.

    Parameters
    ----------
    path : Path
        The file.
    camera : Camera
        Its camera; the frame size must agree.
    sampling : str
        See :meth:`repro.film.profile.Camera.step`.
    threads : int
        Threads that decode. One takes a fifth less processor time than several, so several only help where cores idle.

    Raises
    ------
    ReproError
        If the file is empty, is no video, or its frames have another size.
    """

    def __init__(self, path: Path, camera: Camera, sampling: Literal["published", "cadence"], threads: int = 1) -> None:
        self.path = path
        size = path.stat().st_size
        if size == 0:
            raise ReproError(found="an empty file", expected="a video", where=str(path), remedy=_AGAIN)
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, threads])
        if not self._capture.isOpened():
            raise ReproError(
                found=f"a file of {size} bytes that does not open as a video, or one cut off before its index",
                expected="an MP4 file",
                where=str(path),
                remedy=_AGAIN,
            )
        width, height = (int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if (width, height) != (camera.frame_px.width, camera.frame_px.height):
            self._capture.release()
            raise ReproError(
                found=f"frames of {width} x {height} pixels",
                expected=f"{camera.frame_px.width} x {camera.frame_px.height} (frame_px of the camera profile)",
                where=str(path),
                remedy="use the video as published, or add a camera profile for this size",
            )
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        declared = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        self.scan = Scan(fps, declared, camera.step(fps, sampling))

    def sampled(self) -> Iterator[tuple[int, float, Image]]:
        """Frames 0, step, 2 step ...: index, presentation time (s), and image (height, width, 3), BGR uint8.

        The image is overwritten by the next one.

        Raises
        ------
        ReproError
            At the end, if no frame could be decoded, or frames do not follow each other evenly.
        """
        capture, scan = self._capture, self.scan
        spacing_s = 1.0 / scan.fps if scan.fps > 0 else 0.0
        before_s, image = -spacing_s, None
        try:
            while capture.grab():
                time_s = float(capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000.0
                self._follow(before_s, time_s, spacing_s)
                before_s = time_s
                if scan.frames % scan.step == 0:
                    good, image = capture.retrieve(image)
                    if good:
                        yield scan.frames, time_s, image
                scan.frames += 1
        finally:
            capture.release()
        if scan.frames == 0:
            raise ReproError(
                found="no frame that can be decoded", expected="a video", where=str(self.path), remedy=_AGAIN
            )
        # A hole or two are lost frames; spacing that is uneven throughout is another kind of video.
        if scan.uneven > max(2, 0.05 * scan.frames):
            raise ReproError(
                found=f"a variable frame rate: {scan.uneven} of {scan.frames} frames are not {spacing_s * 1000:.0f} ms"
                " after the one before",
                expected="a constant frame rate, one exposure a frame",
                where=str(self.path),
                remedy="use the video as published; one that was converted has dropped or doubled exposures",
            )

    def _follow(self, before_s: float, time_s: float, spacing_s: float) -> None:
        if not spacing_s or self.scan.frames == 0:
            return
        spaces = (time_s - before_s) / spacing_s
        if abs(spaces - 1) > 0.5:
            self.scan.uneven += 1
            lost = round(spaces) - 1
            if lost > 0:
                self.scan.holes.append((self.scan.frames - 1, lost))


def count_frames(path: Path) -> int:
    """Frames a video says it has, 0 if it cannot be opened; for progress bars."""
    if path.stat().st_size == 0:
        return 0
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) if capture.isOpened() else 0
    finally:
        capture.release()
