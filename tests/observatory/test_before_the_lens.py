"""What lies before the lens, and what crosses the sky."""

from dataclasses import replace

import numpy as np
import pytest

from repro.observatory import foreground, stars
from repro.observatory.plan import Night


def before(counts: tuple[int, ...], size: int = 240) -> foreground.BeforeLens:
    """What lies before the lens of the second camera."""
    return foreground.before_lens(2, 0, counts, size, size // 4)


@pytest.mark.parametrize("place", range(3), ids=foreground.NAMES[:3])
def test_each_kind_hides_some_of_the_sky(place: int) -> None:
    """Snow patches, drops and trees each hide a part of the sky, and never most of it."""
    bare, dirty = before((0, 0, 0, 0, 5)), before((*(2 * (kind == place) for kind in range(4)), 5))
    assert float(bare.hidden.sum()) == 0
    assert 0 < float((dirty.hidden > 0.02).float().mean()) < 0.3
    assert len(dirty.index) >= len(bare.index)


def test_lamps_shine() -> None:
    """Lamps add light and hide nothing."""
    lit = before((0, 0, 0, 3, 5))
    assert lit.glow is not None
    assert lit.glow.max() > 0.3
    assert lit.hidden.sum() == 0


def test_patches_have_sharp_edges() -> None:
    """A snow patch covers or does not: at most a fifth of its pixels lie on an edge."""
    hidden = foreground.before_lens(2, 0, (4, 0, 0, 0, 9), 720, 720).hidden
    covered, edge = (hidden > 0.65).sum(), ((hidden > 0.1) & (hidden < 0.6)).sum()
    assert covered > 2000
    assert edge < 0.2 * covered


def test_a_night_keeps_its_dirt(planned) -> None:
    """The same night has the same dirt, which stays the whole night; one night in five or so has snow patches."""
    night: Night = planned("20241229")
    assert (foreground.of_night(night) == foreground.of_night(replace(night))).all()
    counts = np.array([foreground.of_night(replace(night, seed=seed)) for seed in range(300)])
    assert 0.08 < (counts[:, 0] > 0).mean() < 0.25
    wide = np.array([foreground.of_night(replace(night, seed=seed, variety=2.0)) for seed in range(300)])
    assert (wide[:, 2] > 1).any()
    assert not (counts[:, 2] > 1).any()


def test_trails_come_at_their_rate() -> None:
    """Satellites and aircraft cross as many frames as stated; an aircraft blinks."""
    trails = [stars.trail(seed, 720) for seed in range(2000)]
    wanted = stars.SATELLITE_CHANCE + stars.AIRCRAFT_CHANCE
    assert np.mean([len(x) > 0 for x, _, _, _ in trails]) == pytest.approx(wanted, abs=0.03)
    assert any(len(light) and light.max() > 5 * light.min() for _, _, light, _ in trails)


def test_planets_stand_on_the_ecliptic() -> None:
    """Planets never leave the zone of declinations that the ecliptic crosses, and move on from night to night."""
    _, dec, magnitude, _ = stars.planets("20241229")
    assert (np.abs(dec) <= 23.45).all()
    assert not np.allclose(stars.planets("20241228")[0], stars.planets("20241229")[0])
    assert magnitude.max() < 1.01
