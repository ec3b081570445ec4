"""Market caps and reference prices: asked for seldom, kept over a restart, missed without harm."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import orjson

from futuresboard.clock import Clock
from futuresboard.coins import Coin, match, reference_coins
from futuresboard.db import Store
from futuresboard.errors import BlockedError, ExchangeError, ThrottledError
from futuresboard.model import MS_PER_DAY
from futuresboard.pipeline import Pipeline

log = logging.getLogger(__name__)

STATE_KEY = "coingecko"
REFRESH_S = 600.0
LOOK_S = 15.0
"""How often pairs that joined meanwhile are matched with the list that is here."""
AGAIN_S = (60.0, 3600.0)
PAGES = 6
"""Pages of a round, 250 coins each."""
KEPT_MS = MS_PER_DAY
"""Older market caps are no longer shown."""
PRICE_KEPT_MS = 1_800_000
"""An older reference price judges nothing."""

type PairName = tuple[str, str]


class Source(Protocol):
    """Where the coins come from."""

    async def coins(self, pages: int) -> list[Coin]:
        """The largest coins; raises ExchangeError."""
        ...

    async def close(self) -> None:
        """End the HTTP session."""
        ...


@dataclass(frozen=True)
class _Known:
    """One round's coins and what they were matched with; `as_of` is exchange time, 0 before the first."""

    as_of: int = 0
    coins: tuple[Coin, ...] = ()
    matched: Mapping[PairName, Coin] = field(default_factory=dict)

    @cached_property
    def by_ticker(self) -> Mapping[str, Coin]:
        """The coin that the pairs of a ticker trade."""
        return reference_coins(self.matched)


class MarketCaps:
    """Keeps the pairs' market caps fresh for as long as `keep_fresh` runs.

    run: does database work in the writer's thread; now_ms: exchange time. Its other methods may be
    called from any thread.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        pipeline: Pipeline,
        *,
        run: Callable[[Callable[[], object]], Awaitable[object]],
        clock: Clock,
        now_ms: Callable[[], int],
    ) -> None:
        self._source = source
        self._store = store
        self._pipeline = pipeline
        self._run = run
        self._clock = clock
        self._now_ms = now_ms
        self._known = _Known()
        self._arrived: _Known | None = None
        self._trouble: str | None = None
        self._wait = AGAIN_S[0]
        self._next = 0.0

    # -- for others ------------------------------------------------------------------------------

    def document(self) -> dict[str, object]:
        """Its part of the health document."""
        known = self._known
        state = "unreachable" if self._trouble else "ok" if known.as_of else "starting"
        return {
            "state": state,
            "as_of": known.as_of or None,
            "age_s": round(max(0, self._now_ms() - known.as_of) / 1000.0, 1) if known.as_of else None,
            "matched": len(known.matched),
            "detail": self._trouble,
        }

    # -- the task --------------------------------------------------------------------------------

    async def keep_fresh(self) -> None:
        """Ask, match and store, for as long as the task lives; failures are told once and waited out."""
        try:
            await self._run(self._restore)
            while True:
                # Without a price nothing can be matched, and without an exchange nobody knows the time.
                if await self._run(self._pipeline.quotes):
                    await self._look()
                await self._clock.sleep(LOOK_S)
        finally:
            await self._source.close()

    async def _look(self) -> None:
        if self._clock.monotonic() >= self._next:
            await self._ask()
        await self._run(self._settle)
        await self._run(self._refer)

    async def _ask(self) -> None:
        try:
            coins = await self._source.coins(PAGES)
        except ExchangeError as error:
            self._failed(error)
            return
        self._arrived = _Known(self._now_ms(), tuple(coins))
        if self._trouble is not None:
            log.info("coingecko: back")
        self._trouble, self._wait = None, AGAIN_S[0]
        self._next = self._clock.monotonic() + REFRESH_S

    def _failed(self, error: ExchangeError) -> None:
        if self._trouble is None:
            log.warning("coingecko: no market caps (%s): asking again now and then", error.reason)
        self._trouble = error.reason
        wait = self._wait
        if isinstance(error, ThrottledError):
            wait = max(wait, error.retry_after_s)
        if isinstance(error, BlockedError):
            wait = AGAIN_S[1]
        self._next = self._clock.monotonic() + wait
        self._wait = min(AGAIN_S[1], self._wait * 2)

    # -- in the writer's thread ------------------------------------------------------------------

    def _settle(self) -> None:
        """Match what has no coin yet, forget what is too old, hand on and keep what changed."""
        known = self._arrived or self._known
        if known.as_of and self._now_ms() - known.as_of > KEPT_MS:
            self._use(_Known())
            return
        quotes = self._pipeline.quotes()
        joined = match((q for q in quotes if (q.exchange, q.symbol) not in known.matched), known.coins)
        if joined or self._arrived is not None:
            self._use(_Known(known.as_of, known.coins, {**known.matched, **joined}))

    def _use(self, known: _Known) -> None:
        try:
            self._pipeline.use_market_caps({pair: coin.market_cap for pair, coin in known.matched.items()})
            self._store.put_state({STATE_KEY: _text(known)})
        except sqlite3.Error as error:
            log.error("market caps could not be stored (%s); trying again", error)
            return
        self._known, self._arrived = known, None

    def _refer(self) -> None:
        """Let prices be judged beside those of the list while it is young."""
        known = self._known
        young = self._now_ms() - known.as_of <= PRICE_KEPT_MS
        coins = known.by_ticker if young else {}
        self._pipeline.use_reference_prices({ticker: coin.price for ticker, coin in coins.items()})

    def _restore(self) -> None:
        """Show what an earlier process knew; a round less than `REFRESH_S` old is not asked for again."""
        known = _read(self._store.state(STATE_KEY))
        age_ms = self._now_ms() - known.as_of
        if not known.as_of or age_ms > KEPT_MS:
            return
        self._known = known
        self._pipeline.use_market_caps({pair: coin.market_cap for pair, coin in known.matched.items()})
        self._next = self._clock.monotonic() + max(0.0, REFRESH_S - max(0, age_ms) / 1000.0)


def _text(known: _Known) -> str:
    """What is kept: the coins that were matched, and by which pairs."""
    coins = {coin.id: (coin.symbol, coin.price, coin.market_cap) for coin in known.matched.values()}
    pairs = [(exchange, symbol, coin.id) for (exchange, symbol), coin in known.matched.items()]
    return orjson.dumps({"as_of": known.as_of, "coins": coins, "pairs": pairs}).decode()


def _read(text: str | None) -> _Known:
    if text is None:
        return _Known()
    kept = orjson.loads(text)
    coins = {ident: Coin(ident, *values) for ident, values in kept["coins"].items()}
    matched = {(exchange, symbol): coins[ident] for exchange, symbol, ident in kept["pairs"]}
    return _Known(kept["as_of"], tuple(coins.values()), matched)
