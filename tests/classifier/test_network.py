"""The network: its shape, its initial weights, its weight files, and what is said when they cannot be had."""

import copy
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.error import URLError

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from repro.classifier import network as networks
from repro.classifier.frame_classifier import CacheFriendlyNet
from repro.classifier.transforms import normalise
from repro.errors import ReproError
from repro.files import digest
from tests.support.images import labelled_images, lively

FILE = "efficientnet_b1_rwightman-bac287d4.pth"
#: Weights of another network.
OTHER = {"features.0.weight": torch.zeros(2)}


@pytest.fixture
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torchvision."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def drawn() -> torch.nn.Module:
    """A network with weights drawn at random."""
    return networks.build("none", 7)


@pytest.fixture(scope="module")
def imagenet_state(drawn: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A made-up state dict of the shape of torchvision's file: a thousand classes, and a backbone that nobody draws."""
    head = {"classifier.1.weight": torch.zeros(1000, 1280), "classifier.1.bias": torch.zeros(1000)}
    return {name: value + 1 for name, value in drawn.state_dict().items()} | head


def test_head_has_two_classes(drawn: torch.nn.Module) -> None:
    """The network is torchvision's EfficientNet-B1 with a head Linear(1280, 2): 6,515,746 parameters."""
    head = drawn.get_submodule("classifier.1")
    assert (head.in_features, head.out_features) == (1280, 2)
    assert sum(parameter.numel() for parameter in drawn.parameters()) == 6_515_746


def test_seed_decides_what_is_drawn(drawn: torch.nn.Module) -> None:
    """The same seed draws the same weights, another seed others, and torch's own random numbers are left alone."""
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    again, other = networks.build("none", 7), networks.build("none", 8)
    assert torch.equal(torch.random.get_rng_state(), before)
    for name, value in drawn.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    assert not torch.equal(drawn.get_submodule("classifier.1").weight, other.get_submodule("classifier.1").weight)


def test_imagenet_comes_from_torchvisions_cache(torch_home: Path, imagenet_state: dict[str, torch.Tensor]) -> None:
    """A file in torchvision's cache becomes the backbone, while the head is drawn anew; the file is named for what it is."""
    torch.save(imagenet_state, torch_home / FILE)
    network = networks.build("imagenet", 7)
    for name, value in network.get_submodule("features").state_dict().items():
        assert torch.equal(value, imagenet_state[f"features.{name}"])
    assert networks.published_path(networks.IMAGENET) == torch_home / FILE
    assert networks.initial_digest("imagenet") is not None
    assert not networks.genuine_imagenet()
    with pytest.raises(ReproError, match=r"classifier\.1\.weight"):  # a thousand classes are not taken for two
        networks.load(torch_home / FILE)


def test_missing_imagenet_file_says_all(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without file and network, the error names the file, its place, its hash, its address and the alternative."""
    monkeypatch.setattr("torch.hub.download_url_to_file", Mock(side_effect=URLError("no route to host")))
    with pytest.raises(ReproError) as caught:
        networks.build("imagenet", 0)
    text = str(caught.value)
    for part in (FILE, str(torch_home), "SHA-256 begins with bac287d4", "https://", "observatory", "no route"):
        assert part in text


def test_another_file_in_the_place_of_imagenets_is_named(torch_home: Path) -> None:
    """A cached file that is no weight file is named, with the advice to remove it; so are weights of another network."""
    for damage in (b"", b"<html>blocked</html>"):
        (torch_home / FILE).write_bytes(damage)
        with pytest.raises(ReproError, match="remove it and run again"):
            networks.build("imagenet", 0)
    torch.save(OTHER, torch_home / FILE)
    with pytest.raises(ReproError, match="weights of another network"):
        networks.build("imagenet", 0)


def test_observatory_backbone_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: torch.nn.Module) -> None:
    """A backbone in half precision becomes one in single precision; without it the error says how to make it."""
    monkeypatch.setattr(networks, "observatory_path", lambda: tmp_path / networks.OBSERVATORY)
    with pytest.raises(ReproError, match=r"repro\.backbone\.pretrain"):
        networks.build("observatory", 0)
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in drawn.get_submodule("features").state_dict().items()
    }
    save_file(state, tmp_path / networks.OBSERVATORY)
    network = networks.build("observatory", 3)
    found = network.get_submodule("features").state_dict()
    assert all(value.dtype == torch.float32 for value in found.values() if value.is_floating_point())
    assert all(torch.equal(found[name], value.to(found[name].dtype)) for name, value in state.items())


def test_saved_weights_are_read(tmp_path: Path, drawn: torch.nn.Module) -> None:
    """What is saved reads back bit for bit, with its notes; a plain state dict of torch is read as well."""
    networks.save(drawn, tmp_path / "w.safetensors", {"image_size_px": 64})
    torch.save(drawn.state_dict(), tmp_path / "w.pt")
    read, notes = networks.load(tmp_path / "w.safetensors")
    other, nothing = networks.load(tmp_path / "w.pt")
    assert (notes, nothing) == ({"network": "efficientnet_b1", "classes": ["no", "yes"], "image_size_px": 64}, {})
    networks.save(read, tmp_path / "again.safetensors", {"image_size_px": 64})
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "w.safetensors").read_bytes()
    for name, value in drawn.state_dict().items():
        assert torch.equal(value, read.state_dict()[name])
        assert torch.equal(value, other.state_dict()[name])
    assert not read.training


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_checkpoint_of_another_network_is_refused(tmp_path: Path, suffix: str) -> None:
    """Weights of another network are refused, naming the first tensor that does not fit."""
    path = tmp_path / f"w{suffix}"
    save_file(OTHER, path) if suffix == ".safetensors" else torch.save(OTHER, path)
    with pytest.raises(ReproError, match=r"another network: \d+ tensors missing, unknown or of another shape"):
        networks.load(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("content", [None, b"", b"not a network at all"])
def test_unreadable_weights_are_named(tmp_path: Path, suffix: str, content: bytes | None) -> None:
    """A missing or damaged weight file is an error that names it and says how to make it again."""
    path = tmp_path / f"w{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ReproError, match="dvc repro train") as caught:
        networks.load(path)
    assert caught.value.where == str(path)


@pytest.fixture(scope="module")
def moving(drawn: nn.Module) -> nn.Module:
    """The same network with BatchNorm statistics of images, so that its logits depend on the image."""
    return lively(copy.deepcopy(drawn), 96)


@pytest.mark.parametrize("arrange", [networks.fused, CacheFriendlyNet])
def test_folding_batchnorm_changes_rounding_only(drawn: nn.Module, moving: nn.Module, arrange: Any) -> None:
    """With BatchNorm folded away, logits agree with the plain network's to 1e-4, whatever the batch and the side."""
    arranged, still = arrange(copy.deepcopy(moving)), networks.fused(copy.deepcopy(drawn))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in arranged.modules())
    for count, side in ((8, 96), (3, 96), (1, 96), (9, 64)):
        images = normalise(labelled_images(count, np.random.default_rng(3), side).pixels)
        with torch.inference_mode():
            expected = moving(images.contiguous())
            assert torch.allclose(arranged(images), expected, atol=1e-4)
            assert not torch.allclose(still(images), expected, atol=1e-4)
        assert count == 1 or expected.std(0).max() > 0.01


def test_a_process_loads_a_network_once(drawn: torch.nn.Module, tmp_path: Path) -> None:
    """The same file gives the same network again; a file that changed meanwhile is refused, not read unnoticed."""
    path = tmp_path / "w.safetensors"
    networks.save(drawn, path, {"image_size_px": 64})
    before = digest(path)
    network, side_px = networks.load_once(path, before, "cpu")
    assert side_px == 64
    assert networks.load_once(path, before, "cpu")[0] is network
    networks.save(drawn, path, {"image_size_px": 96})
    assert networks.load_once(path, digest(path), "cpu")[1] == 96
    with pytest.raises(ReproError, match="another file"):
        networks.load_once(path, before, "cpu")
