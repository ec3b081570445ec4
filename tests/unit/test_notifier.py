"""From a committed alert to a webhook, over real HTTP, through the notifier's thread."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import futuresboard.notifier
from futuresboard.clock import SystemClock
from futuresboard.config import load
from futuresboard.errors import TooSoonError
from futuresboard.messages import Message
from futuresboard.model import SEVERITY, Tier
from futuresboard.notifier import TRIALS, Notifier
from futuresboard.notify import open_outlets
from futuresboard.outbox import Outbox
from support_rows import T0, World, make_alert
from support_system import until
from webhook_server import HANG, RESET, WAIT_S, Webhook, webhook


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    for exchange in ("okx", "bybit"):
        made.register(exchange, "BTC", "ETH", "SOL", "XRP", "ADA")
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


class Teller:
    """A notifier over the world, whose time is the world's; `tell` does what the scraper does."""

    def __init__(
        self,
        world: World,
        urls: str,
        *,
        outlets: list[Any] | None = None,
        knows_time: Callable[[], bool] = lambda: True,
        **environ: str,
    ) -> None:
        self.world = world
        environ = {"DATABASE_URL": f"sqlite:///{world.path.name}", "NOTIFY_URLS": urls, **environ}
        self.settings = load(environ, world.path.parent)
        self.notifier = Notifier(
            self.settings,
            open_outlets(self.settings.notify_urls) if outlets is None else outlets,
            clock=SystemClock(),
            now_ms=lambda: world.now,
            knows_time=knows_time,
            gather_s=0.0,
        )
        self.number = 0

    def tell(self, *bases: str, exchanges: tuple[str, ...] = ("okx",), tier: Tier = Tier.CONFLUENCE) -> None:
        self.number += 1
        made = [
            make_alert(
                f"{base}/USDT:USDT",
                T0 + self.number * 300_000,
                exchange=exchange,
                tier=int(tier),
                severity=SEVERITY.index(tier),
                created_ts=self.world.now,
            )
            for base in bases
            for exchange in exchanges
        ]
        self.world.commit(alerts=made)
        self.notifier.wake()

    def target(self, name: str = "json") -> dict[str, Any]:
        document: Any = self.notifier.document()
        return document["targets"][name]


@pytest.fixture
def teller(world: World, server: Webhook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Teller]]:
    made: list[Teller] = []
    # A message that hangs is not worth waiting for at the end.
    monkeypatch.setattr("futuresboard.notifier.STOP_S", 0.1)

    def make(urls: str = "json://127.0.0.1:{port}/", **given: Any) -> Teller:
        made.append(Teller(world, urls.format(port=server.port), **given))
        made[-1].notifier.start()
        return made[-1]

    yield make
    for one in made:
        one.notifier.stop()


def settled(teller: Teller, name: str = "json", **expected: object) -> None:
    """Wait until the target's part of the health document says so."""
    until(
        lambda: all(teller.target(name)[key] == value for key, value in expected.items()),
        WAIT_S,
        f"{expected}",
    )


def test_an_alert_reaches_the_webhook_exactly_once(teller, server: Webhook):
    one = teller(PUBLIC_URL="https://board.example/")
    one.tell("BTC", exchanges=("okx", "bybit"))
    server.wait(lambda: len(server.taken) == 1)
    one.notifier.wake()
    one.tell("ETH", tier=Tier.OI_SPIKE)
    one.tell("SOL")
    server.wait(lambda: len(server.taken) == 2)
    assert server.titles == ["Tier 2 Confluence: BTC on OKX 5m, Bybit 5m", "Tier 2 Confluence: SOL on OKX 5m"]
    assert server.taken[0].body["message"].endswith("https://board.example")
    settled(one, sent=3, messages=2, waiting=0, state="ok")


def test_each_target_is_told_what_it_wants(teller, server: Webhook):
    url = "json://127.0.0.1:{port}"
    one = teller(f"{url}/plain tier=1 {url}/first coin=ETH;tier=all {url}/eth")
    one.tell("BTC")
    one.tell("ETH", tier=Tier.OI_SPIKE)
    server.wait(lambda: len(server.taken) == 3)
    assert sorted((taken.path, taken.title) for taken in server.taken) == [
        ("/eth", "Tier 1 OI spike: ETH on OKX 5m"),
        ("/first", "Tier 1 OI spike: ETH on OKX 5m"),
        ("/plain", "Tier 2 Confluence: BTC on OKX 5m"),
    ]


def test_one_that_hangs_holds_up_neither_the_others_nor_the_writer(teller, server: Webhook, world: World):
    server.says["/slow"] = HANG
    one = teller("name=slow json://127.0.0.1:{port}/slow name=quick json://127.0.0.1:{port}/quick")
    for number, base in enumerate(("BTC", "ETH", "SOL"), 1):
        one.tell(base)
        world.fill("okx", [f"{base}/USDT:USDT"])
        server.wait(lambda number=number: [t.path for t in server.taken].count("/quick") == number)
    settled(one, "quick", sent=3)
    assert one.target("slow")["sent"] == 0
    assert one.notifier.document()["targets"]["slow"]["waiting"] >= 1


