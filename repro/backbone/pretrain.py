"""Learn EfficientNet-B1 from scratch on simulated frames; the backbone ships with the project as ``observatory``.

Joint tasks - is aurora visible, where, of which form and colour, how cloudy is it - so that the features mean something
beyond the two classes of the thesis. The pictures grow as training goes on: most of what is to be learnt can be
learnt on small ones, which cost a fifth. Run ``python -m repro.backbone.pretrain --help``.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, l1_loss
from torchvision import models

from repro.backbone.pretrain_frames import BATCH, COLOUR_CLASSES, FORM_CLASSES, Corpus, augment, make, targets
from repro.classifier import device as devices
from repro.classifier.network import FEATURES, OBSERVATORY, drawn, observatory_path, single_precision
from repro.classifier.transforms import IMAGENET_MEAN, IMAGENET_STD
from repro.engine.progress import progress
from repro.files import atomic_path, digest, write_json
from repro.params import Params, load_params
from repro.paths import find_project
from repro.seeding import generator, torch_generator

SAVE_EVERY = 50  # steps between checkpoints
WARM_UP = 100  # steps in which the learning rate rises


@dataclass(frozen=True)
class Recipe:
    """How long, on what."""

    #: Different simulated frames.
    frames: int = 12_000
    #: Side of the pictures in pixels, and how many pictures are looked at on that size.
    phases: tuple[tuple[int, int], ...] = ((112, 36_000), (160, 12_000), (240, 1_920))
    #: Highest; it rises in WARM_UP steps and falls to zero as a cosine.
    learning_rate: float = 1e-3
    #: ``drawn``, or the SHA-256 of the backbone whose weights are learnt further; heads are always drawn.
    begins_from: str = "drawn"


class Learner(nn.Module):
    """The backbone with the heads of the joint tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.features: nn.Module = models.efficientnet_b1(weights=None).get_submodule("features")
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.heads = nn.Linear(FEATURES, 1 + len(FORM_CLASSES) + len(COLOUR_CLASSES) + 1)
        self.where = nn.Conv2d(FEATURES, 1, 1)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Logits by task for pictures (n, 3, size, size), 0 to 1."""
        mean, std = (
            torch.tensor(values, device=pictures.device).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD)
        )
        maps = self.features((pictures - mean) / std)
        answers = self.heads(self.drop(self.pool(maps).flatten(1)))
        visible, form, colour, cloud = answers.split([1, len(FORM_CLASSES), len(COLOUR_CLASSES), 1], 1)
        alone = {"visible": visible[:, 0], "cloud": cloud[:, 0]}
        return {**alone, "form": form, "colour": colour, "mask": self.where(maps)}


def loss_of(answers: dict[str, Tensor], wanted: dict[str, Tensor], masks: Tensor) -> Tensor:
    """Sum of the losses of the joint tasks; what is visible counts double."""
    mask = nn.functional.interpolate(masks, size=answers["mask"].shape[-2:], mode="area")
    return (
        2 * binary_cross_entropy_with_logits(answers["visible"], wanted["visible"])
        + 0.5 * cross_entropy(answers["form"], wanted["form"])
        + 0.5 * cross_entropy(answers["colour"], wanted["colour"])
        + 0.5 * l1_loss(torch.sigmoid(answers["cloud"]), wanted["cloud"])
        + binary_cross_entropy_with_logits(answers["mask"], mask)
    )


def order(corpus: Corpus, looks: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Frames in the order they are looked at: half of each batch shows aurora, every frame about equally often."""
    visible = corpus.truth["visible"].to_numpy(bool)
    groups = [np.flatnonzero(visible), np.flatnonzero(~visible)]
    shuffled = [
        np.concatenate([rng.permutation(group) for _ in range(looks // max(len(group), 1) + 1)])[: looks // 2]
        for group in groups
    ]
    return np.stack(shuffled, 1).ravel()


def learn(
    params: Params, recipe: Recipe, folder: Path, device: torch.device, begin_from: Path | None = None
) -> tuple[Learner, list[dict[str, float]]]:
    """Render the frames and train; an interrupted run goes on from its last checkpoint in ``folder``.

    Learns the backbone ``begin_from`` further, which :func:`ship` wrote, or one drawn at random. Gives the trained network
    and the mean loss over every SAVE_EVERY steps.
    """
    corpus = make(params, recipe.frames, "learn", folder, str(device))
    wanted = targets(corpus.truth)
    steps = [
        (size, batch)
        for number, (size, looks) in enumerate(recipe.phases)
        for batch in np.array_split(order(corpus, looks, generator(params.seed, "order", number)), looks // BATCH)
    ]
    with drawn(params.seed, "pretrain"):
        learner = Learner()
    if begin_from is not None:
        learner.features.load_state_dict(single_precision(load_file(begin_from)))
    learner = learner.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(learner.parameters(), lr=recipe.learning_rate, weight_decay=0.02)

    def share(step: int) -> float:
        rise = min(1.0, (step + 1) / WARM_UP)
        return rise * 0.5 * (1 + float(np.cos(np.pi * step / len(steps))))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, share)
    stateful: dict[str, Any] = {"learner": learner, "optimiser": optimiser, "schedule": schedule}
    saved, begin, curve = folder / "checkpoint.pt", 0, []
    if saved.is_file():
        state = torch.load(saved, map_location=device, weights_only=True)
        for name, part in stateful.items():
            part.load_state_dict(state[name])
        begin, curve = state["step"], state["curve"]
    learner.train()
    recent: list[float] = []
    with progress("pre-train", len(steps), "steps") as tally:
        tally.advance(begin)
        for step in range(begin, len(steps)):
            size, chosen = steps[step]
            rng = torch_generator(params.seed, "augment", step)
            index = np.sort(chosen)
            frames = torch.from_numpy(corpus.frames[index]).to(device)
            masks = torch.from_numpy(corpus.masks[index]).to(device)
            pictures, cut_masks = augment(frames, masks, size, rng)
            with drawn(params.seed, "dropout", step):
                answers = learner(pictures.contiguous(memory_format=torch.channels_last))
            batch = {name: values[index].to(device) for name, values in wanted.items()}
            loss = loss_of(answers, batch, cut_masks)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(learner.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            recent.append(float(loss.detach()))
            tally.advance(1, f"loss {recent[-1]:.3f} at {size} px")
            if (step + 1) % SAVE_EVERY == 0 or step + 1 == len(steps):
                curve.append({"step": step + 1, "size_px": size, "loss": float(np.mean(recent))})
                recent = []
                states = {name: part.state_dict() for name, part in stateful.items()}
                with atomic_path(saved) as temporary:
                    torch.save({**states, "step": step + 1, "curve": curve}, temporary)
    return learner.eval(), curve


def ship(learner: Learner, target: Path) -> None:
    """Write the backbone in half precision, whole or not at all.

    Raises ValueError if a number does not fit into half precision.
    """
    state = {}
    for name, value in learner.features.state_dict().items():
        small = value.detach().cpu().contiguous()
        if small.is_floating_point():
            small = small.half()
            if not torch.isfinite(small).all():
                raise ValueError(f"{name} does not fit into half precision")
        state[name] = small
    with atomic_path(target) as temporary:
        save_file(state, temporary, metadata={"network": "efficientnet_b1", "weights": "observatory"})


def main(
    work: Annotated[Path, typer.Option(help="Folder for rendered frames and checkpoints; 2 GB.")],
    out: Annotated[
        Path | None, typer.Option(help="Where the backbone goes; the package's own folder if not given.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    begin_from: Annotated[
        Path | None, typer.Option(help="A backbone to learn further, such as the one that was shipped before.")
    ] = None,
) -> None:
    """Learn the backbone ``observatory``; some half an hour on one quiet core, minutes on a GPU.

    Example: python -m repro.backbone.pretrain --work pretrain_work
    """
    params = load_params(find_project().params)
    chosen = devices.choose(device)
    recipe = Recipe(begins_from=digest(begin_from)) if begin_from else Recipe()
    began = time.monotonic()
    learner, curve = learn(params, recipe, work, chosen, begin_from)
    target = out or observatory_path()
    ship(learner, target)
    card = {
        "file": OBSERVATORY,
        "recipe": asdict(recipe),
        "batch": BATCH,
        "seed": params.seed,
        "device": devices.name(chosen),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "seconds_of_last_run": round(time.monotonic() - began),
        "loss": curve,
    }
    write_json(target.with_suffix(".json"), card)
    print(json.dumps({key: value for key, value in card.items() if key != "loss"}, indent=2))


if __name__ == "__main__":
    typer.run(main)
