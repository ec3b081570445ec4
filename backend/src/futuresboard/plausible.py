"""Whether a bar's numbers can be true: beside its own past, beside each other, beside other exchanges. Pure.

What is not even a number of the right sign is `quality.guard`'s business. Here a number is refused that
is well formed and cannot be: a unit error (×1000), a feed that repeats itself. The limits stand where no
recorded market ever was (`docs/guards.md` counts); what exceeds them for an hour is believed, since a
new basis that lasts is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.model import BoolArray, FloatArray, IntArray

WINDOW = 12
"""Bars on either side that a number is compared with: after an hour of refusals nothing is left of them."""
LEAST = 6
"""So many of them must be known."""
JUMP = 30.0
"""Largest ratio of a price, an open interest or a long/short ratio to the median of its neighbours."""
JUDGED = ("close", "oi_contracts", "global_ls", "top_ls")
ALONE = 10.0
"""Largest ratio to the other exchanges' price, where they used to agree."""
STIR = 5.0
"""A price that moved by less against its own past is not the one that left the others."""
AGREEMENT = 1.2
"""Exchanges whose prices were within this ratio quote one coin."""
WITHIN = 30.0
"""Largest ratio of a bar's extremes, its open, the mean price paid (quote volume by volume) or the
price that an open interest's USD value implies, to what the bar's close allows."""
REACH = 300
"""Bars in which a feed that stands still must never have repeated a candle before."""
PEER_LAG = 2
"""Bars for which another exchange's last price may stand in for one that has not come."""

LEVELS = ("oi_contracts", "oi_abs_usd", "global_ls", "top_ls")
CANDLE = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy")
_REPEATED = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Scene:
    """n pairs × T consecutive slots: what is stored, with the new bars in it.

    columns: raw column -> (n, T), NaN unknown; stored: the same without the new bars, which must not
    bear each other out (a whole page may be in another unit); new: (n, T) bars to be judged; peers:
    position of a pair -> (k, T) closes of the same coin on k other exchanges, in the pair's unit.
    """

    columns: Mapping[str, FloatArray]
    stored: Mapping[str, FloatArray]
    new: BoolArray
    peers: Callable[[int], FloatArray]


def refused(scene: Scene) -> dict[str, BoolArray]:
    """Columns with numbers that cannot be true, and where (n, T); only new bars are refused."""
    found = {name: scene.new & _jumps(scene, name) for name in JUDGED}
    found["close"] = _alone(scene, found["close"])
    price = ~found["close"]
    close = np.where(price, scene.columns["close"], np.nan)
    for name in ("open", "high", "low"):
        found[name] = scene.new & (~price | _apart(scene.columns[name], close, WITHIN))
    paid = _unpaid(scene) & scene.new & price
    for name in ("volume", "quote_volume", "taker_buy"):
        found[name] = paid & np.isfinite(scene.columns[name])
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = scene.columns["oi_abs_usd"] / scene.columns["oi_contracts"]
    # A value that was made with a refused price goes with it.
    made = ~price & ~_apart(implied, scene.columns["close"], WITHIN)
    found["oi_abs_usd"] = found["oi_contracts"] | made | (scene.new & _apart(implied, close, WITHIN))
    return {name: bad & np.isfinite(scene.columns[name]) for name, bad in found.items() if bad.any()}


def repeated(scene: Scene) -> dict[str, BoolArray]:
    """Columns of a feed that stands still, and where (n, T); only new bars.

    That is a candle which repeats the last known one to the last digit though something was traded
    over a range, on a pair that moved with every bar before. An open interest may well rest; beside
    such a candle its repetition is the feed's, and the leap at its end would be no event.
    """
    columns = scene.columns
    repeats = np.ones(scene.new.shape, dtype=bool)
    for name in _REPEATED:
        repeats &= columns[name] == _last_known(columns[name])
    # One trade in each of two bars, of one lot at one price, is a quiet market.
    still = repeats & scene.new & (columns["volume"] > 0.0) & (columns["high"] > columns["low"])
    if still.any():
        still &= _never_rested(repeats, np.isfinite(columns["close"]) & ~repeats)
    if not still.any():
        return {}
    found = {name: still & np.isfinite(columns[name]) for name in CANDLE}
    return found | {name: still & (columns[name] == _last_known(columns[name])) for name in LEVELS}


def out_of_place(live: FloatArray, closed: FloatArray) -> BoolArray:
    """(n,) live numbers too far from the newest closed bar's."""
    return _apart(live, closed, JUMP)


