"""Typed parameters: what ``params.yaml`` may say, with the published values as defaults where the record gives them."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Literal, get_args

import pytz
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from repro.untrusted import read_yaml, validated


def known_zone(name: str) -> str:
    """A time zone's name, if the database has it; for pydantic."""
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
    time_zone: Annotated[str, AfterValidator(known_zone)]


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


#: Which frames are kept: the thesis' rule, one in so many seconds, or every one.
Sampling = Literal["published", "cadence", "all"]


class FilmParams(Section):
    """From videos or stills to sampled frames."""

    cameras: dict[str, str] = {"simulated": "auroramax"}
    sampling: Sampling = "published"
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
        Where the network begins, by corpus: ``imagenet``, ``observatory``, ``none``, or a file of weights (.safetensors,
        .pt, .pth), from the project's folder on. A corpus that is not named begins from ``imagenet``, as published.
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

    initial_weights: dict[
        str, Annotated[str, Field(pattern=r"^(imagenet|observatory|none|.+\.(safetensors|pt|pth))$")]
    ] = {}
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


class KopriSimulate(Section):
    """Simulated nights of the KOPRI record, see :mod:`repro.segmentation.station_campaign`.

    Parameters
    ----------
    nights, minutes : int
        How many nights, and images of each, one a minute.
    exposure_s : float
        Of each image.
    """

    nights: int = Field(default=120, ge=10, le=1000)
    minutes: int = Field(default=6, ge=3, le=600)
    exposure_s: float = Field(default=10.0, ge=0, le=60)


class KopriDifference(Section):
    """Differencing. The poster gives the lag (twice, differently) and the cells; everything else is ours.

    Parameters
    ----------
    lags_min : tuple of int
        Minutes between the two images of a pair; the first is the abstract's, the second that of the figures.
    tolerance_s : float
        How much the time between two images may differ from the lag.
    threshold_counts : float
        Change of a cell's mean from which it is flagged, of 255.
    channels : str
        ``and``: red and green must both change by more; ``or``: one of them.
    align : bool
        Take out what moves all cells alike, such as a step of the camera's gain.
    """

    lags_min: tuple[int, ...] = (1, 2)
    tolerance_s: float = Field(default=5.0, ge=0, lt=30)
    threshold_counts: float = Field(default=5.0, ge=0, le=255)
    channels: Literal["and", "or"] = "and"
    align: bool = True


class KopriTrain(Section):
    """Training of the network; defaults are those of torchvision's reference (references/segmentation/train.py).

    Parameters
    ----------
    initial_weights : dict
        Where the network begins, by corpus: ``coco``, as published (torchvision's COCO_WITH_VOC_LABELS_V1); ``observatory``,
        the shipped backbone under the same head; ``none``. A corpus that is not named begins from ``coco``.
    epochs, batch : int
        Epochs, and images of a batch.
    learning_rate, momentum, weight_decay : float
        Of stochastic gradient descent; the rate falls as (1 - step / steps) ** 0.9. The reference's 0.02 is for 32 images a
        step: 0.0025 for a batch of 4.
    auxiliary_weight : float
        Weight of the auxiliary head's loss; 0 builds none. Its rate is ten times that of the rest.
    head_rate_factor : float
        Factor on the rate of the head, which begins from nothing while the backbone does not.
    scale : pair of float
        Range of the random resize, as factors of the image's size.
    crop_share : float
        Side of the random crop, as a share of the image's.
    flip : float
        Chance of a mirror image.
    turn : bool
        Turn each image by a random number of quarters.
    aurora_weight : float
        Weight of the aurora's pixels in the loss, those of the background having 1.
    batchnorm : str
        Statistics of BatchNorm in the backbone ``adapt``, as in the reference, or stay ``fixed``.
    threads : int
        CPU threads; with others, sums are rounded otherwise.
    """

    initial_weights: dict[str, Literal["coco", "observatory", "none"]] = {}
    epochs: int = Field(default=30, ge=1)
    batch: int = Field(default=4, ge=1)
    learning_rate: float = Field(default=0.0025, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0)
    auxiliary_weight: float = Field(default=0.5, ge=0)
    head_rate_factor: float = Field(default=1.0, gt=0)
    scale: tuple[Annotated[float, Field(gt=0.2)], Annotated[float, Field(le=4)]] = (0.5, 2.0)
    crop_share: float = Field(default=480 / 520, gt=0, le=1)
    flip: float = Field(default=0.5, ge=0, le=1)
    turn: bool = False
    aurora_weight: float = Field(default=1.0, gt=0)
    batchnorm: Literal["adapt", "fixed"] = "adapt"
    threads: int = Field(default=1, ge=1)


