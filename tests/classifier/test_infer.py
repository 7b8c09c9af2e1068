"""Inference: the published way against the fast way, damaged archives, resuming by night."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import transforms

from repro import frames
from repro.classifier import infer_corpus as infer
from repro.classifier import network as networks
from repro.classifier.frame_classifier import NEAR, Classifier
from repro.classifier.images import map_ahead
from repro.classifier.infer_corpus import add_answers, infer_corpus, p_yes
from repro.classifier.transforms import IMAGENET_MEAN, IMAGENET_STD, load_frame
from repro.engine.receipts import NightWork, write
from repro.errors import ReproError
from repro.params import Engine, InferParams, Params
from tests.support.frames import night_frames, nights
from tests.support.images import Hungry, lively, sky, write_archive

CPU = torch.device("cpu")
SIDE = 64


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network drawn at random whose answers depend on the image."""
    network = lively(networks.build("none", 5), SIDE)
    path = tmp_path_factory.mktemp("train") / "weights.safetensors"
    networks.save(network, path, {"image_size_px": SIDE})
    return path


def make_night(root: Path, night: str, count: int, *, unnamed: int = 0) -> pd.DataFrame:
    """A night as the stages film and sky leave it; the last ``unnamed`` frames have no time."""
    table = night_frames(night, count)
    if unnamed:
        gone = ["name", "time_utc", "sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]
        table.loc[count - unnamed :, gone] = None
    rng = np.random.default_rng(int(night))
    names = [name for name in table["name"] if isinstance(name, str)]
    images = {name: sky(rng, aurora=k % 2 == 0, size_px=90) for k, name in enumerate(names)}
    write_archive(root / "film" / "frames" / f"{night}.zip", images)
    target = root / "sky" / "tables" / f"{night}.parquet"
    frames.write(target, table, "sky")
    write(NightWork(night, (), (target,), root / "sky" / "receipts" / f"{night}.json", "s"), {"frames": count})
    return table


def run(root: Path, weights: Path, params: Params, **changes: object) -> infer.Outcome:
    """The stage's work."""
    chosen = InferParams.model_validate({"batch": 4, **changes})
    params = params.model_copy(update={"infer": chosen, "engine": Engine(workers=2, device="cpu")})
    return infer_corpus(root / "film", root / "sky", weights, root / "infer", params)


@pytest.mark.parametrize(("mode", "tolerance"), [("published", 1e-5), ("fast", 1e-4)])
def test_answers_are_the_published_scripts(
    tmp_path: Path, weights: Path, params: Params, mode: str, tolerance: float
) -> None:
    """Published mode gives the logits of torchvision's transforms image by image; the fast way adds rounding only.

    A frame whose clock could not be read has no name, is in no condition, and is not classified.
    """
    table = make_night(tmp_path, "20240201", 9, unnamed=2)
    run(tmp_path, weights, params, mode=mode)
    answers = frames.read(tmp_path / "infer" / "tables" / "20240201.parquet", "infer")
    network, _ = networks.load(weights)
    transform = transforms.Compose(
        [transforms.Resize((SIDE, SIDE)), transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)]
    )
    with zipfile.ZipFile(tmp_path / "film" / "frames" / "20240201.zip") as file, torch.no_grad():
        data = [file.read(frames.archive_name(name)) for name in table["name"].dropna()]
        images = [Image.open(io.BytesIO(content)).convert("RGB") for content in data]
        expected = torch.cat([network(transform(image)[None]) for image in images])
    assert answers[["predicted", "p_yes"]].notna().to_numpy().tolist() == [[True] * 2] * 7 + [[False] * 2] * 2
    found = answers[:7]
    assert np.allclose(found[["logit_no", "logit_yes"]], expected, atol=tolerance, rtol=0)
    assert np.allclose(found["p_yes"], torch.softmax(expected, 1)[:, 1], atol=tolerance, rtol=0)
    assert found["predicted"].tolist() == [("no", "yes")[k] for k in expected.argmax(1)]
    assert found["p_yes"].nunique() == 7


class Rough(nn.Module):
    """A network that is wrong by 0.15 in low precision, as bfloat16 makes it; the brighter, the likelier yes."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits 0 and ten times the mean brightness."""
        yes = 10 * images.mean((1, 2, 3)) - 0.15 * torch.is_autocast_enabled("cpu")
        return torch.stack([torch.zeros_like(yes), yes], 1)


def test_low_precision_flips_no_class() -> None:
    """In low precision with a second look in float32 near a decision, no class flips and p(yes) stays within 0.002."""
    pixels = np.repeat(np.arange(80, 180, dtype=np.uint8), 4 * 4 * 3).reshape(-1, 4, 4, 3)
    found = {
        precision: Classifier(Rough(), 4, InferParams(precision=precision), CPU).logits(pixels)
        for precision in ("float32", "bfloat16")
    }
    exact, rough = found["float32"], found["bfloat16"]
    assert (exact.argmax(1) == rough.argmax(1)).all()
    assert 0 < np.abs(p_yes(exact) - p_yes(rough)).max() < 0.002
    near = np.abs(exact[:, 1]) < NEAR - 0.2
    assert 0 < near.sum() < len(near)
    assert (exact[near] == rough[near]).all()


