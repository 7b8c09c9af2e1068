"""The journal of labels: every answer of every labeller, one JSON line each, appended and never changed.

A line is on disk before its answer is confirmed. A line that a crash cut short is removed when the journal is opened again;
it was never confirmed. An answer that arrives twice, because its sender heard no confirmation, is written once: its ``id``
is known.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from repro.errors import refuse, unwritable
from repro.files import sync_folder

LABELLING, REVIEW = "label", "review"


@dataclass(frozen=True)
class Answer:
    """One line of the journal."""

    id: str  # chosen by the sender, unique
    task: str  # see repro.labelling.tasks
    purpose: str  # LABELLING, or REVIEW for the second look at frames about which label and network disagree
    set: str  # empty for the labels of the corpus, which train; the labeller's name for those of a second labeller
    name: str  # published name of the frame
    label: str  # a class, ``unsure`` or ``skip``
    labeller: str
    at: str  # when, ISO 8601, UTC


class Journal:
    """The journal of one corpus, open for appending; one process at a time holds it. The file is made if it is not there.

    Raises ReproError if another process holds it, a line in its midst is damaged, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path.with_name(".lock"), timeout=0)
            self._lock.acquire()
        except Timeout:
            refuse(
                "another repro label at work on this corpus", "one at a time: two would write the same files", str(path),
                "use the page of the other one, or end it first",
            )  # fmt: skip
        except OSError as error:
            raise unwritable(error, path) or error from None
        try:
            self.answers = read_journal(path)
            self._ids = {answer.id: answer for answer in self.answers}
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            os.ftruncate(self._file, _whole_bytes(path))
            sync_folder(path.parent)
        except BaseException:
            self._lock.release()
            raise

    def append(self, answer: Answer) -> Answer:
        """Write an answer to disk, unless its ``id`` is known; gives the one that stands in the journal.

        Raises UnwritableError if the disk is full; nothing of the answer is kept then.
        """
        with self._mutex:
            if answer.id in self._ids:
                return self._ids[answer.id]
            line = json.dumps(asdict(answer), ensure_ascii=False).encode() + b"\n"
            size = os.fstat(self._file).st_size
            try:
                written = 0
                while written < len(line):
                    written += os.write(self._file, line[written:])
                os.fsync(self._file)
            except OSError as error:
                os.ftruncate(self._file, size)  # half a line must not stand before the next one
                raise unwritable(error, self.path) or error from None
            self.answers.append(answer)
            self._ids[answer.id] = answer
            return answer

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
        self._lock.release()


def read_journal(path: Path) -> list[Answer]:
    """Answers of a journal, in their order; none if there is no journal. A last line that was cut is left out.

    Raises ReproError if a whole line is damaged; the message names it.
    """
    if not path.is_file():
        return []
    answers = []
    for number, line in enumerate(path.read_bytes()[: _whole_bytes(path)].splitlines(), 1):
        try:
            answers.append(Answer(**json.loads(line)))
            if not all(isinstance(value, str) for value in vars(answers[-1]).values()):
                raise ValueError("a value that is no text")
        except (ValueError, TypeError, RecursionError):
            refuse(
                "a line that is no answer of a labeller", f"a JSON object with {', '.join(Answer.__dataclass_fields__)}",
                f"{path}, line {number}", "remove this line, or restore the file from a copy",
            )  # fmt: skip
    return answers


def _whole_bytes(path: Path) -> int:
    """Length of the whole lines; only the last line can be cut."""
    return path.read_bytes().rfind(b"\n") + 1 if path.is_file() else 0


def latest(answers: list[Answer], task: str, purpose: str, set_: str) -> dict[str, Answer]:
    """The last answer for each frame of one set, in the order in which the frames were first answered."""
    return {a.name: a for a in answers if (a.task, a.purpose, a.set) == (task, purpose, set_)}
