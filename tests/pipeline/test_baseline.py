"""Every stage's tables on the campaign ``small`` against the machine-made store expected/baseline.

After a change that is meant to move them: ``pytest tests/pipeline/test_baseline.py --regen-all``, and a line in CHANGELOG
that says by how much and why.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from pytest_regressions.dataframe_regression import DataFrameRegressionFixture
from safetensors.numpy import load_file

from repro.analysis.softmax_corpus import analyse
from repro.classifier.finetune import TrainingJob, fine_tune
from repro.labels import labelfile
from repro.params import SoftmaxParams, TrainParams
from repro.paths import Paths
from repro.sky.bins import CONDITIONS
from tests.support.answers import answered
from tests.support.baseline import WHOLE, WORDS, Real, Store
from tests.support.chain import ORDER, Chain
from tests.support.declared import STAGES as STAGES_OF_DVC
from tests.support.declared import declared
from tests.support.images import labelled_images, small
from tests.support.project import stage_json
from tests.support.stage_tables import ANALYSIS, EXACT, LOSS, STAGES

SEED = 7


@pytest.fixture
def store(dataframe_regression: DataFrameRegressionFixture) -> Store:
    """The store of baselines."""
    return Store(dataframe_regression)


@pytest.fixture(scope="module")
def chain(recorded: Chain) -> Paths:
    """A project in which the pipeline ran with one worker; only to be read."""
    return recorded.project


@pytest.mark.slow
@pytest.mark.parametrize("name", ORDER)
def test_what_a_stage_declares_is_what_it_reads(recorded: Chain, name: str) -> None:
    """A stage declares every section of the parameters that it reads, and no other, and reads something of all its data.

    How work is run decides nothing; that a stage reads no other data is how the pipeline ran here.
    """
    read, listed = recorded.reads[name], set(STAGES_OF_DVC[name].get("params", []))
    # The log of runs names the corpus, also of a stage that does not depend on it.
    assert read.params - {"engine", "corpus"} == listed - {"corpus"}
    of_corpus = any("${corpus}" in str(STAGES_OF_DVC[name][kind]) for kind in ("deps", "outs"))
    assert ("corpus" in listed) == (of_corpus or name == "simulate")
    places = {place for file in read.data for place in (file, *map(str, Path(file).parents))}
    # No document of the record lies in its folder.
    assert declared(name, "simulated")[0] - places == ({"data/record"} if name == "figures" else set())


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_stage(store: Store, chain: Paths, name: str) -> None:
    """The same campaign, parameters and code make the same table."""
    table = STAGES[name]
    store.check(f"small/{name}", table.read(chain.root), table.kinds, table.keys)


@pytest.mark.slow
def test_figure7_of_the_chain(chain: Paths) -> None:
    """Figure 7's bins hold each classified frame once; an answer may change its bin of a percent from machine to machine."""
    table = pd.read_parquet(chain.stage("simulated", "softmax") / "figure7.parquet")
    assert list(table.columns) == list(ANALYSIS["figure7"][0])
    answers = STAGES["infer"].read(chain.root)
    assert table.groupby("predicted")["frames"].sum().to_dict() == answers["predicted"].value_counts().to_dict()


@pytest.mark.slow
def test_spans_of_conditions(store: Store, chain: Paths) -> None:
    """The schedule predicts the same number of spans and hours of every condition."""
    spans = pd.read_parquet(chain.schedule / "segments.parquet")
    spans["hours"] = (spans["end_utc"] - spans["start_utc"]).dt.total_seconds() / 3600
    table = spans.groupby(["sun_bin", "moon_bin", "camera_on"])["hours"].agg(["count", "sum"]).reset_index()
    kinds = {"sun_bin": WORDS, "moon_bin": WORDS, "camera_on": "flag", "count": WHOLE, "sum": Real(1e-3)}
    store.check("small/schedule_conditions", table, kinds, ("sun_bin", "moon_bin", "camera_on"))


