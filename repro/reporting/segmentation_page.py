"""What the report shows of the KOPRI record: both methods on the same images, and maps of occurrence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from repro.files import atomic_path, read_json
from repro.params import Params
from repro.paths import Paths
from repro.reporting import segmentation_figures as figures
from repro.reporting.frame_pictures import QUALITY
from repro.segmentation.cells import cell_map
from repro.segmentation.compare_corpus import read_maps
from repro.segmentation.image_corpus import find_images, read_change, read_image, read_mask, read_probability
from repro.sky.magnetic import magnetic_place
from repro.untrusted import read_table

MADE_BY = "make records"
SIDE_PX = 256
LAG_COUNTS = (3.0, 12.0)  # thresholds between which the two lags are compared
TRUTH_COLOUR, DETECTED_COLOUR, CIRCLE_COLOUR = (255, 255, 255), (255, 190, 60), (120, 130, 140)
Picture = npt.NDArray[np.uint8]


class Example(NamedTuple):
    """One image on the page, and the same with truth and both detections; ``pictures`` are names and paths from the page."""

    name: str
    caption: str
    pictures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Segmentation:
    """Documents of the stages train and compare, and what is drawn of them."""

    corpus: str
    simulated: bool
    train: Mapping[str, Any]
    compare: Mapping[str, Any]
    examples: tuple[Example, ...]
    methods: tuple[tuple[str, str], ...]
    equatorward_deg: float
    threshold_counts: float
    lags: tuple[int, ...]

    @property
    def held(self) -> Mapping[str, Any]:
        """Numbers of the held-out images."""
        held_out: Mapping[str, Any] = self.compare["held_out"]
        return held_out

    @property
    def lag_range(self) -> tuple[float, float] | None:
        """Lowest and highest ratio of the occurrences of both lags, over thresholds at which neither is a handful of cells."""
        ratios = self.held["lag_ratio"] or {}
        low, high = LAG_COUNTS
        chosen = [ratio for threshold, ratio in ratios.items() if low <= float(threshold) <= high]
        return (min(chosen), max(chosen)) if chosen else None


def load_segmentation(paths: Paths, params: Params, target: Path) -> Segmentation | None:
    """Read what the stages of the KOPRI record left, draw figures and pictures; None if they have not run."""
    corpus = params.kopri.corpus
    folder = paths.stage(corpus, "compare")
    if not (folder / "compare.json").is_file():
        return None
    document = read_json(folder / "compare.json", made_by=MADE_BY)
    simulated = bool(document["simulated"])
    table = read_table(folder / "curves.parquet", made_by=MADE_BY)
    maps = read_maps(read_table(folder / "occurrence.parquet", made_by=MADE_BY))
    place = magnetic_place(params.kopri.place, 2020)
    folder_of_figures = target / "figures"
    figures.draw_precision_recall(table, folder_of_figures, simulated=simulated)
    figures.draw_factor(table, folder_of_figures, simulated=simulated)
    figures.draw_maps(maps, place.equatorward_azimuth_deg, folder_of_figures, simulated=simulated)
    return Segmentation(
        corpus, simulated, read_json(paths.stage(corpus, "train") / "train.json", made_by=MADE_BY), document,
        _examples(paths, params, target, place.equatorward_azimuth_deg),
        tuple((method, figures.method_name(method)) for method in maps), place.equatorward_azimuth_deg,
        params.kopri.difference.threshold_counts, params.kopri.difference.lags_min,
    )  # fmt: skip


def _examples(paths: Paths, params: Params, target: Path, equatorward_deg: float) -> tuple[Example, ...]:
    kopri = params.kopri
    chosen = read_table(paths.stage(kopri.corpus, "compare") / "examples.parquet", made_by=MADE_BY)
    corpus = find_images(paths.corpus(kopri.corpus), kopri.site)
    files = corpus.table.set_index("name")
    result = []
    for row in chosen.to_dict("records"):
        name, night = str(row["name"]), str(row["night"])
        image = read_image(Path(str(files.loc[name, "image"])), SIDE_PX, corpus.circle)
        panels: dict[str, Picture] = {"image": image}
        if files.loc[name, "mask"]:
            mask = read_mask(Path(str(files.loc[name, "mask"])), SIDE_PX, corpus.circle)
            panels["truth"] = painted(mask, TRUTH_COLOUR)
        change = read_change(paths.stage(kopri.corpus, "difference") / "nights" / f"{night}.npz")
        index = int(np.flatnonzero(change.names == name)[0])
        for lag, values in change.change.items():
            flags = values[index] > kopri.difference.threshold_counts
            panels[f"differencing, {lag} min"] = painted(cell_map(SIDE_PX).paint(flags), DETECTED_COLOUR)
        names, probability = read_probability(paths.stage(kopri.corpus, "segment") / "nights" / f"{night}.npz")
        detected = probability[int(np.flatnonzero(names == name)[0])] >= np.ceil(255 * kopri.threshold)
        enlarged = np.asarray(Image.fromarray(detected).resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST))
        panels["network"] = painted(enlarged, DETECTED_COLOUR)
        pictures, circle = [], figures.circles(SIDE_PX)[..., None]  # of elevation, every 10 deg
        for title, panel in panels.items():
            shown = figures.turned(panel, equatorward_deg)
            faded = (shown * 0.55 + np.array(CIRCLE_COLOUR) * 0.45).astype(np.uint8)
            file = f"segmentation/{name}.{title.split(',')[0]}{title[-5:-4] if 'min' in title else ''}.webp"
            with atomic_path(target / file) as temporary:
                Image.fromarray(np.where(circle, faded, shown)).save(temporary, quality=QUALITY)
            pictures.append((title, file))
        words = [str(row[key]) for key in ("motion", "place", "light", "weather")]
        caption = ", ".join(word for word in words if word not in ("unknown", "none"))
        result.append(Example(name, caption, tuple(pictures)))
    return tuple(result)


def painted(flags: npt.NDArray[np.bool_], colour: tuple[int, int, int]) -> Picture:
    """Flagged pixels in a colour on black, uint8 (size, size, 3)."""
    return np.asarray(flags[..., None] * np.array(colour, np.uint8), np.uint8)
