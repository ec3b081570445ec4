"""What a rule may name: columns of a closed bar, their short names, what they are made of. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from futuresboard.bars import RAW_COLUMNS
from futuresboard.config import EXCHANGE_IDS
from futuresboard.metrics import LOOKBACK, REGISTRY
from futuresboard.model import TIMEFRAME_MS, Tier
from futuresboard.rules.tree import Kind
from futuresboard.signals import RULES

PERCENT = "%"


@dataclass(frozen=True)
class Meaning:
    """A name an expression may use; `values`: the only texts it can have (empty: any)."""

    kind: Kind
    unit: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The names of one kind of expressions.

    subject: what their columns are columns of; columns, aliases: names and short names; tiers: those
    that can be asked for; not_named: what is shown beside the columns and cannot be named, and why;
    texts_alone: whether a condition on nothing but texts is one.
    """

    subject: str
    columns: Mapping[str, Meaning]
    aliases: Mapping[str, str]
    tiers: tuple[int, ...]
    not_named: Mapping[str, str]
    texts_alone: bool = False

    def find(self, name: str) -> str | None:
        """The full name of a column by its name or its short name, in any case; None when there is none."""
        lower = name.lower()
        full = self.aliases.get(lower, lower)
        return full if full in self.columns else None

    def nearest(self, name: str) -> str | None:
        """The name that a misspelt one most probably stands for; None when none comes close."""
        found = difflib.get_close_matches(name.lower(), [*self.columns, *self.aliases], n=1, cutoff=0.7)
        return found[0] if found else None


# Divergence and cluster are judged beside other series and other alerts, after the rules.
TIERS: tuple[int, ...] = tuple(
    sorted(int(tier) for tier in RULES if tier not in (Tier.DIVERGENCE, Tier.CLUSTER))
)
_RAW_UNITS: Mapping[str, str] = {
    "open": "USDT",
    "high": "USDT",
    "low": "USDT",
    "close": "USDT",
    "volume": "base",
    "quote_volume": "USDT",
    "taker_buy": "base",
    "oi_contracts": "base",
    "oi_abs_usd": "USD",
    "global_ls": "ratio",
    "top_ls": "ratio",
    "funding": "fraction",
    "funding_interval_h": "h",
}
COLUMNS: Mapping[str, Meaning] = {
    **{name: Meaning(Kind.NUMBER, _RAW_UNITS[name]) for name in RAW_COLUMNS},
    **{name: Meaning(Kind.NUMBER, metric.unit) for name, metric in REGISTRY.items()},
    "confluence": Meaning(Kind.NUMBER, "fraction"),
    "confluence_k": Meaning(Kind.NUMBER, "0–3"),
    **{f"tier_{tier}": Meaning(Kind.CONDITION, "") for tier in TIERS},
    "tier": Meaning(Kind.TIER, ""),
    "exchange": Meaning(Kind.TEXT, "", EXCHANGE_IDS),
    "symbol": Meaning(Kind.TEXT, ""),
    "base": Meaning(Kind.TEXT, ""),
    "timeframe": Meaning(Kind.TEXT, "", tuple(TIMEFRAME_MS)),
}
ALIASES: Mapping[str, str] = {
    "z": "z_score",
    "k": "confluence_k",
    "oi": "oi_abs_usd",
    "oi_usd": "oi_abs_usd",
    "oi_base": "oi_contracts",
    "oi_delta": "oi_delta_pct",
    "oi_1h": "oi_change_1h_pct",
    "oi_4h": "oi_change_4h_pct",
    "oi_24h": "oi_change_24h_pct",
    "ls": "global_ls",
    "ls_delta": "ls_delta_pct",
    "price": "close",
    "price_1h": "price_change_1h_pct",
    "price_24h": "price_change_24h_pct",
    "volume_usd": "quote_volume",
    "tf": "timeframe",
    "coin": "base",
}
_LATER = "is judged after the rules, beside other exchanges and alerts"
_LIVE = "moves between closes, and a rule judges closed bars"
# What is shown beside these columns and cannot be named, why, and what to ask for in its place.
NOT_NAMED: Mapping[str, str] = {
    "live_price": f"{_LIVE}: use close",
    "live_oi_abs_usd": f"{_LIVE}: use oi_abs_usd",
    "volume_24h_usd": f"{_LIVE}: use quote_volume, the bar's own",
    "funding_next": f"{_LIVE}: use funding, the last settled rate",
    "market_cap_usd": _LIVE,
    "oi_mcap_pct": _LIVE,
    "age_s": _LIVE,
    "tier_5": _LATER,
    "tier_6": _LATER,
}


BARS = Vocabulary("a closed bar", COLUMNS, ALIASES, TIERS, NOT_NAMED)


def reads(name: str, timeframe_ms: int) -> Mapping[str, int]:
    """The raw columns a column is made of, with how many slots of each; nothing for texts."""
    if name in RAW_COLUMNS:
        return {name: 1}
    if name in REGISTRY:
        metric = REGISTRY[name]
        # RSI alone reaches further back than the bars it warms up in.
        slots = LOOKBACK if name == "rsi" else metric.warmup_bars(timeframe_ms)
        return dict.fromkeys(metric.needs, slots)
    if name in ("confluence", "confluence_k"):
        return RULES[Tier.CONFLUENCE].reads
    if COLUMNS[name].kind is Kind.CONDITION:
        return RULES[Tier(int(name.removeprefix("tier_")))].reads
    return {}
