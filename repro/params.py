"""Typed parameters: what ``params.yaml`` may say, with the published values as defaults where the record gives them."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Literal

import pytz
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from repro.untrusted import read_yaml, validated


def _known_zone(name: str) -> str:
    if name not in pytz.all_timezones_set:
        close = difflib.get_close_matches(name, pytz.all_timezones, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"{name!r} is not in the time zone database{hint}")
    return name


class Section(BaseModel):
    """A section of ``params.yaml``; unknown keys are errors, and values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Window(Section):
    """A span of nights, both ends included, named by the dates of their mornings (YYYY-MM-DD)."""

    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class Site(Section):
    """Place of the observer; north and east positive."""

    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    elevation_m: float = 0.0
    time_zone: Annotated[str, AfterValidator(_known_zone)]


class Engine(Section):
    """How work is run. Nothing here changes a result, except for the rounding of another device.

    Parameters
    ----------
    workers : int
        Processes on this machine, 0 for one a core.
    device : str
        Where networks run: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    scheduler : str or None
        A Dask cluster instead: its scheduler's address, or the JSON file in which the scheduler wrote it.
    """

    workers: int = Field(default=0, ge=0)
    device: str = Field(default="auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
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
    """Readings of the rule of Tables 2 and 3; the defaults are as published.

    Parameters
    ----------
    moon_rule, moon_phase, altitude : str
        What the record leaves open, see :func:`repro.sky.bins.moon_bin` and :func:`repro.sky.ephemeris.positions`.
    full_moon, quarter_moon : MoonLimits
        Limits of Moon_Full and Moon_Quarter. The published ones are claims: SCR.MOON.*.CONDITION.
    """

    moon_rule: Literal["published", "as_printed"] = "published"
    moon_phase: Literal["folded", "unfolded"] = "folded"
    altitude: Literal["apparent", "refracted", "geometric"] = "apparent"
    full_moon: MoonLimits = MoonLimits(phase_deg=150, altitude_deg=5)
    quarter_moon: MoonLimits = MoonLimits(phase_deg=45, altitude_deg=10)

    @model_validator(mode="after")
    def _quarter_before_full(self) -> SkyParams:
        if self.quarter_moon.phase_deg > self.full_moon.phase_deg:
            raise ValueError("quarter_moon.phase_deg: above full_moon.phase_deg")
        return self


class FilmParams(Section):
    """From video to sampled frames."""

    cameras: dict[str, str] = {"simulated": "auroramax"}
    sampling: Literal["published", "cadence"] = "published"
    jpeg_quality: int = Field(default=95, ge=1, le=100)
    max_missing_share: float = Field(default=0.02, ge=0, le=1)
    max_failed_share: float = Field(default=0.02, ge=0, le=1)


class ClockParams(Section):
    """From burned-in text to UTC.

    ``engine``: ``tesseract`` reads every strip; ``learned`` lets it read some of a night and matches the others with the
    glyphs of those.
    """

    engine: Literal["tesseract", "learned"] = "tesseract"
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


Form = Literal["arc", "bands", "folded", "rays", "corona", "diffuse", "patchy", "pulsating"]
Weather = Literal["clear", "thin", "broken", "overcast", "snow", "frost"]
Overlay = Literal["sharp", "blurred", "faint", "coarse", "smeared"]


class SimulatedNight(Section):
    """One night of a simulated campaign.

    Parameters
    ----------
    night : str
        YYYYMMDD of its morning.
    part : str
        What is filmed: ``evening`` (from when the camera switches on), ``morning`` (until it switches off), ``middle``,
        ``all``, or the UTC time HH:MM of the first frame.
    minutes : int
        How long; at most the night.
    forms : tuple of str, optional
        Forms of aurora in their order; random if not given, none if empty.
    when : pair of float
        Part of the time that has these forms, from 0 to 1.
    weather : tuple of str, optional
        Weathers in their order; random if not given.
    strength : float
        Scales the aurora's brightness.
    overlay : str
        How the clock is burned in, see :func:`repro.observatory.overlay.clock_image`.
    """

    night: str = Field(pattern=r"^\d{8}$")
    part: str = Field(default="middle", pattern=r"^(evening|middle|morning|all|[0-2]\d:[0-5]\d)$")
    minutes: int = Field(default=60, ge=1, le=1440)
    forms: tuple[Form, ...] | None = None
    when: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] = (0.0, 1.0)
    weather: tuple[Weather, ...] | None = None
    strength: float = Field(default=1.0, ge=0)
    overlay: Overlay = "sharp"


