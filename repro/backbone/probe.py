"""What a backbone knows: a two-class head learnt on its features, judged on simulated nights it has never seen.

The labels are those of the simulated labeller. Run ``python -m repro.backbone.probe --help``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
import typer
from scipy.stats import binomtest
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from repro.backbone.pretrain_frames import Corpus, make
from repro.classifier import device as devices
from repro.classifier import transforms
from repro.classifier.network import build, observatory_path
from repro.engine.progress import progress
from repro.files import read_json, write_json
from repro.frames import CLASSES
from repro.observatory import truth
from repro.params import load_params
from repro.paths import find_project
from repro.seeding import generator
from repro.sky import bins

BATCH = 32


def features(network: nn.Module, pictures: npt.NDArray[np.uint8], device: torch.device) -> Tensor:
    """Pooled features of a backbone.

    Parameters
    ----------
    network : nn.Module
        As :func:`repro.classifier.network.build` gives it; its head is not used.
    pictures : ndarray of uint8, shape (n, 3, size, size)
    device : torch.device

    Returns
    -------
    Tensor, float32, shape (n, 1280)
        On the CPU.
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
    """Logistic regression on features, the head of the published network.

    Parameters
    ----------
    known : Tensor, shape (n, 1280)
    labels : Tensor of int64, shape (n,)
        Class numbers, no = 0 and yes = 1.
    decay : float
        Weight of the squared weights of the standardised features.
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


def labels_of(corpus: Corpus, seed: int) -> npt.NDArray[np.int64]:
    """Class numbers by the simulated labeller."""
    words = truth.label(corpus.truth["margin"].to_numpy(float), generator(seed, "probe", "labeller"))
    return np.array([CLASSES.index(str(word)) for word in words])


def accuracy_by_condition(table: pd.DataFrame, right: npt.NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Accuracy with its 95 % Wilson interval, in all and for each of the nine conditions that occur.

    Parameters
    ----------
    table : DataFrame
        With ``sun_alt_deg``, ``moon_alt_deg`` and ``moon_phase_deg``.
    right : ndarray of bool, shape (n,)
        Whether each frame was classified as labelled.
    """
    sun = bins.sun_bin(table["sun_alt_deg"])
    moon = bins.moon_bin(table["moon_phase_deg"], table["moon_alt_deg"])
    groups = {"all": np.ones(len(table), bool)}
    groups |= {f"{a} & {b}": (sun == a) & (moon == b) for a in bins.SUN_BINS[:3] for b in bins.MOON_BINS}
    rows = []
    for name, here in groups.items():
        if not here.any():
            continue
        hits, frames = int(right[here].sum()), int(here.sum())
        interval = binomtest(hits, frames).proportion_ci(method="wilson")
        rows.append(
            {
                "condition": name,
                "frames": frames,
                "accuracy": round(hits / frames, 4),
                "low": round(float(interval.low), 4),
                "high": round(float(interval.high), 4),
            }
        )
    return rows


def main(
    work: Annotated[Path, typer.Option(help="Folder for rendered frames; 1 GB.")],
    learn: Annotated[int, typer.Option(help="Frames the head learns from.")] = 1_500,
    unseen: Annotated[int, typer.Option(help="Frames of other simulated nights it is judged on.")] = 3_000,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Judge the shipped backbone and write what it can do into its card.

    Example: python -m repro.backbone.probe --work /tmp/pretrain
    """
    params = load_params(find_project().params)
    chosen = devices.choose(device)
    network = build("observatory", params.seed)
    known = make(params, learn, "probe_learn", work, str(chosen))
    other = make(params, unseen, "probe_unseen", work, str(chosen))
    head = fit_head(features(network, known.frames, chosen), torch.from_numpy(labels_of(known, params.seed)))
    with torch.inference_mode():
        predicted = head(features(network, other.frames, chosen)).argmax(1).numpy()
    wanted = labels_of(other, params.seed + 1)
    rows = accuracy_by_condition(other.truth, predicted == wanted)
    card_file = observatory_path().with_suffix(".json")
    card = read_json(card_file, made_by="python -m repro.backbone.pretrain")
    card["probe"] = {
        "learnt_from": learn,
        "labelled_yes": round(float(wanted.mean()), 4),
        "labeller_agrees_with_truth": round(float((wanted == other.truth["visible"].to_numpy(int)).mean()), 4),
        "accuracy": rows,
    }
    write_json(card_file, card)
    for row in rows:
        print(
            f"{row['condition']:<24} {row['frames']:>5} frames  {row['accuracy']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
        )


if __name__ == "__main__":
    typer.run(main)