class KopriParams(Section):
    """The record of the KOPRI poster: segmentation and occurrence maps.

    Parameters
    ----------
    corpus : str
        Folder under ``data``: ``kopri_simulated``, which is made, or one with ``images`` and ``masks``.
    site : Site
        Place of the camera.
    place : str
        Its name in the table of magnetic coordinates.
    image_size_px : int
        Side of the images and masks that the network sees, a multiple of 16; the poster gives none, torchvision's weights
        were made for 520.
    labelled_every : int
        Of the images with masks, every so many-th of a night is labelled; the rest is kept for testing alone.
    train_share, validation_share : float
        Of the labelled images, rounded down; the rest is for testing.
    splits : tuple of str
        Networks that are trained: ``nights``, whose validation and test nights it never saw, judges all comparisons;
        ``frames``, as the poster counts, mixes images of one night.
    threshold : float
        Probability of aurora from which a pixel is aurora.
    """

    corpus: str = Field(default="kopri_simulated", pattern=r"^[a-z][a-z0-9_]*$")
    site: Site = Site(latitude_deg=-74.62, longitude_deg=164.22, time_zone="Antarctica/McMurdo")
    place: str = "jang_bogo"
    image_size_px: int = Field(default=520, ge=96, le=2048, multiple_of=8)
    labelled_every: int = Field(default=1, ge=1)
    train_share: float = Field(default=0.8, gt=0, lt=1)
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    splits: tuple[Literal["nights", "frames"], ...] = ("nights",)
    threshold: float = Field(default=0.5, gt=0, lt=1)
    simulate: KopriSimulate = KopriSimulate()
    difference: KopriDifference = KopriDifference()
    train: KopriTrain = KopriTrain()


AuroralClass = Literal["breakup", "colored", "arcs-bands", "discrete", "patchy", "edge", "clear-faint"]


class FormRules(Section):
    """Limits between the seven classes of Kvammen's record, as functions of a simulated frame's truth; all of them ours.

    Parameters
    ----------
    visible_share_min : float
        Share of the sky, 0 to 1, below which the sky counts as clear.
    faint_brightness_max : float
        Mean linear light of the auroral pixels (1 saturates the camera) below which aurora is faint.
    edge_high_share_max : float
        Largest share of the auroral pixels above 30 deg of altitude in an ``edge`` frame.
    colored_redness_min : float
        The larger of red / 1.12 and blue over green, of the aurora's mean linear colour.
    breakup_share_min, breakup_change_min : float
        Share of the sky, and share of the light that moves within a minute (0 to 1), of a breakup.
    margin : float
        A frame is ambiguous if its class is another with one limit this share higher or lower.
    """

    visible_share_min: float = Field(default=0.02, gt=0, lt=1)
    faint_brightness_max: float = Field(default=0.016, gt=0)
    edge_high_share_max: float = Field(default=0.1, ge=0, le=1)
    colored_redness_min: float = Field(default=1.0, gt=0)
    breakup_share_min: float = Field(default=0.5, ge=0, le=1)
    breakup_change_min: float = Field(default=0.2, ge=0, le=1)
    margin: float = Field(default=0.1, ge=0, lt=1)


class FormsCampaign(Section):
    """The simulated Kiruna: short spells of clear, dark and moonless nights, with the seven classes from the truth.

    Parameters
    ----------
    site : Site
        The camera's place.
    windows : list of Window
        Winters out of which nights are drawn.
    nights_per_class : int
        Nights planned for each class; which class a frame has follows from its truth alone.
    frames_per_night : int
        One minute apart.
    image_px : int
        Side of the pictures, a multiple of 16.
    rules : FormRules
        Limits between the classes.
    precedence : tuple of str
        The seven classes: the first whose rule holds is the frame's.
    ambiguous_share : float
        Share of the labelled images that are ambiguous; the record says that its set has none.
    whole_night_step_min : float
        Minutes between the frames of the one whole night that shows the classes through a night.
    """

    site: Site = Site(latitude_deg=67.84, longitude_deg=20.41, elevation_m=425, time_zone="Europe/Stockholm")
    windows: list[Window] = [Window(first="2014-09-20", last="2015-03-20")]
    nights_per_class: int = Field(default=44, ge=2)
    frames_per_night: int = Field(default=4, ge=1, le=10)
    image_px: int = Field(default=128, ge=64, multiple_of=16)
    rules: FormRules = FormRules()
    precedence: tuple[AuroralClass, ...] = (
        "edge", "clear-faint", "colored", "breakup", "patchy", "arcs-bands", "discrete",
    )  # fmt: skip
    ambiguous_share: float = Field(default=0.0, ge=0, lt=1)
    whole_night_step_min: float = Field(default=3.0, gt=0)

    @model_validator(mode="after")
    def _each_class_once(self) -> FormsCampaign:
        if sorted(self.precedence) != sorted(get_args(AuroralClass)):
            raise ValueError("precedence: each of the seven classes once")
        return self


