"""`/api/weighted-oi`: a coin's open interest across exchanges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from flask import Response, request

from futuresboard import cross
from futuresboard.api.context import ApiContext
from futuresboard.api.pages import Page, answer, json_page
from futuresboard.api.query import choice, parse, text
from futuresboard.api.routes import Route
from futuresboard.api.schema import INTEGER, NUMBER, STRING, Component, array, doc, record
from futuresboard.config import EXCHANGE_IDS
from futuresboard.db_read import Row
from futuresboard.model import TIMEFRAME_MS, FloatArray

_LATE_BARS = 2
"""An exchange whose newest bar lies further back than this is waited for no longer."""
_COLUMNS = ("oi_contracts", "oi_abs_usd", "volume")
_LISTING = Component(
    "WeightedOiListing",
    record(
        {
            "exchange": STRING,
            "symbol": STRING,
            "oi_abs_usd": NUMBER,
            "volume": doc(NUMBER, "coins traded in the bar"),
            "weight": doc(NUMBER, "its share of the volume"),
            "oi_delta_pct": NUMBER,
            "divergence": doc(NUMBER, "oi_delta_pct − global_oi_change_pct, in sigmas"),
        }
    ),
)
WEIGHTED_OI = Component(
    "WeightedOi",
    record(
        {
            "base": STRING,
            "ts": INTEGER,
            "weighted_oi": NUMBER,
            "global_oi_change_pct": NUMBER,
            "exchanges": array(_LISTING),
        }
    ),
)


@dataclass(frozen=True)
class _Coin:
    """A coin's listing on each exchange that has it, and the bar they are compared at."""

    base: str
    ts: int
    listings: Mapping[str, Row]


def routes(context: ApiContext) -> Sequence[Route]:
    """The topic's routes."""
    frames = context.settings.timeframes
    parameters = (
        choice("tf", "timeframe", frames, default=frames[0]),
        text("base", "one coin: BTC (all when absent)"),
    )

    def open_interest_across_exchanges() -> Response:
        """Open interest of each coin across exchanges, coin by coin.

        `weighted_oi` is Σ(OI·volume) / Σ volume in USD: a mean that jumps when the volumes' shares move.
        `global_oi_change_pct` is the change of one bar, weighted by the volume of the 24 bars before;
        `divergence` is how far each exchange's own change departs from it, in sigmas of its last 20
        bars. On an exchange a coin is its most liquid listing. All of the newest bar that every
        exchange has, unless one is more than two bars late.
        """
        query = parse(parameters, request.args)
        key, timeframe = (request.path, *query.values()), query["tf"]
        version = context.reader.bars_seq(timeframe)
        return answer(context.pages.get(key, version, lambda: _page(context, timeframe, query["base"])))

    schema = array(WEIGHTED_OI)
    return (Route("/api/weighted-oi", open_interest_across_exchanges, schema, parameters=parameters),)


def _page(context: ApiContext, timeframe: str, base: str) -> Page:
    rows = context.newest.fresh(timeframe)[1].rows
    wanted = [row for row in rows if not base or str(row["base"]).casefold() == base.casefold()]
    coins = _coins(wanted, TIMEFRAME_MS[timeframe])
    arrays = _arrays(context, coins, timeframe)
    oi, usd, volume = (arrays[name] for name in _COLUMNS)
    found = {
        "oi_abs_usd": usd,
        "volume": volume,
        "weight": cross.shares(usd, volume),
        "oi_delta_pct": cross.oi_delta_pct(oi, 1),
        "divergence": cross.divergence(oi, volume, 1),
    }
    means = cross.weighted_oi(usd, volume)[:, -1].tolist()
    changes = cross.global_oi_change_pct(oi, volume, 1)[:, -1].tolist()
    return json_page(
        [
            {
                "base": coin.base,
                "ts": coin.ts,
                "weighted_oi": means[i],
                "global_oi_change_pct": changes[i],
                "exchanges": [
                    {"exchange": exchange, "symbol": coin.listings[exchange]["symbol"]}
                    | {name: float(values[i, e, -1]) for name, values in found.items()}
                    for e, exchange in enumerate(EXCHANGE_IDS)
                    if exchange in coin.listings
                ],
            }
            for i, coin in enumerate(coins)
        ]
    )


def _coins(rows: Sequence[Row], step: int) -> list[_Coin]:
    """The coins of newest rows, in order of their names."""
    listings: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: cast("float | None", row["volume_24h_usd"]) or 0.0):
        listings[str(row["base"])][str(row["exchange"])] = row
    coins = []
    for base, mine in sorted(listings.items()):
        newest = [cast("int", row["ts"]) for row in mine.values()]
        timely = [ts for ts in newest if ts >= max(newest) - _LATE_BARS * step]
        coins.append(_Coin(base, min(timely), mine))
    return coins


def _arrays(context: ApiContext, coins: Sequence[_Coin], timeframe: str) -> dict[str, FloatArray]:
    """Each of `_COLUMNS` -> (coins, exchanges, slots) up to each coin's bar, counted in coins."""
    slots = cross.REACH + 1
    arrays = {name: np.full((len(coins), len(EXCHANGE_IDS), slots), np.nan) for name in _COLUMNS}
    multipliers = context.reader.multipliers()
    for last in {coin.ts for coin in coins}:
        listed = [
            (i, exchange, str(row["symbol"]))
            for i, coin in enumerate(coins)
            for exchange, row in coin.listings.items()
            if coin.ts == last
        ]
        pairs = [(exchange, symbol) for _, exchange, symbol in listed]
        read = context.reader.columns(timeframe, pairs, _COLUMNS, last, slots)
        for number, (i, exchange, symbol) in enumerate(listed):
            unit = multipliers.get((exchange, symbol), 1.0)
            for name, held in arrays.items():
                values = np.array(read[name][number], dtype=np.float64)
                held[i, EXCHANGE_IDS.index(exchange)] = values if name == "oi_abs_usd" else values * unit
    return arrays
