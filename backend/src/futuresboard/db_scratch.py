"""The database a replay writes into, as `db_filling` has filled it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from futuresboard.db import Pair, Store
from futuresboard.db_past import AlertRow, Stored, alerts_between, stored_bars
from futuresboard.db_read import Unpublished, read_unpublished
from futuresboard.model import UserRule


class Scratch:
    """A `Store` that is thrown away; for one thread at a time.

    path: the file; kind: of its data, `live` or `simulated`.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.store = Store(path, simulated=kind == "simulated")

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def use_rules(self, rules: Sequence[UserRule]) -> None:
        """Exactly these rules are in force."""
        with self.store.transaction() as connection:
            connection.execute("DELETE FROM rules")
            connection.executemany(
                "INSERT INTO rules (id, name, expression, normal, created_ts, after_seq) "
                "VALUES (?, ?, ?, ?, ?, 0)",
                [(one.id, one.name, one.expression, one.normal, one.created_ts) for one in rules],
            )

    def number(self, pair: Pair) -> None:
        """Keep the recording's number for a pair that is announced next."""
        values = (pair.id, pair.exchange, pair.symbol, pair.base, pair.multiplier, pair.listed_ts)
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO pairs (id, exchange, symbol, base, multiplier, listed_ts, active) "
                "VALUES (?, ?, ?, ?, ?, ?, 0)",
                values,
            )

    def stand_at(self, seq: int) -> None:
        """The next transaction is number `seq`."""
        self.store.put_state({"seq": str(seq - 1)})

    def rows(self, names: Sequence[str], series: Collection[int], ts: int) -> list[tuple[object, ...]]:
        """(series_id, columns `names` …) of the bars at a time."""
        query = f"SELECT series_id, {', '.join(names)} FROM bars WHERE ts = ? ORDER BY series_id"
        with self.store.transaction() as connection:
            return [row for row in connection.execute(query, (ts,)) if row[0] in series]

    def unpublished(self) -> Unpublished:
        """What its exchanges do not publish."""
        with self.store.transaction() as connection:
            return read_unpublished(connection)

    def bars(self, first: int, last: int) -> Iterator[Stored]:
        """What is stored of the bars first … last; see `stored_bars`."""
        with self.store.transaction() as connection:
            yield from stored_bars(connection, first, last)

    def alerts(self, after: int, until: int) -> list[AlertRow]:
        """The alerts of transactions after < seq <= until."""
        with self.store.transaction() as connection:
            return alerts_between(connection, after, until)
