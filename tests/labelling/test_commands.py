"""The commands around the page: imports, how two labellers agree, a second look after a training, and what is missing."""

import json
import sys
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from repro import cli
from repro.files import write_table
from repro.frames import archive_name
from repro.labelling.agreement import _interval, cohen_kappa, compare_labellers, highest_accuracy, write_page
from repro.labelling.review import review_counts, review_session, review_summary, unlearnt_answers
from repro.labelling.tasks import AURORA
from repro.paths import Paths
from tests.labelling.conftest import CORPUS, serving_session, store_of
from tests.support.project import write_params


@pytest.fixture
def project(small: Paths) -> Paths:
    """The small corpus as a project of its own."""
    (small.root / "expected").mkdir()
    return write_params(small.root, CORPUS)


@pytest.fixture
def label(project, capsys, monkeypatch) -> Callable[..., str]:
    """A function that runs ``repro label`` with some words, and gives what it said; it must end with this code."""

    def run(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["repro", "label", *words, "--project", str(project.root)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert int(end.value.code or 0) == code
        said = capsys.readouterr()
        return said.out + said.err

    return run


def test_import_then_agreement(project, names, tmp_path, label):
    """Labels of two people come in from a CSV and from folders, are kept apart, and are compared."""
    listed, lee = tmp_path / "kim.csv", str(tmp_path / "lee")
    rows = [f"{name};{'예' if number % 2 else '아니오'}" for number, name in enumerate(names)]
    listed.write_text("\r\n".join(["파일;라벨", *rows]), encoding="utf-16")
    said = label("import", str(listed), "--labeller", "kim")
    assert said.splitlines()[-1].startswith("40 labels read, 40 new, in /")
    assert "have another person label them" in label("agreement", code=2)
    assert len(pd.read_csv(project.labels(CORPUS))) == 40
    for number, name in enumerate(names[:20]):
        folder = tmp_path / "lee" / ("yes" if number % 2 or number == 0 else "no")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / archive_name(name)).touch()  # as the archive names them
    said = label("import", lee, "--labeller", "lee", code=2)
    assert "1 frames with another label already" in said
    assert "--second" in said
    label("import", lee, "--labeller", "lee", "--second")
    assert len(pd.read_csv(project.labels(CORPUS))) == 40
    said = label("agreement", "--out", str(tmp_path / "page"))
    assert "kim and lee: 20 frames, the same label for 95.0%" in said
    assert "Cohen's kappa 0.900" in said
    assert [path.name for path in (tmp_path / "page" / "frames").iterdir()] == [names[0]]
    assert "1 new" in label("import", lee, "--labeller", "lee", "--replace")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--labeller", ""], "1 to 80 letters"),
        (["--labeller", "a\nb"], "1 to 80 letters"),
        (["--show", "nowhere.csv"], "no list of frames"),
        (["--frames", "nowhere.csv"], "no such file"),
        (["agreement"], "two labellers"),
        (["--corpus", "simulated", "--labeller", "kim"], "the simulated corpus"),
        (["review", "--labeller", "kim"], "dvc repro train"),
        (["import", "nowhere.csv", "--labeller", "kim"], "No such file"),
    ],
)
def test_what_is_missing_is_said(label, words, message):
    """Each command says what it lacks and ends with 2."""
    said = label(*words, code=2)
    assert message in said
    assert "to do:" in said


def test_kappa_of_a_textbook_table():
    """20, 5, 10 and 15 of 50 frames give kappa 0.4: agreement 0.7, by chance 0.5."""
    assert cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]])) == pytest.approx(0.4)
    assert cohen_kappa(np.array([[7.0, 0.0], [0.0, 3.0]])) == 1
    assert np.isnan(cohen_kappa(np.array([[9.0, 0.0], [0.0, 0.0]])))


@pytest.mark.parametrize("classes", [2, 7])
@pytest.mark.parametrize("error", [0.0, 0.02, 0.2])
def test_highest_accuracy_of_simulated_labellers(classes, error):
    """From the disagreement of two labellers with a known rate of error the accuracy of a perfect network is found."""
    rng = np.random.default_rng(7)
    truth = rng.integers(classes, size=200_000)

    def labels() -> np.ndarray:
        wrong = rng.random(truth.size) < error
        return np.where(wrong, (truth + rng.integers(1, classes, truth.size)) % classes, truth)

    one, other = labels(), labels()
    assert highest_accuracy(float((one != other).mean()), classes) == pytest.approx((one == truth).mean(), abs=0.004)
    assert highest_accuracy(1.0, classes) is None


