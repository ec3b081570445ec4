"""How numbers leave: integers of ticks and lots as the decimal strings exchanges print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import orjson

from futuresboard.sim_exchange.hashing import F64, I64

type Query = dict[str, str]
JSON_TYPE = "application/json"


@dataclass(slots=True)
class Answer:
    """One HTTP answer: what a handler computed or a fault made of it."""

    body: bytes
    status: int = 200
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """A request the exchange refuses; carries the answer it gives."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


def refuse(status: int, body: object) -> NoReturn:
    """Raise the refusal with this status and JSON body."""
    raise RefusalError(Answer(orjson.dumps(body), status))


def fixed(units: I64, decimals: int, extra: int = 0) -> list[str]:
    """Integers of 10**-decimals as strings with all decimals (and `extra` zeros more)."""
    if decimals <= 0:
        return [str(unit) for unit in units.tolist()]
    scale, form = 10**decimals, f"%.{decimals}f" + "0" * extra
    return [form % (unit / scale) for unit in units.tolist()]


def trimmed(units: I64, decimals: int) -> list[str]:
    """Integers of 10**-decimals as strings without trailing zeros."""
    if decimals <= 0:
        return [str(unit) for unit in units.tolist()]
    return [text.rstrip("0").rstrip(".") for text in fixed(units, decimals)]


def shifted(units: I64, exponent: int) -> tuple[I64, int]:
    """Integers of 10**exponent as (integers, decimals) that `fixed` and `trimmed` take."""
    return (units * 10**exponent, 0) if exponent > 0 else (units, -exponent)


def floats(values: F64, decimals: int) -> list[str]:
    """Floats as strings with a fixed number of decimals."""
    form = f"%.{decimals}f"
    return [form % value for value in values.tolist()]


def one(unit: int, decimals: int) -> str:
    """One integer of 10**-decimals as a string with all decimals."""
    return f"{unit / 10**decimals:.{decimals}f}" if decimals > 0 else str(unit)


def trimmed_one(unit: int, decimals: int) -> str:
    """One integer of 10**-decimals as a string without trailing zeros."""
    return one(unit, decimals).rstrip("0").rstrip(".") if decimals > 0 else str(unit)


def plain(value: float, decimals: int) -> str:
    """One float without trailing zeros and without an exponent."""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def power(exponent: int) -> str:
    """10**exponent as an exchange prints a tick or lot."""
    return str(10**exponent) if exponent >= 0 else f"{10.0**exponent:.{-exponent}f}"
