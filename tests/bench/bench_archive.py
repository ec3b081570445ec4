"""What the archive costs, beside the database and pandas, in one process and in turn.

`python tests/bench/bench_archive.py`: 20 pairs × one month of 5 minute bars (178,560), random walks rounded
to ticks. **Bytes a bar** of the archive beside the database's, which holds what is computed too.
**One series** of a month out of the archive beside the same out of the database. **Import** of Binance's
klines and metrics of a month, verified and flushed to the disk, beside what pandas takes to read the same
files, join them and write Parquet, which it does without either. **Roll-over** into the archive, verified,
and forgetting. Figures go to `build/bench.json`; exits 1 when a goal is missed.
"""

from __future__ import annotations

import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from bench_live import keep

from futuresboard import db_archive
from futuresboard.archive import Archive
from futuresboard.bars import RAW_COLUMNS
from futuresboard.config import Settings
from futuresboard.db import BAR_FIELDS, Store, Write, connect
from futuresboard.importing import IntoArchive, Options, import_files
from futuresboard.model import Market
from futuresboard.rolling import Roller, forget_month, forget_piece
from support_core import make_settings
from support_imports import JANUARY, KLINES, M5, METRICS, day_text

PAIRS, BARS = 20, 31 * 288
ROUNDS = 5
GOALS = {"bytes": 5.0, "one_series": 5.0, "import": 0.1}
MONTH = "2026-01"


