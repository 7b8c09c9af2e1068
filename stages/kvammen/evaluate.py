"""Score every method on every split and compare networks with the other methods."""

from repro.engine.run_stage import run_stage
from repro.forms.evaluate_forms import evaluate
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write results/kvammen/evaluate: evaluate.json and metrics.json."""
    loaded, networks, classical, out = (
        paths.stage("kvammen", name) for name in ("load", "networks", "classical", "evaluate")
    )
    document = evaluate(loaded, networks, classical, out, params)
    for entry in document["methods"][document["main"]]:
        ends = entry["interval.mean_precision"]
        interval = f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "too few nights for an interval"
        print(f"kvammen evaluate: {entry['method']}: mean precision {entry['mean_precision']:.3f}, {interval}")


if __name__ == "__main__":
    run_stage(main, "kvammen evaluate")
