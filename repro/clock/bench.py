"""Speed of reading clocks beside one call of pytesseract a frame, at the same accuracy."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytesseract
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from repro.clock import ocr
from repro.film.profile import Camera, load_camera
from repro.params import ClockParams

FRAMES, BASELINE_FRAMES = 600, 60


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


def bench() -> dict[str, str | float]:
    """Measure strips read in a second of processor time, Tesseract's included.

    Processor time, because nights are read side by side and fill all cores: what counts is what a strip costs. ``limit``
    is Tesseract reading prepared pages from one list and nothing else. The shares of stamps read right, without any
    repair, are in ``accuracy`` and ``accuracy_baseline``.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    camera, params = load_camera("auroramax"), ClockParams()
    strips, texts = make_strips(camera, FRAMES)
    first, _ = ocr.looks(camera.clock, params)

    began = _processor_s()
    part = ocr.text_box(strips, params.min_contrast)
    cut = [strip[part] for strip in strips]
    read = [text for text, _ in ocr.read_strips(cut, first, camera.clock, params)]
    ours_s = (_processor_s() - began) / FRAMES

    began = _processor_s()
    for strip in cut:
        ocr.prepare(strip, first, params.min_contrast)
    limit_s = ours_s - (_processor_s() - began) / FRAMES

    began = _processor_s()
    slow = read_one_by_one(strips[:BASELINE_FRAMES])
    baseline_s = (_processor_s() - began) / BASELINE_FRAMES
    return {
        "name": "clock",
        "ours": round(1 / ours_s, 2),
        "baseline": round(1 / baseline_s, 2),
        "limit": round(1 / limit_s, 2),
        "ratio_to_baseline": round(baseline_s / ours_s, 2),
        "ratio_to_limit": round(limit_s / ours_s, 3),
        "unit": "frames read per second of processor time",
        "accuracy": round(_right(read, texts), 4),
        "accuracy_baseline": round(_right(slow, texts[:BASELINE_FRAMES]), 4),
    }


def _processor_s() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def _right(read: list[str], texts: list[str]) -> float:
    return sum(one == two for one, two in zip(read, texts, strict=True)) / len(texts)