class Spread(Section):
    """Short nights spread evenly over the schedule's windows, see :func:`repro.observatory.campaign.spread`."""

    nights: int = Field(ge=1)
    minutes: int = Field(ge=1, le=1440)


class Campaign(Section):
    """Nights that are simulated together.

    Parameters
    ----------
    nights : tuple of SimulatedNight or str
        Those that are listed, or ``schedule``: every night of the schedule from switch-on to switch-off.
    spread : Spread, optional
        Further nights beside the listed ones.
    films : bool
        Whether videos are made, or truth alone.
    """

    nights: tuple[SimulatedNight, ...] | Literal["schedule"] = ()
    spread: Spread | None = None
    films: bool = True


class Simulate(Section):
    """The simulated observatory.

    Parameters
    ----------
    campaign : str
        Name of one of ``campaigns``.
    switch_on_sun_alt_deg : float
        The camera runs while the Sun is lower.
    crf : int
        Quality of the videos, 0 lossless to 51.
    label_error_share : float
        Share of frames that the simulated labeller labels wrongly by mistake; near the limit of visibility it errs more.
    """

    campaign: str = "default"
    switch_on_sun_alt_deg: float = Field(default=-11.54, ge=-90, le=90)
    crf: int = Field(default=23, ge=0, le=51)
    label_error_share: float = Field(default=0.01, ge=0, le=0.5)
    campaigns: dict[str, Campaign] = Field(default_factory=dict)


class SampleParams(Section):
    """The sample for labelling: of ``n`` frames of a date, ``min(max_per_date, max(1, n // one_in))``."""

    max_per_date: int = Field(default=20, ge=1)
    one_in: int = Field(default=2, ge=1)
    group: Literal["utc_date", "night"] = "utc_date"


class SplitParams(Section):
    """The split of labelled frames, see :func:`repro.labels.balanced_split.split`."""

    train_share: float = Field(default=0.8, gt=0, lt=1)
    unit: Literal["frames", "nights"] = "frames"
    group: Literal["utc_date", "night"] = "utc_date"
    remainder: Literal["largest_fraction", "most_images"] = "largest_fraction"


