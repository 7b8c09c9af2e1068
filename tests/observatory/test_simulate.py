"""Videos, clocks, truth tables and labels of a small campaign, made once."""

import shutil
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import pytz

from repro.camera import load_camera
from repro.engine import receipts
from repro.errors import ReproError
from repro.labels import labelfile
from repro.observatory import overlay
from repro.observatory import video_writer as film
from repro.observatory.geometry import sky
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.observatory.simulate import FILE_NAME, simulate, truth_table
from repro.params import Campaign, Params, SimulatedNight
from repro.simulated_mark import MARKER
from tests.support.baseline import check_columns
from tests.support.camera import DASHES, SLASHES
from tests.support.containers import opencv_frames
from tests.support.project import contents
from tests.support.stage_tables import STAGES

NIGHTS = (
    SimulatedNight(night="20221222", minutes=4, forms=("folded",), weather=("clear",)),
    SimulatedNight(night="20240409", part="morning", minutes=3, forms=(), weather=("overcast",)),
)


@pytest.fixture(scope="module")
def tiny(params: Params) -> Params:
    """Parameters with a campaign of two very short nights, one of each camera."""
    simulated = params.simulate.model_copy(update={"campaign": "tiny", "campaigns": {"tiny": Campaign(nights=NIGHTS)}})
    engine = params.engine.model_copy(update={"workers": 1})
    return params.model_copy(update={"simulate": simulated, "engine": engine})


