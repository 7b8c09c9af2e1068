"""How every figure looks and is saved: vector, the same bytes for the same data, legible without colour.

A note at the end of a drawing says what it was made from, so that it is made again only if that has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from repro.files import atomic_path, write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1d2126"
QUIET = "#5c6670"
RULE = "#c9ced4"
MARK = "#8a4b00"  # marks simulated data, like the badge of the page

#: The nine conditions. Hue shows the moon (blue none, red-brown quarter, yellow full), lightness the sun (dark Night,
#: pale Nautical). Every pair stays apart under simulated colour blindness; a test measures it.
CONDITION_COLOUR = {
    ("Night", "No_moon"): "#10243f",
    ("Astro", "No_moon"): "#2f6db3",
    ("Nautical", "No_moon"): "#8fbdea",
    ("Night", "Moon_Quarter"): "#7a1f10",
    ("Astro", "Moon_Quarter"): "#c9653a",
    ("Nautical", "Moon_Quarter"): "#efb795",
    ("Night", "Moon_Full"): "#e6a700",
    ("Astro", "Moon_Full"): "#f7d44c",
    ("Nautical", "Moon_Full"): "#fdf3b5",
}
#: Two series against each other: blue and vermilion of Okabe and Ito's palette.
FIRST, SECOND = "#0072b2", "#d55e00"
_NOTE = "<!-- ", " -->"

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # shipped with matplotlib, so the same everywhere
    "font.size": 8.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "svg.fonttype": "path",  # independent of the reader's fonts
    "svg.hashsalt": "aurora-repro",  # names inside the file depend on its content only
}


@contextmanager
def canvas(
    path: Path, *, width_in: float, height_in: float, arrange: bool = True, simulated: bool = False
) -> Iterator[Figure]:
    """A figure in the project's style, saved whole as SVG when the block ends without an error; the size is in inches.

    ``arrange`` lets matplotlib arrange the axes (constrained layout); else they stay where they are placed. ``simulated`` writes
    below the axes that the data are simulated, so that a figure taken out of the report still says so.
    """
    # Loaded here: nights are drawn without matplotlib, and use the colours above.
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with mpl.rc_context(_STYLE):
        # The resolution of matplotlib's SVG, so that the layout is that of the file.
        figure = Figure(figsize=(width_in, height_in), dpi=72, layout="constrained" if arrange else None)
        FigureCanvasSVG(figure)
        if simulated:
            note = 0.19 / height_in  # share of the height that the note takes
            if isinstance(engine := figure.get_layout_engine(), ConstrainedLayoutEngine):
                engine.set(rect=(0, note, 1, 1 - note))
            figure.text(0.995, note / 4, "simulated", ha="right", va="bottom", fontsize=8, weight="bold", color=MARK)
        yield figure
        if arrange:
            _keep_layout(figure)
        with atomic_path(path) as temporary:
            # Without the date, and without the version of matplotlib, which would change the file.
            figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def _keep_layout(figure: Figure) -> None:
    """Let matplotlib arrange the axes once and keep their places, rounded.

    The solver behind the constrained layout gives last digits that differ from run to run; names inside the file depend on them.
    """
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(Bbox.from_bounds(*np.round(axes.get_position(original=True).bounds, 5)))


def label_points(axes: Axes, texts: Iterable[str], x: Iterable[float], y: Iterable[float], **look: Any) -> None:
    """Write a text beside each point; ``xytext`` is its distance in printer's points."""
    for text, left, up in zip(texts, x, y, strict=True):
        axes.annotate(text, (left, up), textcoords="offset points", **look)


def as_csv(table: pd.DataFrame) -> str:
    """The data behind a figure, floats with seven significant digits."""
    return table.to_csv(index=False, float_format="%.7g", lineterminator="\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write the data behind a figure."""
    write_text(path, as_csv(table))


def note_of(drawing: Path) -> dict[str, Any]:
    """The note of an SVG file; empty if there is none."""
    with suppress(OSError, ValueError):
        last_line = drawing.read_text(encoding="utf-8").rstrip().rpartition("\n")[2]
        note = json.loads(last_line.removeprefix(_NOTE[0]).removesuffix(_NOTE[1]))
        if isinstance(note, dict):
            return note
    return {}


def add_note(drawing: Path, note: Mapping[str, Any]) -> None:
    """Append a note to an SVG file that has none: a comment, which no viewer shows."""
    text = json.dumps(note, sort_keys=True).replace("--", r"-\u002d")  # a comment may not hold two hyphens
    write_text(drawing, f"{drawing.read_text(encoding='utf-8')}{text.join(_NOTE)}\n")
