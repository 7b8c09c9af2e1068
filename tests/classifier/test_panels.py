"""Panels: which frames are chosen, by what rule, and what is said where none fits."""

import numpy as np
import pandas as pd
import pytest

from repro.classifier.panels import PANELS, Case, choose, colour_shares
from repro.errors import ReproError
from tests.support.answers import answered

FULL = {"form": ["arc", "corona", "rays", "diffuse", "patchy", "bands"], "colour": ["red", "purple", "pink", "green"]}


def black(night: str, name: str) -> np.ndarray:
    """A frame without any colour."""
    return np.zeros((8, 8, 3), np.uint8)


@pytest.fixture(scope="module")
def frames() -> pd.DataFrame:
    """Frames with aurora of every form and colour, frames without in every weather, and one night with all backgrounds."""
    yes = answered("20240201", np.linspace(0.6, 0.99, 48)).assign(truth="yes", weather="clear")
    yes["form"], yes["colour"] = FULL["form"] * 8, FULL["colour"] * 12
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


def test_every_case_is_filled_by_its_rule(frames: pd.DataFrame) -> None:
    """Each case shows a frame that fits it and is rightly classified as the panel's class."""
    cases = choose(frames, {}, 1, black)
    assert [(case.panel, case.case) for case in cases] == [
        (panel, case) for panel, (_, names) in PANELS.items() for case in names
    ]
    at = frames.set_index("name")
    assert at.loc[chosen(cases, "background"), "sun_bin"].tolist() == ["Night", "Astro", "Nautical"]
    assert set(at.loc[chosen(cases, "background"), "night"]) == {"20240203"}
    assert at.loc[chosen(cases, "colour"), "colour"].tolist() == ["red", "purple", "pink"]
    for panel, fitting in (
        ("form", ({"arc"}, {"corona", "rays"}, {"diffuse", "patchy"})),
        ("weather", ({"clear"}, {"overcast", "broken"}, {"snow"})),
    ):
        shown = at.loc[chosen(cases, panel), panel]
        assert all(value in fits for value, fits in zip(shown, fitting, strict=True)), panel
    for case in cases:
        assert at.loc[case.name, "predicted"] == case.label == at.loc[case.name, "truth"]


def test_clear_cases_are_taken(frames: pd.DataFrame) -> None:
    """Where the network is sure of some fitting frames, one of these is shown."""
    at = frames.set_index("name")["p_yes"]
    for seed in range(5):
        cases = choose(frames, {}, seed, black)
        assert all(at[name] >= 0.9 for panel in ("colour", "form") for name in chosen(cases, panel))
        assert all(at[name] <= 0.1 + 0.05 for name in chosen(cases, "weather"))


def test_seed_decides_and_order_does_not(frames: pd.DataFrame) -> None:
    """The seed draws among fitting frames; the order of the table does not matter."""
    shuffled = frames.sample(frac=1, random_state=3)
    assert choose(frames, {}, 1, black) == choose(shuffled, {}, 1, black)
    assert choose(frames, {}, 1, black) != choose(frames, {}, 2, black)


def test_wrongly_classified_frames_are_not_shown(frames: pd.DataFrame) -> None:
    """A frame without aurora that is classified yes is no case of a colour."""
    wrong = frames.copy()
    wrong.loc[wrong["colour"] == "red", "truth"] = "no"
    case = next(case for case in choose(wrong, {}, 1, black) if case.case == "red")
    assert case.name is None
    assert case.chosen == "no frame: red, any condition, classified yes"


def test_named_frames_are_taken(frames: pd.DataFrame) -> None:
    """A frame named by the user is shown whatever the rule says."""
    name = str(frames["name"].iloc[60])
    cases = {case.case: case for case in choose(frames, {"form": {"radial": name}}, 1, black)}
    assert (cases["radial"].name, cases["radial"].chosen) == (name, "named in params.yaml")


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
