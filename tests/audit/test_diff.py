"""Two revisions of a toy project, run by DVC and compared."""

import pytest

from repro.audit.cell_moves import CellMove
from repro.audit.claim_moves import ClaimMove
from repro.audit.diff import compare
from repro.audit.diff_formats import as_json
from repro.audit.frame_moves import FrameMove
from repro.audit.sections import sections
from repro.errors import ReproError
from tests.audit.toy import Toy
from tests.hostile.inputs import bomb

pytestmark = pytest.mark.slow  # the toy's history takes DVC some seconds to make


def test_parameter_moves_frames_cells_and_claim(history: Toy) -> None:
    """A parameter that makes one clock be misread is followed to that frame, its cells and its claim, and to nothing else."""
    diff = compare(history, "base", "blur", images=True)
    assert diff.exit_code == 1
    assert diff.gaps == []  # the hash of a folder of code is that which DVC recorded
    assert diff.frames.moves == [
        FrameMove(
            "20240202",
            3,
            "20240202001300_20240202_3.jpg",
            {"time_utc": ("2024-02-02 00:03:00", "2024-02-02 00:13:00"), "sun_bin": ("Night", "Astro")},
        )
    ]
    assert diff.frames.also == {"clock: clock_confidence": 8}
    assert diff.claims == [
        ClaimMove("T3.NIGHT", "corpus", (8, 8), ("confirmed", "contradicted"), (8, 7)),
    ]
    assert set(diff.cells) == {
        CellMove("Table 2, frames", "Night", 8, 7),
        CellMove("Table 2, frames", "Astro", None, 1),
        CellMove("Table 3, frames", "Night, No_moon", 8, 7),
        CellMove("Table 3, frames", "Astro, No_moon", None, 1),
    }
    assert [(run.stage, run.because, run.same) for run in diff.stages] == [
        ("clock", ("parameter clock.blur_px: 5 -> 9",), False),
        ("sky", ("results/toy/clock: output of stage clock",), False),
        ("infer", ("results/toy/sky: output of stage sky",), False),
        ("verify", ("results/toy/sky: output of stage sky",), False),
    ]
    (image,) = diff.images
    assert image.before is not None
    assert image.before == image.after  # the picture is the same, its name is not


def test_comment_reruns_a_stage_and_moves_nothing(history: Toy) -> None:
    """An edited comment is reported as one: the stage ran again, and its outputs are the same but for receipts."""
    diff = compare(history, "base", "comment")
    assert diff.exit_code == 0
    assert diff.headline() == "Nothing published moved."
    clock = diff.stages[0]
    quiet = "comments, docstrings or layout only"
    assert clock.because == (f"repro/clock: ocr.py: {quiet}", f"stages/clock.py: {quiet}")
    assert clock.idle
    assert clock.same
    assert clock.outputs == "the same but for 2 receipt(s), which record inputs and code"
    assert all(run.same for run in diff.stages)


def test_nothing_changed(history: Toy) -> None:
    """A revision against itself, and the last commit against a clean working tree, differ in nothing."""
    for diff in (compare(history, "blur", "blur"), compare(history)):
        assert diff.exit_code == 0
        assert diff.stages == []
        assert diff.unchanged == 4


def test_new_night_is_not_a_set_of_moved_frames(history: Toy) -> None:
    """A night that was added is a night, not four moved frames, and the counts of the tables grow by its frames."""
    diff = compare(history, "comment", "night")
    assert diff.frames.moves == []
    assert diff.frames.nights == {"20240203": {"clock": "added", "sky": "added", "infer": "added"}}
    assert CellMove("Table 2, frames", "all frames", 8, 12) in diff.cells
    assert diff.exit_code == 1


