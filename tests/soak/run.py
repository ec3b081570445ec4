"""One soak: the faults as planned, samples all along, and the report."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import orjson

from futuresboard.sim_exchange import SimConfig, Truth
from futuresboard.sim_exchange.config import PUSH_MS
from futuresboard.sim_exchange.venue import build_world
from soak import plan
from soak.judge import M5, Judge, Verdict
from soak.stage import Exchanges, Sample, alive, cpu_s, exchanges, sample
from support_system import EXCHANGES, Product, Row, environment, free_port, running

EPOCH = 1_773_784_800_000 + 130_000
"""22:00 UTC and some: a day from here crosses midnight and every settlement."""
PUSH_EVERY_MS = 10_000
TRADES_PAIRS = "10"
"""Streams push seldom (trades, which must not come late, of few pairs): a message costs the processor what it
ever does, and comes `scale` times as often."""
SAMPLE_S = 60.0
WARM_S = 3600.0
"""An hour of exchange time is enough for any warm start."""
SETTLE_S = 420.0
"""After the end: what closed last may still be revised."""
OWN_RECONNECTS = 5
LEAST_STORED = 0.999
MOST_RSS = 1.10
RSS_SLACK_MB = 8.0
MOST_THREADS, MOST_HANDLES = 2, 8
PLAYED = "played.json"
"""What a judge needs beside the database: the faults, and the time to judge."""


@dataclass(frozen=True)
class Settings:
    """What to run: `hours` of exchange time after the warm start, at `scale`."""

    hours: float = 24.0
    scale: float = 40.0
    pairs: int = 50
    seed: int = 1
    every_s: float = 300.0
    calm_s: float = 4500.0
    history_bars: int = 120
    faults: Sequence[str] = field(default_factory=plan.known)


@dataclass
class Story:
    """What was seen from outside."""

    began_s: float = 0.0
    warm_s: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    faults: list[Row] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    states: dict[str, set[str]] = field(default_factory=dict)
    own_reconnects: int = 0
    reconnects: dict[str, int] = field(default_factory=dict)
    health: Row = field(default_factory=dict)


class Soak:
    """Steers the two processes through the plan."""

    def __init__(self, settings: Settings, sim: Exchanges, product: Product) -> None:
        self._settings = settings
        self._sim = sim
        self._product = product
        self._start_ms = sim.now_ms()
        self.story = Story()

    def at_s(self) -> float:
        """Exchange seconds since the product was started."""
        return (self._sim.now_ms() - self._start_ms) / 1000.0

    def warm(self) -> None:
        """Until all history is here."""
        self._product.until(self._product.warm, WARM_S / self._settings.scale + 60, "warm")
        self.story.warm_s = self.at_s()

    def follow(self, faults: Sequence[plan.Fault], end_s: float) -> None:
        """Inject each fault at its time, and watch until `end_s` (both counted from now)."""
        self.story.began_s = begun = self.at_s()
        waiting = sorted(faults, key=lambda fault: fault.at_s)
        active: list[plan.Fault] = []
        while (now := self.at_s() - begun) < end_s and alive(self._product):
            while waiting and waiting[0].at_s <= now:
                active.append(waiting.pop(0))
                self._inject(active[-1])
            active = [fault for fault in active if now < fault.at_s + fault.for_s + plan.CALM_S]
            self._watch(active)
            soon = min([end_s, now + SAMPLE_S, *(fault.at_s for fault in waiting[:1])])
            time.sleep(max(0.05, (soon - now) / self._settings.scale))

    def _inject(self, fault: plan.Fault) -> None:
        made = [self._sim.call("POST", "/_sim/faults", rule) for rule in fault.rules]
        self.story.rules += made
        self.story.faults.append(
            {
                "name": fault.name,
                "exchange": fault.exchange,
                "at_s": round(fault.at_s),
                "for_s": round(fault.for_s),
            }
        )

    def _watch(self, active: Sequence[plan.Fault]) -> None:
        self.story.samples.append(sample(self._product.process.pid, self.at_s()))
        health = self._product.health()
        for name, facts in health.get("exchanges", {}).items():
            told = next((fault.name for fault in active if fault.exchange == name), "no fault")
            self.story.states.setdefault(told, set()).add(facts["state"])
            more = facts["reconnects"] - self.story.reconnects.get(name, 0)
            self.story.reconnects[name] = facts["reconnects"]
            if more > 0 and not any(fault.exchange == name and fault.drops_sockets for fault in active):
                self.story.own_reconnects += more
        self.story.health = health or self.story.health


def quarters(samples: Sequence[Sample]) -> dict[str, tuple[float, float]]:
    """Median of each measure in the first and the last quarter."""
    quarter = max(1, len(samples) // 4)
    return {
        name: (
            median(getattr(one, name) for one in samples[:quarter]),
            median(getattr(one, name) for one in samples[-quarter:]),
        )
        for name in ("rss_mb", "threads", "files", "sockets")
    }


def not_flat(measured: Mapping[str, tuple[float, float]]) -> list[str]:
    """What grew from the first to the last quarter by more than is allowed."""
    allowed = {
        "rss_mb": measured["rss_mb"][0] * MOST_RSS + RSS_SLACK_MB,
        "threads": measured["threads"][0] + MOST_THREADS,
        "files": measured["files"][0] + MOST_HANDLES,
        "sockets": measured["sockets"][0] + MOST_HANDLES,
    }
    return [f"{name}: {first} -> {last}" for name, (first, last) in measured.items() if last > allowed[name]]


def failures(report: Row) -> list[str]:
    """What the run must not show, in words; empty when all is well."""
    found = []
    if report["crashes"]:
        found.append(f"{report['crashes']} crashes")
    if report["stored_share"] < LEAST_STORED:
        found.append(f"{report['missing']} of {report['expected']} bars are missing")
    if report["wrong"]:
        found.append(f"wrong values: {report['wrong']}")
    if report["alerts_of_faults"]:
        found.append(f"{report['alerts_of_faults']} alerts that faults made")
    if report["own_reconnects"] >= OWN_RECONNECTS:
        found.append(f"{report['own_reconnects']} reconnects of its own")
    if report["violations"]:
        found.append(f"official limits exceeded: {report['violations']}")
    return found + [f"not flat: {what}" for what in report["not_flat"]]


def _config(settings: Settings) -> SimConfig:
    return SimConfig(
        seed=settings.seed,
        # OKX lists fewer than the others.
        pairs=-(-settings.pairs * 4 // 3),
        time_scale=settings.scale,
        in_exchange_time=True,
        epoch_ms=EPOCH,
        pushes={kind: max(ms, PUSH_EVERY_MS) for kind, ms in PUSH_MS.items()} | {"trade": PUSH_MS["trade"]},
    )


def judge(settings: Settings, folder: Path) -> Verdict:
    """What the database that a run left in a folder holds against the simulator's numbers."""
    played = orjson.loads((folder / PLAYED).read_bytes())
    found = Judge(
        _config(settings),
        folder / played["database"],
        played["rules"],
        pairs=settings.pairs,
        history_bars=settings.history_bars,
    )
    return found.judge(played["begin_ms"], played["end_ms"])


