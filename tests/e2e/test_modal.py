"""The pair modal in a real browser: opening it, what its charts say, and what leaves it as a file."""

from __future__ import annotations

import base64
import csv
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Download, Locator, Page, Route, expect

from support_page import DESKTOP, PHONE, ROW, get, screen, violations
from support_system import ROOT, environment, free_port, running

PAIRS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "BNB")
BARS = 800
STEP_MS = 300_000
NAMES = {"binanceusdm": "Binance", "bybit": "Bybit", "okx": "OKX"}
FOCUSED = f"{ROW}:focus"


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo of a few pairs with more bars than the chart reads at first."""
    if not (ROOT / "frontend" / "dist" / "index.html").exists():
        pytest.skip("frontend/dist is missing (make install builds it): the page is not tested")
    folder: Path = tmp_path_factory.mktemp("modal")
    env = environment(
        folder,
        PORT=str(free_port()),
        SYMBOLS=",".join(PAIRS),
        HISTORY_BARS=str(BARS),
        INTERVAL="5",
        BINANCEUSDM_URL="",
        BYBIT_URL="",
        OKX_URL="",
        COINGECKO_URL="",
    )
    with running(["serve", "--demo"], env, folder) as product:
        product.until(product.warm, 240, "warm")
        product.until(lambda: len(product.rows("15m")) == 3 * len(PAIRS), 60, "complete")
        yield product.url


def _history(
    page: Page, url: str, series: tuple[str, str], limit: int = BARS, **query: object
) -> dict[str, list[Any]]:
    exchange, symbol = series
    more = "".join(f"&{name}={value}" for name, value in query.items())
    told = get(page, url, f"/api/history?exchange={exchange}&symbol={symbol}&tf=5m&limit={limit}{more}")
    assert isinstance(told, dict)
    return told


BTC = ("okx", "BTC/USDT:USDT")


def _link(url: str, series: tuple[str, str] = BTC, **more: object) -> str:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{url.rstrip('/')}/?tf=5m&pair={series[0]}|{series[1]}{extra}"


def _dialog(page: Page) -> Locator:
    """The modal with its chart drawn; Headless UI's dialog itself has no size."""
    page.locator("[role=dialog] canvas").first.wait_for()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-pane=price] time")).to_be_visible()
    return dialog


@pytest.fixture
def modal(browser: Browser, server_url: str) -> Iterator[Page]:
    """A page opened by a link to a pair."""
    with screen(browser, DESKTOP, accept_downloads=True) as context:
        opened = context.new_page()
        opened.goto(_link(server_url))
        _dialog(opened)
        yield opened


def _point(page: Page, share: float) -> int:
    """Moves the pointer to that share of the chart's width; the open time of the bar there."""
    box = page.locator("[role=dialog] [role=region]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + 150)
    # The legend speaks of the bar under the pointer with the next frame.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return int(page.locator("[data-pane=price] time").get_attribute("data-ts") or 0)


def _legend(page: Page, pane: str, column: str) -> float | None:
    found = page.locator(f"[data-pane={pane}] [data-column={column}]").get_attribute("data-value")
    return None if found is None else float(found)


def _save(page: Page, button: str) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("dialog").get_by_role("button", name=button).click()
    download: Download = waiting.value
    return Path(download.path())


def _pick(page: Page, label: str) -> None:
    page.get_by_role("dialog").locator("fieldset label").filter(has_text=label).first.click()


def test_a_click_opens_a_row_and_escape_gives_the_focus_back(page: Page) -> None:
    row = page.locator(ROW).first
    key = row.get_attribute("data-key") or ""
    row.click()
    expect(_dialog(page).get_by_role("heading", level=2)).to_have_text(key.split("|")[1].split(":")[0])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(FOCUSED)).to_have_attribute("data-key", key)


def test_the_keyboard_opens_and_closes_and_comes_back(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    key = page.locator(FOCUSED).get_attribute("data-key") or ""
    page.keyboard.press("Enter")
    expect(_dialog(page).get_by_role("heading", level=2)).to_have_text(key.split("|")[1].split(":")[0])
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(FOCUSED)).to_have_attribute("data-key", key)


