"""Payloads into numbers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.errors import PayloadError
from futuresboard.exchanges import parse
from futuresboard.model import ROW_COLUMNS, Kind, Rows

STEP = 300_000
T0 = 1_700_000_100_000 // STEP * STEP
OI = {"oi_contracts": 1, "oi_usd": 2}


def oi_rows(records: object) -> Rows:
    return parse.rows("okx", Kind.OI, records, 0, OI)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("1.5", 1.5), (2, 2.0), ("-3e-2", -0.03), (0, 0.0), ("0", 0.0), (10**400, None), ("1e400", None)]
    + [(raw, None) for raw in ("NaN", "Infinity", "-inf", "", "abc", None, True, [], {}, math.nan, math.inf)],
)
def test_number(raw: object, value: float | None) -> None:
    assert parse.number(raw) == value
    assert parse.positive(raw) == (value if value is not None and value > 0 else None)
    assert parse.non_negative(raw) == (value if value is not None and value >= 0 else None)


@pytest.mark.parametrize(
    ("raw", "value"),
    [(T0, T0), (str(T0), T0), (float(T0), T0)]
    + [
        (raw, None)
        for raw in (T0 // 1000, T0 * 1000, "NaN", "", None, True, math.nan, math.inf, "1e12", [T0])
    ],
)
def test_stamp(raw: object, value: int | None) -> None:
    assert parse.stamp(raw) == value


@pytest.mark.parametrize(
    "records",
    [
        None,
        "[]",
        {},
        {"code": 0},
        [None],
        ["abc"],
        [[]],
        [[T0]],
        [[T0, "1"]],
        [{"0": T0}],
        [["x", "1", "2"]],
        [[None, "1", "2"]],
        [[T0, "1", "2"], [T0 // 1000, "1", "2"]],
    ],
)
def test_wrong_shapes_are_payload_errors(records: object) -> None:
    with pytest.raises(PayloadError):
        oi_rows(records)


def test_objects_are_not_arrays_nor_the_other_way_round() -> None:
    with pytest.raises(PayloadError):
        parse.rows("bybit", Kind.FUNDING, [[T0, "0.1"]], "fundingTime", {"rate": "fundingRate"})
    with pytest.raises(PayloadError):
        parse.rows("bybit", Kind.FUNDING, [{"fundingRate": "0.1"}], "fundingTime", {"rate": "fundingRate"})


def test_no_rows_is_a_good_answer() -> None:
    page = oi_rows([])
    assert page.ts.dtype == np.int64
    assert len(page.ts) == 0
    assert {name: column.dtype for name, column in page.columns.items()} == dict.fromkeys(OI, np.float64)


def test_newest_first_is_turned_round_and_equal_stamps_keep_the_last() -> None:
    newest_first = [[T0 + STEP, "3", "30"], [T0, "2", "20"], [T0, "1", "10"]]
    page = oi_rows(newest_first)
    assert page.ts.tolist() == [T0, T0 + STEP]
    assert page.columns["oi_contracts"].tolist() == [2.0, 3.0]
    page = oi_rows([[T0, "1", "10"], [T0, "2", "20"], [T0 + STEP, "3", "30"]])
    assert page.columns["oi_contracts"].tolist() == [2.0, 3.0]


def test_off_grid_rows_are_dropped_except_of_funding() -> None:
    assert oi_rows([[T0 + 1, "1", "10"], [T0 + STEP, "3", "30"]]).ts.tolist() == [T0 + STEP]
    raw = [{"at": T0 + 3, "r": "0.1"}]
    assert parse.rows("okx", Kind.FUNDING, raw, "at", {"rate": "r"}).ts.tolist() == [T0 + 3]


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "0", "", "abc", None, "1e400", (1, 2), {}, 10**400])
def test_unfit_levels_are_nan_and_kept_raw(bad: object) -> None:
    page = oi_rows([[T0, bad, "10"], [T0 + STEP, "3", "30"]])
    assert np.isnan(page.columns["oi_contracts"][0])
    assert page.columns["oi_contracts"][1] == 3.0
    assert page.columns["oi_usd"].tolist() == [10.0, 30.0]
    assert page.unfit == ((T0, "oi_contracts", bad),)


def test_a_page_of_nothing_but_pairs_is_unfit_too() -> None:
    page = oi_rows([[T0, ("1", "2"), "1"], [T0 + STEP, ("3", "4"), "1"]])
    assert np.isnan(page.columns["oi_contracts"]).all()
    assert [entry[2] for entry in page.unfit] == [("1", "2"), ("3", "4")]


def candle(ts: int, **changes: object) -> list[object]:
    fields = {"o": "10", "h": "11", "l": "9", "c": "10.5", "v": "100", "q": "1000", "b": "60"}
    return [ts, *(fields | changes).values()]


def candle_rows(records: list[object]) -> Rows:
    keys = {"open": 1, "high": 2, "low": 3, "close": 4, "volume": 5, "quote_volume": 6, "taker_buy": 7}
    return parse.rows("binanceusdm", Kind.CANDLES, records, 0, keys)


def test_volume_may_be_zero_but_not_negative() -> None:
    page = candle_rows([candle(T0, v="0", q="0", b="0"), candle(T0 + STEP, v="-1", b="0")])
    assert page.columns["volume"][0] == 0.0
    assert page.unfit == ((T0 + STEP, "volume", "-1"),)


def test_taker_volume_above_the_volume_is_unfit() -> None:
    page = candle_rows([candle(T0, v="100", b="100"), candle(T0 + STEP, v="100", b="100.1")])
    assert page.columns["taker_buy"][0] == 100.0
    assert np.isnan(page.columns["taker_buy"][1])
    assert page.unfit == ((T0 + STEP, "taker_buy", 100.1),)


def test_a_funding_rate_may_be_negative_or_zero() -> None:
    raw = [{"at": T0, "r": "-0.01"}, {"at": T0 + STEP, "r": 0}, {"at": T0 + 2 * STEP, "r": "NaN"}]
    page = parse.rows("okx", Kind.FUNDING, raw, "at", {"rate": "r"})
    assert page.columns["rate"][:2].tolist() == [-0.01, 0.0]
    assert page.unfit == ((T0 + 2 * STEP, "rate", "NaN"),)


@given(
    st.lists(st.integers(0, 30), max_size=40),
    st.integers(1, 50),
    st.none() | st.integers(-2, 32),
)
def test_newest_is_the_end_of_what_is_there(slots: list[int], limit: int, end_slot: int | None) -> None:
    records = [[T0 + slot * STEP, "NaN" if slot % 7 == 0 else "1", str(slot + 1)] for slot in slots]
    end = None if end_slot is None else T0 + end_slot * STEP
    page = parse.newest(oi_rows(records), limit, end)
    stamps = sorted({record[0] for record in records if end is None or record[0] <= end})[-limit:]
    assert page.ts.tolist() == stamps
    assert page.columns["oi_usd"].tolist() == [(ts - T0) / STEP + 1 for ts in stamps]
    assert [entry[0] for entry in page.unfit] == [ts for ts in stamps if (ts - T0) // STEP % 7 == 0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(str(T0)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.sampled_from(list(Kind)), json_values)
def test_any_json_is_rows_or_a_payload_error(kind: Kind, raw: object) -> None:
    keys = {name: index + 1 for index, name in enumerate(ROW_COLUMNS[kind])}
    try:
        page = parse.rows("okx", kind, json.loads(json.dumps(raw)), 0, keys)
    except PayloadError:
        return
    assert (np.diff(page.ts) > 0).all()
    for column in page.columns.values():
        assert len(column) == len(page.ts)
        assert not np.isinf(column).any()
