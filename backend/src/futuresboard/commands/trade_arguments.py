"""What `simulate` and `sweep` are asked: where bars are, what opens trades, how they end, what they cost."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from futuresboard.commands.arguments import moment, positive
from futuresboard.commands.parts import progress
from futuresboard.config import EXCHANGE_IDS, Settings
from futuresboard.db_stretch import Wanted
from futuresboard.errors import FileError
from futuresboard.model import TIMEFRAME_MS
from futuresboard.simulating import Source, history_of
from futuresboard.simulation.history import History
from futuresboard.simulation.settings import Direction, Entry, Fire, Sizing

type Reader = Callable[[str], Any]


def percent(text: str) -> float:
    """A number of percents as a fraction, rounded once."""
    try:
        return float(Decimal(text) / 100)
    except (InvalidOperation, OverflowError):
        raise argparse.ArgumentTypeError(f"got {text!r}, allowed: a number of percents") from None


def add_bars(parser: argparse.ArgumentParser) -> None:
    """Where bars come from: files, else what is stored."""
    words = "CSV or Parquet, one pair each, as `compute` reads them (default: stored bars)"
    parser.add_argument("files", type=Path, nargs="*", metavar="IN", help=words)
    parser.add_argument("--tf", choices=list(TIMEFRAME_MS), default="5m", help="timeframe (default 5m)")
    parser.add_argument("--since", type=moment, metavar="TIME", help="of stored bars, from this one on")
    parser.add_argument("--until", type=moment, metavar="TIME", help="of stored bars, up to this one")
    parser.add_argument("--exchange", choices=EXCHANGE_IDS, default="", help="of stored bars")
    parser.add_argument("--symbols", default="", metavar="LIST", help="of stored bars: BTC/USDT:USDT,…")
    parser.add_argument("--demo", action="store_true", help="over the demo database")


def add_entry(parser: argparse.ArgumentParser) -> None:
    """What opens trades."""
    entry = parser.add_mutually_exclusive_group(required=True)
    entry.add_argument("--tier", type=positive, metavar="N", help="alerts of a tier, 1 to 6")
    entry.add_argument("--confluence", action="store_true", help="confluence alerts")
    entry.add_argument("--rule", metavar="EXPRESSION", help="a rule, as alerts of one's own have it")
    entry.add_argument(
        "--obv-rsi", action="store_true", help="the OBV/RSI strategy, which says when to leave"
    )
    words = "at every bar the condition holds, not only where an alert starts"
    parser.add_argument("--flags", action="store_true", help=words)
    parser.add_argument("--momentum-bars", type=positive, default=1, metavar="N", help="of momentum and fade")


def add_trade(parser: argparse.ArgumentParser, many: Callable[[Reader], Reader]) -> None:
    """How trades go and end, and what they cost. many: how one value is read where a list may stand."""
    ways = many(Direction)
    parser.add_argument("--direction", type=ways, metavar="WAY", help=", ".join(Direction))
    parser.add_argument(
        "--hold", type=many(positive), metavar="BARS", help="leave at the close so many bars on"
    )
    for name, words in (("tp", "take-profit"), ("sl", "stop-loss"), ("trail", "trailing stop")):
        parser.add_argument(f"--{name}", type=many(percent), metavar="PERCENT", help=f"{words}, in %%")
    parser.add_argument("--fee", type=percent, metavar="PERCENT", help="a side, in %% (default 0.05)")
    parser.add_argument("--slippage", type=percent, metavar="PERCENT", help="a side, in %% (default 0.01)")
    parser.add_argument("--no-funding", action="store_true", help="leave funding out")
    parser.add_argument("--late", type=positive, metavar="BARS", help="enter so many bars late")


def add_money(parser: argparse.ArgumentParser) -> None:
    """The purse."""
    parser.add_argument("--capital", type=float, metavar="AMOUNT", help="to begin with (default 10000)")
    parser.add_argument("--sizing", choices=list(Sizing), help="of a trade (default equal parts, one a pair)")
    parser.add_argument("--size", type=float, metavar="X", help="an amount, or a share of equity")
    parser.add_argument("--cash-limit", action="store_true", help="refuse what cannot be paid for")
    parser.add_argument("--leverage", type=float, metavar="X", help="of what can be paid for (default 1)")
    parser.add_argument("--max-positions", type=positive, metavar="N", help="at one time")


def entry_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The fields of `SimulationSettings` that say what opens trades."""
    entry = Entry.TIER
    if arguments.confluence:
        entry = Entry.CONFLUENCE
    elif arguments.rule is not None:
        entry = Entry.RULE
    elif arguments.obv_rsi:
        entry = Entry.OBV_RSI
    return {
        "entry": entry,
        "tier": arguments.tier,
        "rule": arguments.rule,
        "fire": Fire.FLAGS if arguments.flags else Fire.ALERTS,
        "momentum_bars": arguments.momentum_bars,
        "funding": not arguments.no_funding,
    } | given(arguments, {"fee": "fee", "slippage": "slippage", "late": "late"})


TRADE = {
    "direction": "direction",
    "hold": "hold",
    "tp": "take_profit",
    "sl": "stop_loss",
    "trail": "trailing_stop",
}
MONEY = {name: name for name in ("capital", "sizing", "size", "cash_limit", "leverage", "max_positions")}


def given(arguments: argparse.Namespace, names: dict[str, str]) -> dict[str, Any]:
    """Fields by their arguments, those left out left out."""
    found = {field: getattr(arguments, name) for name, field in names.items()}
    return {field: value for field, value in found.items() if value is not None}


def wanted_of(arguments: argparse.Namespace) -> Wanted:
    """The stored bars that are asked for; of files their names stand for symbols."""
    if arguments.files:
        return Wanted(arguments.tf, symbols=tuple(path.name for path in arguments.files))
    symbols = tuple(sorted({word.strip() for word in arguments.symbols.split(",") if word.strip()}))
    return Wanted(arguments.tf, arguments.since, arguments.until, arguments.exchange, symbols)


def read_bars(settings: Settings, arguments: argparse.Namespace) -> History:
    """The history to run over."""
    if arguments.files:
        stored = (arguments.since, arguments.until, arguments.exchange or None, arguments.symbols or None)
        if stored != (None, None, None, None):
            raise FileError("--since, --until, --exchange and --symbols choose stored bars: leave them out")
        # pandas and pyarrow, which stored bars of a database alone do not need.
        from futuresboard.compute.history import history_of_files  # noqa: PLC0415

        return history_of_files(arguments.files, arguments.tf)
    source = Source(settings.database_path, settings.archive_path)
    done = 0
    with progress("%") as bar:

        def told(share: float) -> None:
            nonlocal done
            bar(100, round(100 * share) - done)
            done = round(100 * share)

        return history_of(source, wanted_of(arguments), told)
