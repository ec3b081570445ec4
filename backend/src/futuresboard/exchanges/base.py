"""The port between the scraper and an exchange: what every adapter offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from futuresboard.errors import ExchangeError
from futuresboard.exchanges.breaker import BreakerStatus
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.model import Kind, Market, Rows, Ticker


@dataclass(frozen=True, slots=True)
class ExchangeStats:
    """What an exchange's requests did since start; durations in seconds of the clock.

    `budget_used` is the share of the official limit in use now, by budget (per-instrument
    budgets: the fullest); `request_rate` is requests per second over the last minute; `throttled`
    holds the seconds until a budget that the exchange closed for a while is used again.
    """

    requests: int
    failed: int
    in_flight: int
    peak_in_flight: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    request_rate: float
    budget_used: Mapping[str, float]
    last_error: str | None
    breaker: BreakerStatus = field(default_factory=BreakerStatus)
    throttled: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scarce:
    """A budget too small for every row of every pair at each close.

    kinds: what it pays for, the most needed first; per_close: requests a close may spend on it,
    with some left for asking again.
    """

    budget: str
    kinds: tuple[Kind, ...]
    per_close: int


class Exchange(Protocol):
    """One exchange's public market data.

    Every coroutine raises only subclasses of `futuresboard.errors.ExchangeError`. An instance
    belongs to the event loop that made its first request; `close()` ends its HTTP session.
    """

    id: str
    kinds: frozenset[Kind]
    """Kinds that come as separate requests (TAKER is absent where the candle carries it)."""
    unpublished: Mapping[str, str]
    """Row columns this exchange does not publish, with the reason in words."""
    page_rows: Mapping[Kind, int]
    """Most rows one request of a kind returns."""
    depth_rows: Mapping[Kind, int | None]
    """How many 5-minute rows back a kind reaches; None: to the listing."""
    confirms_candles: bool
    """True where each candle says whether it is closed; only closed ones are returned there."""
    rotates_oi: bool
    """True where live open interest costs one request a pair (`live_oi`)."""
    streams: Streams | None
    """Its websockets; None where they are switched off."""

    scarce: Scarce | None
    """The budget that many pairs outgrow; None where there is none."""

    async def server_time(self) -> int:
        """The exchange's clock, milliseconds UTC."""
        ...

    async def markets(self) -> Sequence[Market]:
        """Trading USDT-margined linear perpetuals, most liquid first."""
        ...

    async def tickers(self) -> Mapping[str, Ticker]:
        """All pairs' live values by unified symbol, in as few bulk requests as there are."""
        ...

    async def live_oi(self, market: Market) -> Ticker:
        """One pair's live open interest; only where `rotates_oi`."""
        ...

    async def rows(
        self, kind: Kind, market: Market, *, limit: int, end: int | None = None, background: bool = False
    ) -> Rows:
        """The newest `limit` rows of a kind, or the newest with stamp <= `end`.

        `limit` may exceed `page_rows`: then one page is returned. The still-forming candle is
        included when the exchange returns it and does not say that it is forming. `background` work
        (warm start, healing of gaps) yields budget and slots to every other request, and leaves
        free what `keep_free` asked for. UnpublishedError speaks of the kind on the whole exchange
        (never of candles), PairGoneError of the pair (never because of missing statistics).
        """
        ...

    def room_in(self, kind: Kind) -> float:
        """Seconds until a request of a kind fits its budget: 0.0 now; a lower bound while others wait."""
        ...

    def keep_free(self, budget: str, cost: float) -> None:
        """Leave `cost` units of a budget's window to requests that are not background work.

        Budgets: Binance `weight`, `data` (open-interest history and ratios), `funding`; Bybit
        `all`; OKX by path, see its module. Raises KeyError for another name.
        """
        ...

    def refusal(self) -> ExchangeError | None:
        """Why no request is sent now (ban, block, an exchange that does not answer); None when all are."""
        ...

    def stats(self) -> ExchangeStats:
        """Requests, errors, latency and budgets since start; in the loop's own thread."""
        ...

    def export_budgets(self) -> Mapping[str, Sequence[tuple[float, float]]]:
        """Use of the long budget windows as (age in seconds, cost), to persist over a restart."""
        ...

    def restore_budgets(self, budgets: Mapping[str, Iterable[tuple[float, float]]], elapsed_s: float) -> None:
        """Count what an earlier process exported `elapsed_s` seconds ago."""
        ...

    def export_pauses(self) -> Mapping[str, tuple[float, str]]:
        """What must be waited out over a restart too: (seconds left, reason) by budget, "" for a ban."""
        ...

    def restore_pauses(self, pauses: Mapping[str, tuple[float, str]], elapsed_s: float) -> None:
        """Wait out what an earlier process exported `elapsed_s` seconds ago."""
        ...

    async def close(self) -> None:
        """End the HTTP session."""
        ...
