"""The product beside simulated exchanges on one time that jumps whenever nothing is under way.

Requests go over real HTTP and rows into a real SQLite file; only waiting costs nothing. Time stands
still while a request is on its way, so that the load of the machine that runs the tests changes no
outcome: whatever is late is late in exchange time.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from futuresboard import exchanges, quality, rhythm
from futuresboard import scraper as scraper_module
from futuresboard.bars import RAW_COLUMNS
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.streams import connection
from futuresboard.exchanges.streams.socket import Socket
from futuresboard.metrics import stored_names
from futuresboard.rows import guarded_of
from futuresboard.scraper import Scraper
from futuresboard.sim_exchange import SimConfig, SimThread
from support_core import make_settings
from support_core_exchange import InlineExecutor
from virtual_clock import VirtualClock

EXCHANGES = ("binanceusdm", "bybit", "okx")
PREFIX = {"binanceusdm": "binance", "bybit": "bybit", "okx": "okx"}
M5 = 300_000
MIDNIGHT = 1_773_792_000_000
BEGIN = MIDNIGHT - 4 * M5 + 100_000
"""100 s into a bar; the next day begins at the fourth close."""
POLL_S = 0.0003
CALM_TURNS = 3
PATIENCE_S = 240.0
LOST_S = 0.05
WALL_BEHIND_MS = 12 * 3_600_000
COINS = ("BTC", "ETH", "SOL", "XRP", "PEPE")
"""As many as tell after three closes what Bybit's stamps mean; PEPE counts by the thousand on some."""

type Key = tuple[str, str, str]
type Row = dict[str, Any]
type Action = Callable[[], object]


class SharedTime(VirtualClock):
    """The clock of the product, and of the exchanges that run beside it in a thread of their own.

    in_flight: requests the product has sent and not seen answered.
    """

    def __init__(self, sim: SimThread) -> None:
        super().__init__()
        self.in_flight: Callable[[], int] = lambda: 0
        self.held = 0
        self._sim = sim.server
        self._sim_began = sim.server.clock.now_ms()
        self._began = self.now
        # The machine's clock is wrong, but it goes on while the product is away.
        self.wall_ms = self._sim_began - WALL_BEHIND_MS
        self.wires: Wires | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._driver: asyncio.Task[None] | None = None
        self._stopped = False
        sim.server._hold = self.hold  # type: ignore[method-assign]

    def exchange_ms(self) -> int:
        """What the exchanges' clocks show (less the skew of one of them)."""
        return self._sim_began + round((self.now - self._began) * 1000)

    async def sleep(self, seconds: float) -> None:
        self._order += 1
        self._loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._order, future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        await future

    def stop(self) -> None:
        """Let time stand still for good."""
        self._stopped = True

    async def at(self, exchange_ms: int, action: Action) -> None:
        """Do something when the exchanges' clocks show a time."""
        await self.sleep((exchange_ms - self.exchange_ms()) / 1000)
        action()

    async def hold(self, seconds: float) -> None:
        """In the exchanges' thread: an answer is held back for so long."""
        assert self._loop is not None
        here, released = asyncio.get_running_loop(), asyncio.Event()

        async def wait() -> None:
            self.held += 1
            try:
                await self.sleep(seconds)
            finally:
                self.held -= 1
                here.call_soon_threadsafe(released.set)

        holding = asyncio.run_coroutine_threadsafe(wait(), self._loop)
        try:
            await released.wait()
        finally:
            holding.cancel()

    async def settle(self) -> None:
        """Let everything happen that needs no time: return when nothing else is to be run."""
        ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        calm = 0
        while calm < CALM_TURNS:
            await asyncio.sleep(0)
            calm = 0 if ready else calm + 1

    async def _drive(self) -> None:
        while not self._stopped:
            await self._quiet()
            if self._stopped or not self.wake():
                return
            self._sim.clock.set(self.exchange_ms())

    async def _quiet(self) -> None:
        """Return when every request is answered, or held back, and all that follows from it is done."""
        while True:
            await self.settle()
            if not self.held and not self.in_flight():
                if self.wires is None or await self.wires.quiet():
                    return
            elif self.held:
                # One who hung up is noticed by the other side a moment later.
                await asyncio.sleep(0.004)
                await self.settle()
                served = sum(counts.in_flight for counts in self._sim.stats.values())
                if self.in_flight() == self.held == served:
                    return
            await asyncio.sleep(POLL_S)


