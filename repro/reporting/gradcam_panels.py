"""Stage gradcam in the report: the panels, and the share of the maps on known aurora."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.files import read_json
from repro.paths import Paths
from repro.reporting.frame_pictures import small_copy
from repro.untrusted import read_table

MADE_BY = "dvc repro gradcam"
SIDE_PX = 360


@dataclass(frozen=True)
class Gradcam:
    """The document of the stage, and its cases in their order.

    A case is a row of the stage's table that has a frame, with the paths of ``frame`` and map (``overlay``) from the page, and
    the ``size`` of both in pixels.
    """

    document: Mapping[str, Any]
    cases: list[dict[str, Any]]

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """Cases by what those of a panel differ in."""
        names = dict.fromkeys(case["panel"] for case in self.cases)
        return {name: [case for case in self.cases if case["panel"] == name] for name in names}


def load_gradcam(paths: Paths, corpus: str, target: Path) -> Gradcam | None:
    """Read the results of stage gradcam and copy its pictures beside the page; None if it has not run."""
    folder = paths.stage(corpus, "gradcam")
    if not (folder / "gradcam.json").is_file():
        return None
    table = read_table(folder / "cases.parquet", made_by=MADE_BY)
    cases: list[dict[str, Any]] = table[table["name"].notna()].to_dict("records")  # type: ignore[assignment]
    for case in cases:
        names = {"frame": f"{case['panel']}.{case['case']}"}
        names["overlay"] = f"{names['frame']}.{case['label']}"
        for kind, name in names.items():
            case[kind] = f"gradcam/{name}.webp"
            case["size"] = small_copy(folder / f"{kind}s" / f"{name}.jpg", target / case[kind], width_px=SIDE_PX)
    return Gradcam(read_json(folder / "gradcam.json", made_by=MADE_BY), cases)
