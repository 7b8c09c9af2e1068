"""How much sheets wind, as the camera sees them."""

import numpy as np
import pytest

from repro.forms.winding import winding
from repro.observatory.aurora import SHEET
from repro.observatory.display import _SHEET_BASE

CURL = {"swirl_deg": 270.0, "swirl_km": 110.0}


def of(*sheets: dict[str, float]) -> float:
    """Winding of a frame with these sheets, each a straight one but for what is given."""
    rows = [{**_SHEET_BASE, "amplitude": 0.2, "width_km": 10.0, **sheet} for sheet in sheets]
    return float(winding(np.array([[[row[name] for name in SHEET] for row in rows]]))[0])


def test_a_straight_arc_does_not_wind() -> None:
    """Wherever it stands, an arc along magnetic east and west has a winding of zero but for the grid; rays are no winding."""
    for north_km in (-250.0, 0.0, 60.0, 400.0):
        assert of({"north_km": north_km}) < 0.03
    assert of({"north_km": 120.0, "ray": 0.6, "ray_km": 9.0}) < 0.08


@pytest.mark.parametrize("degrees", [15.0, 30.0, 45.0, 70.0])
def test_a_tilted_arc_winds_by_the_square_of_the_sine(degrees: float) -> None:
    """An arc at an angle to the east has the winding sin^2 of it on the ground; the lens bends it by somewhat more."""
    square = float(np.sin(np.radians(degrees)) ** 2)
    assert square - 0.01 < of({"slope": float(np.tan(np.radians(degrees)))}) < square + 0.12


def test_a_curl_winds_and_less_so_far_away() -> None:
    """A curl overhead runs every way; the same curl further off is foreshortened."""
    overhead, off, far = (of({**CURL, "north_km": km, "swirl_north_km": km}) for km in (0.0, 250.0, 500.0))
    assert overhead > 0.3
    assert overhead > off > far
    assert far < 0.15


def test_faint_sheets_count_by_their_light() -> None:
    """A weak curl beside a bright arc hardly shows; without light there is no winding."""
    curl = {**CURL, "amplitude": 0.01}
    assert of({"north_km": 150.0}, curl) < 0.3 * of(curl)
    assert of({"amplitude": 0.0}) == 0.0
