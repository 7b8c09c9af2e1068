"""Stage segment of the KOPRI record: the probability of aurora in every pixel of every image."""

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.segmentation.segment_images import segment


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/segment: one file a night."""
    corpus = params.kopri.corpus
    return segment(paths.corpus(corpus), paths.stage(corpus, "train"), paths.stage(corpus, "segment"), params)


if __name__ == "__main__":
    run_stage(main, "kopri/segment")
