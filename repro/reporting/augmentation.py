"""Figure 3: the augmentation of training on a frame of the corpus, each step alone and as training draws them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from repro.classifier.transforms import CROP_AREA, JITTER, DrawnTransforms, Pixels, augment, draw, load_frame
from repro.files import atomic_path
from repro.params import Params
from repro.paths import Paths
from repro.reporting.canvas import write_csv
from repro.reporting.wording import TIMES, number
from repro.seeding import generator
from repro.untrusted import read_table

MADE_BY = "dvc repro split"
CANDIDATES = 12  # training frames of which the one with most contrast is shown
DRAWS = 4
QUALITY = 92


class AugmentedPicture(NamedTuple):
    """One picture of the figure: its file, title, and steps in words."""

    file: str
    title: str
    done: str


class Figure3(NamedTuple):
    """The figure: name of the frame, side of the pictures in pixels, the original with each step alone, and what training draws."""

    name: str
    side_px: int
    steps: list[AugmentedPicture]
    draws: list[AugmentedPicture]


def build_figure3(paths: Paths, params: Params) -> Figure3 | None:
    """Augment one training frame, and write the pictures and their parameters beside the page.

    Of some training frames with aurora that the pipeline's seed draws, the one with most contrast is shown. Gives None if
    nothing was split yet, no frame with aurora trains, or their archives are not there.
    """
    frame = _frame(paths, params)
    if frame is None:
        return None
    name, pixels = frame
    side = pixels.shape[0]
    rng = generator(params.seed, "report", "figure3", "draws")
    rows, pictures = [], []
    for key, title, chosen in _pictures(rng, side):
        file = f"augmentation/{key}.webp"
        with atomic_path(paths.report_build / file) as temporary:
            Image.fromarray(augment(pixels, chosen)).save(temporary, quality=QUALITY)
        pictures.append(AugmentedPicture(file, title, describe(chosen, side)))
        factors = {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0} | dict(chosen.jitter)
        box = {"top_px": chosen.top, "left_px": chosen.left, "height_px": chosen.height, "width_px": chosen.width}
        rows.append({"picture": key, "frame": name, **box, "flipped": chosen.flip, **factors})
    write_csv(paths.report_build / "figures" / "figure3.csv", pd.DataFrame(rows))
    return Figure3(name, side, pictures[:-DRAWS], pictures[-DRAWS:])


def describe(chosen: DrawnTransforms, side_px: int) -> str:
    """The steps of an augmentation in words, in their order."""
    parts = []
    if (chosen.height, chosen.width) != (side_px, side_px):
        parts.append(f"{100 * chosen.height * chosen.width / side_px**2:.0f} % of the area cut out and enlarged")
    if chosen.flip:
        parts.append("left and right exchanged")
    parts += [f"{name} {TIMES}{number(factor, 2)}" for name, factor in chosen.jitter]
    return ", ".join(parts) or "nothing"


def _pictures(rng: np.random.Generator, side: int) -> Iterator[tuple[str, str, DrawnTransforms]]:
    """Key, title and transforms: the four panels of the thesis, then draws of training."""
    cut = round(side * math.sqrt(CROP_AREA[0]))
    top, left = (int(place) for place in rng.integers(side - cut + 1, size=2))
    jitter = tuple((name, 1 + JITTER) for name in ("brightness", "contrast", "saturation"))
    yield "a", "(a) original", DrawnTransforms(0, 0, side, side, False, ())
    yield "b", "(b) RandomResizedCrop", DrawnTransforms(top, left, cut, cut, False, ())
    yield "c", "(c) HorizontalFlip", DrawnTransforms(0, 0, side, side, True, ())
    yield "d", "(d) ColorJitter", DrawnTransforms(0, 0, side, side, False, jitter)
    for place in range(DRAWS):
        yield f"draw{place + 1}", f"draw {place + 1}", draw(rng, side)


def _frame(paths: Paths, params: Params) -> tuple[str, Pixels] | None:
    """Name and pixels of the frame that is shown, at the size at which the network is trained."""
    source = paths.stage(params.corpus, "split") / "split.parquet"
    if not source.is_file():
        return None
    table = read_table(source, made_by=MADE_BY, columns=["night", "name", "label", "split"])
    trained = table[(table["label"] == "yes") & (table["split"] == "train")].sort_values("name")
    order = generator(params.seed, "report", "figure3", "frame").permutation(len(trained))[:CANDIDATES]
    frames = []
    for row in trained.iloc[order].to_dict("records"):
        archive = paths.stage(params.corpus, "film") / "frames" / f"{row['night']}.zip"
        if archive.is_file():  # else removed since, to save space; another frame will do
            frames.append((str(row["name"]), load_frame(archive, str(row["name"]), params.train.image_size_px)))
    return max(frames, key=lambda frame: float(frame[1].std()), default=None)
