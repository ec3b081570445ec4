"""The commands from outside: exit codes, what is said, what is left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import futuresboard
from futuresboard import __version__
from futuresboard.cli import main
from futuresboard.sim_exchange import SimConfig, SimThread
from support_system import Product, environment, finished, free_port, reading, running, until


@pytest.fixture(scope="module")
def sim() -> Iterator[SimThread]:
    with SimThread(SimConfig(pairs=4, latency_ms=2, jitter_ms=1)) as server:
        yield server


# --- words and exit codes --------------------------------------------------------------------


COMMANDS = ("serve", "scrape", "web", "seed", "sim-exchange", "migrate", "doctor")


def test_version_and_help(tmp_path: Path) -> None:
    env = environment(tmp_path)
    version = finished(["--version"], env, tmp_path)
    assert (version.returncode, version.stdout.strip()) == (0, __version__)
    told = finished(["--help"], env, tmp_path)
    assert told.returncode == 0
    assert all(command in told.stdout for command in COMMANDS)


def test_app_py_in_the_package_folder_is_the_same_command(tmp_path: Path) -> None:
    package = Path(futuresboard.__file__).parent
    env = {**os.environ, **environment(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "app.py", "--version"], cwd=package, env=env, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, __version__)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"usage: futuresboard {command} [-h]")
    assert told.err == ""


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["serve", "--fast"], ["scrape", "--cycles", "0"], ["scrape", "--cycles", "-1"]],
)
def test_wrong_usage_exits_2(arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_every_wrong_setting_is_told_at_once(tmp_path: Path) -> None:
    wrong = {
        "INTERVAL": "soon",
        "EXCHANGES": "mtgox",
        "TIMEFRAMES": "15m",
        "PORT": "70000",
        "MAX_PAIRS": "0",
        "OKX_URL": "ftp://okx",
        "DATABASE_URL": "mysql://x",
        "LOG_LEVEL": "loud",
    }
    done = finished(["serve"], environment(tmp_path, **wrong), tmp_path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert sorted(line.partition(":")[0] for line in lines) == sorted(wrong)
    for line in lines:
        name = line.partition(":")[0]
        assert re.fullmatch(rf"{name}: got '{re.escape(wrong[name])}', allowed: .+", line)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["serve", "--demo"], ["web"]])
def test_a_public_address_without_a_token_is_refused(tmp_path: Path, command: Sequence[str]) -> None:
    done = finished(command, environment(tmp_path, HOST="0.0.0.0"), tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("HOST: got '0.0.0.0' without AUTH_TOKEN")
    assert "ALLOW_NO_AUTH=1" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_never_said(tmp_path: Path) -> None:
    env = environment(tmp_path, AUTH_TOKEN="correct-horse", INTERVAL="x")
    assert "correct-horse" not in finished(["serve"], env, tmp_path).stderr


# --- the port --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [["serve"], ["serve", "--no-scraper"]])
def test_a_port_in_use_is_one_line_and_nothing_starts(
    tmp_path: Path, sim: SimThread, command: Sequence[str]
) -> None:
    before = sim.stats["bybit"].requests
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = finished(command, environment(tmp_path, sim.url, PORT=str(port)), tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(port) in done.stderr
    assert sim.stats["bybit"].requests == before


# --- how it ends -----------------------------------------------------------------------------


def _children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in done.stdout.split()]


def _runs(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()[:1] not in ("", "Z")


def _serving(product: Product) -> None:
    product.until(lambda: product.text("/health/live"), 30, "up")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_serve_and_its_simulated_exchanges(tmp_path: Path, number: int) -> None:
    env = environment(
        tmp_path, BINANCEUSDM_URL="", BYBIT_URL="", OKX_URL="", MAX_PAIRS="3", PORT=str(free_port())
    )
    with running(["serve", "--demo"], env, tmp_path) as product:
        _serving(product)
        children = _children(product.process.pid)
        assert len(children) == 1
        product.until(lambda: product.health().get("last_cycle"), 30, "through a cycle")
        assert product.end(number, 60) == 0
        until(lambda: not any(map(_runs, children)), 10, "ended with it")
        assert "Traceback" not in product.log
        with reading(product.database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_the_simulated_exchanges_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    env = environment(
        tmp_path, BINANCEUSDM_URL="", BYBIT_URL="", OKX_URL="", MAX_PAIRS="3", PORT=str(free_port())
    )
    with running(["serve", "--demo"], env, tmp_path) as product:
        _serving(product)
        children = _children(product.process.pid)
        product.end(signal.SIGKILL)
        assert children
        until(lambda: not any(map(_runs, children)), 10, "ended by themselves")


def test_scrape_ends_after_its_cycles(tmp_path: Path, sim: SimThread) -> None:
    env = environment(tmp_path, sim.url, INTERVAL="0.2", HISTORY_BARS="10")
    done = finished(["scrape", "--cycles", "3"], env, tmp_path)
    assert done.returncode == 0, done.stderr
    assert [int(n) for n in re.findall(r"cycle (\d+):", done.stderr)] == [1, 2, 3]
    with reading(tmp_path / "test.db") as connection:
        assert connection.execute("SELECT count(*) FROM live").fetchone()[0] >= 8


def test_scrape_ends_on_sigterm(tmp_path: Path, sim: SimThread) -> None:
    env = environment(tmp_path, sim.url, INTERVAL="0.2", HISTORY_BARS="10")
    with running(["scrape"], env, tmp_path) as product:
        product.until(lambda: "cycle 2:" in product.log, 30, "at its second cycle")
        assert product.end(signal.SIGTERM, 15) == 0
        assert "Traceback" not in product.log


# --- the simulated exchanges alone -----------------------------------------------------------


def test_sim_exchange_says_where_it_is_and_ends_with_its_input(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "futuresboard",
        "sim-exchange",
        "--port",
        "0",
        "--pairs",
        "4",
        "--until-eof",
    ]
    with subprocess.Popen(
        command,
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0


def test_sim_exchange_refuses_what_cannot_be() -> None:
    assert main(["sim-exchange", "--pairs", "0"]) == 2
    with pytest.raises(SystemExit) as ended:
        main(["sim-exchange", "--stamps", "okx=never"])
    assert ended.value.code == 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["sim-exchange", "--port", str(taken.getsockname()[1])]) == 1