def test_missing_object_is_never_equal(toy: Toy) -> None:
    """A table that is gone from the cache is reported with its name and the command that gets it, whatever else is equal."""
    lock = toy.run("git", "show", "blur:dvc.lock")
    folder = lock.split("path: results/toy/sky\n")[-1].split("md5: ")[1].split()[0]
    cache = toy.root / ".dvc" / "cache" / "files" / "md5"
    listing = (cache / folder[:2] / folder[2:]).read_text()
    table = listing.split('"md5": "')[2].split('"')[0]  # of the second night
    (cache / table[:2] / table[2:]).unlink()
    diff = compare(toy, "base", "blur")
    assert diff.exit_code == 2
    (gap,) = diff.gaps
    assert (gap.stage, gap.output, gap.files) == ("sky", "results/toy/sky", ["tables/20240202.parquet"])
    assert gap.lacks == "not in DVC's cache"
    assert gap.remedy == f"git checkout {toy.run('git', 'rev-parse', '--short=9', 'blur')} && .venv/bin/dvc repro sky"
    assert [move.changes.keys() for move in diff.frames.moves] == [{"time_utc"}]  # the clock's tables are still there
    assert not any("frames" in move.table for move in diff.cells)  # half a count is no count

    (cache / folder[:2] / folder[2:]).unlink()
    diff = compare(toy, "base", "blur")
    assert diff.exit_code == 2
    assert [gap.lacks for gap in diff.gaps] == ["not in DVC's cache, not even the list of its files"]
    assert next(run for run in diff.stages if run.stage == "sky").outputs == "unknown"


def test_working_tree_serves_what_the_cache_lacks(toy: Toy) -> None:
    """With the cache of the last commit gone, its files in the working tree are read, if they still have the right hash."""
    for stored in (toy.root / ".dvc" / "cache" / "files" / "md5").rglob("*"):
        if stored.is_file() and stored.read_bytes() in {
            path.read_bytes() for path in (toy.root / "results" / "toy" / "sky").rglob("*.parquet")
        }:
            stored.unlink()
    assert compare(toy, "comment", "night").gaps == []
    table = toy.root / "results" / "toy" / "sky" / "tables" / "20240202.parquet"
    table.chmod(0o644)
    table.write_bytes(b"edited")
    (gap,) = compare(toy, "blur", "night").gaps
    assert gap.files == ["tables/20240202.parquet"]
    # The same table in both commits hides no move; only the sum over all nights is unknown.
    diff = compare(toy, "comment", "night")
    assert diff.gaps == []
    assert CellMove("Table 2, frames of the nights that differ", "all frames", 0, 4) in diff.cells


def test_outdated_working_tree_is_not_called_unchanged(toy: Toy) -> None:
    """A parameter changed without a run leaves the old outputs lying there, and they are not called unchanged."""
    toy.edit("params.yaml", "limit: 0.5", "limit: 0.3")
    diff = compare(toy)
    assert diff.exit_code == 2
    (gap,) = diff.gaps
    assert (gap.stage, gap.revision, gap.remedy) == ("infer", "working tree", ".venv/bin/dvc repro")
    assert "params.yaml:infer modified" in gap.lacks
    texts = {section.id: section.text for section in sections(diff)}
    assert texts["frames"] == "Not compared (see infer above): run .venv/bin/dvc repro"
    assert texts["claims"] == "No claim's outcome or measured value moved."  # verify does not read what infer makes
    assert [step.command for step in diff.next_steps] == [
        ".venv/bin/dvc repro",
        ".venv/bin/repro diff HEAD",
        "git checkout . && .venv/bin/dvc checkout dvc.yaml",
    ]
    toy.repro()
    diff = compare(toy)
    assert diff.exit_code == 1
    assert {move.number for move in diff.frames.moves} == {1}
    assert diff.frames.counts() == {"predicted": 3}
    # The commands shown for a revert leave the working tree as committed; the toy has no .venv, so dvc is that of the tests.
    toy.run("git", "checkout", "--quiet", ".")
    toy.run("python", "-m", "dvc", "checkout", "--quiet", "dvc.yaml")
    diff = compare(toy)
    assert (diff.exit_code, diff.gaps, diff.stages, diff.next_steps) == (0, [], [], [])


