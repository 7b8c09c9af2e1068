"""Networks, neighbours and support vectors: they learn what can be learnt, repeat to the bit, and choose inside the training nights."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torchvision import models

from repro.classifier.images import Images
from repro.errors import ReproError
from repro.forms import networks
from repro.forms.classes import CLASSES
from repro.forms.classical import fit, reduced
from repro.forms.load_corpus import split_at_random, split_by_night
from repro.params import FormsNetwork
from tests.support.forms import classes, picture

TINY = FormsNetwork(name="resnet18", image_size_px=32, epochs=2, learning_rate=0.002)
CPU = torch.device("cpu")


def images(each: int, seed: int) -> Images:
    """Made-up pictures of all classes."""
    rng = np.random.default_rng(seed)
    labels = [label for label in CLASSES for _ in range(each)]
    pixels = np.stack([picture(label, rng, 32) for label in labels])
    return Images(tuple(f"{place:03d}.png" for place in range(len(labels))), pixels, classes(labels))


@pytest.mark.parametrize(("name", "inputs"), [("resnet18", 512), ("alexnet", 4096), ("efficientnet_b1", 1280)])
def test_a_head_of_seven_classes(name: str, inputs: int) -> None:
    """Networks of different build get seven outputs in place of their own, and give the features that the head saw."""
    network = networks.build(FormsNetwork(name=name), 1)
    _, head = networks.head_of(network)
    assert (head.in_features, head.out_features) == (inputs, 7)
    with networks.without_head(network) as body, torch.inference_mode():
        assert body(torch.zeros(2, 3, 64, 64)).shape == (2, inputs)
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (FormsNetwork(name="resnet51"), "resnet51"),
        (FormsNetwork(name="resnet18", weights="observatory"), "efficientnet_b1"),
        (FormsNetwork(name="squeezenet1_1"), "no linear layer"),
        (FormsNetwork(name="efficientnet_b1", stages=9), "9 stages of efficientnet_b1"),
        (FormsNetwork(name="resnet18", stages=2), "2 stages of resnet18"),
    ],
)
def test_networks_that_cannot_be_built(wanted: FormsNetwork, says: str) -> None:
    """An unknown network, weights that do not exist for it, or no layer to replace or to cut at are errors that name it."""
    with pytest.raises(ReproError, match=says):
        networks.build(wanted, 1)


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b1", "vgg16"])
def test_layer_that_is_explained(name: str) -> None:
    """Grad-CAM is taken at the last layer that still has maps."""
    with torch.device("meta"):
        network = models.get_model(name, weights=None)
    seen: list[int] = []
    layer = networks.last_maps(network)
    layer.register_forward_hook(lambda _m, _i, output: seen.append(output.dim()))
    network.eval()(torch.zeros(1, 3, 64, 64, device="meta"))
    assert seen == [4]


CUT = FormsNetwork(name="efficientnet_b1", weights="observatory", stages=3, image_size_px=32, epochs=2)


@pytest.mark.parametrize("wanted", [TINY, CUT], ids=["whole", "cut"])
def test_training_repeats_to_the_bit(wanted: FormsNetwork) -> None:
    """The same seed gives the same network, another seed another one."""
    known = images(2, 1)
    (first, losses), (again, same), (other, others) = (
        networks.train(wanted, known, seed, 4, CPU) for seed in (3, 3, 4)
    )
    assert losses == same != others
    for key, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key
    assert not torch.equal(networks.head_of(first)[1].weight, networks.head_of(other)[1].weight)


def test_a_cut_network_keeps_its_stages() -> None:
    """Weights and statistics of the stages that stay are those of the backbone, and the head behind them learns."""
    trained, _ = networks.train(CUT, images(2, 1), 3, 4, CPU)
    before, after = networks.build(CUT, 3).state_dict(), trained.state_dict()
    backbone = networks.build(CUT.model_copy(update={"stages": 0}), 3).state_dict()
    body = [key for key in after if key.startswith("body.")]
    assert body
    assert all(torch.equal(after[key], backbone[key.replace("body.", "features.")]) for key in body)
    assert all(not torch.equal(after[key], before[key]) for key in after if key.endswith("weight") and key not in body)
    assert networks.head_of(trained)[1].out_features == 7


@pytest.mark.slow
def test_a_network_learns_plain_pictures() -> None:
    """From scratch, plain pictures of the seven classes are learnt well enough for other pictures of them."""
    network, losses = networks.train(TINY.model_copy(update={"epochs": 8}), images(12, 1), 1, 8, CPU)
    other = images(4, 2)
    p = networks.probabilities(network, other.pixels, CPU)
    assert losses[-1] < losses[0] / 2
    assert (p.argmax(1) == other.classes).mean() > 0.8
    np.testing.assert_allclose(p.sum(1), 1)


def test_augmentation_turns_and_mirrors_only() -> None:
    """The eight turns of a picture differ, and each has the same pixels as far from the middle."""
    pictures = images(1, 4).pixels[:1]
    y, x = np.mgrid[:32, :32] - 15.5
    ring = np.hypot(y, x).round(3)
    turned = [networks.turned(pictures, turn)[0] for turn in range(networks.TURNS)]
    assert len({made.tobytes() for made in turned}) == 8
    for made in turned:
        assert all(sorted(made[ring == r, 1]) == sorted(pictures[0][ring == r, 1]) for r in np.unique(ring))


def test_head_on_features_that_separate() -> None:
    """A head fitted on features that separate the classes answers right, whatever their scale."""
    rng = np.random.default_rng(1)
    network = nn.Sequential(nn.Flatten(), nn.Linear(9, 7))
    wanted = np.repeat(np.arange(7), 6)
    known = rng.normal(0, 0.05, (42, 9)) + np.eye(7, 9)[wanted]
    known = known * np.array([1e3, 1, 1, 1, 1, 1, 1, 1, 1]) + 50
    networks.fit_head(network, known, wanted)
    with torch.inference_mode():
        answers = network[1](torch.from_numpy(known.astype(np.float32))).argmax(1).numpy()
    assert (answers == wanted).all()


@pytest.mark.parametrize("name", ["KNN", "SVM"])
def test_separable_classes_are_told_apart(name) -> None:
    """Neighbours and support vectors are right where classes lie apart."""
    rng = np.random.default_rng(3)
    wanted = np.repeat(np.arange(7), 8)
    points = rng.normal(0, 0.1, (56, 2)) + np.stack([wanted % 3, wanted // 3], 1) * 5
    nights = np.array([f"2015010{1 + place % 4}" for place in range(56)])
    made = fit(name, points, wanted, nights, 4, 1)
    assert (made.model.predict(points) == wanted).all()
    assert made.cross_validation == 1.0


def test_settings_are_chosen_on_other_nights() -> None:
    """Where a night's images are copies of each other and classes are random, cross-validation sees no skill."""
    rng = np.random.default_rng(5)
    nights = np.repeat([f"201501{day:02d}" for day in range(1, 29)], 6)
    labels = np.repeat(rng.permutation(np.arange(28) % 7), 6)  # four nights of each class
    points = np.repeat(rng.normal(0, 1, (28, 5)), 6, 0) + rng.normal(0, 1e-3, (168, 5))
    by_night = fit("KNN", points, labels, nights, 2, 1).cross_validation
    by_image = fit("KNN", points, labels, np.array([""] * 168), 2, 1).cross_validation
    assert by_image > 0.95
    assert by_night < 0.6


