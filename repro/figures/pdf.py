"""Pictures embedded in a PDF, found by page and hash, as they stand in the file (pypdfium2)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_c
from PIL import Image

from repro.errors import ReproError
from repro.figures.documents import MOST_BYTES, EmbeddedPicture

MOST_PAGES = 500
MOST_OBJECTS = 20_000  # on one page
MOST_PICTURE_BYTES = 1 << 24  # of one embedded picture


def embedded_pictures(source: Path, wanted: Sequence[EmbeddedPicture]) -> dict[str, bytes]:
    """Bytes of the wanted pictures in a PDF by name: JPEG as it stands there, others as PNG on white.

    Only the pages that are named are opened, so time and memory do not grow with the document.

    Raises
    ------
    ReproError
        If the file is no PDF, is damaged, encrypted, has too many pages, or lacks a picture.
    """
    try:
        if source.stat().st_size > MOST_BYTES:
            raise _refused(source, f"a file of {source.stat().st_size:,} bytes", f"at most {MOST_BYTES:,} bytes")
        document = pypdfium2.PdfDocument(source)
    except OSError as error:
        raise _refused(source, f"a file that cannot be read: {error.strerror}", "a PDF") from None
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        found = "an encrypted PDF" if locked else f"a damaged file or no PDF: {error}"
        raise _refused(source, found, "a PDF that opens without a password") from None
    try:
        if len(document) > MOST_PAGES:
            raise _refused(source, f"{len(document):,} pages", f"at most {MOST_PAGES}")
        found_pictures: dict[str, bytes] = {}
        for page in sorted({picture.page for picture in wanted}):
            on_page = {picture.sha256: picture.name for picture in wanted if picture.page == page}
            if page <= len(document):
                found_pictures |= _on_page(document, page, on_page, source)
            lacking = [name for name in on_page.values() if name not in found_pictures]
            if lacking:
                raise _refused(source, f"no picture {', '.join(lacking)} on page {page}", "the pictures of the record")
        return found_pictures
    finally:
        document.close()


def _on_page(document: pypdfium2.PdfDocument, page: int, names: dict[str, str], source: Path) -> dict[str, bytes]:
    pictures: dict[str, bytes] = {}
    try:
        objects = document[page - 1].get_objects(filter=(pdfium_c.FPDF_PAGEOBJ_IMAGE,), max_depth=4)
        for number, item in enumerate(objects):
            if number >= MOST_OBJECTS:
                raise _refused(source, f"more than {MOST_OBJECTS:,} pictures on page {page}", "a page of the record")
            if len(pictures) == len(names):
                break
            size = pdfium_c.FPDFImageObj_GetImageDataRaw(item.raw, None, 0)
            if 0 < size <= MOST_PICTURE_BYTES:
                data = bytes(item.get_data(decode_simple=False))
                name = names.get(hashlib.sha256(data).hexdigest())
                if name is not None:
                    pictures[name] = data if item.get_filters() == ["DCTDecode"] else _on_white(item)
    except pypdfium2.PdfiumError as error:
        raise _refused(source, f"page {page} cannot be read: {error}", "a PDF that is whole") from None
    return pictures


def _on_white(item: pypdfium2.PdfImage) -> bytes:
    """A picture that is no JPEG, as PNG in its own size; what is transparent becomes white, as on the page."""
    shown = item.get_bitmap(render=True, scale_to_original=True).to_pil().convert("RGBA")
    page = Image.new("RGBA", shown.size, "white")
    page.alpha_composite(shown)
    buffer = io.BytesIO()
    page.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def _refused(source: Path, found: str, expected: str) -> ReproError:
    return ReproError(
        found=found,
        expected=expected,
        where=str(source),
        remedy="get the document again from where it is published, and add it with: repro record add FILE",
    )
