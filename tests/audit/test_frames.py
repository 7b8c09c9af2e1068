"""Frame tables made by hand and compared."""

from collections.abc import Mapping
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import cast

import pandas as pd
import pytest

from repro.audit.cell_moves import cell_moves
from repro.audit.diff import Diff
from repro.audit.diff_formats import as_frame_list
from repro.audit.frame_moves import FrameMove, FrameMoves, frame_moves
from repro.audit.metric_moves import metric_moves
from repro.audit.outputs import Change, Gap, Pair, StoredFile

NAMES = [f"2024020200000{n}_20240202_{n}.jpg" for n in range(4)]
FRAMES = pd.DataFrame({"night": "20240202", "number": range(4), "name": NAMES})


class Tables(Pair):
    """Two sets of tables in place of two revisions, each by what its stages made: tables by stage and file name."""

    def __init__(self, before: Mapping[str, Mapping[str, object]], after: Mapping[str, Mapping[str, object]]) -> None:
        self.before, self.after = (
            SimpleNamespace(title=title, made=made, stages={}, commit=None)
            for title, made in (("before", before), ("after", after))
        )
        self.gaps: list[Gap] = []
        self._remote = False

    def changes(self, stage: str) -> list[Change]:
        """Files that differ."""
        one, two = ({file.name: file for file in self.files(side, stage)} for side in (self.before, self.after))
        pairs = (Change("out", name, one.get(name), two.get(name)) for name in sorted({*one, *two}))
        return [change for change in pairs if change.moved]

    def files(self, side: SimpleNamespace, stage: str) -> list[StoredFile]:
        """All files of a side, with their bytes in place of a hash."""
        made = side.made.get(stage, {})
        return [StoredFile(side, stage, "out", name, pack(table, name)) for name, table in made.items()]

    def read(self, file: StoredFile, *, quiet: bool = False) -> bytes:  # noqa: ARG002
        """Bytes of a file."""
        return file.md5


def pack(table: object, name: str) -> bytes:
    """Bytes of a file: as given, or a table in the form that its name says."""
    if isinstance(table, bytes):
        return table
    assert isinstance(table, pd.DataFrame)
    if name.endswith(".csv"):
        return table.to_csv(index=False).encode()
    target = BytesIO()
    table.to_parquet(target, index=False)
    return target.getvalue()


def of_night(stage: str, before: object, after: object) -> Tables:
    """Two tables of one night."""
    return Tables({stage: {"20240202.parquet": before}}, {stage: {"20240202.parquet": after}})


def listed(splits: Mapping[int, str]) -> pd.DataFrame:
    """A list of labelled frames by name, as the split stage may write it."""
    return pd.DataFrame({"name": [NAMES[n] for n in splits], "label": "yes", "split": list(splits.values())})


@pytest.mark.parametrize("name", ["labelled.parquet", "labelled.csv"])
def test_split_is_joined_by_name(name: str) -> None:
    """A list of some frames is joined by the night and number in their names; not being listed is a value."""
    pair = Tables({"split": {name: listed({0: "train", 1: "val"})}}, {"split": {name: listed({1: "train", 2: "val"})}})
    assert {(move.name, *move.changes["split"]) for move in frame_moves(pair).moves} == {
        (NAMES[0], "train", None),
        (NAMES[1], "val", "train"),
        (NAMES[2], None, "val"),
    }


CLOCK = FRAMES.assign(time_utc=pd.to_datetime([name[:14] for name in NAMES], utc=True))
#: The last frame without a time and so without a name: by night and number it is the same frame.
UNREAD = pd.concat([CLOCK[:3], FRAMES[3:].assign(name=None)])


@pytest.mark.parametrize(
    ("stage", "before", "after", "change"),
    [
        ("clock", CLOCK, UNREAD, {"time_utc": ("2024-02-02 00:00:03", None)}),
        ("clock", FRAMES, FRAMES[:3], {"frame": ("present", None)}),
        ("infer", FRAMES, FRAMES.assign(predicted=[None, None, None, "yes"]), {"predicted": (None, "yes")}),
    ],
    ids=["name", "frame", "column"],
)
def test_what_is_a_move(stage: str, before: pd.DataFrame, after: pd.DataFrame, change: dict[str, object]) -> None:
    """A time that moved, a frame that vanished and a column that is new are reported, each as that and nothing else."""
    (move,) = frame_moves(of_night(stage, before, after)).moves
    assert (move.number, move.name, move.changes) == (3, NAMES[3], change)


