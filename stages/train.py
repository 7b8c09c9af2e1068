"""Fine-tune EfficientNet-B1 on the labelled frames."""

from repro.classifier.device import choose
from repro.classifier.train_corpus import train_corpus
from repro.engine.run_stage import run_stage
from repro.params import load_params
from repro.paths import find_project
from repro.untrusted import read_table


def main() -> None:
    """Write results/CORPUS/train: weights.safetensors, curves.parquet, validation.parquet and train.json."""
    paths = find_project()
    params = load_params(paths.params)
    document = train_corpus(
        read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split"),
        paths.stage(params.corpus, "film") / "frames",
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
    run_stage("train", main)
