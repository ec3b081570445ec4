"""What each simulated exchange lists: its instruments, their names, units and clocks."""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from futuresboard.sim_exchange.coins import EVERYWHERE, TRADFI, Coin, coins, name_on
from futuresboard.sim_exchange.hashing import key_of

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
SHARE = {"binanceusdm": 0.50, "bybit": 0.27, "okx": 0.23}
_CONTRACT_EXP = {"BTC": -2, "ETH": -1, "SOL": 0, "XRP": 2, "DOGE": 3, "PEPE": 7, "SHIB": 6, "LTC": 0}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Sort(StrEnum):
    """What kind of contract an instrument is."""

    PERP = "perp"
    USDC = "usdc"
    INVERSE = "inverse"
    DELIVERY = "delivery"
    TRADFI = "tradfi"
    INDEX = "index"


class State(StrEnum):
    """Where an instrument stands in its life when the server starts."""

    LIVE = "live"
    PENDING = "pending"
    SETTLING = "settling"
    GONE = "gone"
    SPARE = "spare"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One row of an exchange's list.

    Prices are stored as integers of 10**-price_decimals; quantities as integers of
    10**qty_exp units of the symbol (`qty_step` of them being the smallest lot). On OKX
    `contract_exp` gives the contract value 10**contract_exp coins; elsewhere it is 0.
    """

    exchange: str
    id: str
    symbol: str
    coin: Coin
    base: str
    multiplier: int
    quote: str
    settle: str
    sort: Sort
    state: State
    price: float
    price_decimals: int
    qty_exp: int
    qty_step: int
    contract_exp: int
    funding_hours: int
    turnover_usd: float
    oi_usd: float
    listed_ts: int
    ended_ts: int | None
    expiry_ts: int = 0
    topic: str = ""

    @property
    def base_decimals(self) -> int:
        """Decimals a quantity in units of the symbol needs."""
        return max(0, -self.qty_exp)

    @property
    def contract_decimals(self) -> int:
        """Decimals a quantity in OKX contracts needs."""
        return max(0, self.contract_exp - self.qty_exp)

    def quantity(self, units: float) -> float:
        """A stored integer as units of the symbol (base coin where the multiplier is 1)."""
        return scaled(units, self.qty_exp)


def scaled(units: float, exponent: int) -> float:
    """units * 10**exponent, rounded once (so that it equals the number printed in decimals)."""
    return float(units / 10**-exponent if exponent < 0 else units * 10**exponent)


def _price_decimals(price: float) -> int:
    order = math.floor(math.log10(price))
    return max(1, (5 if price >= 100 else 4) - order)


def _quantity(exchange: str, coin: Coin, price: float) -> tuple[int, int, int]:
    """(qty_exp, qty_step, contract_exp) of a symbol."""
    if exchange == "okx":
        contract = _CONTRACT_EXP.get(coin.name, round(math.log10(40.0 / price)))
        return contract - (2 if coin.rank < 10 else 1 if coin.rank < 40 else 0), 1, contract
    decimals = 3 if price >= 1000 else 2 if price >= 50 else 1 if price >= 2 else 0
    return -decimals, 10 if exchange == "bybit" and price < 0.1 else 1, 0


def _funding_hours(exchange: str, coin: Coin) -> int:
    if coin.rank < 24:
        return 8
    draw = key_of("funding hours", exchange, coin.name) % 100
    return 1 if draw < 5 else 4 if draw < 58 else 8


def _symbol(sort: Sort, base: str, quote: str, settle: str, expiry: datetime | None) -> str:
    unified = f"{base}/{quote}:{settle}"
    return f"{unified}-{expiry:%y%m%d}" if sort is Sort.DELIVERY and expiry else unified


class _Lister:
    """Builds one exchange's list."""

    def __init__(self, exchange: str, epoch_ms: int) -> None:
        self.exchange = exchange
        self.today = epoch_ms - epoch_ms % DAY_MS
        self.rows: list[Instrument] = []

    def add(
        self,
        coin: Coin,
        sort: Sort = Sort.PERP,
        state: State = State.LIVE,
        *,
        quote: str = "USDT",
        size: float = 1.0,
        expiry: datetime | None = None,
        listed_ts: int | None = None,
        ended_ts: int | None = None,
        topic: str = "",
        name: tuple[str, int] | None = None,
    ) -> None:
        """Append one instrument; `size` scales its turnover and open interest, `name` replaces the
        exchange's own (base, multiplier)."""
        base, multiplier = name or name_on(self.exchange, coin.name)
        price = coin.price * multiplier
        settle = base if sort is Sort.INVERSE else quote
        qty_exp, qty_step, contract_exp = _quantity(self.exchange, coin, price)
        tilt = 0.75 + 0.5 * (key_of("share", self.exchange, coin.name) % 1000) / 1000
        turnover = coin.turnover_usd * SHARE[self.exchange] * tilt * size
        crowd = 0.30 + 0.35 * (key_of("crowd", coin.name) % 1000) / 1000
        if listed_ts is None:
            listed_ts = self.today - (250 + key_of("listed", self.exchange, coin.name) % 1500) * DAY_MS
        self.rows.append(
            Instrument(
                exchange=self.exchange,
                id=_ID[self.exchange](sort, base, quote, expiry),
                symbol=_symbol(sort, base, quote, settle, expiry),
                coin=coin,
                base=base,
                multiplier=multiplier,
                quote=quote,
                settle=settle,
                sort=sort,
                state=state,
                price=price,
                price_decimals=_price_decimals(price),
                qty_exp=qty_exp,
                qty_step=qty_step,
                contract_exp=contract_exp,
                funding_hours=_funding_hours(self.exchange, coin),
                turnover_usd=turnover,
                oi_usd=turnover * crowd,
                listed_ts=listed_ts,
                ended_ts=ended_ts,
                expiry_ts=int(expiry.timestamp() * 1000) if expiry else 0,
                topic=topic,
            )
        )


