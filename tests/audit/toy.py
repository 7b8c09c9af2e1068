"""A toy project under git and DVC whose stages write the pipeline's formats in a moment."""

import sys
from pathlib import Path

import yaml

from repro.paths import Paths
from tests.support.project import output

CLOCK = '''
import datetime as dt, hashlib, io, json, zipfile
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq, yaml
from PIL import Image

def main():
    """Read the clock."""
    params = yaml.safe_load(open("params.yaml"))["clock"]
    out = Path("results/toy/clock")
    for part in ("tables", "frames", "receipts"):
        (out / part).mkdir(parents=True, exist_ok=True)
    for night in params["nights"]:
        start = dt.datetime.strptime(night, "%Y%m%d").replace(tzinfo=dt.timezone.utc)
        times = [start + dt.timedelta(minutes=n) for n in range(4)]
        if params["blur_px"] > 5 and night == "20240202":
            times[3] += dt.timedelta(minutes=10)  # a digit misread under too much blur
        names = [f"{t:%Y%m%d%H%M%S}_{night}_{n}.jpg" for n, t in enumerate(times)]
        pq.write_table(pa.table({
            "night": [night] * 4, "number": list(range(4)), "name": names,
            "clock_confidence": [90.0 - params["blur_px"]] * 4,
            "time_utc": pa.array(times, pa.timestamp("us", "UTC")),
        }), out / "tables" / f"{night}.parquet")
        with zipfile.ZipFile(out / "frames" / f"{night}.zip", "w") as archive:
            for n, name in enumerate(names):
                jpeg = io.BytesIO()
                Image.new("RGB", (240, 240), (0, 40 * n, 0)).save(jpeg, "JPEG")
                archive.writestr(zipfile.ZipInfo(name), jpeg.getvalue())
        made_with = hashlib.sha256(Path("stages/clock.py").read_bytes()).hexdigest()
        (out / "receipts" / f"{night}.json").write_text(json.dumps({"settings": made_with}))

main()
'''
SKY = """
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq

out = Path("results/toy/sky/tables")
out.mkdir(parents=True, exist_ok=True)
for source in sorted(Path("results/toy/clock/tables").glob("*.parquet")):
    table = pq.read_table(source)
    late = [t.minute > 5 for t in table["time_utc"].to_pylist()]
    table = table.append_column("sun_bin", pa.array(["Astro" if x else "Night" for x in late]))
    pq.write_table(table.append_column("moon_bin", pa.array(["No_moon"] * 4)), out / source.name)
"""
INFER = """
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq, yaml

limit = yaml.safe_load(open("params.yaml"))["infer"]["limit"]
out = Path("results/toy/infer/tables")
out.mkdir(parents=True, exist_ok=True)
for source in sorted(Path("results/toy/sky/tables").glob("*.parquet")):
    table, p = pq.read_table(source), [0.1, 0.4, 0.6, 0.9]
    table = table.append_column("p_yes", pa.array(p))
    classes = ["yes" if x > limit else "no" for x in p]
    pq.write_table(table.append_column("predicted", pa.array(classes)), out / source.name)
"""
VERIFY = """
import json
from pathlib import Path
import pyarrow.parquet as pq

tables = [pq.read_table(source) for source in sorted(Path("results/toy/sky/tables").glob("*.parquet"))]
night = sum(word == "Night" for table in tables for word in table["sun_bin"].to_pylist())
outcome = "confirmed" if night == 8 else "contradicted"
verdict = {"evidence": "corpus", "outcome": outcome, "measured": night}
still = {"evidence": "arithmetic", "outcome": "confirmed", "measured": 2}
claims = [{"id": "T3.NIGHT", "published": 8, "verdicts": [verdict]},
          {"id": "T1.RULES", "published": 2, "verdicts": [still]}]
out = Path("results/verify")
out.mkdir(parents=True, exist_ok=True)
(out / "verdicts.json").write_text(json.dumps({"claims": claims, "findings": []}))
"""
STAGES = {
    "clock": (CLOCK, ["repro/clock"], ["clock"], "results/toy/clock"),
    "sky": (SKY, ["results/toy/clock"], [], "results/toy/sky"),
    "infer": (INFER, ["results/toy/sky"], ["infer"], "results/toy/infer"),
    "verify": (VERIFY, ["results/toy/sky"], [], "results/verify"),
}
PARAMS = """\
clock:
  blur_px: 5
  nights: ['20240201', '20240202']
infer:
  limit: 0.5
"""


class Toy(Paths):
    """The project; its commits have tags for names."""

    def run(self, *command: str) -> str:
        """Run a program in it."""
        return output(self.root, *command).strip()

    def repro(self, *stages: str) -> None:
        """Run what is out of date."""
        self.run("python", "-m", "dvc", "repro", "--quiet", *stages)

    def commit(self, name: str) -> None:
        """Commit everything under a name of its own."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", name)
        self.run("git", "tag", name)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text that occurs once."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), encoding="utf-8")


def make_history(root: Path) -> None:
    """Make the project with all its commits."""
    toy = Toy(root)
    toy.run("git", "init", "--quiet", ".")
    toy.run("python", "-m", "dvc", "init", "--quiet")
    stages = {
        name: {
            "cmd": f"{sys.executable} stages/{name}.py", "deps": [f"stages/{name}.py", *deps], "params": params, "outs": [out],
        }
        for name, (_, deps, params, out) in STAGES.items()
    }  # fmt: skip
    files = {f"stages/{name}.py": script.lstrip() for name, (script, *_) in STAGES.items()} | {
        "repro/clock/ocr.py": '"""Read text."""\n\nSCALE = 2\n',
        "repro/clock/a/lines.py": "LINES = 3\n",
        "expected/keep": "",
        ".gitignore": "/results/\n",
        "params.yaml": PARAMS,
        "dvc.yaml": yaml.safe_dump({"stages": stages}, sort_keys=False),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    toy.commit("never-run")
    toy.repro()
    toy.commit("base")
    toy.edit("params.yaml", "blur_px: 5", "blur_px: 9")
    toy.repro()
    toy.commit("blur")
    toy.edit("params.yaml", "blur_px: 9", "blur_px: 5")
    toy.edit("stages/clock.py", '"""Read the clock."""', '"""Read the clock, as published."""  # said better')
    toy.edit("repro/clock/ocr.py", "Read text.", "Read text out of strips.")
    toy.repro()
    toy.commit("comment")
    toy.edit("params.yaml", "limit: 0.5", "limit: 0.3")
    toy.commit("without-a-run")
    toy.edit("params.yaml", "limit: 0.3", "limit: 0.5")
    toy.edit("params.yaml", "'20240202'", "'20240202', '20240203'")
    toy.repro()
    toy.commit("night")