@pytest.fixture(scope="module")
def made(tiny: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the campaign was made."""
    out = tmp_path_factory.mktemp("campaign")
    simulate(out, tiny)
    return out


@pytest.fixture(scope="module")
def table(made: Path) -> pd.DataFrame:
    """Its truth."""
    return pd.concat(map(pd.read_parquet, sorted((made / "truth").glob("*.parquet"))), ignore_index=True)


def video_of(folder: Path, night: SimulatedNight) -> Path:
    """The video of a night."""
    return folder / "videos" / FILE_NAME.format(night=night.night)


def test_videos_are_as_the_camera_makes_them(made: Path) -> None:
    """A night's file has the camera's name, size, rate and coder, and ten frames a minute."""
    camera = load_camera("auroramax")
    for night in NIGHTS:
        video = video_of(made, night)
        assert camera.night_of(video.name) == night.night
        capture = cv2.VideoCapture(str(video))
        assert capture.get(cv2.CAP_PROP_FPS) == 25
        assert (capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)) == (1280, 720)
        coder = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little")
        assert coder in (b"avc1", b"h264")
        assert len(opencv_frames(video)) == 10 * night.minutes


def test_truth_has_its_columns(table: pd.DataFrame) -> None:
    """The truth table has the promised columns, types and ranges, one row a minute."""
    check_columns("truth", table, STAGES["simulate_truth"].kinds)
    assert len(table) == sum(night.minutes for night in NIGHTS)
    assert not table.isna().any().any()
    assert str(table["time_utc"].dtype) == "datetime64[us, UTC]"
    assert all(table[name].between(0, 1).all() for name in ("aurora_share", "cloud_cover"))
    assert ((table["form"] == "none") == ~table["visible"]).all()
    assert ((table["colour"] == "none") == ~table["visible"]).all()
    assert set(table["label"]) <= {"yes", "no"}
    assert (table["frame"] == 10 * table["number"]).all()
    stamp = table["time_utc"].dt.strftime("%Y%m%d%H%M%S")
    assert (table["name"] == stamp + "_" + table["night"] + "_" + table["number"].astype(str) + ".jpg").all()


def test_clock_text_is_local_time(table: pd.DataFrame, tiny: Params) -> None:
    """The true clock text, parsed as local time of Yellowknife, is the true UTC."""
    zone = pytz.timezone(tiny.schedule.site.time_zone)
    for text, utc, generation in table[["clock_text", "time_utc", "generation"]].itertuples(index=False):
        local = datetime.strptime(text[:19], SLASHES if generation == 1 else DASHES)
        assert zone.localize(local) == utc
        assert text[19:] in (("",) if generation == 1 else (" MST", " MDT"))


def test_the_burned_in_clock_is_the_true_one(made: Path, tiny: Params, planned) -> None:
    """In every frame of the videos the drawn clock fits the true text better than any other text of the night."""
    left, top, width, height = overlay.CLOCK_BOX
    for night in NIGHTS:
        plan = planned(night.night, part=night.part, minutes=night.minutes)
        zone = tiny.schedule.site.time_zone
        drawn = [
            overlay.clock_image(overlay.clock_text(time, plan.generation, zone)).astype(float)
            for time in film.frame_times(plan)
        ]
        for number, frame in enumerate(opencv_frames(video_of(made, night))):
            strip = frame[top : top + height, left : left + width].mean(2)
            errors = [float(((strip - picture) ** 2).mean()) for picture in drawn]
            assert int(np.argmin(errors)) == number


def test_the_clock_keeps_out_of_the_sky() -> None:
    """The longest clock lies inside the profile's clock box and outside the sky's circle and the dome's rim."""
    box = load_camera("auroramax").clock.box_px
    left, top, width, height = overlay.CLOCK_BOX
    assert box.left <= left
    assert left + width <= box.left + box.width
    assert box.top <= top
    assert top + height <= box.top + box.height
    text = overlay.clock_image("2024-00-00 00:00:00 MDT")
    assert text[:, -2:].max() == 0
    y, x = np.mgrid[:720, :720] - 359.5
    square = np.where(np.hypot(x, y)[..., None] < 360, 255, 0).astype(np.uint8).repeat(3, 2)
    around = film.canvas(square)[top : top + height, left : left + width]
    assert around.max() == 0


def test_kept_frames_are_full_renderings(made: Path, params: Params, planned) -> None:
    """Every tenth frame of a video is what rendering that moment gives, but for the coder, within 3 counts on average."""
    night = NIGHTS[0]
    plan = planned(night.night, minutes=night.minutes, forms=night.forms)
    frames = opencv_frames(video_of(made, night))[::10]
    wanted = render(scenes(plan, film.key_times(plan), params.schedule.site))
    inner = np.s_[120:600, 120:600]
    for number, frame in enumerate(frames):
        square = frame[:, 280:1000, ::-1].astype(float)
        assert np.abs(square[inner] - wanted.picture(number)[inner]).mean() < 3
    assert len(frames) == len(wanted.frames)


def test_masks_lie_beside_the_truth(made: Path, table: pd.DataFrame) -> None:
    """The stored mask, unpacked, covers the share of the sky that the table gives."""
    inside = ((sky(180).alt_deg > 5) & (sky(180).mask > 0.5)).numpy()
    for night, rows in table.groupby("night"):
        with np.load(made / "masks" / f"{night}.npz") as stored:
            shape = tuple(stored["shape"])
            mask = np.unpackbits(stored["mask"], axis=-1, count=shape[-1]).astype(bool)
        assert mask.shape == (len(rows), 180, 180)
        np.testing.assert_allclose(mask.sum((1, 2)) / inside.sum(), rows["aurora_share"], atol=1e-6)


def test_nights_that_are_there_are_kept(made: Path, table: pd.DataFrame, tiny: Params) -> None:
    """A second run makes nothing again, and a night whose file is gone is made again, the same to the byte."""
    lost, kept = (video_of(made, night) for night in NIGHTS)
    before, stamp = contents(made), kept.stat().st_mtime_ns
    lost.unlink()
    pd.testing.assert_frame_equal(simulate(made, tiny), table)
    assert kept.stat().st_mtime_ns == stamp
    assert contents(made) == before


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A copy of the campaign's folder."""
    return Path(shutil.copytree(made, tmp_path / "campaign"))


def test_nights_stay_unless_only_the_asked_ones_are_wanted(copy: Path, tiny: Params) -> None:
    """Nights simulated before are kept; the stage, which wants its campaign alone, removes them and nothing of others."""
    brought = copy / "videos" / "my_20240409_video.mp4"
    brought.write_bytes(b"a video of somebody else")
    assert set(simulate(copy, tiny, nights=1)["night"]) == {"20221222"}
    assert len(list(copy.rglob("*20240409*"))) == 5
    simulate(copy, tiny, nights=1, only=True)
    assert list(copy.rglob("*20240409*")) == [brought]


@pytest.mark.parametrize("name", ["labels.csv", "videos/auroramaxHD_20221222_720p.mp4", "notes/mine.txt"])
def test_a_folder_of_others_is_refused(tiny: Params, tmp_path: Path, name: str) -> None:
    """A folder that was not made here is refused, whatever lies in it, and stays as it was."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(ReproError, match="did not write"):
        simulate(tmp_path, tiny)
    assert contents(tmp_path) == before


def test_a_file_of_others_among_ours_is_not_replaced(copy: Path, tiny: Params) -> None:
    """A video that somebody put in the place of a simulated one is an error, and nothing is changed."""
    video_of(copy, NIGHTS[0]).write_bytes(b"mine")
    before = contents(copy)
    with pytest.raises(ReproError, match="20221222"):
        simulate(copy, tiny)
    assert contents(copy) == before


def test_a_night_that_was_cut_short_is_made_again(copy: Path, tiny: Params) -> None:
    """Files of a night that was killed before its receipt are known to be ours."""
    night = NIGHTS[0].night
    outputs = (copy / "truth" / f"{night}.parquet", copy / "masks" / f"{night}.npz", video_of(copy, NIGHTS[0]))
    receipts.claim_outputs(receipts.NightWork(night, (), outputs, copy / "receipts" / f"{night}.json", ""))
    outputs[2].write_bytes(b"half a video")
    simulate(copy, tiny, nights=1)
    assert outputs[2].stat().st_size > 1000


def test_all_frames_are_labelled(table: pd.DataFrame, copy: Path, tiny: Params) -> None:
    """labels.csv holds every frame, and stays as it is once somebody has changed it."""
    labels = copy / "labels.csv"
    assert labelfile.read(labels, table["name"]).set_index("name")["label"].to_dict() == (
        table.set_index("name")["label"].to_dict()
    )
    labels.write_text(labels.read_text() + "\n")
    before = labels.read_bytes()
    simulate(copy, tiny, nights=1)
    assert labels.read_bytes() == before


def test_every_folder_bears_the_mark(made: Path) -> None:
    """The folder and those with videos, truth and masks say that they are simulated."""
    assert all((folder / MARKER).is_file() for folder in (made, made / "videos", made / "truth", made / "masks"))


def test_truth_without_videos_agrees(table: pd.DataFrame, tiny: Params) -> None:
    """Truth from small frames, as the full campaign takes it, agrees with truth from the videos' own rendering."""
    quick = truth_table(NIGHTS[0], tiny)
    wanted = table[table["night"] == NIGHTS[0].night]
    assert (quick["name"].to_numpy() == wanted["name"].to_numpy()).all()
    np.testing.assert_allclose(quick["aurora_share"], wanted["aurora_share"], atol=0.03)
    np.testing.assert_allclose(quick["cloud_cover"], wanted["cloud_cover"], atol=0.03)
