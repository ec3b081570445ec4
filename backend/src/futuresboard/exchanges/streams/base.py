"""What websockets deliver and how each exchange's are spoken to: the nouns of the streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Protocol

import ccxt.pro

from futuresboard.exchanges.redirect import redirect
from futuresboard.model import Market, Rows, Ticker


class Channel(StrEnum):
    """What a topic is about, whatever its exchange calls it."""

    CANDLES = "candles"
    TICKERS = "tickers"
    MARKS = "marks"
    OI = "oi"
    FUNDING = "funding"
    TRADES = "trades"


@dataclass(frozen=True, slots=True)
class Topic:
    """One subscription: `name` is how its exchange calls it, in requests and in what it pushes.

    `symbol` is the unified one where it is about one pair.
    """

    channel: Channel
    name: str
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What one connection carries, from where. `name` is for people."""

    name: str
    url: str
    topics: tuple[Topic, ...]


class Trade(NamedTuple):
    """One public trade: `size` base coin (sums of it are exact), `buy` whether the taker bought."""

    symbol: str
    ts: int
    size: Decimal
    buy: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the request `number` (None where it does not say to which)."""

    number: int | None
    refused: str | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What one message said.

    `topic` and `channel` are None where it was no data (an answer, a pong, a notice); `at_ms` is
    the exchange's time of the event where it gives one; `candles` are closed ones by unified
    symbol; `unreadable` counts what was data and could not be used; `ending` says in words that the
    exchange is about to close the connection.
    """

    channel: Channel | None = None
    topic: str | None = None
    at_ms: int | None = None
    candles: Sequence[tuple[str, Rows]] = ()
    tickers: Sequence[Ticker] = ()
    trades: Sequence[Trade] = ()
    reply: Reply | None = None
    unreadable: int = 0
    ending: str | None = None


NOTHING = Heard()


class Reader(Protocol):
    """Reads one connection's messages; what it remembers ends with the connection."""

    def read(self, message: object) -> Heard:
        """What a decoded message says; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be listened to: pairs, most liquid first, and how many of them with their trades."""

    markets: Sequence[Market] = field(default=())
    trades: int = 0


class Dialect(ABC):
    """How one exchange's public websockets are spoken to. Pure but for reading ccxt.pro's table of URLs."""

    exchange: ClassVar[str]
    topics_each: ClassVar[int]
    """Most topics on one connection."""
    chars_each: ClassVar[int | None] = None
    """Most characters of topic names on one connection."""
    topics_per_request: ClassVar[int]
    needs: ClassVar[Mapping[Channel, float]]
    """Channels without which live values are not whole, and how many seconds each may be silent."""
    carries_trades: ClassVar[bool] = False
    """Whether public trades are listened to, for the taker volume the candle lacks."""
    life_s: ClassVar[float | None] = None
    """A connection is renewed after this long, before the exchange ends it."""

    def __init__(self, url_override: str | None = None) -> None:
        self.client: Any = getattr(ccxt.pro, self.exchange)()
        if url_override:
            self.client.urls["api"] = redirect(self.client.urls["api"], url_override)
        self.ping_every_s: float = self.client.streaming["keepAlive"] / 1000.0

    def ping(self) -> object | None:
        """The message that asks for a sign of life; None where the protocol's own ping does."""
        return None if self.client.ping is None else self.client.ping(None)

    @abstractmethod
    def topics(self, wanted: Wanted) -> Mapping[str, Sequence[Topic]]:
        """What to subscribe to, by the kind of connection it belongs on."""

    @abstractmethod
    def url(self, kind: str, number: int) -> str:
        """Where the connection `number` of a kind goes."""

    @abstractmethod
    def subscribe(self, number: int, topics: Sequence[Topic]) -> object:
        """The request `number` for topics."""

    @abstractmethod
    def is_boring(self, text: str) -> bool:
        """Whether a text is a forming candle only: most messages are, and decoding costs the most."""

    @abstractmethod
    def reader(self, symbols: Mapping[str, str]) -> Reader:
        """A reader for a new connection; `symbols` are the unified ones by the exchange's id."""

    def lines(self, wanted: Wanted) -> list[Line]:
        """The connections that carry what is wanted, each within the exchange's limits."""
        found: list[Line] = []
        for kind, topics in self.topics(wanted).items():
            for number, part in enumerate(self._split(topics), start=1):
                found.append(Line(f"{kind} {number}", self.url(kind, len(found)), part))
        return found

    def _split(self, topics: Iterable[Topic]) -> list[tuple[Topic, ...]]:
        parts: list[list[Topic]] = []
        room = 0
        for topic in topics:
            chars = len(topic.name) + 3  # with its quotes and comma
            if not parts or len(parts[-1]) >= self.topics_each or (self.chars_each and chars > room):
                parts.append([])
                room = self.chars_each or 0
            parts[-1].append(topic)
            room -= chars
        return [tuple(part) for part in parts]
