"""Speed of the film stage beside the loop one would write first, and beside decoding alone."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from repro.bench.rates import best_rates, speed_document
from repro.camera import Camera, load_camera
from repro.engine.receipts import NightWork
from repro.film.film_corpus import FilmTask, film_night
from repro.film.frame_archive import film_outputs
from repro.params import FilmParams

FRAMES = 900  # an hour and a half of a night
ROUNDS = 3


def make_video(path: Path, camera: Camera) -> None:
    """Write drifting clouds of noise in the camera's frame size, H.264 at 25 frames a second, from a fixed seed."""
    width, height = camera.frame_px.width, camera.frame_px.height
    rng = np.random.default_rng(20240201)
    coarse = rng.integers(10, 90, (height // 20 + 8, width // 20 + 8, 3), dtype=np.uint8)
    sky = cv2.resize(coarse, (width + 160, height + 160), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 8, (8, height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "medium", "crf": "23"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(FRAMES):
            x, y = (number // 3) % 160, (number // 5) % 160
            image = cv2.add(sky[y : y + height, x : x + width], grain[number % 8])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def decode_only(video: Path) -> int:
    """Decode every frame in one thread and convert none.

    The film stage can be cheaper still: it leaves out frames that are neither sampled nor referred to.
    """
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count


def read_every_frame(video: Path, camera: Camera, folder: Path) -> int:
    """The naive way: read and convert every frame, keep every tenth, one JPEG file each."""
    capture = cv2.VideoCapture(str(video))
    step = camera.step(capture.get(cv2.CAP_PROP_FPS), "published")
    box, circle, clock = camera.crop_px, camera.circle_px, camera.printed_clock.box_px
    count = 0
    while True:
        good, image = capture.read()
        if not good:
            break
        if count % step == 0:
            mask = np.zeros(image.shape[:2], np.uint8)
            cv2.circle(mask, (round(circle.x), round(circle.y)), round(circle.radius), 255, -1)
            masked = cv2.bitwise_and(image, image, mask=mask)
            cv2.imwrite(str(folder / f"{count}.jpg"), masked[box.rows, box.columns])
            cv2.imwrite(str(folder / f"{count}.png"), image[clock.rows, clock.columns])
        count += 1
    capture.release()
    return count


def bench() -> dict[str, Any]:
    """Measure frames scanned in a second of processor time, the best of several rounds each.

    Processor time, because nights are filmed side by side and fill all cores: what counts is what a frame costs.
    """
    camera = load_camera("auroramax")
    with tempfile.TemporaryDirectory(prefix="repro-film-") as name:
        folder = Path(name)
        video = folder / "bench.mp4"
        make_video(video, camera)
        work = NightWork("20240201", (video,), film_outputs(folder, "20240201"), folder / "receipt.json", "")
        task = FilmTask(work, 0, camera, FilmParams())
        jpegs = folder / "jpegs"
        jpegs.mkdir()
        count = decode_only(video)
        ways = {
            "ours": (count, lambda: int(film_night(task)["scanned"])),
            "baseline": (count, lambda: read_every_frame(video, camera, jpegs)),
            "limit": (count, lambda: decode_only(video)),
        }
        rates, _ = best_rates(ways, ROUNDS, clock=time.process_time)
    return speed_document("film", "frames scanned per second of processor time", rates)
