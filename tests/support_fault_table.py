"""The fault table's frame: what one line of it is, how it is played, and what must hold after each.

In each run one exchange misbehaves over a bar's close and some minutes around it, two are well. What is
stored at the end, of all three, must be the exchanges' truth; what happened meanwhile must have been told.
A module of tests makes a `TABLE`, the fixture `played` from it by `play`, and a class of `FaultTable`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import Tier
from futuresboard.sim_exchange.faults import Rule
from support_faults import BEGIN, COINS, EXCHANGES, M5, MIDNIGHT, Run, Stage, staged
from support_replay import play as replayed
from support_replay import whole
from support_truth import STEP_MS, Key, Row, same, truth_of

CLOSE = MIDNIGHT
"""The close over which the faults last: the fourth, when all is known about every exchange."""
FROM, TILL = CLOSE - 120_000, CLOSE + 150_000
END = CLOSE + 2 * M5 + 100_000
CLOCK_MS = 30_000
LIVE_MS = 70_000
"""A cycle a minute, and what it takes."""
FRESH_MS = 3_000
"""How much later than without a fault another exchange's bar may be stored."""
WAITING = {"oi:live", "ls:late", "stamp:assumed", "partial"}


@dataclass(frozen=True)
class Fault:
    """One line of the table on one exchange.

    rules: what its server does (kind, options) from `FROM` to `till`; skew_ms: how wrong its clock is then,
    said_ms: how wrong it says that it is; states: what /health may call the exchange meanwhile, `at` which
    time it is looked at, sources: whence it may say that its numbers come then; guarded: it must tell of
    refused numbers; end: when all must be well again. sockets: the product listens to websockets. leaves,
    joins: a base coin that is delisted at `FROM`, or listed.
    """

    line: str
    exchange: str
    rules: tuple[Mapping[str, object], ...]
    states: frozenset[str] = frozenset({"degraded"})
    sources: frozenset[str] = frozenset()
    guarded: bool = False
    skew_ms: int = 0
    said_ms: int = 0
    sockets: bool = False
    leaves: str = ""
    joins: str = ""
    at: int = CLOSE + 40_000
    till: int = TILL
    end: int = END

    def __str__(self) -> str:
        return f"{self.line}-{self.exchange}"


def fault(
    line: str,
    *rules: tuple[str, Mapping[str, object]],
    on: str = "",
    states: str = "degraded",
    sources: str = "",
    **more: Any,
) -> list[Fault]:
    """The line on each exchange named (all of them unless told)."""
    made = tuple({"kind": kind, **options} for kind, options in rules)
    words = {"states": frozenset(states.split()), "sources": frozenset(sources.split())}
    return [Fault(line, exchange, made, **words, **more) for exchange in on.split() or EXCHANGES]


def lines(table: Sequence[Fault]) -> list[Any]:
    """Parameters of a table's tests: each line on one of its exchanges, in turn, and on the others where
    tests go deep."""
    names = list(dict.fromkeys(one.line for one in table))
    found = []
    for turn, name in enumerate(names):
        mine = [one for one in table if one.line == name]
        for number, one in enumerate(mine):
            marks = () if number == turn % len(mine) else (pytest.mark.deep,)
            found.append(pytest.param(one, marks=marks, id=str(one)))
    return found


ON_SOCKETS = {"binanceusdm": "*/market/ws/*", "bybit": "*/v5/public/*", "okx": "*/ws/v5/*"}
"""Where rules meet websockets and nothing else."""


def on_sockets(line: str, kind: str, *, on: str = "", **more: Any) -> list[Fault]:
    """A line whose fault damages what websockets push; options of the rule as `options`."""
    options = {"options": more.pop("options", {})}
    return [
        one
        for name in on.split() or EXCHANGES
        for one in fault(
            line,
            (kind, {"path": ON_SOCKETS[name]} | options),
            on=name,
            sockets=True,
            **{"states": "ok"} | more,
        )
    ]


