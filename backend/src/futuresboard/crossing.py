"""What is judged beside other series: tier 5 (a coin's exchanges) and tier 6 (a series' own alerts).

Flags of tier 5 are computed as far as the coin's bars are known and change with them. Alerts of both are
decided once per bar: when every exchange that lists the coin has finalised it, or when no more is
waited for. An alert of tier 5 starts only where no exchange was missing: a venue that is away is gapped
input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from futuresboard import cross, metrics, quality
from futuresboard.alerting import AlertWriter, Beyond, Place
from futuresboard.db import Store, Write, sql_number
from futuresboard.derived import Derived
from futuresboard.memory import Memory
from futuresboard.merge import NEVER
from futuresboard.model import TIMEFRAME_MS, BoolArray, FloatArray, IntArray, Thresholds, Tier
from futuresboard.signals import RULES, judge_coins

WAIT_SLACK_MS = 5_000
"""How much longer than `FINALISE_AFTER` is waited: by then whatever finalises a bar has been stored."""
type Decides = Callable[[Sequence[int], int], bool]
"""Whether the bars at a time of some series, which wait for each other, are decided now."""
_DIVERGENCE_BIT, _CLUSTER_BIT = 1 << int(Tier.DIVERGENCE), 1 << int(Tier.CLUSTER)


class Coins:
    """Windows of some coins' series, side by side.

    rows: (n,) memory rows of all their pairs; at: (coins, exchanges) places in `rows`, -1 for none;
    bars, present: of these rows; awaited: (n,) rows that are listed and have no bar yet; oi, volume:
    (coins, exchanges, T) in coins, NaN where unknown.
    """

    def __init__(self, memory: Memory, timeframe: str, groups: Iterable[Sequence[int]], end: int, out: int):
        lists = [list(group) for group in groups]
        self.rows: IntArray = np.array([row for group in lists for row in group], dtype=np.int64)
        self.at: IntArray = np.full((len(lists), max(len(group) for group in lists)), -1)
        place = 0
        for number, group in enumerate(lists):
            self.at[number, : len(group)] = np.arange(place, place + len(group))
            place += len(group)
        self.bars, self.marks, self.present = memory.window(
            timeframe, self.rows, end, out + cross.REACH + 1, out
        )
        # A bar that is only shown so far is judged by nobody.
        self.present &= self.marks & quality.PROVISIONAL == 0
        self.awaited = np.array([memory.pairs[row].active for row in self.rows.tolist()])
        self.awaited &= memory.first[timeframe][self.rows] == NEVER
        unit = np.array([memory.pairs[row].multiplier for row in self.rows.tolist()])[:, None]
        unit = np.where(self.present, unit, np.nan)
        self.oi = self._side_by_side(self.bars.columns["oi_contracts"] * unit)
        self.volume = self._side_by_side(self.bars.columns["volume"] * unit)

    def _side_by_side(self, values: FloatArray) -> FloatArray:
        found: FloatArray = np.where(self.at[..., None] >= 0, values[self.at], np.nan)
        return found

    def by_row(self, values: FloatArray) -> FloatArray:
        """(n, out) of (coins, exchanges, out)."""
        found = np.empty((len(self.rows), values.shape[-1]))
        there = self.at >= 0
        found[self.at[there]] = values[there]
        return found

    @cached_property
    def divergence(self) -> FloatArray:
        """(n, out) how far each row departs from its coin's exchanges, in σ."""
        return self.by_row(cross.divergence(self.oi, self.volume, self.bars.out))

    def whole(self) -> BoolArray:
        """(n,) rows whose coin the same exchanges made up in every slot the newest bar is judged by.

        One whose first bars have not come yet is missing as well.
        """
        same = np.broadcast_to(cross.whole(self.oi, self.volume, 1), self.at.shape)
        there = self.at >= 0
        awaited = np.zeros(self.at.shape, dtype=bool)
        awaited[there] = self.awaited[self.at[there]]
        found = np.zeros(len(self.rows), dtype=bool)
        found[self.at[there]] = (same & ~awaited.any(axis=1, keepdims=True))[there]
        return found

    @cached_property
    def global_change(self) -> FloatArray:
        """(n, out) the coin's chained change of open interest in %."""
        change = cross.global_oi_change_pct(self.oi, self.volume, self.bars.out)
        return self.by_row(np.broadcast_to(change[:, None, :], (*self.at.shape, self.bars.out)))


