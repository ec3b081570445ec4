"""How long to wait before something is tried again: doubling, capped, with jitter. No clock, no I/O."""

from __future__ import annotations

import random
from collections.abc import Callable

JITTER = 0.25
"""A wait is lengthened by up to this share of itself, so that many clients do not come back at once."""


class Backoff:
    """Waits of `first_s`, twice that, and so on up to `longest_s`, each with jitter on top.

    chance: numbers in [0, 1).
    """

    def __init__(
        self, first_s: float, longest_s: float, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._tries = 0

    def next_s(self) -> float:
        """Seconds to wait this time; the next time it is twice that."""
        wait = min(self._first_s * 2.0 ** min(self._tries, 30), self._longest_s)
        self._tries += 1
        return wait * (1.0 + JITTER * self._chance())

    def reset(self) -> None:
        """Begin again with the first wait."""
        self._tries = 0