def _binance_id(sort: Sort, base: str, quote: str, expiry: datetime | None) -> str:
    return f"{base}{quote}_{expiry:%y%m%d}" if sort is Sort.DELIVERY and expiry else f"{base}{quote}"


def _bybit_id(sort: Sort, base: str, quote: str, expiry: datetime | None) -> str:
    if sort is Sort.DELIVERY and expiry:
        return f"{base}{quote}-{expiry.day:02d}{_MONTHS[expiry.month - 1]}{expiry:%y}"
    return f"{base}PERP" if sort is Sort.USDC else f"{base}{quote}"


def _okx_id(_sort: Sort, base: str, quote: str, _expiry: datetime | None) -> str:
    return f"{base}-{quote}-SWAP"


_ID: dict[str, Callable[[Sort, str, str, datetime | None], str]] = {
    "binanceusdm": _binance_id,
    "bybit": _bybit_id,
    "okx": _okx_id,
}


def quarter_ends(epoch_ms: int, count: int) -> list[datetime]:
    """The next quarterly delivery times (last Friday, 08:00 UTC) at least a week away."""
    now = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    found: list[datetime] = []
    year, month = now.year, (now.month - 1) // 3 * 3 + 3
    while len(found) < count:
        last = datetime(year, month, calendar.monthrange(year, month)[1], 8, tzinfo=UTC)
        friday = last - timedelta(days=(last.weekday() - 4) % 7)
        if friday > now + timedelta(days=7):
            found.append(friday)
        year, month = (year + 1, 3) if month == 12 else (year, month + 3)
    return found


def _split(exchange: str, pairs: int) -> tuple[list[Coin], list[Coin]]:
    """The coins an exchange lists (as many as asked for, most traded first) and those it does not."""
    percent = {"binanceusdm": 94, "bybit": 92, "okx": 76}[exchange]
    wanted = pairs if exchange != "okx" else max(1, math.ceil(pairs * 0.85))
    pool = coins(math.ceil(max(pairs, 40) * 1.22) + 40)
    likely = [c for c in pool if c.name in EVERYWHERE or key_of("lists", exchange, c.name) % 100 < percent]
    listed = {coin.name for coin in likely[:wanted]}
    return [c for c in pool if c.name in listed], [c for c in pool if c.name not in listed]


