"""Grey clock strips to text: Gaussian blur and threshold as published, then many strips in one call of Tesseract.

Starting Tesseract and loading its network costs ten times what a strip costs. A list of images, one page each, pays it
once a call and keeps strips apart, which a tall stack of lines does not always. Measured in ``repro.bench.clock_speed``.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import string
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytesseract

from repro.camera import Clock
from repro.errors import StageError, UnwritableError
from repro.params import ClockParams

Image = npt.NDArray[np.uint8]
# The last page of every call: on a full disk Tesseract truncates its output without an error, and clocks would remain unread.
_END = np.full((48, 48), 255, np.uint8)
# Measured on 525 noisy stamps without any repair: 80 % of fair and 77 % of poor ones are read right at full width, 100 % and
# 88 % at this one, in three quarters of the time.
_SQUEEZE = 0.7
_CLEAR = 10.0  # counts by which dark text must exceed the noise
_OLDEST = (4, 1)  # version 4.0 ignores the list of glyphs
# Sent from outside; a crash on a page has another signal.
_KILLED = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
MARGIN_PX = 8  # white around the text; Tesseract reads glyphs at the very edge badly


@dataclass(frozen=True)
class Preparation:
    """How a strip is prepared for one look of Tesseract."""

    scale: float  # enlargement, cubic
    blur_px: int  # size of the Gaussian kernel after enlargement, odd; OpenCV derives its width
    threshold: int | None  # brightness above which a pixel is text; None for Otsu's
    # Tesseract's page segmentation mode: 7 takes a page for one line, 13 too but without its own corrections.
    layout: int
    # Width of what Tesseract gets over its width so far, at most 1. Its network costs time by the width, and it was trained
    # on letters narrower than those of camera overlays.
    squeeze: float = 1.0


def looks(clock: Clock, params: ClockParams) -> tuple[Preparation, Preparation]:
    """The first look at every strip, as published, and a second, different one at doubtful strips."""
    threshold = None if params.threshold == "otsu" else int(params.threshold)
    blur_px = params.blur_px | 1  # a kernel has a middle
    # Layout 7 gives a confidence that separates right from wrong; layout 13 leaves out Tesseract's own corrections, and
    # another size and kernel move the glyphs' edges, so the two looks seldom make the same mistake.
    first = Preparation(clock.scale, blur_px, threshold, layout=7, squeeze=_SQUEEZE)
    return first, Preparation(clock.scale * 1.5, blur_px + 4, threshold, layout=13)


def bright_text(strips: Sequence[Image]) -> Sequence[Image]:
    """A night's strips with bright text on a dark background: inverted if the text is dark.

    The text does not move, so a mean over strips shows it; it covers less than half of the strip, so the median is the
    background. White text with a black rim is bright.
    """
    mean = _mean(strips)
    background = float(np.median(mean))
    dark = background - float(np.percentile(mean, 1)) > 2 * (float(np.percentile(mean, 99)) - background) + _CLEAR
    return [255 - strip for strip in strips] if dark else strips


def _mean(strips: Sequence[Image]) -> npt.NDArray[np.float64]:
    """Mean of smoothed strips, of at most 127 of them."""
    chosen = strips[:: max(1, len(strips) // 64)]
    return np.asarray(np.mean([cv2.GaussianBlur(strip, (5, 5), 0) for strip in chosen], axis=0))


def text_box(strips: Sequence[Image], min_contrast: int) -> tuple[slice, slice]:
    """Rows and columns of the part that holds bright text in a night's strips, with a margin.

    The clock does not move, so a mean over strips shows it well above the noise. If there is no text, it is the whole
    strip.
    """
    mean = _mean(strips)
    dark = float(np.median(mean))
    text = mean > dark + max(min_contrast / 3, 0.2 * (float(mean.max()) - dark))
    if not text.any():
        return slice(None), slice(None)
    rows, columns = np.flatnonzero(text.any(axis=1)), np.flatnonzero(text.any(axis=0))
    return (
        slice(max(0, rows[0] - 5), rows[-1] + 6),
        slice(max(0, columns[0] - MARGIN_PX), columns[-1] + MARGIN_PX + 1),
    )


def prepare(strip: Image, look: Preparation, min_contrast: int) -> Image | None:
    """Black text on white, shape (height, width); None if the strip shows too little contrast to hold any."""
    big = cv2.resize(strip, None, fx=look.scale, fy=look.scale, interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(big, (look.blur_px, look.blur_px), 0)
    # The 2 % brightest pixels are text wherever there is any: a stamp covers about a tenth of its box.
    if float(np.percentile(smooth, 98)) - float(np.median(smooth)) < min_contrast:
        return None
    kind = cv2.THRESH_BINARY_INV + (cv2.THRESH_OTSU if look.threshold is None else 0)
    binary = cv2.threshold(smooth, look.threshold or 0, 255, kind)[1]
    page = cv2.copyMakeBorder(binary, *(MARGIN_PX,) * 4, cv2.BORDER_CONSTANT, value=255)
    if look.squeeze < 1:
        page = cv2.resize(page, None, fx=look.squeeze, fy=1, interpolation=cv2.INTER_AREA)
    return np.asarray(page, dtype=np.uint8)


def alphabet(clock: Clock) -> str:
    """Glyphs that the camera's formats can print. The space is among them: without it date and time are glued."""
    glyphs = {" ", *"".join(clock.zones_h)}
    for text in clock.formats:
        glyphs |= set(re.sub("%-?[A-Za-z]", "", text))
        glyphs |= set("AMP") if "%p" in text else set()
        glyphs |= set(string.ascii_letters) if "%b" in text or "%B" in text else set()
    return "0123456789" + "".join(sorted(glyphs - set("0123456789")))


