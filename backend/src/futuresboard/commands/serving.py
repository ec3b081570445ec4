"""`serve`, `scrape`, `web`, `migrate`: the product itself."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping

import orjson

from futuresboard.app import create_app, run
from futuresboard.clock import Clock
from futuresboard.commands.arguments import Actions, add, positive
from futuresboard.commands.parts import make_clock, make_coins, make_exchanges, make_notifier, open_reader
from futuresboard.config import Settings, is_loopback
from futuresboard.db import Committed, Store, stamped
from futuresboard.db_read import Reader
from futuresboard.db_schema import VERSION
from futuresboard.errors import FuturesboardError
from futuresboard.events import Publisher
from futuresboard.scraper import Scraper

log = logging.getLogger(__name__)


def add_arguments(actions: Actions) -> None:
    """Announce the commands."""
    made = add(actions, "serve", serve, "scrape and serve the page, in one process")
    made.add_argument("--demo", action="store_true", help="with built-in simulated exchanges")
    made.add_argument("--no-scraper", action="store_true", help="serve what the database holds")
    made = add(actions, "scrape", scrape, "scrape only")
    made.add_argument("--cycles", type=positive, metavar="N", help="stop after N cycles")
    add(actions, "web", web, "serve the page only, beside a scraper of its own")
    add(actions, "migrate", migrate, "bring the database to this version's schema")


def serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Scraper and page in one process (`--no-scraper`: the page alone)."""
    if arguments.no_scraper:
        return web(settings, arguments)
    with _demo_exchanges(settings) if arguments.demo else contextlib.nullcontext(settings) as pointed:
        return _serve(pointed)


def _serve(settings: Settings) -> int:
    publisher: list[Publisher] = []
    clock = make_clock(settings)
    notifier = make_notifier(settings, clock, lambda: scraper)

    def committed(done: Committed) -> None:
        if publisher:
            publisher[0].publish(done.seq, done.alerts)
        if done.alerts:
            notifier.wake()

    scraper = Scraper(
        settings,
        make_exchanges(settings, clock),
        coins=make_coins(settings, clock),
        notify=notifier.document,
        clock=clock,
        on_commit=committed,
        on_health=lambda document: publisher[0].publish_health(document) if publisher else None,
    )

    def begin(url: str) -> None:
        # The scraper first: it refuses to record where another process does, which notifies then.
        scraper.start()
        notifier.start()
        _greet(settings, url)

    with contextlib.closing(open_reader(settings)) as reader:
        app, _, events = create_app(
            settings,
            reader=reader,
            now_ms=scraper.now_ms,
            health=scraper.health,
            save_thresholds=scraper.save_thresholds,
            rules=scraper,
            send_test=notifier.test,
        )
        publisher.append(events)
        try:
            run(app, events, settings, ready=begin)
        finally:
            scraper.stop()
            notifier.stop()
    return 0


def scrape(settings: Settings, arguments: argparse.Namespace) -> int:
    """Scrape without a page, for ever or for some cycles."""
    clock = make_clock(settings)
    notifier = make_notifier(settings, clock, lambda: scraper)
    scraper = Scraper(
        settings,
        make_exchanges(settings, clock),
        coins=make_coins(settings, clock),
        notify=notifier.document,
        clock=clock,
        on_commit=lambda done: notifier.wake() if done.alerts else None,
        cycles=arguments.cycles,
    )
    scraper.start()
    notifier.start()
    try:
        scraper.wait()
    finally:
        scraper.stop()
        notifier.stop()
    return 1 if scraper.failure is not None else 0


def web(settings: Settings, arguments: argparse.Namespace) -> int:
    """The page over what the database holds, whoever fills it."""
    # Showing mixes nothing: the page tells whichever kind of data is there.
    kind = stamped(settings.database_path)
    if kind is not None:
        settings = dataclasses.replace(settings, simulated=kind == "simulated")
    # Opening it as a writer once creates, migrates and stamps it like any other start.
    Store(settings.database_path, simulated=settings.simulated).close()
    clock = make_clock(settings)
    # Alerts are told by the process that records them; tests can be sent from here too.
    notifier = make_notifier(settings, clock)
    with contextlib.closing(open_reader(settings)) as reader, notifier.running():
        app, _, events = create_app(
            settings,
            reader=reader,
            now_ms=clock.time_ms,
            health=lambda: _kept_health(settings, reader, clock),
            send_test=notifier.test,
        )
        run(app, events, settings, ready=lambda url: _greet(settings, url))
    return 0


def migrate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Open the database, which brings it to the newest schema."""
    Store(settings.database_path, simulated=settings.simulated).close()
    print(f"{settings.database_path.name}: schema {VERSION}")
    return 0


def _kept_health(settings: Settings, reader: Reader, clock: Clock) -> Mapping[str, object]:
    """What the scraper last kept about itself, with its age judged now."""
    text, kept_at = reader.state("health"), reader.state("kept_at")
    if text is None or kept_at is None:
        return {"status": "ok", "scraper": "none", "warm": 0.0, "last_cycle": None, "exchanges": {}}
    document: dict[str, object] = orjson.loads(text)
    age = clock.time_ms() / 1000 - float(kept_at)
    if age > 3 * settings.interval:
        document["status"] = "down"
    return document | {"kept_s_ago": round(age, 1)}


def _greet(settings: Settings, url: str) -> None:
    log.info("futuresboard is on %s%s", url, " (SIMULATED data)" if settings.simulated else "")
    if not is_loopback(settings.host) and not settings.auth_token:
        log.warning("anyone who reaches this address can see it: AUTH_TOKEN is not set")


@contextlib.contextmanager
def _demo_exchanges(settings: Settings) -> Iterator[Settings]:
    """The simulated exchanges in a process of their own; they end with this one."""
    command = [sys.executable, "-m", "futuresboard", "sim-exchange", "--port", "0", "--until-eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise FuturesboardError("the simulated exchanges cannot be reached")
        line = process.stdout.readline().strip()
        if not line.startswith("http"):
            raise FuturesboardError(f"the simulated exchanges did not start: {line!r}")
        try:
            yield dataclasses.replace(
                settings,
                binanceusdm_url=settings.binanceusdm_url or f"{line}/binance",
                bybit_url=settings.bybit_url or f"{line}/bybit",
                okx_url=settings.okx_url or f"{line}/okx",
                coingecko_url=settings.coingecko_url or f"{line}/coingecko",
            )
        finally:
            process.stdin.close()
            process.wait(timeout=10)
