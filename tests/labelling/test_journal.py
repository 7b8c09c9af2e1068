"""The journal of labels: nothing that was confirmed is lost, nothing is written twice, whatever ends the process."""

import os
import signal
import time

import numpy as np
import pytest

from repro.errors import ReproError
from repro.labelling.journal import LABELLING, Answer, Journal, read_journal
from repro.labelling.label_store import MAIN
from repro.labelling.sessions import JOURNAL
from repro.labels import labelfile
from repro.paths import Paths
from tests.labelling.conftest import CORPUS, store_of


def answer(identity: str, name: str = "a.jpg", label: str = "yes") -> Answer:
    """One answer of a labeller."""
    return Answer(identity, "aurora", LABELLING, MAIN, name, label, "kim", "2025-05-01T00:00:00+00:00")


def test_a_cut_line_is_removed_and_whole_ones_stay(tmp_path):
    """Half a line at the end, as a crash leaves it, is removed before the next answer is written."""
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(answer("one"))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert [entry.id for entry in read_journal(path)] == ["one"]
    with Journal(path) as journal:
        journal.append(answer("two", "b.jpg"))
    assert [entry.id for entry in read_journal(path)] == ["one", "two"]
    assert path.read_bytes().startswith(whole)


def test_a_known_number_is_not_written_again(tmp_path):
    """An answer that is sent twice stands once, also after the journal was opened again."""
    path = tmp_path / "journal.jsonl"
    for _ in range(2):
        with Journal(path) as journal:
            journal.append(answer("one"))
            assert journal.append(answer("one", label="no")).label == "yes"
    assert len(read_journal(path)) == 1


def test_one_page_at_a_time(tmp_path):
    """A second process, or a second page, on the same corpus is refused."""
    with Journal(tmp_path / "journal.jsonl"), pytest.raises(ReproError, match="another repro label"):
        Journal(tmp_path / "journal.jsonl")
    with Journal(tmp_path / "journal.jsonl"):
        pass


@pytest.mark.parametrize("line", [b"{}", b"[]", b"no json", b'{"id":1}', b"\xff\xff", b"[" * 100_000])
def test_a_damaged_line_is_named(tmp_path, line):
    """A damaged line in the midst of a journal is an error that names its number; nothing is thrown away."""
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.append(answer("one"))
    path.write_bytes(path.read_bytes() + line + b"\n")
    before = path.read_bytes()
    with pytest.raises(ReproError, match="line 2"):
        Journal(path)
    assert path.read_bytes() == before


def test_fifty_kills_lose_and_double_nothing(tmp_path):
    """Of 50 labellings killed at random moments every confirmed label is kept, once, in the journal and in labels.csv."""
    project, rng = Paths(tmp_path), np.random.default_rng(5)
    confirmed: list[int] = []
    for _ in range(50):
        reader, writer = os.pipe()
        child = os.fork()  # no import to be waited for; the child opens nothing of ours
        if child == 0:
            os.close(reader)
            try:
                with store_of(project) as store:
                    for number in range(len(confirmed), 10_000):
                        known = store.answers().get(name := f"frame{number:06}.jpg")
                        label = "yes" if number % 3 else "no"
                        store.record(name, label, identity=f"id{number}", known=known and known.label)
                        os.write(writer, f"{number}\n".encode())
            finally:
                os._exit(1)
        os.close(writer)
        with os.fdopen(reader) as confirmations:
            seen = [confirmations.readline() for _ in range(rng.integers(1, 5))]  # it is at work
            time.sleep(float(rng.uniform(0, 0.04)))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            confirmed += [int(line) for line in [*seen, *confirmations.read().splitlines()]]
    assert confirmed == list(range(len(confirmed)))
    assert len(confirmed) > 100
    answers = read_journal(project.labelling(CORPUS) / JOURNAL)
    written = [entry.name for entry in answers]
    assert len(set(written)) == len(written)
    # The label that was being written when the process died may be there, too: it was not confirmed, and is not lost.
    assert set(written) >= {f"frame{number:06}.jpg" for number in confirmed}
    with store_of(project) as store:
        store.write_file()
    table = labelfile.read(project.labels(CORPUS), set(written))
    assert table["name"].tolist() == sorted(written)
    assert table.set_index("name")["label"].to_dict() == {entry.name: entry.label for entry in answers}
