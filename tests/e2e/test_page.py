"""The page in a real browser against a running server (`server_url`): what a reader sees and does."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from support_page import DESKTOP, NUMBER, PHONE, ROW, get, screen, shown_equals_api, values, violations


def test_every_exchange_has_rows(page: Page, server_url: str) -> None:
    settings = get(page, server_url, "/api/settings")
    for exchange in settings["exchanges"]:
        page.locator(f"fieldset input[value='{exchange}']").check(force=True)
        expect(page.locator(f"[data-key^='{exchange}|']").first).to_be_visible()
        expect(page.locator(f"{ROW}:not([data-key^='{exchange}|'])")).to_have_count(0)


def test_the_table_counts_what_the_api_counts(page: Page, server_url: str) -> None:
    answer = page.request.get(f"{server_url.rstrip('/')}/api/metrics?limit=1")
    total = int(answer.headers["content-range"].split("/")[1])
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(total + 2))


# Of each part of the bar that is seen, how far it stands out of the screen or over the next one.
_CROWDED = """() => {
  const parts = [...document.querySelectorAll("header *")].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 1 && node.matches("h1, h1 ~ span, button, input[type=search], fieldset, select, p");
  });
  const boxes = parts.map((node) => [node, node.getBoundingClientRect()]);
  const outside = boxes.filter(([, box]) => box.left < 0 || box.right > innerWidth);
  const along = (from, to, a, b) => a[from] < b[to] - 1 && b[from] < a[to] - 1;
  const meet = (a, b) => along("left", "right", a, b) && along("top", "bottom", a, b);
  const apart = (node, other) => !node.contains(other) && !other.contains(node);
  const over = boxes.filter(([node, a]) => boxes.some(([other, b]) => apart(node, other) && meet(a, b)));
  return [...outside, ...over].map(([node]) => node.outerHTML.slice(0, 80));
}"""


@pytest.mark.parametrize("width", [390, 768, 1024, 1280, 1366, 1440])
def test_the_bar_has_room_for_everything(browser: Browser, server_url: str, width: int) -> None:
    with screen(browser, {"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(server_url)
        expect(page.get_by_role("banner").get_by_text("SIMULATED")).to_be_visible()
        assert page.evaluate(_CROWDED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("column", ["global_ls", "oi_delta_pct", "funding"])
def test_a_shown_number_is_the_api_number(page: Page, server_url: str, column: str) -> None:
    timeframe = get(page, server_url, "/api/settings")["timeframes"][0]
    shown_equals_api(page, server_url, timeframe, column)


def test_the_timeframe_switch_shows_other_rows(page: Page, server_url: str) -> None:
    second = get(page, server_url, "/api/settings")["timeframes"][1]
    page.keyboard.press("t")
    expect(page.locator(f"fieldset input[value='{second}']")).to_be_checked()
    page.locator(ROW).first.wait_for()
    shown_equals_api(page, server_url, second, "global_ls")


def test_sorting_puts_unknown_last_both_ways(page: Page) -> None:
    header = page.get_by_role("columnheader").filter(has=page.get_by_role("button", name="LS global"))
    for direction in ("descending", "ascending"):
        header.get_by_role("button").click()
        expect(header).to_have_attribute("aria-sort", direction)
        shown = values(page, "global_ls")
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


def test_help_lists_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_text("move through the rows")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("move through the rows")).to_have_count(0)


def test_the_page_is_accessible_and_tells_its_state(page: Page) -> None:
    assert violations(page) == []
    expect(page.get_by_text("websocket", exact=True)).to_be_visible()
    expect(page.get_by_text("data age")).to_be_visible()


# A real websocket that a server refuses, as a proxy does that knows none.
REFUSED = """
const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor() { super(`ws://${location.host}/health`); }
};
"""


def test_without_websockets_figures_come_by_long_polling(browser: Browser, server_url: str) -> None:
    with screen(browser, DESKTOP, allowed=("WebSocket connection",)) as context:
        context.add_init_script(REFUSED)
        page = context.new_page()
        with page.expect_response(lambda answer: "transport=polling" in answer.url):
            page.goto(server_url)
        page.locator(ROW).first.wait_for()
        expect(page.get_by_title("figures arrive by long polling")).to_be_visible()
        # A live price is another one with every cycle: what was loaded at first is the API's no longer.
        moved = page.locator(f"{ROW} [data-column=live_price] {NUMBER}").first
        expect(moved).not_to_have_attribute("title", moved.get_attribute("title") or "", timeout=30_000)
        shown_equals_api(
            page, server_url, get(page, server_url, "/api/settings")["timeframes"][0], "live_price"
        )


def test_a_light_page_is_light_before_its_script_has_come(browser: Browser, server_url: str) -> None:
    with screen(browser, DESKTOP, allowed=("ERR_FAILED",)) as context:
        context.add_init_script(
            "if (location.protocol === 'http:') localStorage.setItem('futuresboard.theme', '\"light\"')"
        )
        page = context.new_page()
        page.route("**/assets/*.js", lambda route: route.abort())
        page.goto(server_url)
        assert page.evaluate("document.documentElement.classList.contains('dark')") is False
        red, green, blue = page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
        )
        assert min(red, green, blue) > 200


def test_a_number_tells_when_and_how_it_came(page: Page) -> None:
    cell = page.locator(f"{ROW} [data-column=global_ls] {NUMBER}").first
    assert "Closed bar opened" in (cell.get_attribute("title") or "")
    live = page.locator(f"{ROW} [data-column=live_price] {NUMBER}").first
    assert "Live, heard" in (live.get_attribute("title") or "")


def test_open_interest_stands_beside_the_market_cap(page: Page, server_url: str) -> None:
    timeframe = get(page, server_url, "/api/settings")["timeframes"][0]
    # A row has the columns in sight.
    page.get_by_role("table").evaluate("table => { table.scrollLeft = table.scrollWidth; }")
    shown = page.locator(f"{ROW} [data-column=market_cap_usd] {NUMBER}").first
    expect(shown).to_be_visible()
    shown_equals_api(page, server_url, timeframe, "market_cap_usd")
    shown_equals_api(page, server_url, timeframe, "oi_mcap_pct")


def test_a_phone_shows_cards_and_the_alert_list(phone: Page) -> None:
    assert violations(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("navigation").get_by_role("button", name="Alerts").click()
    expect(phone.get_by_role("heading", name="Alerts")).to_be_visible()
    assert violations(phone) == []
