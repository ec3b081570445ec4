"""CoinGecko: /api/v3/coins/markets, the market capitalisations."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from futuresboard.sim_exchange.hashing import key_of
from futuresboard.sim_exchange.universe import Sort, State
from futuresboard.sim_exchange.venue import Endpoint, World, whole
from futuresboard.sim_exchange.wire import Query, refuse

_FULL_NAMES = {"BTC": "bitcoin", "ETH": "ethereum", "SOL": "solana", "XRP": "ripple", "DOGE": "dogecoin"}


class CoinGecko:
    """Coins by market value; a few worthless namesakes of famous tickers are among them."""

    name = "coingecko"

    def __init__(self, world: World) -> None:
        self.world = world
        self.routes: dict[str, Endpoint] = {"/coingecko/api/v3/coins/markets": self.markets}

    def markets(self, query: Query) -> bytes:
        """A page of coins, largest first."""
        if query.get("vs_currency", "") != "usd":
            refuse(
                422,
                {
                    "error": "Missing parameter vs_currency"
                    if "vs_currency" not in query
                    else "invalid vs_currency"
                },
            )
        try:
            page, size = whole(query, "page") or 1, whole(query, "per_page") or 100
        except ValueError:
            refuse(422, {"error": "invalid page"})
        size = min(max(size, 1), 250)
        rows = sorted(self._coins(), key=lambda row: -float(str(row["market_cap"])))
        for rank, row in enumerate(rows, 1):
            row["market_cap_rank"] = rank
        wanted = [name for name in query.get("symbols", "").lower().split(",") if name]
        if wanted:
            rows = [row for row in rows if row["symbol"] in wanted]
        return orjson.dumps(rows[(page - 1) * size : page * size])

    def _coins(self) -> list[dict[str, object]]:
        market, now = self.world.market, self.world.clock.now_ms()
        s = self.world.live.snapshot("binanceusdm", now)
        rows: list[dict[str, object]] = []
        for i, row in enumerate(market.rows["binanceusdm"]):
            if row.sort is not Sort.PERP or market.state(row, now) is not State.LIVE:
                continue
            tick = 10.0**-row.price_decimals / row.multiplier
            last, open_ = float(s.last[i]) * tick, float(s.day_open[i]) * tick
            name = row.coin.name.lower()
            supply = round(row.coin.turnover_usd * (18 + key_of("supply", name) % 60) / row.coin.price, -1)
            rows.append(
                _coin(_FULL_NAMES.get(row.coin.name, name), name, last, open_, supply, now)
                | {
                    "total_volume": round(float(s.day_quote[i]) / 10_000 * 1.6),
                    "high_24h": float(s.day_high[i]) * tick,
                    "low_24h": float(s.day_low[i]) * tick,
                }
            )
            if row.coin.name in ("PEPE", "TRUMP", "SUI", "BTC"):
                rows.append(_coin(f"{name}-on-base", name, last / 9e5, open_ / 9e5, supply / 50, now))
        return rows


def _coin(ident: str, symbol: str, price: float, open_: float, supply: float, now: int) -> dict[str, object]:
    stamp = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "id": ident,
        "symbol": symbol,
        "name": ident.replace("-", " ").title(),
        "image": f"https://coin-images.coingecko.com/coins/images/{key_of(ident) % 30000}/large/{ident}.png",
        "current_price": price,
        "market_cap": round(price * supply),
        "market_cap_rank": None,
        "fully_diluted_valuation": round(price * supply * 1.1),
        "total_volume": round(price * supply * 0.0005),
        "high_24h": price,
        "low_24h": price,
        "price_change_24h": price - open_,
        "price_change_percentage_24h": round((price / open_ - 1) * 100, 5),
        "market_cap_change_24h": (price - open_) * supply,
        "market_cap_change_percentage_24h": round((price / open_ - 1) * 100, 5),
        "circulating_supply": supply,
        "total_supply": supply * 1.1,
        "max_supply": None,
        "ath": price * 2.4,
        "ath_change_percentage": -58.3,
        "ath_date": "2025-01-19T10:00:00.000Z",
        "atl": price / 30,
        "atl_change_percentage": 2900.0,
        "atl_date": "2020-03-13T02:22:55.391Z",
        "roi": None,
        "last_updated": stamp,
    }
