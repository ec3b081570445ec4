"""What a series lacks though its exchange may have it, and what was looked for in vain. Pure state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from futuresboard import quality
from futuresboard.model import BoolArray, FloatArray, IntArray, Kind

MOST_LOOKS = 2
"""So often a bar's row of a kind is looked for; what an exchange has not shown then it does not have."""
# A value of a kind is missing while its column is unknown, while something stands in for it, and
# while nobody knew what its stamp meant.
_COLUMN: Mapping[Kind, tuple[str, int]] = {
    Kind.CANDLES: ("close", 0),
    Kind.OI: ("oi_contracts", quality.OI_LIVE | quality.STAMP_ASSUMED),
    Kind.GLOBAL_LS: ("global_ls", quality.LS_LATE | quality.STAMP_ASSUMED),
    Kind.TOP_LS: ("top_ls", quality.LS_LATE | quality.STAMP_ASSUMED),
    Kind.TAKER: ("taker_buy", 0),
    Kind.FUNDING: ("funding", 0),
}


@dataclass(frozen=True)
class Stored:
    """What the database holds of n pairs at T consecutive base bars.

    ts: (T,); columns: raw column -> (n, T), NaN = unknown; marks: own marks (n, T); present: (n, T).
    """

    ts: IntArray
    columns: Mapping[str, FloatArray]
    marks: IntArray
    present: BoolArray

    def lacks(self, kind: Kind, *, content: int = 0) -> BoolArray:
        """(n, T) where the value of a kind is unknown or marked as less than what may be had.

        content: marks (quality bits) that are put up with.
        """
        column, marked = _COLUMN[kind]
        lacking: BoolArray = ~self.present | np.isnan(self.columns[column])
        lacking |= self.marks & (marked | quality.PROVISIONAL) & ~content != 0
        return lacking


@dataclass(frozen=True, slots=True)
class GapReport:
    """How an exchange's gaps stand, for an operator.

    missing: closed bars that were not there at the end of the last look and that the exchange may have;
    open: those and the ones of which a value is unknown or stood in for, of `pairs` pairs (all None
    before the first look's end, at `looked_ts`, exchange time); healing: a look is under way;
    healed: bars stored by looks since start that were not there; given_up: rows an exchange turned out
    not to have since start.
    """

    missing: int | None = None
    open: int | None = None
    pairs: int | None = None
    healing: bool = False
    healed: int = 0
    given_up: int = 0
    looked_ts: int | None = None


@dataclass
class Record:
    """One pair: every bar up to `settled` is there or was looked for in vain; `looks`: bar -> how often."""

    settled: int | None = None
    looks: dict[Kind, dict[int, int]] = field(default_factory=dict)

    def open(self, kind: Kind, ts: IntArray) -> BoolArray:
        """(T,) which bars are still worth a look."""
        known = self.looks.get(kind)
        if not known:
            return np.ones(len(ts), dtype=bool)
        return np.array([known.get(bar, 0) < MOST_LOOKS for bar in ts.tolist()], dtype=bool)

    def note(self, kind: Kind, bars: Iterable[int]) -> int:
        """The exchange was asked for these bars' rows and did not have them.

        Returns how many of them are given up with this look.
        """
        known = self.looks.setdefault(kind, {})
        given_up = 0
        for bar in bars:
            known[bar] = known.get(bar, 0) + 1
            given_up += known[bar] == MOST_LOOKS
        return given_up

    def settle(self, until: int) -> None:
        """Nothing up to `until` is asked for again."""
        self.settled = until
        self.looks = {
            kind: left
            for kind, known in self.looks.items()
            if (left := {bar: looks for bar, looks in known.items() if bar > until})
        }


class Records:
    """What healing knows of one exchange's pairs, by symbol."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}

    def of(self, symbol: str) -> Record:
        """The record of a pair; an empty one at first."""
        return self._records.setdefault(symbol, Record())

    def export(self, step: int) -> dict[str, object]:
        """As JSON can keep it; `restore` reads it. `step`: milliseconds from bar to bar."""
        return {
            symbol: {
                "settled": record.settled,
                "looks": {
                    kind.value: list(_runs(known, step)) for kind, known in record.looks.items() if known
                },
            }
            for symbol, record in self._records.items()
        }

    def restore(self, kept: Mapping[str, Mapping[str, object]], step: int) -> None:
        """Know again what was exported with the same `step`."""
        for symbol, entry in kept.items():
            settled, looks = entry.get("settled"), entry.get("looks")
            record = Record(settled if isinstance(settled, int) else None)
            for kind, runs in looks.items() if isinstance(looks, dict) else ():
                known = record.looks.setdefault(Kind(kind), {})
                for first, last, times in runs:
                    known.update(dict.fromkeys(range(first, last + step, step), times))
            self._records[symbol] = record


def _runs(known: Mapping[int, int], step: int) -> Iterator[tuple[int, int, int]]:
    """(first, last, looks) of neighbouring bars looked for equally often."""
    bars = sorted(known)
    begin = 0
    for i in range(1, len(bars) + 1):
        if i == len(bars) or bars[i] - bars[i - 1] != step or known[bars[i]] != known[bars[begin]]:
            yield bars[begin], bars[i - 1], known[bars[begin]]
            begin = i
