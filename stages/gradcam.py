"""Grad-CAM panels, and maps against known aurora."""

from repro import frames
from repro.classifier.gradcam_corpus import explain_corpus
from repro.engine.run_stage import run_stage
from repro.params import Params
from repro.paths import Paths
from repro.schedule.record_nights import in_record
from repro.simulated_mark import known_truth, usable_rows
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/gradcam: cases, raw maps, pictures and gradcam.json."""
    film, split, train, infer = (paths.stage(params.corpus, name) for name in ("film", "split", "train", "infer"))
    table = usable_rows(frames.read_nights(infer / "tables", "infer"), paths, params.corpus)
    table = table[table["predicted"].notna() & in_record(table, params.schedule)]
    truth = known_truth(paths, params.corpus)
    labels = read_table(split / "split.parquet", made_by="dvc repro split").set_index("name")["label"]
    document = explain_corpus(
        frames.with_right_answers(table, labels, truth),
        film / "frames",
        paths.masks(params.corpus) if truth is not None else None,
        train / "weights.safetensors",
        paths.stage(params.corpus, "gradcam"),
        params,
    )
    for title, reason in document["missing"].items():
        print(f"gradcam: {title} is empty: {reason}")


if __name__ == "__main__":
    run_stage(main)
