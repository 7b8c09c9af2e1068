"""Files under git at a commit or in the working tree, read through DVC, and the hashes that DVC gives them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

from repro.errors import refuse
from repro.untrusted import message_of


def md5_of(data: bytes) -> str:
    """MD5 (hex) of a file's contents."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def folder_md5(files: Mapping[str, str]) -> str:
    """Hash of a folder as DVC writes it into ``dvc.lock``, ending in ``.dir``, from the MD5 of each file by path inside."""
    tree = Tree()  # type: ignore[no-untyped-call]
    for name, md5 in files.items():
        tree.add(tuple(name.split("/")), None, HashInfo("md5", md5))
    tree.digest()
    return str(tree.oid)


class SourceFiles:
    """Files of one commit (full hash), or of the working tree (None), by path from the project's root."""

    def __init__(self, root: Path, commit: str | None) -> None:
        self._root, self._commit = root, commit
        self._hashes: dict[str, dict[str, str]] = {}

    @cached_property
    def _files(self) -> DVCFileSystem:
        return DVCFileSystem(str(self._root), rev=self._commit)

    def read_text(self, path: str) -> str | None:
        """A text file; None if it is missing or not UTF-8.

        Raises ReproError if DVC cannot read the revision, here as below.
        """
        with self._readable():
            try:
                return str(self._files.read_bytes(f"/{path}").decode())
            except (OSError, UnicodeDecodeError):
                return None

    def hashes(self, path: str) -> dict[str, str]:
        """MD5 of each file in a folder by its path inside; of a single file by the empty path; empty if missing."""
        if path not in self._hashes:
            with self._readable():
                listing = self._files.find(f"/{path}", detail=True)
                # Files that DVC tracks (videos of gigabytes) are not read: DVC knows their hash.
                self._hashes[path] = {
                    name.removeprefix(f"/{path}").removeprefix("/"): info.get("dvc_info", {}).get("md5")
                    or md5_of(self._files.read_bytes(name))
                    for name, info in listing.items()
                }
        return self._hashes[path]

    def md5(self, path: str) -> str | None:
        """Hash of a file, or of a folder's listing, as in ``dvc.lock``; None if it is missing."""
        hashes = self.hashes(path)
        if not hashes:
            return None
        return hashes[""] if "" in hashes else folder_md5(hashes)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except DvcException as error:
            name = self._commit[:9] if self._commit else "the working tree"
            found = f"DVC cannot read {name}: {message_of(error).splitlines()[0]}"
            remedy = "correct the file named above (dvc status shows the line), or compare another commit"
            refuse(found, "files dvc.yaml, dvc.lock and params.yaml that DVC can read", str(self._root), remedy)
