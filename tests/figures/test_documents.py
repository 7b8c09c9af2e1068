"""Documents of the record: their pictures, which of them are here, and the author's maps beside one's own."""

import hashlib
import io
import shutil
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest
from PIL import Image
from typer.testing import CliRunner

from repro.classifier.network import build, save
from repro.cli import app
from repro.errors import ReproError
from repro.figures.documents import EmbeddedPicture, add_document, load_documents, missing_documents, recognise
from repro.figures.jpeg import decode
from repro.figures.own_maps import compare_with_author
from repro.figures.pdf import MOST_PAGES, embedded_pictures
from repro.files import read_json, write_json
from repro.paths import Paths
from repro.verify_command import name_missing_documents
from tests.conftest import SHARED
from tests.figures.synthetic_figures import coded
from tests.support.project import make_project

WANTED = EmbeddedPicture(name="figure5", page=1, width_px=8, height_px=8, shows="a figure", sha256="0" * 64)
Page = bytes | Image.Image | None
#: A PDF of one empty page with a user password (standard security handler, revision 2, key of 40 bits).
LOCKED = b"""%%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >> endobj
4 0 obj << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -44 >> endobj
trailer << /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>
%%%%EOF
""" % (b"41" * 32, b"42" * 32)


def _pdf(target: Path, *pages: Page) -> Path:
    """A PDF whose pages hold a JPEG, another picture, or nothing."""
    document = pypdfium2.PdfDocument.new()
    for shown in pages:
        page = document.new_page(100, 100)
        if shown is not None:
            image = pypdfium2.PdfImage.new(document)
            if isinstance(shown, bytes):
                image.load_jpeg(io.BytesIO(shown), inline=True)
            else:
                image.set_bitmap(pypdfium2.PdfBitmap.from_pil(shown))
            image.set_matrix(pypdfium2.PdfMatrix().scale(*image.get_px_size()))
            page.insert_obj(image)
            page.gen_content()
    document.save(target)
    return target


def _wanted(data: bytes) -> EmbeddedPicture:
    return WANTED.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})


def test_an_embedded_picture_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """A picture is found in a PDF by its hash and given byte by byte."""
    data = coded(Image.new("RGB", (32, 32), (200, 40, 40)), "JPEG")
    assert embedded_pictures(_pdf(tmp_path / "one.pdf", data), [_wanted(data)]) == {"figure5": data}


def test_a_picture_that_is_no_jpeg_comes_out_on_white(tmp_path: Path) -> None:
    """Other codings give a PNG of the picture's own size, whose transparent parts are white."""
    drawn = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    drawn.paste((0, 0, 255, 255), (0, 0, 15, 20))
    source = _pdf(tmp_path / "one.pdf", drawn)
    (item,) = pypdfium2.PdfDocument(source)[0].get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,))
    found = embedded_pictures(source, [_wanted(bytes(item.get_data(decode_simple=False)))])
    pixels, coding = decode(found["figure5"], where="one.pdf")
    assert coding is None
    assert pixels.shape == (20, 30, 3)
    assert pixels[10, [5, 25]].tolist() == [[0, 0, 255], [255, 255, 255]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((coded(Image.new("RGB", (32, 32)), "JPEG"),), "no picture figure5 on page 1"),
        (b"%PDF-1.4\n" + b"\0" * 1000, "damaged file or no PDF"),
        (None, "cannot be read"),
        (LOCKED, "encrypted PDF"),
        ((None,) * 10_000, rf"10,000 pages\nexpected: at most {MOST_PAGES}"),
    ],
    ids=["other pictures", "damaged", "missing", "encrypted", "too many pages"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes | tuple[Page, ...] | None, message: str) -> None:
    """A file that is not the document of the record gives an error that says why, and names a picture that it lacks."""
    source = tmp_path / "thesis.pdf"
    if isinstance(content, bytes):
        source.write_bytes(content)
    elif content is not None:
        _pdf(source, *content)
    with pytest.raises(ReproError, match=message):
        embedded_pictures(source, [WANTED])


