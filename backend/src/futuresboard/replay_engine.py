"""Replay: a recording again, bar close by bar close, through the same `Pipeline.step` as live.

A scratch database is made as the recording stood before the first frame; then its transactions are
handed to a pipeline one by one (`as=seen`), or its final bars close by close (`as=revised`). What comes
out is computed, not copied: equal to what live stored by the same arithmetic alone.
"""

from __future__ import annotations

import shutil
import sqlite3
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import orjson

from futuresboard.db import connect
from futuresboard.db_facts import forgotten
from futuresboard.db_filling import Filling
from futuresboard.db_past import alert_id, recorded, state_of
from futuresboard.db_scratch import Scratch
from futuresboard.db_versions import modes_of, span_of
from futuresboard.errors import CursorError, ScopeError, StoreError
from futuresboard.model import TIMEFRAME_MS, Alert, as_listed
from futuresboard.past_archive import keeper_of
from futuresboard.playback import Part, Playback
from futuresboard.replay_check import Check, Replayed, compare
from futuresboard.replay_scope import REVISED, Cursor, Scope
from futuresboard.rows import JUDGED_COLUMNS, STORED_COLUMNS, judgement

FRAME_COLUMNS: tuple[str, ...] = ("exchange", "symbol", "base", *STORED_COLUMNS, *JUDGED_COLUMNS)


@dataclass(frozen=True)
class Told:
    """Bars of one pair before a frame's own that became known or other in it: the first and the last
    one's open time, and how many."""

    exchange: str
    symbol: str
    first: int
    last: int
    bars: int


@dataclass(frozen=True)
class Frame:
    """One bar close: all that became known between it and the next one.

    ts: the bar's open time, ms; rows: column -> one entry a pair that had the bar, as it stood at the
    end of the frame; alerts: those that began, as they are stored (`id`: the recording's, None
    where it has no such alert); revised: earlier bars that changed.
    """

    ts: int
    rows: Mapping[str, list[object]]
    alerts: Sequence[Mapping[str, object]]
    revised: Sequence[Told]


def span(path: Path, timeframe: str) -> tuple[int, int] | None:
    """(first, last) open time of a recording's bars of a timeframe, ms; None while there are none.

    Raises StoreError when the database cannot be read.
    """
    try:
        with closing(connect(path, readonly=True)) as db:
            return span_of(db, timeframe)
    except sqlite3.Error as error:
        raise StoreError(f"{path.name}: {error}") from error


