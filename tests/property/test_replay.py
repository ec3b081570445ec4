"""Replay against what was recorded: whatever happened meanwhile, from any bar on, in any pages."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from futuresboard.model import TIMEFRAME_MS
from futuresboard.past import CURRENT, Past, of_rows
from futuresboard.replay_engine import Frame, Replay
from futuresboard.replay_scope import KNOWLEDGE, REVISED, Scope, read_cursor
from futuresboard.validation.simulated import simulate
from handmade_bars import MIDNIGHT
from random_bars import rows as random_rows
from support_core import Recorder, raw_bars, spiked
from support_recordings import LOW, PAIRS, play
from support_replay import cut_off, recorded, whole
from support_replay import play as play_again

# A recording takes a second: a failing one is told as it is, not sought the smallest of.
few = settings(max_examples=max(2, settings.default.max_examples // 50), phases=[Phase.reuse, Phase.generate])
seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.0, 0.02, 0.1])
M5 = TIMEFRAME_MS["5m"]


@contextmanager
def recording(seed: int, faults: float, *, bars: int = 30, late: float = 0.05) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        with closing(Recorder(Path(folder), pairs=PAIRS, thresholds=LOW)) as recorder:
            play(recorder, seed, faults, bars=bars, late=late)
        yield Path(folder) / "test.db"


def told(frames: Sequence[Frame]) -> list[object]:
    """Frames less the moments at which their alerts were written down."""
    own = ("seq", "created_ts")
    return [
        replace(frame, alerts=[{k: v for k, v in one.items() if k not in own} for one in frame.alerts])
        for frame in frames
    ]


@few
@given(seed=seeds, faults=shares, begin=st.integers(0, 25), timeframe=st.sampled_from(["5m", "15m"]))
def test_it_is_what_live_was(seed: int, faults: float, begin: int, timeframe: str):
    """Every stored value to the last bit and every alert, whatever bar the replay begins with."""
    with recording(seed, faults) as path:
        scope = whole(path, timeframe)
        step = TIMEFRAME_MS[timeframe]
        start = min(scope.end, scope.start + begin * M5 // step * step)
        check = play_again(path, replace(scope, start=start)).check
        assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])
        assert check.bars > 0


@few
@given(seed=seeds, size=st.integers(1, 30), knowledge=st.sampled_from(KNOWLEDGE))
def test_pages_are_the_whole(seed: int, size: int, knowledge: str):
    """Every page from its cursor alone, by a process that knows nothing of the pages before."""
    with recording(seed, 0.05, bars=20) as path:
        scope = replace(whole(path), knowledge=knowledge)
        with closing(Replay(path, scope)) as replay:
            frames = list(replay.frames(10_000))
        pages: list[Frame] = []
        cursor = None
        while cursor is not None or not pages:
            with closing(Replay(path, scope, cursor)) as replay:
                pages += replay.frames(size)
                cursor = replay.cursor and read_cursor(replay.cursor.text())
        assert told(pages) == told(frames)
        assert len(frames) == (scope.end - scope.start) // M5 + 1


@few
@given(seed=seeds, timeframe=st.sampled_from(["5m", "15m"]))
def test_a_part_of_the_pairs_is_that_part(seed: int, timeframe: str):
    """A coin's tier 5 needs its other exchanges, whether they are shown or not."""
    with recording(seed, 0.02, late=0.0) as path:
        scope = whole(path, timeframe)
        with closing(Replay(path, scope)) as replay:
            frames = list(replay.frames(10_000))
        with closing(Replay(path, replace(scope, exchange="okx", symbols=("BTC/USDT:USDT",)))) as replay:
            mine = list(replay.frames(10_000))
        for frame, part in zip(told(frames), told(mine), strict=True):
            here = [
                pair == ("okx", "BTC")
                for pair in zip(frame.rows["exchange"], frame.rows["base"], strict=True)
            ]
            for name, column in frame.rows.items():
                assert part.rows[name] == [value for value, kept in zip(column, here, strict=True) if kept]
            assert part.alerts == [
                one for one in frame.alerts if (one["exchange"], one["base"]) == ("okx", "BTC")
            ]


