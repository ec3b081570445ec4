"""What a recording's bars said at any time of it, and the alerts the reference starts on that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import reference
from futuresboard.quality import HISTORIC
from support_system import STEP_MS, Row, reading

type Key = tuple[str, str, str]
type Alert = tuple[int, str, int | None]
"""Time, kind, tier."""

FLAGS_READ = 60
"""Bars before a bar that its flags read (RSI and CVD, which reach further, are no part of a flag)."""
COIN_READS = reference.Z_WINDOW + reference.WEIGHT_BARS + 4


@dataclass(frozen=True)
class Versions:
    """Every raw version of every bar of one series ever stored, by time; `until` None is the present one."""

    all: Sequence[Row]

    @property
    def first(self) -> dict[int, Row]:
        """The first version of each bar."""
        return {v["ts"]: v for v in sorted(self.all, key=itemgetter("seq"), reverse=True)}

    @property
    def history(self) -> set[int]:
        """Bars that had closed before the product began: their inputs came in pieces."""
        return {v["ts"] for v in self.all if v["marks"] & HISTORIC}

    def as_seen(self, seq: int, seen: int) -> list[Row]:
        """The raw bars as they stood after transaction `seq`, at time `seen`."""
        first = self.first
        stood = [
            v
            for v in self.all
            if (v["until"] is None or seq < v["until"])
            # History that comes in pieces keeps the time of its first piece, not each piece.
            and (v["seq"] <= seq or (v["seq"] == first[v["ts"]]["seq"] and v["seen"] <= seen))
        ]
        assert len({v["ts"] for v in stood}) == len(stood)
        return sorted(stood, key=itemgetter("ts"))

    def part(self, begin: int, end: int) -> Versions:
        """Those of the bars begin … end alone."""
        return Versions([v for v in self.all if begin <= v["ts"] <= end])


def versions_of(database: Path, end: int) -> dict[Key, Versions]:
    """The versions of each series' bars that closed by `end`."""
    names = ", ".join(f"b.{name}" for name in reference.RAW)
    query = (
        "SELECT p.exchange, p.symbol, s.timeframe, b.ts, b.raw_seq, b.seen_ts, b.marks, {until}, {judged}, "
        "{names} FROM {table} b JOIN series s ON s.id = b.series_id JOIN pairs p ON p.id = s.pair_id "
        "ORDER BY b.ts"
    )
    columns = ("ts", "seq", "seen", "marks", "until", "judged", *reference.RAW)
    found: dict[Key, list[Row]] = {}
    tables = (("bars", "NULL", "b.judged_seq"), ("superseded", "b.until_seq", "NULL"))
    with reading(database) as connection:
        for table, until, judged in tables:
            text = query.format(until=until, judged=judged, names=names, table=table)
            for row in connection.execute(text):
                if row[3] + STEP_MS[row[2]] <= end:
                    key = (str(row[0]), str(row[1]), str(row[2]))
                    found.setdefault(key, []).append(dict(zip(columns, row[3:], strict=True)))
    return {key: Versions(versions) for key, versions in found.items()}


@dataclass(frozen=True)
class Rules:
    """By what alerts were started: thresholds as the reference names them, and the cooldown in bars."""

    limits: Mapping[str, float]
    cooldown: int


def started_alone(
    key: Key, versions: Versions, listed_ts: int | None, rules: Rules, before: Collection[Alert]
) -> list[Alert]:
    """Alerts of tiers 1–4 and of confluence, bar after bar, each on what was known when it was finalised.

    before: those of the bars that are history.
    """
    step, first, history = STEP_MS[key[2]], versions.first, versions.history
    found = list(before)
    for ts in sorted(set(first) - history):
        part = versions.part(ts - FLAGS_READ * step, ts)
        stood = part.as_seen(first[ts]["seq"], first[ts]["seen"])
        raw = [{name: row[name] for name in ("ts", *reference.RAW)} for row in stood]
        derived = reference.derive(raw, step, listing_ts=listed_ts, thresholds=rules.limits)
        rows = [row for row in derived if row["ts"] in (ts - step, ts)]
        least = int(rules.limits["confluence_min"])
        begun = reference.alerts(rows, step, rules.cooldown, confluence_min=least)
        recent = {(kind, tier) for at, kind, tier in found if ts - at < rules.cooldown * step}
        found += [one for one in begun if one[0] == ts and one[2] != 6 and one[1:] not in recent]
    return [alert for alert in found if alert[0] not in history]


def started_beside(
    coin: Mapping[Key, tuple[Versions, float]], rules: Rules, before: Mapping[Key, Collection[Alert]]
) -> dict[Key, list[Alert]]:
    """Alerts of tier 5 of one coin's series of a timeframe, each on what was known when it was judged.

    coin: series -> its versions and how many coins its unit is.
    """
    step = STEP_MS[next(iter(coin))[2]]
    found: dict[Key, list[Alert]] = {key: list(before[key]) for key in coin}
    firsts = {key: versions.first for key, (versions, _) in coin.items()}
    times = sorted({ts for key, (versions, _) in coin.items() for ts in set(firsts[key]) - versions.history})
    for ts in times:
        judged = max(v["judged"] or 0 for versions, _ in coin.values() for v in versions.all if v["ts"] == ts)
        seen = max(first[ts]["seen"] for first in firsts.values() if ts in first)
        bars = {
            " ".join(key): versions.part(ts - COIN_READS * step, ts).as_seen(judged, seen)
            for key, (versions, _) in coin.items()
        }
        units = {" ".join(key): unit for key, (_, unit) in coin.items()}
        rows = {row["ts"]: row for row in reference.across(bars, step, units)}
        if not rows[ts]["whole"]:
            continue
        for key in coin:
            now, then = (
                rows.get(at, {"divergence": {}})["divergence"].get(" ".join(key)) for at in (ts, ts - step)
            )
            if now is None or then is None:
                continue
            edge = abs(now) > rules.limits["divergence"] >= abs(then)
            rests = any(tier == 5 and ts - at < rules.cooldown * step for at, _, tier in found[key])
            if edge and not rests:
                found[key].append((ts, "tier", 5))
    return {key: [one for one in found[key] if one[0] not in coin[key][0].history] for key in coin}
