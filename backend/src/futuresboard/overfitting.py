"""Probability of backtest overfitting of a sweep, by combinatorially symmetric cross-validation. Pure.

Source: Bailey, Borwein, López de Prado and Zhu, "The probability of backtest overfitting", Journal of
Computational Finance 20(4), 2016 (first circulated 2013, revised 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from futuresboard.errors import QueryError
from futuresboard.model import FloatArray

BLOCKS = 16
_MOST_BLOCKS = 20
_CELLS = 2_000_000
_STILL = 1e-12


@dataclass(frozen=True)
class Overfitting:
    """Of N configurations over T times, cut into S blocks; one split for each half of the blocks.

    pbo: share of splits in which the best configuration of one half ranks at or below the median in the
    other. slope, intercept: least squares of its Sharpe ratio out of sample on that in sample; a slope
    below 0 says that the better it looked, the worse it did (None when the latter does not move).
    loss: share of splits with a Sharpe ratio below 0 out of sample. in_sample, out_of_sample: means of
    the chosen one's Sharpe ratio, per observation. logits: (splits,) ln(ω / (1 − ω)) of the relative
    rank ω.
    """

    configurations: int
    observations: int
    blocks: int
    pbo: float
    slope: float | None
    intercept: float | None
    loss: float
    in_sample: float
    out_of_sample: float
    logits: FloatArray


def cross_validated(performance: FloatArray, blocks: int = BLOCKS) -> Overfitting:
    """PBO of (T, N) returns: rows are times (days, in order), columns configurations, all known.

    The blocks are as equal as T allows. The measure is the Sharpe ratio; one that does not move in a
    half has earned nothing for its risk there: 0. Raises QueryError for what cannot be cut or ranked.
    """
    _check(performance, blocks)
    times, size = performance.shape
    edges = np.linspace(0, times, blocks + 1).round().astype(np.int64)
    counts = np.diff(edges).astype(np.float64)
    sums = np.add.reduceat(performance, edges[:-1], axis=0)
    squares = np.add.reduceat(performance**2, edges[:-1], axis=0)
    halves = np.array(
        [np.isin(np.arange(blocks), half) for half in combinations(range(blocks), blocks // 2)],
        dtype=np.float64,
    )
    ranks, inside, outside = [], [], []
    at_once = max(1, _CELLS // size)
    for begin in range(0, len(halves), at_once):
        half = halves[begin : begin + at_once]
        seen, unseen = (_sharpe(part @ counts, part @ sums, part @ squares) for part in (half, 1.0 - half))
        rows, best = np.arange(len(half)), seen.argmax(axis=1)
        chosen = unseen[rows, best]
        below = (unseen < chosen[:, None]).sum(axis=1)
        ranks.append(below + ((unseen == chosen[:, None]).sum(axis=1) + 1) / 2.0)
        inside.append(seen[rows, best])
        outside.append(chosen)
    return _summed(performance.shape, blocks, *(np.concatenate(part) for part in (ranks, inside, outside)))


def swept(daily: FloatArray) -> Overfitting | None:
    """PBO of a sweep's (days, N) returns in as many blocks as there are days for, 16 at most; at least 4.

    None with fewer than 8 days or 2 configurations, of which there is nothing to say.
    """
    blocks = min(BLOCKS, len(daily) // 4 * 2)
    return cross_validated(daily, blocks) if blocks >= 4 and daily.shape[1] >= 2 else None


def _check(performance: FloatArray, blocks: int) -> None:
    if blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise QueryError("blocks", blocks, f"an even number from 2 to {_MOST_BLOCKS}")
    if performance.ndim != 2 or performance.shape[1] < 2:
        raise QueryError("configurations", performance.shape, "times × at least 2 configurations")
    if len(performance) < 2 * blocks:
        raise QueryError("observations", len(performance), f"at least 2 a block, {2 * blocks}")
    if not np.isfinite(performance).all():
        raise QueryError("returns", "unknown values", "a return of every configuration at every time")


def _sharpe(count: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """(splits, N) mean over standard deviation (ddof 1) of sums over halves; 0 where it stands still."""
    count = count[:, None]
    spread = squares - total**2 / count
    moves = spread > _STILL * squares
    deviation = np.sqrt(np.where(moves, spread, 1.0) / (count - 1.0))
    return np.where(moves, total / count / deviation, 0.0)


def _summed(
    shape: tuple[int, ...], blocks: int, ranks: FloatArray, inside: FloatArray, outside: FloatArray
) -> Overfitting:
    relative = ranks / (shape[1] + 1.0)
    logits = np.log(relative / (1.0 - relative))
    apart = inside - inside.mean()
    spread = float(apart @ apart)
    slope = float(apart @ outside) / spread if spread > _STILL else None
    return Overfitting(
        configurations=shape[1],
        observations=shape[0],
        blocks=blocks,
        pbo=float((logits <= 0.0).mean()),
        slope=slope,
        intercept=None if slope is None else float(outside.mean() - slope * inside.mean()),
        loss=float((outside < 0.0).mean()),
        in_sample=float(inside.mean()),
        out_of_sample=float(outside.mean()),
        logits=logits,
    )
