"""Grad-CAM panels, and maps against known aurora."""

from repro import frames
from repro.answers import analysis_work, answered_nights, write_receipt
from repro.classifier.gpu import expects_gpu
from repro.engine import receipts
from repro.engine.run_stage import run_stage
from repro.files import empty_folder
from repro.params import Params
from repro.paths import Paths
from repro.simulated_mark import known_truth
from repro.untrusted import read_table


def main(paths: Paths, params: Params) -> None:
    """Write results/CORPUS/gradcam: cases, raw maps, pictures and gradcam.json."""
    names = ("gradcam", "film", "split", "train", "infer")
    folder, film, split, train, infer = (paths.stage(params.corpus, name) for name in names)
    nights, _ = answered_nights(paths, params)
    truth, masks, weights = known_truth(paths, params.corpus), paths.masks(params.corpus), train / "weights.safetensors"
    inputs = [split / "split.parquet", weights]
    for night in nights:  # a night's receipt names its frames by digest
        inputs += [infer / "tables" / f"{night}.parquet", receipts.receipt_path(infer, night)]
        inputs += [truth / f"{night}.parquet", masks / f"{night}.npz"] if truth else []
    settings = {"gradcam": params.gradcam.model_dump(), "gpu": expects_gpu(params.engine), "truth": truth is not None}
    work = analysis_work("gradcam", inputs, settings, paths, params, "repro.classifier.gradcam_corpus")
    if receipts.is_current(work):
        print("gradcam: the answers of the nights that the record covers have not changed; nothing to do")
        return
    from repro.classifier.gradcam_corpus import explain_corpus  # torch takes seconds to load

    empty_folder(folder)
    table = frames.read_nights(infer / "tables", "infer", nights)
    labels = read_table(split / "split.parquet", made_by="dvc repro split").set_index("name")["label"]
    answers = frames.with_right_answers(table[table["predicted"].notna()], labels, truth)
    document = explain_corpus(answers, film / "frames", masks if truth else None, weights, folder, params)
    write_receipt(work)
    for title, reason in document["missing"].items():
        print(f"gradcam: {title} is empty: {reason}")


if __name__ == "__main__":
    run_stage(main)
