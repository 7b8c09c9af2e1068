"""Stage schedule: predict Tables 2 and 3 and the sample from dates, site and DE421, and compare them with the record."""

from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.schedule.document import published, write


def main(paths: Paths, params: Params) -> None:
    """Write results/schedule: schedule.json, nights.parquet and segments.parquet."""
    fit = write(paths.schedule, params.schedule, params.sky, published(load_claims(paths.published)))["fit"]
    print(
        f"camera on below {fit['evening_altitude_deg']:.2f} deg in the evening and {fit['morning_altitude_deg']:.2f} deg "
        f"in the morning, {fit['availability']:.2%} of the frames present"
    )


if __name__ == "__main__":
    run_stage(main)
