"""Frames: what changes them, what must not, and the light of the sky."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from repro.bench.realism import compression
from repro.observatory import campaign, light, weather
from repro.observatory import optics as camera
from repro.observatory.geometry import sky
from repro.observatory.plan import FORMS, WEATHERS
from repro.observatory.render import aurora_light, double, half, render
from repro.observatory.scene import Scenes, scenes
from repro.params import SimulatedNight


def counts(frames: torch.Tensor) -> np.ndarray:
    """Mean of R, G, B over the inner sky, one a frame."""
    size = frames.shape[-1]
    inner = (sky(size).alt_deg > 20).numpy()
    return frames.float().mean(1).numpy()[:, inner].mean(1)


def test_another_seed_another_night(params, show) -> None:
    """Another seed changes the aurora, not only the noise."""
    shares = set()
    for seed in (1, 2, 3):
        plan = campaign.plan(SimulatedNight(night="20241229", forms=("folded",), weather=("clear",)),
                             params.model_copy(update={"seed": seed}))  # fmt: skip
        state = scenes(plan, plan.begin_utc + np.array([1800], "timedelta64[s]"), params.schedule.site)
        shares.add(float(render(state, size=240).truth["aurora_share"][0]))
    assert len(shares) == 3


def test_a_frame_does_not_know_its_batch(show) -> None:
    """A frame is the same alone, beside the other camera's, and in another order: to one count, in a few edges to three."""
    state = Scenes.join([
        show(0.1, 0.5, 0.9, forms=("folded", "patchy"), weather=("thin",)), show(0.5, night="20221222", forms=("arc",)),
    ])  # fmt: skip
    batch = render(state, size=240, coded=False).frames  # a coder makes a step of one count larger
    order = np.array([3, 2, 0, 1])
    shuffled = render(state.take(order), size=240, coded=False).frames
    for place, index in enumerate(order):
        alone = render(state.take(slice(index, index + 1)), size=240, coded=False).frames[0]
        for other in (batch[index], shuffled[place]):
            difference = (alone.int() - other.int()).abs()
            assert difference.max() <= 3
            assert (difference <= 1).float().mean() > 0.999


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_gpu_gives_the_same_frames(show) -> None:
    """On a GPU 99.9 % of all values are within 2 counts of the CPU's."""
    state = show(0.2, 0.5, 0.8, forms=("corona", "folded"), weather=("thin",))
    here, there = (render(state, size=240, device=device, coded=False).frames.cpu().int() for device in ("cpu", "cuda"))
    assert ((here - there).abs() <= 2).float().mean() > 0.999


def test_frames_are_masked(show) -> None:
    """Outside the sky's circle a frame is black, inside it is not."""
    frame = render(show(0.5)).frames[0]
    y, x = np.mgrid[:720, :720] - 359.5
    radius = np.hypot(x, y)
    assert frame[:, torch.as_tensor(radius > 361)].max() == 0
    # The black level may be that of the darkest frames; trees and drops stand in front.
    assert (frame[:, torch.as_tensor(radius < 300)].float().mean(0) > 2).float().mean() > 0.98


@pytest.mark.parametrize("size", [240, 720])
def test_size_does_not_change_the_scene(show, size: int) -> None:
    """A frame of another size is the same scene: its quarter-size picture differs by under three counts on average."""
    state = show(0.5, forms=("bands",))
    wanted = render(state, size=480, noise=False, coded=False).frames.float()
    made = render(state, size=size, noise=False, coded=False).frames.float()
    small = [torch.nn.functional.interpolate(frames, size=120, mode="area") for frames in (wanted, made)]
    assert (small[0] - small[1]).abs().mean() < 3


def test_shortcut_costs_little(show) -> None:
    """Rendering at half size and enlarging differs from rendering at full size by under one count on average."""
    state = show(0.5, forms=("folded",), weather=("thin",))
    quick, exact = (render(state, noise=False, coded=False, shortcut=way).frames.float() for way in (True, False))
    assert (quick - exact).abs().mean() < 1.0


def test_frames_of_a_minute_belong_together(show) -> None:
    """Aurora moves on but stays recognisable: a minute later it resembles itself more than half an hour later."""
    state = show(0.40, 0.417, 0.75, forms=("bands",), minutes=60)
    frames = render(state, size=240, noise=False).frames.float()[:, 1].flatten(1)
    minute, half_hour = (float(torch.corrcoef(frames[[0, other]])[0, 1]) for other in (1, 2))
    assert 0.6 < minute < 0.9999
    assert half_hour < minute - 0.02


