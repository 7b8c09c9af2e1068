"""Shared fixtures: one clear night of each kind."""

from collections.abc import Callable

import numpy as np
import pytest

from repro.observatory import campaign
from repro.observatory.plan import Night
from repro.observatory.scene import Scenes, scenes
from repro.params import Params, SimulatedNight

Show = Callable[..., Scenes]


@pytest.fixture(scope="session")
def planned(params: Params) -> Callable[..., Night]:
    """Plan a night from the fields of a SimulatedNight."""

    def make(night: str = "20241229", **fields: object) -> Night:
        wanted = {"weather": ("clear",), "forms": ()} | fields
        return campaign.plan(SimulatedNight(night=night, **wanted), params)

    return make


@pytest.fixture(scope="session")
def show(params: Params, planned: Callable[..., Night]) -> Show:
    """Scenes of a night at shares of its time, 0 to 1."""

    def make(*shares: float, night: str = "20241229", **fields: object) -> Scenes:
        made = planned(night, **fields)
        length_s = (made.end_utc - made.begin_utc) / np.timedelta64(1, "s")
        times = made.begin_utc + (np.array(shares) * length_s).astype("timedelta64[s]")
        return scenes(made, times, params.schedule.site)

    return make
