"""Schemas of simulated runs: what is asked for, and what a run's document says."""

from __future__ import annotations

from collections.abc import Mapping

from futuresboard.api.schema import (
    INTEGER,
    NUMBER,
    REAL,
    STRING,
    Component,
    Schema,
    array,
    doc,
    fields_of,
    mapping,
    nullable,
    record,
    words,
)
from futuresboard.assessment import Assessment
from futuresboard.model import Thresholds, Tier
from futuresboard.overfitting import Overfitting
from futuresboard.run_document import TRADE_NUMBERS
from futuresboard.scorecard import Goal
from futuresboard.simulation.settings import SimulationSettings

_TS = doc(INTEGER, "open time of a bar, milliseconds UTC")
_WORDS = {
    "entry": "what opens trades",
    "rule": "an expression, where the entry is a rule",
    "fire": "as alerts start, or at every bar at which it holds",
    "momentum_bars": "bars whose move momentum and fade look at",
    "hold": "bars until the close it leaves at",
    "take_profit": "a fraction of the price: 0.01 is 1 %",
    "stop_loss": "likewise",
    "trailing_stop": "likewise",
    "fee": "of one side, a fraction",
    "slippage": "of one side, a fraction",
    "funding": "whether it is paid",
    "late": "bars the entry is late by",
    "size": "an amount, or a share of equity",
}
_FIELDS: dict[str, Schema] = {
    **fields_of(SimulationSettings, _WORDS),
    "tier": nullable({"type": "integer", "enum": [int(tier) for tier in Tier]}),
}
_LIMITS: Mapping[str, Schema] = dict.fromkeys(Thresholds.__dataclass_fields__, REAL)
_SOME_LIMITS = Component("SomeThresholds", record(_LIMITS, optional=tuple(_LIMITS)))
ASKED = Component(
    "Simulation",
    record(
        {
            "data": record(
                {
                    "tf": doc(STRING, "timeframe (default: the base timeframe)"),
                    "start": doc(nullable(INTEGER), "first bar's open time, ms UTC (default: all there is)"),
                    "end": doc(nullable(INTEGER), "last bar's open time, ms UTC"),
                    "exchange": doc(STRING, "of one exchange (default: of all)"),
                    "symbols": doc(
                        {"type": ["array", "null"], "items": STRING}, "of these (default: of all)"
                    ),
                },
                optional=("tf", "start", "end", "exchange", "symbols"),
            ),
            "settings": record({**_FIELDS, "thresholds": _SOME_LIMITS}, optional=tuple(_FIELDS)),
        },
        optional=("data", "settings"),
    ),
)
JOB = Component(
    "Job",
    record(
        {
            "id": STRING,
            "state": words(("queued", "running", "failed", "cancelled")),
            "progress": doc(REAL, "0 to 1"),
            "error": doc(nullable(STRING), "why it failed"),
        }
    ),
)
RUN_SETTINGS = Component("RunSettings", record({**_FIELDS, "thresholds": record(_LIMITS)}))
_DATA = Component(
    "RunData",
    record(
        {
            "tf": STRING,
            "exchange": doc(STRING, "empty: of all"),
            "symbols": doc(array(STRING), "empty: of all"),
            "kind": words(("live", "simulated")),
            "start": _TS,
            "end": _TS,
            "pairs": INTEGER,
            "bars": doc(INTEGER, "at which the same trade could have been made"),
            "hash": doc(STRING, "of the bars: equal hashes are equal data"),
        }
    ),
)
_STATISTICS = Component(
    "RunStatistics",
    record(
        {
            **fields_of(Assessment),
            "goal": record(fields_of(Goal)),
            "pbo": nullable(record(fields_of(Overfitting, without=("logits",)))),
        }
    ),
)
_TRADE = Component(
    "SimulatedTrade",
    record(
        {
            "exchange": STRING,
            "symbol": STRING,
            "signal_ts": _TS,
            "entry_ts": _TS,
            "exit_ts": _TS,
            "direction": doc(INTEGER, "1 long, -1 short"),
            "reason": doc(STRING, "how it ended"),
            **dict.fromkeys(TRADE_NUMBERS, NUMBER),
        }
    ),
)
_PORTFOLIO = record(
    {
        "capital": REAL,
        "final": NUMBER,
        "refused": doc(INTEGER, "signals that found too little cash"),
        "turnover": NUMBER,
        "max_drawdown": REAL,
        "mean_exposure": NUMBER,
        "time_in_market": NUMBER,
    }
)
_HEAD: Mapping[str, Schema] = {
    "id": doc(STRING, "settings, code and data: equal ids are equal results"),
    "created_ts": INTEGER,
    "settings": RUN_SETTINGS,
    "data": _DATA,
    "code_version": STRING,
    "signals": INTEGER,
    "trade_count": INTEGER,
}
RUN = Component(
    "Run",
    record(
        {
            **_HEAD,
            "settings_hash": STRING,
            "outcomes": doc(mapping(INTEGER), "signals by what became of them"),
            "statistics": _STATISTICS,
            "portfolio": _PORTFOLIO,
            "regret": record({"mean": NUMBER, "median": NUMBER}),
            "curve": doc(
                record(
                    {"ts": array(INTEGER), **dict.fromkeys(("equity", "drawdown", "exposure"), array(NUMBER))}
                ),
                "at closes; drawdown: the deepest since the point before",
            ),
            "trades": doc(array(_TRADE), "the first ones; the file of a run has them all"),
        }
    ),
)
SUMMARY = Component(
    "RunSummary",
    record(
        {
            **_HEAD,
            "hit_rate": NUMBER,
            "expectancy": NUMBER,
            "verdict": fields_of(Assessment)["verdict"],
            "goal": fields_of(Goal)["reached"],
            "final": NUMBER,
            "max_drawdown": REAL,
        }
    ),
)
