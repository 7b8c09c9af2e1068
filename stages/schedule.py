"""Stage schedule: predict Tables 2 and 3 and the sample from dates, site and DE421, and compare them with the record."""

from repro.engine.run_stage import run_stage
from repro.files import write_json, write_table
from repro.params import Params
from repro.paths import Paths
from repro.record.claims import load_claims
from repro.schedule.document import as_document, predict, published


def main(paths: Paths, params: Params) -> None:
    """Write results/schedule: schedule.json, nights.parquet and segments.parquet."""
    record = published(load_claims(paths.published))
    prediction = predict(params.schedule, params.sky, record.total, record.nautical, record.cells)
    write_json(paths.schedule / "schedule.json", as_document(prediction))
    write_table(paths.schedule / "nights.parquet", prediction.nights())
    write_table(paths.schedule / "segments.parquet", prediction.segments())
    fit = prediction.chosen.fit
    print(f"camera on below {fit.morning_altitude_deg:.2f} deg, {fit.availability:.2%} of the frames present")


if __name__ == "__main__":
    run_stage(main)
