"""An exchange in memory, and what runs a collector on it without the passing of real time.

It stands in for the network: the port is `futuresboard.exchanges.base.Exchange`, whose adapters are tested
over HTTP elsewhere. Its market is a function of time, so that what must be stored can be told: `expected`.
"""

from __future__ import annotations

import asyncio
import heapq
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np

from futuresboard.collector import Collector
from futuresboard.db import Committed, Store
from futuresboard.errors import ExchangeError, PairGoneError, StoreError
from futuresboard.exchanges.base import ExchangeStats, Scarce
from futuresboard.exchanges.breaker import BreakerStatus
from futuresboard.history import History, newest_of_all
from futuresboard.model import ROW_COLUMNS, Kind, Market, Rows, Ticker
from futuresboard.pipeline import Pipeline
from handmade_bars import M5, MIDNIGHT
from support_core import make_settings
from virtual_clock import VirtualClock

HOUR = 3_600_000
NOON = MIDNIGHT + 12 * HOUR + 100_000
"""Where time begins unless told: 100 s into a bar."""
LEVELS = (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS)
MOST = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.FUNDING)


class InlineExecutor(Executor):
    """Does the writer's work at once, in the caller's thread."""

    def submit(self, fn: Callable, /, *args: object, **kwargs: object) -> Future:
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except (sqlite3.Error, StoreError, LookupError, ValueError) as error:
            future.set_exception(error)
        return future


