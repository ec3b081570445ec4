"""A page in a real browser, as the browser tests open it: what it complains of, what axe finds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Colours that are still on their way would be judged half-way.
_THEME = """async dark => {
  document.documentElement.classList.toggle("dark", dark);
  getComputedStyle(document.body).color;
  const moving = document.getAnimations().filter(one => one instanceof CSSTransition);
  await Promise.allSettled(moving.map(one => one.finished));
}"""
_AXE = Path(__file__).parents[1] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@contextlib.contextmanager
def opened(
    browser: Browser,
    url: str,
    viewport: dict[str, int] = DESKTOP,
    *,
    script: str = "",
    allowed: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page of its own profile; at the end nothing may have been said on its console.

    script: run before the page's own; allowed: parts of complaints that are expected.
    """
    context: BrowserContext = browser.new_context(viewport=viewport, locale="en-US")  # type: ignore[arg-type]
    if script:
        context.add_init_script(script)
    complaints: list[str] = []
    page = listened(context.new_page(), complaints)
    page.goto(url)
    try:
        yield page
    finally:
        context.close()
    assert [told for told in complaints if not any(part in told for part in allowed)] == []


def listened(page: Page, complaints: list[str]) -> Page:
    """The page, with what it complains of written down."""
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    return page


def asked(page: Page, url: str, path: str) -> Any:
    """What the API says."""
    answer = page.request.get(url.rstrip("/") + path)
    assert answer.ok, f"{answer.status} {answer.text()}"
    return answer.json()


def total(page: Page, url: str, path: str) -> int:
    """How many there are, by the API's Content-Range."""
    answer = page.request.get(url.rstrip("/") + path)
    assert answer.ok, f"{answer.status} {answer.text()}"
    return int(answer.headers["content-range"].split("/")[1])


def violations(page: Page) -> list[str]:
    """What axe finds wrong, in both themes."""
    found: list[str] = []
    page.evaluate(_AXE.read_text(encoding="utf-8"))
    dark = page.evaluate("document.documentElement.classList.contains('dark')")
    for theme in (dark, not dark):
        page.evaluate(_THEME, theme)
        told = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{'dark' if theme else 'light'} {rule['id']}: {node['html'][:160]}"
            for rule in told["violations"]
            for node in rule["nodes"]
        ]
    page.evaluate(_THEME, dark)
    return found


def fits(page: Page) -> bool:
    """Nothing stands out to the right of the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
