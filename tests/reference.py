"""Every metric, tier and alert of the definitions again, in plain loops.

Nothing here comes from the package: no numpy, no pandas, no import of futuresboard. What the product
stores is held against these functions, so they follow the wording of the definitions one sentence at a
time and take no short cut. Sums over a window are
`math.fsum`: exact, whatever the order.

A raw bar is a mapping with `ts` (ms UTC, open time) and the columns of `RAW`; an absent column and None
both mean unknown. A derived value that is unknown is None, never 0 and never NaN.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter
from typing import Any

Row = dict[str, Any]

HOUR = 3_600_000
DAY = 24 * HOUR

MUST_BE_POSITIVE = ("open", "high", "low", "close", "oi_contracts", "oi_abs_usd", "global_ls", "top_ls")
MUST_NOT_BE_NEGATIVE = ("volume", "quote_volume", "taker_buy")
RAW = (*MUST_BE_POSITIVE, *MUST_NOT_BE_NEGATIVE, "funding", "funding_interval_h")

FUNDING_GUARD = 0.05
IMBALANCE_GUARD = 50.0
Z_WINDOW = 20
Z_CLIP = 10.0
RSI_PERIOD = 14
RSI_WARMUP = 100
DEFAULT_INTERVAL_H = 8.0
FUNDING_TOLERANCE = 1e-9
TREND_BARS = 12
CLUSTER_BARS = 12
CLUSTER_LEAST = 3
QUADRANTS = {(1, 1): "new longs", (1, -1): "short covering"}
QUADRANTS |= {(-1, 1): "new shorts", (-1, -1): "long liquidation"}

THRESHOLDS: Mapping[str, float] = {
    "z": 2.5,
    "ls": 2.0,
    "imbalance": 3.0,
    "oi_delta": 1.0,
    "funding": 0.01,  # percent per 8 h, as the setting is given
    "divergence": 2.0,
    "confluence_min": 2,
}


def _fits(column: str, value: float) -> bool:
    if column in MUST_NOT_BE_NEGATIVE:
        return math.isfinite(value) and value >= 0
    if column == "funding":
        return abs(value) < FUNDING_GUARD
    return math.isfinite(value) and value > 0


def guard_inputs(bar: Mapping[str, Any]) -> tuple[Row, Row]:
    """Return (fit raw columns with None for unknown, raw values that failed their guard)."""
    fit: Row = {"ts": bar["ts"]}
    guarded: Row = {}
    for column in RAW:
        value = bar.get(column)
        if value is None or _fits(column, value):
            fit[column] = value
        else:
            fit[column] = None
            guarded[column] = value
    return fit, guarded


def _taker_sell(volume: float | None, buy: float | None, guarded: Row) -> float | None:
    """`taker_buy + taker_sell = volume`; a negative rest is a volume that does not fit."""
    if volume is None or buy is None:
        return None
    sell = volume - buy
    if sell < 0:
        guarded["taker_sell"] = sell
        return None
    return sell


def percent_change(now: float | None, before: float | None) -> float | None:
    """(now - before) / before x 100, unknown when a side is."""
    if now is None or before is None:
        return None
    return (now - before) / before * 100


def imbalance(buy: float | None, sell: float | None, guarded: Row) -> float | None:
    """(buy - sell) / (buy + sell) x 100; null on no trades; guarded from 50 on."""
    if buy is None or sell is None or buy + sell == 0:
        return None
    value = (buy - sell) / (buy + sell) * 100
    if abs(value) >= IMBALANCE_GUARD:
        guarded["imbalance"] = value
        return None
    return value


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def quadrant(price_change: float | None, oi_change: float | None) -> str | None:
    """Name the corner of price against OI over one hour; no word on an axis."""
    if price_change is None or oi_change is None:
        return None
    return QUADRANTS.get((_sign(price_change), _sign(oi_change)))


class _Series:
    """Rows of one series by time slot: what is not there is unknown."""

    def __init__(self, rows: Sequence[Row], step: int) -> None:
        self.rows = rows
        self.step = step
        self._at = {row["ts"]: row for row in rows}
        if len(self._at) != len(rows) or [row["ts"] for row in rows] != sorted(self._at):
            raise ValueError("bars must be sorted by ts, one per ts")

    def value(self, ts: int, column: str) -> Any:
        """The column's value in the bar that opens at ts; None without such a bar."""
        row = self._at.get(ts)
        return None if row is None else row[column]

    def window(self, first: int, count: int, column: str) -> list[float] | None:
        """The values of `count` slots from `first` on; None unless every one is known."""
        values = [self.value(first + k * self.step, column) for k in range(count)]
        return None if any(value is None for value in values) else values


