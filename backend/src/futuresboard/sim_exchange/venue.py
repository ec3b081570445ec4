"""What the simulated exchanges share: access to the market, answers kept for a moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import orjson

from futuresboard.sim_exchange.clock import SimClock
from futuresboard.sim_exchange.config import SimConfig
from futuresboard.sim_exchange.hashing import I64, key_of
from futuresboard.sim_exchange.live import NODE_MS, NODES, Live, Snapshot, flows, path, progress
from futuresboard.sim_exchange.market import Market, bar_of
from futuresboard.sim_exchange.model import BAR_MS
from futuresboard.sim_exchange.series import Series
from futuresboard.sim_exchange.universe import Instrument, State
from futuresboard.sim_exchange.wire import Query

# Into how many trades one side of a 2-second step is split at most.
MOST_PARTS = 4
type Endpoint = Callable[[Query], bytes]


@dataclass(slots=True)
class World:
    """One simulated world: clock, market and settings, shared by all exchanges."""

    config: SimConfig
    clock: SimClock
    market: Market
    live: Live
    series: Series


def build_world(config: SimConfig) -> World:
    """Set up a world; nothing is computed before it is asked for."""
    clock = SimClock(config.epoch_ms, config.time_scale)
    market = Market(config, clock.now_ms())
    live = Live(market)
    return World(config, clock, market, live, Series(market, live, config))


def twin(world: World) -> World:
    """The same world with caches of its own, for readers in another thread."""
    market = world.market.twin(world.config)
    live = Live(market)
    return World(world.config, world.clock, market, live, Series(market, live, world.config))


@dataclass(frozen=True, slots=True)
class Trade:
    """One public trade in wire integers; `buy` is the taker's side."""

    id: int
    ts: int
    price: int
    size: int
    buy: bool


class Venue:
    """One exchange: its routes and what they read. Subclasses fill `routes` (path -> endpoint)."""

    name = ""

    def __init__(self, world: World) -> None:
        self.world = world
        self.market = world.market
        self.series = world.series
        self.routes: dict[str, Endpoint] = {}
        self.rows = world.market.rows[self.name]
        self.delay_ms: Callable[[str, str], int | None] = lambda _path, _symbol: None
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._frozen_ms: int | None = None

    # --- time --------------------------------------------------------------------------------
    @property
    def now(self) -> int:
        """The exchange's time in ms, or the time a frozen answer is computed for."""
        return self.world.clock.now_ms(self.name) if self._frozen_ms is None else self._frozen_ms

    def at(self, now_ms: int, endpoint: Endpoint, query: Query) -> bytes:
        """An endpoint's answer as it would have been at another time."""
        with self.standing(now_ms):
            return endpoint(query)

    @contextmanager
    def standing(self, now_ms: int) -> Iterator[None]:
        """Everything inside the block is computed for one time."""
        before, self._frozen_ms = self._frozen_ms, now_ms
        try:
            yield
        finally:
            self._frozen_ms = before

    def publish_delay(self, path_: str, symbol: str) -> int:
        """How long after a close (ms) a history row of this path and symbol appears."""
        changed = self.delay_ms(path_, symbol)
        return int(self.world.config.publish_delay_s * 1000) if changed is None else changed

    # --- instruments -------------------------------------------------------------------------
    def listed(self, *states: State) -> list[tuple[int, Instrument, State]]:
        """(row number, instrument, state) of everything in one of these states now."""
        now = self.now
        found = ((i, row, self.market.state(row, now)) for i, row in enumerate(self.rows))
        return [entry for entry in found if entry[2] in states]

    def snapshot(self) -> Snapshot:
        """All instruments' live values."""
        return self.world.live.snapshot(self.name, self.now)

    def values(self, at: int, row: Instrument, state: State) -> tuple[Snapshot, int, int]:
        """(snapshot, position in it, its time in ms) of one instrument, ended ones at their end."""
        if state in (State.SETTLING, State.GONE):
            ended = self.market.window(row)[1] or self.now
            return self.world.live.last_words(row, ended), 0, ended - 1
        return self.snapshot(), at, self.now

    def step_ms(self) -> int:
        """The start of the current 2-second step."""
        return self.now - self.now % NODE_MS

    def kept(self, key: tuple[object, ...], make: Callable[[], object]) -> bytes:
        """A JSON body that is the same for everyone within a 2-second step."""
        full = (*key, self.step_ms(), self.market.version)
        body = self._kept.get(full)
        if body is None:
            body = self._kept[full] = orjson.dumps(make())
            if len(self._kept) > 12:
                self._kept.popitem(last=False)
        return body

    # --- tape and book -----------------------------------------------------------------------
    def trades(self, row: Instrument, limit: int) -> list[Trade]:
        """The latest trades, oldest first; they add up to the candles."""
        now = self.now
        last = bar_of(now)
        first = last - -(-limit // (2 * NODES))
        bars = self.market.bars(row, first, last + 1)
        keys = self.market.path_keys[self.name][[self.market.index[self.name][row.id]]]
        numbers = np.arange(first, last + 1, dtype=np.int64)[:, None]
        prices = path(keys, numbers, (bars.open, bars.high, bars.low, bars.close)).reshape(-1)
        share, lot = progress(keys, numbers), np.array([row.qty_step])
        so_far = flows(bars.volume[:, None], bars.taker_buy[:, None], share, lot)
        total, buys = _steps(so_far[0]), _steps(so_far[1])
        found: list[Trade] = []
        for i in range((now - first * BAR_MS) // NODE_MS, -1, -1):
            bought, sold = int(buys[i]), int(total[i] - buys[i])
            found += matched(row, first * NODES + i, int(prices[i]), bought, sold)[::-1]
            if len(found) >= limit:
                break
        return found[:limit][::-1]

    def book(self, row: Instrument, depth: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(bids, asks) as (price, size) in wire integers, best first."""
        snapshot, line = self.snapshot(), self.market.index[self.name][row.id]
        last = int(snapshot.last[line])
        size = max(int(snapshot.day_volume[line]) // 40_000, row.qty_step)
        sizes = [size * (3 + (last * 7 + i * 13) % 11) // row.qty_step * row.qty_step for i in range(depth)]
        bids = [(last - i, sizes[i]) for i in range(depth) if last - i > 0]
        return bids, [(last + 1 + i, sizes[-1 - i]) for i in range(depth)]


def matched(row: Instrument, step: int, price: int, bought: int, sold: int) -> list[Trade]:
    """The trades of one 2-second step (counted since 1970): sells, then buys, each in up to four."""
    found: list[Trade] = []
    for buy, size in ((False, sold), (True, bought)):
        lots = size // row.qty_step
        parts = min(1 + key_of("parts", row.id, 2 * step + buy) % MOST_PARTS, lots)
        for part in range(parts):
            share = lots * (part + 1) // parts - lots * part // parts
            ident = (2 * step + buy) * MOST_PARTS + part
            found.append(Trade(ident, step * NODE_MS, price, share * row.qty_step, buy))
    return found


def _steps(so_far: I64) -> I64:
    return np.diff(so_far, axis=1, prepend=0).reshape(-1)


def whole(query: Query, name: str) -> int | None:
    """An integer parameter; None when absent. Raises ValueError when it is not a number."""
    text = query.get(name)
    return None if text in (None, "") else int(str(text))