@pytest.mark.slow
@pytest.mark.parametrize("source", ["schedule", "architecture"])
def test_quantities(store: Store, chain: Paths, source: str) -> None:
    """The stages that need no video give the same quantities to the verifier."""
    path = {"schedule": chain.schedule / "schedule.json", "architecture": chain.architecture}[source]
    given = json.loads(path.read_text(encoding="utf-8"))["quantities"]
    numbers = {n: float(v) for n, v in given.items() if isinstance(v, int | float) and not isinstance(v, bool)}
    words = ["" if name in numbers else str(value) for name, value in given.items()]
    table = pd.DataFrame({"quantity": list(given), "word": words, "value": [numbers.get(name) for name in given]})
    kinds = {"quantity": WORDS, "word": WORDS, "value": Real(0.01, 1e-6)}
    store.check(f"small/{source}_quantities", table, kinds, ("quantity",))


@pytest.mark.slow
def test_verdicts(store: Store, chain: Paths) -> None:
    """As many claims of each kind of evidence come out the same way."""
    claims = json.loads(chain.verdicts.read_text(encoding="utf-8"))["claims"]
    verdicts = pd.DataFrame([verdict for claim in claims for verdict in claim["verdicts"]])
    table = verdicts.groupby(["evidence", "outcome"]).size().rename("verdicts").reset_index()
    kinds = {"evidence": WORDS, "outcome": WORDS, "verdicts": WHOLE}
    store.check("small/verify", table, kinds, ("evidence", "outcome"))


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Tables of stage softmax for made-up answers in all nine conditions, a quarter of them labelled."""
    rng = np.random.default_rng(SEED)
    drawn = [answered(f"202402{n:02}", rng.beta(0.5, 0.8, size=40), cell) for n, cell in enumerate(CONDITIONS, 1)]
    frames = pd.concat(drawn, ignore_index=True)
    known = frames.iloc[::4]
    words = np.where(rng.random(len(known)) < known["p_yes"], "yes", "no")
    split = pd.DataFrame({"name": known["name"], "label": words, "split": None}).astype("str")
    return analyse(frames, split, None, SoftmaxParams(bootstrap=200), SEED)[0]


@pytest.mark.parametrize("name", ANALYSIS)
def test_analysis(store: Store, analysis: dict[str, pd.DataFrame], name: str) -> None:
    """The same answers in all nine conditions make the same table; of Figure 7 only filled bins are stored."""
    kinds, keys = ANALYSIS[name]
    table = analysis[name]
    store.check(f"answers/{name}", table[table["frames"] > 0] if name == "figure7" else table, kinds, keys)


def test_curves(store: Store) -> None:
    """The same seed trains along the same losses, with statistics of BatchNorm that move, as published."""
    rng = np.random.default_rng(SEED)
    chosen = TrainParams(image_size_px=32, epochs_head=2, epochs_all=2, batch=8, learning_rate_head=0.01)
    cpu = torch.device("cpu")
    job = TrainingJob(labelled_images(24, rng), labelled_images(10, rng), chosen, SEED, cpu, workers=1)
    trained = fine_tune(small(), job)
    kinds = {"epoch": WHOLE, "phase": WORDS, "batch": WHOLE, "train_loss": LOSS, "val_loss": LOSS}
    store.check("answers/curves", trained.curves[list(kinds)], kinds, ("epoch",))


@pytest.mark.slow
def test_labels_are_the_truth(chain: Paths) -> None:
    """Of a simulated corpus the sample is labelled as the simulated labeller saw it, and the stamps are read to the second."""
    truth = STAGES["simulate_truth"].read(chain.root).set_index("name")
    labels = labelfile.read(chain.stage("simulated", "sample") / "labels.csv", set(truth.index))
    assert labels["label"].tolist() == truth.loc[labels["name"], "label"].tolist()
    assert STAGES["clock"].read(chain.root)["name"].tolist() == truth.index.tolist()


@pytest.mark.slow
def test_the_contact_sheet_shows_every_kind_of_frame(chain: Paths) -> None:
    """The sheet of simulated frames shows all forms, colours, conditions and weathers of the campaign."""
    tiles = pd.read_csv(chain.contact_sheet.with_suffix(".csv"))
    truth = STAGES["simulate_truth"].read(chain.root)
    truth["condition"] = truth["sun_bin"] + " " + truth["moon_bin"]
    kinds = {kind: set(truth[kind]) - {"none"} for kind in ("form", "colour", "condition", "weather")}
    assert {kind: set(rows["caption"]) for kind, rows in tiles.groupby("row")} == kinds
    assert len(tiles) == sum(map(len, kinds.values()))
    with Image.open(chain.contact_sheet) as sheet:
        assert sheet.size[0] > 240 * max(map(len, kinds.values()))


@pytest.mark.slow
def test_training_and_errors_of_the_chain(chain: Paths) -> None:
    """Two networks show the spread, and frames that trained are no test where errors are counted."""
    spread = stage_json(chain, "simulated", "train")["spread"]
    assert spread["networks"] == 2
    assert spread["lowest"] <= spread["mean"] <= spread["highest"]
    split = STAGES["split"].read(chain.root)
    every = STAGES["confusion"].read(chain.root).set_index("sun_bin").loc["all"]
    assert every["frames"] == len(STAGES["infer"].read(chain.root)) - (split["split"] == "train").sum()
    assert set(stage_json(chain, "simulated", "softmax")["errors"]["claims"]) == {"false_positives", "false_negatives"}


@pytest.mark.slow
def test_gradcam_of_the_chain(chain: Paths) -> None:
    """Every panel is drawn or listed as missing; its maps are those of the table, and its aurora is where the mask has it."""
    folder = chain.stage("simulated", "gradcam")
    document = stage_json(chain, "simulated", "gradcam")
    cases = pd.read_parquet(folder / "cases.parquet")
    shown = cases[cases["name"].notna()]
    assert len(shown) > 0
    assert len(shown) + len(document["missing"]) == len(cases) == 12
    maps = load_file(folder / "maps.safetensors")
    assert len(maps) == 2 * len(shown)
    for row in shown.to_dict("records"):
        title = f"{row['panel']}.{row['case']}"
        assert maps[f"{title}.yes"].max() == np.float32(row["raw_max_yes"])
        for label in ("no", "yes"):
            with Image.open(folder / "overlays" / f"{title}.{label}.jpg") as picture:
                assert picture.size == (720, 720)
        assert (folder / "frames" / f"{title}.jpg").read_bytes()[:2] == b"\xff\xd8"
    measured, scored = pd.read_parquet(folder / "on_aurora.parquet"), document["on_aurora"]
    assert scored["frames"] == len(measured) == 8
    assert measured["energy"].between(0, 1).all()
    assert scored["energy"]["mean"] == pytest.approx(measured["energy"].mean())
    assert scored["uniform"] == pytest.approx(measured["mask_share"].mean())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.rename(columns={"share": "part"}), r"columns gone: \['share'\]"),
        (lambda t: t.astype({"frames": float}), r"column frames is real \(float64\), not whole"),
        (lambda t: t.assign(share=[0.1, 0.3]), r"b\s+0\.29999\d+\s+0\.2"),
        (lambda t: t.assign(frames=[1, 3]), r"b\s+3\s+2\s+1"),
        (lambda t: t.iloc[:1], r"2 rows are stored, 1 were made\n  - b"),
    ],
)
def test_the_store_says_what_moved(store, tmp_path, monkeypatch, request, change, message) -> None:
    """A column, type, value or row that moved fails by its name."""
    if request.config.getoption("regen_all"):
        pytest.skip("baselines are being regenerated")
    monkeypatch.setattr("tests.support.baseline.STORE", tmp_path)
    table = pd.DataFrame({"name": ["a", "b"], "frames": [1, 2], "share": [0.1, 0.2]}).astype({"name": "str"})
    table.to_csv(tmp_path / "tiny.csv")
    kinds = {"name": WORDS, "frames": WHOLE, "share": EXACT}
    store.check("tiny", table, kinds, ("name",))
    with pytest.raises((AssertionError, pytest.fail.Exception), match=message):
        store.check("tiny", change(table), kinds, ("name",))
