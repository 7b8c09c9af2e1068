"""The split of labelled frames into training and validation, balanced between the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Literal

import pandas as pd

from repro.errors import ReproError
from repro.labels.sample import Group, dates
from repro.seeding import generator

Unit = Literal["frames", "nights"]
Remainder = Literal["largest_fraction", "most_images"]

TRAIN, VAL = "train", "val"


def split(
    labelled: pd.DataFrame,
    seed: int,
    *,
    train_share: float = 0.8,
    unit: Unit = "frames",
    group: Group = "utc_date",
    remainder: Remainder = "largest_fraction",
) -> pd.Series[str]:
    """Split labelled frames: ``train``, ``val`` or missing for each, in their order.

    As published: of each date, ``int(train_share * n)`` of its n yes frames train and the rest validate; no frames are
    then drawn to the same two totals, of each date in proportion, with what rounding leaves handed out by
    :func:`quotas`, for training first, then for validation from the rest. Remaining frames labelled no are not used.
    Each date has its own source of random numbers. Raises ReproError if a class has no frame at all, if there are too few
    frames labelled no to match those labelled yes, or if whole nights leave a class missing on one side.

    Parameters
    ----------
    labelled : DataFrame
        ``name``, ``night``, ``time_utc`` and ``label`` (yes or no), one row a frame. The order does not matter.
    unit : str
        ``frames``, as published: frames of one night fall on both sides, a minute apart. ``nights``: whole observing
        nights validate, so that validation asks for nights never seen; on each side the larger class is cut down to
        the size of the smaller.
    group : str
        What a date is while frames are split, see :func:`repro.labels.sample.dates`.
    """
    for label in ("yes", "no"):
        if not (labelled["label"] == label).any():
            raise ReproError(
                found=f"no frame labelled {label!r} on any date, among {len(labelled)} labelled frames",
                expected="frames of both classes",
                where="stage split",
                remedy="label more frames of the sample",
            )
    rows = labelled.sort_values("name")
    if unit == "nights":
        sides = _by_night(rows, seed, train_share, remainder)
    else:
        sides = _by_frame(rows.assign(date=dates(rows, group)), seed, train_share, remainder)
    return sides.reindex(labelled.index).astype("str").rename("split")


def quotas(counts: Sequence[int], total: int, remainder: Remainder = "largest_fraction") -> list[int]:
    """Share out ``total`` over dates in proportion to their images, in whole images, none above its date's.

    Each date gets its proportion rounded down. What is missing goes, one image a date, to the largest fractions
    (``largest_fraction``: the published script, also known as Hamilton's method) or to the dates with the most images
    (``most_images``: the thesis' text). Among equal dates the first come first. Raises ValueError if ``total`` is negative
    or more than there is.
    """
    everything = sum(counts)
    if not 0 <= total <= everything:
        raise ValueError(f"cannot take {total} of {everything} images")
    if everything == 0:
        return [0] * len(counts)
    # Whole numbers throughout: 1024/3210 as a float could round a proportion across an integer.
    shares = [divmod(count * total, everything) for count in counts]
    taken = [whole for whole, _ in shares]
    rank = [part for _, part in shares] if remainder == "largest_fraction" else list(counts)
    order = sorted(range(len(counts)), key=lambda place: -rank[place])
    for place in order[: total - sum(taken)]:
        taken[place] += 1
    return taken


def counts(labelled: pd.DataFrame, sides: pd.Series[str]) -> dict[str, int]:
    """Frames by class and side: ``labelled``, ``labelled_yes``, ``train_no``, and so on."""
    numbers: dict[str, int] = {"labelled": len(labelled)}
    for label in ("yes", "no"):
        of_class = labelled["label"] == label
        numbers[f"labelled_{label}"] = int(of_class.sum())
        for side in (TRAIN, VAL):
            numbers[f"{side}_{label}"] = int((of_class & (sides == side)).sum())
    return numbers


def _by_frame(rows: pd.DataFrame, seed: int, train_share: float, remainder: Remainder) -> pd.Series[str]:
    sides = pd.Series(index=rows.index, dtype="object")
    yes = rows[rows["label"] == "yes"]
    for date, of_date in yes.groupby("date", sort=True):
        order = of_date.index[generator(seed, "split", "yes", date).permutation(len(of_date))]
        kept = int(train_share * len(of_date))
        sides.loc[order[:kept]] = TRAIN
        sides.loc[order[kept:]] = VAL
    _take(
        sides,
        "no",
        _by(rows[rows["label"] == "no"], "date"),
        {side: int((sides == side).sum()) for side in (TRAIN, VAL)},
        seed,
        remainder,
    )
    return sides


def _by(rows: pd.DataFrame, column: str) -> dict[str, pd.Index]:
    """Index of the rows of each date or night, in the order of dates."""
    return {str(value): group.index for value, group in rows.groupby(column, sort=True)}


def _by_night(rows: pd.DataFrame, seed: int, train_share: float, remainder: Remainder) -> pd.Series[str]:
    """Nights in a random order validate until they hold their share of the yes frames; the others train."""
    sides = pd.Series(index=rows.index, dtype="object")
    groups = dict(list(rows.groupby(dates(rows, "night"), sort=True)))
    # Each night draws its own number, so that a night added later does not change the order of the others.
    order = sorted(groups, key=lambda night: generator(seed, "split", night).random())
    yes = rows["label"] == "yes"
    wanted = int(yes.sum()) - int(train_share * int(yes.sum()))
    before = [0, *accumulate(int((groups[night]["label"] == "yes").sum()) for night in order)]
    validating = sum(yes_before < wanted for yes_before in before[:-1])
    for side, nights in ((VAL, order[:validating]), (TRAIN, order[validating:])):
        rows_of_side = pd.concat([groups[night] for night in sorted(nights)]) if nights else rows.iloc[:0]
        classes = {label: _by(rows_of_side[rows_of_side["label"] == label], "night") for label in ("yes", "no")}
        size = min(sum(map(len, members.values())) for members in classes.values())
        if size == 0:
            raise ReproError(
                found=f"nights for {side} ({len(nights)} of {len(order)}) without a frame of one class",
                expected="both classes on both sides",
                where="stage split, whole nights",
                remedy="label more nights with aurora, or take another seed",
            )
        for label, members in classes.items():
            _take(sides, label, members, {side: size}, seed, remainder)
    return sides


def _take(
    sides: pd.Series[str],
    label: str,
    members: Mapping[str, pd.Index],
    totals: Mapping[str, int],
    seed: int,
    remainder: Remainder,
) -> None:
    """Give each side its total of one class, one after another from the remaining frames, by each date's quota; in place."""
    left = {
        date: index[generator(seed, "split", label, date).permutation(len(index))] for date, index in members.items()
    }
    available = sum(map(len, left.values()))
    if sum(totals.values()) > available:
        raise ReproError(
            found=f"{available} frames labelled {label}, {sum(totals.values())} needed to match the other class",
            expected=f"at least as many frames labelled {label} as of the other class",
            where="stage split",
            remedy=f"label more frames, or fewer of the other class: the record balances by drawing among {label}",
        )
    for side, total in totals.items():
        for date, taken in zip(left, quotas([len(index) for index in left.values()], total, remainder), strict=True):
            sides.loc[left[date][:taken]] = side
            left[date] = left[date][taken:]
