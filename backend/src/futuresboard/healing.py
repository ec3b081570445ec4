"""Gaps: what the database lacks is looked for, fetched and stored as if it had never been missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from futuresboard.book import STEP_MS, Book
from futuresboard.closing import ROUND_KINDS
from futuresboard.collector import Collector
from futuresboard.gaps import GapReport, Records, Stored
from futuresboard.history import SPARE_BARS, History, Range, newest_of_all
from futuresboard.model import LATE_BARS, MS_PER_HOUR, BoolArray, Kind
from futuresboard.quality import STAMP_ASSUMED
from futuresboard.sheets import LS_LATE_BARS

log = logging.getLogger(__name__)

CHUNK_BARS = 256
LIVE_BARS = LATE_BARS + 2
"""So many of the newest bars are left to the cycles, which may still complete them."""
DEPTH_SPARE_BARS = 2
LOOK_AT_MS = 150_000
"""When in the hour: far from any bar's close."""
_MARGIN = LS_LATE_BARS + 2


class Mender:
    """Looks for what is missing of an exchange's pairs in a stretch of time, and fetches that.

    records: what was looked for in vain before, and is after; assume: also levels whose stamps
    nobody has decided yet (marked so). added: bars stored that were not there; given_up: rows that
    will not be looked for again; open_bars: bars that were still to be looked for after the last `mend`,
    missing_bars: those of them that were not there at all.
    """

    def __init__(self, collector: Collector, records: Records, *, assume: bool = False) -> None:
        self.added = self.given_up = self.open_bars = self.missing_bars = 0
        self._collector = collector
        self._records = records
        self._assume = assume

    async def mend(
        self,
        since: Mapping[int, int],
        last: int,
        *,
        told: Callable[[int], None] = lambda bars: None,
    ) -> dict[int, int]:
        """Heal each pair row of `since` from that bar time up to the bar at `last`, newest first.

        told: called with the number of bars of all pairs worked off. Returns, by row, the oldest
        bar that is still to be looked for (a failed page, or a first look in vain).
        """
        left: dict[int, int] = {}
        self.open_bars = self.missing_bars = 0
        end = last
        oldest = min(since.values(), default=last + STEP_MS)
        while end >= oldest:
            first = max(oldest, end - (CHUNK_BARS - 1) * STEP_MS)
            rows = [row for row, begin in since.items() if begin <= end and not self._collector.is_gone(row)]
            left |= await self._mend_chunk(rows, [since[row] for row in rows], first, end)
            told(
                sum(
                    max(0, end - max(first, begin)) // STEP_MS + 1 for begin in since.values() if begin <= end
                )
            )
            end = first - STEP_MS
        return left

    async def _mend_chunk(self, rows: list[int], begin: list[int], first: int, last: int) -> dict[int, int]:
        if not rows:
            return {}
        before = await self._holdings(rows, first, last)
        lacking = {kind: self._open(kind, before, rows, begin) for kind in self._kinds()}
        if not any(mask.any() for mask in lacking.values()):
            return {}
        # What stamps mean must be known first; until then the bars stay to be looked for.
        asked = [kind for kind in lacking if self._assume or not self._collector.book.undecided(kind)]
        anything = np.any(list(lacking.values()), axis=0)
        reach = dict(lacking)
        if Kind.FUNDING in reach:
            # A settlement asked for is judged by at every bar put together anew: all of them are covered.
            reach[Kind.FUNDING] = anything & lacking[Kind.FUNDING].any(axis=1, keepdims=True)
        ranges = [wanted for kind in asked for wanted in _ranges(kind, rows, before, reach[kind])]
        book = self._book_of(first)
        at, slot = np.nonzero(anything & before.present)
        candles = {name: column[at, slot] for name, column in before.columns.items()}
        book.recall(np.array(rows)[at], before.ts[slot], candles)
        history = History(self._collector, ranges, book)
        await history.run()
        stored = await self._collector.storing.store_all(book)
        after = await self._holdings(rows, first, last)
        self.added += int((after.present & ~before.present).sum())
        if stored:
            self._note(rows, lacking, after, {(r.kind, r.row) for r in ranges}, history.failed)
        return self._still_open(rows, begin, after)

    async def _holdings(self, rows: Sequence[int], first: int, last: int) -> Stored:
        ids = self._collector.book.pair_ids[list(rows)].tolist()
        return await self._collector.run(lambda: self._collector.pipeline.memory.stored(ids, first, last))

    def _book_of(self, first: int) -> Book:
        """An empty book of the same pairs and the same reading of stamps, from `first` on."""
        live = self._collector.book
        book = Book(
            live.kinds,
            live.pair_ids.tolist(),
            oldest=first - _MARGIN * STEP_MS,
            slots=CHUNK_BARS + 2 * _MARGIN,
            begin=0,
            confirmed=self._collector.exchange.confirms_candles,
            healing=True,
            streamed=live.streamed,
        )
        book.read_stamps_as(live)
        for row, market in enumerate(self._collector.markets):
            book.settlements.state(row, market.funding_interval_h)
        return book

    def _kinds(self) -> list[Kind]:
        return [kind for kind in ROUND_KINDS if kind in self._collector.book.kinds]

    def _lacks(self, kind: Kind, held: Stored) -> BoolArray:
        content = STAMP_ASSUMED if self._assume and self._collector.book.undecided(kind) else 0
        return held.lacks(kind, content=content)

    def _open(self, kind: Kind, held: Stored, rows: Sequence[int], begin: Sequence[int]) -> BoolArray:
        """(n, T) bars that lack a kind's row which the exchange may have."""
        collector = self._collector
        mask = self._lacks(kind, held) & (held.ts[None, :] >= np.array(begin)[:, None])
        depth = collector.exchange.depth_rows[kind]
        if depth is not None:
            newest = collector.now_ms() // STEP_MS * STEP_MS
            mask &= held.ts >= newest - (depth - DEPTH_SPARE_BARS) * STEP_MS
        for i, row in enumerate(rows):
            market = collector.markets[row]
            if market.listed_ts is not None:
                mask[i] &= held.ts >= market.listed_ts // STEP_MS * STEP_MS
            if mask[i].any():
                mask[i] &= self._records.of(market.symbol).open(kind, held.ts)
        return mask

    def _note(
        self,
        rows: Sequence[int],
        lacking: Mapping[Kind, BoolArray],
        after: Stored,
        asked: set[tuple[Kind, int]],
        failed: set[Range],
    ) -> None:
        """Remember which bars an exchange that answered does not have."""
        gave_up = {(wanted.kind, wanted.row) for wanted in failed}
        for kind, mask in lacking.items():
            vain = mask & self._lacks(kind, after)
            for i, row in enumerate(rows):
                if (kind, row) not in asked or (kind, row) in gave_up:
                    continue
                # Without its candle a bar is not stored, whatever else has come.
                here = after.present[i] if (Kind.CANDLES, row) in gave_up else True
                bars = after.ts[vain[i] & here].tolist()
                if bars:
                    record = self._records.of(self._collector.markets[row].symbol)
                    self.given_up += record.note(kind, bars)

    def _still_open(self, rows: Sequence[int], begin: Sequence[int], after: Stored) -> dict[int, int]:
        masks = [self._open(kind, after, rows, begin) for kind in self._kinds()]
        still = np.any(masks, axis=0) if masks else np.zeros(after.present.shape, dtype=bool)
        self.open_bars += int(still.sum())
        self.missing_bars += int((still & ~after.present).sum())
        return {row: int(after.ts[np.argmax(still[i])]) for i, row in enumerate(rows) if still[i].any()}


