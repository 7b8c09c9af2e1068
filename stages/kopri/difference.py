"""Stage difference of the KOPRI record: how much each of 400 sky cells changes from image to image."""

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.segmentation.differencing import difference


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/difference: one file a night."""
    corpus = params.kopri.corpus
    return difference(paths.corpus(corpus), paths.stage(corpus, "difference"), params)


if __name__ == "__main__":
    run_stage(main, "kopri/difference")
