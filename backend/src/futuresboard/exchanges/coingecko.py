"""CoinGecko's market list: reference prices and market capitalisations. No exchange, same manners."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import orjson

from futuresboard.clock import Clock
from futuresboard.coins import Coin
from futuresboard.errors import TransientError
from futuresboard.exchanges import parse
from futuresboard.exchanges.client import TIMEOUT_S
from futuresboard.exchanges.failures import Answer, http_failure
from futuresboard.exchanges.gate import Gate
from futuresboard.exchanges.pacing import Bucket
from futuresboard.exchanges.redirect import redirect

ID = "coingecko"
MARKETS_URL = "https://api.coingecko.com/api/v3/coins/markets"
PAGE_ROWS = 250
LIMIT, WINDOW_S = 30.0, 60.0
"""Requests a minute that the public plan allows one address."""


class CoinGecko:
    """Reads coins page by page, one request at a time. Belongs to one event loop."""

    def __init__(self, *, url_override: str | None = None, clock: Clock) -> None:
        self.url = str(redirect(MARKETS_URL, url_override)) if url_override else MARKETS_URL
        self._bucket = Bucket("all", LIMIT, WINDOW_S)
        self._clock = clock
        self._gate = Gate(1, clock)
        self._session: aiohttp.ClientSession | None = None

    async def coins(self, pages: int) -> list[Coin]:
        """The coins with the largest market caps, at most `pages` pages of `PAGE_ROWS`.

        Coins without a price or a market cap are left out. Raises ExchangeError subclasses only.
        """
        found: list[Coin] = []
        for page in range(1, pages + 1):
            rows = parse.objects(ID, await self._page(page), "coins")
            found += [coin for coin in map(_coin, rows) if coin is not None]
            if len(rows) < PAGE_ROWS:
                break
        return found

    async def _page(self, page: int) -> object:
        await self._gate.enter(self._bucket)
        try:
            answer = await self._get(
                {
                    "vs_currency": "usd",
                    "order": "market_cap_desc",
                    "per_page": str(PAGE_ROWS),
                    "page": str(page),
                }
            )
        finally:
            self._gate.leave(self._bucket)
        failed = http_failure(answer)
        if failed is not None:
            raise failed
        return answer.data

    async def _get(self, query: Mapping[str, str]) -> Answer:
        if self._session is None:
            # The clock's own timeout is the one: its seconds need not be this machine's.
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        try:
            async with (
                self._clock.timeout(TIMEOUT_S),
                self._session.get(self.url, params=query) as response,
            ):
                body = await response.read()
        except TimeoutError as error:
            raise TransientError(ID, f"no answer within {TIMEOUT_S:.0f} s") from error
        except aiohttp.ClientError as error:
            raise TransientError(ID, f"connection failed: {str(error) or repr(error):.160}") from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(ID, response.status, body.decode(errors="replace"), _decoded(body), headers)

    async def close(self) -> None:
        """End the HTTP session."""
        await self._gate.close()
        if self._session is not None:
            await self._session.close()


def _decoded(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _coin(row: Mapping[str, object]) -> Coin | None:
    ident, symbol = row.get("id"), row.get("symbol")
    price, cap = parse.positive(row.get("current_price")), parse.positive(row.get("market_cap"))
    if not isinstance(ident, str) or not isinstance(symbol, str) or price is None or cap is None:
        return None
    return Coin(ident, symbol.upper(), price, cap)
