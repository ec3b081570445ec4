"""Calibrated mode: thresholds that start as many alerts a day as the budget allows. Pure.

**Scores.** Pairs differ in how wild their statistics are. A score says how far a value lies beyond
the pair's own upper decile, in units of the mean excess of the pair's own exceedances, bent by how
heavy their tail is (a generalised Pareto law, so that scores above the decile are about standard
exponential for every pair). A pair's shape is told from few values, so it is drawn towards that of all
pairs by as much as chance explains the differences between pairs (empirical Bayes). On this scale
pairs look alike: one level serves all of them and each gets an equal share of the alerts.

**Levels.** Each (timeframe, tier) has one level. It is found by replaying the whole lifecycle (edge,
cooldown) over the past before the day, so that the expected number of alerts is the cell's share of
the budget. A past bar is scored by the deciles of the other parts of the past, never by its own: else
a pair's largest values would pull up the very scale they are judged by, and later days would bring
more alerts than planned. A level never lies below the tier's literal threshold: calibration makes
alerts rarer, never more frequent, and a budget that a cell cannot spend goes to the others.

**p-values.** The larger of two: what the definition of the statistic gives when changes are
independent and Gaussian (exact: Student's t), and what the pairs' own past gives (scores of all
pairs: empirical up to the largest 0.2 %, beyond a generalised Pareto tail fitted without these, which
may be events). The larger of two p-values of which one is valid is valid. `discoveries` is the
Benjamini-Hochberg step-up over the day's family, read as the day goes.

**Days.** A calibration holds for bars that open within one UTC day and knows bars that had closed an
hour before it began; so it can be made before it is needed, and nothing that comes later changes it.

Tiers without a statistic of their own (4, confluence) keep their flags and start no alert in this mode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import stdtr

from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray, IntArray, Tier
from futuresboard.windows import Z_WINDOW

STATISTICS: Mapping[Tier, str] = {
    Tier.OI_SPIKE: "z_raw",
    Tier.CONFLUENCE: "z_raw",
    Tier.FLOW_AGREES: "oi_delta_pct",
    Tier.DIVERGENCE: "divergence",
}
"""What a tier compares with its threshold; its other conditions stay as they are."""
TESTED: Mapping[Tier, str] = {**STATISTICS, Tier.FLOW_AGREES: "z_raw"}
"""The statistic whose p-value an alert carries: one with a known law under the null."""
TWO_SIDED = frozenset({"divergence"})

DISCOVERY_RATE = 0.025
"""Half of the 5 % of eventless days that may have a discovery: the tail is fitted, and errs a little."""


@dataclass(frozen=True)
class Scale:
    """How large a statistic gets in each series: upper decile, mean excess above it, tail shape, (n,).

    NaN: too little past.
    """

    decile: FloatArray
    excess: FloatArray
    shape: FloatArray

    def part(self, at: IntArray, known: BoolArray) -> Scale:
        """(m,) the scale of series by number; NaN where not known."""
        columns = (self.decile, self.excess, self.shape)
        return Scale(*(np.where(known, column[at], np.nan) for column in columns))

    def score(self, values: FloatArray) -> FloatArray:
        """(n, …) scores of values of each series."""
        decile, excess, shape = self._against(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = (values - decile) / excess
            bent = np.log1p(shape / (1.0 - shape) * np.maximum(size, 0.0)) / shape
        return np.where((size > 0.0) & (shape > 0.0), bent, size)

    def value(self, score: float) -> FloatArray:
        """(n,) the value of each series that has a score."""
        with np.errstate(divide="ignore", invalid="ignore"):
            straight = np.expm1(self.shape * score) * (1.0 - self.shape) / self.shape
        size = np.where(self.shape > 0.0, straight, score) if score > 0.0 else score
        return self.decile + size * self.excess

    def _against(self, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        more = (1,) * (values.ndim - 1)
        found = [column.reshape(-1, *more) for column in (self.decile, self.excess, self.shape)]
        return found[0], found[1], found[2]


@dataclass(frozen=True)
class Tail:
    """How often scores lie above a level: a table up to its last level, then a generalised Pareto tail.

    scores, log_p: (k,) ascending scores and the log of the share of scores above them.
    """

    scores: FloatArray
    log_p: FloatArray
    shape: float
    scale: float

    def p(self, scores: FloatArray) -> FloatArray:
        """Share of the past above each score; 1 below the table, NaN where unknown."""
        inside = np.exp(np.interp(scores, self.scores, self.log_p, left=0.0))
        beyond = np.maximum(scores - self.scores[-1], 0.0)
        size = beyond / self.scale
        log_sf = -np.log1p(self.shape * size) / self.shape if self.shape else -size
        outside = np.exp(self.log_p[-1] + log_sf)
        return np.where(scores > self.scores[-1], outside, inside)


@dataclass(frozen=True)
class Cell:
    """One (timeframe, tier): its level and the alerts a day it is expected to start."""

    level: float
    expected: float


@dataclass(frozen=True)
class Calibration:
    """The thresholds of one UTC day. Keys are (timeframe, tier) and (timeframe, statistic).

    day: 00:00 UTC in ms; tests: how many p-values the day's family holds; series: timeframe -> ids,
    ascending, that the scales are of.
    """

    day: int
    budget: float
    tests: int
    series: Mapping[str, IntArray]
    cells: Mapping[tuple[str, Tier], Cell]
    scales: Mapping[tuple[str, str], Scale]
    tails: Mapping[tuple[str, str], Tail]

    @property
    def expected(self) -> float:
        """Alerts a day it is expected to start; the budget, or what literal thresholds start if fewer."""
        return sum(cell.expected for cell in self.cells.values())

    def thresholds(self, timeframe: str, tier: Tier, series: IntArray) -> FloatArray:
        """(n,) threshold of each series in the tier's statistic; NaN: it starts no alert."""
        cell = self.cells.get((timeframe, tier))
        if cell is None:
            return np.full(len(series), np.nan)
        return self._scale(timeframe, STATISTICS[tier], series).value(cell.level)

    def _scale(self, timeframe: str, statistic: str, series: IntArray) -> Scale:
        ids = self.series[timeframe]
        at = np.minimum(np.searchsorted(ids, series), len(ids) - 1)
        return self.scales[timeframe, statistic].part(at, ids[at] == series)

    def flag(
        self, timeframe: str, tier: Tier, series: IntArray, flags: FloatArray, statistic: FloatArray
    ) -> FloatArray:
        """(n, out) flags of a tier with these thresholds from its literal flags and its statistic."""
        limit = self.thresholds(timeframe, tier, series)[:, None]
        above = (flags == 1.0) & (magnitude(STATISTICS[tier], statistic) > limit)
        known = np.isfinite(flags) & ~np.isnan(limit)
        return np.where(known, above.astype(float), np.nan)

    def p_values(self, timeframe: str, statistic: str, series: IntArray, values: FloatArray) -> FloatArray:
        """(n,) p-value of one value of each series; NaN where it or its past is unknown."""
        tail = self.tails.get((timeframe, statistic))
        if tail is None:
            return np.full(len(series), np.nan)
        scores = self._scale(timeframe, statistic, series).score(magnitude(statistic, values))
        return np.maximum(tail.p(scores), null_p(statistic, values))

    def document(self) -> dict[str, object]:
        """Everything as plain JSON; `from_document` gives it back to the last bit."""
        return {
            "day": self.day,
            "budget": self.budget,
            "tests": self.tests,
            # JSON knows no infinity: a level below every score is null.
            "cells": [
                [tf, int(tier), cell.level if np.isfinite(cell.level) else None, cell.expected]
                for (tf, tier), cell in self.cells.items()
            ],
            "series": {tf: ids.tolist() for tf, ids in self.series.items()},
            "scales": [
                [tf, name, _plain(one.decile), _plain(one.excess), _plain(one.shape)]
                for (tf, name), one in self.scales.items()
            ],
            "tails": [
                [tf, name, one.scores.tolist(), one.log_p.tolist(), one.shape, one.scale]
                for (tf, name), one in self.tails.items()
            ],
        }

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Calibration:
        """What `document` describes."""
        return Calibration(
            document["day"],
            document["budget"],
            document["tests"],
            {tf: np.array(ids, dtype=np.int64) for tf, ids in document["series"].items()},
            {
                (tf, Tier(tier)): Cell(-np.inf if level is None else level, expected)
                for tf, tier, level, expected in document["cells"]
            },
            {(tf, name): Scale(*map(_array, columns)) for tf, name, *columns in document["scales"]},
            {
                (tf, name): Tail(_array(scores), _array(log_p), shape, scale)
                for tf, name, scores, log_p, shape, scale in document["tails"]
            },
        )