def _fill_cvd(series: _Series, listing_ts: int | None) -> None:
    """Running sum since 00:00 UTC; a missing or unknown bar ends it until the next midnight."""
    total: float | None = None
    for i, row in enumerate(series.rows):
        ts = row["ts"]
        listed_here = i == 0 and listing_ts is not None and ts <= listing_ts < ts + series.step
        if ts % DAY == 0 or listed_here:
            total = 0.0
        elif i == 0 or series.rows[i - 1]["ts"] != ts - series.step:
            total = None
        if row["_flow"] is None:
            total = None
        elif total is not None:
            total += row["_flow"]
        row["cvd"] = total


def _fill_changes(series: _Series) -> None:
    for row in series.rows:
        ts = row["ts"]

        for name, column, back in (
            ("oi_delta_pct", "oi_contracts", series.step),
            ("ls_delta_pct", "global_ls", series.step),
            ("oi_change_1h_pct", "oi_contracts", HOUR),
            ("oi_change_4h_pct", "oi_contracts", 4 * HOUR),
            ("oi_change_24h_pct", "oi_contracts", DAY),
            ("price_change_1h_pct", "close", HOUR),
            ("price_change_24h_pct", "close", DAY),
        ):
            row[name] = percent_change(row[column], series.value(ts - back, column))
        row["oi_price_quadrant"] = quadrant(row["price_change_1h_pct"], row["oi_change_1h_pct"])


def correlation(pairs: Sequence[tuple[float | None, float | None]]) -> float | None:
    """Pearson's r of the pairs known on both sides; None with less than 90 %, or a side constant."""
    known = [(x, y) for x, y in pairs if x is not None and y is not None]
    if len(known) * 10 < len(pairs) * 9:
        return None
    spreads, aparts = [], []
    for values in ([x for x, _ in known], [y for _, y in known]):
        mean = math.fsum(values) / len(values)
        apart = [value - mean for value in values]
        spread = math.fsum(a * a for a in apart)
        sd = math.sqrt(spread / (len(values) - 1))
        if sd <= 1e-12 or sd <= 1e-6 * abs(mean):
            return None
        spreads.append(spread)
        aparts.append(apart)
    r = math.fsum(a * b for a, b in zip(*aparts, strict=True)) / math.sqrt(spreads[0]) / math.sqrt(spreads[1])
    return max(-1.0, min(1.0, r))


