"""Classify every frame, by the network and by the colour rule."""

from repro.analysis.colour_corpus import colour_corpus
from repro.classifier.device import of_workers
from repro.classifier.infer_corpus import infer_corpus
from repro.engine.nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/infer: one table a night, and in ``colour`` another for the colour rule."""
    film, sky, train, folder = (paths.stage(params.corpus, stage) for stage in ("film", "sky", "train", "infer"))
    weights, device = train / "weights.safetensors", of_workers(params.engine)
    colour_corpus(film, folder / "colour", workers=params.engine).check(
        "infer", 0.0, folder / "colour" / "failures.json"
    )
    outcome = infer_corpus(film, sky, weights, folder, params.infer, device, workers=params.engine)
    outcome.check("infer", 0.0, folder / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main)
