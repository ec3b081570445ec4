"""Which bars of a history give a signal, and which way. Pure and causal: bar t knows bars up to t alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from futuresboard import cross, metrics, rules, signals
from futuresboard.bars import Bars
from futuresboard.lifecycle import replay
from futuresboard.metrics import calc_confluence
from futuresboard.model import COIN_TIERS, TIMEFRAME_MS, BoolArray, FloatArray, IntArray, Thresholds, Tier
from futuresboard.signals import CLUSTER_BARS, RULES, Inputs
from futuresboard.simulation import obv_rsi
from futuresboard.simulation.history import History
from futuresboard.simulation.records import LEAVE_LONG, LEAVE_SHORT, SmallArray
from futuresboard.simulation.settings import Direction, Entry, Fire, SimulationSettings

_JUDGED = ("z_score", "imbalance", "oi_delta_pct")
"""Metrics the tiers compare."""
_AT_ONCE = 2_000_000
_EDGE_ALONE = 1
"""Bars of silence that silence nothing: two edges are two bars apart at least."""


@dataclass(frozen=True)
class Signals:
    """m signals, by pair, then by time.

    begin: (n + 1,) where each pair's begin; slots: (m,) the bar at whose close each comes; directions:
    (m,) 1 long, −1 short, 0 unknown; leave: (n, T) bits of exit signals, None where there are none.
    """

    begin: IntArray
    slots: IntArray
    directions: IntArray
    leave: SmallArray | None = None

    @property
    def rows(self) -> IntArray:
        """(m,) each signal's pair."""
        counts = np.diff(self.begin)
        return np.repeat(np.arange(len(counts)), counts)


