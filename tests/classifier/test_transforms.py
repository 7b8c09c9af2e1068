"""Transforms, compared with torchvision's, which the published scripts use."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import ks_2samp
from torchvision import transforms

from repro.classifier.transforms import IMAGENET_MEAN, IMAGENET_STD, DrawnTransforms, augment, decode, draw, normalise
from repro.errors import ReproError
from tests.support.images import jpeg, sky

JITTER = ["brightness", "contrast", "saturation"]


def test_evaluation_is_torchvisions_bit_for_bit() -> None:
    """Decoding, resizing, ToTensor and Normalize give the bits of torchvision's transforms on a PIL image."""
    data = jpeg(sky(np.random.default_rng(0), aurora=True, size_px=720))
    published = transforms.Compose(
        [transforms.Resize((240, 240)), transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)]
    )
    expected = published(Image.open(io.BytesIO(data)).convert("RGB"))
    found = normalise(decode(data, 240, "x")[None])
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found[0], expected)


@pytest.mark.parametrize("seed", range(5))
def test_training_is_torchvisions_bit_for_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same drawn parameters, the training transforms give the bytes of torchvision's own."""
    image = decode(jpeg(sky(np.random.default_rng(seed), aurora=True, size_px=300)), 240, "x")
    chosen = draw(np.random.default_rng(seed), 240)
    factors = dict(chosen.jitter)
    order = torch.tensor([JITTER.index(name) for name in factors])
    crop = chosen.top, chosen.left, chosen.height, chosen.width
    jitter = order, *(factors[name] for name in JITTER), None
    monkeypatch.setattr(transforms.RandomResizedCrop, "get_params", lambda *_: crop)
    monkeypatch.setattr(transforms.ColorJitter, "get_params", lambda *_: jitter)
    published = transforms.Compose(
        [
            transforms.RandomResizedCrop(240, scale=(0.8, 1.0)),
            transforms.RandomHorizontalFlip(float(chosen.flip)),
            transforms.ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3),
        ]
    )
    assert np.array_equal(augment(image, chosen), np.asarray(published(Image.fromarray(image))))


def test_draws_are_distributed_as_torchvisions() -> None:
    """Crops, flips and factors are distributed as torchvision draws them (Kolmogorov-Smirnov, p > 0.001)."""
    count = 3000
    ours = [draw(np.random.default_rng(seed), 240) for seed in range(count)]
    blank = Image.new("RGB", (240, 240))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        crop, ranges = transforms.RandomResizedCrop.get_params, [[0.7, 1.3]] * 3
        crops = np.array([crop(blank, [0.8, 1.0], [3 / 4, 4 / 3]) for _ in range(count)])
        factors = [transforms.ColorJitter.get_params(*ranges, None) for _ in range(count)]
    for column, name in enumerate(("top", "left", "height", "width")):
        assert ks_2samp([getattr(one, name) for one in ours], crops[:, column]).pvalue > 1e-3, name
    for place, name in enumerate(JITTER):
        assert ks_2samp([dict(one.jitter)[name] for one in ours], [f[1 + place] for f in factors]).pvalue > 1e-3, name
        first = np.mean([one.jitter[0][0] == name for one in ours])
        assert abs(first - 1 / 3) < 4 * np.sqrt(2 / 9 / count)
    assert abs(np.mean([one.flip for one in ours]) - 0.5) < 4 * 0.5 / np.sqrt(count)


def test_every_parameter_matters() -> None:
    """Crop, flip and each factor change the image."""
    image = sky(np.random.default_rng(1), aurora=True, size_px=64)
    plain = DrawnTransforms(0, 0, 64, 64, False, ())
    assert np.array_equal(augment(image, plain), image)
    changes = [{"top": 3, "height": 60, "width": 60}, {"flip": True}, *({"jitter": ((name, 1.3),)} for name in JITTER)]
    for change in changes:
        assert not np.array_equal(augment(image, replace(plain, **change)), image), change


@pytest.mark.parametrize("damage", ["empty", "foreign", "cut off"])
def test_damaged_images_are_named(damage: str) -> None:
    """An empty, foreign or cut-off image is an error that names the frame; it is never guessed."""
    data = jpeg(sky(np.random.default_rng(0), aurora=False, size_px=64))
    with pytest.raises(ReproError, match="a damaged image") as caught:
        decode({"empty": b"", "foreign": b"no image", "cut off": data[:600]}[damage], 32, "night.zip, frame 7")
    assert caught.value.where == "night.zip, frame 7"
