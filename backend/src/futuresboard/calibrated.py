"""Calibrated mode while bars come in: the day's thresholds, and what is left of its budget.

A calibration is made from stored bars, kept in the database and used all day; alerts name it, so that
they can be judged again. It is made ahead, in a thread of its own, in the last hour before its day.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
import orjson

from futuresboard import cross
from futuresboard.calibrate import (
    STATISTICS,
    Calibration,
    Judged,
    Spent,
    admit,
    day_of,
    is_calibrated,
    judge,
)
from futuresboard.calibrating import SETTLE_MS, Past, fit, learns_from
from futuresboard.db import Store
from futuresboard.db_calibrations import calibrated_alerts, keep_calibration, kept_calibration
from futuresboard.db_read import Reader, ReadError
from futuresboard.model import (
    MS_PER_DAY,
    MS_PER_HOUR,
    TIMEFRAME_MS,
    BoolArray,
    FloatArray,
    Tier,
)

log = logging.getLogger(__name__)

AHEAD_MS = SETTLE_MS - 600_000
"""How long before its day a calibration is made ahead: ten minutes after the last bar it learns from."""
WHOLE = 0.9
"""A calibration that knows a smaller share of the series (a young database) is made anew in an hour."""
_COLUMNS = ("z_raw", "oi_delta_pct", "oi_contracts", "volume", "tiers", "known")


@dataclass(frozen=True)
class _Made:
    """A calibration, when it was made (exchange time), and until when it serves."""

    calibration: Calibration
    made_ts: int
    until: int


class Calibrated:
    """Judges flags by the day's thresholds and admits alerts to its budget; for the writer's thread.

    budget: alerts a day over all series, timeframes and tiers; cooldown: bars, by which the next
    calibration replays the past.
    """

    def __init__(self, store: Store, timeframes: Sequence[str], *, budget: int, cooldown: int) -> None:
        self._store = store
        self._timeframes = tuple(timeframes)
        self.budget = budget
        self.cooldown = cooldown
        self._made: dict[int, _Made] = {}
        self._days: dict[int, Spent] = {}
        self._ahead: dict[int, threading.Thread] = {}
        self._prepared: dict[int, _Made] = {}

    def reload(self) -> None:
        """Take what was spent from the database."""
        self._days = {}

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
        """The flags (n, 2) of a tier at the bar at `ts` and one before; see `calibrate.judge`."""
        calibration = self._of(day_of(ts), now_ms).calibration if is_calibrated(tier) else None
        return judge(calibration, timeframe, tier, ids, flags, sizes)

    def admit(
        self, tier: int, ids: Sequence[int], ts: int, begun: BoolArray, judged: Judged, now_ms: int
    ) -> dict[int, dict[str, object]]:
        """Row -> what an alert says of its calibration, of those rows begun (n,) that the budget holds."""
        if not begun.any():
            return {}
        day = day_of(ts)
        made, used = self._of(day, now_ms), self._used(day)
        notes = admit(made.calibration, self.budget, used, tier, ids, ts, begun, judged)
        return {row: note | {"made_ts": made.made_ts} for row, note in notes.items()}

    def _used(self, day: int) -> Spent:
        if day not in self._days:
            used = self._days[day] = Spent()
            for alert in calibrated_alerts(self._store, day):
                used.count(*alert)
            for old in [one for one in self._days if one < day - MS_PER_DAY]:
                del self._days[old]
        return self._days[day]

    def _of(self, day: int, now_ms: int) -> _Made:
        made = self._made.get(day)
        if made is not None and now_ms < made.until:
            return made
        if (ahead := self._ahead.pop(day, None)) is not None:
            ahead.join()
            made = self._prepared.pop(day, None)
        elif made is None and (kept := kept_calibration(self._store, day, self.budget)) is not None:
            made = self._served(unpacked(kept[1]), kept[0])
        if made is None or now_ms >= made.until:
            made = self._again(made, self._make(day, now_ms))
        self._made[day] = made
        keep_calibration(self._store, day, self.budget, made.made_ts, packed(made.calibration))
        for old in [one for one in self._made if one < day - MS_PER_DAY]:
            del self._made[old]
        return made

    @staticmethod
    def _again(before: _Made | None, made: _Made) -> _Made:
        """What serves from now on: another hour has taught nothing where no more series are known."""
        if before is None or _known(before.calibration).sum() < _known(made.calibration).sum():
            return made
        return replace(before, until=before.calibration.day + 2 * MS_PER_DAY)

    def prepare(self, now_ms: int) -> None:
        """Begin to make tomorrow's calibration when its past is complete; to be called now and then."""
        day = day_of(now_ms) + MS_PER_DAY
        if now_ms < day - AHEAD_MS or day in self._made or day in self._ahead:
            return
        thread = threading.Thread(target=self._make_ahead, args=(day, now_ms), name="calibrate", daemon=True)
        self._ahead[day] = thread
        thread.start()

    def _make_ahead(self, day: int, now_ms: int) -> None:
        try:
            self._prepared[day] = self._make(day, now_ms)
        except ReadError as error:  # asked again in line, when the day begins
            log.warning("the thresholds of tomorrow could not be made ahead: %s", error)

    def _make(self, day: int, now_ms: int) -> _Made:
        with closing(Reader(self._store.path, stale_after_ms=0)) as reader:
            pasts = [_past(reader, timeframe, day) for timeframe in self._timeframes]
        made = self._served(fit(pasts, day=day, budget=self.budget, cooldown=self.cooldown), now_ms)
        log.info("calibrated: %.0f alerts a day expected", made.calibration.expected)
        return made

    @staticmethod
    def _served(calibration: Calibration, made_ts: int) -> _Made:
        known = _known(calibration)
        whole = len(known) > 0 and float(known.mean()) >= WHOLE
        until = calibration.day + 2 * MS_PER_DAY if whole else made_ts + MS_PER_HOUR
        return _Made(calibration, made_ts, until)


def packed(calibration: Calibration) -> bytes:
    """A calibration as the database keeps it."""
    return zlib.compress(orjson.dumps(calibration.document()))


def unpacked(payload: bytes) -> Calibration:
    """The calibration that the database keeps so."""
    return Calibration.from_document(orjson.loads(zlib.decompress(payload)))


def _known(calibration: Calibration) -> BoolArray:
    """Of every series and statistic of a calibration, whether there was past enough."""
    known = [np.isfinite(scale.excess) for scale in calibration.scales.values()]
    return np.concatenate([*known, np.zeros(0, dtype=bool)])


def _past(reader: Reader, timeframe: str, day: int) -> Past:
    first, last = learns_from(day, timeframe)
    step = TIMEFRAME_MS[timeframe]
    series, coins = reader.series_of_coins(timeframe)
    ts = np.arange(first, last + step, step, dtype=np.int64)
    columns = {name: np.full((len(series), len(ts)), np.nan) for name in _COLUMNS}
    reader.fill(timeframe, series, ts, columns, first)
    bits = [np.nan_to_num(columns[name]).astype(np.int64) for name in ("tiers", "known")]
    flags = {
        tier: np.where(bits[1] >> tier & 1, (bits[0] >> tier & 1).astype(np.float64), np.nan)
        for tier in STATISTICS
    }
    statistics = {name: columns[name] for name in ("z_raw", "oi_delta_pct")}
    oi, volume = columns["oi_contracts"], columns["volume"]
    statistics["divergence"] = cross.divergence_of_series(coins, oi, volume, len(ts))
    may = {Tier.DIVERGENCE: cross.whole_of_series(coins, oi, volume, len(ts))}
    return Past(timeframe, series, ts, statistics, flags, may)
