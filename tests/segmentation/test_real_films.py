"""Differencing on real skies, without masks: an active display is found, moonlight without aurora is not."""

import gzip
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from repro.camera import load_camera
from repro.params import KopriDifference
from repro.segmentation.differencing import measure
from repro.segmentation.image_corpus import NightChange

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
    for lag, change in found.change.items():
        both = ~np.isnan(change[:, 0])
        bright = found.means[both][..., 1] > BRIGHT
        assert bright.mean() > 0.02
        recall[lag] = [float((change[both][bright] > threshold).mean()) for threshold in THRESHOLDS]
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
    frames = [
        np.asarray(Image.open(BytesIO(gzip.decompress(path.read_bytes()))), float) for path in files
    ]  # the first of each minute
    dark, light = np.percentile(frames[0], [1, 99])
    pictures = [np.clip((frame - dark) / (light - dark) * 255, 0, 255).astype(np.uint8) for frame in frames]
    found = measured(tmp_path, [np.repeat(picture[..., None], 3, 2) for picture in pictures])
    for change in found.change.values():
        flagged = change[~np.isnan(change[:, 0])] > KopriDifference().threshold_counts
        assert flagged.mean() < MISTAKEN
