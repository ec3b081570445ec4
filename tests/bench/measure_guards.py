"""How often the plausibility guard refuses recorded, real market data: `python measure_guards.py FOLDER`.

The folder holds the recordings that docs/guards.md names. Every refusal is printed; a real fault (an open
interest of 0) is `quality.guard`'s and left out before.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from futuresboard import plausible
from futuresboard.bars import RAW_COLUMNS
from futuresboard.model import BoolArray, FloatArray

HOUR_S, FIVE_S = 3600, 300


def grid(frame: pd.DataFrame, at: str, step_s: int) -> pd.DataFrame:
    """One row per time slot; of equal stamps the last."""
    unit = "ms" if pd.api.types.is_numeric_dtype(frame[at]) else None
    stamps = (
        pd.to_datetime(frame[at], unit=unit, utc=True).astype("datetime64[ns, UTC]").astype("int64") // 10**9
    )
    frame = frame.assign(slot=stamps // step_s).drop_duplicates("slot", keep="last").set_index("slot")
    return frame.reindex(range(frame.index.min(), frame.index.max() + 1))


def scene(found: dict[str, pd.Series], peers: FloatArray | None = None) -> plausible.Scene:
    """All bars of one series as if they had just come."""
    size = len(next(iter(found.values())))
    columns = {name: np.full((1, size), np.nan) for name in RAW_COLUMNS}
    for name, series in found.items():
        values = series.to_numpy(dtype=np.float64)
        columns[name] = np.where(values > 0, values, np.nan)[None, :]
    new = np.ones((1, size), dtype=bool)
    none = np.zeros((0, size))
    return plausible.Scene(columns, new, lambda _: none if peers is None else peers)


def live(whole: plausible.Scene) -> dict[str, BoolArray]:
    """Each bar judged when it came, by what was there before."""
    found: dict[str, BoolArray] = {}
    size = whole.new.shape[1]
    for at in range(size):
        begin = max(0, at - plausible.REACH)
        columns = {name: values[:, begin : at + 1].copy() for name, values in whole.columns.items()}
        new = np.zeros((1, at + 1 - begin), dtype=bool)
        new[0, -1] = True

        def peers(_: int, begin: int = begin, at: int = at) -> FloatArray:
            return whole.peers(0)[:, begin : at + 1]

        one = plausible.Scene(columns, new, peers)
        for name, bad in (plausible.refused(one) | plausible.repeated(one)).items():
            if bad[0, -1]:
                found.setdefault(name, np.zeros((1, size), dtype=bool))[0, at] = True
                whole.columns[name][0, at] = np.nan
    return found


def report(name: str, one: plausible.Scene) -> None:
    """Refusals with both neighbours known (history) and with the past alone (live)."""
    known = sum(int(np.isfinite(values).sum()) for values in one.columns.values())
    history = plausible.refused(one) | plausible.repeated(one)
    counts = {column: int(bad.sum()) for column, bad in history.items()}
    later = {column: int(bad.sum()) for column, bad in live(one).items()}
    print(f"{name:44s} {known:7d} numbers; refused in history {counts or 0}, live {later or 0}")


def main(folder: Path) -> None:
    """Print one line for each series."""
    rename = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
    candles = pd.read_csv(folder / "multi_1h_candles_binance_bybit_okx.csv.gz").rename(columns=rename)
    for coin, of_coin in candles.groupby("coin"):
        venues = {v: grid(g, "timestamp", HOUR_S) for v, g in of_coin.groupby("venue")}
        for venue, frame in venues.items():
            others = [other["close"].reindex(frame.index) for v, other in venues.items() if v != venue]
            peers = np.array([other.to_numpy(dtype=np.float64) for other in others])
            report(f"1h candles {coin} {venue}", scene({n: frame[n] for n in rename.values()}, peers))
    spot = ["open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume"]
    for path in sorted(folder.glob("spot_*.csv.gz")):
        frame = grid(pd.read_csv(path), "timestamp", FIVE_S).rename(columns={"taker_buy_volume": "taker_buy"})
        report(f"5m {path.name[5:-7]}", scene({n: frame[n] for n in [*spot[:-1], "taker_buy"]}))
    frame = grid(pd.read_csv(folder / "xrpusdt_perp_5m_ohlcv_freqtrade.csv.gz"), "date", FIVE_S)
    report("5m XRP perpetual", scene({n: frame[n] for n in rename.values()}))
    frame = grid(
        pd.read_csv(folder / "btcusdt_binance_5m_metrics_20231114_323rows.csv"), "create_time", FIVE_S
    )
    oi, usd = frame["sum_open_interest"], frame["sum_open_interest_value"]
    ratios = {"global_ls": frame["count_long_short_ratio"], "top_ls": frame["sum_toptrader_long_short_ratio"]}
    volume = oi * 0.01
    report(
        "5m BTC metrics",
        scene({"oi_contracts": oi, "oi_abs_usd": usd, "close": usd / oi, "volume": volume} | ratios),
    )
    frame = grid(pd.read_csv(folder / "btcusdt_binance_1h_oi_price_funding.csv"), "timestamp", HOUR_S)
    oi = frame["open_interest"]
    report(
        "1h BTC open interest", scene({"oi_contracts": oi, "close": frame["last_price"], "volume": oi * 0.01})
    )
    frame = grid(pd.read_csv(folder / "btcusdt_binance_1h_oi_ls_500h.csv"), "time", HOUR_S)
    oi, usd = frame["openInterest"], frame["openInterestValue"]
    report(
        "1h BTC open interest and ratio",
        scene(
            {
                "oi_contracts": oi,
                "oi_abs_usd": usd,
                "close": usd / oi,
                "volume": oi,
                "global_ls": frame["ratio"],
            }
        ),
    )
    both = pd.read_csv(folder / "multi_1h_oi_usd_hyperliquid_lighter.csv.gz")
    for (venue, coin), of_pair in both.groupby(["venue", "coin"]):
        usd = grid(of_pair, "timestamp", HOUR_S)["oi_usd"]
        price = pd.Series(np.arange(1.0, len(usd) + 1.0), index=usd.index)
        report(f"1h open interest {coin} {venue}", scene({"oi_abs_usd": usd, "volume": price * 0 + 1e12}))
    ratio = pd.read_csv(folder / "multi_okx_ls_ratio_irregular.csv")
    for symbol, of_pair in ratio.groupby("symbol"):
        values = of_pair.sort_values("timestamp")["long_short_ratio"].reset_index(drop=True)
        report(f"long/short {symbol} OKX", scene({"global_ls": values}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
