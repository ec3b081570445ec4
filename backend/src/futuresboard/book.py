"""`Book`: one exchange's answers, joined by bar, until a bar can be finalised. No clock, no I/O.

Rows are kept under the stamp the exchange gave them. What a stamp means (`offset`: bars between a
row's stamp and the bar it belongs to) is applied when a bar is put together, so that a changed
verdict about it only re-reads what is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.live_oi import LiveOi
from futuresboard.model import ROW_COLUMNS, BoolArray, FloatArray, IntArray, Kind, Rows, Ticker
from futuresboard.pipeline import RawBars
from futuresboard.quality import BACKFILLED, BY_SOCKET, GUARDED, STALE, UNHEARD
from futuresboard.settlements import Settlements
from futuresboard.sheets import (
    FAR,
    LS_LATE_BARS,
    TAKER_TOLERANCE,
    TRADES_TOLERANCE,
    Sheet,
    empty,
    join_oi,
    join_ratio,
    join_taker,
    longer,
    new_sheet,
    roll,
)

STEP_MS = 300_000
SHOWN_AFTER_MS = 7_000
"""A bar whose other rows take longer than this after its close is shown as far as it is known."""
_BARWISE = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS, Kind.TAKER)
_LEVELS = (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS)
_SHIFT = 256
_GRIDS = ("_done", "_dirty", "_reread", "_shown", "_by_socket")
"""What is held by (pair row, slot) beside the sheets."""
MOST_AT_ONCE = 2048
NONE_STREAMED: Mapping[Kind, BoolArray] = {}
HOLE_BARS = 3
"""So many bars before the newest are asked for again when a later one came without them."""


@dataclass(frozen=True)
class Ready:
    """Bars to hand to the pipeline, and of each (by position): whether it closes live, whether it is
    handed over for the first time, and whether it had been finalised before."""

    bars: RawBars
    live: BoolArray
    first: BoolArray
    done: BoolArray
    places: tuple[IntArray, IntArray] = field(repr=False)


class Book:
    """Arrays over (pair row, time slot); slot 0 is the bar at `origin`.

    kinds: what the exchange publishes; oldest: oldest bar to hold; slots: how many; begin: bars that
    close at or after this time are live: they wait for late levels no longer than `finalise_after`;
    confirmed: the exchange says of each candle whether it is closed, and only closed ones come;
    shows: bars are handed over before they can be finalised, to be shown;
    healing: answers come about what some bars lack, the rest of them is stored already; all bars are
    marked as backfilled; streamed: kinds that no request answers, only a socket, and which pair rows
    it is listened to for; awaits: which bars (rows, times) a socket still owes such a kind: they wait
    for it, others have none.
    """

    def __init__(
        self,
        kinds: Iterable[Kind],
        pair_ids: Sequence[int],
        *,
        oldest: int,
        slots: int,
        begin: int,
        confirmed: bool = False,
        healing: bool = False,
        shows: bool = False,
        streamed: Mapping[Kind, BoolArray] = NONE_STREAMED,
        awaits: Callable[[Kind, IntArray, IntArray], BoolArray] | None = None,
    ) -> None:
        self._healing = healing
        self._shows = shows
        self.pair_ids = np.array(pair_ids, dtype=np.int64)
        self.kinds = frozenset(kinds)
        self.streamed = streamed
        self.settlements = Settlements(len(pair_ids))
        self._awaits = awaits or _awaits_nothing
        self._origin = oldest
        self._slots = slots
        self._begin = np.full(len(pair_ids), begin, dtype=np.int64)
        self._ended = np.zeros(len(pair_ids), dtype=bool)
        self._confirmed = confirmed
        self._begun = 0
        """Open time of the newest bar that a candle of any pair has shown to have begun."""
        shape = (len(pair_ids), slots)
        held = self.kinds | self.streamed.keys()
        self._sheets = {kind: new_sheet(kind, shape) for kind in _BARWISE if kind in held}
        self._by_socket = np.zeros(shape, dtype=bool)
        for kind in _LEVELS:
            if kind in self._sheets:
                self._sheets[kind].offset, self._sheets[kind].assumed = 1, True
        self._live_oi = LiveOi(shape)
        self._done = np.zeros(shape, dtype=bool)
        self._dirty = np.zeros(shape, dtype=bool)
        self._reread = np.zeros(shape, dtype=bool)
        self._shown = np.zeros(shape, dtype=bool)
        self._spared = {kind: np.zeros(shape, dtype=bool) for kind in _LEVELS if kind in self.kinds}
        self._unfit: dict[tuple[Kind, int, int], dict[str, object]] = {}

    @property
    def oldest(self) -> int:
        """The oldest bar time there is room for."""
        return self._origin

    def slot(self, ts: int) -> int:
        """Slot of a bar time."""
        return (ts - self._origin) // STEP_MS

    def roll(self, newest: int) -> None:
        """Make room for the bar at `newest` (and its stamps), letting the oldest go."""
        over = self.slot(newest) + 3 - self._slots
        if over <= 0:
            return
        shift = -(-over // _SHIFT) * _SHIFT
        for sheet in self._sheets.values():
            sheet.roll(shift)
        for grid in (*(getattr(self, name) for name in _GRIDS), *self._spared.values()):
            roll(grid, shift)
        self._live_oi.roll(shift)
        self._unfit = {
            (kind, row, slot - shift): values
            for (kind, row, slot), values in self._unfit.items()
            if slot >= shift
        }
        self._origin += shift * STEP_MS

    def grow(self, pair_ids: Sequence[int], begin: int) -> None:
        """Pairs join, in rows of their own after all others; `begin` as at the start, for them."""
        rows = len(pair_ids)
        self.pair_ids = np.concatenate([self.pair_ids, np.array(pair_ids, dtype=np.int64)])
        self._begin = np.concatenate([self._begin, np.full(rows, begin)])
        self._ended = np.concatenate([self._ended, np.zeros(rows, dtype=bool)])
        self.settlements.grow(rows)
        for sheet in self._sheets.values():
            sheet.grow(rows)
        for name in _GRIDS:
            setattr(self, name, longer(getattr(self, name), rows))
        self._live_oi.grow(rows)
        self._spared = {kind: longer(spared, rows) for kind, spared in self._spared.items()}
        self.streamed = {kind: longer(listened, rows) for kind, listened in self.streamed.items()}

    def end(self, row: int) -> None:
        """A pair is gone: nothing will come for its last bars, so nothing stands in for it either."""
        if not self._ended[row]:
            self._ended[row] = True
            last = slice(max(0, int(self._sheets[Kind.CANDLES].high[row]) - LS_LATE_BARS), None)
            self._dirty[row, last] = self._reread[row, last] = self._done[row, last]

    def clear(self, row: int, begin: int) -> None:
        """A pair that had left comes back: what is held of it is not what happened meanwhile."""
        self._begin[row], self._ended[row] = begin, False
        self.settlements.clear(row)
        for sheet in self._sheets.values():
            sheet.clear(row)
        for grid in (*(getattr(self, name) for name in _GRIDS), *self._spared.values()):
            grid[row] = empty(grid)
        self._live_oi.clear(row)
        self._unfit = {place: values for place, values in self._unfit.items() if place[1] != row}

    def take(
        self, row: int, rows: Rows, *, now_ms: int, exhausted: bool = False, streamed: bool = False
    ) -> None:
        """Add an answer about a pair. `exhausted`: the exchange has nothing older than this page.

        Candles and other windows that have not closed at `now_ms` (exchange time) are left out. The
        exchange's clock alone closes nothing, it may be wrong, or the feed stand still with a candle as
        it was before its close: the pair's next candle must be there (for other windows some pair's), or
        the row was `streamed`: its exchange said that it is closed.
        """
        if rows.kind is Kind.FUNDING:
            for slot in self._slots_after(self.settlements.take(row, rows, exhausted=exhausted)):
                self._dirty[row, slot:] = True
            return
        sheet = self._sheets[rows.kind]
        if rows.kind is Kind.CANDLES and len(rows.ts):
            self._begun = max(self._begun, int(rows.ts.max()) + STEP_MS * (self._confirmed or streamed))
        if exhausted or (len(rows.ts) and rows.ts[0] < self._origin):
            # The page reaches back beyond everything held, whether or not any of it is.
            sheet.low[row] = 0
        slots = (rows.ts - self._origin) // STEP_MS
        held = (slots >= 0) & (slots < self._slots)
        if not streamed:
            held &= self._are_closed(rows, sheet, int(sheet.high[row]), now_ms)
        slots = slots[held]
        if not len(slots):
            return
        changed = ~sheet.have[row, slots]
        for name, column in sheet.columns.items():
            # An answer that lacks a number takes none away.
            new = np.where(np.isnan(rows.columns[name][held]), column[row, slots], rows.columns[name][held])
            changed |= ~((column[row, slots] == new) | (np.isnan(column[row, slots]) & np.isnan(new)))
            column[row, slots] = new
        sheet.have[row, slots] = True
        if rows.kind is Kind.CANDLES:
            self._by_socket[row, slots[changed]] = streamed
        sheet.low[row] = min(sheet.low[row], int(slots[0]))
        sheet.high[row] = max(sheet.high[row], int(slots[-1]))
        self._touch(row, slots[changed] - sheet.offset, rows.kind)
        self._note_unfit(row, rows, slots)

    def _note_unfit(self, row: int, rows: Rows, slots: IntArray) -> None:
        """Keep what is no number, where no number is known."""
        columns = self._sheets[rows.kind].columns
        if self._unfit:
            for slot in slots.tolist():
                self._unfit.pop((rows.kind, row, slot), None)
        for ts, name, value in rows.unfit:
            slot = self.slot(ts)
            if not (0 <= slot < self._slots and np.isfinite(columns[name][row, slot])):
                self._unfit.setdefault((rows.kind, row, slot), {})[name] = value

    def _are_closed(self, rows: Rows, sheet: Sheet, high: int, now_ms: int) -> BoolArray:
        closed: BoolArray = np.ones(len(rows.ts), dtype=bool)
        if sheet.offset == 0:
            # A row stamped with its window's start may be shown while the window is still open.
            closed &= rows.ts + STEP_MS <= (min(now_ms, self._begun) if self._begun else now_ms)
        if rows.kind is Kind.CANDLES and not self._confirmed:
            # A candle is final once a later one is there; an answer may lag behind the clock.
            closed &= rows.ts < max(int(rows.ts.max(initial=0)), self._origin + high * STEP_MS)
        return closed

    def _slots_after(self, ts: int | None) -> list[int]:
        return [] if ts is None else [max(0, self.slot(ts) - 1)]

    def _touch(self, row: int, bars: IntArray, kind: Kind) -> None:
        reach = LS_LATE_BARS if kind in (Kind.GLOBAL_LS, Kind.TOP_LS) else 0
        for ahead in range(reach + 1):
            places = bars + ahead
            self._dirty[row, places[(places >= 0) & (places < self._slots)]] = True

    def take_live(self, row: int, ticker: Ticker) -> None:
        """Keep a live open interest that stands for a close: the last in its 60 s before, the first after."""
        self._live_oi.take(row, ticker, self._origin)

    def decide(self, kind: Kind, offset: int) -> bool:
        """Settle what the stamps of a kind mean; returns whether bars must be put together anew."""
        sheet = self._sheets.get(kind)
        if sheet is None or (sheet.offset == offset and not sheet.assumed):
            return False
        if offset < sheet.offset:
            # Its newest rows were taken for a closed bar's and may be of one still open: asked for anew.
            known = np.flatnonzero(sheet.high >= 0)
            sheet.have[known, sheet.high[known]] = False
            sheet.high[known] -= 1
        sheet.offset, sheet.assumed = offset, False
        self._dirty |= self._done
        self._reread |= self._done
        return True

    def read_stamps_as(self, other: Book) -> None:
        """Take over what another book of the exchange knows about its time; only while empty."""
        self._begun = other._begun
        for kind, sheet in self._sheets.items():
            known = other._sheets[kind]
            sheet.offset, sheet.assumed = known.offset, known.assumed

    def recall(self, rows: IntArray, ts: IntArray, candles: Mapping[str, FloatArray]) -> None:
        """Know m candles that are stored already: bars whose other columns are looked for."""
        sheet, slots = self._sheets[Kind.CANDLES], (ts - self._origin) // STEP_MS
        for name, column in sheet.columns.items():
            column[rows, slots] = candles[name]
        sheet.have[rows, slots] = True

    def undecided(self, kind: Kind) -> bool:
        """Whether the stamps of a published kind still are an assumption."""
        return kind in self._sheets and self._sheets[kind].assumed

    def offset(self, kind: Kind) -> int:
        """Bars from a bar to the stamp of its row of a kind."""
        return self._sheets[kind].offset

    def live_evidence(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Rows beside live values, as `LiveOi.evidence` has them."""
        return self._live_oi.evidence(self._sheets[Kind.OI])

    def drop(self, kind: Kind) -> None:
        """The exchange turned out not to publish a kind."""
        self._sheets.pop(kind, None)
        self.kinds -= {kind}

    def wanted(self, kind: Kind, bar_ts: int) -> IntArray:
        """Pair rows whose row of a kind for the bar at `bar_ts` has not come; none of a dropped kind."""
        if kind is Kind.FUNDING:
            return self.settlements.due(bar_ts + STEP_MS)
        if kind not in self._sheets or kind in self.streamed:
            return np.zeros(0, dtype=np.int64)
        sheet, at = self._sheets[kind], self.slot(bar_ts) + self._sheets[kind].offset
        missing: BoolArray = ~sheet.have[:, at]
        if kind is Kind.CANDLES:
            missing |= self._first_hole(at) <= at
        return np.flatnonzero(missing)

    def _first_hole(self, at: int) -> IntArray:
        """By pair row: the oldest of the few slots up to `at` that lacks a candle though older ones are
        here (a socket that was away brings the next one all the same); FAR without any."""
        sheet, first = self._sheets[Kind.CANDLES], max(0, at - HOLE_BARS)
        slots = np.arange(first, at + 1)
        holes = ~sheet.have[:, first : at + 1] & (slots[None, :] > sheet.low[:, None])
        return np.where(holes.any(axis=1), first + holes.argmax(axis=1), FAR)

    def spare(self, kind: Kind, bar_ts: int, asked: AbstractSet[int]) -> None:
        """The bar at `bar_ts` does not wait for a level of other pairs than `asked`: it is not their turn."""
        spared: BoolArray = np.ones(len(self.pair_ids), dtype=bool)
        spared[list(asked)] = False
        self._spared[kind][:, self.slot(bar_ts)] = spared

    def missing_rows(self, kind: Kind, row: int, bar_ts: int, since: int) -> int:
        """How many rows of a kind a request for the bar at `bar_ts` should ask for (with one to spare)."""
        sheet = self._sheets[kind]
        high = sheet.high[row] if sheet.high[row] >= 0 else self.slot(since) + sheet.offset
        if kind is Kind.CANDLES:
            high = min(high, self._first_hole(self.slot(bar_ts))[row] - 1)
        return int(max(1, self.slot(bar_ts) + sheet.offset - high)) + 2

    def oldest_stamp(self, kind: Kind, row: int) -> int | None:
        """Stamp from which on a pair's rows of a kind are covered; None before the first answer."""
        if kind is Kind.FUNDING:
            return self.settlements.oldest(row)
        low = int(self._sheets[kind].low[row])
        return None if low == FAR else self._origin + low * STEP_MS

    def ready(
        self, now_ms: int, finalise_after_ms: int, patience_ms: int, *, live_only: bool = False
    ) -> Ready | None:
        """Bars that can be finalised (or must be revised) at `now_ms`, and marks them as handed over.

        A bar needs its candle. It is ready when every published kind has its row, or is known to
        have none; a live one also `finalise_after_ms` after its close, one from history
        `patience_ms` after `begin` and without top traders' ratios, which may come much later.
        Live ones that are not are handed over once `SHOWN_AFTER_MS` after their close, to be shown.
        """
        stop = min(self._slots, (now_ms - self._origin) // STEP_MS)
        if stop <= 0:
            return None
        candles = self._sheets[Kind.CANDLES].have[:, :stop]
        if live_only:
            oldest = (self._begin - STEP_MS - self._origin) // STEP_MS
            candles = candles & (np.arange(stop) >= oldest[:, None])
        open_ = candles & (~self._done[:, :stop] | self._dirty[:, :stop])
        if not open_.any():
            return None
        rows, slots = np.nonzero(open_)
        close, begin = self._origin + (slots + 1) * STEP_MS, self._begin[rows]
        live: BoolArray = close >= begin
        expired = np.where(live, now_ms >= close + finalise_after_ms, now_ms >= begin + patience_ms)
        final = self._complete(rows, slots, close, live) | (expired & (live | self._covered(rows, slots)))
        showing = live & ~(self._shown | self._done)[rows, slots] & (now_ms >= close + SHOWN_AFTER_MS)
        showing &= self._shows
        if not (final | showing).any():
            return None
        # Bars of a close first, then history pair by pair, in portions a writer is done with soon.
        order = np.flatnonzero(final | showing)
        order = order[np.argsort(~live[order], kind="stable")][:MOST_AT_ONCE]
        rows, slots = rows[order], slots[order]
        live, final = live[order], final[order]
        bars = self._assemble(rows, slots, final)
        bars = replace(bars, live=live, final=final, reread=self._reread[rows, slots] & final)
        done = self._done[rows, slots]
        first = ~self._shown[rows, slots] & ~done
        self._shown[rows, slots] = True
        self._reread[rows[final], slots[final]] = False
        self._done[rows[final], slots[final]] = True
        self._dirty[rows[final], slots[final]] = False
        return Ready(bars, live, first, done, (rows, slots))

    def doubt(self, ready: Ready, marks: IntArray) -> None:
        """Ask again for what a guard refused of bars handed over; marks: (m,) what they were stored with."""
        rows, slots = ready.places
        for kind, sheet in self._sheets.items():
            bits = _REFUSED_OF[kind]
            if kind is Kind.CANDLES and Kind.TAKER in self._sheets:
                bits &= ~_REFUSED_OF[Kind.TAKER]
            refused = (marks & bits != 0) & ready.live
            if kind not in self.streamed and refused.any():
                sheet.have[rows[refused], sheet.at(slots[refused])] = False

    def give_back(self, ready: Ready) -> None:
        """Bars that could not be stored are due again, as new as they were."""
        rows, slots = ready.places
        self._shown[rows[ready.first], slots[ready.first]] = False
        self._dirty[ready.places] = True
        self._done[ready.places] = ready.done
        self._reread[ready.places] |= ready.bars.reread if ready.bars.reread is not None else False

    def _covered(self, rows: IntArray, slots: IntArray) -> BoolArray:
        """Bars not older than what the answers about their pair reach back to."""
        covered: BoolArray = np.ones(len(rows), dtype=bool)
        for kind, sheet in self._sheets.items():
            if kind is not Kind.TOP_LS and kind not in self.streamed:
                covered &= (sheet.low[rows] == FAR) | (slots + sheet.offset >= sheet.low[rows])
        return covered

    def _complete(self, rows: IntArray, slots: IntArray, close: IntArray, live: BoolArray) -> BoolArray:
        complete: BoolArray = np.ones(len(rows), dtype=bool)
        for kind, sheet in self._sheets.items():
            if kind is Kind.CANDLES:
                continue
            at = np.minimum(slots + sheet.offset, self._slots - 1)
            there = sheet.have[rows, at]
            if kind is Kind.OI and sheet.assumed:
                there |= self._live_oi.known(rows, slots)
            hole = (at < sheet.high[rows]) & (at >= sheet.low[rows])
            if kind in self.streamed:
                hole = ~self._awaits(kind, rows, self._origin + slots * STEP_MS)
            if kind in self._spared:
                hole |= self._spared[kind][rows, slots]
            complete &= there | hole | ((kind is Kind.TOP_LS) & ~live)
        if Kind.FUNDING in self.kinds:
            rest = np.flatnonzero(complete)
            complete[rest] = self.settlements.covers(rows[rest], close[rest])
        return complete

    def _assemble(self, rows: IntArray, slots: IntArray, final: BoolArray) -> RawBars:
        """m bars; nothing stands in for what is still to come in one that is not `final`, or never comes."""
        columns = {name: np.full(len(rows), np.nan) for name in RAW_COLUMNS}
        marks = np.full(len(rows), BACKFILLED if self._healing else 0, dtype=np.int64)
        for name in ROW_COLUMNS[Kind.CANDLES]:
            columns[name] = self._sheets[Kind.CANDLES].columns[name][rows, slots]
        marks |= np.where(self._by_socket[rows, slots], BY_SOCKET, 0)
        borrow = final & ~self._ended[rows]
        if Kind.OI in self._sheets:
            standing = self._live_oi.standing(rows, slots, borrow)
            join_oi(self._sheets[Kind.OI], standing, rows, slots, columns, marks)
        for kind, name in ((Kind.GLOBAL_LS, "global_ls"), (Kind.TOP_LS, "top_ls")):
            if kind in self._sheets:
                columns[name] = join_ratio(self._sheets[kind], rows, slots, marks, borrow=borrow)
        guarded = self._guarded(rows, slots)
        if Kind.TAKER in self._sheets:
            tolerance = TRADES_TOLERANCE if Kind.TAKER in self.streamed else TAKER_TOLERANCE
            columns["taker_buy"], refused = join_taker(
                self._sheets[Kind.TAKER], rows, slots, columns["volume"], tolerance
            )
            for i, buy in refused.items():
                guarded.setdefault(i, {})["taker_buy"] = buy
            if Kind.TAKER in self.streamed:
                unheard = self.streamed[Kind.TAKER][rows] & np.isnan(columns["taker_buy"])
                marks |= np.where(unheard, UNHEARD, 0)
        close = self._origin + (slots + 1) * STEP_MS
        columns["funding"], columns["funding_interval_h"] = self.settlements.at(rows, close)
        # The rate before says nothing any more once the next one is due, whether or not that has come.
        settled = self.settlements.asked(rows) if self._healing else self.settlements.covers(rows, close)
        for name in ("funding", "funding_interval_h"):
            columns[name] = np.where(settled, columns[name], np.nan)
        ts = self._origin + slots * STEP_MS
        return RawBars(self.pair_ids[rows], ts, columns, marks, guarded)

    def _guarded(self, rows: IntArray, slots: IntArray) -> dict[int, dict[str, object]]:
        found: dict[int, dict[str, object]] = {}
        if not self._unfit:
            return found
        names = {"ratio": {Kind.GLOBAL_LS: "global_ls", Kind.TOP_LS: "top_ls"}}
        for kind, sheet in self._sheets.items():
            for i, (row, slot) in enumerate(zip(rows.tolist(), slots.tolist(), strict=True)):
                for column, value in self._unfit.get((kind, row, slot + sheet.offset), {}).items():
                    public = names.get(column, {}).get(kind) or _PUBLIC.get(column, column)
                    found.setdefault(i, {})[public] = value
        return found


_REFUSED_OF: Mapping[Kind, int] = {
    Kind.CANDLES: STALE | sum(GUARDED[name] for name in ROW_COLUMNS[Kind.CANDLES]),
    Kind.OI: GUARDED["oi_contracts"],
    Kind.GLOBAL_LS: GUARDED["global_ls"],
    Kind.TOP_LS: GUARDED["top_ls"],
    Kind.TAKER: GUARDED["taker_buy"],
}
"""Marks of bars whose row of a kind was refused."""
_PUBLIC = {"oi_usd": "oi_abs_usd", "buy": "taker_buy", "sell": "taker_buy", "rate": "funding"}


def _awaits_nothing(_kind: Kind, rows: IntArray, _ts: IntArray) -> BoolArray:
    return np.zeros(len(rows), dtype=bool)
