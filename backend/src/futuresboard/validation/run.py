"""All runs of `futuresboard validate`, and the page they make."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from futuresboard import __version__
from futuresboard.evidence import wilson
from futuresboard.model import MS_PER_DAY, TIMEFRAME_MS, BoolArray, Thresholds
from futuresboard.validation import faults, nulls, page, surprise, week, worth
from futuresboard.validation.page import Section
from futuresboard.validation.simulated import simulate

SIZES = (4.0, 8.0, 16.0)
BUDGET = 50.0


@dataclass(frozen=True)
class Options:
    """What to run: how much, from which seed, what else to read.

    reference: a Python file that computes alerts independently (None: K1 is not run); recorded: a
    folder of recorded data (None: none).
    """

    seed: int = 1
    quick: bool = False
    reference: Path | None = None
    recorded: Path | None = None
    quiet: bool = True


@dataclass(frozen=True)
class _Scale:
    """How much of everything."""

    week: tuple[int, float]
    faults: tuple[int, Sequence[faults.Fault]]
    nulls: tuple[int, int, int]
    planted: tuple[int, int, int]
    later: tuple[int, int]
    worth: tuple[int, float]


_FULL = _Scale((200, 7.0), (20, faults.FAULTS), (100, 7, 300), (100, 4, 20), (200, 28), (200, 7.0))
_QUICK = _Scale((2, 0.15), (1, faults.FAULTS[:2]), (20, 2, 6), (20, 2, 2), (4, 4), (3, 1.0))


def run(options: Options) -> tuple[str, Mapping[str, bool]]:
    """Run everything; returns the page (Markdown) and whether each K holds."""
    scale = _QUICK if options.quick else _FULL
    sections = [
        _k1(options, scale),
        _k2(options, scale),
        *_k3_and_k4(options, scale),
        _k5(options, scale),
    ]
    header = page.header(
        __version__, options.seed, quick=options.quick, recorded=options.recorded is not None
    )
    return header + "\n".join(section.text for section in sections), {
        section.name: section.holds for section in sections if section.holds is not None
    }


def _k1(options: Options, scale: _Scale) -> Section:
    pairs, days = scale.week
    if options.reference is None:
        return page.not_compared()
    reference = week.load_reference(options.reference)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "week.db"
        market = simulate(options.seed, pairs, days)
        week.record(market, path, words="K1, closes", quiet=options.quiet)
        found = week.compare(path, reference, quiet=options.quiet)
    return page.compared(found, len(market.markets), days)


def _k2(options: Options, scale: _Scale) -> Section:
    pairs, wanted = scale.faults
    market = simulate(options.seed, pairs, 1.0)
    with tempfile.TemporaryDirectory() as folder:
        return page.faults(faults.play(market, Path(folder), quiet=options.quiet, wanted=wanted))


def _k3_and_k4(options: Options, scale: _Scale) -> list[Section]:
    quiet: dict[str, surprise.Played] = {}
    planted: list[page.Planted] = []
    for law in tqdm(nulls.NULLS, "K3, laws", unit="law", disable=options.quiet):
        pairs, past, days = scale.nulls
        quiet[law] = _played(options.seed, law, pairs, past, days, None)[0]
        pairs, past, days = scale.planted
        for size in SIZES:
            played, events = _played(options.seed, law, pairs, past, days, size)
            planted.append(page.Planted(law, size, played, events))
    later = [(f"{law} changes", scale.nulls[0], quiet[law]) for law in quiet]
    later += _later_halves(options, scale)
    return [page.planted(planted, BUDGET), page.nothing(quiet, wilson), page.later_half(later)]


def _played(
    seed: int, law: str, pairs: int, past: int, days: int, size: float | None
) -> tuple[surprise.Played, BoolArray]:
    """Days of one law; with `size`, ten events a day of so many robust sd."""
    rng = np.random.default_rng([seed, list(nulls.NULLS).index(law), int(size or 0)])
    change = nulls.changes(rng, law, (pairs, (past + days) * nulls.BARS_A_DAY))
    events = np.zeros(change.shape, dtype=bool)
    if size is not None:
        change, events = nulls.plant(rng, change, size, 10.0, nulls.BARS_A_DAY)
    bars = nulls.bars_of(change)
    track = surprise.Track("5m", bars.ts, nulls.z_of(bars))
    events[:, : past * nulls.BARS_A_DAY] = False
    return surprise.play(track, nulls.START + past * MS_PER_DAY, BUDGET), events


def _later_halves(options: Options, scale: _Scale) -> list[tuple[str, int, surprise.Played]]:
    """Markets whose first half is only learnt from."""
    pairs, days = scale.later
    market = simulate(options.seed, pairs, days)
    bars = worth.bars_of(TIMEFRAME_MS["5m"], market.ts, market.columns)
    middle = int(market.ts[0]) + days // 2 * MS_PER_DAY
    track = surprise.Track("5m", bars.ts[-bars.out :], nulls.z_of(bars))
    found = [("the simulated exchanges", len(market.markets), surprise.play(track, middle, BUDGET))]
    if options.recorded is not None and (path := options.recorded / worth.RECORDED).exists():
        bars = worth.recorded(path)
        ts = bars.ts[-bars.out :]
        middle = int(ts[len(ts) // 2]) // MS_PER_DAY * MS_PER_DAY
        track = surprise.Track("1h", ts, nulls.z_of(bars))
        found.append(("recorded: BTCUSDT, Binance, hourly", 1, surprise.play(track, middle, 0.25)))
    return found


def _k5(options: Options, scale: _Scale) -> Section:
    pairs, days = scale.worth
    market = simulate(options.seed, pairs, days)
    bars = worth.bars_of(TIMEFRAME_MS["5m"], market.ts, market.columns)
    words = f"Simulated: {len(market.markets)} pairs, {days:g} days of 5-minute bars; no edge is planted"
    coins = [(one.base, one.multiplier) for one in market.markets]
    found: list[tuple[str, Sequence[page.Cell]]] = [(words, worth.worth(bars, coins, Thresholds()))]
    if options.recorded is not None and (path := options.recorded / worth.RECORDED).exists():
        words = "Recorded: BTCUSDT on Binance, hourly; tiers 2, 3 and 5 unknown"
        found.append((words, worth.worth(worth.recorded(path), [("BTC", 1.0)], Thresholds())))
    return page.worth(found)
