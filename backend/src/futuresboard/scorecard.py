"""A run's assessment as one structured report, and as lines for a terminal; with the hit-rate goal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from futuresboard.assessment import Assessment, Deflation
from futuresboard.evidence import MIN_CLUSTERS
from futuresboard.overfitting import Overfitting
from futuresboard.walk_forward import Figures, WalkForward

GOAL = 0.6
"""The blueprint's hit rate. It is reported, never tuned to."""


class Reached(StrEnum):
    """Whether a hit rate above 60 % was shown."""

    MET = "met"
    NOT_MET = "not met"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Goal:
    """`low`: the lower end that had to be above `target`, the smaller of Wilson's and the clusters'."""

    target: float
    reached: Reached
    low: float | None
    words: str


def goal(of: Assessment, target: float = GOAL) -> Goal:
    """Whether the hit rate is above the goal: the interval decides, not the share itself.

    too few: below 30 events, or the share is above the goal and the lower end of its 95 % interval is
    not. not met: the share itself is not above it. met: the lower end is, both as if trades were
    independent (Wilson) and event by event.
    """
    rate, ends = of.hit.rate, [end for end in (of.hit.wilson_low, of.hit.low) if end is not None]
    low = min(ends) if ends else None
    if rate is None or low is None or of.clusters < MIN_CLUSTERS:
        words = f"{of.n} trades in {of.clusters} events, of at least {MIN_CLUSTERS} events"
        return Goal(target, Reached.TOO_FEW, low, words)
    if rate <= target:
        return Goal(target, Reached.NOT_MET, low, f"{rate:.1%} won")
    if low <= target:
        return Goal(target, Reached.TOO_FEW, low, f"{rate:.1%} won, which may be as little as {low:.1%}")
    return Goal(
        target,
        Reached.MET,
        low,
        f"{rate:.1%} won, at least {low:.1%}; base rate {_percent(of.hit.base_rate)}",
    )


def structured(of: Assessment, overfitting: Overfitting | None = None) -> dict[str, object]:
    """All figures for JSON: rates and returns as fractions, None where unknown; logits are left out."""
    found: dict[str, object] = asdict(of) | {"goal": asdict(goal(of)), "pbo": None}
    if overfitting is not None:
        found["pbo"] = {name: value for name, value in vars(overfitting).items() if name != "logits"}
    return found


def lines(of: Assessment, overfitting: Overfitting | None = None) -> list[str]:
    """The same for people, one figure with what belongs beside it a line."""
    reached = goal(of)
    rows = [
        ("verdict", f"{of.verdict}: {'; '.join(of.reasons)}"),
        *(("but", caution) for caution in of.cautions),
        (f"goal > {reached.target:.0%}", f"{reached.reached}: {reached.words}"),
        *_rates(of),
        *_returns(of),
        ("tried", _tried(of.deflation)),
    ]
    if overfitting is not None:
        rows.append(("PBO", _overfitting(overfitting)))
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {text}" for name, text in rows]


def forward_structured(of: WalkForward) -> dict[str, object]:
    """A walk forward for JSON, without the list of its trades."""
    found = asdict(of)
    del found["candidate"], found["trade"]
    return found


def forward_lines(of: WalkForward, names: Sequence[str]) -> list[str]:
    """The same for people; names: what each configuration is called."""
    rows = []
    for number, fold in enumerate(of.folds, start=1):
        chosen = "nothing had enough trades to be chosen"
        if fold.chosen is not None:
            seen, then = _figures(fold.in_sample), _figures(fold.out_of_sample)
            chosen = f"{names[fold.chosen]}: {seen} before, {then} in it"
        rows.append(f"stretch {number}  {chosen}")
    before, after = _figures(of.in_sample), _figures(of.out_of_sample)
    kept = "" if of.efficiency is None else f"; {of.efficiency:.0%} of the mean net was kept"
    return [*rows, f"walk forward  {before} in sample, {after} out of sample{kept}"]


def _figures(of: Figures) -> str:
    return f"{_signed(of.expectancy)} a trade, {_percent(of.hit_rate)} of {of.n} won"


def _rates(of: Assessment) -> list[tuple[str, str]]:
    hit, zero, late = of.hit, of.zero_edge, of.late
    by_event, alone = _span(hit.low, hit.high), _span(hit.wilson_low, hit.wilson_high)
    chance = "unknown"
    if zero is not None:
        chance = f"{_percent(zero.hit_rate)} ({_span(zero.low, zero.high)}) of {zero.n} driftless walks"
    return [
        ("trades", f"{of.n} in {of.clusters} events, {hit.hits} won"),
        ("hit rate", f"{_percent(hit.rate)} ({by_event} by event, {alone} Wilson)"),
        ("base rate", f"{_percent(hit.base_rate)} of {hit.base_bars} bars, p = {_number(hit.p, '.2g')}"),
        ("zero-edge rate", chance),
        (
            "one bar late",
            f"{_percent(late.hit_rate)} of {late.n} trades, mean net {_signed(late.expectancy)}",
        ),
    ]


def _returns(of: Assessment) -> list[tuple[str, str]]:
    net, daily = of.net, of.daily
    sharpe = f"{_number(daily.sharpe)} ({_number(daily.sharpe_low)} to {_number(daily.sharpe_high)})"
    span = f"{_signed(net.low)} to {_signed(net.high)}"
    days = f"{_number(daily.days_under_water, 'd')} days under water"
    return [
        ("mean net", f"{_signed(net.expectancy)} a trade ({span}), median {_signed(net.median)}"),
        ("gains : losses", f"{_number(net.profit_factor)} in sum, {_number(net.payoff_ratio)} each"),
        ("Sharpe", f"{sharpe} of {daily.days} days, 365 a year; Sortino {_number(daily.sortino)}"),
        ("drawdown", f"{_percent(daily.max_drawdown)}, {days}; Calmar {_number(daily.calmar)}"),
        ("track record", f"PSR {_number(daily.psr)}; 95 % takes {_number(daily.min_days, '.0f')} days"),
    ]


def _tried(of: Deflation) -> str:
    if of.tried <= 1.0:
        return "1 configuration: nothing was chosen, nothing to deflate"
    return (
        f"{of.tried:.4g} configurations; the best shows a Sharpe ratio of {_number(of.benchmark)} by chance; "
        f"deflated Sharpe ratio {_number(of.dsr)}"
    )


def _overfitting(of: Overfitting) -> str:
    return (
        f"{of.pbo:.2f} of {of.configurations} configurations in {of.blocks} blocks; "
        f"slope {_number(of.slope)}, loss out of sample {_percent(of.loss)}"
    )


def _number(value: float | None, form: str = ".2f") -> str:
    return "unknown" if value is None else format(value, form)


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"


def _signed(share: float | None) -> str:
    return "unknown" if share is None else f"{share:+.3%}"


def _span(low: float | None, high: float | None) -> str:
    return "unknown" if low is None or high is None else f"{low:.1%} to {high:.1%}"