def read_strips(
    strips: Sequence[Image], look: Preparation, clock: Clock, params: ClockParams, *, threads: int = 1
) -> list[tuple[str, float]]:
    """Read clock strips, grey uint8, with so many calls of Tesseract at a time: text and confidence of each.

    Strips are cut to :func:`text_box`: layout 13 stumbles over much empty space. The confidence, 0 to 100, is that of the
    least certain word; a strip without text gives ``("", 0.0)``. Raises StageError if Tesseract is not installed, too old,
    without language data, or killed, and UnwritableError if there is no room for temporary files.
    """
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # Tesseract's threads slow it down on such small images
    check_tesseract()
    pages = [(number, page) for number, strip in enumerate(strips)
             if (page := prepare(strip, look, params.min_contrast)) is not None]  # fmt: skip
    config = f'--psm {look.layout} --dpi 150 -c tessedit_char_whitelist="{alphabet(clock)}"'
    size = max(1, min(params.strips_per_call, -(-len(pages) // max(1, threads))))
    parts = [pages[at : at + size] for at in range(0, len(pages), size)]
    with ThreadPoolExecutor(max(1, threads)) as pool:
        read = list(pool.map(lambda part: _read_pages([page for _, page in part], config), parts))
    by_number = dict(zip((number for number, _ in pages), chain.from_iterable(read), strict=True))
    return [by_number.get(number, ("", 0.0)) for number in range(len(strips))]


def check_tesseract() -> None:
    """Check that Tesseract is there and new enough.

    Raises StageError if it is not; no night could be read.
    """
    try:
        version = str(pytesseract.get_tesseract_version())
    except pytesseract.TesseractNotFoundError:
        version = ""
    except SystemExit as error:  # raised by pytesseract for a version that it does not support
        version = str(error)
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) >= _OLDEST:
        return
    raise StageError(
        found=f"an unsupported version of Tesseract: {version.splitlines()[0]}" if version else "no program tesseract",
        expected=f"Tesseract {_OLDEST[0]}.{_OLDEST[1]} or newer with its English data",
        where=f"the search path for programs on {platform.node()}",
        remedy="install it, for example: apt-get install tesseract-ocr tesseract-ocr-eng",
    )


def check_language() -> None:
    """Check that Tesseract reads an empty page.

    Raises StageError if it does not, because its language data are missing or damaged; no night could be read.
    """
    with tempfile.TemporaryDirectory(prefix="repro-clock-") as name:
        page = Path(name) / "page.png"
        page.write_bytes(cv2.imencode(".png", _END)[1].tobytes())
        try:
            pytesseract.image_to_string(str(page))
        except pytesseract.TesseractError as error:
            prefix = os.environ.get("TESSDATA_PREFIX")
            raise StageError(
                found=f"Tesseract cannot start: {error.message}",
                expected="its English language data, eng.traineddata",
                where=f"{platform.node()}, "
                + (f"TESSDATA_PREFIX={prefix}" if prefix else "Tesseract's own folder; TESSDATA_PREFIX is not set"),
                remedy=("unset TESSDATA_PREFIX, or set it to the folder that has eng.traineddata; " if prefix else "")
                + "if the data are not installed: apt-get install tesseract-ocr-eng",
            ) from None


def _read_pages(pages: Sequence[Image], config: str) -> list[tuple[str, float]]:
    with tempfile.TemporaryDirectory(prefix="repro-clock-") as name:
        folder = Path(name)
        files = [folder / f"{number}.png" for number in range(len(pages) + 1)]
        for file, page in zip(files, [*pages, _END], strict=True):
            # OpenCV's own writer reports no error on a full disk.
            file.write_bytes(cv2.imencode(".png", page, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())
        listing = folder / "pages.txt"
        listing.write_text("".join(f"{file}\n" for file in files), encoding="utf-8")
        try:
            words = pytesseract.image_to_data(str(listing), config=config, output_type=pytesseract.Output.DICT)
        except pytesseract.TesseractError as error:
            if -error.status in _KILLED:
                raise StageError(
                    found=f"Tesseract ended by {signal.Signals(-error.status).name} while it read {len(pages)} strips",
                    expected="Tesseract to finish",
                    where=platform.node(),
                    remedy="if memory ran out, lower engine.workers or clock.strips_per_call in params.yaml; run again: what is "
                    "finished is kept",
                ) from None
            check_language()
            # Some pages crash Tesseract. They are found by halving, and the others are still read.
            if len(pages) == 1:
                return [("", 0.0)]
            half = len(pages) // 2
            return _read_pages(pages[:half], config) + _read_pages(pages[half:], config)
    if len(pages) + 1 not in words["page_num"]:
        raise UnwritableError(
            found=f"an output of Tesseract that ends with page {max(words['page_num'], default=0)}",
            expected=f"{len(pages)} pages and an empty one behind them",
            where=tempfile.gettempdir(),
            remedy="free some space for temporary files, or name another folder in TMPDIR, and run again",
        )
    texts: list[list[str]] = [[] for _ in pages]
    sure = [100.0] * len(pages)
    for page, word, confidence in zip(words["page_num"], words["text"], words["conf"], strict=True):
        if page <= len(pages) and str(word).strip():
            texts[page - 1].append(str(word).strip())
            sure[page - 1] = min(sure[page - 1], max(0.0, float(confidence)))
    return [(" ".join(text), value if text else 0.0) for text, value in zip(texts, sure, strict=True)]
