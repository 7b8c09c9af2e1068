"""Hostile parameters, claims, formulas and camera profiles: refused with a field, or harmless."""

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from repro import camera as profile
from repro.clock.formats import NightSpan
from repro.errors import ReproError
from repro.evidence import combine
from repro.film import cut
from repro.params import load_params
from repro.paths import Paths
from repro.record.claim_files import claim_files, load_claims
from repro.record.claims import Claims
from repro.record.formula import FormulaError, evaluate, unresolved
from repro.record.judge import Evidence, verify
from repro.schedule.document import published
from tests.hostile.conftest import Attempt
from tests.hostile.inputs import VALUES, WORDS, YAML, changed, encoded, hostile, leaves
from tests.hostile.samples import camera_in, claims_in
from tests.support.claims import replacing


def params_in(data: bytes) -> Any:
    """Parameters out of a file with these contents."""
    Path("params.yaml").write_bytes(data)
    return load_params(Path("params.yaml"))


@pytest.mark.parametrize("read", [params_in, claims_in, camera_in])
def test_texts_that_are_no_configuration(attempt: Attempt, read: Callable[[bytes], Any]) -> None:
    """YAML that is broken, hostile or something else altogether is refused, and no object of Python is made from it."""
    for data in encoded(*YAML, *WORDS):
        found = attempt(lambda data=data: read(data), data)
        assert isinstance(found, ReproError) or (data == b"[]" and not list(found)), data  # a list of no claims


def test_files_that_cannot_be_opened(attempt: Attempt) -> None:
    """A folder in the place of a configuration, or nothing at all, is an error that names it."""
    Path("folder/claims.yaml").mkdir(parents=True)
    for load in (load_params, load_claims):
        for name in ("folder", "gone.yaml"):
            attempt.refused(lambda load=load, name=name: load(Path(name)), name)


def test_any_value_of_the_parameters(attempt: Attempt, project: Paths) -> None:
    """Every value of params.yaml put wrong is refused with its field, or is a value that may be."""
    good = yaml.safe_load(project.params.read_text(encoding="utf-8"))
    for campaign in good["simulate"]["campaigns"].values():
        if isinstance(campaign["nights"], list):
            campaign["nights"] = campaign["nights"][:2]
    rng = random.Random(3)
    for way in leaves(good):
        value = rng.choice(VALUES)
        data = yaml.safe_dump(changed(good, way, value)).encode("utf-8", "surrogatepass")
        attempt(lambda data=data: params_in(data), (way, value))


