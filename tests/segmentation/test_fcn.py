"""The networks and their weights; published weights are read from a file of the published layout, made up here."""

from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from repro.classifier import network as classifier
from repro.errors import ReproError
from repro.segmentation import fcn


@pytest.fixture(scope="module")
def built() -> nn.Module:
    """A network on the shipped backbone, only to be read."""
    return fcn.build("observatory", 3)


def test_shipped_backbone_stands_under_the_head(built: nn.Module) -> None:
    """The network begins with the shipped weights, and its output has the image's size for sides that are no multiple."""
    shipped = classifier.build("observatory", 3).get_submodule("features").state_dict()
    mine = built.get_submodule("backbone").state_dict()
    assert all(torch.equal(value, shipped[key]) for key, value in mine.items())
    assert {int(key.split(".")[0]) for key in mine} == set(range(fcn.STAGES))
    with torch.inference_mode():
        assert built(torch.zeros(1, 3, 100, 112))["out"].shape == (1, 2, 100, 112)


def test_same_seed_builds_the_same_head(built: nn.Module) -> None:
    """Whatever is drawn follows from the seed."""
    networks = built, fcn.build("observatory", 3), fcn.build("observatory", 4)
    one, two, other = (parameters_to_vector(network.get_submodule("classifier").parameters()) for network in networks)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torchvision, and no way to download."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", Mock(side_effect=OSError("no route")))
    path = classifier.published_path(fcn.WEIGHTS)
    assert path.is_relative_to(tmp_path)
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("auxiliary", [True, False])
def test_published_weights_are_read_and_the_last_layers_replaced(cache: Path, auxiliary: bool) -> None:
    """A file with 21 classes and the auxiliary head fills the backbone; both heads end in two channels afterwards."""
    published = fcn._resnet(21, auxiliary=True)
    torch.save(published.state_dict(), cache)
    built = fcn.build("coco", 1, auxiliary=auxiliary)
    was, now = published.state_dict(), built.state_dict()
    assert all(torch.equal(now[key], was[key]) for key in now if key.startswith("backbone"))
    assert now["classifier.4.weight"].shape == (2, 512, 1, 1)
    assert ("aux_classifier.4.weight" in now) == auxiliary
    count = sum(parameter.numel() for parameter in built.parameters())
    assert count == (35_307_588 if auxiliary else 32_947_266)


def test_published_weights_that_cannot_be_used(cache: Path) -> None:
    """Without the file the message says what needs no download; one of another network is refused."""
    with pytest.raises(ReproError, match="no download") as caught:
        fcn.build("coco", 1)
    assert "135 MB" in caught.value.expected
    assert "observatory" in caught.value.remedy
    torch.save(nn.Linear(2, 2).state_dict(), cache)
    with pytest.raises(ReproError, match="another network"):
        fcn.build("coco", 1)


def test_written_weights_are_read_back(built: nn.Module, tmp_path: Path) -> None:
    """What is saved comes back with its notes; damage is an error that names the file."""
    target = tmp_path / "w.safetensors"
    classifier.save(built, target, {"network": fcn.name_of(built), "image_size_px": 128, "threshold": 0.5})
    again, notes = fcn.load(target)
    assert notes["image_size_px"] == 128
    assert all(torch.equal(a, b) for a, b in zip(built.state_dict().values(), again.state_dict().values(), strict=True))
    target.write_bytes(target.read_bytes()[:1000])
    with pytest.raises(ReproError, match=r"w\.safetensors"):
        fcn.load(target)
