"""From videos to conditions in a whole temporary project: film, clock and sky as the pipeline runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro import frames
from repro.film.frame_archive import read_frame
from repro.paths import Paths
from repro.status import status
from tests.support.camera import film_night
from tests.support.project import make_project, run, written

STAGES = ("film", "clock", "sky")


@pytest.fixture
def project(tmp_path: Path) -> Paths:
    """An empty project for the AuroraMAX corpus."""
    return make_project(tmp_path, "auroramax")


@pytest.mark.slow
def test_a_new_night_costs_one_night_and_a_bad_one_stops_none(
    project: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two nights are taken to their conditions; a third is added and a fourth is damaged: only the third is worked on.

    One of the nights crosses the change to summer time.
    """
    truth = {
        "20240201": film_night(project.videos("auroramax"), "20240201", "22:15:30", 1),
        "20240310": film_night(project.videos("auroramax"), "20240310", "01:55:12", 2),
    }
    run(project, *STAGES)
    folders = {name: project.stage("auroramax", name) for name in STAGES}
    table = frames.read_nights(folders["sky"] / "tables", "sky")
    assert [t.to_pydatetime() for t in table["time_utc"]] == truth["20240201"] + truth["20240310"]
    assert table["name"][0] == "20240201051530_20240201_0.jpg"
    assert set(table["sun_bin"]) == {"Night"}
    assert not list(folders["clock"].rglob("*.zip"))
    for name in table.loc[table["night"] == "20240310", "name"]:
        assert read_frame(folders["film"] / "frames" / "20240310.zip", name)

    before = written(project, "auroramax", *STAGES)
    truth["20240311"] = film_night(project.videos("auroramax"), "20240311", "23:00:00", 3)
    (project.videos("auroramax") / "auroramaxHD_20240312_720p.mp4").write_bytes(b"404 not found")
    with pytest.raises(SystemExit):
        run(project, "film")
    message = capsys.readouterr().err
    assert "1 of 4 nights failed" in message
    assert "auroramaxHD_20240312_720p.mp4" in message
    run(project, "clock", "sky")
    after = written(project, "auroramax", *STAGES)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[-1].split(".")[0] for name in set(after) - set(before)} == {"20240311"}
    assert frames.read_nights(folders["sky"] / "tables", "sky")["night"].nunique() == 3

    progress = status(project, "auroramax")
    assert progress.nights["sampled"].tolist() == [10, 10, 10]
    assert progress.nights["read"].sum() == 30
    assert progress.nights["unreadable"].sum() == 0
    assert progress.failed[["stage", "night"]].to_numpy().tolist() == [["film", "20240312"]]
    assert progress.bins["frames"].sum() == 30


def test_an_empty_corpus_is_an_error_with_a_remedy(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """Without videos the film stage ends with an error that says where to put them and how to name them."""
    project.videos("auroramax").mkdir(parents=True)
    with pytest.raises(SystemExit):
        run(project, "film")
    assert "auroramaxHD_YYYYMMDD_720p.mp4" in capsys.readouterr().err


def test_status_of_a_corpus_that_has_not_begun(project: Paths) -> None:
    """The status of a corpus of which nothing was made is empty tables, not an error."""
    progress = status(project, "auroramax")
    assert all(len(table) == 0 for table in vars(progress).values())