def _log_change(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else math.log(now / before)


def _fill_corr(series: _Series) -> None:
    """Over the 24 h that end with t: open interest against price, on log changes."""
    changes = {
        row["ts"]: tuple(
            _log_change(row[column], series.value(row["ts"] - series.step, column))
            for column in ("oi_contracts", "close")
        )
        for row in series.rows
    }
    for row in series.rows:
        times = range(row["ts"] - DAY + series.step, row["ts"] + 1, series.step)
        row["oi_price_corr"] = correlation([changes.get(ts, (None, None)) for ts in times])


def rsi_run(closes: Sequence[float]) -> list[float | None]:
    """Wilder RSI(14) after each of gapless closes; None until 100 changes are in."""
    values: list[float | None] = [None] * min(len(closes), RSI_WARMUP)
    changes = [closes[i] - closes[i - 1] for i in range(1, len(closes))]
    gain = sum(max(change, 0.0) for change in changes[:RSI_PERIOD]) / RSI_PERIOD
    loss = sum(max(-change, 0.0) for change in changes[:RSI_PERIOD]) / RSI_PERIOD
    for i in range(RSI_PERIOD, len(changes)):
        gain = (13 * gain + max(changes[i], 0.0)) / 14
        loss = (13 * loss + max(-changes[i], 0.0)) / 14
        if i + 1 < RSI_WARMUP:
            continue
        if loss == 0:
            values.append(50.0 if gain == 0 else 100.0)
        else:
            values.append(100 - 100 / (1 + gain / loss))
    return values


def _fill_rsi(series: _Series) -> None:
    """A missing or unknown close is a gap: the filter starts anew after it."""
    runs: list[list[Row]] = []
    for row in series.rows:
        row["rsi"] = None
        if row["close"] is None:
            continue
        if series.value(row["ts"] - series.step, "close") is None:
            runs.append([])
        runs[-1].append(row)
    for run in runs:
        for row, value in zip(run, rsi_run([row["close"] for row in run]), strict=True):
            row["rsi"] = value


def z_raw(current: float, before: Sequence[float]) -> float | None:
    """Distance of `current` from the mean of `before` in their sample standard deviations."""
    mean = math.fsum(before) / len(before)
    sd = math.sqrt(math.fsum((x - mean) * (x - mean) for x in before) / (len(before) - 1))
    return (current - mean) / sd if sd > 1e-9 and sd > 1e-6 * abs(mean) else None


def _fill_z(series: _Series) -> None:
    for row in series.rows:
        first = row["ts"] - Z_WINDOW * series.step
        window = series.window(first, Z_WINDOW + 1, "oi_delta_pct")
        raw = None if window is None else z_raw(window[-1], window[:-1])
        row["z_raw"] = raw
        row["z_score"] = None if raw is None else max(-Z_CLIP, min(Z_CLIP, raw))


def _fill_confluence(row: Row, limits: Mapping[str, float]) -> None:
    z, ls, lean = row["z_score"], row["global_ls"], row["imbalance"]
    if z is None or ls is None or lean is None:
        row["confluence_k"] = row["confluence"] = None
        return
    k = int(z > limits["z"]) + int(ls > limits["ls"]) + int(abs(lean) > limits["imbalance"])
    row["confluence_k"] = k
    row["confluence"] = k / 3


def tier_3(series: _Series, row: Row, limits: Mapping[str, float]) -> bool | None:
    """Taker flow and price of 12 bars point the same way while OI rises."""
    ts, step = row["ts"], series.step
    flow = series.window(ts - (TREND_BARS - 1) * step, TREND_BARS, "_flow")
    before = series.value(ts - TREND_BARS * step, "close")
    if flow is None or before is None or row["close"] is None or row["oi_delta_pct"] is None:
        return None
    direction = _sign(math.fsum(flow))
    agree = direction != 0 and direction == _sign(row["close"] - before)
    return agree and bool(row["oi_delta_pct"] > limits["oi_delta"])


def tier_4(series: _Series, row: Row, limits: Mapping[str, float]) -> bool | None:
    """Funding per 8 h above the exchanges' default while OI is below that of 12 bars ago."""
    before = series.value(row["ts"] - TREND_BARS * series.step, "oi_contracts")
    funding, interval = row["funding"], row["funding_interval_h"]
    if funding is None or interval is None or row["oi_contracts"] is None or before is None:
        return None
    excess = funding * 8 / interval - limits["funding"] / 100
    return bool(excess > FUNDING_TOLERANCE and row["oi_contracts"] < before)


def _fill_tiers(series: _Series, limits: Mapping[str, float]) -> None:
    for row in series.rows:
        _fill_confluence(row, limits)
        z, k = row["z_score"], row["confluence_k"]
        row["flags"] = {
            1: None if z is None else z > limits["z"],
            2: None if k is None else k == 3,
            3: tier_3(series, row, limits),
            4: tier_4(series, row, limits),
        }


def derive(
    bars: Sequence[Mapping[str, Any]],
    timeframe_ms: int,
    *,
    listing_ts: int | None = None,
    thresholds: Mapping[str, float] = THRESHOLDS,
) -> list[Row]:
    """Return one row per raw bar: its fit inputs, every metric, `flags` {tier: True/False/None}.

    `bars` are the closed bars of one series, sorted by `ts`, one per `ts` (else ValueError); they are
    left untouched. `guarded` holds the raw values that failed a guard. `listing_ts` is when the symbol
    began to trade; `thresholds` has the keys of `THRESHOLDS`, those not named keep their default.
    """
    rows: list[Row] = []
    for bar in bars:
        fit, guarded = guard_inputs(bar)
        fit["guarded"] = guarded
        buy, sell = fit["taker_buy"], _taker_sell(fit["volume"], fit["taker_buy"], guarded)
        fit["taker_sell"] = sell
        fit["imbalance"] = imbalance(buy, sell, guarded)
        fit["_flow"] = None if buy is None or sell is None else buy - sell
        rows.append(fit)
    series = _Series(rows, timeframe_ms)
    _fill_cvd(series, listing_ts)
    _fill_changes(series)
    _fill_corr(series)
    _fill_rsi(series)
    _fill_z(series)
    _fill_tiers(series, {**THRESHOLDS, **thresholds})
    for row in rows:
        del row["_flow"]
    return rows


LEVELS = ("oi_contracts", "oi_abs_usd", "global_ls", "top_ls", "funding", "funding_interval_h")
AGGREGATES: dict[str, Any] = {"open": itemgetter(0), "high": max, "low": min, "close": itemgetter(-1)}
AGGREGATES |= dict.fromkeys(MUST_NOT_BE_NEGATIVE, math.fsum)


def _window_row(start: int, window: Sequence[Row | None]) -> Row:
    """One row of the coarser series; every column null when a base bar is missing."""
    row: Row = {"ts": start, "partial": False, **dict.fromkeys(RAW)}
    present = [bar for bar in window if bar is not None]
    if len(present) < len(window):
        row["partial"] = True
        return row
    for column in RAW:
        values = [bar[column] for bar in present]
        if column in LEVELS:
            row[column] = values[-1]
        elif None not in values:
            row[column] = AGGREGATES[column](values)
        if row[column] is None and any(value is not None for value in values):
            row["partial"] = True  # unknown throughout is a column not published, not a part
    return row


def resample(base_bars: Sequence[Mapping[str, Any]], base_ms: int, target_ms: int) -> list[Row]:
    """Return the raw rows of `target_ms` windows (aligned to UTC), with a `partial` mark each.

    A window is there once its last base bar, or a later one, is; the first window only when complete; a
    window without any base bar is a gap. Percent changes come from `derive` on the answer.
    """
    if target_ms % base_ms:
        raise ValueError("the target must be a multiple of the base timeframe")
    base = {bar["ts"]: guard_inputs(bar)[0] for bar in base_bars}
    if not base:
        return []
    reached = max(base) + base_ms
    starts = sorted({ts - ts % target_ms for ts in base})
    rows = []
    for start in starts:
        window = [base.get(start + k * base_ms) for k in range(target_ms // base_ms)]
        if start + target_ms > reached or (start == starts[0] and None in window):
            continue
        rows.append(_window_row(start, window))
    return rows


def alerts(
    rows: Sequence[Mapping[str, Any]],
    timeframe_ms: int,
    cooldown: int = 12,
    *,
    late: Collection[int] = (),
    confluence_min: float = THRESHOLDS["confluence_min"],
) -> list[tuple[int, str, int | None]]:
    """Return the alerts (ts, kind, tier) of one series; `tier` is None for kind `confluence`.

    `rows` have `ts`, `flags` and `confluence_k` as `derive` gives them. `late` names the bars that were
    first stored more than two bars after their close: they have flags but start nothing.
    """
    kinds: dict[tuple[str, int | None], dict[int, bool | None]] = {}
    for row in rows:
        k = row["confluence_k"]
        kinds.setdefault(("confluence", None), {})[row["ts"]] = None if k is None else k >= confluence_min
        for tier, flag in row["flags"].items():
            kinds.setdefault(("tier", tier), {})[row["ts"]] = flag
    found = []
    for (kind, tier), flags in kinds.items():
        last = None
        for ts in sorted(flags):
            edge = flags[ts] is True and flags.get(ts - timeframe_ms) is False
            silent = last is not None and ts - last < cooldown * timeframe_ms
            if edge and not silent and ts not in late:
                found.append((ts, kind, tier))
                last = ts
    started = [ts for ts, kind, _ in found if kind == "tier"]
    found += [(ts, "tier", 6) for ts in clusters(started, {row["ts"] for row in rows}, timeframe_ms, late)]
    return sorted(found, key=lambda alert: (alert[0], alert[1], alert[2] or 0))


def clusters(
    started: Sequence[int], stored: Collection[int], timeframe_ms: int, late: Collection[int] = ()
) -> list[int]:
    """Return the bars at which tier 6 starts: `started` are the times of a series' alerts of tiers 1–5."""

    def flag(ts: int) -> bool | None:
        recent = [at for at in started if ts - CLUSTER_BARS * timeframe_ms < at <= ts]
        return len(recent) >= CLUSTER_LEAST if ts in stored else None

    return [
        ts
        for ts in sorted(stored)
        if ts not in late and flag(ts) is True and flag(ts - timeframe_ms) is False
    ]


def add_tier_5(
    rows: Sequence[Row], exchange: str, coin: Sequence[Mapping[str, Any]], sigma: float = 2.0
) -> None:
    """Put the flag of tier 5 into one exchange's rows of a coin; `coin` as `across` gives it."""
    apart = {row["ts"]: row["divergence"].get(exchange) for row in coin}
    for row in rows:
        z = apart.get(row["ts"])
        row["flags"][5] = None if z is None else abs(z) > sigma


def _settled(settlements: Sequence[tuple[int, float]], close_ts: int) -> list[tuple[int, float]]:
    """Settlements at or before the close in order of time, of equal stamps the last."""
    return sorted({ts: rate for ts, rate in settlements if ts <= close_ts}.items())


def funding_interval(
    settlements: Sequence[tuple[int, float]], close_ts: int, stated: float | None = None
) -> float:
    """Hours between the last two settlements, else what the exchange states, else 8.

    Stamps carry some milliseconds of jitter, intervals are whole hours.
    """
    settled = _settled(settlements, close_ts)
    if len(settled) >= 2:
        hours = round((settled[-1][0] - settled[-2][0]) / HOUR)
        if hours >= 1:
            return float(hours)
    return DEFAULT_INTERVAL_H if stated is None else float(stated)


def funding_at(
    settlements: Sequence[tuple[int, float]], close_ts: int, stated: float | None = None
) -> float | None:
    """Return the last rate settled at or before the close, unknown when older than one interval."""
    settled = _settled(settlements, close_ts)
    if not settled:
        return None
    ts, rate = settled[-1]
    if close_ts - ts > funding_interval(settlements, close_ts, stated) * HOUR:
        return None
    return rate


WEIGHT_BARS = 24
WEIGHT_LEAST = 12


class _Venue:
    """One exchange's fit bars of a coin by slot, in coins."""

    def __init__(self, bars: Sequence[Mapping[str, Any]], multiplier: float, step: int) -> None:
        self._at = {bar["ts"]: guard_inputs(bar)[0] for bar in bars}
        self._multiplier = multiplier
        self._step = step

    def value(self, ts: int, column: str) -> float | None:
        """Open interest or volume in coins, or `oi_abs_usd`, of the bar at ts; None when unknown."""
        value = self._at.get(ts, {}).get(column)
        if value is None or column == "oi_abs_usd":
            return value
        return float(value * self._multiplier)

    def change(self, ts: int) -> float | None:
        """`oi_delta_pct` of the bar at ts."""
        return percent_change(self.value(ts, "oi_contracts"), self.value(ts - self._step, "oi_contracts"))

    def weight(self, ts: int) -> float | None:
        """Mean of the known volumes of the 24 bars that end one before ts; None with fewer than 12."""
        volumes = [self.value(ts - back * self._step, "volume") for back in range(1, WEIGHT_BARS + 1)]
        known = [volume for volume in volumes if volume is not None]
        return math.fsum(known) / len(known) if len(known) >= WEIGHT_LEAST else None


def _global_change(venues: Sequence[_Venue], ts: int) -> float | None:
    parts = [(venue.weight(ts), venue.change(ts)) for venue in venues]
    known = [(weight, change) for weight, change in parts if weight is not None and change is not None]
    total = math.fsum(weight for weight, _ in known)
    if len(known) < 2 or total == 0:
        return None
    return math.fsum(weight * change for weight, change in known) / total


def _weighted_oi(venues: Sequence[_Venue], ts: int) -> float | None:
    parts = [(venue.value(ts, "oi_abs_usd"), venue.value(ts, "volume")) for venue in venues]
    known = [(oi, volume) for oi, volume in parts if oi is not None and volume]
    if not known:
        return None
    return math.fsum(oi * volume for oi, volume in known) / math.fsum(volume for _, volume in known)


def _whole(venues: Sequence[_Venue], ts: int, step: int) -> bool:
    slots = range(ts - (Z_WINDOW + 1) * step, ts + step, step)
    members = [
        frozenset(i for i, one in enumerate(venues) if None not in (one.change(at), one.weight(at)))
        for at in slots
    ]
    return len(set(members)) == 1


def across(
    bars: Mapping[str, Sequence[Mapping[str, Any]]],
    timeframe_ms: int,
    multipliers: Mapping[str, float] | None = None,
) -> list[Row]:
    """One coin on several exchanges: a row for each slot from the first bar of any to the last.

    `bars` are the raw bars by exchange, in the unit of each one's symbol; `multipliers` say how many
    coins that unit is (1 where not named). Each row has `weighted_oi` (USD), `global_oi_change_pct` and
    `divergence` {exchange: z, clipped}, and `whole`: whether the same exchanges counted in each of the 22
    slots that end with it.
    """
    units = multipliers or {}
    venues = {name: _Venue(series, units.get(name, 1.0), timeframe_ms) for name, series in bars.items()}
    times = [bar["ts"] for series in bars.values() for bar in series]
    rows = []
    apart: dict[str, dict[int, float | None]] = {name: {} for name in venues}
    for ts in range(min(times), max(times) + timeframe_ms, timeframe_ms):
        overall = _global_change(list(venues.values()), ts)
        row: Row = {"ts": ts, "global_oi_change_pct": overall, "divergence": {}}
        row["weighted_oi"] = _weighted_oi(list(venues.values()), ts)
        row["whole"] = _whole(list(venues.values()), ts, timeframe_ms)
        for name, venue in venues.items():
            change = venue.change(ts)
            apart[name][ts] = None if change is None or overall is None else change - overall
            window = [apart[name].get(ts - back * timeframe_ms) for back in range(Z_WINDOW, -1, -1)]
            known = [x for x in window if x is not None]
            z = z_raw(known[-1], known[:-1]) if len(known) == len(window) else None
            row["divergence"][name] = None if z is None else max(-Z_CLIP, min(Z_CLIP, z))
        rows.append(row)
    return rows
