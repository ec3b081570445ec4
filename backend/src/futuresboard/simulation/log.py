"""The trades of a run as JSON lines, CSV or Parquet, part by part. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import numpy as np
import orjson

from futuresboard.model import FloatArray, IntArray
from futuresboard.simulation.outcomes import WORDS, Outcome
from futuresboard.simulation.run import Run
from futuresboard.simulation.trades import Trades
from futuresboard.tables import Block, Form, csv_parts, parquet_parts

_ROWS_AT_ONCE = 5000


class LogFormat(StrEnum):
    """How a log is written; the word is the end of a file's name too."""

    JSON = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


COLUMNS: Mapping[str, Form] = {
    "run": Form.TEXT,
    "exchange": Form.TEXT,
    "symbol": Form.TEXT,
    "signal_ts": Form.INTEGER,
    "entry_ts": Form.INTEGER,
    "exit_ts": Form.INTEGER,
    "bars_held": Form.INTEGER,
    "direction": Form.TEXT,
    "entry": Form.REAL,
    "exit": Form.REAL,
    "reason": Form.TEXT,
    "gross": Form.REAL,
    "fees": Form.REAL,
    "slippage": Form.REAL,
    "funding": Form.REAL,
    "net": Form.REAL,
    "best": Form.REAL,
    "regret": Form.REAL,
    "mfe": Form.REAL,
    "mae": Form.REAL,
    "notional": Form.REAL,
    "pnl": Form.REAL,
}
"""Columns in their order. Times are the open times of the bars of signal, entry and exit, ms UTC; returns
are fractions of the entry price, `notional` and `pnl` in the currency of the capital."""


def write(run: Run, form: LogFormat) -> Iterator[bytes]:
    """The log, oldest entry first, those of one bar in the order of the pairs.

    JSON lines: an object a trade, unknown is null. CSV: unknown is empty, floats as `repr` has them, a
    text that a spreadsheet would run begins with an apostrophe. Parquet: unknown is null.
    """
    if form is LogFormat.CSV:
        return csv_parts(COLUMNS, blocks(run))
    if form is LogFormat.PARQUET:
        return parquet_parts(COLUMNS, blocks(run))
    return _lines(run)


def _lines(run: Run) -> Iterator[bytes]:
    for block in blocks(run):
        lines = [orjson.dumps(dict(zip(COLUMNS, row, strict=True))) for row in block]
        yield b"".join(line + b"\n" for line in lines)


def blocks(run: Run) -> Iterator[Block]:
    """Rows of all `COLUMNS`, some thousand at once."""
    trades = run.trades
    order = np.lexsort((trades.pair, trades.entry_slot))
    for begin in range(0, len(order), _ROWS_AT_ONCE):
        yield list(zip(*_columns(run, trades, order[begin : begin + _ROWS_AT_ONCE]), strict=True))


def _columns(run: Run, trades: Trades, at: IntArray) -> Sequence[Sequence[object]]:
    pairs = [run.pairs[pair] for pair in trades.pair[at].tolist()]
    floats = (
        trades.gross,
        trades.fees,
        trades.slippage,
        trades.funding,
        trades.net,
        trades.best,
        trades.regret,
        trades.favourable,
        trades.adverse,
        trades.notional,
        trades.pnl,
    )
    return [
        [run.id] * len(at),
        [pair.exchange or None for pair in pairs],
        [pair.symbol for pair in pairs],
        run.ts[trades.signal_slot[at]].tolist(),
        run.ts[trades.entry_slot[at]].tolist(),
        run.ts[trades.exit_slot[at]].tolist(),
        trades.bars_held[at].tolist(),
        ["long" if way > 0 else "short" for way in trades.direction[at].tolist()],
        trades.entry[at].tolist(),
        trades.exit[at].tolist(),
        [WORDS[Outcome(reason)] for reason in trades.reason[at].tolist()],
        *(_known(column[at]) for column in floats),
    ]


def _known(values: FloatArray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]
