"""The contact sheet: frames of the simulated campaign by form, colour, condition and weather."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw

from repro.files import atomic_path, write_text
from repro.observatory import campaign, overlay, plan
from repro.observatory.geometry import FRAME_PX
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.observatory.truth import COLOURS
from repro.params import Params, SimulatedNight
from repro.sky.bins import CONDITIONS

Picture = npt.NDArray[np.uint8]
TILE_PX, CAPTION_PX, GAP_PX = 240, 20, 6
INNER_PX = 340  # pixels of a frame of 720 that are farther from the centre may be trees or the dome's rim


def write_sheet(target: Path, truth: pd.DataFrame, params: Params) -> None:
    """Draw a frame of each form, colour, condition and weather that the campaign holds.

    ``truth`` is that of the campaign, see :func:`repro.observatory.simulate.truth_table`; of the frames of a kind the one in
    the middle is shown, by the contrast of the aurora. Beside the PNG file goes a CSV file with one row a tile: ``row``,
    ``caption``, and :func:`statistics`.
    """
    nights = {night.night: night for night in campaign.chosen(params)}
    truth = truth.assign(condition=truth["sun_bin"] + " " + truth["moon_bin"]).sort_values(["margin", "name"])
    kinds = {
        "form": plan.FORMS,
        "colour": COLOURS[1:],
        "condition": [" ".join(condition) for condition in CONDITIONS],
        "weather": plan.WEATHERS,
    }
    rows: dict[str, dict[str, Picture]] = {}
    for kind, words in kinds.items():
        frames = {word: truth[truth[kind] == word] for word in words}
        rows[kind] = {
            word: _picture(some.iloc[len(some) // 2], nights, params) for word, some in frames.items() if len(some)
        }
    with atomic_path(target) as temporary:
        draw(rows).save(temporary, format="PNG")
    table = [
        {"row": kind, "caption": word} | statistics(frame) for kind, row in rows.items() for word, frame in row.items()
    ]
    write_text(target.with_suffix(".csv"), pd.DataFrame(table).to_csv(index=False))


def draw(rows: dict[str, dict[str, Picture]]) -> Image.Image:
    """The picture of named rows of captioned frames, uint8 (720, 720, 3) RGB."""
    width = GAP_PX + max(len(tiles) for tiles in rows.values()) * (TILE_PX + GAP_PX)
    sheet = Image.new("RGB", (width, GAP_PX + len(rows) * (TILE_PX + CAPTION_PX + GAP_PX)), (24, 24, 28))
    pen = ImageDraw.Draw(sheet)
    for number, (name, tiles) in enumerate(rows.items()):
        top = GAP_PX + number * (TILE_PX + CAPTION_PX + GAP_PX)
        for place, (caption, frame) in enumerate(tiles.items()):
            left = GAP_PX + place * (TILE_PX + GAP_PX)
            small = cv2.resize(frame, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
            sheet.paste(Image.fromarray(small), (left, top))
            text = f"{name}: {caption}"
            pen.text((left + 2, top + TILE_PX + 3), text, font=overlay.font("DejaVuSans", 12), fill=(225, 225, 225))
    return sheet


def statistics(frame: Picture) -> dict[str, float]:
    """Brightness, colour, noise and stars of a masked frame, RGB uint8 (720, 720, 3).

    In counts of 255: ``median_red``, ``median_green``, ``median_blue``; ``p01`` to ``p99`` of the mean of R, G, B; ``noise``,
    the median deviation from a local mean within blocks of 24 pixels; ``centre`` and ``rim``, means within 90 and from 270 to
    340 pixels; ``north`` and ``south``, means of the two halves' outer thirds. ``stars`` counts spots of at most 20 pixels that
    stand 12 counts above their surroundings.
    """
    y, x = np.mgrid[:FRAME_PX, :FRAME_PX] - (FRAME_PX / 2 - 0.5)
    radius = np.hypot(x, y)
    inside = radius < INNER_PX
    values = frame.astype(np.float32)
    grey = values.mean(2)
    red, green, blue = np.median(values[inside], 0)
    result = {"median_red": red, "median_green": green, "median_blue": blue}
    for share in (1, 5, 25, 75, 95, 99):
        result[f"p{share:02d}"] = np.percentile(grey[inside], share)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 3)) ** 2
    blocks = detail[: FRAME_PX // 24 * 24].reshape(FRAME_PX // 24, 24, -1, 24).mean((1, 3))
    full = inside.reshape(FRAME_PX // 24, 24, -1, 24).all((1, 3))
    result["noise"] = np.sqrt(np.median(blocks[full]))
    result["centre"] = grey[radius < 90].mean()
    result["rim"] = grey[(radius > 270) & inside].mean()
    result["north"], result["south"] = grey[inside & (y < -200)].mean(), grey[inside & (y > 200)].mean()
    spots = values.max(2) - cv2.medianBlur(frame, 7).max(2)
    _, _, table, _ = cv2.connectedComponentsWithStats(((spots > 12) & inside).astype(np.uint8))
    result["stars"] = int((table[1:, cv2.CC_STAT_AREA] <= 20).sum())
    return {name: round(float(value), 2) for name, value in result.items()}


def _picture(frame: pd.Series, nights: Mapping[str, SimulatedNight], params: Params) -> Picture:
    """A frame of the campaign, given by its row of the truth, rendered again."""
    made = campaign.plan(nights[frame["night"]], params)
    moment = np.array([frame["time_utc"].tz_localize(None)], "datetime64[ms]")
    return render(scenes(made, moment, params.schedule.site)).picture()
