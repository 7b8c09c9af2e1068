"""Parts of the report that are missing: which stage has not run, and the command that runs it."""

from __future__ import annotations

from typing import NamedTuple

from repro.paths import SIMULATED
from repro.reporting import augmentation, gradcam_panels, predictions, training
from repro.reporting.nights_table import CorpusOverview
from repro.reporting.observatory import Observatory


class MissingPart(NamedTuple):
    """A missing part of the report, and the command that makes it."""

    part: str
    command: str


def missing_parts(
    corpus: CorpusOverview,
    observatory: Observatory | None,
    trained: training.Training | None,
    predicted: predictions.Predictions | None,
    gradcam: gradcam_panels.Gradcam | None,
    figure3: augmentation.Figure3 | None,
) -> tuple[MissingPart, ...]:
    """Parts that are missing, in the order of the report."""
    name, simulated = corpus.name, corpus.name == SIMULATED
    filmed, conditions = bool(corpus.nights) or not corpus.status.failed.empty, bool(corpus.conditions)
    waits = {
        (f"Nights of the corpus {name}: no video has been filmed", "dvc repro film"): not filmed,
        (f"Times of the corpus {name}: no clock has been read", "dvc repro clock"): filmed and not corpus.clocked,
        (f"Conditions and keograms of the corpus {name}: no sky was computed", "dvc repro sky"): (
            filmed and corpus.clocked and not conditions
        ),
        ("The simulated observatory: no night was simulated", "dvc repro simulate"): simulated and observatory is None,
        ("The contact sheet of the simulated observatory", "dvc repro --force simulate"): (
            observatory is not None and observatory.sheet is None
        ),
        (f"Figure 3 from the corpus {name}: no frame with aurora trains yet", augmentation.MADE_BY): figure3 is None,
        (f"Training on the corpus {name}, beside Figure 5", training.MADE_BY): trained is None,
        (f"Table 6 and Figures 6 and 7 of the corpus {name}", predictions.MADE_BY): predicted is None,
        (f"Grad-CAM panels of the corpus {name}", gradcam_panels.MADE_BY): gradcam is None,
    }
    return tuple(MissingPart(*part) for part, missing in waits.items() if missing)
