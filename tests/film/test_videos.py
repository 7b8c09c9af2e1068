"""Which file is which night."""

from pathlib import Path

import pytest

from repro.film.videos import find_videos
from tests.support.camera import small_camera


def touch(folder: Path, *names: str) -> None:
    """Make small files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("small_night.mp4", "without a date"),
        ("small_20240231.mp4", "an impossible date"),
        ("other_20240201.mp4", "without a date"),
    ],
)
def test_a_name_without_a_date_is_listed(tmp_path: Path, name: str, reason: str) -> None:
    """A video whose name holds no date, or one that does not exist, is listed and the others go on."""
    touch(tmp_path, name, "small_20240202.mp4")
    nights, (failure,) = find_videos(tmp_path, small_camera())
    assert (list(nights), failure.night) == (["20240202"], name)
    assert reason in failure.found
    assert "small_20240201.mp4" in failure.expected


def test_two_files_for_one_night_are_not_chosen_between(tmp_path: Path) -> None:
    """Two files for one night are a failure that names both; neither is taken."""
    touch(tmp_path, "small_20240201.mp4", "copy/SMALL_20240201.MP4", "small_20240202.mp4")
    (tmp_path / "copy" / "SMALL_20240201.MP4").write_bytes(b"another video")
    nights, (failure,) = find_videos(tmp_path, small_camera())
    assert (list(nights), failure.night) == (["20240202"], "20240201")
    assert failure.found.endswith(": copy/SMALL_20240201.MP4, small_20240201.mp4")


def test_which_files_are_videos(tmp_path: Path) -> None:
    """Videos of any subfolder, even named as one, come in order of nights; hidden files below the corpus do not count."""
    corpus = tmp_path / ".work" / "videos"  # where the checkout itself lies does not matter
    touch(
        corpus, "b/small_20240202.mp4", "small_20240201.mp4", "notes.txt", "._small_20240201.mp4", ".small_20240204.mp4",
        ".Trash-1000/files/small_20240201.mp4", "a/.cache/b/small_20240205.mp4", "small_20240206.mp4/small_20240203.mp4",
    )  # fmt: skip
    nights, failed = find_videos(corpus, small_camera())
    assert list(nights) == ["20240201", "20240202", "20240203"]
    assert nights["20240201"] == corpus / "small_20240201.mp4"
    assert failed == []


@pytest.mark.parametrize(
    "names",
    [
        ["small_20240202.mp4.part"], ["small_20240202.mp4.crdownload"], ["small_20240202.mp4.ytdl"],
        ["small_20240202.mp4.download/small_20240202.mp4"], ["small_20240202.mp4", "small_20240202.mp4.aria2"],
    ],
)  # fmt: skip
def test_an_unfinished_download_is_no_night(
    tmp_path: Path, names: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is still being downloaded is left out, with a line that names it, and fails no night."""
    touch(tmp_path, "small_20240201.mp4", *names)
    nights, failed = find_videos(tmp_path, small_camera())
    assert (list(nights), failed) == (["20240201"], [])
    assert names[0] in capsys.readouterr().err


def test_copies_of_one_file_are_one_night(tmp_path: Path) -> None:
    """A night that lies in two folders, as a copy, a hard link or a link, is taken once."""
    names = [f"small_2024020{day}.mp4" for day in (1, 2, 3)]
    touch(tmp_path, "b/small_20240201.mp4", *(f"a/{name}" for name in names))
    (tmp_path / "b" / names[1]).hardlink_to(tmp_path / "a" / names[1])
    (tmp_path / "b" / names[2]).symlink_to(tmp_path / "a" / names[2])
    assert find_videos(tmp_path, small_camera()) == ({name[6:14]: tmp_path / "a" / name for name in names}, [])


def test_linked_folders_are_searched_once(tmp_path: Path) -> None:
    """Videos on another disk may be linked by their folder; a link in a circle ends."""
    touch(tmp_path / "disk", "2024/small_20240201.mp4")
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "2024").symlink_to(tmp_path / "disk" / "2024")
    (videos / "circle").symlink_to(videos)
    assert find_videos(videos, small_camera()) == ({"20240201": videos / "2024" / "small_20240201.mp4"}, [])
