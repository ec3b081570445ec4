"""What a replay is of, and the cursor from which it can go on. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from hashlib import sha256

import orjson

from futuresboard.errors import CursorError
from futuresboard.model import as_listed

SEEN, REVISED = "seen", "revised"
KNOWLEDGE = (SEEN, REVISED)
_CURSOR = 1


@dataclass(frozen=True)
class Scope:
    """What is replayed.

    timeframe: of the frames; start, end: open times of the first and the last frame, ms UTC, on the
    timeframe's grid; exchange, symbols: of the pairs shown, empty for all; knowledge: `seen` (what was
    known then) or `revised` (final values).
    """

    timeframe: str
    start: int
    end: int
    exchange: str = ""
    symbols: tuple[str, ...] = ()
    knowledge: str = SEEN

    def shows(self, exchange: str, symbol: str) -> bool:
        """Whether a pair is among those shown; a symbol that names another contract now is its old self."""
        return (not self.exchange or exchange == self.exchange) and (
            not self.symbols or symbol in self.symbols or as_listed(symbol) in self.symbols
        )

    @property
    def hash(self) -> str:
        """What tells it from other scopes."""
        return sha256(orjson.dumps(asdict(self))).hexdigest()[:16]


@dataclass(frozen=True)
class Cursor:
    """Where a replay goes on, complete: any process with the same recording gives the same frames.

    database: the recording's id; version: the transaction up to which it is read; scope: hash of the
    scope; start, end: the scope's; ts: the next frame.
    """

    database: str
    version: int
    scope: str
    start: int
    end: int
    ts: int

    def text(self) -> str:
        """As it is handed out."""
        content = orjson.dumps([_CURSOR, *astuple(self)])
        return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """A cursor from its text. Raises CursorError when it is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        found = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise CursorError("that is no cursor of a replay") from error
    if not _is_cursor(found):
        raise CursorError("that is no cursor of a replay")
    return Cursor(*found[1:])


def _is_cursor(found: object) -> bool:
    kinds: Sequence[type] = (int, str, int, str, int, int, int)
    return (
        isinstance(found, list)
        and len(found) == len(kinds)
        and all(type(one) is kind for one, kind in zip(found, kinds, strict=True))
        and found[0] == _CURSOR
    )
