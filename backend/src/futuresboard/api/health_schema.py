"""The schema of `/health`: what an operator is told, exchange by exchange."""

from __future__ import annotations

from futuresboard.api.schema import (
    BOOLEAN,
    INTEGER,
    NULL,
    NUMBER,
    REAL,
    STRING,
    Component,
    array,
    doc,
    either,
    mapping,
    nullable,
    record,
    words,
)

STATES = ("starting", "ok", "degraded", "down")
EXCHANGE_STATES = ("starting", "ok", "degraded", "down", "blocked", "banned")

_CYCLE = Component(
    "LastCycle",
    record(
        {
            "id": INTEGER,
            "started": doc(INTEGER, "exchange time, ms UTC"),
            "duration_s": REAL,
            "rows": INTEGER,
            "errors": INTEGER,
            "bar_close": doc(BOOLEAN, "it fetched closed bars"),
        }
    ),
)
_CYCLES = Component(
    "Cycles",
    record(
        {
            "window": doc(INTEGER, "the last so many cycles at most are counted"),
            "edges_s": doc(array(REAL), "upper edges of the buckets, seconds, inclusive"),
            "counts": doc(array(INTEGER), "cycles by bucket; the last one is beyond the last edge"),
            "p50_s": NUMBER,
            "p99_s": NUMBER,
        }
    ),
)
_GAPS = Component(
    "Gaps",
    record(
        {
            "missing": doc(
                nullable(INTEGER),
                "closed bars that were not there at the end of the last look, and that the exchange may have",
            ),
            "open": doc(nullable(INTEGER), "those, and the bars of which a value is unknown or stood in for"),
            "pairs": doc(nullable(INTEGER), "pairs they are of"),
            "healing": doc(BOOLEAN, "a look is under way"),
            "healed": doc(INTEGER, "bars stored by looks since start that were not there"),
            "given_up": doc(INTEGER, "rows looked for twice since start that the exchange does not have"),
            "looked_ts": doc(nullable(INTEGER), "end of the last look, exchange time, ms UTC"),
        }
    ),
)
_LINE = Component(
    "Websocket",
    record(
        {
            "name": STRING,
            "up": BOOLEAN,
            "topics": INTEGER,
            "refused": INTEGER,
            "silent_s": doc(NUMBER, "since it last carried data"),
            "reconnects": INTEGER,
            "failures": INTEGER,
            "unreadable": INTEGER,
            "last_error": nullable(STRING),
        }
    ),
)
_EXCHANGE = Component(
    "ExchangeHealth",
    record(
        {
            "state": words(EXCHANGE_STATES),
            "pairs": INTEGER,
            "request_rate": doc(REAL, "requests a second"),
            "budget_used": doc(REAL, "share of the fullest budget in use"),
            "budgets": mapping(REAL),
            "requests": INTEGER,
            "errors": doc(INTEGER, "failed requests since start"),
            "error_rate": REAL,
            "reconnects": INTEGER,
            "in_flight": INTEGER,
            "peak_in_flight": INTEGER,
            "latency_p50_s": NUMBER,
            "latency_p95_s": NUMBER,
            "clock_skew_ms": doc(NUMBER, "its clock minus this machine's"),
            "oldest_s": doc(NUMBER, "age of the newest closed bar of the pair that is furthest behind"),
            "source": words(("websocket", "rest", "mixed")),
            "websockets": array(_LINE),
            "stamps": doc(mapping(STRING), "what the stamps of its rows mean, by kind"),
            "refresh": doc(
                mapping(record({"every_s": REAL, "share": REAL})), "how often each series is asked for"
            ),
            "banned_for_s": NUMBER,
            "breaker": record(
                {
                    "state": words(("closed", "open", "half-open")),
                    "reason": nullable(STRING),
                    "next_probe_s": NUMBER,
                }
            ),
            "throttled": doc(mapping(REAL), "budgets it has closed for a while: seconds left"),
            "guarded": doc(mapping(INTEGER), "pairs whose newest bar lacks a refused number, by mark"),
            "gaps": _GAPS,
            "last_error": nullable(STRING),
        }
    ),
)
_TARGET = Component(
    "NotifyTarget",
    record(
        {
            "state": words(("ok", "failing")),
            "sent": INTEGER,
            "messages": INTEGER,
            "waiting": INTEGER,
            "failed": INTEGER,
            "given_up": INTEGER,
            "last_sent_ts": nullable(INTEGER),
            "last_error": nullable(STRING),
        }
    ),
)
_DATABASE = Component(
    "Database",
    record(
        {
            "size_bytes": doc(INTEGER, "of the file, without its write-ahead log"),
            "wal_bytes": INTEGER,
            "schema": INTEGER,
            "seq": doc(INTEGER, "number of the newest transaction"),
            "pairs": doc(INTEGER, "that are recorded now"),
            "series": doc(INTEGER, "of pairs that are or were recorded, by timeframe"),
            "bars": doc(INTEGER, "that its series span, from the first to the last"),
            "oldest_ts": doc(nullable(INTEGER), "open time of the oldest bar, ms UTC"),
            "newest_ts": doc(nullable(INTEGER), "open time of the newest closed bar, ms UTC"),
        }
    ),
)
_STATE_OF_SOURCE = words(("off", "starting", "ok", "unreachable"))
EXCHANGES = mapping(_EXCHANGE)
HEALTH = Component(
    "Health",
    record(
        {
            "status": words(STATES),
            "version": STRING,
            "uptime_s": REAL,
            "warm": doc(REAL, "share of the start-up history requests that are done"),
            "last_cycle": either(_CYCLE, NULL),
            "cycles": _CYCLES,
            "closed_bar_lag_s": record({"p50": NUMBER, "p99": NUMBER}),
            "exchanges": EXCHANGES,
            "database": _DATABASE,
            "notify": record(
                {
                    "state": words(("off", "ok", "failing")),
                    "quiet_until": nullable(INTEGER),
                    "targets": mapping(_TARGET),
                },
                optional=("quiet_until", "targets"),
            ),
            "coingecko": record(
                {
                    "state": _STATE_OF_SOURCE,
                    "as_of": nullable(INTEGER),
                    "age_s": NUMBER,
                    "matched": INTEGER,
                    "detail": nullable(STRING),
                },
                optional=("as_of", "age_s", "matched", "detail"),
            ),
            "failure": doc(nullable(STRING), "why the scraper ended"),
            "scraper": doc(words(("none",)), "where no scraper ever wrote to this database"),
            "kept_s_ago": doc(REAL, "age of all this, where the scraper is another process"),
            "detail": doc(STRING, "why it is down, where nothing else can be told"),
        },
        # Without the token the status word is told alone.
        optional=(
            "version",
            "uptime_s",
            "warm",
            "last_cycle",
            "cycles",
            "closed_bar_lag_s",
            "exchanges",
            "database",
            "notify",
            "coingecko",
            "failure",
            "scraper",
            "kept_s_ago",
            "detail",
        ),
    ),
)
PROBE = Component("Probe", record({"status": words(("live", *STATES))}))
