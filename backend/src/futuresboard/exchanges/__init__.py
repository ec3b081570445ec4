"""The exchanges: the only package that talks to them, and the only one that uses ccxt."""

from __future__ import annotations

from collections.abc import Mapping

from futuresboard.clock import Clock, SystemClock
from futuresboard.exchanges.adapter import Adapter
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.binanceusdm import BinanceUsdm
from futuresboard.exchanges.breaker import Cause
from futuresboard.exchanges.bybit import Bybit
from futuresboard.exchanges.okx import Okx
from futuresboard.exchanges.streams.base import Dialect
from futuresboard.exchanges.streams.binanceusdm import BinanceStreams
from futuresboard.exchanges.streams.bybit import BybitStreams
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.exchanges.streams.okx import OkxStreams

REGISTRY: Mapping[str, type[Adapter]] = {adapter.id: adapter for adapter in (BinanceUsdm, Bybit, Okx)}
"""Adapters by ccxt id."""


DIALECTS: Mapping[str, type[Dialect]] = {
    dialect.exchange: dialect for dialect in (BinanceStreams, BybitStreams, OkxStreams)
}
"""How their websockets are spoken to, by ccxt id."""


def create(
    exchange_id: str,
    *,
    url_override: str | None = None,
    concurrency: int = 8,
    clock: Clock | None = None,
    tradfi: bool = False,
    okx_rubik_per_ip: bool = False,
    websockets: bool = False,
    trades_pairs: int = 0,
) -> Exchange:
    """An exchange by ccxt id; raises KeyError for one that is not in `REGISTRY`.

    `url_override` replaces scheme and host of all its URLs; `concurrency` is the most requests in
    flight; `okx_rubik_per_ip` reads OKX's limit on statistics as one per address; `trades_pairs` is
    how many pairs are listened to with their trades, where that is of use.
    """
    adapter = REGISTRY[exchange_id]
    clock = clock or SystemClock()
    made: Adapter
    if adapter is Okx:
        made = Okx(
            url_override=url_override,
            concurrency=concurrency,
            clock=clock,
            tradfi=tradfi,
            rubik_per_ip=okx_rubik_per_ip,
        )
    else:
        made = adapter(url_override=url_override, concurrency=concurrency, clock=clock, tradfi=tradfi)
    if websockets:
        made.streams = Streams(
            DIALECTS[exchange_id](url_override),
            clock,
            trades_pairs=trades_pairs,
            banned_for_s=lambda: _unwanted_for_s(made),
        )
    return made


def _unwanted_for_s(exchange: Adapter) -> float:
    """Seconds for which an exchange that has banned or blocked us must not be dialled either."""
    breaker = exchange.stats().breaker
    unwanted = breaker.cause in (Cause.BANNED, Cause.BLOCKED)
    return breaker.next_probe_s or 0.0 if unwanted else 0.0
