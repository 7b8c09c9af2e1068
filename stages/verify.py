"""Stage verify: hold every published number against its evidence, and write verdicts and findings."""

from repro.engine.run_stage import run_stage
from repro.evidence import from_stages
from repro.files import write_json, write_text
from repro.params import Params
from repro.paths import Paths
from repro.record.claims import load_claims
from repro.record.judge import verify
from repro.record.verdict_formats import as_markdown, summary_text


def main(paths: Paths, _params: Params) -> None:
    """Read the results of the stages, judge, write."""
    verification = verify(load_claims(paths.published), from_stages(paths))
    document = verification.as_dict()
    write_json(paths.verdicts, document)
    write_json(paths.findings, document["findings"])
    write_json(paths.verdicts.with_name("metrics.json"), verification.summary)  # for DVC
    write_text(paths.verdicts.with_suffix(".md"), as_markdown(verification))
    print(summary_text(verification.summary))


if __name__ == "__main__":
    run_stage(main)
