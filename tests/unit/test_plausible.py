"""What the plausibility guard refuses and what it lets pass: series by hand, and random markets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import plausible
from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import FloatArray

BARS = 40
LAST = BARS - 1


def market(seed: int = 1, bars: int = BARS) -> dict[str, FloatArray]:
    """One pair's calm bars, all columns known, as (1, T)."""
    draw = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(draw.normal(0.0, 0.002, bars)))
    open_ = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    volume = draw.uniform(500.0, 1500.0, bars)
    oi = 50_000.0 * np.exp(np.cumsum(draw.normal(0.0, 0.003, bars)))
    columns = {
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
        "quote_volume": volume * (high + low) / 2,
        "taker_buy": volume * 0.5,
        "oi_contracts": oi,
        "oi_abs_usd": oi * close,
        "global_ls": draw.uniform(1.0, 1.2, bars),
        "top_ls": draw.uniform(1.0, 1.2, bars),
        "funding": np.full(bars, 1e-4),
        "funding_interval_h": np.full(bars, 8.0),
    }
    return {name: columns[name][None, :].copy() for name in RAW_COLUMNS}


def scene(
    columns: dict[str, FloatArray],
    *,
    new: slice = slice(LAST, None),
    peers: FloatArray | None = None,
    stored: dict[str, FloatArray] | None = None,
) -> plausible.Scene:
    size = columns["close"].shape[1]
    fresh = np.zeros((1, size), dtype=bool)
    fresh[0, new] = True
    quotes = np.zeros((0, size)) if peers is None else peers
    before = stored or {name: np.where(fresh, np.nan, column) for name, column in columns.items()}
    return plausible.Scene(columns, before, fresh, lambda _: quotes)


def judged(one: plausible.Scene) -> dict[str, list[int]]:
    """Refused places by column."""
    found = plausible.refused(one) | plausible.repeated(one)
    return {name: np.flatnonzero(bad[0]).tolist() for name, bad in found.items()}


def times(columns: dict[str, FloatArray], factor: float, names: str, at: slice = slice(LAST, None)) -> None:
    for name in names.split():
        columns[name][0, at] *= factor


class TestCalm:
    @given(st.integers(0, 10_000), st.integers(0, 3))
    def test_nothing_is_refused(self, seed: int, peers: int) -> None:
        columns = market(seed)
        quotes = np.repeat(columns["close"], peers, axis=0) * np.linspace(0.999, 1.001, peers)[:, None]
        for new in (slice(LAST, None), slice(0, None)):
            assert judged(scene(columns, new=new, peers=quotes)) == {}

    @given(st.integers(0, 10_000), st.sets(st.integers(0, LAST)), st.sampled_from(RAW_COLUMNS))
    def test_unknown_is_never_refused(self, seed: int, holes: set[int], name: str) -> None:
        columns = market(seed)
        columns[name][0, sorted(holes)] = np.nan
        assert judged(scene(columns, new=slice(0, None))) == {}


