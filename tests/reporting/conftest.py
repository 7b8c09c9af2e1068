"""A project small enough to read: a few claims, two windows of two nights, and verdicts made by the comparator."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from repro.files import write_json, write_table, write_text
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.judge import Evidence, verify
from repro.reporting.page import build
from repro.sky.bins import CONDITIONS
from tests.conftest import ROOT
from tests.reporting import corpora
from tests.support.processes import made_once

#: Frames in each cell of Table 3.
COUNTS = dict(zip(CONDITIONS, (1000, 1100, 1200, 2000, 2100, 2200, 3000, 3100, 3200), strict=True))
#: Windows of the schedule's nights.
NIGHTS = {"2022-12-01": 1, "2022-12-02": 1, "2024-03-01": 2, "2024-03-02": 2}
FILMED = ["20221201", "20240301", "20260101"]
HOSTILE = "<script>alert('x')</script> & \"quoted\" | `tick` <b>"
PARAMS = {
    "corpus": "simulated",
    "seed": 1,
    "schedule": {
        "windows": [{"first": "2022-12-01", "last": "2022-12-02"}, {"first": "2024-03-01", "last": "2024-03-02"}],
        "site": {"latitude_deg": 62.4, "longitude_deg": -114.3, "time_zone": "America/Yellowknife"},
    },
    "sky": yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))["sky"],
}
WAITS = "waits for the thesis' own videos and labels"


def _claim(name: str, value: object, *, document: str = "thesis", section: str = "II.2", **more: object) -> dict:
    source = {"document": document, "section": section, "place": "Table 3", "quote": more.pop("quote", "표 3 이미지")}
    return {"id": name, "kind": "count", "value": value, "source": source, **more}


def _sky(name: str) -> dict:
    rule = {"rule": "relative", "tolerance": 0.05, "expect": "consistent", "reason": "missing nights scatter by this"}
    return {"ephemeris": {**rule, "measure": name}}


def _claims() -> list[dict]:
    corpus = {"corpus": {"rule": "exact", "measure": "cell", "reason": "the same videos give the same counts"}}
    cells = [
        _claim(f"T3.{sun}.{moon}".upper(), count, unit="frames", evidence={**_sky(f"{sun}.{moon}".lower()), **corpus})
        for (sun, moon), count in COUNTS.items()
    ]
    sums = {"NIGHT": (6000, _sky("night")), "ASTRO": (6300, corpus), "NAUTICAL": (6500, corpus)}
    curve = {"document": "readings", "section": "figure5", "evidence": corpus}
    epochs = [
        _claim(f"F5.{name}.E{epoch}", value, decimals=int(value < 1), **curve)
        for epoch in (1, 2, 10)
        for name, value in (
            ("TRAIN_LOSS", 0.4), ("VAL_LOSS", 0.3), ("TRAIN_ACCURACY", 0.8), ("VAL_ACCURACY_COUNT", 500 + 10 * epoch)
        )
    ]  # fmt: skip
    networks = [
        _claim(f"T4.{name}.PARAMETERS", value, decimals=1, section="II.4", evidence={"architecture": {
            "rule": "rounds_to", "measure": f"{name}.parameters_millions".lower(), "expect": expect,
            "reason": "counted layer by layer"}})
        for name, value, expect in (("EFFICIENTNET_B1", 7.8, "confirmed"), ("XCEPTION", 23.0, "not_run"))
    ]  # fmt: skip
    exact = {"rule": "exact", "formula": "1 + 1", "reason": "a sum that may fail, as declared"}
    hostile = {"quote": HOSTILE, "note": HOSTILE, "headline": 1, "sentence": "Two is two."}
    return [
        *cells,
        *(_claim(f"T2.{sun}", value, unit="frames", evidence=evidence) for sun, (value, evidence) in sums.items()),
        *epochs,
        *networks,
        _claim("F5.VAL_IMAGES", 658, **curve),
        _claim("TXT.TWO", 2, evidence={"arithmetic": exact}, section="I", **hostile),
        _claim("TXT.THREE", 3, evidence={"arithmetic": {**exact, "expect": "source_conflict"}}, section="I"),
        _claim("TXT.WORD", True, evidence=corpus, document="readme", section="top", quote="x"),
    ]


def _schedule() -> dict:
    quantities = {"night": 6030.0}
    for (sun, moon), count in COUNTS.items():
        cell = f"{sun}.{moon}".lower()
        quantities |= {cell: count * 1.02, f"sd.{cell}": count * 0.01}
        if sun != "Nautical":
            quantities[f"unfitted.{cell}"] = count * 1.04
    return {
        "quantities": quantities,
        "fit": {"evening_altitude_deg": -11.8, "morning_altitude_deg": -11.3, "availability": 0.98, "mean_gap_h": 3.2,
                "fitted_to": {"total": 9000, "nautical": 6500}},
        "readings": [{"name": "as_printed", "chi_square_nine": 1517.06, "degrees_nine": 7, "excluded": True,
                      "largest_deviation_percent": 60.4, "largest_deviation_cell": "night.moon_full"}],
    }  # fmt: skip


def _segments() -> pd.DataFrame:
    """Of each night one hour off, three hours of Astro, four of Night, one off again."""
    rows = []
    for start in pd.to_datetime([*NIGHTS]):
        for first, last, sun in ((0, 1, "Day"), (1, 4, "Astro"), (4, 8, "Night"), (8, 9, "Day")):
            span = start + pd.Timedelta(hours=first), start + pd.Timedelta(hours=last)
            rows.append((f"{start:%Y%m%d}", *span, sun, "No_moon", sun != "Day"))
    return pd.DataFrame(rows, columns=["night", "start_utc", "end_utc", "sun_bin", "moon_bin", "camera_on"])


def judge(paths: Paths, changes: dict[str, float] | None = None) -> None:
    """Write the verdicts of a project; ``changes`` replaces measured values by the name of their quantity."""
    measured = {"efficientnet_b1.parameters_millions": 7.794184, **_schedule()["quantities"], **(changes or {})}
    measured = {name: value for name, value in measured.items() if value is not None}
    waiting = dict.fromkeys(("ephemeris", "architecture", "corpus"), WAITS)
    evidence = Evidence({"ephemeris": measured, "architecture": measured}, waiting, nights=0, expected_nights=4)
    finding = {
        "id": "FND.HOSTILE", "kind": "conflict", "title": f"A title with {HOSTILE}", "claims": ["T3.NIGHT.NO_MOON", "TXT.THREE"],
        "explanation": f"An explanation with {HOSTILE}", "numbers": {"share_percent": 57.94, "large": 214890.0},
    }  # fmt: skip
    document = verify(load_claims(paths.published), evidence, detectors=()).as_dict()
    write_json(paths.verdicts, {**document, "findings": [finding]})


def make(root: Path, project: Paths) -> Paths:
    """Write the project into an empty folder; only the templates are the real ones."""
    paths = Paths(root)
    write_text(paths.published / "claims.yaml", yaml.safe_dump([{"claims": _claims()}]))
    write_text(paths.params, yaml.safe_dump(PARAMS))
    shutil.copytree(project.report_templates, paths.report_templates)
    write_json(paths.schedule / "schedule.json", _schedule())
    write_table(paths.schedule / "segments.parquet", _segments())
    dates = pd.Series(NIGHTS, name="window").rename_axis("date").reset_index()
    write_table(paths.schedule / "nights.parquet", dates.assign(night=dates["date"].str.replace("-", "")))
    judge(paths)
    return paths


@pytest.fixture
def small(tmp_path: Path, built: Path) -> Paths:
    """A project with results and a built report, whose figures need not be drawn again; a test may change it."""
    return Paths(shutil.copytree(built.parents[1], tmp_path, dirs_exist_ok=True))


@pytest.fixture
def everything(tmp_path: Path, done: Paths) -> Paths:
    """A project with the results of all stages and a built report with every section; a test may change it."""
    return Paths(shutil.copytree(done.root, tmp_path, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory, built: Path) -> Path:
    """The folder of a built report with every section; only to be read."""

    def build_full(root: Path) -> None:
        paths = Paths(shutil.copytree(built.parents[1], root, dirs_exist_ok=True))
        for step in (corpora.film, corpora.simulate, corpora.split, corpora.infer):
            step(paths, FILMED)
        for step in (corpora.contact_sheet, corpora.train, corpora.softmax, corpora.gradcam):
            step(paths)
        build(paths)

    return Paths(made_once(tmp_path_factory, "full_report", build_full)).report_build


@pytest.fixture(scope="session")
def done(full: Path) -> Paths:
    """The project of that report; only to be read."""
    return Paths(full.parents[1])


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, project: Paths) -> Path:
    """The folder of a built report on the record alone; only to be read."""
    return Paths(made_once(tmp_path_factory, "report", lambda root: build(make(root, project)))).report_build
