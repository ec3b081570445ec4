"""The contracts this server lists: what must be tracked, and decoys that must not be."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

BINANCE, BYBIT, OKX = "binanceusdm", "bybit", "okx"


@dataclass(frozen=True)
class Listing:
    """One contract.

    `symbol` is ccxt's unified name, `coin` the coin whose price path it follows, `unit` how many of
    that coin one unit of the symbol is. `tick` is the price step, `step` the step of traded amounts
    (base units of the symbol; on OKX contracts of `ct_val` each). `age_bars` counts the five-minute
    bars that exist when the server starts (None: years of them). `funding_was` = (hours, bars ago):
    the interval it had until then. `special`: payouts stand among its funding rows. `zero_oi`: now
    and then its open interest reads 0 in the history. `halt` = (first, end) bars ago: trading stood
    still in between, no bar and no level. `kind` "perp" is a live linear USDT perpetual of a coin.
    """

    exchange: str
    id: str
    symbol: str
    coin: str
    price: float
    tick: Decimal
    step: Decimal
    daily_volume_usd: float
    unit: int = 1
    ct_val: Decimal = Decimal(1)
    funding_h: int = 8
    funding_was: tuple[int, int] | None = None
    age_bars: int | None = None
    thin: bool = False
    special: bool = False
    zero_oi: bool = False
    halt: tuple[int, int] | None = None
    kind: str = "perp"

    @property
    def base(self) -> str:
        """The base as the exchange names it (1000MOON)."""
        return self.symbol.split("/")[0]


@dataclass(frozen=True)
class _Coin:
    """One coin: (unit or id, tick, step[, ctVal]) on each exchange that lists it."""

    name: str
    price: float
    daily: float
    binance: tuple[str, str, str] | None = None
    bybit: tuple[str, str, str] | None = None
    okx: tuple[str, str, str] | None = None
    funding_h: int = 8
    funding_was: tuple[int, int] | None = None
    age_bars: int | None = None
    thin: bool = False
    special: bool = False
    zero_oi: bool = False
    halt: tuple[int, int] | None = None


# exchange entry: (base as the exchange writes it, tick, step); OKX: (tick, lot in contracts, ctVal)
_COINS = (
    _Coin("ZED", 31.42, 9e8, ("ZED", "0.010", "0.01"), ("ZED", "0.005", "0.1"), ("0.01", "0.1", "0.1")),
    _Coin("QUX", 312_345.6, 6e8, ("QUX", "0.10", "0.001"), ("QUX", "0.1", "0.001"), ("0.1", "0.01", "0.01")),
    _Coin("BIGI", 48_211.0, 4e8, ("BIGI", "1", "1"), ("BIGI", "1", "1"), ("1", "1", "1")),
    _Coin(
        "MOON",
        0.0000123,
        3e8,
        ("1000MOON", "0.0000010", "1"),
        ("1000MOON", "0.000001", "10"),
        ("0.0000000001", "0.1", "1000"),
    ),
    _Coin(
        "1INCH", 0.3456, 2e8, ("1INCH", "0.0001000", "1"), ("1INCH", "0.0001", "0.1"), ("0.0001", "1", "1")
    ),
    _Coin(
        "SATS",
        0.00000012345,
        1.5e8,
        ("1000SATS", "0.0000001", "1"),
        ("10000SATS", "0.000001", "1"),
        ("0.0000000001", "0.01", "10000000"),
    ),
    _Coin("BDOGE", 0.0000000017, 8e7, ("1MBDOGE", "0.0000001", "1"), ("1000000BDOGE", "0.0000001", "10")),
    _Coin("X", 0.0234, 7e7, ("X", "0.0000100", "1"), ("1000X", "0.001", "0.1"), ("0.00001", "1", "10")),
    _Coin(
        "WOOF",
        0.0000087,
        6e7,
        ("1000WOOF", "0.0000001", "1"),
        ("WOOF1000", "0.0000001", "1"),
        ("0.0000000001", "1", "1000000"),
    ),
    _Coin(
        "NEWB",
        1.2345,
        5e7,
        ("NEWB", "0.0001000", "0.1"),
        ("NEWB", "0.0001", "0.1"),
        ("0.0001", "1", "10"),
        age_bars=40,
    ),
    _Coin(
        "MIDI",
        0.07654,
        4e7,
        ("MIDI", "0.0000100", "1"),
        ("MIDI", "0.00001", "1"),
        ("0.00001", "1", "100"),
        funding_h=4,
        age_bars=130,
    ),
    _Coin(
        "HRLY",
        5.4321,
        3e7,
        ("HRLY", "0.000100", "0.1"),
        ("HRLY", "0.0001", "0.1"),
        ("0.0001", "1", "1"),
        zero_oi=True,
        funding_h=1,
    ),
    _Coin(
        "CHNG",
        812.3,
        2e7,
        ("CHNG", "0.01", "0.001"),
        ("CHNG", "0.01", "0.001"),
        ("0.01", "0.1", "0.1"),
        funding_h=4,
        funding_was=(8, 300),
        special=True,
    ),
    _Coin(
        "DULL",
        2.5,
        4e5,
        ("DULL", "0.0010000", "1"),
        ("DULL", "0.001", "1"),
        ("0.001", "1", "1"),
        thin=True,
    ),
    _Coin(
        "HALT",
        44.1,
        1.5e7,
        ("HALT", "0.010", "0.01"),
        ("HALT", "0.01", "0.01"),
        ("0.01", "1", "0.1"),
        halt=(250, 246),
    ),
    # names outside ASCII are listed too and travel percent-encoded
    _Coin("福龙", 0.0871, 1.2e7, ("福龙", "0.0000100", "1"), None, ("0.00001", "10", "1")),
    # two different coins of one name: the unit must not be read as a thousand CAT
    _Coin("CAT", 7.0, 1e7, ("CAT", "0.001000", "1"), None, ("0.001", "1", "1")),
    _Coin("1000CAT", 0.5, 9e6, None, ("1000CAT", "0.0001", "1"), None),
)

_UNITS = {
    "1000MOON": 1000,
    "1000SATS": 1000,
    "10000SATS": 10_000,
    "1MBDOGE": 1_000_000,
    "1000000BDOGE": 1_000_000,
    "1000X": 1000,
    "1000WOOF": 1000,
    "WOOF1000": 1000,
}


class _Shared(TypedDict):
    coin: str
    price: float
    daily_volume_usd: float
    funding_h: int
    funding_was: tuple[int, int] | None
    age_bars: int | None
    thin: bool
    special: bool
    zero_oi: bool
    halt: tuple[int, int] | None


def _common(coin: _Coin) -> _Shared:
    return {
        "coin": coin.name,
        "price": coin.price,
        "daily_volume_usd": coin.daily,
        "funding_h": coin.funding_h,
        "funding_was": coin.funding_was,
        "age_bars": coin.age_bars,
        "thin": coin.thin,
        "special": coin.special,
        "zero_oi": coin.zero_oi,
        "halt": coin.halt,
    }


def _listings(coin: _Coin) -> list[Listing]:
    out = []
    for exchange, entry in ((BINANCE, coin.binance), (BYBIT, coin.bybit)):
        if entry:
            base, tick, step = entry
            out.append(
                Listing(
                    exchange=exchange,
                    id=f"{base}USDT",
                    symbol=f"{base}/USDT:USDT",
                    tick=Decimal(tick),
                    step=Decimal(step),
                    unit=_UNITS.get(base, 1),
                    **_common(coin),
                )
            )
    if coin.okx:
        tick, lot, ct_val = coin.okx
        out.append(
            Listing(
                exchange=OKX,
                id=f"{coin.name}-USDT-SWAP",
                symbol=f"{coin.name}/USDT:USDT",
                tick=Decimal(tick),
                step=Decimal(lot),
                ct_val=Decimal(ct_val),
                **_common(coin),
            )
        )
    return out


def _decoy(exchange: str, ident: str, symbol: str, kind: str, price: float = 31.42) -> Listing:
    coin = "ZED" if kind in ("usdc", "delivery", "inverse") else symbol.split("/")[0]
    return Listing(
        exchange, ident, symbol, coin, price, Decimal("0.01"), Decimal("0.1"), daily_volume_usd=5e9, kind=kind
    )


_DECOYS = (
    _decoy(BINANCE, "OLDUSDT", "OLD/USDT:USDT", "settling"),
    _decoy(BINANCE, "GONEUSDT", "GONE/USDT:USDT", "delisted"),
    _decoy(BINANCE, "SOONUSDT", "SOON/USDT:USDT", "pending"),
    _decoy(BINANCE, "ZEDUSDC", "ZED/USDC:USDC", "usdc"),
    _decoy(BINANCE, "ZEDUSDT_301227", "ZED/USDT:USDT-301227", "delivery"),
    _decoy(BINANCE, "TSLRUSDT", "TSLR/USDT:USDT", "stock", 250.0),
    _decoy(BYBIT, "OLDUSDT", "OLD/USDT:USDT", "settling"),
    _decoy(BYBIT, "PREUSDT", "PRE/USDT:USDT", "prelaunch"),
    _decoy(BYBIT, "ZEDPERP", "ZED/USDC:USDC", "usdc"),
    _decoy(BYBIT, "ZEDUSDT-27DEC30", "ZED/USDT:USDT-301227", "delivery"),
    _decoy(BYBIT, "TSLRUSDT", "TSLR/USDT:USDT", "stock", 250.0),
    _decoy(BYBIT, "EURXUSDT", "EURX/USDT:USDT", "forex", 1.1),
    _decoy(BYBIT, "ZEDUSD", "ZED/USD:ZED", "inverse"),
    _decoy(OKX, "OLD-USDT-SWAP", "OLD/USDT:USDT", "settling"),
    _decoy(OKX, "PRE-USDT-SWAP", "PRE/USDT:USDT", "prelaunch"),
    _decoy(OKX, "ZED-USDC-SWAP", "ZED/USDC:USDC", "usdc"),
    _decoy(OKX, "ZED-USD-SWAP", "ZED/USD:ZED", "inverse"),
)


def default_listings() -> tuple[Listing, ...]:
    """Forty-odd contracts on three exchanges, decoys among them."""
    perps = [listing for coin in _COINS for listing in _listings(coin)]
    return (*perps, *_DECOYS)
