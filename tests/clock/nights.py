"""Nights whose clock is read from texts instead of pictures, so that thousands of frames are quick; test support."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytz

from repro.camera import Camera, load_camera
from repro.clock.learned import ReadFrames
from repro.clock.read_clock import ClockSetup, NightClock, resolve_times
from repro.params import ClockParams
from tests.support.camera import DASHES, SLASHES

AURORAMAX = load_camera("auroramax")
ZONE = pytz.timezone("America/Yellowknife")
ZONED = DASHES + " %Z"


def evening(
    count: int, elapsed_s: Callable[[int], float] = lambda n: 60.0 * n, start: str = "2022-12-02 20:00:07"
) -> list[datetime]:
    """UTC times of frames, from a local time in Yellowknife on."""
    first = ZONE.localize(datetime.fromisoformat(start)).astimezone(UTC)
    return [first + timedelta(seconds=elapsed_s(number)) for number in range(count)]


def local(times: Sequence[datetime], form: str = SLASHES) -> list[str]:
    """Their stamps in local time."""
    return [time.astimezone(ZONE).strftime(form) for time in times]


def resolve(
    texts: Sequence[str],
    night: str = "20221203",
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


def right(clock: NightClock, times: Sequence[datetime]) -> list[bool]:
    """Whether each frame has its true time."""
    return [read == true for read, true in zip(clock.table["time_utc"], times, strict=True)]


def exact(clock: NightClock, times: Sequence[datetime]) -> bool:
    """Whether every frame has its true time."""
    return all(right(clock, times))
