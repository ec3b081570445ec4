"""A target's lane in virtual time: quiet hours, flood control, retries, giving up, restarts."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from futuresboard.config import load
from futuresboard.lane import AGAIN_S, LOOK_S, Lane
from futuresboard.messages import Message
from futuresboard.model import SEVERITY, Tier
from futuresboard.outbox import Outbox
from support_rows import World, make_alert
from virtual_clock import VirtualClock

HOUR_S = 3600.0
COINS = [f"C{number}" for number in range(12)]


class Phone:
    """A target that takes messages, or refuses them for a while."""

    name = "phone"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.refuses: Callable[[float], str | None] = lambda at: None
        self.takes_s = 0.0
        self.tried: list[float] = []
        self.told: list[tuple[float, Message]] = []

    async def send(self, message: Message) -> str | None:
        await self._clock.sleep(self.takes_s)
        at = self._clock.now
        self.tried.append(at)
        reason = self.refuses(at)
        if reason is None:
            self.told.append((at, message))
        return reason

    @property
    def at(self) -> list[float]:
        return [at for at, _ in self.told]

    @property
    def titles(self) -> list[str]:
        return [message.title for _, message in self.told]


class Scene:
    """A database, a phone and a lane between them; virtual second 0 is `begin`, UTC."""

    def __init__(self, folder: Path, begin: str = "2026-01-05T12:00:00Z", **environ: str) -> None:
        self.clock = VirtualClock(0.0)
        self.runner = asyncio.Runner()
        self.clock.wall_ms = int(datetime.fromisoformat(begin).timestamp() * 1000)
        self.world = World(folder)
        self.world.register("okx", *COINS)
        self.settings = load({"NOTIFY_URLS": "name=phone json://127.0.0.1:9", **environ}, folder)
        self.phone = Phone(self.clock)
        self.outbox = Outbox(self.world.path)
        self.outbox.recover(("phone",), 0)
        self.lane = self._lane()
        self._raised = 0

    def _lane(self) -> Lane:
        return Lane(self.phone, self.settings, self.clock, self.clock.time_ms, chance=lambda: 0.0)

    def close(self) -> None:
        self.runner.close()
        self.outbox.close()
        self.world.close()

    def alert(self, *bases: str, tier: Tier = Tier.CONFLUENCE) -> None:
        """One commit's alerts, one a coin, taken at once."""
        self._raised += 1
        now = self.clock.time_ms()
        made = [
            make_alert(
                f"{base}/USDT:USDT",
                now // 300_000 * 300_000 + self._raised * 300_000,
                tier=int(tier),
                severity=SEVERITY.index(tier),
                created_ts=now,
            )
            for base in bases
        ]
        self.world.commit(alerts=made)
        self.outbox.take(lambda alert: ("phone",), 0)
        self.lane.news.set()

    def restart(self) -> None:
        """What a new process would do after the old one was killed."""
        self.outbox.close()
        self.outbox = Outbox(self.world.path)
        self.outbox.recover(("phone",), 0)
        self.lane = self._lane()

    def run(self, *steps: float | Callable[[], object]) -> None:
        """Do the steps while the lane runs; a number means: let so many seconds pass."""
        self.runner.run(self.clock.run(self._run(steps)))

    async def _run(self, steps: Sequence[float | Callable[[], object]]) -> None:
        task = asyncio.create_task(self.lane.run(self.outbox))
        for step in steps:
            if callable(step):
                step()
            else:
                await self.clock.sleep(step)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(**given: str) -> Scene:
        made.append(Scene(tmp_path, **given))
        return made[-1]

    yield make
    for one in made:
        one.close()


def shown(scene: Scene, *names: str) -> list[object]:
    document = scene.lane.document()
    return [document[name] for name in names]


def test_an_alert_is_told_at_once_and_once(scene):
    stage = scene()
    stage.run(10.0, lambda: stage.alert("C0"), 100.0, lambda: stage.alert("C1", "C2"), 7200.0)
    assert stage.phone.at == [10.0, 110.0, 110.0]
    assert stage.phone.titles[0] == "Tier 2 Confluence: C0 on OKX 5m"
    assert shown(stage, "state", "sent", "messages", "waiting", "failed", "given_up") == ["ok", 3, 3, 0, 0, 0]
    assert stage.lane.document()["last_sent_ts"] == stage.clock.wall_ms + 110_000


