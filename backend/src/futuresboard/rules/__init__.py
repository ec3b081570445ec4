"""The user's own alert rules: expressions over the columns of a closed bar, parsed and never run as code.

`compile` reads one, `window.columns` takes what it names from bars, `facts` tells a page how it is written.
"""

from __future__ import annotations

from futuresboard.rules.expression import Expression, compile
from futuresboard.rules.facts import facts
from futuresboard.rules.window import columns

__all__ = ["Expression", "columns", "compile", "facts"]
