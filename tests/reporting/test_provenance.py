"""Where a report says it comes from."""

from __future__ import annotations

import subprocess

import pytest

from repro.reporting.provenance import provenance


def _git(small, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=small.root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def committed(small):
    """The small project, committed."""
    _git(small, "init", "--quiet")
    (small.root / "dvc.lock").write_text("stages: {film: {md5: a}}")
    _git(small, "add", "--all")
    _git(small, "commit", "--quiet", "--message", "all")
    return small


def test_a_clean_tree(committed):
    """A tree as committed is clean, and names its commit and the commit's time."""
    origin = provenance(committed)
    assert origin.changed == ()
    assert origin.commit == _git(committed, "rev-parse", "HEAD")
    assert origin.committed_at == _git(committed, "show", "-s", "--format=%cI")


def test_a_changed_file_is_named(committed):
    """A tracked file that differs is named; DVC's own lock file, which changes while the report is built, is not."""
    committed.params.write_text("corpus: other\n")
    (committed.root / "dvc.lock").write_text("stages: {film: {md5: b}}")
    assert provenance(committed).changed == ("params.yaml",)


def test_digests_follow_the_content(small):
    """The digest of the claims changes with any of their files, and that of nothing else does."""
    before = provenance(small).digests
    (small.published / "more.txt").write_text("x")
    after = provenance(small).digests
    assert [name for name in before if before[name] != after[name]] == ["expected/published"]


def test_without_git(small):
    """Outside a repository the report says that the commit is unknown instead of failing."""
    origin = provenance(small)
    assert origin.commit.startswith("unknown")
    assert origin.changed == ()


def test_packages(small):
    """Versions are told of the packages the project itself declares, not of those for development."""
    packages = provenance(small).packages
    assert {"matplotlib", "skyfield", "torch"} <= set(packages)
    assert "pytest" not in packages
    assert "not installed" not in packages.values()


def test_the_lock_counts_without_the_report(small):
    """What DVC recorded of the other stages has a digest; the report's own entry, written after it, does not move it."""
    assert not any("dvc.lock" in name for name in provenance(small).digests)
    digests = []
    for film, report in (("a", "x"), ("a", "y"), ("b", "y")):
        (small.root / "dvc.lock").write_text(f"stages: {{film: {{md5: {film}}}, report: {{md5: {report}}}}}")
        digests.append(provenance(small).digests["dvc.lock, without the report's own entry"])
    assert digests[0] == digests[1] != digests[2]
