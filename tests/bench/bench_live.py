"""How fast the live path is: 200 pairs × 3 exchanges × (5m, 15m) at 80 ms ± 20, over real bar closes.

`python tests/bench/bench_live.py [--pairs 500] [--rest]` takes 11 to 13 minutes. The simulated exchanges
and the dashboard run in processes of their own; everything is measured from outside, by HTTP. Figures go
to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import math
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

import reference
from support_system import EXCHANGES, ROOT, STEP_MS, Product, Row, environment, free_port, running

M5 = STEP_MS["5m"]
WARM = ("z_score", "rsi", "cvd", "oi_delta_pct", "funding", "global_ls")
WARM_SHARE = 0.95
PAGE = 1000
MOST_LAG_S = 90.0
OHLCV = ("open", "high", "low", "close", "volume")


def goals(pairs: int, *, rest: bool) -> dict[str, float]:
    """What is asked of a run, by figure."""
    many = pairs > 300
    return {
        "cycle_p50_s": 1.0,
        "cycle_p99_s": 8.0 if many else 5.0,
        "ohlcv_p99_s": (35.0 if many else 20.0) if rest else 10.0,
        "lag_p99_s": 90.0 if many else 20.0,
        "peak_in_flight": 8,
        "violations": 0,
    } | ({} if many else {"warm_s": 300.0})


@contextlib.contextmanager
def exchanges(pairs: int, latency_ms: float, *, limits: bool = True) -> Iterator[str]:
    """The simulated exchanges in a process of their own; gives their URL."""
    command = [sys.executable, "-m", "futuresboard", "sim-exchange", "--port", "0", "--until-eof"]
    command += ["--pairs", str(pairs), "--latency-ms", str(latency_ms), "--jitter-ms", str(latency_ms / 4)]
    command += [] if limits else ["--no-limits"]
    env = environment(Path())
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)


@dataclass
class Run:
    """What has been measured so far."""

    product: Product
    began: float
    cycles: dict[int, Row] = field(default_factory=dict)
    warm_s: dict[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    lags: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    ohlcv: dict[tuple[str, str, str, int], float] = field(default_factory=dict)
    unseen: int = 0
    closes: int = 0
    in_turns: dict[str, list[str]] = field(default_factory=dict)
    said_lag: Row = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=10)

    def get(self, path: str, **query: object) -> Any:
        """JSON over one kept connection; None while there is no answer."""
        try:
            self._link.request("GET", f"{path}?{urllib.parse.urlencode(query)}")
            answer = self._link.getresponse()
            return orjson.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self._link.close()
            return None

    def rows(self, timeframe: str, **query: object) -> list[Row]:
        """All newest rows of a timeframe, page by page."""
        found: list[Row] = []
        while page := self.get("/api/metrics", tf=timeframe, limit=PAGE, offset=len(found), **query):
            found += page
        return found

    def since(self) -> float:
        """Seconds since the dashboard was started."""
        return round(time.monotonic() - self.began, 1)


def sample_cycle(run: Run) -> None:
    """Note the last cycle, once."""
    health = run.get("/health") or {}
    if cycle := health.get("last_cycle"):
        run.cycles.setdefault(cycle["id"], cycle | {"warm": health["warm"] == 1})
        run.said_lag = health["closed_bar_lag_s"]


def _published(row: Row, names: Sequence[str]) -> list[str]:
    lacking = {
        mark.removeprefix("unpublished:") for mark in row["quality"] if mark.startswith("unpublished:")
    }
    return [name for name in names if name not in lacking]


def sample_warmth(run: Run, pairs: int) -> None:
    """Note when 95 % of an exchange's rows have all that it publishes, on both timeframes."""
    for timeframe in STEP_MS:
        rows = run.rows(timeframe)
        for exchange in EXCHANGES:
            mine = [row for row in rows if row["exchange"] == exchange]
            known = [row for row in mine if all(row[n] is not None for n in _published(row, WARM))]
            name = f"{exchange} {timeframe}"
            run.shares[name] = round(len(known) / pairs, 4)
            if run.shares[name] >= WARM_SHARE:
                run.warm_s.setdefault(name, run.since())


