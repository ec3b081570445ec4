"""How long the database keeps bars: months that are old enough move to the archive, while it records."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

from futuresboard.clock import Clock
from futuresboard.config import Settings
from futuresboard.db import Store, connect
from futuresboard.db_facts import spans_of_many
from futuresboard.errors import FileError, StoreError
from futuresboard.model import MS_PER_DAY
from futuresboard.months import month_span, months_between

log = logging.getLogger(__name__)

LOOK_S = 3600.0
"""How often it is looked whether a month has become old enough."""
PAUSE_S = 0.25
"""The writer's rest between two pieces that are forgotten."""
REST_S = 0.02
"""The reading thread's rest between two series."""


def due(path: Path, now_ms: int, retention_days: int) -> list[str]:
    """Months with bars that ended more than so many days ago, oldest first.

    path: the database; now_ms: exchange time.
    """
    newest = now_ms - retention_days * MS_PER_DAY
    with closing(connect(path, readonly=True)) as db:
        spans = spans_of_many(db)
    months = {month for first, last in spans for month in months_between(first, min(last, newest))}
    return sorted(month for month in months if month_span(month)[1] <= newest)


async def keep_rolled(
    settings: Settings,
    store: Store,
    *,
    run: Callable[[Callable[[], object]], Awaitable[object]],
    clock: Clock,
    now_ms: Callable[[], int | None],
    forgot: Callable[[int], None],
) -> None:
    """Archive months as they become old enough, for as long as the task lives.

    run: does work in the writer's thread; now_ms: exchange time, None while it is not known; forgot: called
    in the writer's thread with the time before which bars are gone. Reading and compressing have a thread
    that lives and ends with the task.
    """
    if not settings.retention_days:
        return
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="archive") as own:
        try:
            while True:
                if (now := now_ms()) is not None:
                    await _look(settings, store, stop, now, run, own, clock, forgot)
                await clock.sleep(LOOK_S)
        finally:
            stop.set()


async def _look(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    now_ms: int,
    run: Callable[[Callable[[], object]], Awaitable[object]],
    own: Executor,
    clock: Clock,
    forgot: Callable[[int], None],
) -> None:
    """One look; what goes wrong is told and tried again with the next one."""
    loop = asyncio.get_running_loop()
    try:
        months = await loop.run_in_executor(own, due, settings.database_path, now_ms, settings.retention_days)
        if months:
            await _move(settings, store, stop, months, run, own, clock, forgot)
    except (sqlite3.Error, StoreError, FileError) as error:
        log.error("old bars could not be archived (%s); trying again", error)


async def _move(
    settings: Settings,
    store: Store,
    stop: threading.Event,
    months: list[str],
    run: Callable[[Callable[[], object]], Awaitable[object]],
    own: Executor,
    clock: Clock,
    forgot: Callable[[int], None],
) -> None:
    # Once a month; until then pyarrow would cost every recorder 30 MB for nothing.
    from futuresboard.rolling import Roller, forget_month, forget_piece  # noqa: PLC0415

    path, kind = settings.database_path, settings.data_kind
    roller = Roller(path, settings.archive_path, kind, stop=stop, rest_s=REST_S)
    loop = asyncio.get_running_loop()
    for month in months:
        rolled = await loop.run_in_executor(own, roller.archive, month)
        if not await loop.run_in_executor(own, roller.may_forget, rolled):
            log.info("%s is archived; the database keeps it until its evidence is counted", month)
            return
        for piece in rolled.pieces:
            await run(partial(forget_piece, store, rolled, piece))
            await clock.sleep(PAUSE_S)
        await run(partial(forget_month, store, rolled))
        await run(partial(forgot, rolled.end))
        log.info("%s moved to the archive: %d bars", month, rolled.bars)
