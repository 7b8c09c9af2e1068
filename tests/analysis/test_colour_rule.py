"""The slides' colour rules: pixels, shares, the limit, and their place beside the network."""

import colorsys

import numpy as np
import pandas as pd
import pytest

from repro.analysis.beside_network import calibrated, colour_rule
from repro.analysis.calibration import fit, logistic
from repro.analysis.colour_rule import auroral_pixels, choose_limit, predict, shares


def by_hand(rgb: tuple[int, int, int]) -> tuple[bool, bool]:
    """The slides' rules for one pixel, from the definitions of the colour spaces in floating point."""
    r, g, b = rgb
    hue, saturation, _ = colorsys.rgb_to_hsv(r / 255, g / 255, b / 255)
    h, s, v = 180 * hue, 255 * saturation, max(rgb)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    cr, cb = 128 + 0.713 * (r - luma), 128 + 0.564 * (b - luma)
    green = g == v and s >= 25 and v - luma > 1
    pink = ((h <= 10 or h >= 120) and cr >= cb and s > 50 and r > 30) or (b == v and cr > 130)
    return green, pink


def test_rules_agree_with_their_definition() -> None:
    """On 3,000 random colours the rules agree with the definition in floating point, but where rounding decides."""
    colours = np.random.default_rng(2).integers(0, 256, (3000, 3))
    found = np.concatenate(auroral_pixels(colours.astype(np.uint8)[None]))
    agree = [by_hand(tuple(map(int, rgb))) for rgb in colours] == found.T
    assert agree[:, 0].mean() > 0.995
    assert agree[:, 1].mean() > 0.98


@pytest.mark.parametrize(
    ("rgb", "names"),
    [((60, 140, 50), (True, False)), ((150, 60, 140), (False, True)), ((40, 40, 40), (False, False)),
     ((40, 60, 90), (False, False)), ((100, 40, 40), (False, True))],
)  # fmt: skip
def test_usual_colours(rgb: tuple[int, int, int], names: tuple[bool, bool]) -> None:
    """Green, pink and red aurora are found, grey and blue sky are not."""
    assert tuple(pixels.item() for pixels in auroral_pixels(np.full((1, 1, 3), rgb, np.uint8))) == names


def test_shares_are_of_the_circle() -> None:
    """A frame whose left half is green has half of its circle green; the black corners do not count."""
    picture = np.full((240, 240, 3), 40, np.uint8)
    picture[:, :120] = (60, 140, 50)
    np.testing.assert_allclose(shares([picture]), [[0.5, 0.0]], atol=0.001)


def test_limit_is_the_best_one() -> None:
    """The chosen limit gets as many training frames right as the best of all possible ones."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        area = rng.integers(0, 30, 40) / 100
        yes = rng.random(40) < area * 3
        limit = choose_limit(area, yes)
        best = max(((area >= other) == yes).sum() for other in [*np.unique(area), 2.0])
        assert ((area >= limit) == yes).sum() == best
    assert choose_limit(np.array([0.1, 0.2]), np.array([True, True])) <= 0.1
    assert choose_limit(np.array([0.1, 0.2]), np.array([False, False])) > 0.2


@pytest.fixture
def corpus() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Frames, colour shares, split, and rows with truth: the rule is right wherever the network is not quite sure."""
    n = 200
    rng = np.random.default_rng(9)
    yes = rng.random(n) < 0.4
    logit = np.where(yes, 3.0, -3.0) * np.where(rng.random(n) < 0.8, 1, -1)
    frames = pd.DataFrame(
        {
            "name": [f"f{k}" for k in range(n)], "night": [f"202401{1 + k % 10:02}" for k in range(n)],
            "number": np.arange(n), "sun_bin": "Night", "moon_bin": "No_moon", "logit_no": -logit / 2,
            "logit_yes": logit / 2, "p_yes": logistic(logit), "predicted": np.where(logit > 0, "yes", "no"),
        }
    )  # fmt: skip
    colour = frames[["night", "number"]].assign(green_share=np.where(yes, 0.05, 0.001), pink_share=0.0)
    words = np.where(yes, "yes", "no")
    split = pd.DataFrame({"name": frames["name"], "label": words, "split": ["train"] * 80 + ["val"] * 60 + [None] * 60})
    split.loc[140:, "label"] = None
    rows = frames.assign(truth=words, certain=np.arange(n) % 5 > 0)[80:]
    return frames, colour, split, rows


