"""Recordings in which everything happens: bars late, out of order and told anew, restarts, other rules."""

from __future__ import annotations

import random

import numpy as np

from futuresboard import rules
from futuresboard.crossing import WAIT_SLACK_MS
from futuresboard.db_rules import add_rule, delete_rule
from futuresboard.model import Thresholds
from handmade_bars import M5
from random_bars import rows as random_rows
from support_core import Recorder, market

EXCHANGES = ("binanceusdm", "bybit", "okx")
LOW = Thresholds(z=0.5, ls=0.5, imbalance_pct=0.5, oi_delta_pct=0.1, divergence_sigma=1.0, cooldown=3)
PAIRS = (*(market("BTC", name) for name in EXCHANGES), market("ETH"))
RULES = (
    'abs(oi_delta) > 0.2 and (base != "ETH" or exchange = "okx")',
    "cvd > 0 and not tier_4 or price_1h < 0",
    "k >= 1 and z > 0.3",
)


def play(recorder: Recorder, seed: int, faults: float, *, bars: int = 60, late: float = 0.05) -> None:
    """Bars of all pairs as they close, in whatever order, some late, some told anew, with restarts.

    late: share of bars whose transactions come three bars late, which those after them do not.
    """
    rng, order = np.random.default_rng(seed), random.Random(seed)
    series = [random_rows(rng, bars, M5, faults) for _ in PAIRS]
    start = min(rows[0]["ts"] for rows in series)
    for rows in series:
        lead = rows[0]["ts"] - start
        for row in rows:
            row["ts"] -= lead
    for slot in range(bars):
        if slot % 20 == 10:
            change_rules(recorder, slot // 20)
        close = start + (slot + 1) * M5
        due = [(pair, row) for pair, rows in enumerate(series) for row in rows if row["ts"] + M5 == close]
        order.shuffle(due)
        for at, one in enumerate(due):
            told = 3 * M5 if order.random() < late else 1000 * (at + 1)
            recorder.steps([one], close + told)
        if order.random() < 0.5:
            recorder.pipeline.settle(close + 60_000 + WAIT_SLACK_MS)
        revise(recorder, order, series, close)
        if order.random() < 0.03:
            recorder.restart()
        if order.random() < 0.02:
            recorder.pipeline.use(Thresholds(z=order.choice((0.7, 1.2)), cooldown=order.choice((2, 5))))


def change_rules(recorder: Recorder, number: int) -> None:
    """One rule more; from the third on one less too."""
    text = RULES[number % len(RULES)]
    add_rule(recorder.store, f"{number}", text, rules.compile(text).normal, 5)
    if number > 1:
        assert delete_rule(recorder.store, number - 1, 6)
    recorder.pipeline.reload_rules()


def revise(recorder: Recorder, order: random.Random, series: list[list[dict]], close: int) -> None:
    """Tell some older bar anew, with another open interest or one that was lacking."""
    if order.random() < 0.4:
        pair = order.randrange(len(series))
        past = [row for row in series[pair] if row["ts"] + M5 <= close][-10:]
        if past:
            row = order.choice(past)
            row["oi_contracts"] = float(row.get("oi_contracts") or 500.0) * order.uniform(0.98, 1.02)
            recorder.step([row], close + 90_000, pair=pair)
