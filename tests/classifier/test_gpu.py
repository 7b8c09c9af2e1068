"""Whether a GPU is expected, without torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from repro.classifier import gpu
from repro.params import Engine


@pytest.mark.parametrize(
    ("device", "scheduler", "driver", "expected"),
    [
        ("auto", None, True, torch.version.cuda is not None),
        ("auto", None, False, False),
        ("auto", "tcp://host:8786", True, False),
        ("cpu", None, True, False),
        ("cuda:1", "tcp://host:8786", False, True),
    ],
)
def test_a_gpu_is_expected_where_torch_can_use_one(
    device: str, scheduler: str | None, driver: bool, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`auto` wants a driver and a build of torch with CUDA, and is the CPU on a cluster; a named device is what it says."""
    monkeypatch.setattr(gpu, "DRIVERS", (tmp_path / "none", tmp_path if driver else tmp_path / "neither"))
    assert gpu.expects_gpu(Engine(device=device, scheduler=scheduler)) is expected
