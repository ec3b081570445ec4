"""Replay: a recording again, bar close by bar close, through the same `Pipeline.step` as live.

A scratch database is made as the recording stood before the first frame; then its transactions are
handed to a pipeline one by one (`as=seen`), or its final bars close by close (`as=revised`). What comes
out is computed, not copied: equal to what live stored by the same arithmetic alone.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson

from futuresboard import metrics, quality
from futuresboard.as_kept import AsKept
from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Committed, connect
from futuresboard.db_past import HotTail, Recorded, alert_ids, alerts_until, first_seen, recorded, state_of
from futuresboard.db_rules import every_rule
from futuresboard.db_scratch import Scratch
from futuresboard.db_versions import Mode, modes_of
from futuresboard.errors import CursorError, StoreError
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, Alert, IntArray, Thresholds
from futuresboard.past import Keeper, Past
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.replay_log import Log, Transaction
from futuresboard.replay_scope import REVISED, SEEN, Cursor, Scope
from futuresboard.rows import JUDGED_COLUMNS, STORED_COLUMNS, judgement

WARM_BARS = metrics.LOOKBACK + 12
"""Bars of each timeframe that a replay begins with: whatever a value of its first frame reads."""
REMEMBERED_MS = 3 * MS_PER_DAY
"""Alerts before the first frame that are taken as they are: clusters and budgets count them."""
DELAY_MS = 10_000
"""`as=revised`: how long after its close a bar is handed over."""
_SETTLED_MS = 120_000
_PROVENANCE = quality.HISTORIC | quality.BACKFILLED
FRAME_COLUMNS: tuple[str, ...] = ("exchange", "symbol", "base", *STORED_COLUMNS, *JUDGED_COLUMNS)


@dataclass(frozen=True)
class Told:
    """Bars of one pair before a frame's own that became known or other in it: the first and the last
    one's open time, and how many."""

    exchange: str
    symbol: str
    first: int
    last: int
    bars: int


@dataclass(frozen=True)
class Frame:
    """One bar close: all that became known between it and the next one.

    ts: the bar's open time, ms; rows: column -> one entry a pair that had the bar, as it stood at the
    end of the frame; alerts: those that began, as they are stored (`id`: the recording's, None where it has none
    such); revised: earlier bars that changed.
    """

    ts: int
    rows: Mapping[str, list[object]]
    alerts: Sequence[Mapping[str, object]]
    revised: Sequence[Told]


@dataclass
class _Begun:
    """What a pipeline has begun since the last frame."""

    alerts: list[Alert] = field(default_factory=list)

    def take(self, committed: Committed) -> None:
        self.alerts += committed.alerts


