"""One sequential pass through a video that decodes as little as possible and converts only sampled frames.

Packets are listed first, which takes a hundredth of the time of decoding: their presentation times say how many frames
are shown, in which order, and whether they are evenly spaced. Packets that an edit list hides are left out, so
frame 0 is the first one that a player shows. Then the video is decoded from front to end. A frame that is not sampled
and that no other frame refers to need not be decoded at all; a frame that is only referred to need not be converted to
RGB. Seeking to each sample would be slower, and inexact on some files.

For videos of 8 bits a colour and of even width and height the pixels are those that OpenCV's reader gives, bit for bit
(``tests/film/test_decode.py``). Videos of 10 bits differ by up to 20 counts, because OpenCV drops the two lowest bits
differently; with an odd width the last column differs. OpenCV 5.0 gives no picture at all for interlaced frames and
for AV1, which are read here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from repro.camera import Camera
from repro.errors import ReproError
from repro.film.packets import NO_VIDEO, list_packets, open_video, packets, video_streams
from repro.params import Sampling

Image = npt.NDArray[np.uint8]
_DOWNLOAD = "download the video again, or remove it from the folder"
_UNEVEN = 0.05  # share of frames that may follow at another distance before the frame rate counts as variable
_PROBED = 49  # frames that are compared, each with the one before
_CHANGED = 40  # counts by which some pixel of the clock differs at least when a digit changes
_DISTINCT = 0.87  # share of frames that must bring a new exposure for the video to count as one exposure a frame
_MOST_COPIES = 6  # with more, the clock has probably stopped


@dataclass
class Scan:
    """Facts about a video; ``undecoded`` is complete after the pass."""

    fps: float  # frames a second, as OpenCV gives them
    declared: int  # frames that the file says it shows; 0 if it does not say
    step: int  # every step-th frame is sampled
    frames: int = 0  # frames that are there to be shown
    cut_off: bool = False  # the file ends too early, and nothing says how many frames are lost
    length_known: bool = True  # whether the file says how long it should be; if not, its end may be missing
    holes: list[tuple[int, int]] = field(default_factory=list)  # after which frame time skips, and how many are missing
    undecoded: list[int] = field(default_factory=list)  # sampled frames that are there but damaged; they are left out
    frames_per_exposure: float | None = None  # see :func:`frames_per_exposure`

    @property
    def missing(self) -> int:
        """Frames lost: at the end or in holes, and for each damaged sample all frames of its interval."""
        absent = max(0, self.declared - self.frames, sum(lost for _, lost in self.holes))
        return absent + self.step * len(self.undecoded)


class Video:
    """A video, listed and ready for one pass.

    Its frame size must be that of the camera; ``sampling`` is explained at :meth:`repro.camera.Camera.step`. One thread takes
    a fifth less processor time than several, so several only help where cores idle. Raises ReproError if the file is
    empty, is no video, holds no or several videos, shows no frame, has frames of another size or a variable frame rate.
    """

    def __init__(self, path: Path, camera: Camera, sampling: Sampling, *, threads: int = 1) -> None:
        self.path, self._threads = path, threads
        if path.stat().st_size == 0:
            raise ReproError(found="an empty file", expected="a video", where=str(path), remedy=_DOWNLOAD)
        try:
            with open_video(path) as container:
                streams = video_streams(container)
                if len(streams) == 1:
                    listing = list_packets(container, streams[0])
        except NO_VIDEO:
            raise _not_a_video(path) from None
        if len(streams) != 1:
            raise ReproError(
                found=f"{len(streams)} videos in one file" if streams else "a file with sound but no video",
                expected="one video a file",
                where=str(path),
                remedy="keep the night's video alone in the file, for example: ffmpeg -i OLD -map 0:v:0 -c copy NEW"
                if streams
                else _DOWNLOAD,
            )
        wanted = (camera.frame_px.width, camera.frame_px.height)
        if listing.size_px != wanted:
            raise _other_size(path, listing.size_px, wanted)
        if listing.untimed > max(2, _UNEVEN * len(listing.pts)):
            raise ReproError(
                found=f"{listing.untimed} frames without a presentation time",
                expected="a time for each frame, as MP4 and MKV files hold",
                where=str(path),
                remedy="convert the video: ffmpeg -i OLD -crf 12 NEW.mp4",
            )
        if not listing.pts:
            raise ReproError(found="a video without frames", expected="a video", where=str(path), remedy=_DOWNLOAD)
        self._pts, self._unit_s, self._size_px = listing.pts, listing.unit_s, wanted
        # AVI stores the order of decoding only; the times that FFmpeg derives from it may be in another order.
        self._in_decoder_order = listing.container == "avi"
        # Presentation times of the frames that are sampled; all are decoded until they are known.
        self._wanted: set[int] | None = None
        self._decoded = self._decode()
        # The first frames show how often an exposure is repeated; they are kept for the pass, so that none is decoded twice.
        self._first = deque(islice(self._decoded, _PROBED))
        repeated = frames_per_exposure([frame for _, frame in self._first], camera)
        self.scan = Scan(
            listing.fps, listing.declared, camera.step(listing.fps, sampling, repeated or 1), len(listing.pts),
            cut_off=listing.cut_off, length_known=listing.length_known, frames_per_exposure=repeated,
        )  # fmt: skip
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

        The image is (height, width, 3), BGR uint8. A damaged frame is left out and listed in ``scan.undecoded``. Raises
        ReproError if the file asks players to rotate its pictures, and the rotated ones have another size.
        """
        waiting = {number: self._pts[number] for number in range(0, len(self._pts), self.scan.step)}
        self._wanted = set(waiting.values())
        reformatter = VideoReformatter()  # keeps its tables from frame to frame
        while decoded := self._first.popleft() if self._first else next(self._decoded, None):
            number, frame = decoded
            if number in waiting and not frame.is_corrupt:
                time_s = (waiting.pop(number) - self._pts[0]) * self._unit_s
                yield number, time_s, self._picture(frame, reformatter)
        self.scan.undecoded = sorted(waiting)

    def _decode(self) -> Iterator[tuple[int, Any]]:
        """Frames of the camera's size with their numbers, in the order of showing; -1 for one that an edit list hides."""
        # Two frames may have the same presentation time; they leave the decoder in the order of their numbers.
        numbers_at = defaultdict[int, deque[int]](deque)
        for number, time in enumerate(self._pts):
            numbers_at[time].append(number)
        in_decoder_order = count()
        with open_video(self.path) as container:
            stream = video_streams(container)[0]
            context = stream.codec_context
            context.thread_count = self._threads
            stream.thread_type = "AUTO" if self._threads > 1 else "NONE"
            for packet in packets(container, stream):
                # A frame that no other refers to is decoded only if it is sampled; the last, empty packet flushes the decoder.
                may_skip = self._wanted is not None and packet.pts is not None and packet.pts not in self._wanted
                context.skip_frame = "NONREF" if may_skip and not self._in_decoder_order else "DEFAULT"
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    continue  # the frame stays among those that sampled() waits for, and is reported
                for frame in frames:
                    if self._in_decoder_order:
                        number = next(in_decoder_order)
                    else:
                        same_time = numbers_at.get(frame.pts)
                        number = same_time.popleft() if same_time else -1
                    # If the size changes within the file, the crop would be wrong.
                    if (frame.width, frame.height) == self._size_px:
                        yield number, frame

    def _picture(self, frame: Any, reformatter: VideoReformatter) -> Image:
        """A decoded frame as a player shows it: BGR, both fields of an interlaced one, rotated as the file says."""
        image = reformatter.reformat(frame, format="bgr24").to_ndarray()
        image = np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)), dtype=np.uint8)
        shown = (image.shape[1], image.shape[0])
        if shown != self._size_px:
            raise _other_size(self.path, shown, self._size_px)
        return image