def chosen(run: Run, each: int) -> list[tuple[str, str]]:
    """Pairs spread over the ranks of each exchange."""
    rows = run.rows("5m", sort="-volume_24h_usd")
    found = []
    for exchange in EXCHANGES:
        mine = [row["symbol"] for row in rows if row["exchange"] == exchange]
        found += [(exchange, mine[i * len(mine) // each]) for i in range(each)]
    return found


def _readable(run: Run, exchange: str, symbol: str, timeframe: str, ts: int) -> bool:
    """Whether a bar is there with all its exchange publishes; notes when its candle is."""
    page = run.get("/api/history", exchange=exchange, symbol=symbol, tf=timeframe, start=ts, limit=1)
    if not page or page["ts"] != [ts]:
        return False
    row = {name: values[0] for name, values in page.items() if isinstance(values, list)}
    if all(row[name] is not None for name in OHLCV):
        since = time.time() - (ts + STEP_MS[timeframe]) / 1000
        run.ohlcv.setdefault((exchange, symbol, timeframe, ts), since)
    names = [name for name in _published(row, reference.RAW) if name not in run.in_turns[exchange]]
    return all(row[name] is not None for name in names)


def in_turns(run: Run) -> dict[str, list[str]]:
    """By exchange: what its budget does not suffice for at every bar, as `/health` says it."""
    return {
        name: [kind for kind, turn in facts["refresh"].items() if turn["every_s"] > STEP_MS["5m"] / 1000]
        for name, facts in run.get("/health")["exchanges"].items()
    }


def watch_close(run: Run, close_ms: int, pairs: Sequence[tuple[str, str]]) -> None:
    """Ask for the bars that closed at `close_ms` until they are whole; note how long that took."""
    frames = [(tf, close_ms - step) for tf, step in STEP_MS.items() if close_ms % step == 0]
    waiting = [(*pair, *frame) for pair in pairs for frame in frames]
    asked = time.time()
    while waiting and time.time() * 1000 - close_ms < MOST_LAG_S * 1000:
        left = []
        for one in waiting:
            if _readable(run, *one):
                run.lags.setdefault((one[0], one[2]), []).append(time.time() - close_ms / 1000)
            else:
                left.append(one)
        waiting = left
        if time.time() - asked > 1:
            sample_cycle(run)
            asked = time.time()
        time.sleep(0.25)
    run.unseen += len(waiting)
    run.closes += 1


def measure(run: Run, options: argparse.Namespace) -> None:
    """Until all is warm and enough closes have been watched, or the time is over."""
    pairs: list[tuple[str, str]] = []
    next_close = 0
    while run.since() < options.seconds:
        sample_cycle(run)
        cold = len(run.warm_s) < 2 * len(EXCHANGES)
        if cold:
            sample_warmth(run, options.pairs)
        elif not pairs:
            pairs = chosen(run, options.sampled)
            run.in_turns = in_turns(run)
            next_close = math.ceil(time.time() * 1000 / M5) * M5
        elif time.time() * 1000 >= next_close:
            watch_close(run, next_close, pairs)
            next_close += M5
        tail = run.closes and time.time() * 1000 - (next_close - M5) > 75_000
        if run.closes >= options.closes and tail:
            return
        time.sleep(1)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which a share of the values lies; None without any."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 3) if ordered else None


BINS_S = (0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 90)


def histogram(values: Sequence[float]) -> dict[str, int]:
    """How many values lie up to each bound, seconds, and above the one before."""
    counts = dict.fromkeys([*(f"<= {bound}" for bound in BINS_S), "more"], 0)
    for value in values:
        counts[next((f"<= {bound}" for bound in BINS_S if value <= bound), "more")] += 1
    return {name: count for name, count in counts.items() if count}


def cpu_seconds(pid: int) -> float | None:
    """User and system time a process has used (None where the system does not tell)."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return None
    words = path.read_text().rpartition(")")[2].split()
    return round((int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), 1)


def by_exchange(run: Run, exchange: str) -> dict[str, float | None]:
    """How late the bars of one exchange are readable: candle, and all that comes at every bar."""
    candle = [lag for key, lag in run.ohlcv.items() if key[0] == exchange]
    whole = [lag for key, lags in run.lags.items() if key[0] == exchange for lag in lags]
    return {
        "candle_p99": percentile(candle, 0.99),
        "whole_p50": percentile(whole, 0.5),
        "whole_p99": percentile(whole, 0.99),
    }


def figures(run: Run, sim_url: str, options: argparse.Namespace) -> Row:
    """All figures of the run, with the exchanges' own counts."""
    with urllib.request.urlopen(f"{sim_url}/_sim/stats", timeout=10) as answer:
        counts = json.load(answer)
    calm = [c["duration_s"] for c in run.cycles.values() if not c["bar_close"]]
    warm = [c["duration_s"] for c in run.cycles.values() if not c["bar_close"] and c["warm"]]
    close = [c["duration_s"] for c in run.cycles.values() if c["bar_close"]]
    lags = [lag for values in run.lags.values() for lag in values]
    ohlcv = list(run.ohlcv.values())
    every = [c["duration_s"] for c in run.cycles.values()]
    complete = len(run.warm_s) == 2 * len(EXCHANGES)
    return {
        "bench": "live",
        "pairs": options.pairs,
        "rest": options.rest,
        "latency_ms": options.latency_ms,
        "seconds": run.since(),
        "cycles": len(run.cycles),
        "failed_requests": sum(c["errors"] for c in run.cycles.values()),
        "cycle_p50_s": percentile(calm, 0.5),
        "cycle_max_s": max(calm, default=None),
        "cycle_max_warm_s": max(warm, default=None),
        "cycle_p99_s": percentile(every, 0.99),
        "cycle_histogram": histogram(every),
        "lag_histogram": histogram(lags),
        "closes": run.closes,
        "close_cycles_s": close,
        "close_cycle_max_s": max(close, default=None),
        "ohlcv_p50_s": percentile(ohlcv, 0.5),
        "ohlcv_p99_s": percentile(ohlcv, 0.99),
        "lag_p50_s": percentile(lags, 0.5),
        "lag_p99_s": percentile(lags, 0.99),
        "lag_max_s": percentile(lags, 1.0),
        "lag_by_exchange_s": {name: by_exchange(run, name) for name in EXCHANGES},
        "lags_read": len(lags),
        "never_read": run.unseen,
        "lag_by_itself_s": run.said_lag,
        "warm_s": max(run.warm_s.values()) if complete else None,
        "warm_by_series_s": run.warm_s,
        "known_share": run.shares,
        "in_turns": run.in_turns,
        "peak_in_flight": max(counts[name]["peak_in_flight"] for name in EXCHANGES),
        "violations": sum(sum(counts[name]["violations"].values()) for name in EXCHANGES),
        "requests": {name: counts[name]["requests"] for name in EXCHANGES},
        "most_used": {name: counts[name]["most_used"] for name in EXCHANGES},
        "cpu_s": cpu_seconds(run.product.process.pid),
        "load_average": round(os.getloadavg()[0], 1),
    }


def keep(found: Row) -> None:
    """Append the figures to build/bench.json."""
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    runs = orjson.loads(path.read_bytes()) if path.exists() else []
    path.write_bytes(orjson.dumps([*runs, found], option=orjson.OPT_INDENT_2))


def missed(found: Row, goals: Mapping[str, float]) -> list[str]:
    """The goals that were not met, in words."""
    return [
        f"{name}: {found[name]}, goal {goal}"
        for name, goal in goals.items()
        if found[name] is None or found[name] > goal
    ] + ([f"{found['never_read']} bars not whole after {MOST_LAG_S:.0f} s"] if found["never_read"] else [])


def main() -> int:
    """Run, measure, print, keep; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="per exchange")
    parser.add_argument("--rest", action="store_true", help="without websockets")
    parser.add_argument("--closes", type=int, default=2, help="bar closes to watch")
    parser.add_argument("--sampled", type=int, default=10, help="pairs per exchange read from outside")
    parser.add_argument("--latency-ms", type=float, default=80.0)
    parser.add_argument("--history", type=int, default=500, help="HISTORY_BARS")
    parser.add_argument("--seconds", type=float, default=1200.0, help="give up after so long")
    options = parser.parse_args()
    listed = min(600, math.ceil(options.pairs / 0.75))  # OKX lists fewer than the others
    with tempfile.TemporaryDirectory() as name, exchanges(listed, options.latency_ms) as sim_url:
        env = environment(
            Path(name),
            sim_url,
            PORT=str(free_port()),
            MAX_PAIRS=str(options.pairs),
            HISTORY_BARS=str(options.history),
            WEBSOCKETS=str(int(not options.rest)),
        )
        with running(["serve"], env, Path(name)) as product:
            run = Run(product, time.monotonic())
            measure(run, options)
            found = figures(run, sim_url, options)
            log = product.log
    print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    problems = missed(found, goals(options.pairs, rest=options.rest))
    for problem in problems:
        print(f"missed: {problem}")
    if problems:
        print(log[-3000:])
    keep(found)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
