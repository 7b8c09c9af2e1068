"""Made-up pictures of the seven classes, in the published layout: what each class shows is plain to see."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from repro.forms.classes import CLASSES
from repro.params import AuroralClass, KvammenParams

ORDER: tuple[AuroralClass, ...] = KvammenParams().label_order


def picture(label: str, rng: np.random.Generator, side: int = 48) -> npt.NDArray[np.uint8]:
    """A round sky (side, side, 3) with a mark of its class and some noise."""
    y, x = (np.mgrid[:side, :side] - (side / 2 - 0.5)) / (side / 2)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    shift = rng.uniform(-0.1, 0.1)
    light = {
        "breakup": 200.0 * (radius < 0.85),
        "colored": 150.0 * (radius < 0.6),
        "arcs-bands": 160.0 * (np.abs(y - shift) < 0.3),
        "discrete": 160.0 * (np.abs(x - shift) < 0.08),
        "patchy": 120.0 * (np.sin(9 * x) * np.sin(9 * y) > 0.3),
        "edge": 160.0 * ((radius > 0.82) & (np.abs(angle - shift) < 1.2)),
        "clear-faint": 0.0 * radius,
    }[label]
    tint = (1.0, 0.2, 0.4) if label == "colored" else (0.3, 1.0, 0.3)
    sky = 20 + light[..., None] * np.array(tint) + rng.normal(0, 3, (side, side, 3))
    return np.where((radius < 1)[..., None], np.clip(sky, 0, 255), 0).astype(np.uint8)


def save(image: npt.NDArray[np.uint8], target: Path) -> Path:
    """Write a PNG file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(target)
    return target


def write_published(folder: Path, *, test: str = "TestImages", train: int = 6, tested: int = 3) -> Path:
    """A made-up copy of the published layout: so many training and test images of each class, two of them a night."""
    rng = np.random.default_rng(5)
    for name, count, first in (("TrainingImages", train, 1), (test, tested, 20)):
        for digit, label in enumerate(ORDER):
            for number in range(count):
                night = f"201501{first + number // 2:02d}"
                save(picture(label, rng), folder / name / f"{night}_{number}_{label}_class_{digit}.png")
    return folder


def classes(labels: list[str]) -> npt.NDArray[np.int64]:
    """Class numbers."""
    return np.array([CLASSES.index(label) for label in labels], np.int64)
