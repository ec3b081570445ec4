"""From the ledger and the rehearsed history to evidence: every kind of one timeframe, long and short."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from sqlite3 import Connection

import numpy as np
import orjson

from futuresboard import db_ledger as ledger
from futuresboard.evidence import HORIZONS, Base, Events, Evidence, judge, measure
from futuresboard.model import TIMEFRAME_MS, FloatArray, IntArray, Tier
from futuresboard.rehearsal import Kind

LIVE, HISTORICAL = "live", "historical"
SIDES = ("long", "short")
MOST_ALERTS = 200_000
"""Of each source and timeframe the newest so many alerts count."""
_SHAPE = (2, len(HORIZONS), len(SIDES))
_STANDARD: tuple[Kind, ...] = (*(("tier", int(tier)) for tier in Tier), ("confluence", 0))


@dataclass(frozen=True)
class _Alerts:
    """m alerts: their kinds, times, pairs (index into the base) and net returns (m, late, horizon, side)."""

    kinds: list[Kind]
    ts: IntArray
    pair: IntArray
    nets: FloatArray


@dataclass(frozen=True)
class _Bases:
    """p series by id, ascending, and what is counted of their bars: (p, horizons, 3)."""

    ids: IntArray
    counts: IntArray

    def index(self, series: IntArray) -> IntArray:
        return np.searchsorted(self.ids, series)

    def of(self, horizon: int, side: int) -> Base:
        return Base(self.counts[:, horizon, 0], self.counts[:, horizon, 1 + side])


def appraise(connection: Connection, timeframe: str) -> list[tuple[object, ...]]:
    """(source, kind, tier, direction, horizon, JSON) of each cell of a timeframe.

    Live and historical alerts are judged apart, each a family of its own; the base is the same.
    """
    live = list(ledger.live_alerts(connection, timeframe, MOST_ALERTS))
    past = list(ledger.past_alerts(connection, timeframe, MOST_ALERTS))
    mentioned = np.array([row[1] for row in live] + [row[0] for row in past], dtype=np.int64)
    bases = _bases(connection, timeframe, mentioned)
    samples = {LIVE: _live(connection, live, bases), HISTORICAL: _past(past, bases)}
    step = TIMEFRAME_MS[timeframe]
    return [row for source, alerts in samples.items() for row in _family(source, alerts, bases, step)]


def _bases(connection: Connection, timeframe: str, mentioned: IntArray) -> _Bases:
    totals = ledger.base_totals(connection, timeframe)
    ids = np.unique(np.concatenate([totals[:, 0], mentioned]))
    counts = np.zeros((len(ids), len(HORIZONS), 3), dtype=np.int64)
    for i, horizon in enumerate(HORIZONS):
        mine = totals[totals[:, 1] == horizon]
        counts[np.searchsorted(ids, mine[:, 0]), i] = mine[:, 2:]
    return _Bases(ids, counts)


def _live(connection: Connection, rows: list[tuple[int, int, str, int, int]], bases: _Bases) -> _Alerts:
    nets = np.full((len(rows), *_SHAPE), np.nan)
    at = {row[0]: i for i, row in enumerate(rows)}
    for number, horizon, late, *values in ledger.outcomes_since(connection, min(at, default=0)):
        if number in at and horizon in HORIZONS:
            nets[at[number], late, HORIZONS.index(horizon)] = [
                np.nan if value is None else value for value in values
            ]
    series = np.array([row[1] for row in rows], dtype=np.int64)
    ts = np.array([row[4] for row in rows], dtype=np.int64)
    return _Alerts([(row[2], row[3]) for row in rows], ts, bases.index(series), nets)


def _past(rows: list[tuple[int, str, int, int, bytes]], bases: _Bases) -> _Alerts:
    nets = np.frombuffer(b"".join(row[4] for row in rows), dtype=np.float64).reshape(-1, *_SHAPE)
    series = np.array([row[0] for row in rows], dtype=np.int64)
    ts = np.array([row[3] for row in rows], dtype=np.int64)
    return _Alerts([(row[1], row[2]) for row in rows], ts, bases.index(series), nets)


def _family(source: str, alerts: _Alerts, bases: _Bases, step: int) -> list[tuple[object, ...]]:
    kinds = [*_STANDARD, *sorted(set(alerts.kinds) - set(_STANDARD))]
    code = {kind: i for i, kind in enumerate(kinds)}
    codes = np.array([code[kind] for kind in alerts.kinds], dtype=np.int64)
    keys: list[tuple[Kind, int, int]] = []
    cells: list[Evidence] = []
    for kind in kinds:
        mine = np.flatnonzero(codes == code[kind])
        for side in range(len(SIDES)):
            for i, horizon in enumerate(HORIZONS):
                nets, late = alerts.nets[mine, 0, i, side], alerts.nets[mine, 1, i, side]
                events = Events(alerts.ts[mine], alerts.pair[mine], nets, late)
                keys.append((kind, side, i))
                cells.append(measure(events, bases.of(i, side), horizon * step))
    return [
        (source, *kind, SIDES[side], HORIZONS[i], orjson.dumps(asdict(cell)).decode())
        for (kind, side, i), cell in zip(keys, judge(cells), strict=True)
    ]