class TrainParams(Section):
    """Fine-tuning.

    Parameters
    ----------
    initial_weights : dict
        Where the backbone begins, by corpus; a corpus that is not named begins from ``imagenet``, as published.
    image_size_px : int
        Side of the images that the network sees.
    epochs_head, epochs_all : int
        Epochs of the head alone, then of all weights.
    learning_rate_head, learning_rate_all : float
        Of Adam in these two phases.
    batch : int
        Images of a batch.
    batchnorm : str
        While the backbone is frozen, its BatchNorm statistics ``adapt``, as published, or stay ``fixed``.
    best : str
        The epoch kept: first with the highest validation ``accuracy``, as published, or with the lowest ``loss``.
    mode : str
        ``deterministic``: seeded, the same result every time on one machine. ``published``: no fixed seed; the one that
        was drawn is recorded.
    precision : str
        ``float32``, as published; ``tf32`` and ``bfloat16`` are faster where the device knows them.
    networks : int
        Networks trained on the published split, each with its own seed; the first is used, the others show how much
        accuracy varies.
    threads : int
        CPU threads of one training. The number changes how sums are rounded, so it is part of the result; the number of
        cores is not.
    validate_on_unseen_nights : bool
        Also train a network whose validation nights it never saw.
    unseen_epochs_head, unseen_epochs_all : int
        Epochs of that network, which only shows how well the training generalises.
    """

    initial_weights: dict[str, Literal["imagenet", "observatory", "none"]] = {}
    image_size_px: int = Field(default=240, ge=32)
    epochs_head: int = Field(default=6, ge=0)
    epochs_all: int = Field(default=6, ge=0)
    learning_rate_head: float = Field(default=3e-4, gt=0)
    learning_rate_all: float = Field(default=3e-5, gt=0)
    batch: int = Field(default=16, ge=1)
    batchnorm: Literal["adapt", "fixed"] = "adapt"
    best: Literal["accuracy", "loss"] = "accuracy"
    mode: Literal["deterministic", "published"] = "deterministic"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    networks: int = Field(default=1, ge=1)
    threads: int = Field(default=1, ge=1)
    validate_on_unseen_nights: bool = True
    unseen_epochs_head: int = Field(default=2, ge=0)
    unseen_epochs_all: int = Field(default=1, ge=0)

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
    """Classifying all frames.

    Parameters
    ----------
    mode : str
        ``fast``: batches, BatchNorm folded into convolutions. ``published``: one image at a time, the network as it is.
        They differ by rounding.
    batch : int
        Images of a batch in ``fast`` mode, 0 for what suits the device; changes speed and memory only.
    precision : str
        ``float32``, as published; ``tf32`` and ``bfloat16`` round more, and frames near a decision are taken again
        in float32.
    """

    mode: Literal["fast", "published"] = "fast"
    batch: int = Field(default=0, ge=0)
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"


class EvidenceParams(Section):
    """Images as evidence about the record.

    Parameters
    ----------
    nights_drawn : str
        How the nights that are here were chosen, as long as they are a part of the record's. ``at_random``: without looking
        at the sky, the moon or the season, so that their shares and means represent all nights. ``unknown``: no such claim is
        made, and they are not judged until all nights are here.
    """

    nights_drawn: Literal["unknown", "at_random"] = "unknown"


class SoftmaxParams(Section):
    """Statistics of the softmax probabilities.

    Parameters
    ----------
    bootstrap : int
        Resamplings of nights.
    calibration : str
        Fitted on the validation frames and shown beside the published softmax, see :mod:`repro.analysis.calibration`.
    """

    bootstrap: int = Field(default=2000, ge=100)
    calibration: Literal["none", "temperature", "isotonic"] = "temperature"


class GradcamParams(Section):
    """Grad-CAM panels.

    Parameters
    ----------
    target_layer : str
        ``features``, as published: the 1x1 convolution after the last MBConv block. ``mbconv``, as the thesis' text
        says: that block itself.
    panels : dict
        Names of frames by panel and case, such as ``colour: {red: NAME.jpg}``; cases not named are chosen by rule.
    scored_frames : int
        Frames whose maps are scored against the aurora's pixels, where these are known.
    """

    target_layer: Literal["features", "mbconv"] = "features"
    scored_frames: int = Field(default=64, ge=1)
    panels: dict[str, dict[str, str]] = {}


class Params(Section):
    """All of ``params.yaml``."""

    corpus: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    seed: int = Field(ge=0)
    engine: Engine = Engine()
    film: FilmParams = FilmParams()
    clock: ClockParams = ClockParams()
    schedule: Schedule
    sky: SkyParams = SkyParams()
    simulate: Simulate = Simulate()
    sample: SampleParams = SampleParams()
    split: SplitParams = SplitParams()
    train: TrainParams = TrainParams()
    infer: InferParams = InferParams()
    softmax: SoftmaxParams = SoftmaxParams()
    gradcam: GradcamParams = GradcamParams()
    evidence: EvidenceParams = EvidenceParams()


def load_params(path: Path) -> Params:
    """Read and check ``params.yaml``.

    Raises
    ------
    ReproError
        If the file is missing, is not YAML, or a value is not allowed; the message names the field.
    """
    remedy = "compare with params.yaml of the repository"
    document = read_yaml(path, expected="a YAML file", remedy=remedy)
    return validated(Params, document, where=str(path), remedy=remedy)
