"""A made-up market under the real web side: every value of 1,000 rows changes with each tick.

`python tests/bench/page_market.py --port 0` prints its URL and serves until its standard input ends.
The app, its socket and the history of the seeded pairs are real; the newest rows and the alerts are
invented here, since no exchange moves everything at once.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from flask import send_from_directory

from futuresboard.api.server import Server
from futuresboard.app import create_app
from futuresboard.config import load
from futuresboard.db_read import Reader, Row, Snapshot
from futuresboard.seeding import seed
from support_web import HEALTH

ROOT = Path(__file__).parents[2]
TIMEFRAME = "5m"
STEP_MS = 300_000
SEEDED = 24
FIXED = {"ts", "tier", "funding_interval_h", "listed_ts", "live_ts", "funding_next_ts"}
CLOSES_WITH_ALERTS = 3
LISTED_ALERTS = 100


class Market(Reader):
    """Newest rows that move when told; everything else is the database's."""

    def __init__(self, path: Path, *, rows: int, scale: float) -> None:
        super().__init__(path, stale_after_ms=STEP_MS)
        self._scale = scale
        self._begun = time.monotonic()
        self._random = random.Random(1)
        first = super().snapshot(TIMEFRAME, 0)
        self._origin = max(cast("int", row["ts"]) for row in first.rows) + STEP_MS
        self._rows = [self._another(first.rows[i % len(first.rows)], i) for i in range(rows)]
        self._alerts: list[Row] = []
        self._tick = super().seq() + 1
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Time of the market, which may run fast."""
        return self._origin + int((time.monotonic() - self._begun) * 1000 * self._scale)

    def _another(self, row: Row, number: int) -> Row:
        if number < SEEDED:
            return dict(row)
        base = f"C{number:04d}"
        return row | {"base": base, "symbol": f"{base}/USDT:USDT"}

    def tick(self) -> None:
        """Everything moves; a bar closes when its time has come."""
        now = self.now_ms()
        closed = (now // STEP_MS - 1) * STEP_MS
        rows = [self._moved(row, now, closed) for row in self._rows]
        with self._lock:
            new = closed > cast("int", self._rows[0]["ts"])
            self._rows = rows
            self._tick += 1
            if new:
                self._alert(rows, closed)

    def _moved(self, row: Row, now: int, closed: int) -> Row:
        shake = self._random.uniform
        moved = {
            name: value * shake(0.99, 1.01) if isinstance(value, float) and name not in FIXED else value
            for name, value in row.items()
        }
        z = self._random.gauss(0.0, 1.3)
        tiers = [1] if z > 2.5 else []
        return moved | {
            "ts": closed,
            "z_score": z,
            "z_raw": z,
            "oi_delta_pct": z * 0.4,
            "tiers": tiers,
            "tier": 1 if tiers else None,
            "live_ts": now,
            "age_s": shake(0.5, 2.0),
        }

    def _alert(self, rows: list[Row], closed: int) -> None:
        for row in self._random.sample(rows, CLOSES_WITH_ALERTS):
            number = len(self._alerts) + 1
            self._alerts.append(
                {name: row[name] for name in ("exchange", "symbol", "base")}
                | {"timeframe": TIMEFRAME, "ts": closed, "id": number, "seq": self._tick, "kind": "tier"}
                | {"tier": 2, "severity": 5, "direction": "up", "created_ts": closed + STEP_MS}
                | {"text": f"{row['base']}: made up for measuring", "values": {}, "rule": None}
            )

    def seq(self) -> int:
        """One transaction a tick."""
        return self._tick

    def snapshot(self, timeframe: str, now_ms: int, since: int = 0) -> Snapshot:
        """The rows as they stand; of other timeframes what the database has."""
        if timeframe != TIMEFRAME:
            return replace(super().snapshot(timeframe, now_ms, since), seq=self._tick)
        with self._lock:
            return Snapshot(timeframe, self._tick, list(self._rows))

    def alerts(self, wanted: Any, limit: int, offset: int) -> tuple[list[Row], int]:
        """The newest of the invented alerts, whatever was wanted."""
        newest = self._alerts[-LISTED_ALERTS:][::-1]
        return newest[offset : offset + limit], len(newest)

    def alerts_after(self, seq: int, until: int, limit: int = -1) -> list[Row]:
        """The invented alerts of some ticks."""
        return [alert for alert in self._alerts if seq < cast("int", alert["seq"]) <= until]


def _ticking(market: Market, publish: Any, every_s: float, stop: threading.Event) -> None:
    while not stop.wait(every_s):
        market.tick()
        publish(market.seq())


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", default="0")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--every", type=float, default=1.0, help="seconds between ticks")
    parser.add_argument("--scale", type=float, default=1.0, help="how much faster the market's time runs")
    parser.add_argument("--bars", type=int, default=2200, help="stored bars of the seeded pairs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        environ = {"DATABASE_URL": f"sqlite:///{name}/page.db", "PORT": given.port, "TIMEFRAMES": TIMEFRAME}
        settings = load(environ, ROOT, demo=True)
        seed(settings, pairs=SEEDED, timeframe=TIMEFRAME, bars=given.bars, seed=1)
        market = Market(settings.database_path, rows=given.rows, scale=given.scale)
        app, _, publisher = create_app(settings, reader=market, now_ms=market.now_ms, health=lambda: HEALTH)
        naive = ROOT / "build" / "page-bench"
        app.add_url_rule("/bench/<path:name>", view_func=lambda name: send_from_directory(naive, name))
        server = Server(app, "127.0.0.1", int(given.port))
        stop = threading.Event()
        threads = (
            threading.Thread(target=server.serve, daemon=True),
            threading.Thread(
                target=_ticking, args=(market, publisher.publish, given.every, stop), daemon=True
            ),
        )
        publisher.start()
        for thread in threads:
            thread.start()
        print(server.url, flush=True)
        sys.stdin.read()
        stop.set()
        publisher.stop()
        server.stop()


if __name__ == "__main__":
    main()
