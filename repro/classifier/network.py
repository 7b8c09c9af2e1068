"""The network of the thesis: EfficientNet-B1 with a head of two classes, its initial weights and its weight files."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision import models
from torchvision.models import WeightsEnum
from torchvision.ops.misc import Conv2dNormActivation

from repro.classifier.device import choose
from repro.errors import ReproError, StageError
from repro.files import atomic_path, digest
from repro.frames import CLASSES
from repro.seeding import generator
from repro.untrusted import PICTURE_MOST_PX, message_of, short_repr

#: Initial weights with a name; any other is a file.
NAMED = ("imagenet", "observatory", "none")
FEATURES = 1280  # inputs of the head
NETWORK = "efficientnet_b1"
KIND, TRAIN = f"torchvision's {NETWORK}", "dvc repro train"  # for errors: what is expected, and what trains it
#: The weights of the thesis.
IMAGENET = models.EfficientNet_B1_Weights.IMAGENET1K_V1
#: The backbone learnt on simulated frames; shipped with the package.
OBSERVATORY = "efficientnet_b1_observatory.safetensors"
_WAIT_S = 30.0
LEAST_PX = 32  # side of the smallest images that the network takes, as in params.yaml


def build(initial: str, seed: int) -> nn.Module:
    """Build the network, in evaluation mode, on the CPU: normalised images (n, 3, h, w) to logits (n, 2), no before yes.

    ``initial`` says where the backbone begins. ``imagenet``, as published: torchvision's IMAGENET1K_V1, from its own cache
    or download. ``observatory``: learnt on simulated frames, shipped. ``none``: drawn at random. Anything else is a file of
    weights of this network, as stage train writes it; its head is kept, too. ``seed`` decides what is drawn: the head
    always, the backbone for ``none``. Raises ReproError if the weights are not available or belong to another network.
    """
    if initial not in NAMED:
        return load(Path(initial))[0]
    with drawn(seed, "network"):
        network: nn.Module = models.efficientnet_b1(weights=None)
        if initial == "imagenet":
            otherwise = (
                "name the corpus in train.initial_weights of params.yaml, such as {auroramax: observatory}, which needs no "
                "download but is not what the thesis used"
            )
            fill(network, published_weights(IMAGENET, otherwise), published_path(IMAGENET))
        network.get_submodule("classifier").register_module("1", nn.Linear(FEATURES, len(CLASSES)))
        if initial == "observatory":
            path, kind = observatory_path(), "the backbone learnt on simulated frames"
            made_by = "python -m repro.backbone.pretrain --help; or restore the shipped file from the repository"
            state, _ = _read(path, kind, made_by)
            fill(network.get_submodule("features"), single_precision(state), path, kind, made_by)
    return network.eval()


@contextlib.contextmanager
def drawn(seed: int, *names: object) -> Iterator[None]:
    """Within the block, torch's own source of random numbers depends on seed and names alone; afterwards it is as before.

    Initialisation, dropout and stochastic depth always draw from that source.
    """
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(generator(seed, *names).integers(2**63)))
        yield


def fix_batchnorm(network: nn.Module) -> None:
    """Keep the statistics of every BatchNorm layer as they are, also in training mode."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def check_loss(loss: float, where: str, remedy: str) -> None:
    """Raise an error if the loss of a training is not finite."""
    if not math.isfinite(loss):
        raise ReproError(found=f"a loss of {loss}", expected="a finite number", where=where, remedy=remedy)


def published_path(weights: WeightsEnum) -> Path:
    """Where torchvision keeps published weights, under ``TORCH_HOME`` or its default."""
    return Path(torch.hub.get_dir(), "checkpoints", str(weights.url).rsplit("/", 1)[1])


