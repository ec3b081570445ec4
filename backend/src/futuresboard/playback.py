"""A recording played again into a scratch database: where it begins, and one bar close after another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from sqlite3 import Connection

import numpy as np
import orjson

from futuresboard import metrics, quality
from futuresboard.as_kept import AsKept
from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Committed, Pair
from futuresboard.db_filling import Filling
from futuresboard.db_past import Recorded, first_seen, newest_alert_before, pairs_of
from futuresboard.db_rules import every_rule
from futuresboard.db_scratch import Scratch
from futuresboard.db_versions import Mode, modes_of
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, Alert, BoolArray, Market, Thresholds
from futuresboard.past import Keeper, Past
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.replay_log import Log, Transaction

WARM_BARS = metrics.LOOKBACK + 12
"""Bars of each timeframe that a replay begins with: whatever a value of its first frame reads."""
REMEMBERED_MS = 3 * MS_PER_DAY
"""Alerts before the first frame that are taken as they are: clusters and budgets count them."""
DELAY_MS = 10_000
"""`as=revised`: how long after its close a bar is handed over."""
_SETTLED_MS = 120_000
_PROVENANCE = quality.HISTORIC | quality.BACKFILLED


@dataclass(frozen=True)
class Part:
    """What of a recording is played.

    series: to be computed; timeframes: base first; step: of the frames, ms; begin: the first frame to come;
    end: the last one; version: the newest transaction that counts; revised: final values, not first seen.
    """

    series: Sequence[Recorded]
    timeframes: Sequence[str]
    step: int
    begin: int
    end: int
    version: int
    revised: bool

    @property
    def base_ms(self) -> int:
        """Length of a base bar."""
        return TIMEFRAME_MS[self.timeframes[0]]

    @property
    def last_base(self) -> int:
        """The last base bar."""
        return self.end + self.step - self.base_ms

    def of(self, timeframe: str) -> list[int]:
        """Ids of the series of a timeframe."""
        return [one.id for one in self.series if one.timeframe == timeframe]

    def warm_from(self, step: int) -> int:
        """The first bar of a timeframe that is needed."""
        return (self.begin - WARM_BARS * step) // step * step


class Playback:
    """Plays a part of a recording; frames are to be asked for in order.

    filling: of the scratch database, as it is to begin; db: the recording, in one read transaction until that
    is filled; keeper: of its raw bars. alerts: those begun since they were last taken out; began_after: the
    transaction after which the recording stood as it does at the beginning.
    """

    def __init__(self, filling: Filling, db: Connection, keeper: Keeper, part: Part) -> None:
        self._db, self._keeper, self._part = db, keeper, part
        self._by_id = {one.id: one for one in part.series}
        self._modes, self._rules = modes_of(db), every_rule(db)
        self._mode: Mode | None = None
        self._in_force: list[int] | None = None
        self._log: Log | None = None
        self._now = 0
        self.alerts: list[Alert] = []
        self._scratch: Scratch | None = None
        self._unheard: list[tuple[int, Pair]] = []
        if part.revised:
            self._stand_revised(filling)
        else:
            self._stand_seen(filling)

    def begin(self, scratch: Scratch) -> None:
        """Go on in the scratch database, once that is filled; before the first frame."""
        self._scratch = scratch
        self._use(self._seq if self._part.revised else self._seq + 1)

    @property
    def scratch(self) -> Scratch:
        """The scratch database."""
        assert self._scratch is not None
        return self._scratch

    def close(self) -> None:
        """Close the scratch database."""
        if self._scratch is not None:
            self._scratch.close()

    def frame(self, ts: int) -> list[tuple[int, int]]:
        """Hand over what became known between the close of the bar at `ts` and the next one; returns
        (pair, time) of the base bars it was of (none of final values)."""
        if self._log is None:
            self._close(ts)
            return []
        begin = (ts - WARM_BARS * self._part.base_ms) // self._part.base_ms * self._part.base_ms
        return self._take(self._log, self._log.before(ts + 2 * self._part.step, begin))

    def rest(self) -> None:
        """Hand over all that became known later of the bars played."""
        if self._log is not None:
            self._take(self._log, self._part.version)

    def _take(self, log: Log, until: int) -> list[tuple[int, int]]:
        touched: list[tuple[int, int]] = []
        for transaction in log.take(until):
            self._hand_over(transaction)
            pairs = [self._by_id[one].pair_id for one in transaction.bars.series.tolist()]
            touched += zip(pairs, transaction.bars.ts.tolist(), strict=True)
        return touched

    # -- where it begins

    def _stand_seen(self, filling: Filling) -> None:
        """Stand where the recording stood before the first frame's bars closed."""
        part = self._part
        begin = part.warm_from(part.base_ms)
        longer = [number for timeframe in part.timeframes[1:] for number in part.of(timeframe)]
        self._log = Log(
            self._keeper,
            part.of(part.timeframes[0]),
            longer,
            begin=begin,
            end=part.last_base,
            version=part.version,
        )
        self._seq = self.began_after = self._log.start(part.begin + part.step)
        self._begin(filling, {one.pair_id: one.heard for one in part.series}, self._seq)
        for timeframe in part.timeframes:
            self._copy(filling, timeframe, part.begin + part.step * (timeframe == part.timeframes[0]))
        self._finish(filling, self._seq)

    def _stand_revised(self, filling: Filling) -> None:
        """Stand on final values of the bars before the first frame."""
        part = self._part
        self._seq = self.began_after = part.version
        found = self._keeper.versions(part.of(part.timeframes[0]), part.begin, part.last_base)
        final = found.known(part.version).as_of(part.version)
        self._final = final.part(final.marks & quality.PROVISIONAL == 0)
        # Whoever knows the final values waits for nobody whose bars have not begun.
        firsts = {one.pair_id: one.first for one in part.series if one.timeframe == part.timeframes[0]}
        never = np.iinfo(np.int64).max
        heard = {pair: never if first is None else first for pair, first in firsts.items()}
        self._begin(filling, heard, part.begin - part.base_ms)
        for timeframe in part.timeframes:
            last = part.begin - TIMEFRAME_MS[timeframe]
            self._copy(filling, timeframe, last, final=timeframe == part.timeframes[0])
        self._finish(filling, min(newest_alert_before(self._db, part.begin), part.version))

    def _begin(self, filling: Filling, heard: Mapping[int, int], now: int) -> None:
        """Know the series, and the pairs heard of; heard: pair -> when it first is, as `now` counts."""
        later = pairs_of(self._db, [pair for pair, when in heard.items() if when > now])
        filling.begin(self._part.series, {pair.id for pair in later})
        self._unheard = sorted(((heard[pair.id], pair) for pair in later), key=lambda one: one[0])

    def _hear(self, now: int) -> None:
        """Announce the pairs that were first heard of until now: from then on their bars are waited for."""
        markets: dict[str, list[Market]] = {}
        while self._unheard and self._unheard[0][0] <= now:
            _, pair = self._unheard.pop(0)
            self.scratch.number(pair)
            name = (pair.exchange, pair.symbol, pair.symbol, pair.base)
            market = Market(*name, multiplier=pair.multiplier, listed_ts=pair.listed_ts)
            markets.setdefault(pair.exchange, []).append(market)
        for those in markets.values():
            self._pipeline.register(those, complete=False)

    def _copy(self, filling: Filling, timeframe: str, last: int, *, final: bool = False) -> None:
        """Put the bars of a timeframe up to `last` into the scratch database as they stood."""
        part, seq, keeper = self._part, self._seq, self._keeper
        first = part.warm_from(TIMEFRAME_MS[timeframe])
        old = keeper.archived(part.of(timeframe), first, last).known(part.version).as_of(seq)
        if final:
            old = old.part(old.marks & quality.PROVISIONAL == 0)
        old.judged[:] = 1 if part.revised else np.where(old.judged > seq, 0, old.judged)
        filling.put(old)
        hot = max(first, keeper.kept_from)
        filling.take(timeframe, hot, last, seq, final=final, judged=part.revised)

    def _finish(self, filling: Filling, last_seq: int) -> None:
        """Put in which bars there are and what began before; last_seq: of the alerts."""
        part, spans = self._part, filling.spans()
        filling.put_spans({one.id: span for one in part.series if (span := self._span(one, spans))})
        # What final values come to is not known of any later bar yet.
        before = part.begin if part.revised else np.iinfo(np.int64).max
        notes = any(mode.budget is not None for mode in self._modes)
        filling.take_alerts(last_seq, part.begin - REMEMBERED_MS, int(before), notes=notes)

    def _span(self, one: Recorded, spans: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
        """A series' first and last bar as the scratch database begins, None where there was none yet."""
        part, held = self._part, spans.get(one.id)
        if one.first is not None and one.first < part.warm_from(TIMEFRAME_MS[one.timeframe]):
            seen = first_seen(self._db, one.id, one.first)
            if part.revised or seen is None or seen < part.begin + part.step:
                return one.first, one.first if held is None else held[1]
        return held

    # -- by what is judged

    def _use(self, seq: int) -> None:
        """Judge by what judged transaction `seq`."""
        known = [mode for mode in self._modes if mode.from_seq <= seq]
        before, self._mode = self._mode, known[-1] if known else Mode(0, Thresholds(), None)
        rules = [
            rule for rule, after, until in self._rules if after < seq and (until is None or seq <= until)
        ]
        numbers = [rule.id for rule in rules]
        others, self._in_force = numbers != self._in_force, numbers
        if others:
            self.scratch.use_rules(rules)
        # Another budget came with another process.
        if before is None or before.budget != self._mode.budget:
            self._make_pipeline(self._mode)
        else:
            if others:
                self._pipeline.reload_rules()
            if before.thresholds != self._mode.thresholds:
                self._pipeline.use(self._mode.thresholds)
        if self._calibrated is not None:
            self._calibrated.seq = seq

    def _make_pipeline(self, mode: Mode) -> None:
        store, timeframes = self.scratch.store, self._part.timeframes
        self._calibrated = (
            None
            if mode.budget is None
            else AsKept(store, timeframes, self._db, budget=mode.budget, cooldown=mode.thresholds.cooldown)
        )
        self._pipeline = Pipeline(
            store,
            timeframes,
            mode.thresholds,
            publish=self._note,
            history_bars=0,
            calibrated=self._calibrated,
            decides=None if self._part.revised else self._decides,
        )

    def _note(self, committed: Committed) -> None:
        self.alerts += committed.alerts

    def _decides(self, series: Collection[int], ts: int) -> bool:
        return self._log is not None and any(self._log.decided_in(one, ts) <= self._seq for one in series)

    # -- going forward

    def _close(self, ts: int) -> None:
        """Hand over the final bars of one frame, close by close."""
        for bar in range(ts, ts + self._part.step, self._part.base_ms):
            self._hear(bar)
            bars = self._final.part(self._final.ts == bar)
            now = bar + self._part.base_ms + DELAY_MS
            if len(bars):
                self._pipeline.step(self._raw(bars, np.zeros(len(bars), dtype=bool)), now)
            self._pipeline.settle(now + _SETTLED_MS)

    def _hand_over(self, transaction: Transaction) -> None:
        """Do what the recording's transaction did."""
        self._seq = transaction.seq
        self._use(self._seq)
        self._hear(self._seq - 1)
        self.scratch.stand_at(self._seq)
        bars = transaction.bars
        if len(bars):
            self._pipeline.step(self._raw(bars, transaction.reread), self._now_of(bars))
        else:
            self._pipeline.settle(self._now)

    def _now_of(self, bars: Past) -> int:
        """When a transaction was: where history came in pieces only its last piece is known, with the
        time of the first, which was long before."""
        seen = int(bars.seen.max())
        if not (bars.marks & quality.HISTORIC).all():
            self._now = seen
        return max(self._now, seen)

    def _raw(self, bars: Past, reread: BoolArray) -> RawBars:
        # Whether a bar was revised the pipeline says again by itself.
        anew = quality.REVISED | quality.PROVISIONAL | (_PROVENANCE if self._part.revised else 0)
        guarded = {
            number: values
            for number, text in enumerate(bars.guarded.tolist())
            if text is not None and (values := _refused(text))
        }
        return RawBars(
            np.array([self._by_id[one].pair_id for one in bars.series.tolist()], dtype=np.int64),
            bars.ts,
            {name: bars.values[:, i].copy() for i, name in enumerate(RAW_COLUMNS)},
            bars.marks & ~anew,
            guarded,
            reread=reread,
            final=bars.marks & quality.PROVISIONAL == 0,
            admitted=True,
        )


def _refused(text: str) -> dict[str, object]:
    """Raw values that guards refused, less the imbalance, which is judged anew each time."""
    found: dict[str, object] = {}
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(text)
    return {name: value for name, value in found.items() if name != "imbalance"}
