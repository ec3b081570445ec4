"""K2: alerts that faults in the data cause, bar by bar through `Pipeline.step`.

A fault befalls every pair of one exchange for some bars. An alert is caused by it when it starts at a
bar at which the same market without the fault does not show its flag. Faults of the wire (late and
unclosed rows, errors, broken sockets) are played against the whole program by the fault table in
`tests/`; these are the faults of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from tqdm import tqdm

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db import Store
from futuresboard.db_read import Reader
from futuresboard.model import COIN_TIERS, BoolArray, FloatArray, Thresholds
from futuresboard.pipeline import Pipeline, RawBars
from futuresboard.validation.simulated import Simulated, first_bars
from futuresboard.validation.week import TIMEFRAMES, Started, feed, history, register, started

EXCHANGE = "binanceusdm"
HISTORY, FIRST, BARS, AFTER = 57, 60, 6, 34
"""Bars that are history, the first one a fault befalls, how many it befalls, and how many follow."""
type Change = Callable[[dict[str, FloatArray], BoolArray, slice], None]


@dataclass(frozen=True)
class Fault:
    """A fault: `change` alters columns (n, T) in place where (rows, slots); the rest says what is fed."""

    name: str
    change: Change | None = None
    drop: bool = False
    twice: bool = False
    for_good: bool = False


def _times(name: str, factor: float) -> Change:
    def change(columns: dict[str, FloatArray], rows: BoolArray, slots: slice) -> None:
        columns[name][rows, slots] *= factor

    return change


def _unknown(*names: str) -> Change:
    def change(columns: dict[str, FloatArray], rows: BoolArray, slots: slice) -> None:
        for name in names:
            columns[name][rows, slots] = np.nan

    return change


def _frozen(*names: str) -> Change:
    def change(columns: dict[str, FloatArray], rows: BoolArray, slots: slice) -> None:
        for name in names:
            columns[name][rows, slots] = columns[name][rows, slots.start - 1][:, None]

    return change


_CANDLE = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy")
FAULTS = (
    Fault("open interest 0", _times("oi_contracts", 0.0)),
    Fault("open interest × 1000", _times("oi_contracts", 1000.0)),
    Fault("open interest negative", _times("oi_contracts", -1.0)),
    Fault("long/short ratio × 1000", _times("global_ls", 1000.0)),
    Fault("price × 1000", _times("close", 1000.0)),
    Fault("funding × 1000", _times("funding", 1000.0)),
    Fault("taker volume above volume", _times("taker_buy", 1000.0)),
    Fault("levels missing", _unknown("oi_contracts", "oi_abs_usd", "global_ls", "top_ls")),
    Fault("candle repeated", _frozen(*_CANDLE)),
    Fault("everything repeated", _frozen(*RAW_COLUMNS)),
    Fault("gap", drop=True),
    Fault("every bar twice", twice=True),
    Fault("exchange gone", drop=True, for_good=True),
)


@dataclass(frozen=True)
class Outcome:
    """Alerts of a run with a fault, how many it caused, and how many of tiers 5 and 6 came elsewhere.

    The latter are judged beside an exchange whose weight, or whose absence, the fault has changed.
    """

    name: str
    alerts: int
    caused: int
    elsewhere: int


def play(market: Simulated, folder: Path, *, quiet: bool, wanted: Sequence[Fault] = FAULTS) -> list[Outcome]:
    """Play faults on the same market."""
    market = first_bars(market, FIRST + BARS + AFTER)
    clean = folder / "clean.db"
    _run(market, Fault("none"), clean)
    flags = _true_flags(market, clean)
    found = []
    for number, fault in enumerate(tqdm(wanted, "K2, faults", unit="fault", disable=quiet)):
        path = folder / f"fault{number}.db"
        _run(market, fault, path)
        alerts = started(path)
        new = alerts - flags
        elsewhere = {alert for alert in new if alert[0] != EXCHANGE and alert[-1] in COIN_TIERS}
        found.append(Outcome(fault.name, len(alerts), len(new - elsewhere), len(elsewhere)))
    return found


def _run(market: Simulated, fault: Fault, path: Path) -> None:
    slots = slice(FIRST, None if fault.for_good else FIRST + BARS)
    struck = np.array([one.exchange == EXCHANGE for one in market.markets])
    if fault.change is not None:
        columns = {name: column.copy() for name, column in market.columns.items()}
        fault.change(columns, struck, slots)
        market = replace(market, columns=columns)
    with closing(Store(path, simulated=True)) as store:
        pipeline = Pipeline(store, TIMEFRAMES, Thresholds())
        for raw, now in _fed(market, fault, pipeline, struck, slots):
            pipeline.step(raw, now)


def _fed(
    market: Simulated, fault: Fault, pipeline: Pipeline, struck: BoolArray, slots: slice
) -> Iterator[tuple[RawBars, int]]:
    during = range(len(market.ts))[slots]
    pairs = register(pipeline, market)
    yield history(market, pairs, HISTORY)
    for slot, (raw, now) in enumerate(feed(market, pairs, HISTORY), HISTORY):
        yield (raw.part(~struck) if fault.drop and slot in during else raw), now
        if fault.twice and slot in during:
            yield raw, now + 1000


def _true_flags(market: Simulated, path: Path) -> set[Started]:
    """Every flag that is true in a recording, named like the alert that it may start."""
    reached = Thresholds().confluence_min / 3.0 - 1e-9
    found: set[Started] = set()
    with closing(Reader(path, stale_after_ms=0)) as reader:
        for one in market.markets:
            for timeframe in TIMEFRAMES:
                rows = reader.history(one.exchange, one.symbol, timeframe, None, None, len(market.ts))
                if rows is None:
                    continue
                for ts, tiers, score in zip(rows["ts"], rows["tiers"], rows["confluence"], strict=True):
                    kinds = [("tier", tier) for tier in cast("list[int]", tiers)]
                    kinds += [("confluence", 0)] * (score is not None and cast("float", score) > reached)
                    found |= {(one.exchange, one.symbol, timeframe, cast("int", ts), *kind) for kind in kinds}
    return found
