from __future__ import annotations

import hashlib
import io
import shutil
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest
from PIL import Image
from typer.testing import CliRunner

from repro.cli import app
from repro.errors import ReproError
from repro.figures.documents import EmbeddedPicture, add_document, load_documents, missing_documents, recognise
from repro.figures.jpeg import decode
from repro.figures.pdf import MOST_PAGES, embedded_pictures
from repro.paths import Paths
from repro.verify_command import name_missing_documents

WANTED = EmbeddedPicture(name="figure5", page=1, width_px=8, height_px=8, shows="a figure", sha256="0" * 64)


def _pdf(target: Path, pages: int = 1) -> Path:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(100, 100)
    document.save(target)
    return target


def _pdf_with_picture(target: Path) -> tuple[Path, bytes]:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (200, 40, 40)).save(buffer, "JPEG")
    data = buffer.getvalue()
    document = pypdfium2.PdfDocument.new()
    page = document.new_page(100, 100)
    image = pypdfium2.PdfImage.new(document)
    image.load_jpeg(io.BytesIO(data), inline=True)
    image.set_matrix(pypdfium2.PdfMatrix().scale(50, 50))
    page.insert_obj(image)
    page.gen_content()
    document.save(target)
    return target, data


def test_an_embedded_picture_is_found_by_its_hash(tmp_path: Path) -> None:
    """A picture comes out of a PDF byte by byte as it went in."""
    source, data = _pdf_with_picture(tmp_path / "one.pdf")
    wanted = WANTED.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    assert embedded_pictures(source, [wanted]) == {"figure5": data}


def test_a_picture_that_is_no_jpeg_comes_out_on_white(tmp_path: Path) -> None:
    """Other codings give a PNG of the picture's own size, whose transparent parts are white."""
    document = pypdfium2.PdfDocument.new()
    image = pypdfium2.PdfImage.new(document)
    drawn = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    drawn.paste((0, 0, 255, 255), (0, 0, 15, 20))
    image.set_bitmap(pypdfium2.PdfBitmap.from_pil(drawn))
    image.set_matrix(pypdfium2.PdfMatrix().scale(60, 40))
    page = document.new_page(100, 100)
    page.insert_obj(image)
    page.gen_content()
    document.save(tmp_path / "one.pdf")
    (item,) = pypdfium2.PdfDocument(tmp_path / "one.pdf")[0].get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,))
    coded = hashlib.sha256(bytes(item.get_data(decode_simple=False))).hexdigest()
    found = embedded_pictures(tmp_path / "one.pdf", [WANTED.model_copy(update={"sha256": coded})])
    pixels, coding = decode(found["figure5"], where="one.pdf")
    assert coding is None
    assert pixels[10, 5].tolist() == [0, 0, 255]
    assert pixels[10, 25].tolist() == [255, 255, 255]


def test_a_pdf_with_other_pictures_is_refused(tmp_path: Path) -> None:
    """A PDF that lacks a picture gives an error that names the picture and the page."""
    source, _ = _pdf_with_picture(tmp_path / "other.pdf")
    with pytest.raises(ReproError, match="no picture figure5 on page 1"):
        embedded_pictures(source, [WANTED])


def test_a_damaged_pdf_is_refused(tmp_path: Path) -> None:
    """Bytes that are no PDF give an error."""
    source = tmp_path / "thesis.pdf"
    source.write_bytes(b"%PDF-1.4\n" + b"\0" * 1000)
    with pytest.raises(ReproError, match="damaged file or no PDF"):
        embedded_pictures(source, [WANTED])


def test_a_missing_pdf_is_refused(tmp_path: Path) -> None:
    """A file that is not there gives an error."""
    with pytest.raises(ReproError, match="cannot be read"):
        embedded_pictures(tmp_path / "none.pdf", [WANTED])


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    """A PDF with a password gives an error that says so."""
    source = tmp_path / "locked.pdf"
    source.write_bytes(_locked())
    with pytest.raises(ReproError, match="encrypted PDF"):
        embedded_pictures(source, [WANTED])


