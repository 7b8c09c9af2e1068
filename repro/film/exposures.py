"""Whether a converted video shows exposures more than once."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import VideoReformatter

from repro.camera import Camera
from repro.film.packets import open_video, video_streams

_PROBED = 48  # pairs of successive frames that are compared
_CHANGED = 40  # counts by which some pixel of the clock differs at least when a digit changes
_DISTINCT = 0.87  # share of frames that must bring a new exposure for the video to count as one exposure a frame
_MOST_COPIES = 6  # with more, the clock has probably stopped


def frames_per_exposure(path: Path, camera: Camera) -> float | None:
    """How many frames show each exposure, from the first frames of a video.

    A video that was converted to a higher frame rate shows each exposure in two or more frames. The burned-in clock
    shows this: it stays the same from one copy to the next, up to the coder's noise, and changes with each new exposure.

    Returns
    -------
    float or None
        1 for a video with an exposure a frame, 2 where each is shown twice, 2.4 for 25 frames a second converted to 60.
        None if it cannot be determined: the video is too short, the exposures follow within the same second, or the
        clock does not change at all.
    """
    box = camera.printed_clock.box_px
    reformatter = VideoReformatter()
    strips: list[npt.NDArray[np.int16]] = []
    with open_video(path) as container:
        try:
            for frame in container.decode(video_streams(container)[0]):
                if (frame.width, frame.height) == (camera.frame_px.width, camera.frame_px.height):
                    grey = reformatter.reformat(frame, format="gray").to_ndarray()
                    strips.append(grey[box.rows, box.columns].astype(np.int16))
                if len(strips) > _PROBED:
                    break
        except av.FFmpegError:
            pass  # damage is reported by the full pass
    if len(strips) <= _PROBED or camera.cadence_s < 1:
        return None
    changes = np.array([np.abs(after - before).max() for before, after in pairwise(strips)])
    changed = changes > max(_CHANGED, np.percentile(changes, 90) / 2)
    # If a digit changes in nearly all frames, the others are noise of the coder; if none changes, there is no clock.
    if changed.mean() > _DISTINCT:
        return 1.0
    return round(float(1 / changed.mean()), 1) if changed.mean() > 1 / _MOST_COPIES else None
