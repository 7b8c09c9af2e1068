"""One night's video: frames, clock strips, frame index and keogram, all in one pass; a corpus of videos or of stills.

Outputs of a night, in the stage's folder:

- ``frames/NIGHT.zip``: masked, cropped JPEGs named ``NIGHT_N.jpg``, stored without further compression;
- ``strips/NIGHT.zip``: the brightness of the clock's corner of each, PNG, lossless, ``NIGHT_N.png``;
- ``index/NIGHT.parquet``: the frame table's first columns;
- ``keograms/NIGHT.png``: the meridian of each frame as one column, north at the top.

The frames are stored here only. The clock stage gives each its published name in the frame table, and
:mod:`repro.film.frame_archive` reads a frame by either name.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.camera import Camera
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Failure, Outcome, Task, run_nights
from repro.engine.workers import Workers, threads_each
from repro.errors import ReproError
from repro.film import cut
from repro.film.decode import Scan, Video
from repro.film.frame_archive import add_file, film_outputs, new_archive
from repro.film.packets import count_frames
from repro.film.still_corpus import film_stills, still_tasks
from repro.film.videos import find_videos
from repro.params import FilmParams
from repro.simulated_mark import comment_jpeg, is_simulated

_ENCODERS, _WAITING = 2, 8  # threads that encode, and frames that may be queued


@dataclass(frozen=True)
class FilmTask(Task):
    """One night for a worker."""

    camera: Camera
    params: FilmParams
    threads: int = 1


def film_corpus(videos: Path, folder: Path, camera: Camera, params: FilmParams, *, workers: Workers = 0) -> Outcome:
    """Film every night of a corpus that needs it.

    ``videos`` is the folder of the videos or still images, ``folder`` the stage's output folder; ``workers`` is as for
    :func:`repro.engine.workers.run`. Raises ReproError if there is no video or image. Errors of single nights are in the
    outcome.
    """
    if camera.frames == "stills":
        nights, failed = still_tasks(videos, folder, camera, params, workers=workers)
        return run_nights("film", folder, nights, film_stills, workers=workers, unit="images", failed=failed)
    tasks, failed = film_tasks(videos, folder, camera, params, workers=workers)
    return run_nights("film", folder, tasks, film_night, workers=workers, failed=failed)


def film_tasks(
    videos: Path, folder: Path, camera: Camera, params: FilmParams, *, workers: Workers = 0
) -> tuple[list[FilmTask], list[Failure]]:
    """The nights of a corpus of videos, as :func:`film_corpus` films them, and files that cannot be used."""
    video_of, failed = find_videos(videos, camera)
    settings = settings_digest(
        {"camera": camera.model_dump(), "film": params.model_dump(exclude={"cameras", "max_failed_share"})}, __name__
    )
    works = [
        NightWork(night, (video,), film_outputs(folder, night), receipt_path(folder, night), settings)
        for night, video in video_of.items()
    ]
    threads = threads_each(works, workers)
    return [FilmTask(work, count_frames(work.inputs[0]), camera, params, threads) for work in works], failed


def film_night(task: FilmTask) -> dict[str, Any]:
    """Film one night and return its summary: the video's frame rate, counts of frames, and what is missing.

    Raises ReproError if the video is empty, not a video, of another size, of uneven frame rate, or lacks too many
    frames.
    """
    camera, night, (path,) = task.camera, task.work.night, task.work.inputs
    video = Video(path, camera, task.params.sampling, threads=task.threads)
    simulated = is_simulated(path)
    sky, (rows, columns) = cut.sky_cutter(camera), cut.meridian(camera)
    indices, times_s, meridians = [], [], []
    with ExitStack() as stack:
        # The archives are renamed into place only when the night is complete.
        archive, strips = (new_archive(stack, path) for path in task.work.outputs[:2])
        # Encoding runs in parallel with decoding: both release Python's lock.
        pool = stack.enter_context(ThreadPoolExecutor(_ENCODERS))
        coded: deque[tuple[int, Future[bytes], Future[bytes]]] = deque()

        def store(most: int) -> None:
            while len(coded) > most:
                number, jpeg, png = coded.popleft()
                data = jpeg.result()
                add_file(archive, f"{night}_{number}.jpg", comment_jpeg(data) if simulated else data)
                add_file(strips, f"{night}_{number}.png", png.result())

        for number, (frame, time_s, image) in enumerate(video.sampled()):
            jpeg = pool.submit(cut.encode_jpeg, sky(image), task.params.jpeg_quality)
            coded.append((number, jpeg, pool.submit(cut.encode_png, cut.clock_strip(image, camera))))
            meridians.append(image[rows, columns])
            indices.append(frame)
            times_s.append(time_s)
            store(_WAITING)
        store(0)
        _check_missing(video.scan, path, task.params.max_missing_share)
        if not meridians:
            raise ReproError(
                found=f"no frame that can be decoded among {video.scan.frames}",
                expected="a video",
                where=str(path),
                remedy="download the video again, or remove it from the folder",
            )
        cut.write_index(task.work, indices, times_s, meridians)
    scan = video.scan
    return {
        "video": path.name,
        "fps": scan.fps,
        "simulated": simulated,
        "width_px": camera.frame_px.width,  # another size is an error
        "height_px": camera.frame_px.height,
        "frames_per_exposure": scan.frames_per_exposure,
        "step": scan.step,
        "scanned": scan.frames,
        "sampled": len(indices),
        "missing": scan.missing,
        "length_known": scan.length_known,
        "holes": [list(hole) for hole in scan.holes],
        "undecoded": scan.undecoded,
    }


def _check_missing(scan: Scan, path: Path, limit: float) -> None:
    expected = f"at most {limit:.0%} missing (film.max_missing_share)"
    if scan.cut_off and limit < 1:
        raise ReproError(
            found=f"a file that is cut off after {scan.frames} frames; it does not say how many it should have",
            expected=expected,
            where=str(path),
            remedy="download the video again; or set film.max_missing_share to 1.0 to keep the rest",
        )
    if scan.missing > limit * max(scan.declared, scan.frames):
        raise ReproError(
            found=f"{scan.frames} frames of {max(scan.declared, scan.frames)}; {scan.missing} are missing or damaged",
            expected=expected,
            where=f"{path}, from frame {min([scan.frames, *(after + 1 for after, _ in scan.holes), *scan.undecoded])} on",
            remedy="download the video again, as it is cut off or damaged; or raise film.max_missing_share to keep the "
            "rest",
        )
