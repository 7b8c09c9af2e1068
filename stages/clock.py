"""Read the burned-in clock of every filmed night and give the frames their published names."""

from repro.camera import camera_of
from repro.clock.clock_corpus import clock_corpus
from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/clock."""
    film, folder = (paths.stage(params.corpus, stage) for stage in ("film", "clock"))
    camera = camera_of(params.corpus, params.film)
    outcome = clock_corpus(film, folder, camera, params.clock, workers=params.engine)
    outcome.check("clock", params.clock.max_failed_share, folder / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main)
