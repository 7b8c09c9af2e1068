"""Published, predicted and difference, as the tables print them."""

from __future__ import annotations

from repro.reporting.sky_tables import sky_tables, table4
from repro.reporting.verdicts import load_results
from tests.reporting.conftest import judge


def test_rows(small):
    """A row gives both counts, their difference with its sign, and the difference in percent of the published count."""
    _, table3 = sky_tables(load_results(small))
    row = next(row for row in table3.rows if row.claim == "T3.ASTRO.MOON_FULL")
    assert row.label == ("Moon_Full", "Astronomical twilight")
    assert (row.published, row.predicted, row.difference, row.percent) == ("3,100", "3,162", "+62", "+2.00 %")
    assert row.verdict is not None
    assert row.verdict.outcome == "consistent"
    assert len(table3.rows) == 9


def test_a_row_without_prediction_has_dashes(small):
    """A count that nothing predicts, or whose prediction is missing, has dashes and no difference."""
    judge(small, {"night": None})
    table2, _ = sky_tables(load_results(small))
    night, astro, nautical = table2.rows
    assert (night.predicted, night.difference, night.percent) == ("—", "—", "—")
    assert night.verdict is not None
    assert night.verdict.outcome == "not_run"
    assert (astro.predicted, astro.verdict, astro.note) == ("—", None, "not declared for this evidence")
    assert (nautical.predicted, nautical.note) == ("—", "the prediction is fitted to it")


def test_a_cell_of_table_4(small):
    """A cell holds the printed figure and the counted one with one digit more; a network that cannot be built has a dash."""
    rows = dict(table4(load_results(small)).rows)
    counted = rows["EfficientNet-B1"][2]
    assert (counted.published, counted.measured, counted.verdict.outcome) == ("7.8", "7.79", "confirmed")
    unknown = rows["Xception"][2]
    assert (unknown.published, unknown.measured, unknown.verdict.outcome) == ("23.0", "—", "not_run")
    assert rows["ResNet-152"] == (None,) * 6
