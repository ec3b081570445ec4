"""What alerts of one kind were worth: hit rate against base rate, with honest uncertainty. Pure.

An alert is judged by the trade of `trade_sim`; it hit when the net is above zero. Alerts of one
timeframe share markets and time, so what is counted for uncertainty is the cluster, not the alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import special

from futuresboard.model import BoolArray, FloatArray, IntArray
from futuresboard.trade_sim import won

HORIZONS: tuple[int, ...] = (1, 3, 6, 12, 48)
"""Bars a trade is held for."""
MIN_CLUSTERS = 30
SIGNIFICANCE = 0.05
RESAMPLES = 2000
_SEED = 20_250_101
_Z95 = 1.959963984540054


class Verdict(StrEnum):
    """What may be said of a kind of alert."""

    EDGE = "edge"
    NONE = "no measurable edge"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Events:
    """m alerts of one cell (kind, direction, timeframe, horizon).

    ts: (m,) times in ms of the bars they fired at; pair: (m,) index of the alert's pair in `Base`;
    net, late: (m,) net returns of its trade and of the one entered a bar later, NaN where unknown.
    """

    ts: IntArray
    pair: IntArray
    net: FloatArray
    late: FloatArray


@dataclass(frozen=True)
class Base:
    """The same trade at every finalised bar of the same pairs: how many had one, how many won; (p,)."""

    bars: IntArray
    wins: IntArray


@dataclass(frozen=True)
class Evidence:
    """One cell's worth; None where nothing can be said yet. Rates and returns are fractions.

    low, high: 95 % by cluster bootstrap; wilson_*: the same as if alerts were independent. late: the
    uplift when entered one bar later. p: two-sided, before, q: after Benjamini–Hochberg.
    """

    n: int
    clusters: int
    hit_rate: float | None = None
    low: float | None = None
    high: float | None = None
    wilson_low: float | None = None
    wilson_high: float | None = None
    base_rate: float | None = None
    base_bars: int = 0
    uplift: float | None = None
    late: float | None = None
    expectancy: float | None = None
    p: float | None = None
    q: float | None = None
    verdict: Verdict = Verdict.TOO_FEW
    words: str = ""


def clusters(ts: IntArray, horizon_ms: int) -> IntArray:
    """(m,) the cluster of each alert, numbered in time; `ts` ascending.

    A cluster begins with an alert and takes in what follows within one horizon of it. (Chained from
    alert to next alert, hundreds of pairs would make one cluster that never ends.) Trades of
    neighbouring clusters may overlap, never those of others; `_shared` accounts for that.
    """
    following = np.searchsorted(ts, ts + horizon_ms, side="right").tolist()
    begins = np.zeros(len(ts), dtype=np.int64)
    start = 0
    while start < len(ts):
        begins[start] = 1
        start = following[start]
    return np.cumsum(begins) - 1


def measure(events: Events, base: Base, horizon_ms: int) -> Evidence:
    """A cell's figures, all but what needs the other cells (`judge`)."""
    known = np.flatnonzero(np.isfinite(events.net))
    if not len(known):
        return Evidence(0, 0)
    known = known[np.argsort(events.ts[known], kind="stable")]
    pairs = events.pair[known]
    mine = np.unique(pairs)
    bars, wins = int(base.bars[mine].sum()), int(base.wins[mine].sum())
    if not bars:
        return Evidence(len(known), 0)
    hit = won(events.net[known])
    ts = events.ts[known]
    groups = _Groups.of(ts, hit, horizon_ms)
    rate, base_rate = float(hit.mean()), wins / bars
    own = base.wins[pairs] / np.maximum(base.bars[pairs], 1)
    low, high = groups.interval(rate)
    wilson_low, wilson_high = wilson(int(hit.sum()), len(hit))
    late = won(events.late[np.isfinite(events.late)])
    enough = groups.count >= MIN_CLUSTERS
    return Evidence(
        n=len(hit),
        clusters=groups.count,
        hit_rate=rate,
        low=low,
        high=high,
        wilson_low=wilson_low,
        wilson_high=wilson_high,
        base_rate=base_rate,
        base_bars=bars,
        uplift=rate - base_rate,
        late=float(late.mean()) - base_rate if len(late) else None,
        expectancy=float(events.net[known].mean()),
        p=groups.p_value(hit - base_rate, hit - np.where(base.bars[pairs] > 0, own, base_rate))
        if enough
        else None,
    )


