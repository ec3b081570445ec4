"""The market views and the strip of key figures in a real browser, against a running server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support_page import DESKTOP, NUMBER, PHONE, ROW, TRIES, get, number, violations

TABS = ("correlation", "compare", "funding", "movers")
THEMES = ("dark", "light")


def _show(page: Page, server_url: str, tab: str) -> None:
    page.goto(f"{server_url.rstrip('/')}/?view=markets&tab={tab}")
    page.get_by_role("tabpanel").get_by_role("table").first.wait_for()


def _show_correlations(page: Page, server_url: str) -> None:
    """Of a window that the demo's history fills."""
    _show(page, server_url, "correlation")
    with page.expect_response(lambda answer: "window=6h" in answer.url):
        page.locator("fieldset input[value='6h']").check(force=True)
    expect(page.locator("[data-at='0,1']")).not_to_contain_text("not known")


def _agree(page: Page, shown: Callable[[], float], told: Callable[[], float | None]) -> None:
    """A figure on the page is the API's to its last digit; tries again when a bar closes between."""
    pair: tuple[float | None, float | None] = (None, None)
    for _ in range(TRIES):
        pair = (shown(), told())
        if pair[0] == pytest.approx(pair[1], rel=1e-12):
            return
        page.wait_for_timeout(500)
    pytest.fail(f"on the page and in the API: {pair}")


def _exact(cell: Locator) -> float:
    """The number a cell's tooltip begins with: all its digits."""
    title = cell.get_attribute("title")
    assert title is not None
    return number(title.splitlines()[0].split(": ")[-1])


def _first_known(page: Page, column: str) -> tuple[str, float]:
    """Row and exact value of the first number of a grid's column."""
    cell = page.locator(f"{ROW} [data-column='{column}'] {NUMBER}").first
    key = cell.locator("xpath=ancestor::*[@role='row']").get_attribute("data-key")
    assert key is not None
    return key, _exact(cell)


def _row(page: Page, server_url: str, key: str) -> dict[str, Any]:
    exchange, symbol = key.split("|")
    rows = get(page, server_url, f"/api/metrics?limit=1000&exchange={exchange}")
    return next(row for row in rows if row["symbol"] == symbol)


def _is_inside(page: Page, viewport: dict[str, int]) -> None:
    """Nothing stands out sideways; what is wider scrolls in a box of its own."""
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    panel = page.get_by_role("tabpanel").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= viewport["width"]


def test_correlations_are_the_servers(page: Page, server_url: str) -> None:
    _show_correlations(page, server_url)
    square = page.locator("[data-at='0,1']")

    def told() -> float | None:
        found = get(page, server_url, "/api/corr?top=20&window=6h")
        names = (square.get_attribute("title") or "").split(": ")[0].split(" × ")
        at = [[symbol.split("/")[0] for symbol in found["symbols"]].index(name) for name in names]
        r: float | None = found["r"][at[0]][at[1]]
        return r

    _agree(page, lambda: _exact(square), told)
    found = get(page, server_url, "/api/corr?top=20&window=6h")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(len(found["symbols"]) + 2)
    expect(page.locator("[data-at] .sr-only", has_text="flagged")).to_have_count(2 * len(found["flagged"]))


def test_a_square_opens_the_charts_of_its_pairs(page: Page, server_url: str) -> None:
    _show_correlations(page, server_url)
    page.locator("[data-at='0,1']").focus()
    page.keyboard.press("ArrowDown")
    square = page.locator("[data-at='2,1']")
    expect(square).to_be_focused()
    first, second = (square.get_attribute("title") or "").split(": ")[0].split(" × ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(first)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-at]:focus")).to_have_count(1)
    page.get_by_role("button", name=f"Open {second} on").click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(second)