def published_weights(weights: WeightsEnum, otherwise: str) -> dict[str, Tensor]:
    """Published weights by torchvision's loader: from its cache, else by download with a check of the hash.

    Raises ReproError if the file is neither cached nor can be downloaded, or is not a weight file; ``otherwise`` says in it
    what a user can do without these weights.
    """
    path = published_path(weights)
    waited = socket.getdefaulttimeout()
    try:
        # The loader sets no time limit; behind a firewall that drops packets it would wait for ever.
        socket.setdefaulttimeout(_WAIT_S)
        state: dict[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except Exception as error:  # errors of the connection, the disk, or the contents of the file
        hashed = path.stem.rsplit("-", 1)[1]
        cached = path.is_file()
        raise ReproError(
            found=f"{'a file that is not a weight file' if cached else 'no file, and no download'}: {message_of(error)}",
            expected=f"{path.name}, {weights.meta['_file_size']:.0f} MB, whose SHA-256 begins with {hashed}",
            where=str(path),
            remedy=("remove it and run again; or " if cached else "")
            + f"fetch {weights.url} on another machine and put it there; or {otherwise}",
        ) from None
    finally:
        socket.setdefaulttimeout(waited)
    return state


def initial_digest(initial: str) -> str | None:
    """SHA-256 (hex) of the file of the initial weights; None if they are drawn at random."""
    if initial == "none":
        return None
    return digest({"imagenet": published_path(IMAGENET), "observatory": observatory_path()}.get(initial, Path(initial)))


def genuine_imagenet() -> bool:
    """Whether the hash of torchvision's file is that in its name; the loader does not check a cached file."""
    path = published_path(IMAGENET)
    return digest(path).startswith(path.stem.rsplit("-", 1)[1])


def observatory_path() -> Path:
    """The shipped backbone."""
    return Path(str(resources.files("repro.classifier"))) / "pretrained" / OBSERVATORY


def single_precision(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of the shipped backbone, which is kept in half precision to stay small, as the network needs them."""
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}


def save(network: nn.Module, target: Path, notes: Mapping[str, Any]) -> None:
    """Write a network's weights as safetensors, whole or not at all.

    ``notes`` are kept in the file's header as JSON, beside ``network`` and ``classes``, which they may name otherwise.
    """
    # A single entry: the library writes several in random order, and the same network must give the same file.
    header = {"notes": json.dumps({"network": NETWORK, "classes": CLASSES, **notes}, sort_keys=True)}
    state = {key: value.detach().cpu().contiguous() for key, value in network.state_dict().items()}
    with atomic_path(target) as temporary:
        save_file(state, temporary, metadata=header)


def load(
    source: Path,
    empty: Callable[[Mapping[str, Any]], nn.Module | None] | None = None,
    *,
    kind: str = KIND,
    made_by: str = TRAIN,
    ignored: str | None = None,
) -> tuple[nn.Module, dict[str, Any]]:
    """Read a network's weights, onto the CPU and into evaluation mode, with the notes of the file.

    ``source`` was written by :func:`save`, or is a state dict of torch (``.pt``, ``.pth``), of which only tensors are read
    and which has no notes. ``empty`` builds another network than the thesis', without values, from the notes; None if these
    are of no such network. Weights whose names begin with ``ignored`` are left out. ``kind`` and ``made_by`` say in an error
    which network is expected and what trains it. Raises ReproError if the file is missing, damaged, or of another network.
    """
    state, notes = _read(source, kind, made_by)
    size_px = notes.get("image_size_px", LEAST_PX) if isinstance(notes, dict) else None
    if isinstance(size_px, bool) or not isinstance(size_px, int) or not LEAST_PX <= size_px <= PICTURE_MOST_PX:
        raise _unusable(f"impossible notes: {short_repr(notes)}", source, kind, made_by)
    with torch.device("meta"):
        network = empty(notes) if empty else models.efficientnet_b1(weights=None, num_classes=len(CLASSES))
    if network is None:
        raise _unusable("weights of another network", source, kind, made_by)
    if ignored and isinstance(state, Mapping):
        state = {key: value for key, value in state.items() if not key.startswith(ignored)}
    fill(network, state, source, kind, made_by, assign=True)
    return network.eval(), notes


def _read(source: Path, kind: str, made_by: str) -> tuple[Any, Any]:
    """Tensors and notes of a weight file, neither of them checked."""
    try:
        if source.suffix != ".safetensors":
            return load_tensors(source), {}
        with safe_open(source, framework="pt") as file:
            notes = json.loads((file.metadata() or {}).get("notes", "{}"))
        return load_file(source), notes
    except FileNotFoundError:
        raise _unusable("no such file", source, kind, made_by) from None
    except Exception as error:  # a damaged file makes the readers raise errors of many kinds
        raise _unusable(f"a damaged or foreign file: {message_of(error)}", source, kind, made_by) from None


def image_size_px(notes: Mapping[str, Any]) -> int:
    """Side of the images that a network takes, from the notes of its file; that of the thesis if they do not say."""
    return int(notes.get("image_size_px", 240))


@lru_cache(maxsize=1)
def load_once(source: Path, sha256: str, device: str) -> tuple[nn.Module, int]:
    """A network on its device and the side (px) of its images; each process reads the file once.

    The network is shared by all callers: take a copy to change it. Raises ReproError if the file cannot be loaded, its
    digest is not ``sha256``, or the device cannot be used.
    """
    if source.is_file() and digest(source) != sha256:
        raise _unusable("another file than when the stage began", source)
    network, notes = load(source)
    return network.to(choose(device)), image_size_px(notes)


def load_tensors(source: Path) -> Any:
    """A file written by torch: tensors and plain data only; anything else is refused, and no code in it is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch warns about pickles, which weights_only rejects
        return torch.load(source, map_location="cpu", weights_only=True)


def fused(network: nn.Module) -> nn.Module:
    """Fold every BatchNorm into the convolution before it, for inference; changes the network in place and gives it.

    The numbers differ by rounding only (Conv2dNormActivation is convolution, BatchNorm, activation).
    """
    for module in network.modules():
        if isinstance(module, Conv2dNormActivation) and isinstance(module[1], nn.BatchNorm2d):
            module[0] = fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    return network


def fill(
    module: nn.Module, state: object, where: Path, kind: str = KIND, made_by: str = TRAIN, *, assign: bool = False
) -> None:
    """Load weights into a module; arguments and errors as for :func:`load`, ``where`` is their file."""
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise _unusable(f"{type(state).__name__} instead of tensors by name", where, kind, made_by)
    wanted = module.state_dict()
    wrong = [key for key in wanted if key not in state]
    wrong += [key for key in state if key not in wanted]
    wrong += [key for key in wanted if key in state and wanted[key].shape != state[key].shape]
    if wrong:
        found = (
            f"weights of another network: {len(wrong)} tensors missing, unknown or of another shape, first {wrong[0]!r}"
        )
        raise _unusable(found, where, kind, made_by)
    for key, value in state.items():
        if value.is_floating_point() != wanted[key].is_floating_point() or not bool(torch.isfinite(value).all()):
            found = f"non-finite weights, or weights of another type: {key!r}"
            raise _unusable(found, where, kind, made_by)
    module.load_state_dict({key: value.to(wanted[key].dtype) for key, value in state.items()}, assign=assign)


def _unusable(found: str, where: Path, kind: str = KIND, made_by: str = TRAIN) -> StageError:
    return StageError(
        found=found,
        expected=f"weights of {kind}, as named by this project",
        where=str(where),
        remedy=f"train anew with: {made_by}; or name another file",
    )
