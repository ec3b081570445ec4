"""The screener in a real browser: columns, sort, filter, views, watchlists, export, keys, a phone's cards."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from futuresboard.rules import ROWS, compile
from futuresboard.rules.newest import matching
from support_page import CARD, NUMBER, PHONE, ROW, number, screen, violations

TRIES = 40


@pytest.fixture
def phone(browser: Browser, server_url: str) -> Iterator[Page]:
    """A telephone, by touch."""
    with screen(browser, PHONE, has_touch=True, is_mobile=True) as context:
        opened = context.new_page()
        opened.goto(server_url)
        opened.locator(CARD).first.wait_for()
        yield opened


def _rows(page: Page, server_url: str, timeframe: str = "5m") -> list[dict[str, Any]]:
    answer = page.request.get(f"{server_url.rstrip('/')}/api/metrics?tf={timeframe}&limit=1000")
    assert answer.ok
    rows: list[dict[str, Any]] = answer.json()
    return rows


def _key(row: dict[str, Any]) -> str:
    return f"{row['exchange']}|{row['symbol']}"


def _row(page: Page, server_url: str, key: str) -> dict[str, Any]:
    return next(row for row in _rows(page, server_url) if _key(row) == key)


def _until(page: Page, true: Callable[[], bool], what: Callable[[], object]) -> None:
    """Figures move while a test looks: it looks again, a few times."""
    for _ in range(TRIES):
        if true():
            return
        page.wait_for_timeout(250)
    pytest.fail(str(what()))


def _shown_equals_api(page: Page, server_url: str, scope: str, column: str) -> None:
    """A number in sight is the API's, to its last digit."""
    seen: list[object] = []

    def same() -> bool:
        cell = page.locator(f"{scope} [data-column={column}] {NUMBER}").first
        title = cell.get_attribute("title") or ""
        key = cell.locator("xpath=ancestor::*[@data-key]").get_attribute("data-key") or ""
        told = _row(page, server_url, key)[column]
        seen[:] = [title.splitlines()[0], told]
        return number(title.splitlines()[0]) == pytest.approx(told, rel=1e-12)

    _until(page, same, lambda: f"{column} on the page and in the API: {seen}")


def _headings(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('[data-heading]')].map((one) => one.dataset.heading)"
    )
    return found


def _count(page: Page) -> int:
    return int(page.get_by_role("table").get_attribute("aria-rowcount") or "") - 2


def _keys(page: Page) -> list[str]:
    """The pairs in the document, top to bottom."""
    found: list[str] = page.evaluate(
        """(rows) => [...document.querySelectorAll(rows)]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.dataset.key)""",
        ROW,
    )
    return found


def _filter(page: Page, text: str) -> Locator:
    field = page.get_by_role("combobox", name="Filter by a condition")
    if not field.is_visible():
        page.get_by_role("button", name="Filter by a condition").click()
    field.fill(text)
    return field


