"""The command's options, the clock and the address-only random numbers."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import pytest

from futuresboard.sim_exchange import SimConfig, command
from futuresboard.sim_exchange.clock import SimClock
from futuresboard.sim_exchange.hashing import fat_tailed, key_of, keys_of, normal, uniform


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_defaults_are_the_settings_defaults() -> None:
    assert command.config_of(parse()) == SimConfig()


def test_options_reach_the_settings() -> None:
    args = parse(
        *("--seed", "5", "--pairs", "30", "--latency-ms", "10", "--jitter-ms", "3", "--time-scale", "60"),
        *("--stamps", "binanceusdm=start,okx=snapshot", "--publish-delay", "7", "--no-limits"),
    )
    config = command.config_of(args)
    assert (config.seed, config.pairs, config.latency_ms, config.jitter_ms) == (5, 30, 10.0, 3.0)
    assert (config.time_scale, config.publish_delay_s, config.enforce_limits) == (60.0, 7.0, False)
    assert (config.stamp("binanceusdm"), config.stamp("bybit"), config.stamp("okx")) == (
        "start",
        "snapshot",
        "snapshot",
    )


def test_the_pace_of_pushes() -> None:
    words = ("--push", "kline=500,ticker=5000", "--close-delay-ms", "700", "--socket-life-s", "3600")
    config = command.config_of(parse(*words))
    assert [config.push_ms(kind) for kind in ("kline", "ticker", "interest")] == [500, 5_000, 3_000]
    assert (config.close_delay_ms, config.socket_life_s) == (700, 3_600.0)


@pytest.mark.parametrize("text", ["candles=500", "kline=0", "kline=soon", "kline"])
def test_a_wrong_pace_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="allowed"):
        parse("--push", text)


@pytest.mark.parametrize(
    "setting", [{"pushes": {"kline": 0}}, {"pushes": {"x": 1}}, {"close_delay_ms": -1}, {"socket_life_s": 0}]
)
def test_wrong_socket_settings_are_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(setting))):
        SimConfig(**setting)


def test_a_small_latency_shrinks_the_default_jitter() -> None:
    assert command.config_of(parse("--latency-ms", "0")).jitter_ms == 0


@pytest.mark.parametrize("text", ["kraken=start", "okx=middle", "okx"])
def test_wrong_stamps_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentError, match="allowed"):
        parse("--stamps", text)


def test_a_wrong_value_ends_with_2(caplog: pytest.LogCaptureFixture) -> None:
    assert command.main(parse("--pairs", "0")) == 2
    assert "pairs" in caplog.text


def test_the_clock_moves_by_hand() -> None:
    clock = SimClock(1_000, 0)
    assert clock.now_ms() == 1_000
    clock.advance(250)
    clock.skew("okx", 40)
    assert (clock.now_ms(), clock.now_ms("okx"), clock.now_ms("bybit")) == (1_250, 1_290, 1_250)
    clock.set(9_000)
    assert clock.now_ms("okx") == 9_040
    clock.rescale(0)
    assert clock.now_ms() == 9_000


def test_a_running_clock_goes_forward_from_the_wall_clock() -> None:
    clock = SimClock(None, 1e6)
    first = clock.now_ms()
    assert clock.now_ms() >= first > 1_700_000_000_000


def test_random_numbers_depend_on_their_address_only() -> None:
    keys = keys_of(3, "test", ["a", "b", "c"])[:, None]
    index = np.arange(1000, dtype=np.int64)
    for draw in (uniform, normal, fat_tailed):
        whole = draw(keys, index)
        assert whole.shape == (3, 1000)
        assert (draw(keys[1:2], index[100:200]) == whole[1:2, 100:200]).all()
        assert np.unique(whole).size == 3000
    assert key_of(1, "x") != key_of(1, "y") != key_of(2, "y")


def test_random_numbers_have_their_moments() -> None:
    keys = keys_of(3, "moments", ["a"])[:, None]
    index = np.arange(200_000, dtype=np.int64)
    assert uniform(keys, index).mean() == pytest.approx(0.5, abs=0.005)
    gauss = normal(keys, index)
    assert (gauss.mean(), gauss.std()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
    tails = fat_tailed(keys, index)
    assert tails.std() == pytest.approx(1, abs=0.08)
    assert (np.abs(tails) > 4).mean() > 10 * (np.abs(gauss) > 4).mean()
