"""Tesseract on many strips at once."""

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


@pytest.fixture(scope="module")
def shown() -> list[str]:
    """Twelve stamps of the dashed format."""
    return [time.strftime(DASHES) + " MST" for time in times(datetime(2024, 1, 31, 18, 19, 54), 12, 3001)]


@pytest.fixture(scope="module")
def strips(shown: list[str]) -> list[np.ndarray]:
    """Their strips, of fair contrast, as wide as the profile's box."""
    rng = np.random.default_rng(3)
    return [strip(text, Look(text=180, background=30, noise=6), rng) for text in shown]


@pytest.fixture(scope="module")
def cut(strips: list[np.ndarray]) -> list[np.ndarray]:
    """The part of them that holds text."""
    box = ocr.text_box(strips, PARAMS.min_contrast)
    return [image[box] for image in strips]


def read(strips: list[np.ndarray], **changes: int) -> list[tuple[str, float]]:
    """A first look."""
    params = PARAMS.model_copy(update=changes)
    return ocr.read_strips(strips, ocr.looks(CLOCK, params)[0], CLOCK, params)


def test_strips_keep_their_order_and_their_blanks(cut: list[np.ndarray], shown: list[str]) -> None:
    """Readings come back in the order of strips, with nothing read and no confidence where a strip is blank."""
    blank = np.full_like(cut[0], 20)
    found = read([blank, *cut[:3], blank, *cut[3:6], blank])
    texts = [text.replace(" ", "") for text, _ in found]
    expected = [text.replace(" ", "") for text in shown]
    assert texts == ["", *expected[:3], "", *expected[3:6], ""]
    assert all(confidence == 0 for text, confidence in found if not text)


def test_many_a_call_reads_what_one_a_call_reads(cut: list[np.ndarray]) -> None:
    """How many strips share a call changes no reading and no confidence."""
    assert read(cut[:5]) == read(cut[:5], strips_per_call=1) == read(cut[:5], strips_per_call=3)


def test_a_narrower_page_is_read_as_well_as_a_wide_one() -> None:
    """Of stamps of fair contrast the first look reads nearly all right without any repair, no fewer than at full width."""
    rng = np.random.default_rng(11)
    shown = [time.strftime(DASHES) + " MST" for time in times(datetime(2024, 1, 31, 18, 19, 54), 24, 3001)]
    strips = [strip(text, Look(text=170, background=40, noise=10), rng) for text in shown]
    box = ocr.text_box(strips, PARAMS.min_contrast)
    narrow = ocr.looks(CLOCK, PARAMS)[0]
    assert narrow.squeeze < 1
    right = {}
    for look in (narrow, replace(narrow, squeeze=1.0)):
        read = ocr.read_strips([image[box] for image in strips], look, CLOCK, PARAMS)
        right[look.squeeze] = sum(text == true for (text, _), true in zip(read, shown, strict=True))
    assert right[narrow.squeeze] >= 23
    assert right[narrow.squeeze] >= right[1.0]


def test_noise_is_not_text() -> None:
    """A strip of noise alone is not given to Tesseract, which would read something into it."""
    noise = np.random.default_rng(1).normal(20, 5, (40, 440)).clip(0, 255).astype(np.uint8)
    assert ocr.prepare(noise, ocr.looks(CLOCK, PARAMS)[0], PARAMS.min_contrast) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (40, 1), (3, 3)])
def test_strips_of_any_size_are_prepared(shape: tuple[int, int]) -> None:
    """Strips of a pixel, of nothing but noise, or of one grey make a page or hold no text; none is an error."""
    rng = np.random.default_rng(2)
    for image in (
        np.zeros(shape, np.uint8),
        np.full(shape, 255, np.uint8),
        rng.integers(0, 256, shape, dtype=np.uint8),
    ):
        box = ocr.text_box([image] * 3, PARAMS.min_contrast)
        for look in ocr.looks(CLOCK, PARAMS):
            page = ocr.prepare(image[box], look, PARAMS.min_contrast)
            assert page is None or page.dtype == np.uint8


def test_text_box_holds_the_text_and_little_else(strips: list[np.ndarray]) -> None:
    """The part that holds text is found over a night's strips and is much smaller than the profile's generous box."""
    rows, columns = ocr.text_box(strips, PARAMS.min_contrast)
    bright = np.argwhere(np.mean(strips, axis=0) > 90)
    assert rows.start <= bright[:, 0].min() <= bright[:, 0].max() < rows.stop
    assert columns.start <= bright[:, 1].min() <= bright[:, 1].max() < columns.stop
    assert (columns.stop - columns.start) * (rows.stop - rows.start) < 0.5 * 40 * 440


