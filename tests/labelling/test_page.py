"""The labelling page in a real browser: keys, a kill of the server, two tabs, a phone, a keyboard alone, names for readers."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator

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
from repro.labelling.sessions import JOURNAL, label_session, open_store, show_session
from repro.labelling.tasks import AURORA, FORMS
from repro.paths import Paths
from tests.conftest import ROOT
from tests.labelling.conftest import CORPUS, serving_session, store_of
from tests.support.browser import browser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[WebDriver]:
    """A browser of the size of a desk's screen; each test opens its own page in it."""
    with browser(tmp_path_factory.mktemp("desk"), 1280, 900) as driver:
        yield driver


def opened(driver: WebDriver, address: str) -> WebDriver:
    """The page after it has drawn its first frame."""
    driver.get(address)
    wait(driver, "return document.body.dataset.ready === 'yes'")
    return driver


@pytest.fixture
def page(desk, client) -> WebDriver:
    """The labelling page of the small corpus on a desk."""
    return opened(desk, client.address)


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
def command(small) -> Iterator[subprocess.Popen[str]]:
    """The command ``repro label`` as a user starts it."""
    (small.root / "expected").mkdir()
    words = [sys.executable, "-m", "repro", "label", "--labeller", "kim", "--corpus", CORPUS]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=small.root, env=environment, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_frames_labelled_with_keys_and_a_kill_between(small, command, names, desk):
    """Frames are labelled with keys; the server is killed halfway, the page says so, and the rest follows on a new one."""
    labels = ["yes" if number % 3 == 0 else "no" for number in range(12)]
    for kind in ("browser", "performance"):
        desk.get_log(kind)  # of other tests
    opened(desk, next(line.split()[1] for line in command.stdout if line.startswith("Open ")))
    for number in range(6):
        press(desk, labels[number][0])
        answered(desk, number + 1)
    not_blank(desk)
    no_trouble_logged(desk)
    command.kill()
    command.wait()
    press(desk, "y")
    wait(desk, "return !document.getElementById('trouble').hidden")
    assert "not saved" in desk.find_element(By.ID, "trouble").text
    assert desk.find_element(By.ID, "progress").get_attribute("value") == "6"
    not_blank(desk)
    with (
        open_store(small, CORPUS, AURORA, "kim") as store,
        serving_session(label_session(small, CORPUS, store, None)) as client,
    ):
        opened(desk, client.address)
        answered(desk, 6)
        opened(desk, client.address)
        for number in range(6, 12):
            press(desk, labels[number][0])
            answered(desk, number + 1)
    assert journal(small) == list(zip(names, labels, strict=False))
    assert pd.read_csv(small.labels(CORPUS), dtype=str)["name"].tolist() == names[:12]


def test_back_skip_unsure_and_the_minutes_around(page, small, names):
    """Back changes the last answer, skip asks again at the end, unsure trains nothing, and neighbours take no answer."""
    press(page, "y")
    answered(page, 1)
    press(page, "b")
    wait(page, "return document.getElementById('given').textContent === 'your answer: yes'")
    press(page, "n")
    minute = f"{names[1][8:10]}:{names[1][10:12]}"
    wait(page, "return document.getElementById('caption').textContent.includes(arguments[0])", minute)
    for _ in range(2):
        press(page, ".")
    wait(page, "return document.getElementById('offset').textContent === '2 after the frame asked for'")
    press(page, "u")  # for the frame asked for, not for the one that is looked at
    answered(page, 2)
    press(page, "s")
    wait(page, "return document.getElementById('live').textContent.startsWith('skip. Now')")  # else deaf
    press(page, "]")
    press(page, "+")
    wait(page, "return document.getElementById('picture').style.transform.includes('scale(1.5)')")
    assert page.execute_script("return document.getElementById('picture').style.filter") == "brightness(1.25)"
    press(page, "0")
    for number in range(3, 40):
        press(page, "n")
        answered(page, number)
    # The skipped frame comes last.
    wait(page, "return document.getElementById('given').textContent === 'your answer: skip'")
    press(page, "y")
    answered(page, 40)
    assert "All frames have an answer" in page.find_element(By.ID, "end").text
    last = dict(journal(small))
    assert (last[names[0]], last[names[1]], last[names[2]]) == ("no", "unsure", "yes")
    assert names[1] not in pd.read_csv(small.labels(CORPUS), dtype=str)["name"].tolist()


