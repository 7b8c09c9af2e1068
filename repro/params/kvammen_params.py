"""Sections of the Kvammen data record's pipeline: seven classes of aurora."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from repro.params.section import Section, Site, Window

AuroralClass = Literal["breakup", "colored", "arcs-bands", "discrete", "patchy", "edge", "clear-faint"]


class FormRules(Section):
    """Limits between the seven classes of Kvammen's record, as functions of a simulated frame's truth; all of them ours."""

    #: Share of the sky, 0 to 1, below which the sky counts as clear.
    visible_share_min: float = Field(default=0.02, gt=0, lt=1)
    #: Mean linear light of the auroral pixels (1 saturates the camera) below which aurora is faint.
    faint_brightness_max: float = Field(default=0.016, gt=0)
    #: Largest share of the auroral pixels above 30 deg of altitude in an ``edge`` frame.
    edge_high_share_max: float = Field(default=0.1, ge=0, le=1)
    #: The larger of red / 1.12 and blue over green, of the aurora's mean linear colour.
    colored_redness_min: float = Field(default=1.0, gt=0)
    #: Winding (see :func:`repro.forms.winding.winding`) from which sheets are no arcs or bands any more.
    winding_min: float = Field(default=0.25, ge=0, le=1)
    #: Share of the sky from which sheets that wind are a breakup.
    breakup_share_min: float = Field(default=0.4, ge=0, le=1)


class FormsCampaign(Section):
    """The simulated Kiruna: short spells of clear, dark and moonless nights, with the seven classes from the truth."""

    #: The camera's place.
    site: Site = Site(latitude_deg=67.84, longitude_deg=20.41, elevation_m=425, time_zone="Europe/Stockholm")
    #: Winters out of which nights are drawn.
    windows: list[Window] = Field(default=[Window(first="2014-09-20", last="2015-03-20")])
    #: Nights planned for each class; which class a frame has follows from its truth alone.
    nights_per_class: int = Field(default=44, ge=2)
    #: One minute apart.
    frames_per_night: int = Field(default=4, ge=1, le=10)
    #: Side of the pictures, a multiple of 16.
    image_px: int = Field(default=128, ge=64, multiple_of=16)
    #: Limits between the classes.
    rules: FormRules = FormRules()
    #: The seven classes: the first whose rule holds is the frame's.
    precedence: tuple[AuroralClass, ...] = (
        "edge", "clear-faint", "colored", "breakup", "patchy", "arcs-bands", "discrete",
    )  # fmt: skip
    #: How far the limits of two simulated labellers lie from the rules, one lower and one higher. An image is clear if
    #: both give it the class that the rules give it, and ambiguous otherwise.
    labeller_shift: float = Field(default=0.25, gt=0, lt=1)
    #: Share of the labelled images that are ambiguous; the record says that its set has none.
    ambiguous_share: float = Field(default=0.0, ge=0, lt=1)
    #: Minutes between the frames of the one whole night that shows the classes through a night.
    whole_night_step_min: float = Field(default=3.0, gt=0)

    @model_validator(mode="after")
    def _each_class_once(self) -> FormsCampaign:
        if sorted(self.precedence) != sorted(get_args(AuroralClass)):
            raise ValueError("precedence: each of the seven classes once")
        return self


class FormsNetwork(Section):
    """A network of torchvision, by its name there, and how it learns the seven classes."""

    #: The network.
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: ``imagenet``, ``observatory`` (efficientnet_b1 alone), or ``none`` for random ones. With weights, the head is
    #: fitted first and then all is fine-tuned for ``epochs``.
    weights: Literal["imagenet", "observatory", "none"] = "none"
    #: 0 for the whole network. Else it is cut after so many of its stages, whose weights stay as they are, and a small
    #: convolutional head learns behind them. The last layers of a backbone know only what its own tasks asked for.
    stages: int = Field(default=0, ge=0)
    #: Of the training.
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
    """The third record: seven classes of aurora."""

    #: Folder under data/: ``simulated_kiruna``, or ``kvammen`` for the images of the data record.
    corpus: Literal["simulated_kiruna", "kvammen"] = "simulated_kiruna"
    #: Class of the digits 0 to 6 in the published file names, as users of the data tell it.
    label_order: tuple[AuroralClass, ...] = (
        "arcs-bands", "breakup", "colored", "discrete", "edge", "clear-faint", "patchy",
    )  # fmt: skip
    #: Whether the pictures must fit that order.
    check_label_order: bool = True
    #: The simulated Kiruna.
    campaign: FormsCampaign = FormsCampaign()
    #: Share of the nights (or, in a random split, of the images) of each class that test.
    test_share: float = Field(default=0.35, gt=0, lt=1)
    #: ``quick``: the networks of ``networks``; ``full``: those of ``full_networks``.
    run: Literal["quick", "full"] = "quick"
    #: Their names and weights differ.
    networks: tuple[FormsNetwork, ...] = (FormsNetwork(name="resnet18"),)
    full_networks: tuple[FormsNetwork, ...] = ()
    #: Trainings of each network on the main split.
    seeds: int = Field(default=2, ge=1)
    #: Images of a batch.
    batch: int = Field(default=16, ge=2)
    #: Backbone whose pooled features feed neighbours and support vectors.
    features: FormsNetwork = FormsNetwork(name="efficientnet_b1", weights="observatory", stages=4, image_size_px=96)
    #: Side to which pictures are reduced for neighbours and support vectors on pixels.
    reduced_px: int = Field(default=32, ge=4)
    #: Folds of the cross-validation inside the training nights.
    folds: int = Field(default=4, ge=2)

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
