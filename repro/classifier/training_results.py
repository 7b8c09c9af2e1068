"""Results of stage train: Figure 5 as numbers, epochs kept, accuracy on unseen nights, and the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.analysis.colour_rule import choose_limit, shares
from repro.intervals import RESAMPLINGS, percentile, ratio_by_night, wilson
from repro.params import Params

if TYPE_CHECKING:
    from repro.classifier.images import Images  # torch takes seconds to load

WITHIN, UNSEEN = "within nights", "unseen nights"


def quantities(curves: pd.DataFrame) -> dict[str, float]:
    """Figure 5 as numbers by name: ``figure5.train_loss.e1``, ``figure5.val_correct.e12`` and so on.

    ``train_accuracy`` are fractions, ``val_correct`` images, ``val_accuracy`` percent, as the record prints them.
    """
    numbers: dict[str, float] = {}
    for row in curves.to_dict("records"):
        for name in ("train_loss", "train_accuracy", "val_loss", "val_correct"):
            numbers[f"figure5.{name}.e{row['epoch']}"] = row[name]
        numbers[f"figure5.val_accuracy.e{row['epoch']}"] = 100 * row["val_accuracy"]
    numbers["figure5.val_accuracy.best"] = 100 * float(curves["val_accuracy"].max())
    numbers["figure5.epoch_of_highest_accuracy"] = int(curves["epoch"].iloc[int(curves["val_accuracy"].argmax())])
    numbers["figure5.epoch_of_lowest_loss"] = int(curves["epoch"].iloc[int(curves["val_loss"].argmin())])
    return numbers


def kept_epoch(curves: pd.DataFrame, best_epoch: int) -> dict[str, Any]:
    """The epoch kept and the first one with the lowest validation loss, with the validation losses of both."""
    lowest = curves.iloc[int(curves["val_loss"].argmin())]
    return {
        "epochs": len(curves),
        "best_epoch": best_epoch,
        "val_loss": float(curves["val_loss"].iloc[best_epoch - 1]),
        "lowest_loss_epoch": int(lowest["epoch"]),
        "lowest_val_loss": float(lowest["val_loss"]),
    }


def kept_epoch_message(run: Mapping[str, Any]) -> str:
    """A line about a training's kept epoch, from its entry in ``train.json``."""
    line = f"epoch {run['best_epoch']} of {run['epochs']} is kept, validation loss {run['val_loss']:.3f}"
    if run["lowest_loss_epoch"] == run["best_epoch"]:
        return f"{line}, the lowest"
    ratio = run["val_loss"] / run["lowest_val_loss"]
    return (
        f"{line}: {ratio:.1f} times the lowest, {run['lowest_val_loss']:.3f} at epoch {run['lowest_loss_epoch']} "
        "(train.best decides which epoch is kept)"
    )


def summary_lines(document: Mapping[str, Any]) -> list[str]:
    """Lines about the trainings for the terminal: the epoch kept, and accuracy within and on unseen nights."""
    runs = document["runs"]
    lines = [kept_epoch_message(runs[0])]
    for split, accuracy in document["generalisation_gap"].items():
        if split == "difference":
            continue
        ends = accuracy["by_night"]
        by_night = f"{ends[0]:.3f} to {ends[1]:.3f} by night" if ends else "too few nights for an interval"
        epochs = next(run["epochs"] for run in runs if run["split"] == split.replace("_", " "))
        lines.append(f"{split.replace('_', ' ')}, accuracy {accuracy['accuracy']:.4f}, {by_night}, {epochs} epochs")
    return lines


def unseen_accuracy(gap: Mapping[str, Any]) -> dict[str, list[float]]:
    """``accuracy.unseen_nights``: interval by night in percent, of :func:`generalisation_gap`.

    Empty if not trained, or for too few nights.
    """
    by_night = gap.get("unseen_nights", {}).get("by_night")
    return {"accuracy.unseen_nights": [100 * end for end in by_night]} if by_night else {}