class TestUnits:
    @pytest.mark.parametrize("factor", [1000.0, 40.0, 0.025, 0.001])
    @pytest.mark.parametrize("names", ["oi_contracts oi_abs_usd", "open high low close"])
    def test_a_level_in_another_unit(self, names: str, factor: float) -> None:
        columns = market()
        times(columns, factor, names)
        assert set(names.split()) <= set(judged(scene(columns)))

    @pytest.mark.parametrize("name", plausible.JUDGED)
    def test_a_whole_page_in_another_unit_does_not_bear_itself_out(self, name: str) -> None:
        stored = market()
        columns = {each: column.copy() for each, column in stored.items()}
        columns[name][0, 20:] *= 1000.0
        places = judged(scene(columns, new=slice(20, None), stored=stored))[name]
        assert places == list(range(20, stored[name].shape[1]))
        # Nor where it replaces all there is.
        columns[name] = stored[name] * 1000.0
        assert len(judged(scene(columns, new=slice(0, None), stored=stored))[name]) == stored[name].shape[1]

    def test_a_candle_in_another_unit_takes_its_prices_only(self) -> None:
        columns = market()
        times(columns, 1000.0, "open high low close")
        assert set(judged(scene(columns))) == {"open", "high", "low", "close"}

    @pytest.mark.parametrize("name", ["volume", "quote_volume"])
    def test_volumes_that_mean_no_price_of_the_bar(self, name: str) -> None:
        columns = market()
        times(columns, 1000.0, name)
        assert set(judged(scene(columns))) == {"volume", "quote_volume", "taker_buy"}

    def test_a_usd_value_that_implies_another_price(self) -> None:
        columns = market()
        columns["oi_abs_usd"][0, :] *= 40.0
        assert judged(scene(columns)) == {"oi_abs_usd": [LAST]}

    def test_a_wick_to_nowhere(self) -> None:
        columns = market()
        times(columns, 100.0, "high")
        assert judged(scene(columns)) == {"high": [LAST]}

    @given(st.integers(0, 1000), st.integers(0, LAST), st.sampled_from([1000.0, 40.0, 0.025, 0.001]))
    def test_in_history_the_wrong_bar_is_found_wherever_it_stands(
        self, seed: int, at: int, factor: float
    ) -> None:
        columns = market(seed)
        times(columns, factor, "oi_contracts oi_abs_usd", slice(at, at + 1))
        assert judged(scene(columns, new=slice(0, None))) == {"oi_contracts": [at], "oi_abs_usd": [at]}

    def test_a_pair_that_has_just_been_listed_is_not_judged_by_its_first_half_hour(self) -> None:
        columns = market(bars=plausible.LEAST)
        times(columns, 1000.0, "oi_contracts oi_abs_usd", slice(plausible.LEAST - 1, None))
        assert judged(scene(columns, new=slice(plausible.LEAST - 1, None))) == {}


class TestOtherExchanges:
    def quotes(self, columns: dict[str, FloatArray], count: int = 2) -> FloatArray:
        return np.repeat(columns["close"], count, axis=0)

    def test_they_bear_out_a_crash(self) -> None:
        columns = market()
        times(columns, 0.02, "open high low close")
        assert "close" in judged(scene(columns))
        columns["open"][0, LAST] *= 5.0
        assert "close" not in judged(scene(columns, peers=self.quotes(columns)))

    @pytest.mark.parametrize("count", [1, 2])
    def test_a_move_they_do_not_show_is_refused_at_less(self, count: int) -> None:
        columns = market()
        quotes = self.quotes(columns, count)
        times(columns, 12.0, "open high low close quote_volume oi_abs_usd")
        assert judged(scene(columns)) == {}
        # What was made with the price goes with it.
        wrong = {"open", "high", "low", "close", "oi_abs_usd"}
        assert set(judged(scene(columns, peers=quotes))) == wrong

    def test_the_one_that_stayed_is_not_the_one_that_left(self) -> None:
        columns = market()
        quotes = self.quotes(columns, 1)
        quotes[0, LAST] *= 1000.0
        assert judged(scene(columns, peers=quotes)) == {}

    def test_a_namesake_says_nothing(self) -> None:
        columns = market()
        quotes = self.quotes(columns) * 7.0
        assert judged(scene(columns, peers=quotes)) == {}
        times(columns, 1000.0, "open high low close")
        assert "close" in judged(scene(columns, peers=quotes))

    def test_a_bar_that_has_not_come_is_stood_for_by_the_one_before(self) -> None:
        columns = market()
        quotes = self.quotes(columns)
        quotes[:, LAST] = np.nan
        times(columns, 12.0, "open high low close")
        assert "close" in judged(scene(columns, peers=quotes))


