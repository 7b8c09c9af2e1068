"""Labels and masks of other tools: every dialect is understood, or refused with its line; what is ambiguous is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repro.errors import ReproError
from repro.labelling.imports import read_labels
from repro.labelling.journal import read_journal
from repro.labelling.mask_imports import import_masks
from repro.labelling.sessions import JOURNAL, open_store
from repro.labelling.tasks import AURORA, FORMS
from repro.labels import labelfile
from repro.paths import Paths
from tests.labelling.conftest import CORPUS

A, B, C = (f"2024020105{minute:02}00_20240201_{minute}.jpg" for minute in range(3))
KNOWN = {name: name for name in (A, B, C)}
PLAIN = f"name,label\n{A},yes\n{B},no\n"
#: Aurora on a picture of 20 x 30 pixels.
TRUTH = np.zeros((20, 30), bool)
TRUTH[5:12, 8:25] = True


def read(path: Path, data: bytes, task=AURORA) -> dict[str, str]:
    """Labels of a file with these bytes."""
    path.write_bytes(data)
    table = read_labels(path, task, KNOWN, labeller="kim")
    assert set(table["labeller"]) <= {"kim", "lee"}
    return dict(zip(table["name"], table["label"], strict=True))


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.replace(",", ";").encode("utf-8-sig"),
        PLAIN.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r").encode(),
        f"NAME;LABEL\r\n{A};YES\r\n{B};No\r\n".encode(),
        f"Label , File\n Yes ,{A}\nNO, {B} \n\n".encode(),
        f'"name","label","note"\n"{A}","y","a, b"\n"{B}","n",""\n'.encode(),
        f"{A},1\n{B},0\n".encode(),
        f"sep=;\n파일;라벨\n{A};예\n{B};아니오\n".encode(),
        f"이름,라벨\n{A},네\n{B},아니요\n".encode("cp949"),
        f"name,label,labeller,labelled_at\nC:\\frames\\{A},yes,lee,2025-05-01\nframes/{B},no,,\n{C},,,\n".encode(),
    ],
    ids=range(13),
)
def test_dialects(tmp_path, data):
    """Separators, encodings, line ends, capitals, spaces, quotes, Korean, paths before names and lines without a label."""
    assert read(tmp_path / "labels.csv", data) == {A: "yes", B: "no"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (f"name,label\n{A},yes\n{B},perhaps\n".encode(), r"(?s)'perhaps'.*예, 아니오.*line 3"),
        (f"name,label\n{A},yes\nother.jpg,no\n".encode(), r"(?s)'other.jpg'.*line 3"),
        (f"name,label\n{A},yes\n{B}\n".encode(), r"(?s)1 fields.*line 3"),
        (f"name,label\n{A},yes\n\n{A},no\n".encode(), r"(?s)as no, after yes in .*line 2.*line 4"),
        (f'name,label\n{A},"yes\n{B},no\n'.encode(), r"(?s)not CSV.*line"),
        (f"name,label,labelled_at\n{A},yes,yesterday\n".encode(), r"(?s)'yesterday'.*line 2"),
        (b"name,label\n\xff\xff\xff,yes\n", r"(?s)no text.*line 2"),
        (b"picture\nx\n", r"columns name and label"),
        (b"", r"no label"),
    ],
    ids=range(9),
)
def test_what_is_not_understood_is_refused_with_its_line(tmp_path, data, message):
    """Unknown words and frames, missing fields, contradictions and damaged bytes name their line."""
    with pytest.raises(ReproError, match=message):
        read(tmp_path / "labels.csv", data)


def test_seven_classes(tmp_path):
    """The names of the record and those of the paper are understood for the seven forms; yes is no form."""
    assert read(tmp_path / "a.csv", f"{A},Arcs\n{B},clear-faint\n{C},BREAKUP\n".encode(), FORMS) == {
        A: "arcs-bands", B: "clear-faint", C: "breakup",
    }  # fmt: skip
    with pytest.raises(ReproError, match="'yes'"):
        read(tmp_path / "b.csv", f"{A},yes\n".encode(), FORMS)


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("YES", "No"), ("예", "아니오")])
def test_folders(tmp_path, yes, no):
    """Images sorted into two folders are labels, other files there are not; a frame in both, and a third folder, are refused."""
    for folder, name in ((yes, A), (no, "deep/" + B), (no, "Thumbs.db"), (yes, "._x.jpg")):
        (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).touch()
    table = read_labels(tmp_path, AURORA, KNOWN, labeller="kim")
    assert dict(zip(table["name"], table["label"], strict=True)) == {A: "yes", B: "no"}
    (tmp_path / no / A).touch()
    with pytest.raises(ReproError, match=rf"(?s)as yes, after no in .*{no}.*{yes}"):
        read_labels(tmp_path, AURORA, KNOWN, labeller="kim")
    (tmp_path / "maybe").mkdir()
    with pytest.raises(ReproError, match="folder maybe"):
        read_labels(tmp_path, AURORA, KNOWN, labeller="kim")


def test_a_spreadsheet_is_taken_over_and_kept(small, names):
    """Labels that stand in labels.csv before the page is opened are in the journal, and later those changed by hand, too."""
    rows = f"name;label;labeller;labelled_at\r\n{names[0]};YES;kim;2025-05-01\r\n{names[1]};아니오;lee;\r\n"
    small.labels(CORPUS).parent.mkdir(parents=True, exist_ok=True)
    small.labels(CORPUS).write_bytes(rows.encode("utf-8-sig"))
    with open_store(small, CORPUS, AURORA, "kim") as store:
        store.record(names[2], "no", identity="x", known=None)
    table = labelfile.read(small.labels(CORPUS), set(names))
    assert table[["name", "labeller"]].to_numpy().tolist() == [[names[0], "kim"], [names[1], "lee"], [names[2], "kim"]]
    text = small.labels(CORPUS).read_text(encoding="utf-8")
    small.labels(CORPUS).write_text(text.replace(",no,", ",yes,"), encoding="utf-8")
    with open_store(small, CORPUS, AURORA, "kim") as store:
        assert [answer.label for answer in store.answers().values()] == ["yes"] * 3
    with open_store(small, CORPUS, AURORA, "kim"):
        assert len(read_journal(small.labelling(CORPUS) / JOURNAL)) == 5  # nothing is taken over again


@pytest.fixture
def station(tmp_path: Path) -> Paths:
    """A corpus with two images."""
    project = Paths(tmp_path / "project")
    folder = project.root / "data" / "station" / "images"
    folder.mkdir(parents=True)
    for stem in ("one", "two"):
        Image.fromarray(np.full((20, 30, 3), 40, np.uint8)).save(folder / f"{stem}.jpg")
    return project


def save(path: Path, pixels: np.ndarray, palette: bool = False) -> None:
    """Write a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette:
        picture = picture.convert("P")
        picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    picture.save(path)


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
            save(exported / "SegmentationObject" / "one.png", colours)
            listed = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nAurora:250,50,83::\ncloud:51,221,255::\n"
            (exported / "labelmap.txt").write_text(listed)
        save(exported / "SegmentationClass" / "one.png", colours)
    assert import_masks(station, "station", exported) == 1
    with Image.open(station.masks("station") / "one.png") as picture:
        assert picture.mode == "L"
        np.testing.assert_array_equal(picture, TRUTH * 255)
    assert import_masks(station, "station", exported) == 0


