"""One headless Chromium, and a report of small records in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.base import AXE_SCRIPT
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from sweepbook.pages.report import write_report
from tests.records import declared, write_record

WIDE, NARROW = (1280, 900), (360, 740)


class Browser:
    """What the tests do in a page."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, size: tuple[int, int] = WIDE, *, dark: bool = False) -> None:
        """Opens a page anew, in a window of this size."""
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.driver.get("about:blank")
        self.driver.get(page.as_uri())

    def command(self, name: str, **settings: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, settings)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def violations(self) -> list[str]:
        """What axe-core finds wrong: the rule and the first elements that break it."""
        self.run(AXE_SCRIPT)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run().then((found) => done(found.violations));"
        )
        return [
            f"{rule['id']}: {[node['html'][:120] for node in rule['nodes'][:3]]}" for rule in found
        ]


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    """Without the programs: skipped, and failed in continuous integration."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if lacking := [name for name, path in programs.items() if path is None]:
        text = f"tests of the page in a browser need {' and '.join(lacking)} on the PATH"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs["chromium"])
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(programs["chromedriver"])
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(driver: webdriver.Chrome) -> Iterator[Browser]:
    """The browser; what a test has switched off is on again afterwards."""
    browser = Browser(driver)
    yield browser
    browser.command("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three learning rates of two metrics, with published values, as every kind of figure."""
    configs = [{"lr": lr, "batch_norm": lr > 0.005} for lr in (0.1, 0.01, 0.001)]
    metrics = ["val_loss", "val_acc"]
    shared = {"metrics": ["val_loss"], "by": ["lr"]}
    figures = [
        {"kind": "curves", "name": "loss", "title": "Loss by rate", **shared},
        {"kind": "curves", "name": "both", "title": "Both", **shared, "metrics": metrics},
        {"kind": "panels", "name": "panels", "title": "Panels", **shared, "metrics": metrics},
        {"kind": "against", "name": "against", "title": "Ends", "x": "lr", "metrics": metrics},
        {"kind": "steps", "name": "steps", "title": "Steps"},
        {"kind": "against", "name": "norms", "x": "batch_norm", "metrics": ["val_acc"]},
        {"kind": "table", "name": "numbers", "title": "Numbers", **shared, "at": [1, "last"]},
    ]
    folder = tmp_path_factory.mktemp("records") / "demo"
    return write_record(
        folder,
        configs,
        epochs=12,
        n_replicates=3,
        figures=figures,
        study=declared("batch-norm"),
        endings={2: {"status": "stopped", "last": 6, "reason": "rung 6"}},
    )


@pytest.fixture(scope="session")
def page(record: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report([record], tmp_path_factory.mktemp("report") / "out")


@pytest.fixture
def figure(browser: Browser, page: Path) -> Callable[[str], WebElement]:
    """figure(name) -> that figure of the page, opened and in view."""

    def find(name: str) -> WebElement:
        browser.open(page)
        (found,) = browser.all(f"#figure-{name}")
        browser.run("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    return find
