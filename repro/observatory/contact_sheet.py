"""The contact sheet: simulated frames by form, colour, condition and weather."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw

from repro.engine import receipts
from repro.files import atomic_path, write_text
from repro.observatory import campaign, overlay, plan, truth
from repro.observatory.frame_statistics import statistics
from repro.observatory.geometry import FRAME_PX
from repro.observatory.render import render
from repro.observatory.scene import Scenes, scenes
from repro.params import Params, SimulatedNight
from repro.schedule.windows import mornings
from repro.seeding import generator
from repro.sky.bins import CONDITIONS, sky_table

Picture = npt.NDArray[np.uint8]
TILE_PX, CAPTION_PX, GAP_PX = 240, 20, 6
FORM_NIGHTS, WEATHER_NIGHTS = ("20221222", "20241229"), ("20230120", "20241203")  # of the first and the second camera
SEARCH = 60  # nights that are tried for a colour or a condition


@dataclass(frozen=True)
class Tile:
    """A frame with its caption; uint8 (720, 720, 3) RGB."""

    caption: str
    frame: Picture


def update_sheet(target: Path, params: Params) -> None:
    """Draw the contact sheet, unless it was drawn from the same parameters and code.

    Beside the PNG file goes a CSV file with one row a tile: ``row``, ``caption``, and
    :func:`repro.observatory.frame_statistics.statistics`.
    """
    settings = {
        "seed": params.seed, "schedule": params.schedule.model_dump(), "sky": params.sky.model_dump(),
        "switch_on": params.simulate.switch_on_sun_alt_deg,
    }  # fmt: skip
    statistics_csv = target.with_suffix(".csv")
    work = receipts.NightWork(
        "contact_sheet", (), (target, statistics_csv), target.with_suffix(".json"),
        receipts.settings_digest(settings, __name__),
    )  # fmt: skip
    if receipts.is_current(work):
        return
    receipts.invalidate(work)
    rows = {
        "form": [Tile(form, _frame(params, number, FORM_NIGHTS, forms=(form,), weather=("clear",), strength=1.3))
                 for number, form in enumerate(plan.FORMS)],
        "colour": list(_search("colour", truth.COLOURS[1:], params)),
        "condition": list(_search("condition", [" ".join(condition) for condition in CONDITIONS], params)),
        "weather": [Tile(weather, _frame(params, number, WEATHER_NIGHTS, forms=("arc",) * (number % 2), weather=(weather,)))
                    for number, weather in enumerate(plan.WEATHERS)],
    }  # fmt: skip
    with atomic_path(target) as temporary:
        draw(rows).save(temporary, format="PNG")
    table = [{"row": name, "caption": t.caption} | statistics(t.frame) for name, tiles in rows.items() for t in tiles]
    write_text(statistics_csv, pd.DataFrame(table).to_csv(index=False))
    receipts.write(work, {"tiles": len(table)})


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


def _search(kind: str, wanted: Iterable[str], params: Params) -> Iterable[Tile]:
    """The first frame of each wanted colour or condition on random nights (small frames first, for speed)."""
    missing = dict.fromkeys(wanted)
    every = [f"{day:%Y%m%d}" for window in params.schedule.windows for day in mornings(window)]
    rng = generator(params.seed, "contact", kind)
    for name in rng.choice(every, SEARCH, replace=False):
        part = str(rng.choice(["evening", "middle", "morning"]))
        night = SimulatedNight(night=str(name), part=part, minutes=90, weather=("clear",))
        states = _scenes(night, params, np.linspace(0.02, 0.98, 12))
        if kind == "colour":
            shown = render(states, size=96).truth["colour"]
        else:
            bins = sky_table(states.time_utc, params.schedule.site, params.sky)
            shown = (bins["sun_bin"] + " " + bins["moon_bin"]).to_numpy()
        for word in [word for word in missing if missing[word] is None and word in shown]:
            index = int(np.flatnonzero(shown == word)[0])
            missing[word] = Tile(word, _picture(states.take(slice(index, index + 1))))
        if all(tile is not None for tile in missing.values()):
            break
    return [tile for tile in missing.values() if tile is not None]


def _scenes(night: SimulatedNight, params: Params, shares: npt.NDArray[np.float64]) -> Scenes:
    made = campaign.plan(night, params)
    length_s = (made.end_utc - made.begin_utc) / np.timedelta64(1, "s")
    times = made.begin_utc + (shares * length_s).astype("timedelta64[s]")
    return scenes(made, times, params.schedule.site)


def _frame(params: Params, number: int, nights: tuple[str, str], **fields: Any) -> Picture:
    """The middle of a night of the first or the second camera, in turn."""
    return _picture(_scenes(SimulatedNight(night=nights[number % 2], **fields), params, np.array([0.5])))


def _picture(state: Scenes) -> Picture:
    return np.asarray(render(state, size=FRAME_PX).frames[0].permute(1, 2, 0).numpy())
