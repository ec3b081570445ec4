"""One exchange's share of the scraper: its clock, its pairs, its cycle and its bar closes.

Everything that can fail here fails for this exchange alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor

from futuresboard.book import STEP_MS, Book
from futuresboard.clock import Clock
from futuresboard.closing import ROUND_KINDS, Closing
from futuresboard.config import Settings
from futuresboard.errors import ExchangeError, PairGoneError, UnpublishedError
from futuresboard.exchange_clock import ExchangeClock
from futuresboard.exchanges.base import Exchange
from futuresboard.livevalues import LiveValues
from futuresboard.model import TAKER_COLUMNS, Kind, Market, Rows, Ticker
from futuresboard.pipeline import Pipeline
from futuresboard.plan import Plan
from futuresboard.stampwatch import StampWatch
from futuresboard.storing import Storing
from futuresboard.tally import Tally
from futuresboard.universe import choose

log = logging.getLogger(__name__)

LOOK_AT_CLOCK_S = 30.0
MANY_PAIRS = 100
"""The rows of more pairs take so long to ask for that bars are shown before they are complete."""
HEAL_AFTER_MS = 2 * STEP_MS
"""An exchange that answers again after so long is looked at for gaps."""


class Collector:
    """Collects one exchange's data into the pipeline.

    writer: the one thread all database work runs in; calm: set while
    no exchange is in a cycle, the time for history (all share one processor and one writer).
    """

    def __init__(
        self,
        exchange: Exchange,
        pipeline: Pipeline,
        settings: Settings,
        *,
        clock: Clock,
        writer: Executor,
        calm: asyncio.Event | None = None,
    ) -> None:
        self.calm = calm or _always()
        self.exchange = exchange
        self.id = exchange.id
        self.time = ExchangeClock()
        self.markets: list[Market] = []
        self.unpublished = dict(exchange.unpublished)
        self.begin_ms = 0
        self.last_ok_ms: int | None = None
        self.skew_ms: int | None = None
        self.trades_since: dict[str, int] = {}
        """What `heard_since` said when the process before ended."""
        self.pipeline = pipeline
        self._settings = settings
        self.clock = clock
        self._writer = writer
        self._book: Book | None = None
        self._watch: StampWatch | None = None
        self._closing: Closing | None = None
        self._plan: Plan | None = None
        self._live: LiveValues | None = None
        self._rows: dict[str, int] = {}
        self._gone: set[int] = set()
        self._bar = 0
        self._tally = Tally()
        self.storing = Storing(
            self.id,
            pipeline,
            book=lambda: self.book,
            run=self.run,
            now_ms=self.now_ms,
            clock=clock,
            calm=self.calm,
            finalise_after_s=settings.finalise_after,
            tally=lambda: self._tally,
        )
        self.heal_soon = asyncio.Event()
        """Set by whoever knows of a gap: a socket came back, an exchange answers again."""
        self.list_soon = asyncio.Event()
        """Set when a pair turns out to be gone."""

    # -- start -----------------------------------------------------------------------------------

    async def connect(self) -> tuple[Sequence[Market], Mapping[str, Ticker]]:
        """Hear the exchange's clock, list all its pairs and their live values. Raises ExchangeError."""
        for _ in range(3):
            await self._sample_clock()
            await self.clock.sleep(0.25)
        return await self.exchange.markets(), await self.exchange.tickers()

    def select(self, markets: Sequence[Market]) -> list[Market]:
        """Which of the exchange's pairs (most liquid first) the settings ask for."""
        current = {self.markets[row].symbol for row in self.active}
        return choose(markets, current, self._settings.max_pairs, self._settings.symbols)

    async def adopt(
        self,
        markets: Sequence[Market],
        *,
        complete: bool = True,
        prices: Mapping[str, float] | None = None,
    ) -> None:
        """Record these pairs from now on; `complete`: only these are shown; prices: by symbol."""
        self.markets = list(markets)
        pairs = await self.run(lambda: self.pipeline.register(self.markets, complete=complete, prices=prices))
        self._rows = {market.symbol: row for row, market in enumerate(self.markets)}
        self.begin_ms = self.now_ms()
        newest = self.begin_ms // STEP_MS * STEP_MS - STEP_MS
        self._bar = newest
        history = self._settings.history_bars + 8
        live = self._live = LiveValues(
            self.exchange,
            self.markets,
            lambda: self.active,
            now_ms=self.now_ms,
            store=self.storing.store_live,
            guarded=self.guarded,
            came=self.storing.soon.set,
            returned=self.heal_soon.set,
            interval_s=self._settings.interval,
        )
        self._book = Book(
            self.exchange.kinds,
            [pair.id for pair in pairs],
            oldest=newest - history * STEP_MS,
            slots=history + 512,
            begin=self.begin_ms,
            confirmed=self.exchange.confirms_candles,
            shows=len(self.markets) > MANY_PAIRS,
            streamed=live.streamed,
            awaits=live.awaits,
        )
        live.begin(self._book)
        for row, market in enumerate(self.markets):
            self._book.settlements.state(row, market.funding_interval_h)
        self._watch = StampWatch(
            self.exchange,
            self._book,
            lambda: [self.markets[row] for row in self.active],
            now_ms=self.now_ms,
            note=self.note,
            changed=self.storing.soon.set,
        )
        self._make_plan()
        self._closing = self._new_closing(self._book, live)

    def _new_closing(self, book: Book, live: LiveValues) -> Closing:
        return Closing(
            book,
            self.time,
            self.clock,
            ask=lambda kind, row, limit: self.fetch(kind, row, limit=limit),
            gone=self._gone,
            room_in=self.exchange.room_in,
            planned=self._turn,
            grace_ms=live.grace_ms,
            concurrency=self._settings.concurrency,
            finalise_after_s=self._settings.finalise_after,
            history_bars=self._settings.history_bars,
        )

    def _make_plan(self) -> None:
        if (scarce := self.exchange.scarce) is not None:
            self._plan = Plan(scarce.kinds, self.active, scarce.per_close)

    async def revise(self, markets: Sequence[Market], prices: Mapping[str, float]) -> list[int]:
        """Record these pairs instead; returns the rows of those that joined or came back.

        Rows never move: a pair that left keeps its own, and is only asked for no longer. prices: by
        symbol.
        """
        away = {market.symbol: prices[market.symbol] for market in markets if market.symbol in prices}
        for row in self.active:
            away.pop(self.markets[row].symbol, None)
        pairs = await self.run(lambda: self.pipeline.register(markets, prices=away))
        known = {int(pair): row for row, pair in enumerate(self.book.pair_ids)}
        begin = self.now_ms()
        back = [known[pair.id] for pair in pairs if known.get(pair.id) in self._gone]
        for row in back:
            self.book.clear(row, begin)
        new = {pair.id: len(self.markets) + n for n, pair in enumerate(p for p in pairs if p.id not in known)}
        self.book.grow(list(new), begin)
        self.markets += [m for m, pair in zip(markets, pairs, strict=True) if pair.id in new]
        rows = [(known | new)[pair.id] for pair in pairs]
        for row, market in zip(rows, markets, strict=True):
            self.markets[row] = market
            self.book.settlements.state(row, market.funding_interval_h)
        self._rows = {market.symbol: row for row, market in zip(rows, markets, strict=True)}
        # The set itself is shared with the rounds of a close.
        self._gone.clear()
        self._gone.update(set(range(len(self.markets))) - set(rows))
        for row in self._gone:
            self.book.end(row)
        self._make_plan()
        self.live.revise()
        return [*back, *new.values()]

    @property
    def active(self) -> list[int]:
        """Rows of the pairs that are asked for, the most liquid first."""
        return [row for row in self._rows.values() if row not in self._gone]

    @property
    def book(self) -> Book:
        """The joined answers; only after `adopt`."""
        return self._adopted(self._book)

    @property
    def watch(self) -> StampWatch:
        """What its stamps mean; only after `adopt`."""
        return self._adopted(self._watch)

    @property
    def live(self) -> LiveValues:
        """What moves between closes; only after `adopt`."""
        return self._adopted(self._live)

    @property
    def source(self) -> str:
        """Whence live values and candles come now: `websocket`, `rest` or `mixed`."""
        return "rest" if self._live is None else self._live.source

    def heard_since(self) -> dict[str, int]:
        """By symbol whose taker volume is summed from its trades: the first bar that was heard whole."""
        if self._live is not None:
            begin = self.now_ms() // STEP_MS * STEP_MS + STEP_MS
            before = self.trades_since
            self.trades_since = {name: before.get(name, begin) for name in self._live.taker_from_trades}
        return self.trades_since

    @property
    def closing(self) -> Closing:
        """The requests after a close; only after `adopt`."""
        return self._adopted(self._closing)

    def _adopted[T](self, part: T | None) -> T:
        if part is None:
            raise LookupError(f"{self.id} has no pairs yet")
        return part

    @property
    def stamps(self) -> dict[str, str]:
        """Verdicts about stamps by kind."""
        return {} if self._watch is None else self._watch.verdicts

    @property
    def started(self) -> bool:
        """Whether pairs are being recorded."""
        return self._book is not None

    def now_ms(self) -> int:
        """The exchange's time."""
        return self.time.now_ms(self.clock.monotonic())

    async def until(self, due_ms: int, event: asyncio.Event) -> None:
        """Wait for a time of the exchange's, whose clock may step, or for an event."""
        while (left := (due_ms - self.now_ms()) / 1000.0) > 0.0 and not event.is_set():
            with contextlib.suppress(TimeoutError):
                async with self.clock.timeout(min(LOOK_AT_CLOCK_S, left)):
                    await event.wait()

    async def _sample_clock(self) -> None:
        sent = self.clock.monotonic()
        heard = await self.exchange.server_time()
        received = self.clock.monotonic()
        self.time.sample(sent, received, heard)
        # Against this machine's wall clock, which dates nothing but log lines.
        self.skew_ms = self.time.now_ms(received) - self.clock.time_ms()

    async def run[T](self, work: Callable[[], T]) -> T:
        """Do work with the database or the pipeline in the one thread for it."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def note(self, error: ExchangeError) -> None:
        """Count a failed request of this cycle."""
        self._tally.note(error)

    async def guarded(self, work: Awaitable[object]) -> None:
        """Await one exchange request whose failure ends nothing else."""
        try:
            await work
        except ExchangeError as error:
            self.note(error)

    # -- cycle -----------------------------------------------------------------------------------

    def more_in(self) -> float | None:
        """Local seconds until the newest close's rows want the next cycle; None when the beat will do."""
        if self.exchange.refusal() is not None:
            return None
        if self._closing is None or (due := self._closing.next_ms()) is None:
            return None
        return self.time.until(due, self.clock.monotonic())

    async def cycle(self, *, beat: bool = True) -> Tally:
        """One cycle, which ends when all it asked for is stored.

        On the beat: live values, and what closed bars lack; off it only the latter goes on.
        """
        tally = self._tally = Tally()
        now = self.now_ms()
        bar = now // STEP_MS * STEP_MS - STEP_MS
        if (refusal := self.exchange.refusal()) is not None:
            # Nothing would be sent; what is missing is asked for once the exchange answers again.
            tally.note(refusal)
            await self.storing.flush(live_only=True)
            return tally
        if bar > self._bar:
            self._begin_close(bar)
            beat = True
        tally.bar_close = self.closing.next_ms() is not None
        work: list[Awaitable[object]] = [self.closing.go_on()]
        if beat:
            work += [self.guarded(self._sample_clock()), self.guarded(self.live.refresh())]
            if self.exchange.rotates_oi and not tally.bar_close:
                work.append(self.live.rotate_oi(now))
            if self.watch.due:
                work.append(self.watch.probe())
        await asyncio.gather(*work)
        self.watch.weigh_live_evidence()
        await self.storing.flush(live_only=True)
        if not tally.errors:
            now = self.now_ms()
            if self.last_ok_ms is not None and now - self.last_ok_ms > HEAL_AFTER_MS:
                self.heal_soon.set()
            self.last_ok_ms = now
        return tally

    def _begin_close(self, bar: int) -> None:
        self._bar = bar
        self.book.roll(bar)
        for kind in self.exchange.scarce.kinds if self.exchange.scarce else ():
            if (turn := self._turn(kind, bar)) is not None:
                self.book.spare(kind, bar, turn)
        self.closing.begin(bar)

    def reserve_close(self, *, whole: bool) -> None:
        """Keep history out of what a close needs of a scarce budget; not `whole`: of what two kinds need."""
        if (scarce := self.exchange.scarce) is not None:
            kinds = len(scarce.kinds) if whole else 2
            self.exchange.keep_free(scarce.budget, min(scarce.per_close, kinds * len(self.active)))

    def _turn(self, kind: Kind, bar: int) -> frozenset[int] | None:
        """Pair rows asked for a kind at a bar's close; None: all."""
        return None if self._plan is None else self._plan.turn(kind, bar)

    def refresh(self) -> dict[str, dict[str, float]]:
        """How often each series is refreshed, by kind: at the longest every so many seconds, and the
        share of pairs asked at each close."""
        found = {
            kind.value: {"every_s": STEP_MS / 1000, "share": 1.0}
            for kind in ROUND_KINDS
            if kind in self.book.kinds
        }
        for kind, (seconds, share) in (self._plan.refresh() if self._plan else {}).items():
            if kind in self.book.kinds:
                found[kind.value] = {"every_s": seconds, "share": share}
        return found

    # -- bar close -------------------------------------------------------------------------------

    async def fetch(
        self,
        kind: Kind,
        row: int,
        *,
        limit: int,
        end: int | None = None,
        background: bool = False,
        book: Book | None = None,
    ) -> Rows | None:
        """One page into the book (or another of the same rows); None when it failed.

        A failure is counted and told here; who asked asks again.
        """
        now = self.now_ms()
        book = self.book if book is None else book
        try:
            rows = await self.exchange.rows(
                kind, self.markets[row], limit=limit, end=end, background=background
            )
        except UnpublishedError as error:
            self._drop_kind(kind, error)
            if kind not in self.book.kinds:
                book.drop(kind)
            return None
        except PairGoneError as error:
            if row not in self._gone:
                log.warning(
                    "%s: %s is gone (%s); no longer asked for", self.id, self.markets[row].symbol, error
                )
            self._gone.add(row)
            self.book.end(row)
            self.list_soon.set()
            return None
        except ExchangeError as error:
            self.note(error)
            return None
        if kind not in self.book.kinds:
            # Another pair's answer said meanwhile that the exchange does not publish it.
            book.drop(kind)
            return None
        oldest = book.oldest_stamp(kind, row)
        older = len(rows.ts) > 0 and (oldest is None or int(rows.ts[0]) < oldest)
        # A page with nothing older than what is here, or with nothing at all, is the listing's begin.
        exhausted = not older and (end is not None or not len(rows.ts))
        book.take(row, rows, now_ms=now, exhausted=exhausted)
        self.storing.soon.set()
        return rows

    def is_gone(self, row: int) -> bool:
        """Whether a pair is no longer asked about."""
        return row in self._gone

    def _drop_kind(self, kind: Kind, error: ExchangeError) -> None:
        if kind in self.book.kinds and kind is not Kind.CANDLES:
            log.warning(
                "%s: %s is not published (%s); no longer asked for", self.id, kind.value, error.reason
            )
            self.book.drop(kind)
            for column in _COLUMNS_OF[kind]:
                self.unpublished[column] = error.reason
            self.storing.soon.set()

    def refused(self) -> dict[str, int]:
        """How many pairs' newest closed bar lacks a number that a guard refused, by mark."""
        return self.pipeline.memory.refused(self.book.pair_ids.tolist()) if self.started else {}

    def oldest_s(self) -> float | None:
        """Age of the newest closed bar of the pair that is furthest behind, seconds after its close."""
        if not self.started:
            return None
        behind = self.pipeline.memory.furthest_behind(self.book.pair_ids[self.active].tolist())
        return None if behind is None else (self.now_ms() - behind - STEP_MS) / 1000.0


def _always() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


_COLUMNS_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.OI: ("oi_contracts", "oi_abs_usd", "oi_delta_pct", "z_score"),
    Kind.GLOBAL_LS: ("global_ls", "ls_delta_pct"),
    Kind.TOP_LS: ("top_ls",),
    Kind.TAKER: TAKER_COLUMNS,
    Kind.FUNDING: ("funding", "funding_interval_h"),
}
