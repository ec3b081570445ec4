"""The fault table: pairs that end and pairs that begin while bars close."""

from __future__ import annotations

import pytest

from support_fault_table import CLOSE, EXCHANGES, FROM, M5, FaultTable, Played, fault, lines

# The lists are read once an hour; the next time is in the third bar from the close.
TO_THE_END = {"till": CLOSE + 5 * M5, "end": CLOSE + 4 * M5 + 100_000}
IDS = {"binanceusdm": "{}USDT", "bybit": "{}USDT", "okx": "{}-USDT-SWAP"}


def listing(line: str, kind: str, coin: str, **more: str) -> list[object]:
    """The line on each exchange."""
    return [
        one
        for exchange in EXCHANGES
        for one in fault(
            line,
            (kind, {"symbol": IDS[exchange].format(coin), "options": {"at_ms": FROM}}),
            on=exchange,
            states="ok degraded",
            **more,
            **TO_THE_END,
        )
    ]


TABLE = [
    *listing("delisting", "delist", "XRP", leaves="XRP"),
    *listing("new listing", "new_listing", "XAI", joins="XAI"),
]


@pytest.mark.parametrize("played", lines(TABLE), indirect=True)
class TestListings(FaultTable):
    """Each line of the table."""

    def test_a_new_pair_is_there_from_its_first_whole_bar(self, played: Played) -> None:
        coin, exchange = played.fault.joins, played.fault.exchange
        rows = played.run.rows.get((exchange, f"{coin}/USDT:USDT", "5m"), [])
        first = (FROM + M5 - 1) // M5 * M5
        if coin:
            assert rows[0]["ts"] in (first, first - M5)
