"""What moves between closes: the path inside a bar, and one exchange's values right now."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from futuresboard.sim_exchange.hashing import F64, I64, U64, normal, uniform
from futuresboard.sim_exchange.market import GROUP, Market, bar_of, quote_factor, quote_units
from futuresboard.sim_exchange.model import BAR_MS, BARS
from futuresboard.sim_exchange.universe import Instrument

NODES = 150
NODE_MS = BAR_MS // NODES
_STEPS = np.arange(NODES, dtype=np.int64)
_FAR = 1 << 44


def path(keys: U64, bars: I64, prices: tuple[I64, I64, I64, I64]) -> I64:
    """Last prices inside bars, every 2 s, shape (n, 150).

    `keys` and `bars` have shape (n, 1), `prices` are (open, high, low, close) of shape (n,). The
    path starts at the open, touches high and low, never leaves them and ends at the close.
    """
    open_, high, low, close = (column[:, None].astype(np.float64) for column in prices)
    at_high = 1 + np.floor(uniform(keys, bars * 4 + _FAR) * (NODES - 3)).astype(np.int64)
    at_low = 1 + np.floor(uniform(keys, bars * 4 + 1 + _FAR) * (NODES - 3)).astype(np.int64)
    at_low = np.where(at_low >= at_high, at_low + 1, at_low)
    first, second = np.minimum(at_high, at_low), np.maximum(at_high, at_low)
    turn1, turn2 = np.where(at_high < at_low, high, low), np.where(at_high < at_low, low, high)
    line = np.where(
        first >= _STEPS,
        open_ + (turn1 - open_) * _STEPS / first,
        np.where(
            second >= _STEPS,
            turn1 + (turn2 - turn1) * (_STEPS - first) / (second - first),
            turn2 + (close - turn2) * (_STEPS - second) / np.maximum(NODES - 1 - second, 1),
        ),
    )
    wiggle = 0.10 * (high - low) * normal(keys, bars * NODES + _STEPS)
    nodes = np.rint(np.clip(line + wiggle, low, high))
    nodes = np.where(at_high == _STEPS, high, np.where(at_low == _STEPS, low, nodes))
    nodes[:, :1] = open_
    nodes[:, -1:] = close
    return nodes.astype(np.int64)


def progress(keys: U64, bars: I64) -> F64:
    """Share of a bar's volume traded by the end of each 2 s step, (n, 150), ending at exactly 1."""
    weights = np.cumsum(0.15 + uniform(keys, bars * NODES + _STEPS + _FAR * 2), axis=1)
    share = weights / weights[:, -1:]
    share[:, -1] = 1.0
    return np.asarray(share)


def flows(volume: I64, taker_buy: I64, share: F64, step: I64) -> tuple[I64, I64]:
    """(traded, bought by takers) so far in whole lots; neither these nor the sells ever fall."""
    bought = np.floor(taker_buy * share / step).astype(np.int64) * step
    sold = np.floor((volume - taker_buy) * share / step).astype(np.int64) * step
    return bought + sold, bought


@dataclass(frozen=True, slots=True)
class Frame:
    """One bar of a group of instruments and the 287 bars before it; arrays (n,) unless noted."""

    bar: int
    open: I64
    high: I64
    low: I64
    close: I64
    volume: I64
    taker_buy: I64
    path: I64  # (n, 150)
    progress: F64  # (n, 150)
    oi: I64  # (n, 2) at the bar's start and end
    mark: F64  # (n, 2) mark over last price there
    day_open: I64
    day_high: I64
    day_low: I64
    day_volume: I64
    day_quote: I64
    hour_ago: I64


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One exchange's live values at a time; arrays (n,) in wire integers unless noted."""

    now_ms: int
    step: int
    last: I64
    high: I64
    low: I64
    volume: I64
    taker_buy: I64
    day_open: I64
    day_high: I64
    day_low: I64
    day_volume: I64
    day_quote: I64
    hour_ago: I64
    oi: I64
    mark: F64  # quote coin
    index: F64  # quote coin
    premium: F64
    funding: F64
    next_funding: I64  # ms