def test_pulsating_patches_pulsate(show) -> None:
    """Within ten seconds pulsating aurora changes by more than twice as much of its light as a quiet arc."""

    def change(form: str) -> float:
        state = show(*(0.5 + np.array([0, 3, 6, 10]) / 3600), forms=(form,), strength=3.0, minutes=60)
        light = aurora_light(state, 120, "cpu")
        return float((light - light[:1]).abs().mean((1, 2, 3)).max() / light[0].mean())

    assert change("pulsating") > 2.5 * change("arc")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_seen(show, form: str) -> None:
    """Each form, at twice its usual strength in a clear night, adds light that the truth calls visible and by its name."""
    state = show(0.3, 0.45, 0.6, forms=(form,), strength=2.5)
    with_aurora, without = (render(state, size=240, noise=False, aurora=on) for on in (True, False))
    assert (counts(with_aurora.frames) > counts(without.frames)).all()
    assert with_aurora.truth["visible"].any()
    assert set(with_aurora.truth["form"][with_aurora.truth["visible"]]) == {form}
    assert not without.truth["visible"].any()


@pytest.mark.parametrize("kind", WEATHERS)
def test_weather_covers_the_sky(show, kind: str) -> None:
    """Clear nights have nearly no cloud, overcast and snow nearly nothing else, the others lie between or vary."""
    low, high = {"clear": (0, 0.3), "overcast": (0.95, 1), "snow": (0.9, 1), "broken": (0.2, 1)}.get(kind, (0, 1))
    found = render(show(0.5, 0.9, night="20230120", weather=(kind,)), size=240).truth["cloud_cover"]
    assert ((found >= low) & (found <= high)).all()


def test_clouds_hide_aurora(show) -> None:
    """The same aurora covers less of the sky under overcast than in the clear."""
    clear, overcast = (
        render(show(0.4, 0.6, forms=("bands",), weather=(kind,)), size=240).truth["aurora_share"]
        for kind in ("clear", "overcast")
    )
    assert (overcast < 0.5 * clear).all()


def test_clouds_move(show) -> None:
    """Broken cloud is elsewhere ten minutes later."""
    frames = render(show(0.4, 0.56, weather=("broken",)), size=240, noise=False).frames.float().mean(1).flatten(1)
    assert torch.corrcoef(frames)[0, 1] < 0.995


def test_moonlight_grows_with_phase_and_altitude() -> None:
    """Scattered moonlight overhead grows with the Moon's phase and altitude and is gone when it is down."""
    maps = sky(120)
    overhead = maps.alt_deg > 70

    def brightness(alt: float, phase: float) -> float:
        blue = torch.full((1, 1, 1, 1), 0.5)
        picture = light.moonlight(maps, *(torch.tensor([value]) for value in (alt, 120.0, phase)), blue)
        return float(picture[0, 1][overhead].mean())

    phases = [brightness(30.0, phase) for phase in (45.0, 90.0, 135.0, 180.0)]
    altitudes = [brightness(alt, 180.0) for alt in (3.0, 10.0, 25.0, 50.0)]
    assert phases == sorted(phases)
    assert altitudes == sorted(altitudes)
    assert brightness(-3.0, 180.0) == 0
    # Krisciunas and Schaefer: a full Moon high in the sky raises the zenith by some 3 to 4.5 magnitudes.
    assert 15 < brightness(45.0, 178.0) < 65


def test_twilight_falls_with_the_sun_and_leans_to_it() -> None:
    """Twilight fades as the Sun sinks, and its side of the horizon is the brighter one."""
    maps = sky(120)
    depths = torch.tensor([-11.6, -13.0, -15.0, -18.0])
    pictures = light.twilight(maps, depths, torch.full((4,), 300.0), torch.full((4, 1, 1, 1), 0.5))
    zenith = pictures[:, 1, 60, 60].tolist()
    assert zenith == sorted(zenith, reverse=True)
    assert 10 < zenith[0] < 40
    assert zenith[-1] < 0.3
    low = (maps.alt_deg < 20) & (maps.alt_deg > 3)
    west, east = (maps.az_deg - 300).abs() < 30, (maps.az_deg - 120).abs() < 30
    assert pictures[0, 0][low & west].mean() > 2 * pictures[0, 0][low & east].mean()


def test_the_two_cameras_differ(show) -> None:
    """The second camera's dark sky is darker, and its green has less blue in it."""
    old, new = ([show(0.5, night=night, forms=("arc",), strength=s) for s in (0.0, 4.0)]
                for night in ("20221222", "20241229"))  # fmt: skip
    dark = [counts(render(states[0], size=240, noise=False).frames)[0] for states in (old, new)]
    assert dark[0] > dark[1]
    green = [camera.EMISSION[generation][0] for generation in (1, 2)]
    assert green[0][2] > 1.4 * green[1][2]


