"""`Pipeline.step`: the ONE path from raw closed bars to stored rows, flags and alerts.

Live closes, warm start, healed gaps, seeding and replay all call it. It has no clock: the time is
an argument. One step is one transaction; when it fails nothing of it is kept, in memory either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson

from futuresboard import metrics, quality
from futuresboard.alerting import AlertWriter
from futuresboard.bars import RAW_COLUMNS
from futuresboard.calibrated import Calibrated
from futuresboard.coins import Quote
from futuresboard.crossing import Crossing, Decides
from futuresboard.db import Committed, Pair, Store, Write
from futuresboard.derived import Derived, objects
from futuresboard.guarding import Admitted, admit, provenance
from futuresboard.live import LiveBoard, LiveUpdate
from futuresboard.memory import Memory, Stretch
from futuresboard.merge import NEVER, Touched, merge
from futuresboard.model import LATE_BARS, TIMEFRAME_MS, BoolArray, FloatArray, IntArray, Market, Thresholds
from futuresboard.resample import resample
from futuresboard.universe import relisted


@dataclass(frozen=True)
class RawBars:
    """m closed bars of the base timeframe, of any pairs and times.

    columns: each of `RAW_COLUMNS` -> (m,), NaN = unknown; marks: own quality bits (m,); guarded:
    bar number -> column -> raw value that its adapter refused; live: bars that closed while they
    were watched (None: by their age); reread: bars whose levels were read anew, so that unknown
    replaces known there (None: nowhere); final: bars that are finalised, the others are shown as far
    as they are known (None: all); admitted: they were let in before (replay), so that what guards had
    to say, and whence they came, is in marks and `guarded` already.
    """

    pair_ids: IntArray
    ts: IntArray
    columns: Mapping[str, FloatArray]
    marks: IntArray
    guarded: Mapping[int, Mapping[str, object]] = field(default_factory=dict)
    live: BoolArray | None = None
    reread: BoolArray | None = None
    final: BoolArray | None = None
    admitted: bool = False

    def part(self, chosen: BoolArray) -> RawBars:
        """Only the bars chosen (m,), in the same order."""
        kept = np.flatnonzero(chosen)
        ids, ts, marks = self.pair_ids[kept], self.ts[kept], self.marks[kept]
        columns = {name: column[kept] for name, column in self.columns.items()}
        guarded = {new: self.guarded[old] for new, old in enumerate(kept.tolist()) if old in self.guarded}
        flags = (self.live, self.reread, self.final)
        live, reread, final = (None if one is None else one[kept] for one in flags)
        return RawBars(ids, ts, columns, marks, guarded, live, reread, final, self.admitted)


class Pipeline:
    """Holds the hot window (or a `stretch` of the past) in memory and writes through its store.

    timeframes: base first; publish: called with each `Committed` after its transaction; decides: replay's
    word on when alerts beside other series are decided, instead of waiting (see `Crossing`).
    """

    def __init__(
        self,
        store: Store,
        timeframes: Sequence[str],
        thresholds: Thresholds,
        *,
        publish: Callable[[Committed], None] | None = None,
        history_bars: int = 500,
        finalise_after_s: float = 60.0,
        calibrated: Calibrated | None = None,
        stretch: Stretch | None = None,
        decides: Decides | None = None,
    ) -> None:
        self._store = store
        self._stretch = stretch
        # Shorter ones first: alerts of one transaction share a day's budget in an order that is known.
        self._timeframes = tuple(sorted(timeframes, key=TIMEFRAME_MS.__getitem__))
        self._publish = publish or (lambda committed: None)
        self._capacity = max(1024, (history_bars + metrics.LOOKBACK + 128) * 8 // 7)
        self._alerts = AlertWriter(store, thresholds, calibrated)
        self._thresholds = thresholds
        self._live = LiveBoard(TIMEFRAME_MS[self._timeframes[0]])
        self._memory = Memory(store, self._timeframes, self._capacity, stretch)
        wait_ms = int(finalise_after_s * 1000)
        self._crossing = Crossing(
            store, self._memory, self._alerts, thresholds, wait_ms=wait_ms, decides=decides
        )
        self.reload()

    @property
    def base(self) -> str:
        """The timeframe raw bars come in."""
        return self._timeframes[0]

    @property
    def thresholds(self) -> Thresholds:
        """What bars are judged by now."""
        return self._thresholds

    def use(self, thresholds: Thresholds) -> None:
        """Judge bars by other thresholds from the next step on; what is stored stays as it was judged."""
        self._thresholds = self._crossing.thresholds = thresholds
        self._alerts.use(thresholds)

    def reload_rules(self) -> None:
        """Judge by the user's rules that are stored now, from the next step on."""
        self._alerts.reload_rules()

    def register(
        self,
        markets: Sequence[Market],
        *,
        complete: bool = True,
        prices: Mapping[str, float] | None = None,
    ) -> list[Pair]:
        """Announce one exchange's pairs (all it has, if `complete`); returns them with ids, in order.

        prices: by symbol, of pairs that were away. A symbol that names another contract than its
        stored bars are of begins a new series.
        """
        anew = [market.symbol for market in markets if self._is_another(market, prices or {})]
        pairs = self._store.register(markets, self._timeframes, complete=complete, anew=anew)
        self._number_pairs()
        return pairs

    def _is_another(self, market: Market, prices: Mapping[str, float]) -> bool:
        pair = self._store.pair(market.exchange, market.symbol)
        newest = None if pair is None else self._store.newest_close(pair.id, self.base)
        if pair is None or newest is None:
            return False
        ts, close = newest
        now = prices.get(market.symbol)
        known = None if close is None or now is None else (close, now)
        return relisted(pair.listed_ts, market.listed_ts, ts, known)

    def _number_pairs(self) -> None:
        self._memory.number_pairs()
        self._live.grow(len(self._memory.pairs))

    def reload(self) -> None:
        """Fill the hot window from the database, dropping what memory holds."""
        self._loaded = False
        self._memory.reload()
        self._live.grow(len(self._memory.pairs))
        if self._stretch is None:
            self._alerts.reload()
            self._crossing.reload(self._timeframes)
        self._loaded = True

    @property
    def memory(self) -> Memory:
        """The hot window; to be read in the writer's thread."""
        return self._memory

    def step(self, raw: RawBars, now_ms: int) -> Committed | None:
        """Take raw closed bars in: guard, resample, derive, flag, alert, store, publish.

        Bars already stored with the same values change nothing; with others they are a revision.
        Bars that have left memory are worked off in a window of their own, in a transaction of
        their own. now_ms: exchange time. Returns None when nothing changed. Raises StoreError or
        sqlite3.Error when a transaction failed; then nothing of it is kept.
        """
        if not len(raw.ts):
            return None
        if not self._loaded:
            self.reload()
        newer = self._in_memory(raw)
        if newer.all():
            return self._step(raw, now_ms)
        committed = self._step(raw.part(newer), now_ms) if newer.any() else None
        return self._step_back(raw.part(~newer), now_ms) or committed

    def _in_memory(self, raw: RawBars) -> BoolArray:
        """(m,) which bars the hot window holds, with every longer bar they belong to."""
        panel = self._memory.base
        panel.reach(int(raw.ts.max()))
        longest = max(TIMEFRAME_MS[timeframe] for timeframe in self._timeframes)
        held: BoolArray = raw.ts >= -(-panel.oldest // longest) * longest
        return held

    def _step_back(self, raw: RawBars, now_ms: int) -> Committed | None:
        coins = self._memory.peers(self._memory.rows(np.unique(raw.pair_ids).tolist())).values()
        pair_ids = frozenset(self._memory.pairs[row].id for group in coins for row in group)
        stretch = Stretch(pair_ids, int(raw.ts.min()), int(raw.ts.max()))
        past = Pipeline(
            self._store, self._timeframes, self._thresholds, publish=self._publish, stretch=stretch
        )
        committed = past._step(raw, now_ms)
        self._memory.take_over(past._memory, stretch)
        return committed

    def _step(self, raw: RawBars, now_ms: int) -> Committed | None:
        def work(write: Write) -> bool:
            touched = self._take(raw, now_ms)
            if touched is None:
                return False
            for timeframe in self._timeframes:
                part = touched if timeframe == self.base else self._resampled(timeframe, touched)
                if part is not None:
                    self._derive(timeframe, part, now_ms, write)
            if self._stretch is None:
                self._refresh_live(np.unique(touched.rows), write)
                write.judged_by = self._alerts.judged_by
            return True

        return self._commit(work)

    def settle(self, now_ms: int) -> Committed | None:
        """Decide alerts that waited for other exchanges long enough; None when there are none.

        now_ms: exchange time. Raises as `step` does.
        """

        def work(write: Write) -> bool:
            self._crossing.judge_overdue(now_ms, write)
            write.judged_by = self._alerts.judged_by
            return bool(write.judged)

        return self._commit(work)

    def _commit(self, work: Callable[[Write], bool]) -> Committed | None:
        """Commit what `work` writes, unless it says there is nothing; on failure memory is refilled."""
        write = Write()
        try:
            if not work(write):
                return None
            committed = self._store.commit(write)
        except BaseException:
            self.reload()
            raise
        self._publish(committed)
        return committed

    def live(self, update: LiveUpdate) -> Committed:
        """Take in what moved between closes, store and publish it."""
        rows = self._memory.rows(update.pair_ids)
        self._live.take(rows, update, self._memory.base)
        write = Write()
        self._refresh_live(rows, write)
        committed = self._store.commit(write)
        self._publish(committed)
        return committed

    def quotes(self) -> list[Quote]:
        """The pairs' live prices of one coin each, where known."""
        return [
            Quote(pair.exchange, pair.symbol, pair.base, price / pair.multiplier)
            for pair, price in zip(self._memory.pairs, self._live.prices().tolist(), strict=True)
            if price > 0
        ]

    def use_reference_prices(self, prices: Mapping[str, float]) -> None:
        """Judge closes of these coins (by ticker in capitals) beside these prices too, USD for one coin."""
        self._memory.references = dict(prices)

    def use_market_caps(self, caps: Mapping[tuple[str, str], float]) -> None:
        """Show these market caps (USD, by exchange and symbol) from now on, and none for other pairs."""
        values = [caps.get((pair.exchange, pair.symbol), np.nan) for pair in self._memory.pairs]
        changed = self._live.use_market_caps(np.array(values, dtype=np.float64))
        # What never moved in this run keeps the live values that an earlier one stored.
        rows = changed[np.isfinite(self._live.prices()[changed])]
        if len(rows):
            write = Write()
            self._refresh_live(rows, write)
            self._publish(self._store.commit(write))

    def _refresh_live(self, rows: IntArray, write: Write) -> None:
        for row, values in self._live.values(rows, self._memory.base):
            write.live[self._memory.pairs[row].id] = values

    def _take(self, raw: RawBars, now_ms: int) -> Touched | None:
        panel = self._memory.base
        rows = self._memory.rows(raw.pair_ids.tolist())
        panel.reach(int(raw.ts.max()))
        admitted = self._admitted(rows, raw, now_ms)
        shown = False if raw.final is None else ~raw.final
        marks = admitted.marks | np.where(shown, quality.PROVISIONAL | quality.PARTIAL, 0)
        first = self._memory.first[self.base]
        columns, guarded, kept = admitted.columns, admitted.guarded, self._memory.kept_bars
        return merge(panel, first, rows, raw.ts, columns, marks, guarded, raw.reread, kept)

    def _admitted(self, rows: IntArray, raw: RawBars, now_ms: int) -> Admitted:
        """What is let in of some bars, and whence it comes; of those let in before that is said already."""
        if raw.admitted:
            return Admitted(dict(raw.columns), raw.marks, {at: dict(one) for at, one in raw.guarded.items()})
        found = admit(self._memory, rows, raw.ts, raw.columns, raw.guarded)
        found.marks |= raw.marks | provenance(self._memory, rows, raw.ts, raw.live, now_ms)
        return found

    def _resampled(self, timeframe: str, touched: Touched) -> Touched | None:
        base, step = self._memory.base, TIMEFRAME_MS[self.base]
        length = TIMEFRAME_MS[timeframe]
        # A bar after a gap also ends the window before it, whose own last bar may never come.
        rows, ts = np.unique(np.stack([touched.rows, touched.ts]), axis=1)
        gap_before = ~base.get(rows, ts - step)[0]
        earlier = base.before(rows[gap_before], ts[gap_before])
        rows = np.concatenate([rows, rows[gap_before][earlier >= 0]])
        ts = np.concatenate([ts, earlier[earlier >= 0]])
        # An older bar makes the window that was a pair's first one like any other.
        first = (touched.first_before != NEVER) & (touched.ts < touched.first_before)
        rows = np.concatenate([rows, touched.rows[first]])
        ts = np.concatenate([ts, touched.first_before[first]])
        windows = np.unique(np.stack([rows, ts - ts % length]), axis=1)
        rows, start = windows[0], windows[1]
        parts = [base.get(rows, start + offset) for offset in range(0, length, step)]
        whole = np.all([part[0] for part in parts], axis=0)
        complete = (start + length - step <= base.newest(rows)) & (start >= base.oldest)
        complete &= whole | (self._memory.first[self.base][rows] < start)
        rows, start = rows[complete], start[complete]
        if not len(rows):
            return None
        parts = [base.get(rows, start + offset) for offset in range(0, length, step)]
        columns, marks = resample(
            {name: np.stack([part[1][name] for part in parts], axis=1) for name in RAW_COLUMNS},
            np.stack([part[2] for part in parts], axis=1),
            np.stack([part[0] for part in parts], axis=1),
        )
        panel = self._memory.panels[timeframe]
        panel.reach(int(start.max()))
        anew = {(row, ts - ts % length) for row, ts, again in touched.places() if again}
        places = zip(rows.tolist(), start.tolist(), strict=True)
        reread = np.array([place in anew for place in places], dtype=bool)
        first, kept = self._memory.first[timeframe], self._memory.kept_bars
        return merge(panel, first, rows, start, columns, marks, {}, reread, kept)

    def _derive(self, timeframe: str, touched: Touched, now_ms: int, write: Write) -> None:
        """Recompute every stored bar from the oldest touched one on, and start alerts."""
        panel, step = self._memory.panels[timeframe], TIMEFRAME_MS[timeframe]
        rows, inverse = np.unique(touched.rows, return_inverse=True)
        from_ts = np.full(len(rows), NEVER)
        np.minimum.at(from_ts, inverse, touched.ts)
        newest = panel.newest(rows)
        begin = int(from_ts.min())
        end = min(int(newest.max()), int(touched.ts.max()) + metrics.LOOKBACK * step)
        out = (end - begin) // step + 1
        # One slot more than is written: an alert asks what the flag was one bar before.
        bars, marks, present = self._memory.window(timeframe, rows, end, out + 1 + metrics.LOOKBACK, out + 1)
        derived = Derived(bars, marks, present, self._memory.first[timeframe][rows], self._thresholds)
        wanted = present[:, -out:] & (bars.ts[None, -out:] >= from_ts[:, None])
        touch = np.full(wanted.shape, -1, dtype=np.int64)
        touch[inverse, (touched.ts - begin) // step] = np.arange(len(touched.ts))
        self._write_rows(timeframe, rows, derived, wanted, touch, touched, now_ms, write)
        fresh = (touch >= 0) & np.append(touched.fresh, False)[touch]
        timely = now_ms - (bars.ts[-out:] + step) <= LATE_BARS * step
        starting = fresh & timely[None, :]
        if starting.any():
            self._alerts.start(
                timeframe, [self._memory.pairs[row] for row in rows], derived, starting, now_ms, write
            )
        at, slot = np.nonzero(starting)
        finalised = list(zip(rows[at].tolist(), bars.ts[-out:][slot].tolist(), strict=True))
        self._crossing.judge(timeframe, rows, touched.ts, finalised, now_ms, write)
        for row, first, last in zip(rows, self._memory.first[timeframe][rows], newest, strict=True):
            write.latest[self._store.series_id(self._memory.pairs[row].id, timeframe)] = (
                int(first),
                int(last),
            )

    def _write_rows(
        self,
        timeframe: str,
        rows: IntArray,
        derived: Derived,
        wanted: BoolArray,
        touch: IntArray,
        touched: Touched,
        now_ms: int,
        write: Write,
    ) -> None:
        at, slot = np.nonzero(wanted)
        out = wanted.shape[1]
        ids = np.array([self._store.series_id(self._memory.pairs[row].id, timeframe) for row in rows])[
            at
        ].tolist()
        times = derived.bars.ts[-out:][slot].tolist()
        changed = touch[at, slot].tolist()
        raw = objects([derived.bars.columns[name][:, -out:][at, slot] for name in RAW_COLUMNS])
        own = derived.marks[:, -out:][at, slot].tolist()
        values, imbalances = derived.stored_values(at, slot + 1), derived.guarded_imbalance(at, slot + 1)
        for i, number in enumerate(changed):
            if number < 0:
                write.derived.append((*values[i], times[i], ids[i]))
                continue
            guarded = dict(touched.guarded.get(number, {})) | imbalances.get(i, {})
            text = orjson.dumps(guarded).decode() if guarded else None
            seen = now_ms if touched.fresh[number] or touched.changed[number] else None
            write.bars.append((times[i], ids[i], *raw[i], own[i], text, None, seen, *values[i]))
            if touched.superseded[number]:
                write.revised.append((times[i], ids[i]))
