"""What a filter may name: columns of the newest row of a pair, live ones among them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from futuresboard.metrics import QUADRANTS
from futuresboard.model import BoolArray, Tier
from futuresboard.rules.columns import ALIASES, COLUMNS, PERCENT, Meaning, Vocabulary
from futuresboard.rules.expression import Expression
from futuresboard.rules.tree import Kind

CONDITIONS = 3
"""Of these `confluence` is the share that is met."""
_SOURCES = ("websocket", "rest")
_NO_PART = "is no part of a newest row"
_LIVE: Mapping[str, Meaning] = {
    "ts": Meaning(Kind.NUMBER, "ms"),
    "source": Meaning(Kind.TEXT, "", (*_SOURCES, "mixed")),
    "live_price": Meaning(Kind.NUMBER, "USDT"),
    "live_ts": Meaning(Kind.NUMBER, "ms"),
    "live_oi_abs_usd": Meaning(Kind.NUMBER, "USD"),
    "volume_24h_usd": Meaning(Kind.NUMBER, "USD"),
    "oi_price_quadrant": Meaning(Kind.TEXT, "", tuple(QUADRANTS.values())),
    "funding_next": Meaning(Kind.NUMBER, "fraction"),
    "funding_next_ts": Meaning(Kind.NUMBER, "ms"),
    "market_cap_usd": Meaning(Kind.NUMBER, "USD"),
    "live_source": Meaning(Kind.TEXT, "", _SOURCES),
    "listed_ts": Meaning(Kind.NUMBER, "ms"),
    "oi_mcap_pct": Meaning(Kind.NUMBER, PERCENT),
    "age_s": Meaning(Kind.NUMBER, "s"),
}
_NOT_NAMED: Mapping[str, str] = {
    "price_change_1h_pct": f"{_NO_PART}: use price_change_24h_pct",
    "oi_price_corr": _NO_PART,
    "tiers": "is a list: use tier_2, tier = 2 or tier in (1, 2)",
    "unknown_tiers": "is a list; a tier that is unknown matches nothing",
    "quality": "is a list of words, and words are compared with single texts",
    "guarded": "holds what was refused, not numbers",
}
_TIERS = tuple(int(tier) for tier in Tier)
_SHORT: Mapping[str, str] = {
    "live_oi": "live_oi_abs_usd",
    "volume_24h": "volume_24h_usd",
    "mcap": "market_cap_usd",
    "oi_mcap": "oi_mcap_pct",
    "quadrant": "oi_price_quadrant",
    "age": "age_s",
}
_COLUMNS: Mapping[str, Meaning] = {
    **{name: meaning for name, meaning in COLUMNS.items() if name not in _NOT_NAMED},
    **{f"tier_{tier}": Meaning(Kind.CONDITION, "") for tier in _TIERS},
    **_LIVE,
}
ROWS = Vocabulary(
    "a newest row",
    _COLUMNS,
    {**{name: full for name, full in ALIASES.items() if full in _COLUMNS}, **_SHORT},
    _TIERS,
    {**_NOT_NAMED, **{name: _NOT_NAMED[full] for name, full in ALIASES.items() if full in _NOT_NAMED}},
    texts_alone=True,
)


def value(row: Mapping[str, object], name: str) -> object:
    """A column of a public row by its name in an expression; None where it is unknown."""
    if name == "confluence_k":
        share = row.get("confluence")
        return round(share * CONDITIONS) if isinstance(share, float | int) else None
    if ROWS.columns[name].kind is not Kind.CONDITION:
        return row.get(name)
    tier = int(name.removeprefix("tier_"))
    if tier in _listed(row, "unknown_tiers"):
        return None
    return float(tier in _listed(row, "tiers"))


def matching(expression: Expression, rows: Sequence[Mapping[str, object]]) -> BoolArray:
    """(n,) the rows for which an expression holds; where it is unknown it does not."""
    values = {
        name: np.array([[value(row, name)] for row in rows], dtype=np.float64).reshape(len(rows), 1)
        for name in expression.needs
    }
    texts = {name: [_text(value(row, name)) for row in rows] for name in expression.texts}
    found: BoolArray = expression.evaluate(values, texts)[:, 0] == 1.0
    return found


def _listed(row: Mapping[str, object], name: str) -> Sequence[object]:
    found = row.get(name)
    return found if isinstance(found, list | tuple) else ()


def _text(found: object) -> str | None:
    return None if found is None else str(found)
