"""Tiers as one rule table, and when a flag becomes an alert. Pure; flags are 1, 0 or NaN (unknown)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.bars import Bars
from futuresboard.cross import REACH
from futuresboard.metrics import FLOW_WINDOW, calc_confluence, net_taker_volume
from futuresboard.model import COIN_TIERS, SEVERITY, BoolArray, FloatArray, Thresholds, Tier

_FUNDING_TOLERANCE = 1e-9
CLUSTER_BARS = 12
"""Slots, the newest included, whose alerts of tiers 1–5 make a cluster."""
CLUSTER_LEAST = 3


@dataclass(frozen=True)
class Inputs:
    """What a rule sees: bars, their metrics (name -> (n, out)), k (n, out) and the thresholds.

    For the tiers judged beside other series `values` has `divergence` and `recent_alerts` instead.
    """

    bars: Bars
    values: Mapping[str, FloatArray]
    k: FloatArray
    thresholds: Thresholds


type Condition = Callable[[Inputs], FloatArray]


@dataclass(frozen=True)
class Rule:
    """One tier: `condition` gives (n, out) flags, `side` the takers' side (+1, -1; 0 or None: no side).

    `reads` names the raw columns and how many slots of each the condition reads (for the stored
    window). The sentence is a format string over the row's values and thresholds. rests: whether an
    alert silences the next ones for `ALERT_COOLDOWN` bars.
    """

    tier: Tier
    name: str
    doc: str
    reads: Mapping[str, int]
    condition: Condition
    side: Condition | None
    text: str
    rests: bool = True


def _flag(condition: BoolArray, *needs: FloatArray) -> FloatArray:
    known = np.ones(condition.shape, dtype=bool)
    for need in needs:
        known &= np.isfinite(need)
    return np.where(known, condition.astype(float), np.nan)


def flow(bars: Bars) -> FloatArray:
    """(n, out) Σ(taker buy − taker sell) over the last 12 bars, oldest first; NaN unless all are known."""
    total = np.zeros(bars.shape)
    for back in range(FLOW_WINDOW - 1, -1, -1):
        total = total + net_taker_volume(bars, back)
    return total


def funding_8h(bars: Bars) -> FloatArray:
    """(n, out) settled funding as a fraction per 8 h."""
    return bars.lag("funding") * 8.0 / bars.lag("funding_interval_h")


def _oi_spike(x: Inputs) -> FloatArray:
    z = x.values["z_score"]
    return _flag(z > x.thresholds.z, z)


def _confluence(x: Inputs) -> FloatArray:
    return _flag(x.k == 3.0, x.k)


def _flow_agrees(x: Inputs) -> FloatArray:
    taken = flow(x.bars)
    move = x.bars.lag("close") - x.bars.lag("close", FLOW_WINDOW)
    change = x.values["oi_delta_pct"]
    agree = (np.sign(taken) == np.sign(move)) & (np.sign(move) != 0.0)
    return _flag(agree & (change > x.thresholds.oi_delta_pct), taken, move, change)


def _crowded_unwind(x: Inputs) -> FloatArray:
    paid = funding_8h(x.bars)
    now, before = x.bars.lag("oi_contracts"), x.bars.lag("oi_contracts", FLOW_WINDOW)
    limit = x.thresholds.funding_pct / 100.0
    return _flag((paid - limit > _FUNDING_TOLERANCE) & (now < before), paid, now, before)


def _departs(x: Inputs) -> FloatArray:
    apart = x.values["divergence"]
    return _flag(np.abs(apart) > x.thresholds.divergence_sigma, apart)


def _clusters(x: Inputs) -> FloatArray:
    recent = x.values["recent_alerts"]
    return _flag(recent >= CLUSTER_LEAST, recent)


RULES: Mapping[Tier, Rule] = {
    rule.tier: rule
    for rule in (
        Rule(
            Tier.OI_SPIKE,
            "OI spike",
            "z_score > Z_THRESHOLD: open interest grew far more than in its last 20 bars.",
            {"oi_contracts": 22},
            _oi_spike,
            None,
            "open interest {oi_delta_pct:+.2f} % in one bar, {z_raw:.1f} σ above its last 20 bars",
        ),
        Rule(
            Tier.CONFLUENCE,
            "Confluence",
            "z_score, global LS and |imbalance| all above their thresholds.",
            {"oi_contracts": 22, "global_ls": 1, "volume": 1, "taker_buy": 1},
            _confluence,
            lambda x: np.sign(x.values["imbalance"]),
            "open interest {z_raw:.1f} σ up, {global_ls:.2f} accounts long per short and takers "
            "{imbalance:+.1f} % to one side, all at once",
        ),
        Rule(
            Tier.FLOW_AGREES,
            "Flow agrees",
            "Taker flow of the last 12 bars and the price change over them have one sign, and "
            "oi_delta_pct > OI_DELTA_THRESHOLD.",
            {"oi_contracts": 2, "close": 13, "volume": 12, "taker_buy": 12},
            _flow_agrees,
            lambda x: np.sign(flow(x.bars)),
            "an hour of taker flow and price point the same way while open interest grew "
            "{oi_delta_pct:+.2f} % in one bar",
        ),
        Rule(
            Tier.CROWDED_UNWIND,
            "Crowded unwind",
            "Funding per 8 h above FUNDING_THRESHOLD and open interest below 12 bars ago.",
            {"oi_contracts": 13, "funding": 1, "funding_interval_h": 1},
            _crowded_unwind,
            None,
            "longs pay {funding_8h_pct:.4f} % per 8 h while open interest is below 12 bars ago",
        ),
        Rule(
            Tier.DIVERGENCE,
            "Divergence",
            "Open interest departs from the coin's other exchanges: |Z| of its change less the chained "
            "change of all > DIVERGENCE_SIGMA.",
            {"oi_contracts": REACH + 1, "volume": REACH + 1},
            _departs,
            None,
            "open interest {oi_delta_pct:+.2f} % in one bar against {global_oi_change_pct:+.2f} % over all "
            "exchanges, {divergence:+.1f} σ from how far apart they usually are",
        ),
        Rule(
            Tier.CLUSTER,
            "Cluster",
            "At least 3 alerts of tiers 1–5 of this series within 12 bars.",
            {},
            _clusters,
            None,
            "{recent_alerts:.0f} alerts of tiers 1 to 5 within 12 bars",
            rests=False,
        ),
    )
}


def evaluate(
    bars: Bars, values: Mapping[str, FloatArray], thresholds: Thresholds
) -> tuple[dict[Tier, FloatArray], FloatArray]:
    """All tiers' flags and k, each (n, out) with NaN = unknown. `values` as `metrics.get_all` gives."""
    with np.errstate(invalid="ignore", divide="ignore"):
        k = calc_confluence(
            values["z_score"],
            bars.lag("global_ls"),
            values["imbalance"],
            (thresholds.z, thresholds.ls, thresholds.imbalance_pct),
        )
        inputs = Inputs(bars, values, k, thresholds)
        return {tier: rule.condition(inputs) for tier, rule in RULES.items() if tier not in COIN_TIERS}, k


def judge_coins(
    bars: Bars, divergence: FloatArray, recent: FloatArray, thresholds: Thresholds
) -> dict[Tier, FloatArray]:
    """Flags (n, out) of the tiers that look beyond one series, by tier."""
    values = {"divergence": divergence, "recent_alerts": recent}
    inputs = Inputs(bars, values, np.full(bars.shape, np.nan), thresholds)
    with np.errstate(invalid="ignore"):
        return {tier: RULES[tier].condition(inputs) for tier in COIN_TIERS}


def starts(
    now: FloatArray, before: FloatArray, ts: int, last_ts: FloatArray, *, timeframe_ms: int, cooldown: int
) -> BoolArray:
    """(n,) where a flag starts an alert at bar `ts`: true now, false (not unknown) one bar before,
    and at least `cooldown` bars since the last alert (`last_ts`, NaN for none)."""
    rested = np.isnan(last_ts) | (ts - last_ts >= cooldown * timeframe_ms)
    started: BoolArray = (now == 1.0) & (before == 0.0) & rested
    return started


def top_tier(tiers: list[int]) -> int | None:
    """The severest of a row's tiers."""
    return next((int(tier) for tier in SEVERITY if tier in tiers), None)
