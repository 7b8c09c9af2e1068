"""Read the pictures of the corpus, check them and split them."""

from repro.engine.run_stage import run_stage
from repro.forms.load_corpus import load_corpus
from repro.params import Params
from repro.paths import Paths


def main(paths: Paths, params: Params) -> None:
    """Write results/kvammen/load: pictures.npy, pictures.parquet and load.json."""
    document = load_corpus(paths.corpus(params.kvammen.corpus), paths.stage("kvammen", "load"), params)
    for notice in document["notices"]:
        print(f"kvammen load: {notice}")
    print(f"kvammen load: {document['images']} images of {document['nights']} nights")


if __name__ == "__main__":
    run_stage(main, "kvammen load")
