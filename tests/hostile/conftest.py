"""Every hostile input goes through ``attempt``, which allows a result or a ReproError and nothing else."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from repro.errors import ReproError

LIMIT_S = 10.0  # for one input; the slowest takes about one


class Watch:
    """What Python's own audit events tell of writes, processes and connections while an input is read."""

    def __init__(self) -> None:
        self.inside: Path | None = None
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event that leaves the folder."""
        if self.inside is None:
            return
        if event in ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect"):
            self.seen.append(f"{event} {arguments[0]!r}")
        elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate"):
            self._note(event, arguments[1] if event in ("os.rename", "os.symlink", "os.link") else arguments[0])
        elif event == "open" and isinstance(arguments[0], str | bytes):
            flags = arguments[2] if isinstance(arguments[2], int) else 0
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
                self._note(event, arguments[0])

    def _note(self, event: str, name: object) -> None:
        assert self.inside is not None
        if isinstance(name, str | bytes | os.PathLike):
            # normpath, not resolve: resolving would cause events of its own.
            path = Path(os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(name))))  # noqa: PTH109, PTH118
            if not path.is_relative_to(self.inside) and path != Path(os.devnull):
                self.seen.append(f"{event} {path}")


WATCH = Watch()
sys.addaudithook(WATCH)


Attempt = Callable[..., Any]


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attempt]:
    """Function that tries one input: ``attempt(kind, work, what)``; gives the result, or the error that was told.

    It fails the test if anything but a ReproError is raised, if it takes too long, or if something is written outside
    the test's own folder, another program is started, or a connection is opened. Files beside the folder are listed
    before and after, too.
    """
    around, inside = tmp_path / "around", tmp_path / "around" / "project"
    (around / "other").mkdir(parents=True)
    inside.mkdir()
    (around / "other" / "kept.txt").write_text("as it was")
    (inside / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(inside / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", str(inside / "tmp"))
    monkeypatch.chdir(inside)
    before = listing(around, inside)

    def tried(kind: str, work: Callable[[], Any], what: object) -> Any:
        WATCH.seen.clear()
        began = time.monotonic()
        try:
            with limit(LIMIT_S, what):
                WATCH.inside = tmp_path
                try:
                    outcome = work()
                finally:
                    WATCH.inside = None
        except ReproError as error:
            check_words(error, what)
            outcome = error
        except Exception as error:
            raise AssertionError(f"{kind}: {what!r:.2000} raised {type(error).__name__}: {error!s:.500}") from error
        assert time.monotonic() - began < LIMIT_S, f"{kind}: {what!r:.500} took too long"
        assert WATCH.seen == [], f"{kind}: {what!r:.500} reached beyond its folder"
        return outcome

    yield tried
    assert listing(around, inside) == before


def check_words(error: ReproError, what: object) -> None:
    """An error names what was found, what was expected, where, and what to do, and fits on a screen."""
    parts = (error.found, error.expected, error.where, error.remedy)
    assert all(isinstance(part, str) and part for part in parts), what
    assert len(str(error)) < 8000, what
    text = str(error)
    assert text.encode("utf-8"), what
    assert not [letter for letter in text if letter not in "\n\t" and ord(letter) < 32], (
        f"control characters told: {text!r}"
    )


def listing(around: Path, inside: Path) -> dict[str, bytes]:
    """Files beside the project's folder, with their contents."""
    return {
        str(path): path.read_bytes()
        for path in sorted(around.rglob("*"))
        if path.is_file() and not path.is_relative_to(inside)
    }


class limit:  # noqa: N801 (used like contextlib's own)
    """Block that is stopped after some seconds; pytest's own timer goes on afterwards."""

    def __init__(self, seconds: float, what: object) -> None:
        self.seconds, self.what = seconds, what

    def __enter__(self) -> None:
        self.handler = signal.signal(signal.SIGALRM, self._stop)
        self.left_s, _ = signal.setitimer(signal.ITIMER_REAL, self.seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.left_s)
        signal.signal(signal.SIGALRM, self.handler)

    def _stop(self, *_: object) -> None:
        raise AssertionError(f"no end after {self.seconds} s: {self.what!r:.500}")
