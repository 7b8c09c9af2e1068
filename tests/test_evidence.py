"""Evidence of a corpus: only the thesis' own videos judge a published number."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.engine.receipts import Work, write
from repro.evidence import combine, of_corpus
from repro.files import write_json
from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.judge import verify
from repro.simulated_mark import simulated_nights
from tests.conftest import ROOT

EMPTY: dict[str, dict[str, float]] = {"quantities": {}}
FILM = {"sampled": 500, "fps": 25, "width_px": 1280, "height_px": 720, "step": 10}


def measured(folder: Path, corpus: str, kinds: tuple[str, ...] = ("real",)) -> Paths:
    """A project in which stages measured something on a corpus of nights of these kinds, real or simulated."""
    paths = Paths(folder)
    write_json(paths.stage(corpus, "softmax") / "softmax.json", {"quantities": {"table3.night.no_moon": 98126}})
    nights = {"real": False, "simulated": True}
    for night, simulated in zip(("20221203", "20221204"), kinds, strict=False):
        work = Work(night, (), (), paths.stage(corpus, "film") / "receipts" / f"{night}.json", "s")
        write(work, FILM | {"simulated": nights[simulated]})
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


def test_simulated_nights_under_the_thesis_name_judge_nothing(tmp_path: Path, claims: Claims) -> None:
    """Marked nights are no evidence when their corpus is called auroramax."""
    paths = measured(tmp_path, "auroramax", ("simulated", "simulated"))
    assert set(outcomes(paths, "auroramax", claims).values()) == {"not_run"}


def test_simulated_nights_among_real_ones_are_not_counted(tmp_path: Path) -> None:
    """Of a corpus with a real and a simulated night only the real one's frames are evidence."""
    found = of_corpus(measured(tmp_path, "auroramax", ("real", "simulated")), of("auroramax"))
    assert found is not None
    assert (found["nights"], found["frames"]) == (1, 500)


def test_a_night_of_unknown_kind_is_no_evidence() -> None:
    """A night whose film summary does not say that it is real counts as simulated."""
    assert simulated_nights({"20221203": {}, "20221204": {"simulated": False}}) == ["20221203"]
