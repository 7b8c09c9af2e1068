"""The page's server: what it shows, what it takes, and how it is served on this machine alone until it is interrupted.

Paths below the token: ``/`` and ``/static/...`` are the page, ``/api/state`` all that it needs to begin, ``/api/night/NIGHT``
the frames of a night, ``/frame/NAME`` a picture, ``/keogram/NIGHT`` a keogram, and ``POST /api/label`` takes an answer.
"""

from __future__ import annotations

import json
import secrets
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from repro.errors import ReproError, refuse
from repro.labelling.frame_source import FrameSource
from repro.labelling.guard import HOSTS, Guard, bounded_body
from repro.labelling.label_store import LabelStore, OtherLabelError
from repro.labelling.tasks import Task

#: The page: a fixed list, so that no path can name another file.
_PAGE = {
    "index.html": "text/html; charset=utf-8",
    "label.js": "text/javascript; charset=utf-8",
    "views.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
}
_MOST_ID = 80
_FRESH = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Shown:
    """A frame on the page: its name, and notes that are shown beside it (never a prediction while labels are given)."""

    name: str
    notes: dict[str, str]


@dataclass(frozen=True)
class Session:
    """What one page is about: frames of a corpus in their order, and the pictures' source.

    Answers go into ``store``; None shows the frames without asking. ``reveal`` is, for a review, what is said of a frame
    after its answer, by name.
    """

    corpus: str
    task: Task
    frames: Sequence[Shown]
    source: FrameSource
    store: LabelStore | None
    reveal: dict[str, str]


def serve(session: Session, *, port: int = 0) -> None:
    """Serve a session until Ctrl-C, at an address that is printed; ``port`` 0 takes a free one.

    Raises ReproError if the port is taken.
    """
    server, listening, address = listen(session, port)
    print(f"Open {address}\nThe address holds a key: share it with nobody. End with Ctrl-C.", flush=True)
    print("labels are written as you give them; nothing is sent elsewhere", file=sys.stderr, flush=True)
    # uvicorn ends in order, then passes the interrupt on; for this command it is the end, not an error.
    with listening, suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def listen(session: Session, port: int = 0) -> tuple[uvicorn.Server, socket.socket, str]:
    """A server that is to be run with its socket, and its address, which can be opened as soon as it runs."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOSTS[0], port))
        listening.listen()
    except OSError as error:
        listening.close()
        where, remedy = f"{HOSTS[0]}:{port}", "leave out --port, or name another one"
        refuse(error.strerror or str(error), "a free port", where, remedy)
    number, token = listening.getsockname()[1], secrets.token_urlsafe(32)
    config = uvicorn.Config(
        application(session, token, number), log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip
    return uvicorn.Server(config), listening, f"http://{HOSTS[0]}:{number}/{token}/"


def application(session: Session, token: str, port: int) -> Guard:
    """The guarded application of a session."""
    server = _Server(session)
    routes = [
        Route("/", _page),
        Route("/static/{name}", _page),
        Route("/api/state", server.state),
        Route("/api/night/{night}", server.night),
        Route("/api/label", server.label, methods=["POST"]),
        Route("/frame/{name}", server.frame),
        Route("/keogram/{night}", server.keogram),
    ]
    app = Starlette(routes=[Mount(f"/{token}", routes=routes)], exception_handlers={ReproError: _error_response})
    return Guard(app, token, port)


class _Server:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._names = {shown.name for shown in session.frames}
        self._one_at_a_time = threading.Lock()

    def state(self, _: Request) -> Response:
        """Everything the page begins with."""
        session, store = self._session, self._session.store
        simulated = session.source.simulated
        answers = store.answers() if store else {}
        return JSONResponse(
            {
                "corpus": session.corpus,
                "title": session.task.title,
                "classes": [
                    {"label": label, "key": key}
                    for label, key in zip(session.task.classes, session.task.keys, strict=True)
                ],
                "labeller": store.labeller if store else "",
                "purpose": store.purpose if store else "show",
                "file": store.file.name if store else "",
                "frames": [
                    {"name": shown.name, "night": _night(shown.name), "time": session.source.time_of(shown.name),
                     "notes": shown.notes, "simulated": _night(shown.name) in simulated}
                    for shown in session.frames
                ],
                "labels": {name: answers[name].label for name in answers if name in self._names},
                "reveal": {name: text for name, text in session.reveal.items() if name in answers},
            },
            headers=_FRESH,
        )  # fmt: skip

    def night(self, request: Request) -> Response:
        """Frames of a night in their order, for the minutes before and after a frame and its place in the keogram."""
        night = request.path_params["night"]
        times, numbers = self._session.source.times(night), self._session.source.numbers(night)
        if not times:
            return PlainTextResponse("not found", 404)
        entries = [{"name": name, "time": time, "number": numbers[name]} for name, time in times.items()]
        return JSONResponse({"night": night, "frames": entries}, headers=_FRESH)

    def frame(self, request: Request) -> Response:
        """Picture of a frame."""
        return _picture(self._session.source.jpeg(request.path_params["name"]), "image/jpeg")

    def keogram(self, request: Request) -> Response:
        """Keogram of a night."""
        return _picture(self._session.source.keogram(request.path_params["night"]), "image/png")

    async def label(self, request: Request) -> Response:
        """Take an answer; it is on disk when this responds with 200."""
        try:
            body = await bounded_body(request)
            if body is None:
                return PlainTextResponse("too large", 413)
            document = json.loads(body)
            identity, name, label, known = (document[key] for key in ("id", "name", "label", "known"))
        except (ClientDisconnect, ValueError, TypeError, KeyError, RecursionError):
            return PlainTextResponse("not an answer", 400)
        if not isinstance(identity, str) or not 0 < len(identity) <= _MOST_ID or not identity.isascii():
            return PlainTextResponse("not an answer", 400)
        return await run_in_threadpool(self._record, name, label, identity, known)

    def _record(self, name: Any, label: Any, identity: str, known: Any) -> Response:
        store = self._session.store
        if store is None:
            return PlainTextResponse("these frames are only shown", 403)
        if not isinstance(name, str) or name not in self._names or label not in store.task.answers:
            return PlainTextResponse("no such frame or class", 400)
        with self._one_at_a_time:
            try:
                stands: str | None = store.record(name, label, identity=identity, known=known).label
                code = 200
            except OtherLabelError:  # another tab was first: its label stays, and this tab learns of it
                other = store.answers().get(name)
                stands, code = other.label if other else None, 409
        reveal = self._session.reveal.get(name, "")
        return JSONResponse({"name": name, "label": stands, "reveal": reveal}, status_code=code)


def _night(name: str) -> str:
    return name.split("_")[1]


def _page(request: Request) -> Response:
    name = request.path_params.get("name", "index.html")
    if name not in _PAGE:
        return PlainTextResponse("not found", 404)
    text = (resources.files("repro.labelling") / "page" / name).read_text(encoding="utf-8")
    return Response(text, headers={"content-type": _PAGE[name], **_FRESH})


def _picture(data: bytes | None, kind: str) -> Response:
    if data is None:
        return PlainTextResponse("not found", 404)
    return Response(data, headers={"content-type": kind, "cache-control": "private, max-age=3600"})


def _error_response(_: Request, error: Exception) -> Response:
    """An error that a labeller can act on, such as a full disk."""
    return PlainTextResponse(str(error), 507)
