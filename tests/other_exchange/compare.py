"""Product rows against the truth, column by column."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from other_exchange.truth import SPAN, Truth

COLUMNS = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "taker_buy",
    "taker_sell",
    "oi_contracts",
    "oi_abs_usd",
    "global_ls",
    "top_ls",
    "funding",
    "funding_interval_h",
)
REL = 1e-9


@dataclass(frozen=True)
class Difference:
    """One stored value that is not the truth; `column` "row" when the bar should not exist at all."""

    exchange: str
    symbol: str
    timeframe: str
    ts: int
    column: str
    got: object
    want: object


def compare(
    truth: Truth, rows: Iterable[Mapping[str, object]], columns: Iterable[str] = COLUMNS
) -> list[Difference]:
    """Differences of stored rows (`exchange symbol timeframe ts` and columns) from the truth.

    Every row must be a bar the exchange has had, or an empty slot where trading stood still; a column
    absent from a row counts as null. Values agree within 1e-9 of each other (`taker_sell`, a
    difference, within 1e-9 of the volume).
    """
    grouped: dict[tuple[str, str, str], list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        grouped[str(row["exchange"]), str(row["symbol"]), str(row["timeframe"])].append(row)
    names = tuple(columns)
    out: list[Difference] = []
    for key, mine in grouped.items():
        out += _compare_series(truth, key, mine, names)
    return out


def _compare_series(
    truth: Truth, key: tuple[str, str, str], rows: list[Mapping[str, object]], columns: tuple[str, ...]
) -> list[Difference]:
    exchange, symbol, timeframe = key
    if symbol not in truth.symbols(exchange):
        return [Difference(*key, _ts(row), "row", "stored", "not to be tracked") for row in rows]
    stamps = [_ts(row) for row in rows]
    want = truth.rows(exchange, symbol, timeframe, min(stamps), max(stamps) + 1)
    out: list[Difference] = []
    seen: set[int] = set()
    for row in rows:
        ts = _ts(row)
        if ts not in want and _tells_nothing(row):
            continue
        if ts not in want or ts in seen:
            out.append(Difference(*key, ts, "row", "stored", "no such bar" if ts not in want else "one row"))
            continue
        seen.add(ts)
        for name in columns:
            scale = want[ts]["volume"] if name == "taker_sell" else None
            if not _same(row.get(name), want[ts][name], scale):
                out.append(Difference(*key, ts, name, row.get(name), want[ts][name]))
    return out


def _tells_nothing(row: Mapping[str, object]) -> bool:
    """A slot kept for a bar the exchange never had: no price and no volume in it."""
    return all(row.get(name) is None for name in COLUMNS[: COLUMNS.index("oi_contracts")])


def _ts(row: Mapping[str, object]) -> int:
    ts = row["ts"]
    if not isinstance(ts, int):
        raise TypeError(f"ts {ts!r}")
    return ts


def _same(got: object, want: float | None, scale: float | None) -> bool:
    if got is None or want is None:
        return got is None and want is None
    if isinstance(got, bool) or not isinstance(got, int | float):
        return False
    return math.isclose(got, want, rel_tol=REL, abs_tol=(scale or 0) * REL)


def missing(
    truth: Truth, rows: Iterable[Mapping[str, object]], timeframe: str, start: int, end: int
) -> list[tuple[str, str, int]]:
    """(exchange, symbol, ts) of every true bar within [start, end] that no row holds."""
    have = {(r["exchange"], r["symbol"], r["ts"]) for r in rows if r["timeframe"] == timeframe}
    out = []
    for exchange in ("binanceusdm", "bybit", "okx"):
        for symbol in truth.symbols(exchange):
            stamps = truth.rows(exchange, symbol, timeframe, start, end)
            out += [
                (exchange, symbol, ts)
                for ts in stamps
                if ts + SPAN[timeframe] <= end and (exchange, symbol, ts) not in have
            ]
    return out


def summary(differences: Iterable[Difference]) -> dict[tuple[str, str, str], int]:
    """Counts by (exchange, timeframe, column): the shape of what is wrong."""
    counts: dict[tuple[str, str, str], int] = defaultdict(int)
    for d in differences:
        counts[d.exchange, d.timeframe, d.column] += 1
    return dict(counts)


def rows_of_history(
    exchange: str, symbol: str, timeframe: str, answer: Mapping[str, list[object]]
) -> list[dict[str, object]]:
    """Rows of one `/api/history` answer (columns as arrays)."""
    names = [
        name
        for name, values in answer.items()
        if isinstance(values, list) and len(values) == len(answer["ts"])
    ]
    key = {"exchange": exchange, "symbol": symbol, "timeframe": timeframe}
    return [key | {name: answer[name][i] for name in names} for i in range(len(answer["ts"]))]


__all__ = ["COLUMNS", "SPAN", "Difference", "compare", "missing", "rows_of_history", "summary"]
