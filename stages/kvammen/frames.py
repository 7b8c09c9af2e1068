"""Classify the frames of the thesis' corpus with the best network: an optional column of the frame table."""

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.forms.best_network import classify_frames
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/forms: tables with the form of every frame."""
    evaluated, trained = paths.stage("kvammen", "evaluate"), paths.stage("kvammen", "networks")
    film, out = paths.stage(params.corpus, "film"), paths.stage(params.corpus, "forms")
    outcome = classify_frames(film, evaluated, trained, out, params)
    outcome.check("kvammen frames", params.film.max_failed_share, out / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main, "kvammen frames")
