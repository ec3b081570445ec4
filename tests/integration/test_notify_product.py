"""The running dashboard and a webhook: every alert is told once, also over a kill in mid-message."""

from __future__ import annotations

import json
import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from futuresboard.sim_exchange import SimConfig, SimThread
from support_system import Product, Row, environment, finished, free_port, reading, running, scaled
from webhook_server import HANG, Webhook, webhook

EPOCH = 1_773_791_100_000
SECRET = "xQ7kP2vZ9w"
SETTINGS = {
    "EXCHANGES": "okx",
    "SYMBOLS": "BTC,ETH,SOL,PEPE",
    "HISTORY_BARS": "40",
    "INTERVAL": "30",
    # Low enough that every close starts some alerts.
    "Z_THRESHOLD": "0.1",
    "OI_DELTA_THRESHOLD": "0.001",
    "FUNDING_THRESHOLD": "-5",
    "ALERT_COOLDOWN": "1",
    "NOTIFY_PER_HOUR": "1000",
    "LOG_LEVEL": "DEBUG",
}


def count(body: str) -> int:
    """How many alerts a message tells of."""
    more = re.search(r"\+(\d+) more$", body)
    return body.count("Bar ") + (int(more[1]) if more else 0)


def states(product: Product) -> dict[str, int]:
    """Alerts in the outbox by what became of them."""
    with reading(product.database) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())


def sent(product: Product) -> int:
    """How many alerts this process says to have told the target."""
    return int(product.health()["notify"]["targets"]["hook"]["sent"])


class Told:
    """What a run, a kill in mid-message and another run left behind."""

    def __init__(self, product: Product, hook: Webhook, trials: list[Row], health: Row, died: int) -> None:
        self.states = states(product)
        self.log = product.log
        self.messages = [taken for taken in hook.taken if "test" not in taken.title]
        self.trials = [taken for taken in hook.taken if "test" in taken.title]
        self.answers, self.health, self.died = trials, health, died
        with reading(product.database) as connection:
            taken = "(SELECT value FROM meta WHERE key = 'notified')"
            query = f"SELECT count(*) FROM alerts WHERE id <= CAST({taken} AS INTEGER)"
            self.alerts = connection.execute(query).fetchone()[0]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder: Path = tmp_path_factory.mktemp("notify")
    config = SimConfig(pairs=8, latency_ms=80, time_scale=120, in_exchange_time=True, epoch_ms=EPOCH)
    with SimThread(config) as sim, webhook() as hook:
        urls = f"name=hook;tier=all;kind=all json://alice:{SECRET}@127.0.0.1:{hook.port}/"
        env = environment(
            folder, sim.url, PORT=str(free_port()), NOTIFY_URLS=urls, **SETTINGS, **scaled(config)
        )
        with running(["serve"], env, folder) as product:
            product.until(lambda: hook.taken, 60, "told")
            request = urllib.request.Request(f"{product.url}/api/notify/test", method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                trials: list[Row] = json.load(answer)
            hook.says[""] = HANG
            before = len(hook.taken)
            product.until(lambda: len(hook.taken) > before, 60, "told again")
            product.end(signal.SIGKILL)
            died = count(hook.taken[before].body["message"])
        hook.says.clear()
        before = len(hook.taken)
        with running(["serve"], env, folder) as product:
            product.until(lambda: len(hook.taken) > before, 60, "told by the next process")
            product.until(lambda: not states(product).get("waiting"), 60, "all told")
            # What is written down as told is counted a moment later.
            product.until(lambda: sent(product), 60, "counted")
            health = product.health()
        yield Told(product, hook, trials, health, died)


def test_every_alert_is_told_once_and_what_died_on_its_way_never_again(told: Told):
    assert told.states == {"sent": told.states["sent"], "unknown": told.died}
    assert sum(count(taken.body["message"]) for taken in told.messages) == sum(told.states.values())
    assert sum(told.states.values()) == told.alerts
    bodies = [taken.body["message"] for taken in told.messages]
    assert len(set(bodies)) == len(bodies)
    assert f"{told.died} alerts may not have arrived" in told.log


def test_a_test_arrives_and_counts_for_nothing(told: Told):
    assert [(one["target"], one["ok"]) for one in told.answers] == [("hook", True)]
    assert [taken.title for taken in told.trials] == ["futuresboard: test"]


def test_health_tells_of_the_target(told: Told):
    notify = told.health["notify"]
    assert (notify["state"], notify["quiet_until"], list(notify["targets"])) == ("ok", None, ["hook"])
    assert notify["targets"]["hook"]["sent"] > 0


def test_no_secret_is_logged_at_the_most_talkative_level(told: Told):
    assert "DEBUG" in told.log
    assert SECRET not in told.log + json.dumps(told.health) + json.dumps(told.answers)


@pytest.mark.parametrize("command", ["serve", pytest.param("doctor", marks=pytest.mark.deep)])
def test_refused_targets_stop_the_start_in_a_line(tmp_path: Path, command: str):
    urls = f"json://fine tgram://{SECRET}/1 name=x;tier=all bogus://{SECRET}"
    done = finished([command], environment(tmp_path, NOTIFY_URLS=urls, PORT="0"), tmp_path)
    told = done.stderr + done.stdout
    assert done.returncode == 1
    assert told.count("NOTIFY_URLS: target 2 (tgram): got an address that Apprise refuses") == 1
    assert told.count("NOTIFY_URLS: target 3 (x): got an address that Apprise refuses") == 1
    assert SECRET not in told
    assert "Traceback" not in told
