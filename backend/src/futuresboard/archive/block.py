"""`Block`: versions of one series' bars as arrays, and how two of them become one. No disk."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from futuresboard.archive.layout import ARROW_SCHEMA
from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.quality import HISTORIC

NONE = -1
"""Stands for null in the integer columns."""
_NULLABLE = ("seen_ts", "judged_seq", "until_seq")

type TextArray = NDArray[np.object_]


@dataclass(frozen=True)
class Block:
    """m versions of one series' bars.

    ts, marks, raw_seq, seen_ts, judged_seq, until_seq: (m,) integers, `NONE` = null; raw: (13, m) in the
    order of `RAW_COLUMNS`, NaN = unknown; guarded: (m,) text or None.
    """

    ts: IntArray
    raw: FloatArray
    marks: IntArray
    guarded: TextArray
    raw_seq: IntArray
    seen_ts: IntArray
    judged_seq: IntArray
    until_seq: IntArray

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, at: IntArray | BoolArray) -> Block:
        """Some of the versions, in the order of `at`."""
        return Block(
            self.ts[at],
            self.raw[:, at],
            self.marks[at],
            self.guarded[at],
            self.raw_seq[at],
            self.seen_ts[at],
            self.judged_seq[at],
            self.until_seq[at],
        )

    def current(self) -> Block:
        """The current version of each bar."""
        return self.take(self.until_seq == NONE)

    def table(self, symbol: str) -> pa.Table:
        """As a table of the archive's schema."""
        columns: list[pa.Array] = []
        for name in ARROW_SCHEMA.names:
            if name == "symbol":
                columns.append(pa.array([symbol] * len(self), pa.string()))
            elif name in RAW_COLUMNS:
                columns.append(pa.array(self.raw[RAW_COLUMNS.index(name)], pa.float64(), from_pandas=True))
            elif name == "guarded":
                columns.append(pa.array(self.guarded.tolist(), pa.string()))
            else:
                values = getattr(self, name)
                columns.append(
                    pa.array(values, pa.int64(), mask=values == NONE if name in _NULLABLE else None)
                )
        return pa.table(columns, schema=ARROW_SCHEMA)


def block_of(table: pa.Table) -> Block:
    """The block a table of the archive's schema holds (of one symbol)."""

    def integers(name: str) -> IntArray:
        filled: IntArray = table[name].fill_null(NONE).to_numpy().astype(np.int64)
        return filled

    raw = [np.array(table[name].to_numpy(), dtype=np.float64) for name in RAW_COLUMNS]
    return Block(
        integers("ts"),
        np.array(raw, dtype=np.float64).reshape(len(RAW_COLUMNS), table.num_rows),
        integers("marks"),
        texts(table["guarded"].to_pylist()),
        *(integers(name) for name in ("raw_seq", "seen_ts", "judged_seq", "until_seq")),
    )


def texts(values: list[str | None]) -> TextArray:
    """(m,) texts or None as an array."""
    array: TextArray = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def join(*blocks: Block) -> Block:
    """Versions one after the other."""
    return Block(
        np.concatenate([b.ts for b in blocks]),
        np.concatenate([b.raw for b in blocks], axis=1),
        *(
            np.concatenate([getattr(b, name) for b in blocks])
            for name in ("marks", "guarded", "raw_seq", "seen_ts", "judged_seq", "until_seq")
        ),
    )


def merge(old: Block, new: Block) -> Block:
    """All versions of both, sorted by (ts, raw_seq).

    Of one version that both hold, the new one's is right. A bar that is current in both keeps the one
    with the later transaction as current and the other one as replaced by it. History that was
    fetched again does not replace known by unknown, and where it says nothing new it changes nothing.
    """
    both = join(old, new)
    fresh = np.concatenate([np.zeros(len(old), dtype=bool), np.ones(len(new), dtype=bool)])
    order = np.lexsort((fresh, both.raw_seq, both.ts))
    both, fresh = both.take(order), fresh[order]
    same = (both.ts[1:] == both.ts[:-1]) & (both.raw_seq[1:] == both.raw_seq[:-1])
    again = np.flatnonzero(same & (both.marks[1:] & HISTORIC != 0)) + 1
    both.raw[:, again] = _completed(both.raw[:, again], both.raw[:, again - 1])
    kept = np.append(~same, np.ones(min(1, len(both)), dtype=bool))
    return _succeed(both.take(kept), fresh[kept])


def _succeed(both: Block, fresh: BoolArray) -> Block:
    """Make one version of each bar the current one; versions are sorted."""
    until = both.until_seq.copy()
    follows = np.flatnonzero((both.ts[1:] == both.ts[:-1]) & (until[:-1] == NONE) & (until[1:] == NONE)) + 1
    if not len(follows):
        return both
    raw, keep = both.raw.copy(), np.ones(len(both), dtype=bool)
    # In order, so that of three current versions each gives way to the next.
    for at in follows.tolist():
        before = at - 1
        while not keep[before]:
            before -= 1
        if fresh[at] and both.marks[at] & HISTORIC:
            raw[:, at] = _completed(raw[:, at], raw[:, before])
            if np.array_equal(raw[:, at], raw[:, before], equal_nan=True):
                keep[at] = False
                continue
        until[before] = both.raw_seq[at]
    merged = Block(both.ts, raw, both.marks, both.guarded, both.raw_seq, both.seen_ts, both.judged_seq, until)
    return merged.take(keep)


def _completed(raw: FloatArray, before: FloatArray) -> FloatArray:
    """Numbers, and where they are unknown those known before."""
    return np.where(np.isnan(raw), before, raw)


_MIX = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLY = np.uint64(0xBF58476D1CE4E5B9)


def digest(block: Block, label: int = 0) -> int:
    """A 64-bit sum over the versions that no order of them changes; label: tells series apart."""
    return int(row_digests(block, np.full(len(block), label, dtype=np.int64)).sum(dtype=np.uint64))


def row_digests(block: Block, labels: IntArray) -> NDArray[np.uint64]:
    """(m,) a 64-bit digest of each version with its label (m,)."""
    words = [block.ts, *block.raw, block.marks, block.raw_seq, block.seen_ts, block.judged_seq]
    words += [block.until_seq, _text_words(block.guarded)]
    mixed = labels.astype(np.uint64)
    with np.errstate(over="ignore"):
        for word in words:
            # Every NaN is the same unknown, and -0.0 equals 0.0.
            clean = np.where(np.isnan(word), np.nan, word + 0.0) if word.dtype == np.float64 else word
            mixed = (mixed ^ clean.view(np.uint64)) * _MULTIPLY + _MIX
            mixed ^= mixed >> np.uint64(29)
    return mixed


def _text_words(values: TextArray) -> IntArray:
    words: IntArray = np.zeros(len(values), dtype=np.int64)
    for at in np.flatnonzero(values != None).tolist():  # noqa: E711 - elementwise
        words[at] = int.from_bytes(
            blake2b(str(values[at]).encode(), digest_size=8).digest(), "big", signed=True
        )
    return words