class Crossing:
    """Judges tiers 5 and 6 in the writer's transactions; remembers which bars are still to be decided.

    wait_ms: how long after its close a bar's alerts wait for the coin's other exchanges; decides: who says
    instead, asked with the waiting series' ids and the time of their bars (replay, which knows when they
    were decided).
    """

    def __init__(
        self,
        store: Store,
        memory: Memory,
        alerts: AlertWriter,
        thresholds: Thresholds,
        *,
        wait_ms: int,
        decides: Decides | None = None,
    ) -> None:
        self._store = store
        self._memory = memory
        self._alerts = alerts
        self._wait_ms = wait_ms + WAIT_SLACK_MS
        self._decides = decides
        self._waiting: dict[str, dict[int, set[int]]] = {}
        self.thresholds = thresholds

    def reload(self, timeframes: Sequence[str]) -> None:
        """Take what is still to be decided from the database."""
        self._waiting = {timeframe: {} for timeframe in timeframes}
        places = {
            self._store.series_id(pair.id, timeframe): (timeframe, row)
            for timeframe in timeframes
            for row, pair in enumerate(self._memory.pairs)
            if self._store.has_series(pair.id, timeframe)
        }
        for ts, series in self._store.unjudged():
            if series in places:
                timeframe, row = places[series]
                self._waiting[timeframe].setdefault(ts, set()).add(row)

    def judge(
        self,
        timeframe: str,
        rows: IntArray,
        ts: IntArray,
        finalised: Sequence[tuple[int, int]],
        now_ms: int,
        write: Write,
    ) -> None:
        """Judge the coins of m bars that changed; finalised: (row, time) of those that may start alerts."""
        for row, time in finalised:
            self._waiting[timeframe].setdefault(time, set()).add(row)
        self._refresh_flags(timeframe, rows, ts, write)
        self._decide(timeframe, self._memory.peers(rows), now_ms, write)

    def judge_overdue(self, now_ms: int, write: Write) -> None:
        """Decide what has waited long enough."""
        for timeframe, waiting in self._waiting.items():
            late = [ts for ts in waiting if self._decides or self._is_late(timeframe, ts, now_ms)]
            rows = sorted({row for ts in late for row in waiting[ts]})
            if rows:
                self._decide(timeframe, self._memory.peers(np.array(rows)), now_ms, write)

    def _is_late(self, timeframe: str, ts: int, now_ms: int) -> bool:
        return now_ms >= ts + TIMEFRAME_MS[timeframe] + self._wait_ms

    def _refresh_flags(self, timeframe: str, rows: IntArray, ts: IntArray, write: Write) -> None:
        """Store every flag of tier 5 that the changed bars touch and that is another now."""
        panel, step = self._memory.panels[timeframe], TIMEFRAME_MS[timeframe]
        groups = [group for group in self._memory.peers(rows).values() if len(group) > 1]
        if not groups:
            return
        everyone = np.array([row for group in groups for row in group])
        end = min(int(panel.newest(everyone).max()), int(ts.max()) + cross.REACH * step)
        end = max(end, int(ts.max()))
        out = int(end - ts.min()) // step + 1
        coins = Coins(self._memory, timeframe, groups, end, out)
        flag = self._flags(coins, np.zeros((len(coins.rows), out)))[Tier.DIVERGENCE]
        at, slot = np.nonzero(coins.present[:, -out:])
        times = coins.bars.ts[-out:][slot]
        value = flag[at, slot]
        code: NDArray[np.int8] = np.where(np.isfinite(value), value + 1, 0).astype(np.int8)
        for i in np.flatnonzero(panel.note_divergence(coins.rows[at], times, code)).tolist():
            series = self._series(timeframe, int(coins.rows[at[i]]))
            true, known = _DIVERGENCE_BIT * int(code[i] == 2), _DIVERGENCE_BIT * int(code[i] > 0)
            write.coin_flags.append((_DIVERGENCE_BIT, true, _DIVERGENCE_BIT, known, int(times[i]), series))

    def _flags(self, coins: Coins, recent: FloatArray) -> dict[Tier, FloatArray]:
        return judge_coins(coins.bars, coins.divergence, recent, self.thresholds)

    def _series(self, timeframe: str, row: int) -> int:
        return self._store.series_id(self._memory.pairs[row].id, timeframe)

    def _decide(self, timeframe: str, groups: dict[str, list[int]], now_ms: int, write: Write) -> None:
        """Start the alerts of every waiting bar of some coins whose time has come."""
        # In a window of the past (`Stretch`) nothing waits.
        for ts in sorted(self._waiting.get(timeframe, ())):
            waiting = self._waiting[timeframe][ts]
            ready = [
                group
                for group in groups.values()
                if not waiting.isdisjoint(group) and self._is_due(timeframe, group, ts, waiting, now_ms)
            ]
            if not ready:
                continue
            self._start(timeframe, ready, ts, waiting, now_ms, write)
            waiting.difference_update(row for group in ready for row in group)
            if not waiting:
                del self._waiting[timeframe][ts]

    def _is_due(self, timeframe: str, group: Sequence[int], ts: int, waiting: set[int], now_ms: int) -> bool:
        if self._decides is not None:
            return self._decides([self._series(timeframe, row) for row in group if row in waiting], ts)
        return self._is_late(timeframe, ts, now_ms) or self._complete(timeframe, group, ts)

    def _complete(self, timeframe: str, group: Sequence[int], ts: int) -> bool:
        """Whether every pair of a coin that is still listed has finalised its bar at `ts`."""
        rows = np.array([row for row in group if self._memory.pairs[row].active], dtype=np.int64)
        present, _, marks = self._memory.panels[timeframe].get(rows, np.full(len(rows), ts))
        return bool((present & (marks & quality.PROVISIONAL == 0)).all())

    def _start(
        self,
        timeframe: str,
        groups: Sequence[Sequence[int]],
        ts: int,
        waiting: set[int],
        now_ms: int,
        write: Write,
    ) -> None:
        coins = Coins(self._memory, timeframe, groups, ts, 2)
        rows = coins.rows.tolist()
        ids = [self._series(timeframe, row) for row in rows]
        may = np.array([row in waiting for row in rows])
        write.judged += [(ts, number) for number, mine in zip(ids, may.tolist(), strict=True) if mine]
        # A cluster counts the alerts of tier 5 at its own bar, so that those come first.
        for tier in (Tier.DIVERGENCE, Tier.CLUSTER):
            recent = self._recent(timeframe, ids, ts, coins.present)
            flag = self._flags(coins, recent)[tier]
            fit = may & coins.whole() if tier is Tier.DIVERGENCE else may
            sizes = {"divergence": coins.divergence}
            begun = self._alerts.begin(timeframe, "tier", tier, ids, ts, fit, flag, sizes, now_ms)
            self._write(timeframe, tier, coins, begun, ids, ts, now_ms, write)
        clustered = np.flatnonzero(may & (flag[:, 1] == 1.0)).tolist()
        bits = (_CLUSTER_BIT, _CLUSTER_BIT, _CLUSTER_BIT, _CLUSTER_BIT)
        write.coin_flags += [(*bits, ts, ids[i]) for i in clustered]

    def _recent(self, timeframe: str, ids: Sequence[int], ts: int, present: BoolArray) -> FloatArray:
        """(n, 2) alerts of tiers 1–5 in the 12 slots that end one bar before `ts`, and with it."""
        step = TIMEFRAME_MS[timeframe]
        counts = [[len(self._alerts.recent(i, at, timeframe)) for at in (ts - step, ts)] for i in ids]
        return np.where(present[:, -2:], np.array(counts, dtype=np.float64), np.nan)

    def _write(
        self,
        timeframe: str,
        tier: Tier,
        coins: Coins,
        begun: Sequence[int],
        ids: Sequence[int],
        ts: int,
        now_ms: int,
        write: Write,
    ) -> None:
        if not begun:
            return
        derived = self._derived(timeframe, coins.rows[np.array(begun)], ts)
        for number, i in enumerate(begun):
            pair = self._memory.pairs[int(coins.rows[i])]
            place = Place(pair, ids[i], timeframe, derived, number, 0)
            beyond = self._read_beyond(timeframe, tier, coins, i, ids[i], ts)
            write.alerts.append((ids[i], self._alerts.alert("tier", tier, place, now_ms, beyond)))

    def _derived(self, timeframe: str, rows: IntArray, ts: int) -> Derived:
        bars, marks, present = self._memory.window(timeframe, rows, ts, 1 + metrics.LOOKBACK, 1)
        return Derived(bars, marks, present, self._memory.first[timeframe][rows], self.thresholds)

    def _read_beyond(
        self, timeframe: str, tier: Tier, coins: Coins, i: int, series_id: int, ts: int
    ) -> Beyond:
        if tier is Tier.CLUSTER:
            counted = self._alerts.recent(series_id, ts, timeframe)
            return Beyond(
                {"recent_alerts": float(len(counted))},
                {"alert_ts": [float(at) for at, _ in counted], "alert_tier": [float(t) for _, t in counted]},
            )
        values = {
            "divergence": sql_number(float(coins.divergence[i, 1])),
            "global_oi_change_pct": sql_number(float(coins.global_change[i, 1])),
        }
        group = next(places for places in coins.at.tolist() if i in places)
        return Beyond(values, _windows(self._memory, coins, [at for at in group if at not in (i, -1)]))


def _windows(memory: Memory, coins: Coins, others: Sequence[int]) -> dict[str, list[float | None]]:
    """What the coin's other series held, by exchange and column."""
    found: dict[str, list[float | None]] = {}
    for at in others:
        pair = memory.pairs[int(coins.rows[at])]
        found[f"{pair.exchange} {pair.symbol} multiplier"] = [pair.multiplier]
        for name, slots in RULES[Tier.DIVERGENCE].reads.items():
            values = coins.bars.columns[name][at, -slots:].tolist()
            found[f"{pair.exchange} {pair.symbol} {name}"] = [sql_number(x) for x in values]
    return found