def test_bytes_that_are_no_picture_are_refused() -> None:
    """Damaged and oversized pictures give an error, and are not decoded."""
    with pytest.raises(ReproError, match="no picture that can be decoded"):
        decode(b"\xff\xd8\xff\xe0 nothing", where="page 1")
    with pytest.raises(ReproError, match="5000 x 5000 pixels"):
        decode(coded(Image.new("L", (5000, 5000)), "PNG"), where="page 1")


def test_documents_of_the_record_are_known_by_hash_and_place(tmp_path: Path, project: Paths) -> None:
    """Every document has a hash, the thesis lists its pictures, and another thesis.pdf is refused as another one."""
    documents = load_documents(project.published)
    assert len({document.sha256 for document in documents}) == len(documents)
    (thesis,) = (document for document in documents if document.name == "thesis")
    assert len({picture.name for picture in thesis.pictures}) == len(thesis.pictures) == 4 + 24
    with pytest.raises(ReproError, match=r"another thesis\.pdf"):
        recognise(_pdf(tmp_path / "thesis.pdf", None), documents)


def test_adding_a_document_copies_it_under_its_published_name(tmp_path: Path) -> None:
    """A document is recognised by its hash under any name, and is no longer listed as missing."""
    paths, download = Paths(tmp_path / "project"), tmp_path / "download.bin"
    paths.published.mkdir(parents=True)
    paths.params.write_text("corpus: simulated\n")
    download.write_bytes(b"a document")
    entry = {
        "name": "thesis", "file": "thesis.pdf", "title": "the thesis", "published": "somewhere", "licence": "MIT",
        "sha256": hashlib.sha256(b"a document").hexdigest(), "bytes": 10, "enables": "its figures are read again",
    }  # fmt: skip
    write_json(paths.published / "documents.yaml", [entry])
    assert [one.file for one in missing_documents(paths)] == ["thesis.pdf"]
    outcome = CliRunner().invoke(app, ["record", "add", str(download), "--project", str(paths.root)])
    assert outcome.exit_code == 0
    assert "its figures are read again" in outcome.output
    assert (paths.record / "thesis.pdf").read_bytes() == b"a document"
    assert missing_documents(paths) == []
    assert add_document(download, paths).name == "thesis"


def test_without_the_thesis(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A note on stderr says where to put it and what is then read again; maps are not compared without it."""
    project = make_project(tmp_path, "simulated")
    name_missing_documents(project)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "put thesis.pdf into data/record: Figures 3, 5, 6 and 7" in printed.err
    with pytest.raises(ReproError, match=r"no thesis\.pdf"):
        compare_with_author(project, None, None)


@pytest.mark.slow
def test_twelve_frames_are_explained_by_another_network(tmp_path: Path) -> None:
    """With the thesis: an untrained corpus is refused; named weights give twelve maps, marked as another network's."""
    thesis = SHARED / "thesis" / "documents" / "thesis.pdf"
    if not thesis.is_file():
        pytest.skip("the documents of the record are not beside this checkout")
    copied = make_project(tmp_path / "project", "simulated")
    shutil.copy(thesis, copied.record)
    with pytest.raises(ReproError, match="no trained network"):
        compare_with_author(copied, None, None)
    weights, out = tmp_path / "w.safetensors", tmp_path / "out"
    save(build("observatory", 1), weights, {})
    places = {"--weights": weights, "--out": out, "--project": copied.root}
    outcome = CliRunner().invoke(app, ["record", "gradcam", *(str(word) for pair in places.items() for word in pair)])
    assert outcome.exit_code == 0, outcome.output
    assert "another network than the author's" in outcome.output
    document = read_json(out / "own_maps.json", made_by="test")
    assert len(document["maps"]) == 12
    assert all(0 <= row["p_yes"] <= 1 and -1 <= row["correlation"] <= 1 for row in document["maps"])
    assert (out / "own_maps.png").stat().st_size > 10_000
    save(build("observatory", 1), weights, {"image_size_px": 224})
    with pytest.raises(ReproError, match="a network for images of 224 px"):
        compare_with_author(copied, weights, None)
