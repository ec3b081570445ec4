"""The outbox: what a process leaves behind when it dies at any moment, and what the next one makes of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from futuresboard.outbox import KEPT_MS, Outbox, State
from futuresboard.quality import LS_LATE
from support_rows import T0, World, make_alert

BOTH = ("phone", "mail")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.register("okx", "BTC", "ETH", "SOL")
    yield made
    made.close()


@pytest.fixture
def outbox(world: World) -> Iterator[Outbox]:
    made = Outbox(world.path)
    made.recover(BOTH, 0)
    yield made
    made.close()


def raise_alert(world: World, base: str = "BTC", ts: int = T0, **more: object) -> int:
    (alert,) = world.commit(alerts=[make_alert(f"{base}/USDT:USDT", ts, **more)]).alerts
    return alert.id


def take(outbox: Outbox, *targets: str, since: int = 0) -> tuple[dict[str, int], int]:
    return outbox.take(lambda alert: targets, since)


def states(world: World) -> dict[tuple[str, int], str]:
    connection = sqlite3.connect(world.path)
    rows = connection.execute("SELECT target, alert_id, state FROM outbox").fetchall()
    connection.close()
    return {(target, number): state for target, number, state in rows}


def test_alerts_are_taken_once(world: World, outbox: Outbox):
    first = raise_alert(world)
    assert take(outbox, *BOTH) == ({"phone": 1, "mail": 1}, 0)
    assert take(outbox, *BOTH) == ({}, 0)
    second = raise_alert(world, "ETH")
    assert take(outbox, "mail") == ({"mail": 1}, 0)
    assert [one.id for one in outbox.waiting("phone")] == [first]
    assert [one.id for one in outbox.waiting("mail")] == [first, second]


def test_what_was_there_before_the_first_start_is_not_told(world: World):
    raise_alert(world, created_ts=T0)
    raise_alert(world, "ETH", created_ts=T0 + 1)
    outbox = Outbox(world.path)
    outbox.recover(BOTH, T0 + 1)
    assert take(outbox, "phone") == ({"phone": 1}, 0)
    outbox.close()
    # What comes while nobody looks is.
    raise_alert(world, "SOL", created_ts=T0 + 2)
    outbox = Outbox(world.path)
    outbox.recover(BOTH, T0 + 3)
    assert take(outbox, "phone") == ({"phone": 1}, 0)
    outbox.close()


def test_what_is_too_old_is_counted_and_left_out(world: World, outbox: Outbox):
    raise_alert(world, created_ts=T0)
    raise_alert(world, "ETH", created_ts=T0 + 1)
    assert take(outbox, "phone", since=T0 + 1) == ({"phone": 1}, 1)
    raise_alert(world, "SOL", created_ts=T0)
    assert take(outbox, since=T0 + 1) == ({}, 0)


def test_an_alert_brings_the_marks_of_its_row(world: World, outbox: Outbox):
    world.commit(bars=[("okx", "BTC/USDT:USDT", "5m", T0, {"quality": LS_LATE})])
    raise_alert(world)
    raise_alert(world, "ETH")
    take(outbox, "phone")
    found = outbox.waiting("phone")
    assert [(one.alert["base"], one.quality, one.quiet, one.due_ts) for one in found] == [
        ("BTC", ("ls:late",), False, T0 + 360_000),
        ("ETH", (), False, T0 + 360_000),
    ]


def test_from_waiting_to_sent(world: World, outbox: Outbox):
    ids = [raise_alert(world), raise_alert(world, "ETH"), raise_alert(world, "SOL")]
    take(outbox, *BOTH)
    outbox.claim("phone", ids[:2], T0 + 5)
    assert [one.id for one in outbox.waiting("phone")] == ids[2:]
    assert [one.id for one in outbox.waiting("mail")] == ids
    # Back again: it will be another message.
    outbox.settle("phone", ids[:2], State.WAITING)
    assert [one.id for one in outbox.waiting("phone")] == ids
    assert outbox.sent_since("phone", T0) == []
    outbox.claim("phone", ids[:2], T0 + 7)
    outbox.settle("phone", ids[:2], State.SENT)
    outbox.claim("phone", ids[2:], T0 + 9)
    assert outbox.sent_since("phone", T0) == [T0 + 7, T0 + 9]
    assert outbox.sent_since("phone", T0 + 7) == [T0 + 9]
    assert outbox.sent_since("mail", T0) == []


def test_what_died_while_it_was_sent_is_not_sent_again(world: World, outbox: Outbox):
    sent, sending, left = (raise_alert(world, base) for base in ("BTC", "ETH", "SOL"))
    take(outbox, *BOTH)
    outbox.claim("phone", [sent], T0 + 1)
    outbox.settle("phone", [sent], State.SENT)
    outbox.claim("phone", [sending], T0 + 2)
    outbox.close()
    late = raise_alert(world, "BTC", T0 + 300_000)

    again = Outbox(world.path)
    assert again.recover(BOTH, 0) == ({"phone": 1}, 0)
    assert again.recover(BOTH, 0) == ({}, 0)
    take(again, "phone")
    assert [one.id for one in again.waiting("phone")] == [left, late]
    assert states(world)["phone", sending] == "unknown"
    # It counts against the hour.
    assert again.sent_since("phone", T0) == [T0 + 1, T0 + 2]
    again.close()


def test_what_waits_for_a_target_that_is_gone_is_given_up(world: World, outbox: Outbox):
    number = raise_alert(world)
    take(outbox, *BOTH)
    assert outbox.recover(("mail",), 0) == ({}, 1)
    assert states(world) == {("phone", number): "given_up", ("mail", number): "waiting"}


def test_postponing_keeps_the_quiet_mark(world: World, outbox: Outbox):
    number = raise_alert(world)
    take(outbox, "phone")
    outbox.postpone("phone", [number], T0 + 50, quiet=True)
    outbox.postpone("phone", [number], T0 + 90, quiet=False)
    (one,) = outbox.waiting("phone")
    assert (one.due_ts, one.quiet) == (T0 + 90, True)


def test_a_failure_amid_taking_takes_nothing(world: World, outbox: Outbox):
    raise_alert(world)
    raise_alert(world, "ETH")
    seen = []

    def wanted(alert) -> tuple[str, ...]:
        seen.append(alert["base"])
        if len(seen) == 2:
            raise sqlite3.OperationalError("disk I/O error")
        return ("phone",)

    with pytest.raises(sqlite3.OperationalError):
        outbox.take(wanted, 0)
    assert states(world) == {}
    assert take(outbox, "phone") == ({"phone": 2}, 0)


def test_what_is_over_is_forgotten_and_not_told_again(world: World, outbox: Outbox):
    done, waits = raise_alert(world), raise_alert(world, "ETH")
    take(outbox, "phone")
    outbox.claim("phone", [done], T0)
    outbox.settle("phone", [done], State.SENT)
    outbox.forget(T0 + KEPT_MS)
    assert len(states(world)) == 2
    outbox.forget(T0 + KEPT_MS + 1)
    assert states(world) == {("phone", waits): "waiting"}
    assert take(outbox, "phone") == ({}, 0)


def test_the_writer_is_held_up_by_nothing_that_is_read(world: World, outbox: Outbox):
    raise_alert(world)
    take(outbox, "phone")
    outbox.waiting("phone")
    connection = sqlite3.connect(world.path, timeout=0.0, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    connection.close()
