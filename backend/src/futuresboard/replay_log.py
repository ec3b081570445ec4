"""The order in which a recording's bars became known: its transactions, a stretch of bars at a time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, BoolArray, IntArray
from futuresboard.past import CURRENT, Keeper, Past, joined, nothing

_LEVELS = [RAW_COLUMNS.index(name) for name in ("oi_contracts", "oi_abs_usd", "global_ls", "top_ls")]

AHEAD_MS = MS_PER_HOUR
"""How far bars are read ahead of what is asked for, where that is far enough."""
SLACK_MS = MS_PER_HOUR // 2
"""How much later than another's an exchange's clock may be without a bar being overlooked."""


@dataclass(frozen=True)
class Transaction:
    """What one transaction of the recording did: base bars it stored (may be none), and for each whether
    its levels were read anew (m,)."""

    seq: int
    bars: Past
    reread: BoolArray


class Log:
    """Transactions in their order, as far as they concern bars that open in [begin, end].

    keeper: of the versions; base, longer: ids of series of the base timeframe and of the others; version:
    the recording's newest transaction that counts. Versions are read an hour of bars at a time, when a frame
    comes near.
    """

    def __init__(
        self,
        keeper: Keeper,
        base: Collection[int],
        longer: Collection[int],
        *,
        begin: int,
        end: int,
        version: int,
    ) -> None:
        self._keeper = keeper
        self._base, self._all = set(base), set(base) | set(longer)
        self._begin, self._end, self._version = begin, end, version
        self._read_until = begin
        self._pending = nothing()
        self._decided: dict[tuple[int, int], int] = {}
        self._decisions: list[int] = []
        self._levels: dict[tuple[int, int], BoolArray] = {}

    def decided_in(self, series: int, ts: int) -> int:
        """The transaction that decided a bar's alerts beside other series; beyond all where none did."""
        return self._decided.get((series, ts), CURRENT)

    def start(self, limit: int) -> int:
        """Begin after the last transaction that was over before exchange time `limit` (ms), and return it.

        To be called first. Of what stood then only that is read which is replaced or judged later.
        """
        seq = self._version
        found: tuple[int, int] | None = None
        first = self._begin
        for last in self._further(self._reach_of(limit)):
            one = self._keeper.earliest(self._base, first, last, limit, self._version)
            found = min((each for each in (found, one) if each is not None), default=None)
            if self._is_read(last, None if found is None else found[1]):
                break
            first = last + 1
        if found is not None:
            seq = found[0] - 1
        self._read_to(last, seq)
        stood = self._pending.as_of(seq)
        self._pending = self._pending.part(self._pending.seq > seq)
        self._decisions = [one for one in self._decisions if one > seq]
        known = np.isfinite(stood.values[:, _LEVELS])
        replaced = np.flatnonzero(stood.until != CURRENT).tolist()
        self._levels = {(int(stood.series[i]), int(stood.ts[i])): known[i] for i in replaced}
        return seq

    def before(self, limit: int, since: int) -> int:
        """The last transaction that was over before exchange time `limit` (ms), by bars from `since` on."""
        reach = self._reach_of(limit) if min(limit, self._end) >= self._read_until else self._read_until - 1
        for last in self._further(reach):
            self._read_to(last)
            later = (self._pending.seen >= limit) & (self._pending.ts >= since)
            first = int(np.argmin(np.where(later, self._pending.seq, CURRENT))) if later.any() else None
            if self._is_read(last, None if first is None else int(self._pending.seen[first])):
                break
        return self._version if first is None else int(self._pending.seq[first]) - 1

    def _further(self, last: int) -> Iterator[int]:
        """Up to which bar is read: `last`, and on while that does not do, in growing steps to the end."""
        # Of history that was fetched at once all is told together, weeks later by its bars' times.
        step = AHEAD_MS
        while last < self._end:
            yield last
            last, step = last + step, min(2 * step, MS_PER_DAY)
        yield self._end

    def _reach_of(self, limit: int) -> int:
        """Up to which bar is read for what was seen before `limit`, at least."""
        return min(self._end, max(self._begin, limit) + AHEAD_MS)

    def _is_read(self, last: int, seen: int | None) -> bool:
        """Whether, with all bars up to `last` read, none can have come before the first one found at a limit,
        which was seen at `seen` (None: none was found)."""
        # A bar that was seen before it was read here would have come sooner.
        return last >= self._end or (seen is not None and last >= seen + SLACK_MS)

    def take(self, until: int) -> list[Transaction]:
        """Transactions not taken yet, up to number `until`, in order."""
        due = self._pending.seq <= until
        bars = self._pending.part(due)
        self._pending = self._pending.part(~due)
        found = {seq: bars.part(at) for seq, at in _groups(bars.seq).items()}
        settled = [seq for seq in self._decisions if seq <= until]
        del self._decisions[: len(settled)]
        empty = nothing()
        return [self._transaction(seq, found.get(seq, empty)) for seq in sorted({*found, *settled})]

    def _transaction(self, seq: int, bars: Past) -> Transaction:
        reread = np.zeros(len(bars), dtype=bool)
        known = np.isfinite(bars.values[:, _LEVELS])
        for i, key in enumerate(zip(bars.series.tolist(), bars.ts.tolist(), strict=True)):
            before = self._levels.get(key)
            reread[i] = before is not None and bool((before & ~known[i]).any())
            # Only bars with several versions are asked for again.
            if bars.until[i] != CURRENT:
                self._levels[key] = known[i]
            else:
                self._levels.pop(key, None)
        return Transaction(seq, bars, reread)

    def _read_to(self, last: int, after: int = -1) -> None:
        """Read the versions of bars up to `last`; after: see `Keeper.versions`."""
        if last < self._read_until:
            return
        found = self._keeper.versions(self._all, self._read_until, last, after).known(self._version)
        self._read_until = last + 1
        for i in np.flatnonzero(found.judged > 0).tolist():
            self._decided[int(found.series[i]), int(found.ts[i])] = int(found.judged[i])
        for seq in set(found.judged[found.judged > 0].tolist()) - set(self._decisions):
            insort(self._decisions, seq)
        mine = np.isin(found.series, np.fromiter(self._base, dtype=np.int64))
        self._pending = joined([self._pending, found.part(mine)])


def _groups(numbers: IntArray) -> Mapping[int, IntArray]:
    """number -> where it stands, in order."""
    if not len(numbers):
        return {}
    order = np.argsort(numbers, kind="stable")
    unique, begins = np.unique(numbers[order], return_index=True)
    return dict(zip(unique.tolist(), np.split(order, begins[1:]), strict=True))
