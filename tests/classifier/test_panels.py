"""Panels: which frames are chosen, by what rule, and what is said where none fits."""

import numpy as np
import pandas as pd
import pytest

from repro.classifier.panels import PANELS, Case, choose, colour_shares
from repro.errors import ReproError
from tests.support.answers import answered


def black(night: str, name: str) -> np.ndarray:
    """A frame without any colour."""
    return np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def frames() -> pd.DataFrame:
    """Frames with aurora of every form and colour, frames without in every weather, and one night with all backgrounds."""
    yes = answered("20240201", np.linspace(0.6, 0.99, 48)).assign(truth="yes", weather="clear")
    yes["form"] = ["arc", "corona", "rays", "diffuse", "patchy", "bands"] * 8
    yes["colour"] = ["red", "purple", "pink", "green"] * 12
    no = answered("20240202", np.linspace(0.01, 0.4, 30)).assign(truth="no", form="none", colour="none")
    no["weather"] = ["clear", "overcast", "snow", "thin", "broken"] * 6
    parts = [yes, no]
    for place, sun in enumerate(("Night", "Astro", "Nautical")):
        rows = answered("20240203", np.full(4, 0.95), (sun, "No_moon"), first=4 * place)
        rows["name"] = rows["name"].str.replace("_20240203_", f"_{place}_20240203_")
        parts.append(rows.assign(truth="yes", form="bands", colour="green", weather="clear"))
    return pd.concat(parts, ignore_index=True)


def chosen(cases: list[Case], panel: str) -> list[str | None]:
    """Names of a panel's frames."""
    return [case.name for case in cases if case.panel == panel]


@pytest.mark.parametrize("seed", range(8))
def test_every_case_is_filled_by_its_rule(frames: pd.DataFrame, seed: int) -> None:
    """Each case shows a frame that fits it and is rightly and surely classified as the panel's class."""
    cases, at = choose(frames, {}, seed, black), frames.set_index("name")
    assert [(case.panel, case.case) for case in cases] == [
        (panel, case) for panel, (_, names) in PANELS.items() for case in names
    ]
    fitting = {
        "background": ("sun_bin", [("Night",), ("Astro",), ("Nautical",)]),
        "colour": ("colour", [("red",), ("purple",), ("pink",)]),
        "form": ("form", [("arc",), ("corona", "rays"), ("diffuse", "patchy")]),
        "weather": ("weather", [("clear",), ("overcast", "broken"), ("snow",)]),
    }
    for panel, (column, wanted) in fitting.items():
        shown = at.loc[chosen(cases, panel)]
        assert all(value in fit for value, fit in zip(shown[column], wanted, strict=True))
        assert (shown["p_yes"] <= 0.15).all() if panel == "weather" else (shown["p_yes"] >= 0.9).all()
    assert set(at.loc[chosen(cases, "background"), "night"]) == {"20240203"}
    for case in cases:
        assert at.loc[case.name, "predicted"] == case.label == at.loc[case.name, "truth"]


def test_seed_decides_and_order_does_not(frames: pd.DataFrame) -> None:
    """The seed draws among fitting frames; the order of the table does not matter."""
    shuffled = frames.sample(frac=1, random_state=3)
    assert choose(frames, {}, 1, black) == choose(shuffled, {}, 1, black)
    assert len({tuple(chosen(choose(frames, {}, seed, black), "form")) for seed in range(4)}) > 1


def test_named_frames_are_taken_and_wrong_ones_are_not(frames: pd.DataFrame) -> None:
    """A frame named by the user is shown whatever the rule says; one without aurora that is classified yes never is."""
    name = str(frames["name"].iloc[60])
    wrong = frames.assign(truth=frames["truth"].mask(frames["colour"] == "red", "no"))
    cases = {case.case: case for case in choose(wrong, {"form": {"radial": name}}, 1, black)}
    assert (cases["radial"].name, cases["radial"].chosen) == (name, "named in params.yaml")
    assert (cases["red"].name, cases["red"].chosen) == (None, "no frame: red, any condition, classified yes")


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"shape": {"arc": "x"}}, "shape: arc"),
        ({"form": {"spiral": "x"}}, "form: spiral"),
        ({"form": {"arc": "x.jpg"}}, "frame x.jpg"),
    ],
)
def test_names_that_do_not_exist(frames: pd.DataFrame, named: dict[str, dict[str, str]], found: str) -> None:
    """A panel, case or frame that does not exist is named in the error."""
    with pytest.raises(ReproError) as caught:
        choose(frames, named, 1, black)
    assert caught.value.found == found


def test_different_nights_where_none_has_all(frames: pd.DataFrame) -> None:
    """Without a night that has all three backgrounds, they come from different nights, and the rule says so."""
    rows = frames[~((frames["night"] == "20240203") & (frames["sun_bin"] == "Night"))]
    cases = [case for case in choose(rows, {}, 1, black) if case.panel == "background"]
    assert all("different nights" in case.chosen for case in cases)
    assert len({rows.set_index("name").loc[case.name, "night"] for case in cases}) == 2


def test_without_truth_colours_are_told_from_the_image(frames: pd.DataFrame) -> None:
    """Of a real corpus, colour is taken from pixels, and form and weather wait for names."""
    real = frames.drop(columns=["truth", "form", "colour", "weather"])
    red = set(real["name"][:3])

    def look(night: str, name: str) -> np.ndarray:
        return np.full((8, 8, 3), (200, 60, 40) if name in red else (0, 0, 0), np.uint8)

    cases = {case.case: case for case in choose(real, {}, 1, look)}
    assert cases["red"].name in red
    assert cases["purple"].name is None
    assert "2% purple pixels" in cases["purple"].chosen
    assert cases["arc"].chosen == "form is unknown in this corpus; name a frame"
    assert cases["Night"].name is not None


@pytest.mark.parametrize(
    ("rgb", "colour"),
    [((200, 60, 40), "red"), ((200, 90, 150), "pink"), ((110, 60, 190), "purple"), ((60, 200, 80), ""), ((50, 10, 8), ""), ((128, 128, 128), "")],
)  # fmt: skip
def test_colours_of_pixels(rgb: tuple[int, int, int], colour: str) -> None:
    """Bright red, pink and purple are distinguished; green, grey and dark pixels are none of them."""
    shares = colour_shares(np.full((4, 4, 3), rgb, np.uint8))
    assert shares == {name: float(name == colour) for name in ("red", "pink", "purple")}
