"""The simulated trade and the evidence of the definitions again, in plain loops; nothing here is ours.

A bar is a mapping with `ts` and `open`, `close`, `funding`, `funding_interval_h`; None is unknown, and a
missing bar is None itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

HOUR, MINUTE = 3_600_000, 60_000
FEE, SLIPPAGE = 0.0005, 0.0001

type Bar = Mapping[str, Any] | None


def settlements(bar: Bar, opened: int, step: int) -> list[float] | None:
    """The rates settled after `opened` and up to `opened + step`; None when that cannot be known."""
    closed = opened + step
    interval = None if bar is None else bar["funding_interval_h"]
    if interval is None:
        on_the_hour = any((opened + minute * MINUTE) % HOUR == 0 for minute in range(1, step // MINUTE + 1))
        return None if on_the_hour else []
    every = int(interval * HOUR)
    crossed = []
    at = opened // every * every
    while at <= closed:
        if at > opened:
            crossed.append(at)
        at += every
    if not crossed:
        return []
    if len(crossed) > 1 or bar["funding"] is None:
        return None
    return [bar["funding"]]


def trade(bars: Sequence[Bar], t: int, hold: int, direction: int, step: int, t0: int) -> float | None:
    """Net return of the trade signalled at the close of bar `t`; None is no trade. Bar 0 opens at `t0`."""
    if t + hold >= len(bars):
        return None
    first, last = bars[t + 1], bars[t + hold]
    if first is None or last is None or first["open"] is None or last["close"] is None:
        return None
    paid = 0.0
    for held in range(t + 1, t + hold + 1):
        rates = settlements(bars[held], t0 + held * step, step)
        if rates is None:
            return None
        paid += sum(rates)
    gross = direction * (last["close"] / first["open"] - 1)
    return gross - 2 * FEE - 2 * SLIPPAGE - direction * paid


def without_overlap(signals: Sequence[tuple[int, int]], hold: int) -> list[tuple[int, int]]:
    """(row, slot) signals that a pair holding one trade at a time acts on; by time."""
    acted: list[tuple[int, int]] = []
    for row, slot in sorted(signals, key=lambda signal: signal[1]):
        # In from slot + 1 to slot + hold, both included.
        mine = [set(range(at + 1, at + hold + 1)) for other, at in acted if other == row]
        if not any(slot + 1 in busy for busy in mine):
            acted.append((row, slot))
    return acted


def clusters(times: Sequence[int], horizon: int) -> list[int]:
    """The cluster of each alert; times ascending. A cluster reaches one horizon from its first alert."""
    found: list[int] = []
    first = None
    for at in times:
        if first is None or at - first > horizon:
            first = at
            found.append(found[-1] + 1 if found else 0)
        else:
            found.append(found[-1])
    return found


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The shares p at which |hits/n − p| is 1.96 standard errors of p itself: by bisection."""
    share = hits / n

    def outside(p: float) -> bool:
        return abs(share - p) > 1.959963984540054 * math.sqrt(p * (1 - p) / n)

    ends = []
    for far in (0.0, 1.0):
        near = share
        for _ in range(200):
            middle = (near + far) / 2
            near, far = (near, middle) if outside(middle) else (middle, far)
        ends.append(near)
    return ends[0], ends[1]
