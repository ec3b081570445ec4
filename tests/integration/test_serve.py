"""A running dashboard from outside: health, rows that move, the socket, and pages without a scraper."""

from __future__ import annotations

import re
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
import socketio

from futuresboard.sim_exchange import SimConfig, SimThread
from support_schemas import JSON_PATHS, of_answer, of_component
from support_system import EXCHANGES, STEP_MS, Product, Row, environment, free_port, running, scaled, until

M5 = STEP_MS["5m"]
EPOCH = 1_773_791_100_000
COINS = ("BTC", "ETH", "SOL", "PEPE")
SETTINGS = {
    "SYMBOLS": ",".join(COINS),
    "HISTORY_BARS": "130",
    "INTERVAL": "60",
    # Low enough that every close starts some alerts.
    "Z_THRESHOLD": "0.5",
    "LS_THRESHOLD": "1",
    "IMBALANCE_THRESHOLD": "0.5",
    "OI_DELTA_THRESHOLD": "0.01",
    "FUNDING_THRESHOLD": "0.001",
    "ALERT_COOLDOWN": "1",
}
RULE = {"name": "Growing", "expression": "oi_delta > 0%"}
CONFIG = SimConfig(pairs=8, latency_ms=80, jitter_ms=20, time_scale=60, in_exchange_time=True, epoch_ms=EPOCH)
CLOSED = (
    "ts",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "oi_contracts",
    "global_ls",
    "rsi",
    "z_score",
    "tiers",
)


class Page:
    """What a page does on the socket: it keeps the rows, and remembers how far it has been told."""

    def __init__(self, url: str) -> None:
        self.updates: list[Row] = []
        self.alerts: list[int] = []
        self.toasts: list[Row] = []
        self.answers: list[Row] = []
        self.rows: dict[tuple[str, str], Row] = {}
        self._url = url
        self.since = 0
        self._seq: int | None = None
        self._news = threading.Lock()
        self._io = self._client()

    def _client(self) -> socketio.Client:
        client = socketio.Client(reconnection=False, handle_sigint=False)
        client.on("metrics_update", self._update)
        client.on("alert_toast", self._alert)
        return client

    def _update(self, payload: Row) -> None:
        with self._news:
            self.updates.append(payload)
            self._take(payload)

    def _alert(self, payload: Row) -> None:
        with self._news:
            self.toasts.append(payload)
            self.alerts.append(payload["id"])

    def _take(self, payload: Row) -> None:
        self._seq = payload["seq"]
        self.rows.update({(row["exchange"], row["symbol"]): row for row in payload["rows"]})

    def join(self) -> None:
        """Connect and subscribe, the second time from where it left off."""
        self._io.connect(self._url, transports=["websocket"], wait_timeout=10)
        asked: Row = {"tf": "5m", "exchange": ""}
        if self._seq is not None:
            asked |= {"since": self._seq} | ({"alert": self.alerts[-1]} if self.alerts else {})
        answer = self._io.call("subscribe", asked, timeout=20)
        self.answers.append(answer)
        with self._news:
            # What was told while the answer came in is newer than the answer.
            newer = [update for update in self.updates if update["seq"] > answer["seq"]]
            for payload in (answer, *newer):
                self._take(payload)
            self.since = self.since or answer["seq"]

    def leave(self) -> None:
        self._io.disconnect()
        self._io.eio.wait()

    def come_back(self) -> None:
        self._io = self._client()
        self.join()


@dataclass
class Show:
    """What one run of `serve` showed, from its start to a moment when exchange time stood still."""

    health: list[Row] = field(default_factory=list)
    cycles: list[dict[tuple[str, str], Row]] = field(default_factory=list)
    updates: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    toasts: list[Row] = field(default_factory=list)
    page_rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    api_rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    meanwhile: int = 0
    told: list[tuple[list[int], list[int]]] = field(default_factory=list)
    alerts: list[int] = field(default_factory=list)
    by_rule: list[Row] = field(default_factory=list)
    texts: dict[str, str | None] = field(default_factory=dict)
    folder: Path = Path()
    env: dict[str, str] = field(default_factory=dict)


PATHS: Sequence[tuple[str, Row]] = [
    ("/api/metrics", {"tf": "5m", "limit": 1000}),
    ("/api/metrics", {"tf": "15m", "limit": 1000}),
    ("/api/history", {"exchange": "bybit", "symbol": "BTC/USDT:USDT", "tf": "5m", "limit": 1000}),
    ("/api/history", {"exchange": "okx", "symbol": "PEPE/USDT:USDT", "tf": "15m", "limit": 1000}),
    ("/api/alerts", {"limit": 1000}),
    ("/api/history", {"exchange": "okx", "symbol": "BTC/USDT:USDT", "overlays": "obv,macd,bollinger,atr"}),
    ("/api/alerts/1", {}),
    ("/api/alerts/1/outcomes", {}),
    ("/api/evidence", {}),
    ("/api/planner", {"tier": 1}),
    ("/api/replay", {"limit": 2, "symbols": "BTC/USDT:USDT"}),
    ("/api/runs", {}),
    ("/api/rules", {}),
    ("/api/rules/1", {}),
    ("/api/corr", {}),
    ("/api/weighted-oi", {}),
    ("/api/settings", {}),
    ("/api/openapi.json", {}),
    ("/health/live", {}),
    ("/health/ready", {}),
    ("/health", {}),
    ("/metrics", {}),
]


