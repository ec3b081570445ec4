"""Market caps on the rows: matched, kept over a restart, missed without harm. The list is handmade."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from futuresboard import market_caps as module
from futuresboard.coins import Coin
from futuresboard.db_read import Reader
from futuresboard.errors import BlockedError, ExchangeError, ThrottledError, TransientError
from futuresboard.live import LiveUpdate
from futuresboard.market_caps import KEPT_MS, LOOK_S, PRICE_KEPT_MS, REFRESH_S, MarketCaps
from futuresboard.model import Ticker
from support_core import Recorder, market, swinging
from virtual_clock import VirtualClock

BTC = Coin("bitcoin", "BTC", 100.0, 1e12)
ETH = Coin("ethereum", "ETH", 10.0, 2e11)
PEPE = Coin("pepe", "PEPE", 0.01, 5e9)
FAKE = Coin("btc-on-base", "BTC", 1e-4, 3e12)
PAIRS = (market("BTC"), market("ETH"), market("BTC", "bybit"))


class Handmade:
    """A list of coins, or the error that comes instead."""

    def __init__(self, *coins: Coin) -> None:
        self.coins_now = list(coins)
        self.error: ExchangeError | None = None
        self.asked: list[float] = []
        self.clock: VirtualClock | None = None
        self.closed = False

    async def coins(self, pages: int) -> list[Coin]:
        assert pages == module.PAGES
        assert self.clock is not None
        self.asked.append(self.clock.monotonic())
        if self.error is not None:
            raise self.error
        return list(self.coins_now)

    async def close(self) -> None:
        self.closed = True


class Desk:
    """Market caps of a recorder's pairs, on a clock whose seconds cost nothing."""

    def __init__(self, recorder: Recorder, source: Handmade, clock: VirtualClock | None = None) -> None:
        self.recorder = recorder
        self.clock = clock or VirtualClock()
        self.source = source
        source.clock = self.clock
        self.caps = MarketCaps(
            source, recorder.store, recorder.pipeline, run=self._run, clock=self.clock, now_ms=self.now_ms
        )

    async def _run(self, work):
        return work()

    def now_ms(self) -> int:
        return self.clock.time_ms()

    def price(self, pair: int, price: float, oi_usd: float | None = None) -> None:
        ticker = Ticker("X", self.now_ms(), price=price, oi_usd=oi_usd)
        self.recorder.pipeline.live(LiveUpdate({self.recorder.ids[pair]: ticker}))

    def after(self, seconds: float, then: Callable[[], None] = lambda: None, more: float = 0.0) -> None:
        """Let `keep_fresh` run for so long, and after `then` for `more`."""

        async def work() -> None:
            task = asyncio.create_task(self.caps.keep_fresh())
            await self.clock.sleep(seconds)
            then()
            await self.clock.sleep(more)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(self.clock.run(work()))

    def shown(self, pair: int = 0) -> object:
        return self.recorder.live(pair)["market_cap_usd"]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with closing(Recorder(tmp_path, pairs=PAIRS)) as recorder:
        for pair in range(len(PAIRS)):
            recorder.step(swinging(2, close=100.0), pair=pair)
        yield recorder


@pytest.fixture
def desk(recorder: Recorder) -> Desk:
    desk = Desk(recorder, Handmade(FAKE, BTC, ETH))
    desk.price(0, 101.0, oi_usd=2e4)
    desk.price(1, 10.1)
    desk.price(2, 99.0)
    return desk


def test_the_matched_coins_caps_are_shown(desk: Desk) -> None:
    desk.after(1)
    assert [desk.shown(pair) for pair in range(3)] == [1e12, 2e11, 1e12]
    assert desk.caps.document() == {
        "state": "ok",
        "as_of": desk.caps.document()["as_of"],
        "age_s": 1.0,
        "matched": 3,
        "detail": None,
    }


def test_open_interest_is_shown_as_a_share_of_the_cap(desk: Desk) -> None:
    desk.after(1)
    with closing(Reader(desk.recorder.path, stale_after_ms=10**12)) as reader:
        rows = {(r["exchange"], r["base"]): r for r in reader.snapshot("5m", desk.now_ms()).rows}
    assert rows["okx", "BTC"]["oi_mcap_pct"] == pytest.approx(2e4 / 1e12 * 100)
    # Without live open interest that of the newest closed bar.
    closed = rows["bybit", "BTC"]
    assert closed["live_oi_abs_usd"] is None
    assert closed["oi_mcap_pct"] == pytest.approx(closed["oi_abs_usd"] / 1e12 * 100)


def test_a_row_without_a_cap_has_no_share(desk: Desk) -> None:
    desk.source.coins_now = [FAKE]
    desk.after(1)
    with closing(Reader(desk.recorder.path, stale_after_ms=10**12)) as reader:
        for row in reader.snapshot("5m", desk.now_ms()).rows:
            assert row["market_cap_usd"] is None
            assert row["oi_mcap_pct"] is None


