"""The nouns every layer shares: frozen, without behaviour that needs a clock or I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

MS_PER_HOUR = 3_600_000
MS_PER_DAY = 86_400_000
TIMEFRAME_MS: Mapping[str, int] = {
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
}

EXCHANGE_NAMES: Mapping[str, str] = {"binanceusdm": "Binance", "bybit": "Bybit", "okx": "OKX"}
"""What people call the exchanges."""

_ENDED = re.compile(r"~\d{8}T\d{4}(?!\d)")


def as_listed(text: str) -> str:
    """A text with symbols as their pairs were called while they were listed.

    A pair whose symbol names another contract now bears the time of its last bar behind it.
    """
    return _ENDED.sub("", text)


class Kind(StrEnum):
    """A series of rows an exchange publishes per pair."""

    CANDLES = "candles"
    OI = "oi"
    GLOBAL_LS = "global_ls"
    TOP_LS = "top_ls"
    TAKER = "taker"
    FUNDING = "funding"


class Tier(IntEnum):
    """Alert tiers by number; severity is another order (`SEVERITY`)."""

    OI_SPIKE = 1
    CONFLUENCE = 2
    FLOW_AGREES = 3
    CROWDED_UNWIND = 4
    DIVERGENCE = 5
    CLUSTER = 6


COIN_TIERS: tuple[Tier, ...] = (Tier.DIVERGENCE, Tier.CLUSTER)
"""Tiers judged beside the coin's other exchanges, a moment after the bar's own."""

LATE_BARS = 2
"""A bar first stored more than this many bars after its close starts no alert."""

SEVERITY: tuple[Tier, ...] = (
    Tier.CLUSTER,
    Tier.CONFLUENCE,
    Tier.DIVERGENCE,
    Tier.FLOW_AGREES,
    Tier.OI_SPIKE,
    Tier.CROWDED_UNWIND,
)


ALERT_KINDS: tuple[str, ...] = ("tier", "confluence", "rule")


@dataclass(frozen=True, slots=True)
class Market:
    """One USDT-margined linear perpetual as its exchange lists it.

    `symbol` is ccxt's unified name, `id` the exchange's own; `multiplier` is the number of base
    coins one unit of the symbol stands for (1000 for 1000PEPE), `contract_size` the units of the
    symbol in one contract. `listed_ts` and `quote_volume` (24 h, USDT) are None where unknown;
    `funding_interval_h` is what the exchange states.
    """

    exchange: str
    symbol: str
    id: str
    base: str
    multiplier: float = 1.0
    contract_size: float = 1.0
    listed_ts: int | None = None
    quote_volume: float | None = None
    funding_interval_h: float | None = None


@dataclass(frozen=True, slots=True)
class Ticker:
    """What moves between closes, one pair; every number is finite or None.

    `oi_contracts` is base coin, one side, `oi_usd` its value as the exchange gives it; both are
    None where open interest is not part of the exchange's bulk answers.
    """

    symbol: str
    ts: int
    price: float | None = None
    mark_price: float | None = None
    quote_volume: float | None = None
    funding_next: float | None = None
    funding_next_ts: int | None = None
    oi_contracts: float | None = None
    oi_usd: float | None = None
    oi_ts: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of one pair's rows of one kind, oldest first, strictly increasing `ts`.

    `ts` holds the stamps as the exchange gave them, milliseconds UTC (bar open for candles,
    settlement for funding; what a level's stamp means is decided elsewhere, from data).
    `columns` holds arrays of the same length; a missing or unfit number is NaN and its raw value
    stands in `unfit` as (ts, column, raw).
    """

    kind: Kind
    ts: IntArray
    columns: Mapping[str, FloatArray]
    unfit: tuple[tuple[int, str, object], ...] = field(default=())


# Columns of `Rows.columns` by kind.
ROW_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.CANDLES: ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy"),
    Kind.OI: ("oi_contracts", "oi_usd"),
    Kind.GLOBAL_LS: ("ratio",),
    Kind.TOP_LS: ("ratio",),
    Kind.TAKER: ("buy", "sell"),
    Kind.FUNDING: ("rate",),
}


# Row columns that taker volume makes.
TAKER_COLUMNS: tuple[str, ...] = ("taker_buy", "taker_sell", "imbalance", "cvd")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the tiers compare with; percent where the names say so, all comparisons strict."""

    z: float = 2.5
    ls: float = 2.0
    imbalance_pct: float = 3.0
    oi_delta_pct: float = 1.0
    funding_pct: float = 0.01
    divergence_sigma: float = 2.0
    confluence_min: int = 2
    cooldown: int = 12


@dataclass(frozen=True, slots=True)
class UserRule:
    """An alert rule of the user's own: its expression as typed and in normal form. It never changes."""

    id: int
    name: str
    expression: str
    normal: str
    created_ts: int


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it is stored: what fired, where, when, and the exact inputs that made it.

    `id` and `seq` are given by the database. `calibration`: in calibrated mode the day, the threshold of
    the pair, the p-value and whether it is a discovery. `values` are the row's metrics at the bar, `window`
    the raw inputs the rule read, oldest first; `rule` is the user's rule it came from, of kind
    `rule` alone.
    """

    exchange: str
    symbol: str
    base: str
    timeframe: str
    ts: int
    kind: str
    tier: int | None
    severity: int
    direction: str | None
    text: str
    values: Mapping[str, float | None]
    window: Mapping[str, list[float | None]]
    thresholds: Mapping[str, float]
    code_version: str
    settings_hash: str
    created_ts: int
    calibration: Mapping[str, object] | None = None
    id: int = 0
    seq: int = 0
    rule: UserRule | None = None