@few
@given(seed=seeds, cut=st.integers(5, 28), knowledge=st.sampled_from(KNOWLEDGE))
def test_what_comes_later_changes_nothing_before(seed: int, cut: int, knowledge: str):
    with recording(seed, 0.02) as path:
        scope = replace(whole(path), knowledge=knowledge)
        with closing(Replay(path, scope)) as replay:
            frames = list(replay.frames(10_000))
        end = min(scope.end, scope.start + cut * M5)
        with closing(Replay(path, replace(scope, end=end))) as replay:
            until = list(replay.frames(10_000))
        assert told(until) == told(frames[: len(until)])


def test_history_that_came_in_pieces(tmp_path: Path):
    """Alerts right after a start rest on what had come by then, hundreds of bars back."""
    rows = spiked(300, [270, 298, 299])
    silent = [row | {"global_ls": None, "top_ls": None} for row in rows[:299]]
    with closing(Recorder(tmp_path)) as recorder:
        now = rows[298]["ts"] + M5 + 20_000
        recorder.step(silent, now)
        assert recorder.alerts() != []
        recorder.step(rows[:299], now + 30_000)
        recorder.one_by_one(rows[299:])
    for start in (0, 290):
        scope = whole(recorder.path)
        check = play_again(recorder.path, replace(scope, start=scope.start + start * M5)).check
        assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])
        assert check.alerts > 0


@pytest.mark.parametrize(
    ("spoilt", "found"),
    [
        ("'$.values.rsi', json_extract(payload, '$.values.rsi') + 1e-12", 0),
        ("'$.values.rsi', json_extract(payload, '$.values.rsi') + 1e-6", 1),
        ("'$.values.rsi', NULL", 1),
        ("'$.values.close', json_extract(payload, '$.values.close') * (1 + 1e-12)", 1),
        ("'$.text', 'other words'", 1),
    ],
)
def test_an_alert_with_other_values_is_told(tmp_path: Path, spoilt: str, found: int):
    rows = spiked(300, [298])
    with closing(Recorder(tmp_path)) as recorder:
        recorder.step(rows[:298])
        recorder.one_by_one(rows[298:])
    with closing(sqlite3.connect(recorder.path)) as db, db:
        query = f"UPDATE alerts SET payload = json_set(payload, {spoilt}) WHERE id = 1"
        assert db.execute(query).rowcount == 1
    assert len(play_again(recorder.path, whole(recorder.path)).check.other) == found


def test_levels_that_were_read_anew_give_way_again(tmp_path: Path):
    """Stamps turned out to mean something else: what was known of a bar is unknown from then on."""
    rows = spiked(40, [20, 30])
    with closing(Recorder(tmp_path)) as recorder:
        recorder.one_by_one(rows[:35])
        anew = raw_bars([(recorder.ids[0], rows[30] | {"oi_contracts": None, "global_ls": None})])
        recorder.pipeline.step(replace(anew, reread=np.array([True])), rows[34]["ts"] + M5 + 20_000)
        recorder.one_by_one(rows[35:])
        assert recorder.bars()[30]["oi_contracts"] is None
    check = play_again(recorder.path, whole(recorder.path)).check
    assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])


@pytest.mark.parametrize("knowledge", KNOWLEDGE)
@pytest.mark.parametrize("comes", [True, False], ids=["its bars come", "they never come"])
def test_nobody_waits_for_a_pair_that_is_not_listed_yet(tmp_path: Path, knowledge: str, comes: bool):
    """Tier 5 waits for a coin's exchanges: for a new one from when it is heard of, not before."""
    rng = np.random.default_rng(3)
    series = [random_rows(rng, 140, M5, 0.0) for _ in range(3)]
    heard, first = 100, 110
    with closing(Recorder(tmp_path, pairs=PAIRS[:2], thresholds=LOW)) as recorder:
        for slot in range(140):
            if slot == heard:
                recorder.ids += [pair.id for pair in recorder.pipeline.register([PAIRS[2]])]
            there = range(3 if slot >= first and comes else 2)
            recorder.steps([(pair, series[pair][slot] | {"ts": MIDNIGHT + slot * M5}) for pair in there])
    for start in (0, 60, heard - 1, heard + 2):
        scope = replace(whole(recorder.path), knowledge=knowledge, start=MIDNIGHT + start * M5)
        with closing(Replay(recorder.path, scope)) as replay:
            frames = list(replay.frames(10_000))
            check = replay.check()
        divergences = [
            (frame.ts - MIDNIGHT) // M5 for frame in frames for one in frame.alerts if one["tier"] == 5
        ]
        assert any(slot < heard for slot in divergences) == (start < heard - 1)
        if knowledge == REVISED:
            # Who knows what came later knows when the new one's bars begin.
            assert any(heard <= slot < first for slot in divergences)
        else:
            assert (check.examples, check.missing, check.extra, check.other) == ([], [], [], [])
            assert not any(heard <= slot < first for slot in divergences)


