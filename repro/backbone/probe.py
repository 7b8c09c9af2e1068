"""What a backbone knows: a two-class head learnt on its features, judged on simulated nights it has never seen.

The head learns every frame twice, as it is and changed as in pre-training; its labels are those of the simulated labeller.
It is judged on what is true, on the frames whose answer is certain. Real frames with labels can be judged beside, by the
head and by the colour rule of :mod:`repro.analysis.colour_rule`. Run ``python -m repro.backbone.probe --help``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
import typer
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from repro.analysis.colour_corpus import scaled
from repro.analysis.colour_rule import choose_limit, shares
from repro.backbone.pretrain_frames import Corpus, augment, make
from repro.classifier import device as devices
from repro.classifier import transforms
from repro.classifier.network import build, observatory_path
from repro.engine.progress import progress
from repro.files import read_json, write_json
from repro.frames import CLASSES
from repro.intervals import wilson
from repro.observatory import truth
from repro.params import SkyParams, load_params
from repro.paths import find_project
from repro.seeding import generator, torch_generator
from repro.sky import bins

BATCH = 32


def features(network: nn.Module, pictures: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Pooled features of a backbone, float32 (n, 1280) on the CPU, of pictures (n, 3, size, size).

    ``network`` is as :func:`repro.classifier.network.build` gives it; its head is not used.
    """
    body = network.get_submodule("features").to(device).eval()
    parts = []
    with torch.inference_mode(), progress("features", len(pictures)) as tally:
        for start in range(0, len(pictures), BATCH):
            batch = np.ascontiguousarray(pictures[start : start + BATCH].transpose(0, 2, 3, 1))
            parts.append(body(transforms.normalise(batch, device)).mean((2, 3)).float().cpu())
            tally.advance(len(batch))
    return torch.cat(parts)


