"""What git holds of a commit: files, their names and their hashes."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from repro.audit.hashes import md5
from repro.errors import ReproError


def file_hashes(root: Path, commit: str, names: Sequence[str]) -> dict[str, str]:
    """MD5 of files of a commit, read in one call of git."""
    # git takes one name a line; one that spans lines cannot be asked for, and is no file of ours.
    found = {name: "" for name in names if "\n" in name}
    names = [name for name in names if name not in found]
    wanted = "".join(f"{commit}:./{name}\n" for name in names).encode(errors="surrogateescape")
    answer, place = git(root, "cat-file", "--batch", feed=wanted), 0
    for name in names:
        end = answer.index(b"\n", place)
        if answer[place:end].endswith(b" missing"):
            found[name], place = "", end + 1
            continue
        size = int(answer[place:end].split()[-1])
        found[name] = md5(answer[end + 1 : end + 1 + size])
        place = end + 2 + size
    return found


def git(root: Path, *arguments: str, feed: bytes | None = None) -> bytes:
    """What a git command prints.

    Raises
    ------
    ReproError
        If git is not there, or fails.
    """
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, input=feed, check=False)
    except OSError as error:
        told, rc = str(error), 1
    else:
        told, rc = answer.stderr.decode(errors="replace").strip(), answer.returncode
    if rc:
        raise ReproError(
            found=f"git {arguments[0]} failed: {told or 'it says nothing'}",
            expected="a git repository that holds the project",
            where=str(root),
            remedy="run this inside a clone of the project, with git on the PATH",
        )
    return answer.stdout


def resolve(root: Path, name: str) -> str:
    """Full hash of a commit.

    Raises
    ------
    ReproError
        If git knows none by that name.
    """
    git(root, "rev-parse", "--git-dir")
    try:
        spec = f"{name}^{{commit}}"
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", spec).decode().strip()
    except ReproError:
        recent = git(root, "log", "--all", "-n3", "--format=%h %s").decode().splitlines()
        raise ReproError(
            found=f"no revision {name!r}",
            expected="a commit, branch or tag of this repository"
            + (f", such as {'; '.join(recent)}" if recent else ""),
            where=str(root),
            remedy="look it up with git log --oneline --all; in a shallow clone fetch it first: git fetch --unshallow",
        ) from None


def read_text(root: Path, commit: str | None, name: str) -> str | None:
    """A text file of a commit, or of the working tree; None if it is not there."""
    try:
        if commit is None:
            return (root / name).read_text(encoding="utf-8")
        return git(root, "show", f"{commit}:./{name}").decode()
    except (ReproError, OSError, UnicodeDecodeError):
        return None


def list_files(root: Path, commit: str) -> list[str]:
    """Files of a commit, by path from the project's root."""
    return [
        name
        for name in git(root, "ls-tree", "-r", "-z", "--name-only", commit).decode(errors="surrogateescape").split("\0")
        if name
    ]
