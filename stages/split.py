"""Split the labelled frames into training and validation."""

from repro import frames
from repro.engine.run_stage import run_stage
from repro.files import write_json, write_table
from repro.labels import labelfile
from repro.labels.balanced_split import counts, split_quantities, split_table
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import known_truth, usable_rows


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/split: split.parquet and split.json."""
    folder = paths.stage(params.corpus, "split")
    table = frames.readable(frames.read_nights(paths.stage(params.corpus, "sky") / "tables", "sky"))
    truth = known_truth(paths, params.corpus)
    source = paths.labels(params.corpus) if truth is None else paths.stage(params.corpus, "sample") / "labels.csv"
    labels = labelfile.read(source, set(table["name"]))
    rows = split_table(usable_rows(table, paths, params.corpus), labels, params.schedule, params.split, params.seed)
    write_table(folder / "split.parquet", rows)
    sizes = counts(rows, rows["split"])
    document = {"quantities": split_quantities(sizes, params.split), "split": sizes}
    write_json(folder / "split.json", {**document, "split_by_night": counts(rows, rows["split_by_night"])})
    print(f"split: {sizes['train_yes']} + {sizes['train_no']} train, {sizes['val_yes']} + {sizes['val_no']} validate")


if __name__ == "__main__":
    run_stage(main)