class Replay:
    """Frames of a recording from a cursor on; for one thread at a time, to be closed.

    path: the database; scope: what is replayed; cursor: where it goes on (None: at the first frame);
    keeper: who keeps the raw bars (None: the database alone). Raises StoreError when the database
    cannot be read, CursorError when the cursor is of another replay or of other data.
    """

    def __init__(
        self, path: Path, scope: Scope, cursor: Cursor | None = None, keeper: Keeper | None = None
    ) -> None:
        self._path = path
        self.scope = scope
        self._db = connect(path, readonly=True)
        self._folder = TemporaryDirectory(prefix="futuresboard-replay-")
        self._begun = _Begun()
        self._scratch: Scratch | None = None
        try:
            self._db.execute("BEGIN")
            self._begin(cursor, keeper)
        except sqlite3.Error as error:
            self.close()
            raise StoreError(f"{path.name}: {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the scratch database and the recording."""
        if self._scratch is not None:
            self._scratch.close()
        self._db.close()
        self._folder.cleanup()

    # -- where it stands

    @property
    def cursor(self) -> Cursor | None:
        """Where to go on; None at the end."""
        if self._next > self.scope.end:
            return None
        return Cursor(self._database, self.version, self.scope.hash, self._next)

    @property
    def pairs(self) -> int:
        """How many pairs are shown."""
        return len(self._shown)

    def frames(self, limit: int) -> Iterator[Frame]:
        """The next frames, at most `limit`."""
        for _ in range(limit):
            if self._next > self.scope.end:
                return
            yield self._frame()

    def rest(self) -> None:
        """Hand over what became known after the last frame, up to the recording's end."""
        if self._log is not None:
            for transaction in self._log.take(self.version):
                self._hand_over(transaction)

    def differences(self) -> Iterator[tuple[tuple[int, int], str, object, object]]:
        """What of the bars replayed so far the recording has otherwise; see `Scratch.different`."""
        last = self._next - self._step
        yield from self._held.different(self._db, self._mine, self.scope.start, last, self.version)

    @property
    def _held(self) -> Scratch:
        assert self._scratch is not None
        return self._scratch

    # -- the beginning

    def _begin(self, cursor: Cursor | None, keeper: Keeper | None) -> None:
        self._database = state_of(self._db, "id") or ""
        newest = int(state_of(self._db, "seq") or 0)
        self.version = newest if cursor is None else self._checked(cursor, newest)
        self._modes = modes_of(self._db)
        self._rules = every_rule(self._db)
        self._step = TIMEFRAME_MS[self.scope.timeframe]
        self._keeper = keeper or HotTail(self._db)
        self._choose()
        self._next = self.scope.start
        self._mode: Mode | None = None
        self._in_force: list[int] | None = None
        self._log: Log | None = None
        self._now = 0
        kind = state_of(self._db, "kind") or "live"
        self._scratch = Scratch(Path(self._folder.name), self._db, kind, self._series)
        # Of final values nobody kept what began before: they are gone through again.
        skipped = cursor.ts if cursor is not None else self.scope.start
        self._next = skipped if self.scope.knowledge == SEEN else self.scope.start
        if self.scope.knowledge == SEEN:
            self._stand_seen()
        else:
            self._stand_revised()
        while self._next < skipped:
            self._frame()

    def _checked(self, cursor: Cursor, newest: int) -> int:
        if cursor.scope != self.scope.hash:
            raise CursorError("the cursor is of a replay with other parameters")
        if cursor.database != self._database or cursor.version > newest:
            raise CursorError("the cursor is of other data than the database holds now: begin again without it")
        if not self.scope.start <= cursor.ts <= self.scope.end:
            raise CursorError("the cursor points outside of the replay")
        return cursor.version

    def _choose(self) -> None:
        """The series to be computed: those shown, their coins' others; all where a budget is shared."""
        series = [one for one in recorded(self._db) if one.last is not None]
        if not series:
            raise StoreError(f"{self._path.name} holds no bars")
        shown = [one for one in series if self.scope.shows(one.exchange, one.symbol)]
        coins = {one.base for one in shown}
        calibrated = any(mode.budget is not None for mode in self._modes)
        self._series: list[Recorded] = [one for one in series if calibrated or one.base in coins]
        self._timeframes = sorted({one.timeframe for one in series}, key=TIMEFRAME_MS.__getitem__)
        self._base = self._timeframes[0]
        self._base_ms = TIMEFRAME_MS[self._base]
        self._by_id = {one.id: one for one in self._series}
        self._base_series = {one.id: one for one in self._series if one.timeframe == self._base}
        mine = [one for one in shown if one.timeframe == self.scope.timeframe]
        self._shown = {one.id: one for one in mine}
        self._mine = {one.id for one in self._series}
        self._unpublished = None

    def _make_pipeline(self) -> None:
        mode = self._mode or Mode(0, Thresholds(), None)
        self._calibrated = None
        if mode.budget is not None:
            self._calibrated = AsKept(
                self._held.store,
                self._timeframes,
                self._db,
                budget=mode.budget,
                cooldown=mode.thresholds.cooldown,
            )
        self.pipeline = Pipeline(
            self._held.store,
            self._timeframes,
            mode.thresholds,
            publish=self._begun.take,
            history_bars=0,
            calibrated=self._calibrated,
            decides=self._decides if self.scope.knowledge == SEEN else None,
        )

    def _stand_seen(self) -> None:
        """Stand where the recording stood before the first frame's bars closed."""
        begin = self._warm_from(self._base_ms)
        longer = [one.id for one in self._series if one.timeframe != self._base]
        self._log = Log(
            self._keeper,
            self._base_series,
            longer,
            begin=begin,
            end=self.scope.end + self._step - self._base_ms,
            version=self.version,
            step=self._base_ms,
        )
        self._seq = self._log.before(self._next + self._step, begin)
        stood = self._log.stand(self._seq)
        self._fill([stood, *self._longer_as_of(self._seq)], self._seq)

    def _stand_revised(self) -> None:
        """Stand on final values of the bars before the first frame."""
        self._seq = self.version
        wanted = [one.id for one in self._base_series.values()]
        first = self._warm_from(self._base_ms)
        found = self._keeper.versions(wanted, first, self.scope.end + self._step - self._base_ms)
        final = found.known(self.version).as_of(self.version)
        self._final = final.part(final.marks & quality.PROVISIONAL == 0)
        before = self._final.part(self._final.ts < self.scope.start)
        longer = [
            one.part(one.ts + TIMEFRAME_MS[timeframe] <= self.scope.start)
            for timeframe, one in zip(self._timeframes[1:], self._longer_as_of(self.version), strict=True)
        ]
        parts = [before, *longer]
        for one in parts:
            one.judged[:] = 1
        self._fill(parts, self._started_before(self.scope.start))

    def _started_before(self, ts: int) -> int:
        """The last transaction that started an alert at a bar before a time."""
        found = self._db.execute("SELECT max(seq) FROM alerts WHERE ts < ?", (ts,)).fetchone()[0]
        return min(int(found or 0), self.version)

    def _warm_from(self, step: int) -> int:
        return (self._next - WARM_BARS * step) // step * step

    def _longer_as_of(self, seq: int) -> list[Past]:
        found = []
        for timeframe in self._timeframes[1:]:
            step = TIMEFRAME_MS[timeframe]
            ids = [one.id for one in self._series if one.timeframe == timeframe]
            past = self._keeper.versions(ids, self._warm_from(step), self._next)
            found.append(past.known(self.version).as_of(seq))
        return found

    def _fill(self, parts: Sequence[Past], alerts_until_seq: int) -> None:
        scratch = self._held
        spans: dict[int, tuple[int, int]] = {}
        for one in parts:
            one.judged[one.judged > self._seq] = 0
            scratch.put(one)
            spans |= _spans(one)
        scratch.put_spans({one.id: span for one in self._series if (span := self._span(one, spans))})
        # An alert at a later bar tells nothing of before, and would be taken for one that was given.
        since = self._next - REMEMBERED_MS
        kept = alerts_until(self._db, alerts_until_seq, since)
        before = self._next if self.scope.knowledge == REVISED else math.inf
        mine = [row for row in kept if row[2] in self._mine and int(str(row[3])) < before]
        scratch.put_alerts(mine)
        self._use(self._seq + 1 if self.scope.knowledge == SEEN else self.version)

    def _span(self, one: Recorded, spans: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
        """A series' first and last bar as the scratch database begins, None where there was none yet."""
        begin = self._warm_from(TIMEFRAME_MS[one.timeframe])
        held = spans.get(one.id)
        if one.first is not None and one.first < begin:
            seen = first_seen(self._db, one.id, one.first)
            if self.scope.knowledge == REVISED or seen is None or seen < self._next + self._step:
                return one.first, one.first if held is None else held[1]
        return held

    # -- going forward

    def _frame(self) -> Frame:
        ts = self._next
        told = self._step_seen(ts) if self._log is not None else self._step_revised(ts)
        self._next = ts + self._step
        alerts = [one for one in self._begun.alerts if one.timeframe == self.scope.timeframe]
        self._begun.alerts.clear()
        return Frame(ts, self._rows(ts), self._documents(alerts), told)

    def _step_seen(self, ts: int) -> list[Told]:
        assert self._log is not None
        limit = ts + 2 * self._step
        until = self._log.before(limit, self._warm_at(ts))
        touched: list[tuple[int, int]] = []
        for transaction in self._log.take(until):
            bars = self._hand_over(transaction)
            touched += zip(bars.series.tolist(), bars.ts.tolist(), strict=True)
        return self._told(ts, touched)

    def _warm_at(self, ts: int) -> int:
        return (ts - WARM_BARS * self._base_ms) // self._base_ms * self._base_ms

    def _step_revised(self, ts: int) -> list[Told]:
        for bar in range(ts, ts + self._step, self._base_ms):
            bars = self._final.part(self._final.ts == bar)
            now = bar + self._base_ms + DELAY_MS
            if len(bars):
                self.pipeline.step(self._raw(bars, np.zeros(len(bars), dtype=bool), revised=True), now)
            self.pipeline.settle(now + _SETTLED_MS)
        return []

    def _hand_over(self, transaction: Transaction) -> Past:
        """Do what the recording's transaction did; returns its bars as far as they are replayed."""
        self._seq = transaction.seq
        self._use(self._seq)
        self._held.stand_at(self._seq)
        bars = transaction.bars
        if len(bars):
            self.pipeline.step(self._raw(bars, transaction.reread), self._now_of(bars))
        else:
            self.pipeline.settle(self._now)
        return bars

    def _now_of(self, bars: Past) -> int:
        """When a transaction was: where history came in pieces only its last piece is known, with the
        time of the first, which was long before."""
        seen = int(bars.seen.max())
        if not (bars.marks & quality.HISTORIC).all():
            self._now = seen
        return max(self._now, seen)

    def _raw(self, bars: Past, reread: np.ndarray, *, revised: bool = False) -> RawBars:
        columns = {name: bars.values[:, i].copy() for i, name in enumerate(RAW_COLUMNS)}
        pair_ids = np.array([self._by_id[one].pair_id for one in bars.series.tolist()], dtype=np.int64)
        guarded = {
            number: values
            for number, text in enumerate(bars.guarded.tolist())
            if text is not None and (values := _refused(text))
        }
        # Whether a bar was revised the pipeline says again by itself.
        anew = quality.REVISED | quality.PROVISIONAL | (_PROVENANCE if revised else 0)
        return RawBars(
            pair_ids,
            bars.ts,
            columns,
            bars.marks & ~anew,
            guarded,
            reread=reread,
            final=bars.marks & quality.PROVISIONAL == 0,
            admitted=True,
        )

    def _decides(self, series: Sequence[int], ts: int) -> bool:
        assert self._log is not None
        return any(self._log.decided_in(one, ts) <= self._seq for one in series)

    def _use(self, seq: int) -> None:
        """Judge by what judged transaction `seq`."""
        known = [mode for mode in self._modes if mode.from_seq <= seq]
        mode = known[-1] if known else Mode(0, Thresholds(), None)
        in_force = [
            rule for rule, after, until in self._rules if after < seq and (until is None or seq <= until)
        ]
        numbers = [rule.id for rule in in_force]
        anew = self._mode is None or mode.budget != self._mode.budget
        if numbers != self._in_force:
            self._held.use_rules(in_force)
        before, self._mode = self._mode, mode
        if anew:
            self._make_pipeline()
        elif numbers != self._in_force:
            self.pipeline.reload_rules()
        if before is not None and not anew and before.thresholds != mode.thresholds:
            self.pipeline.use(mode.thresholds)
        self._in_force = numbers
        if self._calibrated is not None:
            self._calibrated.seq = seq

    # -- what a frame shows

    def _rows(self, ts: int) -> dict[str, list[object]]:
        names = (*STORED_COLUMNS, "tiers", "known", "quality", "guarded")
        unpublished = self._held.unpublished()
        found: dict[str, list[object]] = {name: [] for name in FRAME_COLUMNS}
        for number, *values in self._held.rows(names, self._shown, ts):
            one = self._shown[int(str(number))]
            tiers, known, marks, guarded = values[len(STORED_COLUMNS) :]
            lacking, silent = unpublished.of(one.exchange, one.symbol, ts)
            judged = judgement((tiers, known, int(str(marks or 0)) & ~silent, guarded), lacking)
            plain = one.symbol.partition("~")[0]
            row = (one.exchange, plain, one.base, *values[: len(STORED_COLUMNS)], *judged)
            for name, value in zip(FRAME_COLUMNS, row, strict=True):
                found[name].append(value)
        return found

    def _documents(self, alerts: Sequence[Alert]) -> list[Mapping[str, object]]:
        shown = {(one.exchange, one.symbol): one.id for one in self._shown.values()}
        mine = [one for one in alerts if (one.exchange, one.symbol) in shown]
        if not mine:
            return []
        times = [one.ts for one in mine]
        ids = alert_ids(self._db, min(times), max(times))
        found: list[Mapping[str, object]] = []
        for one in mine:
            number = one.rule.id if one.rule is not None else one.tier or 0
            stored = ids.get((shown[one.exchange, one.symbol], one.ts, one.kind, number))
            found.append(orjson.loads(orjson.dumps(one)) | {"id": stored})
        return found

    def _told(self, ts: int, touched: Sequence[tuple[int, int]]) -> list[Told]:
        by_pair = {one.pair_id: one for one in self._shown.values()}
        times: dict[int, set[int]] = {}
        for series, bar in touched:
            pair, at = self._by_id[series].pair_id, bar // self._step * self._step
            if pair in by_pair and at < ts:
                times.setdefault(pair, set()).add(at)
        return [
            Told(by_pair[pair].exchange, by_pair[pair].symbol, min(bars), max(bars), len(bars))
            for pair, bars in sorted(times.items())
        ]


def _spans(bars: Past) -> dict[int, tuple[int, int]]:
    """series -> (first, last) bar."""
    series, at = np.unique(bars.series, return_inverse=True)
    first: IntArray = np.full(len(series), np.iinfo(np.int64).max)
    last: IntArray = np.full(len(series), np.iinfo(np.int64).min)
    np.minimum.at(first, at, bars.ts)
    np.maximum.at(last, at, bars.ts)
    return {
        one: (begin, end)
        for one, begin, end in zip(series.tolist(), first.tolist(), last.tolist(), strict=True)
    }


def _refused(text: str) -> dict[str, object]:
    """Raw values that guards refused, less the imbalance, which is judged anew each time."""
    found: dict[str, object] = {}
    with suppress(orjson.JSONDecodeError):
        found = orjson.loads(text)
    return {name: value for name, value in found.items() if name != "imbalance"}
