"""Binance USD-M futures: the payloads of its market streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from futuresboard.sim_exchange.binance import INTERVALS, WEEK_OFFSET
from futuresboard.sim_exchange.binance_rows import best, premium, ticker
from futuresboard.sim_exchange.feed import ALL, Channel, Feed, Group, Json, Pace, Push
from futuresboard.sim_exchange.live import Snapshot
from futuresboard.sim_exchange.universe import Instrument, State
from futuresboard.sim_exchange.venue import Trade, Venue
from futuresboard.sim_exchange.waves import Candle
from futuresboard.sim_exchange.wire import one

PUBLIC, MARKET = "public", "market"
_TICKERS = {"ticker": "24hrTicker", "miniTicker": "24hrMiniTicker"}
_FULL = {
    "p": "priceChange",
    "P": "priceChangePercent",
    "w": "weightedAvgPrice",
    "c": "lastPrice",
    "Q": "lastQty",
    "o": "openPrice",
    "h": "highPrice",
    "l": "lowPrice",
    "v": "volume",
    "q": "quoteVolume",
    "O": "openTime",
    "C": "closeTime",
    "F": "firstId",
    "L": "lastId",
    "n": "count",
}
_MINI = {key: _FULL[key] for key in "cohlvq"}
# Coin-margined rows that the array streams carry too (`st` 2); contracts of 100 and 10 USD.
_COIN_MARGINED = {"BTCUSDT": ("BTCUSD_PERP", 100), "ETHUSDT": ("ETHUSD_PERP", 10)}

type Make = Callable[[Instrument, Snapshot, int], dict[str, object]]


class BinanceFeed(Feed):
    """Streams of /market and /public; without a route only those of /public carry anything."""

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self.intervals = {name: (ms, WEEK_OFFSET if name == "1w" else 0) for name, ms in INTERVALS.items()}
        self.messages |= {
            "ticker": self._tickers,
            "mark": self._marks,
            "book": self._books,
        }

    # --- names -------------------------------------------------------------------------------
    def channel(self, name: str, route: str) -> Channel | None:
        """The stream of this name on a route; silent on the wrong route, None when there is no such."""
        symbol, at, rest = name.partition("@")
        path = f"/binance/{route}/ws/{name}" if route else f"/binance/ws/{name}"
        if name.startswith("!"):
            found = _all_of(name)
            line, ident = ALL, ""
        else:
            found = self._one_of(rest) if at else None
            ident = symbol.upper()
            line = self.market.index[self.venue.name].get(ident, ALL)
        if found is None:
            return None
        kind, option, home = found
        unknown = line == ALL and ident != ""
        silent = unknown or (route != home and (route, home) != ("", PUBLIC))
        return Channel(name, "" if silent else kind, line, ident, option, path)

    def _one_of(self, rest: str) -> tuple[str, str, str] | None:
        if rest.startswith("kline_"):
            option = rest.removeprefix("kline_")
            return ("kline", option, MARKET) if option in self.intervals else None
        return _ONE.get(rest)

    def pace(self, group: Group) -> Pace:
        """As set; the mark price comes every 3 s unless its name says 1 s."""
        ms = self.world.config.push_ms(group.kind)
        return Pace(max(ms, 3_000) if group.kind == "mark" and not group.option.endswith("@1s") else ms)

    # --- payloads ----------------------------------------------------------------------------
    def candle(self, channel: Channel, ts: int, values: Candle, closed: bool, now: int) -> Json:
        """A kline event; `x` says whether the candle is closed."""
        row = self.row(channel)
        open_, high, low, close, volume, quote, buys, taker_quote = values
        price, size = row.price_decimals, row.base_decimals
        count = 1 + quote // 7_000_000
        return {
            "e": "kline",
            "E": now,
            "s": row.id,
            "k": {
                "t": ts,
                "T": ts + self.intervals[channel.option][0] - 1,
                "s": row.id,
                "i": channel.option,
                "f": ts // 1000,
                "L": ts // 1000 + count - 1,
                "o": one(open_, price) + "0",
                "c": one(close, price) + "0",
                "h": one(high, price) + "0",
                "l": one(low, price) + "0",
                "v": one(volume, size),
                "n": count,
                "x": closed,
                "q": one(quote, 4),
                "V": one(buys, size),
                "Q": one(taker_quote, 4),
                "B": "0",
            },
        }

    def tape(self, channel: Channel, trades: list[Trade], now: int) -> Iterator[Json]:
        """One event a trade: aggTrade, or trade as the /public route has it."""
        row = self.row(channel)
        for t in trades:
            body: dict[str, object] = {"e": channel.option, "E": now, "s": row.id, "T": t.ts}
            body |= {"p": one(t.price, row.price_decimals) + "0", "q": one(t.size, row.base_decimals)}
            if channel.option == "aggTrade":
                body |= {"a": t.id, "f": t.id, "l": t.id}
            else:
                body |= {"t": t.id, "X": "MARKET"}
            yield body | {"m": not t.buy}

    def _each(self, group: Group, now: int, make: Make) -> Iterable[Push]:
        """One message for each subscribed instrument, or one array of all."""
        if not self.moved(group, now):
            return
        s = self.venue.snapshot()
        for channel in group.receivers:
            if channel.line != ALL:
                if self.trading(channel.line, now):
                    yield Push(channel, make(self.row(channel), s, channel.line))
                continue
            rows = [make(row, s, at) for at, row, _ in self.venue.listed(State.LIVE)]
            if group.kind == "book":
                yield from (Push(channel, row) for row in rows)
            else:
                yield Push(channel, list(rows))

    def _tickers(self, group: Group, now: int) -> Iterable[Push]:
        kind, _, everything = group.option.partition("@")
        fields, event = (_FULL, _TICKERS[kind]) if kind == "ticker" else (_MINI, _TICKERS[kind])

        def make(row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
            rest = ticker(row, s, i, now)
            return {"e": event, "E": now, "s": row.id, **{k: rest[name] for k, name in fields.items()}}

        for push in self._each(group, now, make):
            rows = push.payload if everything and isinstance(push.payload, list) else None
            yield push if rows is None else Push(push.channel, _with_coin_margined(rows))

    def _marks(self, group: Group, now: int) -> Iterable[Push]:
        def make(row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
            rest = premium(row, s, i, now)
            return {
                "e": "markPriceUpdate",
                "E": now,
                "s": row.id,
                "p": rest["markPrice"],
                "i": rest["indexPrice"],
                "P": rest["estimatedSettlePrice"],
                "r": rest["lastFundingRate"],
                "T": rest["nextFundingTime"],
            }

        yield from self._each(group, now, make)

    def _books(self, group: Group, now: int) -> Iterable[Push]:
        def make(row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
            rest = best(row, s, i, now)
            return {
                "e": "bookTicker",
                "u": rest["lastUpdateId"],
                "E": now,
                "T": now,
                "s": row.id,
                "b": rest["bidPrice"],
                "B": rest["bidQty"],
                "a": rest["askPrice"],
                "A": rest["askQty"],
            }

        yield from self._each(group, now, make)


_ONE: dict[str, tuple[str, str, str]] = {
    "ticker": ("ticker", "ticker", MARKET),
    "miniTicker": ("ticker", "miniTicker", MARKET),
    "markPrice": ("mark", "", MARKET),
    "markPrice@1s": ("mark", "@1s", MARKET),
    "aggTrade": ("trade", "aggTrade", MARKET),
    "bookTicker": ("book", "", PUBLIC),
    "trade": ("trade", "trade", PUBLIC),
}


def _all_of(name: str) -> tuple[str, str, str] | None:
    return {
        "!ticker@arr": ("ticker", "ticker@arr", MARKET),
        "!miniTicker@arr": ("ticker", "miniTicker@arr", MARKET),
        "!markPrice@arr": ("mark", "@arr", MARKET),
        "!markPrice@arr@1s": ("mark", "@arr@1s", MARKET),
        "!bookTicker": ("book", "all", PUBLIC),
    }.get(name)


def _with_coin_margined(rows: list[object]) -> Json:
    """The array with `st` on every row, and the coin-margined rows among them."""
    found: list[object] = []
    for row in rows:
        if not isinstance(row, dict):
            continue
        found.append({**row, "st": 1})
        name, size = _COIN_MARGINED.get(str(row["s"]), ("", 0))
        if name:
            contracts = int(float(str(row["q"])) / size)
            found.append({**row, "s": name, "v": str(contracts), "q": row["v"], "st": 2})
    return found
