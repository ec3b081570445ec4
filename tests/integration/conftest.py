"""What the fault tables share: the runs in which nothing happens, once for each worker."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import pytest

from support_fault_table import CLOSE, Played, play
from support_faults import M5, Run, staged


def _undisturbed(folders: pytest.TempPathFactory, *, sockets: bool) -> Run:
    folder = folders.mktemp("twin")
    with pytest.MonkeyPatch.context() as patch, staged(folder, patch, sockets=sockets) as stage:
        return stage.play(CLOSE + 4 * M5 + 100_000)


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bool], Run]:
    """The runs in which nothing happens: by REST, and (True) by websocket."""
    return functools.cache(lambda sockets: _undisturbed(tmp_path_factory, sockets=sockets))


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The run of a line of a table, by which tests are parametrized."""
    yield from play(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def twin(played: Played, twins: Callable[[bool], Run]) -> Run:
    """The run without the fault."""
    return twins(played.fault.sockets)