def test_change_before_a_run_reaches_every_section_made_from_it(toy: Toy) -> None:
    """After an edit of the clock and before a run, no section made from its times says that nothing moved."""
    toy.edit("params.yaml", "blur_px: 5", "blur_px: 9")
    diff = compare(toy)
    texts = {section.id: section.text for section in sections(diff)}
    for name in ("claims", "cells", "frames"):
        assert texts[name] == "Not compared (see clock above): run .venv/bin/dvc repro"
    assert texts["metrics"] == "No metric moved."  # nothing was trained
    assert diff.next_steps[0].effect.endswith("clock, sky, infer, verify")


def test_commit_without_a_run_is_not_compared(history: Toy) -> None:
    """A commit whose dvc.lock is older than its parameters is not compared as if it had run."""
    diff = compare(history, "comment", "without-a-run")
    assert diff.exit_code == 2
    (gap,) = diff.gaps
    assert gap.stage == "infer"
    assert "param infer.limit modified" in gap.lacks


def test_commit_of_a_run_that_broke_off_is_not_compared(toy: Toy) -> None:
    """A commit in which a stage ran and the next one did not is not compared as if both had."""
    toy.edit("params.yaml", "blur_px: 5", "blur_px: 9")
    toy.repro("sky")
    toy.commit("half")
    gaps = compare(toy, "night", "half").gaps
    assert [(gap.stage, gap.lacks.split(": ")[1]) for gap in gaps] == [
        ("infer", "dep results/toy/sky made again since"),
        ("verify", "dep results/toy/sky made again since"),
    ]


def test_other_corpus_is_not_compared(toy: Toy) -> None:
    """Frames of another corpus are other frames: no cell and no frame is said to have moved, and the gap is reported."""
    lock = toy.root / "dvc.lock"
    lock.write_text(lock.read_text().replace("results/toy/", "results/other/"))
    toy.commit("other-corpus")
    diff = compare(toy, "night", "other-corpus")
    assert diff.exit_code == 2
    assert not diff.counts()
    assert {gap.stage for gap in diff.gaps} == {"clock", "sky", "infer"}


def test_revision_without_a_run(toy: Toy) -> None:
    """A revision that git does not know, or whose pipeline never ran, is an error that says what there is or what to do."""
    with pytest.raises(ReproError) as caught:
        compare(toy, "nonsense")
    assert caught.value.found == "no revision 'nonsense'"
    assert "night" in caught.value.expected
    with pytest.raises(ReproError, match=r"no dvc\.lock in") as caught:
        compare(toy, "never-run", "base")
    assert "git log -- dvc.lock" in caught.value.remedy
    (toy.root / "dvc.lock").unlink()
    with pytest.raises(ReproError, match=r"no dvc\.lock"):
        compare(toy)


def test_damaged_locks_of_dvc_are_named(toy: Toy) -> None:
    """Where a power cut left DVC's list of locks empty, the error names that file and how to get rid of it."""
    (toy.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    (toy.root / ".dvc" / "tmp" / "rwlock").write_text("")
    with pytest.raises(ReproError) as error:
        compare(toy)
    assert error.value.where.endswith("rwlock")
    assert "rm .dvc/tmp/rwlock" in error.value.remedy


def test_hostile_commits_end_in_an_error_or_a_gap(toy: Toy) -> None:
    """A comparison with a commit whose lock, pipeline or parameters are hostile is an error, or says what it lacks."""
    lock = (toy.root / "dvc.lock").read_text()
    hostile = (
        ("dvc.lock", lock.replace("md5: ", "md5: ../../../../")), ("dvc.lock", lock.replace("results/toy/", "../../")),
        ("dvc.lock", "stages: 3"), ("dvc.yaml", "stages: ["), ("dvc.yaml", "- a"), ("params.yaml", bomb()),
    )  # fmt: skip
    for number, (name, text) in enumerate(hostile):
        good = (toy.root / name).read_text()
        (toy.root / name).write_text(text)
        toy.commit(f"hostile-{number}")
        (toy.root / name).write_text(good)
        try:
            diff = compare(toy)
        except ReproError:
            continue
        assert diff.gaps
        as_json(diff)
