"""What a process leaves behind for the next one: budgets in use, bans, verdicts, what healing knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from futuresboard.book import STEP_MS
from futuresboard.clock import Clock
from futuresboard.collector import Collector
from futuresboard.db import Store
from futuresboard.gaps import Records


def keep_debts(collectors: Sequence[Collector], clock: Clock) -> dict[str, str]:
    """State to put beside the data: what was spent of each exchange's budgets, its bans, and when."""
    spent = {collector.id: collector.exchange.export_budgets() for collector in collectors}
    pauses = {collector.id: collector.exchange.export_pauses() for collector in collectors}
    return {
        "budgets": orjson.dumps(spent).decode(),
        "pauses": orjson.dumps(pauses).decode(),
        "kept_at": str(clock.time_ms() / 1000),
    }


def kept_debts(store: Store) -> dict[str, str]:
    """The same as the process before left it; in the writer's thread."""
    found = {name: store.state(name) for name in ("budgets", "pauses", "kept_at")}
    return {name: value for name, value in found.items() if value is not None}


def restore_debts(kept: Mapping[str, str], collectors: Sequence[Collector], clock: Clock) -> None:
    """A restarted process owes the exchanges what the one before it spent, and waits out its bans."""
    if "kept_at" not in kept:
        return
    elapsed = max(0.0, clock.time_ms() / 1000 - float(kept["kept_at"]))
    spent, pauses = (orjson.loads(kept.get(name, "{}")) for name in ("budgets", "pauses"))
    for collector in collectors:
        collector.exchange.restore_budgets(spent.get(collector.id, {}), elapsed)
        collector.exchange.restore_pauses(pauses.get(collector.id, {}), elapsed)


def pauses_of(collectors: Sequence[Collector]) -> frozenset[tuple[str, str]]:
    """Which budgets ("" for all) of which exchanges wait: when that changes it is kept at once."""
    return frozenset((c.id, budget) for c in collectors for budget in c.exchange.export_pauses())


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
