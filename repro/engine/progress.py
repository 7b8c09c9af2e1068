"""Progress of long work: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY_S = 10.0  # how often a line is written where there is no terminal


class Tally:
    """Counts work done and shows it; made by :func:`progress`."""

    def __init__(self, title: str, total: int, unit: str, bar: Progress | None) -> None:
        self.title, self.total, self.unit = title, total, unit
        self.done = 0
        self._bar = bar
        self._task = bar.add_task(title, total=total, rate="") if bar else None
        self._began = self._last = time.monotonic()

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count ``amount`` more units done; ``note`` is shown in a log line."""
        self.done += amount
        now = time.monotonic()
        rate = self.done / max(now - self._began, 1e-9)
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self.done, rate=f"{rate:.3g} {self.unit}/s")
        elif now - self._last >= LINE_EVERY_S:
            self._last = now
            left_s = (self.total - self.done) / rate if rate > 0 else float("nan")
            line = f"{self.title}: {self.done}/{self.total} {self.unit}, {rate:.3g} {self.unit}/s, {left_s:.0f} s left"
            print(line + (f", {note}" if note else ""), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Print the closing line of a log."""
        if self._bar is None:
            spent = time.monotonic() - self._began
            print(f"{self.title}: {self.done}/{self.total} {self.unit} in {spent:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def progress(title: str, total: int, unit: str = "frames") -> Iterator[Tally]:
    """Show the progress of ``total`` units of work, ``unit`` being their name in the plural, on stderr."""
    console = Console(stderr=True)
    # Bars of several processes would write over each other.
    if console.is_terminal and multiprocessing.parent_process() is None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            yield Tally(title, total, unit, bar)
        return
    tally = Tally(title, total, unit, None)
    yield tally
    tally.close()
