"""The socket: what a subscriber is told, exactly once, over real connections."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import engineio
import pytest
import socketio
import websocket

from futuresboard.api.server import Server
from futuresboard.events import MAX_MISSED_ALERTS, Feed, Publisher
from support_rows import World, make_alert
from support_web import Web

WAIT_S = 20.0


class InOrderEngine(engineio.Client):
    """Hands messages on in the order they came; the library starts a thread for each."""

    def _trigger_event(self, event: str, *args: object, **kwargs: object) -> object:
        return super()._trigger_event(event, *args, **{**kwargs, "run_async": False})


class InOrderClient(socketio.Client):
    def _engineio_client_class(self) -> type[engineio.Client]:
        return InOrderEngine


class Client:
    """A socket that writes down what it is told and can wait for it."""

    def __init__(
        self, server: Server, *, connect: bool = True, transports: tuple[str, ...] = ("websocket",)
    ) -> None:
        self.io = InOrderClient(reconnection=False, handle_sigint=False)
        self.updates: list[dict] = []
        self.alerts: list[dict] = []
        self.health: list[dict] = []
        self.order: list[tuple[str, int]] = []
        self._news = threading.Condition()
        self.io.on("metrics_update", self._keep("update", self.updates))
        self.io.on("alert_toast", self._keep("alert", self.alerts))
        self.io.on("health_update", self._keep("health", self.health))
        self._url = server.url
        self._transports = list(transports)
        if connect:
            self.connect()

    def _keep(self, kind: str, into: list[dict]) -> Callable[[dict], None]:
        def handler(payload: dict) -> None:
            with self._news:
                into.append(payload)
                self.order.append((kind, payload.get("seq", 0)))
                self._news.notify_all()

        return handler

    def connect(self, **kwargs: object) -> None:
        self.io.connect(self._url, transports=self._transports, wait_timeout=10, **kwargs)

    def subscribe(self, **payload: object) -> dict:
        return self.io.call("subscribe", payload, timeout=WAIT_S)

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, WAIT_S), (self.order, self.updates[-1:])

    def close(self) -> None:
        self.io.disconnect()
        self.io.eio.wait()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.fill("okx", made.register("okx", "BTC", "ETH"))
    made.fill("bybit", made.register("bybit", "BTC"))
    yield made
    made.close()


def price(world: World, value: float, *pairs: tuple[str, str]) -> int:
    chosen = pairs or (("okx", "BTC/USDT:USDT"),)
    return world.commit(live=[(*pair, {"live_price": value, "live_ts": world.now}) for pair in chosen]).seq


def raise_alert(world: World, number: int, **more: object) -> int:
    return world.commit(alerts=[make_alert("BTC/USDT:USDT", world.now + number * 300_000, **more)]).seq


def test_a_first_subscription_gets_everything(server: Server, world: World):
    with Client(server) as client:
        ack = client.subscribe(tf="5m", exchange="", since=None)
    assert set(ack) == {"tf", "seq", "ts", "full", "rows"}
    assert (ack["tf"], ack["seq"], ack["ts"], ack["full"]) == ("5m", world.reader.seq(), world.now, True)
    assert [(row["exchange"], row["base"]) for row in ack["rows"]] == [
        ("bybit", "BTC"),
        ("okx", "BTC"),
        ("okx", "ETH"),
    ]


def test_only_changed_rows_are_told(server: Server, web: Web, world: World):
    with Client(server) as client:
        client.subscribe(tf="5m")
        seq = price(world, 7.0)
        web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == 1)
        update = client.updates[0]
        assert set(update) == {"tf", "seq", "ts", "rows"}
        assert (update["tf"], update["seq"], update["ts"]) == ("5m", seq, world.now)
        assert [(row["symbol"], row["live_price"]) for row in update["rows"]] == [("BTC/USDT:USDT", 7.0)]
        # A commit that changes no value is no news.
        price(world, 7.0)
        web.publisher.publish_now()
        price(world, 8.0)
        web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == 2)
        assert client.updates[1]["rows"][0]["live_price"] == 8.0


def test_rooms_are_timeframes_and_exchanges(server: Server, web: Web, world: World):
    world.fill("okx", ["BTC/USDT:USDT"], "15m")
    with Client(server) as every, Client(server) as bybit, Client(server) as slow:
        every.subscribe(tf="5m")
        ack = bybit.subscribe(tf="5m", exchange="bybit")
        assert [row["exchange"] for row in ack["rows"]] == ["bybit"]
        slow.subscribe(tf="15m")
        price(world, 1.0)
        web.publisher.publish_now()
        price(world, 2.0, ("bybit", "BTC/USDT:USDT"))
        web.publisher.publish_now()
        bybit.wait(lambda: len(bybit.updates) == 1)
        every.wait(lambda: len(every.updates) == 2)
        slow.wait(lambda: len(slow.updates) == 1)
        assert [update["rows"][0]["exchange"] for update in every.updates] == ["okx", "bybit"]
        assert bybit.updates[0]["rows"][0]["live_price"] == 2.0
        assert slow.updates[0]["rows"][0]["timeframe"] == "15m"
        # Another subscription takes the place of the first.
        assert every.subscribe(tf="15m")["tf"] == "15m"
        price(world, 3.0)
        web.publisher.publish_now()
        every.wait(lambda: len(every.updates) == 3)
        assert every.updates[2]["tf"] == "15m"


def test_coming_back_brings_what_changed_since(server: Server, web: Web, world: World):
    with Client(server) as client:
        client.subscribe(tf="5m")
        first = price(world, 1.0)
        web.publisher.publish_now()
        client.wait(lambda: bool(client.updates))
    second = price(world, 2.0, ("okx", "ETH/USDT:USDT"))
    web.publisher.publish_now()
    with Client(server) as client:
        ack = client.subscribe(tf="5m", since=first)
        assert (ack["full"], ack["seq"]) == (False, second)
        assert [row["base"] for row in ack["rows"]] == ["ETH"]
        ack = client.subscribe(tf="5m", since=second)
        assert (ack["full"], ack["rows"]) == (False, [])
        for unknown in (0, None, second + 1, 1):
            assert len(client.subscribe(tf="5m", since=unknown)["rows"]) == 3


def test_a_pair_that_went_means_everything_anew(server: Server, web: Web, world: World):
    web.publisher.publish_now()
    seq = price(world, 1.0)
    web.publisher.publish_now()
    world.register("okx", "BTC")
    price(world, 2.0)
    web.publisher.publish_now()
    with Client(server) as client:
        ack = client.subscribe(tf="5m", since=seq)
        assert ack["full"]
        assert len(ack["rows"]) == 2


def test_staleness_is_told_without_a_commit(server: Server, web: Web, world: World):
    with Client(server) as client:
        seq = client.subscribe(tf="5m")["seq"]
        price(world, 1.0)
        web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == 1)
        seq = client.updates[0]["seq"]
        world.now += 3_600_000
        web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == 2)
        assert client.updates[1]["seq"] == seq
        assert len(client.updates[1]["rows"]) == 3
        assert all("stale" in row["quality"] for row in client.updates[1]["rows"])
    with Client(server) as back:
        assert len(back.subscribe(tf="5m", since=seq)["rows"]) == 3


def test_alerts_reach_every_subscriber_before_the_update(server: Server, web: Web, world: World):
    with Client(server) as five, Client(server) as other, Client(server) as silent:
        five.subscribe(tf="5m")
        other.subscribe(tf="15m", exchange="bybit")
        seq = raise_alert(world, 1)
        web.publisher.publish_now()
        for client in (five, other):
            client.wait(lambda client=client: len(client.order) == 2)
            assert client.order == [("alert", seq), ("update", seq)]
            alert = client.alerts[0]
            assert alert | {"evidence": []} == web.get(f"/api/alerts/{alert['id']}").get_json()
        # An update without rows tells that everything up to its seq has been said.
        assert other.updates[0]["rows"] == []
        assert silent.order == []


def test_missed_alerts_come_when_the_client_comes_back(server: Server, web: Web, world: World):
    with Client(server) as client:
        client.subscribe(tf="5m")
        seen = raise_alert(world, 1)
        web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == 1)
    raise_alert(world, 2)
    web.publisher.publish_now()
    raise_alert(world, 3)
    # The last one is committed and not yet published: it comes as news.
    with Client(server) as client:
        client.subscribe(tf="5m", since=seen)
        # Another timeframe's old mark brings nothing again.
        client.subscribe(tf="15m", since=seen)
        web.publisher.publish_now()
        client.wait(lambda: len(client.alerts) == 2)
        raise_alert(world, 4)
        web.publisher.publish_now()
        client.wait(lambda: len(client.alerts) == 3)
        assert [alert["id"] for alert in client.alerts] == [2, 3, 4]


def test_a_new_client_is_told_no_old_alerts(server: Server, web: Web, world: World):
    raise_alert(world, 1)
    with Client(server) as client:
        client.subscribe(tf="5m")
        raise_alert(world, 2)
        web.publisher.publish_now()
        client.wait(lambda: bool(client.alerts))
        assert [alert["id"] for alert in client.alerts] == [2]


def test_a_client_that_names_its_last_alert_gets_the_next(server: Server, web: Web, world: World):
    before = world.reader.seq()
    world.commit(alerts=[make_alert("BTC/USDT:USDT", world.now + n * 300_000) for n in range(3)])
    web.publisher.publish_now()
    with Client(server) as client:
        client.subscribe(tf="5m", since=before, alert=2)
        client.wait(lambda: bool(client.alerts))
        raise_alert(world, 9)
        web.publisher.publish_now()
        client.wait(lambda: len(client.alerts) == 2)
        assert [alert["id"] for alert in client.alerts] == [3, 4]


def test_after_a_restart_nothing_is_lost(world: World, tmp_path: Path):
    first = Web(world, tmp_path)
    with first.serving() as server, Client(server) as client:
        client.subscribe(tf="5m")
        known = raise_alert(world, 1)
        first.publisher.publish_now()
        client.wait(lambda: bool(client.updates))
    raise_alert(world, 2)
    second = Web(world, tmp_path)
    with second.serving() as server, Client(server) as client:
        ack = client.subscribe(tf="5m", since=known)
        assert ack["full"]
        client.wait(lambda: bool(client.alerts))
        assert [alert["id"] for alert in client.alerts] == [2]


def test_very_many_missed_alerts_are_cut(server: Server, web: Web, world: World):
    seq = price(world, 1.0)
    count = MAX_MISSED_ALERTS + 5
    world.commit(alerts=[make_alert("BTC/USDT:USDT", world.now + n * 300_000) for n in range(count)])
    web.publisher.publish_now()
    with Client(server) as client:
        client.subscribe(tf="5m", since=seq)
        client.wait(lambda: len(client.alerts) == MAX_MISSED_ALERTS)
        assert [alert["id"] for alert in client.alerts] == list(range(6, count + 1))


@pytest.mark.parametrize(
    ("payload", "parameter"),
    [
        ({"tf": "7m"}, "tf"),
        ({"tf": 5}, "tf"),
        ({"tf": ["5m"]}, "tf"),
        ({"exchange": "mtgox"}, "exchange"),
        ({"since": -1}, "since"),
        ({"since": "1"}, "since"),
        ({"since": True}, "since"),
        ({"alert": 1.5}, "alert"),
        ("5m", "subscribe"),
        (None, "subscribe"),
    ],
)
def test_wrong_subscriptions_are_named(server: Server, payload: object, parameter: str):
    with Client(server) as client:
        problem = client.io.call("subscribe", payload, timeout=WAIT_S)["error"]
        assert (problem["status"], problem["parameter"]) == (400, parameter)
        assert problem["allowed"]
        assert client.subscribe()["tf"] == "5m"


def test_a_failure_is_answered_and_logged(
    server: Server, web: Web, world: World, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise RuntimeError("inside")

    web.publisher.publish_now()
    seq = price(world, 1.0)
    web.publisher.publish_now()
    feed = web.publisher._feed
    monkeypatch.setattr(web.publisher, "_feed", Feed(**{**vars(feed), "alerts_after": fail}))
    with Client(server) as client:
        answer = client.subscribe(since=seq)
        assert answer["error"]["status"] == 500
        assert "inside" not in str(answer)


def test_health_is_told_when_a_state_changes(server: Server, web: Web):
    web.publisher.publish_health(web.health)
    with Client(server) as client:
        client.subscribe()
        web.publisher.publish_health(web.health)
        web.health["exchanges"]["okx"]["state"] = "banned"
        web.publisher.publish_health(web.health)
        client.wait(lambda: bool(client.health))
        assert client.health == [{"status": "ok", "exchanges": web.health["exchanges"]}]


def test_unknown_numbers_leave_as_null(server: Server, web: Web, world: World):
    with Client(server) as client:
        client.subscribe()
        price(world, float("inf"))
        web.publisher.publish_now()
        client.wait(lambda: bool(client.updates))
        assert client.updates[0]["rows"][0]["live_price"] is None


def test_long_polling_works_too(server: Server, web: Web, world: World):
    with Client(server, transports=("polling",)) as client:
        assert client.subscribe()["full"]
        price(world, 5.0)
        web.publisher.publish_now()
        client.wait(lambda: bool(client.updates))


def test_the_thread_publishes_by_itself(server: Server, web: Web, world: World):
    web.publisher.start()
    try:
        with Client(server) as client:
            client.subscribe()
            # Said by the writer of this process …
            committed = world.commit(alerts=[make_alert("BTC/USDT:USDT", world.now)])
            web.publisher.publish(committed.seq, committed.alerts)
            client.wait(lambda: len(client.alerts) == 1)
            # … or found, when another process wrote.
            price(world, 3.0)
            client.wait(lambda: any(update["rows"] for update in client.updates))
            web.health["exchanges"]["okx"]["state"] = "slow"
            client.wait(lambda: bool(client.health))
    finally:
        web.publisher.stop()


def test_the_thread_survives_a_failing_database(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch, caplog
):
    tried = threading.Semaphore(0)
    whole = web.publisher._feed.version

    def fail() -> tuple[int, int]:
        tried.release()
        if fails:
            raise OSError("disk")
        return whole()

    fails = [True]
    publisher = Publisher(
        web.socketio, Feed(**{**vars(web.publisher._feed), "version": fail}), gap_s=0, poll_s=0.01
    )
    publisher.start()
    try:
        assert tried.acquire(timeout=WAIT_S)
        assert tried.acquire(timeout=WAIT_S)
        fails.clear()
        for _ in range(3):
            assert tried.acquire(timeout=WAIT_S)
    finally:
        publisher.stop()
    assert "publishing failed" in caplog.text
    assert publisher._version == whole()


def test_big_frames_arrive_whole(server: Server, web: Web, world: World):
    names = world.register("binanceusdm", *(f"X{n}" for n in range(400)))
    world.fill("binanceusdm", names)
    with Client(server) as client:
        assert len(client.subscribe()["rows"]) == 403


class Wanderer:
    """A client that comes and goes; it knows the newest seq and alert it was told, no more."""

    def __init__(self, server: Server, start: int, seed: int, arrived: threading.Condition) -> None:
        self.ids: list[int] = []
        self.acknowledged: list[int] = []
        self._arrived = arrived
        self._server = server
        self._seq = start
        self._dice = random.Random(seed)

    def visit(self, stop_at: Callable[[int], bool] | None = None) -> None:
        """Connect, stay for a few messages (or until `stop_at` the newest seq), break off amid them."""
        with Client(self._server) as client:
            known = {"alert": self.ids[-1]} if self.ids else {}
            ack = client.subscribe(tf="5m", since=self._seq, **known)
            with self._arrived:
                self.acknowledged.append(ack["seq"])
                self._arrived.notify_all()
            stay = self._dice.randrange(1, 12)

            def enough() -> bool:
                told = max([ack["seq"], *(update["seq"] for update in client.updates)])
                return stop_at(told) if stop_at else len(client.order) >= stay

            with client._news:
                client._news.wait_for(enough, WAIT_S if stop_at else 0.2)
                self._seq = max([ack["seq"], *(update["seq"] for update in client.updates)])
                self.ids += [alert["id"] for alert in client.alerts]


def test_a_client_that_does_not_read_holds_up_nobody(server: Server, web: Web, world: World):
    names = world.register("binanceusdm", *(f"X{n}" for n in range(400)))
    world.fill("binanceusdm", names)
    stuck = websocket.create_connection(f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket")
    stuck.recv()
    stuck.send("40")
    stuck.recv()
    stuck.send('420["subscribe",{}]')
    assert stuck.recv().startswith("430")
    rounds = 25
    with Client(server) as client:
        client.subscribe()
        # Far more than the buffers of a connection hold.
        for number in range(rounds):
            price(world, float(number), *(("binanceusdm", name) for name in names))
            web.publisher.publish_now()
        client.wait(lambda: len(client.updates) == rounds)
        assert [len(update["rows"]) for update in client.updates] == [400] * rounds
    stuck.close()


def test_exactly_once_across_reconnects_while_alerts_pour_in(server: Server, web: Web, world: World):
    web.publisher.publish_now()
    start = price(world, -1.0)
    web.publisher.publish_now()
    poured = threading.Event()
    arrived = threading.Condition()
    wanderers = [Wanderer(server, start, seed, arrived) for seed in range(4)]
    ends: list[int] = []

    def wander(wanderer: Wanderer) -> None:
        while not poured.is_set():
            wanderer.visit()
        wanderer.visit(lambda told: told >= ends[0])

    threads = [threading.Thread(target=wander, args=(wanderer,)) for wanderer in wanderers]
    for thread in threads:
        thread.start()
    for number in range(60):
        # Everybody comes back while there is news: a slow machine must not pour it all into one visit.
        with arrived:
            assert arrived.wait_for(
                lambda before=number // 20: all(len(one.acknowledged) > before for one in wanderers), WAIT_S
            )
        alerts = [
            make_alert("BTC/USDT:USDT", world.now + (number * 4 + k) * 300_000) for k in range(number % 4)
        ]
        live = [("okx", "BTC/USDT:USDT", {"live_price": float(number), "live_ts": world.now})]
        seq = world.commit(live=live, alerts=alerts).seq
        web.publisher.publish_now()
    ends.append(seq)
    poured.set()
    for thread in threads:
        thread.join(60)
    stored = [alert["id"] for alert in world.reader.alerts_after(start, seq)]
    assert len(stored) == 90
    for wanderer in wanderers:
        assert len(wanderer.acknowledged) > 2
        assert wanderer.acknowledged == sorted(wanderer.acknowledged)
        assert wanderer.ids == stored
