"""Files with flipped, lost and foreign bytes: each kind is read rightly or refused, whatever the damage."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from repro import camera as profile
from repro import frames
from repro.audit.outputs import read_table
from repro.audit.thumbnails import small_jpeg
from repro.classifier import network as networks
from repro.classifier.gradcam_corpus import read_masks
from repro.classifier.transforms import decode, load_frame
from repro.engine import receipts
from repro.errors import ReproError
from repro.evidence import combine
from repro.files import read_json
from repro.film.cut import decode_grey, encode_png
from repro.frames import CLASSES
from repro.labels.labelfile import read
from repro.params import load_params
from repro.record.claim_files import load_claims
from repro.record.claims import Claims
from repro.record.judge import Verification, verify
from tests.conftest import ROOT
from tests.hostile.conftest import Attempt
from tests.hostile.inputs import spoilt
from tests.hostile.samples import (
    LABELS,
    NAMES,
    NIGHT,
    archive,
    camera_in,
    claims_in,
    picture,
    read_video,
    stored,
    video,
)
from tests.support.frames import night_frames


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    good: Callable[[], bytes]  # its bytes
    read: Callable[[Path], Any]  # reads the file of that name
    holds: Callable[[Any], bool] = lambda _: True  # what is true of anything that is read
    name: str = "file"
    count: int = 100  # inputs that are tried
    part: tuple[int | None, int | None] = (None, None)  # first and last of the bytes that are spoilt


def finite(found: tuple[torch.nn.Module, dict[str, Any]]) -> bool:
    """Whether a network that was loaded has finite weights of the right kind."""
    values = found[0].state_dict().values()
    return isinstance(found[1], dict) and all(value.isfinite().all() for value in values) and all(
        value.dtype == torch.float32 for value in found[0].parameters()
    )  # fmt: skip


@cache
def weights(suffix: str) -> bytes:
    """Weights of a network drawn at random."""
    state, data = networks.build("none", 1).state_dict(), io.BytesIO()
    torch.save(state, data)
    return save(state) if suffix == ".safetensors" else data.getvalue()


def masks() -> bytes:
    """Four masks as stage simulate stores them."""
    data, mask = io.BytesIO(), np.random.default_rng(3).random((4, 9, 9)) > 0.5
    np.savez_compressed(data, mask=np.packbits(mask, axis=-1), shape=np.array(mask.shape))
    return data.getvalue()


def table() -> bytes:
    """A frame table of one night."""
    data = io.BytesIO()
    frames.tidy(night_frames("20240201", 30)).to_parquet(data)
    return data.getvalue()


def for_the_audit(path: Path) -> Any:
    """Read a table as the audit does, which takes a ValueError for a gap."""
    try:
        return read_table(path.read_bytes(), path.name)
    except ValueError as error:
        raise ReproError(found=str(error), expected="a table", where=path.name, remedy="run again") from error


RECEIPT = {
    "night": NIGHT,
    "settings": "s",
    "inputs": {"a": {"sha256": "0", "bytes": 1}},
    "outputs": {"b": 1},
    "summary": {},
}
SCHEDULE = {"quantities": {"sample.dates": 220, "total": 214890.0, "night": 148000.0, "fit.availability": 0.98}}


def judged(path: Path) -> Verification:
    """Some claims, judged by what a stage measured."""
    few = Claims(list(load_claims(ROOT / "expected" / "published"))[::40])
    measured = read_json(path, made_by="dvc repro schedule")
    return verify(few, combine(schedule=measured, architecture={"quantities": {}}, corpus="simulated"))


def strip() -> bytes:
    """A strip with the clock, as PNG."""
    return encode_png(np.random.default_rng(2).integers(0, 256, (20, 60), dtype=np.uint8))


def obeys(labels: Any) -> bool:
    """Whether labels that were read obey the rules."""
    known = set(labels["name"]) <= set(NAMES) and bool(labels["name"].is_unique)
    return known and set(labels["label"]) == set(CLASSES) and all(word.isprintable() for word in labels["labeller"])


def archives(method: int, **more: Any) -> Kind:
    """Archives of one way of packing."""
    return Kind(
        lambda: archive(method), lambda path: load_frame(path, stored(0), 16), lambda a: a.shape == (16, 16, 3), **more
    )


def networks_as(suffix: str, count: int, part: tuple[int | None, int | None] = (None, None)) -> Kind:
    """Weights in a file of this suffix."""
    return Kind(lambda: weights(suffix), networks.load, finite, f"w{suffix}", count, part)


CLAIMS = ROOT / "expected" / "published" / "thesis" / "text_camera.yaml"
PROFILE = Path(profile.__file__).parent / "cameras" / "auroramax.yaml"
KINDS = {
    "archive": archives(zipfile.ZIP_STORED),
    "table of contents of an archive": archives(zipfile.ZIP_STORED, part=(-300, None)),
    "archive, deflated": archives(zipfile.ZIP_DEFLATED, count=30),
    "archive, bzip2": archives(zipfile.ZIP_BZIP2, count=30),
    "archive, lzma": archives(zipfile.ZIP_LZMA, count=30),
    "frame": Kind(picture, lambda path: decode(path.read_bytes(), 24, "frame")),
    "frame for the audit": Kind(picture, lambda path: small_jpeg(path.read_bytes())),
    "strip": Kind(strip, lambda path: decode_grey(path.read_bytes())),
    "masks": Kind(masks, read_masks, lambda mask: mask.dtype == bool and mask.ndim == 3),
    "safetensors": networks_as(".safetensors", 9),
    "header of safetensors": networks_as(".safetensors", 15, (0, 60_000)),
    "checkpoint": networks_as(".pt", 9),
    "head of a checkpoint": networks_as(".pt", 15, (0, 2_000)),
    "table of contents of a checkpoint": networks_as(".pt", 15, (-60_000, None)),
    "video": Kind(video, read_video, name="small_20240201.mp4"),
    "index of a video": Kind(video, read_video, name="small_20240201.mp4", part=(0, 2_000)),
    "labels": Kind(LABELS.encode, lambda path: read(path, set(NAMES)), obeys, "labels.csv"),
    "parameters": Kind(lambda: (ROOT / "params.yaml").read_bytes(), load_params, count=40),
    "claims": Kind(CLAIMS.read_bytes, lambda path: claims_in(path.read_bytes()), count=40),
    "camera": Kind(PROFILE.read_bytes, lambda path: camera_in(path.read_bytes()), count=40),
    "frame table": Kind(table, lambda path: frames.read(path, "sky"), lambda rows: len(rows) == 30),
    "frame table for the audit": Kind(table, for_the_audit),
    "receipt": Kind(json.dumps(RECEIPT).encode, receipts.read, lambda document: isinstance(document["summary"], dict)),
    "document of a stage": Kind(json.dumps(SCHEDULE).encode, judged, lambda made: len(made.verdicts) > 5),
}


@pytest.mark.parametrize("kind", KINDS)
def test_spoilt_bytes(attempt: Attempt, kind: str) -> None:
    """Flipped, lost, zeroed and foreign bytes give what the file holds or an error, and leave no file behind."""
    which = KINDS[kind]
    good = which.good()
    first, last, _ = slice(*which.part).indices(len(good))
    path, refused = Path(which.name), 0
    for how, part in spoilt(good[first:last], 31, which.count, other=picture()):
        path.write_bytes(good[:first] + part + good[last:])
        result = attempt(lambda: which.read(path), (kind, how))
        unusable = result is None or isinstance(result, Exception)
        refused += unusable
        assert unusable or which.holds(result), how
    assert refused
    path.write_bytes(good)
    assert which.holds(which.read(path))
