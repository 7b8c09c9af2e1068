"""Tables of a tiny corpus against the machine-made store expected/baseline, which is regenerated on purpose only.

After a change that is meant to move them: ``pytest tests/pipeline/test_baseline.py --force-regen``, and a line in CHANGELOG
that says by how much.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pytest_regressions.dataframe_regression import DataFrameRegressionFixture

from repro.analysis.corpus import analyse
from repro.classifier.train import fine_tune
from repro.labels.corpus import draw_sample, simulated_labels, split_table
from repro.params import Params, SoftmaxParams, TrainParams, load_params
from repro.paths import Paths
from repro.sky.bins import CONDITIONS
from tests.conftest import ROOT
from tests.support.answers import answered
from tests.support.corpus import add_night
from tests.support.images import labelled_images, small

STORE = ROOT / "expected" / "baseline"
NIGHTS = ("20221203", "20221204", "20240203", "20240204")
SEED = 7
#: Arithmetic on stored numbers; what is left is the seventeenth digit and the text it is stored as.
EXACT = {"atol": 1e-12, "rtol": 1e-9}
#: Losses of twelve steps of Adam. One thread or two, and instruction sets from SSE4.1 to AVX-512 (ATEN_CPU_CAPABILITY,
#: ONEDNN_MAX_CPU_ISA), move them by up to 5e-6 on one machine; forty times that leaves room for other processors.
TRAINED = {"atol": 2e-4, "rtol": 0.0}


class Store:
    """Compares a table with its file; columns, their order and their types first, for the comparison itself forgives these."""

    def __init__(self, regression: DataFrameRegressionFixture) -> None:
        self.regression = regression

    def check(self, name: str, table: pd.DataFrame, kinds: dict[str, str], tolerance: dict[str, float]) -> None:
        """Compare a table whose columns are of these kinds: text, whole or real."""
        assert list(table.columns) == list(kinds)
        for column, kind in kinds.items():
            dtype = table[column].dtype
            found = (
                "real" if pd.api.types.is_float_dtype(dtype)
                else "whole" if pd.api.types.is_integer_dtype(dtype)
                else "text"
            )  # fmt: skip
            assert found == kind, f"{name}.{column} is {dtype}"
        path = STORE / f"{name}.csv"
        if path.is_file():
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
            assert rows[0][1:] == list(kinds)
            assert len(rows) - 1 == len(table)
        texts = [column for column, kind in kinds.items() if kind == "text"]
        plain = table.reset_index(drop=True).assign(
            **{column: table[column].to_numpy(dtype=object) for column in texts}
        )
        plain[texts] = plain[texts].astype(object).where(table[texts].notna().to_numpy(), "")
        self.regression.check(plain, fullpath=path, default_tolerance=tolerance)


@pytest.fixture
def store(dataframe_regression: DataFrameRegressionFixture) -> Store:
    """The store of baselines."""
    return Store(dataframe_regression)


@pytest.fixture(scope="module")
def params() -> Params:
    """The shipped parameters."""
    return load_params(ROOT / "params.yaml")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, params: Params) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """All frames of a tiny simulated corpus, its sample, and the sample's labels."""
    project = Paths(tmp_path_factory.mktemp("corpus"))
    table = pd.concat([add_night(project, "simulated", night, 20, truth=True) for night in NIGHTS], ignore_index=True)
    drawn = draw_sample(table.drop(columns="aurora"), params.schedule, params.sample, SEED)
    return table, drawn, simulated_labels(drawn, project.truth("simulated"))


def test_sample(store: Store, sample: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    """The seed draws the very frames it drew before."""
    kinds = {"night": "text", "number": "whole", "name": "text", "date": "text"}
    store.check("sample", sample[1].drop(columns="time_utc"), kinds, EXACT)


def test_split(store: Store, params: Params, sample: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]) -> None:
    """Every labelled frame takes the side it took before, as published and by whole nights."""
    rows = split_table(sample[0], sample[2], params.schedule, params.split, SEED).drop(columns=["time_utc", "number"])
    kinds = dict.fromkeys(["night", "name", "label", "split", "split_by_night"], "text")
    store.check("split", rows, kinds, EXACT)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Tables of stage softmax for made-up answers in all nine conditions, a quarter of them labelled."""
    rng = np.random.default_rng(SEED)
    parts = [
        answered(f"202402{place + 1:02}", rng.beta(0.5, 0.8, size=40), cell) for place, cell in enumerate(CONDITIONS)
    ]
    frames = pd.concat(parts, ignore_index=True)
    known = frames.iloc[::4]
    words = np.where(rng.random(len(known)) < known["p_yes"], "yes", "no")
    split = pd.DataFrame({"name": known["name"], "label": words, "split": None}).astype("str")
    covered = pd.Series(True, index=frames.index)
    nowhere = Path(tmp_path_factory.mktemp("nothing")) / "truth"
    return analyse(frames, split, nowhere, covered, SoftmaxParams(bootstrap=200), SEED)[0]


CELL = {"moon_bin": "text", "sun_bin": "text"}
TABLES = {
    "table6": {**CELL, "yes": "whole", "no": "whole", "frames": "whole", "odds_percent": "real", "share_percent": "real"},
    "figure6": {"over": "text", **CELL, "frames": "whole", "mean_percent": "real", "sd_percent": "real"},
    "reliability": {
        "sun_bin": "text", "moon_bin": "text", "bin": "whole", "frames": "whole",
        **dict.fromkeys(["p_yes", "share_yes", "low", "high"], "real"),
    },
    "confusion": {
        "sun_bin": "text", "moon_bin": "text", **dict.fromkeys(["nights", "frames", "tp", "fp", "fn", "tn"], "whole"),
        **{
            f"{rate}{end}": "real"
            for rate in ("accuracy", "precision", "recall", "false_positive_rate", "false_negative_rate")
            for end in ("", "_low", "_high")
        },
        **dict.fromkeys(["f1", "accuracy_night_low", "accuracy_night_high"], "real"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_analysis(store: Store, analysis: dict[str, pd.DataFrame], name: str) -> None:
    """The same answers make the same table."""
    store.check(name, analysis[name], TABLES[name], EXACT)


def test_figure7(store: Store, analysis: dict[str, pd.DataFrame]) -> None:
    """The same answers fill the same bins; only filled ones are stored."""
    table = analysis["figure7"]
    kinds = {**CELL, "predicted": "text", "low_percent": "whole", "frames": "whole"}
    kinds |= {"density": "real", "density_of_all": "real"}
    store.check("figure7", table[table["frames"] > 0], kinds, EXACT)


def test_curves(store: Store) -> None:
    """The same seed trains along the same losses, as nearly as processors agree."""
    rng = np.random.default_rng(SEED)
    chosen = TrainParams(image_size_px=32, epochs_head=2, epochs_all=2, batch=8, learning_rate_head=0.01)
    trained = fine_tune(
        small(), labelled_images(24, rng), labelled_images(10, rng), chosen, seed=SEED, device=torch.device("cpu"),
        workers=1,
    )  # fmt: skip
    # Counts and accuracies are left out: whole numbers are compared without any tolerance, and one image may tip over.
    kinds = {"epoch": "whole", "phase": "text", "batch": "whole", "train_loss": "real", "val_loss": "real"}
    store.check("curves", trained.curves[list(kinds)], kinds, TRAINED)
