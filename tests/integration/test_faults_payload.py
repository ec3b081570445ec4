"""The fault table: an exchange whose answers are well formed and wrong."""

from __future__ import annotations

import pytest

from support_fault_table import CLOSE, FaultTable, fault, lines

GUARDED = {"states": "ok degraded", "guarded": True}
CLOCK = {"states": "ok degraded down"}
# A bar that lacks a number is stored when no more is waited for.
LATER = {"at": CLOSE + 140_000}
ON = {
    "NaN": "binanceusdm okx",
    "Infinity": "bybit",
    "blank": "okx",
    "null": "binanceusdm bybit",
    "negative": "binanceusdm bybit okx",
}
NUMBERS = {"NaN": "NaN", "Infinity": "Infinity", "blank": "", "null": None, "negative": "-1"}
TABLE = [
    *fault("duplicate bar", ("duplicate", {}), states="ok"),
    *fault("out-of-order bar", ("shuffled", {}), states="ok"),
    *(
        line
        for name, value in NUMBERS.items()
        for line in fault(
            name, ("bad_numbers", {"options": {"value": value}}), on=ON[name], **GUARDED, **LATER
        )
    ),
    *fault("frozen value", ("frozen", {}), states="ok degraded"),
    *fault("zero OI", ("zero_oi", {}), **GUARDED),
    *fault("x1000 OI", ("x1000", {}), **GUARDED),
    *fault("x1000 price", ("x1000", {"options": {"fields": "price"}}), **GUARDED),
    *fault("clock 5 min fast", skew_ms=300_000, **CLOCK),
    *fault("clock 5 min slow", skew_ms=-300_000, **CLOCK),
    *fault("time 5 min ahead", ("wrong_time", {"options": {"seconds": 300}}), said_ms=300_000, **CLOCK),
    *fault("time 5 min behind", ("wrong_time", {"options": {"seconds": -300}}), said_ms=-300_000, **CLOCK),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestPayload(FaultTable):
    """Each line of the table."""
