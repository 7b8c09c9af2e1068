"""The frame table's schema."""

from pathlib import Path

import pandas as pd
import pytest

from repro import frames
from repro.errors import ReproError
from tests.support.frames import night_frames


def sky_table() -> pd.DataFrame:
    """Three frames of one night up to the sky, the second without a time."""
    table = night_frames("20240201", 3, start="2024-02-01 01:19:54")
    untimed = ["name", "clock_text", "time_utc", "sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]
    table.loc[1, untimed] = None
    return table.assign(clock_repair=["", "unreadable", ""])


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    """Writing and reading keep every value, type and missing value; columns get the table's order, however they came."""
    frames.write(tmp_path / "20240201.parquet", sky_table()[sorted(sky_table().columns)], "sky")
    table = frames.read(tmp_path / "20240201.parquet", "sky")
    pd.testing.assert_frame_equal(table, frames.tidy(sky_table()))
    assert list(pd.read_parquet(tmp_path / "20240201.parquet").columns) == list(frames.COLUMNS[:16])
    assert str(table["time_utc"].dtype) == "datetime64[us, UTC]"
    assert table["name"].isna().tolist() == [False, True, False]
    assert frames.readable(table)["number"].tolist() == [0, 2]  # only frames with a time are labelled or classified


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("night", 0, "2024-02-01"),
        ("number", 1, 0),
        ("frame", 0, -1),
        ("name", 0, "20240201011955_20240201_0.jpg"),
        ("name", 1, "20240201012054_20240201_1.jpg"),
        ("clock_confidence", 0, 101.0),
        ("sun_alt_deg", 0, -91.0),
        ("moon_phase_deg", 0, 181.0),
        ("sun_bin", 0, "Dusk"),
        ("moon_bin", 2, None),
        ("sun_bin", 1, "Night"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_written(tmp_path: Path, column: str, row: int, value: object) -> None:
    """A value out of range, a name that is not its time's, or sky without a time is refused before anything is written."""
    table = sky_table()
    table[column] = table[column].astype(object)
    table.loc[row, column] = value  # type: ignore[call-overload]
    table[column] = table[column].infer_objects()
    with pytest.raises(ReproError, match="breaks its schema"):
        frames.write(tmp_path / "t.parquet", table, "sky")
    assert list(tmp_path.iterdir()) == []


def test_the_columns_of_a_stage() -> None:
    """A table that lacks a column or has one that no stage makes is refused; that of stage infer may lack label and split."""
    for wrong in (sky_table().drop(columns="sun_bin"), sky_table().assign(colour="green")):
        with pytest.raises(ReproError, match="schema"):
            frames.check(wrong, "sky", "here")
    inferred = sky_table().assign(logit_no=1.0, logit_yes=-1.0, p_yes=0.12, predicted="no")
    frames.check(inferred, "infer", "here")
    frames.check(inferred.assign(label=None, split=None), "infer", "here")


def test_nights_are_read_as_one_table(tmp_path: Path) -> None:
    """Tables are read in the order of nights; an error names the stage of an empty folder, or the file at fault."""
    with pytest.raises(ReproError, match="dvc repro sky"):
        frames.read_nights(tmp_path, "sky")
    for night in ("20240202", "20240201"):
        frames.write(tmp_path / f"{night}.parquet", night_frames(night, 5), "sky")
    assert frames.read_nights(tmp_path, "sky")["night"].tolist() == ["20240201"] * 5 + ["20240202"] * 5
    bad = pd.read_parquet(tmp_path / "20240202.parquet").assign(sun_alt_deg=200.0)
    bad.to_parquet(tmp_path / "20240202.parquet")
    with pytest.raises(ReproError, match="20240202"):
        frames.read_nights(tmp_path, "sky")
    (tmp_path / "20240202.parquet").write_bytes((tmp_path / "20240201.parquet").read_bytes())
    with pytest.raises(ReproError, match="one row per frame"):
        frames.read_nights(tmp_path, "sky")


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Truth of frames 0 and 2 of the night of :func:`sky_table`, in another order, with a time of its own."""
    columns = ["night", "number", "visible", "certain", "weather", "form", "colour", "time_utc"]
    rows = [
        ["20240201", 2, True, True, "snow", "arc", "green", pd.Timestamp("2024-02-01 01:21:55", tz="UTC")],
        ["20240201", 0, False, True, "clear", "none", "none", pd.Timestamp("2024-02-01 01:19:54", tz="UTC")],
    ]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "20240201.parquet")
    return tmp_path


def test_truth_is_joined_by_night_and_number(truth: Path) -> None:
    """Truth belongs to a frame whatever name it got; columns of both tables stay apart, and order and rows stay."""
    table = sky_table().assign(name=["a", "b", "c"])
    joined = frames.join_truth(table, truth, ["visible", "time_utc"])
    assert joined["name"].tolist() == ["a", "b", "c"]
    assert joined["visible"].tolist()[::2] == [False, True]
    assert pd.isna(joined["visible"][1])
    assert joined["time_utc"][0] == joined["time_utc_true"][0]
    assert (joined["time_utc_true"] - joined["time_utc"])[2] == pd.Timedelta(seconds=1)


def test_a_night_without_truth_is_named(truth: Path) -> None:
    """A night of a simulated corpus whose truth is gone is an error that names it and the stage that makes it."""
    table = pd.concat([sky_table(), sky_table().assign(night="20240202")])
    with pytest.raises(ReproError, match=r"(?s)first 20240202.*dvc repro simulate"):
        frames.join_truth(table, truth, ["visible"])


def test_right_answers_are_the_truth_or_the_labels(truth: Path) -> None:
    """Truth decides where it is given; else labels do, by name, and a frame without one has no right answer."""
    table, labels = sky_table(), pd.Series({"20240201011954_20240201_0.jpg": "yes"})
    assert frames.with_right_answers(table, labels, None)["truth"].fillna("").tolist() == ["yes", "", ""]
    simulated = frames.with_right_answers(table, labels, truth)
    assert simulated["truth"].fillna("").tolist() == ["no", "", "yes"]
    assert simulated["weather"].fillna("").tolist() == ["clear", "", "snow"]
