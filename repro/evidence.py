"""Gather the evidence of a project: what its stages measured, the reason for what is missing, and which claims wait."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
from rich.text import Text

from repro.classifier.architecture_inputs import architecture_inputs
from repro.engine.run_nights import summaries
from repro.errors import ReproError, printable
from repro.figures.quantities import as_document, figure_quantities, quantities_inputs
from repro.figures.readings import load_readings
from repro.files import read_json
from repro.observed import (
    LEAST_NIGHTS,
    WINDOW_NIGHTS,
    Coverage,
    against_schedule,
    coverage_of,
    listed,
    part_quantities,
    quantities,
)
from repro.params import Params, load_params
from repro.paths import Paths
from repro.printing import console
from repro.record.claim_files import load_claims
from repro.record.claims import Claims, EvidenceKind
from repro.record.judge import Evidence, Quantities
from repro.record.table6 import table6_counts
from repro.schedule.document import published, read_or_predict
from repro.segmentation import station
from repro.simulated_mark import simulated_nights
from repro.untrusted import read_table, short_repr

NO_CORPUS = (
    "waits for the thesis' own videos and labels: put them under data/auroramax, set `corpus: auroramax` in "
    "params.yaml and run `dvc repro`"
)
#: The only corpus that is evidence about the thesis.
EVIDENCE_CORPUS = "auroramax"
#: How the measures of the other two records begin; the thesis' videos cannot give them.
OTHER_RECORDS = ("kopri.", "kvammen.")
NO_KVAMMEN = (
    "waits for the images of the data record doi:10.18710/SSA38J: put its two folders under data/kvammen, set "
    "`kvammen.corpus: kvammen` in params.yaml and run `make records`"
)
SIMULATED = "the nights at hand are simulated and therefore no evidence about a published number; this "


@dataclass(frozen=True)
class CorpusEvidence:
    """Quantities measured on the thesis' own videos by name, and which nights they are of.

    ``nights`` has each night beside the schedule, see :func:`repro.observed.against_schedule`.
    """

    quantities: Quantities
    coverage: Coverage
    nights: pd.DataFrame


NO_IMAGES = CorpusEvidence({}, Coverage((), ()), pd.DataFrame())


def combine(
    *,
    schedule: Mapping[str, Any],
    architecture: Mapping[str, Any],
    corpus: str,
    images: CorpusEvidence = NO_IMAGES,
    figures: Quantities | None = None,
    station_sky: Quantities | None = None,
    kvammen: Quantities | None = None,
) -> Evidence:
    """Combine the results of the stages into evidence for the comparator, with the reason for what is missing.

    ``schedule`` and ``architecture`` are documents of these stages, ``corpus`` the name in ``params.yaml``; only ``auroramax``
    is evidence about the thesis, by its ``images``. The others are quantities by name: of the record's pictures, of the sky
    over Jang Bogo Station (see :func:`of_station`) and of the images of Kvammen's data record.
    """
    by_kind: dict[EvidenceKind, Quantities] = {
        "ephemeris": {**_checked(schedule, "schedule"), **(station_sky or {})},
        "architecture": _checked(architecture, "architecture"),
    }
    if figures is not None:
        by_kind["figure"] = figures
    own, coverage = corpus == EVIDENCE_CORPUS, images.coverage
    of_thesis = images.quantities if own else {}
    if of_thesis or kvammen:
        by_kind["corpus"] = {**of_thesis, **(kvammen or {})}
    missing: dict[str, str] = {"corpus:kvammen": NO_KVAMMEN}
    if not of_thesis:
        missing["corpus"] = (SIMULATED if corpus == "simulated" or coverage.simulated else "") + NO_CORPUS
    waiting = coverage.waiting() if of_thesis else {}
    missing |= {f"corpus:window{number}": coverage.text() for number in range(1, 10)} if waiting else {}
    return Evidence(by_kind, missing, len(coverage.present) if own else 0, len(coverage.expected), waiting)


def of_pictures(paths: Paths, claims: Claims) -> Quantities:
    """Quantities of the record's pictures: as the stage left them if current, else from the committed readings."""
    counts, result = table6_counts(claims), paths.figures / "figures.json"
    if result.is_file():
        document = read_json(result, made_by="dvc repro figures")
        if isinstance(document, dict) and document.get("inputs") == quantities_inputs(paths.readings, counts):
            return _checked(document, "figures")
    return as_document(figure_quantities(load_readings(paths.readings), counts))["quantities"]


