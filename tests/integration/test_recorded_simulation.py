"""Recorded files imported, then simulated, beside plain loops over the same files.

The recordings lie beside the project (`../shared/data`, described in its MANIFEST.json), not in it.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

import reference
import reference_trades
from futuresboard.cli import main
from futuresboard.db_stretch import Wanted
from futuresboard.run_store import RunStore
from futuresboard.simulating import Source, run_over
from futuresboard.simulation.settings import SimulationSettings
from support_imports import DAY, JANUARY, KLINES, METRICS, day_text

RECORDED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
TICKERS = RECORDED / "btcusdt_binance_1h_oi_price_funding.csv"
HOUR, M5 = 3_600_000, 300_000
HOLD, FEE = 6, 0.0005
RUN = {"entry": "tier", "tier": 1, "hold": HOLD, "fee": FEE, "slippage": 0.0, "funding": False}
COLUMNS = (
    *("open", "high", "low", "close", "volume", "quote_volume", "taker_buy", "oi_contracts"),
    *("oi_abs_usd", "global_ls", "top_ls", "funding", "funding_interval_h"),
)
type Bars = list[dict[str, Any] | None]


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    """Imports a file by the command; gives where its bars are then."""

    def take(path: Path, *more: str) -> Source:
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/none.db")
        monkeypatch.setenv("ARCHIVE_DIR", str(tmp_path / "archive"))
        assert main(["import", str(path), *more]) == 0
        return Source(tmp_path / "none.db", tmp_path / "archive")

    return take


def simulated(source: Source, timeframe: str, settings: Mapping[str, object]) -> dict[str, Any]:
    asked = Wanted(timeframe), SimulationSettings.of(settings)
    kept = run_over(source, RunStore(source.database), *asked, kind="live", now_ms=1, told=lambda share: None)
    found: dict[str, Any] = orjson.loads(orjson.dumps(kept.document))
    return found


def positive(text: str) -> float | None:
    return float(text) if text and float(text) > 0 else None


def ticker_bars() -> Bars:
    """Hourly bars of what was told at each full hour: a price there ends one bar and begins the next."""
    with TICKERS.open(encoding="utf-8") as file:
        told = {
            int(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000): row
            for row in csv.DictReader(file)
        }
    first, last = min(told), max(told)
    bars: Bars = []
    for close in range(first, last + HOUR, HOUR):
        row = told.get(close)
        if row is None:
            bars.append(None)
            continue
        before = told.get(close - HOUR)
        bars.append(
            {
                **dict.fromkeys(COLUMNS),
                "ts": close - HOUR,
                "open": None if before is None else positive(before["last_price"]),
                "close": positive(row["last_price"]),
                "oi_contracts": positive(row["open_interest"]),
            }
        )
    return bars


def net_of(bars: Bars, t: int) -> float | None:
    """Of the trade signalled at the close of bar `t`."""
    if t + HOLD >= len(bars):
        return None
    first, last = bars[t + 1], bars[t + HOLD]
    if first is None or last is None or first["open"] is None or last["close"] is None:
        return None
    net: float = last["close"] / first["open"] - 1 - 2 * FEE
    return net


def compare(run: Mapping[str, Any], bars: Bars, step: int) -> None:
    """The run's trades, hit rate, interval and base rate are those of plain loops over the bars."""
    there = [bar for bar in bars if bar is not None]
    rows = reference.derive(there, step)
    begin = next(bar for bar in bars if bar is not None)["ts"] - step * bars.index(there[0])
    signals = [
        (ts - begin) // step for ts, kind, tier in reference.alerts(rows, step) if (kind, tier) == ("tier", 1)
    ]
    possible = [(0, t) for t in signals if net_of(bars, t) is not None]
    made = [t for _, t in reference_trades.without_overlap(possible, HOLD)]
    nets = [net for t in made if (net := net_of(bars, t)) is not None]
    assert len(nets) > 5
    assert run["signals"] == len(signals)
    assert [one["signal_ts"] for one in run["trades"]] == [begin + t * step for t in made]
    assert [one["net"] for one in run["trades"]] == pytest.approx(nets, abs=1e-12)
    hits = sum(net > 0 for net in nets)
    hit = run["statistics"]["hit"]
    assert (hit["hits"], hit["rate"]) == (hits, hits / len(nets))
    assert (hit["wilson_low"], hit["wilson_high"]) == pytest.approx(reference_trades.wilson(hits, len(nets)))
    # A bar without a close is no bar at which anybody could decide.
    every = [net_of(bars, t) for t, bar in enumerate(bars) if bar is not None and bar["close"] is not None]
    known = [net for net in every if net is not None]
    assert (hit["base_bars"], hit["base_rate"]) == (len(known), sum(net > 0 for net in known) / len(known))
    assert run["statistics"]["goal"]["reached"] in {"met", "not met", "too few"}


