"""The page in a real browser: nothing it asks for is missing, and it is not blank on a desk or a phone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.processes import LIMIT_S

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars", "--enable-logging=stderr", "--log-level=0",
)  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium or Chrome on this machine"),
]

#: Appended to a copy of the page: writes what went wrong into the title, where the browser's dump shows it. When the page
#: is loaded, so is every picture that does not wait to come into view.
PROBE = """<script>addEventListener("load", () => {
  const images = [...document.images];
  const broken = images.filter((image) => !image.naturalWidth).map((image) => image.getAttribute("src"));
  const wide = document.documentElement.scrollWidth > innerWidth ? "wider than the window" : "";
  const bare = getComputedStyle(document.querySelector(".page")).maxWidth === "none" ? "no style" : "";
  document.title = `PROBE ${images.length} images: ${broken.join(" ")}${wide}${bare}.`;
});</script>"""


def _run(folder: Path, *arguments: str) -> str:
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder / 'profile'}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True).stdout


@pytest.mark.parametrize("width_px", [1280, 390])
def test_every_page_opens_whole(full, tmp_path, width_px):
    """From disk each page shows every picture in its style and is no wider than the window."""
    copy = tmp_path / "report"
    shutil.copytree(full, copy)
    for page in sorted(copy.glob("*.html")):
        text = page.read_text(encoding="utf-8").replace(' loading="lazy"', "")
        page.write_text(text.replace("</body>", PROBE + "</body>"), encoding="utf-8")
        dumped = _run(tmp_path, f"--window-size={width_px},900", "--dump-dom", page.as_uri())
        title = dumped.split("<title>")[1].split("</title>")[0]
        images = page.read_text(encoding="utf-8").count("<img ")
        assert (page.name, title) == (page.name, f"PROBE {images} images: .")


@pytest.mark.parametrize("width_px", [1280, 390])
def test_the_page_is_not_blank(full, tmp_path, width_px):
    """A screenshot has ink on it: text, and the colours of the bar of outcomes."""
    picture = tmp_path / "page.png"
    page = (full / "index.html").as_uri()
    _run(tmp_path, f"--window-size={width_px},1400", f"--screenshot={picture}", page)
    pixels = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    assert pixels.shape[:2] == (1400, width_px)
    assert 0.02 < (pixels.min(2) < 128).mean() < 0.5
    bar = sum((np.abs(pixels - colour).max(2) <= 2).sum() for colour in ([0, 114, 178], [86, 180, 233]))
    assert bar > 500  # confirmed and consistent