def generalisation_gap(validation: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Accuracy on nights that also trained, as published, beside accuracy on unseen nights.

    ``validation`` has ``split``, ``network``, ``night``, ``label`` and ``predicted``; ``rng`` is for the bootstrap by night.

    Returns, by ``within_nights`` and, if trained, ``unseen_nights``: ``correct``, ``images``, ``nights``, ``accuracy``, its
    Wilson interval ``wilson`` (images taken as independent) and ``by_night`` (whole nights resampled); and ``difference``,
    within less unseen, with its interval by night.
    """
    gap: dict[str, Any] = {}
    resampled = {}
    for split in (WITHIN, UNSEEN):
        rows = validation[(validation["split"] == split) & (validation["network"] == 0)]
        if rows.empty:
            continue
        right = (rows["label"] == rows["predicted"]).to_numpy()
        resampled[split] = ratio_by_night(right, np.ones(len(rows)), rows["night"], RESAMPLINGS, rng)
        gap[split.replace(" ", "_")] = {
            "correct": int(right.sum()),
            "images": len(rows),
            "nights": int(rows["night"].nunique()),
            "accuracy": float(right.mean()),
            "wilson": wilson(int(right.sum()), len(rows)),
            "by_night": percentile(resampled[split]),
        }
    if len(resampled) == 2:
        gap["difference"] = {
            "accuracy": gap["within_nights"]["accuracy"] - gap["unseen_nights"]["accuracy"],
            "by_night": percentile(resampled[WITHIN] - resampled[UNSEEN]),
        }
    return gap


def seed_spread(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How much the accuracy on the published split varies with the seed; None with a single network."""
    values: npt.NDArray[np.float64] = np.array([run["val_accuracy"] for run in runs if run["split"] == WITHIN])
    if len(values) < 2:
        return None
    return {
        "networks": len(values),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "lowest": float(values.min()),
        "highest": float(values.max()),
    }


def colour_rule_accuracy(images: Images, side: pd.Series[str]) -> dict[str, float]:
    """The slides' colour rule as a classifier, on the same frames as the network.

    ``side`` says by the frame's name what is ``train`` and ``val``. Gives ``limit``, the share of the sky from which on a frame
    is yes, chosen on the training frames; ``correct`` and ``images`` of the validation frames.
    """
    area = shares(images.pixels).sum(axis=1)
    yes = images.classes == 1
    train, val = (np.array([side[name] == which for name in images.names]) for which in ("train", "val"))
    limit = choose_limit(area[train], yes[train])
    right = (area[val] >= limit) == yes[val]
    return {"limit": limit, "correct": int(right.sum()), "images": int(val.sum())}


def model_card(document: Mapping[str, Any], split: pd.DataFrame, params: Params, *, simulated: bool) -> str:
    """The model card as Markdown; its headings follow Mitchell et al. (2019), Model Cards for Model Reporting, FAT*, 220-229.

    ``document`` is ``train.json``; ``split`` is the table of stage split with ``night``, ``label``, ``split`` and
    ``split_by_night``.
    """
    train, first = params.train, document["runs"][0]
    used = split[split["split"].notna()]
    labels = used["label"].value_counts()
    nights = sorted(used["night"].unique())
    lines = [
        f"# Aurora classifier trained on {params.corpus}",
        "",
        "`weights.safetensors`: EfficientNet-B1 of torchvision with two classes, no and yes. It answers whether there is aurora "
        "in a masked, cropped all-sky image.",
        "",
        "## Data",
        "",
        f"{len(used)} labelled frames ({labels.get('yes', 0)} yes, {labels.get('no', 0)} no) of {len(nights)} nights, "
        f"{date.fromisoformat(nights[0])} to {date.fromisoformat(nights[-1])}, all of them dark and without moon. "
        f"{first['train_images']} trained, {first['val_images']} validated.",
        *(["The frames are simulated: nothing here says how well the network does on real ones."] if simulated else []),
        "",
        "## Protocol",
        "",
        f"Begun from {document['initial_weights']['name']} (SHA-256 {document['initial_weights']['sha256'] or 'none: drawn'}). "
        f"{train.epochs_head} epochs of the head, {train.epochs_all} of all weights, batches of {train.batch}, images of "
        f"{train.image_size_px} pixels; epoch {first['best_epoch']} is kept, chosen by {train.best} on the validation frames, "
        f"so their accuracy is a little flattered. Seed {first['seed']}, {document['precision']}, {document['device']}.",
        "",
        "## Accuracy",
        "",
        "| validated on | network | 95 % by frame | 95 % by night | colour rule |",
        "|---|---|---|---|---|",
        *_accuracy_rows(document),
        "",
        "Within nights: other frames of the same nights trained, a minute or so away. Unseen nights: whole nights that trained "
        "nothing; a new night is like these. That row is of a network of its own with fewer epochs. The colour rule says yes "
        "where enough of the sky is green or pink; a network that does not beat it has learnt little more.",
        "",
        "## Not to be used for",
        "",
        "- moonlit, twilight or daylight frames: no such frame trained it;",
        "- another camera, unless frames of that camera were labelled and its accuracy on them measured;",
        "- frames that are not masked and cropped as the film stage does it (`repro classify --camera`);",
        "- p(yes) as a probability: it is not calibrated; the share of frames near 0.5 says little;",
        "- warnings on which anybody's safety depends.",
        "",
    ]
    return "\n".join(lines)


def _accuracy_rows(document: Mapping[str, Any]) -> list[str]:
    rows = []
    for split in (WITHIN, UNSEEN):
        entry = document["generalisation_gap"].get(split.replace(" ", "_"))
        if entry is None:
            rows.append(f"| {split} | not measured | | | |")
            continue
        colour = document.get("colour_rule", {}).get(split)
        beside = (
            f"{colour['correct'] / colour['images']:.1%} ({colour['correct']}/{colour['images']})" if colour else ""
        )
        rows.append(
            f"| {split} | {entry['accuracy']:.1%} ({entry['correct']}/{entry['images']}, {entry['nights']} nights) | "
            f"{_ends(entry['wilson'])} | {_ends(entry['by_night'])} | {beside} |"
        )
    return rows


def _ends(interval: Any) -> str:
    return f"{interval[0]:.1%} to {interval[1]:.1%}" if interval else "too few nights"
