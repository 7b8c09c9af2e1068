"""The corpus in the report: its nights, clock and conditions, and the truth where it is simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from repro.camera import camera_of
from repro.clock.table1 import RULES
from repro.frames import KEYS, join_truth
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import CREDIT, corpus_is_simulated, known_truth
from repro.sky.bins import MOON_BINS, SUN_BINS
from repro.status import Status, status
from repro.untrusted import read_tables


class Exactness(NamedTuple):
    """Frames with a known truth, and those with exactly that time, with another, and with none."""

    frames: int
    exact: int
    wrong: int
    untimed: int


class NightRow(NamedTuple):
    """One night's line in the table.

    ``counts`` has ``sampled``, ``missing``, ``read``, ``repaired``, ``unreadable``, ``gaps``, ``duplicates``, None where the stage
    has not run; ``conditions`` frames by ``(sun_bin, moon_bin)``, dark and moonless first. A night is ``published`` if it is in one
    of the published windows, and ``drawable`` if the stages film and sky have worked on it.
    """

    night: str
    published: bool
    counts: Mapping[str, int | None]
    conditions: Mapping[tuple[str, str], int]
    drawable: bool
    simulated: bool


class CorpusOverview(NamedTuple):
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
    frames = read_timed(paths, name)
    was_repaired = (frames["clock_repair"] != "") & frames["time_utc"].notna()
    repaired = {str(night): int(count) for night, count in was_repaired.groupby(frames["night"]).sum().items()}
    counted = Counter(frames[["night", "sun_bin", "moon_bin"]].dropna().itertuples(index=False, name=None))
    cells = [(sun, moon) for moon in MOON_BINS for sun in SUN_BINS]
    with_sky = {str(night) for night in frames.loc[frames["sun_bin"].notna(), "night"].unique()}
    rows = []
    for row in corpus_status.nights.astype(object).where(corpus_status.nights.notna(), None).to_dict("records"):
        night = str(row["night"])
        counts = {key: row[key] for key in ("sampled", "missing", "read", "unreadable", "gaps", "duplicates")}
        counts["repaired"] = repaired.get(night)
        conditions = {cell: count for cell in cells if (count := counted[night, *cell])}
        drawable = night in with_sky and (paths.stage(name, "film") / "keograms" / f"{night}.png").is_file()
        simulated_night = night in corpus_status.simulated
        rows.append(NightRow(night, night in published, counts, conditions, drawable, simulated_night))
    # Rules of Table 1 are listed where they apply, also those that never did.
    rules = list(RULES) if camera.clock is not None and camera.clock.published_repairs else []
    counts_of_repairs = dict(zip(corpus_status.repairs["repair"], corpus_status.repairs["frames"], strict=True))
    return CorpusOverview(
        name=name,
        credit=CREDIT if simulated else camera.credit,
        status=corpus_status,
        nights=tuple(rows),
        conditions=dict(sum((Counter(row.conditions) for row in rows), Counter())),
        repairs=tuple({**dict.fromkeys(rules, 0), **counts_of_repairs}.items()),
        exactness=exactness(frames, truth) if truth is not None else None,
        simulated=simulated,
    )


def read_timed(paths: Paths, corpus: str) -> pd.DataFrame:
    """Times, repairs and conditions of all frames whose clock was read; conditions are missing until stage sky has run."""
    columns, bins = [*KEYS, "time_utc", "clock_repair"], ["sun_bin", "moon_bin"]
    clocks = sorted((paths.stage(corpus, "clock") / "tables").glob("[!.]*.parquet"))
    skies = {clock: paths.stage(corpus, "sky") / "tables" / clock.name for clock in clocks}
    with_sky = [sky for sky in skies.values() if sky.is_file()]
    without = [clock for clock, sky in skies.items() if sky not in with_sky]
    tables = []
    if with_sky:
        tables.append(read_tables(with_sky, made_by="dvc repro sky", columns=[*columns, *bins]))
    if without:
        table = read_tables(without, made_by="dvc repro clock", columns=columns)
        tables.append(table.assign(sun_bin=None, moon_bin=None))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*columns, *bins])


def exactness(frames: pd.DataFrame, truth: Path) -> Exactness | None:
    """Compare the times that the clock stage gave with the truth of the same frames; None if no night has both."""
    known = {path.stem for path in truth.glob("[!.]*.parquet")}
    frames = frames[frames["night"].isin(known)]
    if frames.empty:
        return None
    table = join_truth(frames, truth, ["time_utc"])
    table = table[table["time_utc_true"].notna()]
    timed = table["time_utc"].notna()
    exact = int((timed & (table["time_utc"] == table["time_utc_true"])).sum())
    return Exactness(len(table), exact, int(timed.sum()) - exact, int((~timed).sum()))
