"""Every metric as a registered pure function of `Bars`, vectorised across series.

Each function is causal (a value at slot t uses slots <= t only), three-valued (NaN = unknown in,
NaN = unknown out) and stateless: it sums a fixed window in a fixed order, oldest slot first, so two
runs that hold the same bars agree to the last bit. RSI and CVD alone reach further back: RSI is a
recursive filter (two runs agree to 1e-9), CVD starts at 00:00 UTC.

To add a metric, write one decorated function here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from futuresboard.bars import UNLISTED, Bars
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, BoolArray, FloatArray

Z_WINDOW = 20
RSI_PERIOD = 14
RSI_CHANGES = 100
FLOW_WINDOW = 12
IMBALANCE_GUARD = 50.0
Z_CLIP = 10.0
LOOKBACK = 401
"""Slots before the first value asked for that make every metric equal to one from full history."""
OLD_MATTERS = 8.0
"""Mean change 400 bars ago over the mean now from which RSI might tell them apart (by 4e-10)."""
_AT_ONCE = 4096
_ROUGH = 1e-4

type MetricFunction = Callable[[Bars], FloatArray]


@dataclass(frozen=True)
class Metric:
    """A registry entry: what the database, the API's catalog, the docs and the laws are made from.

    `warmup` is the number of bars (the current one included) from which the value is known on
    clean input; for metrics that start at midnight or are measured in hours it depends on the
    timeframe, and `warmup_bars` says it.
    """

    name: str
    unit: str
    needs: tuple[str, ...]
    warmup: int
    warmup_hours: float
    stored: bool
    doc: str
    function: MetricFunction

    def warmup_bars(self, timeframe_ms: int) -> int:
        """Bars of a timeframe after which the value is known on clean input."""
        return max(self.warmup, 1 + int(self.warmup_hours * MS_PER_HOUR) // timeframe_ms)


REGISTRY: dict[str, Metric] = {}


def metric(
    unit: str, needs: tuple[str, ...], *, warmup: int = 1, warmup_hours: float = 0.0, stored: bool = True
) -> Callable[[MetricFunction], MetricFunction]:
    """Register a metric under its function's name; its docstring is the public definition.

    `stored=False`: shown for a pair's newest row alone (it moves between closes), no column.
    """

    def register(function: MetricFunction) -> MetricFunction:
        name = function.__name__
        doc = " ".join((function.__doc__ or "").split())
        REGISTRY[name] = Metric(name, unit, needs, warmup, warmup_hours, stored, doc, function)
        return function

    return register


def _percent_change(bars: Bars, column: str, slots: int) -> FloatArray:
    if slots < 1:
        # A change over less than one bar of a long timeframe cannot be seen.
        return np.full(bars.shape, np.nan)
    now, before = bars.lag(column), bars.lag(column, slots)
    return (now - before) / before * 100.0


def _hours(bars: Bars, hours: int) -> int:
    return hours * MS_PER_HOUR // bars.timeframe_ms


def net_taker_volume(bars: Bars, slots: int = 0) -> FloatArray:
    """(n, out) taker buy − taker sell in base coin, `slots` before each slot asked for."""
    buy = bars.lag("taker_buy", slots)
    return buy - (bars.lag("volume", slots) - buy)


@metric("base", ("volume", "taker_buy"))
def taker_sell(bars: Bars) -> FloatArray:
    """Taker sell volume: volume − taker buy."""
    return bars.lag("volume") - bars.lag("taker_buy")


def imbalance_raw(bars: Bars) -> FloatArray:
    """(n, out) (buy − sell) / (buy + sell) × 100 in %, before the guard."""
    buy, sell = bars.lag("taker_buy"), taker_sell(bars)
    total = buy + sell
    return (buy - sell) / np.where(total == 0.0, np.nan, total) * 100.0


@metric("%", ("volume", "taker_buy"))
def imbalance(bars: Bars) -> FloatArray:
    """(buy − sell) / (buy + sell) × 100 of taker volume; unknown when nothing traded or |value| >= 50."""
    raw = imbalance_raw(bars)
    return np.where(np.abs(raw) < IMBALANCE_GUARD, raw, np.nan)


@metric("base", ("volume", "taker_buy"), warmup_hours=24.0)
def cvd(bars: Bars) -> FloatArray:
    """Σ(taker buy − taker sell) since 00:00 UTC of the bar's day; unknown before the 00:00 bar is in."""
    slots = len(bars.ts)
    result = np.full((len(bars.listed_ts), slots), np.nan)
    buy, volume = bars.columns["taker_buy"], bars.columns["volume"]
    day = bars.ts // MS_PER_DAY
    first_wanted = max(0, slots - bars.out)
    for number in np.unique(day[first_wanted:]):
        begin, end = np.searchsorted(day, number), np.searchsorted(day, number, side="right")
        ts = bars.ts[begin:end]
        flow = buy[:, begin:end] - (volume[:, begin:end] - buy[:, begin:end])
        # Before its listing a pair traded nothing: its day starts with the listing's bar.
        unlisted = ts[None, :] < bars.listed_ts[:, None]
        total = np.cumsum(np.where(unlisted, 0.0, flow), axis=1)
        total[unlisted] = np.nan
        if ts[0] % MS_PER_DAY:
            total[(bars.listed_ts == UNLISTED) | (bars.listed_ts < ts[0])] = np.nan
        result[:, begin:end] = total
    if slots >= bars.out:
        return result[:, slots - bars.out :]
    return np.pad(result, ((0, 0), (bars.out - slots, 0)), constant_values=np.nan)


