"""Serve the labelling page on this machine alone, until it is interrupted."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from repro.errors import ReproError
from repro.labelling.guard import HOSTS, new_token
from repro.labelling.server import Session, application


def serve(session: Session, *, port: int = 0, announce: Callable[[str], None] | None = None) -> None:
    """Serve a session until Ctrl-C; ``port`` 0 takes a free one.

    ``announce`` is called with the address when it can be opened; it is printed if not given. Raises ReproError if the port
    is taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOSTS[0], port))
        listening.listen()  # the address can be opened as soon as it is printed
    except OSError as error:
        listening.close()
        raise ReproError(
            found=error.strerror or str(error),
            expected="a free port",
            where=f"{HOSTS[0]}:{port}",
            remedy="leave out --port, or name another one",
        ) from None
    number, token = listening.getsockname()[1], new_token()
    config = uvicorn.Config(
        application(session, token, number), log_level="warning", access_log=False, server_header=False,
        proxy_headers=False, lifespan="off", timeout_graceful_shutdown=2,
    )  # fmt: skip
    (announce or _print)(f"http://{HOSTS[0]}:{number}/{token}/")
    # uvicorn ends in order, then passes the interrupt on; for this command it is the end, not an error.
    with listening, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _print(address: str) -> None:
    print(f"Open {address}\nThe address holds a key: share it with nobody. End with Ctrl-C.", flush=True)
    print("labels are written as you give them; nothing is sent elsewhere", file=sys.stderr, flush=True)
