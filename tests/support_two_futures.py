"""A short recording of one coin on three exchanges, served to a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from handmade_bars import M5, MIDNIGHT
from support_core import Recorder
from support_simulate import PAIRS, random_rows
from support_system import environment, free_port, running

COUNT = 150
FORK = 110
"""Up to this bar the two recordings are the same; after it they have nothing in common."""
LATE = 90
"""With this bar comes another volume of the one two bars before."""


def time_of(slot: int) -> int:
    """Open time of a bar of the recording, ms."""
    return MIDNIGHT + slot * M5


def _record(made: Recorder, series: Sequence[Sequence[dict[str, Any]]], first: int, end: int) -> None:
    for slot in range(first, end):
        batch = [(pair, rows[slot]) for pair, rows in enumerate(series)]
        if slot == LATE:
            batch.insert(0, (0, series[0][LATE - 2] | {"volume": 123.0}))
        made.steps(batch)
    made.close()


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    """A bar whose prices and values fit together."""
    ends, oi = (row["open"], row["close"]), row["oi_contracts"]
    prices = {"high": max(ends) * 1.001, "low": min(ends) * 0.999}
    return row | prices | {"oi_abs_usd": None if oi is None else oi * row["close"]}


def _other(row: dict[str, Any]) -> dict[str, Any]:
    """A bar that stands out in every scale."""
    prices = {name: row[name] * 3.0 for name in ("open", "high", "low", "close")}
    oi = row["oi_contracts"]
    return (
        row | prices | {"oi_contracts": None if oi is None else oi * 2.5, "global_ls": 5.0, "volume": 900.0}
    )


def record_two(one: Path, other: Path) -> None:
    """Two databases that share their first `FORK` bars."""
    series = [[_whole(row) for row in random_rows(number, COUNT)] for number in range(len(PAIRS))]
    _record(Recorder(one, pairs=PAIRS), series, 0, FORK)
    shutil.copy(one / "test.db", other / "test.db")
    _record(Recorder(one, pairs=PAIRS), series, FORK, COUNT)
    _record(Recorder(other, pairs=PAIRS), [[_other(row) for row in rows] for rows in series], FORK, COUNT)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The page over a recording; its address."""
    env = environment(folder, PORT=str(free_port()))
    with running(["serve", "--no-scraper"], env, folder) as product:
        product.until(lambda: product.text("/health/live"), 90, "up")
        yield product.url.rstrip("/")
