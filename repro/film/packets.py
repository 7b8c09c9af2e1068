"""Headers and packets of a video: which frames it shows, when, and whether its end is missing, without decoding any."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067  # the two top elements of a Matroska file
_TOP_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"free", b"skip", b"wide", b"uuid"}
#: FFmpeg's names of the containers that a video may come in.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi"
#: No index, no video stream, a stream without a codec, or an impossible field of the header.
NO_VIDEO = (av.FFmpegError, LookupError, AttributeError, ValueError, ArithmeticError)


@dataclass(frozen=True)
class Listing:
    """Facts from the headers and packets of a video."""

    container: str  # FFmpeg's name of it
    size_px: tuple[int, int]  # width, height
    unit_s: float  # unit of the presentation times
    fps: float
    pts: list[int]  # presentation times of the frames that are shown, in order
    untimed: int  # frames without a presentation time
    declared: int  # frames that the file says it shows; 0 if it does not say
    cut_off: bool  # for this and the next, see :class:`repro.film.decode.Scan`
    length_known: bool


def list_packets(container: Any, stream: Any) -> Listing:
    """List a video from its headers and packets; nothing was read from the stream yet."""
    unit_s, fps = float(stream.time_base or 0), float(stream.guessed_rate or stream.average_rate or 0)
    declared = _declared(container, stream, fps)
    size_px = (stream.codec_context.width, stream.codec_context.height)
    pts: list[int] = []
    untimed, first_key = 0, None
    for packet in packets(container, stream):
        if packet.pts is None:
            untimed += packet.size > 0
            continue
        if packet.is_keyframe and first_key is None:
            first_key = packet.pts
        if not packet.is_discard:  # an edit list hides what it cuts off; players decode it but do not show it
            pts.append(packet.pts)
    # What comes before the first key frame refers to frames that are not in the file, and is never shown.
    pts = sorted(time for time in pts if first_key is None or time >= first_key)
    cut_off, length_known = False, True
    if not stream.frames:  # a fragmented MP4, or Matroska
        ends_early = is_cut_off(Path(container.name))
        # The duration of a fragmented MP4 is that of the fragments which are there, and promises nothing.
        promised = declared > 0 and "matroska" in container.format.name
        cut_off = ends_early is True and not (promised and declared > len(pts))
        length_known = not cut_off and (promised or ends_early is False)
    return Listing(container.format.name, size_px, unit_s, fps, pts, untimed, declared, cut_off, length_known)


def _declared(container: Any, stream: Any, fps: float) -> int:
    """Frames that the headers promise to show; 0 if they do not say."""
    shown = _duration_s(container, stream) * fps
    frames = int(stream.frames)
    if container.format.name == "avi":  # counts in units of its own clock, which may be half a frame
        frames = round(frames * fps / float(stream.average_rate or fps or 1))
        return frames or int(shown + 1e-3)
    # An edit list hides frames that the index counts.
    return frames if 0 < frames < shown + 1 or shown <= 0 else int(shown + 1e-3)


def _duration_s(container: Any, stream: Any) -> float:
    """Time that the headers give the video, in seconds; 0 if they do not say."""
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    start_s = float((stream.start_time or 0) * stream.time_base)
    for key, text in stream.metadata.items():
        if key.upper().startswith("DURATION"):  # Matroska's statistics: hours:minutes:seconds of the stream's end
            try:
                hours, minutes, seconds = (float(part) for part in text.split(":"))
            except ValueError:
                continue
            return max(0.0, 3600 * hours + 60 * minutes + seconds - start_s)
    # The duration of the file is that of its longest stream, which may be the sound.
    if container.duration is not None and len(container.streams) == 1:
        return max(0.0, float(container.duration / av.time_base) - start_s)
    return 0.0


def open_video(path: Path) -> Any:
    """Open a file as a video only: a playlist must not make us read other files or addresses."""
    only = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
    return av.open(str(path), container_options=only, metadata_errors="replace")


def video_streams(container: Any) -> list[Any]:
    """Video streams of a file; a cover picture does not count."""
    cover = av.stream.Disposition.attached_pic
    return [stream for stream in container.streams.video if not stream.disposition & cover]


def packets(container: Any, stream: Any) -> Iterator[Any]:
    """Packets of a video; a file cut off within one ends there instead of raising an error."""
    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return


def count_frames(path: Path) -> int:
    """Frames that a video says it shows, or holds if it does not say; 0 if it cannot be opened; for progress bars."""
    try:
        with open_video(path) as container:
            (stream,) = video_streams(container)
            fps = float(stream.guessed_rate or stream.average_rate or 0)
            return max(0, _declared(container, stream, fps)) or sum(
                packet.size > 0 for packet in packets(container, stream)
            )
    except (*NO_VIDEO, OSError):
        return 0


def is_cut_off(path: Path) -> bool | None:
    """Whether an MP4, MOV, Matroska, WebM or AVI file ends within its last box, element or chunk; only headers are read.

    Some containers do not say how many frames they hold: fragmented MP4 and Matroska. An interrupted download of such a
    file opens and plays like a shorter night. Its last box, element or chunk, however, is longer than the rest of the file.
    Sources of the layouts: ISO/IEC 14496-12 section 4.2 (boxes), RFC 8794 sections 4 to 6 (EBML), RFC 9559 section 5
    (Matroska), and the RIFF specification (AVI).

    None if the structure does not show it: a fragmented MP4 without its closing box, a Matroska file of unknown size that
    ends after a cluster, or a file of another kind.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            return _riff_is_cut_off(file, size)
        if head[:4] == _EBML.to_bytes(4, "big"):
            return _matroska_is_cut_off(file, size)
        if head[4:8] in _TOP_BOXES:
            return _mp4_is_cut_off(file, size)
    return None


def _mp4_is_cut_off(file: BinaryIO, size: int) -> bool | None:
    at, last, fragmented = 0, b"", False
    while at < size:
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            return True
        length, last = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if last not in _TOP_BOXES or length < 8:  # 0: up to the end of the file, wherever that is
            return None
        fragmented |= last == b"moof"
        at += length
    if at > size:
        return True
    # Fragments may always be followed by more, unless the index of all fragments is at the end.
    return None if fragmented and last != b"mfra" else False


def _matroska_is_cut_off(file: BinaryIO, size: int) -> bool | None:
    file.seek(0)
    while file.tell() < size:
        identifier, length = _vint(file, keep_marker=True), _vint(file)
        if identifier is None:
            return True
        if length is None:
            if identifier != _SEGMENT:  # a cluster of unknown length: nothing says where it ends
                return None
            continue  # a segment of unknown length: its elements are walked
        if file.tell() + length > size:
            return True
        file.seek(length, 1)
        if identifier == _SEGMENT:
            return False
    return None


def _vint(file: BinaryIO, *, keep_marker: bool = False) -> int | None:
    """Number of variable length (RFC 8794, section 4); None at the end of the file or for "unknown"."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    if len(rest) < width - 1:
        return None
    value = int.from_bytes(first + rest, "big")
    if keep_marker:
        return value
    value &= (1 << 7 * width) - 1
    return None if value == (1 << 7 * width) - 1 else value


def _riff_is_cut_off(file: BinaryIO, size: int) -> bool | None:
    at = 0
    while at + 8 <= size:  # long files are a chain of RIFF chunks
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name != b"RIFF" or length == 0:
            return None
        at += 8 + length + length % 2
    return at > size + 1