def _watch_start(product: Product, show: Show) -> None:
    def warm() -> bool:
        health = product.health()
        if health:
            show.health.append(health)
        return bool(health.get("warm") == 1 and health["status"] == "ok")

    product.until(warm, 30, "warm")


def _watch_cycles(product: Product, show: Show, count: int) -> None:
    """The rows, and again each time all of them have moved."""
    show.cycles.append(product.rows())
    for _ in range(count):
        before = show.cycles[-1]

        def moved() -> dict[tuple[str, str], Row]:
            rows = product.rows()
            return rows if all(rows[k]["live_ts"] > before[k]["live_ts"] for k in rows) else {}  # noqa: B023

        show.cycles.append(product.until(moved, 20, "moved"))


def _stop_time(sim: SimThread, product: Product) -> None:
    """Let exchange time stand still between two closes, the last one worked off, the next one far."""

    def between() -> bool:
        return 150_000 <= sim.server.clock.now_ms() % M5 < 220_000 and not _closing(product)

    product.until(between, 60, "between two closes")
    sim.server.clock.rescale(0)


def _closing(product: Product) -> bool:
    return bool(product.health()["last_cycle"]["bar_close"])


def _alert_ids(product: Product) -> set[int]:
    return {alert["id"] for alert in product.alerts()}


