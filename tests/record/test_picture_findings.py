from __future__ import annotations

from pathlib import Path

import pytest

from repro.evidence import of_pictures
from repro.figures.quantities import as_document, figure_quantities, quantities_inputs
from repro.figures.readings import load_readings
from repro.files import write_json
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.findings import pictures
from repro.record.findings.finding import NotAvailableError, View
from repro.record.table6 import table6_counts


@pytest.fixture(scope="module")
def measured(project: Paths, claims: Claims) -> dict[str, float | str | bool]:
    """Quantities of the committed readings."""
    return as_document(figure_quantities(load_readings(project.readings), table6_counts(claims)))["quantities"]


def test_every_finding_is_derived_from_the_readings(claims: Claims, measured: dict[str, float | str | bool]) -> None:
    """All six findings come out, and each names registered claims only."""
    view = View(claims, (), {"figure": measured}, {})
    derived = [detector(view) for detector in pictures.DETECTORS]
    assert all(finding is not None for finding in derived)
    assert {finding.id for finding in derived} == {
        "FND.FIGURE7_GIVES_FIGURE6",
        "FND.BINS_BETWEEN_EXTREMES",
        "FND.OCCURRENCE_BY_PROBABILITY",
        "FND.NEVER_VALIDATED",
        "FND.ACTIVATION_DISAPPEARS",
        "FND.MAPS_MEASURED",
    }
    assert all(name in claims for finding in derived for name in finding.claims)


def test_another_reading_gives_another_finding(claims: Claims, measured: dict[str, float | str | bool]) -> None:
    """A mean two points off makes the two figures disagree; a dark map or an agreeing share leaves nothing to find."""
    off = {**measured, "figure7.mean_over_yes.night.no_moon": 90.0}
    assert pictures.two_pictures_agree(View(claims, (), {"figure": off}, {})).kind == "conflict"
    assert pictures.two_pictures_agree(View(claims, (), {"figure": measured}, {})).kind == "agreement"
    whole = {
        **measured,
        **{name: 0.0 for name in measured if name.startswith("figure7.no_first_pct")},
        **{name: 50.0 for name in measured if name.startswith(("figure7.no_last_pct", "figure7.yes_first_pct"))},
        **{name: 100.0 for name in measured if name.startswith("figure7.yes_last_pct")},
    }
    assert pictures.bins_between_extremes(View(claims, (), {"figure": whole}, {})) is None
    dark = {**measured, "gradcam.largest.clear": 0.2}
    assert pictures.activation_does_not_disappear(View(claims, (), {"figure": dark}, {})) is None
    equal = {**measured, "figure7.expected_share_pct": 39.3}
    assert pictures.occurrence_by_its_own_account(View(claims, (), {"figure": equal}, {})) is None
    sure = {**measured, "figure7.calibrated_accuracy_pct.astro.moon_full": 99.0}
    assert pictures.conditions_never_validated(View(claims, (), {"figure": sure}, {})) is None


def test_without_readings_nothing_is_found(claims: Claims) -> None:
    """A detector that lacks its quantities says so, and its finding is listed as not derived."""
    for detector in pictures.DETECTORS:
        with pytest.raises(NotAvailableError):
            detector(View(claims, (), {}, {}))


def test_results_of_stage_figures_are_taken_only_if_they_are_current(
    tmp_path: Path, project: Paths, claims: Claims, measured: dict[str, float | str | bool]
) -> None:
    """Quantities that the stage left are used until a reading changes; then they are measured again."""
    paths = Paths(tmp_path)
    reading = paths.readings / "figure3.csv"
    reading.parent.mkdir(parents=True)
    reading.write_bytes((project.readings / "figure3.csv").read_bytes())
    inputs = quantities_inputs(paths.readings, table6_counts(claims))
    write_json(paths.figures / "figures.json", {"inputs": inputs, "quantities": {"figure3.crop_area": 0.5}})
    assert of_pictures(paths, claims) == {"figure3.crop_area": 0.5}
    reading.write_bytes(b"# read again: yes\n" + reading.read_bytes())
    assert of_pictures(paths, claims)["figure3.crop_area"] == measured["figure3.crop_area"] != 0.5
