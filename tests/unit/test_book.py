"""One exchange's answers joined by bar: what a bar waits for, and what it is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard import quality
from futuresboard.book import MOST_AT_ONCE, SHOWN_AFTER_MS, Book
from futuresboard.model import ROW_COLUMNS, Kind, Rows, Ticker
from handmade_bars import M5, MIDNIGHT

ALL = (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS, Kind.FUNDING)
BEGIN = MIDNIGHT + 20 * M5
"""Bars that close from here on are live."""
WAIT, PATIENCE = 60_000, 300_000


def rows(kind: Kind, values: dict[int, float], *, unfit=()) -> Rows:
    """Rows by stamp; every column holds the value (a candle's volume is 100 times it)."""
    columns = {name: np.array(list(values.values()), dtype=np.float64) for name in ROW_COLUMNS[kind]}
    if kind is Kind.CANDLES:
        columns["volume"] = columns["volume"] * 100.0
        columns["taker_buy"] = columns["volume"] / 2
    return Rows(kind, np.array(list(values), dtype=np.int64), columns, tuple(unfit))


def new_book(kinds=ALL, pairs: int = 1, slots: int = 60, *, confirmed: bool = True) -> Book:
    book = Book(
        kinds, range(1, pairs + 1), oldest=MIDNIGHT, slots=slots, begin=BEGIN, confirmed=confirmed, shows=True
    )
    for kind in (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS):
        if kind in kinds:
            book.decide(kind, 1)
    return book


NOW = MIDNIGHT + 10**11


def give(book: Book, kind: Kind, values: dict[int, float], *, row=0, now=NOW, exhausted=False, **more):
    book.take(row, rows(kind, values, **more), now_ms=now, exhausted=exhausted)


def ready_at(book: Book, now: int, *, final=True, **more):
    """ts -> (columns, marks in words, live, first) of what is finalised at a time (else only shown)."""
    ready = book.ready(now, WAIT, PATIENCE, **more)
    if ready is None:
        return {}
    bars = ready.bars
    return {
        int(bars.ts[i]): {
            **{name: float(values[i]) for name, values in bars.columns.items()},
            "marks": quality.names(int(bars.marks[i])),
            "live": bool(ready.live[i]),
            "first": not ready.done[i],
            "guarded": dict(bars.guarded.get(i, {})),
        }
        for i in np.flatnonzero(bars.final == final).tolist()
    }


CLOSE = BEGIN + M5
LIVE_BAR = BEGIN
"""The first bar of which everything is live."""


def warm(book: Book) -> None:
    """Everything known up to the bar before LIVE_BAR, and handed over."""
    stamps = [MIDNIGHT + i * M5 for i in range(20)]
    give(book, Kind.CANDLES, dict.fromkeys(stamps, 2.0))
    for kind in (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS):
        if kind in book.kinds:
            give(book, kind, {ts + M5: 3.0 for ts in stamps}, exhausted=True)
    if Kind.FUNDING in book.kinds:
        give(book, Kind.FUNDING, {MIDNIGHT: 1e-4})
    assert len(ready_at(book, BEGIN + 1)) == 20


class TestFinalising:
    def test_a_bar_is_ready_when_every_kind_has_come(self):
        book = new_book()
        warm(book)
        now = CLOSE + 2_000
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=now)
        give(book, Kind.OI, {CLOSE: 7.0}, now=now)
        give(book, Kind.GLOBAL_LS, {CLOSE: 1.5}, now=now)
        assert ready_at(book, now) == {}
        give(book, Kind.TOP_LS, {CLOSE: 2.5}, now=now)
        (bar,) = ready_at(book, now).values()
        assert (bar["oi_contracts"], bar["global_ls"], bar["top_ls"], bar["funding"]) == (7.0, 1.5, 2.5, 1e-4)
        assert (bar["marks"], bar["live"], bar["first"]) == ([], True, True)
        assert ready_at(book, now) == {}

    def test_it_waits_no_longer_than_finalise_after(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE + 1_000)
        assert ready_at(book, CLOSE + WAIT - 1) == {}
        (bar,) = ready_at(book, CLOSE + WAIT).values()
        assert np.isnan(bar["oi_contracts"])
        assert bar["global_ls"] == 3.0
        assert bar["marks"] == ["ls:late"]

    def test_meanwhile_it_is_shown_as_far_as_it_is_known(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE + 1_000)
        assert ready_at(book, CLOSE + SHOWN_AFTER_MS - 1, final=False) == {}
        (bar,) = ready_at(book, CLOSE + SHOWN_AFTER_MS, final=False).values()
        assert (bar["close"], bar["first"]) == (5.0, True)
        # Nothing stands in for what is still to come, an older ratio as little as the live level.
        assert np.isnan([bar["oi_contracts"], bar["global_ls"], bar["top_ls"]]).all()
        assert bar["marks"] == []
        assert ready_at(book, CLOSE + SHOWN_AFTER_MS + 1, final=False) == {}
        for kind, value in ((Kind.OI, 7.0), (Kind.GLOBAL_LS, 1.5), (Kind.TOP_LS, 2.5)):
            give(book, kind, {CLOSE: value}, now=CLOSE + 9_000)
        ready = book.ready(CLOSE + 9_000, WAIT, PATIENCE)
        assert (ready.bars.final.tolist(), ready.first.tolist(), ready.done.tolist()) == (
            [True],
            [False],
            [False],
        )

    def test_what_could_not_be_shown_is_shown_later(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE + 1_000)
        ready = book.ready(CLOSE + SHOWN_AFTER_MS, WAIT, PATIENCE)
        book.give_back(ready)
        again = book.ready(CLOSE + SHOWN_AFTER_MS, WAIT, PATIENCE)
        assert again.first.tolist() == ready.first.tolist() == [True]
        assert not again.bars.final.any()
        assert list(ready_at(book, CLOSE + WAIT)) == [LIVE_BAR]

    def test_it_does_not_wait_for_levels_whose_turn_it_is_not(self):
        book = new_book(pairs=2)
        for row in (0, 1):
            give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, row=row, now=CLOSE + 1_000)
            give(book, Kind.OI, {CLOSE: 7.0}, row=row)
            give(book, Kind.GLOBAL_LS, {CLOSE: 1.5}, row=row)
            give(book, Kind.FUNDING, {MIDNIGHT: 1e-4}, row=row)
        book.spare(Kind.TOP_LS, LIVE_BAR, {0})
        ready = book.ready(CLOSE + 2_000, WAIT, PATIENCE)
        assert ready.bars.pair_ids.tolist() == [2]
        book.roll(LIVE_BAR + 60 * M5)
        assert book.slot(LIVE_BAR) < 0

    def test_without_its_candle_it_is_never_ready(self):
        book = new_book()
        warm(book)
        give(book, Kind.OI, {CLOSE: 7.0})
        assert ready_at(book, CLOSE + 10 * WAIT) == {}

    def test_an_open_candle_is_left_out(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE - 1)
        assert ready_at(book, CLOSE + WAIT) == {}
        give(book, Kind.CANDLES, {LIVE_BAR: 6.0}, now=CLOSE)
        assert ready_at(book, CLOSE + WAIT)[LIVE_BAR]["close"] == 6.0

    def test_a_newest_candle_is_taken_as_closed_on_evidence(self):
        """An answer may lag behind the clock and still show the candle as it was before its close."""
        book = new_book((Kind.CANDLES, Kind.OI), confirmed=False)
        give(book, Kind.OI, {CLOSE: 7.0})
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE + 500)
        assert ready_at(book, CLOSE + WAIT) == {}
        give(book, Kind.CANDLES, {LIVE_BAR: 6.0, CLOSE: 1.0}, now=CLOSE + 500)
        assert ready_at(book, CLOSE + WAIT)[LIVE_BAR]["close"] == 6.0

    def test_a_feed_that_stands_still_closes_nothing_however_long(self):
        """Nor does another pair's next candle: it says nothing about this one's feed."""
        book = new_book((Kind.CANDLES,), pairs=2, confirmed=False)
        give(book, Kind.CANDLES, {LIVE_BAR: 8.0, CLOSE: 9.0}, row=1, now=CLOSE + 20 * M5)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0}, now=CLOSE + 20 * M5)
        assert len(book.ready(CLOSE + WAIT, WAIT, PATIENCE).bars.ts) == 1
        give(book, Kind.CANDLES, {LIVE_BAR: 6.0, CLOSE: 7.0}, now=CLOSE + 20 * M5)
        assert ready_at(book, CLOSE + WAIT)[LIVE_BAR]["close"] == 6.0

    def test_the_newest_of_an_older_page_is_closed(self):
        """A later candle is here already, though not in the same answer."""
        book = new_book((Kind.CANDLES,), confirmed=False)
        give(book, Kind.CANDLES, {LIVE_BAR: 6.0, CLOSE: 7.0}, now=CLOSE + 500)
        give(book, Kind.CANDLES, {LIVE_BAR - 2 * M5: 4.0, LIVE_BAR - M5: 5.0}, now=CLOSE + 500)
        assert set(ready_at(book, CLOSE + WAIT)) == {LIVE_BAR - 2 * M5, LIVE_BAR - M5, LIVE_BAR}

    def test_nor_does_it_close_a_window_that_is_shown_while_open(self):
        book = new_book((Kind.CANDLES, Kind.GLOBAL_LS))
        book.decide(Kind.GLOBAL_LS, 0)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.GLOBAL_LS, {LIVE_BAR: 2.0, CLOSE: 7.0})
        assert book.wanted(Kind.GLOBAL_LS, LIVE_BAR).tolist() == []
        assert book.wanted(Kind.GLOBAL_LS, CLOSE).tolist() == [0]

    def test_a_due_settlement_is_waited_for(self):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.FUNDING))
        give(book, Kind.FUNDING, {BEGIN + M5 - 8 * 3_600_000: 1e-4})
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 7.0})
        assert ready_at(book, CLOSE + 1_000) == {}
        give(book, Kind.FUNDING, {CLOSE: 4e-4})
        assert ready_at(book, CLOSE + 2_000)[LIVE_BAR]["funding"] == 4e-4

    def test_history_waits_for_what_may_still_come_but_not_for_top_traders(self):
        book = new_book()
        stamps = [MIDNIGHT + i * M5 for i in range(20)]
        give(book, Kind.CANDLES, dict.fromkeys(stamps, 2.0))
        give(book, Kind.OI, {ts + M5: 3.0 for ts in stamps})
        give(book, Kind.FUNDING, {MIDNIGHT: 1e-4})
        assert ready_at(book, BEGIN + 1_000) == {}
        give(book, Kind.GLOBAL_LS, {ts + M5: 1.0 for ts in stamps[10:]})
        found = ready_at(book, BEGIN + 1_000)
        # The last bar closes just now and is live: it waits for top traders' ratios too.
        assert list(found) == stamps[10:19]
        assert not any(bar["live"] for bar in found.values())
        later = ready_at(book, BEGIN + PATIENCE)
        # What older pages of ratios may still say is waited for until they are here, or there are none.
        assert list(later) == [stamps[19]]
        give(book, Kind.GLOBAL_LS, {}, exhausted=True)
        later = ready_at(book, BEGIN + PATIENCE)
        assert list(later) == stamps[:10]
        assert np.isnan(later[stamps[0]]["global_ls"])

    def test_history_alone_can_be_left_for_later(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {MIDNIGHT: 2.0, LIVE_BAR: 3.0})
        give(book, Kind.OI, {MIDNIGHT + M5: 2.0, CLOSE: 3.0})
        assert list(ready_at(book, CLOSE + 1, live_only=True)) == [LIVE_BAR]
        assert list(ready_at(book, CLOSE + 1)) == [MIDNIGHT]

    def test_a_hole_in_what_is_published_is_known_to_be_one(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        stamps = [MIDNIGHT + i * M5 for i in range(6)]
        give(book, Kind.CANDLES, dict.fromkeys(stamps, 2.0))
        give(book, Kind.OI, {ts + M5: 3.0 for ts in stamps if ts != stamps[3]})
        found = ready_at(book, BEGIN)
        assert list(found) == stamps
        assert np.isnan(found[stamps[3]]["oi_contracts"])

    def test_before_the_listing_there_is_nothing_to_wait_for(self):
        """A newly listed pair: the exchange has a few rows and says there is nothing older."""
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {MIDNIGHT + i * M5: 2.0 for i in range(10, 15)}, exhausted=True)
        give(book, Kind.OI, {MIDNIGHT + i * M5: 3.0 for i in range(13, 16)})
        assert len(ready_at(book, BEGIN)) == 3
        give(book, Kind.OI, {MIDNIGHT + 15 * M5: 3.0}, exhausted=True)
        assert len(ready_at(book, BEGIN)) == 2

    def test_a_kind_that_is_not_published_is_not_waited_for(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 7.0})
        give(book, Kind.TOP_LS, {CLOSE: 7.0})
        assert ready_at(book, CLOSE + 1) == {}
        book.drop(Kind.GLOBAL_LS)
        book.drop(Kind.GLOBAL_LS)
        assert Kind.GLOBAL_LS not in book.kinds
        assert np.isnan(ready_at(book, CLOSE + 1)[LIVE_BAR]["global_ls"])

    def test_what_could_not_be_stored_is_handed_over_again(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {MIDNIGHT: 2.0})
        give(book, Kind.OI, {MIDNIGHT + M5: 2.0})
        ready = book.ready(BEGIN, WAIT, PATIENCE)
        assert book.ready(BEGIN, WAIT, PATIENCE) is None
        book.give_back(ready)
        again = book.ready(BEGIN, WAIT, PATIENCE)
        assert again.bars.ts.tolist() == [MIDNIGHT]

    def test_a_bar_given_back_is_still_new(self):
        """What never was stored has its lag measured when it is."""
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {LIVE_BAR: 2.0})
        give(book, Kind.OI, {CLOSE: 2.0})
        ready = book.ready(CLOSE, WAIT, PATIENCE)
        book.give_back(ready)
        assert ready_at(book, CLOSE)[LIVE_BAR]["first"]

    def test_live_bars_go_first_and_a_portion_is_bounded(self):
        pairs = 50
        book = new_book((Kind.CANDLES, Kind.OI), pairs=pairs)
        for row in range(pairs):
            give(book, Kind.CANDLES, {MIDNIGHT + i * M5: 2.0 for i in range(50)}, row=row)
            give(book, Kind.OI, {MIDNIGHT + (i + 1) * M5: 2.0 for i in range(50)}, row=row)
        ready = book.ready(MIDNIGHT + 50 * M5, WAIT, PATIENCE)
        assert len(ready.bars.ts) == MOST_AT_ONCE
        edge = int(ready.live.sum())
        assert edge == pairs * 31
        assert ready.live[:edge].all()
        rest = book.ready(MIDNIGHT + 50 * M5, WAIT, PATIENCE)
        assert len(rest.bars.ts) == pairs * 50 - MOST_AT_ONCE
        assert book.ready(MIDNIGHT + 50 * M5, WAIT, PATIENCE) is None


