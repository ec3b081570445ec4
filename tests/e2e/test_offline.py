"""The page without its server: what it knew, how old that is, and nothing lost or told twice afterwards."""

from __future__ import annotations

import functools
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support_board import Board, board, by_pair
from support_page import DESKTOP, PHONE, ROW, number, violations
from support_system import ROOT, free_port

KEPT = """async (name) => {
    const open = () => new Promise((resolve, reject) => {
        const asked = indexedDB.open("futuresboard");
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
    });
    const database = await open();
    try {
        if (!database.objectStoreNames.contains("kept")) return null;
        return await new Promise((resolve) => {
            const got = database.transaction("kept").objectStore("kept").get(name);
            got.onsuccess = () => resolve(got.result ?? null);
        });
    } finally { database.close(); }
}"""
OFFLINE = re.compile(r"Offline: figures of .* old")
ALERTS = "ul[aria-label=Alerts] li"


@contextmanager
def reader(browser: Browser, viewport: dict[str, int] = DESKTOP) -> Iterator[BrowserContext]:
    """A profile; on its console nothing is said but the browser's own words on refused connections."""
    complaints: list[str] = []
    context = browser.new_context(viewport=viewport, locale="en-US")  # type: ignore[arg-type]
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    try:
        yield context
    finally:
        context.close()
    assert [text for text in complaints if "ERR_CONNECTION" not in text and "WebSocket" not in text] == []


