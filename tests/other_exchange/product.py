"""Runs the product as its user would: a command, environment variables, HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from other_exchange.compare import rows_of_history
from other_exchange.server import OtherExchange

SOURCE = Path(__file__).parents[2] / "backend" / "src"
TIMEFRAMES = ("5m", "15m")


@dataclass
class Product:
    """A running dashboard; `log` is what it has written so far."""

    port: int
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> object:
        """Decoded JSON of one call; None where the answer is an error or there is none yet."""
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query or {})}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except OSError:
            return None

    def health(self) -> dict[str, object]:
        answer = self.get("/health")
        return answer if isinstance(answer, dict) else {}

    def pairs(self) -> dict[tuple[str, str], dict[str, object]]:
        """Newest base row of every pair the page shows, by (exchange, symbol)."""
        rows = self.get("/api/metrics", {"limit": 1000})
        return {(r["exchange"], r["symbol"]): r for r in rows} if isinstance(rows, list) else {}

    def history(self, exchange: str, symbol: str, timeframe: str) -> list[dict[str, object]]:
        """Every stored closed bar of one series."""
        rows: list[dict[str, object]] = []
        query: dict[str, str | int] = {"exchange": exchange, "symbol": symbol, "tf": timeframe, "limit": 500}
        start = 0
        while True:
            answer = self.get("/api/history", query | {"start": start})
            if not isinstance(answer, dict) or not answer.get("ts"):
                return rows
            rows += rows_of_history(exchange, symbol, timeframe, answer)
            start = int(str(rows[-1]["ts"])) + 1

    def stored(self, exchange: str, symbols: list[str]) -> list[dict[str, object]]:
        """Every stored closed bar of these pairs, both timeframes."""
        return [row for s in symbols for tf in TIMEFRAMES for row in self.history(exchange, s, tf)]

    def until(self, what: str, done: Callable[[], bool], seconds: float) -> None:
        """Ask once a second until `done`; AssertionError with the log's end when it takes too long."""
        deadline = time.monotonic() + seconds
        while not done():
            if self.process.poll() is not None:
                raise AssertionError(f"the product ended ({self.process.returncode})\n{self.log[-3000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not {what} after {seconds} s: {self.health()}\n{self.log[-3000:]}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)

    def warm(self) -> bool:
        """All start-up history has been asked for and answered."""
        return self.health().get("warm") in (1, 1.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(server: OtherExchange, folder: Path, **settings: str) -> Iterator[Product]:
    """`futuresboard serve` against `server`, its database in `folder`; ended by SIGTERM."""
    port = _free_port()
    environment = {k: v for k, v in os.environ.items() if not k.endswith(("_URL", "_TOKEN"))} | {
        "PYTHONPATH": str(SOURCE),
        "DATABASE_URL": f"sqlite:///{folder / 'other.db'}",
        "ARCHIVE_DIR": str(folder / "archive"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        **server.environment,
        **settings,
    }
    log = folder / "product.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "futuresboard", "serve"],
            env=environment,
            cwd=folder,
            stdout=sink,
            stderr=sink,
        )
    try:
        yield Product(port, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
