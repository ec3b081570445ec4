"""What is on this machine: settings, database, disk, versions."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from futuresboard import __version__
from futuresboard.config import BASE_TIMEFRAME, Settings
from futuresboard.db_inspect import Inspection, inspect
from futuresboard.db_schema import VERSION
from futuresboard.doctor.report import Finding, State
from futuresboard.doctor.words import size, span
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS

RUNS_WITHIN_INTERVALS = 3
RUNS_WITHIN_S = 30.0
NEWEST_WITHIN_S = 900.0
"""While a scraper runs its newest bar closed at most two bars and a bit ago."""
ROWS_TO_MEASURE = 20_000
ASSUMED_ROW_BYTES = 250.0
"""A stored bar with its share of the file: 233 were measured on simulated history, revisions come on top."""
LITTLE_DAYS = 30.0
PACKAGES = ("aiohttp", "ccxt", "flask", "flask-socketio", "numpy", "orjson", "simple-websocket")


def settings_finding(settings: Settings, unknown: Sequence[str]) -> Finding:
    """Valid settings in one line; `unknown`: names in `.env` that mean nothing."""
    pairs = ", ".join(settings.symbols) or f"{settings.max_pairs} pairs each"
    summary = (
        f"valid: {', '.join(settings.exchanges)}; {pairs}; {' '.join(settings.timeframes)}; "
        f"every {settings.interval:g} s"
    )
    facts = {
        "exchanges": settings.exchanges,
        "max_pairs": settings.max_pairs,
        "symbols": settings.symbols,
        "timeframes": settings.timeframes,
        "interval_s": settings.interval,
        "unknown": list(unknown),
    }
    if not unknown:
        return Finding("settings", State.OK, summary, facts=facts)
    advice = (f".env holds names that are no settings, perhaps misspelt: {', '.join(unknown)}.",)
    return Finding("settings", State.LOOK, summary, (), advice, facts)


def refused_finding(problems: Sequence[str]) -> Finding:
    """Settings that stop the start, one line each."""
    advice = ("Correct them in the environment or in .env; .env.example explains every one.",)
    facts = {"problems": list(problems)}
    return Finding("settings", State.FAILED, f"{len(problems)} refused", tuple(problems), advice, facts)


def look(settings: Settings, out_of_time: Callable[[], bool]) -> Inspection | sqlite3.Error | None:
    """The database as it is; None when there is none yet, the error when it cannot be read."""
    if not settings.database_path.exists():
        return None
    try:
        return inspect(settings.database_path, BASE_TIMEFRAME, out_of_time)
    except sqlite3.Error as error:
        return error


def is_scraping(found: Inspection, settings: Settings, wall_ms: int) -> bool:
    """Whether a scraper kept its state a moment ago."""
    if found.kept is None:
        return False
    age = wall_ms / 1000 - found.kept.at
    return age <= max(RUNS_WITHIN_S, RUNS_WITHIN_INTERVALS * settings.interval)


def database_finding(
    found: Inspection | sqlite3.Error | None, settings: Settings, wall_ms: int, exchange_ms: float
) -> Finding:
    """State of the database file; `exchange_ms`: the exchanges' time now, else this machine's."""
    name = settings.database_path.name
    if found is None:
        summary = f"{name} is not there yet: the first start makes it"
        return Finding("database", State.OK, summary, facts={"exists": False})
    if isinstance(found, sqlite3.Error):
        advice = ("Is DATABASE_URL the right file? If so, restore it from a copy.",)
        return Finding("database", State.FAILED, f"{name} cannot be read: {found}", (), advice)
    scraping = is_scraping(found, settings, wall_ms)
    age_s = None if found.newest_close_ms is None else (exchange_ms - found.newest_close_ms) / 1000
    problems = _problems(found, settings)
    remarks = _remarks(found, scraping, age_s)
    state = State.FAILED if problems else State.LOOK if remarks else State.OK
    checked = "not fully checked in time" if found.damage is None else "quick_check found no fault"
    if found.damage:
        checked = "damaged"
    summary = f"{name}: {size(found.size_bytes)}, schema {found.schema}, {found.kind or 'empty'}, {checked}"
    facts: dict[str, object] = {
        "exists": True,
        "size_bytes": found.size_bytes,
        "schema": found.schema,
        "kind": found.kind,
        "damage": None if found.damage is None else list(found.damage),
        "bars": found.slots,
        "series": dict(found.series),
        "newest_bar_age_s": None if age_s is None else round(age_s, 1),
        "writer": scraping,
        "writable": found.obstacle is None,
    }
    lines = (_writer_line(found, scraping, wall_ms), _bars_line(found, age_s))
    return Finding("database", state, summary, lines, (*problems, *remarks), facts)


def _writer_line(found: Inspection, scraping: bool, wall_ms: int) -> str:
    if found.kept is None:
        return "no scraper has written to it"
    ago = span(max(0.0, wall_ms / 1000 - found.kept.at))
    return (
        f"a scraper is writing to it ({ago} ago)"
        if scraping
        else f"no scraper runs: the last wrote {ago} ago"
    )


def _bars_line(found: Inspection, age_s: float | None) -> str:
    if age_s is None:
        return "no bars yet"
    series = ", ".join(f"{count} x {frame}" for frame, count in found.series.items())
    return f"{found.slots:,} bars of {series or 'no active series'}; the newest closed {span(age_s)} ago"


def _problems(found: Inspection, settings: Settings) -> list[str]:
    problems = [f"Damage: {what}. Restore the file from a copy." for what in found.damage or ()]
    wanted = "simulated" if settings.simulated else "live"
    if found.kind not in (None, wanted):
        problems.append(f"It holds {found.kind} data, a {wanted} start would be refused: set DATABASE_URL.")
    if found.schema > VERSION:
        problems.append(
            f"A newer futuresboard made it (schema {found.schema}, this one knows {VERSION}): update."
        )
    if found.obstacle is not None and "locked" not in found.obstacle:
        problems.append(f"It cannot be written to: {found.obstacle}.")
    return problems


def _remarks(found: Inspection, scraping: bool, age_s: float | None) -> list[str]:
    remarks = []
    if found.schema < VERSION:
        remarks.append(f"Its schema {found.schema} becomes {VERSION} with the next start.")
    if scraping and age_s is not None and age_s > NEWEST_WITHIN_S:
        remarks.append(f"A scraper runs, but the newest bar closed {span(age_s)} ago: see its log.")
    if found.obstacle is not None and not scraping:
        remarks.append(f"Another program holds it ({found.obstacle}), and it is no scraper that runs now.")
    return remarks


def disk_finding(settings: Settings, found: Inspection | None) -> Finding:
    """Free space against what recording takes a day."""
    folder = settings.database_path.parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    measured = found is not None and found.slots >= ROWS_TO_MEASURE
    row_bytes = (found.row_bytes if found is not None and measured else None) or ASSUMED_ROW_BYTES
    rows = _rows_a_day(settings, found)
    growth = rows * row_bytes
    days = free / growth
    said = "measured" if measured else "assumed until there is more to measure"
    summary = f"{size(free)} free, {size(growth)} a day: enough for {span(days * 86_400)}"
    facts = {
        "free_bytes": free,
        "row_bytes": round(row_bytes, 1),
        "row_bytes_measured": measured,
        "bars_a_day": round(rows),
        "growth_bytes_a_day": round(growth),
        "days_left": round(days, 1),
    }
    details = (f"{rows:,.0f} bars a day of {row_bytes:.0f} bytes each ({said})",)
    if not os.access(folder, os.W_OK):
        advice = ("The database's folder cannot be written to: check its owner and permissions.",)
        return Finding("disk", State.FAILED, summary, details, advice, facts)
    if days >= LITTLE_DAYS:
        return Finding("disk", State.OK, summary, details, (), facts)
    advice = ("Make room, or put the database on a larger disk (DATABASE_URL).",)
    return Finding("disk", State.FAILED if days < 1 else State.LOOK, summary, details, advice, facts)


def _rows_a_day(settings: Settings, found: Inspection | None) -> float:
    series = dict(found.series) if found is not None else {}
    if not series:
        pairs = len(settings.exchanges) * (len(settings.symbols) or settings.max_pairs)
        series = dict.fromkeys(settings.timeframes, pairs)
    return sum(count * MS_PER_DAY / TIMEFRAME_MS[frame] for frame, count in series.items())


def versions_finding() -> Finding:
    """Python and what futuresboard stands on."""
    found = {name: _version(name) for name in PACKAGES}
    facts: dict[str, object] = {
        "futuresboard": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
        "packages": found,
    }
    summary = (
        f"futuresboard {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    details = (", ".join(f"{name} {number or 'missing'}" for name, number in found.items()),)
    missing = [name for name, number in found.items() if number is None]
    if not missing:
        return Finding("versions", State.OK, summary, details, (), facts)
    advice = (f"Missing: {', '.join(missing)}. Run `make install`.",)
    return Finding("versions", State.FAILED, summary, details, advice, facts)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
