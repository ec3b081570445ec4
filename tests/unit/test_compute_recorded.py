"""`futuresboard compute` on recorded market data, faults included, against the plain-loop reference.

The recordings lie beside the project (`../shared/data`, described in its MANIFEST.json), not in it.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support_compute import TIERS, Answer, alert_count, call, disagreements, expected, write

Row = dict[str, Any]

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HOUR = 3_600_000
CANDLE = {name: name for name in ("open", "high", "low", "close", "volume")}
BINANCE_METRICS = {
    "oi_contracts": "sum_open_interest",
    "oi_abs_usd": "sum_open_interest_value",
    "global_ls": "count_long_short_ratio",
    "top_ls": "sum_toptrader_long_short_ratio",
}
OI_LS = {"oi_contracts": "openInterest", "oi_abs_usd": "openInterestValue", "global_ls": "ratio"}
OI_PRICE = {"close": "last_price", "oi_contracts": "open_interest", "funding": "funding_rate"}
KLINES = CANDLE | {"quote_volume": "quote_volume", "taker_buy": "taker_buy_volume"}
SHORT_CANDLE = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
SPOT = "spot_binanceus_5m_klines_{}USDT.csv.gz"

# file, timeframe, column of the time, raw column -> the file's, columns that tell its series apart
FILES: list[tuple[str, str, str, dict[str, str], tuple[str, ...]]] = [
    ("btcusdt_binance_5m_metrics_20231114_323rows.csv", "5m", "create_time", BINANCE_METRICS, ()),
    ("btcusdt_binance_1d_metrics_2022.csv", "1h", "create_time", BINANCE_METRICS, ()),
    ("btcusdt_binance_1h_oi_ls_500h.csv", "1h", "time", OI_LS, ()),
    ("btcusdt_binance_1h_oi_price_funding.csv", "1h", "timestamp", OI_PRICE, ()),
    ("btcusdt_binance_8h_funding_2019_2020.csv", "1h", "time", {"funding": "rate"}, ()),
    ("xrpusdt_perp_5m_ohlcv_freqtrade.csv.gz", "5m", "date", CANDLE, ()),
    *((SPOT.format(coin), "5m", "timestamp", KLINES, ()) for coin in ("BTC", "ETH", "SOL", "XRP", "BNB")),
    ("multi_1h_candles_binance_bybit_okx.csv.gz", "1h", "timestamp", SHORT_CANDLE, ("venue", "coin")),
    ("multi_funding.csv.gz", "1h", "timestamp", {"funding": "funding_rate"}, ("venue", "coin")),
    ("multi_okx_ls_ratio_irregular.csv", "1h", "timestamp", {"global_ls": "long_short_ratio"}, ("symbol",)),
    ("FAULT_zero_open_interest_feed.csv", "1h", "timestamp", {"oi_contracts": "oi"}, ("symbol",)),
]
LONG = {"multi_1h_candles_binance_bybit_okx.csv.gz", "multi_funding.csv.gz"}
LONG |= {SPOT.format(coin) for coin in ("ETH", "SOL", "XRP")}
ZERO_FEED = FILES[-1]
ZERO_HOURS = FILES[3]


def milliseconds(text: str) -> int:
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def recorded(name: str) -> Iterator[dict[str, str]]:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"{name} is not there: no recorded data beside the project")
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        yield from csv.DictReader(io.StringIO(file.read()))


def series_of(
    entry: tuple[str, str, str, dict[str, str], tuple[str, ...]], when: Callable[[int], int] = int
) -> dict[tuple[str, ...], list[Row]]:
    """Each series of a recording in the form `compute` takes, of equal times the last."""
    name, _, time, columns, by = entry
    found: dict[tuple[str, ...], dict[int, Row]] = {}
    for row in recorded(name):
        bar: Row = {"ts": when(milliseconds(row[time]))}
        bar |= {mine: float(row[theirs]) for mine, theirs in columns.items() if row[theirs] != ""}
        if "funding" in columns:
            bar["funding_interval_h"] = 8.0
        found.setdefault(tuple(row[key] for key in by), {})[bar["ts"]] = bar
    return {key: [bars[ts] for ts in sorted(bars)] for key, bars in found.items()}


def computed(path: Path, timeframe: str, bars: list[Row]) -> Answer:
    header = list(dict.fromkeys(name for bar in bars for name in bar))
    lines = [[bar.get(name) for name in header] for bar in bars]
    return call("--tf", timeframe, write(path, header, lines))


@pytest.mark.parametrize(
    "entry",
    [pytest.param(e, id=e[0], marks=[pytest.mark.deep] if e[0] in LONG else []) for e in FILES],
)
def test_every_cell_of_a_recording(entry, tmp_path):
    for bars in series_of(entry).values():
        answer = computed(tmp_path / "bars.csv", entry[1], bars)
        assert disagreements(answer.rows, expected(bars, entry[1])) == []


class TestOpenInterestOfZero:
    def test_a_feed_that_is_dead_for_25_days_reads_no_data(self, tmp_path):
        for to_hour in (int, lambda ts: ts - ts % HOUR):
            for bars in series_of(ZERO_FEED, to_hour).values():
                answer = computed(tmp_path / "bars.csv", "1h", bars)
                assert f"oi_contracts: no data, {len(bars)} unfit" in answer.told
                assert "tier 1 no data, tier 2 no data, tier 3 no data, tier 4 no data" in answer.told
                assert alert_count(bars, "1h") == 0
                for row in answer.rows:
                    assert row["oi_contracts"] == "0.0"
                    assert row["oi_delta_pct"] == row["z_score"] == ""
                    assert [row[name] for name in TIERS] == ["", "", "", "", "", "false"]

    def test_an_hour_of_zero_is_a_hole_and_no_event(self, tmp_path):
        (bars,) = series_of(ZERO_HOURS).values()
        answer = computed(tmp_path / "bars.csv", "1h", bars)
        rows = answer.rows
        holes = [i for i, bar in enumerate(bars) if bar["oi_contracts"] == 0.0]
        assert holes
        for hole in holes:
            assert [rows[hole][name] for name in ("tier_1", "tier_2", "tier_3", "tier_4")] == [""] * 4
            for after in rows[hole : hole + 22]:
                assert after["z_score"] == after["tier_1"] == ""
        assert f"{len(holes)} unfit" in answer.told
        assert "oi_contracts: no data" not in answer.told
