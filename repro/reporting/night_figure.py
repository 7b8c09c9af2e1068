"""A night as one drawing: sun and moon, keogram, p(yes) and the class of every frame, and the right answer where known.

The drawing is SVG written by hand: a corpus has hundreds of nights, and the keogram's pixels are embedded in it, so that
everything shares one axis of time whatever the width of the page.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import escape

from repro.files import write_text
from repro.frames import KEYS, with_right_answers
from repro.reporting.canvas import FIRST, INK, MARK, QUIET, RULE, SECOND, write_csv
from repro.reporting.frame_pictures import cadence_days, full_copy, keogram_strip
from repro.untrusted import read_table

WIDTH = 480
LEFT, RIGHT = 42.0, 440.0  # edges of the axis of time
MOON = "#6a51a3"
GROUND = ((-6.0, -12.0, "#eef1f4"), (-12.0, -18.0, "#dfe4ea"), (-18.0, -58.0, "#cdd4dc"))  # sun's altitude, deg
HIGHEST, LOWEST = 60.0, -58.0  # of the altitudes drawn, deg; over Yellowknife the moon stays within 57 deg
STEPS_MIN = (10, 15, 30, 60, 120, 180)


class Band(NamedTuple):
    """Top and bottom of a panel, in pixels of the drawing."""

    top: float
    bottom: float

    def at(self, share: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Places of values between 0, at the bottom, and 1, at the top."""
        shares = np.clip(np.asarray(share, dtype=np.float64), 0, 1)
        return np.asarray(self.bottom - shares * (self.bottom - self.top), dtype=np.float64)


ALTITUDE, KEOGRAM, P_YES = Band(6, 70), Band(76, 184), Band(192, 230)
CLASS, TRUTH = Band(235, 247), Band(251, 259)