def status(code: int, body: object = "", **headers: str) -> tuple[str, Mapping[str, object]]:
    """A rule that answers everything with a status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return "status", {"options": {"status": code, "body": body, "headers": named}}


UNPUBLISHED = {"bybit": ("taker_buy", "top_ls")}
DOWN = "down degraded"
LONG = {"till": CLOSE + 8 * 60_000, "end": CLOSE + 3 * M5 + 100_000}


def switch_on(stage: Stage, one: Fault) -> None:
    """Plan the fault's begin and its end."""
    faults, clock = stage.sim.server.faults, stage.sim.server.clock
    ids: list[int] = []

    def begin() -> None:
        clock.skew(one.exchange, one.skew_ms)
        for given in one.rules:
            ids.append(faults.add(Rule(exchange=one.exchange, **given)).id)  # type: ignore[arg-type]

    def end() -> None:
        clock.skew(one.exchange, 0)
        for number in ids:
            faults.clear(number)

    stage.plan(FROM, begin)
    stage.plan(one.till, end)
    stage.look(one.at, "during")


def play(one: Fault, folders: pytest.TempPathFactory) -> Iterator[Played]:
    """The run of one line of the table."""
    logged = Logged()
    root = logging.getLogger()
    root.addHandler(logged)
    try:
        coins = {"SYMBOLS": ",".join((*COINS, one.joins))} if one.joins else {}
        with (
            pytest.MonkeyPatch.context() as patch,
            staged(folders.mktemp("fault"), patch, sockets=one.sockets, **coins) as stage,
        ):
            switch_on(stage, one)
            yield Played(one, stage.play(one.end), logged.records, stage.settings.database_path)
    finally:
        root.removeHandler(logged)


