"""What a first visit loads before it shows a row, in bytes as they come over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from support_board import Board, board
from support_page import CARD, DESKTOP, PHONE, ROW, screen

BUDGET = {"script": 120_000, "style": 15_000}
# Begun before the first row is on the screen: it has cost the reader's line, arrived or not.
FIRST_ROW = """
window.firstRow = null;
new MutationObserver((_, observer) => {
    if (!document.querySelector(SELECTOR)) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame((at) => { window.firstRow = at; }));
}).observe(document, {childList: true, subtree: true});
"""
LOADED = """(before) => performance.getEntriesByType("resource")
    .filter((entry) => entry.startTime <= before)
    .map((entry) => [new URL(entry.name).pathname, entry.transferSize])"""


def _kind(path: str) -> str | None:
    return {"js": "script", "css": "style"}.get(path.rsplit(".", 1)[-1])


def _first_load(page: Page, url: str, selector: str) -> list[tuple[str, int]]:
    page.add_init_script(FIRST_ROW.replace("SELECTOR", repr(selector)))
    page.goto(url)
    page.wait_for_function("() => window.firstRow !== null")
    page.wait_for_load_state()
    found: list[Any] = page.evaluate(LOADED, page.evaluate("window.firstRow"))
    return [(str(path), int(size)) for path, size in found]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with board(tmp_path_factory.mktemp("budget")) as made:
        symbols = made.fill("okx", [f"COIN{number}" for number in range(60)])
        made.alert(symbols[0], "an alert, so that the list has something to show")
        made.start()
        yield made


@pytest.mark.parametrize(("viewport", "row"), [(DESKTOP, ROW), (PHONE, CARD)], ids=["desktop", "phone"])
def test_a_first_row_costs_no_more_than_its_budget(
    browser: Browser, filled: Board, viewport: dict[str, int], row: str
) -> None:
    with screen(browser, viewport) as context:
        loaded = _first_load(context.new_page(), filled.url, row)
        for kind, limit in BUDGET.items():
            sizes = {path: size for path, size in loaded if _kind(path) == kind}
            # Less than a tenth of what is allowed would mean that nothing was measured.
            assert limit / 10 < sum(sizes.values()) <= limit, sizes
