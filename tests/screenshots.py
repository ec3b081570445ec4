"""Pictures of every view of the page, at a desk and on a phone, dark and light, to be looked at.

`python tests/screenshots.py [--url URL]` starts a demo (or takes a running server), writes
`build/screenshots/<view>-<width>-<theme>.png`, and names what a picture hides easily: text that is cut
without a tooltip, boxes that stand out of the screen, words on the console. Ends with 1 where there is any.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from e2e.conftest import CHROMIUM, FLAGS
from playwright.sync_api import Browser, Page, sync_playwright

from support_page import CARD, DESKTOP, PHONE, ROW, screen
from support_system import ROOT, environment, free_port, running

OUT = ROOT / "build" / "screenshots"
PAIR = "okx|BTC/USDT:USDT"
THEMES = ("dark", "light")
SETTLE_MS = 1500

# Text that is wider than its box and told nowhere else, and boxes outside the screen that no scroller holds.
FAULTS = """() => {
  const told = (node) => node.closest("[title], [aria-label]") !== null;
  const scrolls = (node) => {
    for (let at = node.parentElement; at; at = at.parentElement) {
      if (/(auto|scroll|hidden|clip)/.test(getComputedStyle(at).overflowX)) return true;
    }
    return false;
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || style.visibility === "hidden") continue;
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    const cut = style.overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1;
    const bar = /(auto|scroll)/.test(style.overflowX);
    if (own && cut && !bar && !told(node)) found.push(`cut: ${node.textContent.trim().slice(0, 60)}`);
    if (box.right > innerWidth + 1 && !scrolls(node)) found.push(`outside: ${node.outerHTML.slice(0, 80)}`);
  }
  return [...new Set(found)];
}"""


@dataclass(frozen=True)
class Shot:
    """A view by its address, and what is done before it is taken."""

    name: str
    query: str
    prepare: Callable[[Page], None] = lambda page: None


def _key(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _open_first_alert(page: Page) -> None:
    page.locator("ul[aria-label='Stored alerts'] li").first.get_by_role("button").first.click()


def _simulate(page: Page, hold: str = "6") -> None:
    """The form as it stands, but for how long it holds."""
    page.get_by_label("Hold").fill(hold)
    page.get_by_label("Hold").press("Enter")
    page.get_by_role("heading", level=2, name=f" {hold} bars").wait_for()


def _simulated(part: str) -> Callable[[Page], None]:
    def show(page: Page) -> None:
        _simulate(page)
        page.get_by_role("tab", name=part).click()

    return show


def _scrolled(page: Page) -> None:
    _simulate(page)
    page.get_by_role("tabpanel").evaluate("panel => panel.scrollTo(0, 640)")


def _refused(page: Page) -> None:
    page.get_by_role("combobox", name="On", exact=True).select_option("rule")
    page.get_by_role("combobox", name="Condition that opens a trade").fill("z > > 2")
    page.get_by_label("Stop loss").fill("200")


def _compared(page: Page) -> None:
    for hold in ("6", "12", "24"):
        if page.get_by_role("tab", name="Set up").is_visible():
            page.get_by_role("tab", name="Set up").click()
        _simulate(page, hold)
    page.get_by_role("tab", name="Runs").click()
    for i in range(3):
        page.get_by_role("checkbox", name="Compare ").nth(i).check()
    page.get_by_role("tab", name="Compare").click()


def _marked(page: Page) -> None:
    _simulated("Trades")(page)
    page.locator(f"{ROW}, ul[aria-label=Trades] li button").first.click()
    page.locator("[role=dialog] canvas").first.wait_for()


def _middle(page: Page) -> None:
    """Of the stretch, where there is something to be seen."""
    page.get_by_role("slider").press("PageUp")
    shown = page.locator("[data-pane=price] time, [role=row][data-key], ul[aria-label=Pairs] li").first
    # All pairs begin in the middle of a day: on a busy machine that takes its time.
    shown.wait_for(timeout=120_000)
    page.wait_for_timeout(4 * SETTLE_MS)


def _replayed_alerts(page: Page) -> None:
    _middle(page)
    page.get_by_role("radio", name="Alerts", exact=True).check(force=True)


def _tab(name: str) -> Shot:
    return Shot(f"pair-{name}", f"tf=5m&pair={PAIR}&tab={name}")


SHOTS = (
    Shot("pairs", "tf=5m"),
    Shot("pairs-15m-filtered", "tf=15m&filter=abs(z)%20%3E%201"),
    Shot("columns", "tf=5m", _key("c")),
    Shot("views", "tf=5m", _key("v")),
    Shot("watchlists", "tf=5m", _key("l")),
    Shot("export", "tf=5m", _key("x")),
    Shot("filter", "tf=5m", _key("f")),
    Shot("help", "tf=5m", _key("?")),
    *(_tab(name) for name in ("candles", "lines", "compare", "alerts", "inputs")),
    Shot("alerts", "view=alerts"),
    Shot("alert", "view=alerts", _open_first_alert),
    *(
        Shot(f"markets-{name}", f"view=markets&tab={name}")
        for name in ("correlation", "compare", "funding", "movers")
    ),
    *(
        Shot(f"settings-{name}", f"view=settings&section={name}")
        for name in ("thresholds", "alerts", "rules", "appearance", "kept")
    ),
    Shot("simulate", "view=simulate"),
    Shot("simulate-refused", "view=simulate", _refused),
    Shot("simulate-result", "view=simulate", _simulate),
    Shot("simulate-curve", "view=simulate", _scrolled),
    Shot("simulate-trades", "view=simulate", _simulated("Trades")),
    Shot("simulate-runs", "view=simulate", _simulated("Runs")),
    Shot("simulate-compare", "view=simulate", _compared),
    Shot("simulate-marks", "view=simulate", _marked),
    # Of what was seen then, a demo that has just begun knows its last bar alone.
    Shot("replay", "view=replay&as=revised", _middle),
    Shot("replay-pair", f"view=replay&as=revised&pair={PAIR}", _middle),
    Shot("replay-alerts", "view=replay&as=revised", _replayed_alerts),
    Shot("replay-empty", "view=replay"),
    Shot("ops", "view=ops"),
)
DESK_ONLY = {"columns", "views", "watchlists", "export", "filter", "help"}
"""A telephone has no keys."""


@contextlib.contextmanager
def demo() -> Iterator[str]:
    """A warm demo with some alerts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        addresses = dict.fromkeys(("BINANCEUSDM_URL", "BYBIT_URL", "OKX_URL", "COINGECKO_URL"), "")
        # Low thresholds: views of alerts shall have some.
        env = environment(
            folder,
            PORT=str(free_port()),
            MAX_PAIRS="60",
            INTERVAL="5",
            Z_THRESHOLD="1.5",
            ALERT_COOLDOWN="3",
            **addresses,
        )
        with running(["serve", "--demo"], env, folder) as product:
            product.until(product.warm, 600, "warm")
            product.until(product.alerts, 400, "alerted")
            yield product.url


