"""Parts of the report that are missing: which stage has not run, and the command that runs it."""

from __future__ import annotations

from dataclasses import dataclass

from repro.paths import SIMULATED
from repro.reporting.augmentation import MADE_BY as FIGURE3_BY
from repro.reporting.augmentation import Figure3
from repro.reporting.gradcam_panels import MADE_BY as GRADCAM_BY
from repro.reporting.gradcam_panels import Gradcam
from repro.reporting.nights_table import CorpusOverview
from repro.reporting.observatory import Observatory
from repro.reporting.predictions import MADE_BY as ANSWERS_BY
from repro.reporting.predictions import Predictions
from repro.reporting.training import MADE_BY as TRAINING_BY
from repro.reporting.training import Training


@dataclass(frozen=True)
class MissingPart:
    """A missing part of the report, and the command that makes it."""

    part: str
    command: str


def missing_parts(
    corpus: CorpusOverview,
    observatory: Observatory | None,
    training: Training | None,
    predictions: Predictions | None,
    gradcam: Gradcam | None,
    figure3: Figure3 | None,
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
    if figure3 is None:
        waiting.append(MissingPart(f"Figure 3 from the corpus {name}: no frame with aurora trains yet", FIGURE3_BY))
    if training is None:
        waiting.append(MissingPart(f"Training on the corpus {name}, beside Figure 5", TRAINING_BY))
    if predictions is None:
        waiting.append(MissingPart(f"Table 6 and Figures 6 and 7 of the corpus {name}", ANSWERS_BY))
    if gradcam is None:
        waiting.append(MissingPart(f"Grad-CAM panels of the corpus {name}", GRADCAM_BY))
    return tuple(waiting)
