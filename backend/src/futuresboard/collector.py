"""One exchange's share of the scraper: its clock, its pairs, its cycle and its bar closes.

Everything that can fail here fails for this exchange alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from futuresboard.book import STEP_MS, Book, Ready
from futuresboard.config import Settings
from futuresboard.errors import ExchangeError, PairGoneError, StoreError, UnpublishedError
from futuresboard.exchange_clock import ExchangeClock
from futuresboard.exchanges import stamps
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.pacing import Clock
from futuresboard.live import LiveUpdate
from futuresboard.model import Kind, Market, Rows, Ticker
from futuresboard.pipeline import Pipeline

log = logging.getLogger(__name__)

ROTATION_MOST = 100
ROTATION_CALM = 40
ROTATION_BEFORE_CLOSE_MS = 62_000
ROUND_PATIENCE_MS = 14_000
"""How long after a close its cycle asks again for rows that are late; later cycles go on."""
ROUND_END_MS = 20_000
"""When a bar-close cycle lets go of requests that still wait for their budget."""
SCOUT_AGAIN_MS = 400
EARLY_MS = 300
LATE_PATIENCE_S = 2.0
LEAST_ROUND_S = 0.5
RETRY_MS = 1_500
CANARIES = 3
FLUSH_S = 0.3
HISTORY_PATIENCE_MS = 300_000
PROBE_PAIRS = 5
LIVE_EVIDENCE_ROWS = 50
LIVE_EVIDENCE_SHARE = 0.7
PROBE_EVERY_MS = 86_400_000
LEVELS = (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS)
# In the order they are asked for at a close.
ROUND_KINDS = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TAKER, Kind.FUNDING, Kind.TOP_LS)


@dataclass
class Tally:
    """What one cycle of one exchange did."""

    rows: int = 0
    errors: int = 0
    bar_close: bool = False
    reasons: dict[str, int] = field(default_factory=dict)


class Collector:
    """Collects one exchange's data into the pipeline.

    writer: the one thread all database work runs in; clock: local monotonic time.
    """

    def __init__(
        self, exchange: Exchange, pipeline: Pipeline, settings: Settings, *, clock: Clock, writer: Executor
    ) -> None:
        self.exchange = exchange
        self.id = exchange.id
        self.time = ExchangeClock()
        self.markets: list[Market] = []
        self.unpublished = dict(exchange.unpublished)
        self.lags_s: deque[float] = deque(maxlen=4000)
        self.begin_ms = 0
        self.last_ok_ms: int | None = None
        self.skew_ms: int | None = None
        self.stamps: dict[str, str] = {}
        self._pipeline = pipeline
        self._settings = settings
        self._clock = clock
        self._writer = writer
        self._book: Book | None = None
        self._rows: dict[str, int] = {}
        self._gone: set[int] = set()
        self._bar = 0
        self._next_oi = 0
        self._marks: dict[str, float] = {}
        self._published_ms: dict[Kind, int] = {}
        self._flush_lock = asyncio.Lock()
        self._flush_soon = asyncio.Event()
        self._tally = Tally()
        self._next_probe_ms = 0

    # -- start -----------------------------------------------------------------------------------

    async def connect(self) -> tuple[Sequence[Market], Mapping[str, Ticker]]:
        """Hear the exchange's clock, list all its pairs and their live values. Raises ExchangeError."""
        for _ in range(3):
            await self._sample_clock()
            await self._clock.sleep(0.25)
        return await self.exchange.markets(), await self.exchange.tickers()

    def select(self, markets: Sequence[Market]) -> list[Market]:
        """Which of the exchange's pairs (most liquid first) the settings ask for."""
        if self._settings.symbols:
            return [market for market in markets if market.base in self._settings.symbols]
        return list(markets[: self._settings.max_pairs])

    async def adopt(self, markets: Sequence[Market]) -> None:
        """Record these pairs from now on."""
        self.markets = list(markets)
        pairs = await self._run(lambda: self._pipeline.register(self.markets))
        self._rows = {market.symbol: row for row, market in enumerate(self.markets)}
        self.begin_ms = self.now_ms()
        newest = self.begin_ms // STEP_MS * STEP_MS - STEP_MS
        self._bar = newest
        history = self._settings.history_bars + 8
        self._book = Book(
            self.exchange.kinds,
            [pair.id for pair in pairs],
            oldest=newest - history * STEP_MS,
            slots=history + 512,
            begin=self.begin_ms,
            confirmed=self.exchange.confirms_candles,
        )
        for row, market in enumerate(self.markets):
            self._book.settlements.state(row, market.funding_interval_h)

    @property
    def book(self) -> Book:
        """The joined answers; only after `adopt`."""
        if self._book is None:
            raise LookupError(f"{self.id} has no pairs yet")
        return self._book

    @property
    def started(self) -> bool:
        """Whether pairs are being recorded."""
        return self._book is not None

    def now_ms(self) -> int:
        """The exchange's time."""
        return self.time.now_ms(self._clock.monotonic())

    async def pause(self, seconds: float) -> None:
        """Wait so many of the exchange's seconds."""
        await self._clock.sleep(seconds / self.time.rate)

    async def _sample_clock(self) -> None:
        sent = self._clock.monotonic()
        heard = await self.exchange.server_time()
        received = self._clock.monotonic()
        self.time.sample(sent, received, heard)
        # Against this machine's wall clock, which dates nothing but log lines.
        self.skew_ms = self.time.now_ms(received) - int(time.time() * 1000)

    async def _run[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def note(self, error: ExchangeError) -> None:
        """Count a failed request of this cycle; the first of its kind is told in words."""
        self._tally.errors += 1
        self._tally.reasons[error.reason] = self._tally.reasons.get(error.reason, 0) + 1

    async def guarded(self, work: Awaitable[object]) -> None:
        """Await one exchange request whose failure ends nothing else."""
        try:
            await work
        except ExchangeError as error:
            self.note(error)

    # -- stamps ----------------------------------------------------------------------------------

    async def probe_stamps(self) -> None:
        """Decide from data what the stamps of levels and taker rows mean; daily, and at start."""
        self._next_probe_ms = self.now_ms() + PROBE_EVERY_MS
        for market in self.markets[:PROBE_PAIRS]:
            if await self._probe(market):
                return
        if Kind.TAKER in self.book.kinds or "oi_usd" in self.stamps:
            log.warning("%s: the meaning of its stamps could not be decided; assumed, marked", self.id)

    async def _probe(self, market: Market) -> bool:
        try:
            candles = await self._closed_candles(market, 200)
            oi = await self.exchange.rows(Kind.OI, market, limit=100)
            if Kind.TAKER in self.book.kinds:
                taker = await self.exchange.rows(Kind.TAKER, market, limit=100)
                flow = stamps.taker_stamp(taker, candles)
                if flow is not None:
                    self._settle(Kind.TAKER, {"start": 0, "end": 1}[flow], flow)
        except ExchangeError as error:
            self.note(error)
            return False
        verdict = stamps.oi_stamp(oi, candles)
        if verdict is not None:
            self._settle_levels(verdict)
        return verdict is not None

    async def _closed_candles(self, market: Market, limit: int) -> Rows:
        now = self.now_ms()
        rows = await self.exchange.rows(Kind.CANDLES, market, limit=limit)
        closed = rows.ts + STEP_MS <= now
        return Rows(rows.kind, rows.ts[closed], {n: c[closed] for n, c in rows.columns.items()})

    def _settle_levels(self, verdict: stamps.LevelStamp) -> None:
        # LS follows its exchange's OI: nothing in a ratio tells when it was taken.
        for kind in LEVELS:
            if kind in self.book.kinds:
                self._settle(kind, {"snapshot": 1, "start": 0}[verdict], verdict)

    def _settle(self, kind: Kind, offset: int, verdict: str) -> None:
        before = self.stamps.get(kind.value)
        self.stamps[kind.value] = verdict
        if not self.book.decide(kind, offset):
            return
        self._flush_soon.set()
        if before is None and kind in (Kind.OI, Kind.TAKER):
            log.info("%s: %s rows are stamped with the %s", self.id, kind.value, _STAMP_WORDS[verdict])
        elif before is not None:
            log.warning(
                "%s: %s rows are now stamped with the %s; bars are revised",
                self.id,
                kind.value,
                _STAMP_WORDS[verdict],
            )

    def _weigh_live_evidence(self) -> None:
        if Kind.OI not in self.book.kinds or not self.book.undecided(Kind.OI):
            return
        at, before, live_before, live_after = self.book.live_evidence()
        if len(at) < min(LIVE_EVIDENCE_ROWS, len(self.markets) * LIVE_EVIDENCE_SHARE):
            return
        levels = [stamps.LiveLevel(*four) for four in zip(at, before, live_before, live_after, strict=True)]
        verdict = stamps.oi_stamp_from_live(levels)
        if verdict is not None:
            self._settle_levels(verdict)

    # -- cycle -----------------------------------------------------------------------------------

    async def cycle(self) -> Tally:
        """One cycle: live values, and after a bar's close the closed rows; ends when all is stored."""
        tally = self._tally = Tally()
        now = self.now_ms()
        bar = now // STEP_MS * STEP_MS - STEP_MS
        work: list[Awaitable[object]] = [self.guarded(self._sample_clock()), self.guarded(self._tickers())]
        if bar > self._bar:
            tally.bar_close = True
            self._bar = bar
            self.book.roll(bar)
            work.append(self._close_round(bar))
        else:
            work.append(self._late_round(self._bar))
            if self.exchange.rotates_oi:
                work.append(self._rotate_oi(now))
        if now >= self._next_probe_ms:
            work.append(self.probe_stamps())
        await asyncio.gather(*work)
        self._weigh_live_evidence()
        await self.flush(live_only=True)
        if not tally.errors:
            self.last_ok_ms = self.now_ms()
        return tally

    async def _tickers(self) -> None:
        tickers = await self.exchange.tickers()
        mine = {row: tickers[symbol] for symbol, row in self._rows.items() if symbol in tickers}
        for row, ticker in mine.items():
            if ticker.mark_price is not None:
                self._marks[ticker.symbol] = ticker.mark_price
            self.book.take_live(row, ticker)
            self.book.settlements.announce(row, ticker.funding_next_ts)
        await self._store_live(mine)

    async def _store_live(self, tickers: Mapping[int, Ticker]) -> None:
        if not tickers:
            return
        update = LiveUpdate({int(self.book.pair_ids[row]): ticker for row, ticker in tickers.items()})
        try:
            await self._run(lambda: self._pipeline.live(update))
        except (sqlite3.Error, StoreError) as error:
            log.error("%s: live values could not be stored (%s)", self.id, error)
            self._tally.errors += 1
            return
        self._tally.rows += len(tickers)

    async def _rotate_oi(self, now: int) -> None:
        to_close = STEP_MS - now % STEP_MS
        most = ROTATION_MOST if to_close <= ROTATION_BEFORE_CLOSE_MS else ROTATION_CALM
        count = min(most, len(self.markets))
        rows = [(self._next_oi + i) % len(self.markets) for i in range(count)]
        self._next_oi = (self._next_oi + count) % max(1, len(self.markets))
        found: dict[int, Ticker] = {}
        await asyncio.gather(*(self.guarded(self._live_oi(row, found)) for row in rows))
        await self._store_live(found)

    async def _live_oi(self, row: int, found: dict[int, Ticker]) -> None:
        market = self.markets[row]
        ticker = await self.exchange.live_oi(market)
        mark = self._marks.get(market.symbol)
        if ticker.oi_contracts is not None and mark is not None:
            ticker = dataclasses.replace(ticker, oi_usd=ticker.oi_contracts * mark)
        found[row] = ticker
        self.book.take_live(row, ticker)

    # -- bar close -------------------------------------------------------------------------------

    async def _close_round(self, bar: int) -> None:
        kinds = [kind for kind in ROUND_KINDS if kind in self.book.kinds]
        await asyncio.gather(*(self._round(kind, bar) for kind in kinds))

    async def _round(self, kind: Kind, bar: int) -> None:
        """Ask for one kind's rows of a bar until they have come, or this cycle's patience is over."""
        close = bar + STEP_MS
        patience, end = close + ROUND_PATIENCE_MS, close + ROUND_END_MS
        scouting = kind is not Kind.CANDLES
        if scouting:
            await self._sleep_until(close + self._published_ms.get(kind, 0) - EARLY_MS)
        tries = 0
        while kind in self.book.kinds and (wanted := self._wanted(kind, bar)):
            # A few pairs tell whether the exchange has published at all, before all are asked.
            await self._ask_all(kind, wanted[:CANARIES] if scouting else wanted, bar, end)
            tries += 1
            if scouting and len(self._wanted(kind, bar)) < len(wanted):
                scouting = False
                self._note_published(kind, self.now_ms() - close, at_once=tries == 1)
                continue
            if scouting and kind is not Kind.FUNDING and self.book.undecided(kind):
                # What does not come may be stamped otherwise: everybody's older rows will tell.
                await self._ask_all(kind, wanted[CANARIES:], bar, end)
                return
            if self.now_ms() >= patience:
                return
            await self._sleep_until(self.now_ms() + (SCOUT_AGAIN_MS if scouting else RETRY_MS))

    def _note_published(self, kind: Kind, after_ms: int, *, at_once: bool) -> None:
        """Remember how long after a close a kind appears, and look a little earlier when it was there."""
        self._published_ms[kind] = max(0, after_ms - EARLY_MS) if at_once else after_ms

    async def _sleep_until(self, exchange_ms: int) -> None:
        wait = self.time.until(exchange_ms, self._clock.monotonic())
        if wait > 0.0:
            await self._clock.sleep(wait)

    async def _late_round(self, bar: int) -> None:
        """Between closes: ask again for what the newest closed bar still lacks, while it may wait."""
        age = self.now_ms() - (bar + STEP_MS)
        if bar + STEP_MS < self.begin_ms or age > self._settings.finalise_after * 1000 + 30_000:
            return
        kinds = [kind for kind in ROUND_KINDS if kind in self.book.kinds]
        await asyncio.gather(*(self._late_kind(kind, bar) for kind in kinds))

    async def _late_kind(self, kind: Kind, bar: int) -> None:
        deadline = self.now_ms() + int(LATE_PATIENCE_S * 1000 * self.time.rate)
        if wanted := self._wanted(kind, bar):
            await self._ask_all(kind, wanted[:CANARIES], bar, deadline)
            if len(rest := self._wanted(kind, bar)) < len(wanted):
                await self._ask_all(kind, rest, bar, deadline)

    def _wanted(self, kind: Kind, bar: int) -> list[int]:
        return [row for row in self.book.wanted(kind, bar).tolist() if row not in self._gone]

    async def _ask_all(self, kind: Kind, rows: Sequence[int], bar: int, deadline: int) -> None:
        """Ask about pairs at once; what has not been answered at `deadline` (exchange ms) is let go."""
        if not rows:
            return
        asking = {asyncio.create_task(self._ask(kind, row, bar)) for row in rows}
        timeout = self.time.until(deadline, self._clock.monotonic())
        waiting = asking
        try:
            _, waiting = await asyncio.wait(asking, timeout=max(LEAST_ROUND_S, timeout))
        finally:
            for task in waiting:
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for task in asking - waiting:
            task.result()

    async def _ask(self, kind: Kind, row: int, bar: int) -> None:
        if kind not in self.book.kinds:
            return
        if kind is Kind.FUNDING:
            limit = 3
        else:
            since = bar - self._settings.history_bars * STEP_MS
            limit = self.book.missing_rows(kind, row, bar, since)
        await self.fetch(kind, row, limit=limit)

    async def fetch(
        self, kind: Kind, row: int, *, limit: int, end: int | None = None, background: bool = False
    ) -> Rows | None:
        """One page into the book; None when it failed (counted, told, and asked again by the caller)."""
        now = self.now_ms()
        try:
            rows = await self.exchange.rows(
                kind, self.markets[row], limit=limit, end=end, background=background
            )
        except UnpublishedError as error:
            self._drop_kind(kind, error)
            return None
        except PairGoneError as error:
            if row not in self._gone:
                log.warning(
                    "%s: %s is gone (%s); no longer asked for", self.id, self.markets[row].symbol, error
                )
            self._gone.add(row)
            return None
        except ExchangeError as error:
            self.note(error)
            return None
        if kind not in self.book.kinds:
            # Another pair's answer said meanwhile that the exchange does not publish it.
            return None
        older = self._older(kind, row, rows)
        # A page with nothing older than what is here, or with nothing at all, is the listing's begin.
        exhausted = not older and (end is not None or not len(rows.ts))
        self.book.take(row, rows, now_ms=now, exhausted=exhausted)
        self._flush_soon.set()
        return rows

    def _older(self, kind: Kind, row: int, rows: Rows) -> bool:
        if not len(rows.ts):
            return False
        oldest = self.oldest_stamp(kind, row)
        return oldest is None or int(rows.ts[0]) < oldest

    def oldest_stamp(self, kind: Kind, row: int) -> int | None:
        """Stamp from which on a pair's rows of a kind are here; None before the first answer."""
        if kind is Kind.FUNDING:
            return self.book.settlements.oldest(row)
        return self.book.oldest_stamp(kind, row)

    def _drop_kind(self, kind: Kind, error: ExchangeError) -> None:
        if kind in self.book.kinds and kind is not Kind.CANDLES:
            log.warning(
                "%s: %s is not published (%s); no longer asked for", self.id, kind.value, error.reason
            )
            self.book.drop(kind)
            for column in _COLUMNS_OF[kind]:
                self.unpublished[column] = error.reason
            self._flush_soon.set()

    # -- storing ---------------------------------------------------------------------------------

    async def keep_flushing(self) -> None:
        """Hand bars to the pipeline as they become ready, for as long as the task lives."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._flush_soon.wait(), FLUSH_S * 4 / self.time.rate)
            self._flush_soon.clear()
            await self.flush()
            await self._clock.sleep(FLUSH_S / self.time.rate)

    async def flush(self, *, live_only: bool = False) -> None:
        """Store every bar (`live_only`: that closed since the start) that can be finalised now."""
        while True:
            async with self._flush_lock:
                now = self.now_ms()
                wait_ms = int(self._settings.finalise_after * 1000)
                ready = self.book.ready(now, wait_ms, HISTORY_PATIENCE_MS, live_only=live_only)
                if ready is None or not await self._store(ready, now):
                    return

    async def _store(self, ready: Ready, now: int) -> bool:
        try:
            await self._run(lambda: self._pipeline.step(ready.bars, now))
        except (sqlite3.Error, StoreError) as error:
            self.book.give_back(ready)
            log.error(
                "%s: %d bars could not be stored (%s); trying again", self.id, len(ready.bars.ts), error
            )
            self._tally.errors += 1
            return False
        stored = self.now_ms()
        first = ready.live & ready.first
        self.lags_s.extend(((stored - STEP_MS - ready.bars.ts[first]) / 1000.0).tolist())
        self._tally.rows += len(ready.bars.ts)
        return True

    def oldest_s(self) -> float | None:
        """Age of the newest closed bar of the pair that is furthest behind, seconds after its close."""
        if not self.started:
            return None
        newest = [self._pipeline.newest_ts(int(pair)) for pair in self.book.pair_ids]
        known = np.array([ts for ts in newest if ts is not None])
        return float(self.now_ms() - known.min() - STEP_MS) / 1000.0 if len(known) else None


_STAMP_WORDS = {
    "snapshot": "time of their snapshot",
    "start": "start of their window",
    "end": "end of their window",
}
_COLUMNS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.OI: ("oi_contracts", "oi_abs_usd", "oi_delta_pct", "z_score"),
    Kind.GLOBAL_LS: ("global_ls", "ls_delta_pct"),
    Kind.TOP_LS: ("top_ls",),
    Kind.TAKER: ("taker_buy", "taker_sell", "imbalance", "cvd"),
    Kind.FUNDING: ("funding", "funding_interval_h"),
}
