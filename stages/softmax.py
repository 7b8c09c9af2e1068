"""Table 6, Figures 6 and 7, and errors where right answers are known."""

from repro import frames
from repro.analysis.beside_network import read_shares
from repro.analysis.softmax_corpus import analyse
from repro.engine.run_stage import run_stage
from repro.files import write_json, write_table, write_text
from repro.params import Params
from repro.paths import Paths
from repro.schedule.record_nights import in_record
from repro.simulated_mark import known_truth, usable_rows
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/softmax: one Parquet file a table, and softmax.json."""
    table = frames.read_nights(paths.stage(params.corpus, "infer") / "tables", "infer")
    table = usable_rows(table, paths, params.corpus)
    split = read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split")
    covered = in_record(table, params.schedule)
    colour = read_shares(paths.stage(params.corpus, "colour"))
    truth = known_truth(paths, params.corpus)
    tables, document = analyse(table, split, truth, covered, params.softmax, params.seed, colour)
    folder = paths.stage(params.corpus, "softmax")
    for name, rows in tables.items():
        write_table(folder / f"{name}.parquet", rows)
    write_json(folder / "softmax.json", document)
    write_json(folder / "metrics.json", document["occurrence"])  # for DVC, as the next
    write_text(folder / "figure7.csv", tables["figure7"].to_csv(index=False))
    print(tables["table6"].to_string(index=False, float_format="%.1f"))


if __name__ == "__main__":
    run_stage(main)
