"""Networks of torchvision by name, with a head of seven classes: how they begin, learn, answer and explain themselves.

With weights from elsewhere, the head is fitted first: a logistic regression on the pooled features of the training images.
Then all weights are fine-tuned, with the BatchNorm statistics as they came, since a few hundred images are too few to learn
new ones. A network that is cut keeps its first stages as they are. From scratch, all is trained together. The number of
epochs is fixed beforehand and the last one is kept, so no test image chooses anything.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softmax
from torchvision import models

from repro.classifier.images import Images, plain_batches
from repro.classifier.network import NETWORK, check_loss, drawn, fix_batchnorm, published_weights
from repro.classifier.network import build as build_observatory
from repro.classifier.transforms import Pixels, normalise
from repro.errors import ReproError
from repro.forms.classes import CLASSES
from repro.params import FormsNetwork
from repro.seeding import generator

LOOK = 32  # images of a batch without training
HEAD_C = 0.1  # inverse strength of the head's regularisation, on standardised features
WEIGHT_DECAY = 0.01
GRID = 6  # parts of a side over which maps are averaged for neighbours and support vectors
HEAD_CHANNELS = (96, 128, 192)  # of the convolutions behind a network that is cut
WARM_UP = 0.2  # share of the steps in which the learning rate rises
TURNS = 8  # quarter turns of a picture and of its mirror image
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Look = Callable[[Ints, Ints], Tensor]  # images by place and turn, as the network takes them


def build(wanted: FormsNetwork, seed: int) -> nn.Module:
    """Build a network with a head of seven classes, in evaluation mode, on the CPU.

    Raises ReproError if torchvision has no such network, it ends in no linear layer, or the weights cannot be had.
    """
    where = "params.yaml, kvammen.networks"
    if wanted.name not in models.list_models(module=models):
        raise ReproError(
            found=f"network {wanted.name!r}",
            expected="a classification network of torchvision, such as resnet50",
            where=where,
            remedy="list them with: .venv/bin/python -c 'from torchvision import models; print(models.list_models(models))'",
        )
    if wanted.weights == "observatory":
        if wanted.name != NETWORK:
            raise ReproError(
                found=f"{wanted.name} from observatory",
                expected=f"{NETWORK}, the only backbone that was learnt on simulated frames",
                where=where,
                remedy="set its weights to imagenet or none",
            )
        network = build_observatory("observatory", seed)
    else:
        with drawn(seed, "network", wanted.name):
            network = models.get_model(wanted.name, weights=None)
            if wanted.weights == "imagenet":
                otherwise = "set its weights to none or observatory in kvammen.networks of params.yaml"
                published = models.get_model_weights(wanted.name)["IMAGENET1K_V1"]
                network.load_state_dict(published_weights(published, otherwise))
    return cut(network, wanted, seed) if wanted.stages else with_head(network, seed)


def empty(wanted: FormsNetwork) -> nn.Module:
    """A network of the same build with weights of no meaning, to be filled from a file."""
    return build(wanted.model_copy(update={"weights": "none"}), 0)


def cut(network: nn.Module, wanted: FormsNetwork, seed: int) -> nn.Module:
    """The first stages of a network, frozen, with a small convolutional head behind them.

    Raises ReproError if the network is not built of so many stages in a row.
    """
    stages = getattr(network, "features", None)
    if not isinstance(stages, nn.Sequential) or not wanted.stages < len(stages):
        known = f"1 to {len(stages) - 1}" if isinstance(stages, nn.Sequential) else "0: it has no stages in a row"
        raise ReproError(
            found=f"{wanted.stages} stages of {wanted.name}",
            expected=known,
            where="params.yaml, kvammen.networks",
            remedy="set its stages to one of these numbers",
        )
    body = stages[: wanted.stages].requires_grad_(False).eval()
    with torch.inference_mode():
        channels = int(body(torch.zeros(1, 3, 64, 64)).shape[1])
    layers: list[nn.Module] = [nn.BatchNorm2d(channels)]
    with drawn(seed, "head"):
        for outputs in HEAD_CHANNELS:
            layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if outputs != HEAD_CHANNELS[-1] else []
            channels = outputs
        head = nn.Sequential(*layers)
        last = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(channels, len(CLASSES)))
    return nn.Sequential(OrderedDict(body=body, features=head, classifier=last)).eval()


def head_of(network: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of a network's last linear layer.

    Raises ReproError if there is none.
    """
    linear = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ReproError(
            found=f"{type(network).__name__}, which has no linear layer",
            expected="a network that ends in one, whose outputs can be made seven",
            where="params.yaml, kvammen.networks",
            remedy="choose another network, such as resnet50",
        )
    return linear[-1]


def with_head(network: nn.Module, seed: int) -> nn.Module:
    """Replace the last linear layer by one of seven outputs, drawn from the seed; gives the network."""
    name, old = head_of(network)
    with drawn(seed, "head"):
        network.set_submodule(name, nn.Linear(old.in_features, len(CLASSES)))
    return network.eval()


@contextmanager
def without_head(network: nn.Module) -> Iterator[nn.Module]:
    """For the block, what gives pooled features: the network without its head, or the stages of one that is cut."""
    if isinstance(body := dict(network.named_children()).get("body"), nn.Module):
        yield nn.Sequential(body, nn.AdaptiveAvgPool2d(GRID), nn.Flatten()).eval()
        return
    name, head = head_of(network)
    network.set_submodule(name, nn.Identity())
    try:
        yield network.eval()
    finally:
        network.set_submodule(name, head)


