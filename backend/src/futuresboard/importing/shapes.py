"""What a table is of, by its header and by its file's name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.exchanges.multipliers import readings
from futuresboard.importing.sheet import Sheet
from futuresboard.model import TIMEFRAME_MS

BINANCE = "binanceusdm"


class Shape(StrEnum):
    """What the rows of a table are, and so what their times mean.

    BARS: closed bars by their open time, whatever columns they have; METRICS: Binance's levels, whose
    labels changed their meaning; LEVELS: what stood at a moment; FUNDING: settlements.
    """

    BARS = "bars"
    METRICS = "metrics"
    LEVELS = "levels"
    FUNDING = "funding"


# Headers seen in the field, less everything but letters and digits; earlier names win.
_KNOWN: Mapping[str, list[str]] = {
    "ts": [
        "ts",
        "opentime",
        "createtime",
        "calctime",
        "fundingtime",
        "timestamp",
        "time",
        "date",
        "datetime",
    ],
    "open": ["open", "o"],
    "high": ["high", "h"],
    "low": ["low", "l"],
    "close": ["close", "c", "lastprice"],
    "volume": ["volume", "v", "vol"],
    "quote_volume": ["quotevolume", "quoteassetvolume", "turnover"],
    "taker_buy": ["takerbuy", "takerbuyvolume", "takerbuybasevolume", "takerbuybaseassetvolume"],
    "oi_contracts": ["oicontracts", "sumopeninterest", "openinterest", "oi"],
    "oi_abs_usd": ["oiabsusd", "sumopeninterestvalue", "openinterestvalue", "oiusd"],
    "global_ls": ["globalls", "countlongshortratio", "longshortratio"],
    "top_ls": ["topls", "sumtoptraderlongshortratio"],
    "funding": ["funding", "fundingrate", "lastfundingrate", "rate"],
    "funding_interval_h": ["fundingintervalh", "fundingintervalhours"],
    "exchange": ["exchange", "venue"],
    "symbol": ["symbol", "pair"],
    "coin": ["coin", "base"],
    "mark_price": ["markprice"],
}
ROLES: tuple[str, ...] = tuple(_KNOWN)
"""What a column of a table may be: what `--columns` takes on the left."""
_CANDLE = ("open", "high", "low")
_LEVELS = ("close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls")
_VENUES: Mapping[str, str] = {"binance": BINANCE, "binanceusdm": BINANCE, "bybit": "bybit", "okx": "okx"}
_FILE = re.compile(
    r"(?P<id>[A-Z0-9_]+)-(?P<what>[A-Za-z0-9]+)-(?P<day>\d{4}-\d{2}(-\d{2})?)\.(zip|csv|csv\.gz)", re.ASCII
)
_SYMBOL_WORD = re.compile(r"(?<![A-Za-z0-9])([A-Za-z0-9]{2,}?[Uu][Ss][Dd][Tt])(?![A-Za-z0-9])")
_ID = re.compile(r"([A-Z0-9]+?)[-_/]?USDT(-SWAP|:USDT)?")


@dataclass(frozen=True)
class Named:
    """What Binance calls one of its public files: BTCUSDT-5m-2026-01-31.zip; timeframe None: no klines."""

    symbol: str
    shape: Shape
    timeframe: str | None


def named(name: str) -> Named | None:
    """What a file's name says; None where it is not one of Binance's. Raises FileError for kinds unread."""
    if (match := _FILE.fullmatch(name)) is None:
        return None
    what = match["what"]
    symbol = unified(match["id"])
    if symbol is None:
        raise FileError(f"{name}: got {match['id']}, allowed: USDT-margined perpetuals, like BTCUSDT")
    if what in TIMEFRAME_MS:
        return Named(symbol, Shape.BARS, what)
    kinds = {"metrics": Shape.METRICS, "fundingRate": Shape.FUNDING}
    if what not in kinds:
        allowed = ", ".join((*TIMEFRAME_MS, *kinds))
        raise FileError(f"{name}: got {what}, allowed: klines of {allowed}")
    return Named(symbol, kinds[what], None)


def unified(text: str) -> str | None:
    """ccxt's unified name of a USDT-margined perpetual by its own, its exchange's or Binance's; else None."""
    match = _ID.fullmatch(text.strip())
    return None if match is None else f"{match[1]}/USDT:USDT"


