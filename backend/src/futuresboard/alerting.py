"""From flags to alerts: the lifecycle with its memory of the last alert, and what each alert stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from futuresboard import __version__
from futuresboard.config import settings_hash
from futuresboard.db import Pair, Store, Write, sql_number
from futuresboard.derived import Derived
from futuresboard.model import (
    SEVERITY,
    TIMEFRAME_MS,
    Alert,
    BoolArray,
    FloatArray,
    Thresholds,
    Tier,
)
from futuresboard.signals import RULES, Inputs, Rule, funding_8h, starts

EXCHANGE_NAMES: Mapping[str, str] = {"binanceusdm": "Binance", "bybit": "Bybit", "okx": "OKX"}
_CONFLUENCE_TEXT = (
    "{k:.0f} of 3 confluence conditions hold: open interest {z_raw:+.1f} σ, {global_ls:.2f} accounts long "
    "per short, takers {imbalance:+.1f} % to one side"
)
_NEVER = float("nan")


class AlertWriter:
    """Starts alerts at finalised bars; remembers the newest one of each (series, kind, tier)."""

    def __init__(self, store: Store, thresholds: Thresholds) -> None:
        self._store = store
        self._last: dict[tuple[int, str, int], int] = {}
        self.use(thresholds)

    def use(self, thresholds: Thresholds) -> None:
        """Judge by these from now on."""
        self._thresholds = thresholds
        self._hash = settings_hash(thresholds)

    def reload(self) -> None:
        """Take the memory from the database."""
        self._last = self._store.last_alerts()

    def start(
        self,
        timeframe: str,
        pairs: Sequence[Pair],
        derived: Derived,
        starting: BoolArray,
        now_ms: int,
        write: Write,
    ) -> None:
        """Add the alerts that start at bars marked in `starting` (n, out − 1) to a transaction.

        `derived` has one slot more in front: the flags one bar before.
        """
        ids = [self._store.series_id(pair.id, timeframe) for pair in pairs]
        for slot in np.flatnonzero(starting.any(axis=0)).tolist():
            ts = int(derived.bars.ts[slot - starting.shape[1]])
            for kind, tier, flag in self._kinds(derived):
                last = np.array([self._last.get((i, kind, tier), _NEVER) for i in ids], dtype=np.float64)
                begun = starting[:, slot] & starts(
                    flag[:, slot + 1],
                    flag[:, slot],
                    ts,
                    last,
                    timeframe_ms=TIMEFRAME_MS[timeframe],
                    cooldown=self._thresholds.cooldown,
                )
                for row in np.flatnonzero(begun).tolist():
                    self._last[ids[row], kind, tier] = ts
                    alert = self._alert(kind, tier, pairs[row], timeframe, derived, row, slot + 1, now_ms)
                    write.alerts.append((ids[row], alert))

    def _kinds(self, derived: Derived) -> list[tuple[str, int, FloatArray]]:
        reached = np.where(
            np.isfinite(derived.k), (derived.k >= self._thresholds.confluence_min).astype(float), np.nan
        )
        tiers = [("tier", int(tier), flag) for tier, flag in derived.flags.items()]
        return [*tiers, ("confluence", 0, reached)]

    def _alert(
        self,
        kind: str,
        tier: int,
        pair: Pair,
        timeframe: str,
        derived: Derived,
        row: int,
        slot: int,
        now_ms: int,
    ) -> Alert:
        rule = RULES[Tier(tier)] if kind == "tier" else RULES[Tier.CONFLUENCE]
        values = self._values(derived, row, slot)
        stop = len(derived.bars.ts) - derived.bars.out + slot + 1
        window = {
            name: [sql_number(x) for x in derived.bars.columns[name][row, max(0, stop - n) : stop].tolist()]
            for name, n in rule.reads.items()
        }
        sentence = (rule.text if kind == "tier" else _CONFLUENCE_TEXT).format(**values)
        where = f"{pair.base} on {EXCHANGE_NAMES.get(pair.exchange, pair.exchange)}, {timeframe}"
        return Alert(
            exchange=pair.exchange,
            symbol=pair.symbol,
            base=pair.base,
            timeframe=timeframe,
            ts=int(derived.bars.ts[stop - 1]),
            kind=kind,
            tier=tier if kind == "tier" else None,
            severity=SEVERITY.index(Tier(tier)) if kind == "tier" else len(SEVERITY),
            direction=_direction(rule, derived, self._thresholds, row, slot),
            text=f"{where}: {sentence}",
            values=values,
            window=window,
            thresholds=asdict(self._thresholds),
            code_version=__version__,
            settings_hash=self._hash,
            created_ts=now_ms,
        )

    def _values(self, derived: Derived, row: int, slot: int) -> dict[str, float | None]:
        values = {name: sql_number(float(array[row, slot])) for name, array in derived.metrics.items()}
        for name in ("close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls", "funding"):
            values[name] = sql_number(float(derived.bars.lag(name)[row, slot]))
        with np.errstate(invalid="ignore", divide="ignore"):
            paid = funding_8h(derived.bars)[row, slot]
        values["funding_8h_pct"] = sql_number(float(paid) * 100.0)
        values["k"] = sql_number(float(derived.k[row, slot]))
        return values


def _direction(rule: Rule, derived: Derived, thresholds: Thresholds, row: int, slot: int) -> str | None:
    if rule.side is None:
        return None
    side = rule.side(Inputs(derived.bars, derived.metrics, derived.k, thresholds))[row, slot]
    return {1.0: "long", -1.0: "short"}.get(float(side))
