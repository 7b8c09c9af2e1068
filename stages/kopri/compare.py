"""Stage compare of the KOPRI record: differencing and the network on the same images, and maps of occurrence."""

from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.segmentation.compare_corpus import STAGES, compare


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/compare."""
    corpus = params.kopri.corpus
    folders = {stage: paths.stage(corpus, stage) for stage in STAGES}
    document = compare(paths.corpus(corpus), folders, paths.stage(corpus, "compare"), params)
    held = document["held_out"]
    print(f"{held['images']} images of {held['nights']} held-out nights: IoU {held['pixels']['network']['all']['iou']}")
    both = held["equal_false_alarms"]
    for lag, found in both["lags"].items():
        recalls = (
            f"{both['network']['stationary']} by the network, {found['stationary']} by differencing over {lag} min"
        )
        print(f"recall of stationary aurora at equal false alarms: {recalls}")


if __name__ == "__main__":
    run_stage(main, "kopri/compare")