def test_without_its_future_every_bar_is_the_same(tmp_path: Path):
    """Not merely asked for less: what comes later is deleted."""
    path = recorded(simulate(5, 2, 0.25), tmp_path)
    scope = whole(path)
    cuts = np.random.default_rng(1).choice(np.arange(scope.start, scope.end, M5), 8, replace=False).tolist()
    assert cut_off(path, scope, cuts) == []


def test_final_values_know_no_revision():
    with recording(4, 0.0) as path:
        scope = whole(path)
        with closing(Replay(path, scope)) as replay:
            seen = list(replay.frames(10_000))
        with closing(Replay(path, replace(scope, knowledge=REVISED))) as replay:
            revised = list(replay.frames(10_000))
    assert any(frame.revised for frame in seen)
    assert not any(frame.revised for frame in revised)
    assert not any("revised" in marks for frame in revised for marks in frame.rows["quality"])
    assert [frame.ts for frame in seen] == [frame.ts for frame in revised]
    assert [frame.rows["oi_contracts"] for frame in seen] != [frame.rows["oi_contracts"] for frame in revised]


versions = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(1, 9), st.integers(1, 4)), max_size=8
)


type Spans = dict[tuple[int, int], list[tuple[int, int]]]


def past_of(drawn: list[tuple[int, int, int, int]]) -> tuple[Past, Spans]:
    """Versions that follow each other without a hole, and the same by bar as (seq, until)."""
    by_bar: Spans = {}
    for ts, series, seq, length in drawn:
        mine = by_bar.setdefault((ts, series), [])
        begin = mine[-1][1] if mine else seq
        mine.append((begin, begin + length))
    rows: list[tuple[object, ...]] = []
    for (ts, series), spans in by_bar.items():
        for seq, until in spans:
            last = (seq, until) == spans[-1]
            ended = (None, seq) if last else (until, None)
            rows.append((ts, series, *(float(seq),) * 13, 0, None, seq, 5, *ended))
    return of_rows(rows), by_bar


@given(drawn=versions, seq=st.integers(0, 30), version=st.integers(0, 30))
def test_what_stood_as_of_a_transaction(drawn: list[tuple[int, int, int, int]], seq: int, version: int):
    past, by_bar = past_of(drawn)
    known = past.known(version)
    stood = known.as_of(min(seq, version))
    got = {
        (ts, number): at
        for ts, number, at in zip(stood.ts.tolist(), stood.series.tolist(), stood.seq.tolist(), strict=True)
    }
    want = {
        bar: max(begin for begin, _ in spans if begin <= min(seq, version))
        for bar, spans in by_bar.items()
        if any(begin <= min(seq, version) for begin, _ in spans)
    }
    assert got == want
    assert all(until == CURRENT or until <= version for until in known.until.tolist())
    assert np.isin(known.judged, [0, *range(version + 1)]).all()


@pytest.mark.parametrize("text", ["", "x", "e30", "WzEsImEiXQ", "WzIsImEiLDEsImIiLDEsMiwzXQ", "ä"])
def test_what_is_no_cursor_is_refused(text: str):
    with pytest.raises(Exception, match="no cursor"):
        read_cursor(text)


def test_a_scope_shows_a_symbol_that_names_another_contract_now():
    scope = Scope("5m", 0, 0, symbols=("X/USDT:USDT",))
    assert scope.shows("okx", "X/USDT:USDT~20260101T0000")
    assert not scope.shows("okx", "Y/USDT:USDT")
    assert not replace(scope, exchange="bybit").shows("okx", "X/USDT:USDT")
