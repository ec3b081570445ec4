"""The ledger, base rates and history over a real database, against plain loops over the same bars."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from itertools import pairwise

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reference_trades
from futuresboard import db_ledger, quality
from futuresboard.db import connect
from futuresboard.evidence import HORIZONS
from futuresboard.model import MS_PER_DAY, Thresholds
from futuresboard.worth import LIFECYCLE_KEY, PATIENCE_MS, Worth, keep_worth
from handmade_bars import M5, M15, MIDNIGHT, bars
from support_core import Recorder
from support_core_exchange import InlineExecutor
from virtual_clock import VirtualClock

PARTS = [(hold, late) for hold in HORIZONS for late in (0, 1)]


def walk(count, *, seed=0, start=MIDNIGHT, dips=()):
    """Bars whose prices wander, and at some of which open interest is below 12 bars ago: tier 4."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    opened = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0, 0.001, count))
    oi = [100.0 + i % 2 for i in range(count)]
    for dip in dips:
        oi[dip] = 99.0
    return bars(
        count, start=start, open=opened.tolist(), close=close.tolist(), oi_contracts=oi, funding=0.0003
    )


def work(worth, recorder, most=100) -> int:
    """Everything there is to do; returns in how many portions."""
    for portions in range(most):
        found = worth.portion()
        if found is None:
            return portions
        found.write(recorder.store)
        worth.settled(found.outcomes)
    raise AssertionError("it never ends")


def new_worth(recorder, **thresholds) -> Worth:
    return Worth(recorder.path, lambda: Thresholds(**thresholds))


@pytest.fixture
def recorder(tmp_path):
    made = Recorder(tmp_path, timeframes=("5m",))
    yield made
    made.close()


@pytest.fixture
def both(tmp_path):
    made = Recorder(tmp_path, name="both.db")
    yield made
    made.close()


def outcomes(recorder):
    names = ("alert_id", "horizon", "late", "entry", "exit", "funding", "long_net", "short_net", "matured_ts")
    rows = recorder.query(f"SELECT {', '.join(names)} FROM outcomes ORDER BY id")
    return [dict(zip(names, row, strict=True)) for row in rows]


def stored_prices(recorder, timeframe="5m", pair=0):
    """Finalised bars by slot since the first, None where there is none; and the first's time."""
    found = {row["ts"]: row for row in recorder.bars(timeframe, pair)}
    first, step = min(found), {"5m": M5, "15m": M15}[timeframe]
    slots = [found.get(ts) for ts in range(first, max(found) + step, step)]
    return [None if bar is None or bar["marks"] & quality.PROVISIONAL else bar for bar in slots], first, step


def expected_base(recorder, timeframe, pair):
    """(horizon) -> (bars, long wins, short wins)."""
    slots, first, step = stored_prices(recorder, timeframe, pair)
    counts = {}
    for hold in HORIZONS:
        nets = [
            [
                reference_trades.trade(slots, t, hold, side, step, first)
                for t in range(len(slots))
                if slots[t] is not None
            ]
            for side in (1, -1)
        ]
        known = [net for net in nets[0] if net is not None]
        counts[hold] = (len(known), *(sum(net is not None and net > 0 for net in side) for side in nets))
    return counts


def stored_base(recorder, timeframe, pair):
    rows = recorder.query(
        "SELECT horizon, sum(bars), sum(long_wins), sum(short_wins) FROM base_days b "
        "JOIN series s ON s.id = b.series_id WHERE s.pair_id = ? AND s.timeframe = ? GROUP BY horizon",
        recorder.ids[pair],
        timeframe,
    )
    return {hold: tuple(counts) for hold, *counts in rows}