def make_drawing(
    drawing: Path,
    *,
    keogram: Path,
    frames: Path,
    classified: bool,
    truth: Path | None,
    labels: Mapping[str, str],
    simulated: bool,
) -> dict[str, Any]:
    """Write the files of a night, and give its numbers for the page.

    ``drawing`` is an SVG file; keogram (PNG) and table (CSV) are written beside it. ``keogram`` is the film stage's, a column a
    frame; ``frames`` the table of stage infer where ``classified``, else of stage sky; ``truth`` the folder of a simulated
    corpus' truth; without it, labels by name of frame are the right answers.
    """
    table = read_frames(frames, labels, truth, classified=classified)
    full_copy(keogram, drawing.with_suffix(".png"))
    all_times = read_table(frames, made_by="dvc repro sky", columns=["time_utc"])["time_utc"]
    height = draw_night(table, *keogram_strip(keogram, all_times), drawing, simulated=simulated)
    times = table["time_utc"]
    rounded = table.assign(time_utc=times.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    write_csv(drawing.with_suffix(".csv"), rounded.round({"sun_alt_deg": 3, "moon_alt_deg": 3, "p_yes": 5}))
    ends = {"first": f"{times.min():%H:%M}", "last": f"{times.max():%H:%M}"}
    return {"height": height, **ends, **count_answers(table)}


def read_frames(source: Path, labels: Mapping[str, str], truth: Path | None, *, classified: bool) -> pd.DataFrame:
    """Read the frames of a night that have a time, in its order; arguments as in :func:`make_drawing`.

    Gives ``time_utc``, ``sun_alt_deg``, ``moon_alt_deg``, ``p_yes``, ``predicted`` and ``truth`` (yes, no), missing where not
    known.
    """
    columns = [*KEYS, "name", "time_utc", "sun_alt_deg", "moon_alt_deg"]
    if classified:
        table = read_table(source, made_by="dvc repro infer", columns=[*columns, "p_yes", "predicted"])
    else:
        table = read_table(source, made_by="dvc repro sky", columns=columns)
        table = table.assign(p_yes=np.nan, predicted=pd.Series(pd.NA, index=table.index, dtype="str"))
    table = with_right_answers(table, pd.Series(labels, dtype="str"), truth)
    table = table[table["time_utc"].notna()].sort_values("time_utc", kind="stable", ignore_index=True)
    return table[["time_utc", "sun_alt_deg", "moon_alt_deg", "p_yes", "predicted", "truth"]]


def count_answers(table: pd.DataFrame) -> dict[str, Any]:
    """Count the frames, those classified, and those classified yes.

    ``right`` are frames classified correctly, and frames whose class and right answer are both known.
    """
    classified = table["predicted"].notna()
    known = classified & table["truth"].notna()
    right = (table["predicted"] == table["truth"])[known].sum()
    return {
        "frames": len(table),
        "classified": int(classified.sum()),
        "yes": int((table["predicted"] == "yes").sum()),
        "right": [int(right), int(known.sum())],
    }


def draw_night(table: pd.DataFrame, strip: bytes, span: tuple[float, float], target: Path, *, simulated: bool) -> int:
    """Draw a night of at least one frame, see :func:`read_frames`, and give the height of the drawing in pixels; its width is :data:`WIDTH`.

    ``strip`` is the keogram as a WebP file, and ``span`` its first and last edge in days since 1970, UTC.
    """
    days = table["time_utc"].dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64) / 86_400e6
    x = LEFT + (days - span[0]) / (span[1] - span[0]) * (RIGHT - LEFT)
    step = (RIGHT - LEFT) * cadence_days(days) / (span[1] - span[0])
    with_truth, classified = bool(table["truth"].notna().any()), bool(table["predicted"].notna().any())
    bottom = TRUTH.bottom if with_truth else CLASS.bottom if classified else KEOGRAM.bottom
    height = int(bottom + (30 if simulated else 20))
    parts = [*_altitudes(table, x, step), *_picture(strip)]
    if classified:
        parts += _probabilities(table["p_yes"].to_numpy(float), x, step)
        parts += _ribbon(table["predicted"], x, step, CLASS)
        parts.append(_text(LEFT - 4, CLASS.bottom - 2, "class", anchor="end"))
    if with_truth:
        parts += _ribbon(table["truth"], x, step, TRUTH)
        parts.append(_text(LEFT - 4, TRUTH.bottom, "truth" if simulated else "label", anchor="end"))
    parts += _times(span, bottom)
    if simulated:
        parts.append(_text(RIGHT, height - 1, "simulated", anchor="end", colour=MARK, weight="bold"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="DejaVu Sans, Verdana, Arial, sans-serif" font-size="10.5">'
    )
    write_text(target, "\n".join([head, *parts, "</svg>", ""]))
    return height


def _altitudes(table: pd.DataFrame, x: npt.NDArray[np.float64], step: float) -> Iterator[str]:
    def level(deg: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return ALTITUDE.at((np.asarray(deg, dtype=float) - LOWEST) / (HIGHEST - LOWEST))

    for above, below, colour in GROUND:
        top, bottom = level([above, below])
        yield _box(LEFT, RIGHT, Band(top, bottom), colour)
    for deg in (60, 0, -18):
        y = float(level(deg))
        yield f'<path d="M{LEFT:g} {y:.1f}H{RIGHT:g}" stroke="{RULE}" stroke-width="0.7"/>'
        yield _text(LEFT - 4, y + 3.5, f"{deg}°".replace("-", "\N{MINUS SIGN}"), anchor="end")
    ends = []
    for name, colour, dash in (("sun", SECOND, ""), ("moon", MOON, ' stroke-dasharray="5 2"')):
        values = level(table[f"{name}_alt_deg"])
        yield _line(x, values, step, f'stroke="{colour}" stroke-width="1.6"{dash}')
        ends.append((float(values[-1]), name, colour))
    (upper, *one), (lower, *other) = sorted(ends)
    apart = max(0.0, 10 - (lower - upper)) / 2  # so that two names never overlap
    for y, (name, colour) in ((upper - apart, one), (lower + apart, other)):
        yield _text(RIGHT + 4, y + 3.5, name, colour=colour, weight="bold")


def _picture(strip: bytes) -> Iterator[str]:
    data = base64.b64encode(strip).decode()
    yield (
        f'<image x="{LEFT:g}" y="{KEOGRAM.top:g}" width="{RIGHT - LEFT:g}" height="{KEOGRAM.bottom - KEOGRAM.top:g}" '
        f'preserveAspectRatio="none" href="data:image/webp;base64,{data}"/>'
    )
    yield _text(LEFT - 4, KEOGRAM.top + 10, "north", anchor="end")
    yield _text(LEFT - 4, KEOGRAM.bottom - 2, "south", anchor="end")


def _probabilities(p_yes: npt.NDArray[np.float64], x: npt.NDArray[np.float64], step: float) -> Iterator[str]:
    for share, dash in ((0.0, ""), (0.5, ' stroke-dasharray="3 3"'), (1.0, "")):
        y = float(P_YES.at(share))
        yield f'<path d="M{LEFT:g} {y:.1f}H{RIGHT:g}" stroke="{QUIET if dash else RULE}" stroke-width="0.7"{dash}/>'
    yield _text(LEFT - 4, P_YES.top + 8, "p(yes)", anchor="end")
    yield _text(LEFT - 4, P_YES.bottom + 1, "0 to 1", anchor="end")
    yield _line(x, P_YES.at(p_yes), step, f'stroke="{INK}" stroke-width="1.2"')


def _ribbon(words: pd.Series, x: npt.NDArray[np.float64], step: float, band: Band) -> Iterator[str]:
    """Spans of one class: yes fills the band, no its lowest third, so that they stay apart without colour."""
    kinds = words.to_numpy(dtype=object, na_value="")
    breaks = np.flatnonzero((kinds[1:] != kinds[:-1]) | (np.diff(x) > 1.75 * step)) + 1
    for run in np.split(np.arange(len(kinds)), breaks):
        kind = kinds[run[0]]
        if kind:
            low = band if kind == "yes" else Band(band.bottom - (band.bottom - band.top) / 3, band.bottom)
            left, right = max(x[run[0]] - step / 2, LEFT), min(x[run[-1]] + step / 2, RIGHT)
            yield _box(left, right, low, SECOND if kind == "yes" else FIRST)


def _times(span: tuple[float, float], bottom: float) -> Iterator[str]:
    """Ticks at full hours, or at parts of an hour in a short night."""
    minutes = 1440 * (span[1] - span[0])
    spacing = next((step for step in STEPS_MIN if minutes / step <= 7), STEPS_MIN[-1]) / 1440
    for day in np.arange(np.ceil(span[0] / spacing), span[1] / spacing) * spacing:
        x = LEFT + (day - span[0]) / (span[1] - span[0]) * (RIGHT - LEFT)
        minute = round(day * 1440) % 1440
        yield f'<path d="M{x:.1f} {bottom + 1:g}v4" stroke="{QUIET}"/>'
        if x > LEFT + 16:
            yield _text(x, bottom + 15, f"{minute // 60:02d}:{minute % 60:02d}", anchor="middle")
    yield _text(LEFT - 4, bottom + 15, "UTC", anchor="end")


def _line(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], step: float, look: str) -> str:
    """A line through points, broken where frames or values are missing; a point alone becomes a dot."""
    path, joined = [], False
    for place, (left, level) in enumerate(zip(x, y, strict=True)):
        if not np.isfinite(level):
            joined = False
            continue
        joined = joined and left - x[place - 1] <= 1.75 * step
        path.append(f"{'L' if joined else 'M'}{left:.1f} {level:.1f}" + ("" if joined else "h0"))
        joined = True
    return f'<path d="{"".join(path)}" fill="none" stroke-linecap="round" stroke-linejoin="round" {look}/>'


def _box(left: float, right: float, band: Band, colour: str) -> str:
    size = f'width="{right - left:.2f}" height="{band.bottom - band.top:.2f}"'
    return f'<rect x="{left:.2f}" y="{band.top:.2f}" {size} fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, weight: str = "normal") -> str:
    look = f'text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'
