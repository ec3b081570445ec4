"""Stored alerts and what they were worth: queries over one connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection

import orjson

from futuresboard.errors import QueryError
from futuresboard.model import ALERT_KINDS
from futuresboard.permalink import permalink

type Row = dict[str, object]

NEITHER = "none"
"""The direction of alerts that have none."""


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts: empty and None mean any; `since`, `until`: bar times in ms, inclusive; direction:
    `long`, `short` or `NEITHER`; before: an id, exclusive."""

    timeframe: str = ""
    tier: int | None = None
    kind: str = ""
    symbol: str = ""
    exchange: str = ""
    since: int | None = None
    rule: int | None = None
    until: int | None = None
    direction: str = ""
    before: int | None = None


def alerts(connection: Connection, wanted: AlertFilter, limit: int, offset: int) -> tuple[list[Row], int]:
    """Alerts newest first, and how many there are before `limit`."""
    conditions, values = _conditions(wanted)
    source = (
        f"FROM alerts a JOIN series s ON s.id = a.series_id JOIN pairs p ON p.id = s.pair_id {conditions}"
    )
    total = connection.execute(f"SELECT count(*) {source}", values).fetchone()[0]
    return newest(connection, wanted, limit, offset), total


def newest(connection: Connection, wanted: AlertFilter, limit: int, offset: int = 0) -> list[Row]:
    """Alerts newest first."""
    conditions, values = _conditions(wanted)
    query = (
        "SELECT a.id, a.seq, a.payload FROM alerts a JOIN series s ON s.id = a.series_id "
        f"JOIN pairs p ON p.id = s.pair_id {conditions} ORDER BY a.id DESC LIMIT ? OFFSET ?"
    )
    return [_alert(row) for row in connection.execute(query, (*values, limit, offset))]


def alert(connection: Connection, number: int) -> Row | None:
    """One alert by id, with the evidence of its kind and timeframe; None without such an alert."""
    query = (
        "SELECT a.id, a.seq, a.payload, s.timeframe, a.kind, a.tier FROM alerts a "
        "JOIN series s ON s.id = a.series_id WHERE a.id = ?"
    )
    row = connection.execute(query, (number,)).fetchone()
    return None if row is None else _alert(row) | {"evidence": evidence(connection, *row[3:])}


def outcomes(connection: Connection, number: int) -> list[Row] | None:
    """What the trades of one alert came to, as far as they have ended; None without such an alert."""
    if connection.execute("SELECT 1 FROM alerts WHERE id = ?", (number,)).fetchone() is None:
        return None
    query = (
        "SELECT horizon, late, entry, exit, funding, long_net, short_net, matured_ts FROM outcomes "
        "WHERE alert_id = ? ORDER BY late, horizon"
    )
    return [row for values in connection.execute(query, (number,)) for row in _trades(*values)]


def alerts_after(connection: Connection, seq: int, until: int, limit: int) -> list[Row]:
    """Alerts of the transactions in (seq, until], oldest first; the newest `limit` of them (-1: all)."""
    # `+id`: found by the index on seq; ordering by the key would walk the whole table instead.
    query = "SELECT id, seq, payload FROM alerts WHERE seq > ? AND seq <= ? ORDER BY +id DESC LIMIT ?"
    rows = connection.execute(query, (seq, until, limit)).fetchall()
    return [_alert(row) for row in reversed(rows)]


def _alert(row: Sequence[object]) -> Row:
    payload: Row = orjson.loads(str(row[2]))
    return payload | {"id": row[0], "seq": row[1], "permalink": permalink(payload)}


def evidence(connection: Connection, timeframe: str | None, kind: str | None, tier: int | None) -> list[Row]:
    """What alerts were worth by kind, direction and horizon; None means any."""
    query = (
        "SELECT timeframe, source, kind, tier, direction, horizon, cell FROM evidence "
        "WHERE timeframe = coalesce(?, timeframe) AND kind = coalesce(?, kind) AND tier = coalesce(?, tier)"
    )
    names = ("timeframe", "source", "kind", "tier", "direction", "horizon")
    found = []
    for *values, cell in connection.execute(query, (timeframe, kind, tier)):
        row: Row = dict(zip(names, values, strict=True))
        row["tier"] = row["tier"] or None
        found.append(row | orjson.loads(cell))
    return found


def _trades(
    horizon: int,
    late: int,
    entry: float | None,
    left: float | None,
    funding: float | None,
    long_net: float | None,
    short_net: float | None,
    matured_ts: int,
) -> list[Row]:
    """A row of the ledger for each direction."""
    return [
        {
            "direction": direction,
            "horizon": horizon,
            "late": bool(late),
            "net": net,
            "gross": None if entry is None or left is None else sign * (left / entry - 1.0),
            "hit": None if net is None else net > 0.0,
            "entry": entry,
            "exit": left,
            "funding": funding,
            "matured_ts": matured_ts,
        }
        for direction, sign, net in (("long", 1.0, long_net), ("short", -1.0, short_net))
    ]


def _conditions(wanted: AlertFilter) -> tuple[str, tuple[object, ...]]:
    if wanted.kind not in ("", *ALERT_KINDS):
        raise QueryError("kind", wanted.kind, ", ".join(ALERT_KINDS))
    pairs = (
        ("s.timeframe = ?", wanted.timeframe),
        ("a.kind = 'tier' AND a.tier = ?", wanted.tier),
        ("a.kind = 'rule' AND a.tier = ?", wanted.rule),
        ("a.kind = ?", wanted.kind),
        ("p.symbol = ?", wanted.symbol),
        ("p.exchange = ?", wanted.exchange),
        ("a.ts >= ?", wanted.since),
        ("a.ts <= ?", wanted.until),
        (f"coalesce(a.payload ->> 'direction', '{NEITHER}') = ?", wanted.direction),
        ("a.id < ?", wanted.before),
    )
    given = [(condition, value) for condition, value in pairs if value not in ("", None)]
    where = " AND ".join(condition for condition, _ in given)
    return (f"WHERE {where}" if where else "", tuple(value for _, value in given))
