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


def price_of(bar: Bar, name: str) -> float | None:
    """A price; None when it or the whole bar is unknown."""
    return None if bar is None else bar[name]


def stopped(bar: Bar, stop: float, direction: int, *, entered: bool) -> tuple[str, float | None] | None:
    """How a stop ends a trade within a bar: ("stop", price) or ("no path", None); None when it does not."""
    opened, worst = price_of(bar, "open"), price_of(bar, "low" if direction == 1 else "high")
    if not entered and opened is not None and direction * opened <= direction * stop:
        return "stop", opened
    if worst is None:
        return "no path", None
    if direction * worst > direction * stop:
        return None
    return ("no path", None) if opened is None else ("stop", stop)


def took_profit(bar: Bar, target: float, direction: int) -> tuple[str, float | None] | None:
    """The same of a take-profit."""
    dearest = price_of(bar, "high" if direction == 1 else "low")
    if dearest is None:
        return "no path", None
    return ("take-profit", target) if direction * dearest >= direction * target else None


def within(
    bar: Bar, entry: float, peak: float, direction: int, rule: Mapping[str, Any], *, entered: bool
) -> tuple[str, float | None] | None:
    """What a bar's prices do to a trade: (word, price), or None when it goes on."""
    stops = []
    if rule["sl"] is not None:
        stops.append((entry * (1 - direction * rule["sl"]), "stop-loss"))
    if rule["trail"] is not None:
        stops.append((peak * (1 - direction * rule["trail"]), "trailing stop"))
    if stops:
        # The nearer one; the fixed one when they are equal.
        stop, word = max(stops, key=lambda one: (direction * one[0], one[1] == "stop-loss"))
        if (found := stopped(bar, stop, direction, entered=entered)) is not None:
            return (word, found[1]) if found[0] == "stop" else found
    if rule["tp"] is not None:
        target = entry * (1 + direction * rule["tp"])
        if (found := took_profit(bar, target, direction)) is not None:
            return found
    unknown = price_of(bar, "high" if direction == 1 else "low") is None
    return ("no path", None) if rule["trail"] is not None and unknown else None


def ends(
    bars: Sequence[Bar], first: int, direction: int, leave: Sequence[set[int]] | None, **rule: Any
) -> tuple[str, int | None, float | None]:
    """How a trade entered at the open of bar `first` ends: (word, bar, price).

    leave: for each bar the directions told to leave at its close.
    """
    entry = price_of(bars[first], "open")
    assert entry is not None
    peaks = [entry]
    for at in range(first, len(bars)):
        bar = bars[at]
        if at > first and leave is not None and direction in leave[at - 1]:
            price = price_of(bar, "open")
            return ("no exit", at, None) if price is None else ("exit signal", at, price)
        peak = max(peaks) if direction == 1 else min(peaks)
        if (found := within(bar, entry, peak, direction, rule, entered=at == first)) is not None:
            return found[0], at, found[1]
        if rule["hold"] is not None and at == first + rule["hold"] - 1:
            price = price_of(bar, "close")
            return ("no exit", at, None) if price is None else ("horizon", at, price)
        peaks.append(price_of(bar, "high" if direction == 1 else "low") or entry)
    return "open", None, None


def judged(
    bars: Sequence[Bar], t: int, direction: int, step: int, t0: int, costs: tuple[float, float], **rule: Any
) -> dict[str, Any]:
    """What becomes of the signal at the close of bar `t`: its `word`, and for a trade all its figures."""
    rule = {
        "hold": None,
        "tp": None,
        "sl": None,
        "trail": None,
        "leave": None,
        "late": 0,
        "paid": True,
    } | rule
    late, paid = rule.pop("late"), rule.pop("paid")
    first = t + 1 + late
    if direction == 0:
        return {"word": "no direction"}
    if first >= len(bars):
        return {"word": "open"}
    entry = None if bars[first] is None else bars[first]["open"]
    if entry is None:
        return {"word": "no entry"}
    word, at, price = ends(bars, first, direction, **rule)
    if word in ("no exit", "no path"):
        return {"word": word}
    # At a bar's open or within it, its settlement is still to come.
    crossed = range(first, len(bars)) if at is None else range(first, at + (word == "horizon"))
    funding = 0.0
    for held in crossed if paid else ():
        rates = settlements(bars[held], t0 + held * step, step)
        if rates is None:
            return {"word": "no funding"}
        funding += sum(rates)
    if at is None or price is None:
        return {"word": "open"}
    fee, slippage = costs
    gross = direction * (price / entry - 1)
    net = gross - 2 * fee - 2 * slippage - direction * funding
    window = first + rule["hold"] if rule["hold"] else at + (word == "horizon")
    closes = [
        direction * (bars[held]["close"] / entry - 1)
        for held in range(first, min(window, len(bars)))
        if bars[held] is not None and bars[held]["close"] is not None
    ]
    regret = None
    if window <= len(bars):
        regret = max([0.0, *(best - 2 * fee - 2 * slippage for best in closes)]) - net
    far = excursions(bars, first, at, price, whole=word == "horizon")
    moves = None if far is None else sorted(direction * (one / entry - 1) for one in far)
    return {
        "word": word,
        "first": first,
        "at": at,
        "entry": entry,
        "exit": price,
        "gross": gross,
        "funding": direction * funding,
        "net": net,
        "regret": regret,
        "adverse": None if moves is None else moves[0],
        "favourable": None if moves is None else moves[-1],
    }


def excursions(bars: Sequence[Bar], first: int, at: int, price: float, *, whole: bool) -> list[float] | None:
    """Every price the trade is known to have seen; None when a high or low on the way is unknown."""
    seen = [bars[first]["open"], price] if not whole else [bars[first]["open"]]
    for held in range(first, at + whole):
        if bars[held] is None or bars[held]["high"] is None or bars[held]["low"] is None:
            return None
        seen += [bars[held]["high"], bars[held]["low"]]
    if not whole and bars[at] is not None and bars[at]["open"] is not None:
        seen.append(bars[at]["open"])
    return seen


def acted(
    bars: Sequence[Bar], signals: Sequence[tuple[int, int]], step: int, t0: int, costs: Any, **rule: Any
) -> list[dict[str, Any]]:
    """One pair's (bar, direction) signals, by time, when it holds one trade at a time."""
    found: list[dict[str, Any]] = []
    busy_until = None
    for t, direction in signals:
        close = t + rule.get("late", 0)
        if busy_until is not None and close < busy_until:
            found.append({"word": "busy"})
            continue
        one = judged(bars, t, direction, step, t0, costs, **rule)
        found.append(one)
        if one["word"] == "open":
            busy_until = math.inf
        elif "at" in one:
            # Told to leave at a close, gone at the next open, where the pair may turn around.
            busy_until = one["at"] - 1 if one["word"] == "exit signal" else one["at"]
    return found
