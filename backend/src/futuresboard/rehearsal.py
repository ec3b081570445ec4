"""History judged like the present: which alerts stored flags would have started, and what each bar's
trade would have been. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.evidence import HORIZONS
from futuresboard.model import BoolArray, FloatArray, IntArray, Tier
from futuresboard.signals import starts
from futuresboard.trade_sim import LONG, SHORT, Costs, Prices, fixed_horizons, won

DIRECTIONS: tuple[int, ...] = (LONG, SHORT)
REACH = max(HORIZONS) + 1
"""Bars after a signal that its outcomes need: the longest trade, entered a bar late."""

type Kind = tuple[str, int]
"""(`kind`, `tier`) of alerts as the database has them: tier 0 where the kind has none."""


@dataclass(frozen=True)
class Flags:
    """n series × T slots as stored: bit sets of true and known tiers (0 where no bar is), `confluence`
    (NaN unknown), and which bars came from history, so that no live alert could start there."""

    ts: IntArray
    true: IntArray
    known: IntArray
    confluence: FloatArray
    historic: BoolArray

    def of(self, confluence_min: int) -> dict[Kind, FloatArray]:
        """Each kind's flags (n, T): 1, 0 or NaN."""
        found: dict[Kind, FloatArray] = {}
        for tier in Tier:
            bit = 1 << int(tier)
            flag = (self.true & bit != 0).astype(np.float64)
            found["tier", int(tier)] = np.where(self.known & bit != 0, flag, np.nan)
        k = np.rint(self.confluence * 3.0)
        found["confluence", 0] = np.where(np.isfinite(k), (k >= confluence_min).astype(np.float64), np.nan)
        return found


@dataclass(frozen=True)
class Lifecycle:
    """What turns flags into alerts beside the flags themselves."""

    timeframe_ms: int
    cooldown: int
    confluence_min: int

    def cooldown_of(self, kind: Kind) -> int:
        """Bars of silence after an alert; a cluster's edge has none."""
        return 0 if kind == ("tier", int(Tier.CLUSTER)) else self.cooldown


def rehearse(
    flags: Flags, lifecycle: Lifecycle, heard: Mapping[Kind, Iterable[tuple[int, int]]]
) -> list[tuple[Kind, int, int]]:
    """(kind, row, slot) of the alerts that the bars from history would have started; slot 0 starts none.

    heard: by kind, the (row, time) of alerts known before or beside them, raised live or rehearsed
    earlier, which silence what follows.
    """
    found: list[tuple[Kind, int, int]] = []
    for kind, flag in flags.of(lifecycle.confluence_min).items():
        last = np.full(len(flag), np.nan)
        others = sorted((ts, row) for row, ts in heard.get(kind, ()))
        rises = (flag[:, 1:] == 1.0) & (flag[:, :-1] == 0.0) & flags.historic[:, 1:]
        for slot in (np.flatnonzero(rises.any(axis=0)) + 1).tolist():
            ts = int(flags.ts[slot])
            while others and others[0][0] < ts:
                at, row = others.pop(0)
                last[row] = np.fmax(last[row], at)
            begun = flags.historic[:, slot] & starts(
                flag[:, slot],
                flag[:, slot - 1],
                ts,
                last,
                timeframe_ms=lifecycle.timeframe_ms,
                cooldown=lifecycle.cooldown_of(kind),
            )
            last[begun] = ts
            found += [(kind, row, slot) for row in np.flatnonzero(begun).tolist()]
    return found


def outcomes(prices: Prices, rows: IntArray, slots: IntArray) -> FloatArray:
    """(m, 2, horizons, 2) net returns of m signals: on time and one bar late, by horizon, long and short."""
    costs = Costs()
    return np.stack(
        [
            np.stack(
                [
                    np.stack([trades.net(direction, costs) for direction in DIRECTIONS], axis=-1)
                    for trades in fixed_horizons(prices, rows, slots + late, HORIZONS)
                ],
                axis=1,
            )
            for late in (0, 1)
        ],
        axis=1,
    )


def base_counts(prices: Prices, present: BoolArray, first: int, stop: int) -> IntArray:
    """(n, horizons, 3) of the bars in slots first … stop − 1: how many had a trade, won long, won short.

    present: (n, T) whether there is a bar (a finalised one) that might have given a signal.
    """
    series = len(prices.close)
    rows, slots = (grid.ravel() for grid in np.mgrid[0:series, first:stop])
    absent = ~present[:, first:stop]
    counts = []
    for trades in fixed_horizons(prices, rows, slots, HORIZONS):
        wins = [won(trades.net(direction, Costs())).reshape(series, -1) for direction in DIRECTIONS]
        for side in wins:
            side[absent] = np.nan
        known = np.isfinite(wins[0]).sum(axis=1)
        counts.append(np.stack([known, *(np.nansum(side, axis=1) for side in wins)], axis=-1))
    return np.stack(counts, axis=1).astype(np.int64)
