"""CoinGecko's list read over real HTTP: its pages, its limit, and every way it can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from futuresboard.clock import SystemClock
from futuresboard.coins import Coin
from futuresboard.errors import (
    BlockedError,
    ExchangeError,
    PayloadError,
    ThrottledError,
    TransientError,
    UnpublishedError,
)
from futuresboard.exchanges.coingecko import PAGE_ROWS, CoinGecko
from futuresboard.sim_exchange import SimConfig, SimServer
from futuresboard.sim_exchange.faults import Rule
from support_system import NOWHERE

PATH = "/coingecko/api/v3/coins/markets"


@asynccontextmanager
async def reading(pairs: int = 4, scale: float = 1.0) -> AsyncIterator[tuple[CoinGecko, SimServer]]:
    async with SimServer(SimConfig(pairs=pairs, latency_ms=0, jitter_ms=0)) as sim:
        source = CoinGecko(url_override=f"{sim.url}/coingecko", clock=SystemClock(scale))
        try:
            yield source, sim
        finally:
            await source.close()


def run(work: Any) -> Any:
    return asyncio.run(work)


async def coins(rule: Rule | None, *, scale: float = 1.0) -> list[Coin]:
    async with reading(scale=scale) as (source, sim):
        if rule is not None:
            sim.faults.add(rule)
        return await source.coins(3)


def test_coins_come_largest_first_and_a_short_page_is_the_last() -> None:
    async def work() -> None:
        async with reading() as (source, sim):
            found = await source.coins(6)
            assert sim.stats["coingecko"].requests == 1
            assert [coin.market_cap for coin in found] == sorted((c.market_cap for c in found), reverse=True)
            assert {"BTC", "ETH", "SOL", "XRP"} <= {coin.symbol for coin in found}
            bitcoin = next(coin for coin in found if coin.id == "bitcoin")
            last = sim.truth.last("binanceusdm", "BTC/USDT:USDT", sim.clock.now_ms())
            assert bitcoin.price == pytest.approx(last, rel=0.02)

    run(work())


def test_as_many_pages_are_read_as_there_are_and_no_more_than_asked_for() -> None:
    async def work() -> None:
        async with reading(pairs=600) as (source, sim):
            two = await source.coins(2)
            assert len(two) == 2 * PAGE_ROWS
            assert sim.stats["coingecko"].requests == 2
            whole = await source.coins(6)
            assert 600 <= len(whole) < 3 * PAGE_ROWS
            assert sim.stats["coingecko"].requests == 5
            assert len({coin.id for coin in whole}) == len(whole)
            assert sim.stats["coingecko"].paths == {PATH: 5}
            assert sim.stats["coingecko"].total_violations == 0

    run(work())


def _status(status: int, body: object = "no", **headers: str) -> Rule:
    return Rule("status", exchange="coingecko", options={"status": status, "body": body, "headers": headers})


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (_status(429), ThrottledError),
        (_status(403), BlockedError),
        (_status(451), BlockedError),
        (_status(401), UnpublishedError),
        (_status(404), UnpublishedError),
        (_status(500), TransientError),
        (_status(503), TransientError),
        (_status(200, {"status": {"error_code": 1}}), PayloadError),
        (_status(200, [1, 2]), PayloadError),
        (Rule("html", exchange="coingecko"), PayloadError),
        (Rule("empty", exchange="coingecko"), PayloadError),
        (Rule("truncated", exchange="coingecko"), PayloadError),
        (Rule("wrong_shape", exchange="coingecko"), PayloadError),
        (Rule("reset", exchange="coingecko"), TransientError),
    ],
    ids=lambda value: f"{value.kind} {value.options.get('status', '')}" if isinstance(value, Rule) else "",
)
def test_every_failure_has_its_class(rule: Rule, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        run(coins(rule))


def test_a_throttle_tells_how_long() -> None:
    with pytest.raises(ThrottledError) as told:
        run(coins(_status(429, "slow down", **{"Retry-After": "17"})))
    assert told.value.retry_after_s == 17.0


def test_silence_ends_after_ten_seconds_of_the_clock() -> None:
    with pytest.raises(TransientError, match="no answer within 10 s"):
        run(coins(Rule("timeout", exchange="coingecko"), scale=100.0))


def test_nobody_there_is_transient() -> None:
    async def work() -> None:
        source = CoinGecko(url_override=f"{NOWHERE}/coingecko", clock=SystemClock())
        try:
            await source.coins(1)
        finally:
            await source.close()

    with pytest.raises(TransientError, match="connection failed"):
        run(work())


def test_rows_without_a_price_a_cap_or_a_name_are_left_out() -> None:
    good = {"id": "bitcoin", "symbol": "btc", "current_price": 67000, "market_cap": 1.3e12}
    unfit = [
        good | {"current_price": None},
        good | {"current_price": "NaN"},
        good | {"current_price": -1},
        good | {"market_cap": 0},
        good | {"market_cap": None},
        good | {"symbol": None},
        {"id": "bitcoin"},
    ]
    found = run(coins(_status(200, [*unfit, good])))
    assert found == [Coin("bitcoin", "BTC", 67000.0, 1.3e12)]


def test_the_real_address_is_the_public_plan() -> None:
    async def work() -> None:
        source = CoinGecko(clock=SystemClock())
        assert source.url == "https://api.coingecko.com/api/v3/coins/markets"
        await source.close()

    run(work())
