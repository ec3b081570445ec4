"""The archive as keeper of raw bars, before the time from which the database has them: by DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db_facts import forgotten
from futuresboard.db_past import HotTail, Recorded
from futuresboard.errors import FileError
from futuresboard.model import IntArray, as_listed
from futuresboard.past import CURRENT, Keeper, Past, joined, nothing, of_columns

_COLUMNS = ("marks", "guarded", "raw_seq", "seen_ts", "until_seq", "judged_seq")
_QUERY = (
    f"SELECT symbol, ts, {', '.join(RAW_COLUMNS)}, {', '.join(_COLUMNS)} "
    "FROM read_parquet($files) WHERE ts BETWEEN $first AND $last AND raw_seq > 0 "
    "AND list_contains($symbols, symbol)"
)


class Archived:
    """Versions of the bars that a recording has moved to its archive.

    archive: its folder; series: all of the recording's of some coins. Bars that were imported, which the
    recording never saw, are left out. Raises FileError for what cannot be read.
    """

    def __init__(self, archive: Path, series: Sequence[Recorded]) -> None:
        # Parquet and DuckDB are 60 MB that a server whose database holds everything never needs.
        from futuresboard.archive import Archive  # noqa: PLC0415

        self._archive = Archive(archive)
        self._series = {one.id: one for one in series}
        self._contracts: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
        for one in series:
            if one.last is not None:
                name = (one.exchange, one.timeframe, as_listed(one.symbol))
                self._contracts.setdefault(name, []).append((one.last, one.id))

    def versions(self, series: Collection[int], first: int, last: int) -> Past:
        """Every version of the bars first … last of some series; see `past.Keeper`."""
        places: dict[tuple[str, str], set[int]] = {}
        for number in series:
            one = self._series[number]
            places.setdefault((one.exchange, one.timeframe), set()).add(number)
        parts = [self._of(*place, ids, first, last) for place, ids in places.items()]
        return joined(parts)

    def _of(self, exchange: str, timeframe: str, wanted: set[int], first: int, last: int) -> Past:
        import duckdb  # noqa: PLC0415

        files = self._archive.files(exchange, timeframe, first, last)
        if not files:
            return nothing()
        names = [str(path) for path in files]
        # Names are made safe by the parameter, whatever is in them.
        known = {self._series[one].symbol for one in wanted}
        # A month is archived under the name a pair had at the time.
        symbols = sorted(known | {as_listed(symbol) for symbol in known})
        given = {"files": names, "first": first, "last": last, "symbols": symbols}
        try:
            with duckdb.connect(config={"threads": 1}) as db:
                table = db.execute(_QUERY, given).fetchnumpy()
        except duckdb.Error as error:
            raise FileError(f"{exchange} {timeframe}: {str(error).splitlines()[0]}") from error
        number = self._numbers(exchange, timeframe, np.asarray(table.pop("symbol")), np.asarray(table["ts"]))
        past = of_columns(number, {name: np.ma.asarray(column) for name, column in table.items()})
        return past.part(np.isin(number, list(wanted)))

    def _numbers(self, exchange: str, timeframe: str, symbols: NDArray[np.object_], ts: IntArray) -> IntArray:
        """(m,) the series each bar is of: of the contracts of its name, the first that had not ended."""
        found = np.empty(len(ts), dtype=np.int64)
        names, which = np.unique(symbols.astype(str), return_inverse=True)
        for at, name in enumerate(names.tolist()):
            ends, ids = zip(*sorted(self._contracts[exchange, timeframe, as_listed(name)]), strict=True)
            mine = which == at
            found[mine] = np.take(ids, np.searchsorted(ends, ts[mine]), mode="clip")
        return found


class HotAndArchived:
    """A recording's bars wherever they are: in the database from `kept_from` on (ms), before that in its
    archive."""

    def __init__(self, hot: HotTail, archived: Archived, kept_from: int) -> None:
        self._hot, self._archived, self._kept_from = hot, archived, kept_from

    @property
    def kept_from(self) -> int:
        """The time from which the database has the bars."""
        return self._kept_from

    def versions(self, series: Collection[int], first: int, last: int, after: int = -1) -> Past:
        """The versions of the bars first … last of some series; see `past.Keeper`."""
        old = self.archived(series, first, last)
        parts = [
            old.part((old.seq > after) | (old.judged > after) | (old.until != CURRENT) & (old.until > after))
        ]
        if last >= self._kept_from:
            parts.append(self._hot.versions(series, max(first, self._kept_from), last, after))
        return joined(parts)

    def earliest(
        self, series: Collection[int], first: int, last: int, seen: int, version: int
    ) -> tuple[int, int] | None:
        """(transaction, time) of the first version seen at `seen` or later; see `past.Keeper`."""
        old = self.archived(series, first, last)
        late = old.part((old.seen >= seen) & (old.seq <= version))
        found = [(int(late.seq.min()), int(late.seen[np.argmin(late.seq)]))] if len(late) else []
        hot = self._hot.earliest(series, max(first, self._kept_from), last, seen, version)
        return min([*found, *([] if hot is None else [hot])], default=None)

    def archived(self, series: Collection[int], first: int, last: int) -> Past:
        """Every version of those of the bars first … last that are in the archive alone."""
        if first >= self._kept_from:
            return nothing()
        return self._archived.versions(series, first, min(last, self._kept_from - 1))


def keeper_of(db: Connection, archive: Path | None, series: Sequence[Recorded]) -> Keeper:
    """Who keeps a recording's raw bars; archive: its folder, None where there is none."""
    kept_from = forgotten(db)
    if archive is None or kept_from is None:
        return HotTail(db)
    return HotAndArchived(HotTail(db), Archived(archive, series), kept_from)
