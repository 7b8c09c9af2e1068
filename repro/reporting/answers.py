"""What the report shows of stage softmax: Table 6, Figures 6 and 7, and errors where right answers are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from repro.paths import Paths
from repro.record.compare import Verdict
from repro.reporting.results import Results, claim_number
from repro.reporting.words import NOTHING, number, signed
from repro.sky.bins import CONDITIONS
from repro.store import read_json

MADE_BY = "dvc repro softmax"


@dataclass(frozen=True)
class Answers:
    """The network's answers to a corpus, as stage softmax counted them.

    Parameters
    ----------
    document : mapping
        ``softmax.json``.
    tables : mapping
        Its tables by name: ``table6``, ``figure6``, ``figure7``, and those of errors where they exist.
    """

    document: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @property
    def errors(self) -> Mapping[str, Any] | None:
        """What is said of right and wrong answers; None where no right answer is known."""
        found: Mapping[str, Any] | None = self.document.get("errors")
        return found

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table; none if there is no such table."""
        table = self.tables.get(name)
        return [] if table is None else [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


@dataclass(frozen=True)
class Row:
    """One condition of Table 6, ready to print; ``difference`` is of the ratio, in points."""

    condition: tuple[str, str]
    published: tuple[str, str, str]
    rebuilt: tuple[str, str, str, str]
    difference: str
    verdict: Verdict | None


def load_answers(paths: Paths, corpus: str) -> Answers | None:
    """Read what stage softmax left; None if it has not run."""
    folder = paths.stage(corpus, "softmax")
    if not (folder / "softmax.json").is_file():
        return None
    tables = {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    if "confusion" in tables:
        tables["confusion"] = _as_in_table_3(tables["confusion"])
    return Answers(read_json(folder / "softmax.json", made_by=MADE_BY), tables)


def table6(results: Results, answers: Answers, *, simulated: bool) -> tuple[Row, ...]:
    """Table 6 published, rebuilt, and by how much they differ.

    A simulated corpus has no difference: its counts are its own, and nothing in them speaks about the record.
    """
    rows = []
    for entry in answers.rows("table6"):
        sun, moon = entry["sun_bin"], entry["moon_bin"]
        names = [f"T6.{sun}.{moon}.{what}".upper() for what in ("YES", "NO", "RATIO")]
        claims = [results.judged[name].claim if name in results.judged else None for name in names]
        ratio = claims[2]
        difference, verdict = NOTHING, None
        if ratio is not None and not simulated:
            verdict = results.judged[ratio.id].by("corpus")
            if pd.notna(entry["odds_percent"]):
                difference = signed(entry["odds_percent"] - claim_number(ratio), 1)
        rows.append(
            Row(
                (sun, moon),
                _three([number(claim_number(claim), claim.decimals) if claim else NOTHING for claim in claims]),
                (
                    f"{entry['yes']:,}", f"{entry['no']:,}", _tenth(entry["odds_percent"]), _tenth(entry["share_percent"]),
                ),
                difference,
                verdict,
            )
        )  # fmt: skip
    return tuple(rows)


def _as_in_table_3(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in the order of Table 3, behind the row of all frames; conditions that it does not have come last."""
    order = {cell: number for number, cell in enumerate([("all", "all"), *CONDITIONS])}
    places = [order.get(cell, len(order)) for cell in zip(table["sun_bin"], table["moon_bin"], strict=True)]
    return table.iloc[sorted(range(len(table)), key=places.__getitem__)].reset_index(drop=True)


def _three(texts: list[str]) -> tuple[str, str, str]:
    return texts[0], texts[1], texts[2]


def _tenth(value: float) -> str:
    return number(value, 1) if pd.notna(value) else NOTHING