class TestOutcomes:
    def test_each_matures_with_its_exit_bar_and_equals_the_loops(self, recorder):
        rows = walk(84, start=MIDNIGHT + 230 * M5, dips=(30,))
        worth = new_worth(recorder)
        seen = {}
        recorder.step(rows[:29])
        for count in range(30, 85):
            recorder.step([rows[count - 1]])
            work(worth, recorder)
            for one in outcomes(recorder):
                seen.setdefault((one["alert_id"], one["horizon"], one["late"]), (count, one))
        ((alert, ts),) = recorder.query("SELECT id, ts FROM alerts WHERE kind = 'tier'")
        slots, first, step = stored_prices(recorder)
        slot = (ts - first) // step
        assert sorted(key[1:] for key in seen if key[0] == alert) == sorted(PARTS)
        for (number, hold, late), (count, one) in seen.items():
            if number != alert:
                continue
            assert count - 1 == slot + late + hold
            assert one["matured_ts"] == ts + (hold + late + 1) * M5
            assert one["entry"] == slots[slot + late + 1]["open"]
            assert one["exit"] == slots[slot + late + hold]["close"]
            for side, name in ((1, "long_net"), (-1, "short_net")):
                wanted = reference_trades.trade(slots, slot + late, hold, side, step, first)
                assert one[name] == pytest.approx(wanted, abs=1e-12)
            assert one["funding"] == (0.0003 if slot + late + hold >= 57 else 0.0)

    def test_nothing_is_settled_twice_also_by_the_next_process(self, recorder):
        rows = walk(84, dips=(30,))
        recorder.step(rows[:29])
        recorder.one_by_one(rows[29:60])
        work(new_worth(recorder), recorder)
        before = outcomes(recorder)
        assert len(before) == 8
        recorder.restart()
        assert work(new_worth(recorder), recorder) == 0
        recorder.step(rows[60:])
        work(new_worth(recorder), recorder)
        after = outcomes(recorder)
        assert after[: len(before)] == before
        assert len(after) == 10
        with closing(connect(recorder.path)) as connection:
            assert db_ledger.verify(connection) == (10, None)

    def test_a_price_that_never_comes_is_no_trade_and_what_comes_later_changes_nothing(self, recorder):
        """Bar 31 is missing, at which the alert of bar 30 would be acted on: a day later that is final."""
        rows = walk(400, dips=(30,))
        recorder.step(rows[:29])
        recorder.one_by_one(rows[29:31])
        worth = new_worth(recorder)
        day = 31 + PATIENCE_MS // M5

        def on_time():
            return [(one["horizon"], one["long_net"]) for one in outcomes(recorder) if not one["late"]]

        for count, given_up in (
            (day, []),
            (day + 1, [1]),
            (day + 6, [1, 3, 6]),
            (day + 48, [1, 3, 6, 12, 48]),
        ):
            recorder.step([row for row in rows[32:] if row["ts"] <= rows[count]["ts"]])
            work(worth, recorder)
            assert on_time() == [(hold, None) for hold in given_up]
        assert all(one["long_net"] is not None for one in outcomes(recorder) if one["late"])
        kept = outcomes(recorder)
        recorder.step([rows[31]], now=rows[-1]["ts"] + 2 * M5)
        work(worth, recorder)
        assert outcomes(recorder) == kept

    def test_a_bar_that_is_not_finalised_settles_nothing(self, recorder):
        rows = walk(34, dips=(30,))
        recorder.step(rows[:29])
        recorder.one_by_one(rows[29:33])
        work(new_worth(recorder), recorder)
        assert {(one["horizon"], one["late"]) for one in outcomes(recorder)} == {(1, 0), (1, 1)}
        series = recorder.store.series_id(recorder.ids[0], "5m")
        recorder.step([rows[33]])
        with closing(sqlite3.connect(recorder.path)) as connection, connection:
            connection.execute(
                f"UPDATE bars SET marks = marks | {quality.PROVISIONAL} WHERE ts = ? AND series_id = ?",
                (rows[33]["ts"], series),
            )
        work(new_worth(recorder), recorder)
        assert len(outcomes(recorder)) == 2
        with closing(sqlite3.connect(recorder.path)) as connection, connection:
            connection.execute("UPDATE bars SET marks = 0 WHERE ts = ?", (rows[33]["ts"],))
        work(new_worth(recorder), recorder)
        assert {(one["horizon"], one["late"]) for one in outcomes(recorder)} == {(1, 0), (1, 1), (3, 0)}


