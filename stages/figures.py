"""Measure the record's pictures, or take the committed readings where a document is not there."""

import sys

from repro.engine.run_stage import run_stage
from repro.figures.record_pictures import measure_record
from repro.params import Params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.table6 import table6_counts


def main(paths: Paths, _params: Params) -> None:
    """Write results/figures."""
    result = measure_record(paths, table6_counts(load_claims(paths.published)), renew="--renew" in sys.argv[1:])
    print(f"read again: {', '.join(result['documents_read']) or 'nothing'}")
    if missing := ", ".join(one["file"] for one in result["missing"]):
        print(f"from the committed readings, not in data/record: {missing}")


if __name__ == "__main__":
    run_stage(main)
