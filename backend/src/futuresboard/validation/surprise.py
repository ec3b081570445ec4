"""K3 and K4: what is found of planted events, what is found where there are none, and how often.

Days are played one after the other as in calibrated mode: each is calibrated by what was before it
alone; then every bar of it is judged. Tier 1 stands for the tiers: it is the one whose statistic has a
known law.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from futuresboard.calibrate import Calibration, discoveries, within_budget
from futuresboard.calibrating import PAST_DAYS, Past, fit
from futuresboard.lifecycle import replay
from futuresboard.model import MS_PER_DAY, BoolArray, FloatArray, IntArray, Tier

STATISTIC = "z_raw"


@dataclass(frozen=True)
class Played:
    """What some days brought: (row, slot) of alerts by literal thresholds, of those by calibrated ones
    that the budget held, and of discoveries; per day the alerts expected, come, held, discovered."""

    days: int
    literal: list[tuple[int, int]] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)
    discovered: list[tuple[int, int]] = field(default_factory=list)
    expected: list[float] = field(default_factory=list)
    came: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    @property
    def days_with_discovery(self) -> int:
        """Days with at least one discovery."""
        return sum(number > 0 for number in self.found)


@dataclass(frozen=True)
class Track:
    """A statistic of n series over T slots of one timeframe, and the literal threshold of its tier."""

    timeframe: str
    ts: IntArray
    z: FloatArray
    threshold: float = 2.5
    cooldown: int = 12

    def flags(self, part: slice) -> FloatArray:
        """(n, …) literal flags of some slots."""
        z = self.z[:, part]
        return np.where(np.isfinite(z), (z > self.threshold).astype(np.float64), np.nan)


def play(track: Track, first_day: int, budget: float) -> Played:
    """Play every whole day from `first_day` (00:00 UTC in ms) on."""
    series = np.arange(len(track.z))
    step = int(track.ts[1] - track.ts[0])
    stop = int(track.ts[-1]) + step
    days = range(first_day, stop - MS_PER_DAY + 1, MS_PER_DAY)
    played = Played(len(days))
    for day in days:
        low, high, end = np.searchsorted(track.ts, [day - PAST_DAYS * MS_PER_DAY, day, day + MS_PER_DAY])
        seen = slice(low, high)
        flags = {Tier.OI_SPIKE: track.flags(seen)}
        past = Past(track.timeframe, series, track.ts[seen], {STATISTIC: track.z[:, seen]}, flags)
        calibration = fit([past], day=day, budget=budget, cooldown=track.cooldown)
        _play_day(track, calibration, slice(max(0, high - 1), end), played)
    return played


def _play_day(track: Track, calibration: Calibration, part: slice, played: Played) -> None:
    """`part`: the slots of the day and the one before."""
    series = np.arange(len(track.z))
    z, flags = track.z[:, part], track.flags(part)
    played.literal.extend(_places(replay(flags, track.cooldown), part))
    judged = calibration.flag(track.timeframe, Tier.OI_SPIKE, series, flags, z)
    rows, slots = replay(judged, track.cooldown)
    most = ceil(calibration.budget)
    room, found = most, 0
    for slot in np.unique(slots).tolist():
        batch = rows[slots == slot]
        p = calibration.p_values(track.timeframe, STATISTIC, batch, z[batch, slot])
        held = within_budget(p, room)
        room -= int(held.sum())
        new = discoveries(p, found, calibration.tests) & held
        found += int(new.sum())
        played.held.extend((row, slot + part.start) for row in batch[held].tolist())
        played.discovered.extend((row, slot + part.start) for row in batch[new].tolist())
    played.expected.append(calibration.expected)
    played.came.append(len(rows))
    played.kept.append(most - room)
    played.found.append(found)


def _places(found: tuple[IntArray, IntArray], part: slice) -> Sequence[tuple[int, int]]:
    return [(row, slot + part.start) for row, slot in zip(*(a.tolist() for a in found), strict=True)]


@dataclass(frozen=True)
class Score:
    """Precision and recall of alerts at planted events; None where nothing was to be counted."""

    alerts: int
    events: int
    hits: int

    @property
    def precision(self) -> float | None:
        """Share of alerts that are events."""
        return self.hits / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Share of events that were alerts."""
        return self.hits / self.events if self.events else None


def score(alerts: Sequence[tuple[int, int]], events: BoolArray) -> Score:
    """Alerts (row, slot) against the bars with an event (n, T) of the days played."""
    hits = sum(bool(events[row, slot]) for row, slot in alerts)
    return Score(len(alerts), int(events.sum()), hits)
