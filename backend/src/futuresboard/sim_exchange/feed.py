"""One exchange's streams: who has subscribed to what, and what is due to be pushed when.

A push is computed once for all instruments, encoded once for all subscribers, and sent only where
somebody subscribed. All times are the exchange's own; a late push sends what stands now, but no
closed candle and no trade is ever left out.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from futuresboard.sim_exchange.live import NODE_MS
from futuresboard.sim_exchange.universe import Instrument, State
from futuresboard.sim_exchange.venue import Trade, Venue
from futuresboard.sim_exchange.waves import Candle, Waves

ALL = -1
# More than two hours of trades at once are the last two hours' (a clock that was set, not one that ran).
_TAPE_STEPS = 2 * 3_600_000 // NODE_MS
_MOST_BARS = 600
type Json = dict[str, object] | list[object]


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream by the name it has on the wire; `line` is the instrument's row number, or ALL.

    `path` is what fault rules are matched against: the socket's path and the channel's name.
    """

    name: str
    kind: str
    line: int = ALL
    symbol: str = ""
    option: str = ""
    path: str = ""


class Receiver(Protocol):
    """A client's connection, as far as a feed knows it."""

    def deliver(self, channel: Channel, payload: bytes) -> None:
        """Queue one message."""

    def flush(self) -> None:
        """Send what is queued."""


@dataclass(frozen=True, slots=True)
class Push:
    """One message, encoded last; `bar` is the open time of the candle in it, else 0.

    `delay_ms` is how late a fault makes it, in exchange time; `greeting` marks the first message of
    a subscription.
    """

    channel: Channel
    payload: Json | bytes
    bar: int = 0
    closed: bool = False
    delay_ms: int = 0
    greeting: bool = False


def encoded(push: Push) -> bytes:
    """A message as it is sent."""
    return push.payload if isinstance(push.payload, bytes) else orjson.dumps(push.payload)


