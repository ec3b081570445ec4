"""The simulated market: pure, joined, consistent and plausible."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futuresboard.sim_exchange import SimConfig
from futuresboard.sim_exchange.funding import INTEREST
from futuresboard.sim_exchange.live import NODE_MS, Live
from futuresboard.sim_exchange.market import Market
from futuresboard.sim_exchange.model import BAR_MS, BARS
from futuresboard.sim_exchange.series import Series, Span
from futuresboard.sim_exchange.truth import Truth
from futuresboard.sim_exchange.universe import DAY_MS, HOUR_MS, Sort, State, listing, quarter_ends
from futuresboard.sim_exchange.venue import build_world, twin

EPOCH = 1_768_471_651_500  # 2026-01-15 10:07:31.5 UTC
TODAY = EPOCH // DAY_MS
CONFIG = SimConfig(seed=7, pairs=60, epoch_ms=EPOCH, time_scale=0)
EXCHANGES = ("binanceusdm", "bybit", "okx")
WORLD = build_world(CONFIG)
TRUTH = Truth(WORLD)

exchange_names = st.sampled_from(EXCHANGES)
lines = st.integers(0, 40)
days_back = st.integers(0, 40)


def fresh_truth(**changes: object) -> Truth:
    settings_ = {"seed": 7, "pairs": 60, "epoch_ms": EPOCH, "time_scale": 0, **changes}
    return Truth(build_world(SimConfig(**settings_)))  # type: ignore[arg-type]


# --- purity --------------------------------------------------------------------------------------
def everything(truth: Truth, exchange: str, symbol: str, ts: int) -> tuple[object, ...]:
    return (
        truth.bar(exchange, symbol, ts),
        truth.oi(exchange, symbol, ts),
        truth.global_ls(exchange, symbol, ts),
        truth.top_ls(exchange, symbol, ts),
        truth.funding(exchange, symbol, ts),
    )


ADDRESSES = [
    (exchange, symbol, (TODAY - back) * DAY_MS + BAR_MS * bar)
    for exchange in EXCHANGES
    for symbol, back, bar in (("BTC/USDT:USDT", 0, 3), ("ETH/USDT:USDT", 31, 287), ("SOL/USDT:USDT", 2, 0))
]


def test_same_values_in_any_order_and_from_a_fresh_instance() -> None:
    forward = [everything(fresh_truth(), *address) for address in ADDRESSES]
    other = fresh_truth()
    backward = [everything(other, *address) for address in reversed(ADDRESSES)]
    assert forward == backward[::-1]


def test_a_small_cache_changes_nothing() -> None:
    tiny = fresh_truth(cache_blocks=1)
    assert [everything(tiny, *address) for address in ADDRESSES] == [everything(TRUTH, *a) for a in ADDRESSES]


def test_the_number_of_pairs_changes_no_value() -> None:
    large = fresh_truth(pairs=260)
    assert [everything(large, *address) for address in ADDRESSES] == [
        everything(TRUTH, *a) for a in ADDRESSES
    ]


def test_the_start_time_changes_no_value() -> None:
    later = fresh_truth(epoch_ms=EPOCH + 3 * DAY_MS)
    assert [everything(later, *address) for address in ADDRESSES] == [
        everything(TRUTH, *a) for a in ADDRESSES
    ]


def test_another_seed_is_another_world() -> None:
    other = fresh_truth(seed=8)
    for address in ADDRESSES:
        ours, theirs = everything(TRUTH, *address), everything(other, *address)
        assert all(a != b for a, b in zip(ours[:3], theirs[:3], strict=True))


def test_a_twin_reads_the_same() -> None:
    other = Truth(twin(WORLD))
    assert [everything(other, *address) for address in ADDRESSES] == [
        everything(TRUTH, *a) for a in ADDRESSES
    ]


# --- bars ----------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(exchange_names, lines, days_back)
def test_bars_are_sound_and_days_join(exchange: str, line: int, back: int) -> None:
    market = WORLD.market
    row = market.rows[exchange][line]
    first = (TODAY - back) * BARS
    bars = market.bars(row, first - 5, first + BARS)
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    assert (bars.volume > 0).all()
    assert (bars.volume % row.qty_step == 0).all()
    assert ((bars.taker_buy >= 0) & (bars.taker_buy <= bars.volume)).all()
    assert (bars.open[1:] == bars.close[:-1]).all(), "a bar opens where the one before it closed"
    step = np.abs(np.diff(np.log(bars.close.astype(float))))
    assert step.max() < 0.25, "no jump at midnight or elsewhere"


@settings(max_examples=60, deadline=None)
@given(exchange_names, lines, days_back)
def test_levels_are_sound_and_days_join(exchange: str, line: int, back: int) -> None:
    market = WORLD.market
    row = market.rows[exchange][line]
    first = (TODAY - back) * BARS
    whole = market.levels(row, first - 3, first + 3)
    parts = [market.levels(row, first + i, first + i + 1) for i in range(-3, 3)]
    assert whole.oi.tolist() == [int(part.oi[0]) for part in parts]
    assert whole.price.tolist() == [int(part.price[0]) for part in parts]
    assert (whole.oi > 0).all()
    for shares in (whole.longs, whole.top_accounts, whole.top_positions):
        ratio = shares / (1 - shares)
        assert ((ratio > 0.4) & (ratio < 4.0)).all()
    assert np.abs(np.diff(np.log(whole.oi.astype(float)))).max() < 0.15


@settings(max_examples=40, deadline=None)
@given(exchange_names, lines, st.integers(0, 20), st.sampled_from([3, 6, 12, 48, 288]))
def test_longer_candles_add_up(exchange: str, line: int, back: int, width: int) -> None:
    row = WORLD.market.rows[exchange][line]
    end = (TODAY - back) * DAY_MS
    ts = end - width * BAR_MS
    small = TRUTH.bars(exchange, row.id, ts, width)
    (large,) = TRUTH.bars(exchange, row.id, ts, 1, width * BAR_MS)
    assert (large.ts, large.open, large.close) == (ts, small[0].open, small[-1].close)
    assert large.high == max(bar.high for bar in small)
    assert large.low == min(bar.low for bar in small)
    for name in ("volume", "quote_volume", "taker_buy", "taker_quote"):
        assert getattr(large, name) == pytest.approx(sum(getattr(bar, name) for bar in small), rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(exchange_names, lines, st.integers(1, 20))
def test_minutes_add_up_to_five_minutes(exchange: str, line: int, back: int) -> None:
    row = WORLD.market.rows[exchange][line]
    ts = (TODAY - back) * DAY_MS + 7 * BAR_MS
    minutes = TRUTH.bars(exchange, row.id, ts, 5, 60_000)
    five = TRUTH.bar(exchange, row.id, ts)
    assert (minutes[0].open, minutes[-1].close) == (five.open, five.close)
    assert (max(m.high for m in minutes), min(m.low for m in minutes)) == (five.high, five.low)
    assert sum(m.volume for m in minutes) == pytest.approx(five.volume, rel=1e-12)
    assert sum(m.taker_buy for m in minutes) == pytest.approx(five.taker_buy, rel=1e-12)
    assert all(m.open == before.close for before, m in pairwise(minutes))


# --- live values lead to the closed ones -----------------------------------------------------------
@settings(max_examples=25, deadline=None)
@given(exchange_names, lines, st.integers(0, 500))
def test_the_forming_candle_leads_to_the_closed_one(exchange: str, line: int, ahead: int) -> None:
    row = WORLD.market.rows[exchange][line]
    ts = (EPOCH // BAR_MS + ahead) * BAR_MS
    moments = [TRUTH.forming(exchange, row.id, t) for t in range(ts, ts + BAR_MS, 19 * NODE_MS)]
    final = TRUTH.forming(exchange, row.id, ts + BAR_MS - 1)
    assert final == TRUTH.bar(exchange, row.id, ts)
    assert {bar.open for bar in moments} == {final.open}
    for earlier, later in zip(moments, [*moments[1:], final], strict=True):
        assert later.high >= earlier.high
        assert later.low <= earlier.low
        assert later.volume >= earlier.volume
        assert later.taker_buy >= earlier.taker_buy
        assert earlier.low <= earlier.close <= earlier.high
    assert TRUTH.last(exchange, row.id, ts + BAR_MS - 1) == final.close
    assert TRUTH.last(exchange, row.id, ts) == final.open


@settings(max_examples=25, deadline=None)
@given(exchange_names, lines, st.integers(0, 500))
def test_live_open_interest_passes_through_the_history(exchange: str, line: int, ahead: int) -> None:
    symbol = WORLD.market.rows[exchange][line].id
    ts = (EPOCH // BAR_MS + ahead) * BAR_MS
    before, after = TRUTH.oi(exchange, symbol, ts).base, TRUTH.oi(exchange, symbol, ts + BAR_MS).base
    assert TRUTH.live_oi(exchange, symbol, ts) == before
    assert TRUTH.live_oi(exchange, symbol, ts + BAR_MS) == after
    halfway = TRUTH.live_oi(exchange, symbol, ts + BAR_MS // 2)
    assert min(before, after) <= halfway <= max(before, after)


def test_the_day_statistics_equal_the_candles() -> None:
    live, now = WORLD.live, EPOCH + 90_000
    for exchange in EXCHANGES:
        snapshot = live.snapshot(exchange, now)
        for line in (0, 17, 40):
            row = WORLD.market.rows[exchange][line]
            span = Span(288, (now // BAR_MS - 287) * BAR_MS, None, oldest=True)
            day = WORLD.series.candles(row, now - now % NODE_MS, BAR_MS, span)
            assert len(day.ts) == 288
            assert snapshot.day_open[line] == day.open[0]
            assert snapshot.day_high[line] == day.high.max()
            assert snapshot.day_low[line] == day.low.min()
            assert snapshot.day_volume[line] == day.volume.sum()
            assert snapshot.day_quote[line] == day.quote.sum()
            assert snapshot.hour_ago[line] == day.open[-13]


def test_a_fresh_listing_has_statistics_of_its_own_life_only() -> None:
    market = Market(CONFIG, EPOCH)
    row = next(r for r in market.rows["bybit"] if r.state is State.LIVE and r.listed_ts > EPOCH - 3 * DAY_MS)
    now = row.listed_ts + 3 * BAR_MS + 1000
    live = Live(market)
    series = Series(market, live, CONFIG)
    day = series.candles(row, now - now % NODE_MS, BAR_MS, Span(500))
    assert day.ts.tolist() == [row.listed_ts + i * BAR_MS for i in range(4)]
    snapshot = live.snapshot("bybit", now)
    line = market.index["bybit"][row.id]
    assert snapshot.day_volume[line] == day.volume.sum()
    assert snapshot.day_high[line] == day.high.max()
    assert snapshot.day_open[line] == day.open[0]


# --- plausibility ----------------------------------------------------------------------------------
def test_one_coin_costs_about_the_same_everywhere() -> None:
    ts = TODAY * DAY_MS
    for coin in ("BTC", "PEPE", "SHIB", "DOGE"):
        prices = []
        for exchange in EXCHANGES:
            rows = WORLD.market.rows[exchange]
            row = next(r for r in rows if r.coin.name == coin and r.sort is Sort.PERP)
            prices.append(TRUTH.bar(exchange, row.id, ts).close / row.multiplier)
        assert max(prices) / min(prices) - 1 < 0.002


def test_returns_are_correlated_and_fat_tailed() -> None:
    market = WORLD.market
    first = (TODAY - 5) * BARS
    rows = market.rows["binanceusdm"][:30]
    closes = np.array([market.bars(row, first, first + 5 * BARS).close for row in rows], dtype=float)
    returns = np.diff(np.log(closes), axis=1)
    correlation = np.corrcoef(returns)[np.triu_indices(30, 1)]
    assert 0.3 < np.median(correlation) < 0.85
    standard = returns / returns.std(axis=1, keepdims=True)
    assert (standard**4).mean() > 4.5


def test_open_interest_has_build_ups_and_flushes() -> None:
    market = WORLD.market
    first = (TODAY - 10) * BARS
    changes = np.concatenate(
        [np.diff(np.log(market.levels(r, first, first + 10 * BARS).oi)) for r in market.rows["okx"][10:40]]
    )
    assert np.percentile(changes, 99.9) > 0.008
    assert np.percentile(changes, 0.1) < -0.008
    assert np.median(np.abs(changes)) < 0.004


def test_buyers_lean_with_returns() -> None:
    market = WORLD.market
    first = (TODAY - 5) * BARS
    bars = market.bars(market.rows["binanceusdm"][0], first, first + 5 * BARS)
    lean = bars.taker_buy / bars.volume - 0.5
    move = np.log(bars.close / bars.open)
    assert 0.2 < np.corrcoef(lean, move)[0, 1] < 0.95


def test_funding_is_often_the_default_and_sometimes_extreme() -> None:
    per_8h = []
    for row in WORLD.market.rows["binanceusdm"][:60]:
        _, rates = WORLD.series.settlements(row, EPOCH, Span(90))
        per_8h.extend((rates * 8 / row.funding_hours).tolist())
    default = np.mean(np.abs(np.array(per_8h) - INTEREST) < 1e-9)
    assert 0.35 < default < 0.85
    assert max(per_8h) > 0.0008
    assert min(per_8h) < -0.0004
    assert max(np.abs(per_8h)) <= 0.02


def test_funding_clocks_and_prediction() -> None:
    for exchange in EXCHANGES:
        rows = WORLD.market.rows[exchange]
        assert {row.funding_hours for row in rows} >= {4, 8}
        for line in (0, 30):
            interval = rows[line].funding_hours * HOUR_MS
            ts, rate = TRUTH.funding(exchange, rows[line].id, EPOCH)
            assert ts % interval == 0
            assert EPOCH - interval < ts <= EPOCH
            _, predicted, following = WORLD.market.funding[exchange].current(ts)
            assert float(predicted[line]) == pytest.approx(rate, abs=1e-12)
            assert following[line] == ts + interval
    assert any(row.funding_hours == 1 for row in Market(SimConfig(), EPOCH).rows["binanceusdm"])


def test_liquidity_is_ranked() -> None:
    snapshot = WORLD.live.snapshot("binanceusdm", EPOCH)
    usd = snapshot.day_quote[:60] / 10_000
    assert usd[0] > 1e9
    assert usd[:5].min() > usd[40:60].max()


# --- lists -----------------------------------------------------------------------------------------
def test_the_default_lists_are_large_and_differ() -> None:
    names = {}
    for exchange, least in zip(EXCHANGES, (250, 250, 210), strict=True):
        rows = listing(exchange, SimConfig().pairs, EPOCH)
        assert len({row.id for row in rows}) == len(rows)
        live = [row for row in rows if row.sort is Sort.PERP and row.state is State.LIVE]
        assert len(live) >= least
        names[exchange] = {row.coin.name for row in live}
    assert names["binanceusdm"] != names["bybit"] != names["okx"]
    assert len(names["binanceusdm"] & names["bybit"] & names["okx"]) > 100


@pytest.mark.parametrize(
    ("exchange", "coin", "name", "multiplier"),
    [
        ("binanceusdm", "PEPE", "1000PEPEUSDT", 1000),
        ("bybit", "PEPE", "1000PEPEUSDT", 1000),
        ("okx", "PEPE", "PEPE-USDT-SWAP", 1),
        ("binanceusdm", "SHIB", "1000SHIBUSDT", 1000),
        ("bybit", "SHIB", "SHIB1000USDT", 1000),
        ("bybit", "SATS", "10000SATSUSDT", 10_000),
        ("binanceusdm", "SATS", "1000SATSUSDT", 1000),
        ("bybit", "X", "1000XUSDT", 1000),
        ("binanceusdm", "1INCH", "1INCHUSDT", 1),
    ],
)
def test_multiplier_names(exchange: str, coin: str, name: str, multiplier: int) -> None:
    row = Market(SimConfig(), EPOCH).find(exchange, name)
    assert row is not None
    assert (row.coin.name, row.multiplier) == (coin, multiplier)


def test_quarter_ends_are_last_fridays() -> None:
    found = quarter_ends(EPOCH, 3)
    assert [f"{day:%Y-%m-%d}" for day in found] == ["2026-03-27", "2026-06-26", "2026-09-25"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"pairs": 0}, "pairs"),
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": 5, "jitter_ms": 6}, "jitter_ms"),
        ({"time_scale": -1}, "time_scale"),
        ({"stamps": {"kraken": "start"}}, "stamps"),
        ({"stamps": {"okx": "middle"}}, "stamps"),
        ({"taker_stamps": {"okx": "snapshot"}}, "taker_stamps"),
    ],
)
def test_wrong_settings_are_refused_by_name(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        SimConfig(**changes)  # type: ignore[arg-type]
