"""The product's adapters, driven through their port alone, against the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from other_exchange.config import BAR
from other_exchange.markets import BYBIT
from other_exchange.server import OtherExchange

PREFIX = {"binanceusdm": "binance", "bybit": "bybit", "okx": "okx"}
type Wrong = tuple[str, str, int, str, float, float | None]


class AdapterCheck:
    """Every row an adapter gives for one exchange's pairs, compared with the truth."""

    def __init__(self, server: OtherExchange, exchange: str) -> None:
        self.server, self.exchange, self.truth = server, exchange, server.truth
        config = server.config
        self.level_shift = BAR if config.stamp(exchange) == "snapshot" else 0
        self.taker_shift = BAR if config.okx_taker_stamp == "end" else 0
        self.checked = 0
        self.wrong: list[Wrong] = []
        self._wanted: dict[str, Callable[[str, int], dict[str, float | None]]] = {
            "candles": self._candle,
            "oi": self._oi,
            "global_ls": lambda s, ts: {"ratio": self._level(self.truth.global_ls, s, ts)},
            "top_ls": lambda s, ts: {"ratio": self._level(self.truth.top_ls, s, ts)},
            "taker": self._taker,
            "funding": self._settled,
        }

    def _candle(self, symbol: str, ts: int) -> dict[str, float | None]:
        return self.truth.bars(self.exchange, symbol, ts, ts + 1)[ts]

    def _oi(self, symbol: str, ts: int) -> dict[str, float | None]:
        row = self._level(self.truth.oi, symbol, ts)
        return {
            "oi_contracts": row["oi_contracts"],
            "oi_usd": None if self.exchange == BYBIT else row["oi_abs_usd"],
        }

    def _level(self, series: Callable[..., dict[int, Any]], symbol: str, ts: int) -> Any:
        bar = ts - self.level_shift
        return series(self.exchange, symbol, bar, bar + 1)[bar]

    def _taker(self, symbol: str, ts: int) -> dict[str, float | None]:
        row = self._candle(symbol, ts - self.taker_shift)
        return {"buy": row["taker_buy"], "sell": row["taker_sell"]}

    def _settled(self, symbol: str, ts: int) -> dict[str, float | None]:
        return {"rate": dict(self.truth.settlements(self.exchange, symbol, ts, ts))[ts]}

    async def series(self, adapter: Any, kind: Any, market: Any) -> None:
        """Two pages of a series: the newest, and the one that ends just before it."""
        newest = await adapter.rows(kind, market, limit=adapter.page_rows[kind])
        self._page(kind.value, market.symbol, newest)
        if len(newest.ts):
            older = await adapter.rows(kind, market, limit=50, end=int(newest.ts[0]) - 1)
            self._page(kind.value, market.symbol, older)
            if len(older.ts) and kind.value != "funding" and older.ts[-1] != newest.ts[0] - BAR:
                self.wrong.append(
                    (kind.value, market.symbol, int(newest.ts[0]), "page", float(older.ts[-1]), None)
                )

    def _page(self, kind: str, symbol: str, rows: Any) -> None:
        forming = self.server.clock.now() // BAR * BAR
        for i, stamp in enumerate(rows.ts):
            ts = int(stamp)
            if kind == "candles" and ts >= forming:
                continue
            wanted = self._wanted[kind](symbol, ts)
            for column, values in rows.columns.items():
                if kind == "candles" and column == "taker_buy" and math.isnan(values[i]):
                    continue  # comes as a series of its own
                self._value((kind, symbol, ts, column), float(values[i]), wanted[column])

    def _value(self, where: tuple[str, str, int, str], got: float, want: float | None) -> None:
        self.checked += 1
        same = math.isnan(got) if want is None else math.isclose(got, want, rel_tol=1e-12)
        if not same:
            self.wrong.append((*where, got, want))
