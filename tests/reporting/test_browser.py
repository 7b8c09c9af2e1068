"""The page in a real browser: nothing it asks for is missing, and it is not blank on a desk or a phone."""

import io

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.browser import browser

pytestmark = pytest.mark.slow

#: Has every picture loaded, also those that wait to come into view, and says whether all have answered.
LOAD = """
[...document.images].forEach((image) => { image.loading = "eager"; });
return document.readyState === "complete" && [...document.images].every((image) => image.complete);
"""
#: Pictures; those that are missing; whether the page is wider than the window; its greatest width where it has its style.
SEEN = """
const images = [...document.images];
const broken = images.filter((image) => !image.naturalWidth).map((image) => image.getAttribute("src"));
const wide = document.documentElement.scrollWidth > innerWidth;
return [images.length, broken, wide, getComputedStyle(document.querySelector(".page")).maxWidth];
"""


@pytest.mark.parametrize("width_px", [1280, 390])
def test_every_page_opens_whole(full, tmp_path, width_px):
    """From disk each page shows every picture in its style and is no wider than the window.

    A screenshot of the first has ink on it: text, and the colours of the bar of outcomes.
    """
    with browser(tmp_path, width_px, 1400) as driver:
        for page in sorted(full.glob("*.html")):
            driver.get(page.as_uri())
            WebDriverWait(driver, 15, poll_frequency=0.01).until(lambda driver: driver.execute_script(LOAD))
            images, broken, wide, style = driver.execute_script(SEEN)
            expected = page.read_text(encoding="utf-8").count("<img ")
            assert (page.name, images, broken, wide) == (page.name, expected, [], False)
            assert style != "none"
        driver.get((full / "index.html").as_uri())
        picture = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert pixels.shape[:2] == (1400, width_px)
    assert 0.02 < (pixels.min(2) < 128).mean() < 0.5
    bar = sum((np.abs(pixels - colour).max(2) <= 2).sum() for colour in ([0, 114, 178], [86, 180, 233]))
    assert bar > 500  # confirmed and consistent
