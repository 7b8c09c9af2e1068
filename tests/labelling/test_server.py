"""The page's server: what it shows and takes, and what it refuses."""

import json
import socket
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import pandas as pd
import pytest

from repro.errors import ReproError
from repro.files import write_table
from repro.labelling.guard import MOST_BYTES
from repro.labelling.journal import read_journal
from repro.labelling.server import _PAGE
from repro.labelling.sessions import JOURNAL, label_session, show_session
from repro.labelling.tasks import AURORA
from tests.labelling.conftest import CORPUS, serving_session, store_of


def labels_of(project) -> dict[str, str]:
    """Labels of the corpus' label file."""
    table = pd.read_csv(project.labels(CORPUS), dtype=str)
    assert not table["name"].duplicated().any()
    return dict(zip(table["name"], table["label"], strict=True))


def test_state_names_frames_and_nothing_predicted(shut, names):
    """The page begins with all frames of the sample, their times and keys, and with no answer of a network."""
    response = shut.ask("/api/state")
    state = json.loads(response.text)
    assert [frame["name"] for frame in state["frames"]] == names
    assert [entry["key"] for entry in state["classes"]] == ["y", "n"]
    assert (state["labels"], state["reveal"], state["labeller"]) == ({}, {}, "kim")
    assert b"p_yes" not in response.text
    assert b"predicted" not in response.text


def test_pictures_of_frames_and_nights(shut, names):
    """A frame is a JPEG, its night lists the frames in order, and the keogram is a PNG."""
    assert shut.ask(f"/frame/{names[0]}").text[:2] == b"\xff\xd8"
    night = json.loads(shut.ask("/api/night/20240201").text)
    assert len(night["frames"]) == 20
    assert shut.ask("/keogram/20240201").text[:4] == b"\x89PNG"


@pytest.mark.parametrize("name", sorted(_PAGE))
def test_page_is_served_and_asks_for_nothing_outside(shut, name):
    """Each file of the page is there, refers to no other site, and forbids the browser to load anything from one."""
    response = shut.ask("/" if name == "index.html" else f"/static/{name}")
    assert response.status == 200
    assert b"http" not in response.text.replace(b"http://127.0.0.1", b"")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_answer_is_on_disk_when_it_is_confirmed(client, small, names):
    """Each confirmed answer stands in labels.csv; unsure ones and skipped ones do not, and a changed one stands once.

    A retry with the same number changes nothing, also when the confirmation was lost.
    """
    for _ in range(3):
        assert client.label(names[0], "yes", "a").status == 200
        assert labels_of(small) == {names[0]: "yes"}
    assert client.label(names[1], "no", "b").status == 200
    assert client.label(names[2], "unsure", "c").status == 200
    assert client.label(names[3], "skip", "d").status == 200
    assert client.label(names[0], "no", "e", known="yes").status == 200
    assert labels_of(small) == {names[0]: "no", names[1]: "no"}
    assert [answer.id for answer in read_journal(small.labelling(CORPUS) / JOURNAL)] == ["a", "b", "c", "d", "e"]


def test_two_tabs(client, small, names):
    """A tab that does not know what another has answered changes nothing and receives the label that stands."""
    client.label(names[0], "yes", "tab-1")
    late = client.label(names[0], "no", "tab-2")
    assert (late.status, json.loads(late.text)["label"]) == (409, "yes")
    assert labels_of(small) == {names[0]: "yes"}
    unknown = client.label(names[1], "no", "tab-3", known="yes")
    assert (unknown.status, json.loads(unknown.text)["label"]) == (409, None)


def test_without_the_token_there_is_nothing(shut, names):
    """Every path without the token, with another one, or with a part of it is not found."""
    token = urlsplit(shut.address).path.strip("/")
    assert len(token) >= 43
    for start in ("", "/", f"/{token[:-1]}", f"/{token}x", f"/{token.swapcase()}", "//" + token, "/é"):
        for path in ("/", "/api/state", f"/frame/{names[0]}", "/static/label.js"):
            assert shut.ask(quote(start + path, safe="/"), token=False).status == 404, start + path


