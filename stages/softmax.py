"""Table 6, Figures 6 and 7, and errors where right answers are known."""

from repro import frames
from repro.analysis.beside_network import read_shares
from repro.analysis.softmax_corpus import analyse
from repro.analysis.table6 import table6
from repro.answers import LATER, analysis_work, answered_nights, write_receipt
from repro.engine import receipts
from repro.engine.run_stage import run_stage
from repro.files import empty_folder, write_json, write_table, write_text
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import known_truth
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/softmax: one Parquet file a table, and softmax.json."""
    names = ("softmax", "infer", "colour", "split")
    folder, infer, colour, split = (paths.stage(params.corpus, name) for name in names)
    nights, later = answered_nights(paths, params)
    truth = known_truth(paths, params.corpus)
    inputs = [split / "split.parquet"]
    for night in nights:
        inputs += [infer / "tables" / f"{night}.parquet", receipts.receipt_path(colour, night)]
        inputs += [truth / f"{night}.parquet"] if truth else []
    settings = {"softmax": params.softmax.model_dump(), "truth": truth is not None}
    work = analysis_work("softmax", inputs, settings, paths, params, "repro.analysis.softmax_corpus")
    if receipts.is_current(work):
        print("softmax: the answers of the nights that the record covers have not changed; nothing to do")
    else:
        empty_folder(folder)
        answers = frames.read_nights(infer / "tables", "infer", nights)
        labels = read_table(split / "split.parquet", made_by="dvc repro split")
        tables, document = analyse(answers, labels, truth, params.softmax, params.seed, read_shares(colour, nights))
        for name, rows in tables.items():
            write_table(folder / f"{name}.parquet", rows)
        write_json(folder / "softmax.json", document)
        write_json(folder / "metrics.json", document["occurrence"])  # for DVC, as the next
        write_text(folder / "figure7.csv", tables["figure7"].to_csv(index=False))
        write_receipt(work)
    if later:
        write_table(folder / LATER, table6(frames.read_nights(infer / "tables", "infer", later)))
    else:
        (folder / LATER).unlink(missing_ok=True)
    print(
        read_table(folder / "table6.parquet", made_by="dvc repro softmax").to_string(index=False, float_format="%.1f")
    )


if __name__ == "__main__":
    run_stage(main)
