"""Scores of the seven classes against scikit-learn, known cases and brute force."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, cohen_kappa_score, precision_recall_fscore_support

from repro.forms.classes import CLASSES
from repro.forms.scores import (
    Answers,
    by_class,
    calibration,
    compare,
    confused,
    confusion,
    kappa,
    means,
    one_image_moves,
    outperforms,
    score,
)

RNG = np.random.default_rng(20)
TRUTH = RNG.integers(0, 7, 210)
NIGHTS = np.array([f"201501{1 + place // 7:02d}" for place in range(210)])


def answers(share_right: float, seed: int, nights: npt.NDArray[np.str_] = NIGHTS) -> Answers:
    """Answers to the same images of which some are right."""
    rng = np.random.default_rng(seed)
    wrong = rng.integers(0, 7, 210)
    return Answers(TRUTH, np.where(rng.random(210) < share_right, TRUTH, wrong), nights)


def test_scores_are_those_of_scikit_learn() -> None:
    """Precision, recall, F1 and accuracy agree with an independent implementation."""
    mine = answers(0.7, 1)
    precision, recall, f1, _ = precision_recall_fscore_support(mine.truth, mine.predicted, labels=range(7))
    found, mean = by_class(confusion(mine)), means(confusion(mine))
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
        np.testing.assert_allclose(found[name], expected)
    assert mean["mean_precision"] == pytest.approx(precision.mean())
    assert mean["accuracy"] == pytest.approx(accuracy_score(mine.truth, mine.predicted))


def test_a_class_never_answered_and_one_without_images() -> None:
    """Never answered counts as precision zero; a class without images has no score and is in no mean."""
    truth, predicted = np.array([0, 0, 1, 2]), np.array([0, 0, 0, 2])
    matrix = confusion(Answers(truth, predicted, np.array([""] * 4)))
    precision = by_class(matrix)["precision"]
    assert precision[:3].tolist() == [pytest.approx(2 / 3), 0.0, 1.0]
    assert np.isnan(precision[3:]).all()
    assert means(matrix)["mean_precision"] == pytest.approx((2 / 3 + 0 + 1) / 3)


def test_intervals_are_by_night() -> None:
    """Where nights are right or wrong as a whole, the interval is wider than with the same answers image by image."""
    right = np.repeat(np.random.default_rng(2).random(30) < 0.7, 7)
    predicted = np.where(right, TRUTH, (TRUTH + 1) % 7)
    ends = [
        score(Answers(TRUTH, predicted, nights), np.random.default_rng(3))["interval.accuracy"]
        for nights in (NIGHTS, np.array([""] * 210))
    ]
    assert ends[0][0] < ends[1][0] < right.mean() < ends[1][1] < ends[0][1]


def test_too_few_nights_give_no_interval() -> None:
    """With four nights nothing is said about scatter."""
    few = np.array([f"2015010{1 + place % 4}" for place in range(210)])
    document = score(answers(0.7, 1, few), np.random.default_rng(1))
    assert [row["class"] for row in document["classes"]] == list(CLASSES)
    assert (sum(row["images"] for row in document["classes"]), document["nights"]) == (210, 4)
    assert document["interval.mean_precision"] is None
    assert document["classes"][0]["interval.precision"] is None


def test_comparison_of_two_methods() -> None:
    """A better method is ahead by an interval above zero, and turning the comparison around turns its sign."""
    good, bad = answers(0.95, 4), answers(0.5, 5)
    ahead = compare(good, bad, np.random.default_rng(6))
    behind = compare(bad, good, np.random.default_rng(6))
    assert ahead["interval"][0] > 0
    assert ahead["difference"] == -behind["difference"]
    one, other = ahead["only_first_right"], ahead["only_second_right"]
    assert (other, one) == (behind["only_first_right"], behind["only_second_right"])
    assert ahead["p_mcnemar"] == binomtest(one, one + other).pvalue < 1e-6
    same = compare(good, good, np.random.default_rng(6))
    assert (same["difference"], same["interval"], same["p_mcnemar"]) == (0.0, [0.0, 0.0], 1.0)


def test_methods_must_have_seen_the_same_images() -> None:
    """Answers to other images are never compared."""
    with pytest.raises(ValueError, match="other images"):
        compare(answers(0.9, 1), Answers(TRUTH[::-1].copy(), TRUTH, NIGHTS), np.random.default_rng(1))


def test_most_networks_must_be_ahead_of_every_method() -> None:
    """Generally is more than half of the networks, each ahead of all others with an interval above zero."""
    pairs = {("a", "k"): {"interval": [0.1, 0.2]}, ("b", "k"): {"interval": [-0.1, 0.2]}}
    assert not outperforms(["a", "b"], ["k"], pairs)
    assert outperforms(["a"], ["k"], pairs)
    assert not outperforms(["a"], ["k"], {("a", "k"): {"interval": None}})


def test_calibration_of_honest_and_boastful_answers() -> None:
    """Probabilities that are how often the answer is right have no error; certainty about 60 % has one of 0.4."""
    truth, predicted = np.zeros(1000, np.int64), np.array([0] * 600 + [1] * 400)
    for sure, error in ((0.6, 0.0), (1.0, 0.4)):
        p = np.zeros((1000, 7))
        p[np.arange(1000), predicted] = sure
        p[np.arange(1000), 1 - predicted] = 1 - sure
        found = calibration(Answers(truth, predicted, np.array([""] * 1000), p))
        assert found["expected_error"] == pytest.approx(error)
        assert sum(entry["images"] for entry in found["bins"]) == 1000


def test_most_confused_pairs() -> None:
    """Mistakes are listed from the most frequent, with the share of the true class, and right answers never."""
    matrix = np.diag([10] * 7)
    matrix[2, 3], matrix[3, 2] = 5, 2
    found = confused(matrix)
    assert [(entry["class"], entry["answer"], entry["images"], entry["share"]) for entry in found] == [
        ("arcs-bands", "discrete", 5, pytest.approx(5 / 15)), ("discrete", "arcs-bands", 2, pytest.approx(2 / 12)),
    ]  # fmt: skip


def test_what_one_image_moves() -> None:
    """The scatter of a single changed answer is that of changing each image in turn to each other answer."""
    mine = answers(0.8, 9)
    base, squares = means(confusion(mine))["mean_precision"], []
    for place in range(len(TRUTH)):
        for answer in set(range(7)) - {int(mine.predicted[place])}:
            predicted = mine.predicted.copy()
            predicted[place] = answer
            squares.append((means(confusion(Answers(TRUTH, predicted, NIGHTS)))["mean_precision"] - base) ** 2)
    assert one_image_moves(confusion(mine)) == pytest.approx(np.sqrt(np.mean(squares)))


def test_kappa_is_that_of_scikit_learn() -> None:
    """Agreement beyond chance is scikit-learn's; full agreement is 1."""
    mine = answers(0.6, 11)
    assert kappa(mine.truth, mine.predicted) == pytest.approx(cohen_kappa_score(mine.truth, mine.predicted))
    assert kappa(TRUTH, TRUTH) == pytest.approx(1)
    assert kappa(np.zeros(5, np.int64), np.zeros(5, np.int64)) == 1.0
