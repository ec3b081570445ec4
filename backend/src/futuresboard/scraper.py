"""The background scraper: one thread, one asyncio loop, one writer thread beside it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson

from futuresboard.calibrated import Calibrated
from futuresboard.clock import Clock, SystemClock
from futuresboard.collector import Collector
from futuresboard.config import THRESHOLDS_KEY, Settings, with_thresholds
from futuresboard.db import Committed, Store
from futuresboard.db_rules import add_rule, delete_rule
from futuresboard.errors import ExchangeError, StoreError
from futuresboard.exchanges.backoff import Backoff
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.coingecko import CoinGecko
from futuresboard.gaps import GapReport, Records
from futuresboard.healing import Healer
from futuresboard.keeping import (
    keep_debts,
    keep_records,
    kept_debts,
    pauses_of,
    restore_debts,
    restore_records,
)
from futuresboard.listings import Listings
from futuresboard.market_caps import MarketCaps
from futuresboard.model import UserRule
from futuresboard.pipeline import Pipeline
from futuresboard.retention import keep_rolled
from futuresboard.rhythm import Cycle, Rhythm
from futuresboard.rules import Expression
from futuresboard.status import Status, exchange_status
from futuresboard.worth import Worth, keep_worth

log = logging.getLogger(__name__)

CONNECT_AGAIN_S = (5.0, 60.0)
HEARTBEAT_S = 1.0


class Scraper:
    """Runs the collectors of all exchanges in a thread of its own.

    on_commit: called in the writer thread after each transaction; on_health: called in the loop's
    thread when an exchange's state changes; coins: where market caps come from (None: nowhere);
    notify: the notifier's part of the health document; cycles: stop by itself after so many (None: never).
    """

    def __init__(
        self,
        settings: Settings,
        exchanges: Callable[[], Sequence[Exchange]],
        *,
        on_commit: Callable[[Committed], None] | None = None,
        on_health: Callable[[dict[str, object]], None] | None = None,
        coins: Callable[[], CoinGecko] | None = None,
        notify: Callable[[], Mapping[str, object]] | None = None,
        clock: Clock | None = None,
        cycles: int | None = None,
    ) -> None:
        self._settings = settings
        self._exchanges = exchanges
        self._coins = coins
        self._on_commit = on_commit
        self._on_health = on_health
        self._clock = clock or SystemClock()
        self._collectors: list[Collector] = []
        self._listings = Listings()
        self._healers: dict[str, Healer] = {}
        self._records: dict[str, Records] = {}
        self._stamps: dict[str, object] = {}
        self._rhythm = Rhythm(self._collectors, self._clock, settings.interval, cycles=cycles)
        self._tasks: set[asyncio.Task[None]] = set()
        self._status = Status(settings, self._clock)
        if notify is not None:
            self._status.notify = notify
        self._kept_pauses: frozenset[tuple[str, str]] = frozenset()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._thread_main, name="scraper", daemon=True)
        self._ready = threading.Event()
        self._ended = threading.Event()
        self.failure: BaseException | None = None

    # -- from other threads ----------------------------------------------------------------------

    def start(self) -> None:
        """Open the database and begin; raises StoreError when the database cannot be used."""
        self._thread.start()
        self._ready.wait()
        if self.failure is not None:
            raise self.failure

    def stop(self, timeout_s: float = 15.0) -> None:
        """Finish what is being written and end the thread; nothing to do when it never began."""
        if self._thread.ident is None:
            return
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rhythm.stop)
        self._thread.join(timeout_s)

    def wait(self) -> None:
        """Return when the scraper has ended by itself (`cycles`) or by `stop`."""
        self._ended.wait()

    def health(self) -> dict[str, object]:
        """The document of `/health`."""
        return self._status.document()

    def save_thresholds(self, values: Mapping[str, float]) -> None:
        """Keep thresholds set on the page (by setting name, lower case) and use them from now on."""
        self._in_writer(lambda: self._use(values))

    def add_rule(self, name: str, expression: Expression) -> UserRule:
        """Keep an alert rule and judge by it from the next finalised bar on; see `db_rules.add_rule`."""
        now_ms = self.now_ms()

        def add() -> UserRule:
            added = add_rule(self._store, name, expression.typed, expression.normal, now_ms)
            self._pipeline.reload_rules()
            return added

        return self._in_writer(add)

    def delete_rule(self, number: int) -> bool:
        """Judge by a rule no longer; False when there is none of this number."""
        now_ms = self.now_ms()

        def delete() -> bool:
            deleted = delete_rule(self._store, number, now_ms)
            self._pipeline.reload_rules()
            return deleted

        return self._in_writer(delete)

    def _in_writer[T](self, work: Callable[[], T]) -> T:
        if self._loop is None or self._loop.is_closed():
            raise StoreError("the scraper is not running")
        return asyncio.run_coroutine_threadsafe(self._run(work), self._loop).result()

    def _use(self, values: Mapping[str, float]) -> None:
        self._store.put_state({THRESHOLDS_KEY: orjson.dumps(dict(values)).decode()})
        self._pipeline.use(with_thresholds(self._settings, values).thresholds)

    def now_ms(self) -> int:
        """Exchange time (the median of the exchanges'), this machine's before any is known."""
        times = sorted(c.now_ms() for c in self._collectors if c.time.known)
        return times[len(times) // 2] if times else self._clock.time_ms()

    def knows_time(self) -> bool:
        """Whether `now_ms` is an exchange's time yet."""
        return any(c.time.known for c in self._collectors)

    # -- the loop --------------------------------------------------------------------------------

    def _thread_main(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:
            # A database refused at the start is told in words by whoever starts the scraper.
            if self._ready.is_set() or not isinstance(error, StoreError):
                log.exception("the scraper ended")
            self.failure = error
            self._status.failed(str(error))
        finally:
            self._ready.set()
            self._ended.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._assessor = ThreadPoolExecutor(1, thread_name_prefix="worth")
        try:
            self._store, self._pipeline = await self._run(self._open)
            self._ready.set()
            self._collectors += [self._collector(exchange) for exchange in self._exchanges()]
            await self._restore()
            self._spawn(self._heartbeat())
            self._spawn(self._keep_worth())
            self._spawn(self._keep_rolled())
            if self._coins is not None:
                self._spawn(self._keep_market_caps(self._coins()))
            await self._connect_all()
            await self._rhythm.run(spawn=self._spawn, now_ms=self.now_ms, ended=self._cycle_ended)
        finally:
            await self._shut_down()

    async def _keep_market_caps(self, source: CoinGecko) -> None:
        run, clock = self._run, self._clock
        caps = MarketCaps(source, self._store, self._pipeline, run=run, clock=clock, now_ms=self.now_ms)
        self._status.market_caps = caps.document
        await caps.keep_fresh()

    async def _keep_worth(self) -> None:
        worth = Worth(self._settings.database_path, lambda: self._pipeline.thresholds)
        await keep_worth(worth, self._store, run=self._run, own=self._assessor, clock=self._clock)

    async def _keep_rolled(self) -> None:
        def now_ms() -> int | None:
            return self.now_ms() if self.knows_time() else None

        settings, forgot = self._settings, self._pipeline.memory.forget_before
        await keep_rolled(
            settings, self._store, run=self._run, clock=self._clock, now_ms=now_ms, forgot=forgot
        )

    def _collector(self, exchange: Exchange) -> Collector:
        return Collector(
            exchange,
            self._pipeline,
            self._settings,
            clock=self._clock,
            writer=self._writer,
            calm=self._rhythm.calm,
        )

    def _open(self) -> tuple[Store, Pipeline]:
        settings = self._settings
        store = Store(settings.database_path, simulated=settings.simulated, sole=True)
        changed = orjson.loads(store.state(THRESHOLDS_KEY) or "{}")
        pipeline = Pipeline(
            store,
            settings.timeframes,
            with_thresholds(settings, changed).thresholds,
            publish=self._on_commit,
            history_bars=settings.history_bars,
            finalise_after_s=settings.finalise_after,
            calibrated=self._calibrated(store),
        )
        return store, pipeline

    def _calibrated(self, store: Store) -> Calibrated | None:
        settings = self._settings
        if settings.alert_mode != "calibrated":
            return None
        budget, cooldown = settings.alert_budget, settings.thresholds.cooldown
        return Calibrated(store, settings.timeframes, budget=budget, cooldown=cooldown)

    async def _run[T](self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task ended", exc_info=error)
            self._status.errors += 1

    async def _shut_down(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for collector in self._collectors:
            await collector.exchange.close()
        self._assessor.shutdown()
        if hasattr(self, "_store"):
            await self._save_state()
            await self._run(self._store.close)
        self._writer.shutdown()

    # -- bringing exchanges up -------------------------------------------------------------------

    async def _connect_all(self) -> None:
        """Connect all at once: multipliers are judged by comparing prices across exchanges."""
        found = await asyncio.gather(*(self._connect(collector) for collector in self._collectors))
        for collector, ok in zip(self._collectors, found, strict=True):
            if ok:
                await self._adopt(collector)
            else:
                self._spawn(self._connect_later(collector))

    async def _connect(self, collector: Collector) -> bool:
        try:
            await self._listings.connect(collector)
        except ExchangeError as error:
            log.warning("%s", error)
            self._status.note(collector.id, str(error.reason))
            return False
        return True

    async def _connect_later(self, collector: Collector) -> None:
        waits = Backoff(*CONNECT_AGAIN_S)
        while True:
            # While the breaker is open nothing is asked; it is the breaker that probes.
            wait = max(waits.next_s(), collector.exchange.stats().breaker.next_probe_s or 0.0)
            log.warning("%s: not reachable; trying again in %.0f s", collector.id, wait)
            await self._clock.sleep(wait)
            if await self._connect(collector):
                await self._adopt(collector)
                await self._judge_others_again(collector)
                return

    async def _judge_others_again(self, late: Collector) -> None:
        for collector in self._collectors:
            if collector is late or (healer := self._healers.get(collector.id)) is None:
                continue
            if rows := await self._listings.judge_again(collector):
                await healer.join(rows)

    async def _adopt(self, collector: Collector) -> None:
        markets = self._listings.chosen(collector)
        if not markets:
            log.warning("%s: lists none of the pairs asked for", collector.id)
            return
        await collector.adopt(markets, prices=self._listings.prices(collector))
        log.info("%s: recording %d pairs", collector.id, len(markets))
        self._spawn(collector.storing.keep_flushing())
        healer = Healer(collector, self._settings.history_bars, self._records.get(collector.id))
        self._healers[collector.id] = healer
        self._spawn(healer.run())
        self._spawn(self._listings.keep(collector, healer.join))

    # -- status ----------------------------------------------------------------------------------

    async def _cycle_ended(self, cycle: Cycle, duration_s: float) -> None:
        self._status.cycle(
            {
                "id": cycle.id,
                "started": cycle.started_ms,
                "duration_s": round(duration_s, 3),
                "rows": cycle.rows,
                "errors": cycle.errors,
                "bar_close": cycle.bar_close,
            },
            duration_s,
        )
        log.info(
            "cycle %d: %d rows in %.1f s%s%s, warm %d %%",
            cycle.id,
            cycle.rows,
            duration_s,
            ", bar close" if cycle.bar_close else "",
            f", {cycle.errors} failed requests" if cycle.errors else "",
            int(self._progress() * 100),
        )
        await self._refresh_status()
        await self._save_state()

    def _progress(self) -> float:
        parts = [self._healers[c.id].progress if c.id in self._healers else 0.0 for c in self._collectors]
        return sum(parts) / len(parts) if parts else 0.0

    async def _heartbeat(self) -> None:
        while True:
            await self._refresh_status()
            if self._progress() < 1.0 or pauses_of(self._collectors) != self._kept_pauses:
                await self._save_state()
            await self._clock.sleep(HEARTBEAT_S)

    async def _refresh_status(self) -> None:
        exchanges = {}
        for c in self._collectors:
            gaps = self._healers[c.id].report() if c.id in self._healers else GapReport()
            tally, note = self._rhythm.tallies.get(c.id), self._status.last_note(c.id)
            exchanges[c.id] = exchange_status(c, tally, note, gaps)
        lags = [lag for c in self._collectors for lag in c.storing.lags_s]
        if self._status.refresh(exchanges, self._progress(), lags) and self._on_health is not None:
            self._on_health(self._status.document())

    async def _save_state(self) -> None:
        try:
            self._kept_pauses = pauses_of(self._collectors)
            await self._run(self._keep_state())
        except sqlite3.Error as error:
            log.error("the scraper's state could not be stored (%s); trying again", error)

    def _keep_state(self) -> Callable[[], None]:
        """What a restarted or a page-only process needs: budgets in use, health, what nobody publishes."""
        values = {
            "unpublished": {c.id: c.unpublished for c in self._collectors},
            "stamps": self._stamps | {c.id: c.stamps for c in self._collectors if c.stamps},
            "trades_since": {c.id: c.heard_since() for c in self._collectors},
            "health": self._status.document(),
        }
        texts = {name: orjson.dumps(value).decode() for name, value in values.items()}
        texts |= keep_debts(self._collectors, self._clock)
        texts["healing"] = keep_records({name: healer.records for name, healer in self._healers.items()})
        return lambda: self._store.put_state(texts)

    async def _restore(self) -> None:
        """Go on from what the process before knew."""
        self._records = await self._run(lambda: restore_records(self._store, "healing"))
        stamps = await self._run(lambda: self._store.state("stamps"))
        self._stamps = orjson.loads(stamps or "{}")
        since = await self._run(lambda: self._store.state("trades_since"))
        for collector in self._collectors:
            collector.trades_since = orjson.loads(since or "{}").get(collector.id, {})
        restore_debts(await self._run(lambda: kept_debts(self._store)), self._collectors, self._clock)
