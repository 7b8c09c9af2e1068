"""Nights whose clock is read from texts instead of pictures, so that thousands of frames are quick; test support."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytz

from repro.camera import Camera, load_camera
from repro.clock.learned import ReadFrames
from repro.clock.read_clock import ClockSetup, NightClock, resolve_times
from repro.params import ClockParams
from tests.support.camera import DASHES, SLASHES

AURORAMAX = load_camera("auroramax")
ZONE = pytz.timezone("America/Yellowknife")
ZONED = DASHES + " %Z"
NIGHT = "20221203"
STILLS = AURORAMAX.model_copy(update={"frames": "stills", "file_pattern": "YYYYMMDD/*"})


def evening(
    count: int, elapsed_s: Callable[[int], float] = lambda n: 60.0 * n, begin: str = "20:00:07", night: str = NIGHT
) -> list[datetime]:
    """UTC times of a night's frames, from a local time of its evening in Yellowknife on."""
    first = datetime.strptime(night + begin, "%Y%m%d%H:%M:%S") - timedelta(days=1)
    return [ZONE.localize(first).astimezone(UTC) + timedelta(seconds=elapsed_s(number)) for number in range(count)]


def local(times: Sequence[datetime], form: str = SLASHES) -> list[str]:
    """Their stamps in local time."""
    return [time.astimezone(ZONE).strftime(form) for time in times]


def behind(times: Sequence[datetime], first: int, **late: float) -> list[str]:
    """Stamps of a clock that is set back at a frame."""
    return local([time - timedelta(**late) if number >= first else time for number, time in enumerate(times)])


def resolve(
    texts: Sequence[str],
    night: str = NIGHT,
    camera: Camera = AURORAMAX,
    *,
    second: Sequence[str] | None = None,
    step: int = 10,
    **params: float,
) -> NightClock:
    """The clock of a night whose frames are read as these texts, in both looks if there is no second list."""

    def look(read: Sequence[str]) -> ReadFrames:
        return lambda numbers: [(read[number], 90.0) for number in numbers]

    setup = ClockSetup(night, camera, ClockParams(**params), step)  # type: ignore[arg-type]
    return resolve_times(len(texts), look(texts), look(texts if second is None else second), setup)


def right(clock: NightClock, times: Sequence[datetime]) -> np.ndarray:
    """Whether each frame has its true time, bool (n,)."""
    return np.array([read == true for read, true in zip(clock.table["time_utc"], times, strict=True)])


def exactly(times: Sequence[datetime], texts: Sequence[str] | None = None, *args, **kwargs) -> NightClock:
    """The clock of :func:`resolve`, after a check that every frame has its true time; clean stamps if no texts are given."""
    clock = resolve(local(times) if texts is None else texts, *args, **kwargs)
    assert right(clock, times).all()
    return clock