def test_noise_is_as_strong_as_said(show) -> None:
    """Noise adds the stated deviation to the brightness, within a tenth, and the stated share of it to the colours."""
    state = show(0.5)
    settings = state.camera.copy()
    settings[:, [camera.NAMES.index("noise"), camera.NAMES.index("colour_noise")]] = 3 / 255, 0.7
    state = replace(state, camera=settings)
    noisy, clean = (render(state, noise=on, coded=False).frames[0].float() for on in (True, False))
    inside = (sky(720).alt_deg > 10) & (clean.amin(0) > 10)
    difference = (noisy - clean)[:, inside]
    brightness = torch.tensor(camera.LUMA) @ difference
    # Rounding to whole counts, once in each picture, adds a sixth of a count squared to each colour.
    assert brightness.std() == pytest.approx(3, rel=0.1)
    assert (difference - brightness).std() == pytest.approx((2.1**2 + 1 / 6) ** 0.5, rel=0.1)


@pytest.mark.parametrize("name", ["twilight", "moonlight"])
def test_the_clear_sky_is_as_blue_as_the_real_one(name: str) -> None:
    """Twilight and moonlight overhead reach the colours of real frames: B/G from under 2 to over 2.8, R/G down to 0.45."""
    maps = sky(60)
    blue = torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    places = torch.full((2,), 40.0 if name == "moonlight" else -12.5), torch.full((2,), 120.0)
    pictures = (
        light.twilight(maps, *places, blue)
        if name == "twilight"
        else light.moonlight(maps, *places, torch.full((2,), 170.0), blue)
    )
    red, green, blues = pictures[:, :, maps.alt_deg > 60].mean(2).T
    assert float(blues[0] / green[0]) < 2.2
    assert float(blues[1] / green[1]) > 2.8
    assert float(red[1] / green[1]) < 0.45


def test_colours_differ_from_night_to_night(params, planned) -> None:
    """Over 60 nights the dark sky is now purple, now brown, and lamps are now white, now orange, within the stated limits."""
    made = [campaign.plan(night, params) for night in campaign.chosen(params, "full")[::6]]
    tints = np.array([light.of_night(night) for night in made])
    red, blue, warmth = (tints[:, light.NAMES.index(name)] for name in ("dark_red", "dark_blue", "town_warmth"))
    assert blue.min() < 0.75 < 1.6 < blue.max()
    assert red.min() < 0.8 < 1.25 < red.max()
    assert (warmth >= 1.2).all()
    assert (warmth <= 4.0).all()
    saturation = [camera.of_night(night)[camera.NAMES.index("saturation")] for night in made]
    assert max(saturation) / min(saturation) > 2


def test_coarse_coding_leaves_blocks(show) -> None:
    """The camera's own JPEG leaves steps at the borders of its blocks, the more the lower its quality."""
    frames = render(show(0.5, night="20230108"), coded=False).frames
    steps = [
        compression(np.ascontiguousarray(camera.code(frames, np.array([quality]))[0].permute(1, 2, 0)))["block_step"]
        for quality in (95.0, 50.0, 25.0)
    ]
    assert steps == sorted(steps)
    assert steps[0] < 1.6
    assert steps[2] > 2.5


def test_clouds_are_brighter_on_the_lit_side() -> None:
    """A round cloud lit from the east, which is left in the picture, is brighter on its left edge than on its right."""
    y, x = torch.meshgrid(torch.arange(60.0), torch.arange(60.0), indexing="ij")
    depth = (3 * torch.exp(-((x - 30) ** 2 + (y - 30) ** 2) / 150))[None, None]
    one = torch.ones(1, 1, 1, 1)
    side = weather.lit_side(depth, {"relief": one}, one, torch.zeros_like(one))[0, 0]
    assert side[30, 22] > 1.05 > 0.95 > side[30, 38]
    assert side[5, 5] == pytest.approx(1, abs=0.01)


def test_doubling_is_bilinear() -> None:
    """Enlarging by two equals torch's bilinear interpolation, and halving equals the mean of four pixels."""
    image = torch.rand(2, 3, 9, 12, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(double(image), torch.nn.functional.interpolate(image, scale_factor=2, mode="bilinear"))
    torch.testing.assert_close(half(image[..., :8, :]), torch.nn.functional.avg_pool2d(image[..., :8, :], 2))
