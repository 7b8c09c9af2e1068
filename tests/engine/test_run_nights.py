"""Running a stage over nights, and receipts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from repro.engine import receipts
from repro.engine.receipts import NightWork
from repro.engine.run_nights import Outcome, failures, run_nights, summaries
from repro.errors import ReproError, UnwritableError


@dataclass(frozen=True)
class CopyTask:
    """Copy a file; a night whose input says "bad" fails half-way."""

    work: NightWork
    size: int = 1


def copy(task: CopyTask) -> dict[str, int]:
    """Write two outputs, failing between them if asked to."""
    text = task.work.inputs[0].read_text()
    for path in task.work.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
    task.work.outputs[0].write_text(text)
    if text == "bad":
        raise ReproError(found="bad", expected="good", where=task.work.night, remedy="correct it")
    if text == "bug":
        raise ZeroDivisionError("oops")
    task.work.outputs[1].write_text(text)
    return {"letters": len(text)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three inputs of the same name in folders of their nights."""
    for night in ("20240201", "20240202", "20240203"):
        (tmp_path / "in" / night).mkdir(parents=True)
        (tmp_path / "in" / night / "text").write_text(f"good {night}")
    return tmp_path


def tasks(folder: Path, settings: str = "a") -> list[CopyTask]:
    """A task for each input that there is."""
    out = folder / "out"
    return [
        CopyTask(
            NightWork(
                source.parent.name,
                (source,),
                (out / "one" / f"{source.parent.name}.txt", out / "two" / f"{source.parent.name}.txt"),
                out / "receipts" / f"{source.parent.name}.json",
                settings,
            )
        )
        for source in sorted((folder / "in").glob("*/text"))
    ]


def go(folder: Path, some: Sequence[CopyTask] | None = None) -> Outcome:
    """Run the copying stage."""
    return run_nights("copy", folder / "out", some or tasks(folder), copy, workers=1)


def test_a_second_run_keeps_all(folder: Path) -> None:
    """What was done is kept, and its summary can be read again."""
    assert go(folder).done == ("20240201", "20240202", "20240203")
    assert go(folder) == Outcome((), ("20240201", "20240202", "20240203"), ())
    assert summaries(folder / "out")["20240202"] == {"letters": 13}


def test_only_what_changed_is_done_again(folder: Path) -> None:
    """A changed input, a lost or shortened output, or a torn receipt does its own night again, and no other."""
    go(folder)
    (folder / "in" / "20240201" / "text").write_text("better 20240201")
    assert go(folder).done == ("20240201",)
    (folder / "out" / "two" / "20240202.txt").write_text("short")
    assert go(folder).done == ("20240202",)
    (folder / "out" / "receipts" / "20240203.json").write_text("{")
    assert go(folder).done == ("20240203",)


def test_changed_settings_do_all_again(folder: Path) -> None:
    """Other settings void every receipt."""
    go(folder)
    assert len(go(folder, tasks(folder, "b")).done) == 3


def test_a_touched_input_is_hashed_not_redone(folder: Path) -> None:
    """An input of the same contents but another time counts as the same once it was hashed."""
    go(folder)
    work = tasks(folder)[0].work
    os.utime(work.inputs[0], ns=(1, 1))
    assert not receipts.is_current(work, hash_inputs=False)
    assert receipts.is_current(work)
    assert go(folder) == Outcome((), ("20240201", "20240202", "20240203"), ())
    assert receipts.is_current(work, hash_inputs=False)


def test_inputs_of_one_name_are_told_apart(folder: Path) -> None:
    """Two inputs that share their file name are both watched."""
    one, two = (folder / "in" / night / "text" for night in ("20240201", "20240202"))
    work = replace(tasks(folder)[0].work, inputs=(one, two))
    for path in work.outputs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    receipts.write(work, {})
    assert receipts.is_current(work, hash_inputs=False)
    two.write_text("other")
    assert not receipts.is_current(work)


@pytest.mark.parametrize("word", ["bad", "bug"])
def test_a_failing_night_leaves_nothing_and_stops_none(folder: Path, word: str) -> None:
    """A night that fails half-way, by an error of its input or of the program, is listed and leaves no output behind."""
    go(folder)
    (folder / "in" / "20240202" / "text").write_text(word)
    (folder / "in" / "20240203" / "text").write_text("new")
    outcome = go(folder)
    assert (outcome.done, outcome.kept) == (("20240203",), ("20240201",))
    assert [entry.night for entry in failures(folder / "out", made_by="copy")] == ["20240202"]
    assert not list((folder / "out").rglob("20240202.*"))


def test_a_night_that_is_gone_is_cleared(folder: Path) -> None:
    """Outputs of a night whose input is gone are removed, so that they are not counted."""
    go(folder)
    (folder / "in" / "20240202" / "text").unlink()
    go(folder)
    assert not list((folder / "out").rglob("20240202.*"))


def test_leftovers_of_a_killed_run_are_cleared(folder: Path) -> None:
    """A temporary file that a killed run left is removed by the next one."""
    (folder / "out" / "one").mkdir(parents=True)
    (folder / "out" / "one" / ".partial-abc.txt").write_text("half")
    go(folder)
    assert not list((folder / "out").rglob(".partial-*"))


def full(task: CopyTask) -> dict[str, int]:
    """Meet a full disk in the second night."""
    if task.work.night == "20240202":
        raise UnwritableError(found="full", expected="room", where="here", remedy="free some")
    return copy(task)


def test_a_full_disk_stops_the_stage(folder: Path) -> None:
    """A full disk is no fault of a night: the stage stops, what was finished stays and is kept by the next run."""
    with pytest.raises(UnwritableError):
        run_nights("copy", folder / "out", tasks(folder), full, workers=1)
    assert go(folder).kept == ("20240201",)


def test_receipts_differ_in_nothing_from_run_to_run(folder: Path) -> None:
    """The same work done again, at another time, makes the same receipts byte for byte."""
    go(folder)
    before = {path.name: path.read_bytes() for path in (folder / "out" / "receipts").iterdir()}
    for path in (folder / "in").glob("*/text"):
        os.utime(path, ns=(1, 1))
    for path in (folder / "out" / "one").iterdir():
        path.unlink()
    assert len(go(folder).done) == 3
    assert {path.name: path.read_bytes() for path in (folder / "out" / "receipts").iterdir()} == before


def test_the_share_of_failures_decides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures within the allowed share are reported and pass; more of them are an error that counts them."""
    (folder / "in" / "20240202" / "text").write_text("bad")
    outcome = go(folder)
    outcome.check("copy", 0.34, folder / "out" / "failures.json")
    assert "night 20240202 left out" in capsys.readouterr().err
    with pytest.raises(ReproError, match="1 of 3 nights failed in stage copy: 20240202"):
        outcome.check("copy", 0.33, folder / "out" / "failures.json")
