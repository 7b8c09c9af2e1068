"""The loader of labelled pictures: the published folders in both spellings, label files, and all that can be wrong with them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repro.errors import ReproError
from repro.forms.classes import CLASSES
from repro.forms.layout import check_label_order, decode_square, night_of, read_corpus, refuse_wrong_order
from tests.support.forms import ORDER, picture, save, write_published


@pytest.mark.parametrize("test", ["TestImages", "TestingImages"])
def test_published_layout_in_both_spellings(tmp_path: Path, test: str) -> None:
    """Either name of the second folder is read; the digit before the extension is the class, in the order of the parameter."""
    pictures = read_corpus(write_published(tmp_path, test=test), ORDER, 32)
    table = pictures.table
    assert len(pictures.table) == 7 * (6 + 3)
    assert pictures.pixels.shape == (63, 32, 32, 3)
    assert (table["name"].str.split("_").str[2] == table["label"]).all()
    assert table.groupby("side")["label"].value_counts().tolist() == [3] * 7 + [6] * 7
    assert set(table["night"]) == {"20150101", "20150102", "20150103", "20150120", "20150121"}
    assert pictures.notices == []
    turned = read_corpus(tmp_path, ORDER[::-1], 32).table
    assert turned["label"].map(dict(zip(ORDER[::-1], ORDER, strict=True))).tolist() == table["label"].tolist()


ODD = np.zeros((8, 8, 3), np.uint8)
HARMS = {
    "TestingImages": lambda at: shutil.copytree(at / "TestImages", at / "TestingImages"),
    r"TrainingImages/odd_class_8\.png": lambda at: save(ODD, at / "TrainingImages" / "odd_class_8.png"),
    r"TestImages/odd\.png": lambda at: save(ODD, at / "TestImages" / "odd.png"),
    r"TestImages/odd_class_3\.txt": lambda at: (at / "TestImages" / "odd_class_3.txt").write_text("words"),
    r"odd_class_3\.png": lambda at: (at / "TestImages" / "odd_class_3.png").write_text("words"),
    "0 of edge": lambda at: [path.unlink() for path in at.glob("TrainingImages/*class_4.png")],
    "1 of breakup, 1 of colored": lambda at: [path.unlink() for path in at.glob("TrainingImages/*_[!0]_*.png")],
    "no picture": lambda at: [path.unlink() for path in at.glob("*/*.png")],
    "TestImages": lambda at: shutil.rmtree(at / "TrainingImages"),
    "no folder of images and no label file": shutil.rmtree,
}


@pytest.mark.parametrize(("says", "harm"), HARMS.items(), ids=list(HARMS))
def test_what_is_wrong_is_named(tmp_path: Path, says: str, harm) -> None:
    """A layout that cannot be used is an error that names the file, the class or the folder."""
    folder = write_published(tmp_path / "corpus")
    harm(folder)
    with pytest.raises(ReproError, match=says) as caught:
        read_corpus(folder, ORDER, 32)
    assert str(folder) in str(caught.value)
    assert caught.value.remedy


def test_the_same_picture_counts_once(tmp_path: Path) -> None:
    """A copy in the other folder, though compressed anew, is left out of the test and is listed."""
    folder = write_published(tmp_path)
    first, again = next(folder.glob("TrainingImages/*class_2.png")), folder / "TestImages" / "again_class_2.png"
    Image.open(first).save(again, compress_level=0)
    assert again.read_bytes() != first.read_bytes()
    pictures = read_corpus(folder, ORDER, 32)
    assert len(pictures.table) == 63
    reason = f"the same picture as {first.relative_to(folder).as_posix()}"
    assert pictures.left_out == [{"name": "TestImages/again_class_2.png", "reason": reason}]
    assert "1 pictures left out" in pictures.notices[0]


def test_a_picture_of_two_classes_is_in_none(tmp_path: Path) -> None:
    """A picture that two classes claim is left out altogether, with both classes named."""
    folder = write_published(tmp_path)
    first = next(folder.glob("TrainingImages/*class_2.png"))
    shutil.copy(first, folder / "TestImages" / "again_class_5.png")
    pictures = read_corpus(folder, ORDER, 32)
    assert len(pictures.table) == 62
    assert not pictures.table["name"].str.contains(first.name).any()
    assert "two classes for one picture: colored and clear-faint" in [entry["reason"] for entry in pictures.left_out]


def test_mixed_sizes_and_grey_pictures(tmp_path: Path) -> None:
    """Pictures of other sizes are cut to their middle square and resized; grey ones are counted; both are said."""
    folder = write_published(tmp_path)
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = 90
    save(wide, folder / "TrainingImages" / "wide_class_0.png")
    save(np.full((48, 48), 7, np.uint8), folder / "TrainingImages" / "grey_class_5.png")
    pictures = read_corpus(folder, ORDER, 32)
    place = pictures.table.index[pictures.table["name"].str.contains("wide")][0]
    assert (pictures.pixels[place] == 90).all()
    assert any("2 of 65 pictures are grey" in notice for notice in pictures.notices)
    assert any("2 sizes (48 x 48, 80 x 40)" in notice for notice in pictures.notices)


def labelled(folder: Path, text: str) -> Path:
    """A corpus with a label file."""
    rng = np.random.default_rng(3)
    rows = []
    for label in CLASSES:
        for night in ("20150101", "20150102"):
            save(picture(label, rng), folder / "images" / f"{night}_{label}.png")
            rows.append(f"{night}_{label}.png,{label}")
    (folder / "labels.csv").write_text("\n".join(["name,label", *rows, text]) + "\n", encoding="utf-8")
    return folder


def test_label_file(tmp_path: Path) -> None:
    """Pictures with a file of seven words are read, and nobody has split them."""
    pictures = read_corpus(labelled(tmp_path, ""), ORDER, 32)
    assert len(pictures.table) == 14
    assert set(pictures.table["side"]) == {""}
    assert set(pictures.table["night"]) == {"20150101", "20150102"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("20150101_edge.png,arc", "label 'arc'"),
        ("20150101_edge.png,edge", "again, after line"),
        ("nowhere.png,edge", "picture 'nowhere.png'"),
        ("../secret.png,edge", "picture '../secret.png'"),
        ("20150101_edge.png", "label ''"),
        ('"open,edge', "not CSV"),
    ],
)
def test_wrong_lines_of_a_label_file(tmp_path: Path, line: str, says: str) -> None:
    """A wrong line is an error that names the file, the line and what would be right."""
    with pytest.raises(ReproError, match=says) as caught:
        read_corpus(labelled(tmp_path, line), ORDER, 32)
    assert "labels.csv, line" in caught.value.where


@pytest.mark.parametrize(
    ("name", "night"),
    [("20150101_3_class_2.png", "20150101"), ("20151301_3.png", ""), ("image_20150101_.png", ""), ("20150101.png", "")],
)
def test_night_of_a_name(name: str, night: str) -> None:
    """A night is known where the name begins with a date and an underscore, and nowhere else."""
    assert night_of(name) == night


def drawn(order: tuple[str, ...]) -> list[dict]:
    """Check of pictures whose labels follow an order, though the pictures follow ORDER."""
    rng = np.random.default_rng(4)
    pixels = np.stack([picture(label, rng) for label in ORDER for _ in range(3)])
    return list(check_label_order(pixels, np.repeat(order, 3)))


def test_pictures_must_fit_the_order(tmp_path: Path) -> None:
    """Three classes are recognised by pixels; the alphabetical order puts two of them wrong, and the error names both."""
    signs = drawn(ORDER)
    assert [sign["class"] for sign in signs] == ["clear-faint", "edge", "colored"]
    assert all(sign["fits"] for sign in signs)
    refuse_wrong_order(signs, tmp_path)
    wrong = ("arcs-bands", "breakup", "clear-faint", "colored", "discrete", "edge", "patchy")
    with pytest.raises(ReproError, match="not clear-faint") as caught:
        refuse_wrong_order(drawn(wrong), tmp_path)
    assert "label_order" in caught.value.remedy


def test_contents_do_not_depend_on_the_size_asked_for(tmp_path: Path) -> None:
    """Whether two files hold the same picture is decided by their own pixels, not from small copies."""
    one = picture("patchy", np.random.default_rng(1))
    other = one.copy()
    other[24, 24] ^= 1
    digests = {decode_square(save(image, tmp_path / f"{k}.png"), 8)[1] for k, image in enumerate((one, other))}
    assert len(digests) == 2
