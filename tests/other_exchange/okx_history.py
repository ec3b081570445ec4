"""The history endpoints of OKX: candles, trading statistics, settled funding."""

from __future__ import annotations

from other_exchange.config import BAR, DAY, HOUR, Clock, OtherConfig
from other_exchange.markets import OKX, Listing
from other_exchange.model import Model
from other_exchange.stats import Stats
from other_exchange.wire import Query, RefusedError, Reply, integer, level_bounds, okx_ratio, short, stamped

SPANS = {"5m": BAR, "15m": 3 * BAR, "30m": 6 * BAR, "1H": 12 * BAR, "4H": 48 * BAR}
DEPTH = 1440


class OkxHistory:
    """What has closed; the live endpoints build on it."""

    def __init__(self, model: Model, clock: Clock, config: OtherConfig, stats: Stats) -> None:
        self.model, self.clock, self.config, self.stats = model, clock, config, stats
        self.listed = {x.id: x for x in config.listings if x.exchange == OKX}

    @staticmethod
    def ok(data: list[object]) -> dict[str, object]:
        return {"code": "0", "msg": "", "data": data}

    @staticmethod
    def refuse(code: str, message: str, status: int = 400) -> RefusedError:
        return RefusedError(Reply({"code": code, "data": [], "msg": message}, status))

    def _whole(self, query: Query, name: str) -> int | None:
        try:
            return integer(query, name)
        except ValueError:
            raise self.refuse("51000", f"Parameter {name} error") from None

    def _limit(self, query: Query, default: int, most: int) -> int:
        limit = self._whole(query, "limit")
        if limit is not None and limit > most:
            self.stats.over_limit["limit"] += 1
        return min(limit or default, most)

    def listing(self, query: Query) -> Listing:
        ident = query.get("instId", "")
        if not ident:
            raise self.refuse("50014", "Parameter instId can not be empty.")
        listing = self.listed.get(ident)
        if listing is None:
            raise self.refuse("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.", 200)
        return listing

    def swaps(self, query: Query, without: tuple[str, ...] = ("prelaunch",)) -> list[Listing]:
        kind = query.get("instType", "")
        if not kind:
            raise self.refuse("50014", "Parameter instType can not be empty.")
        if kind not in ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"):
            raise self.refuse("51000", "Parameter instType error")
        rows = [x for x in self.listed.values() if kind == "SWAP" and x.kind not in without]
        return [x for x in rows if query.get("instId", x.id) == x.id]

    # --- history ------------------------------------------------------------------------------

    def candles(self, query: Query, *, history: bool) -> object:
        x = self.listing(query)
        span = SPANS.get(query.get("bar", "1m"))
        if span is None:
            raise self.refuse("51000", "Parameter bar error")
        limit = self._limit(query, 100, 300)
        after, before = self._whole(query, "after"), self._whole(query, "before")
        view = self.clock.now() - self.config.delay("candles")
        first, last = self.model.first(x) * BAR // span * span, view
        if history:
            last = view - span
        else:
            first = max(first, view // span * span - (DEPTH - 1) * span)
        if before is not None:
            first = max(first, before + 1)
        if after is not None:
            last = min(last, after - 1)
        stamps = stamped(first, last, span, limit, newest=True, without=self.model.halted(x))
        rows: list[object] = []
        for ts in reversed(stamps):
            bar = self.model.candle(x, ts, span, view)
            if bar is not None:
                prices = [short(p) for p in (bar.open, bar.high, bar.low, bar.close)]
                sizes = [short(bar.contracts), short(bar.volume), short(bar.quote)]
                rows.append([str(bar.ts), *prices, *sizes, "1" if ts + span <= view else "0"])
        return self.ok(rows)

    def _rubik_stamps(self, query: Query, series: str, stamp: str) -> tuple[Listing, list[int], int]:
        """Listing, period's stamps from new to old, and the period."""
        x = self.listing(query)
        period = SPANS.get(query.get("period", "5m"))
        if period is None:
            raise self.refuse("51000", "Parameter period error")
        limit = self._limit(query, 100, 100)
        begin, end = self._whole(query, "begin"), self._whole(query, "end")
        view = self.clock.now() - self.config.delay(series)
        first, last = level_bounds(self.model.first(x), view, period, stamp, BAR)
        first = max(first, last // period * period - (DEPTH - 1) * period)
        if begin is not None:
            first = max(first, begin + 1)
        if end is not None:
            last = min(last, end - 1)
        halted = self.model.halted(x, BAR if stamp == "snapshot" else BAR - period)
        return x, stamped(first, last, period, limit, newest=True, without=halted)[::-1], period

    def open_interest_history(self, query: Query) -> object:
        stamp = self.config.stamp(OKX)
        x, stamps, period = self._rubik_stamps(query, "oi", stamp)
        ahead = 0 if stamp == "snapshot" else period
        rows: list[object] = []
        for t in stamps:
            boundary = (t + ahead) // BAR
            contracts = self.model.oi(x, boundary)
            rows.append(
                [str(t), short(contracts), short(contracts * x.ct_val), short(self.model.oi_usd(x, boundary))]
            )
        return self.ok(rows)

    def ratio(self, query: Query, series: str) -> object:
        stamp = self.config.stamp(OKX)
        x, stamps, period = self._rubik_stamps(query, "ls", stamp)
        ahead = 0 if stamp == "snapshot" else period
        return self.ok([[str(t), okx_ratio(self.model.share(x, series, (t + ahead) // BAR))] for t in stamps])

    def taker_volume(self, query: Query) -> object:
        """[ts, sell, buy]; unit 0 coins, 1 contracts (the default), 2 USD."""
        unit = query.get("unit", "1")
        if unit not in ("0", "1", "2"):
            raise self.refuse("51000", "Parameter unit error")
        start_label = self.config.okx_taker_stamp == "start"
        x, stamps, period = self._rubik_stamps(query, "taker", "start" if start_label else "snapshot")
        rows: list[object] = []
        for t in stamps:
            opened = t if start_label else t - period
            bar = self.model.candle(x, opened, period, opened + period)
            if bar is None:
                continue
            buy, total = {
                "0": (bar.taker_buy, bar.volume),
                "1": (bar.taker_contracts, bar.contracts),
                "2": (bar.taker_quote, bar.quote),
            }[unit]
            rows.append([str(t), short(total - buy), short(buy)])
        return self.ok(rows)

    def funding_rate_history(self, query: Query) -> object:
        x = self.listing(query)
        limit = self._limit(query, 100, 400)
        after, before = self._whole(query, "after"), self._whole(query, "before")
        last = self.clock.now() - self.config.delay("funding")
        first = last - 90 * DAY if before is None else max(before + 1, last - 90 * DAY)
        if after is not None:
            last = min(last, after - 1)
        rows: list[object] = []
        for t in reversed(self.model.settlements(x, first, last)[-limit:]):
            rows.append(
                {
                    "formulaType": "withRate",
                    "fundingRate": short(self.model.rate(x, t + 7 * HOUR)),
                    "fundingTime": str(t),
                    "instId": x.id,
                    "instType": "SWAP",
                    "method": "current_period",
                    "realizedRate": short(self.model.rate(x, t)),
                }
            )
        return self.ok(rows)
