"""Whether a converted video shows exposures more than once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from repro.camera import Camera

PROBED = 49  # frames that are compared, each with the one before
_CHANGED = 40  # counts by which some pixel of the clock differs at least when a digit changes
_DISTINCT = 0.87  # share of frames that must bring a new exposure for the video to count as one exposure a frame
_MOST_COPIES = 6  # with more, the clock has probably stopped


def frames_per_exposure(frames: Sequence[av.VideoFrame], camera: Camera) -> float | None:
    """How many frames show each exposure, from the first :data:`PROBED` frames of a video.

    A video that was converted to a higher frame rate shows each exposure in two or more frames. The burned-in clock
    shows this: it stays the same from one copy to the next, up to the coder's noise, and changes with each new exposure.

    Gives 1 for a video with an exposure a frame, 2 where each is shown twice, 2.4 for 25 frames a second converted to
    60. None if it cannot be determined: the video is too short, the exposures follow within the same second, or the
    clock does not change at all.
    """
    if len(frames) < PROBED or camera.cadence_s < 1:
        return None
    box, reformatter = camera.printed_clock.box_px, VideoReformatter()
    grey = (reformatter.reformat(frame, format="gray").to_ndarray() for frame in frames)
    strips = (image[box.rows, box.columns].astype(np.int16) for image in grey)
    changes = np.array([np.abs(after - before).max() for before, after in pairwise(strips)])
    changed = changes > max(_CHANGED, np.percentile(changes, 90) / 2)
    # If a digit changes in nearly all frames, the others are noise of the coder; if none changes, there is no clock.
    if changed.mean() > _DISTINCT:
        return 1.0
    return round(float(1 / changed.mean()), 1) if changed.mean() > 1 / _MOST_COPIES else None
