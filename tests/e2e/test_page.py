"""The page in a real browser against a running server (`server_url`): what a reader sees and does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROW = "[role=row][data-key]"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TRIES = 20


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail("browser tests need Chromium on PATH")
    pytest.skip("no Chromium on PATH: the page is not tested in a browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One headless Chromium for the module, with a profile of its own."""
    path = _chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


def _open(browser: Browser, url: str, viewport: dict[str, int], complaints: list[str]) -> Page:
    context = browser.new_context(viewport=viewport, locale="en-US")  # type: ignore[arg-type]
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    page.goto(url)
    return page


@pytest.fixture
def page(browser: Browser, server_url: str) -> Iterator[Page]:
    """The desktop page with its first rows; nothing may have been said on the console."""
    complaints: list[str] = []
    opened = _open(browser, server_url, DESKTOP, complaints)
    opened.locator(ROW).first.wait_for()
    yield opened
    opened.context.close()
    assert complaints == []


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    """The same on a telephone."""
    complaints: list[str] = []
    opened = _open(browser, server_url, PHONE, complaints)
    opened.locator("ul[aria-label=Pairs] li").first.wait_for()
    yield opened
    opened.context.close()
    assert complaints == []


def _get(page: Page, server_url: str, path: str) -> Any:
    answer = page.request.get(server_url.rstrip("/") + path)
    assert answer.ok, answer.status
    return answer.json()


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]


def _number(text: str) -> float:
    return float(text.replace("\u2212", "-").replace("+", "").replace(",", ""))


def _api_row(page: Page, server_url: str, key: str, timeframe: str) -> dict[str, Any]:
    exchange, symbol = key.split("|")
    rows = _get(page, server_url, f"/api/metrics?tf={timeframe}&limit=1000&exchange={exchange}")
    return next(row for row in rows if row["symbol"] == symbol)


def _shown_equals_api(page: Page, server_url: str, timeframe: str, column: str) -> None:
    """A number on the page is the API's, to its last digit; tries again when a bar closes between."""
    pair: tuple[float | None, float | None] = (None, None)
    for _ in range(TRIES):
        cell = page.locator(f"{ROW} [data-column={column}] [title]:not([class*=cursor-help])").first
        key = cell.locator("xpath=ancestor::*[@role='row']").get_attribute("data-key")
        title = cell.get_attribute("title")
        assert key is not None
        assert title is not None
        told = _api_row(page, server_url, key, timeframe)[column]
        # The digits stand alone in the first line; how they came stands below.
        pair = (_number(title.splitlines()[0]), told)
        if pair[0] == pytest.approx(pair[1], rel=1e-12):
            return
        page.wait_for_timeout(250)
    pytest.fail(f"{column} on the page and in the API: {pair}")


def _values(page: Page, column: str) -> list[float | None]:
    """The cells of a column now in the document, top to bottom; None where no number is shown."""
    titles = page.evaluate(
        """([rows, column]) => [...document.querySelectorAll(rows)]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(`[data-column=${column}] [title]`)?.title ?? "")""",
        [ROW, column],
    )
    first = [title.split("\n")[0] for title in titles]
    return [_number(line) if line[:1].isdigit() else None for line in first]


def test_every_exchange_has_rows(page: Page, server_url: str) -> None:
    settings = _get(page, server_url, "/api/settings")
    for exchange in settings["exchanges"]:
        page.locator(f"fieldset input[value='{exchange}']").check(force=True)
        expect(page.locator(f"[data-key^='{exchange}|']").first).to_be_visible()
        expect(page.locator(f"{ROW}:not([data-key^='{exchange}|'])")).to_have_count(0)


def test_the_table_counts_what_the_api_counts(page: Page, server_url: str) -> None:
    answer = page.request.get(f"{server_url.rstrip('/')}/api/metrics?limit=1")
    total = int(answer.headers["content-range"].split("/")[1])
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(total + 2))


@pytest.mark.parametrize("column", ["global_ls", "oi_delta_pct", "funding"])
def test_a_shown_number_is_the_api_number(page: Page, server_url: str, column: str) -> None:
    timeframe = _get(page, server_url, "/api/settings")["timeframes"][0]
    _shown_equals_api(page, server_url, timeframe, column)


def test_the_timeframe_switch_shows_other_rows(page: Page, server_url: str) -> None:
    second = _get(page, server_url, "/api/settings")["timeframes"][1]
    page.keyboard.press("t")
    expect(page.locator(f"fieldset input[value='{second}']")).to_be_checked()
    page.locator(ROW).first.wait_for()
    _shown_equals_api(page, server_url, second, "global_ls")