def market(number: int) -> dict[str, np.ndarray]:
    """Raw columns of a pair, rounded as exchanges round."""
    rng = np.random.default_rng(number)
    tick = 10.0 ** -rng.integers(1, 6)
    price = np.maximum(
        np.round(tick * 5e4 * np.exp(np.cumsum(rng.normal(0, 0.0012, BARS + 1))) / tick) * tick, tick
    )
    opened, closed = price[:-1], price[1:]
    volume = np.round(rng.lognormal(4, 1, BARS), 3)
    oi = np.round(5e4 * np.exp(np.cumsum(rng.normal(0, 0.001, BARS))), 3)
    hours = np.arange(BARS) // 96
    return {
        "open": opened,
        "high": np.maximum(opened, closed) + tick * rng.integers(0, 9, BARS),
        "low": np.maximum(np.minimum(opened, closed) - tick * rng.integers(0, 9, BARS), tick),
        "close": closed,
        "volume": volume,
        "quote_volume": np.round(volume * closed, 4),
        "taker_buy": np.round(volume * rng.uniform(0.3, 0.7, BARS), 3),
        "oi_contracts": oi,
        "oi_abs_usd": np.round(oi * closed, 6),
        "global_ls": np.round(np.exp(np.cumsum(rng.normal(0, 0.003, BARS))), 4),
        "top_ls": np.round(np.exp(np.cumsum(rng.normal(0, 0.003, BARS))), 4),
        "funding": rng.choice([1e-4, 5e-5, 1.2e-4], BARS // 96 + 1)[hours],
        "funding_interval_h": np.full(BARS, 8.0),
    }


def fill(settings: Settings) -> None:
    """The database as a recorder would have left it, but for the alerts."""
    rng = np.random.default_rng(0)
    with closing(Store(settings.database_path, simulated=True)) as store:
        markets = [Market("binanceusdm", f"C{i}/USDT:USDT", f"C{i}USDT", f"C{i}") for i in range(PAIRS)]
        pairs = store.register(markets, ("5m",))
        derived = len(BAR_FIELDS) - 2 - len(RAW_COLUMNS) - 4 - 4
        for number, pair in enumerate(pairs):
            columns = np.array([market(number)[name] for name in RAW_COLUMNS]).T.tolist()
            made = rng.normal(0, 1, (BARS, derived)).tolist()
            series = store.series_id(pair.id, "5m")
            write = Write()
            for i in range(BARS):
                ts = JANUARY + i * M5
                row = (ts, series, *columns[i], 0, None, None, ts + M5, *made[i], 0.33, 0, 30, 0)
                write.bars.append(row)
            write.latest[series] = (JANUARY, JANUARY + (BARS + 9) * M5)
            store.commit(write)
        with store.transaction() as db:
            db.execute("DELETE FROM changed_days")


def files(folder: Path, number: int) -> list[Path]:
    """Binance's monthly klines and metrics of a pair."""
    columns = market(number)
    folder.mkdir(parents=True, exist_ok=True)
    ts = JANUARY + np.arange(BARS) * M5
    candles = [ts, *(columns[name] for name in RAW_COLUMNS[:5]), ts + M5 - 1, columns["quote_volume"]]
    candles += [np.full(BARS, 9), columns["taker_buy"], columns["taker_buy"], np.zeros(BARS, dtype=int)]
    levels = [
        [day_text(int(at) + M5) for at in ts],
        ["X"] * BARS,
        columns["oi_contracts"],
        columns["oi_abs_usd"],
    ]
    levels += [columns["top_ls"], columns["top_ls"], columns["global_ls"], columns["top_ls"]]
    made = []
    for name, header, cells in (("5m", KLINES, candles), ("metrics", METRICS, levels)):
        frame = pd.DataFrame(dict(zip(header.split(","), cells, strict=True)))
        frame["symbol" if name == "metrics" else "ignore"] = f"C{number}USDT" if name == "metrics" else 0
        path = folder / f"C{number}USDT-{name}-{MONTH}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(f"{path.stem}.csv", frame.to_csv(index=False))
        made.append(path)
    return made


def by_pandas(paths: list[Path], out: Path) -> None:
    """What a user of pandas would write to have the same bars."""
    candles = pd.read_csv(paths[0]).set_index("open_time")
    levels = pd.read_csv(paths[1], parse_dates=["create_time"])
    levels.index = levels["create_time"].astype("datetime64[ms]").astype("int64") - M5
    candles.join(levels).to_parquet(out, compression="zstd")


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> int:
    """Measure, tell and keep; returns the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = _sizes_and_roll(folder) | _import(folder)
    keep({"bench": "archive"} | figures)
    for key, value in figures.items():
        print(f"{key:>28}  {value:,.3f}")
    missed = [key for key, least in GOALS.items() if figures[f"{key}_ratio"] < least]
    for key in missed:
        print(f"missed: {key} {figures[f'{key}_ratio']:.2f} < {GOALS[key]}")
    return 1 if missed else 0


def _sizes_and_roll(folder: Path) -> dict[str, float]:
    settings = make_settings(folder, ARCHIVE_DIR="archive")
    fill(settings)
    with closing(connect(settings.database_path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    in_database = settings.database_path.stat().st_size / (PAIRS * BARS)
    roller = Roller(settings.database_path, settings.archive_path, "simulated")
    begin = time.perf_counter()
    rolled = roller.archive(MONTH)
    archived = time.perf_counter() - begin
    in_archive = sum(path.stat().st_size for path in settings.archive_path.rglob("*.parquet")) / rolled.bars
    archive, ones, others = Archive(settings.archive_path), [], []
    times = range(JANUARY, JANUARY + BARS * M5, M5)
    with closing(connect(settings.database_path, readonly=True)) as db:
        for number in range(ROUNDS):
            symbol = f"C{number}/USDT:USDT"
            ones.append(timed(lambda at=symbol: archive.series("binanceusdm", "5m", MONTH, [at])))
            others.append(timed(lambda at=number + 1: db_archive.versions(db, at, times)))
    with closing(Store(settings.database_path, simulated=True)) as store:
        pieces = [timed(lambda one=piece: forget_piece(store, rolled, one)) for piece in rolled.pieces]
        forget_month(store, rolled)
    return {
        "database_bytes_a_bar": in_database,
        "archive_bytes_a_bar": in_archive,
        "bytes_ratio": in_database / in_archive,
        "one_series_ms": median(ones) * 1000,
        "one_series_database_ms": median(others) * 1000,
        "one_series_ratio": median(others) / median(ones),
        "archived_bars_a_s": rolled.bars / archived,
        "forget_piece_median_ms": median(pieces) * 1000,
        "forget_piece_worst_ms": max(pieces) * 1000,
    }


def _import(folder: Path) -> dict[str, float]:
    ours, theirs = [], []
    for number in range(ROUNDS):
        paths = files(folder / "in", number)
        settings = make_settings(folder, ARCHIVE_DIR=f"imported{number}")

        def run(paths: list[Path] = paths, settings: Settings = settings) -> None:
            with closing(IntoArchive(settings)) as target:
                assert import_files(paths, Options(), target).added >= BARS

        theirs.append(timed(lambda paths=paths: by_pandas(paths, folder / "pandas.parquet")))
        ours.append(timed(run))
    return {
        "import_bars_a_s": BARS / median(ours),
        "import_pandas_bars_a_s": BARS / median(theirs),
        "import_ratio": median(theirs) / median(ours),
    }


if __name__ == "__main__":
    sys.exit(main())