@dataclass(frozen=True)
class Market:
    """A history with what was computed of it: metrics do not depend on settings and are kept."""

    history: History
    _made: dict[str, FloatArray] = field(default_factory=dict, repr=False, compare=False)
    _found: dict[object, FloatArray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def bars(self) -> Bars:
        """The history's bars."""
        return self.history.bars

    def value(self, name: str) -> FloatArray:
        """(n, out) a metric, some pairs at a time, so that what is made on the way stays small."""
        if name not in self._made:
            found = np.empty(self.bars.shape)
            at_once = max(1, _AT_ONCE // max(1, len(self.bars.ts)))
            with np.errstate(invalid="ignore", divide="ignore"):
                for begin in range(0, len(found), at_once):
                    part = slice(begin, begin + at_once)
                    found[part] = self._function(name)(self.bars.series(part))
            self._made[name] = found
        return self._made[name]

    @staticmethod
    def _function(name: str) -> metrics.MetricFunction:
        return obv_rsi.obv_above_mean if name == "obv_above_mean" else metrics.REGISTRY[name].function

    def inputs(self, thresholds: Thresholds, names: Sequence[str] = _JUDGED) -> Inputs:
        """What a rule sees; `names`: the metrics it may ask for."""
        values = {name: self.value(name) for name in (*_JUDGED, *names)}
        limits = (thresholds.z, thresholds.ls, thresholds.imbalance_pct)
        with np.errstate(invalid="ignore"):
            k = calc_confluence(values["z_score"], self.bars.lag("global_ls"), values["imbalance"], limits)
        return Inputs(self.bars, values, k, thresholds)

    def flags(self, tier: Tier, thresholds: Thresholds) -> FloatArray:
        """(n, out) flags of a tier: 1, 0 or NaN."""
        key = (tier, thresholds)
        if key not in self._found:
            self._found[key] = self._flags(tier, thresholds)
        return self._found[key]

    def _flags(self, tier: Tier, thresholds: Thresholds) -> FloatArray:
        if tier is Tier.CLUSTER:
            return self._clusters(thresholds)
        inputs = self.inputs(thresholds)
        if tier in COIN_TIERS:
            apart = {"divergence": self._divergence()}
            inputs = Inputs(self.bars, apart, inputs.k, thresholds)
        with np.errstate(invalid="ignore", divide="ignore"):
            return RULES[tier].condition(inputs)

    def _coins(self) -> list[tuple[str, float]]:
        # A pair without a coin has no other exchange to be compared with.
        return [(pair.base or f"{i}", pair.multiplier) for i, pair in enumerate(self.history.pairs)]

    def _divergence(self) -> FloatArray:
        if "divergence" not in self._made:
            columns = self.bars.columns
            with np.errstate(invalid="ignore", divide="ignore"):
                self._made["divergence"] = cross.divergence_of_series(
                    self._coins(), columns["oi_contracts"], columns["volume"], self.bars.out
                )
        return self._made["divergence"]

    def alerts(self, tier: Tier, thresholds: Thresholds) -> tuple[IntArray, IntArray]:
        """(rows, slots of `out`) at which alerts of a tier start."""
        may: BoolArray | None = None
        if tier is Tier.DIVERGENCE:
            columns = self.bars.columns
            may = cross.whole_of_series(
                self._coins(), columns["oi_contracts"], columns["volume"], self.bars.out
            )
        rests = max(_EDGE_ALONE, thresholds.cooldown) if RULES[tier].rests else _EDGE_ALONE
        return replay(self.flags(tier, thresholds), rests, may)

    def _clusters(self, thresholds: Thresholds) -> FloatArray:
        """Tier 6: how many alerts of the other tiers lie in the 12 bars up to each bar."""
        counts = np.zeros(self.bars.shape, dtype=np.int64)
        for tier in Tier:
            if tier is not Tier.CLUSTER:
                rows, slots = self.alerts(tier, thresholds)
                counts[rows, slots] += 1
        total = np.cumsum(counts, axis=1)
        recent = total.astype(np.float64)
        recent[:, CLUSTER_BARS:] -= total[:, :-CLUSTER_BARS]
        judged = signals.judge_coins(self.bars, np.full(self.bars.shape, np.nan), recent, thresholds)
        return judged[Tier.CLUSTER]


def find(market: Market, settings: SimulationSettings) -> Signals:
    """The signals of a history, as some settings ask for them."""
    if settings.entry is Entry.OBV_RSI:
        return _of_obv_rsi(market, settings)
    if settings.entry is Entry.TIER and settings.fire is Fire.ALERTS:
        rows, slots = market.alerts(Tier(settings.tier or 0), settings.thresholds)
    else:
        flags = _flags(market, settings)
        if settings.fire is Fire.ALERTS:
            rows, slots = replay(flags, max(_EDGE_ALONE, settings.thresholds.cooldown))
        else:
            rows, slots = places(flags == 1.0)
    slots = slots + market.history.first
    return _laid(market, rows, slots, directions(market, settings, rows, slots))


def places(chosen: BoolArray) -> tuple[IntArray, IntArray]:
    """(rows, slots) of what is chosen of (n, T), in their order: ten times as fast as `np.nonzero`."""
    rows, slots = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    return rows, slots


def directions(market: Market, settings: SimulationSettings, rows: IntArray, slots: IntArray) -> IntArray:
    """(m,) which way a trade of these settings goes that is signalled at (row, slot); 0 where unknown."""
    if settings.direction in (Direction.LONG, Direction.SHORT):
        way = 1 if settings.direction is Direction.LONG else -1
        return np.full(len(rows), way, dtype=np.int64)
    close = market.bars.columns["close"]
    before = slots - settings.momentum_bars
    move = close[rows, slots] - np.where(before >= 0, close[rows, np.maximum(before, 0)], np.nan)
    sign: IntArray = np.sign(np.nan_to_num(move)).astype(np.int64)
    return -sign if settings.direction is Direction.FADE else sign


def _flags(market: Market, settings: SimulationSettings) -> FloatArray:
    if settings.entry is Entry.TIER:
        return market.flags(Tier(settings.tier or 0), settings.thresholds)
    if settings.entry is Entry.CONFLUENCE:
        k = market.inputs(settings.thresholds).k
        return np.where(np.isfinite(k), (k >= settings.thresholds.confluence_min).astype(np.float64), np.nan)
    return _of_rule(market, settings)


def _of_rule(market: Market, settings: SimulationSettings) -> FloatArray:
    expression = rules.compile(settings.rule or "")
    named = [name for name in expression.needs if name in metrics.REGISTRY]
    inputs = market.inputs(settings.thresholds, named)
    tiers = {
        tier: market.flags(tier, settings.thresholds)
        for tier in Tier
        if f"tier_{int(tier)}" in expression.needs
    }
    values = rules.columns(expression.needs, inputs, tiers)
    flags = expression.evaluate(values, _texts(market))
    return np.broadcast_to(flags, market.bars.shape)


def _texts(market: Market) -> Mapping[str, Sequence[str | None]]:
    pairs = market.history.pairs
    names = {step: name for name, step in TIMEFRAME_MS.items()}
    return {
        "exchange": [pair.exchange or None for pair in pairs],
        "symbol": [pair.symbol or None for pair in pairs],
        "base": [pair.base or None for pair in pairs],
        "timeframe": [names.get(market.bars.timeframe_ms)] * len(pairs),
    }


def _of_obv_rsi(market: Market, settings: SimulationSettings) -> Signals:
    obv, rsi = market.value("obv_above_mean"), market.value("rsi")
    with np.errstate(invalid="ignore"):
        long, short = obv_rsi.entries(obv, rsi)
        leave_long, leave_short = obv_rsi.exits(obv, rsi)
    way = np.zeros(obv.shape, dtype=np.int64)
    if settings.direction is not Direction.SHORT:
        way[long] = 1
    if settings.direction is not Direction.LONG:
        way[short] = -1
    first = market.history.first
    leave = np.zeros((len(obv), len(market.bars.ts)), dtype=np.int8)
    leave[:, first:] = leave_long * LEAVE_LONG + leave_short * LEAVE_SHORT
    rows, slots = places(way != 0)
    return _laid(market, rows, slots + first, way[rows, slots], leave)


def _laid(
    market: Market, rows: IntArray, slots: IntArray, ways: IntArray, leave: SmallArray | None = None
) -> Signals:
    begin = np.searchsorted(rows, np.arange(len(market.history.pairs) + 1))
    return Signals(begin.astype(np.int64), slots.astype(np.int64), ways, leave)