def _ranges(kind: Kind, rows: Sequence[int], held: Stored, lacking: BoolArray) -> list[Range]:
    """For each row one range around everything it lacks of a kind."""
    # A ratio that was never published is the one of up to two bars before, as at the close itself.
    older = LS_LATE_BARS * STEP_MS if kind in (Kind.GLOBAL_LS, Kind.TOP_LS) else 0
    found = []
    for i, row in enumerate(rows):
        slots = np.flatnonzero(lacking[i])
        if len(slots):
            found.append(Range(kind, row, int(held.ts[slots[0]]) - older, int(held.ts[slots[-1]])))
    return found


class Healer:
    """One exchange's history for as long as it is recorded: warm start, then a look for gaps every hour.

    history_bars: how far back the start reaches; records: what earlier looks (of earlier processes
    too) know.
    """

    def __init__(self, collector: Collector, history_bars: int, records: Records | None = None) -> None:
        self.records = Records() if records is None else records
        self._collector = collector
        self._history_bars = history_bars
        self._mender = Mender(collector, self.records)
        self._warm: History | None = None
        self._warmed = False
        self._report = GapReport()

    @property
    def progress(self) -> float:
        """Share of the start's history requests done, 0–1."""
        return 1.0 if self._warmed else 0.0 if self._warm is None else self._warm.progress

    def report(self) -> GapReport:
        """How the exchange's gaps stand."""
        return replace(self._report, healed=self._mender.added, given_up=self._mender.given_up)

    async def run(self) -> None:
        """Fetch the history, then heal what is missing now and every hour, for ever."""
        await self.warm_up()
        while True:
            self._collector.heal_soon.clear()
            await self.look()
            await self._wait()

    async def warm_up(self) -> None:
        """The last `history_bars` bars of every series."""
        collector = self._collector
        await collector.watch.probe()
        target = self._target()
        since = {row: self._fetch_from(row, target) for row in collector.active}
        joined = [row for row, ts in since.items() if ts > target]
        self._warm = History(collector, newest_of_all(collector, since, joined))
        await self._warm.run()
        await collector.storing.flush()
        self._warmed = True
        log.info("%s: history of %d pairs is here", collector.id, len(since))

    def _target(self) -> int:
        return self._collector.begin_ms // STEP_MS * STEP_MS - self._history_bars * STEP_MS

    def _fetch_from(self, row: int, target: int) -> int:
        """What is stored without a hole from `target` on need not be fetched again."""
        memory, pair = self._collector.pipeline.memory, int(self._collector.book.pair_ids[row])
        oldest, newest = memory.oldest_ts(pair), memory.newest_ts(pair)
        if oldest is None or newest is None or oldest > target or newest < target:
            return target
        return max(target, memory.unbroken_until(pair, target))

    async def look(self) -> None:
        """Heal every pair from where it was last known to be whole."""
        collector = self._collector
        last = collector.now_ms() // STEP_MS * STEP_MS - LIVE_BARS * STEP_MS
        since = {row: self._since(row) for row in collector.active}
        since = {row: ts for row, ts in since.items() if ts <= last}
        self._report = replace(self._report, healing=True)
        left = await self._mender.mend(since, last)
        self._report = GapReport(
            self._mender.missing_bars, self._mender.open_bars, len(left), looked_ts=collector.now_ms()
        )
        for row in since:
            if not collector.is_gone(row):
                self.records.of(collector.markets[row].symbol).settle(left.get(row, last + STEP_MS) - STEP_MS)
        if left:
            log.info("%s: %d pairs still lack bars; asked for again within the hour", collector.id, len(left))

    def _since(self, row: int) -> int:
        settled = self.records.of(self._collector.markets[row].symbol).settled
        if settled is not None:
            return settled + STEP_MS
        wanted = self._target() + SPARE_BARS * STEP_MS
        oldest = self._collector.pipeline.memory.oldest_ts(int(self._collector.book.pair_ids[row]))
        return wanted if oldest is None else min(oldest, wanted)

    async def join(self, rows: Sequence[int]) -> None:
        """The history of pairs that are recorded from now on."""
        collector = self._collector
        target = collector.now_ms() // STEP_MS * STEP_MS - self._history_bars * STEP_MS
        since = {row: self._fetch_from(row, target) for row in rows}
        joined = [row for row, ts in since.items() if ts > target]
        await History(collector, newest_of_all(collector, since, joined)).run()
        await collector.storing.flush()
        collector.heal_soon.set()

    async def _wait(self) -> None:
        """Until the next hour's look, or until someone knows of a gap."""
        due = next_hour(self._collector.now_ms(), LOOK_AT_MS)
        await self._collector.until(due, self._collector.heal_soon)


def next_hour(now_ms: int, at_ms: int) -> int:
    """The next time that is `at_ms` past a full hour."""
    return (now_ms - at_ms) // MS_PER_HOUR * MS_PER_HOUR + MS_PER_HOUR + at_ms
