"""A simulated run from what is asked for to a document: bars read, trades simulated, judged and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from futuresboard import metrics
from futuresboard.db_stretch import Wanted, read_stretch
from futuresboard.errors import QueryError
from futuresboard.judging import judged, trial_of
from futuresboard.run_document import document_of, summary_of, trades_file
from futuresboard.run_store import KeptRun, RunStore
from futuresboard.scorecard import structured
from futuresboard.simulation.history import History, Pair
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.trials import tried

MOST_SLOTS = 6_000_000
"""Bars of all pairs together that one run reads: 13 columns of them are 600 MB."""
_PAST = metrics.LOOKBACK + 1
_READ, _SIMULATED = 0.7, 0.9

type Told = Callable[[float], None]
"""Told the share that is done; raises to stop."""


@dataclass(frozen=True)
class Asked:
    """A run over stored bars."""

    bars: Wanted
    settings: SimulationSettings


def run_over(database: Path, runs: RunStore, asked: Asked, *, kind: str, now_ms: int, told: Told) -> KeptRun:
    """Simulate, judge and keep. kind: `live` or `simulated` data; now_ms: when it was asked for.

    Raises QueryError where there is nothing to simulate on, StoreError where the database cannot be read
    or holds more than one run takes.
    """
    history = history_of(database, asked.bars, lambda share: told(_READ * share))
    run = simulate(history, asked.settings)
    told(_SIMULATED)
    trial = trial_of(run)
    beside = tried(runs.trials(trial.start, trial.end), trial)
    assessment = judged(run, history, beside)
    told(1.0)
    source = {
        "tf": asked.bars.timeframe,
        "exchange": asked.bars.exchange,
        "symbols": list(asked.bars.symbols),
        "kind": kind,
    }
    document = document_of(run, structured(assessment), source, now_ms)
    kept = KeptRun(run.id, now_ms, summary_of(document), document, trades_file(run, "parquet"))
    runs.keep(kept, trial)
    return kept


def history_of(database: Path, wanted: Wanted, told: Told = lambda share: None) -> History:
    """The bars asked for, with their past. Raises as `run_over`."""
    done = 0

    def reading(total: int, more: int) -> None:
        nonlocal done
        done += more
        told(done / total)

    stretch = read_stretch(database, wanted, _PAST, most=MOST_SLOTS, told=reading)
    if stretch is None:
        raise QueryError("data", asdict(wanted), "a stretch of time and pairs with stored bars")
    pairs = [Pair(*one) for one in stretch.series]
    first = len(stretch.ts) - stretch.out
    return History.of(pairs, stretch.timeframe_ms, stretch.ts, stretch.columns, first=first)
