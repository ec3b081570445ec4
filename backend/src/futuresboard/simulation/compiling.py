"""How the simulation's loops are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba


def compiled[F: Callable[..., Any]](function: F) -> F:
    """Compile on the first call; what was compiled is kept on disk where that is possible.

    numba keeps it beside the source, or in the user's cache folder where the package is read-only.
    Where neither can be written it refuses to keep anything: then every process compiles for itself.
    What is kept goes by the source file alone, so compiled functions that call one another stand in one
    module. The interpreter's lock is released: threads may work on different pairs.
    """
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True)(function)
    return cast("F", made)


def inlined[F: Callable[..., Any]](function: F) -> F:
    """Compile into the compiled functions that call it: handing over six arrays costs more than most do."""
    return cast("F", numba.njit(nogil=True, forceinline=True)(function))
