"""Published, predicted and difference, as the tables print them."""

from __future__ import annotations

from repro.reporting.results import load_results
from repro.reporting.tables import tables
from tests.reporting.conftest import judge


def test_rows(small):
    """A row gives both counts, their difference with its sign, and the difference in percent of the published count."""
    _, table3 = tables(load_results(small))
    row = next(row for row in table3.rows if row.claim == "T3.ASTRO.MOON_FULL")
    assert row.label == ("Moon_Full", "Astronomical twilight")
    assert (row.published, row.predicted, row.difference, row.percent) == ("3,100", "3,162", "+62", "+2.00 %")
    assert row.verdict is not None
    assert row.verdict.outcome == "consistent"
    assert len(table3.rows) == 9


def test_a_row_without_prediction_has_dashes(small):
    """A count that nothing predicts, or whose prediction is missing, has dashes and no difference."""
    judge(small, {"night": None})
    table2, _ = tables(load_results(small))
    night, astro = table2.rows
    assert (night.predicted, night.difference, night.percent) == ("—", "—", "—")
    assert night.verdict is not None
    assert night.verdict.outcome == "not_run"
    assert (astro.predicted, astro.verdict) == ("—", None)