class Live:
    """Live values of all exchanges, built once per bar and once per 2-second step."""

    def __init__(self, market: Market) -> None:
        self.market = market
        rows = market.rows
        self._factor = {ex: np.array([quote_factor(r) for r in group]) for ex, group in rows.items()}
        self._tick = {ex: np.array([10.0**-r.price_decimals for r in group]) for ex, group in rows.items()}
        self._step = {ex: np.array([r.qty_step for r in group]) for ex, group in rows.items()}
        self._frames: OrderedDict[tuple[str, int], Frame] = OrderedDict()
        self._snapshots: OrderedDict[tuple[str, int], Snapshot] = OrderedDict()
        self._past: dict[tuple[str, str, int], Snapshot] = {}

    def frame(self, exchange: str, bar: int) -> Frame:
        """All instruments of an exchange at a bar."""
        found = self._frames.get((exchange, bar))
        if found is None:
            found = self._build(exchange, bar, np.arange(len(self.market.rows[exchange])))
            self._frames[exchange, bar] = found
            if len(self._frames) > 9:
                self._frames.popitem(last=False)
        return found

    def snapshot(self, exchange: str, now_ms: int) -> Snapshot:
        """All instruments of an exchange now; the same object within one 2-second step."""
        key = (exchange, now_ms // NODE_MS)
        found = self._snapshots.get(key)
        if found is None:
            rows = np.arange(len(self.market.rows[exchange]))
            found = self._snapshots[key] = self._at(
                exchange, self.frame(exchange, bar_of(now_ms)), now_ms, rows
            )
            if len(self._snapshots) > 9:
                self._snapshots.popitem(last=False)
        return found

    def last_words(self, row: Instrument, end_ms: int) -> Snapshot:
        """An ended instrument's values just before its end (arrays of length 1)."""
        key = (row.exchange, row.id, end_ms)
        if key not in self._past:
            at = np.array([self.market.index[row.exchange][row.id]])
            frame = self._build(row.exchange, bar_of(end_ms - 1), at)
            self._past[key] = self._at(row.exchange, frame, end_ms - 1, at)
        return self._past[key]

    def _at(self, exchange: str, frame: Frame, now_ms: int, rows: I64) -> Snapshot:
        now_ms -= now_ms % NODE_MS
        step = (now_ms - frame.bar * BAR_MS) // NODE_MS
        last = frame.path[:, step]
        high = frame.path[:, : step + 1].max(axis=1)
        low = frame.path[:, : step + 1].min(axis=1)
        lot = self._step[exchange][rows]
        volume, taker_buy = flows(frame.volume, frame.taker_buy, frame.progress[:, step], lot)
        quote = quote_units(self._factor[exchange][rows], (frame.open, high, low, last, volume))
        part = step / NODES
        oi = np.rint((frame.oi[:, 0] * (1 - part) + frame.oi[:, 1] * part) / lot).astype(np.int64) * lot
        ratio = frame.mark[:, 0] * (1 - part) + frame.mark[:, 1] * part
        price = last * self._tick[exchange][rows]
        premium, funding, following = self.market.funding[exchange].current(now_ms)
        return Snapshot(
            now_ms=now_ms,
            step=step,
            last=last,
            high=high,
            low=low,
            volume=volume,
            taker_buy=taker_buy,
            day_open=frame.day_open,
            day_high=np.maximum(frame.day_high, high),
            day_low=np.minimum(frame.day_low, low),
            day_volume=frame.day_volume + volume,
            day_quote=frame.day_quote + quote,
            hour_ago=frame.hour_ago,
            oi=oi,
            mark=price * ratio,
            index=price * (2.0 - ratio),
            premium=premium[rows],
            funding=funding[rows],
            next_funding=following[rows],
        )

    def _build(self, exchange: str, bar: int, rows: I64) -> Frame:
        groups = np.unique(rows // GROUP).tolist()
        parts = [self._group(exchange, group, bar, rows) for group in groups]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        keys = self.market.path_keys[exchange][rows]
        bars = np.array([[bar]])
        edges = np.array([bar, bar + 1], dtype=np.int64)
        prices = (columns["open"], columns["high"], columns["low"], columns["close"])
        return Frame(
            bar=bar,
            path=path(keys, bars, prices),
            progress=progress(keys, bars),
            mark=self.market.mark_ratio(exchange, rows, edges),
            **columns,
        )

    def _group(self, exchange: str, group: int, bar: int, rows: I64) -> dict[str, I64]:
        """One group's part of a frame: this bar, then what the 287 bars before it add up to."""
        day, at = divmod(bar, BARS)
        today = self.market.block(exchange, group, day)
        before = self.market.block(exchange, group, day - 1)
        lines = rows[rows // GROUP == group] - group * GROUP
        members = self.market.rows[exchange]
        first = np.array([bar_of(self.market.window(members[group * GROUP + i])[0]) for i in lines.tolist()])

        def past(name: str) -> I64:
            old, new = getattr(before, name)[lines], getattr(today, name)[lines]
            return np.concatenate([old[:, at + 1 : BARS], new[:, :at]], axis=1).astype(np.int64)

        price = np.concatenate([before.price[lines, at + 1 : BARS], today.price[lines, : at + 1]], axis=1)
        price = price.astype(np.int64)
        open_, close, high, low = price[:, :-1], price[:, 1:], past("high"), past("low")
        alive = np.arange(bar - BARS + 1, bar) >= first[:, None]
        volume = past("volume") * alive
        quote = quote_units(
            self._factor[exchange][rows[rows // GROUP == group]][:, None], (open_, high, low, close, volume)
        )
        start = np.clip(first - (bar - BARS + 1), 0, BARS - 1)
        now = today.price[lines, at].astype(np.int64)
        line = np.arange(len(lines))
        return {
            "open": now,
            "high": today.high[lines, at].astype(np.int64),
            "low": today.low[lines, at].astype(np.int64),
            "close": today.price[lines, at + 1].astype(np.int64),
            "volume": today.volume[lines, at],
            "taker_buy": today.taker_buy[lines, at],
            "oi": today.oi[lines, at : at + 2],
            "day_open": price[line, start],
            "day_high": np.where(alive, high, now[:, None]).max(axis=1),
            "day_low": np.where(alive, low, now[:, None]).min(axis=1),
            "day_volume": volume.sum(axis=1),
            "day_quote": quote.sum(axis=1),
            "hour_ago": price[line, np.maximum(start, BARS - 1 - 12)],
        }
