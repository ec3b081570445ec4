"""Lighthouse on the page of a running demo: medians of five, desktop and throttled mobile.

`python tests/bench/bench_lighthouse.py` fetches Lighthouse with npx (it is large, so it is no dependency)
and audits the first view, warm, while the feed runs. Figures go to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from bench_live import keep
from bench_modal import demo

# Lighthouse 13 needs a newer Node than the page does.
LIGHTHOUSE = "lighthouse@12.8.2"
GOALS = {"desktop": 98.0, "mobile": 90.0}
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME = "--headless=new --no-sandbox --disable-gpu --disable-quic"


def audit(url: str, form: str, chromium: str) -> dict[str, float]:
    """Scores of one run, 0 to 100, and the times behind them in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = ["npx", "--yes", LIGHTHOUSE, url, "--quiet", "--output=json", f"--output-path={path}"]
        command += [f"--chrome-flags={CHROME}", f"--only-categories={','.join(CATEGORIES)}"]
        command += ["--preset=desktop"] if form == "desktop" else []
        subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": chromium}, timeout=240)
        report: dict[str, Any] = json.loads(path.read_text())
    scores = {name: report["categories"][name]["score"] * 100 for name in CATEGORIES}
    times = ("first-contentful-paint", "largest-contentful-paint", "total-blocking-time")
    lost = [
        f"{name}: {one['id']}"
        for name in CATEGORIES
        for one in report["categories"][name]["auditRefs"]
        if one["weight"]
        and (report["audits"][one["id"]]["score"] or 0) < 0.9
        and report["audits"][one["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    ]
    for audit_lost in lost:
        print(f"  {form} {audit_lost}")
    return scores | {name: report["audits"][name]["numericValue"] for name in times}


def main() -> int:
    """Audit, keep, 1 below a goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a running server; without it a demo is started")
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    chromium = next(path for name in ("chromium", "google-chrome") if (path := shutil.which(name)))
    found: dict[str, Any] = {"bench": "lighthouse", "runs": given.runs}
    missed = []
    with contextlib.nullcontext(given.url) if given.url else demo(100, 500) as url:
        for form, goal in GOALS.items():
            runs = [audit(url, form, chromium) for _ in range(given.runs)]
            medians = {name: median(run[name] for run in runs) for name in runs[0]}
            found[form] = medians
            missed += [
                f"{form} {name}: {medians[name]:.0f}, goal {goal:.0f}"
                for name in CATEGORIES
                if medians[name] < goal
            ]
    keep(found | {"load_average": round(os.getloadavg()[0], 1)})
    print(json.dumps(found, indent=2))
    for line in missed:
        print(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
