"""Fine-tune EfficientNet-B1 on the labelled frames."""

from repro.classifier.train_receipt import CARD, DOCUMENT, training_work
from repro.classifier.training_results import model_card, summary_lines
from repro.engine import receipts
from repro.engine.run_stage import run_stage
from repro.files import read_json, write_json, write_text
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import corpus_is_simulated
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/train: weights, model card, curves, validation, train.json; for DVC, metrics.json and curves.csv."""
    folder, film = (paths.stage(params.corpus, stage) for stage in ("train", "film"))
    split = read_table(paths.stage(params.corpus, "split") / "split.parquet", made_by="dvc repro split")
    work = training_work(split, film, folder, params)
    if receipts.is_current(work):
        print("train: labels, frames, parameters and code have not changed; nothing to do")
    else:
        # torch takes seconds to load, and a night that is added trains nothing.
        from repro.classifier.train_corpus import train_corpus

        document = train_corpus(split, film / "frames", folder, params)
        simulated = corpus_is_simulated(paths, params.corpus)
        write_text(folder / CARD, model_card(document, split, params, simulated=simulated))
        receipts.write(work, {})
    document = read_json(folder / DOCUMENT, made_by="dvc repro train")
    write_json(folder / "metrics.json", document["runs"][0])
    curves = read_table(folder / "curves.parquet", made_by="dvc repro train")
    write_text(folder / "curves.csv", curves.to_csv(index=False))
    for line in summary_lines(document):
        print(f"train: {line}")


if __name__ == "__main__":
    run_stage(main)
