"""Draw what the best network looks at, what it mistakes, and its classes through a whole night."""

from repro.engine.run_stage import run_stage
from repro.forms.pictures import draw_pictures
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write results/kvammen/pictures: frames, maps, keogram, whole_night.parquet and pictures.json."""
    loaded, networks, evaluated, out = (
        paths.stage("kvammen", name) for name in ("load", "networks", "evaluate", "pictures")
    )
    draw_pictures(loaded, networks, evaluated, paths.corpus(params.kvammen.corpus), out, params)


if __name__ == "__main__":
    run_stage(main, "kvammen pictures")
