"""The tables that the stages leave, what their columns hold, and how far a value may stray; test support.

How far was measured, not guessed: campaign ``small`` was taken through every stage with AVX-512 and with the oldest
instructions that torch, oneDNN and numpy can be held to (ATEN_CPU_CAPABILITY=default, ONEDNN_MAX_CPU_ISA=SSE41).
Clocks, bins, truth, sample and split were the same to the last bit; one video of two differed by some bits, and with it the
answers about its frames.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.support.baseline import FLAG, MOMENT, UNSTABLE, WHOLE, WORDS, Kind, Real

#: Arithmetic on stored numbers; what is left is the seventeenth digit and the text it is stored as.
EXACT = Real(1e-12, 1e-9)
#: Degrees: what the sky's interpolation is allowed against Skyfield itself. No bin is decided by less.
ANGLE = Real(1e-6)
#: Shares of pixels and a margin, rendered in float32; no difference was seen. One pixel of 240 x 240 is 2e-5.
RENDERED = Real(1e-4)
#: Training amplifies the rounding of a processor: the same code and images gave losses up to 0.023 apart, probabilities
#: 0.008 and logits 0.006 on two machines (on one machine they agree to the byte, which another test checks).
LOSS = Real(0.05)
#: No answer of the campaign lies within 0.02 of a decision.
ANSWER, LOGIT, PERCENT = Real(0.02), Real(0.03), Real(2.0)
#: Grad-CAM's maps follow from the same weights.
MAP = Real(0.02)
#: Of the schedule's draws, in frames: another machine may put a minute at the border of a condition on its other side.
SCATTER = Real(0.5)


@dataclass(frozen=True)
class StageTable:
    """A table: its files under the project, its columns in order, and those that name a row."""

    files: str
    kinds: Mapping[str, Kind]
    keys: tuple[str, ...]

    def read(self, root: Path) -> pd.DataFrame:
        """All files' rows, file by file in the order of their names."""
        return pd.concat([pd.read_parquet(path) for path in sorted(root.glob(self.files))], ignore_index=True)


def _words(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, WORDS)


def _whole(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, WHOLE)


SKY = {"sun_alt_deg": ANGLE, "moon_alt_deg": ANGLE, "moon_phase_deg": ANGLE, **_words("sun_bin", "moon_bin")}
FILM = {"night": WORDS, **_whole("number", "frame"), "video_time_s": EXACT}
CLOCK = {
    **FILM,
    "name": WORDS,
    "clock_read": UNSTABLE,  # Tesseract's own words: its versions differ in blanks
    "clock_confidence": UNSTABLE,
    **_words("clock_text", "clock_repair"),
    "time_utc": MOMENT,
}
CELL = _words("moon_bin", "sun_bin")
RATES = ("accuracy", "precision", "recall", "false_positive_rate", "false_negative_rate")
ERRORS = {
    **_whole("nights", "frames", "tp", "fp", "fn", "tn"),
    **{f"{rate}{end}": EXACT for rate in RATES for end in ("", "_low", "_high")},
    **dict.fromkeys(["f1", "accuracy_night_low", "accuracy_night_high"], EXACT),
}
FRAME = ("night", "number")
COUNTS = tuple(
    f"{sun}.{moon}" for moon in ("no_moon", "moon_quarter", "moon_full") for sun in ("night", "astro", "nautical")
)

#: Tables of stage softmax, where every answer is given: then nothing but arithmetic is between answer and table.
ANALYSIS: dict[str, tuple[dict[str, Kind], tuple[str, ...]]] = {
    "table6": ({**CELL, **_whole("yes", "no", "frames"), "odds_percent": EXACT, "share_percent": EXACT}, tuple(CELL)),
    "figure6": (
        {"over": WORDS, **CELL, "frames": WHOLE, "mean_percent": EXACT, "sd_percent": EXACT}, ("over", *CELL),
    ),
    "figure7": (
        {**CELL, "predicted": WORDS, **_whole("low_percent", "frames"), "density": EXACT, "density_of_all": EXACT},
        (*CELL, "predicted", "low_percent"),
    ),
    "reliability": (
        {
            **_words("sun_bin", "moon_bin"), **_whole("bin", "frames"),
            **dict.fromkeys(["p_yes", "share_yes", "low", "high"], EXACT),
        },
        ("sun_bin", "moon_bin", "bin"),
    ),
    "confusion": ({**_words("sun_bin", "moon_bin"), **ERRORS}, ("sun_bin", "moon_bin")),
}  # fmt: skip

