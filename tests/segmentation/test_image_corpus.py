"""Corpora of images: names, masks of other sizes and values, gaps, bad files; each is said, counted and listed."""

from pathlib import Path

import numpy as np
import pytest

from repro.camera import PixelCircle
from repro.errors import ReproError
from repro.params import KopriDifference, Site
from repro.segmentation.differencing import measure
from repro.segmentation.image_corpus import checked, find_images, night_of, read_image, read_mask, time_in
from repro.segmentation.station import STATION
from tests.support.forms import save

NO_AURORA = np.zeros((128, 128), np.uint8)


def sky(size: int = 128, level: int = 60) -> np.ndarray:
    """An even sky."""
    return np.full((size, size, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("stem", "time"),
    [
        ("20200702070200", "2020-07-02T07:02:00"),
        ("20200702_070200_jbs", "2020-07-02T07:02:00"),
        ("20200702T070200", "2020-07-02T07:02:00"),
        ("20201399000000", None),
        ("202007020702001", None),
        ("jbs_20200702070200", None),
        ("", None),
    ],
)
def test_times_in_names(stem: str, time: str | None) -> None:
    """A name begins with the UTC time or has none."""
    assert time_in(stem) == (None if time is None else np.datetime64(time))


def test_what_lies_in_a_folder_is_listed(tmp_path: Path) -> None:
    """Images are found in all folders and in order of time; what is wrong is listed; an empty corpus is an error."""
    with pytest.raises(ReproError, match="no images"):
        find_images(tmp_path, STATION)
    for name in ("images/b/20200702070300.jpg", "images/20200702070200.png", "images/dawn.png"):
        save(sky(), tmp_path / name)
    (tmp_path / "images" / "notes.txt").write_text("no image")
    for name in ("20200702070300.png", "20200702070900.png"):
        save(NO_AURORA, tmp_path / "masks" / name)
    found = find_images(tmp_path, STATION)
    assert found.table["name"].tolist() == ["20200702070200", "20200702070300"]
    assert found.table["night"].unique().tolist() == ["20200703"]
    assert [bool(mask) for mask in found.table["mask"]] == [False, True]
    assert {fault.night: fault.found for fault in found.faults} == {
        "dawn": "a name without a time", "20200702070900": "a mask without an image",
    }  # fmt: skip


@pytest.mark.parametrize(("corpus", "radius"), [("kho", 98), ("jang_bogo", None), ("my_camera", None)])
def test_circle_comes_from_the_profile_of_the_corpus(tmp_path: Path, corpus: str, radius: float | None) -> None:
    """A profile of the corpus' name gives the circle; one that does not know it, or none, leaves square images."""
    save(sky(), tmp_path / corpus / "images" / "20200702070200.png")
    circle = find_images(tmp_path / corpus, STATION).circle
    assert (circle.radius if circle else None) == radius


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.tile(np.arange(128, dtype=np.uint8), (128, 1)), "values such as 2, 3, 4"),
        (np.array([[0, 1], [255, 0]], np.uint8).repeat(64, 0).repeat(64, 1), "both 1 and 255"),
        (np.zeros((128, 100), np.uint8), "a mask of 100 x 128 pixels"),
    ],
    ids=["grey", "1 and 255", "another shape"],
)
def test_bad_masks_are_refused_and_counted(tmp_path: Path, mask: np.ndarray, message: str) -> None:
    """Masks with other values or of another shape than their image are left out of training, each with its reason."""
    for name, picture in (("20200702070100.png", NO_AURORA), ("20200702070200.png", mask)):
        save(sky(), tmp_path / "images" / name)
        save(picture, tmp_path / "masks" / name)
    good, faults = checked(find_images(tmp_path, STATION), 64)
    assert good["name"].tolist() == ["20200702070100"]
    assert [fault.night for fault in faults] == ["20200702070200"]
    assert message in faults[0].found


def test_mask_of_another_resolution_is_sampled_and_never_blended(tmp_path: Path) -> None:
    """A mask of twice the size keeps its two values and its place."""
    large = np.zeros((256, 256), np.uint8)
    large[64:128, 32:96] = 255
    wanted = np.zeros((128, 128), bool)
    wanted[32:64, 16:48] = True
    for mask in (large, large // 255):
        np.testing.assert_array_equal(read_mask(save(mask, tmp_path / "m.png"), 128), wanted)


def test_circle_is_cut_out(tmp_path: Path) -> None:
    """With a camera's circle its centre comes to the middle and its rim to the sides, also where it leaves the picture."""
    picture = np.zeros((200, 320, 3), np.uint8)
    y, x = np.mgrid[:200, :320]
    picture[np.hypot(x - 160, y - 120) < 90] = 200
    found = read_image(save(picture, tmp_path / "wide.png"), 128, PixelCircle(x=160, y=120, radius=90))
    assert found.shape == (128, 128, 3)
    assert (found[64, 64] == 200).all()
    assert (found[2, 2] == 0).all()
    assert (found[64, :, 0] > 100).mean() > 0.97
    with pytest.raises(ReproError, match="320 x 200"):
        read_image(tmp_path / "wide.png", 128)


def test_gaps_and_bad_images_have_no_partner(tmp_path: Path) -> None:
    """A black, a saturated, a broken and a small image and a gap leave images without a partner; nothing fails."""
    pictures = [sky(), sky(level=0), sky(level=255), sky(), sky(level=70), None, sky(64)]
    paths = [tmp_path / f"2020070207{minute:02d}00.png" for minute in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        save(picture, path) if picture is not None else path.write_bytes(b"no picture")
    times = np.datetime64("2020-07-02T07:00:00") + np.arange(len(paths)) * np.timedelta64(60, "s")
    found = measure(times, paths, None, KopriDifference())
    assert found.faults[:5].tolist() == ["", "black", "saturated", "", ""]
    assert found.faults[5]
    assert "64 px" in found.faults[6]
    assert np.isnan(found.change[1][:, 0]).tolist() == [True, True, True, True, False, True, True]
    assert np.isnan(found.change[2][:, 0]).all()
    assert (found.change[1][4] == 0).all()


def test_night_goes_from_noon_to_noon() -> None:
    """Jang Bogo's mean noon is 01:03 UT: the night bears the date of the morning that follows."""
    greenwich = Site(latitude_deg=50, longitude_deg=0, time_zone="UTC")
    for site, before, after in ((STATION, "00:30", "07:02"), (greenwich, "11:59", "12:00")):
        assert night_of(np.datetime64(f"2020-07-02T{before}"), site) == "20200702"
        assert night_of(np.datetime64(f"2020-07-02T{after}"), site) == "20200703"
