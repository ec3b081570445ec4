"""The transport under every adapter: ccxt's async client, our pacing, errors and statistics.

ccxt signs, sends and decodes; its rate limiter and retries stay off (they are wrong by 2 to 10
times and retry into a ban), and its error mapping is replaced by one that sees each answer's own
status, headers and body.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import ccxt.async_support as ccxt
from ccxt.base.errors import BaseError

from futuresboard.clock import Clock
from futuresboard.errors import ExchangeError, PayloadError, ThrottledError, TransientError
from futuresboard.exchanges.base import ExchangeStats
from futuresboard.exchanges.breaker import Breaker
from futuresboard.exchanges.failures import Answer
from futuresboard.exchanges.gate import Gate
from futuresboard.exchanges.pacing import PERSISTED_WINDOW_S, Bucket, Limit
from futuresboard.exchanges.redirect import redirect

TIMEOUT_S = 10.0
PACED_THROTTLE_S = 5.0
"""A throttle up to this long is waited out in the queue; a longer one is told to the caller."""
LATENCIES_KEPT = 256
RATE_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Request:
    """One GET: ccxt's implicit method, its parameters and what it costs of which budget.

    `key` names the instrument where the budget counts per instrument; `pair` tells that the
    request names one pair, so that "no such symbol" means that the pair is gone.
    """

    endpoint: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    budget: str = ""
    key: str = ""
    cost: float = 1.0
    pair: bool = False


_request: contextvars.ContextVar[Request] = contextvars.ContextVar("request")


class Transport:
    """Sends an adapter's requests, within its budgets and slots. Belongs to one event loop."""

    def __init__(
        self,
        exchange: str,
        limits: Mapping[str, Limit],
        failure: Callable[[Answer], ExchangeError | None],
        *,
        url_override: str | None,
        concurrency: int,
        clock: Clock,
    ) -> None:
        self.exchange = exchange
        self.clock = clock
        self.client: Any = getattr(ccxt, exchange)({"enableRateLimit": False, "timeout": 0})
        self.client.handle_errors = self._judge
        if url_override:
            self.client.urls["api"] = redirect(self.client.urls["api"], url_override)
            if url_override.startswith("http:"):
                self.client.verify = False  # no TLS: neither its context nor its grace period at the end
                self.client.timeout_on_exit = 0
        self._limits = limits
        self._failure = failure
        self._session: aiohttp.ClientSession | None = None
        self._gate = Gate(concurrency, clock)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._offset_ms: float | None = None
        self.breaker = Breaker(exchange)
        self.on_trouble: Callable[[], None] = lambda: None
        self._throttles: dict[Bucket, tuple[float, str]] = {}
        self._requests = 0
        self._failed = 0
        self._last_error: str | None = None
        self._sent: deque[float] = deque()
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)

    def limit(self, budget: str) -> Limit:
        """The limit of a budget as it is now."""
        return self._limits[budget]

    def bucket(self, budget: str, key: str = "") -> Bucket:
        """The bucket of a budget; of the instrument `key` where the limit is per instrument."""
        limit = self._limits[budget]
        place = (budget, key if limit.per_key else "")
        if place not in self._buckets:
            self._buckets[place] = Bucket(budget, limit.limit, limit.window_s)
        return self._buckets[place]

    def room_in(self, budget: str) -> float:
        """Seconds until one more request of a budget that is not per instrument would be sent."""
        return self._gate.room_in(self.bucket(budget))

    def relimit(self, budget: str, limit: Limit) -> None:
        """Replace a budget's limit; what was under the old one is waited out, what waits is refused."""
        self._limits = {**self._limits, budget: limit}
        old = [self._buckets.pop(place) for place in list(self._buckets) if place[0] == budget]
        for bucket in old:
            self._gate.reject(
                lambda: ThrottledError(self.exchange, f"stricter limit for {budget}", limit.window_s), bucket
            )
        if old:
            self.bucket(budget).block(self.clock.monotonic(), limit.window_s)

    def exchange_now_ms(self) -> float | None:
        """The exchange's clock now, milliseconds; None before it was ever heard."""
        if self._offset_ms is None:
            return None
        return self.clock.monotonic() * 1000 + self._offset_ms

    def heard_time(self, exchange_ms: int) -> None:
        """Note what the exchange's clock shows at this moment."""
        self._offset_ms = exchange_ms - self.clock.monotonic() * 1000

    async def call(self, request: Request, *, background: bool = False, probe: bool = False) -> object:
        """The decoded JSON object or array of a good answer.

        Waits for budget and slot. Raises ExchangeError subclasses only; while a longer throttle
        lasts or the breaker is open it raises at once, without a request (`probe`: the one request
        an open breaker lets through when its time has come).
        """
        bucket = self.bucket(request.budget, request.key)
        self._refuse(bucket, probe=probe)
        await self._gate.enter(bucket, request.cost, background=background)
        try:
            self._refuse(bucket, probe=probe)
            payload = await self._judged(request, bucket, probe=probe)
        finally:
            self._gate.leave(bucket, request.cost)
        return payload

    async def _judged(self, request: Request, bucket: Bucket, *, probe: bool) -> object:
        """Send, and tell the breaker how it went."""
        trial = self.breaker.sent()
        try:
            payload = await self._send(request, self.clock.monotonic())
        except ExchangeError as error:
            self._note_failure(error, bucket, probe=probe)
            raise
        except BaseException:
            if trial:
                self.breaker.given_up(self.clock.monotonic())
                self.on_trouble()
            raise
        self.breaker.succeeded(self.clock.monotonic())
        return payload

    def _open(self) -> None:
        """An HTTP session of our own: ccxt's asks aiohttp for an option that newer Pythons refuse."""
        self.client.own_session = False
        self.client.open()
        connector = aiohttp.TCPConnector(ssl=self.client.ssl_context)
        self._session = self.client.session = aiohttp.ClientSession(connector=connector)

    async def _send(self, request: Request, started: float) -> object:
        if self._session is None:
            self._open()
        self._requests += 1
        self._sent.append(started)
        self._forget_sent(started)
        token = _request.set(request)
        try:
            async with self.clock.timeout(TIMEOUT_S):
                payload: object = await getattr(self.client, request.endpoint)(dict(request.params))
        except ExchangeError:
            self._failed += 1
            raise
        except TimeoutError as error:
            self._failed += 1
            raise TransientError(self.exchange, f"no answer within {TIMEOUT_S:.0f} s") from error
        except BaseError as error:
            self._failed += 1
            cause = error.__cause__ or error
            words = str(cause) or repr(cause)
            raise TransientError(self.exchange, f"connection failed: {words:.160}") from error
        except ValueError as error:
            self._failed += 1
            raise PayloadError(self.exchange, f"unreadable answer: {error}") from error
        finally:
            _request.reset(token)
        self._latencies.append(self.clock.monotonic() - started)
        return payload

    def _judge(
        self,
        status: int,
        _reason: str,
        url: str,
        _method: str,
        headers: Mapping[str, str],
        body: str,
        data: object,
        *_sent: object,
    ) -> None:
        """Stands in for ccxt's `handle_errors`, which sees each answer with its own headers."""
        lower = {name.lower(): value for name, value in headers.items()}
        self._observe_weight(url, lower)
        request = _request.get()
        answer = Answer(
            self.exchange,
            status,
            body,
            data,
            lower,
            pair=request.pair,
            now_ms=self.exchange_now_ms(),
            bans_in_row=self.breaker.bans_before(self.clock.monotonic()),
        )
        error = self._failure(answer)
        if error is not None:
            raise error

    def _observe_weight(self, url: str, headers: Mapping[str, str]) -> None:
        used = headers.get("x-mbx-used-weight-1m", "")
        if used.isdigit() and "weight" in self._limits and "bookTicker" not in url:
            self.bucket("weight").observe(self.clock.monotonic(), float(used))

    def _refuse(self, bucket: Bucket, *, probe: bool) -> None:
        now = self.clock.monotonic()
        refusal = self.breaker.refusal(now, probe=probe)
        if refusal is not None:
            raise refusal
        until, reason = self._throttles.get(bucket, (0.0, ""))
        if now < until:
            raise ThrottledError(self.exchange, reason, until - now)
        self._throttles.pop(bucket, None)

    def _note_failure(self, error: ExchangeError, bucket: Bucket, *, probe: bool) -> None:
        self._last_error = str(error)
        now = self.clock.monotonic()
        if self.breaker.failed(now, error, probe=probe):
            self._gate.reject(lambda: self.breaker.refusal(now, probe=False) or error)
        if isinstance(error, ThrottledError) and not error.ban:
            self._throttle(bucket, now, error)
        if self.breaker.probe_in(now) is not None:
            self.on_trouble()

    def _throttle(self, bucket: Bucket, now: float, error: ThrottledError) -> None:
        if error.retry_after_s <= PACED_THROTTLE_S:
            bucket.block(now, error.retry_after_s)
            return
        until = now + error.retry_after_s
        if until <= self._throttles.get(bucket, (0.0, ""))[0]:
            return
        self._throttles[bucket] = (until, error.reason)
        self._gate.reject(lambda: ThrottledError(self.exchange, error.reason, error.retry_after_s), bucket)

    def _forget_sent(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - RATE_WINDOW_S:
            self._sent.popleft()

    def unreadable(self, error: PayloadError) -> None:
        """Count an answer as failed that arrived well and turned out to be of the wrong shape."""
        self._failed += 1
        self._last_error = str(error)

    def stats(self) -> ExchangeStats:
        """A snapshot; to be taken in the loop's own thread."""
        now = self.clock.monotonic()
        self._forget_sent(now)
        used: dict[str, float] = {}
        for (budget, _), bucket in self._buckets.items():
            used[budget] = max(used.get(budget, 0.0), bucket.used(now) / bucket.limit)
        latencies = sorted(self._latencies)
        return ExchangeStats(
            requests=self._requests,
            failed=self._failed,
            in_flight=self._gate.in_flight,
            peak_in_flight=self._gate.peak_in_flight,
            latency_p50_s=latencies[len(latencies) // 2] if latencies else None,
            latency_p95_s=latencies[len(latencies) * 95 // 100] if latencies else None,
            request_rate=len(self._sent) / RATE_WINDOW_S,
            budget_used=used,
            last_error=self._last_error,
            breaker=self.breaker.status(now),
            throttled={bucket.name: left for bucket, left in self._throttled(now)},
        )

    def _throttled(self, now: float) -> list[tuple[Bucket, float]]:
        """Buckets the exchange closed, and seconds until each is open again."""
        return [(bucket, until - now) for bucket, (until, _) in self._throttles.items() if until > now]

    def export_budgets(self) -> dict[str, list[tuple[float, float]]]:
        """Recent use of the long windows, by budget: (age in seconds, cost)."""
        now = self.clock.monotonic()
        return {
            budget: bucket.export(now)
            for (budget, key), bucket in self._buckets.items()
            if not key and bucket.window_s >= PERSISTED_WINDOW_S
        }

    def restore_budgets(self, budgets: Mapping[str, Iterable[tuple[float, float]]], elapsed_s: float) -> None:
        """Count what an earlier process exported `elapsed_s` seconds ago."""
        now = self.clock.monotonic()
        for budget, entries in budgets.items():
            if budget in self._limits:
                self.bucket(budget).restore(now, [(age + elapsed_s, cost) for age, cost in entries])

    def export_pauses(self) -> dict[str, tuple[float, str]]:
        """(seconds left, reason) of throttled budgets by name, and of a ban under ""."""
        now = self.clock.monotonic()
        pauses = {
            bucket.name: (left, self._throttles[bucket][1])
            for bucket, left in self._throttled(now)
            if not self._limits[bucket.name].per_key
        }
        if (left := self.breaker.ban_left_s(now)) > 0.0:
            pauses[""] = (left, self.breaker.status(now).reason or "")
        return pauses

    def restore_pauses(self, pauses: Mapping[str, tuple[float, str]], elapsed_s: float) -> None:
        """Wait out what an earlier process exported `elapsed_s` seconds ago."""
        now = self.clock.monotonic()
        for budget, (left, reason) in pauses.items():
            rest = left - elapsed_s
            if rest <= 0.0:
                continue
            if not budget:
                self.breaker.ban(now, rest, reason)
                self.on_trouble()
            elif budget in self._limits:
                self._throttles[self.bucket(budget)] = (now + rest, reason)

    async def close(self) -> None:
        """Cancel what waits and end the HTTP session."""
        await self._gate.close()
        await self.client.close()
        if self._session is not None:
            await self._session.close()
