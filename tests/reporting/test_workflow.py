"""Figure 1 as the project runs it."""

import pytest

from repro.errors import ReproError
from repro.reporting import workflow

TEXT = """
stages:
  film: {cmd: x, desc: cut, deps: [code.py, "data/${corpus}/videos"], outs: ["results/${corpus}/film": {persist: true}]}
  clock: {cmd: x, deps: ["results/${corpus}/film"], outs: ["results/${corpus}/clock"]}
  sky: {cmd: x, deps: ["results/${corpus}/film", "results/${corpus}/clock/tables"], outs: ["results/${corpus}/sky"]}
  schedule: {cmd: x, outs: [results/schedule]}
  report: {cmd: x, deps: ["results/${corpus}/sky", results/schedule], outs: [report/build]}
"""


@pytest.fixture
def table(small):
    """Stages of a pipeline of five, of which schedule and film have run."""
    (small.root / "dvc.yaml").write_text(TEXT)
    small.stage("simulated", "film").mkdir(parents=True)
    return workflow.stages(small, "simulated").set_index("stage")


def test_stages(table):
    """A stage follows those whose outputs it needs, unless another of them needs these already, and stands to their right.

    It has run if all its outputs are there. No two stand on one place.
    """
    assert table[["after", "column", "made"]].T.to_dict("list") == {
        "film": ["", 0, True],
        "clock": ["film", 1, False],
        "sky": ["clock", 2, False],
        "schedule": ["", 2, True],
        "report": ["schedule sky", 3, True],
    }
    assert table.loc["film", "what"] == "cut"
    assert not table.duplicated(["column", "row"]).any()


def test_every_stage_is_drawn(table, tmp_path):
    """Each stage is a box in the figure, with a dashed outline if it has not run."""
    workflow.draw(table.reset_index(), tmp_path / "figure1.svg")
    text = (tmp_path / "figure1.svg").read_text()
    assert text.count("stroke-dasharray") == 2


def test_a_circle_is_refused(small):
    """Stages that need each other are named instead of being drawn."""
    (small.root / "dvc.yaml").write_text("stages: {a: {deps: [y], outs: [x]}, b: {deps: [x], outs: [y]}}")
    with pytest.raises(ReproError, match="a, b"):
        workflow.stages(small, "simulated")


def test_without_a_pipeline(small):
    """A project without dvc.yaml has no stages to show."""
    assert workflow.stages(small, "simulated").empty
