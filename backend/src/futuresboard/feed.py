"""What one exchange's websockets say, for its collector: closed candles, live values, taker volume.

Live values are kept in memory as they come and handed over once a cycle. They are fresh while every
channel they need is heard, whole, and no older than the exchange's clock says it should be; when
they are not, the same cycle asks by REST.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from futuresboard.book import STEP_MS, Book
from futuresboard.exchanges.streams.base import Channel, Heard, Line
from futuresboard.exchanges.streams.hub import ChannelState, Streams
from futuresboard.exchanges.streams.taker import TakerWindows, Window
from futuresboard.model import BoolArray, IntArray, Kind, Market, Rows, Ticker

LAG_MS = 10_000
"""An event this much older than the exchange's clock is no live value."""
LAGGING_SILENCE_S = 30.0
"""Channels that may be silent for longer say nothing about lag."""
EARLY_MS = 2_000
"""A candle that closes this much later than the exchange's clock shows is not closed."""
GRACE_MS = 1_500
"""How long after a close its candles are left to the websocket."""
CANDLE_SILENT_S = 15.0
QUIET_MS = 120_000
"""A pair whose price nothing was heard of for so long is looked at by REST."""
AUDIT_MS = 60_000
"""How often such pairs make the cycle ask."""


class Feed:
    """Listens to an exchange's streams on behalf of one book.

    markets: by pair row; active: rows of the pairs that are asked for, the most liquid first; take:
    keeps one pair's live values (row, ticker) wherever they are needed at once; now_ms: exchange
    time; came: called when closed rows came; returned: at the first candle after theirs had
    broken.
    """

    def __init__(
        self,
        streams: Streams,
        book: Callable[[], Book],
        markets: Sequence[Market],
        active: Callable[[], Sequence[int]],
        *,
        now_ms: Callable[[], int],
        take: Callable[[int, Ticker], None],
        came: Callable[[], None],
        returned: Callable[[], None],
    ) -> None:
        self._streams = streams
        self._book = book
        self._markets = markets
        self._active = active
        self._listened: list[str] = []
        self._rows: dict[str, int] = {}
        self._now_ms = now_ms
        self._take = take
        self._came = came
        self._returned = returned
        self._was_broken = False
        self._before: dict[int, Ticker] = {}
        self._pending: dict[int, Ticker] = {}
        self._price_ms: dict[int, int] = {}
        self._windows = TakerWindows()
        self._asked = self._synced = False
        self._audited_ms = 0
        self.refused = 0
        """Candles that were said to be closed and cannot be."""

    def open(self) -> None:
        """Listen to the pairs that are asked for now, in place of those before."""
        self.select()
        self._synced = self._asked = False
        self._streams.open(
            [self._markets[self._rows[symbol]] for symbol in self._listened], self._hear, self._broke
        )

    def select(self) -> None:
        """Decide whom to listen to; pairs keep their places, so that most connections stay as they are."""
        self._rows = {self._markets[row].symbol: row for row in self._active()}
        stay = [symbol for symbol in self._listened if symbol in self._rows]
        self._listened = [*stay, *(symbol for symbol in self._rows if symbol not in set(stay))]

    @property
    def with_trades(self) -> list[str]:
        """Symbols that are listened to with their trades."""
        return self._listened[: self._streams.trades_pairs]

    # -- live values -----------------------------------------------------------------------------

    @property
    def fresh(self) -> bool:
        """Whether live values need no request."""
        return self._synced and all(self._is_heard(*need) for need in self._streams.needs.items())

    @property
    def skips_rest(self) -> bool:
        """As `fresh`; but now and then a pair of which nothing was heard for long is asked about."""
        if not self.fresh:
            return False
        now = self._now_ms()
        quiet = any(now - self._price_ms.get(row, 0) >= QUIET_MS for row in self._rows.values())
        if not quiet or now - self._audited_ms < AUDIT_MS:
            return True
        self._audited_ms = now
        return False

    def _is_heard(self, channel: Channel, silence_s: float) -> bool:
        state = self._streams.channel(channel)
        if state is None or not state.up or state.unheard or not _within(state, silence_s):
            return False
        lags = state.event_ms is not None and self._now_ms() - state.event_ms > LAG_MS
        return not (lags and silence_s < LAGGING_SILENCE_S)

    def asking(self) -> None:
        """A request for all live values begins: its answer is newer than what was heard so far."""
        states = [self._streams.channel(channel) for channel in self._streams.needs]
        self._asked = all(state is not None and state.up for state in states)
        self._before = dict(self.values())

    def answered(self, rows: Iterable[int]) -> None:
        """The request was answered for these rows."""
        self._synced = self._asked
        self._before.clear()
        self._price_ms.update(dict.fromkeys(rows, self._now_ms()))

    def values(self) -> Mapping[int, Ticker]:
        """By row, what was heard since the last call: a field that is None did not change."""
        heard, self._before = self._before, {}
        for row, ticker in self._pending.items():
            heard[row] = _overlaid(heard[row], ticker) if row in heard else ticker
        self._pending = {}
        return heard

    # -- candles and taker volume ----------------------------------------------------------------

    @property
    def candles_come(self) -> bool:
        """Whether closed candles come by themselves."""
        state = self._streams.channel(Channel.CANDLES)
        return state is not None and state.up and _within(state, CANDLE_SILENT_S)

    def grace_ms(self) -> int:
        """How long after a close requests for its candles wait."""
        return GRACE_MS if self.candles_come else 0

    def awaits(self, kind: Kind, rows: IntArray, ts: IntArray) -> BoolArray:
        """Which bars' taker volume is being summed and will come."""
        if kind is not Kind.TAKER:
            return np.zeros(len(rows), dtype=bool)
        places = zip(rows.tolist(), ts.tolist(), strict=True)
        return np.array(
            [self._windows.is_whole(self._markets[row].symbol, at) for row, at in places], dtype=bool
        )

    # -- what is heard ---------------------------------------------------------------------------

    def _hear(self, line: Line, heard: Heard) -> None:
        for symbol, rows in heard.candles:
            self._candle(symbol, rows)
        for ticker in heard.tickers:
            self._value(ticker)
        if heard.channel is Channel.TRADES and heard.at_ms is not None:
            self._windows.take(heard.trades)
            for window in self._windows.finished(_symbols(line), heard.at_ms):
                self._taker(window)

    def _candle(self, symbol: str, rows: Rows) -> None:
        row, now = self._rows.get(symbol), self._now_ms()
        if row is None:
            return
        if self._was_broken:
            self._was_broken = False
            self._returned()
        if int(rows.ts[-1]) + STEP_MS > now + EARLY_MS:
            self.refused += 1
            return
        self._book().take(row, rows, now_ms=now, streamed=True)
        self._came()

    def _value(self, ticker: Ticker) -> None:
        row = self._rows.get(ticker.symbol)
        if row is None:
            return
        if ticker.price is not None:
            self._price_ms[row] = ticker.ts
        self._take(row, ticker)
        before = self._pending.get(row)
        self._pending[row] = ticker if before is None else _overlaid(before, ticker)

    def _taker(self, window: Window) -> None:
        row = self._rows.get(window.symbol)
        if row is None:
            return
        columns = {"buy": np.array([window.buy]), "sell": np.array([window.sell])}
        rows = Rows(Kind.TAKER, np.array([window.ts], dtype=np.int64), columns)
        self._book().take(row, rows, now_ms=self._now_ms(), streamed=True)
        self._came()

    def _broke(self, line: Line) -> None:
        channels = {topic.channel for topic in line.topics}
        self._was_broken |= Channel.CANDLES in channels
        if channels & self._streams.needs.keys():
            self._asked = self._synced = False
        if Channel.TRADES in channels:
            self._windows.broke(_symbols(line))
            self._came()


def _within(state: ChannelState, silence_s: float) -> bool:
    return state.silent_s is not None and state.silent_s <= silence_s


def _symbols(line: Line) -> list[str]:
    return [topic.symbol for topic in line.topics if topic.symbol is not None]


def _overlaid(old: Ticker, new: Ticker) -> Ticker:
    """The newer values, and the older ones where nothing newer was said."""
    with_oi = new if new.oi_contracts is not None else old
    return Ticker(
        new.symbol,
        max(old.ts, new.ts),
        old.price if new.price is None else new.price,
        old.mark_price if new.mark_price is None else new.mark_price,
        old.quote_volume if new.quote_volume is None else new.quote_volume,
        old.funding_next if new.funding_next is None else new.funding_next,
        old.funding_next_ts if new.funding_next_ts is None else new.funding_next_ts,
        with_oi.oi_contracts,
        with_oi.oi_usd,
        with_oi.oi_ts,
    )