def test_two_tabs_overwrite_nothing(page, client, small, names):
    """A second tab that asks for the same frame keeps what the first one has answered, and says so."""
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    second = opened(page, client.address).current_window_handle
    page.switch_to.window(first)
    press(page, "y")
    answered(page, 1)
    page.switch_to.window(second)
    press(page, "n")
    answered(page, 1)
    press(page, "n")
    answered(page, 2)
    page.close()
    page.switch_to.window(first)
    assert journal(small) == [(names[0], "yes"), (names[1], "no")]


def test_grid_with_the_keyboard_alone(page, small, names):
    """Arrow keys move, shift selects a range, one key labels it; tabs reach every button."""
    press(page, "g")
    wait(page, "return document.querySelectorAll('.cell').length === 40")
    press(page, Keys.ARROW_RIGHT)
    for _ in range(3):
        press(page, Keys.SHIFT + Keys.ARROW_RIGHT)
    wait(page, "return document.querySelectorAll('.cell[aria-selected=true]').length === 4")
    press(page, "y")
    answered(page, 4)
    press(page, Keys.ARROW_DOWN)
    press(page, "n")
    answered(page, 5)
    wait(page, "return [...document.images].every((image) => image.complete)")
    not_blank(page)
    page.execute_script("document.activeElement.blur()")
    reached = set()
    for _ in range(30):
        press(page, Keys.TAB)
        element = page.switch_to.active_element
        reached.add(element.get_attribute("id") or element.get_attribute("data-label") or element.tag_name)
    assert {"to-single", "to-grid", "columns", "brightness", "help-button", "yes", "no", "unsure"} <= reached
    press(page, "?")
    wait(page, "return document.getElementById('help').open")
    not_blank(page)
    last = dict(journal(small))
    assert last == {**dict.fromkeys(names[1:5], "yes"), names[11]: "no"}


def test_phone(client, tmp_path):
    """On a phone nothing is wider than the window, the answers are in sight and large enough for a thumb, and taps label."""
    with browser(tmp_path, 390, 844) as driver:
        opened(driver, client.address)
        for count, (view, cells) in enumerate({"to-single": 0, "to-grid": 32}.items(), 1):
            driver.find_element(By.ID, view).click()
            wait(driver, "return document.querySelectorAll('.cell').length === arguments[0]", cells)
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
            for button in driver.find_elements(By.CSS_SELECTOR, "#answers button"):
                assert button.rect["height"] >= 44
                assert driver.execute_script(
                    "return arguments[0].getBoundingClientRect().bottom <= innerHeight", button
                )
            driver.find_element(By.CSS_SELECTOR, "#answers [data-label=yes]").click()
            answered(driver, count)
            eager = "[...document.images].filter((image) => image.loading !== 'lazy')"
            wait(driver, f"return {eager}.every((image) => image.complete)")
            not_blank(driver)
        no_trouble_logged(driver)


def test_names_for_screen_readers(page):
    """Every control has a name, the picture says what it is, and each answer is announced."""
    for view in ("single", "grid"):
        nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
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
        press(page, "g")
    press(page, "y")
    answered(page, 1)
    wait(page, "return document.getElementById('live').textContent.startsWith('yes. Now 2024')")
    assert page.execute_script("return document.getElementById('live').getAttribute('aria-live')") == "polite"


def test_seven_forms_and_a_list_that_is_only_shown(small, names, tmp_path, desk):
    """Keys 1 to 7 give the seven forms; a list that is only shown has notes and no way to answer, and markup stays text."""
    with store_of(small, task=FORMS) as store, serving_session(label_session(small, CORPUS, store, None)) as client:
        opened(desk, client.address)
        for number, key in enumerate("1234567", 1):
            press(desk, key)
            answered(desk, number)
        not_blank(desk)
    listed = tmp_path / "listed.csv"
    listed.write_text(f"name,note\n{names[0]},<img src=x onerror=alert(1)>\n{names[5]},plain\n", encoding="utf-8")
    with serving_session(show_session(small, CORPUS, listed, AURORA)) as client:
        opened(desk, client.address)
        wait(desk, "return document.querySelectorAll('.cell').length === 2")
        assert "<img src=x" in desk.find_element(By.CSS_SELECTOR, ".cell .note").text
        assert desk.find_elements(By.CSS_SELECTOR, "#answers button") == []
        press(desk, "y")
        not_blank(desk)
    assert dict(journal(small)) == dict(zip(names[:7], FORMS.classes, strict=True))
