"""Tables of the thesis beside the prediction: published, predicted, difference, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from repro.record.comparator import Verdict
from repro.reporting.verdicts import JudgedClaim, Results
from repro.reporting.wording import NOTHING, SUN_WORDS, number, signed
from repro.sky.bins import MOON_BINS


class PredictedRow(NamedTuple):
    """One line of a comparison, ready to print, with the id of its claim; a dash where there is nothing.

    ``note`` says why there is no verdict, which is None where the claim declares no such evidence.
    """

    label: tuple[str, ...]
    claim: str
    published: str
    predicted: str
    difference: str
    percent: str
    verdict: Verdict | None
    note: str


class SkyTable(NamedTuple):
    """One table of the thesis: its name, what it shows in English and as the thesis prints it, headings and rows."""

    name: str
    title: str
    korean: str
    heads: tuple[str, ...]
    rows: tuple[PredictedRow, ...]

    @property
    def anchor(self) -> str:
        """Id of the table on the page."""
        return self.name.lower().replace(" ", "-")


class NetworkCell(NamedTuple):
    """One number of Table 4: as published, as measured, and the verdict on it."""

    claim: str
    published: str
    measured: str
    verdict: Verdict | None


def sky_tables(results: Results) -> tuple[SkyTable, ...]:
    """Tables 2 and 3 beside the prediction from the sky."""
    suns = {sun: words if sun == "Night" else f"{words} twilight" for sun, words in SUN_WORDS.items()}
    by_sun = [((words,), f"T2.{sun}") for sun, words in suns.items()]
    by_cell: list[tuple[tuple[str, ...], str]] = []
    for moon in MOON_BINS:
        by_cell += [((moon, words), f"T3.{sun}.{moon}") for sun, words in suns.items()]
        by_cell.append(((moon, "All"), f"TXT.MOON.{moon}"))
    return (
        SkyTable(
            "Table 2",
            "Frames by altitude of the sun",
            "태양 고도 조건에 따른 시간대별 이미지 분포",
            ("Sun",),
            _rows(results, [*by_sun, (("All frames",), "TXT.FRAMES")]),
        ),
        SkyTable(
            "Table 3",
            "Frames by moonlight and altitude of the sun",
            "달 고도 및 위상 조건에 따른 달빛 단계별 이미지 분포",
            ("Moonlight", "Sun"),
            _rows(results, by_cell),
        ),
    )


NETWORKS = {
    "EFFICIENTNET_B1": "EfficientNet-B1",
    "RESNET152": "ResNet-152",
    "DENSENET264": "DenseNet-264",
    "INCEPTION_V3": "Inception-v3",
    "XCEPTION": "Xception",
}
NETWORK_COLUMNS = {
    "TOP1": "top-1, %",
    "TOP5": "top-5, %",
    "PARAMETERS": "parameters, million",
    "PARAMETER_RATIO": "ratio to B1",
    "FLOPS": "multiply-adds, billion",
    "FLOPS_RATIO": "ratio to B1",
}


def table4(results: Results) -> dict[str, list[NetworkCell | None]]:
    """Table 4 beside the counts of torchvision's networks, by network; None where nothing is registered."""
    return {
        words: [_cell(results, f"T4.{network}.{column}") for column in NETWORK_COLUMNS]
        for network, words in NETWORKS.items()
    }


def _cell(results: Results, name: str) -> NetworkCell | None:
    if name not in results.judged:
        return None
    item = results.judged[name]
    verdict = item.by("architecture")
    seen = verdict.measured if verdict is not None else None
    # One digit more than printed shows on which side of the rounding a value is.
    text = number(seen, item.claim.decimals + 1) if isinstance(seen, int | float) else NOTHING
    return NetworkCell(name, number(item.claim.number, item.claim.decimals), text, verdict)


def _rows(results: Results, wanted: Sequence[tuple[tuple[str, ...], str]]) -> tuple[PredictedRow, ...]:
    fitted = {float(value) for value in results.schedule["fit"]["fitted_to"].values()}
    judged = [(label, results.judged.get(name.upper())) for label, name in wanted]
    return tuple(_row(item, label, fitted) for label, item in judged if item is not None)


def _row(item: JudgedClaim, label: tuple[str, ...], fitted: set[float]) -> PredictedRow:
    claim, verdict = item.claim, item.by("ephemeris")
    published = claim.number
    predicted = difference = percent = NOTHING
    if verdict is not None and isinstance(verdict.measured, int | float):
        gap = verdict.measured - published
        predicted = number(verdict.measured, claim.decimals)
        difference = signed(gap, claim.decimals)
        percent = f"{signed(100 * gap / published, 2)} %" if published else NOTHING
    note = ""
    if verdict is None:
        note = "the prediction is fitted to it" if published in fitted else "not declared for this evidence"
    return PredictedRow(
        label, claim.id, number(published, claim.decimals), predicted, difference, percent, verdict, note
    )
