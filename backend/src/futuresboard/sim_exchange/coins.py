"""The coins of the simulated world, most traded first, and how each exchange names them."""

from __future__ import annotations

from dataclasses import dataclass

from futuresboard.sim_exchange.hashing import key_of

# ticker, price in USD, daily volatility, turnover of all exchanges in million USD a day
_MAJORS: tuple[tuple[str, float, float, float], ...] = (
    ("BTC", 97_000.0, 0.021, 26_000.0),
    ("ETH", 3_400.0, 0.028, 19_000.0),
    ("SOL", 192.0, 0.036, 6_400.0),
    ("XRP", 2.31, 0.036, 3_900.0),
    ("DOGE", 0.342, 0.042, 2_600.0),
    ("PEPE", 0.0000182, 0.055, 1_500.0),
    ("BNB", 688.0, 0.024, 1_150.0),
    ("ADA", 0.94, 0.042, 1_050.0),
    ("SUI", 4.36, 0.050, 1_000.0),
    ("LINK", 23.4, 0.043, 860.0),
    ("AVAX", 39.8, 0.044, 700.0),
    ("WIF", 2.05, 0.062, 660.0),
    ("LTC", 108.0, 0.037, 560.0),
    ("HYPE", 24.7, 0.060, 540.0),
    ("TRX", 0.262, 0.024, 330.0),
    ("BCH", 452.0, 0.036, 420.0),
    ("BONK", 0.0000317, 0.056, 410.0),
    ("SHIB", 0.0000221, 0.042, 400.0),
    ("DOT", 7.1, 0.042, 380.0),
    ("ENA", 0.98, 0.062, 420.0),
    ("NEAR", 5.4, 0.046, 330.0),
    ("ARB", 0.81, 0.048, 300.0),
    ("WLD", 2.2, 0.058, 330.0),
    ("UNI", 13.6, 0.045, 280.0),
    ("AAVE", 322.0, 0.047, 290.0),
    ("FIL", 5.2, 0.045, 240.0),
    ("APT", 9.2, 0.046, 230.0),
    ("TON", 5.6, 0.032, 180.0),
    ("OP", 1.92, 0.050, 220.0),
    ("CRV", 0.93, 0.060, 260.0),
    ("ORDI", 26.0, 0.057, 220.0),
    ("HBAR", 0.286, 0.050, 240.0),
    ("XLM", 0.382, 0.045, 210.0),
    ("ETC", 27.1, 0.038, 190.0),
    ("INJ", 21.6, 0.052, 190.0),
    ("TIA", 5.05, 0.054, 200.0),
    ("SEI", 0.43, 0.054, 170.0),
    ("FTM", 0.74, 0.056, 170.0),
    ("ONDO", 1.42, 0.054, 190.0),
    ("FLOKI", 0.000184, 0.056, 170.0),
    ("GALA", 0.0362, 0.050, 150.0),
    ("ATOM", 6.6, 0.041, 130.0),
    ("ICP", 10.3, 0.044, 120.0),
    ("LDO", 1.9, 0.052, 130.0),
    ("JUP", 0.86, 0.054, 120.0),
    ("PNUT", 0.71, 0.075, 190.0),
    ("MOODENG", 0.23, 0.078, 130.0),
    ("GOAT", 0.42, 0.080, 140.0),
    ("PENDLE", 5.2, 0.058, 100.0),
    ("POL", 0.48, 0.044, 100.0),
    ("TAO", 462.0, 0.052, 120.0),
    ("RENDER", 7.4, 0.050, 95.0),
    ("FET", 1.33, 0.052, 105.0),
    ("MKR", 1_530.0, 0.044, 70.0),
    ("SAND", 0.58, 0.047, 85.0),
    ("EIGEN", 3.7, 0.056, 85.0),
    ("BOME", 0.0066, 0.064, 90.0),
    ("NOT", 0.0069, 0.055, 80.0),
    ("STRK", 0.5, 0.052, 70.0),
    ("ZK", 0.19, 0.052, 65.0),
    ("VIRTUAL", 2.9, 0.085, 150.0),
    ("FARTCOIN", 1.05, 0.092, 180.0),
    ("AI16Z", 1.1, 0.090, 130.0),
    ("TRUMP", 33.0, 0.085, 320.0),
    ("1INCH", 0.39, 0.043, 40.0),
    ("X", 0.0000412, 0.070, 30.0),
    ("SATS", 0.000000182, 0.054, 60.0),
    ("RATS", 0.0000652, 0.058, 40.0),
    ("LUNC", 0.000114, 0.048, 45.0),
    ("XEC", 0.0000362, 0.044, 20.0),
    ("CAT", 0.0000317, 0.062, 30.0),
    ("MOG", 0.00000172, 0.070, 45.0),
    ("BABYDOGE", 0.00000000292, 0.060, 25.0),
    ("CHEEMS", 0.00000131, 0.066, 20.0),
    ("TURBO", 0.0091, 0.066, 50.0),
)
# Less traded coins, in falling order of turnover; their prices are drawn once, by name.
_OTHER_NAMES = """
STX GRT RUNE IMX ALGO VET THETA EOS SNX DYDX COMP ZEC DASH XMR NEO QTUM IOTA KAVA ZIL ENJ CHZ MANA AXS APE GMT
BLUR MASK LRC ANKR OCEAN ROSE CELO FLOW EGLD KSM XTZ BAT RVN SKL STORJ HOT IOST ONT ZRX KNC BAND SUSHI YFI
UMA BAL ALPHA CTSI OGN SXP RLC TRB BEL COTI DENT MTL NKN STMX HIGH MAGIC GMX RDNT SSV ID EDU MAV ARKM CYBER
PYTH JTO ALT MANTA DYM PIXEL PORTAL AEVO METIS ETHFI W TNSR OMNI SAGA BB IO ZRO LISTA BANANA RARE G SYN
DOGS CATI HMSTR NEIRO POPCAT BRETT MEW ACT BAN GRASS SCR CETUS COW KAIA SAFE SWELL DRIFT PONKE SUN CKB ACX
CHILLGUY MORPHO THE HIPPO DEGEN AVA KOMA ME MOVE PENGU USUAL VANA BIO COOKIE ARC GRIFFAIN SWARMS ZEREBRO
ALCH SONIC S PROMPT SOLV KAITO LAYER BERA TST IP SHELL GPS RED NIL PARTI BMT EPIC FORM MUBARAK TUT BROCCOLI
BANANAS31 GUN BABY WCT HYPER INIT SIGN PUNDIX DOLO KERNEL HAEDAL SXT DEEP AIOT NXPC SYRUP SOPH HUMA RESOLV
HOME SPK SAHARA NEWT LA H ERA TREE PROVE TOWNS SAPIEN XPL LINEA OPEN AVNT BARD SKY PUMP WLFI ASTER MIRA
0G FF EDEN ZBT KGEN YB EUL ENSO RECALL TURTLE CLANKER MET APR AT ALLO BANK JCT MMT
AGLD ALICE API3 AR ARPA ASTR ATA AUCTION BICO BNT BIGTIME BSV C98 CFX CHR CVC CVX DAR DEGO DIA DUSK ENS ETHW
FLM FLUX FXS GAS GLM GTC HFT HOOK ICX IOTX JASMY JOE KAS KLAY LEVER LINA LIT LOOM LPT LQTY MINA MBOX MOVR
NMR NTRN OM ONE ORBS OXT PEOPLE PERP PHB POLYX POWR QNT RAD REEF REI REQ RIF RPL SFP SLP SPELL STEEM
STG SUPER TLM TOKEN TRU TWT UNFI USTC VIC VOXEL WAVES WAXP WOO XAI XVG XVS YGG ZEN ZETA
"""

