"""Draw the frames to be labelled; label them where the corpus is simulated."""

from repro import frames
from repro.engine.run_stage import run_stage
from repro.files import write_json, write_table
from repro.labels import labelfile
from repro.labels.sample import draw_sample, simulated_labels, to_label
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import known_truth, usable_rows


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/sample: sample.parquet, sample.json, to_label.csv and, of a simulated corpus, labels.csv."""
    folder = paths.stage(params.corpus, "sample")
    table = frames.read_nights(paths.stage(params.corpus, "sky") / "tables", "sky")
    table = usable_rows(table, paths, params.corpus)
    sample = draw_sample(table, params.schedule, params.sample, params.seed)
    write_table(folder / "sample.parquet", sample)
    write_json(folder / "sample.json", {"quantities": {"sample.frames": len(sample)}})
    labelfile.write(folder / "to_label.csv", to_label(sample))
    truth = known_truth(paths, params.corpus)
    if truth is not None:
        labelfile.write(folder / "labels.csv", simulated_labels(sample, truth))
    print(f"sample: {len(sample)} frames of {sample['date'].nunique()} dates")


if __name__ == "__main__":
    run_stage(main)
