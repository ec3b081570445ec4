"""Laws of the streams: merged tickers equal full ones, windows of trades equal sums over all trades."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from futuresboard.exchanges.streams.base import Trade
from futuresboard.exchanges.streams.bybit import BybitReader
from futuresboard.exchanges.streams.taker import STRAGGLERS_MS, TakerWindows, Window

STEP = 300_000
T0 = 1_700_000_100_000 // STEP * STEP
SYMBOLS = {"BTCUSDT": "BTC/USDT:USDT", "ETHUSDT": "ETH/USDT:USDT"}
FIELDS = ("lastPrice", "markPrice", "openInterest", "openInterestValue", "turnover24h", "fundingRate")

_numbers = st.integers(1, 10**6).map(str)
_full = st.fixed_dictionaries(dict.fromkeys(FIELDS, _numbers))
_change = st.dictionaries(st.sampled_from(FIELDS), _numbers, max_size=3)


@given(st.lists(st.tuples(st.sampled_from(sorted(SYMBOLS)), _full | _change), min_size=1, max_size=30))
def test_merged_deltas_equal_the_full_state(updates: list[tuple[str, dict[str, str]]]) -> None:
    merging, state = BybitReader(SYMBOLS), {}
    for number, (id_, fields) in enumerate(updates):
        full = len(fields) == len(FIELDS)
        message = {
            "topic": f"tickers.{id_}",
            "type": "snapshot" if full else "delta",
            "ts": T0 + number,
            "data": fields,
        }
        heard = merging.read(message)
        if full:
            state[id_] = dict(fields)
        elif id_ not in state:
            assert (heard.tickers, heard.unreadable) == ((), 1)
            continue
        state[id_] |= fields
        told = {**message, "type": "snapshot", "data": dict(state[id_])}
        assert heard.tickers == BybitReader(SYMBOLS).read(told).tickers


_sizes = st.decimals("0.001", 1000, places=3)
_trades = st.lists(
    st.tuples(st.sampled_from(sorted(SYMBOLS.values())), st.integers(0, 6 * STEP), _sizes, st.booleans()),
    max_size=60,
)


@given(_trades, st.integers(0, 60), st.lists(st.integers(0, 59), max_size=4))
def test_windows_are_whole_or_not_at_all(
    raw: list[tuple[str, int, Decimal, bool]], portions: int, breaks: list[int]
) -> None:
    trades = [Trade(symbol, T0 + at, size, buy) for symbol, at, size, buy in sorted(raw, key=lambda t: t[1])]
    windows, given_ = TakerWindows(), list[Window]()
    heard_from: dict[str, int] = {}
    broken: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS.values()}
    for number, trade in enumerate(trades):
        if number in breaks:
            windows.broke(SYMBOLS.values())
            for symbol in SYMBOLS.values():
                if symbol in heard_from:
                    broken[symbol].append(trade.ts)
            heard_from.clear()
        windows.take([trade])
        heard_from.setdefault(trade.symbol, trade.ts)
        if portions and number % portions == 0:
            given_ += windows.finished(list(SYMBOLS.values()), trade.ts)
    end = T0 + 7 * STEP
    given_ += windows.finished(list(SYMBOLS.values()), end + STRAGGLERS_MS)
    assert len({(window.symbol, window.ts) for window in given_}) == len(given_)
    for window in given_:
        inside = [t for t in trades if t.symbol == window.symbol and window.ts <= t.ts < window.ts + STEP]
        assert window.buy == float(sum(t.size for t in inside if t.buy))
        assert window.sell == float(sum(t.size for t in inside if not t.buy))
    for symbol, first in heard_from.items():
        for ts in range((first // STEP + 1) * STEP, end, STEP):
            assert any(window.symbol == symbol and window.ts == ts for window in given_)


@given(st.integers(0, STEP - 1), st.integers(0, 3))
def test_the_window_the_first_trade_falls_into_is_unknown(at: int, later: int) -> None:
    windows = TakerWindows()
    windows.take([Trade("A", T0 + at, Decimal(1), True), Trade("A", T0 + STEP + later, Decimal(2), False)])
    assert not windows.is_whole("A", T0)
    assert windows.is_whole("A", T0 + STEP)
    carried = T0 + 2 * STEP + STRAGGLERS_MS
    assert windows.finished(["A"], carried - 1) == []
    assert windows.finished(["A"], carried) == [Window("A", T0 + STEP, 0.0, 2.0)]
    assert not windows.is_whole("A", T0 + STEP)


def test_a_window_begun_before_a_break_is_never_given() -> None:
    windows = TakerWindows()
    windows.take([Trade("A", T0 - 1, Decimal(1), True), Trade("A", T0 + 10, Decimal(1), True)])
    windows.broke(["A"])
    windows.take([Trade("A", T0 + 20, Decimal(1), True)])
    assert windows.finished(["A"], T0 + 10 * STEP)[0].ts == T0 + STEP
