"""What becomes of a signal. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum


class Outcome(IntEnum):
    """How a trade ended, or why there was none."""

    HORIZON = 1
    TAKE_PROFIT = 2
    STOP_LOSS = 3
    TRAILING_STOP = 4
    EXIT_SIGNAL = 5
    OPEN = 0
    NO_ENTRY = -1
    NO_EXIT = -2
    NO_PATH = -3
    NO_FUNDING = -4
    BUSY = -5
    NO_DIRECTION = -6
    REFUSED = -7


WORDS: Mapping[Outcome, str] = {
    Outcome.HORIZON: "held to the end",
    Outcome.TAKE_PROFIT: "take-profit",
    Outcome.STOP_LOSS: "stop-loss",
    Outcome.TRAILING_STOP: "trailing stop",
    Outcome.EXIT_SIGNAL: "exit signal",
    Outcome.OPEN: "not over when the data ends",
    Outcome.NO_ENTRY: "no price to enter at",
    Outcome.NO_EXIT: "no price to leave at",
    Outcome.NO_PATH: "unknown whether a level was touched",
    Outcome.NO_FUNDING: "unknown funding",
    Outcome.BUSY: "the pair held a trade",
    Outcome.NO_DIRECTION: "no direction",
    Outcome.REFUSED: "not enough cash",
}