def _plain(values: FloatArray) -> list[float | None]:
    return [value if np.isfinite(value) else None for value in values.tolist()]


def _array(values: list[float | None]) -> FloatArray:
    return np.array(values, dtype=np.float64)


def magnitude(statistic: str, values: FloatArray) -> FloatArray:
    """What is compared with a threshold: the value, or its size where both sides count."""
    return np.abs(values) if statistic in TWO_SIDED else values


def null_p(statistic: str, values: FloatArray) -> FloatArray:
    """p-values of Z-scores when changes are independent and Gaussian (exact).

    A new value against mean and deviation of 20 others is Student's t with 19 degrees of freedom,
    times √(1 + 1/20).
    """
    size = magnitude(statistic, values) / np.sqrt(1.0 + 1.0 / Z_WINDOW)
    sides = 2.0 if statistic in TWO_SIDED else 1.0
    found: FloatArray = np.minimum(1.0, sides * stdtr(Z_WINDOW - 1, -size))
    return found


def discoveries(p: FloatArray, found: int, tests: int, rate: float = DISCOVERY_RATE) -> BoolArray:
    """(n,) which tests of one batch are discoveries; p: their p-values, NaN is none.

    found: discoveries of the same day before; tests: the size of the day's whole family, which is
    known at midnight. Each discovery has p <= rate · (discoveries so far, it included) / tests: the
    condition of Benjamini and Hochberg's step-up, read as the day goes, so nothing is taken back. It
    controls the false discovery rate like the step-up itself where tests are independent or positively
    dependent (Blanchard and Roquain 2008: a self-consistent procedure that is monotone in the
    p-values). Without any true event the share of days with a discovery is at most `rate`, whatever
    the dependence in time.
    """
    if tests <= 0:
        return np.zeros(len(p), dtype=bool)
    ordered = np.sort(p[np.isfinite(p)])
    passed = np.flatnonzero(ordered <= rate * (found + 1.0 + np.arange(len(ordered))) / tests)
    if not len(passed):
        return np.zeros(len(p), dtype=bool)
    result: BoolArray = p <= ordered[passed[-1]]
    return result


