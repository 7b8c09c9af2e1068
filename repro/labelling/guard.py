"""What stands between the page's server and anybody else: a token in the address, Host, Origin, and bounds.

The token is the first part of every path, so that nothing but the address that the command printed opens anything, and pages
of other sites, which may send requests to this machine, cannot guess it. Host is checked because a name of another site can
be made to point to 127.0.0.1 (DNS rebinding); Origin, because a browser says there which page sends a request.
"""

from __future__ import annotations

import hmac

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

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


class Guard(BaseHTTPMiddleware):
    """Application around another one that lets only its own page in.

    ``token`` is the first part of every path; ``port`` is that of Host and Origin.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        super().__init__(app)
        self._token = token.encode()
        self._hosts = {f"{host}:{port}" for host in HOSTS}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a request, or refuse it."""
        response = self._refusal(request) or await call_next(request)
        response.headers.update(HEADERS)
        return response

    def _refusal(self, request: Request) -> Response | None:
        hosts, origins, lengths = map(request.headers.getlist, ("host", "origin", "content-length"))
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return PlainTextResponse("unknown host", 421)
        if any(origin.lower() not in self._origins for origin in origins):
            return PlainTextResponse("unknown origin", 403)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("method not allowed", 405)
        if request.method == "POST" and not origins:
            return PlainTextResponse("no origin", 403)
        given = request.scope["path"].split("/")[1] if "/" in request.scope["path"] else ""
        # Compared as bytes, in a time that does not depend on how much of it is right.
        if not hmac.compare_digest(given.encode(), self._token):
            return PlainTextResponse("not found", 404)
        if any(not length.isdecimal() or int(length) > MOST_BYTES for length in lengths):
            return PlainTextResponse("too large", 413)
        return None


async def bounded_body(request: Request) -> bytes | None:
    """A request's body, which may be longer than its header says, or come without one; None if it is longer than allowed."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body
