"""`futuresboard reproduce`: a run again from its document, to the byte, or which of three things differs.

A run is named by the hash of its settings, the version of the code and the hash of its data. Whoever has
the document can make it again from bars of their own: what it says besides (when it was made, and what
else had been tried by then) is taken from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from futuresboard import __version__
from futuresboard.db_stretch import Wanted
from futuresboard.errors import FileError, QueryError
from futuresboard.run_document import Document
from futuresboard.simulating import Source, documented, history_of
from futuresboard.simulation.run import simulate
from futuresboard.simulation.settings import SimulationSettings
from futuresboard.trials import Tried

_ALLOWED = "what /api/runs/<id> or /api/alerts/<id> answers"


@dataclass(frozen=True)
class Reproduction:
    """What came of it. same: to the last byte; differs: which of settings, code and data do, in words;
    parts: where the documents differ, by their keys; sha256: of what was made."""

    id: str
    same: bool
    differs: tuple[str, ...]
    parts: tuple[str, ...]
    sha256: str
    document: bytes


def reproduce(
    given: Document, source: Source, told: Callable[[float], None] = lambda share: None
) -> Reproduction:
    """Make a run again over the bars there are.

    Raises FileError where the document is none of a run, QueryError where there are no such bars,
    StoreError where it cannot be read.
    """
    settings, wanted, beside = _asked(given)
    history = history_of(source, wanted, told)
    run = simulate(history, settings)
    data: Any = given["data"]
    made = documented(run, history, beside, wanted, data["kind"], _whole(given["created_ts"]))
    old, new = canonical(given), canonical(made)
    differs = []
    if given["settings_hash"] != run.settings.hash:
        differs.append(f"settings: {run.settings.hash} here, {given['settings_hash']} there")
    if given["code_version"] != __version__:
        differs.append(f"code: {__version__} here, {given['code_version']} there")
    if data["hash"] != run.data_hash:
        differs.append(f"data: {run.data_hash} here, {data['hash']} there{_bars(made, data)}")
    return Reproduction(
        run.id,
        old == new,
        tuple(differs),
        tuple(sorted(differing(given, orjson.loads(new)))),
        hashlib.sha256(new).hexdigest(),
        new,
    )


def canonical(document: Document) -> bytes:
    """A document as the one text it is compared by: names sorted, floats shortest."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def read_document(path: Path) -> Document:
    """A document from a file, as `/api/runs/<id>` or `/api/alerts/<id>` answers it. Raises FileError."""
    try:
        found = orjson.loads(path.read_bytes())
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise FileError(
            f"{path}: no JSON ({error}), allowed: what /api/runs/<id> or /api/alerts/<id> answers"
        ) from error
    if not isinstance(found, dict):
        raise FileError(
            f"{path}: got {type(found).__name__}, allowed: what /api/runs/<id> or /api/alerts/<id> answers"
        )
    return found


def _asked(given: Document) -> tuple[SimulationSettings, Wanted, Tried]:
    try:
        data: Any = given["data"]
        statistics: Any = given["statistics"]
        settings: Any = given["settings"]
        deflation = statistics["deflation"]
        wanted = Wanted(
            str(data["tf"]),
            _whole(data["start"]),
            _whole(data["end"]),
            str(data["exchange"]),
            tuple(map(str, data["symbols"])),
        )
        for name in ("settings_hash", "code_version", "created_ts"):
            given[name]
        beside = Tried(float(deflation["tried"]), deflation["variance"])
        return SimulationSettings.of(settings), wanted, beside
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(f"this is no document of a run: {error!r}") from error
    except QueryError as error:
        raise FileError(f"the settings of the document are not allowed: {error}") from error


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _bars(made: Document, data: Mapping[str, object]) -> str:
    """What can be said of two sets of bars by their counts."""
    own: Any = made["data"]
    counts = [
        f"{own[name]} {name} here, {data[name]} there"
        for name in ("pairs", "bars")
        if own[name] != data[name]
    ]
    return f" ({'; '.join(counts)})" if counts else ""


def differing(one: object, other: object, path: str = "") -> list[str]:
    """Paths at which two documents differ; lists as a whole."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        found = []
        for name in one.keys() | other.keys():
            inner = f"{path}.{name}" if path else str(name)
            found += differing(one.get(name), other.get(name), inner)
        return found
    return [] if one == other else [path]
