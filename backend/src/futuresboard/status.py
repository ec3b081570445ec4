"""The health document: what an operator needs to know, made in the scraper, read by any thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from futuresboard import __version__
from futuresboard.clock import Clock
from futuresboard.collector import Collector
from futuresboard.config import Settings
from futuresboard.exchanges.breaker import Cause
from futuresboard.exchanges.streams.connection import LineState
from futuresboard.gaps import GapReport
from futuresboard.tally import Tally

_WORDS: Mapping[Cause, str] = {
    Cause.BANNED: "banned",
    Cause.BLOCKED: "blocked",
    Cause.UNREACHABLE: "down",
}
CYCLES_KEPT = 1000
CYCLE_EDGES_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
DOWN_INTERVALS = 3
LEAST_DOWN_S = 5.0


class Status:
    """Keeps the newest facts; `document` judges their age at the moment it is asked."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        self._interval = settings.interval
        self._began = self._clock.monotonic()
        self._lock = threading.Lock()
        self._exchanges: dict[str, dict[str, object]] = {}
        self._notes: dict[str, str] = {}
        self._last_cycle: dict[str, object] | None = None
        self._durations: deque[float] = deque(maxlen=CYCLES_KEPT)
        self._cycle_ended = self._clock.monotonic()
        self._warm = 0.0
        self._lag: dict[str, float | None] = {"p50": None, "p99": None}
        self._failure: str | None = None
        self.errors = 0
        self.market_caps: Callable[[], Mapping[str, object]] = lambda: {"state": "off"}
        """Their source's part of the document; never a reason to be degraded."""
        self.notify: Callable[[], Mapping[str, object]] = lambda: {"state": "off"}
        """The notifier's part; no reason either."""

    def note(self, exchange: str, reason: str) -> None:
        """Remember in words why an exchange does not answer."""
        with self._lock:
            self._notes[exchange] = reason

    def last_note(self, exchange: str) -> str | None:
        """The newest reason noted for an exchange."""
        return self._notes.get(exchange)

    def failed(self, reason: str) -> None:
        """The scraper ended for good."""
        with self._lock:
            self._failure = reason

    def cycle(self, report: dict[str, object], duration_s: float) -> None:
        """A cycle ended."""
        with self._lock:
            self._durations.append(duration_s)
            self._last_cycle = report
            self._cycle_ended = self._clock.monotonic()

    def refresh(self, exchanges: dict[str, dict[str, object]], warm: float, lags_s: Sequence[float]) -> bool:
        """Take the newest facts; returns whether an exchange's state changed."""
        with self._lock:
            before = {name: facts["state"] for name, facts in self._exchanges.items()}
            self._exchanges = exchanges
            self._warm = warm
            if lags_s:
                p50, p99 = np.percentile(np.array(lags_s), [50, 99]).tolist()
                self._lag = {"p50": round(p50, 3), "p99": round(p99, 3)}
            return before != {name: facts["state"] for name, facts in exchanges.items()}

    def document(self) -> dict[str, object]:
        """The full health document."""
        with self._lock:
            return {
                "status": self._word(),
                "version": __version__,
                "uptime_s": round(self._clock.monotonic() - self._began, 1),
                "warm": round(self._warm, 4),
                "last_cycle": self._last_cycle,
                "cycles": _histogram(self._durations),
                "closed_bar_lag_s": dict(self._lag),
                "exchanges": self._exchanges,
                "coingecko": self.market_caps(),
                "notify": self.notify(),
                "failure": self._failure,
            }

    def _word(self) -> str:
        age = self._clock.monotonic() - self._cycle_ended
        if self._failure is not None or age > max(LEAST_DOWN_S, DOWN_INTERVALS * self._interval):
            return "down"
        if self._last_cycle is None:
            return "starting"
        return "ok" if all(facts["state"] == "ok" for facts in self._exchanges.values()) else "degraded"


def _histogram(durations_s: Collection[float]) -> dict[str, object]:
    """The last cycles by their durations: counts up to each edge, the last one beyond all of them."""
    found = np.array(durations_s, dtype=np.float64)
    buckets = np.searchsorted(CYCLE_EDGES_S, found, side="left")
    p50, p99 = np.percentile(found, [50, 99]).tolist() if len(found) else (None, None)
    return {
        "window": CYCLES_KEPT,
        "edges_s": CYCLE_EDGES_S,
        "counts": np.bincount(buckets, minlength=len(CYCLE_EDGES_S) + 1).tolist(),
        "p50_s": None if p50 is None else round(p50, 3),
        "p99_s": None if p99 is None else round(p99, 3),
    }


def exchange_status(
    collector: Collector, tally: Tally | None, note: str | None, gaps: GapReport
) -> dict[str, object]:
    """One exchange's part of the health document; in the loop's thread."""
    stats, streams = collector.exchange.stats(), collector.exchange.streams
    breaker = stats.breaker
    if breaker.cause is not None:
        state = _WORDS[breaker.cause]
    elif not collector.started:
        state = "down" if note else "starting"
    elif tally is None:
        state = "starting"
    else:
        state = "degraded" if tally.errors else "ok"
    budgets: Mapping[str, float] = stats.budget_used
    oldest = collector.oldest_s()
    return {
        "state": state,
        "pairs": len(collector.active),
        "request_rate": round(stats.request_rate, 3),
        "budget_used": round(max(budgets.values(), default=0.0), 4),
        "budgets": {name: round(used, 4) for name, used in budgets.items()},
        "requests": stats.requests,
        "errors": stats.failed,
        "error_rate": round(stats.failed / stats.requests, 6) if stats.requests else 0.0,
        "reconnects": streams.reconnects if streams is not None else 0,
        "in_flight": stats.in_flight,
        "peak_in_flight": stats.peak_in_flight,
        "latency_p50_s": stats.latency_p50_s,
        "latency_p95_s": stats.latency_p95_s,
        "clock_skew_ms": collector.skew_ms,
        "oldest_s": oldest,
        "source": collector.source,
        "websockets": [] if streams is None else [_line(state) for state in streams.states()],
        "stamps": dict(collector.stamps),
        "refresh": collector.refresh() if collector.started else {},
        "banned_for_s": breaker.next_probe_s if breaker.cause is Cause.BANNED else 0.0,
        "breaker": {
            "state": breaker.state.value,
            "reason": breaker.reason,
            "next_probe_s": None if breaker.next_probe_s is None else round(breaker.next_probe_s, 1),
        },
        "throttled": {name: round(left, 1) for name, left in stats.throttled.items()},
        "guarded": collector.refused(),
        "gaps": asdict(gaps),
        "last_error": stats.last_error or note,
    }


def _line(state: LineState) -> dict[str, object]:
    """One websocket connection: what it carries, whether it is up, and since when it has been silent."""
    return {
        "name": state.name,
        "up": state.up,
        "topics": state.topics,
        "refused": state.refused,
        "silent_s": None if state.silent_s is None else round(state.silent_s, 1),
        "reconnects": state.reconnects,
        "failures": state.failures,
        "unreadable": state.unreadable,
        "last_error": state.last_error,
    }