def fit_head(known: Tensor, labels: Tensor, *, decay: float = 1e-3) -> nn.Linear:
    """Logistic regression on features (n, 1280) with class numbers (n,), no = 0 and yes = 1: the head of the published network.

    ``decay`` is the weight of the squared weights of the standardised features.
    """
    mean, spread = known.mean(0), known.std(0).clamp_min(1e-3)
    standard = (known - mean) / spread
    weight = torch.zeros(len(CLASSES), known.shape[1], requires_grad=True)
    bias = torch.zeros(len(CLASSES), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = cross_entropy(standard @ weight.T + bias, labels) + decay * weight.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    head = nn.Linear(known.shape[1], len(CLASSES))
    with torch.no_grad():
        head.weight.copy_(weight / spread)
        head.bias.copy_(bias - (weight / spread) @ mean)
    return head


def labels_of(corpus: Corpus, seed: int, error_rate: float = 0.0) -> npt.NDArray[np.int64]:
    """Class numbers by the simulated labeller."""
    words = truth.label(corpus.truth["margin"].to_numpy(float), generator(seed, "probe", "labeller"), error_rate)
    return np.array([CLASSES.index(str(word)) for word in words])


def accuracy_by_condition(table: pd.DataFrame, right: npt.NDArray[np.bool_], sky: SkyParams) -> list[dict[str, Any]]:
    """Accuracy with its 95 % Wilson interval, in all and for each of the nine conditions that occur.

    ``table`` has ``sun_alt_deg``, ``moon_alt_deg`` and ``moon_phase_deg``; ``right`` (n,) says which frames were classified
    as labelled.
    """
    sun = bins.sun_bin(table["sun_alt_deg"])
    moon = bins.moon_bin(table["moon_phase_deg"], table["moon_alt_deg"], sky)
    groups = {"all": np.ones(len(table), bool)}
    groups |= {f"{a} & {b}": (sun == a) & (moon == b) for a in bins.SUN_BINS[:3] for b in bins.MOON_BINS}
    return [{"condition": name, **share_of(right[here])} for name, here in groups.items() if here.any()]


def seen_twice(corpus: Corpus, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Frames as they are, and the same frames changed as in pre-training, each uint8 (n, 3, size, size)."""
    plain, changed = np.array(corpus.frames), np.empty_like(corpus.frames)
    for start in range(0, len(plain), BATCH):
        part = np.s_[start : start + BATCH]
        frames, masks = torch.from_numpy(plain[part]), torch.from_numpy(np.array(corpus.masks[part]))
        looks, _ = augment(frames, masks, plain.shape[-1], torch_generator(seed, "probe", start))
        changed[part] = (looks * 255).round().byte().numpy()
    return plain, changed


def real_frames(folder: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]:
    """Labelled real frames of a folder: uint8 (n, 3, 240, 240), class numbers, names.

    The folder has ``labels.csv`` with ``file`` and ``label`` (yes or no), and the files, masked and square.
    """
    table = pd.read_csv(folder / "labels.csv")
    pictures = [scaled((folder / name).read_bytes(), name) for name in table["file"]]
    labels = np.array([CLASSES.index(label) for label in table["label"]])
    return np.stack(pictures).transpose(0, 3, 1, 2), labels, table["file"].tolist()


def share_of(right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """How many are right, with the 95 % Wilson interval."""
    hits, frames = int(right.sum()), len(right)
    low, high = wilson(hits, frames)
    return {"right": hits, "frames": frames, **_rounded(accuracy=hits / frames, low=low, high=high)}


def _rounded(**shares: float) -> dict[str, float]:
    return {name: round(share, 4) for name, share in shares.items()}


def main(
    work: Annotated[Path, typer.Option(help="Folder for rendered frames; 1 GB.")],
    learn: Annotated[int, typer.Option(help="Frames the head learns from.")] = 720,
    unseen: Annotated[int, typer.Option(help="Frames of other simulated nights it is judged on.")] = 720,
    real: Annotated[Path | None, typer.Option(help="Folder of labelled real frames, to judge only.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Judge the shipped backbone and write what it can do into its card.

    Example: python -m repro.backbone.probe --work pretrain_work
    """
    params = load_params(find_project().params)
    chosen = devices.choose(device)
    network = build("observatory", params.seed)
    known = make(params, learn, "probe_learn", work, str(chosen))
    other = make(params, unseen, "probe_unseen", work, str(chosen))
    labels = labels_of(known, params.seed, params.simulate.label_error_share)
    twice = np.concatenate(seen_twice(known, params.seed))
    head = fit_head(features(network, twice, chosen), torch.from_numpy(np.concatenate([labels, labels])))
    limit = choose_limit(_areas(known.frames), labels == 1)

    def answers(pictures: npt.NDArray[np.uint8]) -> dict[str, npt.NDArray[np.int64]]:
        with torch.inference_mode():
            network_says = head(features(network, pictures, chosen)).argmax(1).numpy()
        return {"network": network_says, "colour_rule": (_areas(pictures) >= limit).astype(np.int64)}

    wanted = other.truth["visible"].to_numpy(int)
    certain = other.truth["certain"].to_numpy(bool)
    said = answers(np.asarray(other.frames))
    right = (said["network"] == wanted)[certain]
    card: dict[str, Any] = {
        "learnt_from": learn,
        **_rounded(labelled_yes=float(labels.mean()), certain_share=float(certain.mean())),
        "colour_rule_limit": round(limit, 5),
        "accuracy": accuracy_by_condition(other.truth[certain], right, params.sky),
        "accuracy_by_weather": {
            str(kind): share_of(right[rows]) for kind, rows in other.truth[certain].groupby("weather").indices.items()
        },
        "all_frames": {who: share_of(answer == wanted) for who, answer in said.items()},
        "certain_frames": {who: share_of((answer == wanted)[certain]) for who, answer in said.items()},
    }
    if real is not None:
        pictures, truth_of_real, names = real_frames(real)
        said = answers(pictures)
        card["real_frames"] = {who: share_of(answer == truth_of_real) for who, answer in said.items()} | {
            "wrong": {
                who: [name for name, right in zip(names, answer == truth_of_real, strict=True) if not right]
                for who, answer in said.items()
            }
        }
    card_file = observatory_path().with_suffix(".json")
    write_json(card_file, read_json(card_file, made_by="python -m repro.backbone.pretrain") | {"probe": card})
    print(json.dumps(card, indent=1))


def _areas(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Share of the sky that the colour rule calls auroral, shape (n,), for pictures (n, 3, size, size)."""
    return np.asarray(shares([np.ascontiguousarray(picture.transpose(1, 2, 0)) for picture in pictures]).sum(1))


if __name__ == "__main__":
    typer.run(main)
