"""Stage verify: compare every published number with its evidence, and write verdicts, findings and nights."""

from repro.engine.run_stage import run_stage
from repro.evidence import from_stages
from repro.files import write_json, write_text
from repro.params import Params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.judge import verify
from repro.record.verdict_formats import as_markdown, summary_text


def main(paths: Paths, _params: Params) -> None:
    """Write results/verify: verdicts.json and .md, findings.json, and nights.csv, each night beside the schedule."""
    evidence, corpus = from_stages(paths)
    verification = verify(load_claims(paths.published), evidence)
    document = verification.as_dict()
    write_json(paths.verdicts, document)
    write_json(paths.findings, document["findings"])
    write_json(paths.verdicts.with_name("metrics.json"), verification.summary)  # for DVC
    write_text(paths.verdicts.with_suffix(".md"), as_markdown(verification))
    write_text(paths.verdicts.with_name("nights.csv"), corpus.nights.to_csv(index=False, float_format="%.2f"))
    print(summary_text(verification.summary))


if __name__ == "__main__":
    run_stage(main)
