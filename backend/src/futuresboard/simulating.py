"""A simulated run from what is asked for to a document: bars read, trades simulated, judged and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from futuresboard import metrics
from futuresboard.db_stretch import Wanted, read_stretch
from futuresboard.errors import QueryError
from futuresboard.judging import judged, trial_of
from futuresboard.run_document import Document, document_of, summary_of
from futuresboard.run_store import KeptRun, RunStore
from futuresboard.scorecard import structured
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.log import LogFormat, write
from futuresboard.simulation.run import Run, simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.trials import Tried, tried

MOST_SLOTS = 6_000_000
"""Bars of all pairs together that one run reads: 13 columns of them are 600 MB."""
_PAST = metrics.LOOKBACK + 1
_READ, _SIMULATED = 0.7, 0.9

type Told = Callable[[float], None]
"""Told the share that is done; raises to stop."""


@dataclass(frozen=True)
class Source:
    """Where bars are: the database's file (which need not be there) and the archive's folder."""

    database: Path
    archive: Path


def run_over(
    source: Source,
    runs: RunStore,
    wanted: Wanted,
    settings: SimulationSettings,
    *,
    kind: str,
    now_ms: int,
    told: Told,
) -> KeptRun:
    """Simulate, judge and keep. kind: `live` or `simulated` data; now_ms: when it was asked for.

    Raises QueryError where there is nothing to simulate on, StoreError where the database cannot be read
    or holds more than one run takes.
    """
    history = history_of(source, wanted, lambda share: told(_READ * share))
    run = simulate(history, settings)
    told(_SIMULATED)
    trial = trial_of(run)
    beside = tried(runs.trials(trial.start, trial.end), trial)
    document = documented(run, history, beside, wanted, kind, now_ms)
    told(1.0)
    kept = KeptRun(run.id, now_ms, summary_of(document), document, b"".join(write(run, LogFormat.PARQUET)))
    runs.keep(kept, trial)
    return kept


def documented(run: Run, history: History, beside: Tried, bars: Wanted, kind: str, now_ms: int) -> Document:
    """A run with what it is worth, beside what was tried."""
    told_of = {"tf": bars.timeframe, "exchange": bars.exchange, "symbols": list(bars.symbols), "kind": kind}
    return document_of(run, structured(judged(run, history, beside)), told_of, now_ms)


def history_of(source: Source, wanted: Wanted, told: Told = lambda share: None) -> History:
    """The bars asked for, with their past. Raises as `run_over`."""
    done = 0

    def reading(total: int, more: int) -> None:
        nonlocal done
        done += more
        told(done / total)

    stretch = read_stretch(source.database, source.archive, wanted, _PAST, most=MOST_SLOTS, told=reading)
    if stretch is None:
        raise QueryError("data", asdict(wanted), "a stretch of time and pairs with stored bars")
    pairs = [Pair(*one) for one in stretch.series]
    first = len(stretch.ts) - stretch.out
    return History.of(pairs, stretch.timeframe_ms, stretch.ts, stretch.columns, first=first)
