"""Speed of reading clocks beside one call of pytesseract a frame, at the same accuracy."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytesseract
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from repro.camera import Camera, load_camera
from repro.clock import ocr
from repro.engine.workers import worker_count
from repro.params import ClockParams

ROUNDS, STRIPS, BASELINE_STRIPS = 4, 200, 15


def make_strips(camera: Camera, count: int) -> tuple[list[ocr.Image], list[str]]:
    """Noisy, compressed strips of the AuroraMAX clock and what they say, from a fixed seed."""
    rng = np.random.default_rng(20240201)
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 16)
    box, strips, texts = camera.clock.box_px, [], []
    for number in range(count):
        hour, minute = divmod(number % 720, 60)
        text = f"2024-02-01 {hour:02d}:{minute:02d}:{rng.integers(60):02d} MST"
        canvas = PillowImage.new("L", (box.width, box.height), 30)
        ImageDraw.Draw(canvas).text((28, box.height - 12), text, font=font, fill=190, anchor="ls")
        noisy = np.clip(np.asarray(canvas) + rng.normal(0, 8, (box.height, box.width)), 0, 255).astype(np.uint8)
        coded = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
        strips.append(np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8))
        texts.append(text)
    return strips, texts


def read_one_by_one(strips: list[ocr.Image]) -> list[str]:
    """The naive way: blur, threshold, and one call of Tesseract a strip."""
    texts = []
    for strip in strips:
        big = cv2.resize(strip, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        smooth = cv2.GaussianBlur(big, (5, 5), 0)
        binary = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)[1]
        texts.append(pytesseract.image_to_string(binary, config="--psm 7").strip())
    return texts


def bench(workers: int = 0) -> dict[str, str | float]:
    """Measure strips read a second: ours, one call a strip, and Tesseract reading prepared pages and nothing else.

    Ours has as many calls at a time as the clock stage has, the baseline has one. On one core the gain is about 11, for a
    strip costs 10 ms of which Tesseract's network takes nearly all, and a call costs 100 ms besides; cores multiply it.
    The three are measured in turn, so that a machine that grows busy slows all of them. The shares of stamps read right,
    without any repair, are in ``accuracy`` and ``accuracy_baseline``.

    Parameters
    ----------
    workers : int
        Calls at a time, 0 for one a core.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    camera, params, threads = load_camera("auroramax"), ClockParams(), worker_count(workers)
    strips, texts = make_strips(camera, ROUNDS * STRIPS)
    first, _ = ocr.looks(camera.clock, params)
    spent = {"ours": 0.0, "baseline": 0.0, "limit": 0.0}
    right = {"ours": 0, "baseline": 0}
    for number in range(ROUNDS):
        some = slice(number * STRIPS, (number + 1) * STRIPS)
        began = time.perf_counter()
        box = ocr.text_box(strips[some], params.min_contrast)
        cut = [strip[box] for strip in strips[some]]
        read = [text for text, _ in ocr.read_strips(cut, first, camera.clock, params, threads=threads)]
        ended = time.perf_counter()
        for strip in cut:
            ocr.prepare(strip, first, params.min_contrast)
        preparing_s = time.perf_counter() - ended
        spent["ours"] += ended - began
        spent["limit"] += ended - began - preparing_s
        right["ours"] += _right(read, texts[some])
        few = slice(some.start, some.start + BASELINE_STRIPS)
        began = time.perf_counter()
        slow = read_one_by_one(strips[few])
        spent["baseline"] += time.perf_counter() - began
        right["baseline"] += _right(slow, texts[few])
    rates = {
        way: ROUNDS * (BASELINE_STRIPS if way == "baseline" else STRIPS) / seconds for way, seconds in spent.items()
    }
    return {
        "name": "clock",
        **{way: round(rate, 2) for way, rate in rates.items()},
        "ratio_to_baseline": round(rates["ours"] / rates["baseline"], 2),
        "ratio_to_limit": round(rates["ours"] / rates["limit"], 3),
        "unit": f"frames read per second, {threads} calls at a time",
        "accuracy": round(right["ours"] / (ROUNDS * STRIPS), 4),
        "accuracy_baseline": round(right["baseline"] / (ROUNDS * BASELINE_STRIPS), 4),
    }


def _right(read: list[str], texts: list[str]) -> int:
    return sum(one == two for one, two in zip(read, texts, strict=True))