def features(network: nn.Module, pixels: Pixels, device: torch.device) -> Floats:
    """What the head sees of pictures (n, side, side, 3), (n, features).

    Of a network that is cut: its maps by the means of GRID x GRID parts.
    """
    with without_head(network) as body, torch.inference_mode():
        parts = [body(batch).float().cpu() for batch in plain_batches(pixels, LOOK, device)]
    return np.asarray(torch.cat(parts).numpy(), np.float64)


def probabilities(network: nn.Module, pixels: Pixels, device: torch.device) -> Floats:
    """Softmax of the seven classes for pictures (n, side, side, 3), (n, 7)."""
    network.eval()
    with torch.inference_mode():
        parts = [network(batch).double().cpu() for batch in plain_batches(pixels, LOOK, device)]
    return np.asarray(softmax(torch.cat(parts), 1).numpy())


def fit_head(network: nn.Module, known: Floats, classes: npt.NDArray[np.int64]) -> None:
    """Set the head to a logistic regression on features (n, features); classes (n,) from 0 to 6, all of them present."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=HEAD_C, max_iter=300))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fine-tuning goes on from wherever it stands
        model.fit(known, classes)
    scaler, regression = model[0], model[1]
    weight = regression.coef_ / scaler.scale_
    _, head = head_of(network)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(regression.intercept_ - weight @ scaler.mean_))


def train(
    wanted: FormsNetwork, images: Images, seed: int, batch: int, device: torch.device
) -> tuple[nn.Module, list[float]]:
    """Train a network on images of its size, of all seven classes; the seed decides all that is drawn.

    Gives the network, in evaluation mode, and the mean loss of each epoch. Raises ReproError if the loss is not finite.
    """
    network = build(wanted, seed).to(device).to(memory_format=torch.channels_last)
    learner, look = network, _look(images, device)
    if wanted.stages:
        learner, look = cast(nn.Sequential, network)[1:], _look_at_maps(network.get_submodule("body"), images, device)
    elif wanted.weights != "none":
        fit_head(network, features(network, images.pixels, device), images.classes)
    count = len(images)
    steps = -(-count // batch) * wanted.epochs
    if not steps:
        return network, []
    optimiser = torch.optim.AdamW(learner.parameters(), lr=wanted.learning_rate, weight_decay=WEIGHT_DECAY)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _share(step, steps))
    classes = torch.from_numpy(images.classes).to(device)
    losses = []
    for epoch in range(1, wanted.epochs + 1):
        learner.train()
        if wanted.weights != "none" and not wanted.stages:
            fix_batchnorm(learner)
        rng, total = generator(seed, "epoch", epoch), 0.0
        order, turns = rng.permutation(count), rng.integers(TURNS, size=count)
        with drawn(seed, "epoch", epoch):
            for start in range(0, count, batch):
                places = order[start : start + batch]
                if len(places) > 1:  # BatchNorm has no statistics of a single image
                    loss: Tensor = cross_entropy(learner(look(places, turns[places])), classes[places])
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    total += float(loss.detach()) * len(places)
                rate.step()
        remedy = "lower the learning_rate of this network in kvammen.networks of params.yaml"
        check_loss(total, f"stage networks of stages/kvammen, epoch {epoch}", remedy)
        losses.append(total / count)
    return network.eval(), losses


def _share(step: int, steps: int) -> float:
    """Learning rate as a share of the highest: it rises in a line and falls as a cosine."""
    rise = WARM_UP * steps
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 * (1 + float(np.cos(np.pi * (step - rise) / max(steps - rise, 1))))


def turned(pixels: Pixels, turn: int) -> Pixels:
    """Pictures (n, side, side, 3) turned by quarters, from the fourth turn on in the mirror.

    This is all the augmentation: no class depends on an azimuth, while a crop would move the edge of the sky and a jitter of
    brightness and colours would make other classes of them.
    """
    quarters = np.rot90(pixels, turn % 4, (1, 2))
    return np.ascontiguousarray(quarters[:, :, ::-1] if turn >= 4 else quarters)


def _look(images: Images, device: torch.device) -> Look:
    def look(places: Ints, turns: Ints) -> Tensor:
        pictures = [turned(images.pixels[place][None], turn)[0] for place, turn in zip(places, turns, strict=True)]
        return normalise(np.stack(pictures), device)

    return look


def _look_at_maps(body: nn.Module, images: Images, device: torch.device) -> Look:
    """The maps of stages that do not learn, made once for each turn."""
    with torch.inference_mode():
        maps = []
        for turn in range(TURNS):
            batches = plain_batches(turned(images.pixels, turn), LOOK, device)
            maps.append(torch.cat([body(batch) for batch in batches]))
        stacked = torch.stack(maps)
    return lambda places, turns: stacked[turns, places].clone()


def last_maps(network: nn.Module) -> nn.Module:
    """The layer that Grad-CAM explains: the last one with maps before they are pooled."""
    for name in ("layer4", "features"):
        layer = getattr(network, name, None)
        if isinstance(layer, nn.Sequential):
            # Grad-CAM follows gradients back to a layer that has weights.
            return [child for child in layer.children() if any(True for _ in child.parameters())][-1]
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return convolutions[-1]
