"""Stage report: build the static report from the results of the other stages; nothing is computed again."""

from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.reporting.page import build


def main(paths: Paths, _params: Params) -> None:
    """Write report/build: index.html and the other pages, style.css, summary.md, figures/ and nights/."""
    print(f"The report: {build(paths)}")


if __name__ == "__main__":
    run_stage(main)
