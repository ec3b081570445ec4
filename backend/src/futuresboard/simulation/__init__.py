"""Trades simulated over a history: settings in; trades, equity and what names the run out.

`simulate` runs one `SimulationSettings` over a `History`; `sweep` many. Both are pure: bars are handed
over, nothing is read or written.
"""

from __future__ import annotations

from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.outcomes import WORDS, Outcome
from futuresboard.simulation.portfolio import Portfolio
from futuresboard.simulation.run import Run, simulate
from futuresboard.simulation.settings import Direction, Entry, Fire, SimulationSettings, Sizing
from futuresboard.simulation.sweep import Swept, sweep
from futuresboard.simulation.trades import Tally, Trades

__all__ = [
    "WORDS",
    "Direction",
    "Entry",
    "Fire",
    "History",
    "Outcome",
    "Pair",
    "Portfolio",
    "Run",
    "SimulationSettings",
    "Sizing",
    "Swept",
    "Tally",
    "Trades",
    "simulate",
    "sweep",
]
