"""Settings of a run, its name, its log, and sweeps: what a caller may rely on."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import joblib
import numpy as np
import pyarrow.parquet as pq
import pytest

from futuresboard.errors import ExpressionError, QueryError
from futuresboard.model import Thresholds
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.log import COLUMNS, LogFormat, write
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.sweeping import sweep
from futuresboard.trade_sim import Costs
from random_bars import clean_bars, faulty_bars

M5 = 300_000
LOW = Thresholds(z=1.0)


def history(seed=1, pairs=5, slots=1200, make=clean_bars):
    rng = np.random.default_rng(seed)
    bars = make(rng, pairs, slots, M5) if make is clean_bars else make(rng, pairs, slots, M5, 0.03)
    columns = dict(bars.columns)
    columns["high"] = np.fmax(columns["open"], columns["close"]) * 1.003
    columns["low"] = np.fmin(columns["open"], columns["close"]) * 0.997
    names = [Pair("binanceusdm", f"=C{i}/USDT:USDT", f"C{i}") for i in range(pairs)]
    return History.of(names, M5, bars.ts, columns)


@pytest.fixture(scope="module")
def whole():
    return history()


class TestSettings:
    @pytest.mark.parametrize(
        ("given", "field", "allowed"),
        [
            ({"tier": 7, "hold": 6}, "tier", "1, 2, 3, 4, 5, 6"),
            ({"hold": 6}, "tier", "1, 2, 3, 4, 5, 6"),
            ({"tier": 1}, "hold", "take_profit, stop_loss or trailing_stop"),
            ({"tier": 1, "hold": 0}, "hold", "a whole number from 1"),
            ({"tier": 1, "hold": 1.5}, "hold", "a whole number from 1"),
            ({"tier": 1, "hold": True}, "hold", "a whole number from 1"),
            ({"tier": 1, "hold": 6, "stop_loss": 1.0}, "stop_loss", "a number above 0 and below 1"),
            ({"tier": 1, "hold": 6, "stop_loss": 0.0}, "stop_loss", "a number above 0"),
            ({"tier": 1, "hold": 6, "take_profit": float("nan")}, "take_profit", "a number above 0"),
            ({"tier": 1, "hold": 6, "direction": "short", "take_profit": 1.5}, "take_profit", "below 1"),
            ({"tier": 1, "hold": 6, "fee": -0.1}, "fee", "a number from 0"),
            ({"tier": 1, "hold": 6, "fee": "0.1"}, "fee", "a number from 0"),
            ({"tier": 1, "hold": 6, "direction": "up"}, "direction", "long, short, momentum, fade"),
            ({"tier": 1, "hold": 6, "direction": "both"}, "direction", "long, short, momentum, fade"),
            ({"entry": "obv-rsi", "direction": "fade"}, "direction", "long, short, both"),
            ({"entry": "obv-rsi", "fire": "flags"}, "fire", "alerts"),
            ({"entry": "tiers"}, "entry", "tier, confluence, rule, obv-rsi"),
            ({"entry": "confluence", "tier": 1, "hold": 6}, "tier", "none"),
            ({"tier": 1, "rule": "z > 1", "hold": 6}, "rule", "none"),
            ({"tier": 1, "hold": 6, "sizing": "share"}, "size", "a number with sizing share"),
            ({"tier": 1, "hold": 6, "size": 2.0}, "size", "none with equal parts"),
            ({"tier": 1, "hold": 6, "sizing": "risk", "size": 0.01}, "sizing", "stop_loss or trailing_stop"),
            ({"tier": 1, "hold": 6, "late": -1}, "late", "a whole number from 0"),
            ({"tier": 1, "hold": 6, "holds": 3}, "holds", "one of the fields"),
            ({"tier": 1, "hold": 6, "thresholds": {"zz": 1}}, "thresholds.zz", "for any of z, ls"),
            ({"tier": 1, "hold": 6, "thresholds": {"z": "2"}}, "thresholds.z", "a number"),
            ({"tier": 1, "hold": 6, "thresholds": 2}, "thresholds", "an object"),
        ],
    )
    def test_what_is_wrong_is_said(self, given, field, allowed):
        with pytest.raises(QueryError) as told:
            SimulationSettings.of(given)
        assert told.value.parameter == field
        assert allowed in told.value.allowed
        assert f"{field}: got " in str(told.value)

    @pytest.mark.parametrize("rule", ["", "z >", "nonsense > 2", "symbol = 'X'"])
    def test_a_rule_that_cannot_be_read_says_where(self, rule):
        with pytest.raises(ExpressionError):
            SimulationSettings(entry="rule", rule=rule, hold=6)

    def test_costs_are_those_of_the_evidence_unless_told(self):
        assert SimulationSettings(tier=1, hold=6).costs == Costs()

    def test_equal_meaning_equal_hash(self):
        one = SimulationSettings(entry="rule", rule="z>2 AND (ls > 1)", hold=6, fee=0)
        other = SimulationSettings(entry="rule", rule="z_score > 2 and global_ls > 1", hold=6, fee=0.0)
        assert one.hash == other.hash
        assert one.canonical == other.canonical
        assert SimulationSettings.of(json.loads(one.canonical)).hash == one.hash

    def test_every_field_is_part_of_the_name(self):
        base = SimulationSettings(tier=1, hold=6, stop_loss=0.01)
        others = {
            "tier": 2, "fire": "flags", "thresholds": Thresholds(z=2.4), "direction": "short",
            "momentum_bars": 2, "hold": 7, "take_profit": 0.01, "stop_loss": 0.02, "trailing_stop": 0.01,
            "fee": 0.0004, "slippage": 0.0, "funding": False, "late": 1, "capital": 1.0, "cash_limit": True,
            "leverage": 2.0, "max_positions": 3,
        }  # fmt: skip
        hashes = {replace(base, **{name: value}).hash for name, value in others.items()}
        assert len(hashes | {base.hash}) == len(others) + 1


class TestRun:
    def test_its_name_is_settings_code_and_data(self, whole):
        settings = SimulationSettings(tier=1, hold=6)
        run = simulate(whole, settings)
        assert run.id == simulate(history(), settings).id
        assert run.id.startswith(settings.hash)
        assert run.id.endswith(whole.data_hash)

    def test_the_data_hash_knows_every_value_and_no_bit_of_the_unknown(self, whole):
        columns = {name: column.copy() for name, column in whole.bars.columns.items()}
        other = History.of(whole.pairs, M5, whole.bars.ts, columns)
        assert other.data_hash == whole.data_hash
        columns["close"][3, 700] = np.nextafter(columns["close"][3, 700], np.inf)
        assert History.of(whole.pairs, M5, whole.bars.ts, columns).data_hash != whole.data_hash
        strange = np.array([0x7FF8000000000123], dtype=np.uint64).view(np.float64)[0]
        hashes = set()
        for unknown in (np.nan, strange):
            columns["close"][3, 700] = unknown
            hashes.add(History.of(whole.pairs, M5, whole.bars.ts, columns).data_hash)
        assert len(hashes) == 1

    def test_one_bar_late_is_the_same_signals_a_bar_later(self, whole):
        settings = SimulationSettings(tier=1, hold=6)
        run = simulate(whole, settings)
        late = simulate(whole, replace(settings, late=1))
        assert run.late.net.tobytes() == late.trades.net.tobytes()
        assert set(run.trades.entry_slot - run.trades.signal_slot) == {1}
        assert set(run.late.entry_slot - run.late.signal_slot) == {2}

    def test_signals_begin_at_the_first_bar_asked_for(self, whole):
        settings = SimulationSettings(tier=1, hold=6, thresholds=LOW)
        later = History.of(whole.pairs, M5, whole.bars.ts, whole.bars.columns, first=600)
        all_of_it, part = simulate(whole, settings), simulate(later, settings)
        assert part.trades.signal_slot.min() >= 600
        wanted = set(all_of_it.trades.signal_slot[all_of_it.trades.signal_slot >= 620].tolist())
        assert wanted <= set(part.trades.signal_slot.tolist())
        assert part.base_bars.sum() < all_of_it.base_bars.sum()

    def test_the_base_is_the_same_trade_at_every_bar(self, whole):
        settings = SimulationSettings(tier=1, hold=6, funding=False, direction="momentum")
        run = simulate(whole, settings)
        open_, close = whole.bars.columns["open"], whole.bars.columns["close"]
        counted = won = 0
        for row in range(len(whole.pairs)):
            for slot in range(1, 1200 - 6):
                way = np.sign(close[row, slot] - close[row, slot - 1])
                net = way * (close[row, slot + 6] / open_[row, slot + 1] - 1) - 0.0012
                counted += way != 0
                won += way != 0 and net > 0
        assert (int(run.base_bars.sum()), int(run.base_wins.sum())) == (counted, won)

    def test_what_was_not_traded_is_told(self):
        run = simulate(
            history(make=faulty_bars, slots=4000), SimulationSettings(tier=1, hold=6, thresholds=LOW)
        )
        assert sum(run.outcomes.values()) == run.signals
        assert sum(count for one, count in run.outcomes.items() if one > 0) == len(run.trades)
        assert len(run.outcomes) > 3


class TestLog:
    @pytest.fixture(scope="class")
    @staticmethod
    def run(whole):
        return simulate(whole, SimulationSettings(tier=1, hold=6, thresholds=LOW, stop_loss=0.01))

    def test_json_lines(self, run):
        lines = [json.loads(line) for line in b"".join(write(run, LogFormat.JSON)).splitlines()]
        assert len(lines) == len(run.trades) > 0
        assert [line["net"] for line in lines] != sorted(line["net"] for line in lines)
        assert sorted(line["net"] for line in lines) == sorted(run.trades.net.tolist())
        assert [line["entry_ts"] for line in lines] == sorted(line["entry_ts"] for line in lines)
        assert list(lines[0]) == list(COLUMNS)
        assert lines[0]["run"] == run.id
        assert {line["reason"] for line in lines} == {"held to the end", "stop-loss"}

    def test_all_three_say_the_same(self, run, tmp_path):
        lines = [json.loads(line) for line in b"".join(write(run, LogFormat.JSON)).splitlines()]
        text = b"".join(write(run, LogFormat.CSV)).decode()
        cells = list(csv.DictReader(io.StringIO(text, newline="")))
        path = tmp_path / "log.parquet"
        path.write_bytes(b"".join(write(run, LogFormat.PARQUET)))
        assert pq.read_table(path).to_pylist() == lines
        for cell, line in zip(cells, lines, strict=True):
            for name, value in line.items():
                if isinstance(value, float):
                    assert cell[name] == repr(value)
            # What a spreadsheet would run as a formula does not leave as one.
            assert cell["symbol"] == f"'{line['symbol']}"

    def test_a_run_without_trades_has_a_head_and_no_rows(self, whole, tmp_path):
        run = simulate(whole, SimulationSettings(tier=1, hold=6, thresholds=Thresholds(z=99.0)))
        assert b"".join(write(run, LogFormat.JSON)) == b""
        path = tmp_path / "log.parquet"
        path.write_bytes(b"".join(write(run, LogFormat.PARQUET)))
        assert pq.read_table(path).column_names == list(COLUMNS)
        assert b"".join(write(run, LogFormat.CSV)).decode().strip().split(",") == list(COLUMNS)


def grid():
    """Settings that differ in everything a sweep may change."""
    found = [
        SimulationSettings(tier=tier, hold=hold, thresholds=Thresholds(z=z), direction=way, **levels)
        for tier in (1, 3)
        for z in (1.0, 2.0)
        for hold in (3, 12)
        for way in ("long", "fade")
        for levels in ({}, {"take_profit": 0.01, "stop_loss": 0.005}, {"trailing_stop": 0.008, "late": 1})
    ]
    return [*found, SimulationSettings(entry="obv-rsi", funding=False), SimulationSettings(entry="obv-rsi")]


def same(swept, wanted):
    for found, one in zip(swept.tallies, wanted, strict=True):
        assert (found.n, found.wins, found.total, found.squares) == (one.n, one.wins, one.total, one.squares)
        assert found.daily.tobytes() == one.daily.tobytes()


class TestSweep:
    @pytest.fixture(scope="class")
    @staticmethod
    def faulty():
        return history(seed=2, pairs=7, slots=900, make=faulty_bars)

    @pytest.fixture(scope="class")
    @staticmethod
    def singles(faulty):
        return [simulate(faulty, one).tally for one in grid()]

    def test_equals_single_runs_to_the_last_bit(self, faulty, singles):
        swept = sweep(faulty, grid())
        assert sum(one.n for one in singles) > 500
        same(swept, singles)
        assert swept.daily.shape == (len(singles[0].daily), len(singles))
        assert swept.configurations == len(grid())

    @pytest.mark.parametrize("workers", [1, 3])
    def test_however_the_pairs_are_dealt_out(self, faulty, singles, workers):
        same(sweep(faulty, grid(), parallel=joblib.Parallel(n_jobs=workers, prefer="threads")), singles)

    def test_a_tally_is_what_its_trades_say(self, faulty):
        run = simulate(faulty, SimulationSettings(tier=1, hold=6, thresholds=LOW))
        assert run.tally.n == len(run.trades)
        assert run.tally.wins == int((run.trades.net > 0).sum())
        assert run.tally.total == pytest.approx(float(run.trades.net.sum()), abs=1e-12)
        assert run.tally.expectancy == pytest.approx(float(run.trades.net.mean()), abs=1e-15)
        assert float(run.tally.daily.sum()) == pytest.approx(run.tally.total, abs=1e-12)

    def test_many_days_are_worked_off_in_portions(self, faulty, singles, monkeypatch):
        monkeypatch.setattr("futuresboard.simulation.sweeping._LARGEST", 8 * (4 + 5) * 7 * 2)
        same(sweep(faulty, grid()), singles)

    def test_a_limit_of_cash_cannot_be_swept(self, faulty):
        with pytest.raises(QueryError, match="cash_limit"):
            sweep(faulty, [SimulationSettings(tier=1, hold=6, cash_limit=True)])

    def test_what_is_tried_twice_is_one_configuration(self, faulty):
        one = SimulationSettings(tier=1, hold=6)
        assert sweep(faulty, [one, one, replace(one, hold=7)]).configurations == 2