class FormsNetwork(Section):
    """A network of torchvision, by its name there, and how it learns the seven classes.

    Parameters
    ----------
    name : str
        The network.
    weights : str
        ``imagenet``, ``observatory`` (efficientnet_b1 alone), or ``none`` for random ones. With weights, the head is fitted
        first and then all is fine-tuned for ``epochs``.
    stages : int
        0 for the whole network. Else it is cut after so many of its stages, whose weights stay as they are, and a small
        convolutional head learns behind them. The last layers of a backbone know only what its own tasks asked for.
    image_size_px, epochs, learning_rate
        Of the training.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    weights: Literal["imagenet", "observatory", "none"] = "none"
    stages: int = Field(default=0, ge=0)
    image_size_px: int = Field(default=128, ge=32)
    epochs: int = Field(default=10, ge=0)
    learning_rate: float = Field(default=1e-3, gt=0)

    @property
    def method(self) -> str:
        """Name of the method in tables: the network and where its weights begin."""
        cut = f", {self.stages} stages" if self.stages else ""
        return f"{self.name} ({'scratch' if self.weights == 'none' else self.weights}{cut})"

    @property
    def id(self) -> str:
        """The same for names of files."""
        return f"{self.name}_{self.weights}" + (f"_{self.stages}" if self.stages else "")


class KvammenParams(Section):
    """The third record: seven classes of aurora.

    Parameters
    ----------
    corpus : str
        Folder under data/: ``simulated_kiruna``, or ``kvammen`` for the images of the data record.
    label_order : tuple of str
        Class of the digits 0 to 6 in the published file names, as users of the data tell it.
    check_label_order : bool
        Whether the pictures must fit that order.
    campaign : FormsCampaign
        The simulated Kiruna.
    test_share : float
        Share of the nights (or, in a random split, of the images) of each class that test.
    run : str
        ``quick``: the networks of ``networks``; ``full``: those of ``full_networks``.
    networks, full_networks : tuple of FormsNetwork
        Their names and weights differ.
    seeds : int
        Trainings of each network on the main split.
    batch : int
        Images of a batch.
    features : FormsNetwork
        Backbone whose pooled features feed neighbours and support vectors.
    reduced_px : int
        Side to which pictures are reduced for neighbours and support vectors on pixels.
    folds : int
        Folds of the cross-validation inside the training nights.
    labeller_shift : float
        How far the limits of two simulated labellers lie from the rules, one lower and one higher.
    """

    corpus: Literal["simulated_kiruna", "kvammen"] = "simulated_kiruna"
    label_order: tuple[AuroralClass, ...] = (
        "arcs-bands", "breakup", "colored", "discrete", "edge", "clear-faint", "patchy",
    )  # fmt: skip
    check_label_order: bool = True
    campaign: FormsCampaign = FormsCampaign()
    test_share: float = Field(default=0.35, gt=0, lt=1)
    run: Literal["quick", "full"] = "quick"
    networks: tuple[FormsNetwork, ...] = (FormsNetwork(name="resnet18"),)
    full_networks: tuple[FormsNetwork, ...] = ()
    seeds: int = Field(default=2, ge=1)
    batch: int = Field(default=16, ge=2)
    features: FormsNetwork = FormsNetwork(name="efficientnet_b1", weights="observatory", stages=4, image_size_px=96)
    reduced_px: int = Field(default=32, ge=4)
    folds: int = Field(default=4, ge=2)
    labeller_shift: float = Field(default=0.25, gt=0, lt=1)

    @property
    def trained(self) -> tuple[FormsNetwork, ...]:
        """Networks of this run."""
        return self.networks if self.run == "quick" else self.full_networks

    @model_validator(mode="after")
    def _consistent(self) -> KvammenParams:
        if sorted(self.label_order) != sorted(get_args(AuroralClass)):
            raise ValueError("label_order: each of the seven classes once")
        methods = [network.method for network in self.trained]
        if not methods or len(set(methods)) < len(methods):
            raise ValueError("networks: at least one, and none twice with the same weights")
        return self


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
    kopri: KopriParams = KopriParams()
    kvammen: KvammenParams = KvammenParams()


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
