"""Parts of the product as settings want them, for whatever command puts them together."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from tqdm import tqdm

from futuresboard import exchanges
from futuresboard.clock import Clock, SystemClock
from futuresboard.config import Settings
from futuresboard.db_read import Reader
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.coingecko import CoinGecko
from futuresboard.notifier import Notifier
from futuresboard.notify import open_outlets
from futuresboard.scraper import Scraper

STALE_SLACK_S = 60.0


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


@contextlib.contextmanager
def progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere; told how many units there are and how many more are done."""
    with tqdm(unit=unit, unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def told(total: int, done: int) -> None:
            bar.total = total
            bar.update(done)

        yield told
