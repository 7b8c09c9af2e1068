"""Simulate Kiruna: pictures of the seven classes, with truth and labels."""

from repro.engine.run_stage import run_stage
from repro.forms.simulate_forms import simulate_forms
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write data/simulated_kiruna: images, truth, labels.csv and campaign.json."""
    document = simulate_forms(paths.corpus("simulated_kiruna"), params)
    counts = ", ".join(f"{count} {name}" for name, count in document["classes"].items())
    print(f"kvammen simulate: {document['labelled']} labelled of {document['frames']} frames; in all {counts}")


if __name__ == "__main__":
    run_stage(main, "kvammen simulate")