class TestRevisions:
    def test_a_late_row_hands_its_bar_over_again(self):
        book = new_book()
        warm(book)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        assert ready_at(book, CLOSE + WAIT)[LIVE_BAR]["first"]
        for kind, value in ((Kind.OI, 7.0), (Kind.GLOBAL_LS, 1.5), (Kind.TOP_LS, 2.5)):
            give(book, kind, {CLOSE: value})
        (bar,) = ready_at(book, CLOSE + WAIT + 1).values()
        assert (bar["oi_contracts"], bar["global_ls"], bar["marks"], bar["first"]) == (7.0, 1.5, [], False)

    def test_the_same_rows_again_change_nothing(self):
        book = new_book()
        warm(book)
        warm_again = {MIDNIGHT + (i + 1) * M5: 3.0 for i in range(20)}
        give(book, Kind.OI, warm_again)
        give(book, Kind.CANDLES, {MIDNIGHT + i * M5: 2.0 for i in range(20)})
        give(book, Kind.FUNDING, {MIDNIGHT: 1e-4})
        assert ready_at(book, BEGIN + 1) == {}

    def test_a_corrected_settlement_hands_over_every_bar_since(self):
        book = new_book()
        warm(book)
        give(book, Kind.FUNDING, {MIDNIGHT + 10 * M5: 2e-4})
        found = ready_at(book, BEGIN + 1)
        changed = sorted(ts for ts, bar in found.items() if bar["funding"] == 2e-4)
        assert changed == [MIDNIGHT + i * M5 for i in range(9, 20)]

    def test_a_changed_verdict_puts_all_bars_together_anew(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        stamps = [MIDNIGHT + i * M5 for i in range(10)]
        give(book, Kind.CANDLES, dict.fromkeys(stamps, 2.0))
        give(book, Kind.OI, {ts: float(i + 1) for i, ts in enumerate([*stamps, stamps[-1] + M5])})
        first = ready_at(book, BEGIN)
        assert first[stamps[0]]["oi_contracts"] == 2.0
        assert book.offset(Kind.OI) == 1
        assert not book.decide(Kind.OI, 1)
        assert book.decide(Kind.OI, 0)
        second = ready_at(book, BEGIN)
        assert [bar["oi_contracts"] for bar in second.values()] == [float(i + 1) for i in range(10)]
        assert not any(bar["first"] for bar in second.values())

    def test_no_verdict_on_a_kind_that_is_not_there(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        assert not book.decide(Kind.TAKER, 1)
        assert not book.undecided(Kind.TAKER)


class TestLateRatios:
    @pytest.mark.parametrize(("older", "value"), [(0, 9.0), (1, 9.0), (2, 9.0), (3, None)])
    def test_at_most_two_bars_older(self, older, value):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 5.0})
        give(book, Kind.GLOBAL_LS, {CLOSE - older * M5: 9.0})
        (bar,) = ready_at(book, CLOSE + WAIT).values()
        assert (None if np.isnan(bar["global_ls"]) else bar["global_ls"]) == value
        assert bar["marks"] == (["ls:late"] if older in (1, 2) else [])

    def test_the_newest_of_them(self):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.GLOBAL_LS, {CLOSE - 2 * M5: 8.0, CLOSE - M5: 9.0})
        assert ready_at(book, CLOSE + WAIT)[LIVE_BAR]["global_ls"] == 9.0

    def test_a_late_row_corrects_the_bars_that_borrowed(self):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS))
        bars = [LIVE_BAR + i * M5 for i in range(4)]
        give(book, Kind.CANDLES, dict.fromkeys(bars, 5.0))
        give(book, Kind.GLOBAL_LS, {BEGIN: 1.0})
        found = ready_at(book, bars[-1] + M5 + WAIT)
        assert [bar["global_ls"] for bar in found.values()][:2] == [1.0, 1.0]
        assert all(np.isnan(bar["global_ls"]) for bar in list(found.values())[2:])
        give(book, Kind.GLOBAL_LS, {CLOSE: 2.0})
        again = ready_at(book, bars[-1] + M5 + WAIT)
        assert [bar["global_ls"] for bar in again.values()] == [2.0, 2.0, 2.0]
        assert [bar["marks"] for bar in again.values()] == [[], ["ls:late"], ["ls:late"]]


