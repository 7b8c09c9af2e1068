"""Documents of the record: recognised by their hash, kept in data/record, and never shipped with the project."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from repro.errors import ReproError
from repro.files import atomic_path
from repro.paths import Paths
from repro.untrusted import read_yaml, validated

MOST_BYTES = 1 << 26  # of a document; the largest of the record has 3.3 MB
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class EmbeddedPicture(BaseModel):
    """A picture inside a PDF: its place, its size, and the hash of its bytes as they stand in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    page: int = Field(ge=1)
    width_px: int = Field(ge=1)
    height_px: int = Field(ge=1)
    shows: str
    sha256: Sha256


class RecordDocument(BaseModel):
    """A document of the record.

    ``enables`` says what can be done once the file is there; ``pictures`` are those that are read, if it is a PDF.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    file: str
    title: str
    published: str
    licence: str
    sha256: Sha256
    bytes: int = Field(ge=1)
    enables: str
    pictures: tuple[EmbeddedPicture, ...] = ()


def load_documents(published: Path) -> list[RecordDocument]:
    """Documents of the record, from ``documents.yaml``.

    Raises
    ------
    ReproError
        If the list is missing or damaged.
    """
    source = published / "documents.yaml"
    remedy = "restore expected/published/documents.yaml from the repository"
    raw = read_yaml(source, expected="a list of documents", remedy=remedy)
    return validated(RootModel[list[RecordDocument]], raw, where=str(source), remedy=remedy).root


def recognise(file: Path, documents: list[RecordDocument]) -> RecordDocument:
    """Which document of the record a file is, by its hash.

    Raises
    ------
    ReproError
        If the file is missing, larger than any document, or none of them.
    """
    known = ", ".join(document.file for document in documents)
    remedy = (
        f"give one of {known}, as published ({documents[0].published})" if documents else "add a document to the list"
    )
    if not file.is_file():
        found = "no such file"
    elif (size := file.stat().st_size) > MOST_BYTES:
        found = f"a file of {size:,} bytes"
    else:
        sha256 = digest_of(file)
        for document in documents:
            if document.sha256 == sha256:
                return document
        found = f"a file of {size:,} bytes with SHA-256 {sha256[:16]}..."
        if any(document.file == file.name for document in documents):
            found = f"another {file.name} than the one that was read: " + found
    raise ReproError(found=found, expected=f"a document of the record: {known}", where=str(file), remedy=remedy)


def digest_of(file: Path) -> str:
    """SHA-256 (hex) of a file's bytes, as ``sha256sum`` prints it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def add_document(file: Path, paths: Paths) -> RecordDocument:
    """Copy a document of the record to data/record under its published name.

    Raises
    ------
    ReproError
        If the file is no document of the record.
    """
    document = recognise(file, load_documents(paths.published))
    target = paths.record / document.file
    if not (target.is_file() and digest_of(target) == document.sha256):
        with atomic_path(target) as temporary:
            shutil.copyfile(file, temporary)
    return document


def present_documents(paths: Paths) -> dict[str, Path]:
    """Documents that lie in data/record, by name; files that are no document of the record are an error.

    Raises
    ------
    ReproError
        If a file of a document's name has other contents.
    """
    documents = load_documents(paths.published)
    files = {document.name: paths.record / document.file for document in documents}
    return {name: file for name, file in files.items() if file.is_file() and recognise(file, documents).name == name}


def missing_documents(paths: Paths) -> list[RecordDocument]:
    """Documents that are not in data/record and from which pictures could be read again."""
    present = present_documents(paths)
    return [d for d in load_documents(paths.published) if d.name not in present and not d.enables.startswith("nothing")]
