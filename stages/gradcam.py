"""Grad-CAM panels, and maps against known aurora."""

from repro import frames
from repro.analysis.softmax_corpus import with_attributes
from repro.classifier.device import of_workers
from repro.classifier.gradcam_corpus import explain_corpus
from repro.engine.run_stage import run_stage
from repro.labels.label_corpus import of_record
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import known_truth, usable_rows
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/gradcam: cases, raw maps, pictures and gradcam.json."""
    film, split, train, infer = (paths.stage(params.corpus, name) for name in ("film", "split", "train", "infer"))
    table = usable_rows(frames.read_nights(infer / "tables", "infer"), paths, params.corpus)
    table = table[table["predicted"].notna() & of_record(table, params.schedule)]
    truth = known_truth(paths, params.corpus)
    document = explain_corpus(
        with_attributes(table, read_table(split / "split.parquet", made_by="dvc repro split"), truth),
        film / "frames",
        paths.masks(params.corpus) if truth is not None else None,
        train / "weights.safetensors",
        paths.stage(params.corpus, "gradcam"),
        params.gradcam,
        seed=params.seed,
        device=of_workers(params.engine),
        workers=params.engine,
    )
    for title, reason in document["missing"].items():
        print(f"gradcam: {title} is empty: {reason}")


if __name__ == "__main__":
    run_stage(main)
