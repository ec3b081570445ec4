"""Rows that an exchange stamps with their window's start are shown while the window is still open."""

from __future__ import annotations

import numpy as np

from futuresboard.book import STEP_MS, Book
from futuresboard.model import Kind, Rows

NOON = 1_773_748_800_000


def _oi(first: int, count: int) -> Rows:
    ts = np.arange(first, first + count * STEP_MS, STEP_MS, dtype=np.int64)
    columns = {"oi_contracts": np.arange(1.0, count + 1.0), "oi_usd": np.full(count, np.nan)}
    return Rows(Kind.OI, ts, columns)


def _book() -> Book:
    kinds = (Kind.CANDLES, Kind.OI)
    return Book(kinds, [7], oldest=NOON - 20 * STEP_MS, slots=64, begin=NOON + 60_000)


def test_a_row_taken_before_its_stamps_were_understood_is_asked_for_anew() -> None:
    book = _book()
    book.take(0, _oi(NOON - 4 * STEP_MS, 5), now_ms=NOON + 90_000, exhausted=False)
    assert book.decide(Kind.OI, 0)
    assert book.wanted(Kind.OI, NOON).tolist() == [0]
    assert book.wanted(Kind.OI, NOON - STEP_MS).tolist() == []
    assert book.missing_rows(Kind.OI, 0, NOON, NOON - 20 * STEP_MS) >= 2


def test_once_understood_an_open_window_is_left_out() -> None:
    book = _book()
    book.decide(Kind.OI, 0)
    book.take(0, _oi(NOON - 4 * STEP_MS, 5), now_ms=NOON + 90_000, exhausted=False)
    assert book.wanted(Kind.OI, NOON).tolist() == [0]
    assert book.wanted(Kind.OI, NOON - STEP_MS).tolist() == []


def test_a_snapshot_stands_from_its_stamp_on() -> None:
    book = _book()
    book.decide(Kind.OI, 1)
    book.take(0, _oi(NOON - 4 * STEP_MS, 5), now_ms=NOON + 1, exhausted=False)
    assert book.wanted(Kind.OI, NOON - STEP_MS).tolist() == []