class Replay:
    """Frames of a recording from a cursor on; for one thread at a time, to be closed.

    path: the database; scope: what is replayed; cursor: where it goes on (None: at the first frame);
    archive: the folder older bars have moved to (None: there is none). version: the transaction up to
    which the recording is read. Raises StoreError when the database cannot be read, FileError when the
    archive cannot, CursorError when the cursor is of another replay or of other
    data, ScopeError when no pair is in the scope.
    """

    def __init__(
        self, path: Path, scope: Scope, cursor: Cursor | None = None, archive: Path | None = None
    ) -> None:
        self.scope = scope
        self._path = path
        self._step = TIMEFRAME_MS[scope.timeframe]
        self._db = connect(path, readonly=True)
        folder = mkdtemp(prefix="futuresboard-replay-")
        # At the latest when the process ends, whoever forgot to close it.
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._folder = Path(folder)
        self._playback: Playback | None = None
        try:
            self._begin(cursor, archive)
        except sqlite3.Error as error:
            self.close()
            raise StoreError(f"{path.name}: {error}") from error
        except BaseException:
            self.close()
            raise

    def _begin(self, cursor: Cursor | None, archive: Path | None) -> None:
        filling = Filling(self._folder / "replay.db", self._db)
        with self._reading():
            part = self._part(cursor)
            keeper = keeper_of(self._db, archive, part.series)
            playback = Playback(filling, self._db, keeper, part)
            kind = state_of(self._db, "kind") or "live"
        filling.close()
        target = self.scope.start if cursor is None else cursor.ts
        with self._reading():
            self._playback = playback
            playback.begin(Scratch(filling.path, kind))
            while self._next < target:
                self._frame()

    def _part(self, cursor: Cursor | None) -> Part:
        self._database = state_of(self._db, "id") or ""
        newest = int(state_of(self._db, "seq") or 0)
        self.version = newest if cursor is None else self._checked(cursor, newest)
        scope, series = self.scope, recorded(self._db)
        with_bars = [one for one in series if one.last is not None]
        if not with_bars:
            raise StoreError(f"{self._path.name} holds no bars")
        named = [one for one in with_bars if scope.shows(one.exchange, one.symbol)]
        self._shown = {one.id: one for one in named if one.timeframe == scope.timeframe}
        if not self._shown:
            raise ScopeError(f"no pair with {scope.timeframe} bars is among those asked for")
        # A coin is judged with all its exchanges; a day's budget is shared by all there is.
        coins = {one.base for one in named}
        shared = any(mode.budget is not None for mode in modes_of(self._db))
        # A listed pair whose first bar never came was waited for as well.
        self._mine = [
            one for one in series if (shared or one.base in coins) and (one.listed or one.last is not None)
        ]
        # What final values began before is kept by nobody: they are gone through again.
        revised = scope.knowledge == REVISED
        self._next = self._began = scope.start if revised or cursor is None else cursor.ts
        return Part(
            self._mine,
            sorted({one.timeframe for one in with_bars}, key=TIMEFRAME_MS.__getitem__),
            self._step,
            self._next,
            scope.end,
            self.version,
            revised,
        )

    def _checked(self, cursor: Cursor, newest: int) -> int:
        if cursor.scope != self.scope.hash:
            raise CursorError("the cursor is of a replay with other parameters")
        if cursor.database != self._database or cursor.version > newest:
            raise CursorError(
                "the cursor is of other data than the database holds now: begin again without it"
            )
        if not self.scope.start <= cursor.ts <= self.scope.end:
            raise CursorError("the cursor points outside of the replay")
        return cursor.version

    def close(self) -> None:
        """Give back the scratch database and the recording."""
        if self._playback is not None:
            self._playback.close()
        self._db.close()
        self._remove()

    @property
    def cursor(self) -> Cursor | None:
        """Where to go on; None at the end."""
        if self._next > self.scope.end:
            return None
        scope = self.scope
        return Cursor(self._database, self.version, scope.hash, scope.start, scope.end, self._next)

    @property
    def pairs(self) -> int:
        """How many pairs are shown."""
        return len(self._shown)

    def frames(self, limit: int) -> Iterator[Frame]:
        """The next frames, at most `limit`."""
        for _ in range(limit):
            if self._next > self.scope.end:
                return
            with self._reading():
                frame = self._frame()
            yield frame

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One moment of the recording; none is held between frames, or its log could not be cut."""
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("COMMIT")

    def check(self) -> Check:
        """Compare all that was replayed so far, of every series and timeframe that was computed, with what
        the recording holds. To be called once, when no more frames are wanted."""
        with self._reading():
            self._playing.rest()
            # What is derived of archived bars is stored nowhere.
            least = max(self.scope.start, forgotten(self._db) or 0)
            begin = self._began + self._step
            spans = {}
            for one in self._mine:
                step = TIMEFRAME_MS[one.timeframe]
                spans[one.id] = (max(least, begin - step), self._next - step)
            replayed = Replayed(spans, self._playing.began_after, self.version)
            return compare(self._db, self._playing.scratch, replayed)

    @property
    def _playing(self) -> Playback:
        assert self._playback is not None
        return self._playback

    def _frame(self) -> Frame:
        ts = self._next
        touched = self._playing.frame(ts)
        self._next = ts + self._step
        alerts = [one for one in self._playing.alerts if one.timeframe == self.scope.timeframe]
        self._playing.alerts.clear()
        return Frame(ts, self._rows(ts), self._documents(alerts), self._told(ts, touched))

    def _rows(self, ts: int) -> dict[str, list[object]]:
        names = (*STORED_COLUMNS, "tiers", "known", "quality", "guarded")
        unpublished = self._playing.scratch.unpublished()
        stored = list(zip(*self._playing.scratch.rows(names, self._shown, ts), strict=True))
        if not stored:
            return {name: [] for name in FRAME_COLUMNS}
        series = [self._shown[int(str(number))] for number in stored[0]]
        kept, said = stored[1:-4], zip(*stored[-4:], strict=True)
        judged = []
        for one, (tiers, known, marks, guarded) in zip(series, said, strict=True):
            lacking, silent = unpublished.of(one.exchange, one.symbol, ts)
            judged.append(judgement((tiers, known, int(str(marks or 0)) & ~silent, guarded), lacking))
        columns = (
            [one.exchange for one in series],
            [as_listed(one.symbol) for one in series],
            [one.base for one in series],
            *map(list, kept),
            *map(list, zip(*judged, strict=True)),
        )
        return dict(zip(FRAME_COLUMNS, columns, strict=True))

    def _documents(self, alerts: Sequence[Alert]) -> list[Mapping[str, object]]:
        shown = {(one.exchange, one.symbol): one.id for one in self._shown.values()}
        mine = [one for one in alerts if (one.exchange, one.symbol) in shown]
        found: list[Mapping[str, object]] = []
        for one in mine:
            number = one.rule.id if one.rule is not None else one.tier or 0
            stored = alert_id(self._db, shown[one.exchange, one.symbol], one.ts, one.kind, number)
            found.append(orjson.loads(as_listed(orjson.dumps(one).decode())) | {"id": stored})
        return found

    def _told(self, ts: int, touched: Sequence[tuple[int, int]]) -> list[Told]:
        by_pair = {one.pair_id: one for one in self._shown.values()}
        times: dict[int, set[int]] = {}
        for pair, bar in touched:
            at = bar // self._step * self._step
            if pair in by_pair and at < ts:
                times.setdefault(pair, set()).add(at)
        return [
            Told(by_pair[pair].exchange, by_pair[pair].symbol, min(bars), max(bars), len(bars))
            for pair, bars in sorted(times.items())
        ]