def test_the_next_pair_begins_at_its_newest_bars(modal: Page, server_url: str) -> None:
    """The chart of the pair before is used again; nothing of that pair is left in it."""
    first = modal.locator("[role=dialog] canvas").count()
    start = _point(modal, 0.1)
    back = _history(modal, server_url, BTC)["ts"][-1] - start
    modal.mouse.wheel(-1500, 0)
    modal.mouse.wheel(0, -600)
    assert _point(modal, 0.1) != start
    modal.keyboard.press("Escape")
    expect(modal.get_by_role("dialog")).to_have_count(0)
    eth = ("binanceusdm", "ETH/USDT:USDT")
    modal.locator(f"{ROW}[data-key='{eth[0]}|{eth[1]}']").click()
    _dialog(modal)
    told = _history(modal, server_url, eth)
    assert told["ts"][-1] - _point(modal, 0.1) == back
    assert modal.locator("[role=dialog] canvas").count() == first
    for share in (0.3, 0.8):
        slot = told["ts"].index(_point(modal, share))
        assert _legend(modal, "price", "close") == told["close"][slot]
        assert _legend(modal, "oi", "oi_abs_usd") == told["oi_abs_usd"][slot]
    # One chart waits while none is open; more would only grow.
    for _ in range(2):
        modal.keyboard.press("Escape")
        expect(modal.get_by_role("dialog")).to_have_count(0)
        assert modal.locator("canvas").count() == first
        modal.locator(ROW).first.click()
        _dialog(modal)


def test_a_focus_without_a_row_falls_back_to_the_table(page: Page, server_url: str) -> None:
    page.goto(_link(server_url, q="eth"))
    _dialog(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("table")).to_be_focused()


def test_a_link_leads_to_its_bar_however_old(page: Page, server_url: str) -> None:
    at = _history(page, server_url, BTC)["ts"][60]
    page.goto(_link(server_url, at=at))
    _dialog(page)
    # The bar stands in the middle of the chart: the crosshair there is at it, or within a bar.
    expect(page.get_by_text("not among the bars")).to_have_count(0)
    page.wait_for_function("() => performance.getEntriesByName('candles:drawn').length > 0")
    for _ in range(40):
        if abs(_point(page, 0.475) - at) <= 12 * STEP_MS:
            return
        page.wait_for_timeout(100)
    pytest.fail("the chart did not go to the bar of the link")


def test_a_link_to_no_bar_says_so(page: Page, server_url: str) -> None:
    page.goto(_link(server_url, at=1_600_000_000_000))
    _dialog(page)
    expect(page.get_by_text("The bar of the link is not among the bars")).to_be_visible()


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_every_legend_is_the_api_at_the_crosshair(modal: Page, server_url: str, share: float) -> None:
    ts = _point(modal, share)
    told = _history(modal, server_url, BTC)
    slot = told["ts"].index(ts)
    assert slot < len(told["ts"]) - 1
    shown = {
        "price": "close",
        "oi": "oi_abs_usd",
        "oi_delta": "oi_delta_pct",
        "global_ls": "global_ls",
        "top_ls": "top_ls",
        "imbalance": "imbalance",
        "cvd": "cvd",
        "rsi": "rsi",
        "z": "z_score",
        "funding": "funding",
    }
    assert {pane: _legend(modal, pane, column) for pane, column in shown.items()} == {
        pane: told[column][slot] for pane, column in shown.items()
    }


def test_a_pane_can_be_hidden_and_stays_so(modal: Page, server_url: str) -> None:
    legend = modal.locator("[data-pane=rsi]")
    expect(legend).to_be_visible()
    modal.get_by_text("Panes", exact=True).click()
    modal.get_by_role("dialog").get_by_role("listitem").filter(has_text="RSI 14").get_by_role(
        "checkbox"
    ).uncheck()
    expect(legend).to_have_count(0)
    modal.goto(_link(server_url))
    _dialog(modal)
    expect(modal.locator("[data-pane=z]")).to_be_visible()
    expect(legend).to_have_count(0)


