"""What a page must know to help somebody write an expression. Pure."""

from __future__ import annotations

from futuresboard.rules.build import MAX_DEPTH, SUFFIXES
from futuresboard.rules.columns import BARS, Vocabulary
from futuresboard.rules.expression import MAX_PARTS
from futuresboard.rules.syntax import MAX_LENGTH


def facts(vocabulary: Vocabulary = BARS) -> dict[str, object]:
    """Columns, short names, operators and limits of the grammar, ready for JSON."""
    return {
        "columns": [
            {"name": name, "kind": meaning.kind, "unit": meaning.unit, "values": meaning.values}
            for name, meaning in vocabulary.columns.items()
        ],
        "aliases": vocabulary.aliases,
        "comparisons": (">", ">=", "<", "<=", "=", "!="),
        "arithmetic": ("+", "-", "*", "/"),
        "words": ("and", "or", "not", "in"),
        "functions": ("abs",),
        "suffixes": {suffix: 10.0**power for suffix, power in SUFFIXES.items()},
        "limits": {"characters": MAX_LENGTH, "parts": MAX_PARTS, "levels": MAX_DEPTH},
        "example": "z > 2 and funding < 0 and oi > 50M",
    }
