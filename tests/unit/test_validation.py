"""`futuresboard validate`: that it runs, that its parts measure what they say, and that it can fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import reference
from futuresboard.cli import main
from futuresboard.errors import FuturesboardError
from futuresboard.model import MS_PER_DAY, Thresholds
from futuresboard.validation import Options, faults, nulls, page, run, surprise, week, worth
from futuresboard.validation.simulated import EXCHANGES, START, first_bars, simulate

REFERENCE = Path(reference.__file__)


@pytest.fixture(scope="module")
def quick() -> tuple[str, dict[str, bool]]:
    text, holds = run(Options(seed=3, quick=True, reference=REFERENCE))
    return text, dict(holds)


def test_a_quick_run_holds_and_has_every_table(quick):
    text, holds = quick
    assert holds == {"K1": True, "K2": True, "K3 null": True, "K4": True}
    assert "`futuresboard validate --seed 3 --quick`" in text
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert [head.split()[1] for head in heads] == ["K1", "K2", "K3", "K3", "K4", "K5"]
    planted = text.partition("## K3 Planted")[2].partition("##")[0]
    assert planted.count("\n| ") == 1 + 1 + 3 * 3 * 3
    assert text.partition("## K5")[2].count("\n| ") == 2 + 5 * 2 * 5


def test_the_same_seed_writes_the_same_tables_of_chance():
    scale = (20, 2, 3)
    one, other, another = (
        [track(seed, "t(3)", scale)[0].literal, track(seed, "t(3)", scale)[0].came] for seed in (1, 1, 2)
    )
    assert one == other != another


def track(seed: int, law: str, scale: Sequence[int]) -> tuple[surprise.Played, surprise.Track]:
    pairs, past, days = scale
    change = nulls.changes(np.random.default_rng(seed), law, (pairs, (past + days) * nulls.BARS_A_DAY))
    bars = nulls.bars_of(change)
    made = surprise.Track("5m", bars.ts, nulls.z_of(bars))
    return surprise.play(made, nulls.START + past * MS_PER_DAY, 10.0), made


def test_the_command_writes_the_page_and_says_what_holds(tmp_path, monkeypatch, capsys):
    def pretended(options: Options) -> tuple[str, dict[str, bool]]:
        assert (options.seed, options.quick, options.reference) == (7, True, REFERENCE)
        return "# Validation\n", {"K1": True, "K4": options.recorded is None}

    monkeypatch.setattr("futuresboard.validation.run", pretended)
    out = tmp_path / "docs" / "validation.md"
    asked = ["validate", "--quick", "--seed", "7", "--out", str(out), "--reference", str(REFERENCE)]
    assert main(asked) == 0
    assert out.read_text() == "# Validation\n"
    assert "K1: holds\nK4: holds\nseed 7" in capsys.readouterr().out
    assert main([*asked, "--recorded", str(tmp_path)]) == 1
    assert "K4: DOES NOT HOLD" in capsys.readouterr().out


class TestLaws:
    def test_changes_have_the_scale_they_say(self):
        rng = np.random.default_rng(1)
        for law, kurtosis in (("Gaussian", 3.0), ("GARCH(1,1)", 3.77)):
            drawn = nulls.NULLS[law](rng, (200, 3000))[:, 500:]
            assert drawn.std() == pytest.approx(1.0, rel=0.02)
            assert (drawn**4).mean() / (drawn**2).mean() ** 2 == pytest.approx(kurtosis, rel=0.1)
        quartile = np.quantile(nulls.NULLS["t(3)"](rng, (100, 1000)), 0.75)
        assert quartile == pytest.approx(0.7649, rel=0.02)

    def test_planted_events_are_as_large_as_they_say_and_nowhere_before(self):
        rng = np.random.default_rng(1)
        change = nulls.changes(rng, "Gaussian", (50, 2000))
        struck, where = nulls.plant(rng, change, 8.0, 20.0, 1000)
        assert not where[:, :1000].any()
        assert where.sum() == pytest.approx(20.0 * 1000 / 288, rel=0.4)
        sizes = ((struck - change) / nulls.robust_sd(change)[:, None])[where]
        assert sizes == pytest.approx(8.0)
        assert np.array_equal(struck[~where], change[~where])
        assert nulls.robust_sd(change) == pytest.approx(change.std(axis=1), rel=0.15)

    def test_bars_change_by_the_changes(self):
        change = nulls.changes(np.random.default_rng(1), "t(3)", (3, 50))
        oi = nulls.bars_of(change).columns["oi_contracts"]
        assert (oi[:, 1:] / oi[:, :-1] - 1.0) * 100.0 == pytest.approx(change[:, 1:])


class TestDays:
    def test_large_events_on_gaussian_changes_are_discoveries(self):
        rng = np.random.default_rng(8)
        change = nulls.changes(rng, "Gaussian", (60, 9 * nulls.BARS_A_DAY))
        struck, where = nulls.plant(rng, change, 16.0, 5.0, 288)
        bars = nulls.bars_of(struck)
        made = surprise.Track("5m", bars.ts, nulls.z_of(bars))
        played = surprise.play(made, nulls.START + 5 * MS_PER_DAY, 30.0)
        where[:, : 5 * 288] = False
        found, held = surprise.score(played.discovered, where), surprise.score(played.held, where)
        assert played.days == 4
        assert found.precision == 1.0
        assert found.recall is not None
        assert found.recall > 0.5
        assert set(played.discovered) <= set(played.held)
        assert held.recall is not None
        assert found.recall <= held.recall

    def test_no_day_exceeds_the_budget(self):
        played, _ = track(4, "GARCH(1,1)", (60, 2, 6))
        assert max(played.kept) <= 10 < max(played.came)
        assert [len(played.held), sum(played.found)] == [sum(played.kept), len(played.discovered)]
        assert len(played.literal) > len(played.held)

    @pytest.mark.deep
    @pytest.mark.parametrize("law", list(nulls.NULLS))
    def test_a_day_without_events_rarely_has_a_discovery(self, law: str):
        played, _ = track(11, law, (100, 7, 300))
        assert played.days_with_discovery <= 0.05 * played.days
        assert 0.9 < sum(played.came) / sum(played.expected) < 1.1


class TestScore:
    def test_counts(self):
        events = np.zeros((2, 5), dtype=bool)
        events[0, 1] = events[1, 4] = True
        one = surprise.score([(0, 1), (0, 2), (1, 1)], events)
        assert (one.alerts, one.events, one.hits) == (3, 2, 1)
        assert (one.precision, one.recall) == (pytest.approx(1 / 3), 0.5)
        nothing = surprise.score([], np.zeros((1, 1), dtype=bool))
        assert (nothing.precision, nothing.recall) == (None, None)


class TestSimulated:
    def test_it_is_the_exchanges_own_market(self):
        market = simulate(2, 2, 0.5)
        assert [one.exchange for one in market.markets] == [name for name in EXCHANGES for _ in range(2)]
        assert market.ts.tolist() == [START + i * 300_000 for i in range(144)]
        bybit = [one.exchange == "bybit" for one in market.markets]
        for name, column in market.columns.items():
            unpublished = name in ("taker_buy", "top_ls")
            assert np.isnan(column).all(axis=1).tolist() == [unpublished and one for one in bybit], name
        assert (market.columns["high"] >= market.columns["low"]).all()
        cut = first_bars(market, 10)
        assert len(cut.ts) == cut.columns["close"].shape[1] == 10

    def test_numbers_are_those_of_the_wire(self):
        from futuresboard.sim_exchange import SimConfig, Truth
        from futuresboard.sim_exchange.venue import build_world

        market = simulate(2, 1, 1.0)
        truth = Truth(build_world(SimConfig(seed=2, epoch_ms=START)))
        for row, one in enumerate(market.markets):
            for slot in (0, 100, 287):
                ts = int(market.ts[slot])
                bar, close = truth.bar(one.exchange, one.symbol, ts), ts + 300_000
                expected = {name: getattr(bar, name) for name in ("open", "close", "volume", "quote_volume")}
                expected["oi_contracts"] = truth.oi(one.exchange, one.symbol, close).base
                expected["funding"] = truth.funding(one.exchange, one.symbol, close)[1]
                for name, value in expected.items():
                    assert market.columns[name][row, slot] == pytest.approx(value, rel=1e-9), name
                ratio = truth.global_ls(one.exchange, one.symbol, close)
                assert market.columns["global_ls"][row, slot] == pytest.approx(ratio, rel=1e-3)


class TestWeek:
    def test_a_lost_and_an_invented_alert_are_counted(self, tmp_path):
        market = simulate(5, 2, 0.14)
        path = tmp_path / "week.db"
        week.record(market, path, words="", quiet=True)
        same = week.compare(path, week.load_reference(REFERENCE), quiet=True)
        assert same.recomputed == same.stored > 3
        assert (same.missing, same.extra, same.bars) == (0, 0, 6 * 40)

        class Other:
            resample, derive = staticmethod(reference.resample), staticmethod(reference.derive)
            across, add_tier_5 = staticmethod(reference.across), staticmethod(reference.add_tier_5)

            @staticmethod
            def alerts(rows, step):
                found = reference.alerts(rows, step)
                return [(rows[0]["ts"], "tier", 1), *found[1:]]

        other = week.compare(path, Other(), quiet=True)
        assert other.missing == 12
        assert other.extra > 0
        assert not page.compared(other, 6, 0.14).holds

    def test_what_is_no_python_file_is_refused(self, tmp_path):
        with pytest.raises(FuturesboardError, match=r"nowhere\.py"):
            week.load_reference(tmp_path / "nowhere.py")

    def test_without_a_reference_it_says_so(self):
        assert page.not_compared().holds is None


class TestFaults:
    def test_an_alert_that_a_fault_causes_is_counted(self, tmp_path):
        """Open interest of one bar ten times as large: believed, as every true leap is."""
        leap = faults.Fault("× 10", faults._times("oi_contracts", 10.0))
        (found,) = faults.play(simulate(1, 1, 1.0), tmp_path, quiet=True, wanted=[leap])
        assert found.caused > 0
        assert not page.faults([found]).holds

    @pytest.mark.deep
    def test_no_fault_causes_any(self, tmp_path):
        for found in faults.play(simulate(1, 8, 1.0), tmp_path, quiet=True):
            assert found.alerts > 10
            assert found.caused == 0, found.name


def test_a_recorded_series_keeps_its_holes(tmp_path):
    path = tmp_path / worth.RECORDED
    lines = ["timestamp,open_interest,last_price,index_price,mark_price,funding_rate"]
    for hour in range(40):
        oi = 0.0 if hour == 30 else 1000.0 + hour % 3
        if hour != 35:
            stamp = f"2024-01-0{1 + hour // 24} {hour % 24:02d}:00:00+00:00"
            lines.append(f"{stamp},{oi},{100 + hour},0,0,0.0001")
    path.write_text("\n".join(lines))
    bars = worth.recorded(path)
    assert len(bars.ts) == 40
    assert np.flatnonzero(np.isnan(bars.columns["oi_contracts"][0])).tolist() == [30, 35]
    assert np.flatnonzero(np.isnan(bars.columns["open"][0])).tolist() == [0, 36]
    assert bars.columns["open"][0, 10] == bars.columns["close"][0, 9] == 109.0
    cells = worth.worth(bars, [("BTC", 1.0)], Thresholds())
    assert len(cells) == 5 * 2 * 5
