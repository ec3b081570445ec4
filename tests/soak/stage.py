"""The two processes of a soak: what starts, steers and watches them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from futuresboard.sim_exchange import SimConfig
from support_system import Product, environment


@dataclass(frozen=True)
class Sample:
    """The product's use of the machine at one moment; `at_s` in exchange seconds since the start."""

    at_s: float
    rss_mb: float
    threads: int
    files: int
    sockets: int


def sample(pid: int, at_s: float) -> Sample:
    """Read /proc."""
    fields = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    names: list[str] = []
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            names.append(str(Path(entry.path).readlink()))
    sockets = sum(name.startswith("socket:") for name in names)
    rss = int(fields["VmRSS"].split()[0]) / 1024
    return Sample(at_s, round(rss, 1), int(fields["Threads"]), len(names) - sockets, sockets)


def cpu_s(pid: int) -> float:
    """User and system time a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Exchanges:
    """The simulated exchanges in a process of their own."""

    def __init__(self, process: subprocess.Popen[str], config: SimConfig) -> None:
        assert process.stdout is not None
        self.process = process
        self.config = config
        self.url = process.stdout.readline().strip()
        before = time.time()
        shown = int(self.call("GET", "/_sim/clock")["now_ms"]["all"])
        self._heard = time.monotonic(), shown
        # The moment at which real time and exchange time were, or would have been, the same.
        self.since_ms = int((before * 1000 * config.time_scale - shown) / (config.time_scale - 1))

    def now_ms(self) -> int:
        """Exchange time."""
        at, shown = self._heard
        return shown + int((time.monotonic() - at) * 1000 * self.config.time_scale)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One control request. Raises OSError with the exchanges' own words when it is refused."""
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.url}{path}", data, method=method)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)


@contextlib.contextmanager
def exchanges(config: SimConfig) -> Iterator[Exchanges]:
    """Start them; they end with the block."""
    command = [sys.executable, "-m", "futuresboard", "sim-exchange", "--port", "0", "--until-eof"]
    command += ["--seed", str(config.seed), "--pairs", str(config.pairs), "--in-exchange-time"]
    command += ["--latency-ms", str(config.latency_ms), "--jitter-ms", str(config.jitter_ms)]
    command += ["--push", ",".join(f"{kind}={ms}" for kind, ms in config.pushes.items())]
    command += ["--time-scale", str(config.time_scale), "--epoch-ms", str(config.epoch_ms)]
    with subprocess.Popen(
        command, env=environment(Path()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        try:
            yield Exchanges(process, config)
        finally:
            process.stdin.close()
            process.wait(20)


def alive(product: Product) -> bool:
    """Whether the product's process runs."""
    return product.process.poll() is None
