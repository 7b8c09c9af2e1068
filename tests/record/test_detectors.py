"""Detectors of findings: what is missing or wrong is listed with its reason, and never reads as "nothing found"."""

from dataclasses import replace
from pathlib import Path

import pytest

from repro.evidence import of_pictures
from repro.figures.quantities import quantities_inputs
from repro.files import write_json
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.findings import pictures
from repro.record.findings.derive import derive_findings
from repro.record.findings.finding import Detector, Finding, NotAvailableError, View
from repro.record.judge import Evidence, verify
from repro.record.table6 import table6_counts
from tests.record.test_claims import CLAIMS, results, verification
from tests.support.claims import made_up

VERDICTS = verify(
    Claims([CLAIMS["TXT.FRAMES"], CLAIMS["TXT.NIGHTS"]]), Evidence({}, {"ephemeris": "the sky fell"}), detectors=()
)


def derived(*detectors: Detector) -> tuple[Finding, ...]:
    """What detectors give on two claims without any measured quantity."""
    return derive_findings(VERDICTS.claims, VERDICTS.verdicts, {}, {"ephemeris": "the sky fell"}, detectors)


def test_findings_are_listed_by_rank_and_what_is_missing_comes_last_with_its_reason() -> None:
    """A quantity that was not measured gives an entry with the question, the claims read so far and the reason."""

    def needs_quantity(view: View) -> Finding:
        """Whether the sky has minutes."""
        return Finding("FND.X", "x", (), f"{view.value('TXT.FRAMES')} {view.quantity('ephemeris', 'minutes')}")

    late = Finding("FND.LATE", "late", ("TXT.FRAMES",), "", rank=900)
    early = Finding("FND.EARLY", "early", ("TXT.FRAMES",), "", rank=1)
    *found, missing = derived(needs_quantity, lambda _: late, lambda _: early)
    assert found == [early, late]
    assert (missing.kind, missing.id) == ("not_derived", "NOT_DERIVED.NEEDS_QUANTITY")
    assert missing.title == "Not examined: whether the sky has minutes"
    assert missing.claims == ("TXT.FRAMES",)
    assert "the sky fell" in missing.explanation


@pytest.mark.parametrize(
    "look",
    [
        lambda view: view.value("TXT.FRAMEZ"),
        lambda view: view.values("TXT.FRAMEZ.*"),
        lambda view: view.fails("TXT.FRAMEZ"),
        lambda view: view.failing("TXT.FRAMEZ"),
        lambda view: view.conflicts("TXT.FRAMEZ"),
        lambda view: view.conflicts("TXT.FRAMES", "figure"),
        lambda _: 1 / 0,
        lambda view: view.value("TXT.FRAMES").real_part,
    ],
)
def test_detector_that_is_wrong_is_an_error(look: Detector) -> None:
    """A misspelt claim, a rule that a claim does not have, and any other fault is listed as an error, never swallowed."""
    (finding,) = derived(look)
    assert finding.kind == "error"
    assert replace(VERDICTS, findings=(finding,)).exit_code == 2


def test_what_was_not_compared_does_not_read_as_no_conflict() -> None:
    """Asked for the outcome of a comparison that was not made, a detector stops instead of reading "no conflict"."""
    claims = Claims([made_up("T.A", corpus={})])
    view = View(claims, verify(claims, Evidence({}, {"corpus": "no videos"}), detectors=()).verdicts, {}, {})
    with pytest.raises(NotAvailableError, match="no videos"):
        view.conflicts("T.A", "corpus")
    with pytest.raises(NotAvailableError, match="no videos"):
        view.fails("T.A")


def test_every_detector_finds_its_claims_and_quantities() -> None:
    """No detector names a claim that is not registered, and nothing that needs no images waits for anything."""
    assert [
        finding.explanation
        for finding in verification().findings
        if finding.kind == "error" or (finding.kind == "not_derived" and "corpus" not in finding.explanation)
    ] == []


def of_pictures_with(changes: dict[str, float]) -> View:
    """The committed readings of the pictures with other quantities, by the beginnings of their names."""
    measured = results().quantities["figure"]
    changed = {name: value for name in measured for start, value in changes.items() if name.startswith(start)}
    assert len(changed) >= len(changes)
    return View(CLAIMS, (), {"figure": {**measured, **changed}}, {})


def test_a_mean_two_points_off_makes_two_figures_disagree() -> None:
    """Figures 6 and 7 agree as they were read, and conflict with another mean."""
    off = of_pictures_with({"figure7.mean_over_yes.night.no_moon": 90.0})
    assert pictures.two_pictures_agree(off).kind == "conflict"
    assert pictures.two_pictures_agree(of_pictures_with({})).kind == "agreement"


WHOLE_BINS = {
    "figure7.no_first_pct": 0.0,
    "figure7.no_last_pct": 50.0,
    "figure7.yes_first_pct": 50.0,
    "figure7.yes_last_pct": 100.0,
}


@pytest.mark.parametrize(
    ("detector", "changes"),
    [
        (pictures.bins_between_extremes, WHOLE_BINS),
        (pictures.activation_does_not_disappear, {"gradcam.largest.clear": 0.2}),
        (pictures.occurrence_by_its_own_account, {"figure7.expected_share_pct": 39.3}),
        (pictures.conditions_never_validated, {"figure7.calibrated_accuracy_pct.astro.moon_full": 99.0}),
    ],
)
def test_another_reading_leaves_nothing_to_find(detector: Detector, changes: dict[str, float]) -> None:
    """Bars of whole points, a dark map, an agreeing share and a sure network give no finding; what was read does."""
    assert detector(of_pictures_with({})) is not None
    assert detector(of_pictures_with(changes)) is None


@pytest.mark.parametrize("detector", pictures.DETECTORS)
def test_without_readings_nothing_is_found(detector: Detector) -> None:
    """A detector that lacks its quantities says so, and its finding is listed as not derived."""
    with pytest.raises(NotAvailableError):
        detector(View(CLAIMS, (), {}, {}))


def test_results_of_stage_figures_are_taken_only_if_they_are_current(tmp_path: Path, project: Paths) -> None:
    """Quantities that the stage left are used until a reading changes; then they are measured again."""
    paths = Paths(tmp_path)
    reading = paths.readings / "figure3.csv"
    reading.parent.mkdir(parents=True)
    reading.write_bytes((project.readings / "figure3.csv").read_bytes())
    inputs = quantities_inputs(paths.readings, table6_counts(CLAIMS))
    write_json(paths.figures / "figures.json", {"inputs": inputs, "quantities": {"figure3.crop_area": 0.5}})
    assert of_pictures(paths, CLAIMS) == {"figure3.crop_area": 0.5}
    reading.write_bytes(b"# read again: yes\n" + reading.read_bytes())
    measured = results().quantities["figure"]["figure3.crop_area"]
    assert of_pictures(paths, CLAIMS)["figure3.crop_area"] == measured != 0.5
