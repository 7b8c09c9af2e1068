"""Training: split by frames and by nights, augmentation, determinism, resumption, and that it learns."""

from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import torch

from repro.errors import ReproError
from repro.params import KopriTrain
from repro.record.claims import Claims
from repro.seeding import generator
from repro.segmentation import fcn
from repro.segmentation.fcn_training import IGNORED, LabelledImages, SegmentationJob, augmented, probabilities, train
from repro.segmentation.train_fcn_corpus import PARTS, split, split_counts


def test_rule_gives_the_published_counts(claims: Claims) -> None:
    """Eight tenths and one tenth of 1,502, rounded down, and the rest are the poster's three numbers."""
    images, *wanted = (int(claims[f"KOP.{part}"].value) for part in ("IMAGES", "TRAIN", "VALIDATION", "TEST"))
    assert split_counts(images, 0.8, 0.1) == tuple(wanted) == (1201, 150, 151)
    # A tenth of 30 is 3, though 0.1 * 30 is a little less or more in floating point.
    for total in range(10, 400):
        counts = split_counts(total, 0.8, 0.1)
        assert counts == (total * 8 // 10, total // 10, total - total * 8 // 10 - total // 10)


@pytest.fixture
def table() -> pd.DataFrame:
    """Thirty nights of ten images."""
    rows = [(f"202007{night:02d}{image:02d}", f"202007{night:02d}") for night in range(1, 31) for image in range(10)]
    return pd.DataFrame(rows, columns=["name", "night"])


def test_frames_are_counted_as_published(table: pd.DataFrame) -> None:
    """By frames the parts have the counts of the rule, and nights lie on both sides."""
    parts = split(table, "frames", 0.8, 0.1, seed=1)
    assert tuple(int((parts == part).sum()) for part in PARTS) == split_counts(300, 0.8, 0.1)
    assert set(table["night"][parts == "train"]) & set(table["night"][parts == "test"])


def test_nights_are_never_on_two_sides(table: pd.DataFrame) -> None:
    """By nights each night has one part, and the nights are counted by the rule."""
    parts = split(table, "nights", 0.8, 0.1, seed=1)
    assert len({*zip(table["night"], parts, strict=True)}) == 30
    assert tuple(table["night"][parts == part].nunique() for part in PARTS) == (24, 3, 3)


def test_draw_depends_on_the_seed_and_on_no_order(table: pd.DataFrame) -> None:
    """The same seed draws the same parts in whatever order the images come; another seed draws others."""
    first = split(table, "frames", 0.8, 0.1, seed=1)
    shuffled = table.sample(frac=1, random_state=3)
    assert split(shuffled, "frames", 0.8, 0.1, seed=1).sort_index().equals(first)
    assert not split(table, "frames", 0.8, 0.1, seed=2).equals(first)


def test_too_few_are_refused(table: pd.DataFrame) -> None:
    """Nine nights would leave no validation night; the message says what to do."""
    few = table[table["night"] < "20200710"]
    with pytest.raises(ReproError, match="9 labelled nights, which give 7, 0 and 2"):
        split(few, "nights", 0.8, 0.1, seed=1)


SIZE = 48


def discs(count: int, seed: int) -> LabelledImages:
    """Dark images with a green disc somewhere, and its mask."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIZE, :SIZE]
    centres = rng.uniform(12, SIZE - 12, (count, 2))
    masks = np.stack([np.hypot(y - a, x - b) < 11 for a, b in centres])
    pixels = rng.integers(10, 40, (count, SIZE, SIZE, 3), dtype=np.uint8)
    pixels[..., 1] += (masks * 120).astype(np.uint8)
    return LabelledImages(pixels, masks)


def job(**changes: object) -> SegmentationJob:
    """A small training on discs."""
    params = KopriTrain(epochs=2, batch=4, learning_rate=0.02, auxiliary_weight=0, scale=(0.8, 1.2), crop_share=0.9)
    start = SegmentationJob(discs(12, 1), discs(4, 2), params, 9, torch.device("cpu"), settings="a")
    return SegmentationJob(**{**vars(start), **changes})  # type: ignore[arg-type]


def test_training_is_repeatable_and_resumable(tmp_path: Path) -> None:
    """Two trainings end in the same weights; one that is cut after an epoch ends there, too."""
    whole, curves = train(fcn.build("observatory", 9), job())
    checkpoint = tmp_path / "c.pt"
    with pytest.raises(KeyboardInterrupt):
        train(fcn.build("observatory", 9), job(checkpoint=checkpoint), after_epoch=Mock(side_effect=KeyboardInterrupt))
    resumed, same_curves = train(fcn.build("observatory", 9), job(checkpoint=checkpoint))
    assert curves.equals(same_curves)
    assert curves["epoch"].tolist() == [1, 2]
    for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def test_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    """A checkpoint with other settings, or a damaged one, is left aside and the training begins anew."""
    checkpoint = tmp_path / "c.pt"
    checkpoint.write_bytes(b"no checkpoint")
    seen: list[int] = []
    for settings in ("a", "other"):
        train(fcn.build("observatory", 9), job(checkpoint=checkpoint, settings=settings), after_epoch=seen.append)
    assert seen == [1, 2, 1, 2]


@pytest.mark.slow
def test_training_learns() -> None:
    """After some epochs the network finds discs that it never saw."""
    params = KopriTrain(epochs=8, batch=4, learning_rate=0.02, auxiliary_weight=0, scale=(0.9, 1.1), crop_share=0.9)
    _, curves = train(fcn.build("observatory", 9), job(train=discs(32, 1), params=params))
    assert curves["val_iou"].iloc[-1] > 0.6
    assert curves["train_loss"].iloc[-1] < curves["train_loss"].iloc[0]


def test_probabilities_do_not_depend_on_the_batch() -> None:
    """Images are segmented one by one or together with the same answer, to one 255th."""
    built, images = fcn.build("observatory", 2), discs(5, 3).pixels
    together, single = (probabilities(built, images, torch.device("cpu"), batch) for batch in (5, 1))
    assert together.shape == (5, SIZE, SIZE)
    assert np.abs(together.astype(int) - single).max() <= 1
    assert probabilities(built, images[:0], torch.device("cpu")).shape == (0, SIZE, SIZE)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_image_and_mask_move_together(scale: float) -> None:
    """After resize, turn, mirror image and crop the mask still lies on the disc; what the image does not cover is ignored."""
    images = discs(6, 4)
    params = KopriTrain(scale=(scale, scale), crop_share=0.9, turn=True)
    for index in range(6):
        picture, target = augmented(images.pixels[index], images.masks[index], params, generator(1, index))
        assert (picture.shape, target.shape) == ((48, 48, 3), (48, 48))
        assert set(np.unique(target)) <= {0, 1, IGNORED}
        covered = target != IGNORED
        assert covered.all() == (scale >= 1)
        disc = picture[..., 1].astype(int) - picture[..., 0] > 60
        assert (disc == (target == 1))[covered].mean() > 0.97
        assert (picture[~covered] == 0).all()


@pytest.mark.parametrize(("flip", "turn"), [(0.0, False), (1.0, False), (0.0, True)])
def test_mirror_images_and_turns(flip: float, turn: bool) -> None:
    """With a chance of 1 the image is mirrored, with 0 never; turned, all four quarters occur and nothing else."""
    images = discs(1, 5)
    params = KopriTrain(scale=(1.0, 1.0), crop_share=1.0, flip=flip, turn=turn)
    seen = {augmented(images.pixels[0], images.masks[0], params, generator(k))[1].tobytes() for k in range(30)}
    start = images.masks[0][:, ::-1] if flip else images.masks[0]
    assert seen == {np.rot90(start, quarter).astype(np.uint8).tobytes() for quarter in range(4 if turn else 1)}
