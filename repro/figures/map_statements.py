"""Statements of section III.2 as numbers on the recovered Grad-CAM maps, each beside a randomised reference.

A map has 8 x 8 numbers, and maps are smooth, so that two of them agree by chance more often than independent numbers
would. The reference is therefore made of the map itself: shifted around, mirrored, turned, and shuffled in blocks of 2 x 2,
some thousand times. A statement holds only if the measure is larger than in 95 % of these. Twelve chosen pictures show what
can occur, not how often it does.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.figures.overlays import GRID, enlarge
from repro.figures.picture_axes import Floats
from repro.figures.readings import FigureQuantity

RESAMPLINGS = 4000
SEED = 20250627
CHANCE = 0.05  # share of the reference that may reach a measure that holds
LEAST_SKY = 0.5  # share of a cell that must be sky
#: Measure, and cases whose map is said to follow it.
FOLLOWS = (
    ("chroma", ("red", "purple", "pink")),
    ("edge", ("arc", "radial", "diffuse")),
    ("brightness", ("arc", "radial", "diffuse", "cloud", "snow")),
)
SAME_REGION = (("night", "astro"), ("night", "nautical"), ("astro", "nautical"))
#: Statements, and the comparisons that must all be beyond 95 % of the reference.
PARTS = {
    "saturated_pixels": ("follows.chroma.red", "follows.chroma.purple", "follows.chroma.pink"),
    "edges": ("follows.edge.arc", "follows.edge.radial"),
    "same_region": tuple(f"similar.{first}.{second}" for first, second in SAME_REGION),
}


def statements(cells: pd.DataFrame) -> dict[str, FigureQuantity]:
    """Measures and their references by name.

    ``gradcam.follows.<measure>.<case>`` is the correlation of map and measure over cells of sky, ``.p`` the share of the
    reference that reaches it; ``gradcam.similar.<case>.<case>`` the same for two maps, ``gradcam.overlap.<case>.<case>``
    the area in which both are above half scale by that in which one is; ``gradcam.holds.<statement>`` whether all its parts
    are beyond 95 % of the reference. ``cells`` is the table ``gradcam_cells`` of the readings.
    """
    of_case = {str(case): part for case, part in cells.groupby("case")}
    maps = {case: case_grid(part, "value") for case, part in of_case.items()}
    above = {case: enlarge(nodes) > 0.5 for case, nodes in maps.items()}
    compared, values = {}, {}
    for measure, cases in FOLLOWS:
        for case in cases:
            sky = case_grid(of_case[case], "sky_share") > LEAST_SKY
            shown = case_grid(of_case[case], measure)
            compared[f"follows.{measure}.{case}"] = correlation(maps[case], shown, sky, f"{measure}.{case}")
    for first, second in SAME_REGION:
        pair, everywhere = f"{first}.{second}", np.ones((GRID, GRID), dtype=bool)
        compared[f"similar.{pair}"] = correlation(maps[first], maps[second], everywhere, pair)
        either, both = above[first] | above[second], above[first] & above[second]
        values[f"overlap.{pair}"] = float(both.sum() / max(either.sum(), 1))
    for name, (r, p) in compared.items():
        values |= {name: r, f"{name}.p": p}
    holds = {name: all(compared[part][1] < CHANCE for part in parts) for name, parts in PARTS.items()}
    area = {case: here.mean() for case, here in above.items()}
    holds["diffuse_broadest"] = bool(area["diffuse"] > max(area["arc"], area["radial"]))
    holds["clear_disappears"] = bool(maps["clear"].max() < 0.5)
    values |= {f"holds.{name}": holding for name, holding in holds.items()}
    return {f"gradcam.{name}": FigureQuantity(value) for name, value in values.items()}


def correlation(map_values: Floats, other: Floats, counted: np.ndarray, name: str) -> tuple[float, float]:
    """Correlation of a map with what it is said to follow, over counted cells, and the share of changed maps that reach it.

    All arrays have the shape (8, 8). ``name`` seeds the changes, so that each comparison has its own and all are repeatable.
    """
    observed = _r(map_values[counted], other[counted])
    generator = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    cells = np.stack([(_shuffled if number % 2 else _moved)(generator) for number in range(RESAMPLINGS)])
    changed = map_values.ravel()[cells[:, counted.ravel()]]
    centred = changed - changed.mean(axis=1, keepdims=True)
    target = other[counted] - other[counted].mean()
    scale = np.sqrt((centred**2).sum(axis=1) * (target**2).sum())
    agreement = np.divide(centred @ target, scale, out=np.zeros(len(centred)), where=scale > 0)
    reached = int((agreement >= observed - 1e-9).sum())
    return observed, (reached + 1) / (RESAMPLINGS + 1)


def _move_table() -> npt.NDArray[np.intp]:
    """Cell that each cell takes its value from, shape (4, 2, 8, 8, 64): quarter turns, mirrored or not, and two shifts."""
    cells = np.arange(GRID * GRID).reshape(GRID, GRID)
    table = np.empty((4, 2, GRID, GRID, GRID * GRID), dtype=np.intp)
    for turns, mirrored, down, right in np.ndindex(table.shape[:4]):
        turned = np.rot90(cells, turns)
        turned = turned[:, ::-1] if mirrored else turned
        table[turns, mirrored, down, right] = np.roll(turned, (down, right), axis=(0, 1)).ravel()
    return table


#: A permutation of cells is looked up, as rolling and turning small arrays tens of thousands of times takes seconds.
_MOVES = _move_table()
#: Cells of each block of 2 x 2, shape (16, 4), and the places of these cells when the blocks stand side by side again.
_BLOCKS = np.arange(GRID * GRID).reshape(GRID // 2, 2, GRID // 2, 2).swapaxes(1, 2).reshape(-1, 4)


def _moved(generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """Cells of a map shifted around its borders by any number of cells, turned by quarters, and mirrored or not."""
    turns, mirrored = generator.integers(4), generator.integers(2)
    down, right = generator.integers(0, GRID, size=2)
    return np.asarray(_MOVES[turns, mirrored, down, right])


def _shuffled(generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """Cells of a map whose blocks of 2 x 2 cells have changed places."""
    cells = np.empty(GRID * GRID, dtype=np.intp)
    cells[_BLOCKS] = _BLOCKS[generator.permutation(len(_BLOCKS))]
    return cells


def _r(first: Floats, second: Floats) -> float:
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def case_grid(part: pd.DataFrame, column: str) -> Floats:
    """A column of one case's cells as an array of shape (8, 8)."""
    grid = np.zeros((GRID, GRID))
    grid[part["row"].to_numpy(int), part["column"].to_numpy(int)] = part[column].to_numpy(float)
    return grid