class TestNewBasis:
    def play(self, columns: dict[str, FloatArray], name: str, peers: FloatArray | None) -> list[bool]:
        """Whether each of the second half's bars is refused, bar after bar, refused ones forgotten."""
        refused = []
        for at in range(BARS // 2, BARS):
            quotes = None if peers is None else peers[:, : at + 1]
            seen = {column: values[:, : at + 1] for column, values in columns.items()}
            found = judged(scene(seen, new=slice(at, None), peers=quotes))
            refused.append(name in found)
            for column in found:
                columns[column][0, at] = np.nan
        return refused

    def test_it_is_believed_after_an_hour(self) -> None:
        columns = market()
        times(columns, 1000.0, "oi_contracts oi_abs_usd", slice(BARS // 2, None))
        refused = self.play(columns, "oi_contracts", None)
        believed = refused.index(False)
        assert plausible.LEAST <= believed <= plausible.WINDOW
        assert not any(refused[believed:])

    def test_at_once_where_the_others_show_it(self) -> None:
        columns = market()
        times(columns, 0.02, "open high low close quote_volume oi_abs_usd", slice(BARS // 2, None))
        assert not any(self.play(columns, "close", np.repeat(columns["close"], 2, axis=0)))


class TestStandingStill:
    def test_an_open_interest_may_rest(self) -> None:
        columns = market()
        for name in ("oi_contracts", "oi_abs_usd"):
            columns[name][0, 30:] = columns[name][0, 29]
        assert judged(scene(columns, new=slice(0, None))) == {}

    def test_a_candle_that_is_sent_again_under_the_next_time(self) -> None:
        columns = market()
        for name in plausible.CANDLE:
            columns[name][0, 35:] = columns[name][0, 34]
        columns["taker_buy"][0, 35:] = columns["taker_buy"][0, 34]
        found = judged(scene(columns, new=slice(0, None)))
        assert {name: found[name] for name in plausible.CANDLE} == {
            name: list(range(35, BARS)) for name in plausible.CANDLE
        }

    def test_levels_that_stand_still_beside_it_go_with_it_and_others_stay(self) -> None:
        columns = market()
        for name in (*plausible.CANDLE, "oi_contracts", "global_ls"):
            columns[name][0, 35:38] = columns[name][0, 34]
        columns["top_ls"][0, 37] = np.nan
        found = judged(scene(columns, new=slice(0, None)))
        assert found["oi_contracts"] == found["global_ls"] == [35, 36, 37]
        assert found.get("top_ls", []) == found.get("oi_abs_usd", []) == []

    def test_it_is_known_by_the_last_known_one(self) -> None:
        columns = market()
        for name in plausible.CANDLE:
            columns[name][0, LAST] = columns[name][0, 29]
            columns[name][0, 30:LAST] = np.nan
        found = {name for name, places in judged(scene(columns)).items() if places}
        assert found == set(plausible.CANDLE)

    def test_not_on_a_pair_that_repeated_itself_before(self) -> None:
        columns = market()
        for name in plausible.CANDLE:
            columns[name][0, [10, LAST]] = columns[name][0, [9, LAST - 1]]
        assert judged(scene(columns)) == {}

    def test_not_on_a_feed_that_never_moved(self) -> None:
        columns = market()
        for name in plausible.CANDLE:
            columns[name][0, :] = columns[name][0, 5]
        assert judged(scene(columns, new=slice(0, None))) == {}

    def test_a_quiet_market_of_single_trades_is_none(self) -> None:
        columns = market()
        for name in ("open", "high", "low", "close"):
            columns[name][0, LAST - 1 :] = 100.0
        columns["volume"][0, LAST - 1 :], columns["quote_volume"][0, LAST - 1 :] = 600.0, 60_000.0
        columns["taker_buy"][0, LAST - 1 :] = 0.0
        assert judged(scene(columns)) == {}


def test_live_numbers_beside_the_closed_bar() -> None:
    live, closed = np.array([100.0, 1e5, np.nan, 0.02, 7.0]), np.array([101.0, 101.0, 1.0, 101.0, np.nan])
    assert plausible.out_of_place(live, closed).tolist() == [False, True, False, True, False]
