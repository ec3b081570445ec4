"""Official request limits: what each request costs, who is over, and how the exchange says so."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from futuresboard.sim_exchange.clock import SimClock
from futuresboard.sim_exchange.config import SimConfig
from futuresboard.sim_exchange.wire import Answer, Query

BINANCE_WEIGHT = 2400
# More requests than this after the first 429 of a window bring a ban.
BINANCE_PATIENCE = 20
BANNING = {"binanceusdm": 418, "bybit": 403}
"""Exchanges that ban, and the status that says so."""
# Real seconds between an answer's leaving here and its being read by a client on a busy machine: what the
# client sends meanwhile crosses with it. Long where time runs fast, nothing where it stands still.
HANDOVER_S = 0.05
# Requests per 2 s and whether the limit counts per instrument (documented rule "IP + Instrument ID").
OKX_LIMITS: dict[str, tuple[int, bool]] = {
    "public/time": (10, False),
    "public/instruments": (20, False),
    "public/open-interest": (20, True),
    "public/funding-rate": (10, True),
    "public/funding-rate-history": (10, True),
    "public/mark-price": (10, True),
    "market/tickers": (20, False),
    "market/ticker": (20, False),
    "market/candles": (40, False),
    "market/history-candles": (20, False),
    "market/trades": (100, False),
    "market/books": (40, False),
    "rubik/stat/contracts/open-interest-history": (10, True),
    "rubik/stat/contracts/long-short-account-ratio-contract": (5, True),
    "rubik/stat/contracts/long-short-account-ratio-contract-top-trader": (5, True),
    "rubik/stat/contracts/long-short-position-ratio-contract-top-trader": (5, True),
    "rubik/stat/taker-volume-contract": (5, True),
}
# New sockets in so many seconds.
CONNECTIONS = {"binanceusdm": (300, 300.0), "bybit": (500, 300.0), "okx": (3, 1.0)}
_FLAT_WEIGHTS = {"trades": 5, "aggTrades": 20, "fundingRate": 0, "fundingInfo": 0}
_BULK_WEIGHTS = {
    "ticker/24hr": (40, 1),
    "ticker/price": (2, 1),
    "ticker/bookTicker": (5, 2),
    "premiumIndex": (10, 1),
}


def _limit(query: Query, default: int) -> int:
    text = query.get("limit", "")
    return int(text) if text.isdigit() else default


def binance_weight(path: str, query: Query) -> int:
    """The documented weight of an fapi request; `path` after /fapi/v1/."""
    if path in _BULK_WEIGHTS:
        return _BULK_WEIGHTS[path]["symbol" in query]
    if path == "klines":
        limit = _limit(query, 500)
        return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10
    if path == "depth":
        limit = _limit(query, 500)
        return 2 if limit <= 50 else 5 if limit <= 100 else 10 if limit <= 500 else 20
    return _FLAT_WEIGHTS.get(path, 1)


@dataclass(slots=True)
class Sliding:
    """At most `capacity` requests in any `seconds`."""

    capacity: int
    seconds: float
    taken: deque[float] = field(default_factory=deque)

    def over(self, now: float) -> bool:
        """Count one request; True when it is one too many."""
        while self.taken and now - self.taken[0] >= self.seconds:
            self.taken.popleft()
        self.taken.append(now)
        return len(self.taken) > self.capacity

    def wait(self, now: float) -> int:
        """Whole seconds until a request would pass."""
        at = max(len(self.taken) - self.capacity, 0)
        return max(1, int(self.taken[min(at, len(self.taken) - 1)] + self.seconds - now) + 1)


@dataclass(slots=True)
class SocketCounts:
    """What happened on one exchange's sockets."""

    open: int = 0
    opened: int = 0
    peak_open: int = 0
    refused: int = 0
    subscriptions: int = 0
    received: int = 0
    answers: int = 0
    messages: int = 0
    drops: int = 0
    too_slow: int = 0


