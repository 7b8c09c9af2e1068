"""Hostile results, read back: tables, JSON documents, receipts and locks are right, or refused with what makes them again."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from repro.audit import outputs
from repro.audit.revision import in_working_tree, parse_lock
from repro.camera import load_camera
from repro.clock.clock_corpus import clock_corpus
from repro.engine import receipts
from repro.engine.run_nights import summaries
from repro.errors import ReproError
from repro.evidence import CorpusEvidence, combine, from_stages
from repro.observed import Coverage
from repro.params import ClockParams
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.judge import verify
from repro.status import print_status, status
from tests.hostile.conftest import Attempt
from tests.hostile.inputs import JSON, VALUES, WORDS, YAML, changed, encoded, leaves, spoilt
from tests.support.project import write_params
from tests.support.receipts import predicted_nights, write_nights

NIGHT = "20240201"
MD5 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("which", ["schedule", "architecture", "softmax"])
def test_hostile_results_reach_verify(attempt: Attempt, claims: Claims, which: str) -> None:
    """Whatever stands in the results of a stage, verify judges every claim or says which file to make again."""
    few, project = Claims(list(claims)[::20]), Paths(Path.cwd())
    write_params(project.root, "auroramax", schedule={"windows": []})
    good = json.dumps({"quantities": {"night": 1, "sample.dates": 220, "fit.availability": 0.98}})
    write_nights(project, "auroramax", [NIGHT])
    project.schedule.mkdir(parents=True)
    predicted_nights([NIGHT]).to_parquet(project.schedule / "nights.parquet")
    files = {
        "schedule": project.schedule / "schedule.json", "architecture": project.architecture,
        "softmax": project.stage("auroramax", "softmax") / "softmax.json",
    }  # fmt: skip
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(good)
    for data in (*encoded(*JSON), *(data for _, data in spoilt(good.encode(), 63, 20))):
        files[which].write_bytes(data)
        found = attempt(lambda: verify(few, from_stages(project)[0]), data[:200])
        if not isinstance(found, ReproError):
            json.dumps(found.as_dict(), allow_nan=False).encode()
            assert {verdict.claim for verdict in found.verdicts} == {claim.id for claim in few}


def test_any_quantity_of_any_kind(attempt: Attempt, claims: Claims) -> None:
    """A quantity that is a word, a list, nothing or beyond all bounds gives a verdict or an error; the document stays JSON."""
    names = sorted({rule.measure for claim in claims for rule in claim.evidence.values() if rule.measure})
    lists = ([], [1], [1, 2, 3], ["a", "b"], [float("nan"), 1], [2, 1])
    values: tuple[Any, ...] = (None, "x", {}, True, float("nan"), float("inf"), 10**400, -1, 1e308, *lists)
    rng = random.Random(9)
    for _ in range(5):
        quantities = {name: rng.choice(values) for name in names}
        parts = {"schedule": {"quantities": quantities}, "architecture": {"quantities": quantities}}
        images = CorpusEvidence(quantities, Coverage(("20221201",), ("20221201",)), pd.DataFrame())
        evidence = lambda i=images, p=parts: combine(**p, corpus="auroramax", images=i)  # noqa: E731
        found = attempt(lambda evidence=evidence: verify(claims, evidence()), quantities)
        assert isinstance(found, ReproError) or json.dumps(found.as_dict(), allow_nan=False)


RECEIPT = {
    "night": NIGHT, "settings": "s", "inputs": {"a/b": {"sha256": "0", "bytes": 1}}, "outputs": {"a/c": 1},
    "summary": {"sampled": 3, "scanned": 30, "missing": 0, "step": 10, "frames": 3, "unreadable": [1], "on_boundary": 0,
                "repairs": {"day_34": 1}, "breaks": [{"kind": "gap", "after": 1, "before": 2, "seconds": 9.0, "frames": 1}],
                "confusions": [["1", "4", 2]], "conditions": [["No_moon", "Night", 3]]},
}  # fmt: skip
FAILURE = {"night": NIGHT, "found": "[/x] \x1b[2J", "expected": "e", "where": "w", "remedy": "r"}


def test_hostile_receipts(attempt: Attempt, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a receipt says, a night counts as done, as not done, or is refused with the file; status and stages go on."""
    project, camera, rng = Paths(Path.cwd()), load_camera("auroramax"), random.Random(8)
    documents = [json.dumps(changed(RECEIPT, way, rng.choice(VALUES))).encode() for way in leaves(RECEIPT)]
    documents += [*encoded(*JSON), *(data for _, data in spoilt(json.dumps(RECEIPT).encode(), 64, 20))]
    stages = [project.stage("toy", stage) for stage in ("film", "clock", "sky")]
    work = receipts.NightWork(NIGHT, (Path("a/b"),), (Path("a/c"),), stages[0] / "receipts" / f"{NIGHT}.json", "s")
    for data in documents:
        for stage in stages:
            (stage / "receipts").mkdir(parents=True, exist_ok=True)
            (stage / "receipts" / f"{NIGHT}.json").write_bytes(data)
        (stages[0] / "failures.json").write_text(json.dumps([FAILURE]))
        attempt(lambda: receipts.is_current(work), data[:300])
        attempt(lambda: summaries(stages[0]), data[:300])
        attempt(lambda: print_status(status(project, "toy")), data[:300])
        assert "\x1b" not in capsys.readouterr().out
        attempt(lambda: clock_corpus(stages[0], Path("clock"), camera, ClockParams(), workers=1), data[:300])