@pytest.mark.parametrize("name", ["auroramax", "kho"])
def test_any_value_of_a_camera(attempt: Attempt, name: str) -> None:
    """Every value of a camera profile put wrong is refused with its field, or gives a camera that frames can be cut by."""
    good = yaml.safe_load((Path(profile.__file__).parent / "cameras" / f"{name}.yaml").read_text(encoding="utf-8"))
    rng = random.Random(4)

    def use(data: bytes) -> None:
        camera = camera_in(data)
        if max(camera.frame_px.width, camera.frame_px.height) <= 4000:
            cut.meridian(camera)
            cut.sky_mask(camera)
        camera.step(25.0, "published"), camera.step(0.0, "cadence")
        NightSpan.of("20240201", camera)
        camera.night_of("auroramaxHD_20240201_720p.mp4")

    for way in leaves(good):
        for value in (*rng.sample(VALUES, 2), rng.choice((1e300, -1e300, 1e-300))):
            data = yaml.safe_dump(changed(good, way, value)).encode("utf-8", "surrogatepass")
            attempt(lambda data=data: use(data), (way, value))


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Evidence of a few quantities, enough to judge by."""
    schedule = {"quantities": {"sample.dates": 220, "total": 214890.0, "night": 148000.0}}
    return combine(schedule=schedule, architecture={"quantities": {}}, corpus="simulated")


def test_any_value_of_the_claims(attempt: Attempt, project: Paths, evidence: Evidence) -> None:
    """Every field of a claim put wrong is refused with id and field, or is judged; judging never breaks off."""
    rng = random.Random(5)
    good = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in claim_files(project.published)}
    for number in range(200):
        # One block of a file is enough; the whole registry would take half a second an input.
        document = [copy.deepcopy(rng.choice(good[rng.choice(sorted(good))]))]
        if number % 4:
            alone(document[0])
        way, value = rng.choice(list(leaves(document))), rng.choice(VALUES)
        data = yaml.safe_dump(changed(document, way, value), allow_unicode=True).encode("utf-8", "surrogatepass")
        attempt(lambda data=data: verify(claims_in(data), evidence).as_dict(), (way, value))


def alone(block: dict[str, Any]) -> None:
    """Take out of a block what refers to claims of other blocks."""
    for part in (block.get("defaults", {}), *block.get("claims", [])):
        for key in ("numerator", "denominator"):
            part.pop(key, None)
        if part.get("evidence", {}).pop("arithmetic", None) and not part["evidence"]:
            rule = {"rule": "exact", "measure": "night", "expect": "not_run", "reason": "none was made yet"}
            part["evidence"]["ephemeris"] = rule


def test_values_of_the_whole_record(attempt: Attempt, claims: Claims, evidence: Evidence) -> None:
    """With numbers of the record replaced by any others, or claims gone, every claim still gets a verdict."""
    rng, every = random.Random(6), list(claims)
    for number in range(12):
        made = claims
        for claim in rng.sample(every, 200):
            value = rng.choice((0, -1, 1, 10**7, 10**15, 0.0, 1e308, "word", "2022-99-99", True))
            made = replacing(made, claim.model_copy(update={"value": value}))
        if number % 2:
            gone = {claim.id for claim in rng.sample(every, 100)}
            made = Claims([claim for claim in made if claim.id not in gone])
        found = attempt(lambda made=made: verify(made, evidence), number)
        assert {verdict.claim for verdict in found.verdicts} == {claim.id for claim in made}
        found.as_dict()
        attempt(lambda made=made: published(made), number)


FORMULAS = (
    "9**9**9", "((9**16)**16)**16", "(((((((9**16)**16)**16)**16)**16)**16)**16)**16", "2**-10000", "1/0", "1//0", "0**-1",
    "(-1)**0.5", "10**16**0.5", "1e308*10", "round(1, -1000000000)", "round(2.5, 1000000000)", "round(1, 1.5)", "floor(1e308*10)",
    "abs('x')", "min()", "min(1)", "max('a', 1)", "log10(0)", "log10(-1)", "days('x', 'y')", "days('0001-01-01', '9999-12-31')",
    "shifted('2022-12-01', 1e300)", "shifted('9999-12-31', 48)", "shifted(1, 1)", "hours('x', 1)", "number('')",
    "number('" + "9" * 5000 + "')", "part('abc', 1, 'x')", "part(1, 2, 3)", "replaced('a', '', 'b')", "items(1)", "digits(1)",
    "replaced(" * 12 + "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'" + ", 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')" * 12,
    "'a' * 1000000000", "'a' + 1", "T2.NIGHT.real", "T2.__class__", "().__class__", "__import__('os')", "open('gone', 'w')",
    "eval('1')", "lambda: 1", "[x for x in 'abc']", "f'{T2}'", "T2 if T2 else T2", "not T2", "~1", "+1", "1 < 2 < 3", "1 if 1 else 2",
    "(x := 1)", "*a", "a = 1", "import os", "yield 1", "await x", "...", "b'x'", "1j", "None", "'\\ud800'", "'\ud800'", "\x00", "",
    " ", "\n", "(" * 3000, "-" * 20000 + "1", "1" + "+1" * 5000, "a" + ".a" * 5000, "'x'" * 5000, "9" * 5000, "0x" + "f" * 6000,
    "total('*')", "total('" + "*" * 60 + "')", "count('" + "*A" * 30 + "')", "count('[')", "count('(')", "count(1)", "total()",
    "total('T2.*', 'x')", "where_lowest('T2.*')", "mean('NO.SUCH.*')", "lowest('*.*.*')", "count('" + "*." * 40 + "*')",
    "count('" + "A*" * 24 + "!')", "total(total('T2.*'))", "1 is 1", "'\\d'", "1in 2",
)  # fmt: skip


def value_of(formula: str, claims: Claims) -> None:
    """Evaluate a formula, which gives a plain value of bounded length or a FormulaError."""
    try:
        unresolved(formula, claims)
        value = evaluate(formula, claims)
    except FormulaError:
        return
    assert isinstance(value, bool | int | float | str)
    assert isinstance(value, bool) or len(f"{value!s:.200}") <= 10_000


@pytest.mark.filterwarnings("default::SyntaxWarning")
def test_formulas_reach_nothing_and_end(attempt: Attempt, claims: Claims) -> None:
    """A formula gives a plain value or a FormulaError within a moment, whatever it says; it opens, starts and imports nothing."""
    for formula in (*FORMULAS, *WORDS):
        attempt(lambda formula=formula: value_of(formula, claims), formula[:200])


TOKENS = st.sampled_from(
    ["T2.NIGHT", "TXT.FRAMES", "1", "2.5", "'x'", "'T2.*'", "(", ")", "+", "-", "*", "/", "**", "//", "%", ",", "<", "==", "and",
     "total", "round", "replaced", "days", ".", "[", "]", "not", "if", "else", "lambda", ":", "0", "99999999"]
)  # fmt: skip


@settings(hostile, max_examples=150)
@given(st.lists(TOKENS, max_size=14))
def test_formulas_of_random_words(attempt: Attempt, claims: Claims, words: list[str]) -> None:
    """Words of the language in any order are evaluated or refused."""
    attempt(lambda: value_of(" ".join(words), claims), words)
