"""Cut every night's video, or its still images, into masked frames, clock strips and a keogram; one archive a night."""

from repro.camera import camera_of
from repro.engine.run_nights import Outcome
from repro.engine.run_stage import run_stage
from repro.film.film_corpus import film_corpus
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> Outcome:
    """Write results/CORPUS/film."""
    folder = paths.stage(params.corpus, "film")
    camera = camera_of(params.corpus, params.film)
    outcome = film_corpus(paths.videos(params.corpus), folder, camera, params.film, workers=params.engine)
    outcome.check("film", params.film.max_failed_share, folder / "failures.json")
    return outcome


if __name__ == "__main__":
    run_stage(main)
