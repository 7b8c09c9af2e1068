"""What the sky over Jang Bogo decides, against values that were computed elsewhere."""

import numpy as np
import pytest

from repro.evidence import of_station
from repro.record.claims import Claims
from repro.segmentation.station import dark_hours, quantities
from tests.support.claims import replacing


def test_figures_are_dark_and_the_labelled_one_is_moonlit() -> None:
    """Sun and Moon at the two printed times (Skyfield with DE421, computed apart from this project's interpolation)."""
    found = quantities({"figure1": "2021-04-19 10:53:30", "figure2": "2020-07-02 07:02:00"})
    for figure, sun, moon in (("figure1", -24.2, -18.4), ("figure2", -21.8, 26.8)):
        assert found[f"kopri.{figure}.sun_alt_deg"] == pytest.approx(sun, abs=0.05)
        assert found[f"kopri.{figure}.moon_alt_deg"] == pytest.approx(moon, abs=0.05)
    assert found["kopri.figure2.moon_lit_percent"] == pytest.approx(90, abs=0.5)
    assert found["kopri.figure1.dark"] is found["kopri.figure2.dark"] is True
    assert (found["kopri.figure1.second"], found["kopri.figure2.second"]) == (30, 0)


def test_dark_hours_by_magnetic_local_time() -> None:
    """Hours a year with the Sun below -12 deg, hour by hour, as AACGM gives them, within the difference of definitions (0.4 h)."""
    aacgm = np.array(
        [157, 176, 190, 199, 203, 202, 196, 184, 169, 150, 127, 102, 73, 35, 0, 0, 0, 0, 0, 1, 51, 84, 111, 136]
    )
    found = dark_hours(2020)
    assert found.sum() == pytest.approx(2542, abs=6)
    # Counted up from 16 h, where it is never dark: clocks that differ by 0.4 h at most reach a sum at most 0.4 h apart.
    edges = np.arange(25.0)
    mine, theirs = (np.concatenate([[0], np.cumsum(np.roll(hours, -16))]) for hours in (found, aacgm))
    assert (mine >= np.interp(edges - 0.4, edges, theirs) - 6).all()
    assert (mine <= np.interp(edges + 0.4, edges, theirs) + 6).all()
    assert np.flatnonzero(found == 0).tolist() == [14, 15, 16, 17, 18]
    assert dark_hours(2020, -18.0).sum() == pytest.approx(1805, abs=6)


def test_two_norths_are_apart() -> None:
    """The compass and the way to the equator differ by 64 deg (IGRF and AACGM of mid-2020; 65 between the rounded azimuths)."""
    found = quantities({})
    assert found["kopri.compass_azimuth_deg"] == pytest.approx(132.7, abs=0.1)
    assert found["kopri.equatorward_azimuth_deg"] == pytest.approx(68, abs=0.5)
    assert found["kopri.between_norths_deg"] == pytest.approx(64.3, abs=0.3)


def test_figure_times_come_from_the_claims(claims: Claims) -> None:
    """Another printed time gives another verdict; a text that is no time gives none, and no crash."""
    printed = claims["KOP.FIGURE1.TIME"]
    at_noon = replacing(claims, printed.model_copy(update={"value": "2020-12-21 01:00:00"}))
    assert of_station(claims)["kopri.figure1.dark"] is True
    assert of_station(at_noon)["kopri.figure1.dark"] is False
    for text in ("some time", "9999-01-01 00:00:00"):
        broken = replacing(claims, printed.model_copy(update={"value": text}))
        assert "kopri.figure1.dark" not in of_station(broken)