class TestChain:
    @pytest.fixture
    def filled(self, recorder):
        rows = walk(84, dips=(30,))
        recorder.step(rows[:29])
        recorder.one_by_one(rows[29:32])
        recorder.step(rows[32:])
        work(new_worth(recorder), recorder)
        return recorder

    @pytest.mark.parametrize(
        ("tampering", "first_bad"),
        [
            ("UPDATE outcomes SET long_net = 0.5 WHERE id = 4", 4),
            ("UPDATE outcomes SET exit = NULL WHERE id = 1", 1),
            ("DELETE FROM outcomes WHERE id = 3", 4),
            ("UPDATE outcomes SET hash = zeroblob(32) WHERE id = 10", 10),
            ("UPDATE alerts SET payload = replace(payload, '5m', '6m')", 1),
        ],
    )
    def test_whatever_is_changed_shows(self, filled, tampering, first_bad):
        with closing(sqlite3.connect(filled.path)) as connection, connection:
            connection.execute("DROP TRIGGER outcomes_stay")
            connection.execute("DROP TRIGGER outcomes_remain")
            assert db_ledger.verify(connection) == (10, None)
            connection.execute(tampering)
            assert db_ledger.verify(connection) == (first_bad - 1 - ("DELETE" in tampering), first_bad)

    @pytest.mark.parametrize("statement", ["UPDATE outcomes SET late = 0", "DELETE FROM outcomes"])
    def test_the_database_itself_refuses(self, filled, statement):
        with (
            closing(sqlite3.connect(filled.path)) as connection,
            pytest.raises(sqlite3.IntegrityError, match="never"),
        ):
            connection.execute(statement)


class TestBaseRates:
    @settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        seed=st.integers(0, 100),
        holes=st.sets(st.integers(0, 149), max_size=12),
        cuts=st.lists(st.integers(1, 149), max_size=3),
        backwards=st.booleans(),
        revised=st.lists(st.integers(0, 149), max_size=2),
    )
    def test_any_order_of_arrival_ends_in_the_counts_of_the_loops(
        self, tmp_path_factory, seed, holes, cuts, backwards, revised
    ):
        recorder = Recorder(tmp_path_factory.mktemp("base"), name=f"{seed}.db")
        rows = walk(150, seed=seed, start=MIDNIGHT + 230 * M5)
        now = rows[-1]["ts"] + M5 + 10_000
        worth = new_worth(recorder)
        edges = [0, *sorted(set(cuts)), 150]
        parts = [range(a, b) for a, b in pairwise(edges)]
        for part in reversed(parts) if backwards else parts:
            if chosen := [rows[i] for i in part if i not in holes]:
                recorder.step(chosen, now)
                work(worth, recorder)
        for i in revised:
            recorder.step([rows[i] | {"close": rows[i]["close"] * 1.01}], now)
            worth = new_worth(recorder)
            work(worth, recorder)
        for timeframe in ("5m", "15m"):
            assert stored_base(recorder, timeframe, 0) == expected_base(recorder, timeframe, 0)
        recorder.close()

    def test_a_close_counts_only_what_it_touches(self, recorder):
        recorder.step(walk(60), now=MIDNIGHT + 600 * M5 + 10_000)
        work(new_worth(recorder), recorder)
        assert recorder.query("SELECT count(*) FROM changed_days") == [(0,)]
        recorder.step(walk(61)[60:])
        days = recorder.query(
            "SELECT day - ?, from_ts FROM changed_days ORDER BY series_id", MIDNIGHT // MS_PER_DAY
        )
        assert days == [(0, MIDNIGHT + 60 * M5)]

    def test_of_several_changes_the_first_says_how_far_back(self, recorder):
        with closing(connect(recorder.path)) as connection:
            for seq, ts in ((1, 900), (2, 300), (3, 600)):
                db_ledger.mark_changed(connection, seq, [(0, 1, ts)])
            assert db_ledger.changed_days(connection, 9) == [(0, 1, 300)]
            db_ledger.clear_changed(connection, 2, [(0, 1)])
            assert db_ledger.changed_days(connection, 9) == [(0, 1, 300)]
            db_ledger.clear_changed(connection, 3, [(0, 1)])
            assert db_ledger.changed_days(connection, 9) == []

    def test_a_change_while_it_was_counted_is_counted_next(self, recorder):
        recorder.step(walk(60))
        worth = new_worth(recorder)
        lifecycle = worth.portion()
        lifecycle.write(recorder.store)
        found = worth.portion()
        recorder.step(walk(61)[60:])
        found.write(recorder.store)
        assert recorder.query("SELECT count(*) FROM changed_days")[0][0] > 0
        work(worth, recorder)
        assert stored_base(recorder, "5m", 0) == expected_base(recorder, "5m", 0)


