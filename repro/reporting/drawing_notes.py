"""A note at the end of each drawing says what it was made from, so that it is made again only if that has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from repro.files import write_text

_BEGIN, _END = "<!-- ", " -->"


def note_of(drawing: Path) -> dict[str, Any]:
    """The note of an SVG file; empty if there is none."""
    with suppress(OSError, ValueError):
        last_line = drawing.read_text(encoding="utf-8").rstrip().rpartition("\n")[2]
        note = json.loads(last_line.removeprefix(_BEGIN).removesuffix(_END))
        if isinstance(note, dict):
            return note
    return {}


def add_note(drawing: Path, note: Mapping[str, Any]) -> None:
    """Append a note to an SVG file that has none: a comment, which no viewer shows."""
    text = json.dumps(note, sort_keys=True).replace("--", r"-\u002d")  # a comment may not hold two hyphens
    write_text(drawing, f"{drawing.read_text(encoding='utf-8')}{_BEGIN}{text}{_END}\n")