def test_damaged_table_is_a_gap() -> None:
    """A table that cannot be read is no comparison, and the rest goes on."""
    pair = of_night("infer", FRAMES, b"damaged")
    assert frame_moves(pair) == FrameMoves()
    (gap,) = pair.gaps
    assert (gap.lacks, gap.files) == ("damaged, not a table", ["20240202.parquet"])
    assert gap.remedy == ".venv/bin/dvc repro infer"


def test_later_nights_have_tables_of_their_own() -> None:
    """A night outside the published windows moves no cell of the published tables."""
    night = pd.DataFrame({"sun_bin": ["Night"] * 3, "moon_bin": ["No_moon"] * 3})
    early = {"20240202.parquet": night}

    pair = Tables({"sky": early}, {"sky": {**early, "20260101.parquet": night}})
    windows = [{"first": "2024-02-01", "last": "2024-04-30"}]
    pair.after.stages["schedule"] = SimpleNamespace(params={"schedule.windows": windows})
    assert {(move.table, move.cell, move.before, move.after) for move in cell_moves(pair)} == {
        ("Table 2, later nights' frames", "all frames", 0, 3),
        ("Table 2, later nights' frames", "Night", None, 3),
        ("Table 2, later nights' frames", "No_moon", None, 3),
        ("Table 3, later nights' frames", "Night, No_moon", None, 3),
    }


def test_cells_of_softmax_tables() -> None:
    """Every number of a softmax table or document is named by the words of its row and by its column."""
    table = pd.DataFrame({"sun_bin": ["Night", "Astro"], "moon_bin": "No_moon", "frames": [5, 6], "mean": [0.9, 0.8]})
    after = table.assign(mean=[0.9, 0.7])
    pair = Tables(
        {"softmax": {"table6.parquet": table, "odds.json": b'{"rows": [{"n": 1}]}'}},
        {"softmax": {"table6.parquet": after, "odds.json": b'{"rows": [{"n": 2}]}'}},
    )
    assert {(move.table, move.cell, move.before, move.after) for move in cell_moves(pair)} == {
        ("Table 6", "Astro, No_moon, mean", 0.8, 0.7),
        ("softmax, odds", "rows.0.n", 1, 2),
    }


def test_accuracies_of_curves() -> None:
    """A network counts by its best epoch; those of a table and of tables that differ in their number are seeds.

    A metric that did not move is not reported.
    """

    def curve(*best: int) -> pd.DataFrame:
        rows = [(seed, n, correct, 100) for seed, top in enumerate(best) for n, correct in enumerate((0, top, 80))]
        return pd.DataFrame(rows, columns=["seed", "epoch", "val_correct", "val_images"])

    still = {"curves_1.parquet": curve(92), "unseen_nights.parquet": curve(80)}
    pair = Tables(
        {"train": {"curves_0.parquet": curve(90, 94), **still}}, {"train": {"curves_0.parquet": curve(93, 94), **still}}
    )
    (move,) = metric_moves(pair)
    assert (move.metric, move.before, move.after, move.noise) == ("validation accuracy, curves", 0.92, 0.93, True)
    assert move.basis == "spread between seeds, 3 and 3 networks"


def test_moved_frames_are_a_list_to_be_shown() -> None:
    """The frames that moved are a CSV that `repro label --show` opens: each published name once, before and after."""
    name = "20240201010000_20240201_7.jpg"
    moves = [
        FrameMove("20240201", 7, name, {"predicted": ("yes", "no"), "label": (None, 'a "word", quoted')}),
        FrameMove("20240201", 8, "20240201_8", {"frame": ("present", None)}),
    ]
    diff = cast(Diff, SimpleNamespace(frames=FrameMoves(moves=moves)))
    table = pd.read_csv(StringIO(as_frame_list(diff)))
    assert table.to_dict("records") == [
        {"name": name, "before": "predicted yes; label -", "after": 'predicted no; label a "word", quoted'}
    ]
