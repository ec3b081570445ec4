"""Overlays: none looks ahead, fills a gap or shows what is not warm; definitions in plain loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.overlays import LOOKBACK, OVERLAYS, compute, outputs

seeds = st.integers(0, 2**32 - 1)
each_overlay = pytest.mark.parametrize("name", OVERLAYS)
ALL = tuple(OVERLAYS)


def bars(rng: np.random.Generator, slots: int, faults: float) -> dict[str, np.ndarray]:
    close = 100.0 * np.exp(np.cumsum(rng.choice([0.0, 0.01, -0.01, 0.002], slots)))
    spread = rng.uniform(0.001, 0.02, (2, slots))
    made = {
        "high": close * (1 + spread[0]),
        "low": close * (1 - spread[1]),
        "close": close,
        "volume": rng.integers(0, 9, slots).astype(float),
    }
    return {name: np.where(rng.random(slots) < faults / 4, np.nan, column) for name, column in made.items()}


def runs(*columns: np.ndarray) -> list[list[int]]:
    """Slots of each run in which all columns are known."""
    found: list[list[int]] = [[]]
    for t in range(len(columns[0])):
        if any(math.isnan(column[t]) for column in columns):
            found.append([])
        else:
            found[-1].append(t)
    return [run for run in found if run]


def ema(values: list[float], span: int) -> list[float]:
    found = values[:1]
    for value in values[1:]:
        found.append(found[-1] + 2 / (span + 1) * (value - found[-1]))
    return found


def plain_obv(made: dict[str, np.ndarray], lines: dict[str, np.ndarray]) -> None:
    for run in runs(made["close"], made["volume"]):
        total = 0.0
        for before, t in zip([run[0], *run], run, strict=False):
            total += np.sign(made["close"][t] - made["close"][before]) * made["volume"][t]
            lines["obv"][t] = total


def plain_of_the_close(made: dict[str, np.ndarray], lines: dict[str, np.ndarray]) -> None:
    for run in runs(made["close"]):
        prices = [float(made["close"][t]) for t in run]
        macd = [fast - slow for fast, slow in zip(ema(prices, 12), ema(prices, 26), strict=True)]
        signal = [math.nan] * 25 + ema(macd[25:], 9)
        for i in range(25, len(run)):
            lines["macd"][run[i]] = macd[i]
        for i in range(33, len(run)):
            lines["macd_signal"][run[i]], lines["macd_hist"][run[i]] = signal[i], macd[i] - signal[i]
        for i in range(19, len(run)):
            window = prices[i - 19 : i + 1]
            mean = math.fsum(window) / 20
            sd = math.sqrt(math.fsum((x - mean) ** 2 for x in window) / 20)
            lines["bollinger_middle"][run[i]] = mean
            lines["bollinger_upper"][run[i]] = mean + 2 * sd
            lines["bollinger_lower"][run[i]] = mean - 2 * sd


def plain_atr(made: dict[str, np.ndarray], lines: dict[str, np.ndarray]) -> None:
    close, high, low = made["close"], made["high"], made["low"]
    for run in runs(close, high, low):
        ranges = [float(high[run[0]] - low[run[0]])]
        for before, t in itertools.pairwise(run):
            ranges.append(float(max(high[t], close[before]) - min(low[t], close[before])))
        for i in range(13, len(run)):
            mean = (13 * lines["atr"][run[i - 1]] + ranges[i]) / 14
            lines["atr"][run[i]] = sum(ranges[:14]) / 14 if i == 13 else mean


def plain(made: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every line again in plain loops."""
    lines = {line: np.full(len(made["close"]), np.nan) for line in outputs(ALL)}
    for fill in (plain_obv, plain_of_the_close, plain_atr):
        fill(made, lines)
    return lines


@each_overlay
class TestLaws:
    @given(seed=seeds, slots=st.integers(2, 250), faults=st.sampled_from([0.0, 0.02, 0.2]), data=st.data())
    def test_no_look_ahead(self, name, seed, slots, faults, data):
        made = bars(np.random.default_rng(seed), slots, faults)
        stop = data.draw(st.integers(1, slots), label="stop")
        whole = compute([name], made, slots)
        part = compute([name], {column: values[:stop] for column, values in made.items()}, stop)
        assert set(whole) == set(part) == set(OVERLAYS[name].outputs)
        for line in whole:
            assert whole[line][:stop].tobytes() == part[line].tobytes()

    @given(seed=seeds, shown=st.integers(1, 80), extra=st.integers(0, 200))
    def test_the_lookback_is_enough(self, name, seed, shown, extra):
        made = bars(np.random.default_rng(seed), shown + LOOKBACK + extra, 0.0)
        near = {column: values[extra:] for column, values in made.items()}
        for line, values in compute([name], made, shown).items():
            assert len(values) == shown
            np.testing.assert_allclose(compute([name], near, shown)[line], values, rtol=0, atol=1e-9)

    @given(seed=seeds, slots=st.integers(1, 150))
    def test_an_unknown_bar_is_null_and_never_infinite(self, name, seed, slots):
        made = bars(np.random.default_rng(seed), slots, 0.2)
        for values in made.values():
            values.setflags(write=False)
        unknown = np.any([np.isnan(made[need]) for need in OVERLAYS[name].needs], axis=0)
        for values in compute([name], made, slots).values():
            assert np.isnan(values[unknown]).all()
            assert not np.isinf(values).any()


@given(seed=seeds, slots=st.integers(1, 250), faults=st.sampled_from([0.0, 0.02, 0.2]))
def test_every_line_is_what_plain_loops_make_of_it(seed, slots, faults):
    made = bars(np.random.default_rng(seed), slots, faults)
    want = plain(made)
    got = compute(ALL, made, slots)
    assert list(got) == list(outputs(ALL))
    for line, values in got.items():
        np.testing.assert_allclose(values, want[line], rtol=1e-9, atol=1e-6, equal_nan=True, err_msg=line)


def test_obv_counts_from_the_first_bar_shown():
    made = {"close": np.array([1.0, 2.0, 2.0, 3.0, 2.5, 2.5, 4.0]), "volume": np.full(7, 5.0)}
    assert compute(["obv"], made, 7)["obv"].tolist() == [0.0, 5.0, 5.0, 10.0, 5.0, 5.0, 10.0]
    assert compute(["obv"], made, 3)["obv"].tolist() == [0.0, 0.0, 5.0]
