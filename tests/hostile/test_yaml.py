"""Hostile parameters, claims and camera profiles: refused with a field, or harmless."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from repro import camera as profile
from repro.camera import Camera, load_camera
from repro.evidence import combine
from repro.params import load_params
from repro.paths import Paths
from repro.record.claims import Claims, claim_files, load_claims
from repro.record.formula import FormulaError, evaluate, unresolved
from repro.record.judge import Evidence, verify
from repro.schedule.document import published
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, hostile, spoilt

#: YAML that parsers fall over, or that asks for more than data.
TEXTS = (
    "", "---", "null", "[]", "3", "word", "- a\n- b", "a: [", "a: {b: [}", "\t- x", "a: 1\na: 2", "? [a]\n: b", "{[a]: b}",
    "&a [*a]", "a: &a {b: *a}", "<<: 3", "<<: [1, 2]", "a: &x 1\nb: *x", "*gone", "---\na: 1\n---\nb: 2", "%YAML 9.9\n---\na",
    "2022-13-45", "a: 2022-02-30", "!!timestamp x", "!!int x", "!!int ''", "!!bool x", "!!float x", "!!binary '%'",
    "!!set {a, b}", "!!omap [1]", "!!pairs [[1]]", "!!null x", "!local x", "!!str [a]", "!!map [a]", "!!seq {a: b}",
    "!!python/object/apply:os.system [touch gone]", "!!python/object/new:os.system [touch gone]", "!!python/name:os.system",
    "!!python/module:os", "!!python/tuple [1]", "[" * 3000, "{a: " * 3000, "- " * 3000, "9" * 5000, "0x" + "f" * 6000,
    "1e99999", ".nan", "-.inf", "1:" * 3000 + "1", "a: \x00", "a: \x1b[2J", "\ufeffa: 1", "a: \ud800", "a: " + "x" * 100_000,
)  # fmt: skip


def bomb(depth: int = 40) -> str:
    """A kilobyte of aliases that stands for 9 to the power of 40 words."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, depth)]
    return "\n".join(lines)


