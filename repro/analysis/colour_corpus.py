"""How much of each frame of a corpus the colour rule calls auroral, one night at a time.

Output of a night, in its folder: ``tables/NIGHT.parquet`` with ``night``, ``number``, ``green_share``, ``pink_share``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from repro.analysis.colour_rule import COLUMNS, SIDE_PX, Picture, shares
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Outcome, Task, run_nights, summaries
from repro.engine.workers import Workers
from repro.files import write_table
from repro.film.frame_archive import film_outputs, read_frame
from repro.untrusted import count_in, open_picture, read_table


def colour_corpus(film: Path, folder: Path, *, workers: Workers = 0) -> Outcome:
    """Apply the colour rule to every night that needs it.

    ``film`` is the output folder of stage film; the tables go to ``folder``. It is a ReproError if no night was filmed.
    """
    settings = settings_digest({"side_px": SIDE_PX}, __name__)
    tasks = []
    for night, summary in summaries(film, made_by="film").items():
        archive, _, index, _ = film_outputs(film, night)
        outputs = (folder / "tables" / f"{night}.parquet",)
        work = NightWork(night, (archive, index), outputs, receipt_path(folder, night), settings)
        count = count_in(summary, "sampled", where=receipt_path(film, night), made_by="dvc repro film")
        tasks.append(Task(work, count))
    return run_nights("colour rule", folder, tasks, colour_night, workers=workers)


def colour_night(task: Task) -> dict[str, Any]:
    """Apply the colour rule to one night and write its table."""
    archive, index = task.work.inputs
    table = read_table(index, made_by="dvc repro film", columns=["night", "number"])
    names = [f"{night}_{number}.jpg" for night, number in table.itertuples(index=False)]
    counted = shares([scaled(read_frame(archive, name), f"{archive}, {name}") for name in names])
    for place, column in enumerate(COLUMNS):
        table[column] = counted[:, place]
    write_table(task.work.outputs[0], table)
    return {"frames": len(table)}


def scaled(data: bytes, name: str) -> Picture:
    """A frame, RGB uint8 (SIDE_PX, SIDE_PX, 3), out of its JPEG.

    It is a ReproError, which bears ``name``, if it is no image, a damaged one, or larger than any frame.
    """
    with open_picture(data, name) as image:
        image.draft("RGB", (2 * SIDE_PX, 2 * SIDE_PX))  # a JPEG is decoded at half or quarter size where that is enough
        return np.asarray(image.convert("RGB").resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR), np.uint8)
