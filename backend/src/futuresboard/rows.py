"""Database values to the public row of the contract. Pure: one place knows a row's names and order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

import orjson

from futuresboard import quality
from futuresboard.db_schema import LIVE_FIELDS
from futuresboard.metrics import stored_names
from futuresboard.model import Tier
from futuresboard.signals import top_tier

# The contract's order of a closed bar's columns; what the registry adds later follows.
_ORDERED: tuple[str, ...] = (
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_volume",
    "taker_buy",
    "taker_sell",
    "imbalance",
    "cvd",
    "oi_contracts",
    "oi_abs_usd",
    "oi_delta_pct",
    "global_ls",
    "top_ls",
    "ls_delta_pct",
    "funding",
    "funding_interval_h",
    "rsi",
    "z_score",
    "z_raw",
    "confluence",
)
STORED_COLUMNS: tuple[str, ...] = (
    *_ORDERED,
    *(name for name in stored_names() if name not in _ORDERED),
)
LIVE_COLUMNS: tuple[str, ...] = tuple(name for name in LIVE_FIELDS if name != "live_oi_contracts")
ROW_COLUMNS: tuple[str, ...] = (
    "exchange",
    "symbol",
    "base",
    "timeframe",
    "ts",
    *STORED_COLUMNS,
    "tiers",
    "tier",
    "unknown_tiers",
    "quality",
    "guarded",
    "source",
    *LIVE_COLUMNS,
    "listed_ts",
    "oi_mcap_pct",
    "age_s",
)

_ALL_TIERS = tuple(int(tier) for tier in Tier)
_ALL_TIER_BITS = sum(1 << tier for tier in _ALL_TIERS)


def tiers_of(bits: int | None) -> list[int]:
    """The true tiers of a row from its bit set."""
    return [tier for tier in _ALL_TIERS if bits and bits & (1 << tier)]


def quality_of(bits: int | None, unpublished: Sequence[str]) -> list[str]:
    """The marks of a row in words, then what its exchange does not publish."""
    return list(_marks(bits or 0, tuple(unpublished)))


# Thousands of rows share a handful of combinations.
@lru_cache(maxsize=1024)
def _marks(bits: int, unpublished: tuple[str, ...]) -> tuple[str, ...]:
    return (*quality.names(bits), *(f"unpublished:{column}" for column in unpublished))


def guarded_of(text: str | None) -> Mapping[str, object]:
    """Raw values that failed a guard, by column."""
    if text is None:
        return {}
    guarded: dict[str, object] = orjson.loads(text)
    return guarded


JUDGED_COLUMNS: tuple[str, ...] = ("tiers", "tier", "unknown_tiers", "quality", "guarded", "source")
"""What `judgement` makes."""


def judgement(
    stored: Sequence[object], unpublished: Sequence[str]
) -> tuple[list[int], int | None, list[int], list[str], Mapping[str, object], str]:
    """`JUDGED_COLUMNS` of a row from its stored (tiers, known, quality, guarded)."""
    tiers, known, marks, guarded = cast("tuple[int | None, int | None, int | None, str | None]", stored)
    true = tiers_of(tiers) if tiers else []
    unclear = _ALL_TIER_BITS & ~(known or 0)
    unknown = tiers_of(unclear) if unclear else []
    bits = marks or 0
    marked = quality_of(bits, unpublished)
    return true, top_tier(true), unknown, marked, guarded_of(guarded), quality.source(bits)
