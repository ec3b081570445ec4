"""What is asked for at a bar's close where an exchange's budget cannot hold every row. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from futuresboard.model import Kind

STEP_S = 300
MIDDLE_SHARE = 0.75
"""Share of what the first kind leaves that goes to the second one (open interest before top traders)."""


class Plan:
    """Turns of the pairs, for kinds that share one budget.

    kinds: the most needed first; order: pair rows, the most liquid first; per_close: requests a
    close may spend on all of it. What does not fit takes turns: one half of a kind's requests goes
    to the most liquid pairs at every close, the other to those that waited longest. A row that is
    not asked for at its close comes with the pair's next turn, which brings all that is missing.
    """

    def __init__(self, kinds: Sequence[Kind], order: Sequence[int], per_close: int) -> None:
        self._order = np.array(order, dtype=np.int64)
        self._pairs = len(order)
        self._quotas = _quotas(kinds, self._pairs, per_close)
        self._waited = {kind: np.zeros(self._pairs, dtype=np.int64) for kind in kinds}
        self._turn: dict[Kind, frozenset[int]] = {}
        self._bar: int | None = None

    def turn(self, kind: Kind, bar: int) -> frozenset[int] | None:
        """Pair rows asked for a kind at the bar at `bar` (of rising times); None: all of them."""
        if kind not in self._quotas or self._quotas[kind] >= self._pairs:
            return None
        if bar != self._bar:
            self._bar = bar
            self._turn = {name: self._next(name) for name in self._quotas}
        return self._turn[kind]

    def _next(self, kind: Kind) -> frozenset[int]:
        quota, waited = self._quotas[kind], self._waited[kind]
        always = quota // 2
        # The longest wait first, of equal ones the more liquid pair.
        rest = always + np.argsort(-waited[always:], kind="stable")
        chosen = np.concatenate([np.arange(always), rest[: quota - always]])
        waited += 1
        waited[chosen] = 0
        return frozenset(self._order[chosen].tolist())

    def refresh(self) -> Mapping[Kind, tuple[int, float]]:
        """By kind: longest time between two requests about a pair, seconds, and the share of a close."""
        found = {}
        for kind, quota in self._quotas.items():
            always = 0 if quota >= self._pairs else quota // 2
            bars = -(-(self._pairs - always) // max(1, quota - always))
            found[kind] = (bars * STEP_S, round(quota / self._pairs, 4))
        return found


def _quotas(kinds: Sequence[Kind], pairs: int, per_close: int) -> dict[Kind, int]:
    """Requests a close for each kind; each gets at least two, so that its turns go on."""
    quotas: dict[Kind, int] = {}
    left = per_close
    for number, kind in enumerate(kinds):
        after = pairs * (len(kinds) - 1 - number)
        share = left if number == 0 else max(left - after, int(left * MIDDLE_SHARE) if after else left)
        quotas[kind] = min(pairs, max(2, share))
        left = max(0, left - quotas[kind])
    return quotas
