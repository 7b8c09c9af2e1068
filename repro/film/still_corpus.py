"""One night of still images: the same outputs as of a video, see :mod:`repro.film.film_corpus`.

Where the time stands in the files' names or EXIF data, ``strips/NIGHT.zip`` holds no pictures of a clock but
``stamps.json``: for each frame its time as it was found, as UTC, and the file that it is from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from repro.camera import Camera
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Failure, Task
from repro.engine.workers import Workers, threads_each
from repro.errors import ReproError
from repro.film import cut
from repro.film.frame_archive import add_file, film_outputs, new_archive
from repro.film.still_files import Image, decode_still
from repro.film.stills import Still, find_stills, sampled
from repro.params import FilmParams
from repro.simulated_mark import comment_jpeg, has_comment, has_mark, in_marked_folder

STAMPS = "stamps.json"
_AT_ONCE = 8  # images in memory for each thread
_LOOKS = 8  # images of a night in which the mark of a simulated frame is looked for


@dataclass(frozen=True)
class StillTask(Task):
    """One night for a worker: its sampled images, each with its place among all images of the night."""

    camera: Camera
    params: FilmParams
    stills: tuple[tuple[int, Still], ...]
    scanned: int
    threads: int = 1


def still_tasks(
    images: Path, folder: Path, camera: Camera, params: FilmParams, *, workers: Workers = 0
) -> tuple[list[StillTask], list[Failure]]:
    """The nights of a corpus of stills, and the files that cannot be taken; arguments as for ``film_corpus``."""
    nights, failed = find_stills(images, camera, params)
    base = {"camera": camera.model_dump(), "film": params.model_dump(exclude={"cameras", "max_failed_share"})}
    tasks = []
    for night, stills in nights.items():
        chosen = sampled(stills, camera, params)
        paths = tuple(dict.fromkeys(still.file.path for _, still in chosen))
        if len({(path.parent.name, path.name) for path in paths}) < len(paths):  # by which a receipt knows them
            failed.append(
                Failure(
                    night=night,
                    found="images of one night with the same file name in folders of the same name",
                    expected="paths that differ in the last folder or in the file's name",
                    where=str(images),
                    remedy="rename one of the folders, for example after its card or date",
                )
            )
            continue
        listed = [[place, still.file.name, still.stamp and asdict(still.stamp)] for place, still in chosen]
        settings = settings_digest({**base, "stills": listed, "scanned": len(stills)}, __name__)
        receipt = receipt_path(folder, night)
        work = NightWork(night, paths, film_outputs(folder, night), receipt, settings)
        tasks.append(StillTask(work, len(chosen), camera, params, tuple(chosen), len(stills)))
    threads = threads_each([task.work for task in tasks], workers)
    return [replace(task, threads=threads) for task in tasks], failed


def film_stills(task: StillTask) -> dict[str, Any]:
    """Cut one night's images and return its summary.

    Raises ReproError if more of its images are damaged or of another size than ``film.max_missing_share``.
    """
    camera, night = task.camera, task.work.night
    looked_at = {place for place, _ in task.stills[:: max(1, len(task.stills) // _LOOKS)]}
    rows: list[tuple[int, Still]] = []
    damaged: list[tuple[int, ReproError]] = []
    meridians, simulated = [], False
    with ExitStack() as stack:
        archive, strips = (new_archive(stack, path) for path in task.work.outputs[:2])
        for place, still, image in _decoded(task):
            if isinstance(image, ReproError):
                damaged.append((place, image))
                continue
            jpeg, strip, meridian, marked = image
            number = len(rows)
            simulated = simulated or marked or (place in looked_at and has_mark(jpeg))
            data = cut.encode_jpeg(jpeg, task.params.jpeg_quality)
            add_file(archive, f"{night}_{number}.jpg", comment_jpeg(data) if simulated else data)
            if strip is not None:
                add_file(strips, f"{night}_{number}.png", cut.encode_png(strip))
            meridians.append(meridian)
            rows.append((place, still))
        if len(damaged) > task.params.max_missing_share * len(task.stills) or not rows:
            first = damaged[0][1]
            raise ReproError(
                found=f"{len(damaged)} of {len(task.stills)} images that cannot be used, the first: {first.found}",
                expected=f"{first.expected}; at most {task.params.max_missing_share:.0%} others (film.max_missing_share)",
                where=first.where,
                remedy=first.remedy,
            )
        if camera.time_from != "clock":
            stamps = [{"file": still.file.name, **asdict(still.stamp)} for _, still in rows if still.stamp]
            add_file(strips, STAMPS, json.dumps(stamps, ensure_ascii=False).encode())
        times = np.array([still.stamp.utc_s if still.stamp else place * camera.cadence_s for place, still in rows])
        cut.write_index(task.work, [place for place, _ in rows], (times - times[0]).tolist(), meridians)
    gap_s = float(np.median(np.diff(times))) if len(times) > 1 else camera.cadence_s
    return {
        "simulated": simulated,
        "width_px": camera.frame_px.width,
        "height_px": camera.frame_px.height,
        "step": max(1, round(gap_s / camera.cadence_s)),
        "scanned": task.scanned,
        "sampled": len(rows),
        "missing": len(damaged),
        "length_known": True,
        "undecoded": [place for place, _ in damaged],
    }


Parts = tuple[Image, Image | None, Image, bool]


def _decoded(task: StillTask) -> Iterator[tuple[int, Still, Parts | ReproError]]:
    """Each image's parts (sky, clock strip, meridian, whether a file or folder says it is simulated), or what is wrong."""
    camera = task.camera
    sky, meridian = cut.sky_cutter(camera), cut.meridian(camera)

    def one(still: Still) -> Parts | ReproError:
        try:
            data = still.file.read()
            image = decode_still(data, camera, f"{still.file.path} {still.file.member}".strip())
        except ReproError as error:
            return error
        strip = cut.clock_strip(image, camera) if camera.time_from == "clock" else None
        marked = has_comment(data) or in_marked_folder(still.file.path)
        return scaled(sky(image), camera.output_px), strip, image[meridian], marked

    with ThreadPoolExecutor(task.threads) as pool:
        for start in range(0, len(task.stills), _AT_ONCE * task.threads):
            part = task.stills[start : start + _AT_ONCE * task.threads]
            answers = pool.map(one, [still for _, still in part])
            yield from ((place, still, answer) for (place, still), answer in zip(part, answers, strict=True))


def scaled(image: Image, longer_px: int | None) -> Image:
    """An image (height, width, 3) whose longer side has this length; as it is if None."""
    if longer_px is None or max(image.shape[:2]) == longer_px:
        return image
    factor = longer_px / max(image.shape[:2])
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC))
