"""Time ranges as the exchanges serve them: candles of any interval, history rows, settlements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from futuresboard.sim_exchange.config import SimConfig
from futuresboard.sim_exchange.hashing import F64, I64
from futuresboard.sim_exchange.live import NODE_MS, NODES, Live, flows, path, progress
from futuresboard.sim_exchange.market import Levels, Market, bar_of, quote_factor, quote_units
from futuresboard.sim_exchange.model import BAR_MS
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Span:
    """What part of a series is asked for: stamps from <= ts <= until, `limit` rows.

    With `oldest` the first rows of the span are taken, else the last ones.
    """

    limit: int
    since: int | None = None
    until: int | None = None
    oldest: bool = False

    def indices(self, first: int, last: int, period: int, offset: int = 0) -> tuple[int, int]:
        """Period numbers [a, b) of the span inside the existing periods first..last."""
        if self.since is not None:
            first = max(first, -((offset - self.since) // period))
        if self.until is not None:
            last = min(last, (self.until - offset) // period)
        if self.oldest:
            return first, max(first, min(last + 1, first + self.limit))
        return max(first, last + 1 - self.limit), max(first, last + 1)


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles, oldest first, in wire integers; quote volumes in 1/10000, `closed` per row."""

    ts: I64
    open: I64
    high: I64
    low: I64
    close: I64
    volume: I64
    quote: I64
    taker_buy: I64
    taker_quote: I64
    closed: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class History:
    """Rows of a level series, oldest first: stamps as sent, and the values that stand there."""

    ts: I64
    boundaries: I64
    levels: Levels
    mark: F64


