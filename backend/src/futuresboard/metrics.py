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

from futuresboard.bars import Bars
from futuresboard.model import MS_PER_DAY, MS_PER_HOUR, FloatArray
from futuresboard.wilder import RSI_CHANGES, RSI_REACH, rsi_of_newest
from futuresboard.windows import Z_CLIP, Z_WINDOW, correlation, log_changes, z_of_newest

FLOW_WINDOW = 12
IMBALANCE_GUARD = 50.0
LOOKBACK = RSI_REACH + 1
"""Slots before the first value asked for that make every metric equal to one from full history."""
_IN_CACHE = 40_000

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
    steps: bool
    doc: str
    function: MetricFunction

    def warmup_bars(self, timeframe_ms: int) -> int:
        """Bars of a timeframe after which the value is known on clean input."""
        return max(self.warmup, 1 + int(self.warmup_hours * MS_PER_HOUR) // timeframe_ms)


REGISTRY: dict[str, Metric] = {}


def metric(
    unit: str,
    needs: tuple[str, ...],
    *,
    warmup: int = 1,
    warmup_hours: float = 0.0,
    stored: bool = True,
    steps: bool = False,
) -> Callable[[MetricFunction], MetricFunction]:
    """Register a metric under its function's name; its docstring is the public definition.

    `stored=False`: shown for a pair's newest row alone (it moves between closes), no column. `steps`: it
    goes slot by slot, at the same cost for one series as for hundreds.
    """

    def register(function: MetricFunction) -> MetricFunction:
        name = function.__name__
        doc = " ".join((function.__doc__ or "").split())
        REGISTRY[name] = Metric(name, unit, needs, warmup, warmup_hours, stored, steps, doc, function)
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
        if (bars.listed_ts > ts[0]).any():
            unlisted = ts[None, :] < bars.listed_ts[:, None]
            total = np.cumsum(np.where(unlisted, 0.0, flow), axis=1)
            total[unlisted] = np.nan
        else:
            total = np.cumsum(flow, axis=1)
        if ts[0] % MS_PER_DAY:
            total[bars.listed_ts < ts[0]] = np.nan
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


@metric("0–100", ("close",), warmup=RSI_CHANGES + 1, steps=True)
def rsi(bars: Bars) -> FloatArray:
    """Wilder RSI(14) of the close: simple mean of the first 14 changes as seed, restarted by a gap.

    Flat is 50, no losses is 100; unknown until 100 changes are in. What lies more than 400 changes
    back says nothing: after so many unchanged closes the price is flat.
    """
    return rsi_of_newest(bars.columns["close"], bars.out)


@metric("σ", ("oi_contracts",), warmup=Z_WINDOW + 2)
def z_raw(bars: Bars) -> FloatArray:
    """OI Δ% against the mean and standard deviation (ddof 1) of the 20 bars before it, not clipped.

    Unknown unless all 21 are known and the deviation is > 1e-9 and > 1e-6·|mean|.
    """
    return bars.once("z_raw", lambda: z_of_newest(oi_delta_pct(bars.widen(Z_WINDOW))))


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
    # One block: large enough for the system to back it by few, large pages.
    found = dict(zip(REGISTRY, np.empty((len(REGISTRY), *bars.shape)), strict=True))
    series = bars.shape[0]
    # A few series at a time: what is made on the way stays in the processor's cache.
    at_once = max(1, _IN_CACHE // max(bars.out, 100))
    parts = [slice(begin, begin + at_once) for begin in range(0, series, at_once)]
    # Unknown input is NaN by design, and 0/0 of it is no news.
    with np.errstate(invalid="ignore", divide="ignore"):
        for part in parts:
            some = bars.series(part)
            for name, entry in REGISTRY.items():
                if not entry.steps:
                    found[name][part] = entry.function(some)
        for name, entry in REGISTRY.items():
            if entry.steps:
                found[name][:] = entry.function(bars)
    return found


def calc_confluence(
    z: FloatArray, ls: FloatArray, flow: FloatArray, limits: tuple[float, float, float]
) -> FloatArray:
    """k = [z > limit] + [LS > limit] + [|imbalance| > limit] as 0…3, NaN when any input is unknown."""
    known = np.isfinite(z) & np.isfinite(ls) & np.isfinite(flow)
    count = (z > limits[0]).astype(float) + (ls > limits[1]) + (np.abs(flow) > limits[2])
    return np.where(known, count, np.nan)
