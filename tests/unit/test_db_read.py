"""The readers' side: newest rows since a transaction, history on a grid of time, alerts."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.db_alerts import AlertFilter
from futuresboard.db_read import Reader, ReadError, _grid
from futuresboard.db_schema import VERSION
from futuresboard.errors import QueryError
from futuresboard.quality import BY_BOTH, BY_SOCKET, GAP, STALE, UNHEARD, names
from futuresboard.rows import ROW_COLUMNS, STORED_COLUMNS, guarded_of, judgement, quality_of, tiers_of
from handmade_bars import M5, M15
from support_core import Recorder, spiked, swinging
from support_rows import T0, World, make_alert


@pytest.fixture
def world(tmp_path):
    with closing(World(tmp_path)) as world:
        yield world


class TestSnapshot:
    def test_it_holds_the_newest_row_of_every_active_pair(self, world):
        btc, eth = world.register("okx", "BTC", "ETH")
        world.fill("okx", [btc, eth], bars=3)
        snapshot = world.reader.snapshot("5m", world.now)
        assert snapshot.seq == world.reader.seq() == 1
        assert {row["symbol"]: row["z_score"] for row in snapshot.rows} == {btc: 0.0, eth: 1.0}
        assert all(tuple(row) == ROW_COLUMNS for row in snapshot.rows)
        assert len({row["ts"] for row in snapshot.rows}) == 1
        world.register("okx", "ETH")
        assert [row["symbol"] for row in world.reader.snapshot("5m", world.now).rows] == [eth]

    def test_since_a_transaction_only_what_changed(self, world):
        btc, eth = world.register("okx", "BTC", "ETH")
        first = world.fill("okx", [btc, eth])
        assert world.reader.snapshot("5m", world.now, since=first.seq).rows == []
        second = world.commit(live=[("okx", eth, {"live_price": 5.0})])
        changed = world.reader.snapshot("5m", world.now, since=first.seq)
        assert changed.seq == second.seq
        assert [(row["symbol"], row["live_price"]) for row in changed.rows] == [(eth, 5.0)]
        third = world.fill("okx", [btc])
        assert [row["symbol"] for row in world.reader.snapshot("5m", world.now, since=second.seq).rows] == [
            btc
        ]
        assert world.reader.snapshot("15m", world.now).rows == []
        assert world.reader.snapshot("5m", world.now, since=third.seq).rows == []

    def test_age_and_staleness_are_of_the_moment(self, world):
        (btc,) = world.register("okx", "BTC")
        world.fill("okx", [btc])
        (row,) = world.reader.snapshot("5m", world.now).rows
        close = row["ts"] + M5
        for now, age, stale in (
            (close, 0.0, False),
            (close - 500, 0.0, False),
            (close + M5 + 120_000, 420.0, False),
            (close + M5 + 120_001, 420.0, True),
        ):
            (row,) = world.reader.snapshot("5m", now).rows
            assert (row["age_s"], "stale" in row["quality"]) == (age, stale)
        world.commit(live=[("okx", btc, {"live_price": 5.0, "live_ts": close + 60_000})])
        (row,) = world.reader.snapshot("5m", close + 70_000).rows
        assert row["age_s"] == 10.0

    def test_what_is_not_published_is_said(self, world):
        (btc,) = world.register("okx", "BTC")
        world.fill("okx", [btc])
        world.store.put_state({"unpublished": '{"okx": {"top_ls": "no"}}'})
        (row,) = world.reader.snapshot("5m", world.now).rows
        assert row["quality"] == ["unpublished:top_ls"]
        assert world.reader.unpublished() == {"okx": {"top_ls": "no"}}

    @pytest.mark.parametrize(
        ("since", "said"),
        [
            (None, ["taker_buy", "imbalance", "cvd"]),
            (T0 + M5, ["taker_buy", "imbalance", "cvd"]),
            (T0, ["cvd"]),
            (T0 - 86_400_000, ["gap"]),
        ],
    )
    def test_taker_volume_summed_from_trades_is_published_from_when_it_was_listened_to(
        self, world, since, said
    ):
        """What nobody heard before is no gap; what was not heard later is."""
        (btc,) = world.register("bybit", "BTC")
        marks = UNHEARD if said in (["gap"], ["taker_buy", "imbalance", "cvd"]) else 0
        world.commit([("bybit", btc, "5m", T0, {"close": 1.0, "quality": marks})])
        columns = dict.fromkeys(("taker_buy", "imbalance", "cvd"), "no")
        world.store.put_state(
            {
                "unpublished": orjson.dumps({"bybit": columns}).decode(),
                "trades_since": orjson.dumps({"bybit": {} if since is None else {btc: since}}).decode(),
            }
        )
        expected = [word if word == "gap" else f"unpublished:{word}" for word in said]
        (row,) = world.reader.snapshot("5m", T0 + M5).rows
        assert row["quality"] == expected
        assert world.reader.history("bybit", btc, "5m", None, None, 1)["quality"] == [expected]

    def test_the_closed_part_equals_the_last_bar_of_history(self, tmp_path):
        with closing(Recorder(tmp_path)) as recorder:
            series = spiked(40, [39])
            series[20]["oi_contracts"] = 0.0
            recorder.step(series)
            with closing(Reader(recorder.path, stale_after_ms=0)) as reader:
                for timeframe in ("5m", "15m"):
                    (row,) = reader.snapshot(timeframe, series[-1]["ts"] + M5).rows
                    history = reader.history("okx", "BTC/USDT:USDT", timeframe, None, None, 1)
                    for name in (*STORED_COLUMNS, "ts", "tiers", "tier", "quality", "guarded"):
                        assert history[name] == [row[name]]


class TestHistory:
    def test_a_missing_slot_is_a_row_of_nulls_marked_as_a_gap(self, world):
        (btc,) = world.register("okx", "BTC")
        world.commit([("okx", btc, "5m", T0 + i * M5, {"close": float(i)}) for i in (0, 1, 4)])
        found = world.reader.history("okx", btc, "5m", None, None, 10)
        assert found["ts"] == [T0 + i * M5 for i in range(5)]
        assert found["close"] == [0.0, 1.0, None, None, 4.0]
        assert found["quality"] == [[], [], ["gap"], ["gap"], []]
        assert found["tiers"] == [[]] * 5
        assert found["tier"] == [None] * 5
        assert found["guarded"] == [{}] * 5
        assert {len(values) for values in found.values()} == {5}

    @given(
        first=st.integers(0, 50),
        count=st.integers(1, 50),
        start=st.none() | st.integers(-3, 120),
        end=st.none() | st.integers(-3, 120),
        limit=st.integers(1, 60),
        shift=st.integers(0, M5 - 1),
    )
    def test_the_grid(self, first, count, start, end, limit, shift):
        """Slots of the series within [start, end]; with `start` the first, else the newest `limit`."""
        slots = [(first + i) * M5 for i in range(count)]
        low = None if start is None else start * M5 + shift
        high = None if end is None else end * M5 + shift
        inside = [ts for ts in slots if (low is None or ts >= low) and (high is None or ts <= high)]
        wanted = inside[:limit] if start is not None else inside[-limit:]
        assert _grid(slots[0], slots[-1], M5, low, high, limit) == wanted

    def test_more_slots_than_one_query_holds(self, world):
        (btc,) = world.register("okx", "BTC")
        world.commit([("okx", btc, "5m", T0 + i * M5, {"close": float(i)}) for i in range(1203)])
        found = world.reader.history("okx", btc, "5m", T0, None, 2000)
        assert found["close"] == [float(i) for i in range(1203)]
        assert world.reader.history("okx", btc, "5m", None, None, 2)["close"] == [1201.0, 1202.0]
        assert world.reader.history("okx", btc, "5m", None, T0 + M5, 2)["close"] == [0.0, 1.0]

    def test_series_that_are_not_there_or_empty(self, world):
        (btc,) = world.register("okx", "BTC")
        assert world.reader.history("okx", "NO/USDT:USDT", "5m", None, None, 5) is None
        assert world.reader.history("okx", btc, "1h", None, None, 5) is None
        empty = world.reader.history("okx", btc, "15m", None, None, 5)
        assert empty["ts"] == empty["close"] == []
        assert M15 == 900_000


class TestAlerts:
    @pytest.fixture
    def stored(self, world):
        btc, eth = world.register("okx", "BTC", "ETH")
        world.register("bybit", "BTC")
        self.commits = [
            world.commit(alerts=[make_alert(btc, T0), make_alert(eth, T0, tier=2)]),
            world.commit(alerts=[make_alert(btc, T0 + M5, kind="confluence", tier=None)]),
            world.commit(
                alerts=[make_alert(btc, T0, exchange="bybit"), make_alert(btc, T0, timeframe="15m")]
            ),
        ]
        return world.reader

    def test_newest_first_and_how_many_there_are(self, stored):
        found, total = stored.alerts(AlertFilter(), 2, 1)
        assert total == 5
        assert [alert["id"] for alert in found] == [4, 3]

    @pytest.mark.parametrize(
        ("wanted", "ids"),
        [
            (AlertFilter(timeframe="15m"), [5]),
            (AlertFilter(tier=2), [2]),
            (AlertFilter(kind="confluence"), [3]),
            (AlertFilter(kind="tier", symbol="BTC/USDT:USDT", timeframe="5m"), [4, 1]),
            (AlertFilter(exchange="bybit"), [4]),
            (AlertFilter(since=T0 + 1), [3]),
            (AlertFilter(since=T0), [5, 4, 3, 2, 1]),
            (AlertFilter(exchange="nowhere"), []),
        ],
    )
    def test_filters(self, stored, wanted, ids):
        found, total = stored.alerts(wanted, 10, 0)
        assert [alert["id"] for alert in found] == ids
        assert total == len(ids)

    def test_a_kind_that_does_not_exist_is_refused(self, stored):
        with pytest.raises(QueryError):
            stored.alerts(AlertFilter(kind="nonsense"), 10, 0)

    def test_one_by_its_id(self, stored):
        assert stored.alert(2)["tier"] == 2
        assert stored.alert(2)["window"] == {"oi_contracts": [1.0, None, 1.5]}
        assert stored.alert(99) is None

    def test_those_of_a_range_of_transactions(self, stored):
        one, two, three = (commit.seq for commit in self.commits)
        assert [alert["id"] for alert in stored.alerts_after(0, three)] == [1, 2, 3, 4, 5]
        assert [alert["id"] for alert in stored.alerts_after(one, two)] == [3]
        assert [alert["id"] for alert in stored.alerts_after(one, three, 2)] == [4, 5]
        assert stored.alerts_after(three, three) == []


class TestConnections:
    def test_a_file_that_cannot_be_read(self, tmp_path):
        with (
            closing(Reader(tmp_path / "no" / "such.db", stale_after_ms=0)) as reader,
            pytest.raises(ReadError),
        ):
            reader.seq()

    def test_a_file_that_is_no_database(self, tmp_path):
        (tmp_path / "text.db").write_text("not a database, whatever its name says" * 50)
        with closing(Reader(tmp_path / "text.db", stale_after_ms=0)) as reader, pytest.raises(ReadError):
            reader.snapshot("5m", 0)

    def test_many_threads_read_beside_the_writer(self, world):
        (btc,) = world.register("okx", "BTC")
        world.fill("okx", [btc])
        problems: list[BaseException] = []

        def read() -> None:
            try:
                for _ in range(20):
                    snapshot = world.reader.snapshot("5m", world.now)
                    assert snapshot.rows[0]["z_score"] == snapshot.seq
            except (AssertionError, ReadError, sqlite3.Error) as error:
                problems.append(error)

        world.commit([("okx", btc, "5m", T0 + 2 * M5, {"z_score": 2.0})])
        threads = [threading.Thread(target=read) for _ in range(12)]
        for thread in threads:
            thread.start()
        for seq in range(3, 30):
            world.commit([("okx", btc, "5m", T0 + 2 * M5, {"z_score": float(seq)})])
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(world.reader._idle) <= 8

    def test_after_closing_nothing_is_kept(self, world):
        world.reader.seq()
        world.reader.close()
        assert world.reader.seq() == 0
        assert not world.reader._idle


class TestRows:
    @given(st.sets(st.integers(1, 6)))
    def test_bits_of_tiers(self, tiers):
        bits = sum(1 << tier for tier in tiers)
        assert tiers_of(bits) == sorted(tiers)
        assert tiers_of(None) == []

    def test_words_of_marks(self):
        assert quality_of(None, ()) == []
        assert quality_of(STALE | GAP, ["top_ls"]) == ["stale", "gap", "unpublished:top_ls"]
        assert names(1 << 9) == []

    def test_guarded_values(self):
        assert guarded_of(None) == {}
        assert guarded_of('{"imbalance": 63.1}') == {"imbalance": 63.1}

    def test_a_judgement(self):
        assert judgement((1 << 1 | 1 << 2, 0b1010110, GAP | STALE, '{"close": 0}'), ()) == (
            [1, 2],
            2,
            [3, 5],
            ["stale", "gap"],
            {"close": 0},
            "rest",
        )
        assert judgement((None, None, None, None), ()) == ([], None, [1, 2, 3, 4, 5, 6], [], {}, "rest")
        assert judgement((0, 0b1111110, BY_SOCKET, None), ())[2:] == ([], [], {}, "websocket")
        assert judgement((0, 0, BY_SOCKET | BY_BOTH, None), ())[-1] == "mixed"

    def test_a_calm_series_has_no_tiers(self, tmp_path):
        with closing(Recorder(tmp_path)) as recorder:
            recorder.step(swinging(30))
            assert {row["tiers"] for row in recorder.bars()} == {0}


class TestFacts:
    def test_of_an_empty_database(self, world):
        found = world.reader.facts()
        assert (found["pairs"], found["series"], found["bars"]) == (0, 0, 0)
        assert (found["oldest_ts"], found["newest_ts"]) == (None, None)
        assert found["schema"] == VERSION

    def test_sizes_counts_and_times(self, world):
        btc, eth = world.register("okx", "BTC", "ETH")
        world.commit([("okx", btc, "5m", T0 + n * M5, {}) for n in (0, 1, 4)])
        world.commit([("okx", eth, "15m", T0 + M15, {})])
        found = world.reader.facts()
        assert (found["pairs"], found["series"], found["bars"]) == (2, 4, 6)
        assert (found["oldest_ts"], found["newest_ts"], found["seq"]) == (T0, T0 + 4 * M5, 2)
        assert found["size_bytes"] == world.path.stat().st_size
        assert found["wal_bytes"] == world.path.with_name("test.db-wal").stat().st_size > 0
        assert str(world.path.parent) not in str(found)

    def test_a_file_that_has_gone_is_no_answer(self, world):
        world.reader.facts()
        world.path.rename(world.path.with_suffix(".gone"))
        with pytest.raises(ReadError):
            world.reader.facts()
