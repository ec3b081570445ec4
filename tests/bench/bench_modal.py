"""How long the pair modal takes to be painted, and what it costs the page behind it, in a real browser.

`python tests/bench/bench_modal.py` starts a demo (or takes a running server by `--url`), opens the modal
again and again by a click while the feed runs, once with the 500 bars the page asks for and once with
2,000, and watches bars close with it open. A time runs from the click event to the second animation frame
after the chart has drawn the bars. Figures go to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench_live import keep
from playwright.sync_api import Page, Route, sync_playwright

from support_page import DESKTOP, ROW
from support_system import environment, free_port, running

GOALS = {"open_500_p95_ms": 300.0, "open_2000_p95_ms": 500.0, "new_bar_ms": 50.0}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
CLOSE_S = 330
FRAMES_S = 10
WATCH = """() => {
    window.clickedAt = 0;
    window.drawn = [];
    addEventListener("click", () => { window.clickedAt = performance.now(); }, true);
    new PerformanceObserver((list) => window.drawn.push(...list.getEntries().map((entry) =>
        ({ name: entry.name, start: entry.startTime, end: entry.startTime + entry.duration }))))
        .observe({ entryTypes: ["measure"] });
}"""
GAPS = """(seconds) => new Promise((done) => {
    const gaps = [];
    const begin = performance.now();
    let last = begin;
    const frame = (now) => {
        gaps.push(now - last);
        last = now;
        if (now - begin < seconds * 1000) requestAnimationFrame(frame);
        else done(gaps.slice(1).filter((gap) => gap > 25).length / (gaps.length - 1));
    };
    requestAnimationFrame(frame);
})"""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value at or below which that share of all lies."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def opened(page: Page) -> float:
    """Milliseconds from the click on the first row to the chart painted; closes the modal again."""
    page.evaluate("window.drawn.length = 0")
    page.locator(ROW).first.click()
    page.wait_for_function("() => window.drawn.some(({ name }) => name === 'candles:drawn')")
    took = page.evaluate("window.drawn.find(({ name }) => name === 'candles:drawn').end - window.clickedAt")
    page.keyboard.press("Escape")
    page.locator("[role=dialog]").wait_for(state="detached")
    return float(took)


def closes(page: Page, count: int) -> list[float]:
    """Milliseconds to paint each bar that closes while the modal is open."""
    took: list[float] = []
    page.locator(ROW).first.click()
    page.locator("[data-pane=price] time").wait_for()
    for _ in range(count):
        newest = page.locator("[data-pane=price] time").get_attribute("data-ts")
        page.evaluate("window.drawn.length = 0")
        page.wait_for_function(
            "(before) => document.querySelector('[data-pane=price] time').dataset.ts !== before",
            arg=newest,
            timeout=CLOSE_S * 1000,
        )
        page.wait_for_function("() => window.drawn.length > 0")
        took.append(float(page.evaluate("window.drawn[0].end - window.drawn[0].start")))
    page.keyboard.press("Escape")
    return took


def measure(page: Page, url: str, opens: int, bars_closed: int) -> dict[str, Any]:
    """All figures of one run."""
    page.add_init_script(f"({WATCH})()")
    page.goto(url)
    page.locator(ROW).first.wait_for()
    # The first one loads the chart's code: it is told apart from the warm ones.
    cold = opened(page)
    warm = [opened(page) for _ in range(opens)]

    def more(route: Route) -> None:
        route.continue_(url=route.request.url.replace("limit=500", "limit=2000"))

    page.route(lambda asked: "/api/history" in asked and "limit=500" in asked, more)
    long = [opened(page) for _ in range(opens)]
    page.unroute_all()
    alone = page.evaluate(GAPS, FRAMES_S)
    page.locator(ROW).first.click()
    page.locator("[data-pane=price] time").wait_for()
    beside = page.evaluate(GAPS, FRAMES_S)
    page.keyboard.press("Escape")
    new = closes(page, bars_closed)
    return {
        "bench": "modal",
        "opens": opens,
        "open_cold_ms": cold,
        "open_500_ms": [round(one) for one in warm],
        "open_500_p50_ms": percentile(warm, 0.5),
        "open_500_p95_ms": percentile(warm, 0.95),
        "open_2000_ms": [round(one) for one in long],
        "open_2000_p50_ms": percentile(long, 0.5),
        "open_2000_p95_ms": percentile(long, 0.95),
        "new_bar_ms": max(new) if new else None,
        "gaps_over_25_ms_table": alone,
        "gaps_over_25_ms_modal": beside,
        "load": os.getloadavg()[0],
    }


@contextlib.contextmanager
def demo(pairs: int, bars: int) -> Iterator[str]:
    """A demo with enough bars, warm."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment(
            folder,
            PORT=str(free_port()),
            MAX_PAIRS=str(pairs),
            HISTORY_BARS=str(bars),
            INTERVAL="5",
            **dict.fromkeys(("BINANCEUSDM_URL", "BYBIT_URL", "OKX_URL", "COINGECKO_URL"), ""),
        )
        with running(["serve", "--demo"], env, folder) as product:
            product.until(product.warm, 900, "warm")
            yield product.url


def main() -> int:
    """Run, measure, print, keep; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running server; without it a demo is started")
    parser.add_argument("--pairs", type=int, default=100, help="per exchange, of the demo")
    parser.add_argument("--opens", type=int, default=40)
    parser.add_argument("--closes", type=int, default=1, help="bar closes to watch, five minutes each")
    given = parser.parse_args()
    path = next((found for name in ("chromium", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        print("no Chromium on PATH")
        return 1
    with (
        contextlib.nullcontext(given.url) if given.url else demo(given.pairs, 2000) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
        found = measure(page, url, given.opens, given.closes)
        browser.close()
    keep(found)
    for name, value in found.items():
        print(f"{name:>24}  {value}")
    missed = [name for name, goal in GOALS.items() if found[name] is not None and found[name] > goal]
    for name in missed:
        print(f"missed: {name} {found[name]:.0f}, goal {GOALS[name]:.0f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