class TestLiveLevels:
    def live(
        self, book: Book, before_close: int, value: float, usd: float | None = None, row: int = 0
    ) -> None:
        book.take_live(row, Ticker("X", CLOSE, oi_contracts=value, oi_usd=usd, oi_ts=CLOSE - before_close))

    def bar(self, book: Book) -> dict:
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        return ready_at(book, CLOSE + WAIT)[LIVE_BAR]

    @pytest.mark.parametrize(("before", "used"), [(0, True), (60_000, True), (60_001, False), (-1, False)])
    def test_the_last_at_most_60_s_before_the_close(self, before, used):
        book = new_book((Kind.CANDLES, Kind.OI))
        self.live(book, before, 9.0)
        bar = self.bar(book)
        assert (bar["oi_contracts"] == 9.0) is used
        assert bar["marks"] == (["oi:live"] if used else [])

    def test_the_newest_of_several(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        self.live(book, 50_000, 8.0)
        self.live(book, 5_000, 9.0, usd=45.0)
        bar = self.bar(book)
        assert (bar["oi_contracts"], bar["oi_abs_usd"]) == (9.0, 45.0)

    def test_a_published_row_is_better(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        self.live(book, 5_000, 9.0)
        give(book, Kind.OI, {CLOSE: 7.0})
        bar = self.bar(book)
        assert (bar["oi_contracts"], bar["marks"]) == (7.0, [])

    def test_but_not_while_its_stamp_is_an_assumption(self):
        book = Book((Kind.CANDLES, Kind.OI), [1], oldest=MIDNIGHT, slots=60, begin=BEGIN, confirmed=True)
        assert book.undecided(Kind.OI)
        self.live(book, 5_000, 9.0)
        give(book, Kind.OI, {CLOSE: 7.0})
        bar = self.bar(book)
        assert (bar["oi_contracts"], bar["marks"]) == (9.0, ["oi:live"])
        assert book.decide(Kind.OI, 1)
        assert not book.undecided(Kind.OI)
        (again,) = ready_at(book, CLOSE + WAIT).values()
        assert (again["oi_contracts"], again["marks"]) == (7.0, [])

    def test_rows_of_an_assumed_stamp_are_marked(self):
        book = Book(
            (Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS),
            [1],
            oldest=MIDNIGHT,
            slots=60,
            begin=BEGIN,
            confirmed=True,
        )
        give(book, Kind.OI, {CLOSE: 7.0})
        give(book, Kind.GLOBAL_LS, {CLOSE: 7.0})
        assert self.bar(book)["marks"] == ["stamp:assumed"]

    def test_its_value_in_usd_is_the_exchanges_or_made_from_the_close(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        self.live(book, 5_000, 9.0)
        assert self.bar(book)["oi_abs_usd"] == 9.0 * 5.0

    def test_a_ticker_without_open_interest_says_nothing(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        book.take_live(0, Ticker("X", CLOSE))
        book.take_live(0, Ticker("X", CLOSE, oi_contracts=4.0))
        book.take_live(0, Ticker("X", CLOSE, oi_contracts=4.0, oi_ts=MIDNIGHT + 10**10))
        book.take_live(0, Ticker("X", CLOSE, oi_contracts=4.0, oi_ts=MIDNIGHT - 10**10))
        assert np.isnan(self.bar(book)["oi_contracts"])

    def test_evidence_for_the_stamp_is_rows_and_live_levels_beside_a_close(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.OI, {BEGIN - M5: 5.0, BEGIN: 6.0, CLOSE: 7.0})
        self.live(book, 5_000, 6.9)
        assert all(len(part) == 0 for part in book.live_evidence())
        self.live(book, -5_000, 7.1)
        self.live(book, -9_000, 7.9)  # the first after the close counts
        # One pair's newest row may be of a window that was still open.
        assert all(len(part) == 0 for part in book.live_evidence())
        give(book, Kind.OI, {CLOSE: 7.0, CLOSE + M5: 8.0})
        assert [part.tolist() for part in book.live_evidence()] == [[7.0], [6.0], [6.9], [7.1]]

    @pytest.mark.parametrize(("newest", "counts"), [(6.6, True), (6.03, False)])
    def test_newest_rows_of_many_pairs_count_if_they_moved_as_rows_do(self, newest, counts):
        book = new_book((Kind.CANDLES, Kind.OI), pairs=10)
        for row in range(10):
            give(book, Kind.OI, {BEGIN - M5: 5.5, BEGIN: 6.0, CLOSE: newest}, row=row)
            for before_close, oi in ((5_000, 5.9), (-5_000, 6.1)):
                self.live(book, before_close, oi, row=row)
        assert len(book.live_evidence()[0]) == 10 * counts


class TestTakerRows:
    KINDS = (Kind.CANDLES, Kind.TAKER, Kind.OI)

    def bar(self, buy: float, sell: float, offset: int = 0) -> dict:
        book = new_book(self.KINDS)
        if offset:
            assert book.decide(Kind.TAKER, offset)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 5.0})
        flow = Rows(
            Kind.TAKER,
            np.array([LIVE_BAR + offset * M5]),
            {"buy": np.array([buy]), "sell": np.array([sell])},
        )
        book.take(0, flow, now_ms=CLOSE + 10 * M5, exhausted=False)
        return ready_at(book, CLOSE + WAIT)[LIVE_BAR]

    def test_a_split_that_adds_up_is_used(self):
        assert self.bar(300.0, 200.0)["taker_buy"] == 300.0
        assert self.bar(300.0, 209.9)["taker_buy"] == 300.0
        assert self.bar(300.0, 200.0, offset=1)["taker_buy"] == 300.0

    def test_it_never_exceeds_the_volume(self):
        assert self.bar(501.0, 0.0)["taker_buy"] == 500.0

    def test_one_that_does_not_is_refused_and_kept(self):
        bar = self.bar(300.0, 250.0)
        assert np.isnan(bar["taker_buy"])
        assert bar["guarded"] == {"taker_buy": 300.0}

    def test_without_a_row_it_is_unknown(self):
        book = new_book(self.KINDS)
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 5.0})
        assert ready_at(book, CLOSE + 1) == {}
        bar = ready_at(book, CLOSE + WAIT)[LIVE_BAR]
        assert np.isnan(bar["taker_buy"])
        assert bar["guarded"] == {}