def take(browser: Browser, url: str, shot: Shot, size: dict[str, int], theme: str) -> list[str]:
    """One picture; returns what is wrong on it."""
    name = f"{shot.name}-{size['width']}-{theme}"
    with screen(browser, size) as context:
        context.add_init_script(
            "if (location.protocol === 'http:')"
            f" localStorage.setItem('futuresboard.theme', JSON.stringify('{theme}'))"
        )
        page = context.new_page()
        page.goto(f"{url}/?{shot.query}")
        if "view=" not in shot.query:
            page.locator(ROW if size is DESKTOP else CARD).first.wait_for()
        page.wait_for_timeout(SETTLE_MS)
        shot.prepare(page)
        page.wait_for_timeout(SETTLE_MS)
        page.screenshot(path=OUT / f"{name}.png")
        return [f"{name}: {fault}" for fault in page.evaluate(FAULTS)]


def main() -> int:
    """Take them all; 1 when something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running server; without it a demo is started")
    parser.add_argument("--only", default="", help="views whose name contains this")
    given = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    chromium = next(path for name in CHROMIUM if (path := shutil.which(name)))
    faults: list[str] = []
    taken = 0
    with contextlib.nullcontext(given.url) if given.url else demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for shot in SHOTS:
            if given.only not in shot.name:
                continue
            for size in (DESKTOP,) if shot.name in DESK_ONLY else (DESKTOP, PHONE):
                for theme in THEMES:
                    try:
                        faults += take(browser, url, shot, size, theme)
                    except AssertionError as said:
                        faults.append(f"{shot.name}-{size['width']}-{theme}: on the console: {said}")
                    taken += 1
        browser.close()
    print(f"{taken} pictures in {OUT.relative_to(ROOT)}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
