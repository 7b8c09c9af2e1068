"""A Chromium of the system, driven by selenium; test support, no part of the library."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")


@contextmanager
def browser(folder: Path, width_px: int, height_px: int) -> Iterator[WebDriver]:
    """A browser window of this size, with its profile below the folder.

    Without Chromium and its driver the test is skipped with that reason; where ``REPRO_BROWSER`` is ``required``, it fails.
    """
    if CHROMIUM is None or DRIVER is None:
        reason = "no Chromium with chromedriver on this machine; bash setup.sh browser installs them where it may"
        if os.environ.get("REPRO_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    options = Options()
    options.binary_location = CHROMIUM
    for flag in (
        "headless=new", "no-sandbox", "disable-gpu", "disable-background-networking", "disable-component-update",
        "disable-sync", "no-first-run", "hide-scrollbars", "disable-dev-shm-usage", f"user-data-dir={folder / 'profile'}",
        f"window-size={max(width_px, 500)},{height_px}",
    ):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        # A window has a least width; the page's own size has none.
        metrics = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": width_px < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield driver
    finally:
        driver.quit()
