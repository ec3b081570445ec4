"""A board whose every row and alert the test has written: `serve --no-scraper` over a `World`."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support_rows import World, make_alert
from support_system import Product, environment, free_port, running

COINS = ("BTC", "ETH", "SOL", "XRP")
FIVE_MINUTES = 300_000


class Board:
    """A database written by the test, and the page's server over it, which can be killed and come back."""

    def __init__(self, folder: Path, port: int, **settings: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.world = World(folder)
        # The newest bar is the last but one: minutes old whenever a test begins.
        self.world.now = int(time.time() * 1000) - FIVE_MINUTES
        self.env = environment(folder, PORT=str(port), **settings)
        self.url = f"http://127.0.0.1:{port}/"
        self.product: Product | None = None
        self._stack = contextlib.ExitStack()

    def fill(self, exchange: str = "okx", coins: Sequence[str] = COINS) -> list[str]:
        """Rows of both timeframes; returns the symbols."""
        symbols = self.world.register(exchange, *coins)
        for timeframe in self.world.timeframes:
            self.world.fill(exchange, symbols, timeframe)
        return symbols

    def alert(self, symbol: str, text: str, *, bars_ago: int = 1, **more: object) -> None:
        """One more alert of a pair."""
        ts = (self.world.now // FIVE_MINUTES - bars_ago) * FIVE_MINUTES
        self.world.commit(alerts=[make_alert(symbol, ts, text=text, **more)])

    def start(self) -> Product:
        """The server, answering."""
        product = self._stack.enter_context(running(["serve", "--no-scraper"], self.env, self.folder))
        product.until(lambda: product.text("/health/live"), 90, "up")
        self.product = product
        return product

    def kill(self) -> None:
        """No goodbye: the process is gone."""
        assert self.product is not None
        self.product.end(signal.SIGKILL)
        self.product = None

    def close(self) -> None:
        self._stack.close()
        self.world.close()


@contextlib.contextmanager
def board(folder: Path, port: int | None = None, **settings: str) -> Iterator[Board]:
    """A board until the block ends."""
    made = Board(folder, port or free_port(), **settings)
    try:
        yield made
    finally:
        made.close()


def by_pair(rows: Sequence[dict[str, Any]], column: str) -> dict[str, Any]:
    """A column of the API's rows by the page's names of pairs."""
    return {f"{row['exchange']}|{row['symbol']}": row[column] for row in rows}
