"""The one writer: kinds of data, schemas, transactions, what is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from futuresboard import db_schema
from futuresboard.db import Store, Write, connect, sql_number, stamped
from futuresboard.db_schema import DERIVED_FIELDS, MIGRATIONS, VERSION, column_type, migrate
from futuresboard.errors import StoreError
from futuresboard.model import Market
from handmade_bars import M5
from support_core import market
from support_rows import T0, World, make_alert


@pytest.fixture
def world(tmp_path):
    with closing(World(tmp_path)) as world:
        yield world


class TestKinds:
    @pytest.mark.parametrize("simulated", [True, False])
    def test_live_and_simulated_data_never_mix(self, tmp_path, simulated):
        path = tmp_path / "a" / "b.db"
        Store(path, simulated=simulated).close()
        kind = "simulated" if simulated else "live"
        assert stamped(path) == kind
        Store(path, simulated=simulated).close()
        with pytest.raises(StoreError, match=f"b.db holds {kind} data"):
            Store(path, simulated=not simulated)
        assert stamped(path) == kind

    def test_a_file_that_is_not_there_or_no_database_has_no_kind(self, tmp_path):
        assert stamped(tmp_path / "none.db") is None
        (tmp_path / "text.db").write_text("no database at all, but long enough to be one" * 100)
        assert stamped(tmp_path / "text.db") is None
        (tmp_path / "empty.db").touch()
        assert stamped(tmp_path / "empty.db") is None

    def test_a_damaged_file_stops_the_start(self, tmp_path):
        path = tmp_path / "text.db"
        path.write_text("no database at all, but long enough to be one" * 100)
        with pytest.raises(StoreError, match=r"text\.db: file is not a database"):
            Store(path, simulated=True)

    def test_a_folder_is_no_database(self, tmp_path):
        with pytest.raises(StoreError):
            Store(tmp_path, simulated=True)


class TestSchema:
    def test_a_newer_one_is_refused_and_left_alone(self, tmp_path):
        path = tmp_path / "new.db"
        Store(path, simulated=True).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        with pytest.raises(StoreError, match=f"schema {VERSION + 1}"):
            Store(path, simulated=True)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)

    def test_every_older_one_becomes_the_newest(self, tmp_path):
        for version in range(VERSION):
            path = tmp_path / f"{version}.db"
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                for number in range(1, version + 1):
                    connection.executescript(MIGRATIONS[number])
                connection.execute(f"PRAGMA user_version = {version}")
                migrate(connection)
                assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)

    def test_a_new_metric_gets_its_column_and_old_rows_stay(self, tmp_path, monkeypatch):
        with closing(World(tmp_path)) as world:
            (symbol,) = world.register("okx", "BTC")
            world.commit([("okx", symbol, "5m", T0, {})])
        monkeypatch.setattr(db_schema, "DERIVED_FIELDS", (*DERIVED_FIELDS, "shiny"))
        with closing(connect(tmp_path / "test.db")) as connection:
            migrate(connection)
            migrate(connection)
            assert connection.execute("SELECT close, shiny FROM bars").fetchall() == [(102.0, None)]
            types = {row[1]: row[2] for row in connection.execute("PRAGMA table_info(bars)")}
        assert types["shiny"] == "REAL"

    def test_columns_have_types(self):
        assert column_type("quality") == "INTEGER"
        assert column_type("guarded") == "TEXT"
        assert column_type("close") == "REAL"

    def test_a_reader_cannot_write(self, world):
        with (
            closing(connect(world.path, readonly=True)) as connection,
            pytest.raises(sqlite3.OperationalError),
        ):
            connection.execute("DELETE FROM meta")


class TestRegister:
    def test_ids_stay_and_facts_are_renewed(self, tmp_path):
        with closing(Store(tmp_path / "a.db", simulated=True)) as store:
            (first,) = store.register([market("PEPE", multiplier=1.0)], ["5m"])
            again, other = store.register(
                [market("PEPE", multiplier=1000.0, listed_ts=5), market("X")], ["5m"]
            )
            assert (again.id, again.multiplier, again.listed_ts) == (first.id, 1000.0, 5)
            assert other.id != first.id
            assert store.has_series(other.id, "5m")
            assert not store.has_series(other.id, "15m")
        with closing(Store(tmp_path / "a.db", simulated=True)) as store:
            assert [(pair.id, pair.symbol) for pair in store.pairs()] == [
                (first.id, "PEPE/USDT:USDT"),
                (other.id, "X/USDT:USDT"),
            ]

    def test_pairs_no_longer_listed_turn_inactive(self, world):
        world.register("okx", "BTC", "ETH")
        world.register("bybit", "BTC")
        world.register("okx", "ETH", "SOL")
        assert world.reader.counts() == {"okx": 2, "bybit": 1}

    def test_unless_not_all_are_named(self, world):
        world.register("okx", "BTC")
        world.store.register([Market("okx", "ETH/USDT:USDT", "ETH", "ETH")], ["5m"], complete=False)
        assert world.reader.counts() == {"okx": 2}


class TestCommit:
    def test_seq_grows_by_one_and_outlives_a_restart(self, tmp_path):
        for expected in ([1, 2], [3, 4]):
            with closing(Store(tmp_path / "a.db", simulated=True)) as store:
                assert [store.commit(Write()).seq for _ in range(2)] == expected
                assert store.state("seq") == str(expected[-1])

    def test_a_failed_one_takes_no_number(self, world):
        (symbol,) = world.register("okx", "BTC")
        world.commit()
        with pytest.raises(sqlite3.Error):
            world.store.commit(Write(live={1: ("too", "few")}))
        assert world.commit([("okx", symbol, "5m", T0, {})]).seq == 2

    def test_spans_only_widen(self, world):
        (symbol,) = world.register("okx", "BTC")
        number = world.series("okx", symbol, "5m")
        for first, last in ((10, 20), (15, 18), (5, 25)):
            world.store.commit(Write(latest={number: (first, last)}))
        assert world.store.spans() == {number: (5, 25)}

    def test_an_alert_is_stored_once(self, world):
        (symbol,) = world.register("okx", "BTC")
        alert = make_alert(symbol, T0)
        first = world.commit(alerts=[alert, alert])
        second = world.commit(alerts=[alert, make_alert(symbol, T0, tier=2)])
        assert [one.id for one in first.alerts] == [1]
        assert [(one.tier, one.seq) for one in second.alerts] == [(2, second.seq)]
        series = world.series("okx", symbol, "5m")
        assert world.store.last_alerts() == {(series, "tier", 1): T0, (series, "tier", 2): T0}

    def test_chosen_bars_of_one_series(self, world):
        (symbol, other) = world.register("okx", "BTC", "ETH")
        world.commit(
            [("okx", name, "5m", T0 + i * M5, {"close": i}) for i in range(4) for name in (symbol, other)]
        )
        series = world.series("okx", symbol, "5m")
        found = list(world.store.raw_bars_at(series, [T0, T0 + 2 * M5, T0 + 9 * M5]))
        assert [row[:2] for row in found] == [(T0, series), (T0 + 2 * M5, series)]
        assert len(list(world.store.raw_bars("5m", T0 + M5, T0 + 2 * M5))) == 4

    def test_values_beside_the_data_are_kept_together_or_not_at_all(self, world):
        world.store.put_state({"a": "1", "b": "2"})
        with pytest.raises(sqlite3.Error):
            world.store.put_state({"a": "3", "b": None})
        assert (world.store.state("a"), world.store.state("b"), world.store.state("c")) == ("1", "2", None)


class TestNumbers:
    def test_nan_and_infinity_are_unknown(self):
        assert [sql_number(x) for x in (1.5, 0.0, float("nan"), float("inf"), -float("inf"))] == [
            1.5,
            0.0,
            None,
            None,
            None,
        ]
