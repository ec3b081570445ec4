"""`Memory`: the stored raw bars the pipeline works on, the newest ones or a stretch of the past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

import numpy as np

from futuresboard import metrics, quality
from futuresboard.bars import RAW_COLUMNS, UNLISTED, Bars
from futuresboard.db import Pair, SqlValue, Store
from futuresboard.gaps import Stored
from futuresboard.merge import KEPT_BARS, NEVER
from futuresboard.model import TIMEFRAME_MS, BoolArray, IntArray
from futuresboard.panel import Panel

_AT_ONCE = 50_000


@dataclass(frozen=True)
class Stretch:
    """A part of the past to hold instead of the newest bars: some pairs, base bars first … last."""

    pair_ids: frozenset[int]
    first: int
    last: int


class Memory:
    """Panels of each timeframe over the same rows, filled from the database.

    timeframes: base first; capacity: bars a panel holds (of a stretch: what its bars need around
    them). pairs: by row; row_of: pair id -> row; first: timeframe -> time of each row's oldest
    stored bar, `NEVER` where there is none. kept_bars: newest slots whose former values are kept (`merge`).
    references: USD for one coin by ticker, as others quote it.
    """

    def __init__(
        self, store: Store, timeframes: Sequence[str], capacity: int, stretch: Stretch | None = None
    ) -> None:
        self._store = store
        self._timeframes = tuple(timeframes)
        self._capacity = capacity
        self._stretch = stretch
        # Nothing that is derived of the newest bars rests on a stretch of the past.
        self.kept_bars = KEPT_BARS if stretch is None else 0
        self.pairs: list[Pair] = []
        self.row_of: dict[int, int] = {}
        self.panels: dict[str, Panel] = {}
        self.first: dict[str, IntArray] = {}
        self.references: dict[str, float] = {}

    @property
    def base(self) -> Panel:
        """The panel raw bars are put into."""
        return self.panels[self._timeframes[0]]

    def rows(self, pair_ids: Iterable[int]) -> IntArray:
        """(m,) rows of pairs."""
        return np.array([self.row_of[pair] for pair in pair_ids], dtype=np.int64)

    def number_pairs(self) -> None:
        """Give every pair the store knows a row."""
        for pair in self._store.pairs():
            if self._stretch is not None and pair.id not in self._stretch.pair_ids:
                continue
            row = self.row_of.setdefault(pair.id, len(self.pairs))
            self.pairs[row : row + 1] = [pair]
        for timeframe, panel in self.panels.items():
            panel.grow(len(self.pairs))
            first = self.first[timeframe]
            missing = len(self.pairs) - len(first)
            self.first[timeframe] = np.concatenate([first, np.full(missing, NEVER)])

    def reload(self) -> None:
        """Fill from the database, dropping what is held."""
        self.panels = {tf: Panel(TIMEFRAME_MS[tf], self._capacity) for tf in self._timeframes}
        self.first = {tf: np.zeros(0, dtype=np.int64) for tf in self._timeframes}
        self.number_pairs()
        spans = self._store.spans()
        for timeframe, panel in self.panels.items():
            ids = {
                self._store.series_id(pair.id, timeframe): self.row_of[pair.id]
                for pair in self.pairs
                if self._store.has_series(pair.id, timeframe)
            }
            mine = {number: span for number, span in spans.items() if number in ids}
            for number, (first, _) in mine.items():
                self.first[timeframe][ids[number]] = first
            if self._stretch is not None:
                self._fill_stretch(panel, ids, self._stretch)
            elif mine:
                newest = max(last for _, last in mine.values())
                panel.reach(newest)
                self._put(panel, ids, self._store.raw_bars(timeframe, panel.oldest, newest))

    def _fill_stretch(self, panel: Panel, ids: Mapping[int, int], stretch: Stretch) -> None:
        """Hold a stretch, what its bars are derived from and the bars that are derived from them."""
        step = panel.timeframe_ms
        around = (metrics.LOOKBACK + 2) * step
        oldest = (stretch.first - around) // step * step
        times = range(oldest, stretch.last + around + step, step)
        panel.hold(oldest, len(times))
        for number in ids:
            self._put(panel, ids, self._store.raw_bars_at(number, times))

    def _put(self, panel: Panel, ids: Mapping[int, int], bars: Iterable[tuple[SqlValue, ...]]) -> None:
        known = np.array(sorted(ids), dtype=np.int64)
        row_of = np.array([ids[number] for number in known.tolist()], dtype=np.int64)
        for part in batched(bars, _AT_ONCE):
            # Times, ids and marks are integers below 2**53, which a float64 holds exactly.
            table = np.array(part, dtype=np.float64)
            table = table[np.isin(table[:, 1], known)]
            rows, ts = row_of[np.searchsorted(known, table[:, 1])], table[:, 0].astype(np.int64)
            columns = {name: table[:, 2 + i] for i, name in enumerate(RAW_COLUMNS)}
            panel.put(rows, ts, columns, table[:, -1].astype(np.int64))
            panel.forget_divergence(rows, ts)

    def take_over(self, past: Memory, stretch: Stretch) -> None:
        """Know of what was stored through the memory of a stretch, as far as this one reaches."""
        for timeframe, panel in self.panels.items():
            step, first = panel.timeframe_ms, self.first[timeframe]
            ids: dict[int, int] = {}
            for pair_id, row in past.row_of.items():
                mine = self.row_of[pair_id]
                ids[self._store.series_id(pair_id, timeframe)] = mine
                first[mine] = min(first[mine], past.first[timeframe][row])
            times = range(max(panel.oldest, stretch.first // step * step), stretch.last + step, step)
            for number in ids if times else ():
                self._put(panel, ids, self._store.raw_bars_at(number, times))

    def forget_before(self, cut: int) -> None:
        """Know that the database holds no bar before a time any more; one no newer than it is left alone."""
        for timeframe, panel in self.panels.items():
            first = self.first[timeframe]
            going_on = (first < cut) & (panel.newest(np.arange(len(first))) >= cut)
            self.first[timeframe] = np.where(going_on, cut, first)

    def window(
        self, timeframe: str, rows: IntArray, end: int, slots: int, out: int
    ) -> tuple[Bars, IntArray, BoolArray]:
        """`slots` slots of some rows up to the bar at `end`: bars, own marks and presence, each (n, slots).

        What has left memory is read from the database (a revision of old bars asks for it).
        """
        panel = self.panels[timeframe]
        listed = [_listing_bar(self.pairs[row], panel.timeframe_ms) for row in rows.tolist()]
        bars, marks, present = panel.window(rows, end, slots, out, np.array(listed, dtype=np.int64))
        forgotten = bars.ts[bars.ts < panel.oldest]
        for i, row in enumerate(rows.tolist()):
            if not len(forgotten) or self.first[timeframe][row] >= panel.oldest:
                continue
            series = self._store.series_id(self.pairs[row].id, timeframe)
            for ts, _, *values, own in self._store.raw_bars_at(series, forgotten.tolist()):
                slot = int(np.searchsorted(bars.ts, int(str(ts))))
                numbers = np.array(values, dtype=np.float64)
                for name, number in zip(RAW_COLUMNS, numbers, strict=True):
                    bars.columns[name][i, slot] = number
                marks[i, slot], present[i, slot] = int(str(own)), True
        return bars, marks, present

    def peers(self, rows: IntArray) -> dict[str, list[int]]:
        """coin -> rows of all its pairs, of the coins of some rows; in an order that never changes."""
        coins = {self.pairs[row].base for row in rows.tolist()}
        found: dict[str, list[int]] = {coin: [] for coin in sorted(coins)}
        for row, pair in enumerate(self.pairs):
            if pair.base in coins:
                found[pair.base].append(row)
        for mine in found.values():
            mine.sort(key=lambda row: (self.pairs[row].exchange, self.pairs[row].symbol))
        return found

    def newest_ts(self, pair_id: int) -> int | None:
        """Time of a pair's newest stored base bar, None when it has none (or none held)."""
        row, panel = self.row_of[pair_id], self.base
        newest = int(panel.newest(np.array([row]))[0])
        return newest if self.oldest_ts(pair_id) is not None and newest >= panel.oldest else None

    def furthest_behind(self, pair_ids: Sequence[int]) -> int | None:
        """The oldest of `newest_ts` of some pairs, None when none of them has any."""
        panel, rows = self.base, self.rows(pair_ids)
        newest = panel.newest(rows)
        known = newest[(newest >= panel.oldest) & (self.first[self._timeframes[0]][rows] != NEVER)]
        return int(known.min()) if len(known) else None

    def oldest_ts(self, pair_id: int) -> int | None:
        """Time of a pair's oldest stored base bar, None when it has none."""
        first = int(self.first[self._timeframes[0]][self.row_of[pair_id]])
        return None if first == NEVER else first

    def unbroken_until(self, pair_id: int, start: int) -> int:
        """Time of the last stored bar of the run that begins at `start`; `start` when it is not stored."""
        panel, row = self.base, self.row_of[pair_id]
        newest = int(panel.newest(np.array([row]))[0])
        ts = np.arange(start, newest + panel.timeframe_ms, panel.timeframe_ms, dtype=np.int64)
        present, _, _ = panel.get(np.full(len(ts), row), ts)
        missing = np.flatnonzero(~present)
        return newest if not len(missing) else int(ts[max(0, int(missing[0]) - 1)])

    def stored(self, pair_ids: Sequence[int], first: int, last: int) -> Stored:
        """What is stored of some pairs, base bars first … last, also where it has left memory."""
        panel, step = self.base, self.base.timeframe_ms
        ts = np.arange(first, last + step, step, dtype=np.int64)
        rows, shape = self.rows(pair_ids), (len(pair_ids), len(ts))
        present, columns, marks = panel.get(np.repeat(rows, len(ts)), np.tile(ts, len(rows)))
        table = {name: column.reshape(shape) for name, column in columns.items()}
        held = Stored(ts, table, marks.reshape(shape), present.reshape(shape))
        forgotten = ts[ts < panel.oldest].tolist()
        for i, pair in enumerate(pair_ids if forgotten else ()):
            oldest = self.oldest_ts(pair)
            if oldest is None or oldest > forgotten[-1]:
                continue
            series = self._store.series_id(pair, self._timeframes[0])
            for bar, _, *values, own in self._store.raw_bars_at(series, forgotten):
                slot = (int(str(bar)) - first) // step
                for name, number in zip(RAW_COLUMNS, np.array(values, dtype=np.float64), strict=True):
                    held.columns[name][i, slot] = number
                held.marks[i, slot], held.present[i, slot] = int(str(own)), True
        return held

    def marks(self, pair_ids: Iterable[int], ts: IntArray) -> IntArray:
        """(m,) own marks of base bars; 0 where none is held."""
        return self.base.get(self.rows(pair_ids), ts)[2]

    def refused(self, pair_ids: Iterable[int]) -> dict[str, int]:
        """How many pairs' newest base bar lacks a number that a guard refused, by mark in words."""
        rows = self.rows(pair_ids)
        newest = self.base.newest(rows)
        marks = self.base.get(rows, newest)[2]
        words = [word for bits in marks.tolist() for word in quality.names(bits & quality.REFUSED)]
        return dict(Counter(words))


def _listing_bar(pair: Pair, timeframe_ms: int) -> int:
    return UNLISTED if pair.listed_ts is None else pair.listed_ts - pair.listed_ts % timeframe_ms
