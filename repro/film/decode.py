"""One sequential pass through a video that decodes what it must and converts only the frames that are sampled.

Packets are listed first, which takes a hundredth of the time of decoding: their presentation times say how many frames
there are, in which order they are shown, and whether they follow each other evenly. Then the video is decoded from
front to end. A frame that is not sampled and that no other frame refers to need not be decoded at all; a frame that is
only referred to need not be converted to RGB. The pixels are those that OpenCV's reader gives, bit for bit
(``tests/film/test_decode.py``); seeking to each sample would be slower, and inexact on some files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from repro.camera import Camera
from repro.errors import ReproError

Image = npt.NDArray[np.uint8]
_AGAIN = "download the video again, or take it out of the folder"
#: FFmpeg's names of the containers that a video may come in.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi"
#: No index, no video stream, a stream without a codec, a field of the header that cannot be.
_NO_VIDEO = (av.FFmpegError, LookupError, AttributeError, ValueError, ArithmeticError)
_UNEVEN = 0.05  # share of frames that may follow at another distance before the frame rate counts as variable


@dataclass
class Scan:
    """What is known of a video; ``undecoded`` is complete when the pass has ended.

    Parameters
    ----------
    fps : float
        Frames a second.
    declared : int
        Frames that the file says it has.
    step : int
        Every how many frames one is sampled.
    frames : int
        Frames that are there.
    holes : list of (int, int)
        After which frame the presentation time skips, and how many frames are lost there.
    undecoded : list of int
        Sampled frames that are there but damaged; they are left out.
    """

    fps: float
    declared: int
    step: int
    frames: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)
    undecoded: list[int] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """Frames lost: at the end or in holes, and for each damaged sample those it stands for."""
        absent = max(0, self.declared - self.frames, sum(lost for _, lost in self.holes))
        return absent + self.step * len(self.undecoded)


class Video:
    """A video, listed and ready for one pass.

    Parameters
    ----------
    path : Path
        The file.
    camera : Camera
        Its camera; the frame size must agree.
    sampling : str
        See :meth:`repro.camera.Camera.step`.
    threads : int
        Threads that decode. One takes a fifth less processor time than several, so several only help where cores idle.

    Raises
    ------
    ReproError
        If the file is empty, is no video, holds no frame, has frames of another size or a variable frame rate.
    """

    def __init__(
        self, path: Path, camera: Camera, sampling: Literal["published", "cadence"], *, threads: int = 1
    ) -> None:
        self.path, self._threads = path, threads
        size = path.stat().st_size
        if size == 0:
            raise ReproError(found="an empty file", expected="a video", where=str(path), remedy=_AGAIN)
        try:
            with _open(path) as container:
                stream = container.streams.video[0]
                found = (stream.codec_context.width, stream.codec_context.height)
                self._unit_s = float(stream.time_base or 0)
                fps = float(stream.average_rate or 0)
                declared = int(stream.frames)
                pts = sorted(packet.pts for packet in _packets(container, stream) if packet.pts is not None)
        except _NO_VIDEO:
            raise ReproError(
                found=f"a file of {size} bytes that does not open as a video, or one cut off before its index",
                expected="an MP4 file",
                where=str(path),
                remedy=_AGAIN,
            ) from None
        wanted = (camera.frame_px.width, camera.frame_px.height)
        if found != wanted:
            raise ReproError(
                found=f"frames of {found[0]} x {found[1]} pixels",
                expected=f"{wanted[0]} x {wanted[1]} (frame_px of the camera profile)",
                where=str(path),
                remedy="use the video as published, or add a camera profile for this size",
            )
        if not pts:
            raise ReproError(found="a video without frames", expected="a video", where=str(path), remedy=_AGAIN)
        self._pts, self._size_px = pts, wanted
        self.scan = Scan(fps, declared, camera.step(fps, sampling), len(pts))
        self._check_spacing()

    def _check_spacing(self) -> None:
        times_s = np.array(self._pts) * self._unit_s
        gaps_s = np.diff(times_s)
        if gaps_s.size == 0:
            return
        usual_s = float(np.median(gaps_s))
        spaces = gaps_s / max(usual_s, 1e-9)
        uneven = np.abs(spaces - 1) > 0.5
        # One hole or a few are lost frames; spacing that is uneven throughout is another kind of video.
        if uneven.sum() > max(2, _UNEVEN * gaps_s.size):
            raise ReproError(
                found=f"a variable frame rate: {int(uneven.sum())} of {gaps_s.size} frames do not follow"
                f" {usual_s * 1000:.0f} ms after the one before, but {gaps_s.min() * 1000:.0f} to"
                f" {gaps_s.max() * 1000:.0f} ms",
                expected="a constant frame rate, one exposure a frame",
                where=str(self.path),
                remedy="use the video as published; one that was converted has dropped or doubled exposures",
            )
        self.scan.holes = [(int(at), round(float(spaces[at])) - 1) for at in np.flatnonzero(uneven) if spaces[at] > 1.5]

    def sampled(self) -> Iterator[tuple[int, float, Image]]:
        """Frames 0, step, 2 step ...: index, presentation time from the first frame (s), and image.

        The image is (height, width, 3), BGR uint8. A damaged frame is left out and listed in ``scan.undecoded``.
        """
        numbers = {pts: number for number, pts in enumerate(self._pts)}
        waiting = {pts: number for pts, number in numbers.items() if number % self.scan.step == 0}
        reformatter = VideoReformatter()  # keeps its tables from frame to frame
        with _open(self.path) as container:
            stream = container.streams.video[0]
            context = stream.codec_context
            context.thread_count = self._threads
            stream.thread_type = "AUTO" if self._threads > 1 else "NONE"
            for packet in _packets(container, stream):
                # What nothing refers to is only decoded if it is wanted; the last, empty packet flushes the decoder.
                context.skip_frame = "DEFAULT" if packet.pts is None or packet.pts in waiting else "NONREF"
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue  # the frame stays in ``waiting`` and is told
                for frame in frames:
                    if (frame.width, frame.height) != self._size_px:
                        continue  # two videos in one file; a part of the sky must not pass for the whole
                    if frame.pts in waiting and not frame.is_corrupt:
                        time_s = (frame.pts - self._pts[0]) * self._unit_s
                        image = reformatter.reformat(frame, format="bgr24").to_ndarray()
                        yield waiting.pop(frame.pts), time_s, np.asarray(image, dtype=np.uint8)
        self.scan.undecoded = sorted(waiting.values())


def _open(path: Path) -> Any:
    """A file as a video, and as nothing else: a text that names other files or addresses must not make us read those."""
    only = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
    return av.open(str(path), container_options=only, metadata_errors="replace")


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets of a video; a file cut off within one ends there instead of raising an error."""
    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return


def count_frames(path: Path) -> int:
    """Frames a video says it has, 0 if it cannot be opened; for progress bars."""
    try:
        with _open(path) as container:
            return max(0, int(container.streams.video[0].frames))
    except _NO_VIDEO:
        return 0
