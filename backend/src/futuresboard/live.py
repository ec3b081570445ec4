"""What moves between closes: the newest tickers of all pairs beside their closed bars. No clock, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard.db import SqlValue, sql_number
from futuresboard.metrics import quadrant
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, FloatArray, IntArray, Ticker
from futuresboard.panel import Panel
from futuresboard.plausible import out_of_place

_FIELDS = (
    "ts",
    "price",
    "mark_price",
    "quote_volume",
    "funding_next",
    "funding_next_ts",
    "oi_contracts",
    "oi_usd",
)
_CAP = "market_cap"


_CLOSED = {
    "price": "close",
    "mark_price": "close",
    "oi_contracts": "oi_contracts",
    "oi_usd": "oi_abs_usd",
}
"""What a live value is judged by."""


@dataclass(frozen=True)
class LiveUpdate:
    """Tickers by pair id; a field a ticker does not know keeps its last value.

    source: whence they came, `websocket` or `rest`.
    """

    tickers: Mapping[int, Ticker]
    source: str = "rest"

    @property
    def pair_ids(self) -> Sequence[int]:
        """The pairs, in the order of `tickers`."""
        return list(self.tickers)


class LiveBoard:
    """The last known live values by row, and the changes they mean against closed bars."""

    def __init__(self, timeframe_ms: int) -> None:
        self._timeframe_ms = timeframe_ms
        self._values: dict[str, FloatArray] = {name: np.zeros(0) for name in (*_FIELDS, _CAP)}
        self._sources: list[str | None] = []

    def grow(self, rows: int) -> None:
        """Make room for at least `rows` rows."""
        for name, values in self._values.items():
            self._values[name] = np.concatenate([values, np.full(max(0, rows - len(values)), np.nan)])
        self._sources += [None] * (rows - len(self._sources))

    def take(self, rows: IntArray, update: LiveUpdate, panel: Panel) -> None:
        """Remember what an update knows, less what cannot be true beside the newest closed bars."""
        _, closed, _ = panel.get(rows, panel.newest(rows))
        for name in _FIELDS:
            values = self._values[name]
            new = np.array([_number(getattr(t, name)) for t in update.tickers.values()], dtype=np.float64)
            if name in _CLOSED:
                refused = out_of_place(new, closed[_CLOSED[name]])
                new = np.where(refused, np.nan, new)
            values[rows] = np.where(np.isnan(new), values[rows], new)
        for row, ticker in zip(rows.tolist(), update.tickers.values(), strict=True):
            if ticker.price is not None or self._sources[row] is None:
                self._sources[row] = update.source

    def prices(self) -> FloatArray:
        """Live price of every row, the mark price where there is no other; NaN where unknown."""
        last, mark = self._values["price"], self._values["mark_price"]
        return np.where(np.isnan(last), mark, last)

    def use_market_caps(self, caps: FloatArray) -> IntArray:
        """Market cap of every row, USD, NaN where unknown; returns the rows where it changed."""
        before, self._values[_CAP] = self._values[_CAP], caps
        return np.flatnonzero((caps != before) & ~(np.isnan(caps) & np.isnan(before)))

    def values(self, rows: IntArray, panel: Panel) -> Iterator[tuple[int, tuple[SqlValue, ...]]]:
        """(row, values of `LIVE_FIELDS`) of each row.

        Changes compare the live value (the newest close where there is none) with the closed bar
        that long before the newest one; unknown when that bar is missing.
        """
        live = {name: self._values[name][rows] for name in _FIELDS}
        newest = panel.newest(rows)
        _, closed, _ = panel.get(rows, newest)
        price = np.where(np.isnan(live["price"]), closed["close"], live["price"])
        oi = np.where(np.isnan(live["oi_contracts"]), closed["oi_contracts"], live["oi_contracts"])
        mark = np.where(np.isnan(live["mark_price"]), live["price"], live["mark_price"])
        usd = np.where(np.isnan(live["oi_usd"]), live["oi_contracts"] * mark, live["oi_usd"])
        change = {
            hours: self._changes(panel, rows, newest - hours * MS_PER_HOUR, price, oi) for hours in (1, 4, 24)
        }
        volume = np.where(
            np.isnan(live["quote_volume"]), self._day_volume(panel, rows, newest), live["quote_volume"]
        )
        columns: list[list[SqlValue]] = [
            _sql(live["price"]),
            _sql_integers(live["ts"]),
            _sql(live["oi_contracts"]),
            _sql(usd),
            _sql(change[24][0]),
            _sql(volume),
            _sql(change[1][1]),
            _sql(change[4][1]),
            _sql(change[24][1]),
            [
                quadrant(sql_number(p), sql_number(o))
                for p, o in zip(change[1][0].tolist(), change[1][1].tolist(), strict=True)
            ],
            _sql(live["funding_next"]),
            _sql_integers(live["funding_next_ts"]),
            _sql(self._values[_CAP][rows]),
            [self._sources[row] for row in rows.tolist()],
        ]
        return zip(rows.tolist(), zip(*columns, strict=True), strict=True)

    def _changes(
        self, panel: Panel, rows: IntArray, ts: IntArray, price: FloatArray, oi: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        _, before, _ = panel.get(rows, ts)
        return (
            (price - before["close"]) / before["close"] * 100.0,
            (oi - before["oi_contracts"]) / before["oi_contracts"] * 100.0,
        )

    def _day_volume(self, panel: Panel, rows: IntArray, newest: IntArray) -> FloatArray:
        total = np.zeros(len(rows))
        asked = np.flatnonzero(np.isnan(self._values["quote_volume"][rows]))
        if len(asked):
            back = np.arange(MS_PER_DAY // self._timeframe_ms) * self._timeframe_ms
            day = panel.column("quote_volume", rows[asked, None], newest[asked, None] - back)
            total[asked] = day.sum(axis=1)
        return total


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _sql(values: FloatArray) -> list[SqlValue]:
    return [sql_number(value) for value in values.tolist()]


def _sql_integers(values: FloatArray) -> list[SqlValue]:
    return [None if np.isnan(value) else int(value) for value in values]
