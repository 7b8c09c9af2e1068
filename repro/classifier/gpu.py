"""Whether a GPU will be used; torch, which takes seconds to load, is not asked."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

from repro.params import Engine

#: Files that exist where NVIDIA's driver is loaded: on Linux, and in Windows' subsystem for it.
DRIVERS = (Path("/dev/nvidiactl"), Path("/usr/lib/wsl/lib/libcuda.so.1"))


def expects_gpu(engine: Engine) -> bool:
    """Whether networks run on a GPU, which rounds otherwise than a CPU; ``auto`` is the CPU on a cluster."""
    if engine.device != "auto":
        return engine.device != "cpu"
    return engine.scheduler is None and any(path.exists() for path in DRIVERS) and _torch_has_cuda()


def _torch_has_cuda() -> bool:
    torch = find_spec("torch")
    # The file behind torch.version, which can be read alone.
    return bool(torch and torch.origin and run_path(str(Path(torch.origin).with_name("version.py")))["cuda"])
