"""Each exchange asked through its own adapter, all at once: one that is dead holds up nobody."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from futuresboard.clock import Clock
from futuresboard.config import Settings
from futuresboard.db_inspect import Kept
from futuresboard.doctor.report import Finding, State
from futuresboard.doctor.sockets import Listening, listen
from futuresboard.doctor.words import moment, skew, without_login
from futuresboard.errors import BlockedError, ExchangeError, PayloadError, ThrottledError, UnpublishedError
from futuresboard.exchanges import REGISTRY
from futuresboard.exchanges.base import Exchange
from futuresboard.exchanges.coingecko import CoinGecko
from futuresboard.exchanges.pacing import Limit

SAMPLES = 5
SAMPLES_WITHIN_S = 5.0
PAUSE_S = 0.25
SLOW_S = 2.0
NEARLY_USED = 0.9
CLOCKS_APART_MS = 1000.0
LONG_WINDOW_S = 5.0
"""Budgets of at least this window are shown one by one, shorter ones by the fullest."""
COUNTED_BY_EXCHANGE = frozenset({("binanceusdm", "weight")})
"""Budgets whose use the exchange states in its answers, whoever on this address used it."""


@dataclass
class Probe:
    """What asking one exchange brought: clocks apart (ms, theirs minus ours), pairs, or the error."""

    exchange: str
    skews_ms: list[float] = field(default_factory=list)
    latency_s: float | None = None
    pairs: int | None = None
    listening: Listening | None = None
    used: Mapping[str, float] = field(default_factory=dict)
    error: ExchangeError | None = None
    not_before_ms: float | None = None

    @property
    def skew_ms(self) -> float | None:
        """Their clock minus this machine's."""
        return statistics.median(self.skews_ms) if self.skews_ms else None


async def probe_all(exchanges: Sequence[Exchange], kept: Kept | None, clock: Clock) -> list[Probe]:
    """Ask every exchange at once; one that is known to ban this address is not asked at all."""
    return list(await asyncio.gather(*(_probe(each, kept, clock) for each in exchanges)))


async def _probe(exchange: Exchange, kept: Kept | None, clock: Clock) -> Probe:
    probe = Probe(exchange.id)
    try:
        now = clock.time_ms()
        probe.not_before_ms = _banned_until(exchange.id, kept, now)
        if probe.not_before_ms is not None:
            return probe
        if kept is not None:
            elapsed = max(0.0, now / 1000 - kept.at)
            exchange.restore_budgets(kept.budgets.get(exchange.id, {}), elapsed)
        await _sample(exchange, probe, clock)
        markets = await exchange.markets()
        probe.pairs = len(markets)
        if exchange.streams is not None and markets:
            probe.listening = await listen(exchange.streams, markets[0], clock)
    except ExchangeError as error:
        probe.error = error
        if isinstance(error, ThrottledError):
            probe.not_before_ms = clock.time_ms() + error.retry_after_s * 1000
    finally:
        stats = exchange.stats()
        probe.latency_s, probe.used = stats.latency_p50_s, stats.budget_used
        await exchange.close()
    return probe


async def _sample(exchange: Exchange, probe: Probe, clock: Clock) -> None:
    began = clock.monotonic()
    while len(probe.skews_ms) < SAMPLES and (
        not probe.skews_ms or clock.monotonic() - began < SAMPLES_WITHIN_S
    ):
        before = clock.time_ms()
        theirs = await exchange.server_time()
        probe.skews_ms.append(theirs - (before + clock.time_ms()) / 2)
        await clock.sleep(PAUSE_S)


