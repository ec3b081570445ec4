"""What alerts were worth, kept up to date: outcomes into the ledger as they mature, history rehearsed,
base rates counted, evidence judged. Its reading and arithmetic have a thread of their own."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from futuresboard import db_ledger as ledger
from futuresboard.appraisal import appraise
from futuresboard.clock import Clock
from futuresboard.db import Store, connect
from futuresboard.errors import StoreError
from futuresboard.evidence import HORIZONS
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, BoolArray, FloatArray, IntArray, Thresholds
from futuresboard.quality import HISTORIC, PROVISIONAL
from futuresboard.rehearsal import REACH, Flags, Lifecycle, base_counts, outcomes, rehearse
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, Trades, fixed_horizons

log = logging.getLogger(__name__)

LOOK_S = 20.0
"""How often it is looked whether something has matured or changed."""
PAUSE_S = 1.0
REST = 4.0
"""Rests so many times as long as a portion took."""
JUDGE_REST = 50.0
"""The same after judging, which is done when everything else is."""
JUDGE_EVERY_S = 60.0
DAYS_AT_ONCE = 48
ALERTS_AT_ONCE = 500
PATIENCE_MS = MS_PER_DAY
"""A price or a settlement's rate that is not here so long after the exit is no longer waited for."""
LIFECYCLE_KEY = "rehearsed_with"
_PARTS = len(HORIZONS) * 2


@dataclass
class Found:
    """What a portion of work asks the writer to write; `seq`: the transaction it was read at."""

    seq: int
    outcomes: list[ledger.Outcome] = field(default_factory=list)
    days: list[ledger.Day] = field(default_factory=list)
    done: list[tuple[int, int]] = field(default_factory=list)
    again: list[tuple[int, int, int]] = field(default_factory=list)
    evidence: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    lifecycle: str | None = None

    def write(self, store: Store) -> None:
        """In the writer's thread."""
        with store.transaction() as connection:
            self._write(connection)

    def _write(self, connection: sqlite3.Connection) -> None:
        if self.lifecycle is not None:
            ledger.count_all_anew(connection, self.seq)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (LIFECYCLE_KEY, self.lifecycle))
        ledger.append(connection, self.outcomes)
        ledger.replace_days(connection, self.days)
        ledger.clear_changed(connection, self.seq, self.done)
        ledger.mark_changed(connection, self.seq, self.again)
        for timeframe, cells in self.evidence.items():
            ledger.replace_evidence(connection, timeframe, cells)
        if self.evidence:
            connection.execute(
                "INSERT INTO meta VALUES ('evidence', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1"
            )


