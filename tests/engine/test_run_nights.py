"""Running a stage over nights, and receipts."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from repro.engine import receipts
from repro.engine.receipts import NightWork
from repro.engine.run_nights import Outcome, Task, failures, run_nights, summaries
from repro.errors import ReproError, UnwritableError
from tests.support.project import contents

NIGHTS = ("20240201", "20240202", "20240203")


def copy(task: Task) -> dict[str, int]:
    """Write an input to two outputs; an input may ask for a failure between them."""
    text = task.work.inputs[0].read_text()
    for path in task.work.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
    task.work.outputs[0].write_text(text)
    if text == "bad":
        raise ReproError(found="bad", expected="good", where=task.work.night, remedy="correct it")
    if text == "bug":
        raise ZeroDivisionError("oops")
    if text == "full":
        raise UnwritableError(found="full", expected="room", where="here", remedy="free some")
    task.work.outputs[1].write_text(text)
    return {"letters": len(text)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three inputs of the same name in folders of their nights."""
    for night in NIGHTS:
        change(tmp_path, night, f"good {night}")
    return tmp_path


def change(folder: Path, night: str, text: str) -> None:
    """Give a night this input."""
    path = folder / "in" / night / "text"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def tasks(folder: Path, settings: str = "a") -> list[Task]:
    """A task for each input that there is."""
    found = []
    for source in sorted((folder / "in").glob("*/text")):
        night, out = source.parent.name, folder / "out"
        outputs = (out / "one" / f"{night}.txt", out / "two" / f"{night}.txt")
        found.append(Task(NightWork(night, (source,), outputs, receipts.receipt_path(out, night), settings), size=1))
    return found


def go(folder: Path, some: Sequence[Task] | None = None) -> Outcome:
    """Run the copying stage."""
    return run_nights("copy", folder / "out", some or tasks(folder), copy, workers=1)


def test_a_second_run_keeps_all(folder: Path) -> None:
    """What was done is kept, and its summary can be read again."""
    assert go(folder).done == NIGHTS
    assert go(folder) == Outcome((), NIGHTS, ())
    assert summaries(folder / "out")["20240202"] == {"letters": 13}


def test_only_what_changed_is_done_again(folder: Path) -> None:
    """A changed input, a lost or shortened output, or a torn receipt does its own night again; other settings do all."""
    go(folder)
    change(folder, "20240201", "better 20240201")
    assert go(folder).done == ("20240201",)
    (folder / "out" / "two" / "20240202.txt").write_text("short")
    assert go(folder).done == ("20240202",)
    (folder / "out" / "receipts" / "20240203.json").write_text("{")
    assert go(folder).done == ("20240203",)
    assert go(folder, tasks(folder, "b")).done == NIGHTS


def test_a_touched_input_is_hashed_not_redone(folder: Path) -> None:
    """An input of the same contents but another time counts as the same once it was hashed."""
    go(folder)
    work = tasks(folder)[0].work
    os.utime(work.inputs[0], ns=(1, 1))
    assert not receipts.is_current(work, hash_inputs=False)
    assert receipts.is_current(work)
    assert go(folder) == Outcome((), NIGHTS, ())
    assert receipts.is_current(work, hash_inputs=False)


def test_inputs_of_one_name_are_told_apart(folder: Path) -> None:
    """Two inputs that share their file name are both watched."""
    go(folder)
    one, two = (task.work for task in tasks(folder)[:2])
    work = replace(one, inputs=(*one.inputs, *two.inputs))
    receipts.write(work, {})
    assert receipts.is_current(work, hash_inputs=False)
    change(folder, two.night, "other")
    assert not receipts.is_current(work)


@pytest.mark.parametrize("word", ["bad", "bug"])
def test_a_failing_night_leaves_nothing_and_stops_none(folder: Path, word: str) -> None:
    """A night that fails half-way, by an error of its input or of the program, is listed and leaves no output behind."""
    go(folder)
    change(folder, "20240202", word)
    change(folder, "20240203", "new")
    outcome = go(folder)
    assert (outcome.done, outcome.kept) == (("20240203",), ("20240201",))
    assert [entry.night for entry in failures(folder / "out", made_by="copy")] == ["20240202"]
    assert not list((folder / "out").rglob("20240202.*"))


def test_what_belongs_to_no_night_is_cleared(folder: Path) -> None:
    """Outputs of a night whose input is gone, and temporary files of a run that was killed, are removed by the next run."""
    go(folder)
    (folder / "in" / "20240202" / "text").unlink()
    (folder / "out" / "one" / ".partial-abc.txt").write_text("half")
    go(folder)
    assert not [*(folder / "out").rglob("20240202.*"), *(folder / "out").rglob(".partial-*")]


def test_a_full_disk_stops_the_stage(folder: Path) -> None:
    """A full disk is no fault of a night: the stage stops, what was finished stays and is kept by the next run."""
    change(folder, "20240202", "full")
    with pytest.raises(UnwritableError):
        go(folder)
    change(folder, "20240202", "good")
    assert go(folder).kept == ("20240201",)


def test_receipts_differ_in_nothing_from_run_to_run(folder: Path) -> None:
    """The same work done again, at another time, makes the same receipts byte for byte."""
    go(folder)
    before = contents(folder / "out")
    for path in (folder / "in").glob("*/text"):
        os.utime(path, ns=(1, 1))
    for path in (folder / "out" / "one").iterdir():
        path.unlink()
    assert go(folder).done == NIGHTS
    assert contents(folder / "out") == before


def test_the_share_of_failures_decides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures within the allowed share are reported and pass; more of them are an error that counts them."""
    change(folder, "20240202", "bad")
    outcome = go(folder)
    outcome.check("copy", 0.34, folder / "out" / "failures.json")
    assert "night 20240202 left out" in capsys.readouterr().err
    with pytest.raises(ReproError, match="1 of 3 nights failed in stage copy: 20240202"):
        outcome.check("copy", 0.33, folder / "out" / "failures.json")
