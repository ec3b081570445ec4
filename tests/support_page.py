"""What browser tests share: screens, opening the page, comparing what it shows with the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ROW = "[role=row][data-key]"
CARD = "ul[aria-label=Pairs] li"
# The known number of a cell: neither the reason why there is none nor a tier's chip beside it.
NUMBER = "[title]:not([class*=cursor-help]):not([data-tier])"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
TRIES = 20


@contextmanager
def screen(
    browser: Browser, viewport: dict[str, int], allowed: tuple[str, ...] = (), **options: Any
) -> Iterator[BrowserContext]:
    """A context of that size; at its end nothing may have been said on a console of its pages.

    allowed: parts of complaints that are expected, as of a request that a test wants refused.
    """
    complaints: list[str] = []
    context = browser.new_context(viewport=viewport, locale="en-US", **options)  # type: ignore[arg-type]
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    try:
        yield context
    finally:
        context.close()
    unexpected = [told for told in complaints if not any(part in told for part in allowed)]
    assert unexpected == [], unexpected


def get(page: Page, server_url: str, path: str) -> Any:
    """What the API answers, as JSON."""
    answer = page.request.get(server_url.rstrip("/") + path)
    assert answer.ok, answer.status
    return answer.json()


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found["violations"] for node in rule["nodes"]]


# Colours still on their way would be judged half-way; of an element that is not shown they never arrive.
_THEME = """dark => {
  document.documentElement.classList.toggle("dark", dark);
  getComputedStyle(document.body).color;
  for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
}"""


def violations_in_both_themes(page: Page) -> list[str]:
    """What axe finds on the page as it is, dark and light."""
    dark = page.evaluate("document.documentElement.classList.contains('dark')")
    found: list[str] = []
    for theme in (dark, not dark):
        page.evaluate(_THEME, theme)
        found += [f"{'dark' if theme else 'light'} {told}" for told in violations(page)]
    page.evaluate(_THEME, dark)
    return found


def total(page: Page, server_url: str, path: str) -> int:
    """How many there are, by the API's Content-Range."""
    answer = page.request.get(server_url.rstrip("/") + path)
    assert answer.ok, answer.status
    return int(answer.headers["content-range"].split("/")[1])


def fits(page: Page) -> bool:
    """Nothing stands out to the right of the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("\u2212", "-").replace("+", "").replace(",", ""))


def api_row(page: Page, server_url: str, key: str, timeframe: str) -> dict[str, Any]:
    """The newest row of a pair by its key on the page."""
    exchange, symbol = key.split("|")
    rows = get(page, server_url, f"/api/metrics?tf={timeframe}&limit=1000&exchange={exchange}")
    return next(row for row in rows if row["symbol"] == symbol)


def shown_equals_api(page: Page, server_url: str, timeframe: str, column: str) -> None:
    """A number on the page is the API's, to its last digit; tries again when a bar closes between."""
    pair: tuple[float | None, float | None] = (None, None)
    # A row has the columns in sight.
    page.locator(f"[data-heading={column}]").scroll_into_view_if_needed()
    for _ in range(TRIES):
        cell = page.locator(f"{ROW} [data-column={column}] {NUMBER}").first
        key = cell.locator("xpath=ancestor::*[@role='row']").get_attribute("data-key")
        title = cell.get_attribute("title")
        assert key is not None
        assert title is not None
        told = api_row(page, server_url, key, timeframe)[column]
        # The digits stand alone in the first line; how they came stands below.
        pair = (number(title.splitlines()[0]), told)
        if pair[0] == pytest.approx(pair[1], rel=1e-12):
            return
        page.wait_for_timeout(250)
    pytest.fail(f"{column} on the page and in the API: {pair}")


def values(page: Page, column: str) -> list[float | None]:
    """The cells of a column now in the document, top to bottom; None where no number is shown."""
    titles = page.evaluate(
        """([rows, column]) => [...document.querySelectorAll(rows)]
            .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(`[data-column=${column}] [title]`)?.title ?? "")""",
        [ROW, column],
    )
    first = [title.split("\n")[0] for title in titles]
    return [number(line) if line[:1].isdigit() else None for line in first]