class Worth:
    """Reads the database through a connection of its own; what is to be written it hands back.

    `portion` and `judge` are to be called in one thread at a time. thresholds: as they are in force.
    """

    def __init__(self, path: Path, thresholds: Callable[[], Thresholds]) -> None:
        self._path = path
        self._thresholds = thresholds
        self._pending: dict[int, ledger.Pending] = {}
        self._newest = 0
        self._series: dict[int, ledger.Series] = {}
        self._waiting = True

    def portion(self) -> Found | None:
        """A bounded piece of what is to be done; None when there is nothing.

        One thing after the other: outcomes that matured, then days that changed.
        """
        with closing(connect(self._path, readonly=True)) as connection:
            connection.execute("BEGIN")
            found = Found(int(ledger.state(connection, "seq") or 0))
            lifecycle = f"{self._thresholds().cooldown} {self._thresholds().confluence_min}"
            known = ledger.state(connection, LIFECYCLE_KEY)
            if known != lifecycle:
                found.lifecycle = lifecycle
                return found
            series = ledger.series(connection)
            # What found nothing due finds nothing due in the same bars.
            if self._waiting or series != self._series:
                self._series = series
                self._settle(connection, found)
                self._waiting = bool(found.outcomes)
            if not found.outcomes:
                self._count(connection, found)
        return found if found.outcomes or found.done else None

    def settled(self, outcomes: Sequence[ledger.Outcome]) -> None:
        """Note what the writer has written."""
        for outcome in outcomes:
            one = self._pending[outcome.alert_id]
            done = one.done | {(outcome.horizon, outcome.late)}
            if len(done) == _PARTS:
                del self._pending[one.id]
            else:
                self._pending[one.id] = ledger.Pending(one.id, one.series_id, one.ts, done)

    def judge(self) -> Found:
        """The evidence of every timeframe, from what is counted so far."""
        with closing(connect(self._path, readonly=True)) as connection:
            connection.execute("BEGIN")
            found = Found(int(ledger.state(connection, "seq") or 0))
            timeframes = {one.timeframe for one in ledger.series(connection).values()}
            for timeframe in sorted(timeframes, key=TIMEFRAME_MS.__getitem__):
                found.evidence[timeframe] = appraise(connection, timeframe)
        return found

    # -- outcomes of live alerts -----------------------------------------------------------------

    def _settle(self, connection: sqlite3.Connection, found: Found) -> None:
        for one in ledger.pending(connection, self._newest, _PARTS):
            self._pending[one.id] = one
        self._newest = max(self._newest, ledger.newest_alert(connection))
        newest: dict[str, int] = {}
        for series in self._series.values():
            newest[series.timeframe] = max(newest.get(series.timeframe, 0), series.last_ts or 0)
        due: dict[int, list[ledger.Pending]] = defaultdict(list)
        for one in list(self._pending.values()):
            if self._due(one, newest):
                due[one.series_id].append(one)
        for number, alerts in due.items():
            self._price(connection, self._series[number], alerts, newest, found)
            if len(found.outcomes) >= ALERTS_AT_ONCE * _PARTS:
                return

    def _due(self, one: ledger.Pending, newest: Mapping[str, int]) -> bool:
        """Whether a bar has come since that an outcome of the alert waits for."""
        series = self._series[one.series_id]
        step = TIMEFRAME_MS[series.timeframe]
        return any(
            (exit_ts := one.ts + (hold + late) * step) <= (series.last_ts or 0)
            or exit_ts + step + PATIENCE_MS <= newest[series.timeframe]
            for hold in HORIZONS
            for late in (0, 1)
            if (hold, late) not in one.done
        )

    def _price(
        self,
        connection: sqlite3.Connection,
        series: ledger.Series,
        alerts: Sequence[ledger.Pending],
        newest: Mapping[str, int],
        found: Found,
    ) -> None:
        step = TIMEFRAME_MS[series.timeframe]
        first = min(one.ts for one in alerts)
        stop = min(max(one.ts for one in alerts) + REACH * step, max(first, series.last_ts or 0))
        ts = np.arange(first, stop + step, step, dtype=np.int64)
        prices = _table(connection, [series.id], ts, step).prices
        slots = np.array([(one.ts - first) // step for one in alerts], dtype=np.int64)
        for late in (0, 1):
            trades = fixed_horizons(prices, np.zeros(len(slots), np.int64), slots + late, HORIZONS)
            for hold, trade in zip(HORIZONS, trades, strict=True):
                for i, one in enumerate(alerts):
                    exit_ts = one.ts + (hold + late) * step
                    given_up = exit_ts + step + PATIENCE_MS <= newest[series.timeframe]
                    known = not np.isnan(trade.net(LONG, Costs())[i])
                    if (hold, late) not in one.done and (known or given_up):
                        found.outcomes.append(_outcome(one.id, hold, late, trade, i, exit_ts + step))

    # -- base rates and history ------------------------------------------------------------------

    def _count(self, connection: sqlite3.Connection, found: Found) -> None:
        groups: dict[tuple[str, int], set[int]] = defaultdict(set)
        for day, number, from_ts in ledger.changed_days(connection, DAYS_AT_ONCE):
            series = self._series[number]
            reach = (from_ts - REACH * TIMEFRAME_MS[series.timeframe]) // MS_PER_DAY
            begun = day if series.first_ts is None else max(reach, series.first_ts // MS_PER_DAY)
            for each in range(min(begun, day), day + 1):
                groups[series.timeframe, each].add(number)
            found.done.append((day, number))
        for (timeframe, day), numbers in sorted(groups.items(), key=lambda group: group[0][1]):
            self._count_day(connection, timeframe, day, sorted(numbers), found)

    def _count_day(
        self, connection: sqlite3.Connection, timeframe: str, day: int, numbers: list[int], found: Found
    ) -> None:
        step, begin = TIMEFRAME_MS[timeframe], day * MS_PER_DAY
        last = max(self._series[number].last_ts or 0 for number in numbers)
        end = min(begin + MS_PER_DAY + REACH * step, last + step)
        ts = np.arange(begin - step, max(end, begin + step), step, dtype=np.int64)
        table = _table(connection, numbers, ts, step)
        slots = min(MS_PER_DAY // step, len(ts) - 1)
        counts = base_counts(table.prices, table.present, 1, 1 + slots)
        alerts = self._rehearse(connection, timeframe, day, numbers, table, slots, found)
        for row, number in enumerate(numbers):
            base = tuple(
                (hold, known, long, short)
                for hold, (known, long, short) in zip(HORIZONS, counts[row].tolist(), strict=True)
            )
            found.days.append(ledger.Day(number, day, base, tuple(alerts.get(row, ()))))

    def _rehearse(
        self,
        connection: sqlite3.Connection,
        timeframe: str,
        day: int,
        numbers: list[int],
        table: _Table,
        slots: int,
        found: Found,
    ) -> dict[int, list[tuple[int, str, int, bytes]]]:
        """The alerts of a day by row; where its end changed, the next day is to be counted again."""
        step = TIMEFRAME_MS[timeframe]
        lifecycle = Lifecycle(step, self._thresholds().cooldown, self._thresholds().confluence_min)
        heard: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
        start = day * MS_PER_DAY - lifecycle.cooldown * step
        for row, number in enumerate(numbers):
            for kind, tier, fired in self._heard(connection, number, start, day, found):
                heard[kind, tier].append((row, fired))
        begun = rehearse(table.flags(1 + slots), lifecycle, heard)
        rows = np.array([row for _, row, _ in begun], dtype=np.int64)
        at = np.array([slot for _, _, slot in begun], dtype=np.int64)
        nets = outcomes(table.prices, rows, at)
        alerts: dict[int, list[tuple[int, str, int, bytes]]] = defaultdict(list)
        for i, ((kind, tier), row, slot) in enumerate(begun):
            alerts[row].append((int(table.ts[slot]), kind, tier, nets[i].tobytes()))
        late = (day + 1) * MS_PER_DAY - lifecycle.cooldown * step
        for row, number in enumerate(numbers):
            new = {(kind, tier, ts) for ts, kind, tier, _ in alerts.get(row, ())}
            old = ledger.rehearsed(connection, number, day)
            changed = any(ts > late for _, _, ts in new ^ old)
            if changed and (self._series[number].last_ts or 0) >= (day + 1) * MS_PER_DAY:
                found.again.append((day + 1, number, (day + 1) * MS_PER_DAY))
        return alerts

    def _heard(
        self, connection: sqlite3.Connection, number: int, start: int, day: int, found: Found
    ) -> list[tuple[str, int, int]]:
        """What silences a day's rehearsal; the days of this portion before it are not stored yet."""
        anew = {one.day: one.alerts for one in found.days if one.series_id == number}
        stored = [
            (kind, tier, ts)
            for kind, tier, ts, live in ledger.heard(connection, number, start, day)
            if live or ts // MS_PER_DAY not in anew
        ]
        return stored + [
            (kind, tier, ts) for alerts in anew.values() for ts, kind, tier, _ in alerts if ts >= start
        ]


async def keep_worth(
    worth: Worth,
    store: Store,
    *,
    run: Callable[[Callable[[], None]], Awaitable[None]],
    own: Executor,
    clock: Clock,
) -> None:
    """Keep ledger and evidence up to date for as long as the task lives.

    run: does work in the writer's thread; own: the thread that reads and computes.
    """
    loop = asyncio.get_running_loop()
    changed, judge_at = False, clock.monotonic()
    while True:
        began = clock.monotonic()
        pause = LOOK_S
        try:
            found = await loop.run_in_executor(own, worth.portion)
            if found is not None:
                await run(partial(found.write, store))
                worth.settled(found.outcomes)
                changed, pause = True, max(PAUSE_S, REST * (clock.monotonic() - began))
            elif changed and began >= judge_at:
                await run(partial((await loop.run_in_executor(own, worth.judge)).write, store))
                changed = False
                judge_at = began + max(JUDGE_EVERY_S, JUDGE_REST * (clock.monotonic() - began))
        except (sqlite3.Error, StoreError) as error:
            log.error("what alerts were worth could not be stored (%s); trying again", error)
        await clock.sleep(pause)


@dataclass(frozen=True)
class _Table:
    """Stored bars of n series at T consecutive times, as they are needed here."""

    ts: IntArray
    prices: Prices
    present: BoolArray
    true: IntArray
    known: IntArray
    confluence: FloatArray
    marks: IntArray

    def flags(self, stop: int) -> Flags:
        """Of the first `stop` times."""
        return Flags(
            self.ts[:stop],
            self.true[:, :stop],
            self.known[:, :stop],
            self.confluence[:, :stop],
            self.marks[:, :stop] & HISTORIC != 0,
        )


def _table(connection: sqlite3.Connection, numbers: Sequence[int], ts: IntArray, step: int) -> _Table:
    """What is stored; a bar that is not finalised is as good as none."""
    values = np.full((9, len(numbers), len(ts)), np.nan)
    for row, number in enumerate(numbers):
        found = ledger.bars(connection, number, ts.tolist())
        found = found[found[:, -1].astype(np.int64) & PROVISIONAL == 0]
        slots = ((found[:, 0] - ts[0]) // step).astype(np.int64)
        values[:, row, slots] = found.T
    bits = np.where(np.isnan(values), 0.0, values).astype(np.int64)
    return _Table(
        ts, Prices(step, ts, *values[1:5]), ~np.isnan(values[0]), bits[5], bits[6], values[7], bits[8]
    )


def _outcome(alert_id: int, hold: int, late: int, trade: Trades, i: int, matured_ts: int) -> ledger.Outcome:
    return ledger.Outcome(
        alert_id,
        hold,
        late,
        _number(trade.entry[i]),
        _number(trade.exit[i]),
        _number(trade.funding[i]),
        _number(trade.net(LONG, Costs())[i]),
        _number(trade.net(SHORT, Costs())[i]),
        matured_ts,
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
