"""Funding: a premium that wanders, squeezed through the exchanges' own formula.

Rate per 8 h = P + clamp(0.01 % - P, -0.05 %, +0.05 %), so a premium between -0.04 % and +0.06 %
gives exactly 0.01 %; per settlement it is the share of its interval (0.005 % on a 4 h clock).
"""

from __future__ import annotations

import numpy as np

from futuresboard.sim_exchange.hashing import F64, I64, U64, normal
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument

CAP = 0.02
INTEREST = 0.0001
_DAYS = np.arange(30, dtype=np.int64)


def rate_decimals(exchange: str) -> int:
    """Decimals an exchange prints a funding rate with."""
    return 13 if exchange == "okx" else 8


class Funding:
    """Premiums and rates of a fixed group of instruments, one row each."""

    def __init__(self, coin_keys: U64, own_keys: U64, rows: list[Instrument]) -> None:
        self._coin = coin_keys
        self._own = own_keys
        # Large coins rarely see extreme funding.
        temper = [0.12 if row.coin.rank < 12 else 0.5 if row.coin.rank < 45 else 1.0 for row in rows]
        self._temper = np.array(temper)[:, None]
        self.hours = np.array([row.funding_hours for row in rows], dtype=np.int64)
        self._decimals = rate_decimals(rows[0].exchange) if rows else 8

    def _hourly(self, rows: I64, hours: I64) -> F64:
        """Premium index at full hours (hours since 1970), shape (rows, hours)."""
        keys, own = self._coin[rows], self._own[rows]
        days = np.unique(hours // 24)
        ages = np.concatenate([days, [days[-1] + 1]])
        weights = 0.86**_DAYS * 0.51
        mood = {int(d): (normal(keys, d - _DAYS) * weights).sum(axis=1, keepdims=True) for d in ages}
        base = np.concatenate([mood[int(h // 24)] for h in hours], axis=1)
        after = np.concatenate([mood[int(h // 24) + 1] for h in hours], axis=1)
        part = (hours % 24) / 24.0
        slow = base * (1 - part) + after * part
        wild = np.sign(slow) * np.maximum(np.abs(slow) - 1.75, 0.0) ** 2
        return np.asarray(
            INTEREST + 0.00045 * slow + 0.0042 * wild * self._temper[rows] + 0.00033 * normal(own, hours)
        )

    def _rate(self, premium: F64, hours: I64) -> F64:
        per_8h = premium + np.clip(INTEREST - premium, -0.0005, 0.0005)
        return np.round(np.clip(per_8h, -CAP, CAP) * hours / 8.0, self._decimals)

    def settled(self, row: int, settlements_ms: I64) -> F64:
        """Rates that were paid at these settlement times (full hours on the instrument's clock)."""
        if not len(settlements_ms):
            return np.empty(0)
        premium = self._hourly(np.array([row]), settlements_ms // HOUR_MS)[0]
        return self._rate(premium, self.hours[row])

    def current(self, now_ms: int) -> tuple[F64, F64, I64]:
        """(premium, predicted rate, next settlement ms) of every row; equals the settled rate then."""
        hour = now_ms // HOUR_MS
        ends = self._hourly(np.arange(len(self.hours)), np.array([hour, hour + 1]))
        part = (now_ms - hour * HOUR_MS) / HOUR_MS
        premium = ends[:, 0] * (1 - part) + ends[:, 1] * part
        interval = self.hours * HOUR_MS
        return premium, self._rate(premium, self.hours), (now_ms // interval + 1) * interval
