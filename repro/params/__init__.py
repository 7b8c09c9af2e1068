"""Typed parameters: what ``params.yaml`` may say, with the published values as defaults where the record gives them.

The sections of the thesis' pipeline stand here, those of the observatory and of the other records beside it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from repro.params.kopri_params import KopriDifference, KopriParams, KopriSimulate, KopriTrain
from repro.params.kvammen_params import AuroralClass, FormRules, FormsCampaign, FormsNetwork, KvammenParams
from repro.params.section import Section, Site, Window, known_zone
from repro.params.simulate_params import Campaign, Form, Overlay, Simulate, SimulatedNight, Spread, Weather
from repro.untrusted import read_yaml, validated

__all__ = [
    "AuroralClass", "Campaign", "Form", "FormRules", "FormsCampaign", "FormsNetwork", "KopriDifference", "KopriParams",
    "KopriSimulate", "KopriTrain", "KvammenParams", "Overlay", "Params", "Section", "Simulate", "SimulatedNight", "Site",
    "Spread", "Weather", "Window", "known_zone", "load_params",
]  # fmt: skip


class Engine(Section):
    """How work is run. Nothing here changes a result, except for the rounding of another device."""

    #: Processes on this machine, 0 for one a core.
    workers: int = Field(default=0, ge=0)
    #: Where networks run: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    #: A Dask cluster instead: its scheduler's address, or the JSON file in which the scheduler wrote it.
    scheduler: str | None = None

    @field_validator("scheduler")
    @classmethod
    def _address_or_file(cls, scheduler: str | None) -> str | None:
        if scheduler is None or re.fullmatch(r"(tcp|tls)://[^\s/:]+:\d+|.+\.json", scheduler):
            return scheduler
        raise ValueError("null, an address such as tcp://host:8786, or a scheduler's JSON file")


class MoonLimits(Section):
    """A kind of moonlight: phase from ``phase_deg`` on (0 new, 180 full) and altitude above ``altitude_deg``."""

    phase_deg: float = Field(ge=0, le=180)
    altitude_deg: float = Field(ge=-90, le=90)


class SkyParams(Section):
    """Reading of the rule of Tables 2 and 3. Its limits have no default: they stand in ``params.yaml`` alone."""

    #: What the record leaves open, see :func:`repro.sky.bins.moon_bin` and :func:`repro.sky.ephemeris.positions`.
    moon_rule: Literal["published", "as_printed"] = "published"
    moon_phase: Literal["folded", "unfolded"] = "folded"
    altitude: Literal["apparent", "refracted", "geometric"] = "apparent"
    #: Limits of Moon_Full and Moon_Quarter. The published ones are claims: SCR.MOON.*.CONDITION.
    full_moon: MoonLimits
    quarter_moon: MoonLimits

    @model_validator(mode="after")
    def _quarter_before_full(self) -> SkyParams:
        if self.quarter_moon.phase_deg > self.full_moon.phase_deg:
            raise ValueError("quarter_moon.phase_deg: above full_moon.phase_deg")
        return self


#: Which frames are kept: the thesis' rule, one in so many seconds, or every one.
Sampling = Literal["published", "cadence", "all"]


class FilmParams(Section):
    """From videos or stills to sampled frames."""

    cameras: dict[str, str] = Field(default={"simulated": "auroramax"})
    sampling: Sampling = "published"
    jpeg_quality: int = Field(default=95, ge=1, le=100)
    max_missing_share: float = Field(default=0.02, ge=0, le=1)
    max_failed_share: float = Field(default=0.02, ge=0, le=1)


class ClockParams(Section):
    """From burned-in text to UTC.

    ``engine``: ``tesseract`` reads every strip; ``learned`` lets it read some of a night and matches the others with the
    glyphs of those.
    """

    engine: Literal["tesseract", "learned"] = "learned"
    blur_px: int = Field(default=5, ge=1, le=31)
    threshold: Literal["otsu"] | int = "otsu"
    min_contrast: int = Field(default=12, ge=0, le=255)
    strips_per_call: int = Field(default=200, ge=1)
    jitter_s: float = Field(default=2.0, ge=0)
    min_posterior: float = Field(default=0.99, gt=0.5, lt=1)
    min_agreement: float = Field(default=0.6, ge=0, le=1)
    max_unreadable_share: float = Field(default=0.1, ge=0, le=1)
    max_failed_share: float = Field(default=0.02, ge=0, le=1)


class Schedule(Section):
    """The schedule predicted from dates alone.

    ``known_start_local`` is the first clock of a night that the record prints, if any (YYYY-MM-DDTHH:MM:SS).
    """

    windows: list[Window]
    site: Site
    cadence_s: float = Field(default=60.0, gt=0)
    known_start_local: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")


class SampleParams(Section):
    """The sample for labelling: of ``n`` frames of a date, ``min(max_per_date, max(1, n // one_in))``."""

    max_per_date: int = Field(default=20, ge=1)
    one_in: int = Field(default=2, ge=1)
    group: Literal["utc_date", "night"] = "utc_date"


class SplitParams(Section):
    """The split of labelled frames, see :func:`repro.labels.balanced_split.split`."""

    train_share: float = Field(default=0.8, gt=0, lt=1)
    #: ``frames``, as published: frames of one night fall on both sides, a minute apart. ``nights``: whole observing nights
    #: validate, so that validation asks for nights never seen; on each side the larger class is cut to the smaller.
    unit: Literal["frames", "nights"] = "frames"
    #: What a date is while frames are split, see :func:`repro.labels.sample.dates`.
    group: Literal["utc_date", "night"] = "utc_date"
    #: See :func:`repro.labels.balanced_split.quotas`.
    remainder: Literal["largest_fraction", "most_images"] = "largest_fraction"


class TrainParams(Section):
    """Fine-tuning."""

    #: Where the network begins, by corpus: ``imagenet``, ``observatory``, ``none``, or a file of weights (.safetensors,
    #: .pt, .pth), from the project's folder on. A corpus that is not named begins from ``imagenet``, as published.
    initial_weights: dict[
        str, Annotated[str, Field(pattern=r"^(imagenet|observatory|none|.+\.(safetensors|pt|pth))$")]
    ] = Field(default={})
    #: Side of the images that the network sees.
    image_size_px: int = Field(default=240, ge=32)
    #: Epochs of the head alone, then of all weights.
    epochs_head: int = Field(default=6, ge=0)
    epochs_all: int = Field(default=6, ge=0)
    #: Of Adam in these two phases.
    learning_rate_head: float = Field(default=3e-4, gt=0)
    learning_rate_all: float = Field(default=3e-5, gt=0)
    #: Images of a batch.
    batch: int = Field(default=16, ge=1)
    #: While the backbone is frozen, its BatchNorm statistics ``adapt``, as published, or stay ``fixed``.
    batchnorm: Literal["adapt", "fixed"] = "adapt"
    #: The epoch kept: first with the highest validation ``accuracy``, as published, or with the lowest ``loss``.
    best: Literal["accuracy", "loss"] = "accuracy"
    #: ``deterministic``: seeded, the same result every time on one machine. ``published``: no fixed seed; the one that
    #: was drawn is recorded.
    mode: Literal["deterministic", "published"] = "deterministic"
    #: ``float32``, as published; ``tf32`` and ``bfloat16`` are faster where the device knows them.
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    #: Networks trained on the published split, each with its own seed; the first is used, the others show how much
    #: accuracy varies.
    networks: int = Field(default=1, ge=1)
    #: CPU threads of one training. The number changes how sums are rounded, so it is part of the result; the number of
    #: cores is not.
    threads: int = Field(default=1, ge=1)
    #: Also train a network whose validation nights it never saw.
    validate_on_unseen_nights: bool = True
    #: Epochs of that network, which only shows how well the training generalises.
    unseen_epochs_head: int = Field(default=2, ge=0)
    unseen_epochs_all: int = Field(default=0, ge=0)

    @property
    def epochs(self) -> int:
        """All epochs."""
        return self.epochs_head + self.epochs_all

    @model_validator(mode="after")
    def _some_epoch(self) -> TrainParams:
        if self.epochs == 0:
            raise ValueError("epochs_head and epochs_all: at least one epoch is needed")
        if self.unseen_epochs_head + self.unseen_epochs_all == 0:
            raise ValueError("unseen_epochs_head and unseen_epochs_all: at least one epoch is needed")
        return self

    def for_unseen_nights(self) -> TrainParams:
        """The same parameters with the epochs of the training that is validated on unseen nights."""
        return self.model_copy(update={"epochs_head": self.unseen_epochs_head, "epochs_all": self.unseen_epochs_all})


class InferParams(Section):
    """Classifying all frames."""

    #: ``fast``: batches, BatchNorm folded into convolutions. ``published``: one image at a time, the network as it is.
    #: They differ by rounding.
    mode: Literal["fast", "published"] = "fast"
    #: Images of a batch in ``fast`` mode, 0 for what suits the device; changes speed and memory only.
    batch: int = Field(default=0, ge=0)
    #: ``float32``, as published; ``tf32`` and ``bfloat16`` round more, and frames near a decision are taken again in
    #: float32.
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"


class EvidenceParams(Section):
    """Images as evidence about the record."""

    #: How the nights that are here were chosen, as long as they are a part of the record's. ``at_random``: without
    #: looking at the sky, the moon or the season, so that their shares and means represent all nights. ``unknown``: no
    #: such claim is made, and they are not judged until all nights are here.
    nights_drawn: Literal["unknown", "at_random"] = "unknown"


class SoftmaxParams(Section):
    """Statistics of the softmax probabilities."""

    #: Resamplings of nights.
    bootstrap: int = Field(default=2000, ge=100)
    #: Fitted on the validation frames and shown beside the published softmax, see :mod:`repro.analysis.calibration`.
    calibration: Literal["none", "temperature", "isotonic"] = "temperature"


class GradcamParams(Section):
    """Grad-CAM panels."""

    #: ``features``, as published: the 1x1 convolution after the last MBConv block. ``mbconv``, as the thesis' text
    #: says: that block itself.
    target_layer: Literal["features", "mbconv"] = "features"
    #: Frames whose maps are scored against the aurora's pixels, where these are known.
    scored_frames: int = Field(default=64, ge=1)
    #: Names of frames by panel and case, such as ``colour: {red: NAME.jpg}``; cases not named are chosen by rule.
    panels: dict[str, dict[str, str]] = Field(default={})


class Params(Section):
    """All of ``params.yaml``."""

    corpus: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    seed: int = Field(ge=0)
    engine: Engine = Engine()
    film: FilmParams = FilmParams()
    clock: ClockParams = ClockParams()
    schedule: Schedule
    sky: SkyParams
    simulate: Simulate = Simulate()
    sample: SampleParams = SampleParams()
    split: SplitParams = SplitParams()
    train: TrainParams = TrainParams()
    infer: InferParams = InferParams()
    softmax: SoftmaxParams = SoftmaxParams()
    gradcam: GradcamParams = GradcamParams()
    evidence: EvidenceParams = EvidenceParams()
    kopri: KopriParams = KopriParams()
    kvammen: KvammenParams = KvammenParams()


def load_params(path: Path) -> Params:
    """Read ``params.yaml``; a ReproError if it is missing or no YAML, and with the field's name if a value is not allowed."""
    remedy = "compare with params.yaml of the repository"
    document = read_yaml(path, expected="a YAML file", remedy=remedy)
    return validated(Params, document, where=str(path), remedy=remedy)
