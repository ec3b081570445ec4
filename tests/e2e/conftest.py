"""What the page's tests need: a running demo with its page built, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from support_page import CARD, DESKTOP, PHONE, ROW, screen
from support_system import ROOT, environment, free_port, running

PAIRS = "45"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _lacking(what: str) -> None:
    """A test that cannot run is skipped by name; where all must run, it fails."""
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(what)
    pytest.skip(what)


# One module at a time: Playwright keeps an event loop in this thread while its browser is open.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium, with a profile of its own."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        _lacking("no Chromium on PATH: the page is not tested in a browser")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`serve --demo` with its history loaded: every exchange, both timeframes."""
    if not (ROOT / "frontend" / "dist" / "index.html").exists():
        _lacking("frontend/dist is missing (make install builds it): the page is not tested")
    folder: Path = tmp_path_factory.mktemp("page")
    env = environment(
        folder,
        PORT=str(free_port()),
        MAX_PAIRS=PAIRS,
        HISTORY_BARS="150",
        INTERVAL="5",
        BINANCEUSDM_URL="",
        BYBIT_URL="",
        OKX_URL="",
        COINGECKO_URL="",
    )
    with running(["serve", "--demo"], env, folder) as product:
        product.until(product.warm, 90, "warm")
        product.until(lambda: len(product.rows("15m")) == 3 * int(PAIRS), 30, "complete")
        product.until(lambda: product.health()["coingecko"]["matched"] > 0, 60, "with market caps")
        yield product.url


@pytest.fixture
def page(browser: Browser, server_url: str) -> Iterator[Page]:
    """The desktop page with its first rows."""
    with screen(browser, DESKTOP) as context:
        opened = context.new_page()
        opened.goto(server_url)
        opened.locator(ROW).first.wait_for()
        yield opened


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    """The same on a telephone."""
    with screen(browser, PHONE) as context:
        opened = context.new_page()
        opened.goto(server_url)
        opened.locator(CARD).first.wait_for()
        yield opened