def test_a_failing_target_is_tried_again_less_and_less_often(scene, caplog):
    stage = scene()
    stage.phone.refuses = lambda at: "HTTP 500" if at < 200.0 else None
    with caplog.at_level(logging.INFO):
        stage.run(lambda: stage.alert("C0"), 50.0, lambda: stage.alert("C1"), 3000.0)
    assert stage.phone.tried[:6] == [0.0, 5.0, 15.0, 35.0, 75.0, 155.0]
    # What came meanwhile does not hurry it, and comes with the rest.
    assert stage.phone.at == [315.0, 315.0]
    assert shown(stage, "state", "sent", "waiting", "failed", "last_error") == ["ok", 2, 0, 6, "HTTP 500"]
    told = [record.message for record in caplog.records]
    assert told == [
        "notifications for phone fail (HTTP 500); trying again in 5 s",
        "notifications for phone arrive again",
    ]
    # The next failure begins with the first wait again.
    stage.phone.refuses = lambda at: "HTTP 500" if len(stage.phone.tried) == 9 else None
    before = len(stage.phone.tried)
    stage.run(lambda: stage.alert("C2"), 100.0)
    first, second = stage.phone.tried[before:]
    assert second - first == AGAIN_S[0]


def test_a_message_that_fails_stops_those_behind_it(scene):
    stage = scene()
    stage.phone.refuses = lambda at: "no" if len(stage.phone.tried) == 2 else None
    stage.run(lambda: stage.alert("C0", "C1", "C2"), 100.0)
    assert stage.phone.at == [0.0, 5.0, 5.0]
    assert [message.ids for _, message in stage.phone.told] == [(1,), (2,), (3,)]


def test_given_up_loudly_after_the_age(scene, caplog):
    stage = scene(NOTIFY_MAX_AGE="600")
    stage.phone.refuses = lambda at: "HTTP 403"
    stage.run(lambda: stage.alert("C0"), 500.0, lambda: stage.alert("C1"), 400.0)
    assert shown(stage, "state", "given_up", "waiting") == ["failing", 1, 1]
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == ["notifications for phone: 1 alerts given up, not sent within 600 s (HTTP 403)"]
    # The younger one is still told when the target is back.
    stage.phone.refuses = lambda at: None
    stage.run(600.0)
    assert [message.ids for _, message in stage.phone.told] == [(2,)]
    tries = len(stage.phone.tried)
    stage.run(7200.0)
    assert len(stage.phone.tried) == tries


def test_beyond_the_hour_the_rest_comes_as_one(scene):
    stage = scene(NOTIFY_PER_HOUR="3", NOTIFY_MAX_AGE="60")
    steps = [step for coin in COINS for step in (lambda coin=coin: stage.alert(coin), 60.0)]
    stage.run(*steps, HOUR_S)
    # Waiting for room of our own making makes nothing too old.
    assert stage.phone.at == [0.0, 60.0, 120.0, HOUR_S]
    assert stage.phone.titles[-1] == "9 alerts: C3, C4, C5 +6 more"
    assert shown(stage, "sent", "messages", "given_up", "waiting") == [12, 4, 0, 0]


def test_the_hour_is_remembered_over_a_restart(scene):
    stage = scene(NOTIFY_PER_HOUR="1")
    stage.run(lambda: stage.alert("C0"), 1.0)
    stage.restart()
    stage.run(lambda: stage.alert("C1"), 2 * HOUR_S)
    assert stage.phone.at == [0.0, HOUR_S]


def test_a_lower_limit_counts_what_was_sent_under_the_higher_one(scene):
    stage = scene(NOTIFY_PER_HOUR="3")
    stage.run(*(step for coin in COINS[:3] for step in (lambda coin=coin: stage.alert(coin), 60.0)))
    stage.settings = dataclasses.replace(stage.settings, notify_per_hour=2)
    stage.restart()
    stage.run(lambda: stage.alert("C3"), 2 * HOUR_S)
    assert stage.phone.at == [0.0, 60.0, 120.0, 60.0 + HOUR_S]


def test_quiet_hours_end_with_one_summary(scene):
    stage = scene(begin="2026-01-05T20:55:00Z", NOTIFY_QUIET="22:00-07:00 Europe/Berlin", NOTIFY_MAX_AGE="60")
    night = 9 * HOUR_S
    steps = [step for coin in COINS for step in (lambda coin=coin: stage.alert(coin), 600.0)]
    stage.run(lambda: stage.alert("C0"), 300.0, *steps, night)
    assert stage.phone.at == [0.0, 300.0 + night]
    assert stage.phone.titles[-1] == "While it was quiet: 12 alerts: C0, C1, C2 +9 more"
    assert shown(stage, "sent", "given_up") == [13, 0]


def test_what_breaks_through_quiet_hours(scene):
    stage = scene(begin="2026-01-05T22:30:00Z", NOTIFY_QUIET="22:00-07:00", NOTIFY_QUIET_EXCEPT="2")
    quiet = Tier.OI_SPIKE
    stage.run(lambda: stage.alert("C0", tier=quiet), 60.0, lambda: stage.alert("C1"), 9 * HOUR_S)
    assert stage.phone.at == [60.0, 8.5 * HOUR_S]
    assert [message.ids for _, message in stage.phone.told] == [(2,), (1,)]


