"""Nights without pixels, made from the plans of the simulated observatory.

A video is a small table, a clock strip is a line of text, and a frame is a grey square of 8 pixels whose brightness says
how much aurora there is. Truth comes from the plan's episodes, weather and moon by a rough model: it has the shape and
size of the real thing, and is no statement about the sky.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.bench.full_scale.stand_ins import MARGINS
from repro.files import write_table
from repro.observatory import campaign, display, truth, weather
from repro.observatory import video_writer as film
from repro.observatory.plan import Night, Times
from repro.observatory.simulate import FILE_NAME, rows, write_masks
from repro.params import Params
from repro.paths import Paths
from repro.seeding import generator

CAMPAIGN = "full"
LOST_SHARE = 4412 / 219_302  # of the campaign's frames; what remains are the 214,890 of the thesis
_COVER = {"clear": 0.03, "thin": 0.35, "frost": 0.3, "broken": 0.55, "snow": 0.9, "overcast": 0.98}
_FAINT = 0.12  # strength of an episode that is just visible in a clear and moonless sky


def chosen(params: Params, count: int | None = None) -> list[tuple[Night, int]]:
    """Nights of the campaign, ``count`` of them spread evenly over it, or all; with how many frames the camera lost of each."""
    every = campaign.chosen(params, CAMPAIGN)
    places = np.unique(np.linspace(0, len(every) - 1, min(count or len(every), len(every))).round().astype(int))
    items, total = [], 0.0
    for place in places:
        plan = campaign.plan(every[place], params)
        # Rounding the running sum loses the right number over all nights.
        after = total + len(film.key_times(plan)) * LOST_SHARE
        items.append((plan, round(after) - round(total)))
        total = after
    return items


def write_night(plan: Night, lost: int, params: Params, paths: Paths) -> None:
    """Write a night's truth, its masks, and the table that replaces its video; of its frames the camera ``lost`` some."""
    table = true_table(plan, _kept(plan, lost, params.seed), params)
    write_table(paths.truth(params.corpus) / f"{plan.night}.parquet", table)
    # Masks of 8 x 8 pixels of which the first rows are aurora.
    masks = (np.arange(64) < np.rint(64 * table["aurora_share"].to_numpy())[:, None]).reshape(-1, 8, 8)
    write_masks(paths.masks(params.corpus) / f"{plan.night}.npz", masks)
    video = table[["number", "frame", "clock_text", "margin"]].assign(video_time_s=table["frame"] / film.FPS)
    target = paths.videos(params.corpus) / FILE_NAME.format(night=plan.night)
    # Parquet goes by any name; the suffix is what the film stage looks for.
    write_table(target, video)


def true_table(plan: Night, times: Times, params: Params) -> pd.DataFrame:
    """Truth of a night's kept frames, columns as :func:`repro.observatory.simulate.truth_table`, without a picture."""
    t = plan.seconds(times)
    _, kinds = weather.at(plan, t)
    strength, forms = display.brightest_episode(plan, t)
    table = rows(plan, times, kinds, params)
    rng = generator(params.seed, plan.night, "full-scale truth")
    cover = np.clip(np.array([_COVER[str(kind)] for kind in kinds]) + rng.normal(0, 0.05, len(t)), 0, 1)
    moonlight = np.clip(table["moon_alt_deg"], 0, None) / 90 * (table["moon_phase_deg"] / 180) ** 2
    margin = np.log(strength / _FAINT) - 4 * cover - 2 * moonlight.to_numpy() + rng.normal(0, 0.3, len(t))
    margin = np.clip(margin, *MARGINS)
    visible = margin >= 0
    colours = rng.choice(["green", "red", "purple", "pink"], len(t), p=[0.85, 0.08, 0.05, 0.02])
    return table.assign(
        cloud_cover=cover,
        aurora_share=np.minimum(truth.VISIBLE_SHARE * np.exp(margin), 1.0),
        margin=margin,
        visible=visible,
        certain=np.abs(margin) > truth.NEAR,
        form=np.where(visible, forms, "none"),
        colour=np.where(visible, colours, "none"),
        label=truth.label(margin, rng),
    )


def _kept(plan: Night, lost: int, seed: int) -> Times:
    """Times of a night's frames, less those that the camera lost in one pause within the night."""
    times = film.key_times(plan)
    if not lost:
        return times
    # Neither at the beginning nor at the end, where a gap could not be recognised.
    begin = int(generator(seed, plan.night, "pause").integers(1, max(2, len(times) - lost - 1)))
    return np.delete(times, slice(begin, begin + lost))