def test_unusable_masks_are_refused(station, tmp_path):
    """A mask of no image, of another size, a damaged one, an unknown class and a changed mask are errors; none is written."""
    grey = TRUTH.astype(np.uint8) * 255
    save(tmp_path / "stranger" / "three.png", grey)
    save(tmp_path / "cut" / "one.png", grey[:10])
    save(tmp_path / "parts" / "task-1-annotation-1-by-1-tag-aurora-0.png", grey)
    save(tmp_path / "damaged" / "one.png", grey)
    (tmp_path / "damaged" / "one.png").write_bytes(b"\x89PNG no picture")
    save(tmp_path / "cloud" / "one.png", np.zeros((20, 30, 3), np.uint8))
    (tmp_path / "cloud" / "labelmap.txt").write_text("cloud:51,221,255::\n")
    for name, message in {
        "stranger": "no image: 'three'",
        "cut": "30 x 10 pixels",
        "parts": "Label Studio",
        "damaged": "damaged image",
        "cloud": "no class 'aurora'",
    }.items():
        save(tmp_path / name / "a" / "two.png", grey)
        with pytest.raises(ReproError, match=message):
            import_masks(station, "station", tmp_path / name)
    assert not station.masks("station").exists()
    save(tmp_path / "good" / "one.png", grey)
    import_masks(station, "station", tmp_path / "good")
    save(tmp_path / "good" / "one.png", 255 - grey)
    with pytest.raises(ReproError, match="--replace"):
        import_masks(station, "station", tmp_path / "good")
    assert import_masks(station, "station", tmp_path / "good", replace=True) == 1