def test_sorting_puts_unknown_last_both_ways(page: Page) -> None:
    header = page.get_by_role("columnheader").filter(has=page.get_by_role("button", name="LS global"))
    for direction in ("descending", "ascending"):
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", direction)
        shown = _values(page, "global_ls")
        known = [value for value in shown if value is not None]
        assert known
        assert known == sorted(known, reverse=direction == "descending")
        assert shown[: len(known)] == known


def test_search_is_instant_and_escape_clears_it(page: Page) -> None:
    before = page.get_by_role("table").get_attribute("aria-rowcount")
    page.keyboard.press("/")
    page.keyboard.type("btc")
    expect(page.locator(f"{ROW}:not([data-key*=BTC])")).to_have_count(0)
    expect(page.locator(f"{ROW}[data-key*=BTC]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(before))


def test_a_search_without_result_says_so(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("no such pair")
    page.get_by_role("button", name="Show all pairs").click()
    expect(page.locator(ROW).first).to_be_visible()


def test_the_keyboard_opens_a_row_and_comes_back_to_it(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    focused = page.locator(f"{ROW}:focus")
    expect(focused).to_have_count(1)
    key = focused.get_attribute("data-key") or ""
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2)).to_have_text(key.split("|")[1].split(":")[0])
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.locator(f"{ROW}:focus")).to_have_attribute("data-key", key)


def test_the_drawer_shows_inputs_and_history(page: Page) -> None:
    page.locator(ROW).first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", name="Exact inputs, closed bar")).to_be_visible()
    expect(drawer.get_by_role("img", name="Price, the last")).to_be_visible()
    assert _violations(page) == []


def test_help_lists_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_text("move through the rows")).to_be_visible()
    assert _violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("move through the rows")).to_have_count(0)


def test_the_page_is_accessible_and_tells_its_state(page: Page) -> None:
    assert _violations(page) == []
    expect(page.get_by_text("websocket", exact=True)).to_be_visible()
    expect(page.get_by_text("data age")).to_be_visible()


def test_a_number_tells_when_and_how_it_came(page: Page) -> None:
    cell = page.locator(f"{ROW} [data-column=global_ls] [title]:not([class*=cursor-help])").first
    assert "Closed bar opened" in (cell.get_attribute("title") or "")
    live = page.locator(f"{ROW} [data-column=live_price] [title]:not([class*=cursor-help])").first
    assert "Live, heard" in (live.get_attribute("title") or "")


def test_open_interest_stands_beside_the_market_cap(page: Page, server_url: str) -> None:
    timeframe = _get(page, server_url, "/api/settings")["timeframes"][0]
    # A row has the columns in sight.
    page.get_by_role("table").evaluate("table => { table.scrollLeft = table.scrollWidth; }")
    shown = page.locator(f"{ROW} [data-column=market_cap_usd] [title]:not([class*=cursor-help])").first
    expect(shown).to_be_visible()
    _shown_equals_api(page, server_url, timeframe, "market_cap_usd")
    _shown_equals_api(page, server_url, timeframe, "oi_mcap_pct")


def test_the_exchanges_tell_their_state(page: Page, server_url: str) -> None:
    told = _get(page, server_url, "/health")["exchanges"]
    page.keyboard.press("e")
    panel = page.get_by_role("dialog")
    cards = panel.get_by_role("region")
    expect(cards).to_have_count(len(told))
    for card in cards.all():
        expect(card.get_by_text("Figures come by")).to_be_visible()
        expect(card.get_by_text("Budget used")).to_be_visible()
    expect(panel.get_by_text("Market caps from CoinGecko")).to_be_visible()
    assert _violations(page) == []
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_the_exchanges_panel_fits_a_phone(phone: Page) -> None:
    phone.get_by_role("navigation").get_by_role("button", name="Exchanges").click()
    cards = phone.get_by_role("dialog").get_by_role("region")
    expect(cards.first).to_be_visible()
    for card in cards.all():
        box = card.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert card.evaluate("card => card.scrollWidth <= card.clientWidth")
    assert _violations(phone) == []


def test_a_phone_shows_cards_and_the_alert_list(phone: Page) -> None:
    assert _violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("navigation").get_by_role("button", name="Alerts").click()
    expect(phone.get_by_role("heading", name="Alerts")).to_be_visible()
    assert _violations(phone) == []
