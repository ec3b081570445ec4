"""The page that `futuresboard validate` writes: tables in Markdown, every figure computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from futuresboard.evidence import Verdict
from futuresboard.model import BoolArray, Tier
from futuresboard.planning import Worth
from futuresboard.validation.faults import Outcome
from futuresboard.validation.surprise import Played, score
from futuresboard.validation.week import Compared

type Cell = tuple[Tier, Worth]
_ENOUGH = 20.0


@dataclass(frozen=True)
class Section:
    """One K: its text, and whether it holds (None: nothing was to be held to)."""

    name: str
    text: str
    holds: bool | None


@dataclass(frozen=True)
class Planted:
    """Days of one law with events of one size, and where these were (n, T)."""

    law: str
    size: float
    played: Played
    events: BoolArray


def header(version: str, seed: int, *, quick: bool, recorded: bool) -> str:
    """The top of the page."""
    command = f"futuresboard validate --seed {seed}" + (" --quick" if quick else "")
    command += " --recorded DIR" if recorded else ""
    small = "\n\nA quick run: it shows that everything runs, its figures say little." if quick else ""
    return (
        "# Validation\n\n"
        f"Written by `{command}`, version {version}; the same command writes the same figures.{small}\n\n"
    )


def compared(found: Compared, pairs: int, days: float) -> Section:
    """K1."""
    rows = [[pairs, f"{days:g}", found.bars, found.recomputed, found.stored, found.missing, found.extra]]
    return Section(
        "K1",
        "## K1 Live alerts again from stored bars\n\n"
        "Simulated bars of all exchanges fed to `Pipeline.step`, one close at a time; then every alert "
        "recomputed from the stored first-seen bars by plain loops that share no line with the package "
        "(`tests/reference.py`), on 5m and 15m.\n\n"
        + _table(["pairs", "days", "base bars", "recomputed", "stored", "missing", "extra"], rows),
        not found.missing and not found.extra and found.recomputed > 0,
    )


def not_compared() -> Section:
    """K1 where there is no other implementation."""
    return Section(
        "K1",
        "## K1 Live alerts again from stored bars\n\nNot run: there is no independent implementation here "
        "(`--reference tests/reference.py` in the source tree).\n",
        None,
    )


def faults(found: Sequence[Outcome]) -> Section:
    """K2."""
    rows = [[one.name, one.alerts, one.caused, one.elsewhere] for one in found]
    return Section(
        "K2",
        "## K2 Alerts caused by faults in the data\n\n"
        "Each fault befalls every pair of one exchange for half an hour (the last one for good). Caused: "
        "alerts at bars whose flag is not true in the same market without the fault. Beside them: alerts of "
        "tiers 5 and 6 on the other exchanges. None of tier 5 starts while an exchange is missing; but a "
        "refused candle changes the weights of the common change, and an exchange gone for good is missed no "
        "more after 22 bars: a few then stand just beyond the threshold. Faults of the wire are played "
        "against the whole program by `tests/integration/test_faults_*`.\n\n"
        + _table(["fault", "alerts in the run", "caused by the fault", "tiers 5 and 6 elsewhere"], rows),
        not any(one.caused for one in found),
    )


def planted(found: Sequence[Planted], budget: float) -> Section:
    """K3, with events."""
    rows = []
    for one in found:
        ways = (
            ("literal, z > 2.5", one.played.literal),
            (f"calibrated, {budget:g} a day", one.played.held),
            ("discoveries", one.played.discovered),
        )
        for words, alerts in ways:
            got = score(alerts, one.events)
            row = [one.law, f"{one.size:g}", words, got.events, got.alerts]
            rows.append([*row, _share(got.precision), _share(got.recall)])
    return Section(
        "K3 planted",
        "## K3 Planted events\n\n"
        "Ten single bars a day, over all pairs, with a change of open interest of so many robust standard "
        "deviations (1.4826 × MAD of the pair's changes) added. An alert counts when it starts at that "
        f"very bar. Calibrated mode spends its budget whatever happens, so its precision is at most 10 of "
        f"{budget:g}; what it adds is that the budget goes to the largest surprises. Discoveries are those "
        "that chance does not explain.\n\n"
        + _table(["changes", "size", "alerts", "events", "started", "precision", "recall"], rows),
        None,
    )


def nothing(found: Mapping[str, Played], interval: Callable[[float, int], tuple[float, float]]) -> Section:
    """K3, without events."""
    rows = []
    for law, played in found.items():
        low, high = interval(played.days_with_discovery, played.days)
        share = played.days_with_discovery / played.days
        words = f"{_share(share)} ({_share(low)} to {_share(high)})"
        alerts = f"{len(played.literal) / played.days:.1f}"
        rows.append(
            [law, played.days, alerts, f"{np.mean(played.came):.1f}", played.days_with_discovery, words]
        )
    held = found["Gaussian"]
    return Section(
        "K3 null",
        "## K3 Nothing planted\n\n"
        "The share of days with any discovery. On Gaussian changes the p-values are exact and at most 5 % "
        "of days are allowed one; on the other laws they rest on the tail fitted to the pairs' own past.\n\n"
        + _table(
            ["changes", "days", "literal alerts a day", "calibrated", "days with a discovery", "share"], rows
        ),
        held.days_with_discovery <= 0.05 * held.days,
    )


def later_half(found: Sequence[tuple[str, int, Played]]) -> Section:
    """K4."""
    rows, holds = [], True
    for words, pairs, played in found:
        expected, came = sum(played.expected), sum(played.came)
        ratio = came / expected if expected else float("nan")
        enough = expected >= _ENOUGH
        holds &= not enough or 0.5 <= ratio <= 2.0
        literal = len(played.literal) / played.days if played.days else 0.0
        row = [words, pairs, played.days, f"{literal:.1f}", f"{expected:.1f}", came]
        rows.append([*row, f"{ratio:.2f}" if enough else "too few", max(played.kept, default=0)])
    return Section(
        "K4",
        "## K4 Calibrated thresholds on later data\n\n"
        "Each day is calibrated by the days before it alone, the first half only learnt from. Expected: "
        "sum of what each day's calibration said. The budget holds whatever comes beyond it back, so the "
        "last column never exceeds it.\n\n"
        + _table(
            ["data", "pairs", "days", "literal a day", "expected", "realised", "ratio", "most in a day"], rows
        ),
        holds,
    )


def worth(found: Sequence[tuple[str, Sequence[Cell]]]) -> Section:
    """K5."""
    heads = ["tier", "direction", "bars held", "n", "events", "hit rate", "95 %", "base", "one bar late"]
    heads += ["net a trade", "q", "verdict"]
    text = (
        "## K5 What the tiers were worth\n\n"
        "Every alert of literal mode as a trade (fee, slippage and funding paid), beside the same trade at "
        "every bar of the same pairs. Uplift one bar late is over the same base. One family a table.\n\n"
    )
    edges = 0
    for words, cells in found:
        rows = [_worth_row(tier, cell) for tier, cell in cells]
        edges += sum(cell.evidence.verdict is Verdict.EDGE for _, cell in cells)
        text += f"### {words}\n\n{_table(heads, rows)}\n"
    return Section("K5", text + f"Verdicts of an edge: {edges}.\n", None)


def _worth_row(tier: Tier, cell: Worth) -> list[object]:
    one = cell.evidence
    row: list[object] = [int(tier), cell.direction, cell.horizon, one.n, one.clusters]
    if one.hit_rate is None:
        return [*row, *["–"] * 6, one.verdict.value]
    interval = f"{_share(one.low)} – {_share(one.high)}"
    late = "–" if one.late is None else f"{one.late * 100:+.1f} points"
    net = "–" if one.expectancy is None else f"{one.expectancy * 100:+.3f} %"
    q = "–" if one.q is None else f"{one.q:.2g}"
    return [*row, _share(one.hit_rate), interval, _share(one.base_rate), late, net, q, one.verdict.value]


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value * 100:.1f} %"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines) + "\n"