def test_a_reset_is_tried_again_and_told_in_health(teller, server: Webhook, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("futuresboard.lane.AGAIN_S", (0.05, 0.1))
    server.says[""] = RESET
    one = teller("json://alice:xQ7kP2vZ9w@127.0.0.1:{port}/")
    one.tell("BTC")
    server.wait(lambda: len(server.taken) >= 3)
    assert one.notifier.document()["state"] == "failing"
    assert "Connection error" in str(one.target()["last_error"])
    assert "xQ7kP2vZ9w" not in str(one.notifier.document())
    server.says.clear()
    settled(one, sent=1, waiting=0, state="ok")
    assert one.notifier.document()["state"] == "ok"


def test_alerts_of_the_moment_before_a_crash_are_told_by_the_next_process(
    teller, server: Webhook, world: World
):
    # An outbox that has begun, then alerts that nobody was woken for: the process died after the commit.
    first = teller()
    first.tell("BTC")
    settled(first, sent=1)
    first.notifier.stop()
    first.tell("ETH")
    first.tell("SOL")
    second = teller()
    server.wait(lambda: len(server.taken) == 3)
    settled(second, sent=2, waiting=0)
    assert len(server.titles) == len(set(server.titles)) == 3


def test_what_is_too_old_after_a_long_stop_is_not_told(teller, server: Webhook, world: World, caplog):
    first = teller(NOTIFY_MAX_AGE="600")
    first.tell("BTC")
    settled(first, sent=1)
    first.notifier.stop()
    first.tell("ETH")
    world.now += 601_000
    first.tell("SOL")
    second = teller(NOTIFY_MAX_AGE="600")
    settled(second, sent=1)
    assert server.titles[1:] == ["Tier 2 Confluence: SOL on OKX 5m"]
    assert "1 alerts of the time before are too old to be sent" in caplog.text


def test_a_wrong_clock_of_this_machine_makes_nothing_too_old(teller, server: Webhook, world: World):
    first = teller()
    first.tell("BTC")
    settled(first, sent=1)
    first.notifier.stop()
    first.tell("ETH")
    now, world.now = world.now, world.now + 300 * 86_400_000
    asked, known = threading.Event(), threading.Event()

    def knows_time() -> bool:
        asked.set()
        return known.is_set()

    second = teller(knows_time=knows_time)
    assert asked.wait(WAIT_S)
    world.now = now
    known.set()
    server.wait(lambda: len(server.taken) == 2)
    settled(second, sent=1, given_up=0)


def test_it_says_what_may_not_have_arrived(teller, server: Webhook, world: World, caplog):
    server.says[""] = HANG
    first = teller()
    first.tell("BTC")
    server.wait(lambda: server.taken)
    first.notifier.stop()
    second = teller()
    settled(second, given_up=1)
    assert "1 alerts may not have arrived" in caplog.text


def test_without_targets_nothing_runs(world: World):
    one = Teller(world, "")
    one.notifier.start()
    one.notifier.wake()
    one.notifier.stop()
    assert one.notifier.document() == {"state": "off", "quiet_until": None, "targets": {}}


def test_a_database_that_cannot_be_opened_is_waited_for(
    teller, server: Webhook, world: World, monkeypatch: pytest.MonkeyPatch, caplog
):
    monkeypatch.setattr("futuresboard.notifier.LOOK_S", 0.05)
    opened, failing = futuresboard.notifier.Outbox, threading.Event()

    def fail(path: Path) -> Outbox:
        if not failing.is_set():
            raise sqlite3.OperationalError("unable to open database file")
        return opened(path)

    monkeypatch.setattr("futuresboard.notifier.Outbox", fail)
    one = teller()
    # What is committed meanwhile is told, although the outbox has never been opened before.
    one.tell("BTC")
    until(lambda: "cannot be opened" in caplog.text, WAIT_S, "told")
    failing.set()
    server.wait(lambda: len(server.taken) == 1)


def test_a_lane_that_breaks_goes_on(teller, monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setattr("futuresboard.notifier.LOOK_S", 0.05)
    told: list[str] = []

    class Broken:
        name = "json"

        async def send(self, message: Message) -> str | None:
            told.append(message.title)
            if len(told) == 1:
                raise ValueError("unforeseen")
            return None

    one = teller(outlets=[Broken()])
    one.tell("BTC")
    until(lambda: "notifications: json failed" in caplog.text, WAIT_S, "logged")
    one.tell("ETH")
    settled(one, sent=1)
    assert len(told) == 2


def test_a_bookkeeping_that_breaks_goes_on(teller, server: Webhook, monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setattr("futuresboard.notifier.LOOK_S", 0.05)
    take, broken = Outbox.take, iter([KeyError("unforeseen")])

    def fail(*given: Any) -> object:
        for error in broken:
            raise error
        return take(*given)

    monkeypatch.setattr(Outbox, "take", fail)
    one = teller()
    until(lambda: "unforeseen" in caplog.text, WAIT_S, "logged")
    one.tell("BTC")
    settled(one, sent=1)


def test_tests_go_to_those_named_and_not_too_often(teller, server: Webhook):
    server.says["/b"] = 500
    one = teller("name=a json://127.0.0.1:{port}/a name=b json://127.0.0.1:{port}/b")
    good, bad = one.notifier.test(("a", "b"))
    assert (good["target"], good["ok"], good["reason"]) == ("a", True, None)
    assert (bad["target"], bad["ok"]) == ("b", False)
    assert "error=500" in bad["reason"]
    assert [taken.title for taken in server.taken] == ["futuresboard: test"] * 2
    for _ in range(TRIALS - 1):
        one.notifier.test(("a",))
    with pytest.raises(TooSoonError) as caught:
        one.notifier.test(("a",))
    assert 0.0 < caught.value.retry_after_s <= 60.0
    # A test is no alert.
    assert one.target("a")["sent"] == 0
