"""The archive as keeper of raw bars, before the time from which the database has them: by DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from futuresboard.bars import RAW_COLUMNS
from futuresboard.db_facts import forgotten
from futuresboard.db_past import HotTail, Recorded
from futuresboard.errors import FileError
from futuresboard.past import CURRENT, Keeper, Past, joined, nothing, of_columns

_COLUMNS = ("marks", "guarded", "raw_seq", "seen_ts", "until_seq", "judged_seq")
_QUERY = (
    f"SELECT symbol, ts, {', '.join(RAW_COLUMNS)}, {', '.join(_COLUMNS)} "
    "FROM read_parquet($files) WHERE ts BETWEEN $first AND $last AND list_contains($symbols, symbol)"
)


class Archived:
    """Versions of the bars that a recording has moved to its archive.

    archive: its folder; series: of the recording. Bars that were imported, which the recording never saw,
    are left out. Raises FileError for what cannot be read.
    """

    def __init__(self, archive: Path, series: Sequence[Recorded]) -> None:
        # Parquet and DuckDB are 60 MB that a server whose database holds everything never needs.
        from futuresboard.archive import Archive  # noqa: PLC0415

        self._archive = Archive(archive)
        self._series = {one.id: one for one in series}

    def versions(self, series: Collection[int], first: int, last: int) -> Past:
        """Every version of the bars first … last of some series; see `past.Keeper`."""
        places: dict[tuple[str, str], dict[str, int]] = {}
        for number in series:
            one = self._series[number]
            places.setdefault((one.exchange, one.timeframe), {})[one.symbol] = number
        parts = [self._of(*place, ids, first, last) for place, ids in places.items()]
        return joined(parts)

    def _of(self, exchange: str, timeframe: str, ids: dict[str, int], first: int, last: int) -> Past:
        import duckdb  # noqa: PLC0415

        files = self._archive.files(exchange, timeframe, first, last)
        if not files:
            return nothing()
        names = [str(path) for path in files]
        given = {"files": names, "first": first, "last": last, "symbols": [*ids]}
        try:
            with duckdb.connect(config={"threads": 1}) as db:
                # Names are made safe by the parameter, whatever is in them.
                found = db.execute(
                    f"{_QUERY} AND list_contains($symbols, symbol)", given | {"symbols": [*ids]}
                )
                table = found.fetchnumpy()
        except duckdb.Error as error:
            raise FileError(f"{exchange} {timeframe}: {str(error).splitlines()[0]}") from error
        number = np.array([ids[symbol] for symbol in table.pop("symbol")], dtype=np.int64)
        past = of_columns(number, {name: np.ma.asarray(column) for name, column in table.items()})
        return past.part(past.seq > 0)


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
