"""What is stored against the simulator's own numbers."""

from __future__ import annotations

import bisect
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import reference
from futuresboard.quality import LS_LATE, OI_LIVE, STAMP_ASSUMED
from futuresboard.sim_exchange import SimConfig, Truth
from futuresboard.sim_exchange.universe import Instrument, Sort, State
from futuresboard.sim_exchange.venue import build_world
from support_system import STEP_MS, Row

M5 = STEP_MS["5m"]
CANDLE = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy")
LIVE_WINDOW_MS = 60_000
STANDS_IN = OI_LIVE | LS_LATE | STAMP_ASSUMED
LOOK_BACK = 24
"""Bars whose stand-ins an alert may rest on: the window of the Z-score and a few."""
EXAMPLES = 3
DAY_BARS = 288
PLACES = 2
"""A list is read up to a quarter of an hour after a pair's last bar: it may stand a little higher by then."""

type Key = tuple[str, str, str]

DIVERGENCE, CLUSTER = 5, 6
DIVERGENCE_BARS = reference.Z_WINDOW + reference.WEIGHT_BARS + 2


class Peer(NamedTuple):
    """A series of a coin."""

    number: int
    exchange: str
    symbol: str
    multiplier: float
    first: int
    last: int


@dataclass
class Verdict:
    """Counts over all series, and the first few examples of what is wrong."""

    expected: int = 0
    missing: int = 0
    values: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    alerts: int = 0
    alerts_on_stand_ins: int = 0
    alerts_of_faults: int = 0
    examples: list[object] = field(default_factory=list)
    _kept: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, *what: object) -> None:
        """Keep a few examples of each kind."""
        self._kept[kind] += 1
        if self._kept[kind] <= EXAMPLES:
            self.examples.append((kind, *what))


