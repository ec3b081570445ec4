"""What the product stores when pointed at the second server, bar for bar against that server's truth."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from other_exchange import (
    BAR,
    BINANCE,
    BYBIT,
    OKX,
    OtherConfig,
    OtherExchange,
    compare,
    missing,
    summary,
)
from other_exchange.adapters import PREFIX, AdapterCheck
from other_exchange.product import Product, running

EXCHANGES = (BINANCE, BYBIT, OKX)
START = 1_773_750_300_000 + 41_000


@pytest.fixture(scope="module")
def other() -> Iterator[OtherExchange]:
    with OtherExchange(OtherConfig(start_ms=START)) as server:
        yield server


# --- the comparison itself -------------------------------------------------------------------


def _true_rows(server: OtherExchange, exchange: str, symbol: str, timeframe: str) -> list[dict[str, object]]:
    rows = server.truth.rows(exchange, symbol, timeframe, START - 60 * BAR, START // BAR * BAR)
    key = {"exchange": exchange, "symbol": symbol, "timeframe": timeframe}
    return [key | {"ts": ts} | row for ts, row in rows.items()]


def test_the_truth_compares_equal_to_itself(other: OtherExchange) -> None:
    for exchange in EXCHANGES:
        rows = _true_rows(other, exchange, "ZED/USDT:USDT", "5m") + _true_rows(
            other, exchange, "ZED/USDT:USDT", "15m"
        )
        assert compare(other.truth, rows) == []


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ("taker_buy", lambda row: row["taker_sell"]),
        ("oi_contracts", lambda row: row["oi_contracts"] * 2),
        ("close", lambda row: row["close"] * (1 + 1e-7)),
        ("global_ls", lambda row: 1 / row["global_ls"]),
        ("top_ls", lambda row: None),
        ("funding_interval_h", lambda row: 4.0),
    ],
)
def test_a_single_wrong_value_is_found(
    other: OtherExchange, column: str, fault: Callable[[Any], Any]
) -> None:
    rows = _true_rows(other, OKX, "ZED/USDT:USDT", "5m")
    rows[7][column] = fault(rows[7])
    assert [(d.ts, d.column) for d in compare(other.truth, rows)] == [(rows[7]["ts"], column)]


def test_a_shift_of_one_bar_a_decoy_a_double_and_a_gap_are_found(other: OtherExchange) -> None:
    rows = _true_rows(other, BINANCE, "ZED/USDT:USDT", "5m")
    shifted = [row | {"oi_contracts": before["oi_contracts"]} for before, row in pairwise(rows)]
    assert len(compare(other.truth, shifted)) >= len(shifted) - 2
    decoy = [rows[0] | {"symbol": other.truth.decoys(BINANCE)[0]}]
    assert [d.column for d in compare(other.truth, decoy)] == ["row"]
    assert [d.want for d in compare(other.truth, [rows[0], rows[0]])] == ["one row"]
    early = rows[0] | {
        "symbol": "NEWB/USDT:USDT",
        "ts": other.truth.first_ts(BINANCE, "NEWB/USDT:USDT") - BAR,
    }
    assert [d.want for d in compare(other.truth, [early])] == ["no such bar"]
    start, end = int(str(rows[0]["ts"])), int(str(rows[-1]["ts"])) + BAR
    gone = missing(other.truth, rows[:5] + rows[6:], "5m", start, end)
    assert (BINANCE, "ZED/USDT:USDT", rows[5]["ts"]) in gone
    assert (BINANCE, "ZED/USDT:USDT", rows[4]["ts"]) not in gone


# --- the adapters ----------------------------------------------------------------------------


@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize(
    "config",
    [
        OtherConfig(),
        OtherConfig(
            stamps=dict.fromkeys(EXCHANGES, "start"),
            okx_taker_stamp="end",
            bybit_single_oi=False,
        ),
    ],
    ids=["snapshots", "window starts"],
)
def test_what_an_adapter_reads_is_the_truth(exchange: str, config: OtherConfig) -> None:
    create = pytest.importorskip("futuresboard.exchanges").create
    with OtherExchange(config) as server:
        check = AdapterCheck(server, exchange)

        async def run() -> None:
            adapter = create(exchange, url_override=server.url(PREFIX[exchange]))
            try:
                markets = await adapter.markets()
                assert sorted(m.symbol for m in markets) == server.truth.symbols(exchange)
                assert [m.listed_ts for m in markets] == [
                    server.truth.first_ts(exchange, m.symbol) for m in markets
                ]
                assert set(await adapter.tickers()) >= {m.symbol for m in markets}
                for market in markets:
                    for kind in sorted(adapter.kinds):
                        await check.series(adapter, kind, market)
            finally:
                await adapter.close()

        asyncio.run(run())
        assert check.checked > 10_000
        assert check.wrong == []
        assert_polite(server)


# --- the product -----------------------------------------------------------------------------

needs_product = pytest.mark.skipif(
    importlib.util.find_spec("futuresboard.cli") is None, reason="the package has no command yet"
)
HISTORY = 500


def stored(product: Product, server: OtherExchange) -> list[dict[str, object]]:
    return [row for e in EXCHANGES for row in product.stored(e, server.truth.symbols(e))]


def assert_equal_to_truth(server: OtherExchange, rows: list[dict[str, object]]) -> None:
    differences = compare(server.truth, rows)
    assert not differences, (summary(differences), differences[:5])


def assert_only_true_pairs(server: OtherExchange, product: Product) -> None:
    shown = product.pairs()
    assert sorted(shown) == sorted((e, s) for e in EXCHANGES for s in server.truth.symbols(e))
    assert {k: row["base"] for k, row in shown.items()} == {k: server.truth.base(*k) for k in shown}


def assert_polite(server: OtherExchange, locked: str = "nothing") -> None:
    """No limit exceeded, nothing asked that is refused (`locked`: until the first 401 is in)."""
    for stats in server.stats.values():
        assert stats.in_flight_peak <= 8
        assert not stats.violations
        assert not stats.over_limit
        refused = list(stats.refused.elements())
        assert [request for request in refused if locked not in request] == []
        assert len(refused) <= 8


@needs_product
def test_start_up_history_equals_the_truth_bar_for_bar(tmp_path: Path) -> None:
    with (
        OtherExchange() as server,
        running(server, tmp_path, HISTORY_BARS=str(HISTORY), INTERVAL="2") as product,
    ):
        product.until("warm", product.warm, 240)
        newest = server.clock.start_ms // BAR * BAR
        oldest = newest - (HISTORY - 3) * BAR
        rows: list[dict[str, object]] = []

        def complete() -> bool:
            rows[:] = stored(product, server)
            return not any(missing(server.truth, rows, tf, oldest, newest - 2 * BAR) for tf in ("5m", "15m"))

        product.until("complete", complete, 120)
        assert_equal_to_truth(server, rows)
        assert_only_true_pairs(server, product)
        assert_polite(server)


def follow(server: OtherExchange, product: Product, bars: int) -> tuple[int, list[dict[str, object]]]:
    """Watch until `bars` more bars have closed and stand in both timeframes; when that began, rows."""
    product.until("warm", product.warm, 240)
    first = server.clock.now() // BAR * BAR
    end = first + bars * BAR
    rows: list[dict[str, object]] = []

    def complete() -> bool:
        if server.clock.now() < end + BAR:
            return False
        rows[:] = stored(product, server)
        return not any(missing(server.truth, rows, tf, first, end) for tf in ("5m", "15m"))

    product.until("complete", complete, 240)
    return first, [row for row in rows if int(str(row["ts"])) < end]


@needs_product
def test_bars_closing_while_it_runs_equal_the_truth_under_the_other_readings(tmp_path: Path) -> None:
    config = OtherConfig(
        start_ms=START,
        time_scale=20,
        stamps={BINANCE: "start", OKX: "start"},
        okx_taker_stamp="end",
        bybit_single_oi=False,
        binance_top_needs_key=True,
        publish_delay_ms={"oi": 20_000, "ls": 30_000, "taker": 30_000, "funding": 15_000},
    )
    with (
        OtherExchange(config) as server,
        running(server, tmp_path, HISTORY_BARS="120", INTERVAL="15") as product,
    ):
        _, rows = follow(server, product, 3)
        assert_equal_to_truth(server, rows)
        assert_only_true_pairs(server, product)
        assert_polite(server, locked="/topLongShort")


@needs_product
def test_bybit_stamps_are_learnt_from_live_open_interest_and_stored_bars_corrected(tmp_path: Path) -> None:
    config = OtherConfig(start_ms=START, time_scale=40, stamps={BYBIT: "start"})
    oldest = START // BAR * BAR - 114 * BAR  # the rows that the very oldest bars need were never asked for
    with (
        OtherExchange(config) as server,
        # As many as tell after three closes what the stamps mean; time runs fast here.
        running(
            server, tmp_path, HISTORY_BARS="120", INTERVAL="15", SYMBOLS="ZED,QUX,BIGI,MOON,X,HALT"
        ) as product,
    ):

        def corrected() -> bool:
            newest = server.clock.now() - 3 * BAR
            rows = [row for row in stored(product, server) if oldest <= int(str(row["ts"])) < newest]
            return bool(rows) and not compare(server.truth, rows)

        product.until("warm", product.warm, 240)
        product.until("corrected", corrected, 90)


@needs_product
def test_a_candle_that_still_forms_in_a_late_answer_is_not_stored_as_closed(tmp_path: Path) -> None:
    late = {"candles": 4_000, "oi": 5_000, "ls": 8_000, "taker": 8_000, "funding": 2_000}
    close = START // BAR * BAR
    config = OtherConfig(start_ms=close - 25_000, publish_delay_ms=late)
    with (
        OtherExchange(config) as server,
        running(server, tmp_path, HISTORY_BARS="30", INTERVAL="1") as product,
    ):
        product.until("past the close", lambda: product.warm() and server.clock.now() > close + 5_000, 120)
        rows: list[dict[str, object]] = []

        def complete() -> bool:
            rows[:] = stored(product, server)
            return not missing(server.truth, rows, "5m", close - 20 * BAR, close)

        product.until("complete", complete, 90)
        assert_equal_to_truth(server, rows)