class TestHistory:
    DIPS = (40, 46, 60, 110, 130, 135, 143)

    def stored(self, recorder, table, timeframe="5m"):
        return recorder.query(
            f"SELECT p.ts, p.kind, p.tier FROM {table} p JOIN series s ON s.id = p.series_id "
            "WHERE s.pair_id = ? AND s.timeframe = ? ORDER BY p.ts, p.kind, p.tier",
            recorder.ids[0],
            timeframe,
        )

    def expected(self, recorder, timeframe="5m", cooldown=12):
        """Each bar of the stored ones judged at its close, in a loop."""
        slots, _, step = stored_prices(recorder, timeframe)
        found, last = [], {}
        for before, bar in pairwise(slots):
            for tier in range(1, 5):
                bit = 1 << tier
                if before is None or bar is None or not before["known"] & bar["known"] & bit:
                    continue
                rises = bar["tiers"] & bit and not before["tiers"] & bit
                if rises and bar["ts"] - last.get(tier, -1) >= cooldown * step:
                    last[tier] = bar["ts"]
                    found.append((bar["ts"], "tier", tier))
        return found

    @pytest.mark.parametrize(
        "pages",
        [
            [range(150)],
            [range(i, i + 30) for i in range(120, -1, -30)],
        ],
    )
    def test_a_warm_start_rehearses_the_alerts_that_would_have_been(self, both, pages):
        """Also where pages come newest first; bar 138 is midnight, between two alerts."""
        rows = walk(150, seed=3, start=MIDNIGHT + 150 * M5, dips=self.DIPS)
        now = rows[-1]["ts"] + 30 * M5
        worth = new_worth(both)
        for page in pages:
            both.step([rows[i] for i in page], now)
            work(worth, both)
        assert both.alerts() == both.alerts("15m") == []
        for timeframe in ("5m", "15m"):
            wanted = self.expected(both, timeframe)
            assert [one for one in self.stored(both, "past_alerts", timeframe) if one[1] == "tier"] == wanted
        assert [(ts - rows[0]["ts"]) // M5 for ts, _, tier in self.expected(both) if tier == 4] == [
            *(40, 60, 110, 130, 143)
        ]

    def test_history_and_live_are_kept_apart_and_live_alerts_silence_history(self, recorder):
        """Up to bar 129 is history, 130 was seen live, then the process was away until after 143."""
        rows = walk(150, seed=3, start=MIDNIGHT + 150 * M5, dips=(40, 130, 134, 139, 147))
        recorder.step(rows[:130], rows[129]["ts"] + 30 * M5)
        recorder.one_by_one(rows[130:132])
        recorder.step(rows[132:], rows[-1]["ts"] + 30 * M5)
        work(new_worth(recorder), recorder)

        def dips(table):
            return [(ts - rows[0]["ts"]) // M5 for ts, _, tier in self.stored(recorder, table) if tier == 4]

        assert dips("alerts") == [130]
        assert dips("past_alerts") == [40, 147]

    def test_outcomes_of_history_mature_too(self, recorder):
        rows = walk(140, seed=3, dips=(40, 120))
        recorder.step(rows[:122], rows[121]["ts"] + 30 * M5)
        work(new_worth(recorder), recorder)

        def nets():
            found = recorder.query(
                "SELECT p.ts, p.nets FROM past_alerts p JOIN series s ON s.id = p.series_id "
                "WHERE s.timeframe = '5m' AND p.kind = 'tier' AND p.tier = 4 ORDER BY p.ts"
            )
            return {(ts - MIDNIGHT) // M5: np.frombuffer(blob).reshape(2, 5, 2) for ts, blob in found}

        assert np.isfinite(nets()[40]).all()
        assert np.isfinite(nets()[120][0, :, 0]).tolist() == [True, False, False, False, False]
        recorder.step(rows[122:], rows[-1]["ts"] + M5 + 1)
        work(new_worth(recorder), recorder)
        assert np.isfinite(nets()[120][0, :, 0]).tolist() == [True, True, True, True, False]
        slots, first, step = stored_prices(recorder)
        for slot, found in nets().items():
            for late, i, side in np.ndindex(2, 5, 2):
                wanted = reference_trades.trade(slots, slot + late, HORIZONS[i], (1, -1)[side], step, first)
                assert found[late, i, side] == pytest.approx(
                    np.nan if wanted is None else wanted, abs=1e-12, nan_ok=True
                )

    def test_flags_that_older_bars_make_known(self, recorder):
        """Five bars after midnight 12 bars ago is yesterday, which comes later."""
        rows = walk(150, seed=3, start=MIDNIGHT + 150 * M5, dips=(143,))
        worth = new_worth(recorder)
        for part, wanted in ((rows[138:], []), (rows[:138], [rows[143]["ts"]])):
            recorder.step(part, rows[-1]["ts"] + 30 * M5)
            work(worth, recorder)
            found = self.stored(recorder, "past_alerts")
            assert [ts for ts, _, tier in found if tier == 4] == wanted

    def test_what_changes_late_in_a_day_is_heard_in_the_next(self, recorder):
        """The alert 8 bars before midnight falls silent, and so the one 4 bars after it speaks."""
        rows = walk(150, seed=3, start=MIDNIGHT + 150 * M5, dips=(40, 130, 142))
        recorder.step(rows, rows[-1]["ts"] + 30 * M5)
        worth = new_worth(recorder, cooldown=13)
        work(worth, recorder)

        def dips():
            found = self.stored(recorder, "past_alerts")
            return [(ts - rows[0]["ts"]) // M5 for ts, _, tier in found if tier == 4]

        assert dips() == [40, 130]
        with closing(sqlite3.connect(recorder.path)) as connection, connection:
            connection.execute("UPDATE bars SET tiers = 0, known = 30 WHERE ts = ?", (rows[130]["ts"],))
            connection.execute("UPDATE bars SET tiers = 16, known = 30 WHERE ts = ?", (rows[142]["ts"],))
            db_ledger.mark_changed(connection, 1, [(rows[130]["ts"] // MS_PER_DAY, 1, rows[130]["ts"])])
        work(worth, recorder)
        assert dips() == [40, 142]

    def test_another_cooldown_has_history_rehearsed_anew(self, recorder):
        rows = walk(150, seed=3, dips=self.DIPS)
        recorder.step(rows, rows[-1]["ts"] + 30 * M5)
        work(new_worth(recorder), recorder)
        before = self.stored(recorder, "past_alerts")
        work(new_worth(recorder, cooldown=1), recorder)
        assert set(before) < set(self.stored(recorder, "past_alerts"))
        assert recorder.store.state(LIFECYCLE_KEY) == "1 2"
        work(new_worth(recorder), recorder)
        assert self.stored(recorder, "past_alerts") == before


class TestJudging:
    def test_every_kind_direction_and_horizon_of_both_sources(self, both):
        rows = walk(150, seed=3, dips=TestHistory.DIPS)
        both.step(rows[:108], rows[107]["ts"] + 30 * M5)
        both.one_by_one(rows[108:112])
        both.step(rows[112:], rows[-1]["ts"] + M5 + 1)
        worth = new_worth(both)
        work(worth, both)
        worth.judge().write(both.store)
        names = "timeframe, source, kind, tier, direction, horizon, cell"
        cells = {
            tuple(row[:-1]): orjson.loads(row[-1]) for row in both.query(f"SELECT {names} FROM evidence")
        }
        assert len(cells) == 2 * 2 * 7 * 2 * 5
        slots, first, step = stored_prices(both)
        for source, fired in (("live", [110]), ("historical", [40, 60, 130, 143])):
            for side, direction in ((1, "long"), (-1, "short")):
                nets = [reference_trades.trade(slots, slot, 3, side, step, first) for slot in fired]
                cell = cells["5m", source, "tier", 4, direction, 3]
                known, *wins = expected_base(both, "5m", 0)[3]
                assert (cell["n"], cell["clusters"], cell["verdict"]) == (len(fired), len(fired), "too few")
                assert cell["hit_rate"] == sum(net > 0 for net in nets) / len(nets)
                assert cell["expectancy"] == pytest.approx(sum(nets) / len(nets), abs=1e-12)
                assert cell["base_rate"] == wins[side < 0] / known
        assert cells["15m", "live", "tier", 5, "long", 1]["words"] == "Too few: no outcome is known yet."


class TestTask:
    def test_it_works_off_what_comes_and_judges_now_and_then(self, recorder):
        clock = VirtualClock()
        counts = Counter()

        async def run(task):
            counts["writes"] += 1
            if counts["writes"] == 2:
                raise sqlite3.OperationalError("disk full")
            task()

        async def scenario():
            keeping = asyncio.create_task(
                keep_worth(new_worth(recorder), recorder.store, run=run, own=InlineExecutor(), clock=clock)
            )
            for part in range(0, 140, 20):
                recorder.step(walk(140, dips=(50,))[part : part + 20])
                await clock.sleep(300)
            keeping.cancel()

        asyncio.run(clock.run(scenario()))
        assert stored_base(recorder, "5m", 0) == expected_base(recorder, "5m", 0)
        assert int(recorder.store.state("evidence")) >= 5
