"""A second look at the frames about which a label and the network disagree.

Only answers of a network that did not learn the frame are used: those of its own validation frames, which stage train keeps.
Among the frames are as many about which both agree, and neither label nor answer is shown before the labeller has answered, so
the page does not say what the network would like to hear. The new labels are kept apart and train nothing: labels that are
only looked at again where the network disagrees move towards the network, so the accuracy after them flatters it.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from repro.errors import refuse
from repro.labelling.frame_source import FrameSource, check_frames
from repro.labelling.label_store import LabelStore
from repro.labelling.server import Session, Shown
from repro.labelling.tasks import AURORA
from repro.paths import Paths
from repro.seeding import generator
from repro.untrusted import read_table

_COLUMNS = ["split", "network", "name", "label", "predicted", "p_yes"]
_UNSEEN = "unseen nights"


def unlearnt_answers(paths: Paths, corpus: str) -> pd.DataFrame:
    """Answers of networks about frames that they did not learn: ``name``, ``label``, ``predicted``, ``p_yes``; one a frame.

    An answer about a night that the network never saw goes before one about a night that it saw other frames of. Raises
    ReproError if stage train has not run.
    """
    source = paths.stage(corpus, "train") / "validation.parquet"
    rows = read_table(source, made_by="dvc repro train", columns=_COLUMNS)
    rows = rows[rows["network"] == 0].assign(unseen=rows["split"] == _UNSEEN)
    rows = rows.sort_values(["unseen", "name"], ascending=[False, True]).drop_duplicates("name")
    return rows.drop(columns=["split", "network", "unseen"]).sort_values("name", ignore_index=True)


def review_session(paths: Paths, corpus: str, store: LabelStore, *, seed: int) -> Session:
    """A page with the frames of disagreement, among as many others, in an order drawn from the seed.

    Raises ReproError if stage train has not run, or label and network agree about every frame.
    """
    rows = unlearnt_answers(paths, corpus)
    differ = rows[rows["label"] != rows["predicted"]]
    where = paths.stage(corpus, "train") / "validation.parquet"
    if differ.empty:
        found, expected = f"no disagreement among {len(rows)} frames", "frames about which label and network disagree"
        refuse(found, expected, str(where), "there is nothing to look at again")
    rng = generator(seed, "review")
    agree = rows[rows["label"] == rows["predicted"]]
    controls = agree.iloc[rng.permutation(len(agree))[: len(differ)]]
    chosen = pd.concat([differ, controls], ignore_index=True)
    chosen = chosen.iloc[rng.permutation(len(chosen))].reset_index(drop=True)
    source = FrameSource(paths, corpus)
    check_frames(chosen["name"].tolist(), source, where)
    reveal = {
        row["name"]: f"label was {row['label']}, network says {row['predicted']} (p(yes) {row['p_yes']:.3f})"
        for row in chosen.to_dict("records")
    }
    return Session(corpus, AURORA, [Shown(name, {}) for name in chosen["name"]], source, store, reveal)


def review_counts(rows: pd.DataFrame, store: LabelStore) -> dict[str, Any]:
    """Counts of a review by name, from the rows of :func:`unlearnt_answers` and the review's store.

    ``frames``; ``right_before`` and ``right_after``, frames whose label is the network's answer; ``looked_at`` and
    ``changed`` by ``disagreement`` and ``agreement`` before the review; ``unsure``.
    """
    again = {name: answer.label for name, answer in store.answers().items()}
    new = rows["name"].map({name: label for name, label in again.items() if label in AURORA.classes})
    seen, after = new.notna(), new.fillna(rows["label"])
    agreed = rows["label"] == rows["predicted"]
    kinds = {"disagreement": ~agreed, "agreement": agreed}
    return {
        "frames": len(rows),
        "right_before": int(agreed.sum()),
        "right_after": int((after == rows["predicted"]).sum()),
        "unsure": sum(label == "unsure" for label in again.values()),
        "looked_at": {kind: int((seen & of_kind).sum()) for kind, of_kind in kinds.items()},
        "changed": {kind: int(((after != rows["label"]) & of_kind).sum()) for kind, of_kind in kinds.items()},
    }


def review_summary(paths: Paths, corpus: str, store: LabelStore) -> list[str]:
    """What the second look changed, and what that would do to the accuracy, for people."""
    counts = review_counts(unlearnt_answers(paths, corpus), store)
    frames = counts["frames"]
    lines = [
        f"{counts['looked_at'][kind]} frames of {kind} looked at again, {counts['changed'][kind]} labels changed"
        for kind in ("disagreement", "agreement")
    ]
    seen, changed = counts["looked_at"]["agreement"], counts["changed"]["agreement"]
    lines.append(
        f"accuracy with the labels as given {counts['right_before']}/{frames} = {counts['right_before'] / frames:.2%}, "
        f"with the changed ones {counts['right_after']}/{frames} = {counts['right_after'] / frames:.2%}"
    )
    if seen:
        lines.append(
            f"where both agreed, the same labeller changed {changed / seen:.1%}: so much is the labeller's own noise"
        )
    lines.append(
        "the second figure flatters the network: mostly frames that it got wrong were looked at again; labels.csv is as it was"
    )
    return lines
