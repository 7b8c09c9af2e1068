"""Masks of other tools: each way of writing them gives the same mask, and what is ambiguous is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repro.errors import ReproError
from repro.labelling.mask_imports import import_masks
from repro.paths import Paths

TRUTH = np.zeros((20, 30), bool)
TRUTH[5:12, 8:25] = True


@pytest.fixture
def station(tmp_path: Path) -> Paths:
    """A corpus with two images."""
    project = Paths(tmp_path / "project")
    folder = project.root / "data" / "station" / "images"
    folder.mkdir(parents=True)
    for stem in ("one", "two"):
        Image.fromarray(np.full((20, 30, 3), 40, np.uint8)).save(folder / f"{stem}.jpg")
    return project


def save(path: Path, pixels: np.ndarray, palette: bool = False) -> Path:
    """A PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette:
        picture = picture.convert("P")
        picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.save(path)
    return path


def mask_of(project: Paths, stem: str) -> np.ndarray:
    """A mask of the corpus."""
    with Image.open(project.masks("station") / f"{stem}.png") as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


@pytest.mark.parametrize("tool", ["labelme", "labelme folder", "cvat", "label studio", "cvat without list"])
def test_each_tool_gives_the_same_mask(station, tmp_path, tool):
    """Palette, colour and grey masks become 255 where aurora is and 0 elsewhere."""
    exported = tmp_path / "exported"
    if tool == "labelme":
        save(exported / "SegmentationClassPNG" / "one.png", TRUTH.astype(np.uint8), palette=True)
    elif tool == "labelme folder":
        save(exported / "one_json" / "label.png", TRUTH.astype(np.uint8), palette=True)
        save(exported / "one_json" / "img.png", np.full((20, 30, 3), 90, np.uint8))
    elif tool == "label studio":
        save(exported / "one.png", TRUTH.astype(np.uint8) * 255)
    else:
        colours = np.zeros((20, 30, 3), np.uint8)
        colours[TRUTH] = (250, 50, 83)
        if tool == "cvat":
            colours[:3, :3] = (51, 221, 255)  # another class
            (exported / "SegmentationObject").mkdir(parents=True)
            save(exported / "SegmentationObject" / "one.png", colours)
            listed = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nAurora:250,50,83::\ncloud:51,221,255::\n"
            (exported / "labelmap.txt").write_text(listed)
        save(exported / "SegmentationClass" / "one.png", colours)
    assert import_masks(station, "station", exported) == 1
    np.testing.assert_array_equal(mask_of(station, "one"), TRUTH * 255)
    assert import_masks(station, "station", exported) == 0


def test_unusable_masks_are_refused(station, tmp_path):
    """A mask of no image, of another size, a damaged one, an unknown class and a changed mask are errors; none is written."""
    grey = TRUTH.astype(np.uint8) * 255
    for number, (name, pixels, message) in enumerate(
        [
            ("three.png", grey, "no image: 'three'"),
            ("one.png", grey[:10], "30 x 10 pixels"),
            ("task-1-annotation-1-by-1-tag-aurora-0.png", grey, "Label Studio"),
        ]
    ):
        exported = tmp_path / str(number)
        save(exported / name, pixels)
        save(exported / "a" / "two.png", grey)
        with pytest.raises(ReproError, match=message):
            import_masks(station, "station", exported)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "one.png").write_bytes(b"\x89PNG no picture")
    with pytest.raises(ReproError, match="damaged image"):
        import_masks(station, "station", tmp_path / "bad")
    save(tmp_path / "cvat" / "one.png", np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "cvat" / "labelmap.txt").write_text("cloud:51,221,255::\n")
    with pytest.raises(ReproError, match="no class 'aurora'"):
        import_masks(station, "station", tmp_path / "cvat")
    assert not station.masks("station").exists()
    save(tmp_path / "good" / "one.png", grey)
    import_masks(station, "station", tmp_path / "good")
    save(tmp_path / "good" / "one.png", 255 - grey)
    with pytest.raises(ReproError, match="--replace"):
        import_masks(station, "station", tmp_path / "good")
    assert import_masks(station, "station", tmp_path / "good", replace=True) == 1
