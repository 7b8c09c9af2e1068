"""A small corpus with pictures, and the page's server in a thread."""

import http.client
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
import pandas as pd
import pytest

from repro import frames
from repro.files import write_bytes
from repro.labelling.frame_source import names_in
from repro.labelling.journal import Journal
from repro.labelling.label_store import LabelStore
from repro.labelling.server import Session, listen
from repro.labelling.sessions import JOURNAL, label_session
from repro.labelling.tasks import AURORA, Task
from repro.labels import labelfile
from repro.labels.sample import to_label
from repro.paths import Paths
from tests.conftest import ROOT
from tests.support.corpus import add_night

CORPUS = "roof"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Two nights of 20 frames after the stages film, clock and sky, with keograms, all of them in the sample."""
    project = Paths(tmp_path_factory.mktemp("untouched"))
    shutil.copy(ROOT / "params.yaml", project.params)
    parts = []
    for night in ("20240201", "20240202"):
        parts.append(add_night(project, CORPUS, night, 20))
        clock = parts[-1][[*frames.schema("clock").columns]]
        frames.write(project.stage(CORPUS, "clock") / "tables" / f"{night}.parquet", clock, "clock")
        keogram = np.repeat(np.linspace(0, 200, 72).astype(np.uint8)[:, None], 20, axis=1)
        written = cv2.imencode(".png", np.stack([keogram] * 3, axis=2))[1].tobytes()
        write_bytes(project.stage(CORPUS, "film") / "keograms" / f"{night}.png", written)
    labelfile.write(project.stage(CORPUS, "sample") / "to_label.csv", to_label(pd.concat(parts, ignore_index=True)))
    return project


@pytest.fixture
def small(untouched: Paths, tmp_path: Path) -> Paths:
    """A copy of the untouched corpus, to be labelled."""
    return Paths(shutil.copytree(untouched.root, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def names(untouched: Paths) -> list[str]:
    """Names of the frames of the sample, in their order."""
    return names_in(untouched.stage(CORPUS, "sample") / "to_label.csv", remedy="")


@contextmanager
def store_of(project: Paths, labeller: str = "kim", task: Task = AURORA, **options: bool) -> Iterator[LabelStore]:
    """A labeller's labels of the small corpus."""
    with Journal(project.labelling(CORPUS) / JOURNAL) as journal:
        yield LabelStore(project, CORPUS, task, labeller, journal, **options)


@dataclass
class Client:
    """Requests to a server, with any headers."""

    address: str

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, token: bool = True, **headers: str) -> Any:
        """The answer to a request, with its body as ``text``."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        connection.request(method, (parts.path.rstrip("/") if token else "") + path, body, headers)
        response: Any = connection.getresponse()
        response.text = response.read()
        connection.close()
        return response

    @property
    def origin(self) -> str:
        """What the page's own requests bear as origin."""
        return "http://" + urlsplit(self.address).netloc

    def label(self, name: str, label: str, identity: str, known: str | None = None) -> Any:
        """Give an answer as the page does."""
        body = json.dumps({"id": identity, "name": name, "label": label, "known": known}).encode()
        return self.ask("/api/label", "POST", body, origin=self.origin)


@contextmanager
def serving_session(session: Session) -> Iterator[Client]:
    """Serve a session in a thread, for the block."""
    server, listening, address = listen(session)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    with listening:
        try:
            yield Client(address)
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def shut(untouched: Paths) -> Iterator[Client]:
    """A labelling page that is only asked for what it refuses; no label is ever given there."""
    with store_of(untouched) as store, serving_session(label_session(untouched, CORPUS, store, None)) as client:
        yield client
        assert not untouched.labels(CORPUS).exists()
        assert (untouched.labelling(CORPUS) / JOURNAL).read_bytes() == b""


@pytest.fixture
def client(small: Paths) -> Iterator[Client]:
    """The labelling page of the small corpus."""
    with store_of(small) as store, serving_session(label_session(small, CORPUS, store, None)) as client:
        yield client
