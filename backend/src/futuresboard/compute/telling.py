"""One line about a file: how many rows, what is known of each column, how many alerts. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.compute.arithmetic import OF_A_FILE
from futuresboard.model import FloatArray, IntArray, Tier


def rows(ts: IntArray, timeframe: str, timeframe_ms: int, repeated: int) -> list[str]:
    """How many rows there are, which are left out, and what is missing between them."""
    said = [f"{len(ts)} rows"]
    if repeated:
        said.append(f"{repeated} rows replaced by a later one of the same ts")
    beside = int(np.count_nonzero(ts % timeframe_ms))
    if beside:
        said.append(f"{beside} rows are not on the {timeframe} grid and stand alone")
    slots = ts[ts % timeframe_ms == 0] // timeframe_ms
    steps = np.diff(slots)
    gaps = int(np.count_nonzero(steps > 1))
    missing = f", {int(steps.sum()) - len(steps)} bars missing" if gaps else ""
    return [*said, f"{gaps} gap{'' if gaps == 1 else 's'}{missing}"]


def columns(
    ts: IntArray,
    raw: Mapping[str, FloatArray],
    clean: Mapping[str, FloatArray],
    given: Sequence[str],
    timeframe_ms: int,
) -> list[str]:
    """What is known of each column; raw, clean: before and after the guards."""
    said = [f"{name}: {_known(ts, raw[name], clean[name], timeframe_ms)}" for name in given]
    absent = [name for name in RAW_COLUMNS if name not in given]
    return [*said, f"absent: {', '.join(absent)}"] if absent else said


def _known(ts: IntArray, raw: FloatArray, clean: FloatArray, timeframe_ms: int) -> str:
    known = np.isfinite(clean)
    unfit = int(np.count_nonzero(~np.isnan(raw) & ~known))
    refused = f", {unfit} unfit" if unfit else ""
    if not known.any():
        return f"no data{refused}"
    if known.all():
        return "100 % known"
    # Rounded down: what lacks anything is not all there.
    share = f"{math.floor(known.mean() * 1000) / 10} % known"
    edges = np.concatenate([[ts[0] - timeframe_ms], ts[known], [ts[-1] + timeframe_ms]])
    without = np.diff(edges) // timeframe_ms - 1
    longest = int(np.argmax(without))
    since = datetime.fromtimestamp((int(edges[longest]) + timeframe_ms) / 1000, UTC)
    stretch = f"longest stretch without {without[longest]} bars from {since:%Y-%m-%dT%H:%MZ}"
    return f"{share}, {stretch}{refused}"


def alerts(started: Mapping[Tier, int], judged: Mapping[Tier, bool]) -> str:
    """How many alerts of each tier start; judged: whether a tier was known anywhere."""
    words = [f"tier {tier} {started.get(tier, 0) if judged.get(tier) else 'no data'}" for tier in OF_A_FILE]
    return f"alerts: {', '.join(words)}"