def _add_rule(product: Product) -> None:
    request = urllib.request.Request(
        f"{product.url}/api/rules", orjson.dumps(RULE), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 201


def _rule_alerts(product: Product) -> list[Row]:
    return [alert for alert in product.alerts() if alert["kind"] == "rule"]


def _watch_alerts(product: Product, show: Show, stays: Page, leaves: Page) -> None:
    """One page stays; the other is told some alerts, misses some, and comes back."""
    product.until(lambda: leaves.alerts, 20, "told an alert")
    leaves.leave()
    gone = _alert_ids(product)
    product.until(lambda: len(_alert_ids(product)) > len(gone), 20, "missing an alert")
    show.meanwhile = len(_alert_ids(product) - gone)
    leaves.come_back()
    newest = max(_alert_ids(product))
    product.until(lambda: max(leaves.alerts) > newest, 20, "told an alert after coming back")


def _same(page: Page, product: Product, show: Show) -> bool:
    """Whether the page holds what the API answers, ages aside."""

    def settled(rows: dict[tuple[str, str], Row]) -> dict[tuple[str, str], Row]:
        return {
            key: {n: v for n, v in row.items() if n not in ("age_s", "quality")} for key, row in rows.items()
        }

    show.page_rows, show.api_rows = settled(dict(page.rows)), settled(product.rows())
    return show.page_rows == show.api_rows


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    seen = Show(folder=tmp_path_factory.mktemp("serve"))
    with SimThread(CONFIG) as sim:
        env = seen.env = environment(
            seen.folder, sim.url, PORT=str(free_port()), **SETTINGS, **scaled(CONFIG)
        )
        with running(["serve"], env, seen.folder) as product:
            _watch_start(product, seen)
            _add_rule(product)
            stays, leaves = Page(product.url), Page(product.url)
            stays.join()
            leaves.join()
            _watch_alerts(product, seen, stays, leaves)
            _watch_cycles(product, seen, 3)
            product.until(lambda: _rule_alerts(product), 30, "told by the rule")
            _stop_time(sim, product)
            product.until(lambda: _same(stays, product, seen), 15, "equal on page and API")
            alerts = product.alerts()
            seen.by_rule = _rule_alerts(product)
            seen.alerts = sorted(alert["id"] for alert in alerts)
            for page in (stays, leaves):
                due = sorted(alert["id"] for alert in alerts if alert["seq"] > page.since)
                product.until(lambda p=page, d=due: set(p.alerts) >= set(d), 10, "told all alerts")
                page.leave()
                seen.told.append((due, sorted(page.alerts)))
            seen.updates = stays.updates
            seen.answers = stays.answers + leaves.answers
            seen.toasts = stays.toasts
            for path, query in PATHS:
                seen.texts[f"{path} {query}"] = product.text(path, **query)
        yield seen


def test_health_goes_from_starting_to_ok_as_history_arrives(show: Show) -> None:
    words = [health["status"] for health in show.health]
    assert words[0] == "starting"
    assert words[-1] == "ok"
    assert set(words) <= {"starting", "ok", "degraded"}
    shares = [health["warm"] for health in show.health]
    assert shares == sorted(shares)
    assert shares[0] < 1
    assert shares[-1] == 1
    assert {facts["state"] for facts in show.health[-1]["exchanges"].values()} == {"ok"}


def test_all_rows_keep_moving(show: Show) -> None:
    assert all(len(rows) == len(COINS) * len(EXCHANGES) for rows in show.cycles)
    for before, after in pairwise(show.cycles):
        assert after.keys() == before.keys()
        for exchange in EXCHANGES:
            mine = [key for key in after if key[0] == exchange]
            assert any(after[key]["live_price"] != before[key]["live_price"] for key in mine)


def test_updates_come_in_order_with_changed_rows_only(show: Show) -> None:
    numbers = [update["seq"] for update in show.updates if update["tf"] == "5m"]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 5
    assert {update["tf"] for update in show.updates} == {"5m"}
    last: dict[tuple[str, str], Row] = {}
    for update in show.updates:
        for row in update["rows"]:
            key = row["exchange"], row["symbol"]
            assert last.get(key) != row
            last[key] = row


def test_closed_bars_arrive_on_the_socket(show: Show) -> None:
    stamps = {row["ts"] for update in show.updates for row in update["rows"]}
    assert len(stamps) >= 2
    assert all(ts % M5 == 0 for ts in stamps)


def test_a_page_kept_up_by_updates_equals_the_api(show: Show) -> None:
    assert len(show.page_rows) == len(COINS) * len(EXCHANGES)
    assert show.page_rows == show.api_rows


def test_each_alert_comes_exactly_once_also_across_a_reconnect(show: Show) -> None:
    assert show.meanwhile > 0
    for due, told in show.told:
        assert told == due
        assert due


def test_a_rule_added_while_it_runs_starts_alerts(show: Show) -> None:
    assert show.by_rule
    for alert in show.by_rule:
        assert alert["rule"]["expression"] == RULE["expression"]
        assert alert["values"]["oi_delta_pct"] > 0
        before, now = alert["window"]["oi_contracts"]
        assert now > before


def test_no_answer_holds_nan_or_infinity(show: Show) -> None:
    assert None not in show.texts.values()
    for path, text in show.texts.items():
        if not path.startswith("/metrics "):  # Prometheus text has words of its own for them
            assert text is not None
            assert "NaN" not in text, path
            assert "Infinity" not in text, path


def test_every_answer_is_what_the_document_says(show: Show) -> None:
    paths = [key.partition(" ")[0] for key in show.texts]
    served = {re.sub("[0-9]+", "{number}", path) for path in paths} - {"/metrics"}
    # What is named by a run is held to the document by `test_api_simulate`.
    assert served == {path for path in JSON_PATHS if "{name}" not in path}
    for path, text in zip(paths, show.texts.values(), strict=True):
        if path != "/metrics":
            assert of_answer(path, orjson.loads(text or "")) == [], path


def test_the_socket_says_what_the_document_says(show: Show) -> None:
    assert show.answers
    assert show.toasts
    for answer in show.answers:
        assert of_component("SubscribeAck", answer) == []
    for toast in show.toasts:
        assert of_component("Alert", toast) == []
    for update in show.updates:
        assert of_component("MetricsUpdate", update) == []
    for health in show.health:
        assert of_component("Health", health) == []


def test_without_a_scraper_the_page_shows_what_is_stored(show: Show) -> None:
    env = show.env | {"PORT": str(free_port())}
    with running(["serve", "--no-scraper"], env, show.folder) as product:
        product.until(lambda: product.text("/health/live"), 20, "up")
        rows = product.rows()
        assert rows.keys() == show.api_rows.keys()
        for key, row in rows.items():
            assert {n: row[n] for n in CLOSED} == {n: show.api_rows[key][n] for n in CLOSED}
        assert sorted(_alert_ids(product)) == show.alerts
        assert [rule["name"] for rule in product.get("/api/rules")] == [RULE["name"]]
        # 503: nothing scrapes any more, and that is said.
        product.until(lambda: product.text("/health") is None, 10, "down")


def test_a_page_of_its_own_shows_what_another_process_scrapes(tmp_path: Path) -> None:
    with SimThread(CONFIG) as sim:
        env = environment(tmp_path, sim.url, PORT=str(free_port()), **SETTINGS, **scaled(CONFIG))
        with running(["web"], env, tmp_path) as web:
            web.until(lambda: web.text("/health/live"), 20, "up")
            assert web.rows() == {}
            page = Page(web.url)
            page.join()
            with running(["scrape"], env, tmp_path) as scraper:
                both: Callable[[], None] = lambda: (web.check(), scraper.check())[0]  # noqa: E731
                until(lambda: len(page.rows) == len(COINS) * len(EXCHANGES), 30, "complete", alive=both)
                first = {row["ts"] for row in page.rows.values()}
                until(lambda: min(r["ts"] for r in page.rows.values()) > max(first), 20, "closed", alive=both)
                until(lambda: page.alerts, 20, "alerted", alive=both)
                until(web.warm, 20, "warm", alive=both)
                assert web.health()["status"] == "ok"
                sim.server.clock.rescale(0)
                show = Show()
                until(lambda: _same(page, web, show), 15, "equal on page and API", alive=both)
                until(lambda: set(page.alerts) >= _alert_ids(web), 10, "told all alerts", alive=both)
            page.leave()
            assert len(set(page.alerts)) == len(page.alerts)
            numbers = [update["seq"] for update in page.updates]
            assert numbers == sorted(set(numbers))
