"""Count the networks of Table 4 as torchvision builds them; no weights are fetched."""

from repro.classifier.architecture import measure
from repro.engine.run_stage import run_stage
from repro.files import write_json
from repro.paths import find_project


def main() -> None:
    """Write results/architecture.json."""
    write_json(find_project().architecture, measure())


if __name__ == "__main__":
    run_stage("architecture", main)
