"""What stands between the page's server and anybody else: a token in the address, Host, Origin, and bounds.

The token is the first part of every path, so that nothing but the address that the command printed opens anything, and pages
of other sites, which may send requests to this machine, cannot guess it. Host is checked because a name of another site can
be made to point to 127.0.0.1 (DNS rebinding); Origin, because a browser says there which page sends a request.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTS = ("127.0.0.1", "localhost")
#: Largest request that is read; an answer has 200 bytes.
MOST_BYTES = 1 << 16
HEADERS = {
    # Nothing from elsewhere, no script in the page itself, no frame around it.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


def new_token() -> str:
    """A token of 256 bits that can stand in an address."""
    return secrets.token_urlsafe(32)


class Guard:
    """ASGI application around another one that lets only its own page in.

    ``app`` gets the path without ``token``, which is the first part of every path; ``port`` is that of Host and Origin.
    """

    def __init__(self, app: App, token: str, port: int) -> None:
        self._app, self._token = app, token.encode()
        self._hosts = {f"{host}:{port}" for host in HOSTS}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # no websocket is offered
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, _adding_headers(send))
            return
        path = scope["path"][1 + len(self._token) :] or "/"
        inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        if scope["method"] == "POST":  # a body may be longer than its header says, or come without one
            body = await _body(receive)
            if body is None:
                await PlainTextResponse("too large", 413)(scope, receive, _adding_headers(send))
                return
            receive = _replay(body, receive)
        await self._app(inner, receive, _adding_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return PlainTextResponse("unknown host", 421)
        if any(origin.lower() not in self._origins for origin in origins):
            return PlainTextResponse("unknown origin", 403)
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("method not allowed", 405)
        if scope["method"] == "POST" and not origins:
            return PlainTextResponse("no origin", 403)
        given = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        # Compared as bytes, in a time that does not depend on how much of it is right.
        if not hmac.compare_digest(given.encode(), self._token):
            return PlainTextResponse("not found", 404)
        lengths = headers.getlist("content-length")
        if any(not length.isdecimal() or int(length) > MOST_BYTES for length in lengths):
            return PlainTextResponse("too large", 413)
        return None


async def _body(receive: Receive) -> bytes | None:
    """A request's body; None if it is longer than allowed."""
    body: bytes = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if len(body) > MOST_BYTES:
            return None
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return receiving


def _adding_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