def test_finished_nights_are_skipped(tmp_path: Path, weights: Path, params: Params) -> None:
    """A second run does nothing, a new night costs that night, other weights cost all nights.

    Images have the side that the weight file says the network was trained on. Before stage sky has run, the error says so.
    """
    with pytest.raises(ReproError, match="dvc repro sky"):
        run(tmp_path, weights, params)
    one, two, three = nights(3)
    make_night(tmp_path, one, 3)
    make_night(tmp_path, two, 3)
    assert run(tmp_path, weights, params).done == (one, two)
    assert run(tmp_path, weights, params, batch=2).kept == (one, two)  # changes speed only
    make_night(tmp_path, three, 3)
    outcome = run(tmp_path, weights, params)
    assert (outcome.done, outcome.kept) == ((three,), (one, two))
    answers = tmp_path / "infer" / "tables" / f"{one}.parquet"
    before = pd.read_parquet(answers)["logit_yes"]
    network, notes = networks.load(weights)
    assert notes["image_size_px"] == SIDE
    networks.save(network, tmp_path / "w.safetensors", {"image_size_px": 96})
    assert run(tmp_path, tmp_path / "w.safetensors", params).done == (one, two, three)
    assert not np.allclose(before, pd.read_parquet(answers)["logit_yes"], atol=1e-4)


def test_damaged_archives_fail_their_night_alone(tmp_path: Path, weights: Path, params: Params) -> None:
    """A missing or cut archive is listed with its night; the other is done (more damage: tests/hostile/test_archives.py)."""
    missing, cut, whole = nights(3)
    missing_path, cut_path = (tmp_path / "film" / "frames" / f"{night}.zip" for night in (missing, cut))
    for night in (missing, cut, whole):
        make_night(tmp_path, night, 3)
    missing_path.unlink()
    cut_path.write_bytes(cut_path.read_bytes()[: cut_path.stat().st_size // 2])
    outcome = run(tmp_path, weights, params)
    assert outcome.done == (whole,)
    found = {failure.night: failure.found for failure in outcome.failed}
    assert "no such archive" in found.pop(missing)
    assert "a damaged archive" in found.pop(cut)
    assert not found
    assert [path.stem for path in (tmp_path / "infer" / "tables").iterdir()] == [whole]
    listed = json.loads((tmp_path / "infer" / "failures.json").read_text())
    assert [entry["night"] for entry in listed] == [missing, cut]


def test_too_little_memory_halves_the_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Out of memory, frames go through in smaller batches, with the same answers; stderr says so."""
    table = make_night(tmp_path, "20240201", 9)
    source = tmp_path / "film" / "frames" / "20240201.zip"
    params = InferParams(batch=8)
    tight, roomy, none = (Classifier(Hungry(most, trained=False), 32, params, CPU, workers=1) for most in (2, 8, 0))
    one, two = (add_answers(table, source, classifier.classify) for classifier in (tight, roomy))
    assert np.allclose(one["logit_yes"], two["logit_yes"], atol=1e-6)
    assert "continuing with batches of 2" in capsys.readouterr().err
    with pytest.raises(ReproError, match="not enough GPU memory even for a batch of one image"):
        none.classify(source, table["name"].tolist())


def test_softmax_does_not_overflow() -> None:
    """p(yes) is the softmax of the logits, also where exp would overflow."""
    logits = np.array([[0.0, 0.0], [2.0, -1.0], [-800.0, 800.0], [800.0, -800.0]])
    expected = torch.softmax(torch.from_numpy(logits), 1)[:, 1].numpy()
    assert np.allclose(p_yes(logits), expected, atol=1e-15)


def test_results_come_in_order_and_bounded() -> None:
    """Work done ahead in threads comes back complete and in order, however it is sized."""
    with ThreadPoolExecutor(3) as pool:
        for count in (0, 1, 5, 23):
            for waiting in (1, 4, 50):
                assert list(map_ahead(lambda n: n * n, range(count), pool, waiting)) == [n * n for n in range(count)]


def test_archives_made_again_are_read_again(tmp_path: Path) -> None:
    """An archive that was replaced is not read from the old file that a thread kept open."""
    first, second = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 200, np.uint8)
    path = write_archive(tmp_path / "n.zip", {"a.jpg": first})
    assert load_frame(path, "a.jpg", 8).max() == 0
    path.unlink()
    write_archive(path, {"b.jpg": first, "a.jpg": second})
    assert load_frame(path, "a.jpg", 8).min() == 200
