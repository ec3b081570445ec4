"""What a replay begins with, copied by SQLite, beside a plain walk through every version of every bar."""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futuresboard import db_filling, db_past
from futuresboard.db import Store, connect
from futuresboard.db_filling import Filling
from futuresboard.db_past import HotTail, recorded
from futuresboard.model import Market
from futuresboard.past import CURRENT
from futuresboard.quality import PROVISIONAL

T0, M5 = 1_767_225_600_000, 300_000
SYMBOLS = ("A/USDT:USDT", "B/USDT:USDT", "C/USDT:USDT")
STEPS = {"5m": M5, "15m": 3 * M5}
SLOTS = 4
MOST = 9
"""The newest transaction."""

version = st.tuples(st.integers(1, MOST), st.sampled_from([0, PROVISIONAL]))
bar = st.tuples(
    st.lists(version, max_size=3, unique_by=lambda one: one[0]).map(sorted),
    st.none() | st.integers(1, MOST),
)
bars = st.lists(bar, min_size=6 * SLOTS, max_size=6 * SLOTS)


@cache
def empty() -> bytes:
    """A database that knows the pairs and nothing else."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with closing(Store(path, simulated=True)) as store:
            store.register([Market("okx", name, name, name[0]) for name in SYMBOLS], STEPS)
        return path.read_bytes()


def recording(path: Path, histories) -> dict[tuple[int, int], tuple[list[tuple[int, int]], int | None]]:
    """A database with these versions of each bar; (series, ts) -> them, and when its alerts were decided."""
    path.write_bytes(empty())
    found = {}
    with closing(connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        series = db.execute("SELECT id, timeframe FROM series ORDER BY id").fetchall()
        places = [(number, T0 + i * STEPS[name]) for number, name in series for i in range(SLOTS)]
        for (number, ts), (versions, judged) in zip(places, histories, strict=True):
            found[number, ts] = versions, judged if versions else None
            for i, (seq, marks) in enumerate(versions):
                row = (ts, number, float(seq), marks, seq, T0 + seq)
                if i + 1 < len(versions):
                    db.execute(
                        "INSERT INTO superseded (ts, series_id, close, marks, raw_seq, seen_ts, until_seq) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (*row, versions[i + 1][0]),
                    )
                    continue
                db.execute(
                    "INSERT INTO bars (ts, series_id, close, marks, raw_seq, seen_ts, judged_seq) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (*row, judged),
                )
        db.execute("COMMIT")
    return found


def stood(history, seq: int, *, final: bool, judged: bool):
    """(close, marks, transaction, judged) of a bar after transaction `seq`; None where there was none."""
    versions, decided = history
    known = [one for one in versions if one[0] <= seq]
    if not known or (final and known[-1][1] & PROVISIONAL):
        return None
    number, marks = known[-1]
    last = known[-1] == versions[-1]
    kept = decided if last and decided is not None and decided <= seq else None
    return float(number), marks, number, 1 if judged else kept


@pytest.mark.parametrize("few", [0, 40])
@settings(max_examples=20, deadline=None)
@given(bars, st.integers(0, MOST), st.booleans(), st.booleans())
def test_bars_are_those_that_stood(few, histories, seq, final, judged):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(db_filling, "FEW", few)
        told = recording(Path(folder) / "recording.db", histories)
        with closing(connect(Path(folder) / "recording.db", readonly=True)) as db:
            filling = Filling(Path(folder) / "filled.db", db)
            db.execute("BEGIN")
            mine = [one for one in recorded(db) if one.symbol != SYMBOLS[2]]
            filling.begin(mine)
            filling.take("5m", T0 + M5, T0 + 3 * M5, seq, final=final, judged=judged)
            spans = filling.spans()
            db.execute("COMMIT")
            filling.close()
        with closing(connect(Path(folder) / "filled.db", readonly=True)) as db:
            rows = db.execute("SELECT series_id, ts, close, marks, raw_seq, judged_seq FROM bars").fetchall()
        wanted = {}
        for one in mine:
            for ts in range(T0 + M5, T0 + 4 * M5, M5) if one.timeframe == "5m" else ():
                found = stood(told[one.id, ts], seq, final=final, judged=judged)
                wanted |= {} if found is None else {(one.id, ts): found}
        assert {(row[0], row[1]): tuple(row[2:]) for row in rows} == wanted
        assert spans == {
            number: (min(at), max(at))
            for number in {number for number, _ in wanted}
            if (at := [ts for other, ts in wanted if other == number])
        }


@pytest.mark.parametrize("few", [0, 40])
@settings(max_examples=20, deadline=None)
@given(bars, st.integers(-1, MOST), st.integers(0, MOST + 1), st.integers(0, MOST))
def test_versions_after_a_transaction_and_the_earliest_of_them(few, histories, after, seen, newest):
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(db_past, "FEW", few)
        told = recording(Path(folder) / "recording.db", histories)
        with closing(connect(Path(folder) / "recording.db", readonly=True)) as db:
            mine = {one.id for one in recorded(db) if one.symbol != SYMBOLS[0]}
            keeper = HotTail(db)
            past = keeper.versions(mine, T0 + 1, T0 + 6 * M5, after)
            earliest = keeper.earliest(mine, T0 + 1, T0 + 6 * M5, T0 + seen, newest)
        wanted, numbers = set(), []
        for (number, ts), (versions, judged) in told.items():
            if number not in mine or not T0 < ts <= T0 + 6 * M5:
                continue
            numbers += [seq for seq, _ in versions if seen <= seq <= newest]
            for (seq, _), until in zip(versions, [*(one[0] for one in versions[1:]), None], strict=False):
                decided = 0 if until is not None else judged or 0
                if max(seq if until is None else until, decided) > after:
                    wanted.add((number, ts, seq, until or CURRENT, decided))
        parts = (past.series, past.ts, past.seq, past.until, past.judged)
        assert set(zip(*(one.tolist() for one in parts), strict=True)) == wanted
        assert past.values[:, 3].tolist() == past.seq.tolist()
        assert earliest == ((min(numbers), T0 + min(numbers)) if numbers else None)


def test_the_recording_refuses_to_be_written_while_and_after_it_is_copied(tmp_path):
    recording(tmp_path / "recording.db", [([], None)] * 6 * SLOTS)
    with closing(connect(tmp_path / "recording.db", readonly=True)) as db:
        filling = Filling(tmp_path / "filled.db", db)
        filling.begin(recorded(db))
        for query in ("DELETE FROM main.pairs", "DELETE FROM filled.pairs"):
            with pytest.raises(Exception, match="readonly"):
                db.execute(query)
        filling.close()
        assert db.execute("SELECT count(*) FROM pairs").fetchone() == (3,)


@pytest.mark.parametrize("notes", [False, True])
def test_alerts_bring_what_memory_and_budgets_read_of_them(tmp_path, notes):
    recording(tmp_path / "recording.db", [([], None)] * 6 * SLOTS)
    payload = {"text": "long", "calibration": {"day": T0, "discovery": True}}
    with closing(connect(tmp_path / "recording.db")) as db:
        for i, (series, slot, seq) in enumerate(
            [(1, 0, 1), (1, 1, 2), (1, 2, 3), (1, 3, 4), (1, 5, 5), (2, 0, 9)]
        ):
            db.execute(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, 'tier', 1, ?)",
                (10 + i, seq, series, T0 + slot * M5, orjson.dumps(payload).decode()),
            )
    with closing(connect(tmp_path / "recording.db", readonly=True)) as db:
        filling = Filling(tmp_path / "filled.db", db)
        filling.begin(recorded(db))
        filling.take_alerts(8, T0 + 2 * M5, T0 + 5 * M5, notes=notes)
        found = db.execute("SELECT id, payload FROM filled.alerts ORDER BY id").fetchall()
    said = {"calibration": payload["calibration"]} if notes else {}
    # The newest before the stretch, and all in it; none of later bars or transactions.
    assert [(number, orjson.loads(text)) for number, text in found] == [(11, said), (12, said), (13, said)]