def listing(exchange: str, pairs: int, epoch_ms: int) -> list[Instrument]:
    """Everything an exchange lists or can list, most traded perpetuals first."""
    lister = _Lister(exchange, epoch_ms)
    listed, rest = _split(exchange, pairs)
    fresh = dict(zip((c.name for c in listed[-5:]), (2, 5, 9, 16, 25), strict=False)) if pairs >= 50 else {}
    for coin in listed:
        days = fresh.get(coin.name)
        listed_ts = None if days is None else lister.today - days * DAY_MS + 10 * HOUR_MS
        lister.add(coin, listed_ts=listed_ts)
    quiet = rest[len(rest) // 2 :]
    _EXTRAS[exchange](lister, {coin.name: coin for coin in listed + rest}, quiet, epoch_ms)
    for coin in quiet[-6:]:
        lister.add(coin, state=State.SPARE)
    # What a contract over 1000 coins becomes when it is renamed to one over a single coin.
    for coin in listed:
        if coin.name == "PEPE" and exchange != "okx":
            lister.add(coin, state=State.SPARE, name=(coin.name, 1))
    return lister.rows


def _add_tradfi(lister: _Lister) -> None:
    for coin, topic in TRADFI:
        lister.add(coin, Sort.TRADFI, topic=topic)


def _add_deliveries(lister: _Lister, by_name: dict[str, Coin], epoch_ms: int) -> None:
    for expiry, topic in zip(quarter_ends(epoch_ms, 2), ("current", "next"), strict=True):
        for name in ("BTC", "ETH"):
            lister.add(by_name[name], Sort.DELIVERY, size=0.02, expiry=expiry, topic=topic)


def _add_ended(lister: _Lister, rest: list[Coin], state: State, count: int) -> None:
    for i, coin in enumerate(rest[:count]):
        ended = lister.today - (3 + 9 * i) * DAY_MS + 9 * HOUR_MS
        lister.add(coin, state=state, ended_ts=ended, size=0.2)
    del rest[:count]


def _binance_extras(lister: _Lister, by_name: dict[str, Coin], rest: list[Coin], epoch_ms: int) -> None:
    for name in ("BTC", "ETH", "SOL", "XRP", "DOGE", "PEPE"):
        lister.add(by_name[name], Sort.USDC, quote="USDC", size=0.15)
    _add_deliveries(lister, by_name, epoch_ms)
    _add_tradfi(lister)
    lister.add(Coin("BTCDOM", 180, 5_260.0, 0.012, 6.0e6), Sort.INDEX)
    _add_ended(lister, rest, State.SETTLING, 4)
    _add_ended(lister, rest, State.GONE, 3)
    lister.add(rest.pop(0), state=State.PENDING, listed_ts=lister.today + 5 * DAY_MS)


def _bybit_extras(lister: _Lister, by_name: dict[str, Coin], rest: list[Coin], epoch_ms: int) -> None:
    for name in ("BTC", "ETH", "SOL", "XRP"):
        lister.add(by_name[name], Sort.USDC, quote="USDC", size=0.08)
    _add_deliveries(lister, by_name, epoch_ms)
    _add_tradfi(lister)
    for name in ("BTC", "ETH", "XRP"):
        lister.add(by_name[name], Sort.INVERSE, quote="USD", size=0.2)
    _add_ended(lister, rest, State.SETTLING, 1)
    _add_ended(lister, rest, State.GONE, 1)
    lister.add(rest.pop(0), state=State.PENDING, listed_ts=lister.today + 5 * DAY_MS)


def _okx_extras(lister: _Lister, by_name: dict[str, Coin], rest: list[Coin], _epoch_ms: int) -> None:
    for name in ("BTC", "ETH", "SOL"):
        lister.add(by_name[name], Sort.USDC, quote="USDC", size=0.05)
    for name in ("BTC", "ETH", "XRP", "SOL"):
        lister.add(by_name[name], Sort.INVERSE, quote="USD", size=0.2)
    _add_ended(lister, rest, State.SETTLING, 1)
    _add_ended(lister, rest, State.GONE, 1)
    lister.add(rest.pop(0), state=State.PENDING, listed_ts=lister.today + 5 * DAY_MS)


_EXTRAS: dict[str, Callable[[_Lister, dict[str, Coin], list[Coin], int], None]] = {
    "binanceusdm": _binance_extras,
    "bybit": _bybit_extras,
    "okx": _okx_extras,
}
