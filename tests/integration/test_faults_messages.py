"""The fault table: websockets whose messages are well formed and wrong."""

from __future__ import annotations

import pytest

from support_fault_table import FaultTable, Heard, lines, on_sockets

# Each line on one exchange in turn; on more where each has a form of its own.
TABLE = [
    *on_sockets("NaN", "bad_numbers", on="binanceusdm", options={"value": "NaN"}),
    *on_sockets("Infinity", "bad_numbers", on="bybit", options={"value": "Infinity"}),
    *on_sockets("blank", "bad_numbers", on="okx", options={"value": ""}),
    *on_sockets("null", "bad_numbers", on="binanceusdm", options={"value": None}),
    *on_sockets("negative", "bad_numbers", on="bybit", options={"value": "-1"}),
    *on_sockets("zero OI", "zero_oi", on="okx"),
    *on_sockets("x1000 OI", "x1000", on="bybit"),
    *on_sockets("x1000 price", "x1000", on="binanceusdm okx", options={"fields": "price"}),
    *on_sockets("frozen value", "frozen", on="bybit okx", options={"fresh_stamps": True}),
    *on_sockets("duplicate bar", "duplicate", on="bybit"),
    *on_sockets("out-of-order bar", "shuffled", on="bybit"),
    *on_sockets("messages missing", "gap", on="bybit"),
    *on_sockets("unclosed bar sent as closed", "unclosed"),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestMessages(Heard, FaultTable):
    """Each line of the table."""
