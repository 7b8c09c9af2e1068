"""How far labellers agree: Cohen's kappa, the frames about which they do not, and what the noise of labels costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from jinja2 import Environment

from repro.errors import refuse
from repro.files import write_bytes, write_text
from repro.intervals import LEAST_NIGHTS, RESAMPLINGS, night_weights, percentile, wilson
from repro.labelling.frame_source import FrameSource
from repro.labelling.journal import LABELLING, latest, read_journal
from repro.labelling.label_store import MAIN
from repro.labelling.sessions import JOURNAL
from repro.labelling.tasks import Task
from repro.paths import Paths
from repro.seeding import generator

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Two labellers on the frames that both labelled."""

    first: str
    second: str
    classes: tuple[str, ...]  # order of the rows and columns of ``counts``
    counts: Counts  # frames by the first one's label (row) and the second one's (column)
    kappa: float  # Cohen's, at most 1; NaN where both gave one and the same label throughout
    interval: tuple[float, float] | None  # of 95 %
    by_night: bool  # whether the interval is by whole nights; if not, it takes frames as independent and is too narrow
    disagreements: tuple[tuple[str, str, str], ...]  # frame, the first one's label, the second one's

    @property
    def frames(self) -> int:
        """Frames that both labelled."""
        return int(self.counts.sum())

    @property
    def agreed(self) -> float:
        """Share of these frames with the same label."""
        return float(np.trace(self.counts) / self.counts.sum())

    def lines(self) -> list[str]:
        """What was found, for people."""
        low, high = wilson(int(np.trace(self.counts)), self.frames)
        ends = f"{self.interval[0]:.3f} to {self.interval[1]:.3f}" if self.interval else "no interval"
        how = "by whole nights" if self.by_night else "frames taken as independent, so too narrow"
        best = highest_accuracy(1 - self.agreed, len(self.classes))
        lines = [
            f"{self.first} and {self.second}: {self.frames} frames, the same label for {self.agreed:.1%} "
            f"({low:.1%} to {high:.1%})",
            f"  Cohen's kappa {self.kappa:.3f}, 95 % interval {ends} ({how})",
        ]
        for row, label in enumerate(self.classes):
            cells = ", ".join(f"{other} {int(self.counts[row, k])}" for k, other in enumerate(self.classes))
            lines.append(f"  {self.first} {label}: {self.second} {cells}")
        if best is None:
            return [*lines, "  they agree less than chance would: no statement about the noise of labels"]
        return [
            *lines,
            f"  if both err alike and independently, each label is wrong with {1 - best:.1%}, and a network that is always "
            f"right reaches {best:.1%} against such labels",
        ]


def cohen_kappa(counts: Counts) -> float:
    """Cohen's kappa of a table of counts (classes, classes); NaN where chance alone explains all.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educ. Psychol. Meas. 20, 37-46.
    """
    observed, chance = _observed_and_chance(counts)
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")


def _observed_and_chance(counts: Counts) -> tuple[float, float]:
    """Share of frames with the same label, and that expected by chance."""
    total = counts.sum()
    return float(np.trace(counts) / total), float(counts.sum(axis=0) @ counts.sum(axis=1)) / float(total) ** 2


def highest_accuracy(disagreement: float, classes: int) -> float | None:
    """Accuracy of a perfect classifier against labels of one of two labellers who err alike.

    Each label is wrong with probability e, independently, and a wrong label is any other of k ``classes`` alike. Then two
    labels differ with probability d = 1 - (1 - e)^2 - e^2 / (k - 1), the share of frames with different labels, and a perfect
    classifier agrees with 1 - e of the labels. None where d is larger than chance allows.
    """
    # e^2 k/(k-1) - 2 e + d = 0, the smaller root.
    a = classes / (classes - 1)
    root = 1 - a * disagreement
    return 1 - (1 - float(np.sqrt(root))) / a if root >= 0 else None


