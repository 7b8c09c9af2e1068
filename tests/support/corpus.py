"""A tiny corpus as the stages film and sky leave it; test support, no part of the library."""

import numpy as np
import pandas as pd

from repro import frames
from repro.engine.receipts import NightWork, write
from repro.files import write_table
from repro.paths import Paths
from tests.support.frames import night_frames
from tests.support.images import sky, write_archive

SIDE = 72
#: Condition of each frame, in turn: six of ten are dark and without moon.
CONDITIONS = (
    *[("Night", "No_moon")] * 6, ("Astro", "No_moon"), ("Nautical", "No_moon"), ("Night", "Moon_Full"), ("Nautical", "Moon_Quarter"),
)  # fmt: skip


def add_night(project: Paths, corpus: str, night: str, count: int, *, truth: bool = False) -> pd.DataFrame:
    """Add a night of which every third frame shows a bright arc; gives the table with the column ``aurora``."""
    table = night_frames(night, count)
    cells = [CONDITIONS[k % len(CONDITIONS)] for k in range(count)]
    table["sun_bin"], table["moon_bin"] = (pd.Series([cell[k] for cell in cells], dtype="str") for k in range(2))
    aurora = np.arange(count) % 3 == 0
    rng = np.random.default_rng(int(night))
    images = {name: sky(rng, aurora=bool(lit), size_px=SIDE) for name, lit in zip(table["name"], aurora, strict=True)}
    film, seen = (project.stage(corpus, stage) for stage in ("film", "sky"))
    write(NightWork(night, (), (), film / "receipts" / f"{night}.json", "s"), {"simulated": truth, "sampled": count})
    write_archive(film / "frames" / f"{night}.zip", images)
    frames.write(film / "index" / f"{night}.parquet", table[["night", "number", "frame", "video_time_s"]], "film")
    target = seen / "tables" / f"{night}.parquet"
    frames.write(target, table, "sky")
    write(NightWork(night, (), (target,), seen / "receipts" / f"{night}.json", "s"), {"frames": count})
    if truth:
        _add_truth(project, corpus, night, table, aurora, images)
    return table.assign(aurora=aurora)


def _add_truth(
    project: Paths, corpus: str, night: str, table: pd.DataFrame, aurora: np.ndarray, images: dict[str, np.ndarray]
) -> None:
    known = table[["night", "number"]].assign(
        visible=aurora,
        certain=np.arange(len(table)) % 5 > 0,
        label=pd.Series(np.where(aurora, "yes", "no"), dtype="str"),
        weather=np.resize(["clear", "overcast", "snow", "thin"], len(table)),
        form=np.where(aurora, np.resize([*["arc"] * 3, *["corona"] * 3, "diffuse"], len(table)), "none"),
        colour=np.where(aurora, np.resize([*["red"] * 3, *["purple"] * 2, "pink"], len(table)), "none"),
    )
    write_table(project.truth(corpus) / f"{night}.parquet", known)
    lit = np.stack([image[..., 1] > 90 for image in images.values()])
    project.masks(corpus).mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        project.masks(corpus) / f"{night}.npz", mask=np.packbits(lit, axis=-1), shape=np.array(lit.shape)
    )
