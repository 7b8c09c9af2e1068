"""Hostile results, read back: tables, JSON documents and receipts are right, or are told with the command that makes them."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from repro import frames
from repro.audit.frame_moves import read_table
from repro.camera import load_camera
from repro.clock.clock_corpus import clock_corpus
from repro.engine import receipts
from repro.engine.run_nights import failures, summaries
from repro.errors import ReproError
from repro.evidence import combine, from_stages
from repro.files import read_json
from repro.params import ClockParams
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.judge import verify
from repro.status import print_status, status
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, spoilt
from tests.hostile.test_yaml import changed, leaves
from tests.support.frames import night_frames
from tests.support.receipts import predicted_nights, write_nights

NIGHT = "20240201"
JSON = (
    "", " ", "null", "3", "[]", "{}", '"x"', "{", "[1,", "NaN", "-Infinity", "1e999", '{"a": 1, "a": 2}',
    '{"quantities": 3}', '{"quantities": [1]}', '{"quantities": {"a": {}}}', '{"quantities": {"a": [1, 2, 3]}}', "\x00", "\ufeff{}",
    '{"quantities": {"night": NaN, "total": [NaN, 1], "no_moon": "x", "astro": true, "nautical": [1, "x"], "night.no_moon": []}}',
    '{"quantities": {"sample.dates": "x"}}', '{"quantities": {"sample.dates": 1e300, "total": ' + "9" * 400 + "}}", '"\\ud800"',
    '{"quantities": {"sample.dates": -5}}', '{"quantities": {"night": null}}',
    "[" * 100_000, "9" * 5000,
)  # fmt: skip


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A frame table of one night."""
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    frames.write(path, night_frames(NIGHT, 30), "sky")
    return path.read_bytes()


def test_spoilt_tables(attempt: Attempt, parquet: bytes) -> None:
    """Flipped, lost and foreign bytes in a table are told, or leave a table that obeys its schema."""
    path = Path("t.parquet")
    for how, data in spoilt(parquet, 61, 500):
        path.write_bytes(data)
        found = attempt("tables", lambda: frames.read(path, "sky"), how)
        assert isinstance(found, ReproError) or len(found)
        attempt("tables", lambda data=data: lenient(data), how)


def lenient(data: bytes) -> None:
    """Read a table as the audit does, which takes damage for a gap."""
    try:
        read_table(data, "t.parquet")
    except ValueError:
        return


def test_tables_of_another_shape(attempt: Attempt) -> None:
    """Tables with columns gone, doubled, of another type or of nested values are told with the stage that makes them."""
    good = night_frames(NIGHT, 5)
    path = Path("t.parquet")
    columns: dict[str, Any] = {
        "words": ["x"] * 5, "numbers": range(5), "nothing": [None] * 5, "lists": [[1]] * 5, "bytes": [b"\xff"] * 5, "NaN": [np.nan] * 5,
        "far away": pd.to_datetime(["1700-01-01"] * 5, utc=True), "naive": pd.to_datetime(["2024-01-01"] * 5), "infinite": [np.inf] * 5,
        "words of harm": list(WORDS[:5]), "dicts": [{"a": 1}] * 5, "huge": [2**62] * 5, "true": [True] * 5,
    }  # fmt: skip
    for name in good.columns:
        for what, values in columns.items():
            good.assign(**{name: values}).to_parquet(path)
            attempt("tables", lambda: frames.read(path, "sky"), (name, what))
        good.drop(columns=name).to_parquet(path)
        assert isinstance(attempt("tables", lambda: frames.read(path, "sky"), (name, "gone")), ReproError)
    table = pa.Table.from_pandas(good, preserve_index=False)
    for made in (
        pa.Table.from_arrays([*table.columns, table.columns[0]], names=[*table.column_names, "night"]),
        table.slice(0, 0), pa.table({}), pa.table({"night": pa.array([1]).dictionary_encode()}),
        table.replace_schema_metadata({b"pandas": b"{"}), table.replace_schema_metadata({b"pandas": b'{"index_columns": ["gone"]}'}),
        table.replace_schema_metadata({b"pandas": b'{"columns": 3}'}),
    ):  # fmt: skip
        pq.write_table(made, path)
        attempt("tables", lambda: frames.read(path, "sky"), made.schema)
    Path("folder.parquet").mkdir()
    for other in ("folder.parquet", "gone.parquet"):
        assert isinstance(attempt("tables", lambda other=other: frames.read(Path(other), "sky"), other), ReproError)


def test_damaged_truth_is_told(attempt: Attempt, parquet: bytes) -> None:
    """A damaged truth of a simulated corpus, or one of other columns, is told with the command that makes it."""
    Path("truth").mkdir()
    table = night_frames(NIGHT, 5)
    for how, data in (*spoilt(parquet, 62, 60), ("another table", parquet)):
        Path(f"truth/{NIGHT}.parquet").write_bytes(data)
        found = attempt("tables", lambda: frames.with_right_answers(table, pd.Series(dtype="str"), Path("truth")), how)
        assert isinstance(found, ReproError)


