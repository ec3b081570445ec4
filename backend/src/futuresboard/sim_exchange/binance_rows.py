"""Binance USD-M futures: the rows of its lists and tickers."""

from __future__ import annotations

from futuresboard.sim_exchange.live import Snapshot
from futuresboard.sim_exchange.universe import Instrument, Sort, State
from futuresboard.sim_exchange.wire import one, power

PERPETUAL_DELIVERY = 4_133_404_800_000
_SUBTYPES = {"stock": "EQUITY", "commodity": "COMMODITY", "forex": "FOREX"}


def contract(row: Instrument, state: State, listed: int, ended: int | None) -> dict[str, object]:
    """A row of exchangeInfo."""
    status = {State.LIVE: "TRADING", State.SETTLING: "SETTLING", State.PENDING: "PENDING_TRADING"}[state]
    tick, step = power(-row.price_decimals), power(row.qty_exp)
    lot = {"maxQty": "10000000", "minQty": step, "stepSize": step}
    return {
        "symbol": row.id,
        "pair": row.id.split("_")[0],
        "contractType": _contract_type(row),
        "deliveryDate": ended or row.expiry_ts or PERPETUAL_DELIVERY,
        "onboardDate": listed,
        "status": status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": row.base,
        "quoteAsset": row.quote,
        "marginAsset": row.settle,
        "pricePrecision": row.price_decimals + 1,
        "quantityPrecision": row.base_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "INDEX" if row.sort is Sort.INDEX else _SUBTYPES.get(row.topic, "COIN"),
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.015000",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": power(max(6 - row.price_decimals, 1)),
                "tickSize": tick,
            },
            {"filterType": "LOT_SIZE", **lot},
            {"filterType": "MARKET_LOT_SIZE", **lot},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.1000",
                "multiplierDown": "0.9000",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _contract_type(row: Instrument) -> str:
    if row.sort is Sort.TRADFI:
        return "TRADIFI_PERPETUAL"
    if row.sort is Sort.DELIVERY:
        return f"{row.topic.upper()}_QUARTER"
    return "PERPETUAL"


def ticker(row: Instrument, s: Snapshot, i: int, ts: int) -> dict[str, object]:
    """A row of ticker/24hr."""
    price, size = row.price_decimals, row.base_decimals
    last, open_, volume, quote = (int(a[i]) for a in (s.last, s.day_open, s.day_volume, s.day_quote))
    average = quote / 10_000 / (volume / 10**size) if volume else 0.0
    return {
        "symbol": row.id,
        "priceChange": one(last - open_, price) + "0",
        "priceChangePercent": f"{(last / open_ - 1) * 100:.3f}",
        "weightedAvgPrice": f"{average:.{price + 1}f}",
        "lastPrice": one(last, price) + "0",
        "lastQty": one(max(volume // 200_000, row.qty_step), size),
        "openPrice": one(open_, price) + "0",
        "highPrice": one(int(s.day_high[i]), price) + "0",
        "lowPrice": one(int(s.day_low[i]), price) + "0",
        "volume": one(volume, size),
        "quoteVolume": one(quote, 4),
        "openTime": ts - ts % 60_000 - 86_400_000,
        "closeTime": ts,
        "firstId": ts // 1000,
        "lastId": ts // 1000 + quote // 7_000_000,
        "count": 1 + quote // 7_000_000,
    }


def premium(row: Instrument, s: Snapshot, i: int, ts: int) -> dict[str, object]:
    """A row of premiumIndex."""
    pays = row.sort is not Sort.DELIVERY
    return {
        "symbol": row.id,
        "markPrice": f"{s.mark[i]:.8f}",
        "indexPrice": f"{s.index[i]:.8f}",
        "estimatedSettlePrice": f"{s.index[i]:.8f}",
        "lastFundingRate": f"{s.funding[i]:.8f}" if pays else "",
        "interestRate": f"{0.0001 * row.funding_hours / 8:.8f}" if pays else "",
        "nextFundingTime": int(s.next_funding[i]) if pays else 0,
        "time": ts,
    }


def best(row: Instrument, s: Snapshot, i: int, ts: int) -> dict[str, object]:
    """A row of ticker/bookTicker."""
    last, size = int(s.last[i]), max(int(s.day_volume[i]) // 9_000, row.qty_step)
    return {
        "symbol": row.id,
        "bidPrice": one(last, row.price_decimals) + "0",
        "bidQty": one(size, row.base_decimals),
        "askPrice": one(last + 1, row.price_decimals) + "0",
        "askQty": one(size * 2, row.base_decimals),
        "time": ts,
        "lastUpdateId": ts,
    }
