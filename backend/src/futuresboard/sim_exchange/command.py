"""The command `futuresboard sim-exchange`: its options and what it runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
import threading

from futuresboard.sim_exchange.config import EXCHANGES, PUSH_MS, STAMP_CHOICES, SimConfig
from futuresboard.sim_exchange.server import SimServer

log = logging.getLogger(__name__)


def _stamps(text: str) -> dict[str, str]:
    """Parse `binanceusdm=start,okx=snapshot`."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        exchange, _, value = part.partition("=")
        if exchange not in EXCHANGES or value not in STAMP_CHOICES:
            allowed = f"{'|'.join(EXCHANGES)}={'|'.join(STAMP_CHOICES)}"
            raise argparse.ArgumentTypeError(f"got {part!r}, allowed: {allowed}")
        found[exchange] = value
    return found


def _pushes(text: str) -> dict[str, int]:
    """Parse `kline=1000,ticker=5000`."""
    found: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        kind, _, ms = part.partition("=")
        if kind not in PUSH_MS or not ms.isdigit() or int(ms) < 1:
            raise argparse.ArgumentTypeError(f"got {part!r}, allowed: {'|'.join(PUSH_MS)}=milliseconds")
        found[kind] = int(ms)
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to a parser."""
    defaults = SimConfig()
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=9000, help="port to listen on (default %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, help="names the world (default %(default)s)"
    )
    parser.add_argument("--pairs", type=int, default=defaults.pairs, help="pairs on Binance and on Bybit")
    parser.add_argument("--latency-ms", type=float, default=defaults.latency_ms, help="added to each answer")
    parser.add_argument("--jitter-ms", type=float, default=None, help="swing of the latency, both ways")
    parser.add_argument(
        "--time-scale", type=float, default=defaults.time_scale, help="speed of exchange time"
    )
    parser.add_argument("--epoch-ms", type=int, default=None, help="exchange time at the start")
    parser.add_argument(
        "--in-exchange-time",
        action="store_true",
        help="latency, limits and faults keep to exchange time too",
    )
    parser.add_argument("--publish-delay", type=float, default=defaults.publish_delay_s, metavar="S")
    parser.add_argument("--stamps", type=_stamps, default={}, metavar="EXCHANGE=snapshot|start,...")
    parser.add_argument(
        "--push", type=_pushes, default={}, metavar="KIND=MS,...", help="pace of the sockets' pushes"
    )
    parser.add_argument("--close-delay-ms", type=int, default=defaults.close_delay_ms, metavar="MS")
    parser.add_argument("--socket-life-s", type=float, default=defaults.socket_life_s, metavar="S")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input ends")
    parser.add_argument("--no-limits", action="store_true", help="count violations but answer anyway")


def config_of(args: argparse.Namespace) -> SimConfig:
    """The settings the options stand for. Raises ValueError with the option's name."""
    jitter = min(SimConfig().jitter_ms, args.latency_ms) if args.jitter_ms is None else args.jitter_ms
    return SimConfig(
        seed=args.seed,
        pairs=args.pairs,
        latency_ms=args.latency_ms,
        jitter_ms=jitter,
        time_scale=args.time_scale,
        epoch_ms=args.epoch_ms,
        in_exchange_time=args.in_exchange_time,
        publish_delay_s=args.publish_delay,
        stamps=args.stamps,
        pushes=args.push,
        close_delay_ms=args.close_delay_ms,
        socket_life_s=args.socket_life_s,
        enforce_limits=not args.no_limits,
    )


def run(config: SimConfig, host: str = "127.0.0.1", port: int = 9000, *, until_eof: bool = False) -> None:
    """Serve until SIGINT or SIGTERM (`until_eof`: or the end of standard input).

    The first line of standard output is the URL. Raises OSError when the port is taken.
    """
    asyncio.run(_serve(config, host, port, until_eof))


def _stop_at_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.read()
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)


async def _serve(config: SimConfig, host: str, port: int, until_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    if until_eof:
        # A parent that dies, however it dies, closes the pipe: nothing is left running behind it.
        threading.Thread(target=_stop_at_eof, args=(loop, stop), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows loops have no signal handlers; Ctrl-C raises KeyboardInterrupt there.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with SimServer(config, host, port) as sim:
        log.info("simulated exchanges on %s (seed %d, %d pairs)", sim.url, config.seed, config.pairs)
        sys.stdout.write(f"{sim.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main(args: argparse.Namespace) -> int:
    """Run the command; 0 after a clean stop, 1 when the port is taken, 2 for a wrong option."""
    try:
        config = config_of(args)
    except ValueError as error:
        log.error("%s", error)
        return 2
    try:
        run(config, args.host, args.port, until_eof=args.until_eof)
    except OSError as error:
        log.error("cannot listen on %s:%d: %s", args.host, args.port, error)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0
