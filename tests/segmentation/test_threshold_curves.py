"""The comparison of both methods, on made-up answers whose numbers are known, and maps of occurrence."""

import numpy as np
import pandas as pd
import pytest

from repro.params import KopriParams
from repro.segmentation.cells import CELLS, cell_map
from repro.segmentation.compare_corpus import examples, maps_table, occurrence, read_maps
from repro.segmentation.frames_compared import Compared, cells_of
from repro.segmentation.threshold_curves import curves, equal_false_alarms, factor_five, lag_ratio, summary

SIZE = 96
KOPRI = KopriParams(image_size_px=SIZE)


def made_up(images: int = 12, seed: int = 2) -> Compared:
    """Images with true cells drawn at random: half of them stationary, which differencing does not see."""
    rng = np.random.default_rng(seed)
    truth = rng.random((images, CELLS)) < 0.3
    painter = cell_map(SIZE)
    masks = np.stack([painter.paint(cells) for cells in truth])
    motion = np.array(["stationary", "drifting"] * (images // 2))
    # The network sees nine tenths of the true cells and one in a hundred of the others.
    seen = (truth & (rng.random(truth.shape) < 0.9)) | (~truth & (rng.random(truth.shape) < 0.01))
    probability = np.stack([painter.paint(cells) for cells in seen]).astype(np.uint8) * 255
    noise = rng.exponential(1.0, truth.shape)
    moving = (motion == "drifting")[:, None] & truth
    change = {1: (noise + 12 * moving).astype(np.float32), 2: (1.5 * noise + 18 * moving).astype(np.float32)}
    table = pd.DataFrame(
        {
            "name": [f"i{number}" for number in range(images)], "night": "20200703", "motion": motion, "light": "dark",
            "weather": "clear", "place": np.repeat(["horizon", "overhead"], images // 2), "part": "held_out",
        }
    )  # fmt: skip
    return Compared(table, probability, masks, np.ones(images, bool), change)


@pytest.fixture(scope="module")
def held() -> Compared:
    """Twelve such images."""
    return made_up()


@pytest.fixture(scope="module")
def table(held: Compared) -> pd.DataFrame:
    """Their curves."""
    return curves(held, KOPRI)


def test_cells_are_auroral_by_majority(held: Compared) -> None:
    """Painted cells come back, and a cell with less than half of its pixels does not count."""
    assert (cells_of(held.masks) == held.true_cells()).all()
    mask = cell_map(SIZE).paint(np.arange(CELLS) == 40)
    assert np.flatnonzero(cells_of(mask[None])[0]).tolist() == [40]
    rows, columns = np.nonzero(mask)
    mask[rows[: len(rows) // 2 + 1], columns[: len(rows) // 2 + 1]] = False
    assert not cells_of(mask[None]).any()


def test_equal_false_alarms_compares_at_the_networks_rate() -> None:
    """Differencing is held to the network's rate of false alarms, and finds moving aurora only."""
    found = equal_false_alarms(made_up(40), KOPRI)
    assert found["false_alarms"] == pytest.approx(0.01, abs=0.004)
    assert found["network"]["stationary"] == pytest.approx(0.9, abs=0.03)
    for lag in ("1", "2"):
        own = found["lags"][lag]
        assert own["false_alarms"] <= found["false_alarms"]
        assert own["moving"] > 0.95
        assert own["stationary"] < 0.03
        assert own["ratio_stationary"] == pytest.approx(found["network"]["stationary"] / own["stationary"], rel=0.01)


def test_curves_follow_the_thresholds(held: Compared, table: pd.DataFrame) -> None:
    """Occurrence falls and the factor rises with the threshold; the factor of the truth is a ratio of two shares."""
    for _, rows in table[table["method"] == "differencing"].groupby("lag_min"):
        assert rows["occurrence"].is_monotonic_decreasing
        assert rows["factor_of_truth"].dropna().is_monotonic_increasing
        share = held.true_cells().mean() / rows["occurrence"].iloc[3]
        assert rows["factor_of_truth"].iloc[3] == pytest.approx(share)
    network = table[table["method"] == "network"]
    assert len(set(network["recall"])) == 1  # the made-up probabilities are 0 and 1


def test_threshold_of_five_is_interpolated() -> None:
    """Between two thresholds the factor is taken as a straight line; where it never reaches five there is none."""
    rows = pd.DataFrame({"method": "differencing", "lag_min": [1, 1, 1, 2, 2, 2], "threshold": [2.0, 4.0, 8.0] * 2,
                         "factor_of_network": [1.0, 4.0, 8.0, 1.0, 2.0, 3.0], "occurrence": [0.4, 0.2, 0.1, 0.6, 0.3, 0.1]})  # fmt: skip
    assert factor_five(rows) == {"1": 5.0, "2": None}
    assert lag_ratio(rows) == {"2": 1.5, "4": 1.5, "8": 1.0}


def test_summary_adds_up(held: Compared, table: pd.DataFrame) -> None:
    """All parts of the summary count the same images, and widths count all auroral pixels once."""
    found = summary(held, table, KOPRI)
    for method in ("network", "differencing_1", "differencing_2"):
        by_motion = found["pixels"][method]["motion"]
        assert sum(part["images"] for part in by_motion.values()) == found["images"] == 12
        assert sum(part["true_yes"] for part in by_motion.values()) == found["pixels"][method]["all"]["true_yes"]
        counted = sum(row["pixels"] for row in found["recall_by_width"][method])
        assert counted == found["pixels"][method]["all"]["true_yes"] + found["pixels"][method]["all"]["false_no"]
    assert found["cells"]["network"]["recall"] == pytest.approx(0.9, abs=0.03)


def test_examples_show_each_kind_once(held: Compared) -> None:
    """Of each motion and place the image with most aurora is shown, stationary aurora first."""
    chosen = examples(held)
    assert chosen["motion"].tolist() == ["stationary"] * 2 + ["drifting"] * 2
    best = held.table.assign(share=held.masks.mean((1, 2))).sort_values("share").groupby(["motion", "place"]).tail(1)
    assert sorted(chosen["name"]) == sorted(best["name"])


def test_maps_are_read_back() -> None:
    """Maps survive the table that the stage writes."""
    rng = np.random.default_rng(3)
    made = {name: occurrence(rng.random((20, CELLS)) < 0.2, rng.uniform(0, 12, 20)) for name in ("truth", "network")}
    back = read_maps(maps_table(made))
    assert list(back) == ["truth", "network"]
    for name, found in made.items():
        assert np.array_equal(back[name].rate, found.rate, equal_nan=True)
        assert (back[name].images == found.images).all()


def test_rate_is_flagged_over_usable_images() -> None:
    """Three images of one hour, one of another: each cell's rate is its own share, and an hour without images has none."""
    flags = np.zeros((4, CELLS), bool)
    flags[:2, 7] = True
    flags[3, 9] = True
    found = occurrence(flags, np.array([22.1, 22.9, 22.5, 3.0]))
    assert found.rate[[22, 22, 3], [7, 9, 9]].tolist() == [2 / 3, 0, 1]
    assert np.isnan(found.rate[found.images == 0]).all()
    assert np.flatnonzero(found.images).tolist() == [3, 22]
    assert np.isnan(occurrence(flags[:0], np.zeros(0)).mean)


@pytest.mark.parametrize("hours", [1, 2, 6, 24])
def test_merging_keeps_the_mean(hours: int) -> None:
    """Wider bins weigh hours by their images, so the mean of all is the same."""
    rng = np.random.default_rng(8)
    flags, mlt = rng.random((60, CELLS)) < 0.3, rng.uniform(0, 14, 60)
    merged = occurrence(flags, mlt).merged(hours)
    assert merged.images.sum() == 60
    assert merged.mean == pytest.approx(flags.mean())
