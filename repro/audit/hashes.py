"""DVC's hashes: MD5 of a file, and of the sorted listing of a folder's files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def md5(data: bytes) -> str:
    """MD5 (hex) of a file's contents."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def folder_md5(files: Mapping[str, str]) -> str:
    """Hash of a folder as DVC writes it into ``dvc.lock``, ending in ``.dir``.

    Parameters
    ----------
    files : mapping
        MD5 of each file, by path inside the folder.

    References
    ----------
    ``dvc_data.hashfile.tree.Tree.as_bytes``; the format is described in DVC's "Internal Directories and Files".
    """
    listing = [{"md5": files[name], "relpath": name} for name in sorted(files)]
    return md5(json.dumps(listing, sort_keys=True).encode()) + ".dir"