_R = "results/simulated"
#: Tables of all stages on the campaign ``small``, by the name of their baseline.
STAGES = {
    "simulate_truth": StageTable("data/simulated/truth/*.parquet", {
        "name": WORDS, "night": WORDS, **_whole("number", "frame"), "time_utc": MOMENT,
        "clock_text": WORDS, "generation": WHOLE, "weather": WORDS, **SKY, "aurora_share": RENDERED, "margin": RENDERED,
        **dict.fromkeys(["visible", "certain"], FLAG), **_words("form", "colour"), "cloud_cover": RENDERED, "label": WORDS,
    }, FRAME),
    "film": StageTable(f"{_R}/film/index/*.parquet", FILM, FRAME),
    "clock": StageTable(f"{_R}/clock/tables/*.parquet", CLOCK, FRAME),
    "sky": StageTable(f"{_R}/sky/tables/*.parquet", {**CLOCK, **SKY, "on_boundary": FLAG}, FRAME),
    "sample": StageTable(f"{_R}/sample/sample.parquet",
        {"night": WORDS, "number": WHOLE, "name": WORDS, "time_utc": MOMENT, "date": WORDS}, FRAME),
    "split": StageTable(f"{_R}/split/split.parquet",
        {"night": WORDS, "number": WHOLE, "name": WORDS, "time_utc": MOMENT, **_words("label", "split", "split_by_night")},
        FRAME),
    "train_curves": StageTable(f"{_R}/train/curves.parquet", {
        "split": WORDS, **_whole("network", "seed", "epoch"), "phase": WORDS, "batch": WHOLE, "train_loss": LOSS,
        "train_accuracy": UNSTABLE,  # counted while the network moves: an image near the decision may tip over
        "val_loss": LOSS, "val_accuracy": EXACT, **_whole("val_correct", "val_images"),
    }, ("split", "network", "epoch")),
    "train_validation": StageTable(f"{_R}/train/validation.parquet", {
        "split": WORDS, **_whole("network", "seed"), **_words("name", "label"), "p_yes": ANSWER,
        **_words("predicted", "night"),
    }, ("split", "network", "name")),
    "infer": StageTable(f"{_R}/infer/tables/*.parquet", {
        **CLOCK, **SKY, "on_boundary": FLAG, "logit_no": LOGIT, "logit_yes": LOGIT, "p_yes": ANSWER, "predicted": WORDS,
    }, FRAME),
    "table6": StageTable(f"{_R}/softmax/table6.parquet", *ANALYSIS["table6"]),
    "table6_colour_rule": StageTable(f"{_R}/softmax/table6_colour_rule.parquet", *ANALYSIS["table6"]),
    "figure6": StageTable(f"{_R}/softmax/figure6.parquet",
        {"over": WORDS, **CELL, "frames": WHOLE, "mean_percent": PERCENT, "sd_percent": PERCENT}, ("over", *CELL)),
    "confusion": StageTable(f"{_R}/softmax/confusion.parquet", *ANALYSIS["confusion"]),
    **{
        f"confusion_{by}": StageTable(f"{_R}/softmax/confusion_{by}.parquet", {by: WORDS, **ERRORS}, (by,))
        for by in ("weather", "form", "colour")
    },
    "gradcam_cases": StageTable(f"{_R}/gradcam/cases.parquet", {
        **_words("panel", "case", "label", "name", "chosen", "night"), "number": WHOLE,
        "p_yes": ANSWER, "raw_max_no": MAP, "raw_max_yes": MAP,
    }, ("panel", "case")),
    "gradcam_on_aurora": StageTable(f"{_R}/gradcam/on_aurora.parquet", {
        "night": WORDS, "number": WHOLE, **_words("name", "form", "colour"), "raw_max": MAP, "mask_share": RENDERED,
        "hit": FLAG, "energy": MAP,
    }, FRAME),
    "schedule": StageTable("results/schedule/nights.parquet", {
        **_words("night", "date"), "window": WHOLE, "on_utc": MOMENT, "off_utc": MOMENT, **_whole(*COUNTS),
        "least.total": SCATTER, "sd.total": SCATTER,
        **{f"{name}.{count}": SCATTER for count in COUNTS for name in ("sd", "most")},
    }, ("night",)),
}  # fmt: skip