class TestUnfitValues:
    def test_the_raw_value_is_kept_under_its_public_name(self):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: np.nan}, unfit=[(CLOSE, "oi_usd", "-"), (CLOSE, "oi_contracts", "0")])
        give(book, Kind.GLOBAL_LS, {CLOSE: np.nan}, unfit=[(CLOSE, "ratio", "0")])
        (bar,) = ready_at(book, CLOSE + 1).values()
        assert bar["guarded"] == {"oi_abs_usd": "-", "oi_contracts": "0", "global_ls": "0"}

    def test_a_number_that_comes_later_takes_its_place(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: np.nan}, unfit=[(CLOSE, "oi_contracts", "NaN")])
        ready_at(book, CLOSE + 1)
        give(book, Kind.OI, {CLOSE: 7.0})
        (bar,) = ready_at(book, CLOSE + 2).values()
        assert (bar["oi_contracts"], bar["guarded"]) == (7.0, {})

    def test_a_known_number_stays_when_it_is_sent_again_and_is_none(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 7.0})
        (bar,) = ready_at(book, CLOSE + 1).values()
        give(book, Kind.OI, {CLOSE: np.nan}, unfit=[(CLOSE, "oi_contracts", "NaN")])
        assert ready_at(book, CLOSE + 2) == {}
        assert (bar["oi_contracts"], bar["guarded"]) == (7.0, {})

    def test_an_unfit_ratio_borrows_from_no_older_one(self):
        book = new_book((Kind.CANDLES, Kind.OI, Kind.GLOBAL_LS))
        give(book, Kind.CANDLES, {LIVE_BAR: 5.0})
        give(book, Kind.OI, {CLOSE: 5.0})
        give(book, Kind.GLOBAL_LS, {BEGIN: 2.0, CLOSE: np.nan}, unfit=[(CLOSE, "ratio", "0")])
        (bar,) = ready_at(book, CLOSE + 1).values()
        assert np.isnan(bar["global_ls"])


