"""`futuresboard alerts verify`: every alert again, from the raw rows as they stood when it was decided.

The arithmetic is the one that live bars go through; what is checked is that nothing else had a part in
it: no look ahead, no row replaced unseen, no alert lost, doubled or added later.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from futuresboard import cross
from futuresboard.bars import UNLISTED, Bars
from futuresboard.calibrate import Judged
from futuresboard.db import connect
from futuresboard.db_facts import forgotten
from futuresboard.db_rules import every_rule
from futuresboard.db_versions import (
    Mode,
    Series,
    StoredAlert,
    Versions,
    alerts_of,
    awaited_coins,
    first_seqs,
    modes_of,
    registered_seqs,
    series_of,
    span_of,
)
from futuresboard.errors import StoreError
from futuresboard.metrics import get_all
from futuresboard.model import (
    COIN_TIERS,
    LATE_BARS,
    TIMEFRAME_MS,
    BoolArray,
    FloatArray,
    IntArray,
    Thresholds,
    Tier,
    as_listed,
)
from futuresboard.recalling import Recalled
from futuresboard.rulebook import Judge, judge_of, texts_of
from futuresboard.signals import CLUSTER_BARS, RULES, Inputs, evaluate, judge_coins, starts
from futuresboard.windows import Z_WINDOW

_BLOCK = 1000
_BAR_SLOTS = Z_WINDOW + 3
"""Slots that the flags of two bars in a row read."""
_COIN_SLOTS = cross.REACH + 3

type Name = tuple[int, int, str, int]
"""series, bar, kind, tier of an alert."""


@dataclass
class Verdict:
    """What a verification found.

    bars: that could have started alerts; stored, recomputed: alerts; missing: recomputed and not
    stored; extra: stored and not recomputed; different: stored with other inputs than the rows held.
    """

    bars: int = 0
    stored: int = 0
    recomputed: int = 0
    missing: list[dict[str, object]] = field(default_factory=list)
    extra: list[dict[str, object]] = field(default_factory=list)
    different: list[dict[str, object]] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether every alert is what it has to be."""
        return not (self.missing or self.extra or self.different)


