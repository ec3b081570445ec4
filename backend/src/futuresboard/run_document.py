"""A simulated run as a document: what an answer says, a page draws and a report prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, cast

import numpy as np
import orjson

from futuresboard.simulation.outcomes import WORDS, Outcome

if TYPE_CHECKING:
    from futuresboard.simulation.run import Run

MOST_POINTS = 2000
MOST_TRADES = 2000
"""Points of the curve and trades in a document; a run's file has every trade."""
TRADE_NUMBERS = (
    "entry",
    "exit",
    "gross",
    "fees",
    "slippage",
    "funding",
    "net",
    "regret",
    "favourable",
    "adverse",
    "pnl",
)

TRADE_FIELDS = (
    "exchange",
    "symbol",
    "signal_ts",
    "entry_ts",
    "exit_ts",
    "direction",
    "reason",
    *TRADE_NUMBERS,
)

type Document = Mapping[str, object]


def document_of(run: Run, statistics: Document, source: Document, created_ts: int) -> Document:
    """Everything about a run. statistics: as `scorecard.structured` has them; source: what is said of the
    data beside what the run knows of them."""
    portfolio, first = run.portfolio, run.portfolio.first
    regret = run.trades.regret[np.isfinite(run.trades.regret)]
    return {
        "id": run.id,
        "created_ts": created_ts,
        "settings": orjson.loads(run.settings.canonical),
        "settings_hash": run.settings.hash,
        "code_version": run.code_version,
        "data": {
            **source,
            "start": int(run.ts[first]),
            "end": int(run.ts[-1]),
            "pairs": len(run.pairs),
            "bars": int(run.base_bars.sum()),
            "hash": run.data_hash,
        },
        "signals": run.signals,
        "outcomes": {WORDS[one]: count for one, count in run.outcomes.items()},
        "statistics": statistics,
        "portfolio": {
            "capital": portfolio.capital,
            "final": float(portfolio.equity[-1]),
            "refused": portfolio.refused,
            "turnover": portfolio.turnover,
            "max_drawdown": portfolio.max_drawdown,
            "mean_exposure": portfolio.mean_exposure,
            "time_in_market": portfolio.time_in_market,
        },
        "regret": {
            "mean": float(regret.mean()) if len(regret) else None,
            "median": float(np.median(regret)) if len(regret) else None,
        },
        "curve": _curve(run),
        "trades": [dict(zip(TRADE_FIELDS, row, strict=True)) for row in trade_rows(run, MOST_TRADES)],
        "trade_count": len(run.trades),
    }


def _curve(run: Run) -> dict[str, list[float]]:
    """Equity, drawdown and exposure at closes, thinned: of each stretch its last bar, and the deepest
    drawdown within it, so that no fall is lost."""
    portfolio, first = run.portfolio, run.portfolio.first
    count = len(run.ts) - first
    ends = np.unique(np.linspace(0, count, min(count, MOST_POINTS) + 1).astype(int)[1:])
    begins = np.append(0, ends[:-1])
    deepest = np.maximum.reduceat(portfolio.drawdown[first:], begins)
    at = first + ends - 1
    return {
        "ts": (run.ts[at] + run.timeframe_ms).tolist(),
        "equity": portfolio.equity[at].tolist(),
        "drawdown": deepest.tolist(),
        "exposure": portfolio.exposure[at].tolist(),
    }


def trade_rows(run: Run, most: int | None = None) -> Iterator[list[object]]:
    """Trades in order of time, a value for each of `TRADE_FIELDS`; None is unknown."""
    trades = run.trades
    order = np.lexsort((trades.pair, trades.entry_slot))[:most]
    numbers = [getattr(trades, name)[order].tolist() for name in TRADE_NUMBERS]
    times = [
        run.ts[slots[order]].tolist() for slots in (trades.signal_slot, trades.entry_slot, trades.exit_slot)
    ]
    for at, i in enumerate(order.tolist()):
        pair = run.pairs[int(trades.pair[i])]
        values = [column[at] for column in numbers]
        yield [
            pair.exchange,
            pair.symbol,
            *(column[at] for column in times),
            int(trades.direction[i]),
            WORDS[Outcome(int(trades.reason[i]))],
            *(value if isfinite(value) else None for value in values),
        ]


def summary_of(document: Document) -> Document:
    """What a list of runs shows of one."""
    statistics, portfolio = (cast("Document", document[name]) for name in ("statistics", "portfolio"))
    hit, net, goal = (cast("Document", statistics[name]) for name in ("hit", "net", "goal"))
    kept = ("id", "created_ts", "settings", "data", "code_version", "signals", "trade_count")
    return {
        **{name: document[name] for name in kept},
        "hit_rate": hit["rate"],
        "expectancy": net["expectancy"],
        "verdict": statistics["verdict"],
        "goal": goal["reached"],
        "final": portfolio["final"],
        "max_drawdown": portfolio["max_drawdown"],
    }
