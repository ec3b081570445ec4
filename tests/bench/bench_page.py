"""How the page bears up: 1,000 rows whose every value changes once a second, beside a naive Tremor table.

`python tests/bench/bench_page.py [--minutes 5] [--hours 8]`. A real browser on the real web side over a
made-up market (`page_market`); figures go to `build/bench.json`. With `--hours` the page is left open
for so much of the market's time instead, run fast, and what it keeps is counted at the begin and end.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench_modal import WATCH as WATCH_CHART
from e2e.conftest import CHROMIUM, FLAGS
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from support_page import DESKTOP, ROW

ROOT = Path(__file__).parents[2]
NAIVE_S = 40
NAIVE_ROW = "tr[data-key]"
WARM_S = 5
BARS_S = 60
GOALS = {
    "painted_p95_ms": 100.0,
    "late_frames": 0.10,
    "heap_growth": 0.10,
    "late_growth": 0.10,
    "naive_times_slower": 10.0,
    "new_bar_p95_ms": 50.0,
}
"""At most, but for `naive_times_slower`, which is at least."""

WATCH = """
window.watched = {painted: [], frames: 0, late: 0};
(() => {
  const seen = window.watched;
  const mark = performance.mark.bind(performance);
  let begun = null;
  // The page marks when it hands new rows to React: rendering counts, not only what comes after it.
  performance.mark = (name, options) => {
    if (name === "board:render") begun ??= performance.now();
    return mark(name, options);
  };
  const place = "[data-column=z_score], td";
  const element = (node) => (node.nodeType === 1 ? node : node.parentElement);
  // Sorted by what moves, most rows in sight are others with every update.
  const isRow = (node) => node.nodeType === 1 && node.matches("[role=row], tr");
  const shows = ({ target, addedNodes }) => element(target)?.closest(place) || [...addedNodes].some(isRow);
  new MutationObserver((records) => {
    if (begun === null || !records.some(shows)) return;
    const from = begun;
    begun = null;
    requestAnimationFrame(() => requestAnimationFrame(() => seen.painted.push(performance.now() - from)));
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  let last = null;
  const frame = (now) => {
    if (last !== null) {
      seen.frames += 1;
      seen.late += now - last > 25 ? 1 : 0;
    }
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
"""


@contextlib.contextmanager
def market(*options: str) -> Iterator[str]:
    """The made-up market in a process of its own; gives its URL."""
    command = [sys.executable, str(Path(__file__).with_name("page_market.py")), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(30)


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else float("nan")


def heap_mb(session: CDPSession) -> float:
    """What the page's scripts hold after a collection."""
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6


def kept(session: CDPSession) -> dict[str, float]:
    """Heap, nodes and listeners of the page, and what it stores."""
    heap = heap_mb(session)
    told = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    return {"heap_mb": heap, "nodes": told["Nodes"], "listeners": told["JSEventListeners"]}


def opened(browser: Browser, url: str, row: str = ROW) -> tuple[Page, CDPSession]:
    """A page that is watched from its beginning, with its first row."""
    context = browser.new_context(viewport=DESKTOP)  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator(row).first.wait_for(timeout=60_000)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    return page, session


def watch(page: Page, seconds: float) -> dict[str, float]:
    """What happens to the frames for so long."""
    page.evaluate("window.watched = Object.assign(window.watched, {painted: [], frames: 0, late: 0})")
    page.wait_for_timeout(seconds * 1000)
    found = page.evaluate("window.watched")
    return {
        "updates": len(found["painted"]),
        "painted_p50_ms": sorted(found["painted"])[len(found["painted"]) // 2],
        "painted_p95_ms": p95(found["painted"]),
        "late_frames": found["late"] / found["frames"],
    }


def table(browser: Browser, url: str, minutes: float) -> dict[str, float]:
    """Our table for some minutes, then the naive one for a while."""
    page, session = opened(browser, url)
    page.wait_for_timeout(WARM_S * 1000)
    figures = watch(page, 60)
    first = heap_mb(session)
    if minutes > 1:
        figures = watch(page, (minutes - 1) * 60)
    last = heap_mb(session)
    page.context.close()
    page, _ = opened(browser, f"{url}/bench/naive.html", NAIVE_ROW)
    page.wait_for_timeout(WARM_S * 1000)
    naive = watch(page, NAIVE_S)
    page.context.close()
    return figures | {
        "heap_minute_1_mb": first,
        "heap_end_mb": last,
        "heap_growth": last / first - 1.0,
        **{f"naive_{name}": value for name, value in naive.items()},
        "naive_times_slower": naive["painted_p95_ms"] / figures["painted_p95_ms"],
    }


def new_bars(browser: Browser, url: str) -> dict[str, float]:
    """An open pair whose bars close every few seconds: from drawing what is new to its being painted."""
    page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
    page.add_init_script(f"({WATCH_CHART})()")
    page.goto(url)
    row = page.request.get(f"{url}/api/metrics?tf=5m&search=BTC&limit=1").json()[0]
    page.goto(f"{url}/?tf=5m&pair={row['exchange']}|{row['symbol']}")
    page.locator("[data-pane=price] time").wait_for()
    page.wait_for_timeout(WARM_S * 1000)
    page.evaluate("window.drawn.length = 0")
    page.wait_for_timeout(BARS_S * 1000)
    took = page.evaluate(
        "window.drawn.filter(one => one.name === 'candles:drawn').map(one => one.end - one.start)"
    )
    page.context.close()
    return {
        "new_bars": len(took),
        "new_bar_p50_ms": sorted(took)[len(took) // 2],
        "new_bar_p95_ms": p95(took),
    }


def left_open(browser: Browser, url: str, hours: float, scale: float) -> dict[str, float]:
    """The page for some hours of the market's time: what it keeps early, late, and at the end.

    Until its alert list is full (200) the page grows by it; what it keeps must stand still from then on.
    """
    page, session = opened(browser, url)
    seconds = hours * 3600 / scale
    found: dict[str, dict[str, float]] = {}
    passed = 0.0
    for when, share in (("early", 1 / 8), ("late", 3 / 4), ("end", 1.0)):
        page.wait_for_timeout((share - passed) * seconds * 1000)
        passed = share
        stored = page.evaluate("navigator.storage.estimate().then(({ usage }) => usage / 1e6)")
        found[when] = kept(session) | {"stored_mb": stored}
    page.context.close()
    growth = max(found["end"][name] / found["late"][name] - 1.0 for name in found["end"])
    return {"hours": hours, "late_growth": growth} | {
        f"{name}_{when}": value for when, one in found.items() for name, value in one.items()
    }


def keep(name: str, figures: Mapping[str, Any]) -> None:
    """Print, and append to `build/bench.json`."""
    print(json.dumps(figures, indent=2))
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    runs = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*runs, {"bench": name, "at": time.time(), **figures}], indent=1))


def missed(figures: Mapping[str, float]) -> list[str]:
    """The goals that were not met."""
    found = []
    for name, goal in GOALS.items():
        value = figures.get(name)
        if value is None:
            continue
        good = value >= goal if name == "naive_times_slower" else value <= goal
        if not good:
            found.append(f"{name}: {value:.3g}, goal {goal:g}")
    return found


def main() -> int:
    """Measure, keep, 1 below a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of the table")
    parser.add_argument("--hours", type=float, default=0.0, help="of the market's time, page left open")
    parser.add_argument("--scale", type=float, default=60.0, help="how fast those hours run")
    given = parser.parse_args()
    chromium = next(path for name in CHROMIUM if (path := shutil.which(name)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if given.hours:
            with market("--scale", str(given.scale), "--bars", "300") as url:
                figures = left_open(browser, url, given.hours, given.scale)
        else:
            with market() as url:
                figures = table(browser, url, given.minutes)
            with market("--scale", str(given.scale), "--bars", "600") as url:
                figures |= new_bars(browser, url)
    keep("page", figures)
    problems = missed(figures)
    for problem in problems:
        print(f"MISSED {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
