"""A Python that has imported the large libraries already; test support, no part of the library.

A stage of a small project spends most of its time on importing torch, pandas and the like. A server imports them once; the
interpreter of a test's project is a program that has a process forked from the server run the script. The project's own code
is imported by that process alone. A library that is listed here is never missed for want of an import, so the test of a
fresh clone begins with the plain interpreter.
"""

import atexit
import importlib
import io
import json
import multiprocessing
import os
import runpy
import socket
import socketserver
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

LIBRARIES = (
    "torch", "torchvision.models", "pytorch_grad_cam", "pandas", "pyarrow.dataset", "pyarrow.parquet", "pandera.pandas", "cv2",
    "av", "pytesseract", "skyfield.api", "scipy.special", "scipy.optimize", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg", "jinja2", "networkx", "pydantic", "safetensors.torch",
)  # fmt: skip
PROGRAM = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    job = {{"words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}}
    socket.send_fds(server, [json.dumps(job).encode()], [0, 1, 2])
    sys.exit(int.from_bytes(server.recv(1) or b"\\xff", "big"))
"""


def give_python(project: Path) -> None:
    """Give a project an interpreter, which runs scripts and nothing else, at the place that ``dvc.yaml`` names."""
    program = project / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.format(python=sys.executable, address=_address()), encoding="utf-8")
    program.chmod(0o755)


@cache
def _address() -> str:
    """Start the server of this test process; gives its socket."""
    folder = tempfile.TemporaryDirectory(prefix="repro-")  # not in that of the tests: a socket's path must be short
    address = str(Path(folder.name) / "socket")
    server = subprocess.Popen([sys.executable, "-P", __file__, address], stdout=subprocess.PIPE, text=True)

    def end() -> None:
        server.kill()
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    return address


class _Handler(socketserver.BaseRequestHandler):
    """Runs one script in a process of its own and answers with its exit code."""

    def handle(self) -> None:
        job, files, *_ = socket.recv_fds(self.request, 1 << 20, 3)
        process = multiprocessing.get_context("fork").Process(target=_run, args=(json.loads(job), files))
        process.start()
        process.join()
        self.request.sendall(bytes([(process.exitcode or 0) & 255]))


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """One process a request."""


def _run(job: dict[str, Any], files: list[int]) -> None:
    for place, file in enumerate(files):
        os.dup2(file, place)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(place, "w", closefd=False), line_buffering=True) for place in (1, 2)
    )
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.argv = job["words"]
    own = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [str(Path(sys.argv[0]).resolve().parent), *own]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    with _Server(sys.argv[1], _Handler) as waiting:
        print("ready", flush=True)
        waiting.serve_forever()