@dataclass(frozen=True)
class _Groups:
    """Alerts by cluster: numbers (m,), sizes and hits (g,), and which overlap the next one (g − 1,)."""

    numbers: IntArray
    sizes: FloatArray
    hits: FloatArray
    overlaps: BoolArray

    @classmethod
    def of(cls, ts: IntArray, hit: FloatArray, horizon_ms: int) -> _Groups:
        numbers = clusters(ts, horizon_ms)
        first = np.searchsorted(numbers, np.arange(numbers[-1] + 1))
        last = np.append(first[1:], len(ts)) - 1
        sizes = (last - first + 1).astype(np.float64)
        return cls(numbers, sizes, np.bincount(numbers, hit), ts[first[1:]] < ts[last[:-1]] + horizon_ms)

    @property
    def count(self) -> int:
        return len(self.sizes)

    @property
    def freedom(self) -> float:
        """Degrees of freedom: what clusters of unequal size count as, less one."""
        return max(1e-3, float(self.sizes.sum() ** 2 / (self.sizes @ self.sizes)) - 1.0)

    def variance(self, sums: FloatArray) -> tuple[float, float]:
        """Of the total of clusters' sums (g,): by themselves, and with what overlapping neighbours share."""
        alone = float(sums @ sums)
        shared = float((sums[:-1] * sums[1:])[self.overlaps].sum())
        return alone, max(alone, alone + 2.0 * shared)

    def p_value(self, *residuals: FloatArray) -> float:
        """Two-sided p of "no better and no worse than base", the largest over ways to name the base.

        Each set of residuals (hit − base rate, (m,)) sums to about zero under its null. The sum is
        divided by what clusters say of its size under that null (a score test), and compared with
        Student's t of as many degrees as clusters count effectively: a few large ones among many
        small count as few [Carter, Schnepel, Steigerwald 2017]. Pooled, and pair by pair: pairs that
        win more often and fire more often than others are no edge of the alert. Where the two
        disagree in sign there is no evidence at all.
        """
        signs = {float(np.sign(values.sum())) for values in residuals}
        if len(signs) > 1:
            return 1.0
        found = []
        for values in residuals:
            _, variance = self.variance(np.bincount(self.numbers, values))
            t = abs(float(values.sum())) / np.sqrt(variance) if variance > 0.0 else 0.0
            found.append(float(2.0 * special.stdtr(self.freedom, -t)))
        return max(found)

    def interval(self, rate: float) -> tuple[float, float]:
        """95 % of the hit rate by resampling whole clusters: percentiles of `RESAMPLES` draws.

        Clusters of equal size and hits are alike, so only how often each sort is drawn is drawn. The
        percentiles are moved outwards by what overlapping neighbours share and by Student's t of few
        effective clusters. Of one cluster, or when all alerts ended alike, resampling says nothing:
        then it is Wilson's over clusters.
        """
        if self.count == 1 or rate in (0.0, 1.0):
            return wilson(rate * self.count, self.count)
        sorts, counts = np.unique(np.stack([self.sizes, self.hits]), axis=1, return_counts=True)
        drawn = np.random.default_rng(_SEED).multinomial(self.count, counts / self.count, RESAMPLES)
        rates = (drawn @ sorts[1]) / (drawn @ sorts[0])
        low, high = np.quantile(rates, [0.025, 0.975])
        alone, shared = self.variance(self.hits - rate * self.sizes)
        widen = float(special.stdtrit(self.freedom, 0.975)) / _Z95
        widen *= float(np.sqrt(shared / alone)) if alone > 0.0 else 1.0
        return max(0.0, rate - (rate - float(low)) * widen), min(1.0, rate + (float(high) - rate) * widen)


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share of independent trials."""
    share, spread = hits / n, _Z95**2 / n
    middle = (share + spread / 2.0) / (1.0 + spread)
    half = _Z95 / (1.0 + spread) * np.sqrt(share * (1.0 - share) / n + spread / (4.0 * n))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """(m,) adjusted p-values: those below α are a family of discoveries with a false share of α."""
    order = np.argsort(p, kind="stable")[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum.accumulate(np.minimum(1.0, p[order] * len(p) / ranks))
    return adjusted


def judge(family: Sequence[Evidence]) -> list[Evidence]:
    """The family with q, verdict and words: all kinds × directions × horizons of one timeframe.

    Cells with too few clusters are not tested and take nothing from the others.
    """
    tested = [i for i, cell in enumerate(family) if cell.p is not None]
    adjusted = benjamini_hochberg(np.array([family[i].p for i in tested], dtype=np.float64))
    judged = list(family)
    for i, q in zip(tested, adjusted.tolist(), strict=True):
        judged[i] = replace(judged[i], q=q, verdict=_verdict(judged[i], q))
    return [replace(cell, words=words(cell)) for cell in judged]


def _verdict(cell: Evidence, q: float) -> Verdict:
    above = cell.uplift is not None and cell.uplift > 0.0
    late = cell.late is not None and cell.late > 0.0
    return Verdict.EDGE if above and late and q < SIGNIFICANCE else Verdict.NONE


def words(cell: Evidence) -> str:
    """The verdict as a sentence with its figures."""
    if cell.hit_rate is None or cell.base_rate is None or cell.uplift is None or cell.expectancy is None:
        return "Too few: no outcome is known yet."
    counted = f"{_many(cell.n, 'alert')} in {_many(cell.clusters, 'event')}"
    share = f"{_percent(cell.hit_rate)} won ({_percent(cell.low)} to {_percent(cell.high)})"
    against = f"{_percent(cell.base_rate)} of all bars"
    net = f"{cell.expectancy * 100.0:+.3f} % a trade after costs"
    if cell.verdict is Verdict.TOO_FEW:
        missing = f"{cell.clusters} of at least {MIN_CLUSTERS} events"
        return f"Too few: {missing}. Of {counted} {share} against {against}; {net}."
    late = "unknown" if cell.late is None else f"{cell.late * 100.0:+.1f} points"
    if cell.verdict is Verdict.EDGE:
        lost = "" if cell.expectancy > 0.0 else ": right more often, and still losing money"
        return (
            f"Edge: of {counted} {share} against {against}, {cell.uplift * 100.0:+.1f} points "
            f"(q = {cell.q:.2g}), one bar late {late}; {net}{lost}."
        )
    return (
        f"No measurable edge: of {counted} {share} against {against}, {cell.uplift * 100.0:+.1f} points; "
        f"{_reason(cell)}; {net}."
    )


def _reason(cell: Evidence) -> str:
    if cell.q is not None and cell.q >= SIGNIFICANCE:
        return f"chance does as much (q = {cell.q:.2g})"
    if cell.uplift is not None and cell.uplift <= 0.0:
        return f"fewer than by chance (q = {cell.q:.2g})"
    return "nothing is left of it one bar late"


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share * 100.0:.1f} %"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
