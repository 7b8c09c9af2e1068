"""Differencing: frozen skies, doubled pairs, steps of the gain and stars; on real skies an active display is found, moonlight is not."""

import gzip
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from repro.camera import load_camera
from repro.params import KopriDifference
from repro.segmentation.cells import cell_map
from repro.segmentation.differencing import cell_means, change, fault_of, measure, pairs
from repro.segmentation.image_corpus import NightChange

SIZE = 128


def change_of(sky: np.ndarray, **options: Any) -> np.ndarray:
    """How much each cell changed from the first image to the second, (400,)."""
    means = cell_means(sky)
    return change(means[1:], means[:1], **options)[0]


def test_frozen_sky_gives_nothing() -> None:
    """Two equal images differ by exactly zero in every cell, so no threshold from zero up flags any."""
    sky = np.random.default_rng(1).integers(20, 120, (1, SIZE, SIZE, 3), dtype=np.uint8).repeat(2, 0)
    for align in (False, True):
        for channels in ("and", "or"):
            assert (change_of(sky, align=align, channels=channels) == 0).all()


def test_one_changed_cell_is_found_alone() -> None:
    """Aurora that appears in one cell is flagged there and nowhere else; in one channel only it needs the rule "or"."""
    sky = np.full((2, SIZE, SIZE, 3), 40, np.uint8)
    inside = cell_map(SIZE).cell == 123
    sky[1][inside, 1] += 30
    assert np.flatnonzero(change_of(sky, channels="or") > 5).tolist() == [123]
    assert (change_of(sky) == 0).all()
    sky[1][inside, 0] += 20
    assert np.flatnonzero(change_of(sky) > 5).tolist() == [123]


def test_step_of_the_gain_is_taken_out() -> None:
    """A sky that brightens evenly flags every cell, unless the differences are aligned: then none, and real change stays."""
    sky = np.full((2, SIZE, SIZE, 3), 50, np.uint8)
    sky[1] += 12
    sky[1][cell_map(SIZE).cell == 300] += 25
    assert (change_of(sky, align=False) > 5).all()
    assert np.flatnonzero(change_of(sky) > 5).tolist() == [300]


def test_moving_star_is_no_aurora() -> None:
    """A bright star that moves by a pixel changes two pixels by much and no cell by more than a few counts."""
    sky = np.full((2, 256, 256, 3), 30, np.uint8)
    for frame, column in ((0, 90), (1, 91)):
        sky[frame, 140, column] = 255
    assert np.abs(sky[1].astype(int) - sky[0]).max() == 225
    assert change_of(sky).max() < 3


def test_pairs_belong_to_the_later_image() -> None:
    """Each image has at most one partner, exactly a lag before it; a gap, a bad image and the first have none."""
    times = np.datetime64("2020-07-02T00:00:00") + np.array([0, 60, 120, 240, 303, 360])
    usable = np.array([True, True, True, True, True, False])
    assert [side.tolist() for side in pairs(times, 60.0, 5.0, usable)] == [[1, 2, 4], [0, 1, 3]]
    assert pairs(times, 120.0, 5.0, usable)[0].tolist() == [2, 3]
    assert pairs(times, 60.0, 2.0, usable)[0].tolist() == [1, 2]
    for few in (0, 1):  # an image is never its own partner, whatever the tolerance
        assert pairs(times[:few], 60.0, 1e6, usable[:few])[0].size == 0


@pytest.mark.parametrize(("level", "fault"), [(0, "black"), (1, "black"), (40, ""), (255, "saturated")])
def test_unusable_images_are_named(level: int, fault: str) -> None:
    """A black or a saturated image is no basis of a difference."""
    means = cell_means(np.full((1, SIZE, SIZE, 3), level, np.uint8))[0]
    assert fault_of(means) == fault


THRESHOLDS = (5, 10, 20, 30)
BRIGHT = 90.0  # mean count of green from which a cell of the film shows aurora: the sky beside it has about 30
FOUND = 0.5  # of the bright cells of active aurora, at the shipped threshold, at least
MISTAKEN = FOUND / 10  # of the cells of a sky without aurora, stretched to the full range of counts, at most


def measured(folder: Path, pictures: list[np.ndarray], circle: object = None) -> NightChange:
    """Cell means and changes of pictures a minute apart."""
    start = np.datetime64("2013-12-04T18:50:00", "s")
    times = start + np.arange(len(pictures)) * np.timedelta64(60, "s")
    paths = [folder / f"{number:03d}.png" for number in range(len(pictures))]
    for path, picture in zip(paths, pictures, strict=True):
        Image.fromarray(picture).save(path)
    return measure(times, paths, circle, KopriDifference())  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.reference
def test_active_aurora_over_svalbard_is_found(reference: Path, tmp_path: Path) -> None:
    """In an hour of active arcs (KHO, 4 December 2013) most bright cells change; more so in two minutes, less above higher thresholds."""
    camera = load_camera("kho")
    with av.open(str(reference / "kho_20131204.mp4")) as film:
        wanted = {round(minute * 60 / camera.cadence_s) for minute in range(60)}
        pictures = [
            frame.to_ndarray(format="rgb24") for number, frame in enumerate(film.decode(video=0)) if number in wanted
        ]
    found = measured(tmp_path, pictures, camera.circle_px)
    assert not any(found.faults)
    recall = {}
    for lag, size in found.change.items():
        both = ~np.isnan(size[:, 0])
        bright = found.means[both][..., 1] > BRIGHT
        assert bright.mean() > 0.02
        recall[lag] = [float((size[both][bright] > threshold).mean()) for threshold in THRESHOLDS]
    assert recall[1][0] > FOUND
    for values in recall.values():
        assert all(low > high for low, high in pairwise(values))
    assert all(two > one for one, two in zip(recall[1], recall[2], strict=True))


@pytest.mark.reference
def test_moon_without_aurora_over_gillam_is_not_found(reference: Path, tmp_path: Path) -> None:
    """Three minutes of moonlight without aurora (THEMIS, 10 March 2014) flag next to no cell."""
    files = sorted((reference / "themis").glob("*.pgm.gz"))
    if len(files) < 3:
        pytest.skip("the THEMIS minutes are not beside this checkout")
    minutes = (BytesIO(gzip.decompress(path.read_bytes())) for path in files)
    frames = [np.asarray(Image.open(minute), float) for minute in minutes]  # the first of each
    dark, light = np.percentile(frames[0], [1, 99])
    pictures = [np.clip((frame - dark) / (light - dark) * 255, 0, 255).astype(np.uint8) for frame in frames]
    found = measured(tmp_path, [np.repeat(picture[..., None], 3, 2) for picture in pictures])
    for size in found.change.values():
        flagged = size[~np.isnan(size[:, 0])] > KopriDifference().threshold_counts
        assert flagged.mean() < MISTAKEN
