"""Which pairs are recorded: the most liquid ones, without a coming and going at the edge. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from futuresboard.model import Market

EDGE = 0.1
"""Share of `MAX_PAIRS` a pair's rank may lie beyond the edge before it leaves, or must lie within to
push another out."""


def choose(
    listed: Sequence[Market], current: Collection[str], most: int, coins: Collection[str] = ()
) -> list[Market]:
    """The pairs to record of those an exchange lists (most liquid first), in that order.

    current: symbols recorded now; most: how many at most; coins: named base coins, which are
    recorded whatever their rank, and then no others. A recorded pair stays while its rank is within
    `most` and a tenth more; seats that are free go to the most liquid; a pair that ranks within
    nine tenths of `most` pushes out the least liquid one beyond `most`.
    """
    if coins:
        return [market for market in listed if market.base in coins]
    inner, outer = int(most * (1.0 - EDGE)), int(most * (1.0 + EDGE))
    seats = {market.symbol for market in listed[: max(outer, most)] if market.symbol in current}
    for market in reversed(listed):
        # More than there are seats for: the setting became smaller.
        if len(seats) <= most:
            break
        seats.discard(market.symbol)
    for market in listed[:most]:
        if len(seats) < most:
            seats.add(market.symbol)
    for market in listed[: max(inner, 1) if most else 0]:
        if market.symbol not in seats:
            last = next(other for other in reversed(listed) if other.symbol in seats)
            seats.remove(last.symbol)
            seats.add(market.symbol)
    return [market for market in listed if market.symbol in seats]


def relisted(
    listed_before: int | None,
    listed_now: int | None,
    newest_bar: int | None,
    prices: tuple[float, float] | None,
) -> bool:
    """Whether a symbol names another contract than the one its stored bars are of.

    listed_before, listed_now: what the exchange said and says about its listing; newest_bar: time
    of the newest stored bar; prices: its close and the price now, where both are known and the pair
    was away meanwhile. A listing after the newest bar is a new contract, and so is a price in
    another scale.
    """
    if newest_bar is None:
        return False
    if listed_now is not None and listed_before != listed_now and listed_now > newest_bar:
        return True
    if prices is None:
        return False
    ratio = prices[1] / prices[0]
    return not 1.0 / OTHER_SCALE < ratio < OTHER_SCALE


OTHER_SCALE = 8.0
"""Redenominations go by tens and thousands; no liquid coin moves so far while it is not traded."""
