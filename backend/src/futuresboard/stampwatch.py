"""What an exchange's stamps mean, decided from its own data at start and daily, and told when it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence

from futuresboard.book import STEP_MS, Book
from futuresboard.errors import ExchangeError
from futuresboard.exchanges import stamps
from futuresboard.exchanges.base import Exchange
from futuresboard.model import MS_PER_DAY, Kind, Market, Rows

log = logging.getLogger(__name__)

PROBE_PAIRS = 5
LIVE_EVIDENCE_ROWS = 50
LIVE_EVIDENCE_SHARE = 0.7
LEVELS = (Kind.OI, Kind.GLOBAL_LS, Kind.TOP_LS)
_OFFSETS = {"snapshot": 1, "start": 0}
_WORDS = {
    "snapshot": "time of their snapshot",
    "start": "start of their window",
    "end": "end of their window",
}


class StampWatch:
    """Decides the stamps of one exchange's book.

    markets: the pairs recorded now, most liquid first; now_ms: exchange time; note: counts a failed
    request; changed: called when bars must be read anew.
    """

    def __init__(
        self,
        exchange: Exchange,
        book: Book,
        markets: Callable[[], Sequence[Market]],
        *,
        now_ms: Callable[[], int],
        note: Callable[[ExchangeError], None],
        changed: Callable[[], None],
    ) -> None:
        self.verdicts: dict[str, str] = {}
        self._exchange = exchange
        self._book = book
        self._markets = markets
        self._now_ms = now_ms
        self._note = note
        self._changed = changed
        self._next_probe_ms = 0
        self._failed = False

    @property
    def due(self) -> bool:
        """Whether a day has passed since the last look."""
        return self._now_ms() >= self._next_probe_ms

    def recall(self, verdicts: Mapping[str, str]) -> None:
        """Read what is still undecided as an earlier process did."""
        for kind in LEVELS:
            verdict = verdicts.get(kind.value)
            if verdict in _OFFSETS and kind in self._book.kinds and self._book.undecided(kind):
                self._settle(kind, _OFFSETS[verdict], verdict)

    async def probe(self) -> None:
        """Look at the most liquid pairs until one tells; soon again where requests failed meanwhile."""
        self._next_probe_ms, self._failed = self._now_ms() + MS_PER_DAY, False
        for market in self._markets()[:PROBE_PAIRS]:
            if await self._probe(market):
                return
        if self._failed:
            self._next_probe_ms = self._now_ms() + STEP_MS
        if Kind.TAKER in self._book.kinds:
            log.warning(
                "%s: the meaning of its stamps could not be decided; assumed, marked", self._exchange.id
            )

    async def _probe(self, market: Market) -> bool:
        try:
            candles = await self._closed_candles(market, 200)
            oi = await self._exchange.rows(Kind.OI, market, limit=100)
            if Kind.TAKER in self._book.kinds:
                taker = await self._exchange.rows(Kind.TAKER, market, limit=100)
                flow = stamps.taker_stamp(taker, candles)
                if flow is not None:
                    self._settle(Kind.TAKER, {"start": 0, "end": 1}[flow], flow)
        except ExchangeError as error:
            self._note(error)
            self._failed = True
            return False
        verdict = stamps.oi_stamp(oi, candles)
        if verdict is not None:
            self._settle_levels(verdict)
        return verdict is not None

    async def _closed_candles(self, market: Market, limit: int) -> Rows:
        now = self._now_ms()
        rows = await self._exchange.rows(Kind.CANDLES, market, limit=limit)
        closed = rows.ts + STEP_MS <= now
        return Rows(rows.kind, rows.ts[closed], {n: c[closed] for n, c in rows.columns.items()})

    def weigh_live_evidence(self) -> None:
        """Where rows tell nothing by themselves: compare them with the live values around the closes."""
        if Kind.OI not in self._book.kinds or not self._book.undecided(Kind.OI):
            return
        at, before, live_before, live_after = self._book.live_evidence()
        if len(at) < min(LIVE_EVIDENCE_ROWS, len(self._markets()) * LIVE_EVIDENCE_SHARE):
            return
        levels = [stamps.LiveLevel(*four) for four in zip(at, before, live_before, live_after, strict=True)]
        verdict = stamps.oi_stamp_from_live(levels)
        if verdict is not None:
            self._settle_levels(verdict)

    def _settle_levels(self, verdict: stamps.LevelStamp) -> None:
        # LS follows its exchange's OI: nothing in a ratio tells when it was taken.
        for kind in LEVELS:
            if kind in self._book.kinds:
                self._settle(kind, _OFFSETS[verdict], verdict)

    def _settle(self, kind: Kind, offset: int, verdict: str) -> None:
        before = self.verdicts.get(kind.value)
        self.verdicts[kind.value] = verdict
        if not self._book.decide(kind, offset):
            return
        self._changed()
        words = _WORDS[verdict]
        if before is None and kind in (Kind.OI, Kind.TAKER):
            log.info("%s: %s rows are stamped with the %s", self._exchange.id, kind.value, words)
        elif before is not None:
            log.warning(
                "%s: %s rows are now stamped with the %s; bars are revised",
                self._exchange.id,
                kind.value,
                words,
            )