class TestRoll:
    def test_nothing_moves_while_there_is_room(self):
        book = new_book(slots=60)
        book.roll(MIDNIGHT + 57 * M5)
        assert book.oldest == MIDNIGHT

    @given(bars=st.integers(30, 1200), step=st.integers(1, 250))
    def test_what_stays_is_as_it_was(self, bars, step):
        book = Book((Kind.CANDLES, Kind.OI), [1], oldest=MIDNIGHT, slots=520, begin=MIDNIGHT, confirmed=True)
        book.decide(Kind.OI, 1)
        seen = {}
        for i in range(0, bars, step):
            newest = MIDNIGHT + (min(bars, i + step) - 1) * M5
            book.roll(newest)
            page = {MIDNIGHT + k * M5: float(k + 1) for k in range(i, min(bars, i + step))}
            give(book, Kind.CANDLES, page)
            give(book, Kind.OI, {ts + M5: value for ts, value in page.items()})
            for ts, bar in ready_at(book, newest + M5).items():
                assert ts not in seen
                seen[ts] = bar["close"], bar["oi_contracts"]
        assert seen == {MIDNIGHT + k * M5: (k + 1.0, k + 1.0) for k in range(bars)}

    def test_what_leaves_is_forgotten_for_good(self):
        book = new_book((Kind.CANDLES, Kind.OI), slots=300)
        give(book, Kind.CANDLES, {MIDNIGHT: 2.0, MIDNIGHT + 299 * M5: 3.0})
        give(book, Kind.OI, {MIDNIGHT + M5: 2.0}, unfit=[(MIDNIGHT + 280 * M5, "oi_usd", "x")])
        book.roll(MIDNIGHT + 300 * M5)
        assert book.oldest == MIDNIGHT + 256 * M5
        assert list(ready_at(book, MIDNIGHT + 400 * M5)) == [MIDNIGHT + 299 * M5]
        give(book, Kind.CANDLES, {MIDNIGHT: 2.0})
        assert ready_at(book, MIDNIGHT + 400 * M5) == {}

    def test_a_leap_beyond_everything(self):
        book = new_book((Kind.CANDLES, Kind.OI), slots=300)
        give(book, Kind.CANDLES, {MIDNIGHT: 2.0})
        far = MIDNIGHT + 10_000 * M5
        book.roll(far)
        assert ready_at(book, far + M5) == {}
        give(book, Kind.CANDLES, {far: 2.0})
        give(book, Kind.OI, {far + M5: 2.0})
        assert list(ready_at(book, far + M5)) == [far]


