"""From flags to alerts: the lifecycle with its memory of the last alert, and what each alert stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import orjson

from futuresboard import __version__
from futuresboard.calibrate import Judged
from futuresboard.calibrated import Calibrated
from futuresboard.config import settings_hash
from futuresboard.db import Pair, Store, Write, sql_number
from futuresboard.derived import Derived
from futuresboard.model import (
    EXCHANGE_NAMES,
    SEVERITY,
    TIMEFRAME_MS,
    Alert,
    BoolArray,
    FloatArray,
    Thresholds,
    Tier,
)
from futuresboard.rulebook import Judge, RuleBook, texts_of
from futuresboard.signals import CLUSTER_BARS, RULES, Condition, Inputs, funding_8h, starts

_CONFLUENCE_TEXT = (
    "{k:.0f} of 3 confluence conditions hold: open interest {z_raw:+.1f} σ, {global_ls:.2f} accounts long "
    "per short, takers {imbalance:+.1f} % to one side"
)
_NEVER = float("nan")
SIZES = ("z_raw", "oi_delta_pct")
"""Statistics of one series that calibrated thresholds are compared with."""


@dataclass(frozen=True)
class Place:
    """Where an alert starts: a pair's series and the slot (of the `out` slots) of its bar in `derived`."""

    pair: Pair
    series_id: int
    timeframe: str
    derived: Derived
    row: int
    slot: int


@dataclass(frozen=True)
class Beyond:
    """What an alert read beyond its own series: numbers for its text, raw inputs for its window."""

    values: Mapping[str, float | None] = field(default_factory=dict)
    window: Mapping[str, list[float | None]] = field(default_factory=dict)


_NOTHING_BEYOND = Beyond()


@dataclass(frozen=True)
class _Source:
    """What an alert comes from: the raw columns it reads (with how many slots of each), its sentence
    from the row's values, its rank, its side, and the user's rule if it is one."""

    reads: Mapping[str, int]
    sentence: Callable[[Mapping[str, float | None]], str]
    severity: int
    side: Condition | None = None
    judge: Judge | None = None