class Series:
    """Cuts ranges out of the market at a given exchange time."""

    def __init__(self, market: Market, live: Live, config: SimConfig) -> None:
        self.market = market
        self.live = live
        self.config = config

    # --- candles -----------------------------------------------------------------------------
    def candles(self, row: Instrument, now: int, interval: int, span: Span, offset: int = 0) -> Candles:
        """Candles of an interval (ms), the forming one included; `offset` moves their openings."""
        listed, ended = self.market.window(row)
        last_ms = now if ended is None else min(now, ended - 1)
        a, b = span.indices((listed - offset) // interval, (last_ms - offset) // interval, interval, offset)
        if b <= a:
            return _EMPTY
        base = BAR_MS if interval % BAR_MS == 0 else MINUTE_MS
        start = max(a * interval + offset, listed - listed % base)
        end = min(b * interval + offset, last_ms - last_ms % base + base)
        rows = (
            self._five(row, start, end, last_ms)
            if base == BAR_MS
            else self._minutes(row, start, end, last_ms)
        )
        return _aggregate(rows, interval, offset, now)

    def _five(self, row: Instrument, start: int, end: int, last_ms: int) -> Candles:
        """5-minute candles from start to end (ms); the one `last_ms` lies in only up to then."""
        bars = self.market.bars(row, start // BAR_MS, end // BAR_MS)
        open_bar = bar_of(last_ms)
        at = open_bar - bars.first
        if 0 <= at < len(bars.open):
            frame = self.live.frame(row.exchange, open_bar)
            line = self.market.index[row.exchange][row.id]
            step = (last_ms - open_bar * BAR_MS) // NODE_MS
            seen = frame.path[line, : step + 1]
            share = frame.progress[line, step : step + 1]
            lot = np.array([row.qty_step])
            bars.high[at], bars.low[at], bars.close[at] = seen.max(), seen.min(), seen[-1]
            so_far = flows(bars.volume[at : at + 1], bars.taker_buy[at : at + 1], share, lot)
            bars.volume[at], bars.taker_buy[at] = so_far[0][0], so_far[1][0]
        ts = (bars.first + np.arange(len(bars.open), dtype=np.int64)) * BAR_MS
        return _candles(row, ts, (bars.open, bars.high, bars.low, bars.close), bars.volume, bars.taker_buy)

    def _minutes(self, row: Instrument, start: int, end: int, last_ms: int) -> Candles:
        """1-minute candles, cut from the paths inside the 5-minute bars."""
        first, stop = bar_of(start), bar_of(end - 1) + 1
        bars = self.market.bars(row, first, stop)
        keys = self.market.path_keys[row.exchange][[self.market.index[row.exchange][row.id]]]
        numbers = np.arange(first, stop, dtype=np.int64)[:, None]
        nodes = path(keys, numbers, (bars.open, bars.high, bars.low, bars.close)).reshape(-1)
        share = progress(keys, numbers)
        lot = np.array([row.qty_step])
        so_far = flows(bars.volume[:, None], bars.taker_buy[:, None], share, lot)
        steps = [_per_node(flow) for flow in so_far]
        seen = (last_ms - first * BAR_MS) // NODE_MS + 1
        nodes, steps = nodes[:seen], [flow[:seen] for flow in steps]
        cuts = np.arange(0, len(nodes), NODES // 5)
        opens = np.concatenate([bars.open[:1], nodes[cuts[1:] - 1]])
        prices = (
            opens,
            np.maximum(np.maximum.reduceat(nodes, cuts), opens),
            np.minimum(np.minimum.reduceat(nodes, cuts), opens),
            nodes[np.append(cuts[1:], len(nodes)) - 1],
        )
        ts = first * BAR_MS + np.arange(len(cuts), dtype=np.int64) * MINUTE_MS
        rows = _candles(row, ts, prices, np.add.reduceat(steps[0], cuts), np.add.reduceat(steps[1], cuts))
        return _cut(rows, (ts >= start) & (ts < end))

    # --- levels ------------------------------------------------------------------------------
    def history(self, row: Instrument, now: int, period: int, span: Span, *, delay_ms: int) -> History:
        """Open interest and long/short rows every `period` ms, newest published ones at most.

        `span` counts in stamps: with "start" stamps a row says what stood `period` later.
        """
        shift = period if self.config.stamp(row.exchange) == "start" else 0
        listed, ended = self.market.window(row)
        newest = now - delay_ms if ended is None else min(now - delay_ms, ended)
        a, b = span.indices(-(-listed // period) - shift // period, (newest - shift) // period, period)
        forming = shift and row.exchange in self.config.forming
        if forming and (span.until is None or span.until >= now - now % period):
            return self._forming(row, now, period, span, (a, b))
        return self._levels(row, np.arange(a, b, dtype=np.int64) * period, shift)

    def _levels(self, row: Instrument, ts: I64, shift: int) -> History:
        at = (ts + shift) // BAR_MS
        if not len(at):
            return History(ts, at, _NO_LEVELS, np.empty(0))
        levels = self.market.levels(row, int(at[0]), int(at[-1]) + 1)
        pick = at - at[0]
        mark = self.market.mark_at(row, levels)[pick]
        chosen = Levels(
            levels.first,
            levels.price[pick],
            levels.oi[pick],
            levels.longs[pick],
            levels.top_accounts[pick],
            levels.top_positions[pick],
        )
        return History(ts, at, chosen, mark)

    def _forming(
        self, row: Instrument, now: int, period: int, span: Span, range_: tuple[int, int]
    ) -> History:
        """As `history`, with the row of the still open window, which follows the live values."""
        a, b = range_
        closed = self._levels(row, np.arange(max(a, b - span.limit + 1), b, dtype=np.int64) * period, period)
        snapshot = self.live.snapshot(row.exchange, now)
        line = self.market.index[row.exchange][row.id]
        here = self.market.levels(row, bar_of(now), bar_of(now) + 1)
        old = closed.levels
        levels = Levels(
            old.first,
            np.append(old.price, snapshot.last[line]),
            np.append(old.oi, snapshot.oi[line]),
            np.append(old.longs, here.longs),
            np.append(old.top_accounts, here.top_accounts),
            np.append(old.top_positions, here.top_positions),
        )
        ts = np.append(closed.ts, now - now % period)
        return History(ts, ts // BAR_MS, levels, np.append(closed.mark, snapshot.mark[line]))

    # --- taker volume ------------------------------------------------------------------------
    def taker(self, row: Instrument, now: int, period: int, span: Span, *, delay_ms: int) -> Candles:
        """Closed and published windows with their volumes; `ts` as the exchange stamps them."""
        shift = period if self.config.taker_stamp(row.exchange) == "end" else 0
        moved = Span(
            span.limit,
            None if span.since is None else span.since - shift,
            None if span.until is None else span.until - shift,
            span.oldest,
        )
        _, ended = self.market.window(row)
        newest = now - delay_ms if ended is None else min(now - delay_ms, ended)
        last = newest - newest % period - period
        until = last if moved.until is None else min(last, moved.until)
        rows = self.candles(row, now, period, Span(span.limit, moved.since, until, span.oldest))
        return rows if not shift else _cut(rows, rows.ts >= 0, shift)

    # --- funding -----------------------------------------------------------------------------
    def settlements(self, row: Instrument, now: int, span: Span) -> tuple[I64, F64]:
        """(times, rates) of settled funding, oldest first."""
        interval = row.funding_hours * HOUR_MS
        listed, ended = self.market.window(row)
        last_ms = now if ended is None else min(now, ended)
        a, b = span.indices(-(-listed // interval), last_ms // interval, interval)
        times = np.arange(a, b, dtype=np.int64) * interval
        line = self.market.index[row.exchange][row.id]
        return times, self.market.funding[row.exchange].settled(line, times)


def _per_node(total_so_far: I64) -> I64:
    return np.diff(total_so_far, axis=1, prepend=0).reshape(-1)


def _candles(
    row: Instrument, ts: I64, prices: tuple[I64, I64, I64, I64], volume: I64, taker_buy: I64
) -> Candles:
    quote = quote_units(quote_factor(row), (*prices, volume))
    taker_quote = np.rint(quote * (taker_buy / np.maximum(volume, 1))).astype(np.int64)
    return Candles(ts, *prices, volume, quote, taker_buy, taker_quote, np.ones(len(ts), dtype=np.bool_))


def _aggregate(rows: Candles, interval: int, offset: int, now: int) -> Candles:
    opening = rows.ts - (rows.ts - offset) % interval
    cuts = np.flatnonzero(np.diff(opening, prepend=opening[0] - 1))
    ends = np.append(cuts[1:], len(opening)) - 1
    return Candles(
        opening[cuts],
        rows.open[cuts],
        np.maximum.reduceat(rows.high, cuts),
        np.minimum.reduceat(rows.low, cuts),
        rows.close[ends],
        np.add.reduceat(rows.volume, cuts),
        np.add.reduceat(rows.quote, cuts),
        np.add.reduceat(rows.taker_buy, cuts),
        np.add.reduceat(rows.taker_quote, cuts),
        opening[cuts] + interval <= now,
    )


def _cut(rows: Candles, keep: np.ndarray[tuple[int], np.dtype[np.bool_]], shift: int = 0) -> Candles:
    return Candles(
        rows.ts[keep] + shift,
        rows.open[keep],
        rows.high[keep],
        rows.low[keep],
        rows.close[keep],
        rows.volume[keep],
        rows.quote[keep],
        rows.taker_buy[keep],
        rows.taker_quote[keep],
        rows.closed[keep],
    )


_NONE = np.empty(0, dtype=np.int64)
_EMPTY = Candles(_NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, _NONE, np.empty(0, dtype=np.bool_))
_NO_LEVELS = Levels(0, _NONE, _NONE, np.empty(0), np.empty(0), np.empty(0))
