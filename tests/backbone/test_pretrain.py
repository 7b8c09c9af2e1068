"""Pre-training on simulated frames, and the backbone that ships."""

from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, Mock

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from scipy.ndimage import center_of_mass

from repro.backbone import pretrain, pretrain_frames, probe
from repro.backbone.pretrain import Learner, Recipe, learn, loss_of, order, ship
from repro.backbone.pretrain_frames import COLOUR_CLASSES, FORM_CLASSES, FRAME_PX, Corpus, augment, make, targets
from repro.classifier.network import build, observatory_path
from repro.classifier.transforms import decode
from repro.files import read_json
from repro.params import Params

CPU = torch.device("cpu")


def corpus() -> Corpus:
    """A made-up corpus of noise, of whose 24 frames the first eight show aurora."""
    rng = np.random.default_rng(0)
    visible = np.arange(24) < 8
    table = pd.DataFrame({"visible": visible, "margin": np.where(visible, 1.0, -1.0), "cloud_cover": rng.random(24)})
    table = table.assign(form=np.where(visible, "arc", "none"), colour=np.where(visible, "green", "none"))
    pictures = rng.integers(0, 255, (24, 3, FRAME_PX, FRAME_PX), dtype=np.uint8)
    return Corpus(pictures, np.zeros((24, 30, 30), np.uint8), table)


def test_mask_follows_its_frame() -> None:
    """Where a frame's bright spot goes when it is turned, flipped and cut, its mask goes too."""
    frames = torch.zeros(16, 3, FRAME_PX, FRAME_PX, dtype=torch.uint8)
    masks = torch.zeros(16, 30, 30, dtype=torch.uint8)
    frames[:, :, 64:96, 88:120] = 255
    masks[:, 8:12, 11:15] = 255
    pictures, cut = augment(frames, masks, 128, torch.Generator().manual_seed(3))
    small = torch.nn.functional.interpolate(pictures.mean(1, keepdim=True), size=cut.shape[-2:], mode="area")
    for picture, mask in zip(small[:, 0].numpy(), cut[:, 0].numpy(), strict=True):
        if mask.max() < 0.9:
            continue  # cut away, or only its edge is left
        bright = picture - np.sort(picture, axis=None)[31]  # the lower of both medians
        bright = bright.clip(0.3 * bright.max()) - 0.3 * bright.max()
        assert center_of_mass(bright) == pytest.approx(center_of_mass(mask), abs=0.7)


