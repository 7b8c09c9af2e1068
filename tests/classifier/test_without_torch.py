"""What is known without torch: whether a training would be the same, and whether a GPU is expected."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from repro.classifier import gpu
from repro.classifier.train_receipt import CARD, OUTPUTS, training_work
from repro.engine import receipts
from repro.files import write_json
from repro.params import Engine, Params

SPLIT = pd.DataFrame(
    {
        "name": ["a", "b", "c"], "night": ["20240201", "20240201", "20240202"], "label": ["yes", "no", "yes"],
        "split": ["train", "val", None], "split_by_night": ["train", "train", None],
    }
)  # fmt: skip


def test_a_training_that_would_be_the_same_is_known(tmp_path: Path, params: Params) -> None:
    """Nothing is to be done again but for another label, side, film, seed, parameter or device, or a lost output."""
    film, folder = tmp_path / "film", tmp_path / "train"

    def known(split: pd.DataFrame = SPLIT, **changes: Any) -> bool:
        return receipts.is_current(training_work(split, film, folder, params.model_copy(update=changes)))

    for night in ("20240201", "20240202"):
        write_json(film / "receipts" / f"{night}.json", {"night": night})
    folder.mkdir()
    for name in (*OUTPUTS, CARD):
        (folder / name).write_text("x")
    receipts.write(training_work(SPLIT, film, folder, params), {})
    assert known()
    for night in ("20240202", "20240203"):  # whose frames train nothing
        write_json(film / "receipts" / f"{night}.json", {"night": "another"})
        assert known()
    assert not known(SPLIT.assign(label=["no", "no", "yes"]))
    assert not known(SPLIT.assign(split=["train", "train", None]))
    assert not known(seed=1)
    assert not known(train=params.train.model_copy(update={"batch": 8}))
    assert not known(engine=params.engine.model_copy(update={"device": "cuda"}))
    (folder / "weights.safetensors").rename(folder / "away")
    assert not known()
    (folder / "away").rename(folder / "weights.safetensors")
    assert known()
    write_json(film / "receipts" / "20240201.json", {"night": "another"})
    assert not known()


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
