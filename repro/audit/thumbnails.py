"""Thumbnails of moved frames from the night archives, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from repro.audit.frame_moves import FrameMove
from repro.audit.outputs import Pair, StoredFile
from repro.errors import ReproError
from repro.untrusted import archive_member, open_archive, open_picture

#: Stages with archives of frames; revisions before the frames were stored once have one in stage clock, too.
ARCHIVES = ("clock", "film")
MOST, SIDE_PX = 24, 120


@dataclass(frozen=True)
class Thumbnail:
    """One frame before and after, as JPEG; None where no available archive holds it."""

    name: str
    before: bytes | None
    after: bytes | None


def thumbnails(pair: Pair, moves: Sequence[FrameMove]) -> list[Thumbnail]:
    """Thumbnails of at most :data:`MOST` moved frames, evenly taken from all; frames without any image are left out."""
    step = max(1, -(-len(moves) // MOST))
    sides = [[file for stage in ARCHIVES for file in pair.files(side, stage)] for side in (pair.before, pair.after)]
    shown = ((move.name, [_image(pair, files, move) for files in sides]) for move in moves[::step])
    return [Thumbnail(name, *images) for name, images in shown if any(images)]


def _image(pair: Pair, files: Sequence[StoredFile], move: FrameMove) -> bytes | None:
    archives = [file for file in files if file.name.endswith(f"frames/{move.night}.zip")]
    for place in filter(None, (pair.path_of(file, quiet=True) for file in archives)):
        try:
            with open_archive(place) as archive:
                ending = f"{move.night}_{move.number}.jpg"
                name = next((name for name in archive.namelist() if f"_{name}".endswith(f"_{ending}")), None)
                if name is not None:
                    return small_jpeg(archive_member(archive, name))
        except ReproError:
            continue
    return None


def small_jpeg(jpeg: bytes) -> bytes:
    """A frame's JPEG made small.

    Raises ReproError if it is no image, or a damaged one.
    """
    with open_picture(jpeg, "a frame") as image:
        image.draft("RGB", (SIDE_PX * 2, SIDE_PX * 2))
        image.thumbnail((SIDE_PX, SIDE_PX))
        target = BytesIO()
        image.convert("RGB").save(target, "JPEG", quality=80)
    return target.getvalue()
