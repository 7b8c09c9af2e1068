"""Fine-tune EfficientNet-B1 on the labelled frames."""

from repro.classifier.device import choose
from repro.classifier.train_corpus import train_corpus
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/train: weights.safetensors, curves.parquet, validation.parquet and train.json."""
    document = train_corpus(
        read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split"),
        paths.stage(params.corpus, "clock") / "frames",
        paths.stage(params.corpus, "train"),
        params.train,
        corpus=params.corpus,
        seed=params.seed,
        device=choose(params.engine.device),
        workers=params.engine.workers,
    )
    for split, found in document["honesty"].items():
        print(f"train: {split.replace('_', ' ')}, accuracy {found['accuracy']:.4f}, by night {found['by_night']}")


if __name__ == "__main__":
    run_stage(main)
