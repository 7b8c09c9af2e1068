"""Parameters: what may be said, and that the defaults are what the record prints."""

from pathlib import Path

import pytest

from repro.errors import ReproError
from repro.params import Params, load_params
from repro.paths import Paths, find_project
from repro.record.claims import Claims
from repro.untrusted import parse_yaml


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("corpus: simulated", "corpus: ../elsewhere", "corpus"),
        ("seed: 20250627", "seed: -1", "seed"),
        ("cadence_s: 60", "cadence_s: 0", "schedule.cadence_s"),
        ("cadence_s: 60", "cadence: 60", "schedule.cadence"),
        ("moon_rule: published", "moon_rule: guess", "sky.moon_rule"),
        ('first: "2022-12-01"', 'first: "December"', "schedule.windows.0.first"),
        ("time_zone: America/Yellowknife", "time_zone: America/Yelowknife", "schedule.site.time_zone"),
    ],
)
def test_bad_value_names_its_field(project: Paths, tmp_path: Path, old: str, new: str, field: str) -> None:
    """A value that is not allowed is refused with file and field."""
    text, path = project.params.read_text(encoding="utf-8"), tmp_path / "params.yaml"
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReproError) as raised:
        load_params(path)
    assert raised.value.where.endswith(f"field {field}")
    assert new.split(": ")[1].strip('"') in raised.value.found
    assert str(tmp_path) in raised.value.where


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    """A missing file and one that is not YAML are different errors."""
    with pytest.raises(ReproError, match="no such file"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("a: [1,")
    with pytest.raises(ReproError, match="not YAML"):
        load_params(tmp_path / "params.yaml")


def test_windows_are_the_published_ones(params: Params, claims: Claims) -> None:
    """The windows of the schedule are those that the thesis prints."""
    windows = params.schedule.windows
    printed = [(claims[f"WINDOW{number}.FIRST"].value, claims[f"WINDOW{number}.LAST"].value) for number in (1, 2, 3)]
    assert [(window.first, window.last) for window in windows] == printed


def test_project_is_found_from_any_folder_inside(project: Paths, tmp_path: Path) -> None:
    """A command may be run from any folder of the checkout; outside, the error names the option that helps."""
    assert find_project(project.published / "thesis").root == project.root
    with pytest.raises(ReproError, match="--project"):
        find_project(tmp_path)


@pytest.mark.parametrize(
    ("text", "value"), [("3e-05", 3e-05), ("-1E+2", -100.0), ("12.5e1", 125.0), ("12e3x", "12e3x"), ("e5", "e5")]
)
def test_numbers_are_those_of_yaml_1_2(text: str, value: object) -> None:
    """A number without a point, as DVC writes 0.00003 into its lock file, is a number; a word that looks alike is not."""
    assert parse_yaml(f"a: {text}", where="", expected="", remedy="") == {"a": value}
