"""The model card of a trained network: on what it was trained, how well it does, and what it must not be used for.

The headings follow Mitchell et al. (2019), Model Cards for Model Reporting, FAT*, 220-229.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from repro.analysis.colour_rule import choose_limit, shares
from repro.classifier.images import Images
from repro.classifier.training_results import UNSEEN, WITHIN
from repro.params import Params


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
    """The card as Markdown.

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
