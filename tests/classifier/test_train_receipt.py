"""A training that would be the same is known without torch, and one that would not be is done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from repro.classifier.train_receipt import CARD, OUTPUTS, training_work
from repro.engine import receipts
from repro.files import write_json
from repro.params import Params

SPLIT = pd.DataFrame(
    {
        "name": ["a", "b", "c"], "night": ["20240201", "20240201", "20240202"], "label": ["yes", "no", "yes"],
        "split": ["train", "val", None], "split_by_night": ["train", "train", None],
    }
)  # fmt: skip


@pytest.fixture
def done(tmp_path: Path, params: Params) -> tuple[Path, Path, Params]:
    """A training that is finished: folders of film and train, and its parameters."""
    film, folder = tmp_path / "film", tmp_path / "train"
    for night in ("20240201", "20240202"):
        write_json(film / "receipts" / f"{night}.json", {"night": night})
    folder.mkdir()
    for name in (*OUTPUTS, CARD):
        (folder / name).write_text("x")
    receipts.write(training_work(SPLIT, film, folder, params), {})
    return film, folder, params


def test_the_same_training_is_known(done: tuple[Path, Path, Params]) -> None:
    """With the same labels, films and parameters nothing is to be done, also after a night whose frames train nothing."""
    film, folder, params = done
    assert receipts.is_current(training_work(SPLIT, film, folder, params))
    write_json(film / "receipts" / "20240202.json", {"night": "another"})
    write_json(film / "receipts" / "20240203.json", {})
    assert receipts.is_current(training_work(SPLIT, film, folder, params))


@pytest.mark.parametrize("what", ["label", "side", "film", "seed", "parameter", "output", "device"])
def test_another_training_is_done(done: tuple[Path, Path, Params], what: str) -> None:
    """A label, a side, a film, a parameter, the device or a lost output asks for a training."""
    film, folder, params = done
    split = SPLIT.copy()
    if what == "label":
        split.loc[0, "label"] = "no"
    elif what == "side":
        split.loc[1, "split"] = "train"
    elif what == "film":
        write_json(film / "receipts" / "20240201.json", {"night": "another"})
    elif what == "seed":
        params = params.model_copy(update={"seed": 1})
    elif what == "parameter":
        params = params.model_copy(update={"train": params.train.model_copy(update={"batch": 8})})
    elif what == "device":
        params = params.model_copy(update={"engine": params.engine.model_copy(update={"device": "cuda"})})
    else:
        (folder / "weights.safetensors").unlink()
    assert not receipts.is_current(training_work(split, film, folder, params))
