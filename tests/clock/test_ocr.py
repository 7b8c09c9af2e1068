"""Tesseract on many strips at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytesseract
import pytest

from repro.camera import Camera, load_camera
from repro.clock import ocr
from repro.clock.read_clock import ClockSetup, read_clock
from repro.engine.receipts import NightWork, receipt_path
from repro.engine.run_nights import run_nights
from repro.errors import StageError
from repro.params import ClockParams
from tests.support.camera import DASHES, Look, strip, times
from tests.support.frames import nights

CAMERA = load_camera("auroramax")
CLOCK = CAMERA.clock
PARAMS = ClockParams()
FIRST_LOOK = ocr.looks(CLOCK, PARAMS)[0]
#: Stamps of the dashed format.
SHOWN = [time.strftime(DASHES) + " MST" for time in times(datetime(2024, 1, 31, 18, 19, 54), 24, 3001)]


def strips_of(look: Look, count: int = 12) -> list[np.ndarray]:
    """Strips of stamps, as wide as the profile's box."""
    rng = np.random.default_rng(3)
    return [strip(text, look, rng) for text in SHOWN[:count]]


def to_text(strips: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The part of strips that holds text."""
    box = ocr.text_box(strips, PARAMS.min_contrast)
    return [image[box] for image in strips]


STRIPS = strips_of(Look(text=180, background=30, noise=6))
CUT = to_text(STRIPS)


def read(strips: Sequence[np.ndarray], look: ocr.Preparation = FIRST_LOOK, **changes: int) -> list[tuple[str, float]]:
    """A first look."""
    return ocr.read_strips(strips, look, CLOCK, PARAMS.model_copy(update=changes))


def test_strips_keep_their_order_and_their_blanks() -> None:
    """Readings come back in the order of strips, with nothing read and no confidence where a strip is blank."""
    blank = np.full_like(CUT[0], 20)
    found = read([blank, *CUT[:3], blank, *CUT[3:6], blank])
    expected = ["", *SHOWN[:3], "", *SHOWN[3:6], ""]
    assert [text.replace(" ", "") for text, _ in found] == [text.replace(" ", "") for text in expected]
    assert all(confidence == 0 for text, confidence in found if not text)


def test_many_a_call_reads_what_one_a_call_reads() -> None:
    """How many strips share a call changes no reading and no confidence."""
    assert read(CUT[:5]) == read(CUT[:5], strips_per_call=1) == read(CUT[:5], strips_per_call=3)


def test_a_narrower_page_is_read_as_well_as_a_wide_one() -> None:
    """Of stamps of fair contrast the first look reads nearly all right without any repair, no fewer than at full width."""
    assert FIRST_LOOK.squeeze < 1
    strips = to_text(strips_of(Look(text=170, background=40, noise=10), 24))
    narrow, wide = (
        sum(text == true for (text, _), true in zip(read(strips, look), SHOWN, strict=True))
        for look in (FIRST_LOOK, replace(FIRST_LOOK, squeeze=1.0))
    )
    assert narrow >= max(23, wide)


def test_noise_is_not_text() -> None:
    """A strip of noise alone is not given to Tesseract, which would read something into it."""
    noise = np.random.default_rng(1).normal(20, 5, (40, 440)).clip(0, 255).astype(np.uint8)
    assert ocr.prepare(noise, FIRST_LOOK, PARAMS.min_contrast) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (40, 1), (3, 3)])
def test_strips_of_any_size_are_prepared(shape: tuple[int, int]) -> None:
    """Strips of a pixel, of nothing but noise, or of one grey make a page or hold no text; none is an error."""
    noise = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    for image in (np.zeros_like(noise), np.full_like(noise, 255), noise):
        box = ocr.text_box([image] * 3, PARAMS.min_contrast)
        for look in ocr.looks(CLOCK, PARAMS):
            page = ocr.prepare(image[box], look, PARAMS.min_contrast)
            assert page is None or page.dtype == np.uint8


def test_text_box_holds_the_text_and_little_else() -> None:
    """The part that holds text is found over a night's strips and is much smaller than the profile's generous box."""
    rows, columns = ocr.text_box(STRIPS, PARAMS.min_contrast)
    bright = np.argwhere(np.mean(STRIPS, axis=0) > 90)
    assert rows.start <= bright[:, 0].min() <= bright[:, 0].max() < rows.stop
    assert columns.start <= bright[:, 1].min() <= bright[:, 1].max() < columns.stop
    assert (columns.stop - columns.start) * (rows.stop - rows.start) < 0.5 * 40 * 440


def test_the_alphabet_has_a_space() -> None:
    """The glyphs Tesseract may use are digits, the formats' marks, the zones' letters, and the space."""
    assert set(ocr.alphabet(CLOCK)) == set("0123456789-/: MSTD")


def test_a_page_that_crashes_tesseract_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a call fails, its strips are read in smaller calls, and only the one at fault stays unread."""
    real, calls = pytesseract.image_to_data, []

    def fragile(listing: str, **options: object) -> object:
        names = Path(listing).read_text(encoding="utf-8").split()
        calls.append(len(names))
        if any(cv2.imread(name, cv2.IMREAD_GRAYSCALE).mean() < 190 for name in names):
            raise pytesseract.TesseractError(-8, "floating point exception")
        return real(listing, **options)

    monkeypatch.setattr(pytesseract, "image_to_data", fragile)
    dark = np.full_like(CUT[0], 20)
    dark[4:16, 10:-10] = 200  # a bar where text should be: a page nearly half black
    found = read([*CUT[:2], dark, *CUT[2:4]])
    assert [bool(text) for text, _ in found] == [True, True, False, True, True]
    assert len(calls) > 1


def fail(task: Any) -> dict[str, int]:
    """What reading a night's strips does without Tesseract."""
    raise StageError(found=f"no program, night {task.work.night}", expected="one", where="here", remedy="install it")


def test_a_missing_program_stops_the_stage_once(tmp_path: Path) -> None:
    """An error that every night would meet ends the stage, instead of being listed for each of 331 nights."""
    works = [NightWork(night, (), (), receipt_path(tmp_path, night), "") for night in nights(3)]
    with pytest.raises(StageError, match="night 20240201"):
        run_nights("clock", tmp_path, [SimpleNamespace(work=work, size=1) for work in works], fail, workers=1)
    assert not (tmp_path / "failures.json").exists()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (None, "no program tesseract"),
        ("tesseract 3.02", "3.02"),
        ("tesseract 4.0.0", "4.0.0"),
        ("a program of that name", "name"),
    ],
)
def test_a_missing_or_another_tesseract_is_refused(
    said: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Tesseract, one that ignores the list of glyphs, or another program of its name: the error says what to install."""
    program = tmp_path / "tesseract"
    if said:
        program.write_text(f"#!/bin/sh\necho {said}\n")
        program.chmod(0o755)
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", str(program))
    with pytest.raises(StageError, match=message) as caught:
        read(CUT[:1])
    assert "apt-get install tesseract-ocr" in caught.value.remedy


def test_without_language_data_the_stage_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """With TESSDATA_PREFIX set to a folder without data, the error has Tesseract's own words and both ways out."""
    monkeypatch.setenv("TESSDATA_PREFIX", "/no/such/folder")
    with pytest.raises(StageError, match="Error opening data file /no/such/folder") as caught:
        read(CUT[:2])
    assert "TESSDATA_PREFIX=/no/such/folder" in caught.value.where
    assert "unset TESSDATA_PREFIX" in caught.value.remedy
    assert "apt-get install tesseract-ocr-eng" in caught.value.remedy


def test_a_killed_tesseract_leaves_no_strip_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """If Tesseract is killed, as when memory runs out, the stage stops: its strips are not taken for unreadable."""

    def kill(*_: object, **__: object) -> None:
        raise pytesseract.TesseractError(-9, "")

    monkeypatch.setattr(pytesseract, "image_to_data", kill)
    with pytest.raises(StageError, match="SIGKILL") as caught:
        read(CUT[:2])
    assert "clock.strips_per_call" in caught.value.remedy


@pytest.mark.parametrize(("text", "background"), [(20, 220), (60, 150), (230, 12)])
def test_dark_text_is_read_like_bright_text(text: int, background: int) -> None:
    """Black text on white is read as well as white text on black."""
    images = ocr.bright_text(strips_of(Look(text=text, background=background, noise=6), 4))
    assert [words for words, _ in read(to_text(images))] == SHOWN[:4]


def test_letters_of_the_format_are_read() -> None:
    """ISO 8601 with T and Z is read from the picture and understood."""
    document = CAMERA.model_dump()
    document["clock"] |= {"formats": ["%Y-%m-%dT%H:%M:%SZ"], "zones_h": {}, "published_repairs": False}
    document["site"]["time_zone"] = "UTC"
    camera = Camera.model_validate(document)
    rng = np.random.default_rng(6)
    moments = times(datetime(2022, 12, 3, 3, 0, 7, tzinfo=UTC), 12, 60)
    strips = [strip(f"{moment:%Y-%m-%dT%H:%M:%SZ}", Look(), rng) for moment in moments]
    clock = read_clock(strips, ClockSetup("20221203", camera, PARAMS, 10))
    assert clock.table["time_utc"].tolist() == moments
