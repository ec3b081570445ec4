"""OKX v5: instruments, tickers and live values under /api/v5/public and /api/v5/market."""

from __future__ import annotations

from typing import NoReturn

import orjson

from futuresboard.sim_exchange.hashing import I64
from futuresboard.sim_exchange.live import Snapshot
from futuresboard.sim_exchange.series import Span
from futuresboard.sim_exchange.universe import HOUR_MS, Instrument, Sort, State
from futuresboard.sim_exchange.venue import Trade, Venue, World, whole
from futuresboard.sim_exchange.wire import Query, plain, power, refuse, trimmed

INVERSE_FACE = 100.0
UNKNOWN = "Instrument ID, Instrument ID code, or Spread ID doesn't exist."


def contracts(row: Instrument, units: I64, price: I64) -> list[str]:
    """Quantities in contracts as OKX prints them; inverse contracts are 100 USD each (rounded)."""
    if row.sort is Sort.INVERSE:
        usd = units * 10.0**row.qty_exp * price / 10.0**row.price_decimals
        return [str(round(value / INVERSE_FACE)) for value in usd.tolist()]
    return trimmed(units, row.contract_decimals)


def coins(row: Instrument, units: I64) -> list[str]:
    """Quantities in base coin."""
    return trimmed(units * 10 ** max(row.qty_exp, 0), row.base_decimals)


def trade_row(row: Instrument, trade: Trade) -> dict[str, object]:
    """A row of market/trades."""
    return {
        "instId": row.id,
        "side": "buy" if trade.buy else "sell",
        "sz": plain(trade.size / 10**row.contract_decimals, row.contract_decimals),
        "px": plain(trade.price / 10**row.price_decimals, row.price_decimals),
        "tradeId": str(trade.id),
        "ts": str(trade.ts),
    }


