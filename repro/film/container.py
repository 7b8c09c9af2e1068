"""Whether a video file ends where its own structure says that it ends.

Some containers do not say how many frames they hold: fragmented MP4 and Matroska. An interrupted download of such a
file opens and plays like a shorter night. Its last box, element or chunk, however, is longer than the rest of the
file. Only headers are read here, so the check takes no time.

Sources of the layouts: ISO/IEC 14496-12 section 4.2 (boxes), RFC 8794 sections 4 to 6 (EBML), RFC 9559 section 5
(Matroska), and the RIFF specification (AVI).
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067  # the two top elements of a Matroska file
_TOP_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"free", b"skip", b"wide", b"uuid"}


def is_cut_off(path: Path) -> bool | None:
    """Whether an MP4, MOV, Matroska, WebM or AVI file ends within its last box, element or chunk.

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