def price(number: int, ts: int) -> float:
    return 100.0 + number + (ts // M5 % 97) * 0.1


def volume(ts: int) -> float:
    return 100.0 + ts // M5 % 5


def level(kind: Kind, number: int, ts: int) -> float:
    if kind is Kind.OI:
        return 1000.0 + number + ts // M5 % 13
    return 1.0 + (ts // M5 % 7) / 10 + (5.0 if kind is Kind.TOP_LS else 0.0)


def rate(ts: int) -> float:
    return (ts // (8 * HOUR) % 10) * 1e-5


class MemoryExchange:
    """See the module.

    Tests turn `delay_ms`, `fail`, `offset`, `listed`, `ended`, `lacking`, `latency`, `jump_ms`.
    """

    def __init__(
        self,
        clock: VirtualClock,
        *,
        id: str = "okx",
        bases: Sequence[str] = ("BTC", "ETH"),
        kinds: Iterable[Kind] = MOST,
        start: int = NOON,
        page: int = 100,
        usd: bool = True,
        live_oi: bool = False,
        rotates_oi: bool = False,
    ) -> None:
        self.id = id
        self.kinds = frozenset(kinds)
        self.unpublished: Mapping[str, str] = {"top_ls": "not published"}
        self.page_rows = dict.fromkeys(Kind, page)
        self.depth_rows: dict[Kind, int | None] = dict.fromkeys(Kind)
        self.rotates_oi = rotates_oi
        self.streams = None
        self.confirms_candles = False
        self.scarce: Scarce | None = None
        self.room_s: dict[Kind, float] = {}
        self.delay_ms: dict[Kind, int] = dict.fromkeys(Kind, 1_000)
        self.fail: Callable[[str, str], Exception | None] = lambda what, symbol: None
        self.offset = 1
        self.taker_offset = 0
        self.listed: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self.lacking: set[tuple[Kind, int]] = set()
        """(kind, bar) whose rows it does not have."""
        self.latency = 0.02
        self.jump_ms = 0
        self.calls: list[tuple[str, str, int, int | None, bool]] = []
        self.kept_free: list[tuple[str, float]] = []
        self.restored: object = None
        self.pauses: Mapping[str, tuple[float, str]] = {}
        self.restored_pauses: object = None
        self.breaker = BreakerStatus()
        self.closed = False
        self.failed = 0
        self._clock = clock
        self._began = clock.monotonic()
        self._start = start
        self._usd, self._has_oi = usd, live_oi
        self._numbers: dict[str, int] = {}
        self.list(bases)

    def list(self, bases: Sequence[str]) -> None:
        """What it lists from now on, the most liquid first; a coin keeps its number, and so its prices."""
        for base in bases:
            self._numbers.setdefault(f"{base}/USDT:USDT", len(self._numbers))
        self._markets = [
            Market(
                self.id,
                f"{base}/USDT:USDT",
                base,
                base,
                quote_volume=1e6 - n,
                funding_interval_h=8.0,
                listed_ts=self.listed.get(f"{base}/USDT:USDT"),
            )
            for n, base in enumerate(bases)
        ]

    def refuse(self, word: str = "", error: Exception | None = None) -> None:
        """Let every request of a kind (or about a symbol) fail from now on; without words none does."""
        self.fail = lambda what, symbol: error if word in (what, symbol) else None

    def now(self) -> int:
        passed = (self._clock.monotonic() - self._began) * 1000
        return self._start + self.jump_ms + int(passed)

    async def _asked(self, what: str, symbol: str = "") -> None:
        await self._clock.sleep(self.latency)
        if (error := self.fail(what, symbol)) is not None:
            self.failed += 1
            raise error

    async def server_time(self) -> int:
        await self._asked("time")
        return self.now()

    async def markets(self) -> Sequence[Market]:
        await self._asked("markets")
        return self._markets

    async def tickers(self) -> Mapping[str, Ticker]:
        await self._asked("tickers")
        return {
            market.symbol: self._ticker(self._numbers[market.symbol], market, self._has_oi)
            for market in self._markets
        }

    def _ticker(self, number: int, market: Market, has_oi: bool) -> Ticker:
        now = self.now()
        at = now // M5 * M5
        oi = level(Kind.OI, number, at) if has_oi else None
        return Ticker(
            market.symbol,
            now,
            price=price(number, at),
            mark_price=price(number, at),
            quote_volume=5e6,
            funding_next=1e-4,
            funding_next_ts=(now // (8 * HOUR) + 1) * 8 * HOUR,
            oi_contracts=oi,
            oi_ts=now if has_oi else None,
        )

    async def live_oi(self, market: Market) -> Ticker:
        await self._asked("live_oi", market.symbol)
        self.calls.append(("live_oi", market.symbol, 1, None, False))
        made = self._ticker(self._numbers[market.symbol], market, True)
        return Ticker(market.symbol, made.ts, oi_contracts=made.oi_contracts, oi_ts=made.oi_ts)

    async def rows(
        self, kind: Kind, market: Market, *, limit: int, end: int | None = None, background: bool = False
    ) -> Rows:
        self.calls.append((kind.value, market.symbol, limit, end, background))
        await self._asked(kind.value, market.symbol)
        if market.symbol not in {listed.symbol for listed in self._markets}:
            raise PairGoneError(self.id, "unknown")
        stamps = self._stamps(kind, market)
        stamps = stamps[stamps < self.ended.get(market.symbol, 2**62)]
        bars = stamps - (self.offset * M5 if kind in LEVELS else 0)
        stamps = stamps[[(kind, bar) not in self.lacking for bar in bars.tolist()]]
        if end is not None:
            stamps = stamps[stamps <= end]
        stamps = stamps[-min(limit, self.page_rows[kind]) :]
        number = self._numbers[market.symbol]
        made = [self._row(kind, number, int(ts)) for ts in stamps]
        columns = {
            name: np.array([row[name] for row in made], dtype=np.float64) for name in ROW_COLUMNS[kind]
        }
        return Rows(kind, stamps, columns)

    def _stamps(self, kind: Kind, market: Market) -> np.ndarray:
        seen = self.now() - self.delay_ms[kind]
        first = self.listed.get(market.symbol, MIDNIGHT - 4 * 24 * HOUR)
        if kind is Kind.FUNDING:
            step, newest, first = 8 * HOUR, seen // (8 * HOUR) * 8 * HOUR, -(-first // (8 * HOUR)) * 8 * HOUR
            return np.arange(first, newest + 1, step, dtype=np.int64)
        if kind is Kind.CANDLES:
            newest = self.now() // M5 * M5 - M5 * self.confirms_candles
            return np.arange(first, newest + 1, M5, dtype=np.int64)
        newest = seen // M5 * M5 - M5
        shift = {Kind.TAKER: self.taker_offset}.get(kind, self.offset) * M5
        return np.arange(first, newest + 1, M5, dtype=np.int64) + shift

    def _row(self, kind: Kind, number: int, ts: int) -> dict[str, float]:
        if kind is Kind.FUNDING:
            return {"rate": rate(ts)}
        if kind is Kind.CANDLES:
            opened, closed, size = price(number, ts), price(number, ts + M5), volume(ts)
            return {
                "open": opened,
                "high": max(opened, closed),
                "low": min(opened, closed),
                "close": closed,
                "volume": size,
                "quote_volume": size * opened,
                "taker_buy": np.nan if Kind.TAKER in self.kinds else size * 0.52,
            }
        if kind is Kind.TAKER:
            size = volume(ts - self.taker_offset * M5)
            return {"buy": size * 0.52, "sell": size * 0.48}
        close = ts - self.offset * M5 + M5
        value = level(kind, number, close)
        if kind is Kind.OI:
            usd = value * price(number, close) if self._usd else np.nan
            return {"oi_contracts": value, "oi_usd": usd}
        return {"ratio": value}

    def expected(self, number: int, ts: int) -> dict[str, float | None]:
        """What must be stored of the bar at `ts` once everything is in."""
        close = ts + M5
        oi = level(Kind.OI, number, close)
        return {
            "open": price(number, ts),
            "close": price(number, close),
            "volume": volume(ts),
            "taker_buy": volume(ts) * 0.52,
            "oi_contracts": oi,
            "oi_abs_usd": oi * price(number, close),
            "global_ls": level(Kind.GLOBAL_LS, number, close),
            "top_ls": level(Kind.TOP_LS, number, close) if Kind.TOP_LS in self.kinds else None,
            "funding": rate(close),
            "funding_interval_h": 8.0,
        }

    def room_in(self, kind: Kind) -> float:
        return self.room_s.get(kind, 0.0)

    def keep_free(self, budget: str, cost: float) -> None:
        self.kept_free.append((budget, cost))

    def refusal(self) -> ExchangeError | None:
        return None

    def stats(self) -> ExchangeStats:
        asked = len(self.calls)
        return ExchangeStats(asked, self.failed, 0, 3, 0.02, 0.05, 1.5, {"all": 0.25}, None, self.breaker)

    def export_budgets(self) -> Mapping[str, Sequence[tuple[float, float]]]:
        return {"all": [(1.0, 5.0)]}

    def restore_budgets(self, budgets: Mapping[str, Iterable[tuple[float, float]]], elapsed_s: float) -> None:
        self.restored = (budgets, elapsed_s)

    def export_pauses(self) -> Mapping[str, tuple[float, str]]:
        return self.pauses

    def restore_pauses(self, pauses: Mapping[str, tuple[float, str]], elapsed_s: float) -> None:
        self.restored_pauses = (pauses, elapsed_s)

    async def close(self) -> None:
        self.closed = True


class SelfDrivingClock(VirtualClock):
    """A virtual clock that moves on by itself whenever its event loop has nothing else to do."""

    def __init__(self, now: float = 1000.0) -> None:
        super().__init__(now)
        self._driver: asyncio.Task[None] | None = None

    async def sleep(self, seconds: float) -> None:
        self._order += 1
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._order, future))
        if self._driver is None or self._driver.done():
            self._driver = asyncio.create_task(self._drive())
        await future

    async def _drive(self) -> None:
        await self.settle()
        while self.wake():
            await self.settle()


class Station:
    """One collector on one exchange and a fresh (or an older) database."""

    def __init__(self, folder: Path, *, history: int = 60, name: str = "test.db", **exchange: object) -> None:
        self.clock = exchange.pop("clock", None) or VirtualClock()  # type: ignore[assignment]
        self.path = Path(folder) / name
        self.settings = make_settings(folder, HISTORY_BARS=str(history))
        self.store = Store(self.path, simulated=True)
        self.committed: list[Committed] = []
        self.pipeline = Pipeline(
            self.store,
            ("5m", "15m"),
            self.settings.thresholds,
            publish=self.committed.append,
            history_bars=history,
        )
        self.exchange = MemoryExchange(self.clock, **exchange)  # type: ignore[arg-type]
        self.history = history
        self.warm: History | None = None

    def close(self) -> None:
        self.store.close()

    def run[T](self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """The result of `work()`, called once the collector is there; no real time passes."""

        async def main() -> T:
            self.collector = Collector(
                self.exchange, self.pipeline, self.settings, clock=self.clock, writer=InlineExecutor()
            )
            return await self.clock.run(work())

        return asyncio.run(main())

    async def adopt(self) -> None:
        markets, _ = await self.collector.connect()
        await self.collector.adopt(self.collector.select(markets))

    async def start(self) -> None:
        """Connect, decide what stamps mean and fetch the history."""
        await self.adopt()
        await self.collector.watch.probe()
        await self.warm_up()

    async def warm_up(self, since: int | None = None) -> None:
        if since is None:
            since = self.collector.begin_ms // M5 * M5 - self.history * M5
        self.warm = History(
            self.collector, newest_of_all(self.collector, dict.fromkeys(self.collector.active, since))
        )
        await self.warm.run()
        await self.collector.storing.flush()

    async def until(self, exchange_ms: int, *, interval: float = 30.0) -> list:
        """Cycles every `interval` seconds up to a time of the exchange; their tallies."""
        tallies = []
        while self.exchange.now() < exchange_ms:
            tallies.append(await self.collector.cycle())
            await self.clock.sleep(interval)
        return tallies

    async def close_of(self, ts: int) -> None:
        """Let time pass until a second after the bar at `ts` has closed."""
        wait = (ts + M5 + 1_000 - self.exchange.now()) / 1000
        await self.clock.sleep(max(0.0, wait))

    def asked(self, kind: Kind, symbol: str = "BTC/USDT:USDT") -> int:
        return sum(call[0] == kind.value and call[1] == symbol for call in self.exchange.calls)
