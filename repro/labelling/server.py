"""The page's server: what it shows, and what it takes.

Paths below the token: ``/`` and ``/static/...`` are the page, ``/api/state`` all that it needs to begin, ``/api/night/NIGHT``
the frames of a night, ``/frame/NAME`` a picture, ``/keogram/NIGHT`` a keogram, and ``POST /api/label`` takes an answer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from repro.errors import ReproError
from repro.labelling.frame_source import FrameSource
from repro.labelling.guard import App, Guard
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


def application(session: Session, token: str, port: int) -> App:
    """The guarded application of a session."""
    server = _Server(session)
    routes = [
        Route("/", partial(_page, "index.html")),
        Route("/static/{name}", lambda request: _page(request.path_params["name"], request)),
        Route("/api/state", server.state),
        Route("/api/night/{night}", server.night),
        Route("/api/label", server.label, methods=["POST"]),
        Route("/frame/{name}", server.frame),
        Route("/keogram/{night}", server.keogram),
    ]
    return Guard(Starlette(routes=routes, exception_handlers={ReproError: _error_response}), token, port)


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
            headers={"cache-control": "no-store"},
        )  # fmt: skip

    def night(self, request: Request) -> Response:
        """Frames of a night in their order, for the minutes before and after a frame and its place in the keogram."""
        night = request.path_params["night"]
        times = self._session.source.times(night)
        if not times:
            return PlainTextResponse("not found", 404)
        numbers = self._session.source.numbers(night)
        entries = [{"name": name, "time": time, "number": numbers[name]} for name, time in times.items()]
        return JSONResponse({"night": night, "frames": entries}, headers={"cache-control": "no-store"})

    def frame(self, request: Request) -> Response:
        """Picture of a frame."""
        data = self._session.source.jpeg(request.path_params["name"])
        return _picture(data, "image/jpeg")

    def keogram(self, request: Request) -> Response:
        """Keogram of a night."""
        return _picture(self._session.source.keogram(request.path_params["night"]), "image/png")

    async def label(self, request: Request) -> Response:
        """Take an answer; it is on disk when this responds with 200."""
        try:
            document = json.loads(await request.body())
            identity, name, label, known = (document[key] for key in ("id", "name", "label", "known"))
        except (ValueError, TypeError, KeyError, RecursionError):
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


def _page(name: str, _: Request) -> Response:
    if name not in _PAGE:
        return PlainTextResponse("not found", 404)
    text = (resources.files("repro.labelling") / "page" / name).read_text(encoding="utf-8")
    return Response(text, headers={"content-type": _PAGE[name], "cache-control": "no-store"})


def _picture(data: bytes | None, kind: str) -> Response:
    if data is None:
        return PlainTextResponse("not found", 404)
    return Response(data, headers={"content-type": kind, "cache-control": "private, max-age=3600"})


def _error_response(_: Request, error: Exception) -> Response:
    """An error that a labeller can act on, such as a full disk."""
    return PlainTextResponse(str(error), 507)
