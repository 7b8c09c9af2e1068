"""One harness for hostile input: each input gives a result or a ReproError, soon, and reaches nothing beyond its folder."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from repro.errors import ReproError

#: Of the processor, for one input; the slowest takes about one. Time of the processor does not depend on the load.
LIMIT_S = 20.0
STARTS = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect")
#: Events that change a file, with the place of its name among their arguments.
CHANGES = dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate"), 0)
CHANGES |= dict.fromkeys(("os.rename", "os.symlink", "os.link"), 1)


class Watch:
    """Notes, from Python's own audit events, what leaves a folder while an input is read."""

    def __init__(self) -> None:
        self.inside: Path | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note a program that is started, a connection, and a change of a file outside the folder."""
        if self.inside is None:
            return
        if event in STARTS:
            self.seen.append(f"{event} {arguments[0]!r}")
            return
        writes = (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        )
        name = arguments[CHANGES.get(event, 0)] if event in CHANGES or writes else None
        if isinstance(name, str | bytes | os.PathLike):
            # normpath, not resolve: resolving would cause events of its own.
            path = Path(os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(name))))  # noqa: PTH109, PTH118
            if not path.is_relative_to(self.inside) and path != Path(os.devnull):
                self.seen.append(f"{event} {path}")


WATCH = Watch()
sys.addaudithook(WATCH)


class Attempt:
    """Tries inputs in a folder: ``attempt(work, what)`` gives the result, or the error that was raised."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, work: Callable[[], Any], what: object) -> Any:
        """Try one input; anything but a result or a ReproError within the limit fails the test."""
        WATCH.seen.clear()
        began = time.process_time()
        outcome: Any
        try:
            with limited(what):
                WATCH.inside = self.folder
                try:
                    outcome = work()
                finally:
                    WATCH.inside = None
        except ReproError as error:
            check_words(error, what)
            outcome = error
        except Exception as error:
            raise AssertionError(f"{what!r:.2000} raised {type(error).__name__}: {error!s:.500}") from error
        assert time.process_time() - began < LIMIT_S, f"{what!r:.500} took too long"
        assert WATCH.seen == [], f"{what!r:.500} reached beyond its folder"
        return outcome

    def refused(self, work: Callable[[], Any], what: object) -> ReproError:
        """Try one input that must be refused; gives the error."""
        outcome = self(work, what)
        assert isinstance(outcome, ReproError), f"{what!r:.500} was accepted"
        return outcome


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attempt]:
    """The harness, in an empty project folder; what lies beside the folder must stay as it was, and no code may run."""
    beside, inside = tmp_path / "other" / "kept.txt", tmp_path / "project"
    beside.parent.mkdir()
    beside.write_text("as it was")
    (inside / "tmp").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(inside / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(inside / "tmp"))
    monkeypatch.chdir(inside)
    yield Attempt(tmp_path)
    assert beside.read_text() == "as it was"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "project"]
    assert not (inside / "gone").exists()


def check_words(error: ReproError, what: object) -> None:
    """An error has its four parts, fits on a screen, and sends no control characters to the terminal."""
    parts = (error.found, error.expected, error.where, error.remedy)
    assert all(isinstance(part, str) and part for part in parts), what
    text = str(error)
    assert len(text.encode("utf-8")) < 16_000, what
    assert not [letter for letter in text if letter not in "\n\t" and ord(letter) < 32], f"control characters: {text!r}"


def no_fault_of_the_program(outcome: Any) -> None:
    """Every night of a stage that failed says what to do."""
    assert [failure.found for failure in outcome.failed if "fault of the program" in failure.remedy] == []


@contextmanager
def limited(what: object) -> Iterator[None]:
    """Block that is stopped when it has used so much time of the processor."""

    def stop(*_: object) -> None:
        raise AssertionError(f"no end after {LIMIT_S} s: {what!r:.500}")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
