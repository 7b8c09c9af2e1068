"""Train the networks on the training images of every split."""

from repro.engine.run_stage import run_stage
from repro.forms.train_networks import train_networks
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write results/kvammen/networks: answers, weights and networks.json."""
    train_networks(paths.stage("kvammen", "load"), paths.stage("kvammen", "networks"), params)


if __name__ == "__main__":
    run_stage(main, "kvammen networks")
