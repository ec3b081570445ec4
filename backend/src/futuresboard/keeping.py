"""What a process leaves behind for the next one: budgets in use, verdicts, what healing knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from futuresboard.book import STEP_MS
from futuresboard.clock import Clock
from futuresboard.collector import Collector
from futuresboard.db import Store
from futuresboard.gaps import Records


def keep_budgets(collectors: Sequence[Collector], clock: Clock) -> dict[str, str]:
    """State to put beside the data: what was spent of each exchange's budgets, and when."""
    spent = {collector.id: collector.exchange.export_budgets() for collector in collectors}
    return {"budgets": orjson.dumps(spent).decode(), "kept_at": str(clock.time_ms() / 1000)}


def restore_budgets(kept: str | None, at: str | None, collectors: Sequence[Collector], clock: Clock) -> None:
    """A restarted process owes the exchanges what the one before it spent."""
    if kept is None or at is None:
        return
    elapsed, spent = max(0.0, clock.time_ms() / 1000 - float(at)), orjson.loads(kept)
    for collector in collectors:
        if collector.id in spent:
            collector.exchange.restore_budgets(spent[collector.id], elapsed)


def keep_records(records: Mapping[str, Records]) -> str:
    """What healing knows, by exchange."""
    return orjson.dumps({name: known.export(STEP_MS) for name, known in records.items()}).decode()


def restore_records(store: Store, name: str) -> dict[str, Records]:
    """The same, from the state of that name; empty where there is none."""
    found: dict[str, Records] = {}
    for exchange, kept in orjson.loads(store.state(name) or "{}").items():
        found[exchange] = Records()
        found[exchange].restore(kept, STEP_MS)
    return found