@metric("%", ("oi_contracts",), warmup=2)
def oi_delta_pct(bars: Bars) -> FloatArray:
    """Change of open interest in base coin against one bar before, in %."""
    return _percent_change(bars, "oi_contracts", 1)


@metric("%", ("global_ls",), warmup=2)
def ls_delta_pct(bars: Bars) -> FloatArray:
    """Change of the global long/short account ratio against one bar before, in %."""
    return _percent_change(bars, "global_ls", 1)


@metric("0–100", ("close",), warmup=RSI_CHANGES + 1)
def rsi(bars: Bars) -> FloatArray:
    """Wilder RSI(14) of the close: simple mean of the first 14 changes as seed, restarted by a gap.

    Flat is 50, no losses is 100; unknown until 100 changes are in. What lies more than 400 changes
    back says nothing: after so many unchanged closes the price is flat.
    """
    close = bars.columns["close"]
    series, slots = close.shape
    begin = max(0, slots - bars.out - (LOOKBACK - 1))
    change = np.diff(np.ascontiguousarray(close[:, begin:].T), axis=0)
    value, count, total = _wilder(change)
    _forget_the_old(value, count, total, change)
    result = np.full((slots - begin, series), np.nan)
    result[1:] = value
    tail = result.T[:, -bars.out :]
    return np.pad(tail, ((0, 0), (bars.out - tail.shape[1], 0)), constant_values=np.nan)