_SYLLABLES = (
    "AX",
    "BO",
    "CE",
    "DRI",
    "EL",
    "FU",
    "GA",
    "HI",
    "JO",
    "KU",
    "LUM",
    "MO",
    "NEX",
    "OR",
    "PLU",
    "QUA",
)
_BINANCE_NAMES: dict[str, tuple[str, int]] = {
    **{
        coin: (f"1000{coin}", 1000)
        for coin in ("PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "XEC", "SATS", "RATS")
    },
    **{coin: (f"1000{coin}", 1000) for coin in ("CAT", "CHEEMS", "X")},
    "MOG": ("1000000MOG", 1_000_000),
    "BABYDOGE": ("1MBABYDOGE", 1_000_000),
}
_BYBIT_NAMES: dict[str, tuple[str, int]] = {
    **{coin: (f"1000{coin}", 1000) for coin in ("PEPE", "BONK", "FLOKI", "LUNC", "XEC", "RATS", "CAT", "X")},
    **{coin: (f"1000{coin}", 1000) for coin in ("CHEEMS", "TURBO")},
    "SHIB": ("SHIB1000", 1000),
    "SATS": ("10000SATS", 10_000),
    "MOG": ("1000000MOG", 1_000_000),
    "BABYDOGE": ("1000000BABYDOGE", 1_000_000),
}
_NAMES = {"binanceusdm": _BINANCE_NAMES, "bybit": _BYBIT_NAMES}
# Listed everywhere, so that the spellings above can be compared.
EVERYWHERE = frozenset(name for name, *_ in _MAJORS[:44]) | {"1INCH", "SATS", "X", "MOG"}


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin (or stock): its price and how lively it is, before any exchange lists it."""

    name: str
    rank: int
    price: float
    sd_day: float
    turnover_usd: float


def _drawn(name: str, rank: int) -> Coin:
    """A less traded coin; price and liveliness follow from its name, turnover from its rank."""
    draw = key_of("coin", name)
    spread = (draw >> 8 & 0xFFFF) / 0xFFFF
    digits = 1.0 + (draw >> 24 & 0xFFF) / 0xFFF * 8.9
    price = round(digits * 10.0 ** int(-3 + 4.4 * spread), 6)
    sd = 0.040 + 0.035 * ((draw >> 40 & 0xFF) / 0xFF)
    turnover = max(2.0e6, 6.0e10 / (rank + 12.0) ** 1.62)
    return Coin(name, rank, price, sd, turnover * (0.7 + 0.6 * ((draw >> 48 & 0xFF) / 0xFF)))


def coins(count: int) -> list[Coin]:
    """At least `count` coins (all named ones, then made-up ones), most traded first."""
    found = [Coin(n, i, p, sd, 1e6 * turnover) for i, (n, p, sd, turnover) in enumerate(_MAJORS)]
    known = {coin.name for coin in found}
    names = [name for name in dict.fromkeys(_OTHER_NAMES.split()) if name not in known]
    made_up = (a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in ("", "N", "X", "A"))
    while len(found) + len(names) < count:
        name = next(made_up)
        if name not in names:
            names.append(name)
    return found + [_drawn(name, len(found) + i) for i, name in enumerate(names)]


TRADFI: tuple[tuple[Coin, str], ...] = (
    (Coin("TSLA", 60, 342.0, 0.032, 3.2e8), "stock"),
    (Coin("NVDA", 61, 141.0, 0.028, 2.6e8), "stock"),
    (Coin("MSTR", 62, 388.0, 0.045, 2.2e8), "stock"),
    (Coin("CRCL", 63, 82.4, 0.050, 9.0e7), "stock"),
    (Coin("XAU", 64, 2_710.0, 0.010, 4.1e8), "commodity"),
    (Coin("XAG", 65, 31.4, 0.017, 1.6e8), "commodity"),
    (Coin("EUR", 66, 1.0482, 0.005, 2.0e7), "forex"),
)


def name_on(exchange: str, coin: str) -> tuple[str, int]:
    """How an exchange calls a coin, and how many coins one unit of that name stands for."""
    return _NAMES.get(exchange, {}).get(coin, (coin, 1))
