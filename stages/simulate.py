"""Simulate the campaign named in params.yaml: videos, truth and labels of nights whose every frame is known."""

from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import SIMULATED, Paths


def main(paths: Paths, params: Params) -> None:
    """Write data/simulated, if it is the corpus: videos, truth, masks, receipts, labels.csv, a contact sheet, its statistics."""
    if params.corpus != SIMULATED:
        for folder in (paths.truth(SIMULATED), paths.masks(SIMULATED)):
            folder.mkdir(parents=True, exist_ok=True)  # DVC asks for them all the same
        print(f"simulate: nothing to do, the corpus is {params.corpus}")
        return
    from repro.observatory.contact_sheet import write_sheet  # torch, which a corpus of real frames has no use for
    from repro.observatory.simulate import simulate

    table = simulate(paths.labels(SIMULATED).parent, params, only=True)
    dark = table[(table["sun_bin"] == "Night") & (table["moon_bin"] == "No_moon")]
    print(
        f"{table['night'].nunique()} nights, {len(table)} frames of a minute, {dark['visible'].mean():.1%} of the dark"
    )
    print("and moonless ones with aurora")
    write_sheet(paths.contact_sheet, table, params)


if __name__ == "__main__":
    run_stage(main)
