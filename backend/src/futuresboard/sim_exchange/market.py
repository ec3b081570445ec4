"""Access to the model: instruments by id, day blocks kept in memory, columns of any time range."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from futuresboard.sim_exchange.config import EXCHANGES, SimConfig
from futuresboard.sim_exchange.funding import Funding
from futuresboard.sim_exchange.hashing import F64, I64, U64, keys_of, normal
from futuresboard.sim_exchange.model import BAR_MS, BARS, SHARE_SCALE, Block, Params, generate, params_of
from futuresboard.sim_exchange.universe import Instrument, State, listing

GROUP = 32
type Whole = I64 | NDArray[np.int32]
# Quote volumes are kept in 1/10000 of the quote coin, so that sums over bars are exact.
QUOTE_SCALE = 10_000


@dataclass(frozen=True, slots=True)
class Bars:
    """Consecutive 5-minute bars in wire integers, oldest first; `first` counts bars since 1970."""

    first: int
    open: I64
    high: I64
    low: I64
    close: I64
    volume: I64
    taker_buy: I64


@dataclass(frozen=True, slots=True)
class Levels:
    """Values at consecutive 5-minute boundaries, oldest first; shares as fractions."""

    first: int
    price: I64
    oi: I64
    longs: F64
    top_accounts: F64
    top_positions: F64


class Market:
    """The simulated market of all exchanges, for one thread; another reads from a `twin`.

    Memory is bounded: at most `config.cache_blocks` blocks of 32 instruments x one day
    (about 450 kB each).
    """

    def __init__(self, config: SimConfig, epoch_ms: int) -> None:
        self.seed = config.seed
        self.epoch_ms = epoch_ms
        self.version = 0
        self.rows = {exchange: listing(exchange, config.pairs, epoch_ms) for exchange in EXCHANGES}
        self.index = {ex: {row.id: i for i, row in enumerate(rows)} for ex, rows in self.rows.items()}
        self._by_symbol = {ex: {row.symbol: row for row in rows} for ex, rows in self.rows.items()}
        self.funding = {ex: self._funding(rows) for ex, rows in self.rows.items()}
        self._mark_keys = {ex: self._own_keys("mark", rows) for ex, rows in self.rows.items()}
        self.path_keys = {ex: self._own_keys("path", rows) for ex, rows in self.rows.items()}
        self._params: dict[tuple[str, int], Params] = {}
        self._blocks: OrderedDict[tuple[str, int, int], Block] = OrderedDict()
        self._most = config.cache_blocks
        self._ended: dict[tuple[str, str], int] = {}
        self._listed: dict[tuple[str, str], int] = {}

    def _own_keys(self, purpose: str, rows: list[Instrument]) -> U64:
        return keys_of(self.seed, purpose, [f"{row.exchange}/{row.id}" for row in rows])[:, None]

    def _funding(self, rows: list[Instrument]) -> Funding:
        coins = keys_of(self.seed, "premium", [row.coin.name for row in rows])[:, None]
        return Funding(coins, self._own_keys("own premium", rows), rows)

    # --- instruments -------------------------------------------------------------------------
    def find(self, exchange: str, name: str) -> Instrument | None:
        """An instrument by the exchange's id or by ccxt's unified symbol."""
        at = self.index[exchange].get(name)
        return self._by_symbol[exchange].get(name) if at is None else self.rows[exchange][at]

    def window(self, row: Instrument) -> tuple[int, int | None]:
        """(first trading ms, last trading ms or None): outside it there are no rows."""
        key = (row.exchange, row.id)
        listed = self._listed.get(key, row.listed_ts)
        return listed, self._ended.get(key, row.ended_ts)

    def state(self, row: Instrument, now_ms: int) -> State:
        """The instrument's state now, after listings and delistings made while running."""
        listed, ended = self.window(row)
        if ended is not None and now_ms >= ended:
            return State.GONE if row.state is State.GONE else State.SETTLING
        if row.state is State.SPARE and (row.exchange, row.id) not in self._listed:
            return State.SPARE
        return State.LIVE if now_ms >= listed else State.PENDING

    def delist(self, exchange: str, name: str, at_ms: int) -> None:
        """End an instrument's trading at a time. Raises KeyError for an unknown name."""
        row = self.find(exchange, name)
        if row is None:
            raise KeyError(name)
        self._ended[exchange, row.id] = at_ms
        self.version += 1

    def list_new(self, exchange: str, name: str | None, at_ms: int) -> Instrument:
        """List a spare instrument (the next one, or by name) from a time on. KeyError if none."""
        for row in self.rows[exchange]:
            wanted = row.state is State.SPARE if name is None else name in (row.id, row.symbol)
            if wanted and (exchange, row.id) not in self._listed:
                self._listed[exchange, row.id] = at_ms
                self.version += 1
                return row
        raise KeyError(name or "no spare instrument")

    def relist_all(self) -> None:
        """Undo every listing and delisting made while running."""
        self._ended.clear()
        self._listed.clear()
        self.version += 1

    def twin(self, config: SimConfig) -> Market:
        """The same market with caches of its own; listings made while running are shared."""
        other = Market(config, self.epoch_ms)
        other._ended, other._listed = self._ended, self._listed
        return other

    # --- data --------------------------------------------------------------------------------
    def block(self, exchange: str, group: int, day: int) -> Block:
        """A group's day, computed once and remembered while it is used."""
        key = (exchange, group, day)
        found = self._blocks.get(key)
        if found is not None:
            self._blocks.move_to_end(key)
            return found
        params = self._params.get((exchange, group))
        if params is None:
            params = params_of(self.seed, self.rows[exchange][group * GROUP : (group + 1) * GROUP])
            self._params[exchange, group] = params
        found = self._blocks[key] = generate(params, day)
        if len(self._blocks) > self._most:
            self._blocks.popitem(last=False)
        return found

    def bars(self, row: Instrument, first: int, end: int) -> Bars:
        """Bars first <= i < end (bars since 1970) of one instrument."""
        group, line = divmod(self.index[row.exchange][row.id], GROUP)
        parts: list[tuple[Whole, ...]] = []
        for day in range(first // BARS, (end - 1) // BARS + 1):
            block = self.block(row.exchange, group, day)
            a, b = max(first - day * BARS, 0), min(end - day * BARS, BARS)
            parts.append(
                (
                    block.price[line, a:b],
                    block.high[line, a:b],
                    block.low[line, a:b],
                    block.price[line, a + 1 : b + 1],
                    block.volume[line, a:b],
                    block.taker_buy[line, a:b],
                )
            )
        return Bars(first, *_joined(parts, 6))

    def across(self, exchange: str, bar: int) -> Bars:
        """One bar of every instrument of an exchange, in the order of `rows`."""
        day, at = divmod(bar, BARS)
        groups = range(-(-len(self.rows[exchange]) // GROUP))
        blocks = [self.block(exchange, group, day) for group in groups]

        def column(name: str, offset: int = 0) -> I64:
            return np.concatenate([getattr(block, name)[:, at + offset] for block in blocks]).astype(np.int64)

        prices = column("price"), column("high"), column("low"), column("price", 1)
        return Bars(bar, *prices, column("volume"), column("taker_buy"))

    def levels(self, row: Instrument, first: int, end: int) -> Levels:
        """Values at boundaries first <= j < end (5-minute steps since 1970) of one instrument."""
        group, line = divmod(self.index[row.exchange][row.id], GROUP)
        parts: list[tuple[Whole, ...]] = []
        for day in range(first // BARS, (end - 1) // BARS + 1):
            block = self.block(row.exchange, group, day)
            at = slice(max(first - day * BARS, 0), min(end - day * BARS, BARS))
            parts.append(
                (
                    block.price[line, at],
                    block.oi[line, at],
                    block.longs[line, at],
                    block.top_accounts[line, at],
                    block.top_positions[line, at],
                )
            )
        price, oi, longs, accounts, positions = _joined(parts, 5)
        return Levels(first, price, oi, longs / SHARE_SCALE, accounts / SHARE_SCALE, positions / SHARE_SCALE)

    def mark_ratio(self, exchange: str, rows: I64, boundaries: I64) -> F64:
        """Mark price over last price at 5-minute boundaries, shape (rows, boundaries)."""
        return np.asarray(1.0 + 0.00012 * normal(self._mark_keys[exchange][rows], boundaries))

    def mark_at(self, row: Instrument, levels: Levels) -> F64:
        """Mark prices (quote coin) at the boundaries of `levels`."""
        at = np.array([self.index[row.exchange][row.id]])
        boundaries = levels.first + np.arange(len(levels.price), dtype=np.int64)
        ratio = self.mark_ratio(row.exchange, at, boundaries)[0]
        return np.asarray(levels.price / 10.0**row.price_decimals * ratio)


def _joined(parts: list[tuple[Whole, ...]], width: int) -> tuple[I64, ...]:
    if len(parts) == 1:
        return tuple(column.astype(np.int64) for column in parts[0])
    if not parts:
        return tuple(np.empty(0, dtype=np.int64) for _ in range(width))
    return tuple(np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True))


def quote_factor(row: Instrument) -> float:
    """What turns (volume integer x price integer) into quote coin times QUOTE_SCALE."""
    return float(f"1e{row.qty_exp - row.price_decimals}") * QUOTE_SCALE


def quote_units(factor: F64 | float, bars: tuple[I64, I64, I64, I64, I64]) -> I64:
    """Quote volume in 1/10000 of (open, high, low, close, volume): volume at the bar's mean price."""
    open_, high, low, close, volume = bars
    mean = (open_.astype(np.float64) + high + low + close) * 0.25
    return np.rint(volume * mean * factor).astype(np.int64)


def bar_of(ts_ms: int) -> int:
    """The 5-minute bar (bars since 1970) a time lies in."""
    return ts_ms // BAR_MS
