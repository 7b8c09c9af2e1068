"""Figure 3: a training frame of the corpus, and what the augmentation makes of it."""

import pandas as pd
import yaml

from repro.params import load_params
from repro.reporting.augmentation import build_figure3
from tests.reporting import corpora


def _figure(paths, **changes):
    params = load_params(paths.params)
    return build_figure3(paths, params.model_copy(update=changes))


def test_steps_are_those_of_the_thesis(filmed):
    """The four panels cut 80 % of the area, exchange left and right, and make three factors 1.3, one at a time."""
    corpora.split(filmed, ["20221201"])
    figure = _figure(filmed)
    assert [picture.done for picture in figure.steps] == [
        "nothing",
        "80 % of the area cut out and enlarged",
        "left and right exchanged",
        "brightness ×1.30, contrast ×1.30, saturation ×1.30",
    ]
    table = pd.read_csv(filmed.report_build / "figures" / "figure3.csv")
    assert table["picture"].tolist() == ["a", "b", "c", "d", "draw1", "draw2", "draw3", "draw4"]
    assert (table["top_px"] + table["height_px"]).max() <= figure.side_px
    drawn = table[4:]
    factors = drawn[["brightness", "contrast", "saturation"]].to_numpy()
    assert 0.7 <= factors.min() < factors.max() <= 1.3
    assert (drawn["height_px"] * drawn["width_px"] / figure.side_px**2).between(0.79, 1.01).all()
    document = yaml.safe_load(filmed.params.read_text())
    filmed.params.write_text(yaml.safe_dump({**document, "train": {"image_size_px": 64}}))
    assert _figure(filmed).side_px == 64  # as large as the network sees it


def test_the_frame_trains_and_has_aurora(filmed):
    """The frame shown is labelled yes and among those that train, and the seed draws it."""
    corpora.split(filmed, ["20221201", "20240301"])
    table = pd.read_parquet(filmed.stage("simulated", "split") / "split.parquet")
    assert _figure(filmed).name in set(table.loc[(table["label"] == "yes") & (table["split"] == "train"), "name"])
    assert _figure(filmed) == _figure(filmed)
    assert _figure(filmed).draws != _figure(filmed, seed=2).draws


def test_nothing_to_show_is_none(filmed):
    """Without a split, without a training frame that has aurora, or without its archive there is no figure."""
    assert _figure(filmed) is None
    corpora.split(filmed, ["20221201"])
    (filmed.stage("simulated", "film") / "frames" / "20221201.zip").unlink()
    assert _figure(filmed) is None