def test_the_list_is_asked_for_every_ten_minutes_and_all_is_matched_anew(desk: Desk) -> None:
    desk.after(REFRESH_S + LOOK_S)
    assert len(desk.source.asked) == 2
    desk.source.coins_now = [Coin("bitcoin", "BTC", 100.0, 1.1e12)]
    desk.after(REFRESH_S)
    assert desk.shown(0) == 1.1e12
    assert desk.shown(1) is None, "no longer listed"


def test_nothing_is_asked_before_there_is_a_price(recorder: Recorder) -> None:
    desk = Desk(recorder, Handmade(BTC))
    desk.after(10 * LOOK_S)
    assert desk.source.asked == []
    assert desk.caps.document()["state"] == "starting"


def test_a_pair_that_joins_is_matched_without_another_request(desk: Desk) -> None:
    desk.source.coins_now.append(PEPE)

    def join() -> None:
        assert desk.caps.document()["matched"] == 3
        (pair,) = desk.recorder.pipeline.register([market("PEPE", "binanceusdm", multiplier=1000.0)])
        desk.recorder.ids.append(pair.id)
        desk.price(3, 10.2)

    desk.after(1, join, more=LOOK_S + 1)
    assert len(desk.source.asked) == 1
    assert desk.shown(3) == 5e9


def test_a_restart_shows_the_last_caps_at_once_with_their_age(desk: Desk) -> None:
    desk.after(1)
    desk.recorder.restart()
    clock = VirtualClock(desk.clock.now + 300)
    later = Desk(desk.recorder, Handmade(), clock)
    later.after(1)
    assert later.source.asked == [], "a round of five minutes ago is young enough"
    assert later.caps.document() | {"as_of": 0} == {
        "state": "ok",
        "as_of": 0,
        "age_s": 302.0,
        "matched": 3,
        "detail": None,
    }
    # The first live values of the new process do not wipe them.
    later.price(0, 101.0)
    assert later.shown(0) == 1e12
    later.after(REFRESH_S)
    assert len(later.source.asked) == 1


def test_when_it_is_unreachable_one_line_says_so_and_the_caps_stay(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk.after(1)
    desk.source.error = TransientError("coingecko", "gone")
    desk.after(4 * 3600)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [
        "coingecko: no market caps (gone): asking again now and then"
    ]
    assert desk.shown(0) == 1e12
    document = desk.caps.document()
    assert (document["state"], document["detail"]) == ("unreachable", "gone")
    # Every minute, then less and less often, at last once an hour.
    waits = [b - a for a, b in zip(desk.source.asked[1:], desk.source.asked[2:], strict=False)]
    assert waits[:3] == [60.0, 120.0, 240.0]
    assert max(waits) <= 3600.0 + LOOK_S
    desk.source.error = None
    desk.after(3600 + LOOK_S)
    assert desk.caps.document()["state"] == "ok"
    assert caplog.records[-1].getMessage() == "coingecko: back"


def test_caps_of_yesterday_are_no_longer_shown(desk: Desk) -> None:
    desk.after(1)
    desk.source.error = TransientError("coingecko", "gone")
    desk.after(KEPT_MS / 1000 + 2 * LOOK_S)
    assert desk.shown(0) is None
    assert desk.caps.document()["matched"] == 0


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ThrottledError("coingecko", "slow", 900.0), 900.0),
        (ThrottledError("coingecko", "slow", 5.0), 60.0),
        (BlockedError("coingecko", "no"), 3600.0),
    ],
)
def test_it_waits_as_long_as_it_is_told(desk: Desk, error: ExchangeError, wait: float) -> None:
    desk.source.error = error
    desk.after(wait + LOOK_S)
    assert [b - a for a, b in zip(desk.source.asked, desk.source.asked[1:], strict=False)][:1] == [wait]


def test_the_reference_price_is_that_of_one_coin_and_grows_old(desk: Desk) -> None:
    references = desk.recorder.pipeline.memory
    assert references.references == {}
    desk.after(1)
    assert references.references == {"BTC": 100.0, "ETH": 10.0}
    # One exchange whose price is off does not take it from the others.
    desk.price(2, 1_000.0)
    desk.after(REFRESH_S + LOOK_S)
    assert desk.shown(2) is None
    assert references.references["BTC"] == 100.0
    desk.source.error = TransientError("coingecko", "down")
    desk.after(PRICE_KEPT_MS / 1000 + 1)
    assert references.references == {}


def test_what_cannot_be_stored_is_tried_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [True]
    put = desk.recorder.store.put_state

    def refuse(values):
        if broken[0]:
            raise sqlite3.OperationalError("disk full")
        put(values)

    monkeypatch.setattr(desk.recorder.store, "put_state", refuse)

    def mend() -> None:
        assert desk.caps.document()["matched"] == 0
        broken[0] = False

    desk.after(1, mend, more=LOOK_S + 1)
    assert desk.caps.document()["matched"] == 3
    assert len(desk.source.asked) == 1


def test_its_end_ends_the_source(desk: Desk) -> None:
    desk.after(1)
    assert desk.source.closed