class Wires:
    """What is under way on websockets: texts sent on either side and not heard on the other.

    What a lost connection takes with it is written off after `LOST_S` of real time.
    """

    def __init__(self, sim: SimThread, patch: pytest.MonkeyPatch) -> None:
        self._sim = sim
        self._dialling = 0
        self._heard = self._said = 0
        self._written_off = (0, 0)
        self._restless_since: float | None = None
        # Each look for silence is a moment at which everything has to stand still.
        patch.setattr(connection, "WATCH_EVERY_S", 5.0)
        dial, hear, say = Socket.dial, Socket.hear, Socket.say

        async def counted_dial(socket: Socket, session: Any) -> None:
            self._dialling += 1
            try:
                await dial(socket, session)
            finally:
                self._dialling -= 1

        async def counted_hear(socket: Socket) -> str:
            text = await hear(socket)
            self._heard += 1
            return text

        async def counted_say(socket: Socket, message: object | None) -> None:
            self._said += message is not None
            await say(socket, message)

        patch.setattr(Socket, "dial", counted_dial)
        patch.setattr(Socket, "hear", counted_hear)
        patch.setattr(Socket, "say", counted_say)

    async def quiet(self) -> bool:
        """Whether all that is due has been pushed, and all that was sent has arrived."""
        there = self._sim.loop
        sent, received = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._push(), there))
        missing = sent - self._heard, self._said - received
        if not self._dialling and missing == self._written_off:
            self._restless_since = None
            return True
        now = time.monotonic()
        self._restless_since = self._restless_since or now
        if not self._dialling and now - self._restless_since > LOST_S:
            self._written_off = missing
        return False

    async def _push(self) -> tuple[int, int]:
        """In the exchanges' thread: push what is due; texts sent and received so far."""
        for feed in self._sim.server.sockets.feeds.values():
            feed.publish()
        await asyncio.sleep(0)
        counts = [counts.sockets for counts in self._sim.stats.values()]
        return sum(c.messages + c.answers for c in counts), sum(c.received for c in counts)


@dataclass
class Run:
    """What a run left behind: rows by series, alerts, requests by exchange; and by the name of a look the
    health document and the live values: (exchange, symbol, source, time)."""

    sim: SimThread
    rows: dict[Key, list[Row]] = field(default_factory=dict)
    alerts: set[tuple[object, ...]] = field(default_factory=set)
    health: dict[str, dict[str, Any]] = field(default_factory=dict)
    live: dict[str, list[tuple[str, str, str, int]]] = field(default_factory=dict)
    requests: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def newest(self, exchange: str) -> list[Row]:
        """The newest 5m row of each pair of an exchange."""
        return [rows[-1] for key, rows in self.rows.items() if key[0] == exchange and key[2] == "5m"]


