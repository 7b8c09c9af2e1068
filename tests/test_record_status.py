"""Which nights of the record are here, and which claims wait for which."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.params import Params
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record_status import print_record_status, record_status
from tests.support.receipts import write_nights


def test_nights_and_waiting_claims_are_listed(
    tmp_path: Path, params: Params, claims: Claims, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two nights leave the counts waiting for 329 more, shares for nights drawn at random, and settings for none."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ["20221203", "20221210", "20260101"])
    write_nights(paths, "auroramax", ["20240201"], simulated=True)
    status = record_status(paths, params, claims, "auroramax")
    assert status.coverage.present == ("20221203", "20221210")
    waiting = {name for ids in status.waiting.values() for name in ids}
    assert {"TXT.FRAMES", "T3.NIGHT.NO_MOON", "TXT.OCCURRENCE_ABOUT", "T2.EMPTY.CIVIL"} <= waiting
    assert "TXT.VIDEO_FPS" not in waiting
    print_record_status(status)
    printed = capsys.readouterr().out
    assert "2 of 331 are here as evidence" in printed
    assert "here: 20221203, 20221210" in printed
    assert "missing: 20221201 to 20221202, 20221204 to 20221209, 20221211 to 20230430" in printed
    assert "simulated, never evidence: 20240201" in printed
    assert "outside the record's windows: 20260101" in printed
    assert "claims wait for all nights, 329 of which are missing" in printed


def test_windows_wait_for_their_own_nights(tmp_path: Path, params: Params, claims: Claims) -> None:
    """The length of a window waits for its nights, not for one night."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ["20221203"])
    waiting = record_status(paths, params, claims, "auroramax").waiting
    assert ("WINDOW1.DAYS", "WINDOW2.DAYS", "WINDOW3.DAYS") in waiting.values()


def test_another_corpus_is_no_evidence(tmp_path: Path, params: Params, claims: Claims) -> None:
    """Nights of another camera do not count as nights of the record, whatever their dates."""
    paths = Paths(tmp_path)
    write_nights(paths, "kho", ["20221203"])
    status = record_status(paths, params, claims, "kho")
    assert status.coverage.present == ()
    assert any("at least one night" in reason for reason in status.waiting)
