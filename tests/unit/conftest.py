"""What unit tests share: exchanges in memory with their collectors, and the web side over a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from futuresboard.api.server import Server
from support_core_exchange import Station
from support_rows import World
from support_web import Web


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes stations, each with a database of its own."""
    made: list[Station] = []

    def station(**given: object) -> Station:
        made.append(Station(tmp_path, name=f"{len(made)}.db", **given))
        return made[-1]

    yield station
    for one in made:
        one.close()


@pytest.fixture
def web(world: World, tmp_path: Path) -> Web:
    """The app over the module's `world`."""
    return Web(world, tmp_path)


@pytest.fixture
def server(web: Web) -> Iterator[Server]:
    """The app on loopback."""
    with web.serving() as running:
        yield running
