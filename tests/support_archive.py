"""Blocks of bars for tests of the archive, and an archive as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from futuresboard.archive import NONE, Block, texts
from futuresboard.bars import RAW_COLUMNS

JANUARY = 1_767_225_600_000
"""2026-01-01T00:00 UTC."""
STEP = 300_000


def make_block(
    slots: Sequence[int],
    *,
    seqs: Sequence[int] | int = 1,
    until: Sequence[int] | int = NONE,
    marks: int = 0,
    value: float = 100.0,
    unknown: Sequence[str] = (),
    start: int = JANUARY,
) -> Block:
    """Bars at 5m slots from `start` on, each number made of its slot, column and `value`."""
    size = len(slots)
    at = np.array(slots, dtype=np.int64)
    raw = value + np.arange(len(RAW_COLUMNS))[:, None] + at[None, :] * 0.5
    for name in unknown:
        raw[RAW_COLUMNS.index(name)] = np.nan

    def integers(values: Sequence[int] | int) -> np.ndarray:
        return np.broadcast_to(np.array(values, dtype=np.int64), (size,)).copy()

    return Block(
        start + at * STEP,
        raw,
        integers(marks),
        texts([None] * size),
        integers(seqs),
        start + at * STEP + STEP,
        integers(NONE),
        integers(until),
    )


def fingerprint(folder: Path) -> dict[str, str]:
    """Path -> hash of every file of a folder but those that are locks."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".writer")
    }
