"""Whether a GPU will be used; torch, which takes seconds to load, is not asked."""

from __future__ import annotations

from pathlib import Path

from repro.params import Engine

_DRIVER = Path("/dev/nvidiactl")  # exists where NVIDIA's driver is loaded


def expects_gpu(engine: Engine) -> bool:
    """Whether networks run on a GPU, which rounds otherwise than a CPU; ``auto`` is the CPU on a cluster."""
    if engine.device == "auto":
        return engine.scheduler is None and _DRIVER.exists()
    return engine.device != "cpu"