def compare_labellers(paths: Paths, corpus: str, task: Task, *, seed: int) -> list[Agreement]:
    """Compare all labellers of a corpus in pairs; frames that one of them was unsure of are left out.

    ``seed`` is for the bootstrap. Raises ReproError if no two labellers have a frame in common.
    """
    answers = read_journal(paths.labelling(corpus) / JOURNAL)
    of_task = [a for a in answers if a.task == task.name and a.purpose == LABELLING]
    sets = {}
    for set_ in dict.fromkeys(answer.set for answer in of_task):
        rows = latest(of_task, task.name, LABELLING, set_)
        labels = {name: answer.label for name, answer in rows.items() if answer.label in task.classes}
        names = sorted({answer.labeller for answer in rows.values()}) if set_ == MAIN else [set_]
        sets[" + ".join(names)] = labels
    pairs = [
        _compare(first, second, sets[first], sets[second], task, seed)
        for first, second in combinations(sets, 2)
        if set(sets[first]) & set(sets[second])
    ]
    if not pairs:
        found, remedy = (
            f"labels of {', '.join(sets) or 'nobody'}",
            "have another person label them: repro label --labeller NAME",
        )
        refuse(found, "two labellers who labelled the same frames", str(paths.labelling(corpus)), remedy)
    return pairs


def _compare(first: str, second: str, one: dict[str, str], other: dict[str, str], task: Task, seed: int) -> Agreement:
    names, size = sorted(set(one) & set(other)), len(task.classes)
    cell = np.array([task.classes.index(one[name]) * size + task.classes.index(other[name]) for name in names])
    counts = np.bincount(cell, minlength=size * size).reshape(size, size).astype(float)
    nights = np.array([name.split("_")[1] for name in names])
    interval, by_night = _interval(cell, nights, counts, seed, f"{first} {second}")
    different = tuple((name, one[name], other[name]) for name in names if one[name] != other[name])
    return Agreement(first, second, task.classes, counts, cohen_kappa(counts), interval, by_night, different)


def _interval(
    cell: npt.NDArray[np.int_], nights: npt.NDArray[np.str_], counts: Counts, seed: int, pair: str
) -> tuple[tuple[float, float] | None, bool]:
    size = len(counts)
    weights, night = night_weights(nights, RESAMPLINGS, generator(seed, "agreement", pair))
    if weights.shape[1] >= LEAST_NIGHTS:
        per_night = np.zeros((weights.shape[1], size * size))
        np.add.at(per_night, (night, cell), 1)
        drawn = (weights @ per_night).reshape(-1, size, size)
        return percentile(np.array([cohen_kappa(table) for table in drawn])), True
    # Cohen's own large-sample error; it takes frames as independent.
    kappa, (observed, chance) = cohen_kappa(counts), _observed_and_chance(counts)
    if chance >= 1:
        return None, False
    error = 1.96 * float(np.sqrt(observed * (1 - observed) / counts.sum())) / (1 - chance)
    return (kappa - error, min(1.0, kappa + error)), False


#: Autoescape: a labeller's name is text of others.
_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Agreement of labellers</title><style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem; background: #101418; color: #e8edf1; }
ul { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; }
img { width: 100%; border-radius: .4rem; background: #000; display: block; } pre { white-space: pre-wrap; }
</style></head><body><h1>Agreement of labellers, {{ corpus }}</h1>
{% for pair in pairs %}<h2>{{ pair.first }} and {{ pair.second }}</h2><pre>{{ pair.lines()|join("\n") }}</pre>
<h3>{{ pair.disagreements|length }} frames with different labels</h3><ul>
{% for name, one, other in pair.disagreements %}<li><img src="frames/{{ name }}" alt="Frame {{ name }}" loading="lazy">
{{ name }}: {{ pair.first }} {{ one }}, {{ pair.second }} {{ other }}</li>{% endfor %}</ul>{% endfor %}</body></html>
""")


def write_page(paths: Paths, corpus: str, pairs: Sequence[Agreement], folder: Path) -> Path:
    """Write ``index.html`` with a picture of each frame about which labellers disagree; gives the file."""
    source = FrameSource(paths, corpus)
    for name in sorted({name for pair in pairs for name, _, _ in pair.disagreements}):
        data = source.jpeg(name)
        if data is not None:
            write_bytes(folder / "frames" / name, data)
    write_text(folder / "index.html", _PAGE.render(corpus=corpus, pairs=pairs))
    return folder / "index.html"