class Stage:
    """A product and its exchanges; `plan` says what happens when, `play` lets it happen."""

    def __init__(self, folder: Path, sim: SimThread, wires: Wires | None = None, **settings: str) -> None:
        self.sim, self.time = sim, SharedTime(sim)
        self.time.wires = wires
        self.run = Run(sim)
        self._plan: list[tuple[int, Action]] = []
        self._over = threading.Event()
        self._made: list[Exchange] = []
        urls = {f"{name.upper()}_URL": f"{sim.url}/{path}" for name, path in PREFIX.items()}
        self.settings = make_settings(folder, **{**SETTINGS, **urls, **settings})
        self.scraper = Scraper(self.settings, self._exchanges, clock=self.time)
        self._watch_requests()

    def _watch_requests(self) -> None:
        """Note when each request arrives at which exchange."""
        inner = self.sim.server.limits.check

        def check(exchange: str, path: str, query: Any, client: str, *, sent: float) -> Any:
            self.run.requests.setdefault(exchange, []).append((self.sim.server.clock.now_ms(), path))
            return inner(exchange, path, query, client, sent=sent)

        self.sim.server.limits.check = check  # type: ignore[method-assign]

    def _exchanges(self) -> Sequence[Exchange]:
        self._made = [
            exchanges.create(
                name,
                url_override=self.settings.exchange_url(name),
                clock=self.time,
                websockets=self.time.wires is not None,
                trades_pairs=self.settings.bybit_trades_pairs,
            )
            for name in EXCHANGES
        ]
        self.time.in_flight = lambda: sum(made.stats().in_flight for made in self._made)
        for at, action in self._plan:
            self._tasks.append(asyncio.get_running_loop().create_task(self.time.at(at, action)))
        return self._made

    def plan(self, exchange_ms: int, action: Action) -> None:
        """Do something at a time of the exchanges."""
        self._plan.append((exchange_ms, action))

    def look(self, exchange_ms: int, name: str) -> None:
        """Keep the health document and the live values of a time."""

        def note() -> None:
            self.run.health[name] = self.scraper.health()
            query = "SELECT exchange, symbol, live_source, live_ts FROM live JOIN pairs ON id = pair_id"
            with closing(sqlite3.connect(self.settings.database_path)) as connection:
                self.run.live[name] = connection.execute(query).fetchall()

        self.plan(exchange_ms, note)

    def play(self, until_ms: int, patience_s: float = PATIENCE_S) -> Run:
        """Run until the exchanges' clocks show a time; everything stored is in the answer."""
        self._tasks: list[asyncio.Task[None]] = []
        self.look(until_ms, "end")
        self.plan(until_ms, self._end)
        self.scraper.start()
        try:
            assert self._over.wait(patience_s), f"stuck at {self.time.exchange_ms()}"
            assert self.scraper.failure is None
        finally:
            self.time.stop()
            self.scraper.stop()
        self._collect()
        return self.run

    def _end(self) -> None:
        self.time.stop()
        self._over.set()

    def _collect(self) -> None:
        names = (*RAW_COLUMNS, *stored_names())
        columns = ", ".join(f"b.{name}" for name in ("ts", *names, "quality", "guarded", "seen_ts"))
        joined = "JOIN series s ON s.id = {}.series_id JOIN pairs p ON p.id = s.pair_id"
        with closing(sqlite3.connect(self.settings.database_path)) as connection:
            query = f"SELECT p.exchange, p.symbol, s.timeframe, {columns} FROM bars b {joined.format('b')}"
            for exchange, symbol, timeframe, ts, *values in connection.execute(f"{query} ORDER BY b.ts"):
                row = dict(zip(names, values, strict=False)) | {"ts": ts}
                bits, guarded, row["seen"] = values[len(names) :]
                row["quality"], row["guarded"] = set(quality.names(bits)), guarded_of(guarded)
                self.run.rows.setdefault((exchange, symbol, timeframe), []).append(row)
            query = "SELECT p.exchange, p.symbol, s.timeframe, a.ts, a.kind, nullif(a.tier, 0) FROM alerts a "
            self.run.alerts = set(connection.execute(query + joined.format("a")))


SETTINGS: Mapping[str, str] = {
    "SYMBOLS": ",".join(COINS),
    "HISTORY_BARS": "40",
    "INTERVAL": "60",
    # Low enough that a few bars of a few pairs start alerts of every kind, as often as there is an edge.
    "Z_THRESHOLD": "0.5",
    "LS_THRESHOLD": "1",
    "IMBALANCE_THRESHOLD": "0.5",
    "OI_DELTA_THRESHOLD": "0.01",
    "FUNDING_THRESHOLD": "0.001",
    "ALERT_COOLDOWN": "1",
}


@contextmanager
def staged(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    sockets: bool = False,
    config: SimConfig | None = None,
    later_ms: int = 0,
    **settings: str,
) -> Iterator[Stage]:
    """A stage whose curtain falls with the block.

    sockets: the product listens to websockets too; config: of the exchanges, in place of `sim_config`;
    later_ms: how long after their epoch it begins.
    """
    # All database work happens in the loop's thread, so that time waits for it.
    monkeypatch.setattr(scraper_module, "ThreadPoolExecutor", lambda *_, **__: InlineExecutor())
    monkeypatch.setattr(rhythm.random, "uniform", lambda low, high: low)
    monkeypatch.setattr(scraper_module, "HEARTBEAT_S", 10.0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        with SimThread(config or sim_config()) as sim:
            sim.server.clock.advance(later_ms)
            yield Stage(folder, sim, Wires(sim, monkeypatch) if sockets else None, **settings)
    finally:
        sys.setswitchinterval(interval)


def sim_config() -> SimConfig:
    """Exchanges that answer at once; their time is moved by `SharedTime`."""
    return SimConfig(
        pairs=12,
        latency_ms=0,
        jitter_ms=0,
        time_scale=0,
        epoch_ms=BEGIN,
        in_exchange_time=True,
        pushes=dict.fromkeys(("kline", "ticker", "mark", "trade"), 6000),
    )