class Okx(Venue):
    """Lists and live values; `okx_history` adds what has a time range."""

    name = "okx"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._settled: dict[tuple[str, int], str] = {}
        api = "/okx/api/v5/"
        self.routes = {
            f"{api}public/time": lambda _query: self.ok([{"ts": str(self.now)}]),
            f"{api}public/instruments": self.instruments,
            f"{api}public/open-interest": self.open_interest,
            f"{api}public/funding-rate": self.funding_rate,
            f"{api}public/mark-price": self.mark_price,
            f"{api}market/tickers": self.tickers,
            f"{api}market/ticker": self.ticker,
            f"{api}market/trades": self.recent_trades,
            f"{api}market/books": self.books,
        }

    # --- envelope and parameters -------------------------------------------------------------
    def ok(self, data: object) -> bytes:
        """A successful answer."""
        return orjson.dumps({"code": "0", "msg": "", "data": data})

    def refuse(self, code: str, message: str, status: int = 400) -> NoReturn:
        """Refuse with OKX's error body."""
        refuse(status, {"code": code, "msg": message, "data": []})

    def required(self, query: Query, name: str) -> str:
        """A mandatory parameter."""
        value = query.get(name, "")
        if not value:
            self.refuse("50014", f"Parameter {name} can not be empty")
        return value

    def number(self, query: Query, name: str) -> int | None:
        """An integer parameter, refused when it is not one."""
        try:
            return whole(query, name)
        except ValueError:
            self.refuse("51000", f"Parameter {name} error")

    def limit(self, query: Query, default: int, most: int) -> int:
        """The page size; out of range it is refused."""
        value = self.number(query, "limit")
        if value is None:
            return default
        if not 1 <= value <= most:
            self.refuse("51000", "Parameter limit error")
        return value

    def instrument(self, query: Query) -> tuple[int, Instrument, State]:
        """The asked-for instrument, refused unless it trades or is being suspended."""
        at = self.market.index[self.name].get(self.required(query, "instId"))
        if at is not None:
            state = self.market.state(self.rows[at], self.now)
            if state is State.LIVE:
                return at, self.rows[at], state
        return self.refuse("51001", UNKNOWN, 200)

    # --- lists -------------------------------------------------------------------------------
    def instruments(self, query: Query) -> bytes:
        """All swaps; other instrument types exist but are empty here."""
        if self.required(query, "instType") != "SWAP":
            return self.ok([])
        if query.get("instId"):
            _, row, state = self.instrument(query)
            return self.ok([self._contract(row, state)])

        def make() -> object:
            entries = self.listed(State.LIVE, State.SETTLING, State.PENDING)
            rows = [self._contract(row, state) for _, row, state in entries]
            # A known oddity: swaps before their opening may carry nothing but these fields.
            rows.append({"instType": "SWAP", "instId": "", "state": "preopen"})
            return {"code": "0", "msg": "", "data": rows}

        return self.kept(("instruments",), make)

    def _contract(self, row: Instrument, state: State) -> dict[str, object]:
        listed, ended = self.market.window(row)
        inverse = row.sort is Sort.INVERSE
        lot = "1" if inverse else power(-row.contract_decimals)
        family = f"{row.base}-{row.quote}"
        return {
            "alias": "",
            "auctionEndTime": "",
            "baseCcy": "",
            "category": "1",
            "contTdSwTime": str(listed),
            "ctMult": "1",
            "ctType": "inverse" if inverse else "linear",
            "ctVal": f"{INVERSE_FACE:.0f}" if inverse else power(row.contract_exp),
            "ctValCcy": "USD" if inverse else row.base,
            "expTime": str(ended) if ended else "",
            "instFamily": family,
            "instId": row.id,
            "instIdCode": 10_000 + self.market.index[self.name][row.id],
            "instType": "SWAP",
            "lever": "50",
            "listTime": str(listed),
            "lotSz": lot,
            "maxIcebergSz": "100000000.0000000000000000",
            "maxLmtSz": "100000000",
            "maxMktSz": "12000",
            "minSz": lot,
            "openType": "",
            "optType": "",
            "quoteCcy": "",
            "ruleType": "normal",
            "settleCcy": row.settle,
            "state": {State.LIVE: "live", State.SETTLING: "suspend", State.PENDING: "preopen"}[state],
            "stk": "",
            "tickSz": power(-row.price_decimals),
            "uly": family,
        }

    # --- live values -------------------------------------------------------------------------
    def _swaps(self, query: Query) -> None:
        if self.required(query, "instType") not in ("SWAP", "FUTURES", "SPOT", "OPTION", "MARGIN", "ANY"):
            self.refuse("51000", "Parameter instType error")

    def tickers(self, query: Query) -> bytes:
        """Tickers of all swaps, without open interest and funding."""
        self._swaps(query)
        if query["instType"] != "SWAP":
            return self.ok([])

        def make() -> object:
            s = self.snapshot()
            rows = [self.ticker_row(row, s, at) for at, row, _ in self.listed(State.LIVE)]
            return {"code": "0", "msg": "", "data": rows}

        return self.kept(("tickers",), make)

    def ticker(self, query: Query) -> bytes:
        """One ticker."""
        at, row, _ = self.instrument(query)
        return self.ok([self.ticker_row(row, self.snapshot(), at)])

    def ticker_row(self, row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
        """A row of market/tickers."""
        here = slice(i, i + 1)
        last, volume = s.last[here], s.day_volume[here]
        lot = (volume // 9_000).clip(row.qty_step)

        def price(column: I64) -> str:
            return trimmed(column[here], row.price_decimals)[0]

        return {
            "instType": "SWAP",
            "instId": row.id,
            "last": price(s.last),
            "lastSz": contracts(row, lot // 20 + row.qty_step, last)[0],
            "askPx": price(s.last + 1),
            "askSz": contracts(row, lot, last)[0],
            "bidPx": price(s.last),
            "bidSz": contracts(row, lot * 2, last)[0],
            "open24h": price(s.day_open),
            "high24h": price(s.day_high),
            "low24h": price(s.day_low),
            "volCcy24h": coins(row, volume)[0],
            "vol24h": contracts(row, volume, last)[0],
            "ts": str(self.now),
            "sodUtc0": price(s.day_open),
            "sodUtc8": price(s.day_open),
        }

    def open_interest(self, query: Query) -> bytes:
        """Open interest now: contracts, base coin, USD; one side."""
        self._swaps(query)
        if query["instType"] != "SWAP":
            return self.ok([])
        if query.get("instId"):
            at, row, _ = self.instrument(query)
            return self.ok([self.interest_row(row, self.snapshot(), at)])
        family = query.get("instFamily") or query.get("uly")

        def make() -> object:
            s = self.snapshot()
            rows = [
                self.interest_row(row, s, at)
                for at, row, _ in self.listed(State.LIVE)
                if family in (None, "", f"{row.base}-{row.quote}")
            ]
            return {"code": "0", "msg": "", "data": rows}

        return self.kept(("open-interest", family), make)

    def interest_row(self, row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
        """A row of public/open-interest."""
        oi = s.oi[i : i + 1]
        return {
            "instType": "SWAP",
            "instId": row.id,
            "oi": contracts(row, oi, s.last[i : i + 1])[0],
            "oiCcy": coins(row, oi)[0],
            "oiUsd": f"{row.quantity(int(oi[0])) * float(s.mark[i]):.2f}",
            "ts": str(self.now),
        }

    def funding_rate(self, query: Query) -> bytes:
        """The rate predicted for the coming settlement; instId ANY for all."""
        if self.required(query, "instId") != "ANY":
            at, row, _ = self.instrument(query)
            return self.ok([self.funding_row(row, self.snapshot(), at)])

        def make() -> object:
            s = self.snapshot()
            rows = [self.funding_row(row, s, at) for at, row, _ in self.listed(State.LIVE)]
            return {"code": "0", "msg": "", "data": rows}

        return self.kept(("funding-rate",), make)

    def funding_row(self, row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
        """A row of public/funding-rate."""
        coming, interval = int(s.next_funding[i]), row.funding_hours * HOUR_MS
        return {
            "formulaType": "withRate",
            "fundingRate": plain(float(s.funding[i]), 13),
            "fundingTime": str(coming),
            "impactValue": "10000",
            "instId": row.id,
            "instType": "SWAP",
            "interestRate": "0.0001",
            "maxFundingRate": "0.02",
            "method": "current_period",
            "minFundingRate": "-0.02",
            "nextFundingRate": "",
            "nextFundingTime": str(coming + interval),
            "premium": plain(float(s.premium[i]), 13),
            "prevFundingTime": str(coming - interval),
            "settFundingRate": self._last_settled(row, coming - interval),
            "settState": "settled",
            "ts": str(self.now),
        }

    def _last_settled(self, row: Instrument, at_ms: int) -> str:
        key = (row.id, at_ms)
        if key not in self._settled:
            if len(self._settled) > 2_000:
                self._settled.clear()
            times, rates = self.series.settlements(row, at_ms, Span(1))
            rate = float(rates[-1]) if len(times) else 0.0
            self._settled[key] = plain(rate, 13)
        return self._settled[key]

    def mark_price(self, query: Query) -> bytes:
        """Mark prices."""
        self._swaps(query)
        s = self.snapshot()
        rows = [self.instrument(query)] if query.get("instId") else self.listed(State.LIVE)
        return self.ok([self.mark_row(row, s, at) for at, row, _ in rows])

    def mark_row(self, row: Instrument, s: Snapshot, i: int) -> dict[str, object]:
        """A row of public/mark-price."""
        mark = plain(float(s.mark[i]), row.price_decimals + 1)
        return {"instType": "SWAP", "instId": row.id, "markPx": mark, "ts": str(self.now)}

    # --- tape and book -----------------------------------------------------------------------
    def recent_trades(self, query: Query) -> bytes:
        """Latest trades, newest first, sizes in contracts."""
        _, row, _ = self.instrument(query)
        found = self.trades(row, self.limit(query, 100, 500))
        return self.ok([trade_row(row, trade) for trade in reversed(found)])

    def books(self, query: Query) -> bytes:
        """Order book, sizes in contracts."""
        _, row, _ = self.instrument(query)
        depth = self.number(query, "sz") or 1
        if not 1 <= depth <= 400:
            self.refuse("51000", "Parameter sz error")
        bids, asks = (
            [
                [
                    plain(p / 10**row.price_decimals, row.price_decimals),
                    plain(q / 10**row.contract_decimals, row.contract_decimals),
                    "0",
                    "3",
                ]
                for p, q in side
            ]
            for side in self.book(row, depth)
        )
        return self.ok([{"asks": asks, "bids": bids, "ts": str(self.now), "seqId": self.now}])