def test_a_pdf_of_too_many_pages_is_refused(tmp_path: Path) -> None:
    """10,000 pages, more than any document of the record has, are refused before any is opened."""
    with pytest.raises(ReproError, match=rf"10,000 pages\nexpected: at most {MOST_PAGES}"):
        embedded_pictures(_pdf(tmp_path / "long.pdf", 10_000), [WANTED])


def test_bytes_that_are_no_picture_are_refused() -> None:
    """Damaged and oversized pictures give an error, and are not decoded."""
    with pytest.raises(ReproError, match="no picture that can be decoded"):
        decode(b"\xff\xd8\xff\xe0 nothing", where="page 1")
    buffer = io.BytesIO()
    Image.new("L", (5000, 5000)).save(buffer, "PNG")
    with pytest.raises(ReproError, match="5000 x 5000 pixels"):
        decode(buffer.getvalue(), where="page 1")


def test_documents_of_the_record_are_listed_with_hash_and_place(project: Paths) -> None:
    """Every document has its own hash, and the thesis lists the pictures that the readings name."""
    documents = load_documents(project.published)
    assert len({document.sha256 for document in documents}) == len(documents)
    thesis = next(document for document in documents if document.name == "thesis")
    names = [picture.name for picture in thesis.pictures]
    assert len(names) == len(set(names)) == 4 + 24


def test_a_file_that_is_no_document_is_refused(tmp_path: Path, project: Paths) -> None:
    """Another thesis.pdf is refused, and the error says that it is another one."""
    other = _pdf(tmp_path / "thesis.pdf")
    with pytest.raises(ReproError, match=r"another thesis\.pdf"):
        recognise(other, load_documents(project.published))


def test_adding_a_document_copies_it_under_its_published_name(tmp_path: Path) -> None:
    """A document is recognised by its hash under any name, and is no longer listed as missing."""
    root = tmp_path / "project"
    (root / "expected" / "published").mkdir(parents=True)
    (root / "params.yaml").write_text("corpus: simulated\n")
    data = b"a document"
    (root / "expected" / "published" / "documents.yaml").write_text(
        "- {name: thesis, file: thesis.pdf, title: the thesis, published: somewhere, licence: MIT, "
        f"sha256: {hashlib.sha256(data).hexdigest()}, bytes: {len(data)}, enables: its figures are read again}}\n"
    )
    (tmp_path / "download.bin").write_bytes(data)
    paths = Paths(root)
    assert [(one.file, one.enables) for one in missing_documents(paths)] == [
        ("thesis.pdf", "its figures are read again")
    ]
    outcome = CliRunner().invoke(app, ["record", "add", str(tmp_path / "download.bin"), "--project", str(root)])
    assert outcome.exit_code == 0
    assert "its figures are read again" in outcome.output
    assert (paths.record / "thesis.pdf").read_bytes() == data
    assert missing_documents(paths) == []
    assert add_document(tmp_path / "download.bin", paths).name == "thesis"


def _locked() -> bytes:
    """A PDF of one empty page with a user password (standard security handler, revision 2, key of 40 bits)."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        b"<< /Filter /Standard /V 1 /R 2 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32 + b"> /P -44 >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"<< /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>] >>"
    return (
        body
        + b"xref\n0 5\n0000000000 65535 f \n"
        + table
        + b"trailer\n"
        + trailer
        + b"\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )


def test_raw_interface_of_the_reader_is_there() -> None:
    """The one call below pypdfium2's own classes, which sizes a picture before it is read, exists."""
    assert callable(pdfium_c.FPDFImageObj_GetImageDataRaw)


def test_verify_says_what_missing_documents_would_add(
    project: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the thesis beside the project, a note on stderr says where to put it and what is then read again."""
    shutil.copytree(project.published, Paths(tmp_path).published)
    name_missing_documents(Paths(tmp_path))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "put thesis.pdf into data/record: Figures 3, 5, 6 and 7" in printed.err
