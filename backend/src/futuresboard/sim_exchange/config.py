"""Settings of the simulated exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EXCHANGES: tuple[str, ...] = ("binanceusdm", "bybit", "okx")
STAMP_CHOICES: tuple[str, ...] = ("snapshot", "start")
# Exchange milliseconds between two looks at what a kind of stream has to push.
PUSH_MS: Mapping[str, int] = {
    "kline": 1_000,
    "ticker": 1_000,
    "mark": 1_000,
    "interest": 3_000,
    "funding": 60_000,
    "trade": 1_000,
    "book": 1_000,
}


@dataclass(frozen=True, slots=True)
class SimConfig:
    """Everything that shapes the simulated exchanges; immutable, all of it optional.

    `seed` names the world: prices, volumes and positions are a pure function of (seed, exchange,
    symbol, time). `pairs` is the number of live crypto USDT perpetuals on Binance and on Bybit;
    OKX lists 85 % of it. `epoch_ms` is the exchanges' time when the server starts (None: the wall
    clock); exchange time runs `time_scale` times as fast as real time (0: only when told to).

    `stamps`: per exchange, what the time of an open-interest or long/short row means: "snapshot"
    (the value at that time) or "start" (the value at the end of the window that starts there).
    `taker_stamps`: "start" or "end" of the window for taker-volume rows.
    `forming`: exchanges whose history endpoints also show the window that is still open (with
    start stamps only). `publish_delay_s` is how long after its close a history row appears,
    in exchange seconds.

    `latency_ms` and `jitter_ms` are added to each answer. `enforce_limits` off still counts
    violations. `in_exchange_time`: latency, the limits' windows, bans and what faults hold up count
    in exchange seconds (else in real ones), for a client whose clock runs as fast.
    `retry_after` sends that header with a 429; Binance's futures documents do not promise it.
    `okx_rubik_per_ip` is the stricter reading of OKX's statistics limits.
    `funding_jitter_ms` puts Binance settlement stamps up to that many ms after the full hour.

    `pushes`: per kind of stream (see `PUSH_MS`), exchange milliseconds between two pushes; values
    move every 2 s. A closed candle is pushed `close_delay_ms` after its close (exchange time).
    `socket_life_s` is how long an exchange keeps a socket open (Binance documents 24 hours).
    """

    seed: int = 1
    pairs: int = 260
    latency_ms: float = 80.0
    jitter_ms: float = 20.0
    time_scale: float = 1.0
    epoch_ms: int | None = None
    stamps: Mapping[str, str] = field(default_factory=dict)
    taker_stamps: Mapping[str, str] = field(default_factory=dict)
    forming: frozenset[str] = frozenset()
    publish_delay_s: float = 2.0
    enforce_limits: bool = True
    in_exchange_time: bool = False
    retry_after: bool = True
    okx_rubik_per_ip: bool = False
    bybit_ban_s: float = 600.0
    binance_ban_s: float = 120.0
    funding_jitter_ms: int = 0
    cache_blocks: int = 256
    pushes: Mapping[str, int] = field(default_factory=dict)
    close_delay_ms: int = 100
    socket_life_s: float = 86_400.0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated, naming the setting."""
        if not 1 <= self.pairs <= 600:
            raise ValueError(f"pairs: got {self.pairs}, allowed: 1 to 600")
        if self.latency_ms < 0 or self.jitter_ms < 0 or self.jitter_ms > self.latency_ms:
            raise ValueError("latency_ms, jitter_ms: allowed: 0 <= jitter_ms <= latency_ms")
        if self.time_scale < 0:
            raise ValueError(f"time_scale: got {self.time_scale}, allowed: 0 or more")
        _check_choices("stamps", self.stamps, STAMP_CHOICES)
        _check_choices("taker_stamps", self.taker_stamps, ("start", "end"))
        for kind, ms in self.pushes.items():
            if kind not in PUSH_MS or ms < 1:
                raise ValueError(f"pushes: got {kind}={ms}, allowed: {', '.join(PUSH_MS)}, 1 or more")
        if self.close_delay_ms < 0 or self.socket_life_s <= 0:
            raise ValueError("close_delay_ms, socket_life_s: allowed: 0 or more, more than 0")

    def stamp(self, exchange: str) -> str:
        """The stamp convention of an exchange's open-interest and long/short rows."""
        return self.stamps.get(exchange, "snapshot")

    def push_ms(self, kind: str) -> int:
        """Exchange milliseconds between two pushes of a kind of stream."""
        return self.pushes.get(kind, PUSH_MS[kind])

    def taker_stamp(self, exchange: str) -> str:
        """The stamp convention of an exchange's taker-volume rows."""
        return self.taker_stamps.get(exchange, "start")


def _check_choices(name: str, given: Mapping[str, str], allowed: tuple[str, ...]) -> None:
    for exchange, value in given.items():
        if exchange not in EXCHANGES:
            raise ValueError(f"{name}: unknown exchange {exchange!r}, allowed: {', '.join(EXCHANGES)}")
        if value not in allowed:
            raise ValueError(f"{name}: got {value!r} for {exchange}, allowed: {', '.join(allowed)}")
