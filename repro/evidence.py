"""Gather the evidence of a project: what its stages measured, and the reason for what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from repro import observed
from repro.engine.nights import summaries
from repro.errors import ReproError
from repro.figures.quantities import as_measured, figure_quantities
from repro.figures.readings import load_readings
from repro.files import read_json
from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claims import Claims, Evidence, load_claims
from repro.record.judge import Quantities, Results
from repro.record.table6 import table6_counts
from repro.untrusted import brief

NO_CORPUS = (
    "waits for the thesis' own videos and labels: put them under data/auroramax, set `corpus: auroramax` in "
    "params.yaml and run `dvc repro`"
)
#: The only corpus that is evidence about the thesis.
EVIDENCE_CORPUS = "auroramax"
SIMULATED = "the corpus in params.yaml is simulated, which is never evidence about a published number; "


def combine(
    *,
    schedule: Mapping[str, Any],
    architecture: Mapping[str, Any],
    corpus: str,
    measured: Quantities | None = None,
    figures: Quantities | None = None,
) -> Results:
    """Put the documents of the stages into the form the comparator takes, with the reason for what is missing.

    Parameters
    ----------
    schedule : mapping
        Document of the schedule stage.
    architecture : mapping
        Document of the architecture stage.
    corpus : str
        Name of the corpus in ``params.yaml``. Only ``auroramax`` is evidence about the thesis.
    measured : mapping, optional
        Quantities measured on the corpus, by name.
    figures : mapping, optional
        Quantities measured on the record's pictures, by name.
    """
    quantities: dict[Evidence, Quantities] = {
        "ephemeris": _checked(schedule, "schedule"),
        "architecture": _checked(architecture, "architecture"),
    }
    unavailable = architecture.get("unavailable") or {}
    if not isinstance(unavailable, Mapping):
        raise _damaged("unavailable", unavailable, "architecture")
    missing = {f"architecture:{name}": str(why) for name, why in unavailable.items()}
    if figures is not None:
        quantities["figure"] = figures
    else:
        missing["figure"] = "no readings of the record's pictures: run `dvc repro figures`"
    if corpus == EVIDENCE_CORPUS and measured is not None:
        quantities["corpus"] = measured
    else:
        missing["corpus"] = (SIMULATED if corpus == "simulated" else "") + NO_CORPUS
    return Results(quantities, missing)


def of_pictures(paths: Paths, claims: Claims) -> Quantities:
    """What the record's pictures say, from the committed readings; no document is needed."""
    return as_measured(figure_quantities(load_readings(paths.readings), table6_counts(claims)))


def of_corpus(paths: Paths, params: Params) -> Quantities | None:
    """What the stages measured on the thesis' own videos; None if the corpus is another or nothing has been measured.

    Parameters
    ----------
    paths : Paths
        The project.
    params : Params
        All parameters; they name the corpus and the windows of the record.
    """
    corpus = params.corpus
    if corpus != EVIDENCE_CORPUS:
        return None
    film, clock, sky = (summaries(paths.stage(corpus, stage)) for stage in ("film", "clock", "sky"))
    found: dict[str, Any] = dict(observed.quantities(film, clock, sky, params.schedule))
    for stage in ("sample", "split", "train", "softmax", "gradcam"):
        document = paths.stage(corpus, stage) / f"{stage}.json"
        if document.is_file():
            found |= _checked(read_json(document, made_by=f"dvc repro {stage}"), stage)
    return found or None


def _checked(document: Any, stage: str) -> dict[str, Any]:
    """Quantities of a stage's document: numbers, words, and intervals of two numbers, by name."""
    found = document.get("quantities") if isinstance(document, Mapping) else None
    if not isinstance(found, Mapping):
        raise _damaged("quantities", found, stage)
    for name, value in found.items():
        ends = value if isinstance(value, list | tuple) else ()
        sound = len(ends) == 2 and all(_finite(end) for end in ends) if ends else _finite(value)
        if not (sound or isinstance(value, bool | str)):
            raise _damaged(str(name), value, stage)
    return dict(found)


def _finite(value: object) -> bool:
    # Beyond floating-point numbers a comparison would overflow.
    return isinstance(value, int | float) and abs(value) <= sys.float_info.max


def _damaged(name: str, value: object, stage: str) -> ReproError:
    return ReproError(
        found=f"{brief(name)}: {brief(value)}",
        expected="numbers, words, and intervals of two numbers, by name",
        where=f"result of stage {stage}",
        remedy=f"run the stage again: dvc repro --force --single-item {stage}",
    )


def from_stages(paths: Paths) -> Results:
    """Evidence from the files that the stages wrote.

    Raises
    ------
    ReproError
        If a stage has not run.
    """
    params = load_params(paths.params)
    measured = paths.figures / "figures.json"
    # The committed readings are the evidence; the stage that checks them against the documents need not have run.
    figures = (
        _checked(read_json(measured, made_by="dvc repro figures"), "figures")
        if measured.is_file()
        else of_pictures(paths, load_claims(paths.published))
    )
    return combine(
        schedule=read_json(paths.schedule / "schedule.json", made_by="dvc repro schedule"),
        architecture=read_json(paths.architecture, made_by="dvc repro architecture"),
        corpus=params.corpus,
        measured=of_corpus(paths, params),
        figures=figures,
    )