def test_what_failed_before_the_quiet_hours_waits_for_their_end(scene):
    stage = scene(begin="2026-01-05T21:59:50Z", NOTIFY_QUIET="22:00-07:00", NOTIFY_MAX_AGE="60")
    stage.phone.refuses = lambda at: "no" if at < 10.0 else None
    stage.run(lambda: stage.alert("C0"), 10 * HOUR_S)
    assert stage.phone.at == [10.0 + 9 * HOUR_S]
    assert stage.phone.titles == ["While it was quiet: 1 alert: C0"]


def test_a_night_survives_a_restart_and_a_long_stop_does_not(scene, caplog):
    stage = scene(begin="2026-01-05T22:30:00Z", NOTIFY_QUIET="22:00-07:00")
    stage.run(lambda: stage.alert("C0", "C1"), 60.0)
    stage.restart()
    stage.clock.now += 9 * HOUR_S
    stage.run(1.0)
    assert stage.phone.titles == ["While it was quiet: 2 alerts: C0, C1"]

    stage.clock.now += 15 * HOUR_S
    stage.run(lambda: stage.alert("C2"), 60.0)
    stage.restart()
    stage.clock.now += 12 * HOUR_S
    stage.run(1.0)
    assert len(stage.phone.told) == 1
    assert "1 alerts given up" in caplog.text


def test_killed_while_sending_it_is_not_sent_again_and_what_waits_is(scene):
    stage = scene()
    stage.phone.takes_s = 30.0
    stage.run(lambda: stage.alert("C0"), 10.0, lambda: stage.alert("C1"), 10.0)
    assert stage.phone.told == []
    stage.restart()
    stage.run(100.0)
    assert [message.ids for _, message in stage.phone.told] == [(2,)]


def test_it_ends_after_the_message_on_its_way(scene):
    stage = scene()
    stage.phone.takes_s = 2.0

    async def work() -> None:
        task = asyncio.create_task(stage.lane.run(stage.outbox))
        stage.alert("C0", "C1")
        await stage.clock.sleep(1.0)
        stage.lane.end()
        await task

    stage.runner.run(stage.clock.run(work()))
    assert [message.ids for _, message in stage.phone.told] == [(1,)]
    stage.restart()
    stage.run(10.0)
    assert [message.ids for _, message in stage.phone.told] == [(1,), (2,)]


def test_a_database_that_fails_is_tried_again(scene, caplog):
    stage = scene()
    waiting, failures = stage.outbox.waiting, iter([sqlite3.OperationalError("disk I/O error")])

    def fail(target: str) -> object:
        for error in failures:
            raise error
        return waiting(target)

    stage.outbox.waiting = fail  # type: ignore[method-assign]
    stage.run(lambda: stage.alert("C0"), 100.0)
    assert stage.phone.at == [LOOK_S]
    assert "the database failed (disk I/O error)" in caplog.text


def test_time_set_back_or_on_holds_up_nothing_for_long(scene):
    stage = scene(begin="2026-01-05T22:30:00Z", NOTIFY_QUIET="22:00-07:00")

    def set_on() -> None:
        stage.clock.wall_ms += 9 * 3_600_000

    stage.run(lambda: stage.alert("C0"), 30.0, set_on, LOOK_S)
    assert len(stage.phone.told) == 1


moves = st.lists(
    st.tuples(
        st.floats(1.0, 2000.0),
        st.lists(st.sampled_from(COINS), min_size=1, max_size=5, unique=True),
        st.sampled_from([Tier.CONFLUENCE, Tier.OI_SPIKE]),
    ),
    max_size=15,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(moves, st.integers(1, 4), st.lists(st.floats(0.0, 20_000.0), max_size=6), st.booleans())
def test_whatever_happens_each_alert_is_told_once_within_the_limits(
    steps: list[tuple[float, list[str], Tier]], per_hour: int, outages: list[float], killed: bool
):
    with tempfile.TemporaryDirectory() as folder:
        stage = Scene(
            Path(folder),
            begin="2026-01-05T21:00:00Z",
            NOTIFY_QUIET="22:00-23:30",
            NOTIFY_QUIET_EXCEPT="2",
            NOTIFY_PER_HOUR=str(per_hour),
            NOTIFY_MAX_AGE="604800",
        )
        stage.phone.refuses = lambda at: "no" if any(b <= at < b + 900.0 for b in outages) else None
        told = 0
        for number, (pause, coins, tier) in enumerate(steps):
            stage.run(lambda coins=coins, tier=tier: stage.alert(*coins, tier=tier), pause)
            told += len(coins)
            if killed and number % 3 == 2:
                stage.restart()
        stage.run(10 * HOUR_S)
        stage.close()
    sent = sorted(number for _, message in stage.phone.told for number in message.ids)
    assert sent == list(range(1, told + 1))
    at = stage.phone.at
    for index in range(len(at) - per_hour):
        assert at[index + per_hour] - at[index] >= HOUR_S - 0.001  # kept in milliseconds
    quiet_from, quiet_to = HOUR_S, 2.5 * HOUR_S
    for moment, message in stage.phone.told:
        if quiet_from <= moment < quiet_to:
            assert "Tier 1" not in message.title + message.body
