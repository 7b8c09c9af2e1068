"""The labelling page in a real browser: keys, a kill of the server, two tabs, a phone, a keyboard alone, names for readers."""

import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from repro.labelling.journal import read_journal
from repro.labelling.sessions import JOURNAL, label_session, show_session
from repro.labelling.tasks import AURORA, FORMS
from repro.paths import Paths
from tests.conftest import ROOT
from tests.labelling.conftest import CORPUS, serving_session, store_of
from tests.support.browser import browser

pytestmark = pytest.mark.slow
DESK, PHONE = (1280, 900), (390, 844)


def opened(driver: WebDriver, address: str) -> WebDriver:
    """The page after it has drawn its first frame."""
    driver.get(address)
    wait(driver, "return document.body.dataset.ready === 'yes'")
    return driver


def wait(driver: WebDriver, condition: str, *arguments: object) -> None:
    """Wait until a script gives true."""
    WebDriverWait(driver, 15, poll_frequency=0.01).until(lambda _: driver.execute_script(condition, *arguments))


def press(driver: WebDriver, key: str) -> None:
    """Press a key, wherever the focus is."""
    keys = ActionChains(driver, duration=0)
    if key.startswith(Keys.SHIFT):
        keys.key_down(Keys.SHIFT).send_keys(key[1:]).key_up(Keys.SHIFT).perform()
    else:
        keys.send_keys(key).perform()


def answered(driver: WebDriver, count: int) -> None:
    """Wait until so many frames have an answer."""
    wait(driver, "return document.getElementById('progress').value === arguments[0]", count)


def journal(project: Paths) -> list[tuple[str, str]]:
    """Frames and labels of the journal, in their order."""
    return [(answer.name, answer.label) for answer in read_journal(project.labelling(CORPUS) / JOURNAL)]


def not_blank(driver: WebDriver) -> None:
    """What the window shows has light and dark in it."""
    picture = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
    assert np.asarray(picture.convert("RGB")).astype(int).std() > 10


def no_trouble_logged(driver: WebDriver) -> None:
    """The browser has complained about nothing, and nothing was asked for but from the page's own server."""
    logged = [entry["message"] for entry in driver.get_log("browser") if "favicon" not in entry["message"]]
    assert logged == []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            assert message["params"]["request"]["url"].startswith(("http://127.0.0.1:", "data:", "chrome:"))


@pytest.fixture
def started(small: Paths):
    """A function that starts ``repro label`` as a user does; gives its address and its process."""
    (small.root / "expected").mkdir()
    running: list[subprocess.Popen[str]] = []

    def start() -> tuple[str, subprocess.Popen[str]]:
        command = [sys.executable, "-m", "repro", "label", "--labeller", "kim", "--corpus", CORPUS]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=small.root, env=environment, stdout=subprocess.PIPE, text=True)
        running.append(process)
        for line in process.stdout:
            if line.startswith("Open "):
                return line.split()[1], process
        raise AssertionError("the command ended without an address")

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def test_thirty_frames_with_keys_and_a_kill_between(small, started, names, tmp_path):
    """30 frames labelled with keys; the server is killed after 15, the page says so, and the rest follows on a new one."""
    keys = ["y" if number % 3 == 0 else "n" for number in range(30)]
    address, process = started()
    with browser(tmp_path, *DESK) as driver:
        opened(driver, address)
        for number in range(15):
            press(driver, keys[number])
            answered(driver, number + 1)
        not_blank(driver)
        no_trouble_logged(driver)
        process.send_signal(signal.SIGKILL)
        process.wait()
        press(driver, "y")
        wait(driver, "return !document.getElementById('trouble').hidden")
        assert "not saved" in driver.find_element(By.ID, "trouble").text
        assert driver.find_element(By.ID, "progress").get_attribute("value") == "15"
        not_blank(driver)
        opened(driver, started()[0])
        answered(driver, 15)
        driver.refresh()
        opened(driver, driver.current_url)
        for number in range(15, 30):
            press(driver, keys[number])
            answered(driver, number + 1)
    words = {"y": "yes", "n": "no"}
    assert journal(small) == [(names[number], words[keys[number]]) for number in range(30)]
    table = pd.read_csv(small.labels(CORPUS), dtype=str)
    assert table["name"].tolist() == names[:30]


def test_back_skip_unsure_and_the_minutes_around(client, small, names, tmp_path):
    """Back changes the last answer, skip asks again at the end, unsure trains nothing, and neighbours take no answer."""
    with browser(tmp_path, *DESK) as driver:
        opened(driver, client.address)
        press(driver, "y")
        answered(driver, 1)
        press(driver, "b")
        wait(driver, "return document.getElementById('given').textContent === 'your answer: yes'")
        press(driver, "n")
        minute = f"{names[1][8:10]}:{names[1][10:12]}"
        wait(driver, "return document.getElementById('caption').textContent.includes(arguments[0])", minute)
        for _ in range(2):
            press(driver, ".")
        wait(driver, "return document.getElementById('offset').textContent === '2 after the frame asked for'")
        press(driver, "u")  # for the frame asked for, not for the one that is looked at
        answered(driver, 2)
        press(driver, "s")
        press(driver, "]")
        press(driver, "+")
        wait(driver, "return document.getElementById('picture').style.transform.includes('scale(1.5)')")
        assert driver.execute_script("return document.getElementById('picture').style.filter") == "brightness(1.25)"
        press(driver, "0")
        for number in range(3, 40):
            press(driver, "n")
            answered(driver, number)
        # The skipped frame comes last.
        wait(driver, "return document.getElementById('given').textContent === 'your answer: skip'")
        press(driver, "y")
        answered(driver, 40)
        assert "All frames have an answer" in driver.find_element(By.ID, "end").text
    last = dict(journal(small))
    assert (last[names[0]], last[names[1]], last[names[2]]) == ("no", "unsure", "yes")
    assert names[1] not in pd.read_csv(small.labels(CORPUS), dtype=str)["name"].tolist()


