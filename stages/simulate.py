"""Simulate the campaign named in params.yaml: videos, truth and labels of nights whose every frame is known."""

from repro.engine import receipts
from repro.engine.run_stage import run_stage
from repro.files import write_text
from repro.observatory.contact_sheet import write_sheet
from repro.observatory.simulate import simulate
from repro.params import Params, load_params
from repro.paths import Paths, find_project

CORPUS = "simulated"


def main() -> None:
    """Write data/simulated, if it is the corpus: videos, truth, masks, receipts, labels.csv, a contact sheet, its statistics."""
    paths = find_project()
    params = load_params(paths.params)
    if params.corpus != CORPUS:
        paths.labels(CORPUS).parent.mkdir(parents=True, exist_ok=True)  # DVC asks for the output all the same
        print(f"simulate: nothing to do, the corpus is {params.corpus}")
        return
    table = simulate(paths.labels(CORPUS).parent, params)
    dark = table[(table["sun_bin"] == "Night") & (table["moon_bin"] == "No_moon")]
    print(
        f"{table['night'].nunique()} nights, {len(table)} frames of a minute, {dark['visible'].mean():.1%} of the dark"
    )
    print("and moonless ones with aurora")
    contact_sheet(paths, params)


def contact_sheet(paths: Paths, params: Params) -> None:
    """Write contact_sheet.png and .csv, unless they are there and made from the same parameters, code and real frames."""
    sheet = paths.contact_sheet
    settings = {
        "seed": params.seed, "schedule": params.schedule.model_dump(), "sky": params.sky.model_dump(),
        "switch_on": params.simulate.switch_on_sun_alt_deg,
    }  # fmt: skip
    work = receipts.Work(
        "contact_sheet",
        tuple(sorted(paths.references.glob("*.jpg"))),
        (sheet, sheet.with_suffix(".csv")),
        sheet.with_suffix(".json"),
        receipts.settings_digest(settings, "repro.observatory.contact_sheet"),
    )
    if receipts.holds(work):
        return
    receipts.void(work)
    statistics = write_sheet(sheet, params, paths.references)
    write_text(sheet.with_suffix(".csv"), statistics.to_csv(index=False))
    receipts.write(work, {"tiles": len(statistics)})


if __name__ == "__main__":
    run_stage("simulate", main)
