"""The fault table: websockets whose messages are well formed and wrong."""

from __future__ import annotations

import pytest

from support_fault_table import FaultTable, Heard, on_sockets

OI = "bybit okx"
TABLE = [
    *on_sockets("NaN", "bad_numbers", on="binanceusdm", options={"value": "NaN"}),
    *on_sockets("Infinity", "bad_numbers", on="bybit", options={"value": "Infinity"}),
    *on_sockets("blank", "bad_numbers", on="okx", options={"value": ""}),
    *on_sockets("null", "bad_numbers", on="binanceusdm", options={"value": None}),
    *on_sockets("negative", "bad_numbers", on="bybit okx", options={"value": "-1"}),
    *on_sockets("zero OI", "zero_oi", on=OI),
    *on_sockets("x1000 OI", "x1000", on=OI),
    *on_sockets("x1000 price", "x1000", options={"fields": "price"}),
    *on_sockets("frozen value", "frozen", options={"fresh_stamps": True}),
    *on_sockets("duplicate bar", "duplicate", on="bybit"),
    *on_sockets("out-of-order bar", "shuffled", on="bybit okx"),
    *on_sockets("messages missing", "gap", on="binanceusdm bybit"),
    *on_sockets("unclosed bar sent as closed", "unclosed"),
]


@pytest.mark.parametrize("played", TABLE, ids=str, indirect=True)
class TestMessages(Heard, FaultTable):
    """Each line of the table."""
