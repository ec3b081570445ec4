"""The faults in force: switched on and off while the exchanges run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fnmatch import fnmatchcase

from futuresboard.sim_exchange.faults import AFTER, BEFORE, COMPUTED, Rule
from futuresboard.sim_exchange.feed import Channel
from futuresboard.sim_exchange.hashing import key_of
from futuresboard.sim_exchange.socket_faults import ON_MESSAGE, ON_SOCKETS
from futuresboard.sim_exchange.venue import Venue


class Faults:
    """The rules in force."""

    def __init__(self, venues: dict[str, Venue], now_ms: Callable[[str], int]) -> None:
        self._venues = venues
        self._now_ms = now_ms
        self._ids = itertools.count(1)
        self._listeners: list[Callable[[], None]] = []
        self.rules: list[Rule] = []
        for venue in venues.values():
            venue.delay_ms = self._delay_of(venue.name)

    def listen(self, called: Callable[[], None]) -> None:
        """Have `called` run whenever rules change, in the thread that changes them."""
        self._listeners.append(called)

    def unlisten(self, called: Callable[[], None]) -> None:
        """End what `listen` began."""
        self._listeners.remove(called)

    def _tell(self) -> None:
        for called in list(self._listeners):
            called()

    def add(self, rule: Rule) -> Rule:
        """Switch a fault on. Raises ValueError for an unknown kind, KeyError for an unknown symbol."""
        kinds = dict.fromkeys([*BEFORE, *AFTER, *COMPUTED, *ON_SOCKETS])
        if rule.kind not in kinds:
            raise ValueError(f"kind: got {rule.kind!r}, allowed: {', '.join(kinds)}")
        rule.id = next(self._ids)
        rule.since_ms = self._now_ms(rule.exchange)
        at = int(rule.number("at_ms", rule.since_ms))
        if rule.kind == "delist":
            self._venues[rule.exchange].market.delist(rule.exchange, rule.symbol, at)
        elif rule.kind == "new_listing":
            name = None if rule.symbol == "*" else rule.symbol
            rule.symbol = self._venues[rule.exchange].market.list_new(rule.exchange, name, at).id
        elif rule.kind == "rename":
            market = self._venues[rule.exchange].market
            market.list_new(rule.exchange, str(rule.options["to"]), at)
            market.delist(rule.exchange, rule.symbol, at)
        self.rules.append(rule)
        self._tell()
        return rule

    def clear(self, rule_id: int | None = None) -> None:
        """Switch one fault, or all, off; listings made meanwhile are undone with the last."""
        self.rules = [] if rule_id is None else [rule for rule in self.rules if rule.id != rule_id]
        if not self.rules:
            for venue in self._venues.values():
                venue.market.relist_all()
        self._tell()

    def matching(self, exchange: str, path: str, symbol: str, *, sockets: bool = False) -> list[Rule]:
        """Rules that hit this request (`sockets`: this handshake), in the order they were added."""
        kinds = {*BEFORE} if sockets else {*BEFORE, *AFTER, *COMPUTED} - {*ON_SOCKETS}
        return [
            rule
            for rule in self.rules
            if rule.kind in kinds and self.meant(rule, exchange, path, symbol) and drawn(rule)
        ]

    def on_channel(self, exchange: str, channel: Channel) -> list[Rule]:
        """Rules that hit this message of a stream, in the order they were added."""
        return [
            rule
            for rule in self.rules
            if rule.kind in ON_MESSAGE
            and self.meant(rule, exchange, channel.path, channel.symbol)
            and drawn(rule)
        ]

    def in_force(self, exchange: str) -> set[str]:
        """The kinds that are switched on somewhere at an exchange and have not ended."""
        return {rule.kind for rule in self.rules if self._lasts(rule, exchange)}

    def _lasts(self, rule: Rule, exchange: str) -> bool:
        ended = rule.until_ms is not None and self._now_ms(exchange) >= rule.until_ms
        return rule.exchange in ("*", exchange) and not ended

    def meant(self, rule: Rule, exchange: str, path: str, symbol: str) -> bool:
        """Whether a rule is in force for this exchange, path and symbol."""
        if not self._lasts(rule, exchange) or not fnmatchcase(path, rule.path):
            return False
        if rule.symbol in ("*", symbol):
            return True
        return symbol == "" and rule.kind in ("bad_numbers", "zero_oi", "x1000", "frozen", "lag")

    def _delay_of(self, exchange: str) -> Callable[[str, str], int | None]:
        def delay(path: str, symbol: str) -> int | None:
            late = [r for r in self.rules if r.kind == "late" and self.meant(r, exchange, path, symbol)]
            return int(late[-1].number("seconds", 90) * 1000) if late else None

        return delay


def drawn(rule: Rule) -> bool:
    """Whether a rule with a share hits this time; counts the try."""
    rule.hits += 1
    return rule.share >= 1.0 or key_of("share", rule.id, rule.hits) % 10_000 < rule.share * 10_000
