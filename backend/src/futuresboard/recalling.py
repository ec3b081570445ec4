"""Calibrated mode as it was in any transaction: its thresholds, and what was left of a day's budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sqlite3 import Connection

from futuresboard.calibrate import Calibration, Judged, Spent, admit, day_of, judge
from futuresboard.calibrated import unpacked
from futuresboard.db_versions import BudgetAlert, Calibrations, budget_alerts_of
from futuresboard.model import TIMEFRAME_MS, BoolArray, FloatArray

_DAYS = 8
"""Days whose calibrations and alerts are held at once."""


class Recalled:
    """Judges and admits alerts of one timeframe as the writer did, in the order in which it did.

    A day's budget is shared by timeframes: the others' alerts are taken as they are stored, as are
    those of bars before `first`.
    """

    def __init__(self, db: Connection, timeframe: str, first: int) -> None:
        self._db = db
        self._timeframe = timeframe
        self._first = first
        self._kept = Calibrations(db)
        self._unpacked: dict[tuple[int, int, int], Calibration] = {}
        self._mine: dict[int, list[tuple[int, int, int, bool]]] = {}
        self._others: dict[int, list[BudgetAlert]] = {}

    def judge(
        self,
        budget: int,
        seq: int,
        tier: int,
        ids: Sequence[int],
        ts: int,
        flags: FloatArray,
        sizes: Mapping[str, FloatArray],
    ) -> Judged:
        """Flags (n, 2) as transaction `seq` judged them; see `calibrate.judge`."""
        found = self._of(day_of(ts), budget, seq)
        return judge(None if found is None else found[1], self._timeframe, tier, ids, flags, sizes)

    def admit(
        self,
        budget: int,
        seq: int,
        tier: int,
        ids: Sequence[int],
        ts: int,
        begun: BoolArray,
        judged: Judged,
    ) -> dict[int, dict[str, object]]:
        """Row -> what the alert has to say of its calibration, of those begun that the budget held."""
        day = day_of(ts)
        found = self._of(day, budget, seq)
        if found is None or not begun.any():
            return {}
        made_ts, calibration = found
        notes = admit(calibration, budget, self._spent(day, seq), tier, ids, ts, begun, judged)
        self._mine[day] += [(ids[row], ts, tier, note["discovery"] is True) for row, note in notes.items()]
        return {row: note | {"made_ts": made_ts} for row, note in notes.items()}

    def _of(self, day: int, budget: int, seq: int) -> tuple[int, Calibration] | None:
        """(made_ts, calibration) that served in a transaction; None where none is kept."""
        made_ts = self._kept.made(day, budget, seq)
        if made_ts is None:
            return None
        key = day, budget, made_ts
        if key not in self._unpacked:
            if len(self._unpacked) >= _DAYS:
                self._unpacked.clear()
            self._unpacked[key] = unpacked(self._kept.payload(*key))
        return made_ts, self._unpacked[key]

    def _spent(self, day: int, seq: int) -> Spent:
        if day not in self._others:
            stored = budget_alerts_of(self._db, day)
            self._others[day] = [one for one in stored if one.timeframe != self._timeframe]
            self._mine[day] = [
                (one.series_id, one.ts, one.tier, one.discovery)
                for one in stored
                if one.timeframe == self._timeframe and one.ts < self._first
            ]
            for old in sorted(self._others)[:-_DAYS]:
                del self._others[old], self._mine[old]
        used = Spent()
        for alert in self._mine[day]:
            used.count(*alert)
        step = TIMEFRAME_MS[self._timeframe]
        for one in self._others[day]:
            # One transaction works off shorter timeframes first.
            if (one.seq, TIMEFRAME_MS[one.timeframe]) < (seq, step):
                used.count(one.series_id, one.ts, one.tier, one.discovery)
        return used
