"""Choosing on the past and judging on what came after, without a leak between the two. Pure.

A trade knows what happened from its entry to its exit. One chosen from must share no bar with those it is
judged by: such trades are purged. After a stretch judged, an embargo keeps out trades whose signals
still look back into it (López de Prado, "Advances in financial machine learning", 2018, chapter 7).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard.errors import QueryError
from futuresboard.model import BoolArray, FloatArray, IntArray

MIN_TRADES = 30


@dataclass(frozen=True)
class Window:
    """Slots begin … stop − 1 whose entries are judged; `reach`: the last slot any of those trades holds."""

    begin: int
    stop: int
    reach: int


@dataclass(frozen=True)
class Split:
    """m trades parted by one window; each trade is in exactly one part, all (m,).

    train: chosen from; test: entered in the window; purged: hold a slot that the window or its trades
    hold; embargoed: entered too soon after it; apart: outside of what this split looks at (later ones in
    a walk forward, earlier ones than a rolling stretch).
    """

    window: Window
    train: BoolArray
    test: BoolArray
    purged: BoolArray
    embargoed: BoolArray
    apart: BoolArray


def windows(first: int, stop: int, folds: int) -> list[tuple[int, int]]:
    """Slots first … stop − 1 cut into `folds` stretches as equal as can be; QueryError when it cannot."""
    if not 1 <= folds <= stop - first:
        raise QueryError("folds", folds, f"a whole number from 1 to the slots there are, {stop - first}")
    edges = [first + (stop - first) * i // folds for i in range(folds + 1)]
    return list(itertools.pairwise(edges))


def split(entry: IntArray, exit: IntArray, begin: int, stop: int, embargo: int = 0) -> Split:
    """Trades [entry, exit] (slots, both held) parted by the window begin … stop − 1, both sides trained on.

    embargo: slots after the last one the window's trades hold in which no trade to learn from may enter.
    """
    if embargo < 0:
        raise QueryError("embargo", embargo, "a number of bars, 0 or more")
    test = (entry >= begin) & (entry < stop)
    reach = max(stop - 1, int(exit[test].max(initial=stop - 1)))
    purged = ~test & (entry <= reach) & (exit >= begin)
    embargoed = ~test & ~purged & (entry > reach) & (entry <= reach + embargo)
    nothing = np.zeros(len(entry), dtype=bool)
    return Split(Window(begin, stop, reach), ~(test | purged | embargoed), test, purged, embargoed, nothing)


def k_fold(
    entry: IntArray, exit: IntArray, first: int, stop: int, folds: int, embargo: int = 0
) -> list[Split]:
    """Every stretch judged once by what all the others say, purged and embargoed."""
    return [split(entry, exit, *window, embargo) for window in windows(first, stop, folds)]


def forward(
    entry: IntArray, exit: IntArray, first: int, stop: int, folds: int, *, train: int | None = None
) -> list[Split]:
    """Every stretch but the first judged by what came before it.

    The slots are cut into folds + 1 stretches. train: how many stretches before the window are looked
    at; None: all of them (anchored). What comes later is apart, so an embargo has nothing to do here.
    """
    if not 1 <= folds < stop - first:
        raise QueryError("folds", folds, f"a whole number from 1 to {stop - first - 1}")
    stretches = windows(first, stop, folds + 1)
    if train is not None and train < 1:
        raise QueryError("train", train, "a number of stretches, 1 or more")
    found = []
    for i, (begin, end) in enumerate(stretches[1:], start=1):
        whole = split(entry, exit, begin, end)
        since = first if train is None else stretches[max(0, i - train)][0]
        seen = (entry >= since) & (entry < begin)
        apart = ~whole.test & ~seen
        found.append(
            Split(whole.window, whole.train & seen, whole.test, whole.purged & seen, whole.embargoed, apart)
        )
    return found


@dataclass(frozen=True)
class Candidate:
    """One configuration's closed trades: entry, exit (slots, both held), net, all (m,) and known."""

    entry: IntArray
    exit: IntArray
    net: FloatArray


@dataclass(frozen=True)
class Figures:
    """Of some trades: how many, the share that won, mean net; None without one."""

    n: int
    hit_rate: float | None
    expectancy: float | None

    @classmethod
    def of(cls, net: FloatArray) -> Figures:
        """Of (m,) known nets."""
        if not len(net):
            return cls(0, None, None)
        return cls(len(net), float((net > 0.0).mean()), float(net.mean()))


@dataclass(frozen=True)
class Fold:
    """One window: the configuration chosen before it (None: none had enough trades), and how it did."""

    window: Window
    chosen: int | None
    in_sample: Figures
    out_of_sample: Figures


@dataclass(frozen=True)
class WalkForward:
    """A sweep judged by what came after each choice.

    efficiency: mean net out of sample over in sample, both of what was chosen; None when the latter is
    not above zero. candidate, trade: (k,) the trades out of sample in order of entry, as the number of
    the configuration and of its trade.
    """

    folds: Sequence[Fold]
    in_sample: Figures
    out_of_sample: Figures
    efficiency: float | None
    candidate: IntArray
    trade: IntArray


type Score = Callable[[FloatArray], float]


def t_value(net: FloatArray) -> float:
    """Mean over its standard error, of (m,) nets: what a choice prefers; −∞ when it cannot be said."""
    if len(net) < 2:
        return -math.inf
    deviation = float(net.std(ddof=1))
    return float(net.mean()) / deviation * math.sqrt(len(net)) if deviation > 0.0 else -math.inf


def walk_forward(
    candidates: Sequence[Candidate],
    first: int,
    stop: int,
    folds: int,
    *,
    train: int | None = None,
    score: Score = t_value,
    min_trades: int = MIN_TRADES,
) -> WalkForward:
    """In every stretch but the first the configuration with the best score before it, and its trades there.

    A configuration with fewer than `min_trades` trades to learn from is not chosen. Its trades that
    reach into the window are not learnt from.
    """
    if not candidates:
        raise QueryError("candidates", 0, "at least one configuration")
    parted = [forward(one.entry, one.exit, first, stop, folds, train=train) for one in candidates]
    found, inside, taken = [], [np.empty(0)], [np.empty((2, 0), dtype=np.int64)]
    for fold in range(folds):
        learnt = [one.net[parts[fold].train] for one, parts in zip(candidates, parted, strict=True)]
        scores = [score(net) if len(net) >= min_trades else -math.inf for net in learnt]
        best = max(range(len(scores)), key=scores.__getitem__)
        if scores[best] == -math.inf:
            nothing = Figures.of(np.empty(0))
            found.append(Fold(parted[0][fold].window, None, nothing, nothing))
            continue
        split, one = parted[best][fold], candidates[best]
        after = np.flatnonzero(split.test)
        found.append(Fold(split.window, best, Figures.of(learnt[best]), Figures.of(one.net[after])))
        inside.append(learnt[best])
        after = after[np.argsort(one.entry[after], kind="stable")]
        taken.append(np.stack([np.full(len(after), best), after]))
    return _joined(candidates, found, np.concatenate(inside), np.concatenate(taken, axis=1))


def _joined(
    candidates: Sequence[Candidate], folds: Sequence[Fold], inside: FloatArray, taken: IntArray
) -> WalkForward:
    outside = np.array([candidates[i].net[trade] for i, trade in taken.T], dtype=np.float64)
    before, after = Figures.of(inside), Figures.of(outside)
    efficiency = None
    if before.expectancy is not None and before.expectancy > 0.0 and after.expectancy is not None:
        efficiency = after.expectancy / before.expectancy
    return WalkForward(folds, before, after, efficiency, taken[0], taken[1])
