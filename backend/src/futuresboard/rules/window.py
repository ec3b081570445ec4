"""The columns an expression names, taken from a window of closed bars. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from futuresboard.model import FloatArray, Tier
from futuresboard.signals import Inputs


def columns(names: Iterable[str], x: Inputs, flags: Mapping[Tier, FloatArray]) -> dict[str, FloatArray]:
    """name -> (n, out) of columns of numbers and flags; unknown where this window does not have one."""
    tiers = {f"tier_{int(tier)}": flag for tier, flag in flags.items()}
    return {name: _column(name, x, tiers) for name in names}


def _column(name: str, x: Inputs, tiers: Mapping[str, FloatArray]) -> FloatArray:
    if name in x.bars.columns:
        return x.bars.lag(name)
    if name == "confluence_k":
        return x.k
    if name == "confluence":
        return x.k / 3.0
    found = x.values.get(name, tiers.get(name))
    return np.full(x.bars.shape, np.nan) if found is None else found
