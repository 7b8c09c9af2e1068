"""Simulate the campaign named in params.yaml: videos, truth and labels of nights whose every frame is known."""

from repro.observatory.simulate import simulate
from repro.params import load_params
from repro.paths import find_project

CORPUS = "simulated"


def main() -> None:
    """Write data/simulated: videos, truth, masks, receipts and labels.csv."""
    paths = find_project()
    params = load_params(paths.params)
    table = simulate(paths.labels(CORPUS).parent, params)
    dark = table[(table["sun_bin"] == "Night") & (table["moon_bin"] == "No_moon")]
    print(
        f"{table['night'].nunique()} nights, {len(table)} frames of a minute, {dark['visible'].mean():.1%} of the dark"
    )
    print("and moonless ones with aurora")


if __name__ == "__main__":
    main()