@dataclass(slots=True)
class Counts:
    """What one exchange was asked: for tests and for the eye."""

    requests: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    most_used: dict[str, int] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)
    paths: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    sockets: SocketCounts = field(default_factory=SocketCounts)

    def violated(self, bucket: str) -> None:
        """Count a request over a limit."""
        self.violations[bucket] = self.violations.get(bucket, 0) + 1

    def used(self, bucket: str, amount: int) -> None:
        """Remember the fullest a bucket has been."""
        self.most_used[bucket] = max(self.most_used.get(bucket, 0), amount)

    def forget(self) -> None:
        """Count anew; what is open or in flight stays so."""
        self.requests, self.peak_in_flight = 0, self.in_flight
        for counted in (self.violations, self.most_used, self.statuses, self.paths, self.faults):
            counted.clear()
        sockets = self.sockets
        fresh = SocketCounts(open=sockets.open, peak_open=sockets.open, subscriptions=sockets.subscriptions)
        for name in SocketCounts.__slots__:
            setattr(sockets, name, getattr(fresh, name))

    @property
    def total_violations(self) -> int:
        """Requests over any limit."""
        return sum(self.violations.values())


class Limits:
    """The four hosts' limits, counted per client address."""

    def __init__(self, config: SimConfig, clock: SimClock, counts: dict[str, Counts]) -> None:
        self._config = config
        self._clock = clock
        self._counts = counts
        self._sliding: dict[tuple[str, ...], Sliding] = {}
        self._minute: dict[str, tuple[int, int, int]] = {}
        self._banned: dict[tuple[str, str], float] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._check: dict[str, Callable[[str, Query, str], Answer | None]] = {
            "binanceusdm": self._binance,
            "bybit": self._bybit,
            "okx": self._okx,
            "coingecko": self._coingecko,
        }

    def reset(self) -> None:
        """Forget all usage and bans."""
        self._sliding.clear()
        self._minute.clear()
        self._banned.clear()
        self._told.clear()

    def handshake(self, exchange: str, client: str) -> Answer | None:
        """Count a new socket; the refusal when there are too many, or the client is banned."""
        left = self._left(exchange, client)
        if left > 0:
            self._counts[exchange].violated("banned")
        capacity, seconds = CONNECTIONS[exchange]
        over = self._over(exchange, ("ws:connections", client), capacity, seconds)
        if not self._config.enforce_limits or (left <= 0 and over is None):
            return None
        if exchange == "binanceusdm" and left > 0:
            return self.binance_ban(client, left)
        return Answer(b"", 403 if exchange == "bybit" else 429, "text/html")

    def check(
        self, exchange: str, path: str, query: Query, client: str, *, sent: float | None = None
    ) -> Answer | None:
        """Count a request; the refusal when it is over a limit (None too when not enforced).

        sent: when it left the client, by `time`. One that was on its way before the client could hear of
        its ban is refused like any other and held against nobody.
        """
        if self._stopped():
            return None
        ignored = sent is None or sent > self._told.get((exchange, client), math.inf)
        if ignored and exchange in BANNING and self._left(exchange, client) > 0:
            self._counts[exchange].violated("banned")
        refusal = self._check[exchange](path, query, client)
        return refusal if self._config.enforce_limits else None

    def headers(self, exchange: str, path: str, client: str) -> dict[str, str]:
        """Usage headers of an answer."""
        if exchange != "binanceusdm" or "/fapi/" not in path:
            return {}
        return {"X-MBX-USED-WEIGHT-1M": str(self._minute.get(client, (0, 0, 0))[1])}

    def ban(self, exchange: str, client: str, seconds: float) -> None:
        """Ban a client for so many seconds."""
        self._banned[exchange, client] = self.time() + seconds
        self._told.pop((exchange, client), None)

    def answered(self, exchange: str, client: str, status: int) -> None:
        """An answer has left: who is told that it is banned knows once it has been handed over."""
        if status == BANNING.get(exchange) and self._left(exchange, client) > 0:
            handed_over = HANDOVER_S * (self._clock.scale if self._config.in_exchange_time else 1.0)
            self._told.setdefault((exchange, client), self.time() + handed_over)

    def _stopped(self) -> bool:
        """Whether the time of the limits was made to stand still: their windows would never end."""
        return self._config.in_exchange_time and self._config.time_scale > 0 and not self._clock.scale

    def time(self) -> float:
        """Seconds on the clock that limits are counted by."""
        if self._config.in_exchange_time:
            return self._clock.now_ms() / 1000
        return time.monotonic()

    def _over(self, exchange: str, key: tuple[str, ...], capacity: int, seconds: float) -> Sliding | None:
        bucket = self._sliding.setdefault((exchange, *key), Sliding(capacity, seconds))
        over = bucket.over(self.time())
        self._counts[exchange].used(key[0], len(bucket.taken))
        if over:
            self._counts[exchange].violated(key[0])
        return bucket if over else None

    def _left(self, exchange: str, client: str) -> float:
        return self._banned.get((exchange, client), 0.0) - self.time()

    # --- Binance -----------------------------------------------------------------------------
    def _binance(self, path: str, query: Query, client: str) -> Answer | None:
        left = self._left("binanceusdm", client)
        if left > 0:
            return self.binance_ban(client, left)
        if "/futures/data/" in path:
            return self._binance_pool("futures/data", 1000, client)
        name = path.split("/fapi/v1/")[-1]
        refusal = (
            self._binance_pool("funding", 500, client) if name in ("fundingRate", "fundingInfo") else None
        )
        return refusal or self._binance_minute(binance_weight(name, query), client)

    def _binance_pool(self, name: str, capacity: int, client: str) -> Answer | None:
        over = self._over("binanceusdm", (name, client), capacity, 300.0)
        if over is None:
            return None
        text = f"Too many requests; current limit of IP({client}) is {capacity} requests per 5 minutes."
        return self._too_many(text, over.wait(self.time()))

    def _binance_minute(self, weight: int, client: str) -> Answer | None:
        now = self.time()
        minute, used, refused = self._minute.get(client, (0, 0, 0))
        if minute != int(now // 60):
            minute, used, refused = int(now // 60), 0, 0
        used += weight
        over = used > BINANCE_WEIGHT
        self._minute[client] = (minute, used, refused + over)
        counts = self._counts["binanceusdm"]
        counts.used("weight", used)
        if not over:
            return None
        counts.violated("weight")
        if refused >= BINANCE_PATIENCE:
            self.ban("binanceusdm", client, self._config.binance_ban_s)
            return self.binance_ban(client, self._config.binance_ban_s)
        text = (
            f"Too many requests; current limit of IP({client}) is {BINANCE_WEIGHT} requests per minute. "
            "Please use the websocket for live updates to avoid polling the API."
        )
        return self._too_many(text, 60 - int(now % 60))

    def _too_many(self, text: str, wait: int) -> Answer:
        headers = {"Retry-After": str(wait)} if self._config.retry_after else {}
        return Answer(orjson.dumps({"code": -1003, "msg": text}), 429, headers=headers)

    def binance_ban(self, client: str, left_s: float) -> Answer:
        """The answer to a banned client."""
        until = self._clock.now_ms("binanceusdm") + int(left_s * 1000)
        text = (
            f"Way too many requests; IP({client}) banned until {until}. "
            "Please use the websocket for live updates to avoid bans."
        )
        headers = {"Retry-After": str(int(left_s) + 1)} if self._config.retry_after else {}
        return Answer(orjson.dumps({"code": -1003, "msg": text}), 418, headers=headers)

    # --- the others --------------------------------------------------------------------------
    def _bybit(self, _path: str, _query: Query, client: str) -> Answer | None:
        if self._left("bybit", client) > 0:
            return Answer(b"access too frequent", 403, "text/plain")
        if self._over("bybit", ("ip", client), 600, 5.0) is None:
            return None
        self.ban("bybit", client, self._config.bybit_ban_s)
        return Answer(b"access too frequent", 403, "text/plain")

    def _okx(self, path: str, query: Query, client: str) -> Answer | None:
        name = path.removeprefix("/okx/api/v5/")
        capacity, per_instrument = OKX_LIMITS.get(name, (20, False))
        if name.startswith("rubik/") and self._config.okx_rubik_per_ip:
            per_instrument = False
        instrument = query.get("instId", "") if per_instrument else ""
        if self._over("okx", (name, instrument, client), capacity, 2.0) is None:
            return None
        return Answer(orjson.dumps({"code": "50011", "msg": "Too Many Requests", "data": []}), 429)

    def _coingecko(self, _path: str, _query: Query, client: str) -> Answer | None:
        over = self._over("coingecko", ("ip", client), 30, 60.0)
        if over is None:
            return None
        text = "You've exceeded the Rate Limit."
        body = orjson.dumps({"status": {"error_code": 429, "error_message": text}})
        return Answer(body, 429, headers={"Retry-After": str(over.wait(self.time()))})
