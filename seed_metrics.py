#!/usr/bin/env python3
"""Seed simulated history, e.g. `python seed_metrics.py --mock 20 --tf 15m`; `--help` tells more.

The same as `futuresboard seed`. Runs in the project's own environment when it is started by
another Python.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent
_PYTHON = _ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _main() -> int:
    if find_spec("futuresboard") is None:
        if not _PYTHON.exists() or Path(sys.prefix) == _ROOT / ".venv":
            print("futuresboard is not installed here; run `make install` first", file=sys.stderr)
            return 1
        os.execv(_PYTHON, [str(_PYTHON), str(Path(__file__).resolve()), *sys.argv[1:]])
    from futuresboard.cli import main  # noqa: PLC0415 - only now is it known to be there

    return main(["seed", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(_main())