def soak(settings: Settings, folder: Path) -> Row:
    """Run it all; returns the report. The database stays in the folder, which is empty before."""
    config = _config(settings)
    truth = Truth(build_world(config))
    symbols = {
        name: [truth.row(name, symbol).id for symbol in truth.symbols(name)[: settings.pairs]]
        for name in EXCHANGES
    }
    seconds = settings.hours * 3600
    faults = plan.plan(
        settings.seed,
        seconds - min(settings.calm_s, seconds / 3),
        symbols,
        every_s=settings.every_s,
        names=settings.faults,
    )
    with exchanges(config) as sim:
        env = environment(
            folder,
            sim.url,
            PORT=str(free_port()),
            MAX_PAIRS=str(settings.pairs),
            HISTORY_BARS=str(settings.history_bars),
            BYBIT_TRADES_PAIRS=TRADES_PAIRS,
            TIME_SCALE=str(settings.scale),
            TIME_SINCE=str(sim.since_ms),
        )
        with running(["serve"], env, folder) as product:
            run = Soak(settings, sim, product)
            run.warm()
            begin_ms = sim.now_ms()
            run.follow(faults, seconds)
            end_ms = sim.now_ms() // M5 * M5
            time.sleep(SETTLE_S / settings.scale)
            told = tracebacks(product.log)
            crashes = int(not alive(product)) + len(told)
            used = {
                "product": round(cpu_s(product.process.pid), 1),
                "exchanges": round(cpu_s(sim.process.pid), 1),
            }
            counts = sim.call("GET", "/_sim/stats")
            log = product.log
    played = {
        "database": product.database.name,
        "rules": run.story.rules,
        "begin_ms": begin_ms,
        "end_ms": end_ms,
    }
    (folder / PLAYED).write_bytes(orjson.dumps(played))
    verdict = judge(settings, folder)
    report = _report(settings, run.story, verdict, counts, crashes, used)
    return report | {"tracebacks": told[:3], "log_end": log[-2000:].splitlines()}


def tracebacks(log: str) -> list[list[str]]:
    """The lines around each traceback in a log."""
    lines = log.splitlines()
    found = [number for number, line in enumerate(lines) if line.startswith("Traceback")]
    return [lines[max(0, number - 1) : number + 40] for number in found]


def _report(
    settings: Settings, story: Story, verdict: Verdict, counts: Row, crashes: int, used: Mapping[str, float]
) -> Row:
    measured = quarters(story.samples)
    violations = {name: counts[name]["violations"] for name in EXCHANGES if counts[name]["violations"]}
    return {
        "settings": asdict(settings),
        "warm_s": round(story.warm_s, 1),
        "cpu_s": used,
        "faults": len(story.faults),
        "fault_list": story.faults,
        "faulty_answers": {name: counts[name]["faults"] for name in EXCHANGES},
        "states_seen": {name: sorted(states) for name, states in sorted(story.states.items())},
        "crashes": crashes,
        "expected": verdict.expected,
        "missing": verdict.missing,
        "stored_share": round(1 - verdict.missing / max(1, verdict.expected), 6),
        "values": verdict.values,
        "wrong": dict(verdict.wrong),
        "unknown": dict(verdict.unknown),
        "alerts": verdict.alerts,
        "alerts_on_stand_ins": verdict.alerts_on_stand_ins,
        "alerts_of_faults": verdict.alerts_of_faults,
        "examples": verdict.examples,
        "reconnects": story.reconnects,
        "own_reconnects": story.own_reconnects,
        "violations": violations,
        "requests": {name: counts[name]["requests"] for name in EXCHANGES},
        "most_used": {name: counts[name]["most_used"] for name in EXCHANGES},
        "lag_s": story.health.get("closed_bar_lag_s"),
        "resources": measured,
        "rss_mb": [round(one.rss_mb, 1) for one in story.samples[:: max(1, len(story.samples) // 24)]],
        "not_flat": not_flat(measured),
    }