def test_levels_come_with_a_warning(page: Page, server_url: str) -> None:
    _show(page, server_url, "correlation")
    with page.expect_response(lambda answer: "on=levels" in answer.url) as asked:
        page.locator("fieldset input[value=levels]").check(force=True)
    assert asked.value.ok
    expect(page.get_by_text("independent random walks")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("column", ["weighted_oi", "change", "furthest"])
def test_the_comparison_is_the_servers(page: Page, server_url: str, column: str) -> None:
    _show(page, server_url, "compare")

    def told() -> float | None:
        base, _ = _first_known(page, column)
        coin = get(page, server_url, f"/api/weighted-oi?base={base}")[0]
        value: float | None
        if column == "furthest":
            known = [one["divergence"] for one in coin["exchanges"] if one["divergence"] is not None]
            value = max(known, key=abs)
        else:
            value = coin[{"weighted_oi": "weighted_oi", "change": "global_oi_change_pct"}[column]]
        return value

    _agree(page, lambda: _first_known(page, column)[1], told)


def test_the_comparison_is_searched_sorted_and_opens_the_pair_of_an_exchange(
    page: Page, server_url: str
) -> None:
    _show(page, server_url, "compare")
    page.keyboard.press("/")
    page.keyboard.type("btc")
    expect(page.locator(ROW)).to_have_count(1)
    page.keyboard.press("Escape")
    header = page.get_by_role("columnheader").filter(has=page.get_by_role("button", name="Weighted"))
    expect(header).to_have_attribute("aria-sort", "descending")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    cell = page.locator(f"{ROW} [data-column='okx.oi'][data-target]").first
    pair = cell.get_attribute("data-target") or ""
    cell.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_contain_text(
        pair.split("|")[1].split("/")[0]
    )


@pytest.mark.parametrize(("per", "hours"), [("8h", 8.0), ("year", 365 * 24.0), ("interval", None)])
def test_funding_is_the_servers(page: Page, server_url: str, per: str, hours: float | None) -> None:
    _show(page, server_url, "funding")
    page.locator(f"fieldset input[value='{per}']").check(force=True)

    def told() -> float | None:
        row = _row(page, server_url, _first_known(page, "settled")[0])
        interval = row["funding_interval_h"]
        return float(row["funding"] * 100 * (hours or interval) / interval)

    _agree(page, lambda: _first_known(page, "settled")[1], told)
    expect(page.locator(f"{ROW} [data-column=next]").first).to_contain_text(":")


def test_movers_are_the_servers(page: Page, server_url: str) -> None:
    _show(page, server_url, "movers")
    for choice, column in (("oi1h", "oi_change_1h_pct"), ("oi4h", "oi_change_4h_pct"), ("z", "z_score")):
        page.locator(f"fieldset input[value='{choice}']").check(force=True)
        cell = page.get_by_role("region", name="▲ Up", exact=True).locator("td[data-key]").first

        def told(cell: Locator = cell, column: str = column) -> float | None:
            value: float | None = _row(page, server_url, cell.get_attribute("data-key") or "")[column]
            return value

        # Live changes move with every cycle; the list is renewed every ten seconds.
        _agree(page, lambda cell=cell: _exact(cell.locator("[title]")), told)  # type: ignore[misc]


def test_the_tab_is_in_the_address_and_outlives_an_open_pair(page: Page, server_url: str) -> None:
    _show(page, server_url, "funding")
    page.locator(ROW).first.click()
    # The dialog's own box is empty: what is in it is seen.
    expect(page.get_by_role("dialog").get_by_role("heading").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("tab", name="Funding")).to_have_attribute("aria-selected", "true")
    page.wait_for_url("**tab=funding**")
    page.reload()
    expect(page.get_by_role("tab", name="Funding")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("tab", TABS)
def test_a_desktop_shows_it_whole_in_both_themes(page: Page, server_url: str, tab: str) -> None:
    for theme in THEMES:
        page.evaluate("theme => localStorage.setItem('futuresboard.theme', JSON.stringify(theme))", theme)
        _show(page, server_url, tab)
        _is_inside(page, DESKTOP)
        assert violations(page) == []


@pytest.mark.parametrize("tab", TABS)
def test_a_phone_scrolls_it_in_its_own_box(phone: Page, server_url: str, tab: str) -> None:
    _show(phone, server_url, tab)
    _is_inside(phone, PHONE)
    assert violations(phone) == []
    # The first column stays when the table is moved sideways.
    first = phone.get_by_role("rowheader").first
    before = first.bounding_box()
    first.evaluate(
        """(cell) => {
            let box = cell;
            while (box && box.scrollWidth <= box.clientWidth + 1) box = box.parentElement;
            while (box && getComputedStyle(box).overflowX === "visible") box = box.parentElement;
            box.scrollLeft = 10_000;
        }"""
    )
    after = first.bounding_box()
    assert before is not None
    assert after is not None
    assert 0 <= after["x"] <= before["x"]


def test_the_strip_counts_and_weighs_as_the_api_does(page: Page, server_url: str) -> None:
    strip = page.get_by_role("region", name="Overview")
    answer = page.request.get(f"{server_url.rstrip('/')}/api/metrics?limit=1")
    total = int(answer.headers["content-range"].split("/")[1])
    expect(strip).to_contain_text(f"of {total}")
    weighted = strip.locator("div", has_text="Weighted OI").last

    def told() -> float:
        coins = get(page, server_url, "/api/weighted-oi")
        return float(f"{sum(coin['weighted_oi'] or 0 for coin in coins) / 1e9:.4g}")

    expect(weighted.locator("p").nth(1)).to_contain_text("B")
    figure = strip.locator("div[title*='Σ volume'] > div > p")
    _agree(page, lambda: number(figure.inner_text().removesuffix("B")), told)
    mood = strip.locator("div[title^='Mean of the global'] > div > p")

    def mean() -> float:
        rows = get(page, server_url, "/api/metrics?limit=1000")
        known = [row["global_ls"] for row in rows if row["global_ls"] is not None]
        return float(round(sum(known) / len(known), 2))

    _agree(page, lambda: number(mood.inner_text()), mean)
