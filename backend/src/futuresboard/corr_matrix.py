"""Which coins move together: rolling correlation pair by pair, and an order that shows it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, cast

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from futuresboard.model import FloatArray
from futuresboard.windows import correlation, log_changes

FLAG_ABOVE = 0.6

type On = Literal["changes", "levels"]
type Row = Mapping[str, object]


def most_traded(rows: Iterable[Row], top: int) -> list[Row]:
    """Of newest rows the most liquid listing of each coin, the `top` most liquid of them.

    By 24 h volume in USD; a row without one is left out.
    """
    known = [row for row in rows if row["volume_24h_usd"] is not None]
    known.sort(key=lambda row: cast("float", row["volume_24h_usd"]), reverse=True)
    chosen: list[Row] = []
    for row in known:
        if not any(row["base"] == other["base"] or row["symbol"] == other["symbol"] for other in chosen):
            chosen.append(row)
        if len(chosen) == top:
            break
    return chosen


def prepared(levels: FloatArray, on: On) -> FloatArray:
    """(n, T − 1) what is correlated of (n, T) levels: their log changes, or the levels themselves."""
    if on == "levels":
        return levels[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        return log_changes(levels)


def matrix(values: FloatArray) -> FloatArray:
    """(n, n) Pearson's r over all slots of (n, slots) values, pairwise; NaN where it is unknown.

    Symmetric, 1 on the diagonal; see `metrics.correlation` for what makes it unknown.
    """
    size, slots = values.shape
    r = rolling(values, slots)[:, :, 0]
    diagonal = np.arange(size)
    r[diagonal, diagonal] = np.where(np.isfinite(r[diagonal, diagonal]), 1.0, np.nan)
    return r


def side_by_side(x: FloatArray, y: FloatArray) -> FloatArray:
    """(n,) Pearson's r over all slots of x against y, both (n, slots)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        r: FloatArray = correlation(x, y, x.shape[1])[:, 0]
    return r


def rolling(values: FloatArray, slots: int) -> FloatArray:
    """(n, n, T − slots + 1) `matrix` of the `slots` values up to each slot of (n, T); causal."""
    size, times = values.shape
    r = np.full((size, size, times - slots + 1), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        for i in range(size):
            beside = np.broadcast_to(values[i], (size - i, times))
            r[i, i:] = r[i:, i] = correlation(beside, values[i:], slots)
    return r


def rolling_side_by_side(x: FloatArray, y: FloatArray, slots: int) -> FloatArray:
    """(n, T − slots + 1) `side_by_side` of the `slots` values up to each slot of x and y, both (n, T)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return correlation(x, y, slots)


def together(r: FloatArray) -> FloatArray:
    """(…,) mean r over all pairs of (n, n, …): how much the market moves as one; NaN with no known pair."""
    above = r[np.triu_indices(len(r), k=1)]
    known = np.isfinite(above)
    count = known.sum(axis=0)
    mean: FloatArray = np.where(known, above, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan)
    return mean


def flagged(r: FloatArray) -> list[list[int]]:
    """Pairs [i, j], i < j, with |r| > 0.6."""
    with np.errstate(invalid="ignore"):
        found: list[list[int]] = np.argwhere(np.triu(np.abs(r) > FLAG_ABOVE, k=1)).tolist()
    return found


def clustered(r: FloatArray) -> list[int]:
    """An order of the n in which those that move together stand together (average linkage of 1 − r)."""
    if len(r) < 2:
        return list(range(len(r)))
    # What is unknown is as far as what has nothing in common.
    apart = 1.0 - np.where(np.isfinite(r), r, 0.0)
    np.fill_diagonal(apart, 0.0)
    tree = hierarchy.linkage(squareform(apart), method="average", optimal_ordering=True)
    return [int(leaf) for leaf in hierarchy.leaves_list(tree)]