class TestWhatToAskFor:
    def test_pairs_without_the_bars_row_are_wanted(self):
        book = new_book(pairs=3)
        give(book, Kind.OI, {CLOSE: 1.0}, row=1)
        assert book.wanted(Kind.OI, LIVE_BAR).tolist() == [0, 2]
        assert book.wanted(Kind.FUNDING, LIVE_BAR).tolist() == []

    def test_a_request_spans_what_is_missing(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.CANDLES, {MIDNIGHT + 10 * M5: 1.0})
        assert book.missing_rows(Kind.CANDLES, 0, MIDNIGHT + 11 * M5, MIDNIGHT) == 3
        assert book.missing_rows(Kind.CANDLES, 0, MIDNIGHT + 20 * M5, MIDNIGHT) == 12
        assert book.missing_rows(Kind.CANDLES, 0, MIDNIGHT + 10 * M5, MIDNIGHT) == 3
        assert book.missing_rows(Kind.OI, 0, MIDNIGHT + 11 * M5, MIDNIGHT) == 13

    def test_how_far_back_answers_reach(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        assert book.oldest_stamp(Kind.OI, 0) is None
        give(book, Kind.OI, {MIDNIGHT + 10 * M5: 1.0, MIDNIGHT + 12 * M5: 1.0})
        assert book.oldest_stamp(Kind.OI, 0) == MIDNIGHT + 10 * M5
        give(book, Kind.OI, {}, exhausted=True)
        assert book.oldest_stamp(Kind.OI, 0) == MIDNIGHT

    def test_rows_outside_the_time_held_are_left(self):
        book = new_book((Kind.CANDLES, Kind.OI))
        give(book, Kind.OI, {MIDNIGHT + 100 * M5: 1.0})
        assert book.oldest_stamp(Kind.OI, 0) is None
        # A page that reaches back beyond everything held leaves nothing to ask for.
        give(book, Kind.OI, {MIDNIGHT - 2 * M5: 1.0, MIDNIGHT - M5: 1.0})
        assert book.oldest_stamp(Kind.OI, 0) == MIDNIGHT
        assert book.ready(MIDNIGHT - 1, WAIT, PATIENCE) is None


class TestPairsThatJoin:
    def test_they_are_not_among_those_whose_trades_a_socket_brings(self):
        book = Book(
            (Kind.CANDLES, Kind.OI),
            [1, 2],
            oldest=MIDNIGHT,
            slots=60,
            begin=BEGIN,
            streamed={Kind.TAKER: np.array([True, False])},
        )
        book.grow([3], BEGIN)
        assert book.streamed[Kind.TAKER].tolist() == [True, False, False]


class TestWhatSocketsBring:
    def test_a_hole_before_a_streamed_candle_is_asked_for(self):
        book = new_book((Kind.CANDLES,))
        bars = [MIDNIGHT + i * M5 for i in range(24)]
        give(book, Kind.CANDLES, dict.fromkeys(bars[:21], 1.0))
        book.take(0, rows(Kind.CANDLES, {bars[23]: 1.0}), now_ms=bars[23] + M5, streamed=True)
        assert book.wanted(Kind.CANDLES, bars[23]).tolist() == [0]
        assert book.missing_rows(Kind.CANDLES, 0, bars[23], MIDNIGHT) >= 3
        give(book, Kind.CANDLES, {bars[21]: 1.0, bars[22]: 1.0})
        assert book.wanted(Kind.CANDLES, bars[23]).tolist() == []

    def test_the_source_of_a_candle_changes_only_with_its_values(self):
        book = new_book((Kind.CANDLES,))
        book.take(0, rows(Kind.CANDLES, {LIVE_BAR: 1.0}), now_ms=CLOSE, streamed=True)
        give(book, Kind.CANDLES, {LIVE_BAR: 1.0})
        ready = book.ready(CLOSE + M5, WAIT, PATIENCE)
        assert ready is not None
        assert ready.bars.marks.tolist() == [quality.BY_SOCKET]
        give(book, Kind.CANDLES, {LIVE_BAR: 2.0})
        ready = book.ready(CLOSE + M5, WAIT, PATIENCE)
        assert ready is not None
        assert ready.bars.marks.tolist() == [0]
