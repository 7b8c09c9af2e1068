"""Fit nearest neighbours and support vectors on pixels and on the features of a backbone."""

from repro.engine.run_stage import run_stage
from repro.forms.classical import fit_classical
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write results/kvammen/classical: answers.parquet and classical.json."""
    loaded, out = paths.stage("kvammen", "load"), paths.stage("kvammen", "classical")
    fit_classical(loaded, paths.corpus(params.kvammen.corpus), out, params)


if __name__ == "__main__":
    run_stage(main, "kvammen classical")