class Judge:
    """Reads a database that nobody writes any more."""

    def __init__(
        self, config: SimConfig, database: Path, faults: Iterable[Row], *, pairs: int, history_bars: int
    ) -> None:
        """pairs: so many of each exchange, the most liquid, were to be recorded; history_bars: of each
        pair that joined so many from before."""
        world = build_world(config)
        self._pairs, self._history_ms = pairs, history_bars * M5
        for rule in faults:
            at_ms = int(rule["options"].get("at_ms", rule["since_ms"]))
            if rule["kind"] == "delist":
                world.market.delist(rule["exchange"], rule["symbol"], at_ms)
            elif rule["kind"] == "new_listing":
                world.market.list_new(rule["exchange"], rule["symbol"], at_ms)
        self._market = world.market
        self._truth = Truth(world)
        self._database = database
        self._known: dict[Key, tuple[int, int, dict[int, Row]]] = {}
        self.verdict = Verdict()

    def judge(self, begin_ms: int, end_ms: int) -> Verdict:
        """All bars that closed from `begin_ms` to `end_ms` must be there, and all that are stored be true."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            series = connection.execute(
                "SELECT s.id, exchange, symbol, timeframe FROM series s JOIN pairs p ON p.id = s.pair_id"
            ).fetchall()
            for number, *key in series:
                self._series(
                    connection, int(number), (str(key[0]), str(key[1]), str(key[2])), begin_ms, end_ms
                )
        return self.verdict

    def _series(self, db: sqlite3.Connection, number: int, key: Key, begin_ms: int, end_ms: int) -> None:
        step = STEP_MS[key[2]]
        if (left := self._left(db, key)) is not None:
            end_ms = min(end_ms, left)
        # The bar in which a pair ends is cut short: nobody publishes its levels.
        _, ended = self._market.window(self._truth.row(*key[:2]))
        if ended is not None:
            query = "SELECT count(*) FROM bars WHERE series_id = ? AND ts > ?"
            later = int(db.execute(query, (number, ended)).fetchone()[0])
            self.verdict.wrong.update({f"{key[0]} bar after the pair's end": later} if later else {})
            end_ms = min(end_ms, ended)
        query = "SELECT * FROM bars WHERE series_id = ? AND ts <= ? ORDER BY ts"
        rows = [dict(row) for row in db.execute(query, (number, end_ms - step))]
        if not rows:
            return
        # A pair that joined on the way brought its history along.
        joined = min(int(row["seen_ts"]) for row in rows) - self._history_ms
        self._completeness(key, {row["ts"] for row in rows}, max(begin_ms, joined), end_ms)
        truth = self._true(key, rows[0]["ts"], rows[-1]["ts"])
        for row in rows:
            if row["ts"] not in truth:
                self.verdict.wrong[f"{key[0]} no such bar"] += 1
                self.verdict.note("no such bar", key, row["ts"])
                continue
            self._values(key, row, truth)
        # What has been revised since was stored, too: a wrong number is wrong also for a moment.
        query = "SELECT * FROM superseded WHERE series_id = ? AND ts <= ?"
        for row in db.execute(query, (number, rows[-1]["ts"])):
            if row["ts"] in truth:
                self._values(key, dict(row), truth, revised=True)
        self._alerts(db, number, key, rows, truth)

    def _left(self, db: sqlite3.Connection, key: Key) -> int | None:
        """When a pair that has not ended left for a more liquid one, else None.

        None too where by its true turnover it should not have left: its bars are missing then.
        """
        query = (
            "SELECT p.active, s.last_ts FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE p.exchange = ? AND p.symbol = ? AND s.timeframe = ?"
        )
        active, last = db.execute(query, key).fetchone()
        if active or last is None or self._market.window(self._truth.row(*key[:2]))[1] is not None:
            return None
        left_ms = int(last) + STEP_MS[key[2]]
        place = self._more_traded(key, left_ms)
        if place < self._pairs - PLACES:
            self.verdict.note("left", key, left_ms, place)
            return None
        return left_ms

    def _more_traded(self, key: Key, at_ms: int) -> int:
        """How many pairs of the exchange traded more than this one in the day before."""
        at = at_ms // M5

        def turnover(row: Instrument) -> float:
            bars = self._market.bars(row, at - DAY_BARS, at)
            return float((bars.volume * bars.close).sum() * 10.0 ** (row.qty_exp - row.price_decimals))

        mine = self._truth.row(*key[:2])
        others = [
            row
            for row in self._market.rows[key[0]]
            if row.sort is Sort.PERP and self._market.state(row, at_ms) is State.LIVE
        ]
        return sum(turnover(row) > turnover(mine) for row in others)

    def _completeness(self, key: Key, stored: set[int], begin_ms: int, end_ms: int) -> None:
        step = STEP_MS[key[2]]
        listed, _ = self._market.window(self._truth.row(*key[:2]))
        first = -(-max(begin_ms, listed) // step) * step
        last = end_ms // step * step - step
        expected = range(first, last + 1, step)
        gone = [ts for ts in expected if ts not in stored]
        self.verdict.expected += len(expected)
        self.verdict.missing += len(gone)
        if gone:
            self.verdict.note("missing", key, len(gone), gone[0], gone[-1])

    # -- values ----------------------------------------------------------------------------------

    def _true(self, key: Key, first: int, last: int) -> dict[int, Row]:
        """A series' bars first … last at least, worked out once."""
        begin, end, rows = self._known.get(key, (last + 1, first - 1, {}))
        if first < begin or last > end:
            begin, end = min(first, begin), max(last, end)
            rows = self._rows(key, begin, (end - begin) // STEP_MS[key[2]] + 1)
            self._known[key] = begin, end, rows
        return rows

    def _rows(self, key: Key, first: int, count: int) -> dict[int, Row]:
        """Every raw column by the exchange's own numbers."""
        exchange, symbol, timeframe = key
        step, truth = STEP_MS[timeframe], self._truth
        found: dict[int, Row] = {}
        paid = self._settlements(exchange, symbol, first, first + count * step)
        for bar in truth.bars(exchange, symbol, first, count, step):
            close_ms = bar.ts + step
            oi = truth.oi(exchange, symbol, close_ms)
            found[bar.ts] = {
                **{name: getattr(bar, name) for name in CANDLE},
                "ts": bar.ts,
                "oi_contracts": oi.base,
                "oi_abs_usd": oi.base * bar.close if oi.usd is None else oi.usd,
                "global_ls": truth.global_ls(exchange, symbol, close_ms),
                "top_ls": truth.top_ls(exchange, symbol, close_ms),
                "funding": paid(close_ms),
                "funding_interval_h": float(truth.row(exchange, symbol).funding_hours),
            }
        return found

    def _settlements(self, exchange: str, symbol: str, first: int, end: int):  # type: ignore[no-untyped-def]
        """The last rate paid, by time; asked for once a settlement, not once a bar."""
        hours = self._truth.row(exchange, symbol).funding_hours * 3_600_000
        times = list(range(first // hours * hours, end + hours, hours))
        rates: dict[int, float | None] = {}

        def paid(at: int) -> float | None:
            time = times[bisect.bisect_right(times, at) - 1]
            if time not in rates:
                try:
                    rates[time] = self._truth.funding(exchange, symbol, time)[1]
                except KeyError:
                    rates[time] = None
            return rates[time]

        return paid

    def _values(self, key: Key, row: Row, truth: Mapping[int, Row], *, revised: bool = False) -> None:
        want = truth[row["ts"]]
        for name in reference.RAW:
            got = row[name]
            if got is None:
                if want[name] is not None and not revised:
                    self.verdict.unknown[f"{key[0]} {name}"] += 1
                continue
            self.verdict.values += 1
            if not any(_same(got, value) for value in self._allowed(key, row, name, truth, revised)) and not (
                name.startswith("oi_") and self._is_live(key, row, name, got, want["close"])
            ):
                self.verdict.wrong[f"{key[0]} {name}"] += 1
                self.verdict.note(f"{key[0]} {name}", key, row["ts"], got, want[name], row["marks"], revised)

    def _allowed(
        self, key: Key, row: Row, name: str, truth: Mapping[int, Row], revised: bool
    ) -> list[float | None]:
        """What a column may say: the truth, or where the row is marked so, what was published before.

        A rate is good for one whole interval: at the close at which the next one is due it may stand
        until that one has come.
        """
        found = [truth[row["ts"]][name]]
        if name == "funding" and revised:
            found += [truth.get(row["ts"] - STEP_MS[key[2]], {}).get(name)]
        if name in ("global_ls", "top_ls") and row["marks"] & LS_LATE:
            close_ms = row["ts"] + STEP_MS[key[2]]
            read = getattr(self._truth, name)
            found += [read(*key[:2], close_ms - back * M5) for back in (1, 2)]
        return found

    def _is_live(self, key: Key, row: Row, name: str, got: float, close: float) -> bool:
        """Whether an open interest marked as live is one of the last minute before the close.

        close: the true one, since the row's own may have been refused.
        """
        if not row["marks"] & OI_LIVE:
            return False
        close_ms = row["ts"] + STEP_MS[key[2]]
        ends = [self._truth.live_oi(*key[:2], at) for at in (close_ms - LIVE_WINDOW_MS - 2000, close_ms)]
        if name == "oi_abs_usd":
            return row["oi_contracts"] is not None and math.isclose(
                got, row["oi_contracts"] * close, rel_tol=0.03
            )
        return min(ends) * (1 - 1e-6) <= got <= max(ends) * (1 + 1e-6)

    # -- alerts ----------------------------------------------------------------------------------

    def _alerts(
        self, db: sqlite3.Connection, number: int, key: Key, rows: Sequence[Row], truth: Mapping[int, Row]
    ) -> None:
        """An alert that the exchange's own numbers do not bear out was made by a fault."""
        query = (
            "SELECT ts, kind, tier, payload ->> '$.created_ts' AS created_ts FROM alerts "
            "WHERE series_id = ? AND ts <= ?"
        )
        found = db.execute(query, (number, rows[-1]["ts"])).fetchall()
        if not found:
            return
        step = STEP_MS[key[2]]
        known = [
            {name: truth[row["ts"]][name] if row[name] is not None else None for name in reference.RAW}
            | {"ts": row["ts"]}
            for row in rows
            if row["ts"] in truth
        ]
        listed = self._truth.row(*key[:2]).listed_ts
        derived = {row["ts"]: row for row in reference.derive(known, step, listing_ts=listed)}
        stood_in = self._stand_ins(db, [number])
        peers = self._peers(db, key)
        others = self._stand_ins(db, [peer.number for peer in peers])
        started = [ts for ts, kind, tier, _ in found if kind == "tier" and tier < CLUSTER]
        for ts, kind, tier, created_ts in found:
            self.verdict.alerts += 1
            row = derived.get(ts)
            if kind == "tier" and tier == CLUSTER:
                borne_out = ts in reference.clusters(started, set(derived), step)
            elif kind == "tier" and tier == DIVERGENCE:
                # A pair that joined since brought history along that nobody knew then.
                known_then = self._known_then(db, ts, created_ts) | {number}
                borne_out = self._departs([one for one in peers if one.number in known_then], key, ts)
            else:
                borne_out = row is not None and _holds(row, kind, tier)
            if borne_out:
                continue
            beside = others if tier == DIVERGENCE else set()
            back = LOOK_BACK if tier != DIVERGENCE else DIVERGENCE_BARS
            if any(ts - i * step in stood_in | beside for i in range(back)):
                self.verdict.alerts_on_stand_ins += 1
                continue
            self.verdict.alerts_of_faults += 1
            self.verdict.note("alert", key, ts, kind, tier)

    def _known_then(self, db: sqlite3.Connection, ts: int, at_ms: int) -> set[int]:
        """Series whose bar at `ts` had been stored by a time."""
        query = "SELECT series_id FROM {} WHERE ts = ? AND seen_ts <= ?"
        return {
            int(row[0])
            for table in ("bars", "superseded")
            for row in db.execute(query.format(table), (ts, at_ms))
        }

    def _peers(self, db: sqlite3.Connection, key: Key) -> list[Peer]:
        """The same coin's series of the timeframe on all exchanges, this one's own among them."""
        query = (
            "SELECT s.id, p.exchange, p.symbol, p.multiplier, s.first_ts, s.last_ts "
            "FROM series s JOIN pairs p ON p.id = s.pair_id "
            "WHERE s.timeframe = ? AND s.last_ts IS NOT NULL "
            "AND p.base = (SELECT base FROM pairs WHERE exchange = ? AND symbol = ?)"
        )
        return [Peer(*row) for row in db.execute(query, (key[2], key[0], key[1]))]

    def _departs(self, peers: Sequence[Peer], key: Key, ts: int) -> bool:
        """Whether tier 5 is true by the exchanges' own numbers."""
        step = STEP_MS[key[2]]
        first, bars = ts - (DIVERGENCE_BARS - 1) * step, {}
        for peer in peers:
            if peer.first <= ts <= peer.last:
                rows = self._true((peer.exchange, peer.symbol, key[2]), peer.first, peer.last)
                bars[f"{peer.exchange} {peer.symbol}"] = [
                    row for at, row in rows.items() if first <= at <= ts
                ]
        units = {f"{peer.exchange} {peer.symbol}": peer.multiplier for peer in peers}
        z = reference.across(bars, step, units)[-1]["divergence"].get(f"{key[0]} {key[1]}")
        return z is not None and abs(z) > reference.THRESHOLDS["divergence"]

    def _stand_ins(self, db: sqlite3.Connection, numbers: Sequence[int]) -> set[int]:
        """Bars of some series that ever held a value standing in for one still to come."""
        query = "SELECT ts FROM {} WHERE series_id = ? AND marks & ?"
        return {
            int(row[0])
            for table in ("bars", "superseded")
            for number in numbers
            for row in db.execute(query.format(table), (number, STANDS_IN))
        }


def _holds(row: Row, kind: str, tier: int) -> bool:
    if kind == "tier":
        return bool(row["flags"].get(tier))
    k = row["confluence_k"]
    return k is not None and k >= reference.THRESHOLDS["confluence_min"]


def _same(got: float, want: float | None) -> bool:
    return want is not None and math.isclose(got, want, rel_tol=1e-9, abs_tol=1e-15)
