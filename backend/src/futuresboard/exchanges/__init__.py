"""The exchanges: the only package that talks to them, and the only one that uses ccxt."""

from __future__ import annotations

from collections.abc import Mapping

from futuresboard.clock import Clock, SystemClock
from futuresboard.exchanges.adapter import Adapter
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.binanceusdm import BinanceUsdm
from futuresboard.exchanges.bybit import Bybit
from futuresboard.exchanges.okx import Okx

REGISTRY: Mapping[str, type[Adapter]] = {adapter.id: adapter for adapter in (BinanceUsdm, Bybit, Okx)}
"""Adapters by ccxt id."""


def create(
    exchange_id: str,
    *,
    url_override: str | None = None,
    concurrency: int = 8,
    clock: Clock | None = None,
    tradfi: bool = False,
    okx_rubik_per_ip: bool = False,
) -> Exchange:
    """An exchange by ccxt id; raises KeyError for one that is not in `REGISTRY`.

    `url_override` replaces scheme and host of all its URLs; `concurrency` is the most requests in
    flight; `okx_rubik_per_ip` reads OKX's limit on statistics as one per address.
    """
    adapter = REGISTRY[exchange_id]
    clock = clock or SystemClock()
    if adapter is Okx:
        return Okx(
            url_override=url_override,
            concurrency=concurrency,
            clock=clock,
            tradfi=tradfi,
            rubik_per_ip=okx_rubik_per_ip,
        )
    return adapter(url_override=url_override, concurrency=concurrency, clock=clock, tradfi=tradfi)
