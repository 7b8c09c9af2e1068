"""Which file is which night."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.errors import ReproError
from repro.film.videos import find_videos
from tests.support.camera import small_camera


def touch(folder: Path, *names: str) -> None:
    """Make small files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_nights_come_in_order_from_any_subfolder(tmp_path: Path) -> None:
    """Videos are found in subfolders too, and come in the order of nights."""
    touch(tmp_path, "b/small_20240202.mp4", "small_20240201.mp4", "notes.txt")
    nights, failed = find_videos(tmp_path, small_camera())
    assert list(nights) == ["20240201", "20240202"]
    assert failed == []


@pytest.mark.parametrize("name", ["small_night.mp4", "small_20240231.mp4", "other_20240201.mp4"])
def test_a_name_without_a_date_is_listed(tmp_path: Path, name: str) -> None:
    """A video whose name holds no date, or one that does not exist, is listed and the others go on."""
    touch(tmp_path, name, "small_20240202.mp4")
    nights, failed = find_videos(tmp_path, small_camera())
    assert list(nights) == ["20240202"]
    assert [failure.night for failure in failed] == [name]
    assert "without a date" in failed[0].found
    assert "small_20240201.mp4" in failed[0].expected


def test_two_files_for_one_night_are_not_chosen_between(tmp_path: Path) -> None:
    """Two files for one night are a failure that names both; neither is taken."""
    touch(tmp_path, "small_20240201.mp4", "copy/SMALL_20240201.MP4", "small_20240202.mp4")
    nights, failed = find_videos(tmp_path, small_camera())
    assert list(nights) == ["20240202"]
    assert failed[0].night == "20240201"
    assert "copy/SMALL_20240201.MP4" in failed[0].found
    assert "small_20240201.mp4" in failed[0].found


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A corpus without any video is an error that shows how a file must be named."""
    with pytest.raises(ReproError, match=r"small_YYYYMMDD\.mp4"):
        find_videos(tmp_path, small_camera())