def leaves(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to every value of a document, branches included."""
    if way:
        yield way
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from leaves(value, (*way, key))


def changed(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    """A copy with one value changed, or taken out if the new one is ``...``."""
    made = copy.deepcopy(document)
    at = made
    for key in way[:-1]:
        at = at[key]
    if value is ...:
        del at[way[-1]]
    else:
        at[way[-1]] = value
    return made


VALUES = (
    ..., None, True, 0, -1, 3.5, 10**9, 10**400, float("nan"), float("inf"), "", "x", "2022-99-99", "99999999", [], {}, [[]],
    {"a": {"b": []}}, {1: 2}, [None], "a" * 3000, "\x1b[2J", "<script>", "../../../gone",
)  # fmt: skip


@pytest.mark.parametrize("which", ["params", "claims", "camera"])
def test_texts_that_are_no_configuration(
    attempt: Attempt, which: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """YAML that is broken, hostile or something else altogether is refused, and no object of Python is made from it."""
    for text in (*TEXTS, bomb(), *WORDS):
        data = text.encode("utf-8", "surrogatepass")
        attempt(f"YAML, {which}", reader(which, data, monkeypatch), text)
    assert not Path("gone").exists()


@pytest.mark.parametrize("which", ["params", "claims", "camera"])
def test_spoilt_configuration(attempt: Attempt, which: str, project: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration with flipped, lost or foreign bytes is read or refused."""
    good = {
        "params": project.params,
        "claims": next(iter(sorted(project.published.rglob("t3*.yaml"))), sorted(project.published.rglob("*.yaml"))[0]),
        "camera": Path(profile.__file__).parent / "cameras" / "auroramax.yaml",
    }[which].read_bytes()[:6000]
    for how, data in spoilt(good, 7, 60):
        attempt(f"YAML, {which}", reader(which, data, monkeypatch), how)


def reader(which: str, data: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What reads a file of this kind with these contents."""
    Path("claims").mkdir(exist_ok=True)
    if which == "params":
        Path("params.yaml").write_bytes(data)
        return lambda: load_params(Path("params.yaml"))
    if which == "claims":
        Path("claims/t.yaml").write_bytes(data)
        return lambda: load_claims(Path("claims"))
    return lambda: camera_from(data, monkeypatch)


def camera_from(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Camera:
    """A camera out of a profile with these contents, by the library's own way."""
    folder = Path("cameras").absolute()
    folder.mkdir(exist_ok=True)
    (folder / "evil.yaml").write_bytes(data)
    monkeypatch.setattr(profile.resources, "files", lambda _: folder.parent)
    return load_camera("evil")


def test_files_that_cannot_be_opened(attempt: Attempt) -> None:
    """A folder in the place of a configuration, or nothing at all, is an error that names it."""
    Path("folder/claims.yaml").mkdir(parents=True)
    for name in ("folder", "gone.yaml"):
        attempt("YAML, params", lambda name=name: load_params(Path(name)), name)
    for name in ("folder", "gone"):
        attempt("YAML, claims", lambda name=name: load_claims(Path(name)), name)


def test_any_value_of_the_parameters(attempt: Attempt, project: Paths) -> None:
    """Every value of params.yaml put wrong is refused with its field, or is a value that may be."""
    good = yaml.safe_load(project.params.read_text(encoding="utf-8"))
    for campaign in good["simulate"]["campaigns"].values():
        if isinstance(campaign["nights"], list):
            campaign["nights"] = campaign["nights"][:2]
    rng = random.Random(3)
    for way in leaves(good):
        for value in rng.sample(VALUES, 3):
            Path("params.yaml").write_text(yaml.safe_dump(changed(good, way, value)), encoding="utf-8")
            attempt("params, one value", lambda: load_params(Path("params.yaml")), (way, value))


@pytest.mark.parametrize("name", ["auroramax", "kho"])
def test_any_value_of_a_camera(attempt: Attempt, project: Paths, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every value of a camera profile put wrong is refused with its field, or gives a camera that frames can be cut by."""
    from repro.clock.formats import NightSpan
    from repro.film import cut

    source = Path(profile.__file__).parent / "cameras" / f"{name}.yaml"
    good = yaml.safe_load(source.read_text(encoding="utf-8"))
    rng = random.Random(4)

    def use(data: bytes) -> None:
        camera = camera_from(data, monkeypatch)
        if max(camera.frame_px.width, camera.frame_px.height) <= 4000:
            cut.meridian(camera)
            cut.sky_mask(camera)
        camera.step(25.0, "published"), camera.step(0.0, "cadence")
        NightSpan.of("20240201", camera)
        camera.night_of("auroramaxHD_20240201_720p.mp4")

    for way in leaves(good):
        for value in (*rng.sample(VALUES, 5), 1e300, -1e300, 1e-300):
            data = yaml.safe_dump(changed(good, way, value)).encode()
            attempt("camera, one value", lambda data=data: use(data), (way, value))


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    """Evidence of a few quantities, enough to judge by."""
    schedule = {"quantities": {"sample.dates": 220, "total": 214890.0, "night": 148000.0}}
    return combine(schedule=schedule, architecture={"quantities": {}}, corpus="simulated")


def test_any_value_of_the_claims(attempt: Attempt, project: Paths, evidence: Evidence) -> None:
    """Every field of a claim put wrong is refused with id and field, or is judged; judging never breaks off."""
    files = claim_files(project.published)
    rng = random.Random(5)
    good = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}
    Path("claims").mkdir()

    def judge() -> None:
        claims = load_claims(Path("claims"))
        verify(claims, evidence).as_dict()

    for number in range(260):
        name = rng.choice(sorted(good))
        # One block of a file is enough; the whole registry would take half a second an input.
        document = [copy.deepcopy(rng.choice(good[name]))]
        if number % 4:
            alone(document[0])
        way = rng.choice(list(leaves(document)))
        value = rng.choice(VALUES)
        text = yaml.safe_dump(changed(document, way, value), allow_unicode=True)
        Path("claims/one.yaml").write_text(text, encoding="utf-8")
        attempt("claims, one value", judge, (name, way, value))


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
    rng = random.Random(6)
    every = list(claims)
    for number in range(60):
        chosen = rng.sample(every, 40)
        made = claims
        for claim in chosen:
            value = rng.choice((0, -1, 1, 10**7, 10**15, 0.0, 1e308, "word", "2022-99-99", True))
            made = made.replacing(claim.model_copy(update={"value": value}))
        if number % 2:
            gone = {claim.id for claim in rng.sample(every, 100)}
            made = Claims([claim for claim in made if claim.id not in gone])

        def judge(made: Claims = made) -> None:
            found = verify(made, evidence)
            found.as_dict()
            assert {verdict.claim for verdict in found.verdicts} == {claim.id for claim in made}

        attempt("claims, other numbers", judge, number)
        attempt("claims, other numbers", lambda made=made: published(made), number)


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


@pytest.mark.filterwarnings("default::SyntaxWarning")
def test_formulas_reach_nothing_and_end(attempt: Attempt, claims: Claims) -> None:
    """A formula gives a plain value or a FormulaError within a moment, whatever it says; it opens, starts and imports nothing."""
    for formula in (*FORMULAS, *WORDS):

        def judge(formula: str = formula) -> None:
            try:
                unresolved(formula, claims)
                value = evaluate(formula, claims)
            except FormulaError:
                return
            assert isinstance(value, bool | int | float | str)
            assert isinstance(value, bool) or len(f"{value!s:.200}") <= 10_000

        attempt("formulas", judge, formula[:200])
    assert not Path("gone").exists()


TOKENS = st.sampled_from(
    ["T2.NIGHT", "TXT.FRAMES", "1", "2.5", "'x'", "'T2.*'", "(", ")", "+", "-", "*", "/", "**", "//", "%", ",", "<", "==", "and",
     "total", "round", "replaced", "days", ".", "[", "]", "not", "if", "else", "lambda", ":", "0", "99999999"]
)  # fmt: skip


@settings(hostile, max_examples=150)
@given(st.lists(TOKENS, max_size=14))
def test_formulas_of_random_words(attempt: Attempt, claims: Claims, words: list[str]) -> None:
    """Words of the language in any order are evaluated or refused."""

    def judge() -> None:
        try:
            evaluate(" ".join(words), claims)
        except FormulaError:
            return

    attempt("formulas", judge, words)