@dataclass(slots=True)
class Group:
    """The channels that are computed together: one kind with one option."""

    kind: str
    option: str
    receivers: dict[Channel, dict[Receiver, None]] = field(default_factory=dict)
    due_ms: int = 0
    step: int = -1
    bar: int = -1
    sent: dict[int, object] = field(default_factory=dict)

    def lines(self) -> dict[int, Channel]:
        """Row number to channel."""
        return {channel.line: channel for channel in self.receivers}


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a kind is looked at (exchange ms), and whether it is pushed without a change too."""

    ms: int
    always: bool = False


class Feed:
    """The streams of one exchange. Subclasses name the channels and write the payloads."""

    # Candle interval by option, as (ms, offset of the openings); filled by subclasses.
    intervals: dict[str, tuple[int, int]]

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.world = venue.world
        self.market = venue.market
        self.waves = Waves(venue.world, venue.name)
        self.groups: dict[tuple[str, str], Group] = {}
        self.messages: dict[str, Callable[[Group, int], Iterable[Push]]] = {
            "kline": self._candles,
            "trade": self._trades,
        }
        self.faulty: Callable[[Push], list[Push]] | None = None
        self.lagging: Callable[[], bool] = lambda: False
        self._late: list[tuple[int, int, Push]] = []
        self._held = itertools.count()
        self.woken: Callable[[], None] = lambda: None

    # --- what subclasses write -----------------------------------------------------------------
    def candle(self, channel: Channel, ts: int, values: Candle, closed: bool, now: int) -> Json:
        """One candle message."""
        raise NotImplementedError

    def tape(self, channel: Channel, trades: list[Trade], now: int) -> Iterator[Json]:
        """Messages that carry these trades."""
        raise NotImplementedError

    def greeting(self, channel: Channel, now: int) -> list[Push]:
        """What a new subscriber gets at once."""
        return []

    def pace(self, group: Group) -> Pace:
        """How often a group is looked at."""
        return Pace(self.world.config.push_ms(group.kind))

    # --- subscriptions -------------------------------------------------------------------------
    def row(self, channel: Channel) -> Instrument:
        """The instrument of a channel of one instrument."""
        return self.venue.rows[channel.line]

    def trading(self, line: int, now: int) -> bool:
        """Whether an instrument trades now."""
        return self.market.state(self.venue.rows[line], now) is State.LIVE

    def subscribe(self, channel: Channel, receiver: Receiver) -> None:
        """Send a channel's messages to a receiver from now on."""
        now = self.venue.now
        with self.venue.standing(now):
            self._join(channel, receiver, now)
        receiver.flush()

    def _join(self, channel: Channel, receiver: Receiver, now: int) -> None:
        key = channel.kind, channel.option
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(*key, step=now // NODE_MS)
            if channel.kind == "kline":
                group.bar = self.opening(group.option, now)
            group.due_ms = self._next(group, now)
            self.woken()
        group.receivers.setdefault(channel, {})[receiver] = None
        for push in self.greeting(channel, now):
            for sent in self._faulty(push, now):
                receiver.deliver(channel, encoded(sent))

    def unsubscribe(self, channel: Channel, receiver: Receiver) -> None:
        """End a subscription; without any left, a group is forgotten."""
        group = self.groups.get((channel.kind, channel.option))
        if group is None or channel not in group.receivers:
            return
        group.receivers[channel].pop(receiver, None)
        if not group.receivers[channel]:
            del group.receivers[channel]
            group.sent.pop(channel.line, None)
        if not group.receivers:
            del self.groups[group.kind, group.option]

    # --- pushing -------------------------------------------------------------------------------
    def next_due(self) -> int | None:
        """When something is to be pushed next (exchange ms); None without subscribers."""
        due = [group.due_ms for group in self.groups.values()]
        return min([*due, *(entry[0] for entry in self._late[:1])], default=None)

    def publish(self) -> None:
        """Push what is due."""
        now = self.venue.now
        touched: dict[Receiver, None] = {}
        while self._late and (self._late[0][0] <= now or not self.lagging()):
            self._deliver(heapq.heappop(self._late)[2], touched)
        for group in list(self.groups.values()):
            backwards = group.due_ms - now > 2 * self.pace(group).ms + 1_000
            if group.due_ms > now and not backwards:
                continue
            # A clock that runs on meanwhile must not mix two times in one message.
            with self.venue.standing(now):
                for push in self.messages[group.kind](group, now):
                    for sent in self._faulty(push, now):
                        self._deliver(sent, touched)
            group.step = now // NODE_MS
            group.due_ms = self._next(group, now)
        for receiver in touched:
            receiver.flush()

    def _deliver(self, push: Push, touched: dict[Receiver, None]) -> None:
        group = self.groups.get((push.channel.kind, push.channel.option))
        if group is None:
            return
        payload = encoded(push)
        for receiver in group.receivers.get(push.channel, {}):
            receiver.deliver(push.channel, payload)
            touched[receiver] = None

    def _faulty(self, push: Push, now: int) -> Iterator[Push]:
        """What is sent at once in place of a message; what is late is kept for its time."""
        for sent in [push] if self.faulty is None else self.faulty(push):
            if sent.delay_ms:
                heapq.heappush(self._late, (now + sent.delay_ms, next(self._held), sent))
            else:
                yield sent

    def _next(self, group: Group, now: int) -> int:
        pace = self.pace(group).ms
        due = now - now % pace + pace
        if group.kind != "kline":
            return due
        interval, _ = self.intervals[group.option]
        return min(due, max(group.bar + interval + self.world.config.close_delay_ms, now + 1))

    def moved(self, group: Group, now: int) -> bool:
        """Whether live values are newer than the group's last push."""
        return now // NODE_MS != group.step or self.pace(group).always

    # --- candles and trades --------------------------------------------------------------------
    def opening(self, option: str, now: int) -> int:
        """When the candle opened that is open now."""
        interval, offset = self.intervals[option]
        return now - (now - offset) % interval

    def _candles(self, group: Group, now: int) -> Iterator[Push]:
        interval, offset = self.intervals[group.option]
        current, lines = self.opening(group.option, now), group.lines()
        if group.bar > current or group.bar < current - _MOST_BARS * interval:
            group.bar = current
        news = self.moved(group, now)
        while group.bar < current and now >= group.bar + interval + self.world.config.close_delay_ms:
            yield from self._closed(group, lines, group.bar, now)
            group.bar += interval
            news = True
        if group.bar != current or not news:
            return
        open_now = [line for line in lines if self.trading(line, now)]
        for line, values in zip(
            open_now, self.waves.candles(open_now, current, interval, offset, now), strict=True
        ):
            if group.sent.get(line) != (current, values):
                group.sent[line] = (current, values)
                yield Push(lines[line], self.candle(lines[line], current, values, False, now), bar=current)

    def _closed(self, group: Group, lines: dict[int, Channel], ts: int, now: int) -> Iterator[Push]:
        """The final message of every candle that opened at `ts` and was traded to its end."""
        interval, offset = self.intervals[group.option]
        whole = [line for line in lines if self.trading(line, ts + interval - 1)]
        for line, values in zip(
            whole, self.waves.candles(whole, ts, interval, offset, ts + interval), strict=True
        ):
            payload = self.candle(lines[line], ts, values, True, now)
            yield Push(lines[line], payload, bar=ts, closed=True)

    def _trades(self, group: Group, now: int) -> Iterator[Push]:
        step = now // NODE_MS
        first = max(group.step + 1, step + 1 - _TAPE_STEPS)
        lines = {line: channel for line, channel in group.lines().items() if self.trading(line, now)}
        tapes = self.waves.trades(list(lines), first, step + 1)
        for channel, trades in zip(lines.values(), tapes, strict=True):
            for payload in self.tape(channel, trades, now):
                yield Push(channel, payload)