def test_the_rule_stands_beside_the_network(corpus) -> None:
    """The rule's limit lies between the classes; it is right on all frames here, the network on its four fifths.

    Where no frame is labelled no limit can be chosen, and nothing is said.
    """
    frames, colour, split, rows = corpus
    tables: dict[str, pd.DataFrame] = {}
    found = colour_rule(frames, colour, split, rows, tables)
    accuracy = found["accuracy"]
    assert found["limit"] == pytest.approx(0.0255)
    assert found["trained_on"] == 80
    assert accuracy["all"]["colour_rule"]["accuracy"] == 1
    assert accuracy["all"]["network"]["frames"] == 120
    assert accuracy["certain"]["network"]["frames"] == rows["certain"].sum()
    assert accuracy["all"]["network"]["accuracy"] == (rows["predicted"] == rows["truth"]).mean()
    assert accuracy["validation"]["colour_rule"]["frames"] == 60
    cell = tables["table6_colour_rule"].set_index(["sun_bin", "moon_bin"]).loc[("Night", "No_moon")]
    assert cell["yes"] == (colour["green_share"] > 0.01).sum()
    assert cell["frames"] == len(frames)
    without_labels = colour_rule(frames, colour, split.assign(label=None, split=None), rows, {})
    assert without_labels == {"limit": None, "trained_on": 0, "accuracy": {}}


def test_a_frame_without_shares_has_no_answer() -> None:
    """A frame that the rule was not applied to is neither yes nor no."""
    table = pd.DataFrame({"green_share": [0.2, 0.0, np.nan], "pink_share": [0.0, 0.01, np.nan]})
    assert predict(table, 0.1).fillna("neither").tolist() == ["yes", "no", "neither"]


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_calibration_finds_overconfidence(method) -> None:
    """Logits twice too large get a temperature of two, and either method brings p(yes) back; it needs 20 labels a class."""
    assert fit(method, np.linspace(-2, 2, 60), np.arange(60) >= 41) is None
    rng = np.random.default_rng(1)
    true = rng.normal(0, 2, 6000)
    yes = rng.random(6000) < logistic(true)
    curve = fit(method, 2 * true, yes)
    assert method == "isotonic" or curve.temperature == pytest.approx(2, rel=0.1)
    assert np.abs(curve.p_yes(2 * true) - logistic(true)).mean() < 0.03
    assert np.abs(logistic(2 * true) - logistic(true)).mean() > 0.05
    assert (np.diff(curve.p_yes(np.linspace(-20, 20, 101))) >= 0).all()


def test_calibrated_probabilities_stand_beside_the_published(corpus) -> None:
    """A network that is sure and wrong in every fifth frame is calibrated to four fifths; the softmax stays as it was."""
    frames, _, split, rows = corpus
    tables: dict[str, pd.DataFrame] = {}
    found = calibrated(frames, split, rows, tables, "temperature", 200, np.random.default_rng(0))
    assert found["fitted_on"] == 60
    assert found["temperature"] > 1.5
    assert found["error"]["all"]["published"]["frames"] == 60
    assert found["error"]["all"]["calibrated"]["ece"] < found["error"]["all"]["published"]["ece"]
    assert (tables["calibrated"]["p_yes"] == frames["p_yes"]).all()
    assert 0.6 < tables["calibrated"]["p_calibrated"].max() < 0.95
