"""Fine-tune EfficientNet-B1 on the labelled frames."""

from repro.classifier.train_corpus import train_corpus
from repro.classifier.training_results import summary_lines
from repro.engine.run_stage import run_stage
from repro.files import write_json, write_text
from repro.params import Params
from repro.paths import Paths
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/train: weights, curves, validation and train.json; for DVC, metrics.json and curves.csv."""
    folder = paths.stage(params.corpus, "train")
    split = read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split")
    document = train_corpus(split, paths.stage(params.corpus, "film") / "frames", folder, params)
    write_json(folder / "metrics.json", document["runs"][0])
    curves = read_table(folder / "curves.parquet", made_by="dvc repro train")
    write_text(folder / "curves.csv", curves.to_csv(index=False))
    for line in summary_lines(document):
        print(f"train: {line}")


if __name__ == "__main__":
    run_stage(main)