def frames_per_exposure(frames: Sequence[av.VideoFrame], camera: Camera) -> float | None:
    """How many frames show each exposure, from the first 49 frames of a video.

    A video that was converted to a higher frame rate shows each exposure in two or more frames. The burned-in clock
    shows this: it stays the same from one copy to the next, up to the coder's noise, and changes with each new exposure.

    Gives 1 for a video with an exposure a frame, 2 where each is shown twice, 2.4 for 25 frames a second converted to
    60. None if it cannot be determined: the video is too short, the exposures follow within the same second, or the
    clock does not change at all.
    """
    if len(frames) < _PROBED or camera.cadence_s < 1:
        return None
    box, reformatter = camera.printed_clock.box_px, VideoReformatter()
    grey = (reformatter.reformat(frame, format="gray").to_ndarray() for frame in frames)
    strips = (image[box.rows, box.columns].astype(np.int16) for image in grey)
    changes = np.array([np.abs(after - before).max() for before, after in pairwise(strips)])
    changed = changes > max(_CHANGED, np.percentile(changes, 90) / 2)
    # If a digit changes in nearly all frames, the others are noise of the coder; if none changes, there is no clock.
    if changed.mean() > _DISTINCT:
        return 1.0
    return round(float(1 / changed.mean()), 1) if changed.mean() > 1 / _MOST_COPIES else None


def _not_a_video(path: Path) -> ReproError:
    with path.open("rb") as file:
        head = file.read(64).lstrip().lower()
    size = path.stat().st_size
    if head.startswith((b"<!doctype", b"<html")):
        found = f"a web page of {size} bytes saved under a video's name: it does not open as a video"
    else:
        found = f"a file of {size} bytes that does not open as a video, or one cut off before its index"
    expected = "an MP4, MOV, MKV, WebM or AVI file"
    return ReproError(found=found, expected=expected, where=str(path), remedy=_DOWNLOAD)


def _other_size(path: Path, size_px: tuple[int, int], wanted: tuple[int, int]) -> ReproError:
    return ReproError(
        found=f"frames of {size_px[0]} x {size_px[1]} pixels",
        expected=f"{wanted[0]} x {wanted[1]} (frame_px of the camera profile)",
        where=str(path),
        remedy="use the video as published, or add a camera profile for this size",
    )