class Logged(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass(frozen=True)
class Played:
    """A fault, and what the run with it left."""

    fault: Fault
    run: Run
    logged: list[logging.LogRecord] = field(repr=False)
    database: Path

    def others(self) -> dict[Key, list[Row]]:
        """Rows of the exchanges that were well."""
        return {key: rows for key, rows in self.run.rows.items() if key[0] != self.fault.exchange}


def wrong(run: Run) -> list[tuple[object, ...]]:
    """Stored numbers that are not the truth; unknown is not wrong."""
    found: list[tuple[object, ...]] = []
    for key, rows in run.rows.items():
        wanted = {want["ts"]: want for want in truth_of(run.sim, key, slots(key, rows), trades=True)}
        for row in rows:
            for name in RAW_COLUMNS:
                if row[name] is not None and not same(row[name], wanted[row["ts"]][name]):
                    found.append((*key, (row["ts"] - CLOSE) // M5, name, row[name], wanted[row["ts"]][name]))
    return found


def slots(key: Key, rows: list[Row]) -> range:
    """The times from the first bar of a series to its last."""
    step = STEP_MS[key[2]]
    return range(rows[0]["ts"], rows[-1]["ts"] + step, step)


class FaultTable:
    """What holds after every line."""

    def test_the_product_lives(self, played: Played) -> None:
        assert [record.getMessage() for record in played.logged if record.exc_info] == []
        assert played.run.health["end"]["failure"] is None

    def test_no_stored_value_is_wrong(self, played: Played) -> None:
        assert wrong(played.run) == []

    @pytest.mark.deep
    def test_its_replay_is_what_was_stored(self, played: Played) -> None:
        check = replayed(played.database, whole(played.database)).check
        assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])

    def test_the_other_exchanges_are_as_fresh_as_ever(self, played: Played, twin: Run) -> None:
        for key, rows in played.others().items():
            without = {row["ts"]: row for row in twin.rows[key]}
            assert [row["ts"] for row in rows] == [ts for ts in without if ts <= rows[-1]["ts"]]
            for row in rows:
                assert {name: row[name] for name in RAW_COLUMNS} == {
                    name: without[row["ts"]][name] for name in RAW_COLUMNS
                }
                assert row["seen"] <= without[row["ts"]]["seen"] + FRESH_MS
        assert all(
            played.run.health["during"]["exchanges"][name]["state"] == "ok"
            for name in EXCHANGES
            if name != played.fault.exchange
        )

    def test_it_starts_no_alert(self, played: Played, twin: Run) -> None:
        expected = {
            alert
            for alert in twin.alerts
            if alert[3] + STEP_MS[str(alert[2])] <= played.fault.end  # type: ignore[operator]
        }
        # A cluster counts alerts, so that it may begin later where there are fewer of them. Bars that had
        # closed before it all began are history here: the order in which it comes decides about them.
        started, expected = (
            {
                alert
                for alert in alerts
                if alert[4:] != ("tier", Tier.CLUSTER) and alert[3] + STEP_MS[str(alert[2])] > BEGIN  # type: ignore[operator]
            }
            for alerts in (played.run.alerts, expected)
        )
        mine = {alert for alert in started if alert[0] == played.fault.exchange}
        assert mine <= {alert for alert in expected if alert[0] == played.fault.exchange}
        # Where an exchange is away nobody's departure from the coin's exchanges starts an alert.
        departs = {alert for alert in started if alert[4:] == ("tier", Tier.DIVERGENCE)}
        assert departs <= expected
        assert started - mine - departs == {
            alert
            for alert in expected
            if alert[0] != played.fault.exchange and alert[4:] != ("tier", Tier.DIVERGENCE)
        }

    def test_health_tells(self, played: Played) -> None:
        facts = played.run.health["during"]["exchanges"][played.fault.exchange]
        assert facts["state"] in played.fault.states, facts
        if played.fault.guarded:
            assert facts["guarded"], facts
        if played.fault.sources:
            assert facts["source"] in played.fault.sources, facts
        if wrong_by := played.fault.skew_ms + played.fault.said_ms:
            exchanges = played.run.health["during"]["exchanges"].values()
            for other in [one for one in exchanges if one is not facts]:
                off = facts["clock_skew_ms"] - other["clock_skew_ms"]
                assert abs(off - wrong_by) < CLOCK_MS, facts
        if facts["state"] in ("down", "banned", "blocked"):
            assert facts["breaker"]["state"] in ("open", "half-open")
            assert facts["breaker"]["reason"]

    def test_it_recovers_by_itself(self, played: Played) -> None:
        health = played.run.health["end"]
        assert health["status"] == "ok", health["exchanges"][played.fault.exchange]
        newest = played.fault.end // M5 * M5 - M5
        for key, rows in played.run.rows.items():
            assert [row["ts"] for row in rows] == list(slots(key, rows))
            if key[:2] == (played.fault.exchange, f"{played.fault.leaves}/USDT:USDT"):
                # Its last bar was cut short: nothing more will come of it.
                assert rows.pop()["ts"] <= FROM
            elif key[2] == "5m":
                assert rows[-1]["ts"] == newest
            assert {(row["ts"] - CLOSE) // M5: row["quality"] for row in rows if _waits(row)} == {}, key
        unknown = [
            (*key, (row["ts"] - CLOSE) // M5, name)
            for key, rows in played.run.rows.items()
            for row in rows
            for name in RAW_COLUMNS
            if row[name] is None and name not in UNPUBLISHED.get(key[0], ())
        ]
        assert unknown == []


def _waits(row: Row) -> bool:
    """Whether something of a row is still to come; trades that were not heard never do."""
    marks = row["quality"] & WAITING
    return bool(marks - {"partial"} if "gap" in row["quality"] else marks)


class Heard:
    """What holds besides where the product listens to websockets."""

    def test_live_values_go_on(self, played: Played) -> None:
        """By REST, in the first cycle in which the websockets fail."""
        if "down" in played.fault.states:
            return
        mine = [one for one in played.run.live["during"] if one[0] == played.fault.exchange]
        assert len(mine) == len(COINS)
        for _, symbol, source, at in mine:
            assert at >= played.fault.at - LIVE_MS, symbol
            if played.fault.sources:
                assert source == "rest", symbol

    def test_websockets_are_used_again(self, played: Played) -> None:
        assert {facts["source"] for facts in played.run.health["end"]["exchanges"].values()} == {"websocket"}

    def test_takers_are_heard_again(self, played: Played) -> None:
        taker = [row["taker_buy"] for row in played.run.newest("bybit")]
        assert None not in taker
