"""What each command does: it puts the parts together and runs them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import io
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson
from tqdm import tqdm

from futuresboard import doctor, exchanges, seeding, validation
from futuresboard.app import create_app, run
from futuresboard.backfill import Backfill, Outcome, Wanted
from futuresboard.clock import Clock, SystemClock
from futuresboard.config import Settings, is_loopback, unknown_names
from futuresboard.db import Committed, Store, stamped
from futuresboard.db_read import Reader
from futuresboard.db_schema import VERSION
from futuresboard.errors import FuturesboardError
from futuresboard.events import Publisher
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.coingecko import CoinGecko
from futuresboard.notifier import Notifier
from futuresboard.notify import open_outlets
from futuresboard.scraper import Scraper
from futuresboard.verifying import Verdict, verify

log = logging.getLogger(__name__)

MOST_TOLD = 20
MOST_TOLD = 20
"""Findings of a kind that are printed one by one."""
STALE_SLACK_S = 60.0


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


def seed(settings: Settings, arguments: argparse.Namespace) -> int:
    """Simulated history into the demo database."""
    written = seeding.seed(
        settings, pairs=arguments.mock, timeframe=arguments.tf, bars=arguments.bars, seed=arguments.seed
    )
    print(f"{written.rows} rows of {written.pairs} pairs written, {written.skipped} pairs were there already")
    return 0


def backfill(settings: Settings, arguments: argparse.Namespace) -> int:
    """History of a stretch of time into the database; 1 while something is still missing."""
    clock = make_clock(settings)
    settings = dataclasses.replace(
        settings,
        exchanges=tuple(arguments.exchange or settings.exchanges),
        websockets=False,
        symbols=tuple(arguments.symbols or settings.symbols),
    )
    until = clock.time_ms() if arguments.until is None else arguments.until
    with tqdm(unit="bar", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def told(total: int, done: int) -> None:
            bar.total = total
            bar.update(done)

        run = Backfill(settings, make_exchanges(settings, clock), clock, told)
        try:
            outcome = run.run(Wanted(arguments.since, until))
        except KeyboardInterrupt:
            print("interrupted; the same command goes on where it was", file=sys.stderr)
            return 1
    if arguments.json:
        print(orjson.dumps(dataclasses.asdict(outcome) | {"complete": outcome.complete}).decode())
    else:
        _tell(outcome)
    return 0 if outcome.complete else 1


def _tell(outcome: Outcome) -> None:
    for name, pairs in outcome.pairs.items():
        lacking = f", {outcome.left[name]} pairs still lack some: run it again" if outcome.left[name] else ""
        print(f"{name}: {outcome.bars[name]} bars of {pairs} pairs stored{lacking}")
    for name, reason in outcome.errors.items():
        print(f"{name}: {reason}", file=sys.stderr)


def verify_alerts(settings: Settings, arguments: argparse.Namespace) -> int:
    """Every stored alert again from stored rows; 1 when one is missing, too many or made of other inputs."""
    if not settings.database_path.exists():
        raise FuturesboardError(
            f"{settings.database_path.name} does not exist: nothing has been recorded yet"
        )
    # Opening it as a writer once brings it to this version's schema.
    Store(settings.database_path, simulated=stamped(settings.database_path) == "simulated").close()
    with tqdm(unit="bar", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def told(total: int, done: int) -> None:
            bar.total = total
            bar.update(done)

        verdict = verify(settings.database_path, since=arguments.since, until=arguments.until, told=told)
    if arguments.json:
        print(orjson.dumps(dataclasses.asdict(verdict) | {"right": verdict.right}).decode())
    else:
        _tell_verdict(verdict)
    return 0 if verdict.right else 1


def _tell_verdict(verdict: Verdict) -> None:
    print(
        f"{verdict.stored} alerts stored, {verdict.recomputed} recomputed from {verdict.bars} bars: "
        f"{len(verdict.missing)} missing, {len(verdict.extra)} extra, "
        f"{len(verdict.different)} with other inputs than stored rows"
    )
    for word, found in (
        ("missing", verdict.missing),
        ("extra", verdict.extra),
        ("inputs", verdict.different),
    ):
        for one in found[:MOST_TOLD]:
            print(f"{word}: {orjson.dumps(one).decode()}", file=sys.stderr)
        if len(found) > MOST_TOLD:
            print(f"{word}: {len(found) - MOST_TOLD} more", file=sys.stderr)


def compute(settings: Settings, arguments: argparse.Namespace) -> int:
    """All metrics and tiers of a user's own bars."""
    # pandas and pyarrow would cost every other command 0.4 s and 75 MB.
    from futuresboard.compute import compute as compute_file  # noqa: PLC0415

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    with tqdm(unit="row", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def told(total: int, done: int) -> None:
            bar.total = total
            bar.update(done)

        try:
            said = compute_file(
                arguments.file,
                arguments.tf,
                settings.thresholds,
                stream=sys.stdout,
                out=arguments.out,
                progress=told,
            )
            sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has seen enough; the interpreter's own last flush must not fail as well.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except KeyboardInterrupt:
            print("interrupted; what was written is not complete", file=sys.stderr)
            return 1
    print(said, file=sys.stderr)
    return 0


def examine(settings: Settings, arguments: argparse.Namespace) -> int:
    """What works and what does not, on one screen; 1 when something failed."""
    # The report says it all; half of it as log lines before would only hide it.
    logging.getLogger("futuresboard").setLevel(logging.ERROR)
    # Addresses of notifications are refused in words, like any other setting.
    open_outlets(settings.notify_urls)
    clock = make_clock(settings)
    unknown = unknown_names(settings.root)
    report = doctor.examine(
        settings, make_exchanges(settings, clock), make_coins(settings, clock), unknown=unknown, clock=clock
    )
    return _show(asyncio.run(report), arguments)


def examine_refused(problems: Sequence[str], arguments: argparse.Namespace) -> int:
    """The doctor's report when the settings are refused."""
    return _show(doctor.refused(problems, SystemClock().time_ms()), arguments)


def _show(report: doctor.Report, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(orjson.dumps(report.document(), option=orjson.OPT_INDENT_2).decode())
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        print(doctor.screen(report, colour=colour, width=shutil.get_terminal_size((110, 24)).columns))
    return report.exit_code


def validate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Measure the alerts (K1 to K5) on simulated and recorded data; 1 when something does not hold."""
    reference = arguments.reference or settings.root / "tests" / "reference.py"
    options = validation.Options(
        seed=arguments.seed,
        quick=arguments.quick,
        reference=reference if reference.exists() else None,
        recorded=arguments.recorded,
        quiet=not sys.stderr.isatty(),
    )
    text, holds = validation.run(options)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(text, encoding="utf-8")
    for name, held in holds.items():
        print(f"{name}: {'holds' if held else 'DOES NOT HOLD'}")
    print(f"seed {arguments.seed}, written to {arguments.out}")
    return 0 if all(holds.values()) else 1


def make_exchanges(settings: Settings, clock: Clock) -> Callable[[], Sequence[Exchange]]:
    """How the scraper makes its exchanges, inside its own loop."""
    return lambda: [
        exchanges.create(
            name,
            url_override=settings.exchange_url(name) or None,
            concurrency=settings.concurrency,
            clock=clock,
            tradfi=settings.tradfi,
            okx_rubik_per_ip=settings.okx_rubik_per_ip,
            websockets=settings.websockets,
            trades_pairs=settings.bybit_trades_pairs,
        )
        for name in settings.exchanges
    ]


def open_reader(settings: Settings) -> Reader:
    """The API's side of the database."""
    slack = settings.finalise_after + settings.interval + STALE_SLACK_S
    return Reader(settings.database_path, stale_after_ms=int(slack * 1000))


def make_coins(settings: Settings, clock: Clock) -> Callable[[], CoinGecko]:
    """How the scraper makes its source of market caps, inside its own loop."""
    return lambda: CoinGecko(url_override=settings.coingecko_url or None, clock=clock)


def make_notifier(settings: Settings, clock: Clock, scraper: Callable[[], Scraper] | None = None) -> Notifier:
    """Who tells the targets of `NOTIFY_URLS`; raises ConfigError for those that cannot be.

    scraper: gives the one whose alerts are told, once it is there; None: only tests are sent.
    """
    return Notifier(
        settings,
        open_outlets(settings.notify_urls),
        clock=clock,
        now_ms=clock.time_ms if scraper is None else lambda: scraper().now_ms(),
        knows_time=lambda: scraper is not None and scraper().knows_time(),
        record=scraper is not None,
    )


def make_clock(settings: Settings) -> Clock:
    """The one clock of a process."""
    return SystemClock(settings.time_scale, settings.time_since)


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
