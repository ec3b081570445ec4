"""Joining, uniting and meeting of imported rows, against plain loops."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.bars import RAW_COLUMNS
from futuresboard.errors import FileError
from futuresboard.importing.joining import settled
from futuresboard.importing.meeting import meet
from futuresboard.importing.pieces import Piece, unite
from futuresboard.importing.shapes import Shape
from futuresboard.importing.sheet import Sheet
from support_archive import JANUARY, STEP, make_block

HOUR = 3_600_000
VALUES = st.sampled_from([math.nan, 1.0, 2.0])


def piece(rows: list[tuple[int, float, float]], number: int) -> Piece:
    """Of rows (slot, close, volume)."""
    lines = np.arange(len(rows), dtype=np.int64)
    sheet = Sheet(Path(f"{number}.csv"), {}, "line", lines + 2)
    ts = np.array([JANUARY + slot * STEP for slot, _, _ in rows], dtype=np.int64)
    columns = {
        name: np.array([row[at] for row in rows], dtype=np.float64)
        for at, name in ((1, "close"), (2, "volume"))
    }
    return Piece("okx", "BTC/USDT:USDT", Shape.BARS, "5m", ts, columns, sheet, lines)


FILES = st.lists(st.lists(st.tuples(st.integers(0, 3), VALUES, VALUES), max_size=4), min_size=1, max_size=3)


@given(FILES, st.sampled_from([None, "new", "old"]))
def test_rows_of_one_time_complete_each_other_or_are_refused(files, prefer):
    told: dict[int, dict[str, list[float]]] = {}
    for rows in files:
        for slot, close, volume in rows:
            mine = told.setdefault(slot, {"close": [], "volume": []})
            for name, value in (("close", close), ("volume", volume)):
                if not math.isnan(value):
                    mine[name].append(value)
    pieces = [piece(rows, number) for number, rows in enumerate(files)]
    if prefer is None and any(len(set(values)) > 1 for mine in told.values() for values in mine.values()):
        with pytest.raises(FileError, match="two values for the time"):
            unite(pieces, prefer)
        return
    ts, columns, repeated = unite(pieces, prefer)
    assert ((ts - JANUARY) // STEP).tolist() == sorted(told)
    assert repeated == sum(map(len, files)) - len(told)
    for name, values in columns.items():
        expected = [told[slot][name] for slot in sorted(told)]
        wanted = [math.nan if not one else one[-1 if prefer == "new" else 0] for one in expected]
        assert np.array_equal(values, np.array(wanted), equal_nan=True)


@given(st.lists(st.integers(1, 12), min_size=2, max_size=8), st.booleans())
def test_the_rate_at_a_close_is_the_last_one_settled(hours, stated):
    ts = JANUARY + np.cumsum([0, *hours[1:]]) * HOUR
    rates = np.arange(len(ts)) * 1e-4
    columns = {"funding": rates}
    if stated:
        columns["funding_interval_h"] = np.array(hours, dtype=np.float64)
    slots = np.arange(JANUARY - 10 * STEP, int(ts[-1]) + 20 * HOUR, STEP, dtype=np.int64)
    bars, found, _ = settled(ts, columns, STEP, slots)
    answer = dict(
        zip(bars.tolist(), zip(found["funding"], found["funding_interval_h"], strict=True), strict=True)
    )
    for slot in slots.tolist():
        close, before = slot + STEP, [i for i, at in enumerate(ts.tolist()) if at <= slot + STEP]
        if not before:
            assert slot not in answer
            continue
        last = before[-1]
        interval = float(hours[last]) if last or stated else float(hours[1])
        if close < ts[last] + interval * HOUR:
            assert answer[slot] == (rates[last], interval)
        else:
            assert slot not in answer


BARS = st.dictionaries(st.integers(0, 3), VALUES, max_size=4)


@given(BARS, BARS, st.sampled_from([None, "new", "old"]), st.booleans())
def test_imported_bars_meet_stored_ones(stored, new, prefer, recorded):
    def block(values, seq):
        made = make_block(sorted(values), seqs=seq, value=0.0)
        made.raw[:] = np.nan
        made.raw[RAW_COLUMNS.index("close")] = [values[slot] for slot in sorted(values)]
        return made

    before, after = block(stored, 7 if recorded else 0), block(new, 0)
    both = [slot for slot in stored if slot in new and not math.isnan(stored[slot] + new[slot])]
    differ = [slot for slot in both if stored[slot] != new[slot]]
    if differ and prefer is None:
        with pytest.raises(FileError, match="allowed: the same"):
            meet(before, after, prefer, 9, "here")
        return
    met = meet(before, after, prefer, 9, "here")
    found = {
        int(ts - JANUARY) // STEP: (close, seq)
        for ts, close, seq in zip(
            met.changed.ts.tolist(),
            met.changed.raw[RAW_COLUMNS.index("close")].tolist(),
            met.changed.raw_seq.tolist(),
            strict=True,
        )
    }
    expected = {slot: (new[slot], 0) for slot in new if slot not in stored}
    seq = 9 if recorded else 0
    for slot in stored.keys() & new.keys():
        completes = math.isnan(stored[slot]) and not math.isnan(new[slot])
        if completes or (slot in differ and prefer == "new"):
            expected[slot] = (new[slot], seq)
    assert repr(dict(sorted(found.items()))) == repr(dict(sorted(expected.items())))
    assert met.added == len(new.keys() - stored.keys())
    assert met.replaced == (len(differ) if prefer == "new" else 0)
    assert met.added + met.completed + met.replaced + met.same == len(new)