def test_the_alphabet_has_a_space() -> None:
    """The glyphs Tesseract may use are digits, the formats' marks, the zones' letters, and the space."""
    assert set(ocr.alphabet(CLOCK)) == set("0123456789-/: MSTD")


def test_a_page_that_crashes_tesseract_costs_only_itself(
    cut: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a call fails, its strips are read in smaller calls, and only the one at fault stays unread."""
    real, calls = pytesseract.image_to_data, []

    def fragile(listing: str, **options: object) -> object:
        names = Path(listing).read_text(encoding="utf-8").split()
        calls.append(len(names))
        if any(cv2.imread(name, cv2.IMREAD_GRAYSCALE).mean() < 190 for name in names):
            raise pytesseract.TesseractError(-8, "floating point exception")
        return real(listing, **options)

    monkeypatch.setattr(pytesseract, "image_to_data", fragile)
    dark = np.full_like(cut[0], 20)
    dark[4:16, 10:-10] = 200  # a bar where text should be: a page nearly half black
    found = read([*cut[:2], dark, *cut[2:4]])
    assert [bool(text) for text, _ in found] == [True, True, False, True, True]
    assert len(calls) > 1


def test_without_tesseract_the_error_says_what_to_install(
    strips: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without Tesseract gets an error that says how to install it, and that stops the whole stage."""
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", "no-such-program")
    with pytest.raises(StageError, match="no program tesseract"):
        read(strips[:1])


def fail(task: Any) -> dict[str, int]:
    """What reading a night's strips does without Tesseract."""
    raise StageError(found=f"no program, night {task.work.night}", expected="one", where="here", remedy="install it")


def test_a_missing_program_stops_the_stage_once(tmp_path: Path) -> None:
    """An error that every night would meet ends the stage, instead of being listed for each of 331 nights."""
    works = [NightWork(night, (), (), receipt_path(tmp_path, night), "") for night in nights(3)]
    with pytest.raises(StageError, match="night 20240201"):
        run_nights("clock", tmp_path, [SimpleNamespace(work=work, size=1) for work in works], fail, workers=1)
    assert not (tmp_path / "failures.json").exists()


@pytest.mark.parametrize("said", ["tesseract 3.02", "tesseract 4.0.0", "a program of that name"])
def test_another_version_of_tesseract_is_refused(
    said: str, strips: list[np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Tesseract that ignores the list of glyphs, or another program of its name, is refused with what it says of itself."""
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    monkeypatch.setattr(pytesseract.pytesseract, "tesseract_cmd", str(program))
    with pytest.raises(StageError, match=said.split()[-1]) as caught:
        read(strips[:1])
    assert "apt-get install tesseract-ocr" in caught.value.remedy


def test_without_language_data_the_stage_stops(cut: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """With TESSDATA_PREFIX set to a folder without data, the error has Tesseract's own words and both ways out."""
    monkeypatch.setenv("TESSDATA_PREFIX", "/no/such/folder")
    with pytest.raises(StageError, match="Error opening data file /no/such/folder") as caught:
        read(cut[:2])
    assert "TESSDATA_PREFIX=/no/such/folder" in caught.value.where
    assert "unset TESSDATA_PREFIX" in caught.value.remedy
    assert "apt-get install tesseract-ocr-eng" in caught.value.remedy


def test_a_killed_tesseract_leaves_no_strip_unread(cut: list[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    """If Tesseract is killed, as when memory runs out, the stage stops: its strips are not taken for unreadable."""

    def kill(*_: object, **__: object) -> None:
        raise pytesseract.TesseractError(-9, "")

    monkeypatch.setattr(pytesseract, "image_to_data", kill)
    with pytest.raises(StageError, match="SIGKILL") as caught:
        read(cut[:2])
    assert "clock.strips_per_call" in caught.value.remedy


@pytest.mark.parametrize(("text", "background"), [(20, 220), (60, 150), (230, 12)])
def test_dark_text_is_read_like_bright_text(text: int, background: int, shown: list[str]) -> None:
    """Black text on white is read as well as white text on black."""
    rng = np.random.default_rng(5)
    images = ocr.bright_text(
        [strip(words, Look(text=text, background=background, noise=6), rng) for words in shown[:4]]
    )
    box = ocr.text_box(images, PARAMS.min_contrast)
    assert [words for words, _ in read([image[box] for image in images])] == shown[:4]


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
