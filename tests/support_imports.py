"""A small market, and files of it as Binance publishes them; what they must become, by plain loops."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from futuresboard.archive import Archive, Block
from futuresboard.bars import RAW_COLUMNS
from futuresboard.importing import IntoArchive, Options, Report, find, import_files
from support_core import make_settings

M5 = 300_000
DAY = 86_400_000
JANUARY = 1_767_225_600_000
"""2026-01-01T00:00 UTC."""
CHANGE = 1_782_345_600_000
"""2026-06-25T00:00 UTC, when Binance's metrics labels changed."""
BTC = "BTC/USDT:USDT"
KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)
METRICS = (
    "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,"
    "sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio"
)
FUNDING = "calc_time,funding_interval_hours,last_funding_rate"


def price(ts: int) -> float:
    """At a moment: it moves enough for a stamp that is a bar off to be seen."""
    return 100.0 + (ts // M5 * 7919 % 101) / 10


def oi(ts: int) -> float:
    return 5000.0 + ts // M5 * 31 % 17


def ratio(ts: int) -> float:
    return 1.0 + (ts // M5 % 7) / 10


def day_text(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def kline_rows(start: int, bars: int, *, scale: int = 1) -> list[list[str]]:
    """scale: 1 for milliseconds, 1000 for microseconds."""
    rows = []
    for i in range(bars):
        ts = start + i * M5
        opened, closed = price(ts), price(ts + M5)
        cells = [ts * scale, opened, max(opened, closed) + 1, min(opened, closed) - 1, closed, 12.5]
        cells += [(ts + M5) * scale - 1, 1250.0, 7, 6.25, 625.0, 0]
        rows.append([str(cell) for cell in cells])
    return rows


def metric_rows(start: int, bars: int, *, label: str = "end") -> list[list[str]]:
    """Levels of `bars` bars. label: `end` stamps what stands at T with T, `start` with T − 5m."""
    rows = []
    for i in range(bars):
        close = start + (i + 1) * M5
        stamp = close if label == "end" else close - M5
        value = oi(close) * price(close)
        cells = [day_text(stamp), "BTCUSDT", oi(close), value, 1.5, ratio(close) + 1, ratio(close), 0.9]
        rows.append([str(cell) for cell in cells])
    return rows


def funding_rows(start: int, count: int, hours: int = 8) -> list[list[str]]:
    """Settlements, a few milliseconds late as Binance stamps them."""
    return [
        [str(start + i * hours * 3_600_000 + i % 3), str(hours), f"{0.0001 * (i + 1):.8f}"]
        for i in range(count)
    ]


def text_of(header: str | None, rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    if header is not None:
        out.write(header + "\n")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def put(path: Path, data: bytes, *, checksum: bool = False) -> Path:
    """Write a file, zipped if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(path.with_suffix(".csv").name, data)
    else:
        path.write_bytes(data)
    if checksum:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        path.with_name(path.name + ".CHECKSUM").write_text(f"{digest}  {path.name}\n")
    return path


def take(folder: Path, *paths: Path, **options: object) -> Report:
    """Import files into the archive of a folder."""
    target = IntoArchive(make_settings(folder, ARCHIVE_DIR="archive"))
    try:
        return import_files(find(paths), Options(**options), target)  # type: ignore[arg-type]
    finally:
        target.close()


def bars(
    folder: Path,
    symbol: str = BTC,
    timeframe: str = "5m",
    exchange: str = "binanceusdm",
    month: str | None = None,
) -> Block:
    """The current bars of a series in the archive of a folder, of a month (of the only one)."""
    archive = Archive(folder / "archive")
    if month is None:
        [month] = archive.months(exchange, timeframe)
    return archive.series(exchange, timeframe, month, [symbol])[symbol].current()


def column(block: Block, name: str) -> list[float]:
    found: list[float] = block.raw[RAW_COLUMNS.index(name)].tolist()
    return found
