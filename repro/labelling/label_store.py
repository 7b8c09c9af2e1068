"""The labels of one labeller on one corpus: the journal, and the label file that is written whole from it."""

from __future__ import annotations

import re
import uuid
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from repro.errors import refuse
from repro.labelling import journal as journals
from repro.labelling.journal import Answer, Journal, latest
from repro.labelling.tasks import SKIP, UNSURE, Task
from repro.labels import labelfile
from repro.paths import Paths

MAIN = ""  # the set of labels that trains
_MOST_NAME = 80


class OtherLabelError(Exception):
    """A frame that has another label than the sender knew of, because another tab gave one meanwhile."""


class LabelStore:
    """Where answers of a labeller go, and what is known of the labeller's frames.

    ``journal`` is that of the corpus, open. ``together``: the labeller goes on with the corpus' labels where another has begun
    them; if not, a second labeller has a set apart and sees none of the first one's labels. ``review``: this is the second look
    at frames about which label and network disagree; its answers are kept apart.
    """

    def __init__(
        self, paths: Paths, corpus: str, task: Task, labeller: str, journal: Journal, *,
        together: bool = False, review: bool = False,
    ) -> None:  # fmt: skip
        self.task, self.labeller, self.journal = task, check_labeller(labeller), journal
        self.purpose = journals.REVIEW if review else journals.LABELLING
        of_task = [a for a in journal.answers if a.task == task.name and a.purpose == journals.LABELLING]
        begun = {answer.labeller for answer in of_task if answer.set == MAIN}
        self.set = MAIN if not review and (together or not begun or labeller in begun) else labeller
        folder = paths.labelling(corpus)
        if review:
            self.file = folder / f"review-{_slug(labeller)}.csv"
        elif self.set == MAIN:
            self.file = paths.root / "data" / corpus / task.file
        else:
            self.file = folder / f"{Path(task.file).stem}-{_slug(labeller)}.csv"

    def answers(self) -> dict[str, Answer]:
        """The labeller's last answer for each frame."""
        return latest(self.journal.answers, self.task.name, self.purpose, self.set)

    def record(self, name: str, label: str, *, identity: str, known: str | None) -> Answer:
        """Write an answer to the journal, then the label file; both are on disk when this returns.

        ``identity`` is the answer's ``id``, ``known`` the label that the sender believes the frame to have. Raises
        OtherLabelError if it has another one, UnwritableError if the disk is full.
        """
        mine = self.answers()
        before = mine.get(name)
        if before is not None and before.id == identity:
            return before
        if (before.label if before else None) != known:
            raise OtherLabelError
        answer = self.journal.append(self._answer(name, label, identity, self.labeller, now_utc()))
        self.write_file()
        return answer

    def take_over(self, rows: pd.DataFrame) -> int:
        """Write labels of a file (columns of a label file) to the journal where they differ; gives how many were new.

        Call :meth:`write_file` afterwards.
        """
        mine, count = self.answers(), 0
        for row in rows.itertuples(index=False):
            name, label, labeller, at = (str(value) for value in row)
            before = mine.get(name)
            if before is None or before.label != label:
                self.journal.append(self._answer(name, label, str(uuid.uuid4()), labeller, at or now_utc()))
                count += 1
        return count

    def write_file(self) -> None:
        """Write the label file whole: the frames with a class, by name; ``unsure`` and ``skip`` are left out."""
        rows = [
            (answer.name, answer.label, answer.labeller, answer.at)
            for answer in self.answers().values()
            if answer.label not in (UNSURE, SKIP)
        ]
        if rows or self.file.is_file():
            labelfile.write(self.file, pd.DataFrame(sorted(rows), columns=list(labelfile.COLUMNS), dtype="str"))

    def _answer(self, name: str, label: str, identity: str, labeller: str, at: str) -> Answer:
        return Answer(identity, self.task.name, self.purpose, self.set, name, label, labeller, at)


def check_labeller(name: str) -> str:
    """A labeller's name, if it can stand in a label file.

    Raises ReproError if it is empty, too long, or has control characters.
    """
    if not name.strip() or not name.isprintable() or len(name) > _MOST_NAME:
        expected, remedy = (
            f"1 to {_MOST_NAME} letters on one line",
            "name a person, for example: repro label --labeller kim",
        )
        refuse(f"the labeller's name {name[:_MOST_NAME]!r}", expected, "--labeller", remedy)
    return name


def now_utc() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _slug(labeller: str) -> str:
    """A labeller's name as a part of a file's name; the number distinguishes names that differ in what is replaced."""
    plain = re.sub(r"[^\w-]+", "_", labeller)[:40]
    return f"{plain}-{zlib.crc32(labeller.encode()):08x}"
