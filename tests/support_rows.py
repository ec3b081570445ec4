"""Rows straight into a database, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from futuresboard.db import BAR_FIELDS, Committed, Pair, Store, Write
from futuresboard.db_read import Reader
from futuresboard.db_rules import add_rule, delete_rule
from futuresboard.db_schema import LIVE_FIELDS
from futuresboard.model import TIMEFRAME_MS, Alert, Market, UserRule
from futuresboard.rules import Expression

T0 = 1_700_000_100_000 // 900_000 * 900_000
"""An open time that fits 5m and 15m bars."""


def bar_values(**values: float | int | str | None) -> dict[str, float | int | str | None]:
    """A plain bar's columns, with some of them set."""
    plain: dict[str, float | int | str | None] = dict.fromkeys(BAR_FIELDS[2:])
    plain |= {
        "open": 100.0,
        "high": 103.0,
        "low": 99.0,
        "close": 102.0,
        "volume": 10.0,
        "quote_volume": 1010.0,
        "taker_buy": 6.0,
        "taker_sell": 4.0,
        "imbalance": 20.0,
        "oi_contracts": 500.0,
        "oi_abs_usd": 51_000.0,
        "global_ls": 1.25,
        "funding": 0.0001,
        "funding_interval_h": 8.0,
        "z_score": 0.5,
        "z_raw": 0.5,
        "confluence": 1 / 3,
        "tiers": 0,
        "known": 30,
        "quality": 0,
        "marks": 0,
        "seen_ts": T0,
    }
    unknown = values.keys() - plain.keys()
    assert not unknown, unknown
    return plain | values


def make_alert(
    symbol: str, ts: int, *, exchange: str = "okx", timeframe: str = "5m", **more: object
) -> Alert:
    """An alert of tier 1 with plausible contents."""
    values: dict[str, object] = {
        "exchange": exchange,
        "symbol": symbol,
        "base": symbol.partition("/")[0],
        "timeframe": timeframe,
        "ts": ts,
        "kind": "tier",
        "tier": 1,
        "severity": 2,
        "direction": None,
        "text": "open interest +3.10 % in one bar, 4.2 σ above its last 20 bars",
        "values": {"z_score": 4.2, "oi_delta_pct": 3.1, "rsi": None},
        "window": {"oi_contracts": [1.0, None, 1.5]},
        "thresholds": {"z": 2.5},
        "code_version": "0.1.0",
        "settings_hash": "abc",
        "created_ts": ts + 360_000,
    }
    return Alert(**(values | more))  # type: ignore[arg-type]


class Rules:
    """Keeps rules in a database as the scraper does, at a time that stands still."""

    def __init__(
        self, store: Store, now_ms: Callable[[], int], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._now_ms = now_ms
        self._changed = changed

    def add_rule(self, name: str, expression: Expression) -> UserRule:
        added = add_rule(self._store, name, expression.typed, expression.normal, self._now_ms())
        self._changed()
        return added

    def delete_rule(self, number: int) -> bool:
        deleted = delete_rule(self._store, number, self._now_ms())
        self._changed()
        return deleted


class World:
    """A database with a writer's and a reader's side, and a clock that stands still until told."""

    def __init__(self, folder: Path, *, timeframes: Sequence[str] = ("5m", "15m")) -> None:
        self.path = folder / "test.db"
        self.timeframes = tuple(timeframes)
        self.store = Store(self.path, simulated=True)
        self.reader = Reader(self.path, stale_after_ms=120_000)
        self.now = T0 + 900_000 + 10_000
        self.pairs: dict[tuple[str, str], Pair] = {}

    def close(self) -> None:
        self.reader.close()
        self.store.close()

    def register(self, exchange: str, *bases: str) -> list[str]:
        """Register `BASE/USDT:USDT` pairs of an exchange; returns their symbols."""
        markets = [
            Market(exchange, f"{base}/USDT:USDT", base, base.removeprefix("1000"), quote_volume=1e6 - number)
            for number, base in enumerate(bases)
        ]
        for pair in self.store.register(markets, self.timeframes):
            self.pairs[pair.exchange, pair.symbol] = pair
        return [market.symbol for market in markets]

    def series(self, exchange: str, symbol: str, timeframe: str) -> int:
        return self.store.series_id(self.pairs[exchange, symbol].id, timeframe)

    def commit(
        self,
        bars: Sequence[tuple[str, str, str, int, Mapping[str, object]]] = (),
        live: Sequence[tuple[str, str, Mapping[str, object]]] = (),
        alerts: Sequence[Alert] = (),
    ) -> Committed:
        """One transaction: bars as (exchange, symbol, timeframe, ts, columns), live values, alerts."""
        write = Write()
        for exchange, symbol, timeframe, ts, columns in bars:
            number = self.series(exchange, symbol, timeframe)
            values = bar_values(**columns)  # type: ignore[arg-type]
            write.bars.append((ts, number, *(values[name] for name in BAR_FIELDS[2:])))
            first, last = write.latest.get(number, (ts, ts))
            write.latest[number] = (min(first, ts), max(last, ts))
        for exchange, symbol, found in live:
            number = self.pairs[exchange, symbol].id
            write.live[number] = tuple(found.get(name) for name in LIVE_FIELDS)  # type: ignore[misc]
        write.alerts = [
            (self.series(alert.exchange, alert.symbol, alert.timeframe), alert) for alert in alerts
        ]
        return self.store.commit(write)

    def fill(self, exchange: str, symbols: Sequence[str], timeframe: str = "5m", bars: int = 1) -> Committed:
        """`bars` bars of every symbol up to the newest closed one; z_score counts the symbols."""
        step = TIMEFRAME_MS[timeframe]
        last = (self.now // step - 1) * step
        return self.commit(
            [
                (
                    exchange,
                    symbol,
                    timeframe,
                    last - back * step,
                    {"z_score": float(number), "close": 100.0 - back},
                )
                for number, symbol in enumerate(symbols)
                for back in range(bars)
            ]
        )