@pytest.mark.parametrize("which", ["schedule", "architecture", "softmax"])
def test_hostile_results_reach_verify(attempt: Attempt, claims: Claims, which: str) -> None:
    """Whatever stands in the results of a stage, verify judges every claim or says which file to make again."""
    project = Paths(Path.cwd())
    Path("params.yaml").write_text(
        "corpus: auroramax\nseed: 1\nschedule: {windows: [], site: {latitude_deg: 0, longitude_deg: 0, time_zone: UTC}}\n"
    )
    good = {"quantities": {"night": 1, "sample.dates": 220, "fit.availability": 0.98}}
    write_nights(project, "auroramax", [NIGHT])
    project.schedule.mkdir(parents=True)
    predicted_nights([NIGHT]).to_parquet(project.schedule / "nights.parquet")
    files = {
        "schedule": project.schedule / "schedule.json", "architecture": project.architecture,
        "softmax": project.stage("auroramax", "softmax") / "softmax.json",
    }  # fmt: skip
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(good))

    def judge() -> None:
        found = verify(claims, from_stages(project)[0])
        json.dumps(found.as_dict(), allow_nan=False).encode()
        assert {verdict.claim for verdict in found.verdicts} == {claim.id for claim in claims}

    spoilt_json = [data for _, data in spoilt(json.dumps(good).encode(), 63, 20)]
    for data in (*(text.encode("utf-8", "surrogatepass") for text in JSON), *spoilt_json):
        files[which].write_bytes(data)
        attempt("JSON results", judge, data[:200])


def test_any_quantity_of_any_kind(attempt: Attempt, claims: Claims) -> None:
    """A quantity that is a word, a list, nothing or beyond all bounds gives a verdict or an error, never a pass by chance."""
    names = sorted({rule.measure for claim in claims for rule in claim.evidence.values() if rule.measure})
    rng = random.Random(9)
    values = (
        None,
        "x",
        [],
        [1],
        [1, 2, 3],
        ["a", "b"],
        {},
        True,
        float("nan"),
        float("inf"),
        10**400,
        -1,
        1e308,
        [float("nan"), 1],
        [2, 1],
    )
    for value in values:
        quantities = dict.fromkeys(rng.sample(names, 60), value)

        def judge(quantities: dict[str, Any] = quantities) -> None:
            document = {"quantities": quantities}
            results = combine(schedule=document, architecture=document, corpus="auroramax", measured=quantities)
            json.dumps(verify(claims, results).as_dict(), allow_nan=False)

        attempt("JSON results", judge, value)


RECEIPT = {
    "night": NIGHT, "settings": "s", "inputs": {"a/b": {"sha256": "0", "bytes": 1}}, "outputs": {"a/c": 1},
    "summary": {"sampled": 3, "scanned": 30, "missing": 0, "step": 10, "frames": 3, "unreadable": [1], "on_boundary": 0,
                "repairs": {"day_34": 1}, "breaks": [{"kind": "gap", "after": 1, "before": 2, "seconds": 9.0, "frames": 1}],
                "confusions": [["1", "4", 2]], "conditions": [["No_moon", "Night", 3]]},
}  # fmt: skip
FAILURES = [{"night": NIGHT, "found": "[/x] \x1b[2J", "expected": "e", "where": "w", "remedy": "r"}]
HOSTILE = (..., None, 0, -1, "x", [], {}, [[]], {"a": {}}, 10**30, 1.5, "[/]", "\x1b[2J", "\ud800")


def test_hostile_receipts(attempt: Attempt, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a receipt says, a night counts as done, as not done, or is told with the file; status and stages go on."""
    project = Paths(Path.cwd())
    camera = load_camera("auroramax")
    rng = random.Random(8)
    documents = [
        json.dumps(changed(RECEIPT, way, value)).encode() for way in leaves(RECEIPT) for value in rng.sample(HOSTILE, 5)
    ]
    documents += [text.encode("utf-8", "surrogatepass") for text in JSON]
    documents += [data for _, data in spoilt(json.dumps(RECEIPT).encode(), 64, 40)]
    stages = [project.stage("toy", stage) for stage in ("film", "clock", "sky")]
    for data in documents:
        for stage in stages:
            path = stage / "receipts" / f"{NIGHT}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (stages[0] / "failures.json").write_text(json.dumps(FAILURES))
        work = receipts.NightWork(NIGHT, (Path("a/b"),), (Path("a/c"),), stages[0] / "receipts" / f"{NIGHT}.json", "s")
        attempt("receipts", lambda work=work: receipts.is_current(work), data[:300])
        attempt("receipts", lambda: summaries(stages[0]), data[:300])
        attempt("receipts", lambda: print_status(status(project, "toy")), data[:300])
        told = capsys.readouterr()
        assert "\x1b" not in told.out
        attempt(
            "receipts", lambda: clock_corpus(stages[0], Path("clock"), camera, ClockParams(), workers=1), data[:300]
        )


def test_hostile_listings_of_failures(attempt: Attempt) -> None:
    """A list of failures that is none is told with the stage that writes it."""
    Path("film").mkdir()
    documents = [
        json.dumps(value)
        for value in (3, [3], [[]], [{}], [{"night": 1}], [{**FAILURES[0], "more": 1}], {"a": 1}, [None])
    ]
    for text in (*documents, *JSON):
        Path("film/failures.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        attempt("JSON results", lambda: failures(Path("film"), made_by="dvc repro film"), text[:100])
        attempt("JSON results", lambda: read_json(Path("film/failures.json"), made_by="x"), text[:100])
    Path("folder.json").mkdir()
    assert isinstance(
        attempt("JSON results", lambda: read_json(Path("folder.json"), made_by="x"), "a folder"), ReproError
    )


def test_copies_are_independent() -> None:
    """The helper that changes one value of a document leaves the document as it was."""
    before = copy.deepcopy(RECEIPT)
    changed(RECEIPT, ("summary", "step"), 3)
    assert before == RECEIPT
