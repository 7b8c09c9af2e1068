"""Stage train of the KOPRI record: the fully convolutional network, on nights and, as the poster counts, on frames."""

from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.segmentation.train_fcn_corpus import train_corpus


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/train: split, weights, curves and test results of each split."""
    corpus = params.kopri.corpus
    document = train_corpus(paths.corpus(corpus), paths.stage(corpus, "train"), params)
    for unit, found in document["networks"].items():
        print(
            f"split by {unit}: IoU {found['test']['iou']}, recall {found['test']['recall']} on {found['images']['test']} images"
        )


if __name__ == "__main__":
    run_stage(main, "kopri/train")
