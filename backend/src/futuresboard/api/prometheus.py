"""`/metrics`: the health document in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flask import Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from futuresboard.api.auth import has_bearer, is_admitted
from futuresboard.api.context import ApiContext
from futuresboard.api.health import DOWN, state
from futuresboard.api.health_schema import STATES
from futuresboard.api.problems import problem
from futuresboard.api.routes import Route

_PREFIX = "futuresboard_"


class _Shown(NamedTuple):
    """A number of the health document: its key, its name here, what it is multiplied by, what it is."""

    key: str
    name: str
    doc: str
    scale: float = 1.0
    counter: bool = False


_WHOLE = (
    _Shown("uptime_s", "uptime_seconds", "since the start"),
    _Shown("warm", "warm_ratio", "share of the start-up history requests that are done"),
)
_DATABASE = (
    _Shown("seq", "database_seq", "number of the newest transaction"),
    _Shown("size_bytes", "database_size_bytes", "size of the file, without its write-ahead log"),
    _Shown("wal_bytes", "database_wal_bytes", "size of its write-ahead log"),
    _Shown("bars", "database_bars", "bars that its series span"),
    _Shown("newest_ts", "database_newest_bar_seconds", "open time of the newest closed bar", scale=0.001),
)
_GAPS = (
    _Shown("missing", "exchange_gap_bars_missing", "closed bars that are not there, as of the last look"),
    _Shown("open", "exchange_gap_bars_open", "closed bars that lack something, as of the last look"),
    _Shown("healed", "exchange_gap_bars_healed", "bars stored by looks since start", counter=True),
    _Shown("given_up", "exchange_gap_rows_given_up", "rows it turned out not to have", counter=True),
)
_CYCLE = (
    _Shown("id", "cycle_number", "number of the last cycle"),
    _Shown("duration_s", "cycle_duration_seconds", "duration of the last cycle"),
    _Shown("rows", "cycle_rows", "rows stored in the last cycle"),
    _Shown("errors", "cycle_errors", "failed requests in the last cycle"),
)
_EXCHANGE = (
    _Shown("request_rate", "exchange_request_rate", "requests a second"),
    _Shown("budget_used", "exchange_budget_used_ratio", "share of the request budget in use"),
    _Shown("errors", "exchange_errors", "failed requests since start", counter=True),
    _Shown("error_rate", "exchange_error_ratio", "share of requests that failed"),
    _Shown("reconnects", "exchange_reconnects", "reconnects since start", counter=True),
    _Shown("clock_skew_ms", "exchange_clock_skew_seconds", "exchange clock minus our own", scale=0.001),
    _Shown("oldest_s", "exchange_oldest_seconds", "age of the oldest live value"),
)


_LINE = (
    _Shown("up", "exchange_websocket_up", "1 while a websocket connection is up"),
    _Shown("silent_s", "exchange_websocket_silent_seconds", "since a websocket connection last carried data"),
    _Shown("reconnects", "exchange_websocket_reconnects", "reconnects since start", counter=True),
    _Shown("unreadable", "exchange_websocket_unreadable", "data that could not be used", counter=True),
)

_TARGET = (
    _Shown("sent", "notify_sent", "alerts told since start", counter=True),
    _Shown("failed", "notify_failed_attempts", "messages that were not taken, since start", counter=True),
    _Shown("given_up", "notify_given_up", "alerts that were never told, since start", counter=True),
    _Shown("waiting", "notify_waiting", "alerts still to be told"),
)


def _number(document: Mapping[str, object], shown: _Shown) -> float | None:
    value = document.get(shown.key)
    return float(value) * shown.scale if isinstance(value, (int, float)) else None


def _part(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _gauge(name: str, doc: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, doc, value=value)


def _gauges(numbers: Sequence[_Shown], document: Mapping[str, object]) -> Iterator[Metric]:
    """One family a number that is known."""
    for shown in numbers:
        value = _number(document, shown)
        if value is not None:
            yield _gauge(shown.name, shown.doc, value)


def _quantiles(name: str, doc: str, document: Mapping[str, object], unit: str = "") -> Metric:
    family = GaugeMetricFamily(_PREFIX + name, doc, labels=["quantile"])
    for key, quantile in (("p50", "0.5"), ("p99", "0.99")):
        value = _number(document, _Shown(key + unit, "", ""))
        if value is not None:
            family.add_metric([quantile], value)
    return family


def _families(numbers: Sequence[_Shown], label: str, parts: Mapping[str, object]) -> Iterator[Metric]:
    """One family a number, with one value for each named part of the document that has it."""
    for shown in numbers:
        make = CounterMetricFamily if shown.counter else GaugeMetricFamily
        family = make(_PREFIX + shown.name, shown.doc, labels=[label])
        for name in parts:
            value = _number(_part(parts, name), shown)
            if value is not None:
                family.add_metric([name], value)
        yield family


class _HealthCollector(Collector):
    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document

    def collect(self) -> Iterator[Metric]:
        document = self._document
        yield _gauge("up", "1 unless the status is down", float(document["status"] != DOWN))
        status = GaugeMetricFamily(_PREFIX + "status", "1 for the status that holds", labels=["status"])
        for name in STATES:
            status.add_metric([name], float(document["status"] == name))
        yield status
        yield from _gauges(_WHOLE, document)
        yield from _gauges(_DATABASE, _part(document, "database"))
        yield from self._cycle()
        yield from self._exchanges()
        yield from _families(_TARGET, "target", _part(_part(document, "notify"), "targets"))

    def _cycle(self) -> Iterator[Metric]:
        yield from _gauges(_CYCLE, _part(self._document, "last_cycle"))
        yield _quantiles(
            "recent_cycle_seconds", "duration of the last cycles", _part(self._document, "cycles"), "_s"
        )
        yield _quantiles(
            "closed_bar_lag_seconds",
            "bar close to readable in history",
            _part(self._document, "closed_bar_lag_s"),
        )

    def _exchanges(self) -> Iterator[Metric]:
        exchanges = _part(self._document, "exchanges")
        states = GaugeMetricFamily(
            _PREFIX + "exchange_state", "1 for the state that holds", labels=["exchange", "state"]
        )
        for exchange in exchanges:
            states.add_metric([exchange, str(_part(exchanges, exchange).get("state"))], 1.0)
        yield states
        yield from self._breakers(exchanges)
        sources = GaugeMetricFamily(
            _PREFIX + "exchange_source",
            "1 for the way live values and candles come",
            labels=["exchange", "source"],
        )
        for exchange in exchanges:
            sources.add_metric([exchange, str(_part(exchanges, exchange).get("source"))], 1.0)
        yield sources
        yield from self._lines(exchanges)
        yield from _families(_EXCHANGE, "exchange", exchanges)
        gaps = {exchange: _part(_part(exchanges, exchange), "gaps") for exchange in exchanges}
        yield from _families(_GAPS, "exchange", gaps)

    def _breakers(self, exchanges: Mapping[str, object]) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            _PREFIX + "exchange_breaker_state",
            "1 for the state of the circuit breaker that holds",
            labels=["exchange", "state"],
        )
        probe = GaugeMetricFamily(
            _PREFIX + "exchange_next_probe_seconds",
            "until an exchange that is down, blocked or banned is asked again",
            labels=["exchange"],
        )
        for exchange in exchanges:
            breaker = _part(_part(exchanges, exchange), "breaker")
            if "state" in breaker:
                state.add_metric([exchange, str(breaker["state"])], 1.0)
            value = _number(breaker, _Shown("next_probe_s", "", ""))
            if value is not None:
                probe.add_metric([exchange], value)
        yield state
        yield probe

    def _lines(self, exchanges: Mapping[str, object]) -> Iterator[Metric]:
        for shown in _LINE:
            make = CounterMetricFamily if shown.counter else GaugeMetricFamily
            family = make(_PREFIX + shown.name, shown.doc, labels=["exchange", "connection"])
            for exchange in exchanges:
                lines = _part(exchanges, exchange).get("websockets")
                for line in lines if isinstance(lines, list) else []:
                    value = _number(line, shown)
                    if value is not None:
                        family.add_metric([exchange, str(line["name"])], value)
            yield family


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    settings = context.settings

    def metrics() -> Response:
        """The health document in Prometheus' text format; takes `METRICS_TOKEN` too."""
        guarded = settings.auth_token or settings.metrics_token
        admitted = has_bearer((settings.metrics_token,)) or (
            bool(settings.auth_token) and is_admitted(settings, context.now_ms())
        )
        if guarded and not admitted:
            return problem(401, headers={"WWW-Authenticate": 'Bearer realm="futuresboard"'})
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_HealthCollector(state(context)))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return (Route("/metrics", metrics, media_type="text/plain"),)