def _opened(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    page.locator(ROW).first.wait_for()
    return page


def _kept(page: Page, timeframe: str = "5m") -> dict[str, Any]:
    """What the page has kept of a timeframe, once it has."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for _ in range(100):
        found = page.evaluate(KEPT, f"rows:{timeframe}")
        if found:
            return dict(found)
        page.wait_for_timeout(200)
    pytest.fail("nothing was kept in 20 s")


def _shown(page: Page, column: str) -> dict[str, float]:
    """A column of the page by pair, to its last digit."""
    found = page.evaluate(
        """([rows, column]) => [...document.querySelectorAll(rows)].map((row) =>
            [row.dataset.key, row.querySelector(`[data-column=${column}] [title]`).title])""",
        [ROW, column],
    )
    return {key: number(title.splitlines()[0]) for key, title in found}


def _shows(page: Page, column: str, wanted: dict[str, Any]) -> None:
    """The page shows that, now or with one of its next paintings."""
    for _ in range(50):
        if _shown(page, column) == wanted:
            return
        page.wait_for_timeout(100)
    assert _shown(page, column) == wanted


def _said(source: Board, column: str) -> dict[str, Any]:
    assert source.product is not None
    return by_pair(source.product.get("/api/metrics", tf="5m", limit=1000), column)


def _alerts(page: Page) -> list[str]:
    """Texts of the list, sorted: each must be there once."""
    texts = page.locator(ALERTS).all_inner_texts()
    return sorted(match.group() for text in texts if (match := re.search(r"alert no \d+", text)))


def _told(source: Board) -> list[str]:
    assert source.product is not None
    return sorted(str(alert["text"]) for alert in source.product.alerts())


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Board]:
    with board(tmp_path / "first") as made:
        symbols = made.fill()
        for at, symbol in enumerate(symbols):
            made.alert(symbol, f"alert no {at}", bars_ago=40 + at)
        made.start()
        yield made


# The page's own clock of a long absence: retries grow apart, and what is shown grows old.
@pytest.mark.parametrize("away_s", [0, pytest.param(60, marks=pytest.mark.deep)])
def test_a_killed_server_a_reload_and_its_return(browser: Browser, filled: Board, away_s: int) -> None:
    with reader(browser) as context:
        page = _opened(context, filled.url)
        before, told = _said(filled, "z_score"), _told(filled)
        assert _shown(page, "z_score") == before
        expect(page.locator(ALERTS)).to_have_count(len(told))
        kept = _kept(page)
        newest = max(one["at"] - one["row"]["age_s"] * 1000 for one in kept["value"]["rows"])

        filled.kill()
        expect(page.get_by_text(OFFLINE)).to_be_visible()
        expect(page.get_by_text("OFFLINE", exact=True)).to_be_visible()
        expect(page.get_by_text("SIMULATED", exact=True)).to_be_visible()
        assert _shown(page, "z_score") == before

        page.wait_for_timeout(away_s * 500)
        page.reload()
        page.locator(ROW).first.wait_for()
        expect(page.get_by_text(OFFLINE)).to_be_visible()
        page.wait_for_timeout(away_s * 500)
        assert _shown(page, "z_score") == before
        expect(page.locator(ALERTS)).to_have_count(len(told))
        assert _alerts(page) == told
        moment = page.get_by_role("alert").locator("time").get_attribute("datetime") or ""
        # Whole tenths of a second are what the server tells.
        assert datetime.fromisoformat(moment).timestamp() == pytest.approx(newest / 1000, abs=1.5)
        # The seeded bars closed minutes ago: grey, and their age goes on from there.
        expect(page.locator(f"{ROW}.stale")).to_have_count(len(before))
        assert violations(page) == []

        filled.world.now = int(time.time() * 1000)
        symbols = [key.split("|")[1] for key in before]
        stamp = (filled.world.now // 300_000 - 1) * 300_000
        filled.world.commit([("okx", symbol, "5m", stamp, {"z_score": 9.0}) for symbol in symbols])
        for at, symbol in enumerate(symbols[:3]):
            filled.alert(symbol, f"alert no {10 + at}", bars_ago=2 + at)
        filled.start()
        expect(page.get_by_text(OFFLINE)).to_have_count(0, timeout=30_000)
        expect(page.get_by_text("websocket", exact=True)).to_be_visible(timeout=30_000)
        after, told = _said(filled, "z_score"), _told(filled)
        assert len(told) == len(before) + 3
        expect(page.locator(ALERTS)).to_have_count(len(told))
        assert _alerts(page) == told
        expect(page.get_by_role("button", name="Alerts, 3 new")).to_be_visible()
        _shows(page, "z_score", after)
        assert set(after.values()) == {9.0}


def test_two_tabs_agree_before_during_and_after(browser: Browser, filled: Board) -> None:
    with reader(browser) as context:
        tabs = [_opened(context, filled.url), _opened(context, filled.url)]
        _kept(tabs[0])
        filled.kill()
        for tab in tabs:
            expect(tab.get_by_text(OFFLINE)).to_be_visible()
        tabs[1].reload()
        tabs[1].locator(ROW).first.wait_for()
        assert _shown(tabs[0], "z_score") == _shown(tabs[1], "z_score")
        filled.alert("BTC/USDT:USDT", "alert no 20")
        filled.start()
        told = _told(filled)
        for tab in tabs:
            expect(tab.get_by_text(OFFLINE)).to_have_count(0, timeout=30_000)
            expect(tab.locator(ALERTS)).to_have_count(len(told), timeout=30_000)
            assert _alerts(tab) == told
        for tab in tabs:
            _shows(tab, "z_score", _said(filled, "z_score"))


def test_another_database_replaces_everything(browser: Browser, filled: Board, tmp_path: Path) -> None:
    with reader(browser) as context:
        page = _opened(context, filled.url)
        _kept(page)
        filled.kill()
        expect(page.get_by_text(OFFLINE)).to_be_visible()
        with board(tmp_path / "second", port=int(filled.env["PORT"])) as other:
            other.fill("bybit", ("ADA", "DOT"))
            # More transactions than the first one has: its counting alone would betray nothing.
            for at in range(40):
                other.alert("ADA/USDT:USDT", f"alert no {100 + at}", exchange="bybit", bars_ago=40 + at)
            other.start()
            expect(page.locator(f"{ROW}[data-key='bybit|ADA/USDT:USDT']")).to_be_visible(timeout=30_000)
            expect(page.locator(f"{ROW}[data-key^='okx|']")).to_have_count(0, timeout=30_000)
            expect(page.locator(ALERTS)).to_have_count(40, timeout=30_000)
            assert _alerts(page) == _told(other)
            assert {one["row"]["exchange"] for one in _kept(page)["value"]["rows"]} == {"bybit"}
            assert page.evaluate(KEPT, "rows:15m") is None


def test_a_first_visit_without_a_server_says_so(browser: Browser, filled: Board) -> None:
    with reader(browser, PHONE) as context:
        page = context.new_page()
        page.goto(filled.url)
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        filled.kill()
        page.evaluate("indexedDB.deleteDatabase('futuresboard'); true")
        page.reload()
        expect(page.get_by_text("Offline: no figures from before")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("The server does not answer")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert violations(page) == []


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """The test's output is no access log."""


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    """A folder served as it is."""
    with ThreadingHTTPServer(
        ("127.0.0.1", free_port()), functools.partial(_Quiet, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_new_version_is_offered_and_taken_only_when_asked(browser: Browser, tmp_path: Path) -> None:
    """The built page from a folder, in which a newer worker appears; no figures are needed for it."""
    folder = tmp_path / "dist"
    shutil.copytree(ROOT / "frontend" / "dist", folder)
    worker = folder / "sw.js"
    context = browser.new_context(viewport=DESKTOP, locale="en-US")  # type: ignore[arg-type]
    with _files(folder) as url:
        page = context.new_page()
        page.goto(url)
        page.evaluate("navigator.serviceWorker.ready.then(() => { window.mark = 1; return true; })")
        (old,) = page.evaluate("caches.keys()")
        expect(page.get_by_text("A new version of this page is ready")).to_have_count(0)
        worker.write_text(re.sub(r'SHELL_VERSION="\w+"', 'SHELL_VERSION="next"', worker.read_text()))
        page.evaluate(
            "navigator.serviceWorker.getRegistration().then((found) => found.update()).then(() => true)"
        )
        expect(page.get_by_text("A new version of this page is ready")).to_be_visible()
        assert page.evaluate("window.mark") == 1
        assert old in page.evaluate("caches.keys()")
        page.get_by_role("button", name="Reload", exact=True).click()
        page.wait_for_function("() => window.mark === undefined")
        page.wait_for_function(
            "() => caches.keys().then((names) => names.join() === 'futuresboard-shell-next')"
        )
        expect(page.get_by_text("A new version of this page is ready")).to_have_count(0)
    context.close()
