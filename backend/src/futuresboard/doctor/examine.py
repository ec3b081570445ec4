"""The examination: exchanges and database at the same time, then the findings in a fixed order."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence

from futuresboard import __version__
from futuresboard.clock import Clock
from futuresboard.config import Settings
from futuresboard.db_inspect import Inspection
from futuresboard.doctor import local, venues
from futuresboard.doctor.report import Finding, Report
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.coingecko import CoinGecko

CHECK_WITHIN_S = 20.0
"""How long the database's integrity is checked; a larger one is checked in part."""


async def examine(
    settings: Settings,
    exchanges: Callable[[], Sequence[Exchange]],
    coins: Callable[[], CoinGecko],
    *,
    unknown: Sequence[str],
    clock: Clock,
) -> Report:
    """Look at everything; changes nothing and needs nothing to be running.

    unknown: names in `.env` that are no settings.
    """
    began, at_ms = clock.monotonic(), clock.time_ms()
    # What the last scraper kept decides whether an exchange may be asked at all: read it first.
    seen = await asyncio.to_thread(local.look, settings, lambda: True)
    kept = seen.kept if isinstance(seen, Inspection) else None
    found, probes, market_caps = await asyncio.gather(
        asyncio.to_thread(local.look, settings, lambda: clock.monotonic() - began > CHECK_WITHIN_S),
        venues.probe_all(exchanges(), kept, clock),
        venues.coingecko_finding(coins()),
    )
    inspection = None if isinstance(found, sqlite3.Error) else found
    scraping = inspection is not None and local.is_scraping(inspection, settings, clock.time_ms())
    time = venues.clock_finding(probes)
    behind = time.facts.get("machine_behind_ms", 0)
    exchange_ms = clock.time_ms() + float(str(behind))
    findings: list[Finding] = [
        local.settings_finding(settings, unknown),
        *(venues.finding(probe, settings, kept, scraping=scraping) for probe in probes),
        market_caps,
        time,
        local.database_finding(found, settings, clock.time_ms(), exchange_ms),
        local.disk_finding(settings, inspection),
        local.versions_finding(),
    ]
    return Report(__version__, at_ms, clock.monotonic() - began, findings)


def refused(problems: Sequence[str], at_ms: int) -> Report:
    """The report when the settings themselves are refused: nothing else can be judged."""
    return Report(__version__, at_ms, 0.0, [local.refused_finding(problems), local.versions_finding()])
