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
class Panel:
    """One case on the page: frame and map over it (paths from the page), and how it was chosen.

    ``size`` is the width and height of both pictures in pixels.
    """

    panel: str
    case: str
    label: str
    name: str
    chosen: str
    p_yes: float
    frame: str
    overlay: str
    size: tuple[int, int]


@dataclass(frozen=True)
class Gradcam:
    """The document of the stage, and its panels in their order."""

    document: Mapping[str, Any]
    panels: tuple[Panel, ...]

    def groups(self) -> dict[str, list[Panel]]:
        """Panels by what their cases differ in."""
        names = dict.fromkeys(panel.panel for panel in self.panels)
        return {name: [panel for panel in self.panels if panel.panel == name] for name in names}


def load_gradcam(paths: Paths, corpus: str, target: Path) -> Gradcam | None:
    """Read the results of stage gradcam and copy its pictures beside the page; None if it has not run."""
    folder = paths.stage(corpus, "gradcam")
    if not (folder / "gradcam.json").is_file():
        return None
    cases = read_table(folder / "cases.parquet", made_by=MADE_BY)
    panels = []
    for row in cases[cases["name"].notna()].to_dict("records"):
        title = f"{row['panel']}.{row['case']}"
        frame, overlay = f"gradcam/{title}.webp", f"gradcam/{title}.{row['label']}.webp"
        small_copy(folder / "frames" / f"{title}.jpg", target / frame, width_px=SIDE_PX)
        size = small_copy(folder / "overlays" / f"{title}.{row['label']}.jpg", target / overlay, width_px=SIDE_PX)
        panel, case, label, name, chosen = (str(row[key]) for key in ("panel", "case", "label", "name", "chosen"))
        panels.append(Panel(panel, case, label, name, chosen, float(row["p_yes"]), frame, overlay, size))
    return Gradcam(read_json(folder / "gradcam.json", made_by=MADE_BY), tuple(panels))
