"""Parts of the report that are missing: which stage has not run, and the command that runs it."""

from __future__ import annotations

from dataclasses import dataclass

from repro.paths import SIMULATED
from repro.reporting import augmentation, gradcam_panels
from repro.reporting import predictions as predictions_section
from repro.reporting import training as training_section
from repro.reporting.nights_table import CorpusOverview
from repro.reporting.observatory import Observatory


@dataclass(frozen=True)
class MissingPart:
    """A missing part of the report, and the command that makes it."""

    part: str
    command: str


def missing_parts(
    corpus: CorpusOverview,
    observatory: Observatory | None,
    training: training_section.Training | None,
    predictions: predictions_section.Predictions | None,
    gradcam: gradcam_panels.Gradcam | None,
    figure3: augmentation.Figure3 | None,
) -> tuple[MissingPart, ...]:
    """Parts that are missing, in the order of the report."""
    waiting = []
    name = corpus.name
    if not corpus.nights and corpus.status.failed.empty:
        waiting.append(MissingPart(f"Nights of the corpus {name}: no video has been filmed", "dvc repro film"))
    elif not corpus.clocked:
        waiting.append(MissingPart(f"Times of the corpus {name}: no clock has been read", "dvc repro clock"))
    elif not any(night.conditions for night in corpus.nights):
        waiting.append(
            MissingPart(f"Conditions and keograms of the corpus {name}: no sky was computed", "dvc repro sky")
        )
    if corpus.name == SIMULATED and observatory is None:
        waiting.append(MissingPart("The simulated observatory: no night was simulated", "dvc repro simulate"))
    elif observatory is not None and observatory.sheet is None:
        waiting.append(MissingPart("The contact sheet of the simulated observatory", "dvc repro --force simulate"))
    parts = (
        (figure3, f"Figure 3 from the corpus {name}: no frame with aurora trains yet", augmentation.MADE_BY),
        (training, f"Training on the corpus {name}, beside Figure 5", training_section.MADE_BY),
        (predictions, f"Table 6 and Figures 6 and 7 of the corpus {name}", predictions_section.MADE_BY),
        (gradcam, f"Grad-CAM panels of the corpus {name}", gradcam_panels.MADE_BY),
    )
    waiting += [MissingPart(part, command) for result, part, command in parts if result is None]
    return tuple(waiting)
