"""Stage simulate of the KOPRI record: nights over Jang Bogo with known aurora, if they are the corpus."""

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.segmentation.simulated_station import CORPUS, simulate


def main(paths: Paths, params: Params) -> Outcome | None:
    """Write data/kopri_simulated: images, masks, truth."""
    if params.kopri.corpus != CORPUS:
        print(f"kopri/simulate: nothing to do, the corpus is {params.kopri.corpus}")
        return None
    return simulate(paths.corpus(CORPUS), params)


if __name__ == "__main__":
    run_stage(main, "kopri/simulate")
