"""The simulated Kiruna: nights, truth, and displays near the horizon."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import AltAz, EarthLocation, get_body, get_sun
from astropy.time import Time
from astropy.utils import iers

from repro.errors import ReproError
from repro.forms import kiruna
from repro.forms.classes import CLASSES
from repro.forms.simulate_forms import labelled_frames, write_png
from repro.params import FormsCampaign, Window
from repro.simulated_mark import is_simulated

CAMPAIGN = FormsCampaign(
    windows=[Window(first="2014-11-01", last="2015-02-10")], nights_per_class=4, frames_per_night=2, image_px=64
)


@pytest.fixture(scope="module")
def nights() -> list[kiruna.FormNight]:
    """Nights of a small campaign."""
    return kiruna.campaign_nights(CAMPAIGN, 7)


def test_every_night_is_dark_and_moonless(nights, monkeypatch) -> None:
    """By another ephemeris the Sun stands below -17.9 deg and the Moon below -0.8 deg in every frame."""
    monkeypatch.setattr(iers.conf, "auto_download", False)
    times = np.concatenate([night.times_utc for night in nights])
    site = EarthLocation(lat=67.84 * u.deg, lon=20.41 * u.deg, height=425 * u.m)
    moments = Time(times.astype("datetime64[ms]"), scale="utc")
    frame = AltAz(obstime=moments, location=site)
    assert (get_sun(moments).transform_to(frame).alt.deg < -17.9).all()
    assert (get_body("moon", moments, site).transform_to(frame).alt.deg < -0.8).all()


def test_nights_are_each_there_once_and_repeat(nights) -> None:
    """The campaign has the nights asked for, none twice, the same every time, and the whole night is none of them."""
    names = [night.plan.night for night in nights]
    assert len(set(names)) == len(names) == 4 * len(CLASSES)
    assert [repr(night) for night in kiruna.campaign_nights(CAMPAIGN, 7)] == [repr(night) for night in nights]
    whole = kiruna.whole_night(CAMPAIGN, 7)
    assert whole.plan.night not in names
    assert len(whole.times_utc) > 60


def test_too_many_nights_for_the_windows() -> None:
    """More nights than are dark and moonless is an error that says how many there are."""
    with pytest.raises(ReproError, match="nights with 40 dark and moonless minutes"):
        kiruna.campaign_nights(CAMPAIGN.model_copy(update={"nights_per_class": 40}), 7)


@pytest.fixture(scope="module")
def far(nights) -> kiruna.FormNight:
    """A night whose display is moved far away."""
    return next(night for night in nights if abs(night.north_km) > 600)


def test_a_distant_display_stands_at_its_own_horizon(far) -> None:
    """A display that is high overhead stands below 30 deg if moved by 650 km, in the north (up) or in the south."""
    _, overhead = kiruna.pictures_and_truth(replace(far, north_km=0.0), CAMPAIGN)
    assert (overhead["high_share"] > 0.3).all()
    half = CAMPAIGN.image_px // 2
    for north_km in (650.0, -650.0):
        frames, edge = kiruna.pictures_and_truth(replace(far, north_km=north_km), CAMPAIGN)
        assert (edge["high_share"] < 0.25).all()
        assert (edge["aurora_share"] > 0).all()
        assert (edge["aurora_share"] < overhead["aurora_share"]).all()
        upper, lower = (part.astype(float).max((1, 2)).mean() for part in (frames[:, :half], frames[:, half:]))
        assert (upper > lower) == (north_km > 0)


def test_softer_precipitation_is_redder(nights) -> None:
    """More soft electrons at the same place make the aurora redder."""
    sheet = next(night for night in nights if night.softer > 1.5)
    red, plain = (
        kiruna.pictures_and_truth(replace(sheet, softer=softer), CAMPAIGN)[1]["redness"] for softer in (4.0, 1.0)
    )
    assert (red > plain).all()


def test_pictures_repeat(far) -> None:
    """A night repeats to the bit."""
    first, second = (kiruna.pictures_and_truth(far, CAMPAIGN) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert first[1].equals(second[1])
    assert first[1]["winding"].between(0, 1, inclusive="neither").all()


def test_share_of_ambiguous_images() -> None:
    """The share asked for of the labelled images is ambiguous, and without it none is; cloudy ones never are labelled."""
    rng = np.random.default_rng(4)
    table = pd.DataFrame(
        {"class": "edge", "ambiguous": rng.random(400) < 0.5, "cloud_cover": np.where(rng.random(400) < 0.1, 0.5, 0.0)}
    )
    for share in (0.0, 0.2):
        chosen = labelled_frames(table, share, 3)
        assert (table["cloud_cover"][chosen] == 0).all()
        assert table["ambiguous"][chosen].mean() == pytest.approx(share, abs=0.005)
        assert (chosen | table["ambiguous"] | (table["cloud_cover"] > 0)).all()


def test_pictures_say_that_they_are_simulated(tmp_path) -> None:
    """A simulated picture that is taken out of its folder still says what it is."""
    write_png(np.zeros((64, 64, 3), np.uint8), tmp_path / "copy.png")
    assert is_simulated(tmp_path / "copy.png")