def _wilder(change: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """RSI, changes counted and mean gain + mean loss after each change, all (steps, n)."""
    series = change.shape[1]
    known = np.isfinite(change)
    gains, losses = np.where(change > 0.0, change, 0.0), np.where(change < 0.0, -change, 0.0)
    values, counts, totals = np.full(change.shape, np.nan), np.zeros(change.shape), np.zeros(change.shape)
    gain, loss, count = np.zeros(series), np.zeros(series), np.zeros(series)
    keep = RSI_PERIOD - 1
    for step in range(len(change)):
        count = np.where(known[step], count + 1.0, 0.0)
        seeding = count <= RSI_PERIOD
        # While seeding, `gain` holds a plain sum; it becomes the mean with the 14th change.
        gain = np.where(seeding, gain + gains[step], (keep * gain + gains[step]) / RSI_PERIOD)
        loss = np.where(seeding, loss + losses[step], (keep * loss + losses[step]) / RSI_PERIOD)
        seeded = count == RSI_PERIOD
        gain = np.where(seeded, gain / RSI_PERIOD, np.where(known[step], gain, 0.0))
        loss = np.where(seeded, loss / RSI_PERIOD, np.where(known[step], loss, 0.0))
        total = gain + loss
        flat = total == 0.0
        value = np.where(flat, 50.0, 100.0 * gain / np.where(flat, 1.0, total))
        values[step] = np.where(count >= RSI_CHANGES, value, np.nan)
        counts[step], totals[step] = count, total
    return values, counts, totals


def _forget_the_old(value: FloatArray, count: FloatArray, total: FloatArray, change: FloatArray) -> None:
    """Compute anew, from the last 400 changes alone, where what was before still shows.

    A filter forgets by a factor, so that a price which hardly moves any more keeps the balance of
    moves of long ago, however small. Only there a value would depend on where its batch began.
    """
    reach = LOOKBACK - 1
    if len(change) <= reach:
        return
    late = slice(reach, None)
    # What either beginning can have left: the state so long ago, and a seed made of the first changes.
    sums = np.cumsum(np.abs(np.nan_to_num(change)), axis=0)
    seed = sums[RSI_PERIOD : len(change) - reach + RSI_PERIOD] - sums[: len(change) - reach]
    old = total[: len(change) - reach] + seed / RSI_PERIOD
    shows = (count[late] > reach) & (old > OLD_MATTERS * total[late])
    steps, series = np.nonzero(shows)
    for begin in range(0, len(steps), _AT_ONCE):
        step, row = steps[begin : begin + _AT_ONCE], series[begin : begin + _AT_ONCE]
        window = change[step[None, :] + 1 + np.arange(reach)[:, None], row[None, :]]
        value[reach + step, row] = _wilder(window)[0][-1]


def z_of_newest(values: FloatArray) -> FloatArray:
    """(…, out) each of (…, 20 + out) values but the first 20 against the 20 before it, not clipped.

    Mean and standard deviation (ddof 1) of those 20; unknown unless all 21 are known and the deviation
    is > 1e-9 and > 1e-6·|mean|.
    """
    out = values.shape[-1] - Z_WINDOW
    past = [values[..., i : i + out] for i in range(Z_WINDOW)]
    total = np.zeros(past[0].shape)
    for value in past:
        total = total + value
    mean = total / Z_WINDOW
    squares = np.zeros(past[0].shape)
    for value in past:
        squares = squares + (value - mean) ** 2
    deviation = np.sqrt(squares / (Z_WINDOW - 1))
    fit = (deviation > 1e-9) & (deviation > 1e-6 * np.abs(mean))
    newest: FloatArray = values[..., Z_WINDOW:]
    return (newest - mean) / np.where(fit, deviation, np.nan)


@metric("σ", ("oi_contracts",), warmup=Z_WINDOW + 2)
def z_raw(bars: Bars) -> FloatArray:
    """OI Δ% against the mean and standard deviation (ddof 1) of the 20 bars before it, not clipped.

    Unknown unless all 21 are known and the deviation is > 1e-9 and > 1e-6·|mean|.
    """
    return z_of_newest(oi_delta_pct(bars.widen(Z_WINDOW)))


@metric("σ", ("oi_contracts",), warmup=Z_WINDOW + 2)
def z_score(bars: Bars) -> FloatArray:
    """`z_raw` clipped to ±10."""
    return np.clip(z_raw(bars), -Z_CLIP, Z_CLIP)


@metric("%", ("close",), warmup_hours=24.0, stored=False)
def price_change_24h_pct(bars: Bars) -> FloatArray:
    """Change of the close against the bar 24 h before, in %."""
    return _percent_change(bars, "close", _hours(bars, 24))


@metric("%", ("oi_contracts",), warmup_hours=1.0, stored=False)
def oi_change_1h_pct(bars: Bars) -> FloatArray:
    """Change of open interest in base coin against the bar 1 h before, in %."""
    return _percent_change(bars, "oi_contracts", _hours(bars, 1))


@metric("%", ("oi_contracts",), warmup_hours=4.0, stored=False)
def oi_change_4h_pct(bars: Bars) -> FloatArray:
    """Change of open interest in base coin against the bar 4 h before, in %."""
    return _percent_change(bars, "oi_contracts", _hours(bars, 4))


@metric("%", ("oi_contracts",), warmup_hours=24.0, stored=False)
def oi_change_24h_pct(bars: Bars) -> FloatArray:
    """Change of open interest in base coin against the bar 24 h before, in %."""
    return _percent_change(bars, "oi_contracts", _hours(bars, 24))


@metric("%", ("close",), warmup_hours=1.0, stored=False)
def price_change_1h_pct(bars: Bars) -> FloatArray:
    """Change of the close against the bar 1 h before, in %."""
    return _percent_change(bars, "close", _hours(bars, 1))


def _window_sums(values: FloatArray, slots: int) -> FloatArray:
    """(…, out) sums over `slots` slots up to each of the newest of (…, slots − 1 + out) values.

    The order is the same wherever a window lies: halves are added while there are halves.
    """
    out = values.shape[-1] - slots + 1
    while slots % 2 == 0:
        slots //= 2
        values = values[..., :-slots] + values[..., slots:]
    total = values[..., :out]
    for i in range(1, slots):
        total = total + values[..., i : i + out]
    return total


def correlation(x: FloatArray, y: FloatArray, slots: int) -> FloatArray:
    """(…, out) Pearson's r of `slots` values up to each of the newest of (…, slots − 1 + out).

    Pairwise: counts what is known on both sides, at least 90 %. Unknown where a side is constant (its
    deviation not > 1e-12 and > 1e-6·|mean|). −1…1.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(known, x, 0.0), np.where(known, y, 0.0)
    count = _window_sums(known.astype(np.float64), slots)
    enough = count * 10.0 >= slots * 9.0
    count = np.where(enough, count, np.nan)
    mean_x, mean_y = _window_sums(x, slots) / count, _window_sums(y, slots) / count
    squares_x, squares_y = _window_sums(x * x, slots), _window_sums(y * y, slots)
    spread_x, spread_y = squares_x - count * mean_x**2, squares_y - count * mean_y**2
    shared = _window_sums(x * y, slots) - count * mean_x * mean_y
    # What is left of a difference of two nearly equal sums is mostly rounding.
    rough = (spread_x < _ROUGH * squares_x) | (spread_y < _ROUGH * squares_y)
    places = np.nonzero(rough)
    for begin in range(0, len(places[0]), _AT_ONCE):
        at = tuple(place[begin : begin + _AT_ONCE] for place in places)
        window = (*(place[:, None] for place in at[:-1]), at[-1][:, None] + np.arange(slots))
        apart_x = np.where(known[window], x[window] - mean_x[at][:, None], 0.0)
        apart_y = np.where(known[window], y[window] - mean_y[at][:, None], 0.0)
        spread_x[at] = _window_sums(apart_x * apart_x, slots)[:, 0]
        spread_y[at] = _window_sums(apart_y * apart_y, slots)[:, 0]
        shared[at] = _window_sums(apart_x * apart_y, slots)[:, 0]
    varies = _varies(spread_x, mean_x, count) & _varies(spread_y, mean_y, count)
    r = shared / np.where(varies, np.sqrt(spread_x) * np.sqrt(spread_y), np.nan)
    clipped: FloatArray = np.clip(r, -1.0, 1.0)
    return clipped


def _varies(spread: FloatArray, mean: FloatArray, count: FloatArray) -> BoolArray:
    deviation = np.sqrt(np.maximum(spread, 0.0) / (count - 1.0))
    varies: BoolArray = (deviation > 1e-12) & (deviation > 1e-6 * np.abs(mean))
    return varies


def log_changes(values: FloatArray) -> FloatArray:
    """(…, T − 1) natural logarithm of each of (…, T) values over the one before it."""
    changes: FloatArray = np.log(values[..., 1:] / values[..., :-1])
    return changes


@metric("−1…1", ("oi_contracts", "close"), warmup_hours=24.0, stored=False)
def oi_price_corr(bars: Bars) -> FloatArray:
    """Pearson's correlation of the log changes of open interest (base coin) and close over 24 h.

    Unknown where either is constant or less than 90 % of the changes are known on both sides.
    """
    slots = _hours(bars, 24)
    wide = bars.widen(slots)
    return correlation(log_changes(wide.lag("oi_contracts")), log_changes(wide.lag("close")), slots)


QUADRANTS: Mapping[tuple[int, int], str] = {
    (1, 1): "new longs",
    (1, -1): "short covering",
    (-1, 1): "new shorts",
    (-1, -1): "long liquidation",
}


def quadrant(price_change: float | None, oi_change: float | None) -> str | None:
    """The word for the signs of price and open interest over 1 h; None when either is 0 or unknown."""
    if price_change is None or oi_change is None:
        return None
    return QUADRANTS.get((int(np.sign(price_change)), int(np.sign(oi_change))))


def stored_names() -> tuple[str, ...]:
    """Names of the metrics that are columns of the database, in registry order."""
    return tuple(name for name, entry in REGISTRY.items() if entry.stored)


def get_all(bars: Bars) -> dict[str, FloatArray]:
    """Every registered metric of a batch: name -> (n, out), NaN where unknown."""
    # Unknown input is NaN by design, and 0/0 of it is no news.
    with np.errstate(invalid="ignore", divide="ignore"):
        return {name: entry.function(bars) for name, entry in REGISTRY.items()}


def calc_confluence(
    z: FloatArray, ls: FloatArray, flow: FloatArray, limits: tuple[float, float, float]
) -> FloatArray:
    """k = [z > limit] + [LS > limit] + [|imbalance| > limit] as 0…3, NaN when any input is unknown."""
    known = np.isfinite(z) & np.isfinite(ls) & np.isfinite(flow)
    count = (z > limits[0]).astype(float) + (ls > limits[1]) + (np.abs(flow) > limits[2])
    return np.where(known, count, np.nan)
