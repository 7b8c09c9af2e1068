"""One archive of frames for all: found by either name, and unpacked on request."""

import zipfile
from pathlib import Path

import pytest

from repro import frames
from repro.errors import ReproError
from repro.film.frame_archive import film_outputs, read_frame, unpack_night
from tests.support.frames import night_frames

NIGHT = "20240201"
NAMES = ["20240201060000_20240201_0.jpg", "20240201060100_20240201_1.jpg"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three frames as film and clock leave them; the clock of the last could not be read."""
    archive = film_outputs(tmp_path / "film", NIGHT)[0]
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(3):
            file.writestr(f"{NIGHT}_{number}.jpg", f"picture {number}")
    table = night_frames(NIGHT, 3)[list(frames.COLUMNS[:10])]
    table.loc[2, ["name", "time_utc", "clock_text"]] = None
    frames.write(tmp_path / "clock" / "tables" / f"{NIGHT}.parquet", table, "clock")
    return tmp_path


def unpacked(corpus: Path, night: str = NIGHT) -> int:
    """Unpack a night into the folder ``out``."""
    return unpack_night(corpus / "film", corpus / "clock", night, corpus / "out")


@pytest.mark.parametrize("name", ["20240201060100_20240201_1.jpg", "20240201_1.jpg"])
def test_a_frame_is_found_by_either_name(corpus: Path, name: str) -> None:
    """The published name and the archive's own name give the same picture."""
    assert read_frame(film_outputs(corpus / "film", NIGHT)[0], name) == b"picture 1"


@pytest.mark.parametrize("name", ["20240201060100_20240201_7.jpg", "20240202060100_20240202_1.jpg", "x.jpg"])
def test_a_frame_that_is_not_there_is_named(corpus: Path, name: str) -> None:
    """A number or a night that the archive does not hold is an error, never another frame."""
    with pytest.raises(ReproError, match="no frame"):
        read_frame(film_outputs(corpus / "film", NIGHT)[0], name)


def test_frames_are_unpacked_under_their_published_names(corpus: Path) -> None:
    """Every frame with a time is written under its published name; doing it again changes nothing."""
    assert unpacked(corpus) == 2
    written = {path.name: path.read_bytes() for path in (corpus / "out").iterdir()}
    assert written == dict(zip(NAMES, [b"picture 0", b"picture 1"], strict=True))
    before = [(corpus / "out" / name).stat().st_mtime_ns for name in NAMES]
    assert unpacked(corpus) == 2
    assert [(corpus / "out" / name).stat().st_mtime_ns for name in NAMES] == before


def test_the_files_of_others_are_never_overwritten(corpus: Path) -> None:
    """Where a file of a frame's name holds something else, nothing at all is written."""
    (corpus / "out").mkdir()
    (corpus / "out" / NAMES[1]).write_bytes(b"a person's own")
    with pytest.raises(ReproError, match="another frame") as caught:
        unpacked(corpus)
    assert NAMES[1] in caught.value.where
    assert [path.name for path in (corpus / "out").iterdir()] == [NAMES[1]]
    assert (corpus / "out" / NAMES[1]).read_bytes() == b"a person's own"


def test_an_unknown_night_names_those_that_are_there(corpus: Path) -> None:
    """A night that was not filmed is an error that lists the nights of the corpus."""
    with pytest.raises(ReproError, match=NIGHT):
        unpacked(corpus, "20240205")
