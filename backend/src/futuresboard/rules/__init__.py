"""Conditions over the columns of a bar or a row, parsed and never run as code.

`compile` reads one: a rule, which judges closed bars (`BARS`), or a filter of newest rows (`ROWS`).
`columns` takes what a rule names from bars, `matching` asks rows, `facts` tells a page how both are
written.
"""

from __future__ import annotations

from futuresboard.rules.columns import BARS, Vocabulary
from futuresboard.rules.expression import Expression, compile
from futuresboard.rules.facts import facts
from futuresboard.rules.newest import ROWS, matching
from futuresboard.rules.window import columns

__all__ = ["BARS", "ROWS", "Expression", "Vocabulary", "columns", "compile", "facts", "matching"]
