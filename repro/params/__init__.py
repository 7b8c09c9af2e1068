"""Typed parameters: what ``params.yaml`` may say, with the published values as defaults where the record gives them."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from repro.params.kopri_params import KopriDifference, KopriParams, KopriSimulate, KopriTrain
from repro.params.kvammen_params import AuroralClass, FormRules, FormsCampaign, FormsNetwork, KvammenParams
from repro.params.section import Section, Site, Window, known_zone
from repro.params.simulate_params import Campaign, Form, Overlay, Simulate, SimulatedNight, Spread, Weather
from repro.params.thesis_params import (
    ClockParams,
    Engine,
    EvidenceParams,
    FilmParams,
    GradcamParams,
    InferParams,
    MoonLimits,
    SampleParams,
    Sampling,
    Schedule,
    SkyParams,
    SoftmaxParams,
    SplitParams,
    TrainParams,
)
from repro.untrusted import read_yaml, validated

__all__ = [
    "AuroralClass", "Campaign", "ClockParams", "Engine", "EvidenceParams", "FilmParams", "Form", "FormRules",
    "FormsCampaign", "FormsNetwork", "GradcamParams", "InferParams", "KopriDifference", "KopriParams",
    "KopriSimulate", "KopriTrain", "KvammenParams", "MoonLimits", "Overlay", "Params", "SampleParams", "Sampling",
    "Schedule", "Section", "Simulate", "SimulatedNight", "Site", "SkyParams", "SoftmaxParams", "SplitParams",
    "Spread", "TrainParams", "Weather", "Window", "known_zone", "load_params",
]  # fmt: skip


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
    """Read and check ``params.yaml``.

    Raises ReproError if the file is missing, is not YAML, or a value is not allowed; the message names the field.
    """
    remedy = "compare with params.yaml of the repository"
    document = read_yaml(path, expected="a YAML file", remedy=remedy)
    return validated(Params, document, where=str(path), remedy=remedy)
