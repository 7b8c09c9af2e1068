"""How a masked frame looks in numbers, to compare simulated frames with real ones."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from repro.observatory.geometry import FRAME_PX

Picture = npt.NDArray[np.uint8]
INNER_PX = 340  # pixels farther from the centre may be trees or the dome's rim


def statistics(frame: Picture) -> dict[str, float]:
    """Brightness, colour, noise and stars of a masked frame, RGB uint8 (720, 720, 3).

    In counts of 255: ``median_red``, ``median_green``, ``median_blue``; ``p01`` to ``p99`` of the mean of R, G, B; ``noise``,
    the median deviation from a local mean within blocks of 24 pixels; ``centre`` and ``rim``, means within 90 and from 270 to
    340 pixels; ``north`` and ``south``, means of the two halves' outer thirds. ``stars`` counts spots of at most 20 pixels that
    stand 12 counts above their surroundings.
    """
    y, x = np.mgrid[:FRAME_PX, :FRAME_PX] - (FRAME_PX / 2 - 0.5)
    radius = np.hypot(x, y)
    inside = radius < INNER_PX
    values = frame.astype(np.float32)
    grey = values.mean(2)
    red, green, blue = np.median(values[inside], 0)
    result = {"median_red": red, "median_green": green, "median_blue": blue}
    for share in (1, 5, 25, 75, 95, 99):
        result[f"p{share:02d}"] = np.percentile(grey[inside], share)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 3)) ** 2
    blocks = detail[: FRAME_PX // 24 * 24].reshape(FRAME_PX // 24, 24, -1, 24).mean((1, 3))
    full = inside.reshape(FRAME_PX // 24, 24, -1, 24).all((1, 3))
    result["noise"] = np.sqrt(np.median(blocks[full]))
    result["centre"] = grey[radius < 90].mean()
    result["rim"] = grey[(radius > 270) & inside].mean()
    result["north"], result["south"] = grey[inside & (y < -200)].mean(), grey[inside & (y > 200)].mean()
    spots = values.max(2) - cv2.medianBlur(frame, 7).max(2)
    _, _, table, _ = cv2.connectedComponentsWithStats(((spots > 12) & inside).astype(np.uint8))
    result["stars"] = int((table[1:, cv2.CC_STAT_AREA] <= 20).sum())
    return {name: round(float(value), 2) for name, value in result.items()}