def within_budget(p: FloatArray, room: int) -> BoolArray:
    """(n,) which alerts of one batch a budget with `room` left still holds: the smallest p-values.

    Over the day it is first come, first served: a later bar cannot take an alert back. NaN comes last.
    """
    chosen = np.zeros(len(p), dtype=bool)
    chosen[np.argsort(p, kind="stable")[: max(0, room)]] = True
    return chosen


@dataclass(frozen=True)
class Judged:
    """A tier's flags (n, 2) at a bar and one before by the day's thresholds (n,), and p-values (n,).

    p: of the tier's test at the bar; NaN where there is none.
    """

    flags: FloatArray
    limits: FloatArray
    p: FloatArray


def is_calibrated(tier: int) -> bool:
    """Whether a tier (0: confluence) is compared with a threshold of the day."""
    return tier in STATISTICS


def judge(
    calibration: Calibration | None,
    timeframe: str,
    tier: int,
    ids: Sequence[int],
    flags: FloatArray,
    sizes: Mapping[str, FloatArray],
) -> Judged:
    """The flags (n, 2) of a tier (0: confluence) at a bar and one before, judged anew.

    ids: series; sizes: statistic -> (n, 2). A cluster of alerts stays what it is; a tier without a
    statistic of its own is unknown in this mode, as is all without a calibration.
    """
    nothing = np.full(len(ids), np.nan)
    if tier == Tier.CLUSTER:
        return Judged(flags, nothing, nothing)
    if calibration is None or not is_calibrated(tier):
        return Judged(np.full(flags.shape, np.nan), nothing, nothing)
    kind, series = Tier(tier), np.array(ids, dtype=np.int64)
    limits = calibration.thresholds(timeframe, kind, series)
    judged = calibration.flag(timeframe, kind, series, flags, sizes[STATISTICS[kind]])
    tested = TESTED[kind]
    return Judged(judged, limits, calibration.p_values(timeframe, tested, series, sizes[tested][:, 1]))


@dataclass
class Spent:
    """What a day's alerts have used: their number, and tests (series, time, statistic) discovered."""

    alerts: int = 0
    discovered: set[tuple[int, int, str]] = field(default_factory=set)

    def count(self, series: int, ts: int, tier: int, discovery: bool) -> None:
        """Count one alert."""
        self.alerts += 1
        if discovery:
            self.discovered.add((series, ts, TESTED[Tier(tier)]))


def admit(
    calibration: Calibration,
    budget: int,
    used: Spent,
    tier: int,
    ids: Sequence[int],
    ts: int,
    begun: BoolArray,
    judged: Judged,
) -> dict[int, dict[str, object]]:
    """Row -> what an alert says of its calibration, of those rows begun (n,) that the budget holds.

    They are counted in `used`.
    """
    # Of equal p-values that of the older series comes first, in whatever order the rows are.
    rows = np.flatnonzero(begun)
    rows = rows[np.argsort(np.array(ids, dtype=np.int64)[rows])]
    rows = rows[within_budget(judged.p[rows], budget - used.alerts)]
    tests = [(ids[row], ts, TESTED[Tier(tier)] if tier in TESTED else "") for row in rows.tolist()]
    known = np.array([test in used.discovered for test in tests], dtype=bool)
    p = np.where(known, np.nan, judged.p[rows])
    found = discoveries(p, len(used.discovered), calibration.tests) | known
    notes: dict[int, dict[str, object]] = {}
    for row, new in zip(rows.tolist(), found.tolist(), strict=True):
        used.count(ids[row], ts, tier, new)
        notes[row] = {
            "day": calibration.day,
            "budget": budget,
            "statistic": STATISTICS[Tier(tier)] if is_calibrated(tier) else None,
            "threshold": _number(judged.limits[row]),
            "p_value": _number(judged.p[row]),
            "discovery": new,
        }
    return notes


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def day_of(ts: int) -> int:
    """00:00 UTC of the day in which a bar opens, ms."""
    return ts // MS_PER_DAY * MS_PER_DAY
