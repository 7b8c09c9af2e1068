"""Gather the evidence of a project: what its stages measured, and the reason for what is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from repro import observed
from repro.engine.nights import summaries
from repro.errors import ReproError
from repro.files import read_json
from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claims import Evidence
from repro.record.judge import Quantities, Results
from repro.simulated_mark import corpus_is_simulated, simulated_nights
from repro.untrusted import brief

NO_CORPUS = (
    "waits for the thesis' own videos and labels: put them under data/auroramax, set `corpus: auroramax` in "
    "params.yaml and run `dvc repro`"
)
#: The only corpus that is evidence about the thesis.
EVIDENCE_CORPUS = "auroramax"
SIMULATED = "all nights of the corpus are simulated, which is never evidence about a published number; "


def combine(
    *,
    schedule: Mapping[str, Any],
    architecture: Mapping[str, Any],
    corpus: str,
    measured: Quantities | None = None,
    simulated: bool = False,
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
    simulated : bool
        Whether the corpus is simulated, see :func:`repro.simulated_mark.corpus_is_simulated`.
    """
    quantities: dict[Evidence, Quantities] = {
        "ephemeris": _checked(schedule, "schedule"),
        "architecture": _checked(architecture, "architecture"),
    }
    unavailable = architecture.get("unavailable") or {}
    if not isinstance(unavailable, Mapping):
        raise _damaged("unavailable", unavailable, "architecture")
    missing = {f"architecture:{name}": str(why) for name, why in unavailable.items()}
    if corpus == EVIDENCE_CORPUS and measured is not None and not simulated:
        quantities["corpus"] = measured
    else:
        missing["corpus"] = (SIMULATED if simulated else "") + NO_CORPUS
    return Results(quantities, missing)


def of_corpus(paths: Paths, params: Params) -> Quantities | None:
    """What the stages measured on the thesis' own videos; None if the corpus is another or none of its nights is real.

    Simulated nights among real ones count nowhere: here, and in the stages, see :func:`repro.simulated_mark.usable_rows`.

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
    simulated = set(simulated_nights(film))
    if not set(film) - simulated:
        return None
    film, clock, sky = (
        {night: summary for night, summary in stage.items() if night in film and night not in simulated}
        for stage in (film, clock, sky)
    )
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
    return combine(
        schedule=read_json(paths.schedule / "schedule.json", made_by="dvc repro schedule"),
        architecture=read_json(paths.architecture, made_by="dvc repro architecture"),
        corpus=params.corpus,
        measured=of_corpus(paths, params),
        simulated=corpus_is_simulated(paths, params.corpus),
    )
