"""Sections of the KOPRI poster's pipeline: segmentation and occurrence maps."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from repro.params.section import Section, Site


class KopriSimulate(Section):
    """Simulated nights of the KOPRI record, see :mod:`repro.segmentation.station_campaign`."""

    #: How many nights, and images of each, one a minute.
    nights: int = Field(default=120, ge=10, le=1000)
    minutes: int = Field(default=6, ge=3, le=600)
    #: Of each image.
    exposure_s: float = Field(default=10.0, ge=0, le=60)


class KopriDifference(Section):
    """Differencing. The poster gives the lag (twice, differently) and the cells; everything else is ours."""

    #: Minutes between the two images of a pair; the first is the abstract's, the second that of the figures.
    lags_min: tuple[int, ...] = (1, 2)
    #: How much the time between two images may differ from the lag.
    tolerance_s: float = Field(default=5.0, ge=0, lt=30)
    #: Change of a cell's mean from which it is flagged, of 255.
    threshold_counts: float = Field(default=5.0, ge=0, le=255)
    #: ``and``: red and green must both change by more; ``or``: one of them.
    channels: Literal["and", "or"] = "and"
    #: Take out what moves all cells alike, such as a step of the camera's gain.
    align: bool = True


class KopriTrain(Section):
    """Training of the network; defaults are those of torchvision's reference (references/segmentation/train.py)."""

    #: Where the network begins, by corpus: ``coco``, as published (torchvision's COCO_WITH_VOC_LABELS_V1);
    #: ``observatory``, the shipped backbone under the same head; ``none``. A corpus that is not named begins from
    #: ``coco``.
    initial_weights: dict[str, Literal["coco", "observatory", "none"]] = Field(default={})
    #: Epochs, and images of a batch.
    epochs: int = Field(default=30, ge=1)
    batch: int = Field(default=4, ge=1)
    #: Of stochastic gradient descent; the rate falls as (1 - step / steps) ** 0.9. The reference's 0.02 is for 32
    #: images a step: 0.0025 for a batch of 4.
    learning_rate: float = Field(default=0.0025, gt=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=1e-4, ge=0)
    #: Weight of the auxiliary head's loss; 0 builds none. Its rate is ten times that of the rest.
    auxiliary_weight: float = Field(default=0.5, ge=0)
    #: Factor on the rate of the head, which begins from nothing while the backbone does not.
    head_rate_factor: float = Field(default=1.0, gt=0)
    #: Range of the random resize, as factors of the image's size.
    scale: tuple[Annotated[float, Field(gt=0.2)], Annotated[float, Field(le=4)]] = (0.5, 2.0)
    #: Side of the random crop, as a share of the image's.
    crop_share: float = Field(default=480 / 520, gt=0, le=1)
    #: Chance of a mirror image.
    flip: float = Field(default=0.5, ge=0, le=1)
    #: Turn each image by a random number of quarters.
    turn: bool = False
    #: Weight of the aurora's pixels in the loss, those of the background having 1.
    aurora_weight: float = Field(default=1.0, gt=0)
    #: Statistics of BatchNorm in the backbone ``adapt``, as in the reference, or stay ``fixed``.
    batchnorm: Literal["adapt", "fixed"] = "adapt"
    #: CPU threads; with others, sums are rounded otherwise.
    threads: int = Field(default=1, ge=1)


class KopriParams(Section):
    """The record of the KOPRI poster: segmentation and occurrence maps."""

    #: Folder under ``data``: ``kopri_simulated``, which is made, or one with ``images`` and ``masks``.
    corpus: str = Field(default="kopri_simulated", pattern=r"^[a-z][a-z0-9_]*$")
    #: Place of the camera.
    site: Site = Site(latitude_deg=-74.62, longitude_deg=164.22, time_zone="Antarctica/McMurdo")
    #: Its name in the table of magnetic coordinates.
    place: str = "jang_bogo"
    #: Side of the images and masks that the network sees, a multiple of 16; the poster gives none, torchvision's
    #: weights were made for 520.
    image_size_px: int = Field(default=520, ge=96, le=2048, multiple_of=8)
    #: Of the images with masks, every so many-th of a night is labelled; the rest is kept for testing alone.
    labelled_every: int = Field(default=1, ge=1)
    #: Of the labelled images, rounded down; the rest is for testing.
    train_share: float = Field(default=0.8, gt=0, lt=1)
    validation_share: float = Field(default=0.1, gt=0, lt=1)
    #: Networks that are trained: ``nights``, whose validation and test nights it never saw, judges all comparisons;
    #: ``frames``, as the poster counts, mixes images of one night.
    splits: tuple[Literal["nights", "frames"], ...] = ("nights",)
    #: Probability of aurora from which a pixel is aurora.
    threshold: float = Field(default=0.5, gt=0, lt=1)
    simulate: KopriSimulate = KopriSimulate()
    difference: KopriDifference = KopriDifference()
    train: KopriTrain = KopriTrain()