def test_two_tabs_overwrite_nothing(client, small, names, tmp_path):
    """A second tab that asks for the same frame keeps what the first one has answered, and says so."""
    with browser(tmp_path, *DESK) as driver:
        opened(driver, client.address)
        first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        opened(driver, client.address)
        second = driver.current_window_handle
        driver.switch_to.window(first)
        press(driver, "y")
        answered(driver, 1)
        driver.switch_to.window(second)
        press(driver, "n")
        answered(driver, 1)
        press(driver, "n")
        answered(driver, 2)
    assert journal(small) == [(names[0], "yes"), (names[1], "no")]


def test_grid_with_the_keyboard_alone(client, small, names, tmp_path):
    """Arrow keys move, shift selects a range, one key labels it; tabs reach every button."""
    with browser(tmp_path, *DESK) as driver:
        opened(driver, client.address)
        press(driver, "g")
        wait(driver, "return document.querySelectorAll('.cell').length === 40")
        press(driver, Keys.ARROW_RIGHT)
        for _ in range(3):
            press(driver, Keys.SHIFT + Keys.ARROW_RIGHT)
        wait(driver, "return document.querySelectorAll('.cell[aria-selected=true]').length === 4")
        press(driver, "y")
        answered(driver, 4)
        press(driver, Keys.ARROW_DOWN)
        press(driver, "n")
        answered(driver, 5)
        wait(driver, "return [...document.images].every((image) => image.complete)")
        not_blank(driver)
        driver.execute_script("document.activeElement.blur()")
        reached = set()
        for _ in range(30):
            press(driver, Keys.TAB)
            element = driver.switch_to.active_element
            reached.add(element.get_attribute("id") or element.get_attribute("data-label") or element.tag_name)
        assert {"to-single", "to-grid", "columns", "brightness", "help-button", "yes", "no", "unsure"} <= reached
        press(driver, "?")
        wait(driver, "return document.getElementById('help').open")
        not_blank(driver)
    last = dict(journal(small))
    assert last == {**dict.fromkeys(names[1:5], "yes"), names[11]: "no"}


@pytest.mark.parametrize("view", ["single", "grid"])
def test_phone(client, tmp_path, view):
    """On a phone nothing is wider than the window, the answers are in sight and large enough for a thumb, and taps label."""
    with browser(tmp_path, *PHONE) as driver:
        opened(driver, client.address)
        if view == "grid":
            driver.find_element(By.ID, "to-grid").click()
            wait(driver, "return document.querySelectorAll('.cell').length === 32")
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        for button in driver.find_elements(By.CSS_SELECTOR, "#answers button"):
            box = button.rect
            assert box["height"] >= 44
            assert driver.execute_script("return arguments[0].getBoundingClientRect().bottom <= innerHeight", button)
        driver.find_element(By.CSS_SELECTOR, "#answers [data-label=yes]").click()
        answered(driver, 1)
        eager = "[...document.images].filter((image) => image.loading !== 'lazy')"
        wait(driver, f"return {eager}.every((image) => image.complete)")
        not_blank(driver)
        no_trouble_logged(driver)


def test_names_for_screen_readers(client, tmp_path):
    """Every control has a name, the picture says what it is, and each answer is announced."""
    with browser(tmp_path, *DESK) as driver:
        opened(driver, client.address)
        for view in ("single", "grid"):
            nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
            roles = {"button", "slider", "combobox", "option", "listbox", "image", "progressbar", "dialog"}
            shown = [
                (node["role"]["value"], node.get("name", {}).get("value")) for node in nodes if not node.get("ignored")
            ]
            assert [role for role, name in shown if role in roles and not name] == []
            found = {name for _, name in shown if name}
            assert "Frames labelled" in found
            if view == "single":
                assert any(name.startswith("All-sky frame of 2024-02-01") for name in found)
                assert any(name.startswith("Keogram of the night") for name in found)
            else:
                assert any("no answer" in name for name in found)
            press(driver, "g")
        press(driver, "y")
        answered(driver, 1)
        wait(driver, "return document.getElementById('live').textContent.startsWith('yes. Now 2024')")
        assert driver.execute_script("return document.getElementById('live').getAttribute('aria-live')") == "polite"


def test_seven_forms_and_a_list_that_is_only_shown(small, names, tmp_path):
    """Keys 1 to 7 give the seven forms; a list that is only shown has notes and no way to answer, and markup stays text."""
    listed = tmp_path / "listed.csv"
    listed.write_text(f"name,note\n{names[0]},<img src=x onerror=alert(1)>\n{names[5]},plain\n", encoding="utf-8")
    with browser(tmp_path, *DESK) as driver:
        with store_of(small, task=FORMS) as store, serving_session(label_session(small, CORPUS, store, None)) as client:
            opened(driver, client.address)
            for number, key in enumerate("1234567", 1):
                press(driver, key)
                answered(driver, number)
            not_blank(driver)
        with serving_session(show_session(small, CORPUS, listed, AURORA)) as client:
            opened(driver, client.address)
            wait(driver, "return document.querySelectorAll('.cell').length === 2")
            assert "<img src=x" in driver.find_element(By.CSS_SELECTOR, ".cell .note").text
            assert driver.find_elements(By.CSS_SELECTOR, "#answers button") == []
            press(driver, "y")
            not_blank(driver)
    assert dict(journal(small)) == dict(zip(names[:7], FORMS.classes, strict=True))
