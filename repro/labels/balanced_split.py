"""The split of labelled frames into training and validation, balanced between the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import pandas as pd

from repro.errors import ReproError
from repro.labels.sample import MOON, SUN, dates
from repro.params import Schedule, SplitParams
from repro.schedule.record_nights import in_record
from repro.seeding import generator

TRAIN, VAL = "train", "val"
PUBLISHED = SplitParams()
#: Columns of the split stage's table.
SPLIT_COLUMNS = ("night", "number", "name", "time_utc", "label", "split", "split_by_night")


def split_table(
    table: pd.DataFrame, labels: pd.DataFrame, schedule: Schedule, params: SplitParams, seed: int
) -> pd.DataFrame:
    """Labelled frames for training or validation, as published and by whole nights: :data:`SPLIT_COLUMNS`, sorted by name.

    Labels of other conditions than Night and No_moon, and of nights that the record does not cover, are not used; their
    frames are assigned to neither. ``split`` follows ``params.unit``, ``split_by_night`` always takes whole nights; it has
    no value at all if there are too few labels for that. ``table`` is the frame table of stage ``sky`` with all nights,
    ``labels`` a label file. Raises ReproError as :func:`split`.
    """
    rows = table.merge(labels, on="name", how="inner", validate="one_to_one").sort_values("name", ignore_index=True)
    usable = (rows["sun_bin"] == SUN) & (rows["moon_bin"] == MOON) & in_record(rows, schedule)
    trained = rows[usable]
    rows["split"] = split(trained, seed, params).reindex(rows.index)
    try:
        by_night = params.model_copy(update={"unit": "nights"})
        rows["split_by_night"] = split(trained, seed, by_night).reindex(rows.index)
    except ReproError:
        if params.unit == "nights":
            raise
        rows["split_by_night"] = pd.Series(None, index=rows.index, dtype="str")
    return rows[list(SPLIT_COLUMNS)]


def split_quantities(counts: Mapping[str, int], params: SplitParams) -> dict[str, int | str]:
    """The split as quantities by name: ``labels.yes``, ``split.train_no``, ``split.group`` and so on."""
    group = "by UTC date" if params.group == "utc_date" else "by night"
    return {
        **{f"split.{name}": count for name, count in counts.items()},
        **{f"labels.{label}": counts[f"labelled_{label}"] for label in ("yes", "no")},
        "split.group": group if params.unit == "frames" else "whole nights",
    }


def split(labelled: pd.DataFrame, seed: int, params: SplitParams = PUBLISHED) -> pd.Series[str]:
    """Split labelled frames: ``train``, ``val`` or missing for each, in their order.

    ``labelled`` has ``name``, ``night``, ``time_utc`` and ``label`` (yes or no), one row a frame. The order does not matter.

    As published: of each date, ``int(train_share * n)`` of its n yes frames train and the rest validate; no frames are
    then drawn to the same two totals, of each date in proportion, with what rounding leaves handed out by
    :func:`quotas`, for training first, then for validation from the rest. Remaining frames labelled no are not used.
    Each date has its own source of random numbers. Raises ReproError if a class has no frame at all, if there are too few
    frames labelled no to match those labelled yes, or if whole nights leave a class missing on one side.
    """
    for label in ("yes", "no"):
        if not (labelled["label"] == label).any():
            raise ReproError(
                found=f"no frame labelled {label!r} on any date, among {len(labelled)} labelled frames",
                expected="frames of both classes",
                where="stage split",
                remedy="label more frames of the sample",
            )
    by = _by_night if params.unit == "nights" else _by_frame
    return by(labelled.sort_values("name"), seed, params).reindex(labelled.index).astype("str").rename("split")


def quotas(counts: Sequence[int], total: int, remainder: str = PUBLISHED.remainder) -> list[int]:
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


def _by_frame(rows: pd.DataFrame, seed: int, params: SplitParams) -> pd.Series[str]:
    sides = pd.Series(index=rows.index, dtype="object")
    rows = rows.assign(date=dates(rows, params.group))
    for date, of_date in rows[rows["label"] == "yes"].groupby("date", sort=True):
        order = of_date.index[generator(seed, "split", "yes", date).permutation(len(of_date))]
        kept = int(params.train_share * len(of_date))
        sides.loc[order[:kept]] = TRAIN
        sides.loc[order[kept:]] = VAL
    totals = {side: int((sides == side).sum()) for side in (TRAIN, VAL)}
    _take(sides, rows[rows["label"] == "no"], "date", totals, seed, params)
    return sides


def _by_night(rows: pd.DataFrame, seed: int, params: SplitParams) -> pd.Series[str]:
    """Nights in a random order validate until they hold their share of the yes frames; the others train."""
    sides = pd.Series(index=rows.index, dtype="object")
    yes = rows["label"] == "yes"
    # Each night draws its own number, so that a night added later does not change the order of the others.
    order = sorted(sorted(set(rows["night"])), key=lambda night: generator(seed, "split", night).random())
    wanted = int(yes.sum()) - int(params.train_share * int(yes.sum()))
    before = [0, *accumulate(int((yes & (rows["night"] == night)).sum()) for night in order)]
    validating = sum(yes_before < wanted for yes_before in before[:-1])
    for side, nights in ((VAL, order[:validating]), (TRAIN, order[validating:])):
        here = rows["night"].isin(nights)
        size = min(int((yes & here).sum()), int((~yes & here).sum()))
        if size == 0:
            raise ReproError(
                found=f"nights for {side} ({len(nights)} of {len(order)}) without a frame of one class",
                expected="both classes on both sides",
                where="stage split, whole nights",
                remedy="label more nights with aurora, or take another seed",
            )
        for of_class in (yes, ~yes):
            _take(sides, rows[of_class & here], "night", {side: size}, seed, params)
    return sides


def _take(
    sides: pd.Series[str], rows: pd.DataFrame, column: str, totals: Mapping[str, int], seed: int, params: SplitParams
) -> None:
    """Give each side its total of one class, one after another from the remaining frames, by the quota of each date or night.

    In place.
    """
    label = str(rows["label"].iloc[0])
    groups = {str(date): group.index for date, group in rows.groupby(column, sort=True)}
    left = {date: at[generator(seed, "split", label, date).permutation(len(at))] for date, at in groups.items()}
    if sum(totals.values()) > len(rows):
        raise ReproError(
            found=f"{len(rows)} frames labelled {label}, {sum(totals.values())} needed to match the other class",
            expected=f"at least as many frames labelled {label} as of the other class",
            where="stage split",
            remedy=f"label more frames, or fewer of the other class: the record balances by drawing among {label}",
        )
    for side, total in totals.items():
        shares = quotas([len(index) for index in left.values()], total, params.remainder)
        for date, taken in zip(left, shares, strict=True):
            sides.loc[left[date][:taken]] = side
            left[date] = left[date][taken:]
