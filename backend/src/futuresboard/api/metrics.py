"""`/api/metrics`: the newest row of every pair, filtered, sorted, paged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import orjson
from flask import Response, request

from futuresboard import rules
from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import Parameter, choice, filter_expression, integer, parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import (
    ANYTHING,
    INTEGER,
    REAL,
    STRING,
    Component,
    array,
    doc,
    mapping,
    nullable,
    record,
    words,
)
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_read import Row
from futuresboard.db_schema import column_type
from futuresboard.metrics import QUADRANTS
from futuresboard.model import Tier
from futuresboard.rows import ROW_COLUMNS

DEFAULT_SORT = (("z_score", True),)
type SortKeys = tuple[tuple[str, bool], ...]

_SPECIAL: Mapping[str, Mapping[str, object]] = {
    "exchange": doc(STRING, "ccxt id"),
    "symbol": doc(STRING, "ccxt's unified name: BTC/USDT:USDT"),
    "base": doc(STRING, "the coin: BTC"),
    "timeframe": STRING,
    "ts": doc(INTEGER, "open time of the closed bar, ms UTC"),
    "tiers": doc(array(INTEGER), "tiers that are true, ascending"),
    "tier": doc(nullable(INTEGER), "the severest of them"),
    "unknown_tiers": doc(array(INTEGER), "tiers of which an input is unknown, ascending"),
    "quality": doc(array(STRING), "marks of the data; empty when all is well"),
    "guarded": doc(mapping(ANYTHING), "raw values that failed a guard, by column"),
    "source": doc(words(("websocket", "rest", "mixed")), "whence the candle came"),
    "live_source": doc(nullable(words(("websocket", "rest"))), "whence the live values came"),
    "oi_price_quadrant": nullable(words(tuple(QUADRANTS.values()))),
    "listed_ts": nullable(INTEGER),
    "age_s": doc(REAL, "seconds since the newest of the row was seen"),
}
_JSON_TYPES = {"INTEGER": "integer", "TEXT": "string", "REAL": "number"}


def column_schema(name: str) -> Mapping[str, object]:
    """The JSON schema of a row's column."""
    return _SPECIAL.get(name) or {"type": [_JSON_TYPES[column_type(name)], "null"]}


ROW = Component("Row", record({name: column_schema(name) for name in ROW_COLUMNS}))


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    parameters = (
        *selection(context.settings.timeframes),
        integer("limit", "at most so many rows", 1, 1000, default=200),
        integer("offset", "rows to leave out first", 0, 1_000_000, default=0),
    )

    def newest_rows() -> Response:
        """The newest row of every pair: its newest closed bar, and what moves between closes.

        `Content-Range` tells which rows of how many these are (the total before `limit`). Unknown
        values are null and sort last in either direction; ties stand in order of exchange and symbol.
        """
        query = parse(parameters, request.args)
        version, snapshot = context.newest.get(query["tf"])
        key = (request.path, *query.values())
        return answer(context.pages.get(key, version, lambda: _page(snapshot.rows, query)))

    return (Route("/api/metrics", newest_rows, array(ROW), parameters=parameters, ranged=True),)


def selection(frames: Sequence[str]) -> tuple[Parameter, ...]:
    """What says which newest rows, in which order."""
    return (
        choice("tf", "timeframe", frames, default=frames[0]),
        choice("exchange", "rows of one exchange", EXCHANGE_IDS),
        text("symbol", "rows of one symbol, ccxt's unified name: BTC/USDT:USDT"),
        text("search", "rows whose symbol or base contains this, in any case"),
        _pairs_parameter(),
        integer("tier", "rows for which this tier is true", min(Tier), max(Tier)),
        filter_expression(),
        _sort_parameter(),
    )


def _pairs_parameter() -> Parameter:
    def read(given: str) -> frozenset[tuple[str, str]]:
        named = [tuple(name.split("|")) for name in given.split(",")]
        if any(len(parts) != 2 or parts[0] not in EXCHANGE_IDS or not parts[1] for parts in named):
            raise ValueError(given)
        return frozenset(cast("Sequence[tuple[str, str]]", named))

    return Parameter(
        "pairs",
        "rows of these pairs, each named by its exchange and symbol",
        f"pairs separated by commas, each an exchange of {', '.join(EXCHANGE_IDS)}, a | and a symbol",
        {"type": "string", "examples": ["okx|BTC/USDT:USDT,bybit|ETH/USDT:USDT"]},
        read,
    )


def _sort_parameter() -> Parameter:
    def read(given: str) -> SortKeys:
        keys = tuple((name.removeprefix("-"), name.startswith("-")) for name in given.split(","))
        if not {name for name, _ in keys} <= set(ROW_COLUMNS):
            raise ValueError(given)
        return keys

    return Parameter(
        "sort",
        "columns to sort by, the first decides; a leading - sorts downwards; -z_score when absent",
        f"columns separated by commas, each with or without a leading -: {', '.join(ROW_COLUMNS)}",
        {"type": "string", "examples": ["-z_score", "exchange,-oi_abs_usd"]},
        read,
        default=DEFAULT_SORT,
    )


def _page(rows: list[Row], query: Mapping[str, object]) -> Page:
    found = selected(rows, query)
    offset, limit = cast("int", query["offset"]), cast("int", query["limit"])
    return json_page(
        found[offset : offset + limit], content_range=content_range("metrics", offset, limit, len(found))
    )


def selected(rows: list[Row], query: Mapping[str, object]) -> list[Row]:
    """The rows that a query of `selection` asks for, in its order."""
    wanted = _matcher(query)
    found = [row for row in rows if wanted(row)]
    if (expression := cast("rules.Expression | None", query["filter"])) is not None:
        holds = rules.matching(expression, found)
        found = [row for row, held in zip(found, holds.tolist(), strict=True) if held]
    return sort_rows(found, cast("SortKeys", query["sort"]))


def _matcher(query: Mapping[str, object]) -> Callable[[Row], bool]:
    exchange, symbol, tier = query["exchange"], query["symbol"], query["tier"]
    pairs = cast("frozenset[tuple[object, object]] | None", query["pairs"])
    search = str(query["search"]).casefold()

    def matches(row: Row) -> bool:
        return (
            exchange in ("", row["exchange"])
            and symbol in ("", row["symbol"])
            and (pairs is None or (row["exchange"], row["symbol"]) in pairs)
            and (tier is None or tier in cast("list[int]", row["tiers"]))
            and (search in str(row["symbol"]).casefold() or search in str(row["base"]).casefold())
        )

    return matches


def sort_rows(rows: list[Row], keys: SortKeys) -> list[Row]:
    """Rows by several columns, the first decides; (name, True) sorts downwards, nulls are always last.

    Stable: `rows` come in order of exchange and symbol, which so settles ties.
    """
    for name, downwards in reversed(keys):
        known = [row for row in rows if row[name] is not None]
        known.sort(key=_comparable(name), reverse=downwards)
        rows = known + [row for row in rows if row[name] is None]
    return rows


def _comparable(name: str) -> Callable[[Row], bytes | float | str | list[int]]:
    if name == "guarded":
        return lambda row: orjson.dumps(row[name], option=orjson.OPT_SORT_KEYS)
    return lambda row: cast("float | str | list[int]", row[name])


def content_range(unit: str, offset: int, limit: int, total: int) -> str:
    """`metrics 0-199/512`; `metrics */0` when no row is shown."""
    last = min(offset + limit, total) - 1
    return f"{unit} {offset}-{last}/{total}" if offset <= last else f"{unit} */{total}"