def test_panes_move_and_keep_their_order(modal: Page, server_url: str) -> None:
    def order() -> list[str]:
        tops = modal.evaluate(
            "[...document.querySelectorAll('[data-pane]')].map((pane) => [pane.dataset.pane, pane.offsetTop])"
        )
        return [name for name, _ in sorted(tops, key=lambda pane: pane[1])]

    expect(modal.locator("[data-pane=funding]")).to_be_visible()
    assert order()[1:3] == ["oi", "oi_delta"]
    modal.locator("[data-pane=oi_delta]").hover()
    modal.get_by_role("button", name="Move OI Δ up").click()
    modal.wait_for_function(
        """() => document.querySelector('[data-pane=oi_delta]').offsetTop <
            document.querySelector('[data-pane=oi]').offsetTop"""
    )
    modal.goto(_link(server_url))
    _dialog(modal)
    expect(modal.locator("[data-pane=funding]")).to_be_visible()
    assert order()[1:3] == ["oi_delta", "oi"]


def test_overlays_are_the_api_values(modal: Page, server_url: str) -> None:
    for name in ("Bollinger", "OBV", "MACD", "ATR"):
        _pick(modal, name)
    expect(modal.locator("[data-pane=atr] [data-value]")).to_have_count(1)
    ts = _point(modal, 0.6)
    # OBV counts from the first bar that is loaded: ask for as many.
    told = _history(modal, server_url, BTC, 500, overlays="bollinger,obv,macd,atr")
    slot = told["ts"].index(ts)
    for pane, column in (("price", "bollinger_upper"), ("macd", "macd_signal"), ("atr", "atr")):
        assert _legend(modal, pane, column) == pytest.approx(told[column][slot], rel=1e-9)
    assert modal.locator("[data-pane=obv] [data-value]").count() == 1


def test_the_exchange_switch_keeps_the_view(modal: Page, server_url: str) -> None:
    _pick(modal, "Bybit")
    expect(modal.locator("[data-pane=price] time")).to_be_visible()
    modal.wait_for_function("() => new URLSearchParams(location.search).get('pair').startsWith('bybit|')")
    ts = _point(modal, 0.5)
    other = ("bybit", "BTC/USDT:USDT")
    told = _history(modal, server_url, other)
    expect(modal.locator("[data-pane=price] [data-column=close]")).to_have_attribute(
        "data-value", str(told["close"][told["ts"].index(ts)]).removesuffix(".0")
    )
    assert "tf=5m" in modal.url


def test_the_wheel_leads_back_into_older_bars_without_a_jump(modal: Page, server_url: str) -> None:
    told = _history(modal, server_url, BTC)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    modal.route(lambda url: "/api/history" in url and "end=" in url, hold)
    _point(modal, 0.6)
    with modal.expect_request(lambda request: "end=" in request.url):
        for _ in range(12):
            modal.mouse.wheel(0, 300)
    before = _point(modal, 0.6)
    drawn = "performance.getEntriesByName('candles:drawn')[0].startTime"
    last = modal.evaluate(drawn)
    assert len(held) == 1
    with modal.expect_response(lambda answer: "end=" in answer.url):
        held[0].continue_()
    modal.wait_for_function(f"(last) => {drawn} > last", arg=last)
    assert _point(modal, 0.6) == before
    ts = before
    for _ in range(20):
        if ts < told["ts"][-500]:
            break
        modal.mouse.wheel(-150, 0)
        ts = _point(modal, 0.6)
    assert ts < told["ts"][-500]
    assert _legend(modal, "price", "close") == told["close"][told["ts"].index(ts)]


def _lines(page: Page) -> None:
    _pick(page, "Lines")
    page.locator("[role=dialog] figure svg path.recharts-line-curve").first.wait_for()


