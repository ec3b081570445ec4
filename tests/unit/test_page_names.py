"""The page's copy of what a filter may name is the server's own (run this file to write it anew)."""

from __future__ import annotations

import json
from pathlib import Path

from futuresboard.rules import BARS, ROWS, facts

COPY = Path(__file__).parents[2] / "frontend/src/lib/expression/names.json"


def _document() -> dict[str, object]:
    known = facts(ROWS)
    return {
        "columns": known["columns"],
        "aliases": known["aliases"],
        "not_named": ROWS.not_named,
        "tiers": ROWS.tiers,
        "rules": [name for name in ROWS.columns if name in BARS.columns],
    }


def _text() -> str:
    return json.dumps(_document(), ensure_ascii=False, indent=1, default=dict) + "\n"


def test_the_page_knows_the_names_of_the_server() -> None:
    assert COPY.read_text(encoding="utf-8") == _text()


if __name__ == "__main__":
    COPY.write_text(_text(), encoding="utf-8")
