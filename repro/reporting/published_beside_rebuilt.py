"""Tables and figures of the record beside the rebuilt ones: published, rebuilt, difference, and every kind of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from repro.classifier.transforms import CROP_AREA, IMAGENET_MEAN, IMAGENET_STD, JITTER
from repro.clock.table1 import RULES
from repro.params import Params
from repro.record.claims import EVIDENCE, EvidenceKind, Outcome
from repro.reporting.classifier_results import Gradcam, Predictions, Training
from repro.reporting.verdicts import GRAVEST, JudgedClaim, Results
from repro.reporting.wording import NOTHING, number, published, signed
from repro.sky.bins import CONDITIONS

CELLS = [f"{sun}.{moon}" for sun, moon in CONDITIONS]


class ComparisonRow(NamedTuple):
    """One row of a comparison, each cell as text.

    Published values have the ids of their claims, empty where nothing is registered. The difference is rebuilt minus published; a
    dash for a simulated corpus, which is never compared. ``evidence`` has the gravest outcome of each kind of evidence.
    """

    label: str
    published: tuple[tuple[str, str], ...]
    rebuilt: tuple[str, ...]
    difference: str
    evidence: tuple[tuple[EvidenceKind, Outcome], ...]


def gravest_outcomes(items: Sequence[JudgedClaim]) -> tuple[tuple[EvidenceKind, Outcome], ...]:
    """Each kind of evidence on some claims, with its gravest outcome."""
    outcomes: dict[EvidenceKind, list[Outcome]] = {}
    for verdict in (verdict for item in items for verdict in item.verdicts):
        outcomes.setdefault(verdict.evidence, []).append(verdict.outcome)
    return tuple((name, min(outcomes[name], key=GRAVEST.index)) for name in EVIDENCE if name in outcomes)


def table1(results: Results, repairs: Mapping[str, int] | None) -> tuple[ComparisonRow, ...]:
    """Table 1: the clock before and after each rule, and the frames of the corpus that it repaired, if a clock was read."""
    rows = []
    for place, rule in enumerate(RULES, start=1):
        items = [item for name, item in results.judged.items() if name.startswith(f"T1.ROW{place}.")]
        if items or repairs is not None:
            # A camera whose clock these rules do not fit has no line for them.
            frames = f"{repairs[rule]:,}" if repairs and rule in repairs else NOTHING
            row = _row(results, rule, [f"T1.ROW{place}.BEFORE", f"T1.ROW{place}.AFTER"], (frames,))
            rows.append(row._replace(evidence=gravest_outcomes(items)))  # of all claims of the row
    return tuple(rows)


def table5(results: Results, params: Params, training: Training | None) -> tuple[ComparisonRow, ...]:
    """Table 5: each setting of the thesis, and that of this run."""
    train = params.train
    weights = training.document["initial_weights"]["name"] if training else train.initial_weights.get(params.corpus)
    ours: dict[str, tuple[str, Any]] = {
        "WEIGHTS": ("initial weights", {"imagenet": "IMAGENET1K_V1", None: "IMAGENET1K_V1"}.get(weights, weights)),
        "BATCH_SIZE": ("batch, images", train.batch),
        "LEARNING_RATE": ("learning rate of the head", train.learning_rate_head),
        # Fixed in the code, not parameters; tests compare the code with these words.
        "LOSS": ("loss", "CrossEntropyLoss"),
        "OPTIMISER": ("optimiser", "Adam"),
        "TRAIN.RESIZE_PX": ("training images, px", train.image_size_px),
        "TRAIN.CROP_SCALE_MIN": ("smallest crop, share of the area", CROP_AREA[0]),
        "TRAIN.CROP_SCALE_MAX": ("largest crop, share of the area", CROP_AREA[1]),
        "TRAIN.FLIP_PROBABILITY": ("probability of a flip", 0.5),
        "TRAIN.JITTER": ("jitter of brightness, contrast, saturation", JITTER),
        "VALIDATION.RESIZE_PX": ("validation images, px", train.image_size_px),
        **{
            f"NORMALIZE.{kind}_{colour.upper()}": (f"normalisation, {words} of {colour}", values[place])
            for kind, words, values in (("MEAN", "mean", IMAGENET_MEAN), ("STD", "deviation", IMAGENET_STD))
            for place, colour in enumerate(("red", "green", "blue"))
        },
    }
    rows = []
    for key, (label, value) in ours.items():
        item = results.judged.get(f"T5.{key}")
        if item is not None:
            same = "same" if value == item.claim.value else "differs"
            text = value if isinstance(value, str) else number(float(value), item.claim.decimals)
            rows.append(_row(results, label, [item.claim.id], (text,), same))
    return tuple(rows)


def figure5(results: Results, training: Training, *, simulated: bool) -> tuple[ComparisonRow, ...]:
    """Figure 5 by epoch: both losses and the accuracy of validation, which the record gives as a count of images."""
    rows = []
    for epoch in training.epochs.to_dict("records"):
        ids = [f"F5.{name}.E{epoch['epoch']}" for name in ("TRAIN_LOSS", "VAL_LOSS", "VAL_ACCURACY_COUNT")]
        rebuilt = (number(epoch["train_loss"], 3), number(epoch["val_loss"], 3), number(100 * epoch["val_accuracy"], 2))
        row = _row(results, str(epoch["epoch"]), ids, rebuilt)
        if {ids[2], "F5.VAL_IMAGES"} <= results.judged.keys():
            correct, images = (results.claims[name].number for name in (ids[2], "F5.VAL_IMAGES"))
            row = row._replace(published=(*row.published[:2], (number(100 * correct / images, 2), ids[2])))
            if not simulated:
                row = row._replace(difference=signed(100 * (epoch["val_accuracy"] - correct / images), 2))
        rows.append(row)
    return tuple(rows)


def table6(
    results: Results, predictions: Predictions, *, simulated: bool, name: str = "table6"
) -> tuple[ComparisonRow, ...]:
    """Table 6: frames classified yes and no, the thesis' ratio yes / no, and the share yes / (yes + no) beside it.

    The last two cells are the colour rule's yes and no, where it was applied.
    """
    rows = []
    rule = {(row["sun_bin"], row["moon_bin"]): [row] for row in predictions.rows(f"{name}_colour_rule")}
    for cell in predictions.rows(name):
        ids = [f"T6.{cell['sun_bin']}.{cell['moon_bin']}.{what}".upper() for what in ("YES", "NO", "RATIO")]
        odds, share = (cell[f"{what}_percent"] for what in ("odds", "share"))
        of_rule = [
            f"{row[what]:,}" for row in rule.get((cell["sun_bin"], cell["moon_bin"]), []) for what in ("yes", "no")
        ]
        rebuilt = (f"{cell['yes']:,}", f"{cell['no']:,}", _rounded(odds, 1), _rounded(share, 1), *of_rule)
        difference = _difference(results, ids[2], odds, simulated=simulated)
        rows.append(_row(results, f"{cell['sun_bin']}, {cell['moon_bin']}", ids, rebuilt, difference))
    return tuple(rows)


def figure6(results: Results, predictions: Predictions, *, simulated: bool) -> tuple[ComparisonRow, ...]:
    """Figure 6: mean and standard deviation of p(yes) over the frames classified yes, and over all beside it."""
    over: dict[str, dict[str, dict[str, Any]]] = {"predicted yes": {}, "all": {}}
    for row in predictions.rows("figure6"):
        over[row["over"]][f"{row['sun_bin']}.{row['moon_bin']}"] = row
    rows = []
    for cell in CELLS:
        ids = [f"F6.YES.{cell}.{what}".upper() for what in ("MEAN", "SD")]
        yes, all_frames = (over[kind].get(cell, {}) for kind in ("predicted yes", "all"))
        rebuilt = tuple(
            _rounded(kind.get(f"{what}_percent"), 1) for kind in (yes, all_frames) for what in ("mean", "sd")
        )
        difference = _difference(results, ids[0], yes.get("mean_percent", float("nan")), simulated=simulated)
        rows.append(_row(results, cell.replace(".", ", "), ids, rebuilt, difference))
    return tuple(rows)


def figure7(results: Results, predictions: Predictions, *, simulated: bool) -> tuple[ComparisonRow, ...]:
    """Figure 7: the bins at both ends that were read off the print, and the same ones rebuilt."""
    table = predictions.tables["figure7"]
    cells = (table["sun_bin"] + "." + table["moon_bin"]).str.upper()
    rows = []
    for name in results.judged:
        if not name.startswith(("F7.FIRST_BIN.", "F7.LAST_BIN.")):
            continue
        _, part, cell = name.split(".", 2)
        label, low = ("no", 0) if part == "FIRST_BIN" else ("yes", 99)
        in_cell = table[(cells == cell) & (table["predicted"] == label)]
        value = float(in_cell.loc[in_cell["low_percent"] == low, "density"].sum()) if len(in_cell) else float("nan")
        words = f"{next(c for c in CELLS if c.upper() == cell).replace('.', ', ')}: {low} to {low + 1} %"
        difference = _difference(results, name, value, simulated=simulated)
        rows.append(_row(results, words, [name], (_rounded(value, 3),), difference))
    return tuple(rows)


def panels(results: Results, gradcam: Gradcam) -> tuple[ComparisonRow, ...]:
    """The Grad-CAM panels: cases that the thesis shows, and those that this corpus has."""
    rows = []
    for key, cases in gradcam.document["quantities"].items():
        name = key.upper().replace("GRADCAM.", "GC.")
        if name in results.judged:
            same = "same" if cases == results.claims[name].value else "differs"
            rows.append(_row(results, key.partition(".")[2], [name], (cases or NOTHING,), same))
    return tuple(rows)


def _row(
    results: Results, label: str, ids: Sequence[str], rebuilt: tuple[str, ...], difference: str = NOTHING
) -> ComparisonRow:
    """A row with the published values of some claims, a dash for one that is not registered, and the evidence on them."""
    items = {name: results.judged[name] for name in ids if name in results.judged}
    shown = {
        name: number(item.claim.number, item.claim.decimals) if item.claim.is_number else published(item.claim)
        for name, item in items.items()
    }
    cells = tuple((shown[name], name) if name in shown else (NOTHING, "") for name in ids)
    return ComparisonRow(label, cells, rebuilt, difference, gravest_outcomes(list(items.values())))


def _difference(results: Results, name: str, value: float, *, simulated: bool) -> str:
    if simulated or name not in results.judged or pd.isna(value):
        return NOTHING
    claim = results.judged[name].claim
    return signed(value - claim.number, claim.decimals)


def _rounded(value: float | None, decimals: int) -> str:
    return NOTHING if value is None or pd.isna(value) else number(value, decimals)
