"""`python -m futuresboard.api`: prints the OpenAPI document, the same whatever the settings are."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from futuresboard import __version__
from futuresboard.api import all_routes, openapi
from futuresboard.api.context import ApiContext
from futuresboard.config import load
from futuresboard.db_read import Reader
from futuresboard.model import TIMEFRAME_MS, UserRule
from futuresboard.rules import Expression


class _NoRules:
    def add_rule(self, name: str, expression: Expression) -> UserRule:
        raise NotImplementedError

    def delete_rule(self, number: int) -> bool:
        raise NotImplementedError


def text() -> bytes:
    """The document of every route there can be, with every timeframe there can be."""
    nowhere = Path(__file__).parent
    settings = load({"TIMEFRAMES": ",".join(TIMEFRAME_MS)}, nowhere)
    context = ApiContext(
        settings,
        # Opened by the first query, of which there is none.
        Reader(settings.database_path, stale_after_ms=0),
        now_ms=lambda: 0,
        health=dict,
        version=__version__,
        save_thresholds=lambda _: None,
        rules=_NoRules(),
        send_test=lambda _: (),
    )
    found = openapi.document(all_routes(context), context)
    return orjson.dumps(found, option=orjson.OPT_INDENT_2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