def corpus_coverage(paths: Paths, params: Params, corpus: str) -> Coverage:
    """Which nights of the record a corpus has as evidence; none unless it is the thesis' own."""
    film, clock, sky = (summaries(paths.stage(corpus, stage)) for stage in ("film", "clock", "sky"))
    done = set(film) & set(clock) & set(sky) if corpus == EVIDENCE_CORPUS else ()
    drawn_at_random = params.evidence.nights_drawn == "at_random"
    return coverage_of(film, done, simulated_nights(film), params.schedule, drawn_at_random=drawn_at_random)


def of_corpus(paths: Paths, params: Params, predicted: pd.DataFrame, availability: float) -> CorpusEvidence:
    """Quantities measured on the thesis' own videos; none if the corpus is another or has no real night."""
    corpus = params.corpus
    film, clock, sky = (summaries(paths.stage(corpus, stage)) for stage in ("film", "clock", "sky"))
    simulated = set(simulated_nights(film))
    coverage = corpus_coverage(paths, params, corpus)
    if corpus != EVIDENCE_CORPUS or not set(film) - simulated:
        return CorpusEvidence({}, coverage, pd.DataFrame())
    measured: dict[str, Any] = dict(quantities(film, clock, sky, params.schedule, simulated))
    for stage in ("sample", "split", "train", "softmax", "gradcam"):
        document = paths.stage(corpus, stage) / f"{stage}.json"
        if document.is_file():
            measured |= _checked(read_json(document, made_by=f"dvc repro {stage}"), stage)
    nights = against_schedule(sky, predicted, coverage.present, availability)
    return CorpusEvidence(measured | part_quantities(nights), coverage, nights)


def of_station(claims: Claims) -> Quantities:
    """The sky over Jang Bogo Station at the times that the KOPRI poster prints; those that are no times are left out."""
    sky = dict(station.quantities({}))
    for name in ("FIGURE1", "FIGURE2"):
        printed = f"KOP.{name}.TIME"
        with suppress(ValueError, ReproError):  # no time, or one beyond the ephemeris
            if printed in claims:
                time = datetime.fromisoformat(str(claims[printed].value)).isoformat(" ", "seconds")
                sky |= station.quantities({name.lower(): time})
    return sky


def of_kvammen(paths: Paths) -> Quantities:
    """What the images of Kvammen's data record say; nothing where they are not here, or the images are simulated."""
    source = paths.results / "kvammen" / "evaluate" / "evaluate.json"
    if not source.is_file():
        return {}
    document = read_json(source, made_by="make records")
    measured = _checked(document, "kvammen evaluate")
    return measured if document.get("simulated") is False else {}


def from_stages(paths: Paths) -> tuple[Evidence, CorpusEvidence]:
    """Evidence from the files that the stages wrote; a ReproError if a stage has not run."""
    schedule = read_json(paths.schedule / "schedule.json", made_by="dvc repro schedule")
    nights = read_table(paths.schedule / "nights.parquet", made_by="dvc repro schedule")
    architecture = read_json(paths.architecture, made_by="dvc repro architecture")
    figures = _checked(read_json(paths.figures / "figures.json", made_by="dvc repro figures"), "figures")
    sky = of_station(load_claims(paths.published))
    return _combined(paths, load_params(paths.params), schedule, nights, architecture, figures, sky)


def measured_now(paths: Paths, claims: Claims) -> Evidence:
    """Evidence of the sky, the networks and the pictures as the stages left it if it is current, else measured in this process.

    Measuring takes some seconds; nothing is written.
    """
    params = load_params(paths.params)
    schedule, nights = read_or_predict(paths.schedule, params.schedule, params.sky, published(claims))
    pictures, sky = of_pictures(paths, claims), of_station(claims)
    return _combined(paths, params, schedule, nights, _architecture(paths), pictures, sky)[0]


def _architecture(paths: Paths) -> dict[str, Any]:
    if paths.architecture.is_file():
        document = read_json(paths.architecture, made_by="dvc repro architecture")
        if isinstance(document, dict) and document.get("inputs") == architecture_inputs():
            return document
    from repro.classifier import architecture  # torch takes seconds to import, and is needed only here

    return architecture.measure()