def test_a_class_of_one_night_cannot_choose() -> None:
    """A class whose images are all of one night is an error, since no other night could judge."""
    labels = np.repeat(np.arange(7), 4)
    with pytest.raises(ReproError, match="all of one night"):
        fit("KNN", np.zeros((28, 2)), labels, np.array(["20150101"] * 28), 4, 1)


def test_reduced_pixels_are_means() -> None:
    """A reduced picture holds the means of its parts, from 0 to 1."""
    pixels = np.zeros((1, 8, 8, 3), np.uint8)
    pixels[0, :4, :4] = 255
    np.testing.assert_allclose(reduced(pixels, 2)[0], np.repeat([1.0, 0, 0, 0], 3))


def test_splits_by_night_and_at_random() -> None:
    """By night no night is on both sides, at random most are; either tests its share of each class."""
    rows = [
        {"name": f"{label}_{night}_{k}", "label": label, "night": f"2015{1 + place:02d}{night + 1:02d}"}
        for place, label in enumerate(CLASSES) for night in range(20) for k in range(5)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    by_night = table.assign(side=split_by_night(table, 0.3, 1))
    assert by_night.groupby("night")["side"].nunique().max() == 1
    assert by_night.query("side == 'test'").groupby("label")["night"].nunique().tolist() == [6] * 7
    at_random = table.assign(side=split_at_random(table, 0.3, 1))
    assert at_random.query("side == 'test'")["label"].value_counts().tolist() == [30] * 7
    assert at_random.groupby("night")["side"].nunique().mean() > 1.5