def _apart(values: FloatArray, reference: FloatArray, ratio: float) -> BoolArray:
    """Where two positive numbers differ by more than a ratio; unknown ones do not."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apart: BoolArray = np.abs(np.log(values / reference)) > np.log(ratio)
    return apart


def _jumps(scene: Scene, name: str) -> BoolArray:
    """Where a column differs from the median of its neighbours by more than its limit."""
    values, far = scene.columns[name], np.zeros(scene.new.shape, dtype=bool)
    known = _known(scene, name)
    limit = STIR if name == "close" else JUMP
    for row in np.flatnonzero(_restless(np.concatenate([values, known], axis=1), limit)).tolist():
        far[row] = _apart(values[row], _typical(known[row], np.flatnonzero(scene.new[row])), limit)
    return far


def _known(scene: Scene, name: str) -> FloatArray:
    """(n, T) a column as it was before the new bars came; theirs only where nothing was known."""
    return np.where(np.isfinite(scene.stored[name]), scene.stored[name], scene.columns[name])


def _restless(values: FloatArray, ratio: float) -> BoolArray:
    """(n,) pairs whose numbers span more than a ratio at all: nearly none, ever."""
    low = np.min(np.where(np.isfinite(values), values, np.inf), axis=1)
    high = np.max(np.where(np.isfinite(values), values, -np.inf), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        restless: BoolArray = high > low * ratio
    return restless


def _typical(values: FloatArray, at: IntArray) -> FloatArray:
    """(T,) median of the known neighbours of each place in `at`; NaN elsewhere, and where they are few."""
    typical = np.full(len(values), np.nan)
    for place in at.tolist():
        near = np.concatenate(
            [values[max(0, place - WINDOW) : place], values[place + 1 : place + 1 + WINDOW]]
        )
        near = near[np.isfinite(near)]
        if len(near) >= LEAST:
            typical[place] = np.median(near)
    return typical


def _alone(scene: Scene, moved: BoolArray) -> BoolArray:
    """Of the closes that moved, those that the other exchanges do not bear out."""
    refused = np.zeros(moved.shape, dtype=bool)
    for row in np.flatnonzero(moved.any(axis=1)).tolist():
        close, peers = scene.columns["close"][row], scene.peers(row)
        places = np.flatnonzero(moved[row])
        typical = _typical(_known(scene, "close")[row], places)
        for place in places.tolist():
            refused[row, place] = not _believable(close, peers, place, float(typical[place]))
    return refused


def _believable(close: FloatArray, peers: FloatArray, place: int, typical: float) -> bool:
    """Whether a close that moved away from `typical` may stand, by what others quote for the coin."""
    value = close[place]
    quotes = [quote for peer in peers if (quote := _quote(close, peer, place)) is not None]
    reference, limit = (float(np.median(quotes)), ALONE) if quotes else (typical, JUMP)
    return bool(abs(np.log(value / reference)) <= np.log(limit))


def _quote(close: FloatArray, peer: FloatArray, place: int) -> float | None:
    """Another exchange's newest price at a place, if it used to agree with ours; None otherwise."""
    past = slice(max(0, place - WINDOW), place)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.abs(np.log(peer[past] / close[past]))
    ratios = ratios[np.isfinite(ratios)]
    if len(ratios) < LEAST or np.median(ratios) > np.log(AGREEMENT):
        return None
    recent = peer[max(0, place - PEER_LAG) : place + 1]
    recent = recent[np.isfinite(recent)]
    return float(recent[-1]) if len(recent) else None


def _unpaid(scene: Scene) -> BoolArray:
    """Where quote volume by volume is no price of the bar: one of the two counts in another unit."""
    columns = scene.columns
    with np.errstate(divide="ignore", invalid="ignore"):
        paid = columns["quote_volume"] / columns["volume"]
        outside = (paid > columns["high"] * WITHIN) | (paid < columns["low"] / WITHIN)
    bad: BoolArray = outside & (columns["volume"] > 0.0) & (columns["quote_volume"] > 0.0)
    return bad


def _last_known(values: FloatArray) -> FloatArray:
    """(n, T) the last known number before each slot; NaN where there is none."""
    slots = np.arange(values.shape[1])
    known = np.maximum.accumulate(np.where(np.isfinite(values), slots, -1), axis=1)
    before = np.concatenate([np.full((len(values), 1), -1), known[:, :-1]], axis=1)
    return np.where(before >= 0, np.take_along_axis(values, np.maximum(before, 0), axis=1), np.nan)


def _never_rested(repeats: BoolArray, moved: BoolArray) -> BoolArray:
    """(n, T) whether a feed moved `LEAST` times, and never repeated itself, in `REACH` bars before its
    present run of repetitions."""
    slots = np.arange(repeats.shape[1])
    begin = np.maximum.accumulate(np.where(moved, slots, 0), axis=1)
    horizon = np.broadcast_to(np.maximum(slots - REACH, 0), begin.shape)

    def before(happened: BoolArray) -> IntArray:
        counts = np.cumsum(happened, axis=1)
        found: IntArray = np.take_along_axis(counts, begin, axis=1)
        return found - np.take_along_axis(counts, horizon, axis=1)

    never: BoolArray = (before(moved) >= LEAST) & (before(repeats) == 0)
    return never
