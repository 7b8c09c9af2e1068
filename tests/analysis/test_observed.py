"""What the videos say of the record."""

from __future__ import annotations

import pytest

from repro.observed import quantities
from repro.params import load_params
from repro.record.claims import Claims
from tests.conftest import ROOT

VIDEO = {"fps": 25.0, "step": 10, "width_px": 1280, "height_px": 720, "sampled": 600}
CELLS = [["No_moon", "Night", 590], ["No_moon", "Civil", 7], ["Moon_Full", "Civil", 2]]


@pytest.fixture
def found() -> dict[str, float]:
    """Two nights of the first window, one of the third, and one after the record."""
    nights = ("20221201", "20230430", "20250228", "20250301")
    return quantities(
        dict.fromkeys(nights, VIDEO),
        {night: {"step_s": 60.0} for night in nights},
        {night: {"conditions": CELLS} for night in nights},
        load_params(ROOT / "params.yaml").schedule,
    )


def test_later_nights_do_not_count(found: dict[str, float]) -> None:
    """Nights, frames and bins are counted over the record's own windows, both ends included."""
    assert (found["nights"], found["frames"]) == (3, 1800)
    assert [found[f"window{number}.nights"] for number in (1, 2, 3)] == [2, 0, 1]
    assert (found["table2.civil"], found["table2.daytime"]) == (27, 0)


def test_cadence_is_that_of_the_clock(found: dict[str, float]) -> None:
    """A minute between sampled frames, ten frames of the video apart, is six seconds from frame to frame."""
    assert found["frames.interval_min"] == 1
    assert found["video.cadence_s"] == 6


def test_every_quantity_is_asked_for_by_a_claim(found: dict[str, float], claims: Claims) -> None:
    """No quantity is measured under a name that no claim knows."""
    asked = {claim.evidence["corpus"].measure for claim in claims if "corpus" in claim.evidence}
    assert set(found) <= asked


def test_nothing_is_said_of_stages_that_have_not_run() -> None:
    """Without nights there are no numbers, not even zeros."""
    assert quantities({}, {}, {}, load_params(ROOT / "params.yaml").schedule) == {}
