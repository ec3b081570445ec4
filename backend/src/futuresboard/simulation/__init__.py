"""Trades simulated over a history: settings in; trades, equity and what names the run out.

`run.simulate` runs one `SimulationSettings` over a `History`; `sweeping.sweep` many. Both are pure: bars
are handed over, nothing is read or written. Nothing is named here, so that whoever only speaks of
settings does not load the compiler.
"""
