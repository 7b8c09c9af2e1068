"""Classify every frame, by the network and by the colour rule."""

from repro.analysis.colour_corpus import colour_corpus
from repro.classifier.infer_corpus import infer_corpus
from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/infer: one table a night; and results/CORPUS/colour, for the colour rule."""
    film, sky, train, folder = (paths.stage(params.corpus, stage) for stage in ("film", "sky", "train", "infer"))
    colour = paths.stage(params.corpus, "colour")
    colour_corpus(film, colour, workers=params.engine).check("infer", 0.0, colour / "failures.json")
    outcome = infer_corpus(film, sky, train / "weights.safetensors", folder, params)
    outcome.check("infer", 0.0, folder / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main)