def test_only_this_machine_is_a_host(shut):
    """A request that was meant for another name gets nothing, whatever token it has."""
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert shut.ask("/api/state", Host=f"{name}:{urlsplit(shut.address).port}").status == 200
    for host in ("example.org", "127.0.0.1", "127.0.0.1:1", "localhost.example.org", "[::1]", ""):
        assert shut.ask("/api/state", Host=host).status in (400, 421), host


@pytest.mark.parametrize("origin", ["http://example.org", "null", "https://127.0.0.1", "http://127.0.0.1:1", "file://"])
def test_another_origin_is_refused(shut, names, origin):
    """A page of another site can neither read nor write, and an answer without any origin is refused."""
    body = json.dumps({"id": "x", "name": names[0], "label": "yes", "known": None}).encode()
    assert shut.ask("/api/label", "POST", body, origin=origin).status == 403
    assert shut.ask("/api/state", origin=origin).status == 403
    assert shut.ask("/api/label", "POST", body).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/frame/../../../params.yaml", "/frame/..%2f..%2f..%2fparams.yaml", "/frame/%2e%2e/params.yaml",
        "/frame//etc/passwd", "/frame/20240201_0.jpg", "/frame/20240201000000_20240201_999.jpg",
        "/frame/20240201000000_99999999_0.jpg", "/keogram/..", "/keogram/..%2f..%2flabels", "/keogram/2024020",
        "/api/night/../20240201", "/static/../server.py", "/static/..%2fserver.py", "/static/", "/frame/a%00b",
    ],
)  # fmt: skip
def test_no_path_leads_outside(shut, path):
    """Nothing but frames, nights and files of the page can be asked for, however a path is written."""
    assert shut.ask(path).status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b"{}", b"{" * 5000, b"\xff\xfe", b'{"id":1,"name":2,"label":3,"known":4}',
        b'{"id":"","name":"x","label":"yes","known":null}', b'{"id":"a","name":["x"],"label":{},"known":null}',
        b'{"id":"a","name":"x.jpg","label":"yes","known":null}',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(shut, body):
    """Damaged and hostile bodies are refused, and nothing is written."""
    assert shut.ask("/api/label", "POST", body, origin=shut.origin).status == 400


def test_unknown_classes_and_markup_are_refused(shut, names):
    """Only the task's answers are taken; what is shown is JSON and text, never a page made of what was sent."""
    for label in ("maybe", "<script>alert(1)</script>", "YES", ""):
        refused = shut.label(names[0], label, "a")
        assert refused.status == 400
        assert b"<" not in refused.text
        assert refused.headers["content-type"].startswith("text/plain")
        assert refused.headers["x-content-type-options"] == "nosniff"