def test_two_labellers_are_compared(small, names, tmp_path):
    """The table, kappa and the frames of disagreement of two labellers; a frame one was unsure of is left out."""
    with store_of(small, "kim") as store:
        for number, name in enumerate(names):
            store.record(name, "yes" if number % 2 else "no", identity=f"k{number}", known=None)
    with store_of(small, "<b>lee</b>") as store:
        for number, name in enumerate(names[:30]):
            label = "unsure" if number == 29 else "yes" if number % 2 or number < 4 else "no"
            store.record(name, label, identity=f"l{number}", known=None)
    (pair,) = compare_labellers(small, CORPUS, AURORA, seed=1)
    assert (pair.frames, pair.first, pair.second) == (29, "kim", "<b>lee</b>")
    assert pair.counts.tolist() == [[14, 0], [2, 13]]
    assert [name for name, _, _ in pair.disagreements] == [names[0], names[2]]
    assert pair.kappa == pytest.approx(cohen_kappa(pair.counts))
    assert pair.interval is not None
    assert pair.interval[0] < pair.kappa < pair.interval[1]
    assert not pair.by_night  # two nights are too few to resample
    text = write_page(small, CORPUS, [pair], tmp_path / "out").read_text(encoding="utf-8")
    assert "<b>lee" not in text
    assert "&lt;b&gt;lee" in text
    assert {path.name for path in (tmp_path / "out" / "frames").iterdir()} == {names[0], names[2]}


def test_interval_by_nights_holds_the_true_kappa():
    """Of 40 pairs of labellers with a true kappa, the interval by nights holds it about as often as it says."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(40):
        nights = np.repeat([f"202402{k:02}" for k in range(1, 21)], 20)
        truth = rng.integers(2, size=nights.size)
        one, other = (np.where(rng.random(truth.size) < 0.1, 1 - truth, truth) for _ in range(2))
        cell = one * 2 + other
        counts = np.bincount(cell, minlength=4).reshape(2, 2).astype(float)
        (low, high), by_night = _interval(cell, nights, counts, 1, "pair")
        assert by_night
        held += low < 2 * (0.82 - 0.5) < high  # agreement 0.9^2 + 0.1^2, by chance one half
    assert held >= 34


def test_a_second_look_is_blind_and_kept_apart(small, names):
    """A review asks about disagreements among as many others, hides label and answer until it is given, and changes no label."""
    answers = [("yes" if number % 2 else "no", name) for number, name in enumerate(names[:20])]
    known = [("within nights", 0, name, label, number % 5 != 0) for number, (label, name) in enumerate(answers)]
    known += [("unseen nights", 0, name, label, number != 1) for number, (label, name) in enumerate(answers[:10])]
    known += [("within nights", 1, names[30], "yes", False)]  # a network of another seed is not asked
    table = pd.DataFrame(known, columns=["split", "network", "name", "label", "right"])
    table["predicted"] = table["label"].where(table.pop("right"), table["label"].map({"yes": "no", "no": "yes"}))
    table["p_yes"] = table["predicted"].map({"yes": 0.9, "no": 0.1})
    write_table(small.stage(CORPUS, "train") / "validation.parquet", table)
    rows = unlearnt_answers(small, CORPUS)
    differ = set(rows.loc[rows["label"] != rows["predicted"], "name"])
    assert differ == {names[1], names[10], names[15]}  # unseen nights go before
    with store_of(small) as store:
        store.record(names[1], "yes", identity="first", known=None)
    before = small.labels(CORPUS).read_bytes()
    with store_of(small, "kim", review=True) as store:
        session = review_session(small, CORPUS, store, seed=1)
        asked = [shown.name for shown in session.frames]
        assert len(asked) == 6
        assert differ < set(asked)
        with serving_session(session) as client:
            state = client.ask("/api/state").text
            assert b"network" not in state
            assert json.loads(state)["labels"] == {}
            response = client.label(names[1], "no", "again")
            assert json.loads(response.text)["reveal"].startswith("label was yes, network says no")
        counts = review_counts(rows, store)
        assert (counts["right_before"], counts["right_after"], counts["frames"]) == (17, 18, 20)
        assert counts["changed"] == {"disagreement": 1, "agreement": 0}
        assert "flatters" in review_summary(small, CORPUS, store)[-1]
    assert small.labels(CORPUS).read_bytes() == before
