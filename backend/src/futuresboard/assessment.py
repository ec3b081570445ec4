"""What a simulated run is worth: every figure that belongs beside a hit rate, and a verdict in words. Pure.

Hit rate against base rate, events and p are those of `evidence`, so a simulation and an alert are judged
by the same test. What is added: the zero-edge rate, the run entered one bar later, intervals of the mean
net, daily performance, and what is left when the number of configurations tried is taken into account.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from futuresboard import bootstrap, evidence, performance, sharpe
from futuresboard.evidence import MIN_CLUSTERS, SIGNIFICANCE, Base, Verdict
from futuresboard.model import FloatArray, IntArray
from futuresboard.performance import Performance
from futuresboard.trials import Tried
from futuresboard.zero_edge import ZeroEdge

MIN_DAYS = 30
"""Daily returns below which a Sharpe ratio is too rough to be deflated."""
_HORIZON_SHARE = 0.9


@dataclass(frozen=True)
class Outcomes:
    """m closed trades of one run, in any order; NaN nets are no trades and are left out.

    entry, exit: (m,) slots of the first and the last bar held; pair: (m,) index into `Base`; net: (m,)
    fractions of the stake. late: (k,) nets of the same run entered one bar later, whose trades may be
    others. horizon: bars within which trades count as one event; None: the holding time that nine in
    ten trades do not exceed.
    """

    entry: IntArray
    exit: IntArray
    pair: IntArray
    net: FloatArray
    late: FloatArray
    horizon: int | None = None


@dataclass(frozen=True)
class HitRate:
    """Share that won, low…high 95 % by event cluster, wilson_* as if trades were independent.

    base_rate: share of the `base_bars` bars of the same pairs at which the same trade would have won.
    p: two-sided, of being no better and no worse than that; p_of_best: of the best of all configurations
    tried (Šidák: 1 − (1 − p)^N).
    """

    hits: int
    rate: float | None
    wilson_low: float | None
    wilson_high: float | None
    low: float | None
    high: float | None
    base_rate: float | None
    base_bars: int
    uplift: float | None
    p: float | None
    p_of_best: float | None


@dataclass(frozen=True)
class Net:
    """Returns of a trade after all costs, as fractions of the stake.

    low, high: 95 % of the expectancy by block bootstrap over event clusters. profit_factor: sum of gains
    over sum of losses; payoff_ratio: mean gain over mean loss; None where nothing was lost (or gained).
    """

    expectancy: float | None = None
    low: float | None = None
    high: float | None = None
    median: float | None = None
    profit_factor: float | None = None
    payoff_ratio: float | None = None


@dataclass(frozen=True)
class Late:
    """The same run entered one bar later."""

    n: int = 0
    hit_rate: float | None = None
    uplift: float | None = None
    expectancy: float | None = None


@dataclass(frozen=True)
class Deflation:
    """tried: configurations that count; variance of their Sharpe ratios (per day); benchmark: the
    annualised Sharpe ratio that the best of so many shows by chance; dsr: probability that the true one
    is above zero all the same, None with fewer than 30 days."""

    tried: float
    variance: float | None
    benchmark: float | None
    dsr: float | None


@dataclass(frozen=True)
class Assessment:
    """All of it. `reasons` say why the verdict is what it is, `cautions` what it does not say."""

    n: int
    clusters: int
    hit: HitRate
    zero_edge: ZeroEdge | None
    net: Net
    late: Late
    daily: Performance
    deflation: Deflation
    verdict: Verdict
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]


def assess(
    outcomes: Outcomes,
    base: Base,
    daily: FloatArray,
    *,
    zero_edge: ZeroEdge | None = None,
    tried: Tried | None = None,
) -> Assessment:
    """Everything there is to say of a run.

    base: the same trade at all finalised bars of the same pairs; daily: (d,) returns on the account, one
    for each UTC day of the run; tried: what the ledger of trials says, this run included (None: it is
    the only one).
    """
    tried = tried or Tried()
    known = np.flatnonzero(np.isfinite(outcomes.net))
    known = known[np.lexsort((outcomes.pair[known], outcomes.entry[known]))]
    entry, net = outcomes.entry[known], outcomes.net[known]
    horizon = outcomes.horizon or _horizon(outcomes.exit[known] - entry + 1)
    groups = evidence.clusters(entry, horizon) if len(known) else np.empty(0, dtype=np.int64)
    events = evidence.Events(entry, outcomes.pair[known], net, np.full(len(net), np.nan))
    hit = _hit_rate(net, evidence.measure(events, base, horizon), tried)
    late = _late(outcomes.late[np.isfinite(outcomes.late)], hit.base_rate)
    clusters = int(groups[-1]) + 1 if len(groups) else 0
    deflation = _deflation(daily, tried)
    verdict, reasons = judge(clusters, hit, late, deflation)
    nets = _net(net, groups)
    return Assessment(
        n=len(net),
        clusters=clusters,
        hit=hit,
        zero_edge=zero_edge,
        net=nets,
        late=late,
        daily=performance.measured(daily),
        deflation=deflation,
        verdict=verdict,
        reasons=reasons,
        cautions=_cautions(hit, nets, late, deflation),
    )


def judge(clusters: int, hit: HitRate, late: Late, deflation: Deflation) -> tuple[Verdict, tuple[str, ...]]:
    """The rule of the verdict, with its reasons.

    too few: fewer than 30 event clusters, or no base rate to compare with. edge: uplift over base above
    zero, p below 5 % (as the best of all tried), uplift still above zero one bar late, and, when more
    than one configuration was tried and there are 30 days of returns, a deflated Sharpe ratio of at
    least 95 %. Else no measurable edge.
    """
    if clusters < MIN_CLUSTERS:
        return Verdict.TOO_FEW, (f"{clusters} of at least {MIN_CLUSTERS} events",)
    if hit.uplift is None or hit.p_of_best is None:
        return Verdict.TOO_FEW, ("no base rate to compare with",)
    chosen = "" if deflation.tried <= 1.0 else f" as the best of {deflation.tried:.0f} tried"
    against = []
    if hit.uplift <= 0.0:
        against.append(f"wins no more often than the same trade at any bar ({_points(hit.uplift)})")
    elif late.uplift is None or late.uplift <= 0.0:
        against.append(f"nothing is left of it one bar late ({_points(late.uplift)})")
    if hit.p_of_best >= SIGNIFICANCE:
        against.append(f"chance does as much (p = {hit.p_of_best:.2g}{chosen})")
    if deflation.tried > 1.0 and deflation.dsr is not None and deflation.dsr < sharpe.CONFIDENCE:
        against.append(f"its Sharpe ratio is what luck gives{chosen} (deflated: {deflation.dsr:.2f})")
    if against:
        return Verdict.NONE, tuple(against)
    return Verdict.EDGE, (
        f"wins more often than the same trade at any bar ({_points(hit.uplift)})",
        f"chance seldom does as much (p = {hit.p_of_best:.2g}{chosen})",
        f"still there one bar late ({_points(late.uplift)})",
    )


def _cautions(hit: HitRate, net: Net, late: Late, deflation: Deflation) -> tuple[str, ...]:
    found = []
    if net.expectancy is not None and net.expectancy <= 0.0:
        found.append("loses money after costs, however often it wins")
    elif net.low is not None and net.low <= 0.0:
        found.append("its mean net cannot be told from zero")
    if hit.rate is not None and late.hit_rate is not None and hit.rate - late.hit_rate > _suspicious(hit):
        found.append("most of its uplift is gone one bar late: look for a join that knows too much")
    if deflation.tried > 1.0 and deflation.dsr is None:
        found.append(f"fewer than {MIN_DAYS} days of returns: its Sharpe ratio is not deflated")
    return tuple(found)


def _suspicious(hit: HitRate) -> float:
    """A fall of the hit rate one bar late that is more than half of the uplift, and more than its error."""
    if hit.uplift is None or hit.rate is None or hit.low is None:
        return math.inf
    return max(hit.uplift / 2.0, hit.rate - hit.low)


def _points(uplift: float | None) -> str:
    return "unknown" if uplift is None else f"{uplift * 100.0:+.1f} points"


def _horizon(held: IntArray) -> int:
    return int(np.quantile(held, _HORIZON_SHARE, method="higher")) if len(held) else 1


def _hit_rate(net: FloatArray, cell: evidence.Evidence, tried: Tried) -> HitRate:
    hits = int((net > 0.0).sum())
    wilson = evidence.wilson(hits, len(net)) if len(net) else (None, None)
    return HitRate(
        hits=hits,
        rate=hits / len(net) if len(net) else None,
        wilson_low=wilson[0],
        wilson_high=wilson[1],
        low=cell.low,
        high=cell.high,
        base_rate=cell.base_rate,
        base_bars=cell.base_bars,
        uplift=cell.uplift,
        p=cell.p,
        p_of_best=None if cell.p is None else best_of(cell.p, tried.count),
    )


def best_of(p: float, trials: float) -> float:
    """p of the smallest of so many independent p-values (Šidák)."""
    return 1.0 if p >= 1.0 else -math.expm1(trials * math.log1p(-p))


def _net(net: FloatArray, groups: IntArray) -> Net:
    if not len(net):
        return Net()
    gains, losses = net[net > 0.0], -net[net < 0.0]
    both = len(gains) > 0 and len(losses) > 0
    interval = bootstrap.interval(np.bincount(groups, net), np.bincount(groups).astype(np.float64))
    low, high = interval or (None, None)
    return Net(
        expectancy=float(net.mean()),
        low=low,
        high=high,
        median=float(np.median(net)),
        profit_factor=float(gains.sum() / losses.sum()) if len(losses) else None,
        payoff_ratio=float(gains.mean() / losses.mean()) if both else None,
    )


def _late(net: FloatArray, base_rate: float | None) -> Late:
    if not len(net):
        return Late()
    rate = float((net > 0.0).mean())
    return Late(len(net), rate, None if base_rate is None else rate - base_rate, float(net.mean()))


def _deflation(daily: FloatArray, tried: Tried) -> Deflation:
    of = sharpe.moments(daily) if len(daily) >= MIN_DAYS else None
    if of is None:
        return Deflation(tried.count, tried.variance, None, None)
    # Where the others' Sharpe ratios are unknown they scatter as those of nothing do.
    variance = 1.0 / (of.n - 1) if tried.variance is None else tried.variance
    benchmark = sharpe.expected_maximum(tried.count, variance)
    return Deflation(
        tried.count,
        tried.variance,
        benchmark * math.sqrt(performance.DAYS),
        sharpe.probabilistic(of, benchmark),
    )