def test_augmentation_depends_on_its_generator_alone() -> None:
    """The same generator changes the same frames in the same way; another one otherwise."""
    made = corpus()
    frames, masks = torch.from_numpy(made.frames[:4]), torch.from_numpy(made.masks[:4])
    one, two, other = (augment(frames, masks, 64, torch.Generator().manual_seed(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert one.min() >= 0
    assert one.max() <= 1


def test_half_of_the_frames_are_plain() -> None:
    """Of grey discs, which no turn changes, half come back as they were; the others in other colours and brightness."""
    y, x = np.mgrid[:FRAME_PX, :FRAME_PX] - (FRAME_PX / 2 - 0.5)
    disc = (np.hypot(x, y) < 118) * np.array([70, 60, 90])[:, None, None]
    frames = torch.from_numpy(np.repeat(disc[None], 96, 0).astype(np.uint8))
    looks, _ = augment(frames, torch.zeros(96, 30, 30, dtype=torch.uint8), 64, torch.Generator().manual_seed(5))
    centre = looks[:, :, 24:40, 24:40].mean((2, 3)) * 255
    same = ((centre - torch.tensor([70.0, 60.0, 90.0])).abs().amax(1) < 0.6).float().mean()
    assert 0.35 < same < 0.65
    saturation = (centre.amax(1) - centre.amin(1)) / centre.amax(1).clamp_min(1)
    assert saturation.max() > 2 * saturation.min()


def test_half_of_what_is_looked_at_shows_aurora() -> None:
    """Frames with aurora are looked at as often as those without, each about equally often."""
    chosen = order(corpus(), 48, np.random.default_rng(0))
    assert len(chosen) == 48
    assert np.bincount(chosen)[:8].tolist() == [3] * 8


def test_target_is_half_at_the_threshold() -> None:
    """A careful labeller is undecided at the threshold and sure away from it."""
    table = pd.DataFrame({"margin": [0.0, 1.0, -1.0], "form": "none", "colour": "none", "cloud_cover": 0.0})
    assert targets(table)["visible"].tolist() == pytest.approx([0.5, 1, 0], abs=0.01)


def test_every_task_is_answered_and_learnt_from(tmp_path: Path) -> None:
    """The learner answers each joint task, and every head gets a gradient; what half precision cannot hold is not shipped."""
    learner = Learner()
    answers = learner(torch.rand(2, 3, 64, 64))
    assert answers["form"].shape == (2, len(FORM_CLASSES))
    assert answers["colour"].shape == (2, len(COLOUR_CLASSES))
    wanted = {key: value[:2] for key, value in targets(corpus().truth).items()}
    loss_of(answers, wanted, torch.zeros(2, 1, 4, 4)).backward()
    assert all(parameter.grad is not None for parameter in learner.parameters())
    assert float(learner.heads.weight.grad.abs().sum(1).min()) > 0
    assert float(learner.where.weight.grad.abs().sum()) > 0
    with torch.no_grad():
        next(learner.features.parameters()).fill_(1e6)
    with pytest.raises(ValueError, match="half precision"):
        ship(learner, tmp_path / "backbone.safetensors")
    assert not list(tmp_path.iterdir())


def broken_off(work: Callable[..., Any]) -> Mock:
    """A function that is interrupted at its third call and works at all others."""
    return Mock(wraps=work, side_effect=chain([DEFAULT, DEFAULT, KeyboardInterrupt], repeat(DEFAULT)))


@pytest.mark.slow
def test_interrupted_learning_ends_where_uninterrupted_does(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Learning that was cut off goes on from its checkpoint and ends with the same weights."""
    recipe = Recipe(frames=48, phases=((32, 96), (48, 48)))
    monkeypatch.setattr(pretrain, "SAVE_EVERY", 1)
    whole, _ = learn(params, recipe, tmp_path, CPU)
    (tmp_path / "checkpoint.pt").unlink()
    monkeypatch.setattr(pretrain, "loss_of", broken_off(loss_of))
    with pytest.raises(KeyboardInterrupt):
        learn(params, recipe, tmp_path, CPU)
    resumed, _ = learn(params, recipe, tmp_path, CPU)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    ship(whole, tmp_path / "backbone.safetensors")
    assert (tmp_path / "backbone.safetensors").stat().st_size < 16e6


@pytest.mark.slow
def test_interrupted_rendering_ends_where_uninterrupted_does(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rendering that was cut off keeps the nights that are finished and ends with the same frames, masks and truth."""
    monkeypatch.setattr(pretrain_frames, "PER_NIGHT", 2)
    whole = make(params, 6, "cut", tmp_path / "whole")
    render = broken_off(pretrain_frames.render)
    monkeypatch.setattr(pretrain_frames, "render", render)
    with pytest.raises(KeyboardInterrupt):
        make(params, 6, "cut", tmp_path / "cut")
    resumed = make(params, 6, "cut", tmp_path / "cut")
    assert render.call_count == 4
    np.testing.assert_equal((resumed.frames, resumed.masks), (whole.frames, whole.masks))
    pd.testing.assert_frame_equal(whole.truth, resumed.truth)


@pytest.mark.slow
def test_learning_further_begins_from_the_named_weights(params: Params, tmp_path: Path) -> None:
    """Learning begins from the weights of a given backbone, in all layers of its body."""
    recipe = Recipe(frames=12, phases=((32, 48),), learning_rate=0.0)
    learner, _ = learn(params, recipe, tmp_path, CPU, observatory_path())
    shipped = load_file(observatory_path())
    for name, value in learner.features.named_parameters():
        assert torch.equal(value, shipped[name].float()), name


def test_head_finds_the_separating_direction() -> None:
    """Logistic regression on features that tell the classes apart classifies them all."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 2
    known = torch.randn(200, 1280, generator=rng)
    known[:, 7] += 6 * labels
    head = probe.fit_head(known, labels)
    assert (head(known).argmax(1) == labels).float().mean() > 0.99


def test_shipped_backbone_is_small_and_has_a_card() -> None:
    """The shipped file is at most 16 MB, and its card gives recipe, seed, hardware, time and what it can do."""
    path = observatory_path()
    assert path.stat().st_size <= 16_000_000
    card = read_json(path.with_suffix(".json"), made_by="python -m repro.backbone.pretrain")
    assert {"recipe", "seed", "device", "threads", "seconds_of_last_run", "loss", "probe"} <= set(card)
    assert card["probe"]["accuracy"][0]["condition"] == "all"


@pytest.mark.slow
@pytest.mark.reference
def test_shipped_backbone_knows_real_aurora(params: Params, reference: Path, tmp_path: Path) -> None:
    """With a head learnt from simulated labels alone the backbone classifies the four real frames as captioned."""
    network = build("observatory", params.seed)
    known = make(params, 360, "test", tmp_path)
    labels = torch.from_numpy(probe.labels_of(known, params.seed))
    head = probe.fit_head(probe.features(network, known.frames, CPU), labels)
    captions = {"night_arc_yes": 1, "pink_corona_yes": 1, "folded_arc_yes": 1, "overcast_no": 0}
    frames = [decode((reference / f"{name}.jpg").read_bytes(), 240, name) for name in captions]
    pictures = np.stack(frames).transpose(0, 3, 1, 2)
    with torch.inference_mode():
        predicted = head(probe.features(network, pictures, CPU)).argmax(1)
    assert predicted.tolist() == list(captions.values())
