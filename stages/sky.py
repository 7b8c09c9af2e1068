"""Compute sun, moon and condition of every frame, and draw each night's keogram."""

from repro.film.profile import camera_of
from repro.params import load_params
from repro.paths import find_project
from repro.sky.table import sky_corpus


def main() -> None:
    """Write results/CORPUS/sky."""
    paths = find_project()
    params = load_params(paths.params)
    film, clock, folder = (paths.stage(params.corpus, stage) for stage in ("film", "clock", "sky"))
    camera = camera_of(params.corpus, params.film)
    outcome = sky_corpus(clock, film, folder, camera, params.sky, workers=params.engine.workers)
    outcome.check("sky", 0.0, folder / "failures.json")


if __name__ == "__main__":
    main()
