"""Thumbnails of moved frames from the night archives, before and after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from repro.audit.frame_moves import FrameMove
from repro.audit.outputs import Pair
from repro.audit.revision import Revision
from repro.errors import ReproError
from repro.untrusted import archive_member, open_archive, open_picture

MOST, SIDE_PX = 24, 120


@dataclass(frozen=True)
class Thumbnail:
    """One frame before and after, as JPEG; None where no available archive holds it."""

    name: str
    before: bytes | None
    after: bytes | None


def thumbnails(pair: Pair, moves: Sequence[FrameMove], most: int = MOST) -> list[Thumbnail]:
    """Thumbnails of some moved frames, evenly taken from all of them; frames without any available image are left out.

    Parameters
    ----------
    pair : Pair
        The revisions.
    moves : sequence of FrameMove
        The frames.
    most : int
        How many at most.
    """
    step = max(1, -(-len(moves) // most))
    archives = {side.title: _archives(pair, side) for side in (pair.before, pair.after)}
    pictures = []
    for move in moves[::step]:
        images = [_image(pair, side, archives[side.title], move) for side in (pair.before, pair.after)]
        if any(images):
            pictures.append(Thumbnail(move.name, *images))
    return pictures


def _archives(pair: Pair, side: Revision) -> dict[str, tuple[str, str, str, str]]:
    """Archives of frames by night: stage, output, name inside it, MD5."""
    return {
        match[1]: ("film", output, name, md5)
        for (output, name), md5 in pair.files(side, "film").items()
        if (match := re.search(r"frames/(\d{8})\.zip$", name))
    }


def _image(pair: Pair, side: Revision, archives: dict[str, tuple[str, str, str, str]], move: FrameMove) -> bytes | None:
    place = pair.place(side, *archives[move.night], quiet=True) if move.night in archives else None
    if place is None:
        return None
    try:
        with open_archive(place) as archive:
            return small_jpeg(archive_member(archive, f"{move.night}_{move.number}.jpg"))
    except ReproError:
        return None


def small_jpeg(jpeg: bytes) -> bytes:
    """A frame's JPEG made small.

    Raises
    ------
    ReproError
        If it is no image, or a damaged one.
    """
    with open_picture(jpeg, "a frame") as image:
        image.draft("RGB", (SIDE_PX * 2, SIDE_PX * 2))
        image.thumbnail((SIDE_PX, SIDE_PX))
        target = BytesIO()
        image.convert("RGB").save(target, "JPEG", quality=80)
    return target.getvalue()