def symbol_in(name: str) -> str | None:
    """The one symbol a file's name speaks of (spot_5m_BTCUSDT.csv), unified; None: none or several."""
    found = {unified(match.upper()) for match in _SYMBOL_WORD.findall(name)}
    return found.pop() if len(found) == 1 else None


def exchange_in(name: str) -> str | None:
    """The one exchange a file's name speaks of; None: none or several."""
    words = re.split("[^a-z]+", name.lower())
    found = {_VENUES[word] for word in words if word in _VENUES}
    return found.pop() if len(found) == 1 else None


def coin_of(symbol: str) -> tuple[str, float]:
    """(base coin, how many of it one unit of the symbol is) by the name alone."""
    name = symbol.partition("/")[0]
    plain = [one for one in readings(name) if one.plain]
    return (plain[0].coin, plain[0].multiplier) if plain else (name, 1.0)


def exchange_of(text: str) -> str | None:
    """ccxt's id of an exchange by what files call it; None for others."""
    return _VENUES.get(text.strip().lower())


def roles(sheet: Sheet, given: Mapping[str, str]) -> dict[str, str]:
    """role -> column of a table; given: as the user says. Raises FileError."""
    for role, column in given.items():
        if column not in sheet.columns:
            came = ", ".join(sheet.columns)[:200]
            raise FileError(f"{sheet.path}: got no column {column!r} (for {role}) among {came}")
    taken = set(given.values())
    plain = {_plain(name): name for name in reversed(list(sheet.columns)) if name not in taken}
    found = dict(given)
    for role, names in _KNOWN.items():
        known = next((plain[name] for name in names if name in plain), None)
        if role not in found and known is not None:
            found[role] = known
    # A ratio alone may be of anything; beside the shares of accounts it is theirs.
    if "global_ls" not in found and {"ratio", "longaccount"} <= plain.keys():
        found["global_ls"] = plain["ratio"]
    if "ts" not in found:
        came = ", ".join(sheet.columns)[:200]
        raise FileError(f"{sheet.path}: got no column of times among {came}; say which: --columns ts=NAME")
    return found


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def shape_of(sheet: Sheet, found: Mapping[str, str], name: Named | None) -> Shape:
    """What the rows are. Raises FileError where the header says nothing, or not what the name says."""
    header = {_plain(column) for column in sheet.columns}
    values = [role for role in RAW_COLUMNS if role in found]
    if {"createtime", "sumopeninterest"} <= header:
        shape = Shape.METRICS
    elif found["ts"] == "ts" or any(role in found for role in _CANDLE):
        shape = Shape.BARS
    elif set(values) <= {"funding", "funding_interval_h"} and "funding" in values:
        shape = Shape.FUNDING
    else:
        shape = Shape.LEVELS
    if not values or (shape is Shape.LEVELS and not set(values) & set(_LEVELS)):
        allowed = ", ".join(RAW_COLUMNS)
        came = ", ".join(sheet.columns)[:200]
        raise FileError(
            f"{sheet.path}: got columns {came}, allowed: {allowed}; say which: --columns ROLE=NAME"
        )
    if name is not None and name.shape is not shape:
        raise FileError(f"{sheet.path}: its name says {name.shape}, its columns are those of {shape}")
    missing = [role for role in (*_CANDLE, "close", "volume") if role not in found]
    if name is not None and shape is Shape.BARS and missing:
        raise FileError(f"{sheet.path}: got no column {missing[0]}, allowed: Binance's columns of klines")
    return shape


def parse_columns(text: str) -> dict[str, str]:
    """`ts=My Time,close=Last` as role -> column; raises ValueError in words."""
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column or role not in ROLES or role in found:
            raise ValueError(f"got {part!r}, allowed: once each, NAME=column with NAME of {', '.join(ROLES)}")
        found[role] = column
    return found


def names_of(values: Sequence[str]) -> str:
    """A few names in words."""
    return ", ".join(values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
