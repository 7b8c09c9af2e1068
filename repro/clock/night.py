"""One night's clock: strips to readings, readings to UTC, and frames under their final names.

Outputs of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``time_utc``, and
``frames/NIGHT.zip``, the film stage's JPEGs, byte for byte, under the thesis' names ``<UTC stamp>_<night>_<n>.jpg``.
A frame whose clock is unreadable has a row but no name; its JPEG stays in the film stage's archive.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from repro import frames
from repro.clock import ocr, table1
from repro.clock.continuity import UNREADABLE, Residuals, Verdict, misread_runs, resolve
from repro.clock.glyphs import Glyphs, confusions
from repro.clock.line import Line, Reading, fit
from repro.clock.stamps import Moment, Night, parse
from repro.errors import ReproError
from repro.film.cut import decode
from repro.film.night import outputs as film_outputs
from repro.film.profile import Camera
from repro.nights import Outcome, run_nights, summaries
from repro.params import ClockParams
from repro.receipts import Work, settings_digest
from repro.store import atomic_path
from repro.workers import worker_count

#: Modules whose change makes every night's clock be read again.
MODULES = tuple(
    f"repro.{name}"
    for name in ("clock.night", "clock.ocr", "clock.table1", "clock.stamps", "clock.line", "clock.continuity")
) + ("repro.clock.glyphs", "repro.film.profile", "repro.frames")
_UNSURE = 50.0  # confidence below which a reading weighs less
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ClockTask:
    """One night for a worker."""

    work: Work
    size: int
    camera: Camera
    params: ClockParams
    step: int
    threads: int


@dataclass(frozen=True)
class Clock:
    """The clock of a night, read.

    Parameters
    ----------
    table : DataFrame
        One row a strip: ``clock_read``, ``clock_confidence``, ``clock_text``, ``clock_repair``, ``time_utc``.
    summary : dict
        Counts and listed gaps, fit for JSON.
    """

    table: pd.DataFrame
    summary: dict[str, Any]


def clock_corpus(film: Path, folder: Path, camera: Camera, params: ClockParams, *, workers: int = 0) -> Outcome:
    """Read the clock of every filmed night that needs it.

    Parameters
    ----------
    film, folder : Path
        Output folders of the stages film and clock.
    camera : Camera
        The corpus' camera.
    params : ClockParams
        Section ``clock`` of the parameters.
    workers : int
        Processes, 0 for one a core.

    Raises
    ------
    ReproError
        If no night was filmed.
    """
    filmed = summaries(film)
    if not filmed:
        raise ReproError(
            found="no filmed night", expected="receipts of the film stage", where=str(film), remedy="run: dvc repro film"
        )
    free = {"strips_per_call", "max_failed_share"}  # these change no night's result
    settings = settings_digest({"camera": camera.model_dump(), "clock": params.model_dump(exclude=free)}, MODULES)
    threads = max(1, worker_count(workers) // len(filmed))
    tasks = []
    for night, summary in filmed.items():
        outputs = (folder / "tables" / f"{night}.parquet", folder / "frames" / f"{night}.zip")
        inputs = film_outputs(film, night)[:3]
        work = Work(night, inputs, outputs, folder / "receipts" / f"{night}.json", settings)
        tasks.append(ClockTask(work, summary["sampled"], camera, params, summary["step"], threads))
    return run_nights("clock", folder, tasks, clock_night, workers=workers)


def clock_night(task: ClockTask) -> dict[str, Any]:
    """Read one night's clock, write its table and its named frames, and say what was found.

    Raises
    ------
    ReproError
        See :func:`read_clock`.
    """
    night, (jpegs, strips, index) = task.work.night, task.work.inputs
    table = frames.read(index, "film")
    with zipfile.ZipFile(strips) as archive:
        images = [decode(archive.read(f"{night}_{number}.png")) for number in table["number"]]
    clock = read_clock(images, night, task.camera, task.params, step=task.step, threads=task.threads)
    table = pd.concat([table, clock.table], axis=1)
    stamp = table["time_utc"].dt.strftime("%Y%m%d%H%M%S")
    # A missing stamp makes a missing name.
    table["name"] = stamp + "_" + table["night"] + "_" + table["number"].astype(str) + ".jpg"
    table_path, named_path = task.work.outputs
    with zipfile.ZipFile(jpegs) as source, atomic_path(named_path) as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for number, name in zip(table["number"], table["name"], strict=True):
                if isinstance(name, str):
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), source.read(f"{night}_{number}.jpg"))
        frames.write(table_path, table, "clock")
    return clock.summary


def read_clock(
    strips: Sequence[ocr.Image], night: str, camera: Camera, params: ClockParams, *, step: int, threads: int = 1
) -> Clock:
    """Read the clock of a night's strips.

    Parameters
    ----------
    strips : sequence of ndarray, shape (height, width, 3)
        In the order of frames, evenly sampled.
    night : str
        YYYYMMDD of the file.
    camera : Camera
        Its camera.
    params : ClockParams
        Section ``clock`` of the parameters.
    step : int
        Every how many frames of the video one was sampled.
    threads : int
        Calls of Tesseract at a time.

    Raises
    ------
    ReproError
        If there is no text, no text of a known format, a clock of another night, or too many unreadable frames.
    """
    span = Night.of(night, camera)
    box = ocr.text_box(strips, params.min_contrast)
    cut = [strip[box] for strip in strips]
    first, second = ocr.looks(camera.clock, params)
    read = ocr.read_strips(cut, first, camera.clock, params, threads=threads)
    meant = [_understand(text, span, camera) for text, _ in read]
    _check_night(read, meant, span, night, camera)
    readings = [
        Reading(number, moment, _weight(entry, moment, confidence))
        for number, (entry, (_, confidence)) in enumerate(zip(meant, read, strict=True))
        for moment in entry.moments
        if span.holds(moment)
    ]
    line = fit(readings, camera.cadence_s * step, params.jitter_s)
    runs = misread_runs(line, span.zones_s)
    residuals = Residuals(line)
    trusted = {r.number for r in line.readings if not residuals.in_doubt(r.number)} - runs - line.disputed
    doubtful = [number for number in range(len(strips)) if number not in trusted]
    again = ocr.read_strips([cut[n] for n in doubtful], second, camera.clock, params, threads=threads)
    texts = {n: (meant[n].text, _understand(text, span, camera).text)
             for n, (text, _) in zip(doubtful, again, strict=True)}  # fmt: skip
    own = {
        n: [m for text in pair for m in _understand(text, span, camera).moments if span.holds(m)]
        for n, pair in texts.items()
    }
    verdicts, glyphs = resolve(
        texts, line, span.zones_s, trusted=trusted, own=own, runs=runs,
        min_posterior=params.min_posterior, min_agreement=params.min_agreement,
    )  # fmt: skip
    clock = _tell(read, meant, verdicts, line, glyphs, span)
    unreadable = clock.summary["unreadable"]
    if len(unreadable) > params.max_unreadable_share * len(strips):
        raise ReproError(
            found=f"{len(unreadable)} of {len(strips)} frames without a readable clock, for example "
            + ", ".join(repr(read[n][0]) for n in unreadable[:3]),
            expected=f"at most {params.max_unreadable_share:.0%} (clock.max_unreadable_share)",
            where=f"night {night}, frames {_ranges(unreadable)}",
            remedy="look at the strips; if the clock ran backwards or jumped there, the frames have no sure time",
        )
    return clock


@dataclass(frozen=True)
class _Meaning:
    """A reading after the published rules: its text, what it may mean, and the rules that changed it."""

    text: str
    moments: tuple[Moment, ...]
    rules: tuple[str, ...]


def _understand(text: str, span: Night, camera: Camera) -> _Meaning:
    rules: list[str] = []
    if camera.clock.published_repairs:
        text, rules = table1.repair(text)
    found = parse(text, span.forms)
    if found is None:
        return _Meaning(text, (), tuple(rules))
    local, zone, form, spaced = found
    if spaced:
        rules = [*rules, "spacing"]
        text = form.render(local, zone or "")
    return _Meaning(text, tuple(span.moments(local, zone, form)), tuple(rules))


def _weight(meaning: _Meaning, moment: Moment, confidence: float) -> float:
    weight = 1.0 if moment.lawful else 0.9
    weight *= 0.7 if meaning.rules else 1.0
    return weight * (1.0 if confidence >= _UNSURE else 0.8)


def _check_night(
    read: Sequence[tuple[str, float]], meant: Sequence[_Meaning], span: Night, night: str, camera: Camera
) -> None:
    """Tell a night without a clock, with another format, and of another date apart."""
    some = [text for text, _ in read if text]
    where = f"night {night}, {len(read)} strips"
    formats = ", ".join(repr(text) for text in camera.clock.formats)
    if not some:
        raise ReproError(
            found="no text in any strip",
            expected=f"a clock printed as {formats}",
            where=where,
            remedy="compare clock.box_px of the camera profile with a frame of the video",
        )
    understood = [entry for entry in meant if entry.moments]
    samples = ", ".join(repr(text) for text in some[:3])
    if len(understood) < max(1, 0.1 * len(read)):
        raise ReproError(
            found=f"text that is no known stamp in {len(read) - len(understood)} strips, for example {samples}",
            expected=f"a clock printed as {formats}",
            where=where,
            remedy="add the format to clock.formats of the camera profile, or mend clock.box_px",
        )
    inside = [entry for entry in understood if any(span.holds(moment) for moment in entry.moments)]
    if len(inside) < 0.5 * len(understood):
        raise ReproError(
            found=f"a clock of another night, for example {samples}",
            expected=f"a night from {_iso(span.first_s)} to {_iso(span.last_s)} UTC, after the file's name",
            where=where,
            remedy="the file is misnamed or a copy of another night's video: rename it or take it out",
        )


def _tell(
    read: Sequence[tuple[str, float]], meant: Sequence[_Meaning], verdicts: dict[int, Verdict], line: Line,
    glyphs: Glyphs, span: Night,
) -> Clock:  # fmt: skip
    rows, seen, rules = [], Counter[tuple[str, str]](), Counter[str]()
    lawless = 0
    for number, (text, confidence) in enumerate(read):
        verdict = verdicts[number]
        stamp = verdict.moment.text(span.zones_s) if verdict.moment else None
        # Table 1's rules are told even where continuity had the last word.
        names = (*(meant[number].rules if text else ()), *verdict.repairs)
        rules.update(names)
        if stamp is not None and verdict.moment is not None:
            lawless += span.lawful_offset_s(verdict.moment.utc_s) != verdict.moment.offset_s
            seen += Counter(zip(stamp, stamp, strict=True)) if stamp == text else confusions(stamp, text, glyphs)
        rows.append((text, confidence, stamp, "+".join(names), verdict.moment and verdict.moment.utc_s))
    table = pd.DataFrame(rows, columns=["clock_read", "clock_confidence", "clock_text", "clock_repair", "time_utc"])
    seconds = pd.to_numeric(table["time_utc"])
    table["time_utc"] = pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[us, UTC]")
    unreadable = [number for number, verdict in verdicts.items() if verdict.moment is None]
    wrong = [[printed, glyph, count] for (printed, glyph), count in sorted(seen.items()) if printed != glyph]
    breaks = [
        {"kind": "gap" if gap.seconds > 0 else "duplicate", "after": gap.after, "before": gap.before,
         "seconds": round(gap.seconds, 1), "frames": round(gap.seconds / line.step_s)}
        for gap in line.breaks
    ]  # fmt: skip
    return Clock(
        table,
        {
            "frames": len(read),
            "step_s": round(line.step_s, 4),
            "repairs": dict(sorted(rules.items())),
            "unreadable": sorted(unreadable),
            "breaks": breaks,
            "disputed": sorted(line.disputed),
            "unlawful_offset": lawless,
            "confusions": wrong,
        },
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as ranges, such as ``3-7, 12``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    return ", ".join(told[:10]) + (f" and {len(told) - 10} more" if len(told) > 10 else "")


def _iso(seconds: int) -> str:
    return pd.Timestamp(seconds, unit="s").isoformat(sep=" ", timespec="minutes")
