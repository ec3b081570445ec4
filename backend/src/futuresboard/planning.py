"""What a threshold would have done: a tier's alerts replayed over stored bars, and their worth. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from futuresboard import cross, metrics
from futuresboard.bars import Bars
from futuresboard.evidence import HORIZONS, Base, Events, Evidence, judge, measure
from futuresboard.lifecycle import replay
from futuresboard.metrics import calc_confluence
from futuresboard.model import MS_PER_DAY, FloatArray, IntArray, Thresholds, Tier
from futuresboard.signals import RULES, Inputs
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, Trades, fixed_horizons, funding_paid, won
from futuresboard.windows import Z_CLIP

COLUMNS: tuple[str, ...] = (
    "open",
    "close",
    "volume",
    "taker_buy",
    "oi_contracts",
    "global_ls",
    "funding",
    "funding_interval_h",
)
"""Raw columns that the tiers and their trades read."""
REACH = cross.REACH + 1
"""Slots before the first one judged that flags read."""
PLANNED: Mapping[Tier, str] = {
    Tier.OI_SPIKE: "z",
    Tier.CONFLUENCE: "z",
    Tier.FLOW_AGREES: "oi_delta_pct",
    Tier.CROWDED_UNWIND: "funding_pct",
    Tier.DIVERGENCE: "divergence_sigma",
}
"""Tiers that can be planned and the threshold (of `Thresholds`) that is tried."""
DIRECTIONS: Mapping[str, int] = {"long": LONG, "short": SHORT}


@dataclass(frozen=True)
class Worth:
    """The evidence of one direction and horizon (bars held)."""

    direction: str
    horizon: int
    evidence: Evidence


def judged(cells: Sequence[Worth]) -> list[Worth]:
    """The same cells as one family, with verdicts."""
    verdicts = judge([cell.evidence for cell in cells])
    return [replace(cell, evidence=evidence) for cell, evidence in zip(cells, verdicts, strict=True)]


@dataclass(frozen=True)
class Plan:
    """A tier's alerts over the past, had a threshold been in force.

    series: those that knew the tier's flag at all; days: how long they knew it, on average; flags: bars
    at which it was true; by_day: 00:00 UTC in ms -> alerts.
    """

    series: int
    days: float
    flags: int
    alerts: int
    by_day: Mapping[int, int]
    worth: Sequence[Worth]

    @property
    def alerts_per_day(self) -> float | None:
        """Expected alerts a day over all series; None when nothing is known."""
        return self.alerts / self.days if self.days else None

    @property
    def flags_per_day(self) -> float | None:
        """Expected bars a day at which the flag is true."""
        return self.flags / self.days if self.days else None


class Window:
    """Stored bars ready to be judged by any threshold: what does not depend on thresholds is kept."""

    def __init__(self, bars: Bars, coins: Sequence[tuple[str, float]]) -> None:
        """bars: columns `COLUMNS` of n series; the slots before `out` are their past; coins: each
        series' coin and multiplier."""
        self._bars = bars
        oi, volume = bars.columns["oi_contracts"], bars.columns["volume"]
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.clip(metrics.z_raw(bars), -Z_CLIP, Z_CLIP)
            self._values = {
                "z_score": z,
                "imbalance": metrics.imbalance(bars),
                "oi_delta_pct": metrics.oi_delta_pct(bars),
                "divergence": cross.divergence_of_series(coins, oi, volume, bars.out),
            }
        self._whole = cross.whole_of_series(coins, oi, volume, bars.out)
        past = len(bars.ts) - bars.out
        columns = {name: column[:, past:] for name, column in bars.columns.items()}
        self._prices = Prices.of(bars.timeframe_ms, bars.ts[past:], columns)
        self._costs = Costs()
        self._base = _base_rates(self._prices, self._costs)

    def plan(self, tier: Tier, threshold: float, thresholds: Thresholds) -> Plan:
        """Replay a tier with one threshold changed; `thresholds` are those of all other conditions."""
        tried = replace(thresholds, **{PLANNED[tier]: threshold})  # type: ignore[arg-type]
        flags = self.flags(tier, tried)
        known = np.isfinite(flags)
        series = int(known.any(axis=1).sum())
        rows, slots = self.alerts(tier, flags, tried)
        ts = self._prices.ts[slots]
        days, counts = np.unique(ts // MS_PER_DAY * MS_PER_DAY, return_counts=True)
        bars_a_day = MS_PER_DAY // self._bars.timeframe_ms
        return Plan(
            series,
            int(known.sum()) / (bars_a_day * series) if series else 0.0,
            int((flags == 1.0).sum()),
            len(rows),
            dict(zip(days.tolist(), counts.tolist(), strict=True)),
            judged(self.worth(rows, slots)),
        )

    def flags(self, tier: Tier, thresholds: Thresholds) -> FloatArray:
        """(n, out) flags of a tier."""
        limits = (thresholds.z, thresholds.ls, thresholds.imbalance_pct)
        values = self._values
        with np.errstate(invalid="ignore", divide="ignore"):
            k = calc_confluence(values["z_score"], self._bars.lag("global_ls"), values["imbalance"], limits)
            return RULES[tier].condition(Inputs(self._bars, values, k, thresholds))

    def alerts(self, tier: Tier, flags: FloatArray, thresholds: Thresholds) -> tuple[IntArray, IntArray]:
        """(rows, slots) at which alerts of a tier start by its flags (n, out)."""
        return replay(flags, thresholds.cooldown, self._whole if tier is Tier.DIVERGENCE else None)

    def worth(self, rows: IntArray, slots: IntArray) -> list[Worth]:
        """What alerts at (row, slot) were worth, each direction and horizon; not judged yet."""
        prices, costs = self._prices, self._costs
        timely = fixed_horizons(prices, rows, slots, HORIZONS)
        late = fixed_horizons(prices, rows, slots + 1, HORIZONS)
        found = []
        for i, horizon in enumerate(HORIZONS):
            for name, direction in DIRECTIONS.items():
                nets = timely[i].net(direction, costs), late[i].net(direction, costs)
                events = Events(prices.ts[slots], rows, *nets)
                horizon_ms = horizon * prices.timeframe_ms
                found.append(
                    Worth(name, horizon, measure(events, self._base[direction, horizon], horizon_ms))
                )
        return found


def every_bar(prices: Prices, holds: Sequence[int]) -> dict[int, Trades]:
    """Bars held -> the trades of a signal at every bar, arrays (n, T): `fixed_horizons`, but faster."""
    paid = funding_paid(prices)
    slots = paid.shape[1]
    entry = _ahead(prices.open, 1)
    funding = np.zeros(paid.shape)
    found: dict[int, Trades] = {}
    for held in range(1, max(holds) + 1):
        kept = max(0, slots - held)
        funding[:, :kept] += paid[:, held:]
        funding[:, kept:] = np.nan
        if held in holds:
            found[held] = Trades(entry, _ahead(prices.close, held), funding.copy())
    return found


def _ahead(prices: FloatArray, slots: int) -> FloatArray:
    """(n, T) the price some slots later; NaN beyond the end and where it is no price."""
    shifted = np.full(prices.shape, np.nan)
    later = prices[:, slots:]
    shifted[:, : later.shape[1]] = np.where((later > 0.0) & np.isfinite(later), later, np.nan)
    return shifted


def _base_rates(prices: Prices, costs: Costs) -> dict[tuple[int, int], Base]:
    """(direction, bars held) -> how many bars of each series had a trade, and how many of those won."""
    found = {}
    with np.errstate(invalid="ignore"):
        for horizon, trades in every_bar(prices, HORIZONS).items():
            for direction in DIRECTIONS.values():
                hit = won(trades.net(direction, costs))
                found[direction, horizon] = Base(
                    np.isfinite(hit).sum(axis=1), (hit == 1.0).sum(axis=1).astype(np.int64)
                )
    return found
