"""Pictures of the README and the slides: curves on grid lines, counts of Table 3, Grad-CAM panels, an unmasked frame's clock."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pandas as pd
import pytesseract
from PIL import Image, ImageOps

from repro.camera import load_camera
from repro.clock import ocr
from repro.figures.overlays import FRAME_PX
from repro.figures.picture_axes import Pixels, grey, not_as_published, read_grid_lines, runs
from repro.figures.softmax_grid import MOONS, SUNS
from repro.params import ClockParams

#: Colours of the markers of the README's curves.
README_CURVES = (("train_loss", (88, 164, 247)), ("val_accuracy", (103, 97, 200)))
_GRID_VALUES = (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)  # printed beside the six lines, from top to bottom
_NEAR = 40.0  # counts in RGB


def read_readme_curves(picture: Pixels, *, where: str) -> pd.DataFrame:
    """Markers of both curves (RGB) against the six horizontal lines at 0 to 1.

    Gives ``curve``, ``number`` from the left, from 1, ``value`` and its standard ``error``; raises ReproError if there are not
    six lines.
    """
    light = np.ptp(picture.astype(int), axis=2) < 30
    share = (light & (grey(picture) < 215) & (grey(picture) > 90)).mean(axis=1)
    lines, per_px, start = read_grid_lines(share, share, _GRID_VALUES, where=where)
    points = []
    for curve, colour in README_CURVES:
        mask = (np.linalg.norm(picture.astype(float) - colour, axis=2) < _NEAR).astype(np.uint8)
        mask[int(lines[-1]) + 3 :] = 0
        # Lines are thin; what is left after they are eroded are the markers.
        discs = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
        _, _, boxes, centres = cv2.connectedComponentsWithStats(discs)
        markers = sorted((x, y) for (x, y), box in zip(centres[1:], boxes[1:], strict=True) if 25 <= box[4] <= 140)
        for number, (_, row) in enumerate(markers, start=1):
            points.append((curve, number, float(start + per_px * row), abs(per_px) * 0.5))
    return pd.DataFrame(points, columns=["curve", "number", "value", "error"])


def read_table3_picture(picture: Pixels, *, where: str) -> pd.DataFrame:
    """The nine counts of Table 3 (RGB): ``moon``, ``sun`` and ``value``; raises ReproError if not nine numbers are read."""
    height, width = picture.shape[:2]
    part = picture[int(0.42 * height) :, int(0.575 * width) :]
    page = ImageOps.scale(Image.fromarray(part).convert("L"), 4).point(lambda level: 255 if level > 140 else 0)
    data = pytesseract.image_to_data(
        page, config="--psm 11 -c tessedit_char_whitelist=0123456789", output_type=pytesseract.Output.DICT
    )
    words = [
        (top, left, int(text))
        for text, top, left in zip(data["text"], data["top"], data["left"], strict=True)
        if re.fullmatch(r"\d{3,6}", text.strip())
    ]
    if len(words) != len(SUNS) * len(MOONS):
        raise not_as_published(
            f"{len(words)} numbers: {[number for *_, number in words]}", "nine counts in three rows", where
        )
    words.sort()
    table: list[tuple[str, str, int]] = []
    for row, moon in enumerate(MOONS):
        in_row = sorted(words[3 * row : 3 * row + 3], key=lambda word: word[1])
        table += [(moon, sun, count) for sun, (_, _, count) in zip(SUNS, in_row, strict=True)]
    return pd.DataFrame(table, columns=["moon", "sun", "value"])


def read_frames(picture: Pixels, *, where: str) -> tuple[list[Pixels], list[Pixels]]:
    """Upper and lower row of square frames on a light page (RGB), each enlarged to the size of the record's frames.

    All measures are made for that size. Raises ReproError if there are not two rows of squares of one size.
    """
    dark = picture.min(axis=2) < 110  # of frames and overlays; the page is light in all colours
    columns, rows = (runs(dark.mean(axis=axis) > 0.5) for axis in (0, 1))
    sides = [end - first for first, end in (*columns, *rows)]
    if len(rows) != 2 or not columns or max(sides) - min(sides) > 2:
        raise not_as_published(
            f"{len(rows)} rows of {len(columns)} pictures", "two rows of frames, all squares of one size", where
        )

    def enlarged(row: tuple[int, int]) -> list[Pixels]:
        parts = (picture[slice(*row), slice(*column)] for column in columns)
        return [np.asarray(cv2.resize(part, (FRAME_PX, FRAME_PX)), dtype=np.uint8) for part in parts]

    return enlarged(rows[0]), enlarged(rows[1])


def read_overlay_clock(picture: Pixels, *, where: str) -> pd.DataFrame:
    """Clock at the lower right of an unmasked frame (RGB), as far as the picture holds it, by the project's own reader.

    Gives ``quantity`` and ``value``: date (YYYY-MM-DD), hour, and separator; raises ReproError if no date and hour are read.
    """
    clock = load_camera("auroramax").printed_clock
    params = ClockParams()
    height, width = picture.shape[:2]
    strip = grey(picture[int(0.955 * height) : int(0.995 * height), int(0.78 * width) :]).astype(np.uint8)
    strip = cv2.resize(strip, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)  # the frame is shown at 0.56 of its size
    texts = [ocr.read_strips([strip], look, clock, params)[0][0] for look in ocr.looks(clock, params)]
    for text in texts:
        if clock_text := re.search(r"(20\d\d)([-/])(\d\d)[-/](\d\d) +(\d\d)", text):
            year, separator, month, day, hour = clock_text.groups()
            rows = [("date", f"{year}-{month}-{day}"), ("hour", str(int(hour))), ("separator", separator)]
            return pd.DataFrame(rows, columns=["quantity", "value"])
    raise not_as_published(f"the texts {texts}", "a date and an hour, such as 2022/12/01 22:", where)
