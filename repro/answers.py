"""The network's answers of a corpus: which nights count together, and what a stage that analyses them depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from repro.engine import receipts
from repro.engine.receipts import NightWork
from repro.params import Params
from repro.paths import Paths
from repro.schedule.record_nights import in_record
from repro.simulated_mark import usable_rows

#: Table 6 of nights that the record does not cover: the one output of stage softmax that they change.
LATER = "table6_later.parquet"


def answered_nights(paths: Paths, params: Params) -> tuple[list[str], list[str]]:
    """Nights, YYYYMMDD, with answers that may be analysed together: those that the record covers, and the others."""
    tables = (paths.stage(params.corpus, "infer") / "tables").glob("[!.]*.parquet")
    nights = pd.DataFrame({"night": sorted(path.stem for path in tables)}, dtype="str")
    nights = usable_rows(nights, paths, params.corpus)
    covered = in_record(nights, params.schedule)
    return nights.loc[covered, "night"].tolist(), nights.loc[~covered, "night"].tolist()


def analysis_work(
    stage: str, inputs: Sequence[Path], settings: Mapping[str, Any], paths: Paths, params: Params, *modules: str
) -> NightWork:
    """An analysis of all nights that the record covers, as one piece of work; a later night does not change it.

    All files in the folder of ``stage`` are outputs, except receipts and :data:`LATER`. They are decided by the files
    ``inputs``, of which those that do not exist are left out, by ``settings`` and ``params.seed``, and by ``modules``, the
    full names of those that do the work.
    """
    receipt = receipts.receipt_path(paths.stage(params.corpus, stage), stage)
    digest = receipts.settings_digest({"seed": params.seed, **settings}, __name__, *modules)
    return NightWork(stage, tuple(path for path in inputs if path.is_file()), _outputs(receipt), receipt, digest)


def write_receipt(work: NightWork) -> None:
    """Write the receipt of an analysis that is finished."""
    receipts.write(replace(work, outputs=_outputs(work.receipt)), {})


def _outputs(receipt: Path) -> tuple[Path, ...]:
    files = receipt.parent.parent.rglob("[!.]*.*")
    return tuple(sorted(path for path in files if path.parent != receipt.parent and path.name != LATER))