def _kept_of(exchange: str, kept: Kept | None) -> Mapping[str, object]:
    exchanges = {} if kept is None else kept.health.get("exchanges")
    found = exchanges.get(exchange) if isinstance(exchanges, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _banned_until(exchange: str, kept: Kept | None, now_ms: float) -> float | None:
    seconds = _kept_of(exchange, kept).get("banned_for_s")
    if kept is None or not isinstance(seconds, (int, float)):
        return None
    until = (kept.at + seconds) * 1000
    return until if until > now_ms else None


# -- in words ------------------------------------------------------------------------------------


def finding(probe: Probe, settings: Settings, kept: Kept | None, *, scraping: bool) -> Finding:
    """What a probe means; `scraping`: the scraper that kept its state runs now, so its use counts too."""
    url = settings.exchange_url(probe.exchange)
    facts: dict[str, object] = {
        "reachable": probe.error is None and probe.not_before_ms is None,
        "url": without_login(url) if url else None,
        "latency_p50_ms": None if probe.latency_s is None else round(probe.latency_s * 1000, 1),
        "clock_skew_ms": None if probe.skew_ms is None else round(probe.skew_ms),
        "pairs": probe.pairs,
        "websocket": None if probe.listening is None else probe.listening.facts,
        "limits": _limits(probe, kept if scraping else None),
    }
    through = (f"through {facts['url']}",) if url else ()
    if probe.error is not None or probe.not_before_ms is not None:
        trouble, advice = _trouble(probe, url=bool(url))
        return Finding(probe.exchange, State.FAILED, trouble, through, advice, facts)
    return _reached(probe, through, facts)


def _reached(probe: Probe, through: Sequence[str], facts: Mapping[str, object]) -> Finding:
    latency, apart = probe.latency_s or 0.0, probe.skew_ms or 0.0
    summary = f"{probe.pairs} pairs, {latency * 1000:.0f} ms (p50), clock {skew(apart)} from this machine's"
    advice = []
    if not probe.pairs:
        advice.append("It lists no USDT perpetual: is the URL the right one?")
    if latency > SLOW_S:
        advice.append("It answers slowly: cycles will be longer than INTERVAL.")
    limits: object = facts["limits"]
    rows = limits if isinstance(limits, list) else []
    full = [row["budget"] for row in rows if row["used"] > NEARLY_USED * row["limit"]]
    if full:
        advice.append(
            f"The limit is nearly used up ({', '.join(full)}): another program asks from this address."
        )
    heard = probe.listening
    if heard is not None and heard.heard_s is None:
        advice.append("Figures come by REST instead, a little later. Let wss:// through proxy and firewall.")
    state = State.LOOK if advice else State.OK
    lines = (*through, *((heard.words,) if heard is not None else ()), *_limit_lines(rows))
    return Finding(probe.exchange, state, summary, lines, advice, facts)


def _trouble(probe: Probe, *, url: bool) -> tuple[str, Sequence[str]]:
    """What is wrong in words, and what to do."""
    name, error = f"{probe.exchange.upper()}_URL", probe.error
    if probe.not_before_ms is not None and (error is None or isinstance(error, ThrottledError)):
        banned = error is None or (isinstance(error, ThrottledError) and error.ban)
        word = "banned" if banned else "throttled"
        source = "as the scraper was told; not asked now" if error is None else error.reason
        return f"{word} until {moment(probe.not_before_ms)}: {source}", (
            "Wait: the scraper asks nothing before and then goes on by itself. "
            "Stop other programs that ask from this address.",
        )
    if error is None:
        return "not asked", ()
    if isinstance(error, BlockedError):
        return f"blocked: {error.reason}", (
            "The exchange or a firewall does not serve this address (often its country). Run from a "
            f"place it serves, set {name} to a proxy you may use, or take it out of EXCHANGES.",
        )
    if isinstance(error, (PayloadError, UnpublishedError)):
        return f"answers, but not as the exchange does: {error.reason}", (
            f"A proxy or a login page may stand between{f'; check {name}' if url else ''}.",
        )
    check = f"Check {name}" if url else "Check network, name resolution and firewall"
    return f"not reachable: {error.reason}", (f"{check}; the exchange may also be down for the moment.",)


def _limits(probe: Probe, kept: Kept | None) -> list[dict[str, object]]:
    """Official limits and what is used of them now, by this machine as far as it knows."""
    shares = _kept_of(probe.exchange, kept).get("budgets")
    scraper = shares if isinstance(shares, Mapping) else {}
    limits: Mapping[str, Limit] = REGISTRY[probe.exchange].limits
    return [
        {
            "budget": name,
            "limit": limit.limit,
            "window_s": limit.window_s,
            "per_pair": limit.per_key,
            "used": round(max(probe.used.get(name, 0.0), float(scraper.get(name, 0.0))) * limit.limit, 1),
            "counted_by": "exchange" if (probe.exchange, name) in COUNTED_BY_EXCHANGE else "futuresboard",
        }
        for name, limit in limits.items()
    ]


def _limit_lines(limits: Sequence[Mapping[str, object]]) -> list[str]:
    def line(row: Mapping[str, object], label: str) -> str:
        return f"{label}: {row['used']:g} of {row['limit']:g} used in {row['window_s']:g} s"

    long = [row for row in limits if float(str(row["window_s"])) >= LONG_WINDOW_S]
    short = [row for row in limits if row not in long]
    lines = [
        line(row, f"limit {row['budget']}") + (" (its own count)" if row["counted_by"] == "exchange" else "")
        for row in long
    ]
    if short:
        fullest = max(short, key=lambda row: float(str(row["used"])) / float(str(row["limit"])))
        lines.append(line(fullest, f"{len(short)} limits by path, fullest {fullest['budget']}"))
    return lines


async def coingecko_finding(source: CoinGecko) -> Finding:
    """Whether market caps can be had; nothing else needs them, so that it never fails."""
    try:
        found = await source.coins(1)
    except ExchangeError as error:
        advice = ("Market caps are missing without it, nothing else. Check network and COINGECKO_URL.",)
        return Finding("coingecko", State.LOOK, f"not to be had: {error.reason}", (), advice)
    finally:
        await source.close()
    return Finding("coingecko", State.OK, f"lists coins ({len(found)} on its first page)")


def clock_finding(probes: Sequence[Probe]) -> Finding:
    """This machine's clock against the median of the exchanges', and theirs against each other."""
    skews = {probe.exchange: probe.skew_ms for probe in probes if probe.skew_ms is not None}
    if not skews:
        return Finding("time", State.LOOK, "unknown: no exchange told its time")
    middle = statistics.median(skews.values())
    facts = {"machine_behind_ms": round(middle), "exchanges": len(skews)}
    side = "behind" if middle >= 0 else "ahead of"
    summary = f"this machine is {abs(middle) / 1000:.2f} s {side} the exchanges' median ({len(skews)})"
    advice = []
    if abs(middle) > CLOCKS_APART_MS:
        advice.append(
            "Set this machine's clock (NTP). Stored bars are not touched: the exchanges date them. "
            "Log lines and this report carry the wrong time."
        )
    odd = [name for name, value in skews.items() if abs(value - middle) > CLOCKS_APART_MS]
    if odd and len(skews) > 1:
        advice.append(f"Exchanges' clocks differ by more than a second: {', '.join(odd)}.")
    return Finding("time", State.LOOK if advice else State.OK, summary, (), advice, facts)
