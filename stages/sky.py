"""Compute sun, moon and condition of every frame."""

from repro.camera import camera_of
from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.sky.sky_corpus import sky_corpus


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/sky."""
    clock, folder = (paths.stage(params.corpus, stage) for stage in ("clock", "sky"))
    camera = camera_of(params.corpus, params.film)
    outcome = sky_corpus(clock, folder, camera, params.sky, workers=params.engine)
    outcome.check("sky", 0.0, folder / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main)