@pytest.mark.parametrize(("tab", "least"), [("Candles", 100), ("Lines", 400)])
def test_the_csv_is_what_is_shown(modal: Page, server_url: str, tab: str, least: int) -> None:
    if tab == "Lines":
        _lines(modal)
    path = _save(modal, "CSV")
    told = _history(modal, server_url, BTC)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert least < len(rows) < 600
    columns = [name for name in rows[0] if name in told and name not in {"ts", "tiers", "quality"}]
    assert {"close", "volume", "oi_abs_usd", "z_score", "funding"} <= set(columns)
    assert "oi_contracts" not in columns
    for row in rows:
        slot = told["ts"].index(int(row["ts"]))
        assert (row["exchange"], row["symbol"], row["timeframe"]) == (*BTC, "5m")
        assert row["quality"] == " ".join(told["quality"][slot])
        for name in columns:
            expected = told[name][slot]
            assert (row[name] == "") if expected is None else (float(row[name]) == expected), (
                name,
                row["ts"],
            )


def test_the_picture_is_a_png_with_its_caption(modal: Page) -> None:
    data = _save(modal, "PNG").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    box = modal.locator("[role=dialog] [role=region]").first.bounding_box()
    assert box is not None
    assert width == pytest.approx(box["width"], abs=20)
    # The caption stands above the chart.
    assert height > box["height"] + 30


def test_a_picture_that_cannot_be_made_is_told(modal: Page) -> None:
    modal.evaluate(
        """() => {
            window.real = HTMLCanvasElement.prototype.toBlob;
            HTMLCanvasElement.prototype.toBlob = function (told) { told(null); };
        }"""
    )
    modal.get_by_role("button", name="PNG").click()
    expect(modal.get_by_role("alert").filter(has_text="No picture could be made")).to_be_visible()
    modal.evaluate("() => { HTMLCanvasElement.prototype.toBlob = window.real; }")
    _save(modal, "PNG")
    expect(modal.get_by_text("No picture could be made")).to_have_count(0)


def test_the_picture_of_the_lines_has_every_pane(modal: Page) -> None:
    _lines(modal)
    drawings = modal.locator("[role=dialog] figure svg")
    boxes = [box for at in range(drawings.count()) if (box := drawings.nth(at).bounding_box())]
    data = _save(modal, "PNG").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert width == pytest.approx(max(box["width"] for box in boxes), abs=2)
    assert height > sum(box["height"] for box in boxes) + 30
    # What is drawn in the page is in the picture: its lines are of the first pane's colour.
    stroke = modal.locator("[role=dialog] figure path.recharts-line-curve").first.get_attribute("stroke")
    painted = modal.evaluate(
        """async ([bytes, stroke]) => {
            const file = new Blob([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))]);
            const image = await createImageBitmap(file);
            const canvas = new OffscreenCanvas(image.width, 124);
            const context = canvas.getContext("2d", {willReadFrequently: true});
            context.fillStyle = stroke;
            context.fillRect(0, 0, 1, 1);
            const wanted = context.getImageData(0, 0, 1, 1).data;
            context.drawImage(image, 0, 0);
            const { data } = context.getImageData(0, 60, image.width, 64);
            let found = 0;
            for (let i = 0; i < data.length; i += 4) {
                if ([0, 1, 2].every((k) => Math.abs(data[i + k] - wanted[k]) < 8)) found += 1;
            }
            return found;
        }""",
        [base64.b64encode(data).decode(), stroke],
    )
    assert painted > 100


def _alert(ts: int) -> dict[str, Any]:
    """An alert of a warm-started bar. The server starts none there, and a test cannot wait for a close."""
    return {
        "id": 1,
        "seq": 1,
        "kind": "tier",
        "tier": 2,
        "exchange": BTC[0],
        "symbol": BTC[1],
        "base": "BTC",
        "timeframe": "5m",
        "ts": ts,
        "severity": 2,
        "direction": "up",
        "text": "<b>three</b> conditions agree",
        "values": {},
    }


