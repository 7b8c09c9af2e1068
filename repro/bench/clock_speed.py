"""Speed of reading clocks beside one call of pytesseract a frame, at the same accuracy."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from typing import Any

import cv2
import numpy as np
import pytesseract
from PIL import Image as PillowImage
from PIL import ImageDraw

from repro.bench.rates import speed_document
from repro.camera import Camera, load_camera
from repro.clock import ocr
from repro.clock.read_clock import ClockSetup, read_clock
from repro.engine.workers import worker_count
from repro.observatory.overlay import font
from repro.params import ClockParams

NIGHT, STRIPS, BASELINE_STRIPS = "20240202", 650, 30  # a winter night at the published sampling


def make_strips(camera: Camera, count: int) -> tuple[list[ocr.Image], list[str]]:
    """Noisy, compressed strips of a night of the AuroraMAX clock and their stamps, from a fixed seed."""
    rng = np.random.default_rng(20240201)
    box, strips, texts = camera.printed_clock.box_px, [], []
    for number in range(count):
        # 60.475 s from sample to sample, as in the record; the seconds run through all digits.
        text = f"{datetime(2024, 2, 1, 19, 0, 7) + timedelta(seconds=int(60.475 * number)):%Y-%m-%d %H:%M:%S} MST"
        canvas = PillowImage.new("L", (box.width, box.height), 30)
        ImageDraw.Draw(canvas).text((28, box.height - 12), text, font=font("DejaVuSans", 16), fill=190, anchor="ls")
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


def bench() -> dict[str, Any]:
    """Measure strips read a second: both engines, one call a strip, and Tesseract reading prepared pages and nothing else.

    ``ours`` is the engine ``learned`` on a night of :data:`STRIPS` frames, from strips to times; ``tesseract`` is the other
    engine likewise. Both have as many calls at a time as the clock stage has, the baseline has one. The shares of stamps
    read right are in ``accuracy``, ``accuracy_tesseract`` and ``accuracy_baseline``, the last one without any repair;
    ``disagreements`` counts the frames to which the engines give different times.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    camera, threads = load_camera("auroramax"), worker_count(0)
    strips, texts = make_strips(camera, STRIPS)
    stamps, seconds = {}, {}
    for engine in ("learned", "tesseract"):
        began = time.perf_counter()
        setup = ClockSetup(NIGHT, camera, ClockParams(engine=engine), 10)
        stamps[engine] = read_clock(strips, setup, threads=threads).table["clock_text"].tolist()
        seconds[engine] = time.perf_counter() - began
    few = slice(0, STRIPS, STRIPS // BASELINE_STRIPS)
    began = time.perf_counter()
    slow = read_one_by_one(strips[few])
    seconds["baseline"] = (time.perf_counter() - began) * STRIPS / len(slow)
    params = ClockParams()
    first, _ = ocr.looks(camera.printed_clock, params)
    box = ocr.text_box(strips, params.min_contrast)
    began = time.perf_counter()
    for strip in strips:
        ocr.prepare(strip[box], first, params.min_contrast)
    seconds["limit"] = seconds["tesseract"] - (time.perf_counter() - began)
    rates = {way: STRIPS / spent_s for way, spent_s in seconds.items()}
    ordered = {"ours": rates["learned"], **{way: rates[way] for way in ("baseline", "limit", "tesseract")}}
    return speed_document(
        "clock",
        f"frames read per second, {threads} calls at a time",
        ordered,
        accuracy=round(_right(stamps["learned"], texts) / STRIPS, 4),
        accuracy_tesseract=round(_right(stamps["tesseract"], texts) / STRIPS, 4),
        accuracy_baseline=round(_right(slow, texts[few]) / len(slow), 4),
        disagreements=STRIPS - _right(stamps["learned"], stamps["tesseract"]),
    )


def _right(read: list[str], texts: list[str]) -> int:
    return sum(one == two for one, two in zip(read, texts, strict=True))
