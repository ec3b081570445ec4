"""The product as its user runs it: real processes, environment settings, HTTP, a SQLite file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from futuresboard.config import FIELDS
from futuresboard.sim_exchange import SimConfig

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "backend" / "src"
EXCHANGES = ("binanceusdm", "bybit", "okx")
STEP_MS = {"5m": 300_000, "15m": 900_000}
PAUSE_S = 0.1
NOWHERE = "http://127.0.0.1:9"
"""No exchange at all: a test that names none must never reach a real one."""

type Row = dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until[T](
    found: Callable[[], T], seconds: float, what: str, *, alive: Callable[[], None] = lambda: None
) -> T:
    """Ask until the answer is true, and return it; `alive` raises when waiting has become pointless."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        alive()
        if time.monotonic() > deadline:
            raise AssertionError(f"not {what} after {seconds} s")
        time.sleep(PAUSE_S)
    return answer


def scaled(config: SimConfig) -> dict[str, str]:
    """Settings that let the product's time run as fast as the exchanges', for all processes alike.

    By REST: what sockets push grows with the speed of time (`test_streams` is about sockets).
    """
    return {
        "TIME_SCALE": str(config.time_scale),
        "TIME_SINCE": str(int(time.time() * 1000)),
        "WEBSOCKETS": "0",
    }


def environment(folder: Path, sim_url: str = NOWHERE, **settings: str) -> dict[str, str]:
    """Every setting said aloud, so that neither the shell nor a `.env` of the clone has a say."""
    kept = {name: value for name, value in os.environ.items() if name not in FIELDS}
    return (
        kept
        | {name: field.default for name, field in FIELDS.items()}
        | {
            "PYTHONPATH": str(SOURCE),
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": f"sqlite:///{folder / 'test.db'}",
            "BINANCEUSDM_URL": f"{sim_url}/binance",
            "BYBIT_URL": f"{sim_url}/bybit",
            "OKX_URL": f"{sim_url}/okx",
            "COINGECKO_URL": f"{sim_url}/coingecko",
        }
        | settings
    )


def finished(arguments: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """`futuresboard …` run to its end."""
    command = [sys.executable, "-m", "futuresboard", *arguments]
    return subprocess.run(
        command, env=dict(env), cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


_ON_CALL = "import sys; from futuresboard.cli import main; sys.stdin.readline(); sys.exit(main(sys.argv[1:]))"


class Asked:
    """What the API says, whoever serves it."""

    def text(self, path: str, **query: object) -> str | None:
        """Body of one call; None where the answer is an error or there is none yet."""
        raise NotImplementedError

    def get(self, path: str, **query: object) -> Any:
        """Decoded JSON of one call, which must be JSON as browsers read it; None as in `text`."""
        body = self.text(path, **query)
        return None if body is None else json.loads(body, parse_constant=_refuse)

    def rows(self, timeframe: str = "5m") -> dict[tuple[str, str], Row]:
        """Newest row of every pair, by (exchange, symbol)."""
        return {
            (r["exchange"], r["symbol"]): r for r in self.get("/api/metrics", tf=timeframe, limit=1000) or []
        }

    def history(self, exchange: str, symbol: str, timeframe: str) -> list[Row]:
        """Every stored closed bar of one series, oldest first."""
        rows: list[Row] = []
        start = 0
        while True:
            page = self.get(
                "/api/history", exchange=exchange, symbol=symbol, tf=timeframe, limit=500, start=start
            )
            if not page or not page["ts"]:
                return rows
            rows += [
                {name: page[name][i] for name in page if isinstance(page[name], list)}
                for i in range(len(page["ts"]))
            ]
            start = rows[-1]["ts"] + 1

    def alerts(self) -> list[Row]:
        """Every stored alert, oldest first."""
        found: list[Row] = []
        while page := self.get("/api/alerts", limit=1000, offset=len(found)):
            found += page
        return found[::-1]


class Product(Asked):
    """A running `futuresboard …`; its port is the one in the environment.

    on_call: everything is loaded, but the command itself waits for `go`.
    """

    def __init__(
        self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, *, on_call: bool = False
    ) -> None:
        self.port = int(env["PORT"])
        self.database = Path(env["DATABASE_URL"].removeprefix("sqlite:///"))
        self.log_file = folder / f"{arguments[0]}.log"
        with self.log_file.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, *(("-c", _ON_CALL) if on_call else ("-m", "futuresboard")), *arguments],
                env=dict(env),
                cwd=folder,
                stdin=subprocess.PIPE if on_call else subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
            )

    def go(self) -> None:
        """Begin what `on_call` holds back."""
        if self.process.stdin is not None:
            self.process.stdin.write(b"\n")
            self.process.stdin.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def text(self, path: str, **query: object) -> str | None:
        """Body of one call; None where the answer is an error or there is none yet."""
        given = {name: value for name, value in query.items() if value is not None}
        try:
            with urllib.request.urlopen(
                f"{self.url}{path}?{urllib.parse.urlencode(given)}", timeout=10
            ) as answer:
                return str(answer.read().decode())
        except OSError:
            return None

    def health(self) -> Row:
        return self.get("/health") or {}

    def warm(self) -> bool:
        return bool(self.health().get("warm") == 1)

    def check(self) -> None:
        """Raise when the process has ended."""
        if self.process.poll() is not None:
            raise AssertionError(f"ended with {self.process.returncode}\n{self.log[-3000:]}")

    def until[T](self, found: Callable[[], T], seconds: float, what: str) -> T:
        """`until`, with the end of the log when it fails."""
        try:
            return until(found, seconds, what, alive=self.check)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.health()}\n{self.log[-3000:]}") from error

    def end(self, number: int = signal.SIGTERM, seconds: float = 20) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is not JSON")


@contextlib.contextmanager
def running(arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> Iterator[Product]:
    """`futuresboard …` until the block ends; then SIGTERM, and SIGKILL for one that does not listen."""
    product = Product(arguments, env, folder)
    try:
        yield product
    finally:
        if product.process.poll() is None:
            try:
                product.end()
            except subprocess.TimeoutExpired:
                product.process.kill()
                product.process.wait()


@contextlib.contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection
