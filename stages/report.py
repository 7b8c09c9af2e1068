"""Stage report: build the static report from the results of the other stages; nothing is computed again."""

from repro.engine.run_stage import run_stage
from repro.paths import find_project
from repro.reporting.page import build


def main() -> None:
    """Write report/build: index.html, style.css, summary.md and figures/."""
    print(f"The report: {build(find_project())}")


if __name__ == "__main__":
    run_stage("report", main)
