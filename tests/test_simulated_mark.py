"""The mark of simulated images: it survives what people do to files, and real images do not have it."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro.camera import load_camera
from repro.engine.receipts import NightWork, write
from repro.engine.run_nights import summaries
from repro.film.film_corpus import film_corpus
from repro.observatory.simulate import FILE_NAME, truth_table
from repro.params import FilmParams, Params, SimulatedNight
from repro.paths import Paths
from repro.simulated_mark import COMMENT, MARKER, comment_jpeg, has_mark, is_simulated, known_truth, usable_rows

NIGHT = SimulatedNight(night="20221222", minutes=2, forms=("folded",), weather=("clear",))


@pytest.fixture(scope="module")
def video(params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated video, alone in a folder without marker, under the name of a real one."""
    target = tmp_path_factory.mktemp("videos") / FILE_NAME.format(night=NIGHT.night)
    truth_table(NIGHT, params, film_to=target)
    return target


def first_frame(video: Path) -> np.ndarray:
    """The first frame, uint8 (height, width, 3) BGR."""
    good, frame = cv2.VideoCapture(str(video)).read()
    assert good
    return frame


def test_a_simulated_video_says_so_twice(video: Path) -> None:
    """A video as it was made carries the comment and the mark."""
    with av.open(str(video)) as container:
        assert container.metadata["comment"] == COMMENT
    assert has_mark(first_frame(video))
    assert is_simulated(video)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not on this machine")
@pytest.mark.parametrize(
    "options",
    [
        "-c copy -f matroska",
        "-crf 23 -s 1920x1080",
        "-crf 35 -s 854x480",
        "-crf 35 -s 640x480",
        "-c:v mpeg4 -q:v 20",
        "-crf 30 -vf crop=1000:720:0:0",
    ],
)
def test_the_mark_survives_without_metadata(video: Path, tmp_path: Path, options: str) -> None:
    """Remuxed, coded again coarsely, scaled, stretched or cut, a simulated video is still recognised by its picture."""
    target = str(tmp_path / "auroramaxHD_20230101_720p.mp4")
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-map_metadata", "-1", *options.split(), target]
    subprocess.run(command, check=True)
    assert is_simulated(Path(target))


def test_a_renamed_night_is_filmed_as_simulated(video: Path, tmp_path: Path) -> None:
    """The film stage says of a simulated night under a real name that it is simulated, in its summary and in every frame."""
    copy = tmp_path / "data" / "auroramax" / "videos" / video.name
    copy.parent.mkdir(parents=True)
    shutil.copy(video, copy)
    film_corpus(copy.parent, tmp_path / "film", load_camera("auroramax"), FilmParams(), workers=1)
    assert summaries(tmp_path / "film")[NIGHT.night]["simulated"] is True
    with zipfile.ZipFile(tmp_path / "film" / "frames" / f"{NIGHT.night}.zip") as archive:
        for name in archive.namelist():
            with Image.open(io.BytesIO(archive.read(name))) as frame:
                assert frame.info["comment"] == COMMENT.encode()


def test_only_real_rows_are_analysed_where_nights_are_mixed(tmp_path: Path) -> None:
    """Of a mixed corpus nights known to be real alone are analysed; of a simulated one, all, whose truth alone counts."""
    paths = Paths(tmp_path)
    paths.truth("c").mkdir(parents=True)
    table = pd.DataFrame({"night": ["20230101", "20230102", "20230103"]})
    for night, summary in zip(table["night"], ({"simulated": True}, {}, {"simulated": False}), strict=True):
        if night == "20230103":
            assert len(usable_rows(table[:2], paths, "c")) == 2
            assert known_truth(paths, "c") == paths.truth("c")
        receipt = paths.stage("c", "film") / "receipts" / f"{night}.json"
        write(NightWork(night, (), (), receipt, "s"), summary)
    assert usable_rows(table, paths, "c")["night"].tolist() == ["20230103"]
    assert known_truth(paths, "c") is None


def test_stills_are_recognised_by_comment_and_by_mark(video: Path, tmp_path: Path) -> None:
    """A JPEG of a marked frame is recognised without comment, and a JPEG without the mark by its comment."""
    frame = first_frame(video)
    cv2.imwrite(str(tmp_path / "marked.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert is_simulated(tmp_path / "marked.jpg")
    sky = cv2.imencode(".jpg", frame[:, 280:1000])[1].tobytes()
    (tmp_path / "sky.jpg").write_bytes(sky)
    (tmp_path / "sky_with_comment.jpg").write_bytes(comment_jpeg(sky))
    assert not is_simulated(tmp_path / "sky.jpg")
    assert is_simulated(tmp_path / "sky_with_comment.jpg")
    assert np.array_equal(cv2.imread(str(tmp_path / "sky_with_comment.jpg")), cv2.imread(str(tmp_path / "sky.jpg")))


def test_a_marked_folder_speaks_for_its_files(tmp_path: Path) -> None:
    """A picture without any mark counts as simulated in a folder that says so."""
    (tmp_path / "videos").mkdir()
    picture = tmp_path / "videos" / "20230101.png"
    cv2.imwrite(str(picture), np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8))
    assert not is_simulated(picture)
    (tmp_path / MARKER).touch()
    assert is_simulated(picture)


def test_real_images_have_no_mark(reference: Path) -> None:
    """No real frame of seven cameras, and no real video, is taken for a simulated one."""
    files = sorted(path for path in reference.rglob("*") if path.suffix in {".jpg", ".mp4"})
    assert len(files) > 15
    assert [path.name for path in files if is_simulated(path)] == []


@pytest.mark.parametrize("seed", range(3))
def test_flat_and_noisy_pictures_have_no_mark(seed: int) -> None:
    """Black, noise and checks of the mark's own size are not the mark."""
    rng = np.random.default_rng(seed)
    assert not has_mark(np.zeros((720, 1280, 3), np.uint8))
    assert not has_mark(rng.integers(0, 255, (720, 1280), np.uint8))
    assert not has_mark(np.kron(rng.integers(0, 2, (72, 128), np.uint8) * 200, np.ones((10, 10), np.uint8)))
