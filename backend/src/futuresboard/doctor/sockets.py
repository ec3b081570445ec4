"""Whether an exchange's websockets carry data: its most liquid pair is listened to for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futuresboard.clock import Clock
from futuresboard.exchanges.streams.connection import LineState
from futuresboard.exchanges.streams.hub import Streams
from futuresboard.model import Market

HEARD_WITHIN_S = 15.0
"""Every connection carries something that moves within seconds."""
LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Listening:
    """What came of it: connections, seconds until data had come on each, or why it did not."""

    connections: int
    heard_s: float | None
    reason: str | None = None

    @property
    def facts(self) -> dict[str, object]:
        """For machines."""
        heard = None if self.heard_s is None else round(self.heard_s, 2)
        return {"connections": self.connections, "heard_s": heard, "reason": self.reason}

    @property
    def words(self) -> str:
        """One line for the screen."""
        if self.heard_s is None:
            return f"websocket: {self.reason}"
        return f"websocket: data on {self.connections} connections after {self.heard_s:.1f} s"


async def listen(streams: Streams, market: Market, clock: Clock) -> Listening:
    """Open the connections for one pair, wait until data came on each or one failed, and close them."""
    began = clock.monotonic()
    states: Sequence[LineState] = ()
    streams.open([market], lambda _line, _heard: None, lambda _line: None)
    try:
        while clock.monotonic() - began < HEARD_WITHIN_S:
            await clock.sleep(LOOK_S)
            states = streams.states()
            if states and all(state.silent_s is not None for state in states):
                return Listening(len(states), clock.monotonic() - began)
            if any(state.failures for state in states):
                break
    finally:
        await streams.close()
    reasons = [state.last_error for state in states if state.last_error is not None]
    return Listening(len(states), None, reasons[0] if reasons else f"no data within {HEARD_WITHIN_S:.0f} s")
