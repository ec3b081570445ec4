"""The command serves until it is told to stop, and says why when it cannot."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import subprocess
import sys
import urllib.request

import aiohttp
import pytest

from futuresboard.sim_exchange import command

SCRIPT = """
import argparse, logging, sys
from futuresboard.sim_exchange import command
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
parser = argparse.ArgumentParser()
command.add_arguments(parser)
sys.exit(command.main(parser.parse_args()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM on Windows")
def test_it_serves_until_sigterm() -> None:
    words = ["--port", "0", "--pairs", "5", "--latency-ms", "0", "--seed", "3"]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "seed 3, 5 pairs" in line
        url = line.split()[3]
        with urllib.request.urlopen(
            f"{url}/okx/api/v5/public/instruments?instType=SWAP", timeout=10
        ) as answer:
            rows = json.load(answer)["data"]
        assert "BTC-USDT-SWAP" in {row["instId"] for row in rows}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM on Windows")
def test_sigterm_closes_sockets_too() -> None:
    words = ["--port", "0", "--pairs", "5", "--latency-ms", "0", "--push", "kline=500"]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]

        async def watch() -> int | None:
            async with aiohttp.ClientSession(url) as http:
                ws = await http.ws_connect("/binance/market/ws/btcusdt@kline_1m")
                assert (await ws.receive_json())["e"] == "kline"
                process.send_signal(signal.SIGTERM)
                while not ws.closed:
                    await ws.receive()
                return ws.close_code

        assert asyncio.run(watch()) == 1001
        assert process.wait(10) == 0


def test_a_taken_port_ends_with_1(caplog: pytest.LogCaptureFixture) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert command.main(parser.parse_args(["--port", str(port), "--pairs", "5"])) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in caplog.text
