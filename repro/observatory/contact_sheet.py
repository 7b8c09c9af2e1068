"""The contact sheet: frames of the simulated campaign by form, colour, condition and weather."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw

from repro.files import atomic_path, write_text
from repro.observatory import campaign, overlay, plan
from repro.observatory.frame_statistics import statistics
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.observatory.truth import COLOURS
from repro.params import Params, SimulatedNight
from repro.sky.bins import CONDITIONS

Picture = npt.NDArray[np.uint8]
TILE_PX, CAPTION_PX, GAP_PX = 240, 20, 6


@dataclass(frozen=True)
class Tile:
    """A frame with its caption; uint8 (720, 720, 3) RGB."""

    caption: str
    frame: Picture


def write_sheet(target: Path, truth: pd.DataFrame, params: Params) -> None:
    """Draw a frame of each form, colour, condition and weather that the campaign holds.

    ``truth`` is that of the campaign, see :func:`repro.observatory.simulate.truth_table`; of the frames of a kind the one in
    the middle is shown, by the contrast of the aurora. Beside the PNG file goes a CSV file with one row a tile: ``row``,
    ``caption``, and :func:`repro.observatory.frame_statistics.statistics`.
    """
    nights = {night.night: night for night in campaign.chosen(params)}
    truth = truth.assign(condition=truth["sun_bin"] + " " + truth["moon_bin"]).sort_values(["margin", "name"])
    kinds = {
        "form": plan.FORMS,
        "colour": COLOURS[1:],
        "condition": [" ".join(condition) for condition in CONDITIONS],
        "weather": plan.WEATHERS,
    }
    rows: dict[str, list[Tile]] = {}
    for kind, words in kinds.items():
        frames = {word: truth[truth[kind] == word] for word in words}
        rows[kind] = [
            Tile(word, _picture(some.iloc[len(some) // 2], nights, params))
            for word, some in frames.items()
            if len(some)
        ]
    with atomic_path(target) as temporary:
        draw(rows).save(temporary, format="PNG")
    table = [{"row": name, "caption": t.caption} | statistics(t.frame) for name, tiles in rows.items() for t in tiles]
    write_text(target.with_suffix(".csv"), pd.DataFrame(table).to_csv(index=False))


def draw(rows: dict[str, list[Tile]]) -> Image.Image:
    """The picture of named rows of tiles."""
    width = GAP_PX + max(len(tiles) for tiles in rows.values()) * (TILE_PX + GAP_PX)
    sheet = Image.new("RGB", (width, GAP_PX + len(rows) * (TILE_PX + CAPTION_PX + GAP_PX)), (24, 24, 28))
    pen = ImageDraw.Draw(sheet)
    for number, (name, tiles) in enumerate(rows.items()):
        top = GAP_PX + number * (TILE_PX + CAPTION_PX + GAP_PX)
        for place, tile in enumerate(tiles):
            left = GAP_PX + place * (TILE_PX + GAP_PX)
            small = cv2.resize(tile.frame, (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
            sheet.paste(Image.fromarray(small), (left, top))
            text = f"{name}: {tile.caption}"
            pen.text((left + 2, top + TILE_PX + 3), text, font=overlay.font("DejaVuSans", 12), fill=(225, 225, 225))
    return sheet


def _picture(frame: pd.Series, nights: Mapping[str, SimulatedNight], params: Params) -> Picture:
    """A frame of the campaign, given by its row of the truth, rendered again."""
    made = campaign.plan(nights[frame["night"]], params)
    moment = np.array([frame["time_utc"].tz_localize(None)], "datetime64[ms]")
    return render(scenes(made, moment, params.schedule.site)).picture()
