"""What tests of the recording core share: raw bars by hand, a pipeline that can be restarted, and dumps."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.config import Settings, load
from futuresboard.db import Committed, Store
from futuresboard.db_schema import DERIVED_FIELDS, LIVE_FIELDS, RAW_FIELDS
from futuresboard.model import Market, Thresholds, Tier
from futuresboard.pipeline import Pipeline, RawBars
from handmade_bars import M5, M15, MIDNIGHT, bars

STEP_OF = {"5m": M5, "15m": M15}
CLUSTER = 1 << int(Tier.CLUSTER)
OWN = ("raw_seq", "seen_ts")
"""Columns that say when a row was written, which no two runs share."""


def raw_bars(batch: Sequence[tuple[int, Mapping[str, object]]], marks: Sequence[int] = ()) -> RawBars:
    """`RawBars` of (pair id, row) tuples; None and an absent column mean unknown."""
    columns = {
        name: np.array(
            [math.nan if row.get(name) is None else row[name] for _, row in batch], dtype=np.float64
        )
        for name in RAW_COLUMNS
    }
    return RawBars(
        np.array([pair for pair, _ in batch], dtype=np.int64),
        np.array([row["ts"] for _, row in batch], dtype=np.int64),
        columns,
        np.array(marks or [0] * len(batch), dtype=np.int64),
    )


def market(base: str = "BTC", exchange: str = "okx", **more: object) -> Market:
    return Market(exchange, f"{base}/USDT:USDT", base, base, **more)  # type: ignore[arg-type]


class Recorder:
    """A pipeline on a file; `step` feeds rows of pairs by number, `restart` begins a new process."""

    def __init__(
        self,
        folder: Path,
        *,
        pairs: Sequence[Market] = (market(),),
        timeframes: Sequence[str] = ("5m", "15m"),
        thresholds: Thresholds | None = None,
        history_bars: int = 500,
        name: str = "test.db",
    ) -> None:
        self.path = Path(folder) / name
        self._timeframes = timeframes
        self._thresholds = thresholds or Thresholds()
        self._history_bars = history_bars
        self.committed: list[Committed] = []
        self._open()
        by_exchange: dict[str, list[Market]] = {}
        for one in pairs:
            by_exchange.setdefault(one.exchange, []).append(one)
        self.ids = [pair.id for group in by_exchange.values() for pair in self.pipeline.register(group)]

    def _open(self) -> None:
        self.store = Store(self.path, simulated=True)
        self.pipeline = Pipeline(
            self.store,
            self._timeframes,
            self._thresholds,
            publish=self.committed.append,
            history_bars=self._history_bars,
        )

    def restart(self) -> None:
        self.store.close()
        self._open()

    def close(self) -> None:
        self.store.close()

    def step(
        self, rows: Iterable[Mapping[str, object]], now: int | None = None, *, pair: int = 0
    ) -> Committed | None:
        """Feed one pair's rows; `now` is 10 s after the last of them closed unless given."""
        return self.steps([(pair, row) for row in rows], now)

    def steps(
        self, batch: Sequence[tuple[int, Mapping[str, object]]], now: int | None = None
    ) -> Committed | None:
        if now is None:
            now = max(int(row["ts"]) for _, row in batch) + M5 + 10_000  # type: ignore[call-overload]
        return self.pipeline.step(raw_bars([(self.ids[pair], row) for pair, row in batch]), now)

    def one_by_one(self, rows: Iterable[Mapping[str, object]], *, pair: int = 0) -> None:
        for row in rows:
            self.step([row], pair=pair)

    def bars(self, timeframe: str = "5m", pair: int = 0) -> list[dict[str, object]]:
        names = ("ts", *RAW_FIELDS, *DERIVED_FIELDS)
        query = (
            f"SELECT {', '.join('b.' + name for name in names)} FROM bars b "
            "JOIN series s ON s.id = b.series_id WHERE s.pair_id = ? AND s.timeframe = ? ORDER BY b.ts"
        )
        return [dict(zip(names, row, strict=True)) for row in self.query(query, self.ids[pair], timeframe)]

    def alerts(self, timeframe: str = "5m", pair: int = 0) -> list[tuple[int, str, int]]:
        """(ts, kind, tier) by time; tier 0 for kind confluence."""
        query = (
            "SELECT a.ts, a.kind, a.tier FROM alerts a JOIN series s ON s.id = a.series_id "
            "WHERE s.pair_id = ? AND s.timeframe = ? ORDER BY a.ts, a.kind, a.tier"
        )
        return self.query(query, self.ids[pair], timeframe)  # type: ignore[return-value]

    def superseded(self) -> list[dict[str, object]]:
        names = ("ts", "series_id", "until_seq", *RAW_FIELDS)
        found = self.query(f"SELECT {', '.join(names)} FROM superseded ORDER BY until_seq, ts")
        return [dict(zip(names, row, strict=True)) for row in found]

    def live(self, pair: int = 0) -> dict[str, object]:
        (row,) = self.query(f"SELECT {', '.join(LIVE_FIELDS)} FROM live WHERE pair_id = ?", self.ids[pair])
        return dict(zip(LIVE_FIELDS, row, strict=True))

    def query(self, text: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(text, values).fetchall()

    def everything(self, *, without: Sequence[str] = OWN) -> dict[tuple[int, str, int], dict[str, object]]:
        """Every stored bar of every pair and timeframe, less what no two runs share.

        That is when a row was written, and tier 6: it counts alerts, which start at bars that were
        there in time.
        """
        return {
            (pair, timeframe, row["ts"]): {  # type: ignore[misc]
                name: int(value) & ~CLUSTER if name == "tiers" else value  # type: ignore[call-overload]
                for name, value in row.items()
                if name not in without
            }
            for pair in range(len(self.ids))
            for timeframe in self._timeframes
            for row in self.bars(timeframe, pair)
        }


def differences(
    one: Mapping[object, Mapping[str, object]], other: Mapping[object, Mapping[str, object]]
) -> list[tuple[object, ...]]:
    """Where two dumps differ: everything bit for bit but RSI, which may by 1e-9."""
    found: list[tuple[object, ...]] = [("only on one side", key) for key in one.keys() ^ other.keys()]
    for key in one.keys() & other.keys():
        for name, value in one[key].items():
            twin = other[key][name]
            if name == "rsi" and isinstance(value, float) and isinstance(twin, float):
                if abs(value - twin) > 1e-9:
                    found.append((key, name, value, twin))
            elif value != twin:
                found.append((key, name, value, twin))
    return sorted(found, key=str)


def swinging(count: int, **columns: object) -> list[dict[str, object]]:
    """Calm bars whose open interest swings a little, so that every Z-score is known and small."""
    swing = [500.0 + (0.0, 1.0, 0.5, 1.5)[i % 4] for i in range(count)]
    return bars(count, **({"oi_contracts": swing} | columns))


def spiked(count: int, at: Iterable[int], **columns: object) -> list[dict[str, object]]:
    """`swinging`, with open interest 5 % higher from each bar in `at` on: Z leaps there and nowhere else."""
    rows = swinging(count, **columns)
    for place in at:
        for row in rows[place:]:
            row["oi_contracts"] = float(row["oi_contracts"]) * 1.05  # type: ignore[arg-type]
    return rows


def words(row: Mapping[str, object], names: Callable[[int], list[str]]) -> list[str]:
    """The marks a stored row shows."""
    return names(int(row["quality"]))  # type: ignore[call-overload]


def make_settings(folder: Path, **given: str) -> Settings:
    """Settings of simulated data in a folder; names as in the environment."""
    return load({"DATABASE_URL": "sqlite:///test.db", **given}, Path(folder), demo=True)


__all__ = ["M5", "M15", "MIDNIGHT"]
