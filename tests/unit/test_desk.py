"""Jobs in a thread of their own: their states, and what ends them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from futuresboard import desk as desk_module
from futuresboard.desk import Desk, Job, State
from futuresboard.errors import QueryError, TakenError

WAIT_S = 20.0
type Told = Callable[[float], None]


class Gate:
    """Work that begins, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, told: Told) -> str:
        told(0.25)
        self.begun.set()
        assert self.open.wait(WAIT_S)
        told(0.75)
        return "result"


def ended(desk: Desk, job: Job) -> Job:
    found = desk.job(job.id, WAIT_S)
    assert found is not None
    return found


def test_a_job_is_queued_runs_and_is_done() -> None:
    desk, gate, second = Desk(), Gate(), Gate()
    first, waiting = desk.submit(gate), desk.submit(second)
    assert gate.begun.wait(WAIT_S)
    running = desk.job(first.id)
    assert running is not None
    assert (running.state, running.progress) == (State.RUNNING, 0.25)
    queued = desk.job(waiting.id)
    assert queued is not None
    assert (queued.state, queued.progress) == (State.QUEUED, 0.0)
    gate.open.set()
    assert ended(desk, first) == Job(first.id, State.DONE, 1.0, "result")
    second.open.set()
    assert ended(desk, waiting).state is State.DONE


def test_nobody_is_known_who_never_came() -> None:
    assert Desk().job("x") is None
    assert Desk().cancel("x") is None


def test_a_refusal_is_told_and_a_fault_is_logged_and_the_next_one_runs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()

    def refuse(told: Told) -> str:
        raise QueryError("data", {}, "bars")

    def fail(told: Told) -> str:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        refused = ended(desk, desk.submit(refuse))
        assert caplog.records == []
        failed = ended(desk, desk.submit(fail))
    assert (refused.state, type(refused.error)) == (State.FAILED, QueryError)
    assert (failed.state, type(failed.error)) == (State.FAILED, ZeroDivisionError)
    assert "ZeroDivisionError" in caplog.text
    assert ended(desk, desk.submit(lambda told: "next")).result == "next"


def test_a_job_is_cancelled_while_it_waits_and_while_it_runs() -> None:
    desk, gate = Desk(), Gate()
    ran = threading.Event()

    def never(told: Told) -> str:
        ran.set()
        return "x"

    running, waiting = desk.submit(gate), desk.submit(never)
    assert gate.begun.wait(WAIT_S)
    desk.cancel(waiting.id)
    assert ended(desk, waiting).state is State.CANCELLED
    desk.cancel(running.id)
    gate.open.set()
    assert ended(desk, running).state is State.CANCELLED
    assert ended(desk, desk.submit(lambda told: "after")).result == "after"
    assert not ran.is_set()


def test_one_that_has_ended_cannot_be_cancelled() -> None:
    desk = Desk()
    job = ended(desk, desk.submit(lambda told: "x"))
    assert desk.cancel(job.id) == job


def test_a_full_queue_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_WAITING", 2)
    desk, gate = Desk(), Gate()
    first = desk.submit(gate)
    assert gate.begun.wait(WAIT_S)
    for _ in range(2):
        desk.submit(lambda told: "x")
    with pytest.raises(TakenError, match="2 simulations wait"):
        desk.submit(lambda told: "x")
    gate.open.set()
    assert ended(desk, first).state is State.DONE


def test_old_jobs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MOST_KEPT", 2)
    desk = Desk()
    jobs = [ended(desk, desk.submit(lambda told: "x")) for _ in range(4)]
    assert [desk.job(job.id) is not None for job in jobs] == [False, False, True, True]
