"""What all adapters share: paging of rows, ranking of markets, optional parts of bulk answers."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from futuresboard.clock import Clock
from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PairGoneError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges import parse
from futuresboard.exchanges.base import ExchangeStats, Scarce
from futuresboard.exchanges.breaker import State
from futuresboard.exchanges.client import Request, Transport
from futuresboard.exchanges.failures import Answer
from futuresboard.exchanges.pacing import Limit
from futuresboard.exchanges.parse import ById
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.model import Kind, Market, Rows, Ticker

log = logging.getLogger(__name__)

UNSUPPORTED_RETRY_S = 600.0
LEAST_PROBE_PAUSE_S = 1.0
SETTLE = "USDT"
STATISTICS = frozenset({Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS, Kind.TAKER})


class Adapter(ABC):
    """Base of the exchanges; see `futuresboard.exchanges.base.Exchange` for what callers rely on."""

    id: str
    kinds: frozenset[Kind]
    unpublished: Mapping[str, str]
    page_rows: Mapping[Kind, int]
    depth_rows: Mapping[Kind, int | None]
    rotates_oi: bool = False
    confirms_candles: bool = False
    scarce: Scarce | None = None
    limits: Mapping[str, Limit]
    streams: Streams | None = None
    budget_of: Mapping[Kind, str]
    """Which budget a page of rows counts in."""

    def __init__(
        self, *, url_override: str | None = None, concurrency: int = 8, clock: Clock, tradfi: bool = False
    ) -> None:
        self.tradfi = tradfi
        self.transport = Transport(
            self.id,
            self.limits,
            self.failure,
            url_override=url_override,
            concurrency=concurrency,
            clock=clock,
        )
        self.transport.on_trouble = self._look_after
        self._prober: asyncio.Task[None] | None = None
        self._symbols: dict[str, str] = {}
        self._off: dict[str, float] = {}

    @abstractmethod
    def failure(self, answer: Answer) -> ExchangeError | None:
        """What this exchange means by an answer; None when it is good. Pure."""

    time_request: Request

    @abstractmethod
    def read_time(self, payload: object) -> object:
        """The exchange's clock as an answer to `time_request` gives it, raw."""

    async def server_time(self) -> int:
        """The exchange's clock, milliseconds UTC."""
        payload = await self.transport.call(self.time_request, probe=True)
        with self.reading():
            now = parse.stamp(self.read_time(payload))
            if now is None:
                raise PayloadError(self.id, f"no time in {payload!r:.80}")
        self.transport.heard_time(now)
        return now

    def _look_after(self) -> None:
        """Probe the exchange until its breaker is closed, whoever else asks for what."""
        if self._prober is None or self._prober.done():
            self._prober = asyncio.get_running_loop().create_task(self._probe())

    async def _probe(self) -> None:
        clock, breaker = self.transport.clock, self.transport.breaker
        pause = 0.0
        while (wait := breaker.probe_in(clock.monotonic())) is not None:
            if wait or pause:
                await clock.sleep(max(wait, pause))
            with suppress(ExchangeError):
                await self.server_time()
            if breaker.status(clock.monotonic()).state is State.CLOSED:
                breaker.forgive()
                return
            pause = LEAST_PROBE_PAUSE_S

    @abstractmethod
    async def list_markets(self) -> tuple[Sequence[Market], Mapping[str, float | None]]:
        """Fitting markets in any order, and 24 h quote volumes by id."""

    @abstractmethod
    async def tickers(self) -> Mapping[str, Ticker]:
        """All pairs' live values by unified symbol."""

    @abstractmethod
    async def page(self, kind: Kind, market: Market, limit: int, end: int | None) -> Request:
        """The request for a page of rows; `limit` is within `page_rows`."""

    @abstractmethod
    def read(self, kind: Kind, payload: object) -> Rows:
        """The rows of a page's answer. Raises PayloadError."""

    async def markets(self) -> Sequence[Market]:
        """Trading USDT-margined linear perpetuals, most liquid first."""
        found, volumes = await self.list_markets()
        ranked = [dataclasses.replace(market, quote_volume=volumes.get(market.id)) for market in found]
        ranked.sort(key=lambda market: (-(market.quote_volume or 0.0), market.symbol))
        self._symbols = {market.id: market.symbol for market in ranked}
        return ranked

    async def live_oi(self, market: Market) -> Ticker:
        """One pair's live open interest; only where `rotates_oi`."""
        raise UnpublishedError(self.id, f"open interest of {market.symbol} is part of the bulk tickers")

    async def rows(
        self, kind: Kind, market: Market, *, limit: int, end: int | None = None, background: bool = False
    ) -> Rows:
        """The newest `limit` rows of a kind, or the newest with stamp <= `end`; one page at most.

        Only what every pair has tells that a pair is gone or a whole series not published: no
        exchange is without candles, and a pair may well be without statistics.
        """
        if kind not in self.kinds:
            raise UnpublishedError(self.id, f"{kind} has no request of its own here")
        limit = max(1, min(limit, self.page_rows[kind]))
        request = await self.page(kind, market, limit, end)
        try:
            payload = await self.transport.call(request, background=background)
        except UnpublishedError as error:
            if kind is not Kind.CANDLES:
                raise
            raise TransientError(self.id, error.reason) from error
        except PairGoneError as error:
            if kind not in STATISTICS:
                raise
            raise TransientError(self.id, f"no {kind} of {market.symbol}: {error.reason}") from error
        with self.reading():
            return parse.newest(self.read(kind, payload), limit, end)

    def symbol_of(self, code: str) -> str:
        """ccxt's unified symbol of the USDT perpetual on a base coin as the exchange spells it."""
        return f"{self.coin_of(code)}/{SETTLE}:{SETTLE}"

    def coin_of(self, code: str) -> str:
        """ccxt's unified name of a coin as the exchange spells it."""
        return str(self.transport.client.safe_currency_code(code))

    async def known_symbols(self) -> Mapping[str, str]:
        """Unified symbols by the exchange's id, from the last `markets()`."""
        if not self._symbols:
            await self.markets()
        return self._symbols

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around the reading of answers: what cannot be read counts as a failed request."""
        try:
            yield
        except PayloadError as error:
            self.transport.unreadable(error)
            raise

    async def bulk(self, request: Request, read: Callable[[object], ById]) -> ById:
        """A list that no exchange is without, by id: "not offered" is then transient."""
        try:
            payload = await self.transport.call(request)
        except UnpublishedError as error:
            raise TransientError(self.id, error.reason) from error
        with self.reading():
            return read(payload)

    async def optional(self, part: str, request: Request, read: Callable[[object], ById]) -> ById:
        """A list whose failure must not lose the others: empty then, told once in plain words.

        A part that the server does not offer, or not readably, is asked for again every ten
        minutes; one that failed for the moment, next time.
        """
        now = self.transport.clock.monotonic()
        if now < self._off.get(part, now):
            return {}
        try:
            payload = await self.transport.call(request)
            with self.reading():
                found = read(payload)
        except (ThrottledError, BlockedError) as error:
            log.debug("%s", error)  # told by whoever asks for the main part
            return {}
        except ExchangeError as error:
            if part not in self._off:
                log.warning("%s: no %s (%s): left empty, asking again later", self.id, part, error.reason)
            wait = 0.0 if isinstance(error, TransientError) else UNSUPPORTED_RETRY_S
            self._off[part] = now + wait
            return {}
        if self._off.pop(part, None) is not None:
            log.info("%s: %s: back", self.id, part)
        return found

    def room_in(self, kind: Kind) -> float:
        """Seconds until a request of a kind fits its budget; one limited per instrument always does."""
        budget = self.budget_of[kind]
        if self.transport.limit(budget).per_key:
            return 0.0
        return self.transport.room_in(budget)

    def keep_free(self, budget: str, cost: float) -> None:
        """Leave `cost` units of a budget's window to requests that are not background work."""
        self.transport.bucket(budget).reserve = max(0.0, cost)

    def refusal(self) -> ExchangeError | None:
        """Why no request is sent now; None when all are."""
        return self.transport.breaker.refusal(self.transport.clock.monotonic(), probe=False)

    def stats(self) -> ExchangeStats:
        """Requests, errors, latency and budgets since start; call it in the loop's thread."""
        return self.transport.stats()

    def export_budgets(self) -> dict[str, list[tuple[float, float]]]:
        """Recent use of the long budget windows, to be restored after a restart."""
        return self.transport.export_budgets()

    def restore_budgets(self, budgets: Mapping[str, Iterable[tuple[float, float]]], elapsed_s: float) -> None:
        """Count what an earlier process exported `elapsed_s` seconds ago."""
        self.transport.restore_budgets(budgets, elapsed_s)

    def export_pauses(self) -> dict[str, tuple[float, str]]:
        """What must be waited out over a restart too, to be restored after it."""
        return self.transport.export_pauses()

    def restore_pauses(self, pauses: Mapping[str, tuple[float, str]], elapsed_s: float) -> None:
        """Wait out what an earlier process exported `elapsed_s` seconds ago."""
        self.transport.restore_pauses(pauses, elapsed_s)

    async def close(self) -> None:
        """End the websockets and the HTTP session."""
        if self.streams is not None:
            await self.streams.close()
        if self._prober is not None:
            self._prober.cancel()
            await asyncio.gather(self._prober, return_exceptions=True)
        await self.transport.close()


async def together[T](*calls: Coroutine[object, object, T]) -> list[T]:
    """Results of requests sent at once; when all are over, the first one's error is raised."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    found: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        found.append(result)
    return found
