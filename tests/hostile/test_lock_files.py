"""Hostile lock files and listings of DVC: hashes are hashes and paths stay inside the project, or the text is refused."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from repro.audit import outputs
from repro.audit.revision import in_working_tree, parse_lock
from repro.errors import ReproError
from tests.hostile.conftest import Attempt
from tests.hostile.inputs import VALUES, WORDS, YAML, changed, encoded, leaves, spoilt

MD5 = "0123456789abcdef0123456789abcdef"
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
