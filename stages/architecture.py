"""Count the networks of Table 4 as torchvision builds them; no weights are fetched."""

from repro.classifier.architecture import measure
from repro.classifier.architecture_inputs import architecture_inputs
from repro.engine.run_stage import run_stage
from repro.files import write_json
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, _params: Params) -> None:
    """Write results/architecture.json."""
    write_json(paths.architecture, {"inputs": architecture_inputs(), **measure()})


if __name__ == "__main__":
    run_stage(main)
