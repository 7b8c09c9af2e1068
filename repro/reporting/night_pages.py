"""The nights of a corpus on the page: published windows and later nights apart, drawings, months, calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from repro.engine.receipts import settings_digest
from repro.files import digest
from repro.paths import Paths
from repro.reporting import night_figure
from repro.reporting.canvas import add_note, note_of
from repro.reporting.night_figure import make_drawing
from repro.reporting.nights_table import CorpusOverview, NightRow
from repro.simulated_mark import known_truth
from repro.untrusted import read_table

#: With more nights than this, drawings are on separate pages, one a month.
NIGHTS_ON_PAGE = 40
#: Background of a night's cell in the calendar if no or all frames were classified yes; red, green, blue.
_NONE, _ALL = (255, 255, 255), (213, 94, 0)


class CalendarCell(NamedTuple):
    """A night in the calendar: link to its drawing, share of frames classified yes in percent, and its background."""

    night: str
    link: str
    text: str
    words: str
    ground: str


class NightGroup(NamedTuple):
    """The nights of the published windows, or the later ones: anchor and title of the section, rows and drawings.

    ``pictures`` has for each night that was drawn the numbers that :func:`repro.reporting.night_figure.make_drawing` gives.
    """

    anchor: str
    title: str
    later: bool
    nights: tuple[NightRow, ...]
    pictures: Mapping[str, Mapping[str, Any]]

    def total(self, column: str) -> int:
        """Sum of a count over all nights that have it."""
        return sum(night.counts[column] or 0 for night in self.nights)

    @property
    def classified(self) -> tuple[int, int]:
        """Frames classified yes, and all classified frames."""
        pictures = self.pictures.values()
        return sum(picture["yes"] for picture in pictures), sum(picture["classified"] for picture in pictures)

    @property
    def conditions(self) -> Counter[tuple[str, str]]:
        """Frames by ``(sun_bin, moon_bin)``."""
        return sum((Counter(night.conditions) for night in self.nights), Counter())

    @property
    def months(self) -> dict[str, list[Mapping[str, Any]]]:
        """Drawings by month (YYYY-MM)."""
        by_month: dict[str, list[Mapping[str, Any]]] = {}
        for night, picture in self.pictures.items():
            by_month.setdefault(month_of(night), []).append(picture)
        return by_month

    @property
    def paged(self) -> bool:
        """Whether its drawings are on separate pages."""
        return len(self.pictures) > NIGHTS_ON_PAGE

    def link(self, night: str) -> str:
        """Link to a night's drawing from any page; empty if there is none."""
        if night not in self.pictures:
            return ""
        return f"{page_of(month_of(night), later=self.later) if self.paged else ''}#night-{night}"

    def calendar(self) -> dict[str, list[CalendarCell | None]]:
        """Cells by month, one a day of the month; None for a day without a filmed night."""
        cells: dict[str, list[CalendarCell | None]] = {}
        for night in self.nights:
            month = month_of(night.night)
            days = cells.setdefault(month, [None] * pd.Period(month).days_in_month)
            days[int(night.night[6:]) - 1] = self._cell(night.night)
        return cells

    def _cell(self, night: str) -> CalendarCell:
        yes, classified = (self.pictures.get(night, {}).get(key, 0) for key in ("yes", "classified"))
        if not classified:
            return CalendarCell(night, self.link(night), "·", "filmed, not classified", "#e4e7ea")
        share = yes / classified
        ground = "#" + "".join(f"{round(n + share * (a - n)):02x}" for n, a in zip(_NONE, _ALL, strict=True))
        words = f"{yes:,} of {classified:,} frames classified yes"
        return CalendarCell(night, self.link(night), f"{100 * share:.0f}", words, ground)


def month_of(night: str) -> str:
    """YYYY-MM of a night."""
    return f"{night[:4]}-{night[4:6]}"


def page_of(month: str, *, later: bool) -> str:
    """Name of the page that draws a month's nights."""
    return f"{'later-' if later else ''}nights-{month}.html"


def load_parts(paths: Paths, corpus: CorpusOverview) -> tuple[NightGroup, ...]:
    """Draw the nights that have changed into files beside the page, and separate published from later nights.

    Parts without a night are left out. A corpus with no night in the record's windows has one part, as in stage softmax.
    """
    pictures = draw_nights(paths, corpus)
    kinds = [(False, "nights", "Nights of the published windows"), (True, "later", "Later nights")]
    if not any(night.published for night in corpus.nights):
        kinds = [(False, "nights", "Nights")]  # of another camera, so the record's windows do not apply
    parts = []
    for later, anchor, title in kinds:
        nights = tuple(night for night in corpus.nights if len(kinds) == 1 or night.published != later)
        if nights:
            drawn = {night.night: pictures[night.night] for night in nights if night.night in pictures}
            parts.append(NightGroup(anchor, title, later, nights, drawn))
    return tuple(parts)


def draw_nights(paths: Paths, corpus: CorpusOverview) -> dict[str, dict[str, Any]]:
    """Draw the nights whose frames, keogram or labels have changed, or the code that draws; remove drawings of other nights."""
    folder = paths.report_build / "nights"
    folder.mkdir(parents=True, exist_ok=True)
    film, sky, infer, split = (paths.stage(corpus.name, stage) for stage in ("film", "sky", "infer", "split"))
    labels: dict[str, dict[str, str]] = {}
    if (split / "split.parquet").is_file():
        table = read_table(split / "split.parquet", made_by="dvc repro split", columns=["night", "name", "label"])
        labels = {
            str(night): dict(zip(rows["name"], rows["label"], strict=True)) for night, rows in table.groupby("night")
        }
    truth, code = known_truth(paths, corpus.name), settings_digest({}, night_figure.__name__)
    notes = {}
    for row in corpus.nights:
        if not row.drawable:
            continue
        night, drawing = row.night, folder / f"{row.night}.svg"
        of_truth = truth / f"{night}.parquet" if truth else None
        known = of_truth is not None and of_truth.is_file()
        answered = infer / "tables" / f"{night}.parquet"
        classified = answered.is_file()
        frames = answered if classified else sky / "tables" / f"{night}.parquet"
        keogram, of_labels = film / "keograms" / f"{night}.png", {} if known else labels.get(night, {})
        inputs = [digest(path) for path in (keogram, frames, of_truth) if path and path.is_file()]
        data = {"code": code, "labels": of_labels, "simulated": row.simulated, "inputs": inputs}
        note, made_from = note_of(drawing), settings_digest(data)
        beside = all(drawing.with_suffix(kind).is_file() for kind in (".png", ".csv"))
        if not beside or note.get("made_from") != made_from:
            numbers = make_drawing(
                drawing, keogram=keogram, frames=frames, classified=classified, truth=truth if known else None,
                labels=of_labels, simulated=row.simulated,
            )  # fmt: skip
            note = {"made_from": made_from, **numbers}
            add_note(drawing, note)
        notes[night] = {"night": night, **note}
    for path in folder.iterdir():
        if path.stem not in notes:
            path.unlink()
    return notes
