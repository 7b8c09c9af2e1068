"""A run as a Workflow Run RO-Crate, checked by the validator of the profile; the file for a CODECHECK."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import requests
import rocrate
import yaml
from requests.adapters import HTTPAdapter
from rocrate_validator import models, services
from urllib3 import HTTPResponse

from repro.audit.crate import PROFILES, write_crate
from repro.errors import ReproError
from repro.files import write_text
from repro.paths import Paths
from tests.conftest import ROOT

LOCK = """
stages:
  film:
    cmd: .venv/bin/python stages/film.py
    deps:
    - {path: data/simulated/videos, md5: 1a111111111111111111111111111111, size: 10}
    - {path: repro/film, md5: 2a222222222222222222222222222222, size: 10}
    params: {params.yaml: {corpus: simulated, film: {quality: 95, mask: true, scale: 0.5}}}
    outs: [{path: results/film, md5: 3a333333333333333333333333333333, size: 20}]
  verify:
    cmd: .venv/bin/python stages/verify.py
    deps: [{path: results/film, md5: 3a333333333333333333333333333333, size: 20}]
    outs: [{path: results/verify, md5: 4a444444444444444444444444444444, size: 20}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Paths:
    """A project whose two stages have run."""
    root = tmp_path / "project"
    for name, text in {
        "dvc.lock": LOCK, "dvc.yaml": "stages: {}\n", "params.yaml": "corpus: simulated\n",
        "results/verify/verdicts.json": '{"claims": []}', "results/film/20221201.zip": "frames",
    }.items():  # fmt: skip
        write_text(root / name, text)
    return Paths(root)


@pytest.fixture
def offline_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer requests for the JSON-LD context with the copy that rocrate ships, and all others with 404.

    That copy is of version 1.3, whose terms of Bioschemas have other addresses than in 1.1, for which the profile is written.
    """
    text = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")
    context = text.replace("https://bioschemas.org/terms/", "https://bioschemas.org/").encode()

    def answer(_: HTTPAdapter, request: requests.PreparedRequest, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200 if "/ro/crate/" in str(request.url) else 404
        response.url, response.request = str(request.url), request
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(io.BytesIO(context), preload_content=False, request_url=response.url)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", answer)


def test_content(project: Paths, tmp_path: Path) -> None:
    """The crate names inputs by hash, each stage, each parameter with its value, and each output."""
    write_crate(project, tmp_path / "crate")
    graph = json.loads((tmp_path / "crate" / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    described = {entity["@id"]: entity for entity in graph}
    assert described["#input-data/simulated/videos"]["identifier"] == "md5:1a111111111111111111111111111111"
    assert "#input-results/film" not in described, "an output of one stage is no input of the run"
    assert "#input-repro/film" not in described, "code is no input of the run"
    assert described["#stage-film"]["description"] == ".venv/bin/python stages/film.py"
    values = [described[f"#value-{name}"]["value"] for name in ("corpus", "film.quality", "film.mask")]
    assert values == ["simulated", "95", "True"]
    assert described["#parameter-film.scale"]["additionalType"] == "Float"
    run = described["#run"]
    assert {"@id": "results/verify/verdicts.json"} in run["result"]
    assert {"@id": "#output-results/film"} in run["result"]
    assert (tmp_path / "crate" / "results" / "verify" / "verdicts.json").is_file()
    assert not list((tmp_path / "crate").rglob("*.zip")), "frames are named by hash and stay where they are"
    assert {entry["@id"] for entry in described["./"]["conformsTo"]} == set(PROFILES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of rdflib, which the validator uses
@pytest.mark.usefixtures("offline_context")
@pytest.mark.parametrize("lost", [None, "programmingLanguage"])
def test_profile(project: Paths, tmp_path: Path, lost: str | None) -> None:
    """The validator of the profile accepts a crate, and refuses one whose workflow has lost its language."""
    write_crate(project, tmp_path / "crate")
    path = tmp_path / "crate" / "ro-crate-metadata.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for entity in document["@graph"]:
        entity.pop(lost, None)
    path.write_text(json.dumps(document), encoding="utf-8")
    settings = services.ValidationSettings(
        rocrate_uri=str(tmp_path / "crate"),
        profile_identifier="workflow-run-crate-0.5",
        requirement_severity=models.Severity.REQUIRED,
    )
    messages = [issue.message for issue in services.validate(settings).get_issues()]
    assert bool(messages) == (lost is not None), messages


def test_nothing_is_overwritten(project: Paths, tmp_path: Path) -> None:
    """A folder that holds anything is refused."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ReproError, match="new or empty folder"):
        write_crate(project, tmp_path)


@pytest.mark.parametrize("text", [None, "", "stages: 3", "stages: {film: {}}"])
def test_no_run(project: Paths, tmp_path: Path, text: str | None) -> None:
    """Without a readable record of a run there is an error that says how to make one."""
    lock = project.root / "dvc.lock"
    lock.unlink() if text is None else lock.write_text(text, encoding="utf-8")
    with pytest.raises(ReproError, match=r"dvc\.lock"):
        write_crate(project, tmp_path / "crate")
    assert not (tmp_path / "crate").exists()


def test_codecheck_manifest() -> None:
    """Every file of the CODECHECK manifest lies in an output of a stage."""
    document = yaml.safe_load((ROOT / "codecheck.yml").read_text(encoding="utf-8"))
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"].values()
    outputs = {
        str(next(iter(output)) if isinstance(output, dict) else output).replace("${corpus}", "simulated")
        for stage in stages
        for output in stage["outs"]
    }
    for entry in document["manifest"]:
        assert outputs & {entry["file"], *map(str, Path(entry["file"]).parents)}, entry["file"]
