"""The corpus in the report: its nights, clock and conditions, and the truth where it is simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from repro.camera import camera_of
from repro.clock.table1 import RULES
from repro.frames import KEYS, join_truth
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import CREDIT, corpus_is_simulated, known_truth
from repro.sky.bins import MOON_BINS, SUN_BINS
from repro.status import Status, status
from repro.untrusted import read_table


@dataclass(frozen=True)
class Exactness:
    """Frames with a known truth, and those with exactly that time, with another, and with none."""

    frames: int
    exact: int
    wrong: int
    untimed: int


@dataclass(frozen=True)
class NightRow:
    """One night's line in the table.

    Parameters
    ----------
    night : str
        YYYYMMDD.
    published : bool
        Whether it is in one of the published windows; later nights are shown apart.
    counts : mapping
        ``sampled``, ``missing``, ``read``, ``repaired``, ``unreadable``, ``gaps``, ``duplicates``; None where the stage
        has not run.
    conditions : mapping
        Frames by ``(sun_bin, moon_bin)``, dark and moonless first.
    drawable : bool
        Whether the stages film and sky have worked on the night.
    simulated : bool
        Whether its frames are simulated.
    """

    night: str
    published: bool
    counts: Mapping[str, int | None]
    conditions: Mapping[tuple[str, str], int]
    drawable: bool
    simulated: bool

    @property
    def month(self) -> str:
        """YYYY-MM."""
        return f"{self.night[:4]}-{self.night[4:6]}"


@dataclass(frozen=True)
class CorpusOverview:
    """A corpus with the results of its stages so far.

    ``credit`` is the owner of the images, ``conditions`` has frames by ``(sun_bin, moon_bin)`` over all nights, ``repairs``
    frames by repair: all rules of Table 1 where they apply, then all others. ``exactness`` is None where no truth is known.
    Where ``simulated``, all nights are, and so none is evidence about published numbers.
    """

    name: str
    credit: str
    status: Status
    nights: tuple[NightRow, ...]
    conditions: Mapping[tuple[str, str], int]
    repairs: tuple[tuple[str, int], ...]
    exactness: Exactness | None
    simulated: bool

    @property
    def clocked(self) -> bool:
        """Whether at least one night's clock was read."""
        return bool(self.status.nights["read"].notna().any())

    def total(self, column: str) -> int:
        """Sum of a count over all nights that have it."""
        return sum(night.counts[column] or 0 for night in self.nights)

    def suns(self) -> list[str]:
        """Ranges of the sun's altitude: the three of the thesis, and others that occur."""
        return [sun for sun in SUN_BINS if sun in SUN_BINS[:3] or any(sun == cell[0] for cell in self.conditions)]


def load_corpus(paths: Paths, params: Params, published: set[str]) -> CorpusOverview:
    """Read the receipts of a corpus, and compare its times with the truth, where it is known.

    ``published`` has the nights (YYYYMMDD) of the published windows.
    """
    name = params.corpus
    corpus_status = status(paths, name)
    camera, simulated, truth = camera_of(name, params.film), corpus_is_simulated(paths, name), known_truth(paths, name)
    tables = paths.stage(name, "clock") / "tables"
    repaired = {path.stem: _repaired(path) for path in sorted(tables.glob("[!.]*.parquet"))}
    seen = _conditions(paths.stage(name, "sky") / "tables")
    rows = []
    for row in corpus_status.nights.astype(object).where(corpus_status.nights.notna(), None).to_dict("records"):
        night = str(row["night"])
        counts = {key: row[key] for key in ("sampled", "missing", "read", "unreadable", "gaps", "duplicates")}
        counts["repaired"] = repaired.get(night)
        drawable = night in seen and (paths.stage(name, "film") / "keograms" / f"{night}.png").is_file()
        simulated_night = night in corpus_status.simulated
        rows.append(NightRow(night, night in published, counts, seen.get(night, {}), drawable, simulated_night))
    return CorpusOverview(
        name=name,
        credit=CREDIT if simulated else camera.credit,
        status=corpus_status,
        nights=tuple(rows),
        conditions=dict(sum((Counter(cells) for cells in seen.values()), Counter())),
        repairs=_repairs(corpus_status.repairs, table1=camera.clock is not None and camera.clock.published_repairs),
        exactness=exactness(truth, tables) if truth is not None else None,
        simulated=simulated,
    )


def exactness(truth: Path, tables: Path) -> Exactness | None:
    """Compare the times that the clock stage gave with the truth of the same frames, both folders of one file a night.

    A night without both is left out; None if no night has both.
    """
    sources = [path for path in sorted(tables.glob("[!.]*.parquet")) if (truth / path.name).is_file()]
    if not sources:
        return None
    columns = [*KEYS, "time_utc"]
    given = pd.concat([read_table(path, made_by="dvc repro clock", columns=columns) for path in sources])
    table = join_truth(given, truth, ["time_utc"])
    table = table[table["time_utc_true"].notna()]
    timed = table["time_utc"].notna()
    exact = int((timed & (table["time_utc"] == table["time_utc_true"])).sum())
    return Exactness(len(table), exact, int(timed.sum()) - exact, int((~timed).sum()))


def _repaired(path: Path) -> int:
    """Frames whose time was repaired and is known."""
    table = read_table(path, made_by="dvc repro clock", columns=["clock_repair", "time_utc"])
    return int(((table["clock_repair"] != "") & table["time_utc"].notna()).sum())


def _conditions(tables: Path) -> dict[str, dict[tuple[str, str], int]]:
    """Frames by night and condition, conditions in the order of the bins."""
    by_night = {}
    for path in sorted(tables.glob("[!.]*.parquet")):
        table = read_table(path, made_by="dvc repro sky", columns=["sun_bin", "moon_bin"]).dropna()
        by_cell = Counter(zip(table["sun_bin"].astype(str), table["moon_bin"].astype(str), strict=True))
        order = [(sun, moon) for moon in MOON_BINS for sun in SUN_BINS]
        by_night[path.stem] = {cell: by_cell[cell] for cell in order if cell in by_cell}
    return by_night


def _repairs(repairs: pd.DataFrame, *, table1: bool) -> tuple[tuple[str, int], ...]:
    counts = dict(zip(repairs["repair"].astype(str), repairs["frames"].astype(int), strict=True))
    first = {rule.__name__: 0 for rule in RULES} if table1 else {}
    return tuple({**first, **counts}.items())
