"""Paths of all files of the project."""

from __future__ import annotations

from pathlib import Path

from repro.errors import ReproError

#: Corpus that stage simulate makes. Whether images are simulated is another question, see :mod:`repro.simulated_mark`.
SIMULATED = "simulated"


class Paths:
    """Places inside one project, whose folder ``root`` holds ``params.yaml`` and ``dvc.yaml``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.params = root / "params.yaml"
        #: Claims transcribed from the record; read-only.
        self.published = root / "expected" / "published"
        #: What was read from the record's pictures, one CSV a figure; committed.
        self.readings = self.published / "readings"
        #: Documents of the record, put there by the user; git-ignored.
        self.record = root / "data" / "record"
        #: Simulated frames by form, colour, condition and weather; its statistics are beside it as CSV.
        self.contact_sheet = root / "data" / SIMULATED / "contact_sheet.png"
        #: All outputs of the stages.
        self.results = root / "results"
        #: Held by the run that is at work.
        self.lock = self.results / ".lock"
        #: Log of runs of stages, one JSON object a line.
        self.runs = self.results / ".runs.jsonl"
        #: Folder of the schedule stage: ``schedule.json`` and ``nights.parquet``.
        self.schedule = self.results / "schedule"
        self.architecture = self.results / "architecture.json"
        self.verdicts = self.results / "verify" / "verdicts.json"
        self.findings = self.results / "verify" / "findings.json"
        #: Folder of the figures stage: ``figures.json``, tables, and readings drawn over the originals.
        self.figures = self.results / "figures"
        self.report_templates = root / "report" / "templates"
        #: The built report; git-ignored.
        self.report_build = root / "report" / "build"
        #: Measured speeds, one JSON document a benchmark; git-ignored.
        self.bench = root / "bench"

    def corpus(self, corpus: str) -> Path:
        """Folder of a corpus."""
        return self.root / "data" / corpus

    def videos(self, corpus: str) -> Path:
        """Folder of a corpus' videos or still images; it has one name for both, as DVC knows no optional folder."""
        return self.root / "data" / corpus / "videos"

    def labels(self, corpus: str) -> Path:
        """Label file (CSV) of a corpus."""
        return self.root / "data" / corpus / "labels.csv"

    def labelling(self, corpus: str) -> Path:
        """Folder of the journal of labels, and of label files that do not train."""
        return self.root / "data" / corpus / "labelling"

    def truth(self, corpus: str) -> Path:
        """Folder of the truth of a simulated corpus' frames, one table a night."""
        return self.root / "data" / corpus / "truth"

    def masks(self, corpus: str) -> Path:
        """Folder of the aurora's pixels in a simulated corpus, one file a night."""
        return self.root / "data" / corpus / "masks"

    def stage(self, corpus: str, stage: str) -> Path:
        """Output folder of a stage that depends on the corpus."""
        return self.results / corpus / stage


def foreign_library(paths: Paths) -> ReproError | None:
    """The error of a project that holds other code than that which runs; None if there is nothing wrong.

    A copied checkout, or a second worktree with the first one's environment, would record that its code made results
    which the first one's code made.
    """
    own, running = paths.root / "repro", Path(__file__).resolve().parent
    if not (own / "__init__.py").is_file() or own.resolve() == running:
        return None
    return ReproError(
        found=f"code from {running}",
        expected=f"{own}, the code of the project that is worked in",
        where="the Python environment",
        remedy=f"set up an environment of this project's own: cd {paths.root} && make setup",
    )


def find_project(start: Path | None = None) -> Paths:
    """Find the project that holds a folder; the current one if not given.

    Raises ReproError if neither the folder nor any above it holds both ``params.yaml`` and ``expected/``.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "params.yaml").is_file() and (folder / "expected").is_dir():
            return Paths(folder)
    raise ReproError(
        found="no params.yaml beside an expected/ folder",
        expected="a checkout of the project",
        where=f"{start} and the folders above it",
        remedy="change into the checkout, or name it with --project DIR",
    )