def _holds(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The rows for which the server says that a filter holds."""
    found = matching(compile(text, ROWS), rows)
    return [row for row, held in zip(rows, found.tolist(), strict=True) if held]


def _panel(page: Page, key: str, name: str) -> Locator:
    page.keyboard.press(key)
    panel = page.get_by_role("dialog", name=name)
    expect(panel).to_be_visible()
    return panel


# Columns, order, density


def test_a_column_is_found_shown_remembered_and_reset(page: Page, server_url: str) -> None:
    before = _headings(page)
    assert "taker_buy" not in before
    panel = _panel(page, "c", "Columns")
    panel.get_by_role("searchbox").fill("taker buy")
    panel.get_by_role("checkbox", name="Taker buy").check()
    panel.get_by_role("searchbox").fill("")
    assert _headings(page) == [*before, "taker_buy"]
    page.keyboard.press("Escape")
    page.reload()
    page.locator(ROW).first.wait_for()
    assert _headings(page) == [*before, "taker_buy"]
    page.get_by_role("table").evaluate("table => { table.scrollLeft = 9999; }")
    _shown_equals_api(page, server_url, ROW, "taker_buy")
    _panel(page, "c", "Columns").get_by_role("button", name="Reset").click()
    assert _headings(page) == before


def test_every_column_of_the_chooser_can_be_shown(page: Page) -> None:
    panel = _panel(page, "c", "Columns")
    hidden = panel.get_by_role("list", name="Hidden columns").get_by_role("checkbox")
    while hidden.count() > 0:
        hidden.first.click()
    ids = _headings(page)
    assert len(ids) == len(set(ids))
    for one in (
        "open",
        "quote_volume",
        "oi_contracts",
        "z_raw",
        "ls_delta_pct",
        "funding_next",
        "listed_ts",
        "guarded",
        "source",
    ):
        assert one in ids
    page.keyboard.press("Escape")
    # Only those in sight exist in a row; every heading is there for the keyboard.
    assert page.locator(f"{ROW} >> nth=0").locator("[data-column]").count() < len(ids)
    page.locator("[data-heading=listed_ts]").focus()
    expect(page.locator(f"{ROW} [data-column=listed_ts]").first).to_be_visible()


def test_columns_are_ordered_by_the_keyboard_and_by_dragging(page: Page) -> None:
    panel = _panel(page, "c", "Columns")
    panel.get_by_role("checkbox", name="Z σ").focus()
    page.keyboard.press("Alt+ArrowUp")
    assert _headings(page)[1:4] == ["live_price", "z_score", "price_change_24h_pct"]
    expect(panel.get_by_role("checkbox", name="Z σ")).to_be_focused()
    shown = panel.get_by_role("list", name="Shown columns, in order")
    shown.locator("[data-id=tiers]").drag_to(shown.locator("[data-id=live_price]"))
    assert _headings(page)[1:3] == ["tiers", "live_price"]


def test_rows_are_denser_when_asked_for(page: Page) -> None:
    _panel(page, "c", "Columns").locator("input[value=compact]").check(force=True)
    expect(page.locator(ROW).first).to_have_css("height", "25px")


def test_a_heading_tells_what_the_column_means(page: Page, server_url: str) -> None:
    settings = page.request.get(f"{server_url.rstrip('/')}/api/settings").json()
    doc = next(metric["doc"] for metric in settings["catalog"]["metrics"] if metric["name"] == "rsi")
    page.locator("[data-heading=rsi]").focus()
    page.keyboard.press("m")
    menu = page.get_by_role("dialog", name="Column RSI")
    expect(menu.get_by_text(doc[:60])).to_be_visible()
    assert violations(page) == []
    menu.get_by_role("button", name="Hide this column").click()
    assert "rsi" not in _headings(page)


# Sort


def test_several_columns_sort_and_the_first_decides(page: Page, server_url: str) -> None:
    page.locator("[data-heading=confluence]").click()
    page.locator("[data-heading=rsi]").click(modifiers=["Shift"])
    expect(page.get_by_role("columnheader").filter(has=page.locator("[data-heading=rsi]"))).to_have_attribute(
        "aria-sort", "descending"
    )

    def ordered() -> bool:
        known = {_key(row): row for row in _rows(page, server_url)}
        pairs = [(known[key]["confluence"], known[key]["rsi"]) for key in _keys(page)]
        ranks = [(-1.0 if k is None else k, -1.0 if rsi is None else rsi) for k, rsi in pairs]
        return len(ranks) > 10 and ranks == sorted(ranks, reverse=True)

    _until(page, ordered, lambda: _keys(page))


def test_the_sort_is_set_without_a_mouse_and_kept(page: Page) -> None:
    panel = _panel(page, "c", "Columns")
    panel.get_by_label("Sort by a further column").select_option("rsi")
    panel.get_by_role("button", name="Z: largest first, turn").press("Enter")
    panel.get_by_role("button", name="Do not sort by RSI").press("Enter")
    page.reload()
    page.locator(ROW).first.wait_for()
    expect(
        page.get_by_role("columnheader").filter(has=page.locator("[data-heading=z_score]"))
    ).to_have_attribute("aria-sort", "ascending")


# Filter


def test_a_condition_leaves_the_pairs_that_the_server_would(page: Page, server_url: str) -> None:
    text = "rsi > 50 and funding >= 0 and oi_base > 1k"
    _filter(page, text)
    expect(page).to_have_url(re.compile("filter=rsi"))
    _until(page, lambda: _count(page) == len(_holds(_rows(page, server_url), text)), lambda: _count(page))
    assert set(_keys(page)) <= {_key(row) for row in _holds(_rows(page, server_url), text)}
    # A row has the columns in sight.
    page.locator("[data-heading=rsi]").scroll_into_view_if_needed()
    _shown_equals_api(page, server_url, ROW, "rsi")


def test_unknown_never_matches_and_is_counted(page: Page, server_url: str) -> None:
    _filter(page, "imbalance < 1000")

    def counted() -> bool:
        unknown = sum(row["imbalance"] is None for row in _rows(page, server_url))
        assert unknown > 0
        return page.get_by_text(f"{unknown} unknown").count() == 1

    _until(page, counted, lambda: page.locator("[aria-live=polite]").all_inner_texts())


def test_what_is_wrong_is_marked_and_the_filter_before_holds(page: Page) -> None:
    field = _filter(page, "rsi > 50")
    expect(page).to_have_url(re.compile("filter="))
    url = page.url
    field.fill("rsi > 50 and fundng < 0")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("At character 14: fundng cannot stand here.").first).to_be_visible()
    expect(page.locator(".decoration-wavy")).to_have_text("fundng")
    assert violations(page) == []
    page.wait_for_timeout(300)
    assert page.url == url


def test_names_are_completed(page: Page) -> None:
    field = _filter(page, "")
    field.press_sequentially("fundi")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_contain_text("funding")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("funding ")
    field.press_sequentially("< 0.01")
    expect(options.last).to_contain_text("%")
    page.keyboard.press("Enter")
    expect(field).to_have_value("funding < 0.01")


def test_rows_of_a_form_write_the_same_text(page: Page) -> None:
    field = _filter(page, "")
    page.get_by_role("button", name="Add a condition").click()
    expect(field).to_have_value("z > 0")
    page.get_by_label("Column", exact=True).select_option("exchange")
    page.get_by_label("Value of exchange").select_option("okx")
    expect(field).to_have_value('exchange = "okx"')
    expect(page.locator(f"{ROW}:not([data-key^='okx|'])")).to_have_count(0)
    field.fill("rsi > 60 and not tier_4")
    expect(page.get_by_label("Value of rsi")).to_have_value("60")
    page.get_by_label("Value of rsi").fill("40")
    page.get_by_label("Value of rsi").press("Enter")
    expect(field).to_have_value("rsi > 40 and not tier_4")
    page.get_by_role("button", name="Remove the condition on tier_4").click()
    expect(field).to_have_value("rsi > 40")
    field.fill("rsi > 60 or z > 1")
    expect(page.get_by_text("says more than rows can")).to_be_visible()


def test_a_link_brings_its_filter_and_a_wrong_one_says_so(page: Page, server_url: str) -> None:
    page.goto(f"{server_url.rstrip('/')}/?filter=exchange%20%3D%20%22bybit%22")
    page.locator(ROW).first.wait_for()
    expect(page.locator(f"{ROW}:not([data-key^='bybit|'])")).to_have_count(0)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.goto(f"{server_url.rstrip('/')}/?filter=%3Cimg%20src%3Dx%3E")
    page.locator(ROW).first.wait_for()
    expect(page.get_by_role("alert")).to_contain_text("cannot be read, at character 1: <")
    assert page.locator("img[src=x]").count() == 0


def test_a_condition_becomes_an_alert_rule(page: Page, server_url: str) -> None:
    field = _filter(page, "z > 2.25 and live_price > 1")
    page.get_by_role("button", name="Save as alert…").click()
    expect(page.get_by_text("cannot ask for live_price")).to_be_visible()
    field.fill("z > 2.25 and funding < 0")
    page.get_by_label("Name of the alert").fill("Quiet squeeze")
    page.get_by_role("button", name="Save as alert rule").click()
    expect(page.get_by_text(re.compile(r"Rule \d+ is kept"))).to_be_visible()
    rules = page.request.get(f"{server_url.rstrip('/')}/api/rules").json()
    kept = next(rule for rule in rules if rule["name"] == "Quiet squeeze")
    assert kept["expression"] == "z > 2.25 and funding < 0"
    page.request.delete(f"{server_url.rstrip('/')}/api/rules/{kept['id']}")


# Views and watchlists


def test_a_view_is_saved_switched_by_keys_renamed_and_deleted(page: Page) -> None:
    _filter(page, "rsi > 50")
    expect(page).to_have_url(re.compile("filter="))
    page.locator("[data-heading=rsi]").click()
    page.keyboard.press("Escape")
    panel = _panel(page, "v", "Views")
    panel.get_by_label("Name of a new view").fill("Strong")
    panel.get_by_role("button", name="Save as view").click()
    panel.get_by_role("button", name="Default").focus()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("filter="))
    page.reload()
    page.locator(ROW).first.wait_for()
    panel = _panel(page, "v", "Views")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"filter=rsi"))
    expect(page.get_by_role("columnheader").filter(has=page.locator("[data-heading=rsi]"))).to_have_attribute(
        "aria-sort", "descending"
    )
    panel = _panel(page, "v", "Views")
    panel.get_by_label("New name").fill("Stronger")
    panel.get_by_role("button", name="Rename").click()
    expect(panel.get_by_role("button", name="Stronger rsi > 50")).to_be_visible()
    assert violations(page) == []
    panel.get_by_role("button", name="Delete the view Stronger").click()
    expect(panel.get_by_role("list", name="Views").get_by_role("listitem")).to_have_count(1)


def test_views_travel_as_a_file(page: Page, tmp_path: Path) -> None:
    panel = _panel(page, "v", "Views")
    panel.get_by_label("Name of a new view").fill("Mine <b>")
    panel.get_by_role("button", name="Save as view").click()
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save to a file").click()
    file = tmp_path / "views.json"
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8"))["views"][0]["name"] == "Mine <b>"
    panel.get_by_role("button", name="Delete the view Mine <b>").click()
    panel.get_by_label("File with views").set_input_files(file)
    expect(panel.get_by_role("button", name="Mine <b>", exact=True)).to_be_visible()
    file.write_text("{}", encoding="utf-8")
    panel.get_by_label("File with views").set_input_files(file)
    expect(panel.get_by_text("holds no views")).to_be_visible()


def test_stars_make_a_list_that_can_be_shown_alone(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    first = page.locator(f"{ROW}:focus").get_attribute("data-key")
    page.keyboard.press("w")
    page.keyboard.press("ArrowDown")
    second = page.locator(f"{ROW}:focus").get_attribute("data-key")
    page.keyboard.press("s")
    panel = _panel(page, "l", "Watchlists")
    panel.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    expect(page.locator(ROW)).to_have_count(2)
    assert set(_keys(page)) == {first, second}
    page.reload()
    page.locator(ROW).first.wait_for()
    assert set(_keys(page)) == {first, second}
    panel = _panel(page, "l", "Watchlists")
    panel.get_by_label("Name of a list").fill("Second")
    panel.get_by_role("button", name="New list").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all pairs").click()
    star = page.locator(ROW).first.get_by_role("button", name="Watch")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Watchlists: Second, 1 pairs")).to_be_visible()


# Place, tooltips, trails


def _top(row: Locator) -> float:
    box = row.bounding_box()
    assert box is not None
    return box["y"]


def test_timeframe_and_exchange_change_without_losing_the_place(page: Page) -> None:
    # By name: no figure that moves meanwhile moves a row.
    page.locator("[data-heading=symbol]").click()
    page.keyboard.press("End")
    for _ in range(60):
        page.keyboard.press("ArrowUp")
    focused = page.locator(f"{ROW}:focus")
    expect(focused).to_have_count(1)
    key = focused.get_attribute("data-key") or ""
    row = page.locator(f"[data-key='{key}']")
    before = _top(row)
    page.keyboard.press("t")
    expect(page.locator("fieldset input[value='15m']")).to_be_checked()
    expect(focused).to_have_attribute("data-key", key)
    assert abs(_top(row) - before) <= 2
    # Two thirds of the rows go, most of them above it: it stays where it is.
    page.locator(f"fieldset input[value='{key.split('|')[0]}']").check(force=True)
    _until(page, lambda: _count(page) == 45, lambda: _count(page))
    _until(page, lambda: abs(_top(row) - before) <= 2, lambda: (_top(row), before))


def test_the_exact_figure_is_reached_by_keys(page: Page, server_url: str) -> None:
    page.keyboard.press("ArrowDown")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    tip = page.get_by_role("status").filter(has_text="Price, USDT")
    expect(tip).to_contain_text("Live, heard")
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
    key = page.locator(f"{ROW}:focus").get_attribute("data-key") or ""
    tip = page.get_by_role("status").filter(has_text="LS global, ratio")
    expect(tip).to_be_visible()
    assert str(_row(page, server_url, key)["global_ls"])[:6] in tip.inner_text()
    page.keyboard.press("Escape")
    expect(tip).to_have_count(0)
    expect(page.locator(f"{ROW}:focus")).to_have_count(1)


def test_a_trail_is_the_history_of_open_interest(page: Page, server_url: str) -> None:
    cell = page.locator(f"{ROW} [data-column=oi_trail] [role=img]").first
    cell.wait_for()

    def same() -> bool:
        key = cell.locator("xpath=ancestor::*[@data-key]").get_attribute("data-key") or ""
        exchange, symbol = key.split("|")
        answer = page.request.get(
            f"{server_url.rstrip('/')}/api/history",
            params={"exchange": exchange, "symbol": symbol, "tf": "5m", "limit": 24},
        )
        levels = answer.json()["oi_contracts"]
        words = cell.get_attribute("aria-label") or ""
        found = re.search(r"([+\u2212\d.,]+) %", words)
        told = (levels[-1] - levels[0]) / levels[0] * 100
        return found is not None and abs(number(found.group(1)) - told) <= 0.0051

    _until(page, same, lambda: cell.get_attribute("aria-label"))


def test_help_lists_the_keys_of_the_screener(page: Page) -> None:
    page.keyboard.press("?")
    for words in (
        "put the row on the watchlist",
        "filter by a condition",
        "columns, their order",
        "export what is shown",
    ):
        expect(page.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_panel_is_accessible(page: Page, theme: str) -> None:
    page.evaluate("theme => localStorage.setItem('futuresboard.theme', JSON.stringify(theme))", theme)
    page.reload()
    page.locator(ROW).first.wait_for()
    assert violations(page) == []
    for key, name in (("c", "Columns"), ("v", "Views"), ("l", "Watchlists"), ("x", "Export")):
        _panel(page, key, name)
        assert violations(page) == []
        page.keyboard.press("Escape")
    _filter(page, "z > 0 and exchange = ")
    assert violations(page) == []


# Export


def _exported(page: Page, word: str) -> bytes:
    panel = _panel(page, "x", "Export")
    with page.expect_download() as download:
        panel.get_by_role("button", name=word).click()
    content = Path(download.value.path()).read_bytes()
    page.keyboard.press("Escape")
    return content


@pytest.mark.parametrize("prepare", ["condition", "watchlist", "tiers"])
def test_a_file_holds_exactly_what_is_shown(page: Page, server_url: str, prepare: str) -> None:
    if prepare == "condition":
        _filter(page, "rsi > 45 and oi_base > 1")
        expect(page).to_have_url(re.compile("filter="))
    elif prepare == "watchlist":
        for _ in range(3):
            page.keyboard.press("ArrowDown")
            page.keyboard.press("w")
        _panel(page, "l", "Watchlists").get_by_role("checkbox").check()
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Tiers", exact=True).click()
    page.locator("[data-heading=rsi]").click()
    columns = _headings(page)

    def same() -> bool:
        rows = list(csv.DictReader(io.StringIO(_exported(page, "Download CSV").decode("utf-8"))))
        assert list(rows[0])[:4] == ["exchange", "symbol", "live_price", "price_change_24h_pct"]
        assert "rsi" in columns
        shown = _keys(page)
        written = [f"{row['exchange']}|{row['symbol']}" for row in rows]
        known = {_key(row): row for row in _rows(page, server_url)}
        figures = all(
            row["rsi"] == "" or float(row["rsi"]) == known[key]["rsi"]
            for key, row in zip(written, rows, strict=True)
        )
        return len(written) == _count(page) and written[: len(shown)] == shown and figures

    _until(page, same, lambda: _keys(page))


def test_parquet_too_and_a_refusal_is_shown(page: Page) -> None:
    assert _exported(page, "Download Parquet")[:4] == b"PAR1"


# The phone


def test_a_card_shows_the_api_and_can_be_starred(phone: Page, server_url: str) -> None:
    _shown_equals_api(phone, server_url, CARD, "global_ls")
    star = phone.get_by_role("button", name=re.compile("^Watch .+ on ")).first
    star.tap()
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(phone.get_by_role("dialog")).to_have_count(0)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(phone) == []


def test_nothing_of_a_card_is_cut(phone: Page) -> None:
    cut = phone.evaluate(
        """[...document.querySelectorAll('ul[aria-label=Pairs] li [data-column]')].filter((fact) => {
            const card = fact.closest('li').getBoundingClientRect();
            const box = fact.getBoundingClientRect();
            const outside = box.right > card.right + 1 || box.left < card.left - 1;
            return outside || fact.scrollWidth > fact.clientWidth + 8;
        }).map((fact) => fact.outerHTML.slice(0, 200))"""
    )
    assert cut == []


def test_a_phone_sorts_and_filters_in_a_sheet(phone: Page, server_url: str) -> None:
    phone.get_by_role("button", name="Sort, filter and views").tap()
    sheet = phone.get_by_role("dialog", name="Sort, filter and views")
    expect(sheet).to_be_visible()
    assert violations(phone) == []
    assert sheet.evaluate("sheet => sheet.scrollWidth <= sheet.clientWidth")
    sheet.get_by_role("button", name="Do not sort by Z").tap()
    sheet.get_by_label("Sort by a further column").select_option("rsi")
    sheet.get_by_role("combobox", name="Filter by a condition").fill('exchange = "okx" and rsi > 0')
    expect(phone).to_have_url(re.compile("filter="))
    sheet.get_by_role("button", name="Done").tap()
    expect(phone.get_by_role("dialog")).to_have_count(0)

    def ordered() -> bool:
        best = max(
            (row for row in _rows(phone, server_url) if row["exchange"] == "okx"),
            key=lambda row: row["rsi"] or -1,
        )
        first = phone.locator(f"{CARD}[data-key]").first
        return first.get_attribute("data-key") == _key(best)

    _until(phone, ordered, lambda: "the first card")


def test_a_long_touch_tells_the_exact_figure(phone: Page) -> None:
    phone.locator(f"{CARD} [data-column=z_score]").first.evaluate(
        """fact => fact.dispatchEvent(
            new PointerEvent('pointerdown', {bubbles: true, pointerType: 'touch', clientX: 5, clientY: 5})
        )"""
    )
    expect(phone.get_by_role("status").filter(has_text="Z, σ")).to_contain_text("Closed bar opened")


def test_the_chips_of_a_phone_scroll(phone: Page) -> None:
    chips = phone.get_by_role("group", name="Filters")
    assert chips.evaluate("chips => chips.scrollWidth > chips.clientWidth")
    chips.get_by_role("button", name="Funding off default").tap()
    expect(phone).to_have_url(re.compile("chip=funding"))
