"""`simulate` and `sweep`: what signals would have earned, over files or stored bars."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import orjson

from futuresboard import scorecard, sharpe
from futuresboard.commands import trade_arguments as asked
from futuresboard.commands.arguments import Actions, add, positive
from futuresboard.commands.parts import make_clock
from futuresboard.config import Settings
from futuresboard.errors import FileError, QueryError
from futuresboard.judging import judged, trial_of
from futuresboard.model import Thresholds
from futuresboard.overfitting import swept as overfitted
from futuresboard.run_document import summary_of
from futuresboard.run_report import html_of
from futuresboard.run_store import KeptRun, RunStore
from futuresboard.simulating import documented
from futuresboard.simulation.entries import Market
from futuresboard.simulation.history import History
from futuresboard.simulation.log import LogFormat, write
from futuresboard.simulation.outcomes import WORDS
from futuresboard.simulation.run import Run, simulate, simulate_market
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.simulation.sweeping import Swept, sweep
from futuresboard.simulation.trades import Tally
from futuresboard.trials import Trial, tried
from futuresboard.walk_forward import Candidate, WalkForward, walk_forward

MOST_SETS = 100_000
DASK_WAIT_S = 10.0
"""How long a cluster may take to answer."""


def add_arguments(actions: Actions) -> None:
    """Announce the commands."""
    one = add(actions, "simulate", run_one, "what signals would have earned, with what that says")
    asked.add_bars(one)
    asked.add_entry(one)
    asked.add_trade(one, lambda read: read)
    asked.add_money(one)
    one.add_argument("--json", action="store_true", help="print the result as JSON")
    one.add_argument("--log", type=Path, metavar="FILE", help="all trades: .jsonl, .csv or .parquet")
    one.add_argument("--report", type=Path, metavar="FILE", help="the result as an HTML page")
    many = add(
        actions, "sweep", run_many, "many settings over the same bars, and how far the best one is luck"
    )
    asked.add_bars(many)
    asked.add_entry(many)
    asked.add_trade(many, listed)
    words = "a threshold's values, such as z=2,2.5,3 (one of " + ", ".join(_names()) + "); may be repeated"
    many.add_argument(
        "--threshold", type=threshold, action="append", default=[], metavar="NAME=…", help=words
    )
    words = "judge the choice too: what was best in each stretch, in the stretch that came after it"
    many.add_argument("--walk-forward", type=positive, default=0, metavar="STRETCHES", help=words)
    many.add_argument("--top", type=positive, default=10, metavar="N", help="settings shown (default 10)")
    many.add_argument("--dask", metavar="ADDRESS", help="work on this Dask cluster, such as tcp://host:8786")
    many.add_argument("--json", action="store_true", help="print all results as JSON")


def run_one(settings: Settings, arguments: argparse.Namespace) -> int:
    """Simulate, judge, tell; what was tried is counted."""
    fields_of = asked.entry_of(arguments) | asked.given(arguments, asked.TRADE | asked.MONEY)
    trade = SimulationSettings(**fields_of, thresholds=settings.thresholds)
    form = None if arguments.log is None else _format(arguments.log)
    history = asked.read_bars(settings, arguments)
    run = simulate(history, trade)
    runs = RunStore(settings.database_path)
    trial = trial_of(run)
    beside = tried(runs.trials(trial.start, trial.end), trial)
    now_ms = make_clock(settings).time_ms()
    kind = "file" if arguments.files else "simulated" if arguments.demo else "live"
    document = documented(run, history, beside, asked.wanted_of(arguments), kind, now_ms)
    if arguments.files:
        runs.note([trial])
    else:
        kept = KeptRun(
            run.id, now_ms, summary_of(document), document, b"".join(write(run, LogFormat.PARQUET))
        )
        runs.keep(kept, trial)
    if form is not None:
        _save(arguments.log, write(run, form))
    if arguments.report is not None:
        _save(arguments.report, iter([html_of(orjson.loads(orjson.dumps(document))).encode()]))
    if arguments.json:
        print(orjson.dumps(document).decode())
    else:
        print("\n".join([*_about(run), *scorecard.lines(judged(run, history, beside)), *_after(run)]))
    return 0


def run_many(settings: Settings, arguments: argparse.Namespace) -> int:
    """Sweep, judge the best one by all that were tried, tell."""
    chosen = list(_sets(settings, arguments))
    history = asked.read_bars(settings, arguments)
    done = _swept(history, chosen, arguments.dask)
    runs = RunStore(settings.database_path)
    trials = [_trial(history, one, tally) for one, tally in zip(done.settings, done.tallies, strict=True)]
    runs.note(trials)
    order = sorted(range(len(chosen)), key=lambda i: (-_merit(done.tallies[i]), i))
    best = simulate(history, chosen[order[0]], configurations=done.configurations)
    beside = tried(runs.trials(trials[0].start, trials[0].end), trial_of(best))
    assessment, overfitting = judged(best, history, beside), overfitted(done.daily)
    forward = _forward(history, chosen, arguments.walk_forward) if arguments.walk_forward else None
    if arguments.json:
        rows = [_row(done, i) for i in order]
        found = {"configurations": done.configurations, "code_version": done.code_version}
        told = scorecard.structured(assessment, overfitting)
        found |= {"data_hash": done.data_hash, "results": rows, "best": {"id": best.id, "statistics": told}}
        if forward is not None:
            found["walk_forward"] = scorecard.forward_structured(forward)
        print(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY).decode())
        return 0
    print(
        f"{done.configurations} configurations over {len(history.pairs)} pairs × {len(history.bars.ts)} bars"
    )
    for i in order[: arguments.top]:
        print(f"  {_name(done.settings[i])}: {_figures(done.tallies[i])}")
    print("the best one, judged by all that were tried:")
    print("\n".join([*_about(best)[1:], *scorecard.lines(assessment, overfitting)]))
    if forward is not None:
        print("chosen by what came before, judged by what came after:")
        print("\n".join(scorecard.forward_lines(forward, [_name(one) for one in done.settings])))
    return 0


def _forward(history: History, chosen: Sequence[SimulationSettings], folds: int) -> WalkForward:
    """The trades of every configuration, each chosen only by those that had ended before."""
    market = Market(history)
    runs = [simulate_market(market, one).trades for one in chosen]
    candidates = [Candidate(one.entry_slot, one.exit_slot, one.net) for one in runs]
    return walk_forward(candidates, history.first, len(history.bars.ts), folds)


def _swept(history: History, chosen: Sequence[SimulationSettings], address: str | None) -> Swept:
    if address is None:
        return sweep(history, chosen)
    try:
        # Only whoever has a cluster has this package.
        from distributed import Client  # noqa: PLC0415
    except ImportError:
        raise FileError("--dask needs the package distributed: pip install distributed") from None
    try:
        client = Client(address, timeout=DASK_WAIT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise FileError(f"--dask {address}: {error}") from error
    with client, joblib.parallel_config(backend="dask"):
        return sweep(history, chosen, parallel=joblib.Parallel(n_jobs=-1))


def listed(read: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """How a list of such values is read; `none` is none."""

    def each(text: str) -> list[Any]:
        words = [word.strip() for word in text.split(",")]
        try:
            return [None if word == "none" else read(word) for word in words]
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return each


def threshold(text: str) -> tuple[str, list[float]]:
    """`z=2,2.5,3`."""
    name, _, values = text.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        numbers = []
    if name not in _names() or not np.isfinite(numbers or [np.nan]).all():
        words = f"got {text!r}, allowed: NAME=NUMBER,… with one of {', '.join(_names())}"
        raise argparse.ArgumentTypeError(words)
    return name, numbers


def _names() -> list[str]:
    return [one.name for one in fields(Thresholds)]


def _sets(settings: Settings, arguments: argparse.Namespace) -> Iterator[SimulationSettings]:
    """Every combination of what was listed."""
    same = asked.entry_of(arguments)
    names = {name: field for name, field in asked.TRADE.items() if getattr(arguments, name) is not None}
    lists = [getattr(arguments, name) for name in names]
    limits = dict(arguments.threshold)
    count = int(np.prod([len(one) for one in (*lists, *limits.values())], dtype=np.float64))
    if count > MOST_SETS:
        raise QueryError("settings", count, f"at most {MOST_SETS} combinations")
    for values in itertools.product(*limits.values()):
        changed: dict[str, Any] = dict(zip(limits, values, strict=True))
        for name in ("confluence_min", "cooldown"):
            if name in changed:
                changed[name] = int(changed[name])
        thresholds = replace(settings.thresholds, **changed)
        for chosen in itertools.product(*lists):
            own = dict(zip(names.values(), chosen, strict=True))
            yield SimulationSettings(**same, **own, thresholds=thresholds)


def _trial(history: History, of: SimulationSettings, tally: Tally) -> Trial:
    moments = sharpe.moments(tally.daily)
    ts = history.bars.ts
    ratio = None if moments is None else moments.sharpe
    first, last = int(ts[history.first]), int(ts[-1])
    return Trial(of.hash, history.data_hash, first, last, ratio, len(tally.daily), tally.n)


def _merit(tally: Tally) -> float:
    """What the settings are ordered by: the t-value of the mean net, which a handful of trades cannot win."""
    if tally.n < 2:
        return -np.inf
    spread = tally.squares - tally.total**2 / tally.n
    return tally.total / np.sqrt(tally.n * spread / (tally.n - 1)) if spread > 0.0 else -np.inf


def _row(done: Swept, i: int) -> Mapping[str, object]:
    tally = done.tallies[i]
    return {
        "settings": orjson.loads(done.settings[i].canonical),
        "hash": done.settings[i].hash,
        "n": tally.n,
        "hit_rate": tally.wins / tally.n if tally.n else None,
        "expectancy": tally.expectancy,
    }


def _name(of: SimulationSettings) -> str:
    """What tells it from the others of a sweep."""
    base = SimulationSettings(entry=of.entry, tier=of.tier, rule=of.rule, hold=1)
    shown = [str(of.direction)]
    levels = {"hold": of.hold, "tp": of.take_profit, "sl": of.stop_loss, "trail": of.trailing_stop}
    shown += [
        f"{name} {value if name == 'hold' else f'{value * 100:g} %'}"
        for name, value in levels.items()
        if value is not None
    ]
    shown += [
        f"{name} {getattr(of.thresholds, name):g}"
        for name in _names()
        if getattr(of.thresholds, name) != getattr(base.thresholds, name)
    ]
    return ", ".join(shown)


def _figures(tally: Tally) -> str:
    if not tally.n:
        return "no trade"
    net = f"{tally.total / tally.n * 100:+.3f} % a trade"
    return f"{tally.n} trades, {tally.wins / tally.n:.1%} won, {net}"


def _about(run: Run) -> list[str]:
    first, last = (
        datetime.fromtimestamp(int(run.ts[slot]) / 1000, UTC) for slot in (run.portfolio.first, -1)
    )
    held = f"{len(run.pairs)} pairs, {int(run.base_bars.sum())} bars a trade could begin at"
    ended = ", ".join(f"{count} {WORDS[one]}" for one, count in sorted(run.outcomes.items(), reverse=True))
    return [
        f"{first:%Y-%m-%dT%H:%MZ} to {last:%Y-%m-%dT%H:%MZ}: {held}",
        f"{run.signals} signals: {ended or 'none'}",
    ]


def _after(run: Run) -> list[str]:
    regret = run.trades.regret[np.isfinite(run.trades.regret)]
    money = run.portfolio
    words = f"{money.capital:,.0f} became {money.equity[-1]:,.0f}, {money.refused} signals refused"
    missed = f"{regret.mean() * 100:.3f} % a trade in hindsight" if len(regret) else "unknown"
    return [f"regret  {missed}", f"capital  {words}", f"run  {run.id}"]


def _format(path: Path) -> LogFormat:
    try:
        return LogFormat(path.suffix.removeprefix("."))
    except ValueError:
        raise FileError(
            f"{path}: got {path.suffix or 'no ending'}, allowed: .jsonl, .csv, .parquet"
        ) from None


def _save(path: Path, parts: Iterator[bytes]) -> None:
    """Write a file that is there once it is complete."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            file.writelines(parts)
        unfinished.replace(path)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
