"""The fault table: an exchange that does not answer, or not with an answer."""

from __future__ import annotations

import pytest

from support_fault_table import DOWN, LONG, FaultTable, fault, lines

TABLE = [
    *fault("timeout", ("timeout", {}), states=DOWN),
    *fault("reset", ("reset", {}), states=DOWN),
    *fault("slow", ("slow", {"options": {"seconds": 5}}), states="ok degraded"),
    *fault("empty 200", ("empty", {}), states=DOWN),
    *fault("HTML 200", ("html", {}), states=DOWN),
    *fault("truncated 200", ("truncated", {}), states=DOWN),
    *fault("wrong shape 200", ("wrong_shape", {}), states=DOWN),
    *fault("exchange down for 10 min", ("reset", {}), states=DOWN, **LONG),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestConnection(FaultTable):
    """Each line of the table."""
