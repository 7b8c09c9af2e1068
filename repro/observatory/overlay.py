"""What the camera's software burns into a frame: logo, name, site and clock, as in the reference frame of 2022-12-01.

The mark of simulated frames is drawn with them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import numpy.typing as npt
import pytz
from PIL import Image, ImageDraw, ImageFont

from repro.params import Overlay
from repro.simulated_mark import draw_mark

Picture = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 1280, 720
CIRCLE_LEFT = (WIDTH - HEIGHT) // 2  # the sky's square lies in the middle of the frame
CLOCK_LEFT, CLOCK_BASELINE = 868, 708  # the clock begins here, in pixels from the frame's top left corner
CLOCK_BOX = (860, 686, 250, 30)  # left, top, width, height of all that a clock can cover
CLOCK_FORMATS = {1: "%Y/%m/%d %H:%M:%S", 2: "%Y-%m-%d %H:%M:%S %Z"}  # by camera generation
_WHITE, _GREEN, _ORANGE = 255, (52, 148, 60), (233, 128, 32)


def clock_text(time_utc: np.datetime64, generation: int, time_zone: str) -> str:
    """The clock's text at a moment: local time, with slashes (first camera) or dashes and the zone's name (second).

    Fractions of a second are cut off.
    """
    second = int(time_utc.astype("datetime64[s]").astype("int64"))
    local = datetime.fromtimestamp(second, UTC).astimezone(pytz.timezone(time_zone))
    return local.strftime(CLOCK_FORMATS[generation])


@lru_cache(maxsize=8)
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A typeface of a size in pixels."""
    # DejaVu comes with matplotlib, so the picture is the same on every machine.
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size)


def smeared(text: str, number: int) -> str:
    """What a clock's text looks like where strokes run together, in the ways that Table 1 of the thesis lists.

    A 1 looks like a 4 or a 2, or a stray stroke like a 4 more; each of Table 1's repairs gives the true text back. ``text``
    is ``YYYY-MM-DD HH:MM:SS`` with dashes or slashes, perhaps followed by a zone; ``number`` chooses among the ways that
    are possible.
    """
    ways = [f"{text[:11]}4{text[11:]}", f"{text[:14]}4{text[14:]}"]
    if text[8:10] == "31":
        ways.append(f"{text[:9]}4{text[10:]}")
    elif text[8] == "1":
        ways.append(f"{text[:8]}4{text[9:]}")
    if text[11] == "1" and text[12] in "456789":
        ways.append(f"{text[:11]}2{text[12:]}")
    return ways[number % len(ways)]


def clock_image(text: str, overlay: Overlay = "sharp", number: int = 0) -> Picture:
    """Brightness of the clock, 0 to 255, shape of CLOCK_BOX (height, width).

    ``overlay`` is ``sharp``, or ``faint``, an eighth as bright, always. The others spoil one minute of three: ``blurred``,
    a Gaussian of 1.5 pixels; ``coarse``, a JPEG of quality 2; ``smeared``, see :func:`smeared`.
    """
    spoiled = number % 3 == 1
    if overlay == "smeared" and spoiled:
        text = smeared(text, number // 3)
    left, top, width, height = CLOCK_BOX
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    draw.text((CLOCK_LEFT - left, CLOCK_BASELINE - top), text, font=font("DejaVuSans", 17), fill=_WHITE, anchor="ls")
    clock = np.asarray(image)
    if overlay == "faint":
        clock = clock // 8
    elif overlay == "blurred" and spoiled:
        clock = np.asarray(cv2.GaussianBlur(clock, (0, 0), 1.5), np.uint8)
    elif overlay == "coarse" and spoiled:
        data = cv2.imencode(".jpg", clock, [cv2.IMWRITE_JPEG_QUALITY, 2])[1]
        clock = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return clock


@lru_cache(maxsize=1)
def frame_art() -> Picture:
    """All of the overlay that does not change, on black, uint8 (HEIGHT, WIDTH, 3) RGB, with the mark of a simulated frame."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(image)
    white = (_WHITE,) * 3
    draw.text((222, 32), "AuroraMAX", font=font("DejaVuSans-Bold", 20), fill=white, anchor="ls")
    draw.text((1058, 32), "Yellowknife NWT", font=font("DejaVuSans", 20), fill=white, anchor="rs")
    # A half disc, green over orange, with a green sweep above it and the name below: the shape of the mission's logo.
    draw.pieslice((226, 646, 322, 742), 180, 360, fill=_ORANGE)
    draw.pieslice((226, 646, 322, 742), 180, 255, fill=_GREEN)
    draw.polygon([(232, 676), (276, 650), (318, 634), (280, 660), (244, 690)], fill=_GREEN)
    draw.rectangle((220, 690, 330, 719), fill=(0, 0, 0))
    draw.text((222, 706), "Aurora", font=font("DejaVuSans-Bold", 15), fill=_GREEN, anchor="ls")
    draw.text((280, 706), "MAX", font=font("DejaVuSans-Bold", 15), fill=_ORANGE, anchor="ls")
    art = np.array(image)
    draw_mark(art)
    return art
