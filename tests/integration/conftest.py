"""What the fault tables share: the run in which nothing happens, once for each worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support_fault_table import CLOSE
from support_faults import M5, Run, staged


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run in which nothing happens."""
    with pytest.MonkeyPatch.context() as patch, staged(tmp_path_factory.mktemp("twin"), patch) as stage:
        yield stage.play(CLOSE + 4 * M5 + 100_000)
