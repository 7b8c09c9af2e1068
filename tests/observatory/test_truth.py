"""Truth: the contrast criterion, the aurora's pixels, colours, and the labeller."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from repro.observatory import optics as camera
from repro.observatory import truth, weather
from repro.observatory.geometry import sky
from repro.observatory.render import render


def test_mask_is_where_the_pictures_differ(show) -> None:
    """Pixels that aurora raises far above every limit are in the mask, pixels that it hardly raises are not."""
    state = show(0.35, 0.5, 0.7, forms=("folded",), strength=1.5)
    air = state.weather.copy()
    air[:, [weather.NAMES.index("tau"), weather.NAMES.index("veil")]] = 0  # spread light would be background
    state = replace(state, weather=air, dirt=np.zeros_like(state.dirt))
    with_aurora, without = (render(state, size=720, noise=False, coded=False, aurora=on) for on in (True, False))
    frames = [torch.nn.functional.avg_pool2d(r.frames.float(), 4) for r in (with_aurora, without)]
    rise = frames[0] - frames[1]
    sigma = torch.as_tensor(state.camera[:, camera.NAMES.index("noise")] * 255, dtype=torch.float32).view(-1, 1, 1)
    limit = torch.maximum((2.5 * sigma).clamp_min(7.0), 0.2 * frames[1].mean(1))
    # Trees and rim stand in front of the picture but not of the truth.
    inner = sky(180).alt_deg > 20
    glow = rise.mean(1).mean((1, 2), keepdim=True)
    for beyond, wanted in ((rise.mean(1) > 1.5 * limit + glow, True), (rise.amax(1) < 0.9 * limit, False)):
        chosen = with_aurora.mask[beyond & inner]
        assert len(chosen) > 1000
        assert (chosen == wanted).float().mean() > 0.99
    assert not without.mask.any()


def test_brighter_aurora_is_never_less_visible(show) -> None:
    """The share of the sky grows with the aurora's strength, visibility comes once and stays, and is uncertain where it comes."""
    tables = [
        render(show(0.5, forms=("arc",), strength=strength), size=240, noise=False, coded=False).truth
        for strength in (0.0, *np.geomspace(0.01, 3, 20).tolist())
    ]
    share, visible, certain = (
        np.concatenate([table[name] for table in tables]) for name in ("aurora_share", "visible", "certain")
    )
    assert (np.diff(share) >= 0).all()
    first = int(np.argmax(visible))
    assert first > 0
    assert visible[first:].all()
    assert certain[[0, -1]].all()
    assert not certain[[first - 1, first]].any()


def test_criterion_weighs_noise_and_background() -> None:
    """More noise or a brighter background can only take auroral pixels away."""
    rng = torch.Generator().manual_seed(1)
    aurora = torch.rand(1, 3, 40, 40, generator=rng) * 0.2
    noise = torch.full((1, 1, 1, 1), 1.0 / 255)
    dim = torch.full_like(aurora, 0.1)
    few = truth.contrast(dim + aurora, dim, noise) >= 1
    assert 0 < few.sum() < few.numel()
    for background, level in ((dim, 4 * noise), (dim + 0.5, noise)):
        fewer = truth.contrast(background + aurora, background, level) >= 1
        assert not (fewer & ~few).any()
        assert fewer.sum() < few.sum()


def test_spread_light_is_no_aurora(show) -> None:
    """Bright aurora above thick cloud lights it up, but without an outline it is not called visible."""
    state = show(0.5, forms=("arc",), weather=("overcast",), night="20230219", strength=2.0)
    seen = render(state, size=240, noise=False)
    dark = render(state, size=240, noise=False, aurora=False)
    assert seen.frames.float().mean() > dark.frames.float().mean()
    assert seen.truth["aurora_share"][0] < truth.VISIBLE_SHARE


def test_saturated_aurora_is_seen_where_grey_is_not() -> None:
    """Light of one colour is aurora at a brightness at which the same light in grey is not; edges of clouds hide it."""
    background = torch.full((1, 3, 40, 40), 40 / 255)
    noise = torch.full((1, 1, 1, 1), 1 / 255)
    spot = torch.zeros(1, 1, 40, 40)
    spot[..., 10:20, 10:20] = 1
    grey, green = (spot * torch.tensor(colour).view(1, 3, 1, 1) / 255 for colour in ((6.0, 6.0, 6.0), (0.0, 18.0, 0.0)))
    assert not (truth.contrast(background + grey, background, noise) >= 1).any()
    assert (truth.contrast(background + green, background, noise) >= 1)[0, 12:18, 12:18].all()
    checks = background + 0.15 * (torch.arange(40) % 2).view(1, 1, 1, 40)
    assert not (truth.contrast(checks + green, checks, noise) >= 1).any()


def test_what_hides_the_sky_hides_the_aurora(show) -> None:
    """Behind a patch of snow on the dome there is no aurora to be seen."""
    state = show(0.5, forms=("bands",), strength=3.0)
    clean = replace(state, dirt=np.zeros_like(state.dirt))
    patched = replace(state, dirt=np.array([[4, 0, 0, 0, 11]]))
    free, hidden = (render(each, size=240, noise=False).truth["aurora_share"][0] for each in (clean, patched))
    assert hidden < free


@pytest.mark.parametrize(
    ("rgb", "name"),
    [((0.6, 1, 0.3), "green"), ((0.72, 1, 0.12), "green"), ((1, 0.2, 0.2), "red"), ((1, 0.4, 0.5), "pink"),
     ((0.6, 0.2, 1), "purple")],
)  # fmt: skip
def test_colour_names(rgb: tuple[float, float, float], name: str) -> None:
    """The emissions' own colours get the names that observers use."""
    assert truth.colour_of(np.array([rgb])) == [name]


@pytest.mark.parametrize("slips", [0.0, 0.05])
@pytest.mark.parametrize("margin", [-3.0, -0.9, -0.6, -0.1, 0.0, 0.2, 0.7, 0.8, 3.0])
def test_labeller_errs_at_the_stated_rate(margin: float, slips: float) -> None:
    """Near the threshold errors come at the stated rate, within four standard errors; beyond, only slips, if there are any."""
    n = 20000
    wrong = (truth.label(np.full(n, margin), np.random.default_rng(7), slips) == "yes") != (margin >= 0)
    rate = max(0.4 * max(0.0, 1 - abs(margin) / 0.8), slips)
    assert abs(wrong.mean() - rate) <= 4 * (rate * (1 - rate) / n) ** 0.5
