"""The nights of a corpus on the page: published windows and later nights apart, drawings, months, calendar."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from repro.paths import Paths
from repro.reporting.canvas import write_csv
from repro.reporting.frame_pictures import full_copy, keogram_strip
from repro.reporting.night_figure import WIDTH, NightFrames, draw_night, read_frames
from repro.reporting.nights_table import CorpusOverview, NightRow
from repro.simulated_mark import known_truth
from repro.untrusted import read_table

#: With more nights than this, drawings are on separate pages, one a month.
NIGHTS_ON_PAGE = 40
#: Background of a night's cell in the calendar if no or all frames were classified yes; red, green, blue.
_NONE, _ALL = (255, 255, 255), (213, 94, 0)


@dataclass(frozen=True)
class NightPicture:
    """A night's drawing: paths from the page, size in pixels, first and last time of day (HH:MM, UTC), its frames."""

    night: str
    drawing: str
    keogram: str
    data: str
    width: int
    height: int
    first: str
    last: str
    frames: int
    classified: int
    yes: int
    right: tuple[int, int]


@dataclass(frozen=True)
class CalendarCell:
    """A night in the calendar: link to its drawing, share of frames classified yes in percent, and its background."""

    night: str
    link: str
    text: str
    words: str
    ground: str


@dataclass(frozen=True)
class NightGroup:
    """The nights of the published windows, or the later ones.

    Parameters
    ----------
    anchor, title : str
        Of its section.
    later : bool
        Whether these nights are outside the record.
    nights : tuple of NightRow
        By date.
    pictures : mapping
        Drawings by night.
    """

    anchor: str
    title: str
    later: bool
    nights: tuple[NightRow, ...]
    pictures: Mapping[str, NightPicture]

    def total(self, column: str) -> int:
        """Sum of a count over all nights that have it."""
        return sum(night.counts[column] or 0 for night in self.nights)

    @property
    def classified(self) -> tuple[int, int]:
        """Frames classified yes, and all classified frames."""
        return sum(p.yes for p in self.pictures.values()), sum(p.classified for p in self.pictures.values())

    @property
    def conditions(self) -> Counter[tuple[str, str]]:
        """Frames by ``(sun_bin, moon_bin)``."""
        total: Counter[tuple[str, str]] = Counter()
        for night in self.nights:
            total.update(night.conditions)
        return total

    @property
    def months(self) -> dict[str, list[NightPicture]]:
        """Drawings by month (YYYY-MM)."""
        by_month: dict[str, list[NightPicture]] = {}
        for name, picture in self.pictures.items():
            by_month.setdefault(f"{name[:4]}-{name[4:6]}", []).append(picture)
        return by_month

    @property
    def paged(self) -> bool:
        """Whether its drawings are on separate pages."""
        return len(self.pictures) > NIGHTS_ON_PAGE

    def link(self, night: str) -> str:
        """Link to a night's drawing from any page; empty if there is none."""
        if night not in self.pictures:
            return ""
        return f"{page_of(night[:4] + '-' + night[4:6], later=self.later) if self.paged else ''}#night-{night}"

    def calendar(self) -> dict[str, list[CalendarCell | None]]:
        """Cells by month, one a day of the month; None for a day without a filmed night."""
        cells: dict[str, list[CalendarCell | None]] = {}
        for night in self.nights:
            days = cells.setdefault(night.month, [None] * _days(night.month))
            days[int(night.night[6:]) - 1] = self._cell(night)
        return cells

    def _cell(self, night: NightRow) -> CalendarCell:
        picture = self.pictures.get(night.night)
        if picture is None or not picture.classified:
            return CalendarCell(night.night, self.link(night.night), "·", "filmed, not classified", "#e4e7ea")
        share = picture.yes / picture.classified
        ground = "#" + "".join(f"{round(n + share * (a - n)):02x}" for n, a in zip(_NONE, _ALL, strict=True))
        words = f"{picture.yes:,} of {picture.classified:,} frames classified yes"
        return CalendarCell(night.night, self.link(night.night), f"{100 * share:.0f}", words, ground)


def page_of(month: str, *, later: bool) -> str:
    """Name of the page that draws a month's nights."""
    return f"{'later-' if later else ''}nights-{month}.html"


def load_parts(paths: Paths, corpus: CorpusOverview) -> tuple[NightGroup, ...]:
    """Draw all nights into files beside the page, and separate published from later nights.

    Parts without a night are left out. A corpus with no night in the record's windows has one part, as in stage softmax.
    """
    split = paths.stage(corpus.name, "split") / "split.parquet"
    labels = pd.Series(dtype="str")
    if split.is_file():
        labels = read_table(split, made_by="dvc repro split", columns=["name", "label"]).set_index("name")["label"]
    kinds = [(False, "nights", "Nights of the published windows"), (True, "later", "Later nights")]
    if not any(night.published for night in corpus.nights):
        kinds = [(False, "nights", "Nights")]  # of another camera, so the record's windows do not apply
    truth = known_truth(paths, corpus.name)
    parts = []
    for later, anchor, title in kinds:
        nights = tuple(night for night in corpus.nights if len(kinds) == 1 or night.published != later)
        if nights:
            pictures = {night.night: _draw(paths, corpus, night, labels, truth) for night in nights if night.keogram}
            parts.append(NightGroup(anchor, title, later, nights, pictures))
    return tuple(parts)


def _draw(paths: Paths, corpus: CorpusOverview, night: NightRow, labels: pd.Series, truth: Path | None) -> NightPicture:
    assert night.keogram is not None
    target, name = paths.report_build, night.night
    drawing, keogram, data = (f"nights/{name}.{kind}" for kind in ("svg", "png", "csv"))
    full_copy(night.keogram.strip, target / keogram)
    times = read_table(night.keogram.table, made_by="dvc repro sky", columns=["time_utc"])["time_utc"]
    strip, span = keogram_strip(night.keogram.strip, times)
    frames = read_frames(paths, corpus.name, name, labels, truth)
    height = draw_night(frames, strip, span, target / drawing, simulated=night.simulated)
    write_csv(target / data, _rounded(frames))
    times = frames.table["time_utc"]
    first, last = f"{times.min():%H:%M}", f"{times.max():%H:%M}"
    return NightPicture(
        name,
        drawing,
        keogram,
        data,
        WIDTH,
        height,
        first,
        last,
        len(times),
        frames.classified,
        frames.yes,
        frames.right,
    )


def _rounded(frames: NightFrames) -> pd.DataFrame:
    """The data of the drawing, rounded."""
    table = frames.table.assign(time_utc=frames.table["time_utc"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return table.round({"sun_alt_deg": 3, "moon_alt_deg": 3, "p_yes": 5})


def _days(month: str) -> int:
    first = date(int(month[:4]), int(month[5:]), 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (following - first).days