class AlertWriter:
    """Starts alerts at finalised bars; remembers the newest one of each (series, kind, tier or rule).

    judged_by: thresholds as JSON, and in calibrated mode the alerts a day.
    """

    def __init__(self, store: Store, thresholds: Thresholds, calibrated: Calibrated | None = None) -> None:
        """calibrated: judges tiers by the day's calibrated thresholds instead (None: by `thresholds`)."""
        self._store = store
        self._calibrated = calibrated
        self._notes: dict[tuple[int, str, int], Mapping[str, object]] = {}
        self._last: dict[tuple[int, str, int], int] = {}
        self._recent: dict[int, list[tuple[int, int]]] = {}
        self._rules = RuleBook(store)
        self.use(thresholds)

    def use(self, thresholds: Thresholds) -> None:
        """Judge by these from now on."""
        self._thresholds = thresholds
        self._hash = settings_hash(thresholds)
        budget = None
        if self._calibrated is not None:
            budget, self._calibrated.cooldown = self._calibrated.budget, thresholds.cooldown
        self.judged_by = (orjson.dumps(thresholds).decode(), budget)

    def reload(self) -> None:
        """Take the memory from the database."""
        self._last = self._store.last_alerts()
        if self._calibrated is not None:
            self._calibrated.reload()
        self._recent = {}
        for series, ts, tier in self._store.alerts_near_end(CLUSTER_BARS + 1):
            self._recent.setdefault(series, []).append((ts, tier))
        self.reload_rules()

    def reload_rules(self) -> None:
        """Judge by the user's rules that are stored now."""
        self._rules.reload()

    def start(
        self,
        timeframe: str,
        pairs: Sequence[Pair],
        derived: Derived,
        starting: BoolArray,
        now_ms: int,
        write: Write,
    ) -> None:
        """Add the alerts that start at bars marked in `starting` (n, out − 1) to a transaction.

        `derived` has one slot more in front: the flags one bar before.
        """
        if self._calibrated is not None:
            self._calibrated.prepare(now_ms)
        ids = [self._store.series_id(pair.id, timeframe) for pair in pairs]
        kinds = self._kinds(timeframe, pairs, derived)
        for slot in np.flatnonzero(starting.any(axis=0)).tolist():
            ts = int(derived.bars.ts[slot - starting.shape[1]])
            pair_of_slots = slice(slot, slot + 2)
            sizes = {name: derived.metrics[name][:, pair_of_slots] for name in SIZES}
            for kind, tier, flag in kinds:
                flags = flag[:, pair_of_slots]
                begun = self.begin(timeframe, kind, tier, ids, ts, starting[:, slot], flags, sizes, now_ms)
                for row in begun:
                    place = Place(pairs[row], ids[row], timeframe, derived, row, slot + 1)
                    write.alerts.append((ids[row], self.alert(kind, tier, place, now_ms)))

    def begin(
        self,
        timeframe: str,
        kind: str,
        tier: int,
        ids: Sequence[int],
        ts: int,
        may: BoolArray,
        flags: FloatArray,
        sizes: Mapping[str, FloatArray],
        now_ms: int,
    ) -> list[int]:
        """Rows whose flag starts an alert at the bar at `ts`, which is remembered from then on.

        ids: series by row; may: (n,) where one may start; flags: (n, 2) one bar before and at the bar;
        sizes: likewise the statistics that the tier's threshold is compared with.
        """
        judged: Judged | None = None
        # A user's rule says itself what it compares with: it is not calibrated.
        calibrated = None if kind == "rule" else self._calibrated
        if calibrated is not None:
            judged = calibrated.judge(timeframe, tier, ids, ts, flags, sizes, now_ms)
            flags = judged.flags
        last = np.array([self._last.get((i, kind, tier), _NEVER) for i in ids], dtype=np.float64)
        rests = kind != "tier" or RULES[Tier(tier)].rests
        begun = may & starts(
            flags[:, 1],
            flags[:, 0],
            ts,
            last,
            timeframe_ms=TIMEFRAME_MS[timeframe],
            cooldown=self._thresholds.cooldown if rests else 0,
        )
        rows: list[int] = np.flatnonzero(begun).tolist()
        if calibrated is not None and judged is not None:
            held = calibrated.admit(tier, ids, ts, begun, judged, now_ms)
            self._notes = {(ids[row], kind, tier): note for row, note in held.items()}
            rows = sorted(held)
        for row in rows:
            self._last[ids[row], kind, tier] = ts
            if kind == "tier" and tier != Tier.CLUSTER:
                self._remember(ids[row], ts, tier, TIMEFRAME_MS[timeframe])
        return rows

    def _remember(self, series_id: int, ts: int, tier: int, step: int) -> None:
        recent = self._recent.setdefault(series_id, [])
        recent[:] = [one for one in recent if one[0] > ts - (CLUSTER_BARS + 1) * step]
        recent.append((ts, tier))

    def recent(self, series_id: int, ts: int, timeframe: str) -> list[tuple[int, int]]:
        """(ts, tier) of a series' alerts of tiers 1–5 in the 12 slots that end with the bar at `ts`."""
        first = ts - CLUSTER_BARS * TIMEFRAME_MS[timeframe]
        return [one for one in self._recent.get(series_id, []) if first < one[0] <= ts]

    def _kinds(
        self, timeframe: str, pairs: Sequence[Pair], derived: Derived
    ) -> list[tuple[str, int, FloatArray]]:
        """Every flag (n, out) with its kind, and the tier's or the rule's number."""
        reached = np.where(
            np.isfinite(derived.k), (derived.k >= self._thresholds.confluence_min).astype(float), np.nan
        )
        tiers = [("tier", int(tier), flag) for tier, flag in derived.flags.items()]
        inputs, texts = self._inputs(derived), texts_of(timeframe, pairs)
        rules = [
            ("rule", number, judge.flag(inputs, derived.flags, texts))
            for number, judge in self._rules.judges.items()
        ]
        return [*tiers, ("confluence", 0, reached), *rules]

    def alert(
        self, kind: str, tier: int, place: Place, now_ms: int, beyond: Beyond = _NOTHING_BEYOND
    ) -> Alert:
        """The alert of a kind and tier at a place, with everything it was made from."""
        pair, timeframe, derived, row, slot = (
            place.pair,
            place.timeframe,
            place.derived,
            place.row,
            place.slot,
        )
        values = {**_values(derived, row, slot), **beyond.values}
        source = self._source(kind, tier, TIMEFRAME_MS[timeframe])
        if source.judge is not None:
            columns = source.judge.columns(self._inputs(derived), derived.flags)
            values |= {name: sql_number(float(array[row, slot])) for name, array in columns.items()}
        stop = len(derived.bars.ts) - derived.bars.out + slot + 1
        window: dict[str, list[float | None]] = {
            name: [sql_number(x) for x in derived.bars.columns[name][row, max(0, stop - n) : stop].tolist()]
            for name, n in source.reads.items()
        }
        window.update(beyond.window)
        where = f"{pair.base} on {EXCHANGE_NAMES.get(pair.exchange, pair.exchange)}, {timeframe}"
        return Alert(
            exchange=pair.exchange,
            symbol=pair.symbol,
            base=pair.base,
            timeframe=timeframe,
            ts=int(derived.bars.ts[stop - 1]),
            kind=kind,
            tier=tier if kind == "tier" else None,
            severity=source.severity,
            direction=_direction(source.side, self._inputs(derived), row, slot),
            text=f"{where}: {source.sentence(values)}",
            values=values,
            window=window,
            thresholds=asdict(self._thresholds),
            code_version=__version__,
            settings_hash=self._hash,
            created_ts=now_ms,
            calibration=self._notes.get((place.series_id, kind, tier)),
            rule=None if source.judge is None else source.judge.rule,
        )

    def _inputs(self, derived: Derived) -> Inputs:
        return Inputs(derived.bars, derived.metrics, derived.k, self._thresholds)

    def _source(self, kind: str, number: int, timeframe_ms: int) -> _Source:
        if kind == "rule":
            judge = self._rules.judges[number]
            reads = judge.expression.reads(timeframe_ms)
            return _Source(reads, judge.sentence, len(SEVERITY) + 1, judge=judge)
        if kind == "confluence":
            rule = RULES[Tier.CONFLUENCE]
            return _Source(rule.reads, _filled(_CONFLUENCE_TEXT), len(SEVERITY), rule.side)
        rule = RULES[Tier(number)]
        return _Source(rule.reads, _filled(rule.text), SEVERITY.index(rule.tier), rule.side)


def _values(derived: Derived, row: int, slot: int) -> dict[str, float | None]:
    values = {name: sql_number(float(array[row, slot])) for name, array in derived.metrics.items()}
    for name in ("close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls", "funding"):
        values[name] = sql_number(float(derived.bars.lag(name)[row, slot]))
    with np.errstate(invalid="ignore", divide="ignore"):
        paid = funding_8h(derived.bars)[row, slot]
    values["funding_8h_pct"] = sql_number(float(paid) * 100.0)
    values["k"] = sql_number(float(derived.k[row, slot]))
    return values


def _filled(text: str) -> Callable[[Mapping[str, float | None]], str]:
    return lambda values: text.format(**values)


def _direction(side: Condition | None, inputs: Inputs, row: int, slot: int) -> str | None:
    if side is None:
        return None
    return {1.0: "long", -1.0: "short"}.get(float(side(inputs)[row, slot]))
