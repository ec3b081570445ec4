"""The simulator stands alone: a misreading shared with the adapters would hide in shared code."""

from __future__ import annotations

import ast
from pathlib import Path

import futuresboard.sim_exchange

PACKAGE = Path(futuresboard.sim_exchange.__file__).parent


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.add(node.module or "")
    return found


def test_the_package_imports_nothing_else_of_futuresboard_and_no_ccxt() -> None:
    modules = sorted(PACKAGE.glob("*.py"))
    assert len(modules) > 10
    for module in modules:
        for name in imported(module):
            inside = name.startswith("futuresboard.sim_exchange")
            assert inside or name.split(".")[0] not in ("futuresboard", "ccxt"), f"{module.name}: {name}"
