"""Calibrated mode in a replay: the thresholds that served, from the recording; the budget as it is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sqlite3 import Connection

from futuresboard.calibrate import Calibration, Judged, admit, day_of, judge
from futuresboard.calibrated import Calibrated, unpacked
from futuresboard.db import Store
from futuresboard.db_versions import Calibrations
from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray


class AsKept(Calibrated):
    """Judges by the calibrations a recording keeps, each from the transaction on in which it served.

    db: of the recording; seq: the transaction that is replayed next, to be set before each.
    """

    def __init__(
        self, store: Store, timeframes: Sequence[str], db: Connection, *, budget: int, cooldown: int
    ) -> None:
        super().__init__(store, timeframes, budget=budget, cooldown=cooldown)
        self.seq = 0
        self._kept = Calibrations(db)
        self._read: dict[tuple[int, int], Calibration] = {}

    def judge(
        self,
        timeframe: str,
        tier: int,
        ids: Sequence[int],
        ts: int,
        flags: FloatArray,
        sizes: Mapping[str, FloatArray],
        now_ms: int,
    ) -> Judged:
        """The flags (n, 2) of a tier by the thresholds that served; see `calibrate.judge`."""
        served = self._served_at(day_of(ts))
        return judge(None if served is None else served[1], timeframe, tier, ids, flags, sizes)

    def admit(
        self, tier: int, ids: Sequence[int], ts: int, begun: BoolArray, judged: Judged, now_ms: int
    ) -> dict[int, dict[str, object]]:
        """Row -> what its alert says of its calibration, of those begun that the budget holds."""
        day = day_of(ts)
        served = self._served_at(day)
        if served is None or not begun.any():
            return {}
        notes = admit(served[1], self.budget, self._used(day), tier, ids, ts, begun, judged)
        return {row: note | {"made_ts": served[0]} for row, note in notes.items()}

    def prepare(self, now_ms: int) -> None:
        """Nothing is made in a replay."""

    def _served_at(self, day: int) -> tuple[int, Calibration] | None:
        made_ts = self._kept.made(day, self.budget, self.seq)
        if made_ts is None:
            return None
        key = day, made_ts
        if key not in self._read:
            # Bars of yesterday may still come; older days' thresholds are let go.
            self._read = {one: kept for one, kept in self._read.items() if one[0] >= day - MS_PER_DAY}
            self._read[key] = unpacked(self._kept.payload(day, self.budget, made_ts))
        return made_ts, self._read[key]
