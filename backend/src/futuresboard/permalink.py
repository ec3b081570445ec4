"""What names an alert wherever it is made again: its settings, its code and its data. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

_IS = ("exchange", "symbol", "timeframe", "ts", "kind", "tier")


def data_hash(alert: Mapping[str, object]) -> str:
    """Names what an alert is of and the raw inputs its rule read; alert: as `/api/alerts` answers it."""
    found = [*(alert[name] for name in _IS), alert["window"]]
    return hashlib.sha256(orjson.dumps(found, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def permalink(alert: Mapping[str, object]) -> str:
    """Equal permalinks are equal alerts, on any machine."""
    return f"{alert['settings_hash']}-{alert['code_version']}-{data_hash(alert)}"
