"""Evidence of a corpus: only the thesis' own videos judge a published number."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.evidence import combine, of_corpus
from repro.files import write_json
from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.judge import verify
from tests.conftest import ROOT

EMPTY: dict[str, dict[str, float]] = {"quantities": {}}


def measured(folder: Path, corpus: str) -> Paths:
    """A project in which two stages measured something on a corpus."""
    paths = Paths(folder)
    write_json(paths.stage(corpus, "softmax") / "softmax.json", {"quantities": {"table3.night.no_moon": 98126}})
    write_json(paths.stage(corpus, "split") / "split.json", {"quantities": {"split.train_yes": 1000}})
    return paths


def of(corpus: str) -> Params:
    """The default parameters for a corpus."""
    return load_params(ROOT / "params.yaml").model_copy(update={"corpus": corpus})


def outcomes(paths: Paths, corpus: str, claims: Claims) -> dict[str, str]:
    """Outcomes of the corpus evidence, by claim."""
    results = combine(schedule=EMPTY, architecture=EMPTY, corpus=corpus, measured=of_corpus(paths, of(corpus)))
    return {
        verdict.claim: verdict.outcome for verdict in verify(claims, results).verdicts if verdict.evidence == "corpus"
    }


def test_own_videos_judge(tmp_path: Path, claims: Claims) -> None:
    """What was measured on the thesis' videos is compared; what was not stays not run."""
    found = outcomes(measured(tmp_path, "auroramax"), "auroramax", claims)
    assert found["T3.NIGHT.NO_MOON"] == "confirmed"
    assert found["SPLIT.TRAIN_YES"] == "contradicted"
    assert found["T3.ASTRO.NO_MOON"] == "not_run"


@pytest.mark.parametrize("corpus", ["simulated", "kho"])
def test_other_corpora_never_judge(tmp_path: Path, claims: Claims, corpus: str) -> None:
    """A simulated or foreign corpus is no evidence, even where its numbers happen to agree."""
    assert set(outcomes(measured(tmp_path, corpus), corpus, claims).values()) == {"not_run"}


def test_own_videos_that_were_not_run_judge_nothing(tmp_path: Path) -> None:
    """With the right corpus but no results there is nothing to compare."""
    assert of_corpus(Paths(tmp_path), of("auroramax")) is None
