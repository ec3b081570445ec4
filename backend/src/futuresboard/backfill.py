"""`futuresboard backfill`: what the database lacks of a stretch of time, by hand and resumable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson

from futuresboard.book import STEP_MS
from futuresboard.clock import Clock
from futuresboard.collector import Collector
from futuresboard.config import Settings
from futuresboard.db import Store
from futuresboard.errors import ExchangeError
from futuresboard.exchanges.base import Exchange
from futuresboard.gaps import Records
from futuresboard.healing import LIVE_BARS, Mender
from futuresboard.keeping import keep_debts, keep_records, kept_debts, restore_debts, restore_records
from futuresboard.listings import Listings
from futuresboard.pipeline import Pipeline

log = logging.getLogger(__name__)

STATE = "backfill"


@dataclass(frozen=True)
class Wanted:
    """Bars that open from `since` on and close by `until` (ms UTC)."""

    since: int
    until: int


@dataclass
class Outcome:
    """What a run did, by exchange: pairs looked at, bars stored anew, pairs that still lack some."""

    pairs: dict[str, int] = field(default_factory=dict)
    bars: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether everything the exchanges have is stored."""
        return not self.errors and not any(self.left.values())


class Backfill:
    """One run. told: called with (bars of all pairs, bars worked off since the last call).

    It holds the database like the scraper does: raises StoreError while another process records
    into it. What was asked for in vain is remembered, what is stored is not asked for again: a run
    that was ended goes on where it was when started again.
    """

    def __init__(
        self,
        settings: Settings,
        exchanges: Callable[[], Sequence[Exchange]],
        clock: Clock,
        told: Callable[[int, int], None] = lambda total, done: None,
    ) -> None:
        self._settings = settings
        self._exchanges = exchanges
        self._clock = clock
        self._told = told

    def run(self, wanted: Wanted) -> Outcome:
        """Fetch and store; returns what came of it. Raises StoreError."""
        return asyncio.run(self._run(wanted))

    async def _run(self, wanted: Wanted) -> Outcome:
        outcome = Outcome()
        with ThreadPoolExecutor(1, thread_name_prefix="writer") as writer:
            loop = asyncio.get_running_loop()
            store, pipeline = await loop.run_in_executor(writer, self._open)
            collectors = [
                Collector(exchange, pipeline, self._settings, clock=self._clock, writer=writer)
                for exchange in self._exchanges()
            ]
            records = restore_records(store, STATE)
            restore_debts(kept_debts(store), collectors, self._clock)
            try:
                chosen = await self._connect(collectors, outcome)
                await self._mend(chosen, store, records, wanted, outcome)
            finally:
                kept = keep_debts(collectors, self._clock) | {STATE: keep_records(records)}
                await loop.run_in_executor(writer, lambda: store.put_state(kept))
                for collector in collectors:
                    await collector.exchange.close()
                await loop.run_in_executor(writer, store.close)
        return outcome

    def _open(self) -> tuple[Store, Pipeline]:
        settings = self._settings
        store = Store(settings.database_path, simulated=settings.simulated, sole=True)
        pipeline = Pipeline(
            store, settings.timeframes, settings.thresholds, history_bars=settings.history_bars
        )
        return store, pipeline

    async def _connect(self, collectors: Sequence[Collector], outcome: Outcome) -> dict[str, Collector]:
        """The exchanges that answer, with the pairs asked for adopted."""
        listings = Listings()
        for collector in collectors:
            try:
                await listings.connect(collector)
            except ExchangeError as error:
                outcome.errors[collector.id] = error.reason
        chosen: dict[str, Collector] = {}
        for collector in collectors:
            if collector.id not in outcome.errors and (mine := listings.chosen(collector)):
                await collector.adopt(mine, complete=False)
                chosen[collector.id] = collector
        return chosen

    async def _mend(
        self,
        chosen: Mapping[str, Collector],
        store: Store,
        records: dict[str, Records],
        wanted: Wanted,
        outcome: Outcome,
    ) -> None:
        verdicts = orjson.loads(store.state("stamps") or "{}")
        first = -(-wanted.since // STEP_MS) * STEP_MS
        spans = {
            name: min(wanted.until // STEP_MS - 1, collector.now_ms() // STEP_MS - LIVE_BARS) * STEP_MS
            for name, collector in chosen.items()
        }
        total = sum(
            len(collector.markets) * max(0, (spans[name] - first) // STEP_MS + 1)
            for name, collector in chosen.items()
        )
        self._told(total, 0)

        async def one(name: str, collector: Collector) -> None:
            await collector.watch.probe()
            collector.watch.recall(verdicts.get(name, {}))
            mender = Mender(collector, records.setdefault(name, Records()), assume=True)
            since = dict.fromkeys(range(len(collector.markets)), first)
            left = await mender.mend(since, spans[name], told=lambda done: self._told(total, done))
            outcome.pairs[name], outcome.bars[name] = len(since), mender.added
            outcome.left[name] = len(left)

        await asyncio.gather(*(one(name, collector) for name, collector in chosen.items()))
