"""Fine-tune EfficientNet-B1 on the labelled frames."""

from repro.classifier.device import choose
from repro.classifier.train_corpus import train_corpus
from repro.engine.run_stage import run_stage
from repro.files import write_json, write_text
from repro.params import Params
from repro.paths import Paths
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/train: weights, curves, validation and train.json; for DVC, metrics.json and curves.csv."""
    folder = paths.stage(params.corpus, "train")
    document = train_corpus(
        read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split"),
        paths.stage(params.corpus, "clock") / "frames",
        folder,
        params.train,
        corpus=params.corpus,
        seed=params.seed,
        device=choose(params.engine.device),
        workers=params.engine.workers,
    )
    write_json(folder / "metrics.json", document["runs"][0])
    write_text(
        folder / "curves.csv", read_table(folder / "curves.parquet", made_by="dvc repro train").to_csv(index=False)
    )
    for split, result in document["honesty"].items():
        interval = result["by_night"]
        by_night = f"{interval[0]:.3f} to {interval[1]:.3f} by night" if interval else "too few nights for an interval"
        print(f"train: {split.replace('_', ' ')}, accuracy {result['accuracy']:.4f}, {by_night}")


if __name__ == "__main__":
    run_stage(main)
