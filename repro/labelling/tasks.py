"""What is labelled: the classes of a task, their keys, and the words that other tools and languages use for them."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

UNSURE = "unsure"  # a frame that was looked at and cannot be decided; it trains nothing
SKIP = "skip"  # to be asked again at the end
_YES_NO = {
    "y": "yes", "1": "yes", "true": "yes", "aurora": "yes", "예": "yes", "네": "yes", "있음": "yes", "오로라": "yes",
    "n": "no", "0": "no", "false": "no", "noaurora": "no", "no_aurora": "no", "아니오": "no", "아니요": "no",
    "없음": "no",
}  # fmt: skip
#: Words for a frame that cannot be decided.
_UNSURE = {"u": UNSURE, "unsure": UNSURE, "unknown": UNSURE, "?": UNSURE, "모름": UNSURE, "불확실": UNSURE}


@dataclass(frozen=True)
class Task:
    """A way to label."""

    name: str  # ``aurora`` or ``forms``
    title: str  # the question, for people
    classes: tuple[str, ...]  # labels, in the order of the keys
    keys: tuple[str, ...]
    file: str  # label file in the corpus' folder
    words: dict[str, str] = field(default_factory=dict)  # other words for a class, in small letters

    def label_of(self, word: str) -> str | None:
        """The class, or ``unsure``, that a word stands for, whatever its case and spaces; None for any other word."""
        plain = unicodedata.normalize("NFC", word).strip().strip("\"'").casefold()
        known = {name: name for name in self.classes} | self.words | _UNSURE
        return known.get(plain)

    @property
    def answers(self) -> tuple[str, ...]:
        """Everything that a labeller may answer."""
        return (*self.classes, UNSURE, SKIP)


AURORA = Task("aurora", "Is there aurora?", ("yes", "no"), ("y", "n"), "labels.csv", _YES_NO)
#: Classes of the Kvammen data record (seeds/002), in its order.
FORMS = Task(
    "forms",
    "Which form of aurora?",
    ("breakup", "colored", "arcs-bands", "discrete", "patchy", "edge", "clear-faint"),
    ("1", "2", "3", "4", "5", "6", "7"),
    "forms.csv",
    {"coloured": "colored", "arcs": "arcs-bands", "arc": "arcs-bands", "bands": "arcs-bands", "faint": "clear-faint"},
)
TASKS = {task.name: task for task in (AURORA, FORMS)}