LOCK: dict[str, Any] = {
    "schema": "2.0",
    "stages": {
        "sky": {
            "cmd": "python stages/sky.py",
            "deps": [{"path": "stages/sky.py", "hash": "md5", "md5": MD5, "size": 3}],
            "params": {"params.yaml": {"sky": {"moon_rule": "published", "list": [1, 2]}}},
            "outs": [{"path": "results/toy/sky", "hash": "md5", "md5": f"{MD5}.dir", "size": 3, "nfiles": 2}],
        }
    },
}
HASHES = (f"../{MD5}", MD5.upper(), f"{MD5}\n", f"{MD5}.dir.dir", "0" * 5000, "-rf", "a\nb")


def test_hostile_lock_files(attempt: Attempt) -> None:
    """Any text in the place of dvc.lock gives stages whose hashes are hashes and whose paths stay inside, or is refused."""
    documents = [yaml.safe_dump(changed(LOCK, way, value)) for way in leaves(LOCK) for value in (*VALUES[::2], *HASHES)]
    documents += [data.decode(errors="replace") for _, data in spoilt(yaml.safe_dump(LOCK).encode(), 71, 100)]
    for text in (*documents, *YAML, *WORDS):
        found = attempt(lambda text=text: parse_lock(text, "dvc.lock"), text[:300])
        for stage in {} if isinstance(found, ReproError) else found.values():
            assert all(re.fullmatch(r"[0-9a-f]{32}(\.dir)?", md5) for md5 in stage.outs.values())
            paths = [Path(path) for path in (*stage.outs, *stage.deps)]
            assert not [path for path in paths if ".." in path.parts or path.is_absolute()]


def test_hostile_pipelines(attempt: Attempt) -> None:
    """Any text in the place of dvc.yaml or dvc.lock gives the stages that never ran, or is refused."""
    good = yaml.safe_dump(LOCK).encode()
    for data in encoded(*YAML, *WORDS[::4], "stages: 3", "stages: [a]", "stages: {a: 3}", "stages:"):
        for pipeline, lock in ((data, good), (b"stages: {}", data)):
            Path("dvc.yaml").write_bytes(pipeline)
            Path("dvc.lock").write_bytes(lock)
            attempt(lambda: in_working_tree(Path.cwd(), {}), data[:300])


def test_hostile_listings_in_the_cache(attempt: Attempt) -> None:
    """A listing of a folder in DVC's cache that is none, or that leads out of the folder, is a gap, not a file that is read."""
    path, outside = Path("listing.dir"), "../../../../../../../../etc/passwd"
    entries = [(3, "a"), ("x", 3), (MD5, outside), (outside, "t.parquet"), (MD5, "/etc/passwd")]
    listings = [json.dumps([{"md5": md5, "relpath": name}]).encode() for md5, name in entries]
    for data in (b"", b"null", b"3", b"{}", b"[3]", b"[[]]", b"[{}]", b"\xff", b"{", b"[" * 5000, *listings):
        path.write_bytes(data)
        assert not attempt(lambda: outputs.read_listing(path), data[:100])
    path.write_bytes(json.dumps([{"md5": MD5, "relpath": "tables/20240201.parquet"}]).encode())
    assert outputs.read_listing(path) == {"tables/20240201.parquet": MD5}
