"""`futuresboard compute` as its user calls it, and the plain-loop answer it must give."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import reference
from futuresboard import cli, logs
from futuresboard.metrics import REGISTRY
from futuresboard.model import TIMEFRAME_MS

Row = dict[str, Any]

ELSEWHERE = ("weighted_oi", "global_oi_change_pct")
METRICS = (*(name for name in REGISTRY if name not in ELSEWHERE), "oi_price_quadrant")
TIERS = tuple(f"tier_{tier}" for tier in range(1, 7))


@dataclass(frozen=True)
class Answer:
    """What a call left: its exit code, and the two streams."""

    code: int
    out: str
    told: str

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the CSV, by column."""
        return list(csv.DictReader(io.StringIO(self.out)))


@contextlib.contextmanager
def _left_alone() -> Iterator[None]:
    """What the command line sets up for its own process is taken back."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    try:
        with mock.patch.object(logs, "set_up"):
            yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def call(*arguments: str | Path) -> Answer:
    """Run `futuresboard compute` in this process."""
    out, told = io.StringIO(newline=""), io.StringIO()
    with _left_alone(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(told):
        code = cli.main(["compute", *map(str, arguments)])
    return Answer(code, out.getvalue(), told.getvalue())


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    """A CSV file; None is an empty cell, floats are as `repr` has them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def clusters(alerts: Sequence[tuple[int, str, int | None]], ts: int, step: int) -> bool:
    """Tier 6: at least 3 alerts of tiers 1 to 4 in the 12 bars up to `ts`."""
    inside = [at for at, kind, tier in alerts if kind == "tier" and tier != 6 and ts - 12 * step < at <= ts]
    return len(inside) >= 3


def expected(bars: Sequence[Mapping[str, Any]], timeframe: str, **options: Any) -> list[Row]:
    """The reference's row for each raw bar, with `confluence_k` and the tiers by column name."""
    step = TIMEFRAME_MS[timeframe]
    rows = reference.derive(bars, step, **options)
    alerts = reference.alerts(rows, step)
    for row in rows:
        row |= {f"tier_{tier}": flag for tier, flag in row["flags"].items()}
        row |= {"tier_5": None, "tier_6": clusters(alerts, row["ts"], step)}
        row |= dict.fromkeys(ELSEWHERE)
    return rows


def alert_count(bars: Sequence[Mapping[str, Any]], timeframe: str) -> int:
    """How many alerts of tiers the reference starts."""
    step = TIMEFRAME_MS[timeframe]
    return sum(
        kind == "tier" and tier != 6 for _, kind, tier in reference.alerts(reference.derive(bars, step), step)
    )


def _same(name: str, cell: str, want: Any, loose: float) -> bool:
    if want is None or cell == "":
        return want is None and cell == ""
    if isinstance(want, bool):
        return cell == str(want).lower()
    if isinstance(want, (str, int)):
        return cell == str(want)
    return math.isclose(float(cell), want, rel_tol=1e-9, abs_tol=loose)


def disagreements(
    got: Sequence[Mapping[str, str]], want: Sequence[Row], *, loose: float = 1e-9
) -> list[tuple[int, str, str, Any]]:
    """Every computed cell that differs: (bar, column, product, reference). Rows must be as many."""
    assert len(got) == len(want)
    columns = (*METRICS, *ELSEWHERE, "confluence_k", *TIERS)
    return [
        (row["ts"], name, cells[name], row[name])
        for cells, row in zip(got, want, strict=True)
        for name in columns
        if not _same(name, cells[name], row[name], loose)
    ]