def test_alerts_stand_on_their_bars_and_lead_there(browser: Browser, server_url: str) -> None:
    with screen(browser, DESKTOP) as context:
        page = context.new_page()
        page.goto(server_url)
        ts = _history(page, server_url, BTC)["ts"][-250]

        def answer(route: Route) -> None:
            route.fulfill(content_type="application/json", body=json.dumps([_alert(ts)]))

        page.route(lambda url: "/api/alerts" in url and "symbol=" in url, answer)
        page.goto(_link(server_url))
        _dialog(page)
        _pick(page, "Alerts")
        entry = page.get_by_role("dialog").get_by_role("button").filter(has_text="<b>three</b>")
        # A hostile sentence is text.
        expect(entry).to_contain_text("<b>three</b> conditions agree")
        entry.click()
        _dialog(page)
        page.wait_for_function("(ts) => location.search.includes(`at=${ts}`)", arg=ts)
        chart = page.locator("[role=dialog] [role=region]").first.bounding_box()
        assert chart is not None
        tip = page.get_by_role("tooltip")
        # The marker hangs at its candle, in the middle of the chart: look for it there.
        for y in range(40, 330, 6):
            for x in (-10, 0, 10):
                page.mouse.move(chart["x"] + (chart["width"] - 75) / 2 + x, chart["y"] + y)
                if tip.count():
                    break
            if tip.count():
                break
        expect(tip).to_contain_text("<b>three</b> conditions agree")


def test_lines_compare_and_inputs_say_what_the_api_says(modal: Page, server_url: str) -> None:
    _pick(modal, "Compare")
    rows = get(modal, server_url, "/api/metrics?tf=5m&limit=1000&search=BTC")
    for row in rows:
        if row["base"] != "BTC":
            continue
        cell = modal.locator(
            "tr", has_text={"binanceusdm": "Binance", "bybit": "Bybit", "okx": "OKX"}[row["exchange"]]
        )
        shown = cell.locator("[data-figure='LS global']").get_attribute("data-value")
        assert shown is not None
        assert float(shown) == row["global_ls"]
    expect(modal.get_by_text("Open interest, indexed")).to_be_visible()
    assert violations(modal) == []
    _pick(modal, "Lines")
    expect(modal.locator(".recharts-brush")).to_be_visible()
    expect(modal.locator("path.recharts-line-curve").first).to_be_visible()
    assert modal.locator("figure .recharts-surface").count() >= 9
    expect(modal.get_by_text("500 bars, every one of them drawn.")).to_be_visible()
    assert violations(modal) == []
    _pick(modal, "Inputs")
    close = modal.locator("[role=dialog] [data-column=close]").get_attribute("data-value")
    told = _history(modal, server_url, BTC, 2)
    assert close is not None
    assert float(close) in told["close"]
    expect(modal.get_by_role("heading", name="Quality")).to_be_visible()
    assert violations(modal) == []


def test_a_link_leads_to_the_comparison_before_any_row_is_here(browser: Browser, server_url: str) -> None:
    with screen(browser, DESKTOP) as context:
        page = context.new_page()
        page.goto(_link(server_url, tab="compare"))
        expect(page.get_by_role("dialog").locator("[data-figure=OI]")).to_have_count(3)


def test_the_modal_is_accessible_and_keeps_the_feed(modal: Page) -> None:
    assert violations(modal) == []
    price = modal.locator("[data-live-price]")
    before = price.inner_text()
    # The feed goes on behind and above: the live price moves.
    expect(price).not_to_have_text(before, timeout=30_000)


def test_keys_of_what_it_covers_are_silent(modal: Page) -> None:
    address = modal.url
    for key in ("/", "e", "f", "c", "a"):
        modal.keyboard.press(key)
    expect(modal.get_by_role("dialog")).to_have_count(1)
    assert modal.url == address
    assert modal.evaluate("document.activeElement.closest('[role=dialog]') !== null")
    modal.keyboard.press("t")
    expect(modal).to_have_url(re.compile("tf=15m"))


def test_a_phone_shows_it_over_the_whole_screen(browser: Browser, server_url: str) -> None:
    with screen(browser, PHONE, has_touch=True, is_mobile=True) as context:
        page = context.new_page()
        page.goto(_link(server_url))
        _dialog(page)
        box = page.locator("[role=dialog] header").bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, PHONE["width"])
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []
