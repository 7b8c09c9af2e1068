"""Files are written whole or not at all."""

import errno
import json
import os
from pathlib import Path

import pytest

from repro.errors import ReproError, UnwritableError
from repro.files import atomic_path, digest, read_json, write_json, write_text


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (OSError("disk broken"), OSError, "disk broken"),
        (OSError(errno.ENOSPC, "no"), UnwritableError, "run again"),
        (OSError(errno.EROFS, "no"), UnwritableError, "run again"),
    ],
)
def test_a_failed_write_leaves_what_was_there(tmp_path: Path, fault: OSError, kind: type, says: str) -> None:
    """An error while writing, which says what to do of a full or read-only disk, leaves the old file whole and none beside it."""
    target = tmp_path / "a" / "file.txt"
    write_text(target, "old")

    def fail_halfway() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise fault

    with pytest.raises(kind, match=says):
        fail_halfway()
    assert target.read_text() == "old"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_target_is_untouched_until_the_end(tmp_path: Path) -> None:
    """While the new file is being written a reader sees the old one; it gets the permissions of any other new file."""
    target, plain = tmp_path / "file.txt", tmp_path / "plain.txt"
    write_text(target, "old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    plain.write_text("text")
    assert target.stat().st_mode == plain.stat().st_mode


def test_json_is_stable(tmp_path: Path) -> None:
    """Keys keep their order and the text ends with a newline; a number that is not a number never reaches a file."""
    write_json(tmp_path / "x.json", {"b": 1, "a": [1.5, "ä"]})
    assert (tmp_path / "x.json").read_text(encoding="utf-8").endswith("]\n}\n")
    assert list(json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))) == ["b", "a"]
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "nan.json", {"a": float("nan")})
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


@pytest.mark.parametrize("content", [None, b"{not json", b"\xff\xfe\x00"])
def test_unreadable_json_says_how_to_make_it(tmp_path: Path, content: bytes | None) -> None:
    """A missing or damaged result names the stage that makes it."""
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReproError) as raised:
        read_json(path, made_by="dvc repro schedule")
    assert "dvc repro schedule" in raised.value.remedy
    assert str(path) in raised.value.where


def test_digest_sees_order_and_borders(tmp_path: Path) -> None:
    """The digest of several files changes with their order and with where one ends."""
    for name, text in {"a": "12", "b": "3", "c": "1", "d": "23"}.items():
        (tmp_path / name).write_text(text)
    one, two, three, four = (tmp_path / name for name in "abcd")
    assert len({digest(one, two), digest(two, one), digest(three, four)}) == 3


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="an administrator may write anywhere")
def test_read_only_folder_is_an_os_error(tmp_path: Path) -> None:
    """A folder that may not be written gives the system's own error and leaves nothing behind."""
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        write_text(tmp_path / "x", "text")
    tmp_path.chmod(0o700)
