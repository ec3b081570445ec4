"""Simulations asked for over HTTP: one at a time, in a thread of their own, waited for or asked after."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from secrets import token_hex

from futuresboard.errors import FuturesboardError, TakenError

log = logging.getLogger(__name__)

MOST_WAITING = 8
MOST_KEPT = 50
"""Jobs that ended and may still be asked after."""


class State(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CancelledError(FuturesboardError):
    """Ends a job that nobody wants any more."""


@dataclass(frozen=True)
class Job:
    """One job as it stands; result: of one that is done, error: why one failed."""

    id: str
    state: State = State.QUEUED
    progress: float = 0.0
    result: str | None = None
    error: Exception | None = None


type Work = Callable[[Callable[[float], None]], str]
"""Does it; is given whom to tell the share that is done (who raises to stop it); returns the result's id."""


@dataclass
class _Entry:
    job: Job
    work: Work | None
    ended: threading.Event = field(default_factory=threading.Event)
    unwanted: bool = False


class Desk:
    """For any thread. The working thread begins with the first job and never holds up an exit."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._waiting: deque[_Entry] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def submit(self, work: Work) -> Job:
        """Put a job at the end of the queue; raises TakenError when that is full."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise TakenError(f"{MOST_WAITING} simulations wait already: cancel one, or wait")
            entry = _Entry(Job(token_hex(8)), work)
            self._entries[entry.job.id] = entry
            self._waiting.append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="simulations", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return entry.job

    def job(self, name: str, wait_s: float = 0.0) -> Job | None:
        """A job, once it has ended or after so long; None without such a one."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if wait_s > 0.0:
            entry.ended.wait(wait_s)
        return entry.job

    def cancel(self, name: str) -> Job | None:
        """Stop a job as soon as it can be; one that has ended stays as it is. None without such a one."""
        with self._changed:
            entry = self._entries.get(name)
            if entry is None:
                return None
            entry.unwanted = True
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._end(entry, State.CANCELLED)
            return entry.job

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                entry = self._waiting.popleft()
                entry.job = replace(entry.job, state=State.RUNNING)
            self._run(entry)

    def _run(self, entry: _Entry) -> None:
        def told(share: float) -> None:
            if entry.unwanted:
                raise CancelledError("cancelled")
            entry.job = replace(entry.job, progress=share)

        assert entry.work is not None
        try:
            result = entry.work(told)
        except CancelledError:
            self._finish(entry, State.CANCELLED)
        except Exception as error:
            # The outermost edge of a job: it is told why, and the next one runs.
            if not isinstance(error, FuturesboardError):
                log.exception("a simulation failed")
            self._finish(entry, State.FAILED, error=error)
        else:
            self._finish(entry, State.DONE, result=result)

    def _finish(
        self, entry: _Entry, state: State, *, result: str | None = None, error: Exception | None = None
    ) -> None:
        with self._changed:
            self._end(entry, state, result=result, error=error)

    def _end(
        self, entry: _Entry, state: State, *, result: str | None = None, error: Exception | None = None
    ) -> None:
        progress = 1.0 if state is State.DONE else entry.job.progress
        entry.job = replace(entry.job, state=state, progress=progress, result=result, error=error)
        entry.work = None
        entry.ended.set()
        ended = [name for name, one in self._entries.items() if one.ended.is_set()]
        for name in ended[:-MOST_KEPT]:
            del self._entries[name]
