"""What a page is begun with: the sample to be labelled, labels that are there already, or a list to look at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repro.errors import ReproError
from repro.labelling.frame_names import frame_names
from repro.labelling.frame_source import FrameSource, check_frames, names_in, to_label
from repro.labelling.imports import read_labels
from repro.labelling.journal import Journal
from repro.labelling.label_store import LabelStore
from repro.labelling.server import Session, Shown
from repro.labelling.tasks import Task
from repro.paths import SIMULATED, Paths

JOURNAL = "journal.jsonl"
_UNNAMED = "unnamed"  # labeller of lines that name none


@contextmanager
def open_store(
    paths: Paths, corpus: str, task: Task, labeller: str, *, together: bool = False, review: bool = False
) -> Iterator[LabelStore]:
    """The labels of a labeller, for the block; labels of a label file that the journal does not have are taken over first.

    Raises ReproError if another page is open for this corpus, the label file or the journal is damaged, or the corpus is
    the one that stage simulate makes and labels.
    """
    if corpus == SIMULATED:  # an output of the pipeline, which would be made again
        raise ReproError(
            found="the simulated corpus, whose labels stage simulate gives",
            expected="a corpus of your own images",
            where=str(paths.labels(corpus)),
            remedy="name another: repro label --corpus NAME; or look at its frames: repro label --show "
            "results/simulated/sample/to_label.csv",
        )
    with Journal(paths.labelling(corpus) / JOURNAL) as journal:
        adopt(paths, corpus, task, journal)
        yield LabelStore(paths, corpus, task, labeller, journal, together=together, review=review)


def adopt(paths: Paths, corpus: str, task: Task, journal: Journal) -> None:
    """Take over labels that stand in the corpus' label file but not in the journal, such as those of a spreadsheet.

    Afterwards the file holds all that the journal does, so that nothing is lost when it is written.
    """
    source = paths.root / "data" / corpus / task.file
    if not source.is_file():
        return
    rows = read_labels(source, task, frame_names(paths, corpus), labeller=_UNNAMED)
    store = LabelStore(paths, corpus, task, _UNNAMED, journal, together=True)
    if count := store.take_over(rows):
        print(f"{count} labels of {source} are taken over")
    store.write_file()


def label_session(paths: Paths, corpus: str, store: LabelStore, listed: Path | None) -> Session:
    """A page to label the sample, or the frames of a list (CSV with a column ``name``).

    Raises ReproError if the sample was not drawn, or the list names a frame that the corpus does not have.
    """
    source = FrameSource(paths, corpus)
    where = listed or paths.stage(corpus, "sample") / "to_label.csv"
    names = names_in(listed, remedy="name a list of frames") if listed else to_label(paths, corpus)
    check_frames(names, source, where)
    return Session(corpus, store.task, [Shown(name, {}) for name in names], source, store, {})