def verify(
    path: Path,
    *,
    since: int | None = None,
    until: int | None = None,
    told: Callable[[int, int], None] = lambda total, done: None,
) -> Verdict:
    """Recompute the alerts of all bars that open in [since, until] (all there are, if None).

    told: called with (slots in all, slots done since the last call). Raises StoreError when the
    database cannot be read.
    """
    verdict = Verdict()
    try:
        with contextlib.closing(connect(path, readonly=True)) as db:
            db.execute("BEGIN")
            spans = {timeframe: span_of(db, timeframe) for timeframe in TIMEFRAME_MS}
            wanted = {
                timeframe: (max(span[0], since or span[0]), min(span[1], span[1] if until is None else until))
                for timeframe, span in spans.items()
                if span is not None
            }
            total = sum((last - first) // TIMEFRAME_MS[tf] + 1 for tf, (first, last) in wanted.items())
            for timeframe, (first, last) in wanted.items():
                _Check(db, timeframe, verdict, lambda done: told(total, done)).run(first, last)
    except sqlite3.Error as error:
        raise StoreError(f"{path.name}: {error}") from error
    return verdict


class _Check:
    """The alerts of one timeframe, decision by decision."""

    def __init__(
        self, db: sqlite3.Connection, timeframe: str, verdict: Verdict, told: Callable[[int], None]
    ) -> None:
        self._db = db
        self._step = TIMEFRAME_MS[timeframe]
        self._timeframe = timeframe
        self._verdict = verdict
        self._told = told
        self._series = series_of(db, timeframe)
        self._begun_at = first_seqs(db)
        self._registered_at = registered_seqs(db)
        self._kept_from = forgotten(db)
        self._awaited = awaited_coins(db, timeframe)
        self._modes = modes_of(db)
        self._rules = [
            (judge, after, until)
            for rule, after, until in every_rule(db)
            if (judge := judge_of(rule)) is not None
        ]
        depths = [_depth(judge, self._step) for judge, _, _ in self._rules]
        self._reach = max(_COIN_SLOTS, *depths, 0) * self._step
        self._last: dict[tuple[int, str, int], int] = {}
        self._recent: dict[int, list[int]] = {}
        self._notes: dict[Name, Mapping[str, object]] = {}

    def run(self, first: int, last: int) -> None:
        """Verify bars first … last in blocks; not those whose own past the database has forgotten."""
        if self._kept_from is not None:
            first = max(first, -(-self._kept_from // self._step) * self._step + self._reach)
        self._recalled = Recalled(self._db, self._timeframe, first)
        self._remember(alerts_of(self._db, self._series, 0, first - 1))
        for begin in range(first, last + 1, _BLOCK * self._step):
            end = min(last, begin + (_BLOCK - 1) * self._step)
            self._block(begin, end)
            self._told((end - begin) // self._step + 1)

    def _remember(self, alerts: Iterable[StoredAlert]) -> None:
        """What started before the first bar that is verified is taken as it is."""
        for alert in alerts:
            self._last[alert.series_id, alert.kind, alert.tier] = alert.ts
            if alert.kind == "tier" and alert.tier != Tier.CLUSTER:
                self._recent.setdefault(alert.series_id, []).append(alert.ts)

    def _block(self, begin: int, end: int) -> None:
        oldest = begin - self._reach
        versions = Versions(self._db, self._series, oldest, end, self._step)
        timely = versions.seen_ts - (versions.ts + self._step)[None, :] <= LATE_BARS * self._step
        self._verdict.bars += int((timely & (versions.decided > 0))[:, versions.ts >= begin].sum())
        found: dict[Name, Mapping[str, list[float | None]]] = {}
        decided = np.where(timely, versions.decided, 0)
        work = [
            *((seq, 0, slot, rows) for seq, slot, rows in versions.decisions(decided, begin)),
            *((seq, 1, slot, rows) for seq, slot, rows in versions.decisions(versions.judged, begin)),
        ]
        # In one transaction a bar's own tiers start before those judged beside other series.
        for seq, beside, slot, rows in sorted(work, key=lambda one: one[:3]):
            judge = self._beside_others if beside else self._alone
            found |= judge(versions, seq, slot, rows)
        self._compare(found, alerts_of(self._db, self._series, begin, end))

    def _mode(self, seq: int) -> Mode:
        known = [mode for mode in self._modes if mode.from_seq <= seq]
        return known[-1] if known else Mode(0, Thresholds(), None)

    def _alone(
        self, versions: Versions, seq: int, slot: int, rows: Sequence[int]
    ) -> dict[Name, Mapping[str, list[float | None]]]:
        """Alerts of tiers 1–4 and of confluence that a transaction has to start at one bar of some series."""
        thresholds = self._mode(seq).thresholds
        columns, _, _ = versions.as_of(rows, slot, _BAR_SLOTS, seq)
        bars = self._bars(versions, columns, slot, _BAR_SLOTS)
        values = get_all(bars)
        flags, k = evaluate(bars, values, thresholds)
        reached = np.where(np.isfinite(k), (k >= thresholds.confluence_min).astype(float), np.nan)
        kinds = [("tier", int(tier), flag) for tier, flag in flags.items()]
        found: dict[Name, Mapping[str, list[float | None]]] = {}
        for kind, tier, flag in [*kinds, ("confluence", 0, reached)]:
            rule = RULES[Tier(tier or Tier.CONFLUENCE)]
            for i in self._begun(kind, tier, versions, seq, rows, slot, flag, values):
                window = {name: _cells(columns[name][i, -n:]) for name, n in rule.reads.items()}
                found[self._name(versions, rows[i], slot, kind, tier)] = window
        return found | self._by_rules(versions, seq, slot, rows)

    def _by_rules(
        self, versions: Versions, seq: int, slot: int, rows: Sequence[int]
    ) -> dict[Name, Mapping[str, list[float | None]]]:
        """Alerts of the user's rules that a transaction has to start at one bar of some series."""
        judges = [one for one, after, until in self._rules if after < seq and (until is None or seq <= until)]
        if not judges:
            return {}
        thresholds = self._mode(seq).thresholds
        slots = max(_depth(judge, self._step) for judge in judges)
        columns, _, _ = versions.as_of(rows, slot, slots, seq)
        series = [versions.series[row] for row in rows]
        bars = replace(self._bars(versions, columns, slot, slots), listed_ts=self._listed(series))
        values = get_all(bars)
        flags, k = evaluate(bars, values, thresholds)
        inputs = Inputs(bars, values, k, thresholds)
        # A symbol that came to name another contract was the plain one when its bars were judged.
        named = [replace(one, symbol=as_listed(one.symbol)) for one in series]
        texts = texts_of(self._timeframe, named)
        found: dict[Name, Mapping[str, list[float | None]]] = {}
        for judge in judges:
            flag = judge.flag(inputs, flags, texts)
            for i in self._begun("rule", judge.rule.id, versions, seq, rows, slot, flag, values):
                reads = judge.expression.reads(self._step).items()
                window = {name: _cells(columns[name][i, -n:]) for name, n in reads}
                found[self._name(versions, rows[i], slot, "rule", judge.rule.id)] = window
        return found

    def _listed(self, series: Sequence[Series]) -> IntArray:
        """(n,) bars in which pairs were listed."""
        times = [UNLISTED if one.listed_ts is None else one.listed_ts for one in series]
        return np.array([ts if ts == UNLISTED else ts - ts % self._step for ts in times], dtype=np.int64)

    def _beside_others(
        self, versions: Versions, seq: int, slot: int, rows: Sequence[int]
    ) -> dict[Name, Mapping[str, list[float | None]]]:
        """Alerts of tiers 5 and 6 that a transaction has to start at one bar of some series."""
        thresholds = self._mode(seq).thresholds
        groups = self._coins({versions.series[row].base for row in rows}, versions.series)
        everyone = [row for group in groups for row in group]
        columns, present, final = versions.as_of(everyone, slot, _COIN_SLOTS, seq)
        unit = np.array([versions.series[row].multiplier for row in everyone])[:, None]
        oi, volume = (np.where(final, columns[name] * unit, np.nan) for name in ("oi_contracts", "volume"))
        apart, whole = np.full((len(everyone), 2), np.nan), np.zeros(len(everyone), dtype=bool)
        place = 0
        for group in groups:
            base = versions.series[group[0]].base
            begun = all(self._was_no_gap(versions.series[row].id, seq) for row in group)
            begun &= base not in self._awaited or seq <= self._awaited[base]
            mine = slice(place, place + len(group))
            apart[mine] = cross.divergence(oi[mine], volume[mine], 2)
            whole[mine] = begun and cross.whole(oi[mine], volume[mine], 1)[-1]
            place += len(group)
        may = np.array([row in set(rows) for row in everyone])
        bars = self._bars(versions, columns, slot, _COIN_SLOTS)
        found: dict[Name, Mapping[str, list[float | None]]] = {}
        for tier in COIN_TIERS:
            recent = self._counts(versions, everyone, slot, present[:, -2:] & final[:, -2:])
            flag = judge_coins(bars, apart, recent, thresholds)[tier]
            fit = may & whole if tier is Tier.DIVERGENCE else may
            flag = np.where(fit[:, None], flag, np.nan)
            for i in self._begun("tier", tier, versions, seq, everyone, slot, flag, {"divergence": apart}):
                reads = RULES[tier].reads.items()
                window = {name: _cells(columns[name][i, -n:]) for name, n in reads}
                found[self._name(versions, everyone[i], slot, "tier", tier)] = window
        return found

    def _was_no_gap(self, series: int, seq: int) -> bool:
        """Whether nobody waited for a series' first bar in a transaction: it was there, or not known of."""
        return self._begun_at[series] <= seq or 0 < seq <= self._registered_at[series]

    def _coins(self, bases: set[str], series: Sequence[Series]) -> list[list[int]]:
        """Rows of each coin's series, in the order in which they are summed."""
        found: dict[str, list[int]] = {base: [] for base in sorted(bases)}
        for row, one in enumerate(series):
            if one.base in found:
                found[one.base].append(row)
        return [
            sorted(group, key=lambda row: (series[row].exchange, series[row].symbol))
            for group in found.values()
        ]

    def _counts(self, versions: Versions, rows: Sequence[int], slot: int, there: BoolArray) -> FloatArray:
        """(n, 2) alerts of tiers 1–5 in the 12 slots that end one bar before a slot, and with it."""
        ts = int(versions.ts[slot])
        counts = np.zeros((len(rows), 2))
        for i, row in enumerate(rows):
            recent = self._recent.get(versions.series[row].id, [])
            for at, end in enumerate((ts - self._step, ts)):
                counts[i, at] = sum(end - CLUSTER_BARS * self._step < one <= end for one in recent)
        return np.where(there, counts, np.nan)

    def _begun(
        self,
        kind: str,
        tier: int,
        versions: Versions,
        seq: int,
        rows: Sequence[int],
        slot: int,
        flags: FloatArray,
        sizes: Mapping[str, FloatArray],
    ) -> list[int]:
        """Places in `rows` whose alert starts; flags, sizes: (n, 2) as `AlertWriter.begin` takes them."""
        ids = [versions.series[row].id for row in rows]
        ts, mode = int(versions.ts[slot]), self._mode(seq)
        budget = None if kind == "rule" else mode.budget
        judged: Judged | None = None
        if budget is not None:
            judged = self._recalled.judge(budget, seq, tier, ids, ts, flags, sizes)
            flags = judged.flags
        last = np.array([self._last.get((i, kind, tier), math.nan) for i in ids], dtype=np.float64)
        rests = kind != "tier" or RULES[Tier(tier)].rests
        begun = starts(
            flags[:, 1],
            flags[:, 0],
            ts,
            last,
            timeframe_ms=self._step,
            cooldown=mode.thresholds.cooldown if rests else 0,
        )
        places: list[int] = np.flatnonzero(begun).tolist()
        if budget is not None and judged is not None:
            notes = self._recalled.admit(budget, seq, tier, ids, ts, begun, judged)
            places = sorted(notes)
            self._notes |= {(ids[i], ts, kind, tier): notes[i] for i in places}
        for i in places:
            self._last[ids[i], kind, tier] = ts
            if kind == "tier" and tier != Tier.CLUSTER:
                self._recent.setdefault(ids[i], []).append(ts)
        return places

    def _bars(self, versions: Versions, columns: Mapping[str, FloatArray], slot: int, slots: int) -> Bars:
        end = int(versions.ts[slot])
        ts = end - self._step * np.arange(slots - 1, -1, -1, dtype=np.int64)
        # No tier reads what depends on the listing.
        listed = np.full(len(columns["close"]), UNLISTED)
        return Bars(self._step, ts, columns, listed, 2)

    def _name(self, versions: Versions, row: int, slot: int, kind: str, tier: int) -> Name:
        return versions.series[row].id, int(versions.ts[slot]), kind, int(tier)

    def _compare(
        self, found: Mapping[Name, Mapping[str, list[float | None]]], stored: Sequence[StoredAlert]
    ) -> None:
        held = {(one.series_id, one.ts, one.kind, one.tier): one for one in stored}
        self._verdict.stored += len(held)
        self._verdict.recomputed += len(found)
        self._verdict.missing += [self._told_of(name) for name in sorted(found.keys() - held.keys())]
        self._verdict.extra += [
            self._told_of(name, held[name].id) for name in sorted(held.keys() - found.keys())
        ]
        for name in sorted(found.keys() & held.keys()):
            differing = [
                column for column, cells in found[name].items() if held[name].window.get(column) != cells
            ]
            if not _same(self._notes.pop(name, None), held[name].calibration):
                differing.append("calibration")
            if differing:
                self._verdict.different.append(self._told_of(name, held[name].id) | {"columns": differing})

    def _told_of(self, name: Name, number: int | None = None) -> dict[str, object]:
        series = next(one for one in self._series if one.id == name[0])
        told: dict[str, object] = {} if number is None else {"id": number}
        return told | {
            "exchange": series.exchange,
            "symbol": series.symbol,
            "timeframe": self._timeframe,
            "ts": name[1],
            "kind": name[2],
            "tier": name[3] or None,
        }


def _depth(judge: Judge, timeframe_ms: int) -> int:
    """Slots that a rule's flags of two bars in a row read."""
    return 1 + max(judge.expression.reads(timeframe_ms).values())


def _same(one: Mapping[str, object] | None, other: Mapping[str, object] | None) -> bool:
    """Whether two alerts say the same of their calibration, numbers to 1e-9."""
    if one is None or other is None:
        return one is other
    return one.keys() == other.keys() and all(
        math.isclose(mine, theirs, rel_tol=1e-9)
        if isinstance(mine, float) and isinstance(theirs, int | float)
        else mine == theirs
        for mine, theirs in ((one[key], other[key]) for key in one)
    )


def _cells(values: FloatArray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]
