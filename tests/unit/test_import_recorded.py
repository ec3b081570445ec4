"""`futuresboard import` of recorded market data, faults included, row by row against the files.

The recordings lie beside the project (`../shared/data`, described in its MANIFEST.json), not in it.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from futuresboard.archive import Archive
from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.importing import exchange_of
from support_imports import BTC, take

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HOUR = 3_600_000
M5 = 300_000
OKX, BINANCE = ("okx",), ("binanceusdm",)
OURS = ("binanceusdm", "bybit", "okx")
LEVELS = {
    "oi_contracts": "sum_open_interest",
    "oi_abs_usd": "sum_open_interest_value",
    "global_ls": "count_long_short_ratio",
    "top_ls": "sum_toptrader_long_short_ratio",
}
SPOT = {name: name for name in ("open", "high", "low", "close", "volume", "quote_volume")}
SPOT |= {"taker_buy": "taker_buy_volume"}
PLAIN = {name: name for name in ("open", "high", "low", "close", "volume")}
SHORT = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
REST = {"oi_contracts": "openInterest", "oi_abs_usd": "openInterestValue", "global_ls": "ratio"}
TICKERS = {"close": "last_price", "oi_contracts": "open_interest"}

# file, what is said with it, timeframe, column of the time, how long before a row's time its bar opens,
# raw column -> the file's
FILES: list[tuple[str, dict[str, object], str, str, int, dict[str, str]]] = [
    ("btcusdt_binance_5m_metrics_20231114_323rows.csv", {}, "5m", "create_time", M5, LEVELS),
    ("btcusdt_binance_1d_metrics_2022.csv", {"timeframe": "4h"}, "4h", "create_time", 4 * HOUR, LEVELS),
    ("btcusdt_binance_1h_oi_ls_500h.csv", {}, "1h", "timestamp", HOUR, REST),
    ("btcusdt_binance_1h_oi_price_funding.csv", {}, "1h", "timestamp", HOUR, TICKERS),
    ("multi_1h_candles_binance_bybit_okx.csv.gz", {}, "1h", "timestamp", 0, SHORT),
    ("spot_binanceus_5m_klines_BNBUSDT.csv.gz", {"exchanges": BINANCE}, "5m", "timestamp", 0, SPOT),
    (
        "xrpusdt_perp_5m_ohlcv_freqtrade.csv.gz",
        {"exchanges": OKX},
        "5m",
        "date",
        0,
        dict(list(SPOT.items())[:5]),
    ),
]


def recorded(name: str) -> Path:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"{name} is not there: no recorded data beside the project")
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode())))


def milliseconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def archived(folder: Path, timeframe: str) -> dict[tuple[str, str, int], tuple[dict[str, float], str | None]]:
    """(exchange, symbol, ts) -> raw columns and what was refused, of all current bars of a timeframe."""
    archive, found = Archive(folder / "archive"), {}
    for exchange in archive.exchanges():
        spans = list(archive.spans(exchange, timeframe))
        for month in archive.months(exchange, timeframe):
            for symbol, block in archive.series(exchange, timeframe, month, spans).items():
                for ts, values, guarded in zip(
                    block.ts.tolist(), block.raw.T.tolist(), block.guarded, strict=True
                ):
                    found[exchange, symbol, ts] = (dict(zip(RAW_COLUMNS, values, strict=True)), guarded)
    return found


def symbol_of(row: dict[str, str], name: str) -> str:
    for column in ("symbol", "coin"):
        if row.get(column):
            return f"{row[column].removesuffix('USDT')}/USDT:USDT"
    return next(f"{c}/USDT:USDT" for c in ("BTC", "BNB", "XRP") if f"{c}USDT" in name.upper())


@pytest.mark.parametrize(("name", "said", "timeframe", "time", "before", "columns"), FILES)
def test_every_number_of_a_file_is_in_its_bar(tmp_path, name, said, timeframe, time, before, columns):
    path = recorded(name)
    report = take(tmp_path, path, **said)
    found = archived(tmp_path, timeframe)
    told = [row for row in rows_of(path) if any(row[column] for column in columns.values())]
    assert report.added == len(found) == len(told)
    unfit = 0
    for row in told:
        exchange = exchange_of(row["venue"]) if "venue" in row else said.get("exchanges", BINANCE)[0]
        values, guarded = found[exchange, symbol_of(row, name), milliseconds(row[time]) - before]
        for role, column in columns.items():
            number = float(row[column]) if row[column] else math.nan
            if number > 0 or (number == 0 and "volume" in role) or (number == 0 and role == "taker_buy"):
                assert values[role] == number
            else:
                assert math.isnan(values[role])
                unfit += not math.isnan(number)
                assert math.isnan(number) or f'"{role}":{number}' in str(guarded)
    assert take(tmp_path, path, **said).written == 0
    assert report.unfit >= unfit


def rates(rows: list[dict[str, str]], time: str, rate: str) -> Callable[[int], float]:
    """What was settled last at or before a moment, by a plain walk."""
    settled = sorted((milliseconds(row[time]) // 60_000 * 60_000, float(row[rate])) for row in rows)

    def at(moment: int) -> float:
        before = bisect_right(settled, (moment, math.inf))
        return settled[before - 1][1] if before else math.nan

    return at


def test_funding_alone_fills_the_bars_its_rates_stand_in(tmp_path):
    path = recorded("btcusdt_binance_8h_funding_2019_2020.csv")
    take(tmp_path, path, timeframe="1h")
    found = archived(tmp_path, "1h")
    at = rates(rows_of(path), "timestamp", "rate")
    assert len(found) == 8 * len(rows_of(path))
    for (_, symbol, ts), (values, _) in list(found.items())[::37]:
        assert symbol == BTC
        assert values["funding"] == at(ts + HOUR)
        assert values["funding_interval_h"] == 8.0


def test_funding_of_many_venues_joins_their_candles(tmp_path):
    take(tmp_path, recorded("multi_1h_candles_binance_bybit_okx.csv.gz"))
    path = recorded("multi_funding.csv.gz")
    report = take(tmp_path, path, exchanges=OURS, timeframe="1h")
    mine = [row for row in rows_of(path) if exchange_of(row["venue"])]
    assert report.skipped == len(rows_of(path)) - len(mine)
    found = archived(tmp_path, "1h")
    for venue in ("binance", "bybit", "okx"):
        at = rates(
            [r for r in mine if (r["venue"], r["coin"]) == (venue, "ETH")], "timestamp", "funding_rate"
        )
        bars = [
            (key[2], one[0]) for key, one in found.items() if key[:2] == (exchange_of(venue), "ETH/USDT:USDT")
        ]
        for ts, values in bars[::11]:
            expected = at(ts + HOUR)
            assert math.isnan(values["funding"]) or values["funding"] == expected


def test_a_price_at_a_moment_closes_one_bar_and_opens_the_next(tmp_path):
    path = recorded("btcusdt_binance_1h_oi_price_funding.csv")
    take(tmp_path, path)
    prices = {milliseconds(row["timestamp"]): float(row["last_price"]) for row in rows_of(path)}
    for (_, _, ts), (values, _) in archived(tmp_path, "1h").items():
        assert values["close"] == prices[ts + HOUR]
        assert values["open"] == prices[ts] if ts in prices else math.isnan(values["open"])
        assert math.isnan(values["high"])


def test_a_feed_of_zeros_is_kept_aside_and_not_believed(tmp_path):
    report = take(tmp_path, recorded("FAULT_zero_open_interest_feed.csv"), exchanges=OKX, timeframe="1h")
    found = archived(tmp_path, "1h")
    assert report.unfit == len(found) > 1000
    assert all(math.isnan(values["oi_contracts"]) for values, _ in found.values())
    assert all(guarded == '{"oi_contracts":0.0}' for _, guarded in found.values())


def test_irregular_ratios_stand_for_two_bars_at_most(tmp_path):
    path = recorded("multi_okx_ls_ratio_irregular.csv")
    take(tmp_path, path, exchanges=OKX, timeframe="1h")
    told = sorted(
        (milliseconds(r["timestamp"]), float(r["long_short_ratio"]))
        for r in rows_of(path)
        if r["symbol"] == "BTCUSDT"
    )
    found = {key[2]: one[0]["global_ls"] for key, one in archived(tmp_path, "1h").items() if key[1] == BTC}
    first = min(found)
    for ts in range(first, max(found) + HOUR, HOUR):
        fresh = [value for at, value in told if ts + HOUR - 2 * HOUR < at <= ts + HOUR]
        assert found.get(ts) == (fresh[-1] if fresh else None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("multi_funding.csv.gz", "column venue: got 'hyperliquid', allowed: binanceusdm, bybit, okx"),
        ("multi_1h_oi_usd_hyperliquid_lighter.csv.gz", "line 2, column venue: got 'hyperliquid'"),
        ("multi_okx_ls_ratio_irregular.csv", "minutes apart, allowed: 5m, 15m, 30m, 1h, 4h"),
        ("btcusdt_binance_1d_metrics_2022.csv", "got rows 1440 minutes apart"),
        ("spot_binanceus_5m_klines_BNBUSDT.csv.gz", "says no exchange"),
        ("MANIFEST.json", "line "),
    ],
)
def test_what_a_file_leaves_open_is_asked_for(tmp_path, name, words):
    with pytest.raises(FileError) as caught:
        take(tmp_path, recorded(name))
    assert name in str(caught.value)
    assert words in str(caught.value)
    assert not list((tmp_path / "archive").rglob("*.parquet"))