def test_uploads_are_bounded(shut, names):
    """A body above the bound is refused by its header, and while it streams where it has no length."""
    assert shut.label(names[0], "yes", "x" * MOST_BYTES).status == 413
    parts = urlsplit(shut.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        head = f"POST {parts.path}api/label HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: {shut.origin}\r\n"
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        with suppress(OSError):  # the server may close before all is sent
            for _ in range(8):
                raw.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        assert b" 413 " in raw.recv(1000)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(shut, method):
    """Only reading and answering are offered."""
    assert shut.ask("/api/state", method, origin=shut.origin).status == 405


def test_only_this_machine_listens(shut):
    """The server is bound to the loopback address: no other address of this machine answers."""
    parts = urlsplit(shut.address)
    assert parts.hostname == "127.0.0.1"
    # Another address of the loopback network is another address, too.
    with pytest.raises(OSError, match=r"."), socket.create_connection(("127.0.0.2", parts.port), timeout=2):
        pass


def test_a_full_disk_is_reported_and_nothing_counts(client, small, names):
    """Where an answer cannot be written, it is not confirmed, the journal stays whole, and a retry succeeds."""
    client.label(names[0], "yes", "a")
    before = (small.labelling(CORPUS) / JOURNAL).read_bytes()
    with patch("repro.labelling.journal.os.fsync", side_effect=OSError(28, "No space left on device")):
        refused = client.label(names[1], "no", "b")
    assert refused.status == 507
    assert b"free some space" in refused.text
    assert (small.labelling(CORPUS) / JOURNAL).read_bytes() == before
    assert client.label(names[1], "no", "b").status == 200
    assert labels_of(small) == {names[0]: "yes", names[1]: "no"}


def test_shown_frames_take_no_answer(small, names, tmp_path):
    """A list that is only shown has its own columns and what is known beside each frame, and refuses answers."""
    listed = tmp_path / "moved.csv"
    listed.write_text(f"name,before,after\n{names[3]},yes,no\n{names[1]},no,<b>yes</b>\n", encoding="utf-8")
    with serving_session(show_session(small, CORPUS, listed, AURORA)) as client:
        state = json.loads(client.ask("/api/state").text)
        assert [frame["name"] for frame in state["frames"]] == [names[3], names[1]]
        notes = {"before": "yes", "after": "no", "sun_bin": "Night", "moon_bin": "No_moon"}
        assert state["frames"][0]["notes"] == notes
        assert client.label(names[3], "yes", "a").status == 403

    def shown(source: Path | str, *by: str) -> list[str]:
        return [shown.name for shown in show_session(small, CORPUS, Path(source), AURORA, *by).frames]

    assert shown(names[2]) == [names[2]]
    assert shown("20240201") == names[:20]
    assert shown(listed, "night") == [names[1], names[3]]
    listed.write_text(f"name\nnobody.jpg\n{names[2]}\n", encoding="utf-8")
    assert shown(listed) == [names[2]]
    listed.write_text("name\nnobody.jpg\n", encoding="utf-8")
    renumbered = names[2].replace("_2.jpg", "_999.jpg")
    for source, unknown in ((listed, "nobody"), ("20240301", "20240301"), (renumbered, renumbered)):
        with pytest.raises(ReproError, match=unknown):
            shown(source)


def test_the_list_of_the_sample_shows_what_is_known(small, names):
    """The empty columns of to_label.csv do not hide the labels, and frames can be ordered by the label's disagreement."""
    labels = pd.DataFrame({"name": names, "label": ["yes", *["no"] * (len(names) - 1)]})
    write_table(small.stage(CORPUS, "split") / "split.parquet", labels)
    for night in ("20240201", "20240202"):
        sky = pd.read_parquet(small.stage(CORPUS, "sky") / "tables" / f"{night}.parquet")
        write_table(small.stage(CORPUS, "infer") / "tables" / f"{night}.parquet", sky.assign(p_yes=0.2, predicted="no"))
    listed = small.stage(CORPUS, "sample") / "to_label.csv"
    shown = show_session(small, CORPUS, listed, AURORA, "disagreement").frames
    assert (shown[0].name, shown[0].notes["label"], shown[0].notes["p_yes"]) == (names[0], "yes", "0.200")


def test_a_second_labeller_sees_nothing_of_the_first(small, names):
    """The second labeller begins without labels, and labels.csv keeps the first one's; with --together they share."""
    with store_of(small, "kim") as store:
        store.record(names[0], "yes", identity="a", known=None)
    with store_of(small, "lee") as store, serving_session(label_session(small, CORPUS, store, None)) as client:
        assert json.loads(client.ask("/api/state").text)["labels"] == {}
        assert client.label(names[0], "no", "b").status == 200
    assert labels_of(small) == {names[0]: "yes"}
    with store_of(small, "park", together=True) as store:
        assert {name: answer.label for name, answer in store.answers().items()} == {names[0]: "yes"}