def _combined(
    paths: Paths, params: Params, schedule: Any, nights: pd.DataFrame, architecture: Any, figures: Quantities,
    station_sky: Quantities,
) -> tuple[Evidence, CorpusEvidence]:  # fmt: skip
    availability = _checked(schedule, "schedule").get("fit.availability")
    if isinstance(availability, bool) or not isinstance(availability, int | float):
        raise _damaged("fit.availability", availability, "schedule")
    corpus = of_corpus(paths, params, nights, availability)
    evidence = combine(
        schedule=schedule, architecture=architecture, corpus=params.corpus, images=corpus, figures=figures,
        station_sky=station_sky, kvammen=of_kvammen(paths),
    )  # fmt: skip
    return evidence, corpus


def _checked(document: Any, stage: str) -> dict[str, Any]:
    """Quantities of a stage's document: numbers, words, and intervals of two numbers, by name."""
    measured = document.get("quantities") if isinstance(document, Mapping) else None
    if not isinstance(measured, Mapping):
        raise _damaged("quantities", measured, stage)
    for name, value in measured.items():
        ends = value if isinstance(value, list | tuple) and len(value) == 2 else [value]
        # Beyond floating-point numbers a comparison would overflow.
        sound = all(isinstance(end, int | float) and abs(end) <= sys.float_info.max for end in ends)
        if not (sound or isinstance(value, bool | str)):
            raise _damaged(str(name), value, stage)
    return dict(measured)


def _damaged(name: str, value: object, stage: str) -> ReproError:
    return ReproError(
        found=f"{short_repr(name)}: {short_repr(value)}",
        expected="numbers, words, and intervals of two numbers, by name",
        where=f"result of stage {stage}",
        remedy=f"run the stage again: dvc repro --force --single-item {stage}",
    )


class RecordStatus(NamedTuple):
    """Nights of the record that are here, and the claims whose images cannot be judged yet, by the reason."""

    coverage: Coverage
    waiting: dict[str, tuple[str, ...]]


def record_status(paths: Paths, params: Params, claims: Claims, corpus: str) -> RecordStatus:
    """Which nights of the record are here, and which claims wait for which nights."""
    coverage = corpus_coverage(paths, params, corpus)
    all_nights = "" if coverage.complete else f"all nights, {len(coverage.missing)} of which are missing"
    shares = "all nights, or nights drawn at random (evidence.nights_drawn in params.yaml)"
    if coverage.drawn_at_random:
        shares = f"at least {LEAST_NIGHTS} nights drawn at random"
    needs = {
        "any": "at least one night" if not coverage.present else "",
        "all": all_nights,
        "refuting": all_nights,  # some nights may contradict meanwhile
        "unselected": shares if "unselected" in coverage.waiting() else "",
    }
    waiting: dict[str, list[str]] = {}
    for claim in claims:
        rule = claim.evidence.get("corpus")
        if rule is None or not rule.compares or rule.expect == "not_run":
            continue
        if (rule.measure or "").startswith(OTHER_RECORDS):  # they wait for other images than the thesis'
            continue
        needed = needs[rule.coverage]
        window = WINDOW_NIGHTS.fullmatch(rule.measure or "")
        if window:  # counted when all of a window is here, see repro.observed.quantities
            needed = "" if int(window[1]) in coverage.whole_windows else "all nights of their window"
        if needed:
            waiting.setdefault(needed, []).append(claim.id)
    return RecordStatus(coverage, {reason: tuple(ids) for reason, ids in waiting.items()})


def print_record_status(record: RecordStatus) -> None:
    """Print which nights of the record are here, which are missing, and which claims wait for which."""
    coverage = record.coverage
    lines = [f"nights of the record: {len(coverage.present)} of {len(coverage.expected)} are here as evidence"]
    for title, nights in (
        ("here", coverage.present),
        ("missing", coverage.missing),
        ("simulated, never evidence", coverage.simulated),
        ("outside the record's windows", coverage.later),
    ):
        if nights:
            lines.append(f"  {title}: {listed(nights, named=40)}")
    for needed, ids in record.waiting.items():
        lines.append(f"{len(ids)} claims wait for {needed}: {_abbreviated(ids)}")
    for line in lines:
        console().print(Text(printable(line)))


def _abbreviated(ids: Iterable[str]) -> str:
    """Ids by their first part: "F6 (18), T3 (9), TXT.FRAMES"."""
    groups: dict[str, list[str]] = {}
    for name in ids:
        groups.setdefault(name.split(".")[0], []).append(name)
    return ", ".join(names[0] if len(names) == 1 else f"{group} ({len(names)})" for group, names in groups.items())