@pytest.mark.skipif(
    not TICKERS.exists(), reason=f"no recorded data: {TICKERS.name} is not beside the project"
)
def test_ten_recorded_months_of_hours(imported: Callable[..., Source]) -> None:
    run = simulated(imported(TICKERS), "1h", RUN)
    assert run["data"]["pairs"] == 1
    compare(run, ticker_bars(), HOUR)


def made_up(days: int) -> tuple[dict[str, bytes], Bars]:
    """Binance's daily files of a market that was never seen, a gap in it, and the bars they hold."""
    bars: Bars = []
    files: dict[str, bytes] = {}
    price, oi, state = 100.0, 5000.0, 12345
    for day in range(days):
        klines, metrics = [KLINES], [METRICS]
        for slot in range(288):
            ts = JANUARY + day * DAY + slot * M5
            # A generator of one's own, so that no library's next version changes the market.
            state = (state * 1103515245 + 12345) % 2**31
            move = (state / 2**31 - 0.5) * 0.01
            jump = 0.06 if state % 97 == 0 else (state // 7 % 1000 / 1000 - 0.5) * 0.004
            opened, price, oi = price, price * (1 + move), oi * (1 + jump)
            if day == 1 and 100 <= slot < 110:
                bars.append(None)
                continue
            high, low = max(opened, price), min(opened, price)
            klines.append(f"{ts},{opened!r},{high!r},{low!r},{price!r},10,{ts + M5 - 1},1000,5,6,600,0")
            metrics.append(f"{day_text(ts + M5)},BTCUSDT,{oi!r},{oi * price!r},1.5,1.6,1.7,1.1")
            bars.append(
                {
                    **dict.fromkeys(COLUMNS),
                    "ts": ts,
                    "open": opened,
                    "high": high,
                    "low": low,
                    "close": price,
                    "volume": 10.0,
                    "taker_buy": 6.0,
                    "oi_contracts": oi,
                    "global_ls": 1.7,
                }
            )
        name = f"2026-01-{day + 1:02}"
        files[f"BTCUSDT-5m-{name}.zip"] = packed(f"BTCUSDT-5m-{name}.csv", klines)
        files[f"BTCUSDT-metrics-{name}.zip"] = packed(f"BTCUSDT-metrics-{name}.csv", metrics)
    return files, bars


def packed(name: str, lines: list[str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join(lines) + "\n")
    return content.getvalue()


def test_daily_files_of_an_unseen_market(tmp_path: Path, imported: Callable[..., Source]) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    files, bars = made_up(4)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    run = simulated(imported(folder), "5m", RUN)
    compare(run, bars, M5)


def test_what_is_imported_again_or_in_another_order_is_the_same_run(
    tmp_path: Path, imported: Callable[..., Source]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    files, _ = made_up(3)
    for name in sorted(files, reverse=True):
        (folder / name).write_bytes(files[name])
        source = imported(folder / name)
    once = simulated(source, "5m", RUN)
    again = simulated(imported(folder), "5m", RUN)
    assert (again["id"], again["trades"]) == (once["id"], once["trades"])
