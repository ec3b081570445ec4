"""`futuresboard doctor` as an operator runs it: what it says of what works and of what does not."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from futuresboard.db import Store
from futuresboard.sim_exchange import SimConfig, SimThread
from futuresboard.sim_exchange.faults import Rule
from support_system import EXCHANGES, NOWHERE, environment, finished, reading, running, until

type Checks = dict[str, dict[str, Any]]

ORDER = ["settings", *EXCHANGES, "coingecko", "time", "database", "disk", "versions"]


@pytest.fixture(scope="module")
def server() -> Iterator[SimThread]:
    with SimThread(SimConfig(pairs=4, latency_ms=2, jitter_ms=1)) as running_server:
        yield running_server


@pytest.fixture
def sim(server: SimThread) -> SimThread:
    server.server.reset()
    return server


def examined(env: Mapping[str, str], folder: Path, code: int, *, sockets: bool = False) -> Checks:
    """The checks by name, told for machines; the exit code must be `code`. sockets: it tries websockets."""
    done = finished(["doctor", "--json"], {**env, "WEBSOCKETS": str(int(sockets))}, folder)
    assert done.stderr == ""
    assert done.returncode == code, done.stdout
    document = json.loads(done.stdout)
    assert document["ok"] is (code == 0)
    return {check["name"]: check for check in document["checks"]}


def states(checks: Checks) -> dict[str, str]:
    return {name: check["state"] for name, check in checks.items()}


# --- all is well -----------------------------------------------------------------------------


def test_a_fresh_machine_is_well(tmp_path: Path, sim: SimThread) -> None:
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0, sockets=True)
    assert states(checks) == dict.fromkeys(ORDER, "ok")
    assert list(checks) == ORDER
    for exchange in EXCHANGES:
        facts = checks[exchange]["facts"]
        assert facts["reachable"] is True
        assert facts["pairs"] >= len(sim.truth.symbols(exchange))
        assert 0 < facts["latency_p50_ms"] < 10_000
        assert abs(facts["clock_skew_ms"]) < 10_000
        assert facts["websocket"]["connections"] >= 1
        assert facts["websocket"]["heard_s"] is not None
    assert checks["database"]["facts"] == {"exists": False}
    assert checks["disk"]["facts"]["row_bytes_measured"] is False
    assert checks["versions"]["facts"]["packages"]["ccxt"]
    assert list(tmp_path.iterdir()) == [], "examining makes nothing"


def test_limits_are_shown_with_what_the_exchange_counts(tmp_path: Path, sim: SimThread) -> None:
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    limits = {row["budget"]: row for row in checks["binanceusdm"]["facts"]["limits"]}
    # 5 times the time (1), the listing (1) and the day's tickers (40).
    assert limits["weight"] == {
        "budget": "weight",
        "limit": 2400,
        "window_s": 60,
        "per_pair": False,
        "used": 46,
        "counted_by": "exchange",
    }
    assert limits["data"]["used"] == 0
    assert sum(sim.stats[exchange].total_violations for exchange in EXCHANGES) == 0


def test_the_screen_is_plain_text_in_columns(tmp_path: Path, sim: SimThread) -> None:
    done = finished(["doctor"], environment(tmp_path, sim.url), tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\033" not in done.stdout
    lines = done.stdout.splitlines()
    heads = [line for line in lines if re.match(r"[a-z]+ +ok ", line)]
    assert [line.split()[0] for line in heads] == ORDER
    assert len({line.index(" ok ") for line in heads}) == 1
    assert max(map(len, lines)) <= 110
    assert lines[-1].startswith("all is well")


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    env = environment(tmp_path, INTERVAL="x")
    shown = _on_a_terminal(env, tmp_path)
    assert "\033[31;1mfailed" in shown
    assert "\033" not in _on_a_terminal({**env, "NO_COLOR": "1"}, tmp_path)


def _on_a_terminal(env: Mapping[str, str], folder: Path) -> str:
    import pty  # where there are none, the test does not run

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "futuresboard", "doctor"]
    with subprocess.Popen(command, env=dict(env), cwd=folder, stdout=theirs, stdin=subprocess.DEVNULL):
        os.close(theirs)
        shown = b""
        # A pseudo-terminal whose other side has closed ends with an error.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    return shown.decode()


# --- exchanges in trouble ----------------------------------------------------------------------


def test_a_geo_block_is_told_with_what_to_do_and_the_others_work(tmp_path: Path, sim: SimThread) -> None:
    sim.server.faults.add(Rule("geo_block", exchange="bybit"))
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert states(checks) == dict.fromkeys(ORDER, "ok") | {"bybit": "failed"}
    bybit = checks["bybit"]
    assert bybit["summary"].startswith("blocked: ")
    assert "configured to block" in bybit["summary"]
    assert "<" not in bybit["summary"]
    assert "EXCHANGES" in bybit["advice"][0]
    assert "BYBIT_URL" in bybit["advice"][0]
    assert bybit["facts"]["reachable"] is False
    assert checks["time"]["facts"]["exchanges"] == 2


def test_a_dead_exchange_is_told_and_the_others_work(tmp_path: Path, sim: SimThread) -> None:
    checks = examined(environment(tmp_path, sim.url, OKX_URL=f"{NOWHERE}/okx"), tmp_path, 1)
    assert states(checks) == dict.fromkeys(ORDER, "ok") | {"okx": "failed"}
    assert checks["okx"]["summary"].startswith("not reachable: ")
    assert "OKX_URL" in checks["okx"]["advice"][0]


def test_a_silent_exchange_holds_up_nobody(tmp_path: Path, sim: SimThread) -> None:
    sim.server.faults.add(Rule("timeout", exchange="okx"))
    with running(["doctor", "--json"], environment(tmp_path, sim.url, PORT="0"), tmp_path) as product:
        # Both others have been asked all there is to ask while OKX is still silent.
        asked = ("/binance/fapi/v1/ticker/24hr", "/bybit/v5/market/tickers")
        until(
            lambda: {*sim.stats["binanceusdm"].paths, *sim.stats["bybit"].paths} >= set(asked),
            30,
            "through with the others",
            alive=product.check,
        )
        assert sim.stats["okx"].in_flight == 1
        assert sim.stats["okx"].paths == {}
        sim.server.faults.clear()
        assert product.process.wait(40) == 1
        checks = {check["name"]: check for check in json.loads(product.log)["checks"]}
    assert "no answer within" in checks["okx"]["summary"]
    assert states(checks)["binanceusdm"] == "ok"


def test_a_refused_websocket_is_told_and_nothing_fails(tmp_path: Path, sim: SimThread) -> None:
    sim.server.faults.add(Rule("refuse", exchange="okx"))
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0, sockets=True)
    assert states(checks) == dict.fromkeys(ORDER, "ok") | {"okx": "look"}
    assert checks["okx"]["facts"]["websocket"]["heard_s"] is None
    assert "403" in checks["okx"]["facts"]["websocket"]["reason"]
    assert "REST" in checks["okx"]["advice"][0]
    # Without websockets there is nothing to look at.
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    assert checks["okx"]["facts"]["websocket"] is None


def test_without_market_caps_nothing_fails(tmp_path: Path, sim: SimThread) -> None:
    checks = examined(environment(tmp_path, sim.url, COINGECKO_URL=NOWHERE), tmp_path, 0)
    assert states(checks) == dict.fromkeys(ORDER, "ok") | {"coingecko": "look"}
    assert checks["coingecko"]["summary"].startswith("not to be had: connection failed")


def test_a_page_instead_of_an_answer_points_at_what_stands_between(tmp_path: Path, sim: SimThread) -> None:
    sim.server.faults.add(Rule("html", exchange="binanceusdm"))
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert checks["binanceusdm"]["summary"].startswith("answers, but not as the exchange does")
    assert "proxy" in checks["binanceusdm"]["advice"][0]


def test_a_ban_is_told_with_its_end(tmp_path: Path, sim: SimThread) -> None:
    sim.server.faults.add(Rule("ban", exchange="binanceusdm", options={"seconds": 600}))
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert re.match(r"banned until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: ", checks["binanceusdm"]["summary"])
    assert "Wait" in checks["binanceusdm"]["advice"][0]
    assert sim.stats["binanceusdm"].requests == 1


def test_an_exchange_that_banned_the_scraper_is_not_asked(tmp_path: Path, sim: SimThread) -> None:
    _keep(tmp_path, {"binanceusdm": {"banned_for_s": 600.0}}, age_s=60)
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert "as the scraper was told" in checks["binanceusdm"]["summary"]
    assert sim.stats["binanceusdm"].requests == 0
    assert states(checks)["bybit"] == "ok"


def test_a_ban_that_is_over_is_no_reason(tmp_path: Path, sim: SimThread) -> None:
    _keep(tmp_path, {"binanceusdm": {"banned_for_s": 30.0}}, age_s=60)
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    assert checks["binanceusdm"]["facts"]["reachable"] is True


def _keep(folder: Path, exchanges: Mapping[str, object], age_s: float) -> None:
    """What a scraper leaves behind."""
    with contextlib.closing(Store(folder / "test.db", simulated=False)) as store:
        health = orjson.dumps({"exchanges": exchanges}).decode()
        store.put_state({"health": health, "budgets": "{}", "kept_at": str(time.time() - age_s)})


# --- settings ----------------------------------------------------------------------------------


def test_refused_settings_are_told_each(tmp_path: Path) -> None:
    env = environment(tmp_path, INTERVAL="soon", MAX_PAIRS="0", AUTH_TOKEN="correct-horse")
    checks = examined(env, tmp_path, 1)
    assert list(checks) == ["settings", "versions"]
    assert [line.partition(":")[0] for line in checks["settings"]["details"]] == ["MAX_PAIRS", "INTERVAL"]


def test_secrets_are_never_printed(tmp_path: Path, sim: SimThread) -> None:
    with_login = sim.url.replace("http://", "http://user:hunter2@")
    settings = {"AUTH_TOKEN": "correct-horse", "METRICS_TOKEN": "battery-staple", "BYBIT_URL": f"{NOWHERE}/b"}
    env = environment(tmp_path, with_login, **settings)
    for arguments in (["doctor"], ["doctor", "--json"]):
        done = finished(arguments, env, tmp_path)
        told = done.stdout + done.stderr
        assert "correct-horse" not in told
        assert "battery-staple" not in told
        assert "hunter2" not in told
        assert sim.url + "/binance" in told


def test_wrong_usage_exits_2(tmp_path: Path) -> None:
    done = finished(["doctor", "--fast"], environment(tmp_path), tmp_path)
    assert done.returncode == 2
    assert "usage" in done.stderr


# --- the database ------------------------------------------------------------------------------


def test_it_works_beside_a_running_scraper(tmp_path: Path, sim: SimThread) -> None:
    env = environment(tmp_path, sim.url, INTERVAL="0.5", HISTORY_BARS="60", PORT="0")
    with running(["scrape"], env, tmp_path) as product:
        product.until(lambda: "warm 100 %" in product.log, 60, "warm")
        checks = examined(env, tmp_path, 0)
        product.check()
    database = checks["database"]["facts"]
    pairs = sum(checks[exchange]["facts"]["pairs"] for exchange in EXCHANGES)
    assert database["series"] == {"5m": pairs, "15m": pairs}
    assert database["writer"] is True
    assert database["kind"] == "live"
    assert database["damage"] == []
    assert 0 <= database["newest_bar_age_s"] < 900
    with reading(tmp_path / "test.db") as connection:
        assert database["bars"] == connection.execute("SELECT count(*) FROM bars").fetchone()[0]
    disk = checks["disk"]["facts"]
    assert disk["bars_a_day"] == pairs * (288 + 96)
    assert disk["growth_bytes_a_day"] == pytest.approx(disk["bars_a_day"] * disk["row_bytes"], rel=0.001)
    # What the scraper used of the long budgets counts.
    used = {row["budget"]: row["used"] for row in checks["binanceusdm"]["facts"]["limits"]}
    assert used["data"] >= 3 * len(sim.truth.symbols("binanceusdm"))


def test_a_scraper_that_ended_is_no_writer(tmp_path: Path, sim: SimThread) -> None:
    _keep(tmp_path, {}, age_s=3600)
    checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    assert checks["database"]["facts"]["writer"] is False
    assert "the last wrote 60 min ago" in checks["database"]["details"][0]


def test_a_database_another_program_holds_is_remarked(tmp_path: Path, sim: SimThread) -> None:
    Store(tmp_path / "test.db", simulated=False).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    assert checks["database"]["state"] == "look"
    assert checks["database"]["facts"]["writable"] is False
    assert any("locked" in text for text in checks["database"]["advice"])


def test_a_file_that_is_no_database_fails(tmp_path: Path, sim: SimThread) -> None:
    (tmp_path / "test.db").write_bytes(b"not a database" * 1000)
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert checks["database"]["state"] == "failed"
    assert "cannot be read" in checks["database"]["summary"]


def test_damage_is_found(tmp_path: Path, sim: SimThread) -> None:
    path = tmp_path / "test.db"
    Store(path, simulated=False).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'alerts'").fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(data)
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert checks["database"]["state"] == "failed"
    assert "damaged" in checks["database"]["summary"]
    assert any("Restore" in text for text in checks["database"]["advice"])


def test_simulated_data_under_live_settings_fails(tmp_path: Path, sim: SimThread) -> None:
    Store(tmp_path / "test.db", simulated=True).close()
    checks = examined(environment(tmp_path, sim.url), tmp_path, 1)
    assert checks["database"]["state"] == "failed"
    assert "simulated" in checks["database"]["advice"][0]


# --- the machine -------------------------------------------------------------------------------


def test_a_wrong_clock_is_told_and_nothing_fails(tmp_path: Path, sim: SimThread) -> None:
    for exchange in EXCHANGES:
        sim.server.clock.skew(exchange, 300_000)
    try:
        checks = examined(environment(tmp_path, sim.url), tmp_path, 0)
    finally:
        for exchange in EXCHANGES:
            sim.server.clock.skew(exchange, 0)
    assert checks["time"]["state"] == "look"
    assert checks["time"]["facts"]["machine_behind_ms"] == pytest.approx(300_000, abs=5000)
    assert "NTP" in checks["time"]["advice"][0]
