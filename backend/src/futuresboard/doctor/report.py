"""What the doctor says: findings, each with a state, words and advice, and the verdict over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How a check ended; only `FAILED` makes the whole fail."""

    OK = "ok"
    LOOK = "look"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: its name, how it ended, one line of words, more lines, what to do, bare facts."""

    name: str
    state: State
    summary: str
    details: Sequence[str] = ()
    advice: Sequence[str] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one examination; `at_ms` is this machine's time, ms UTC."""

    version: str
    at_ms: int
    duration_s: float
    findings: Sequence[Finding]

    def count(self, state: State) -> int:
        """How many findings are in a state."""
        return sum(finding.state is state for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, else 1."""
        return int(self.count(State.FAILED) > 0)

    def document(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "version": self.version,
            "at": self.at_ms,
            "duration_s": round(self.duration_s, 2),
            "ok": self.exit_code == 0,
            "checks": [
                {
                    "name": finding.name,
                    "state": finding.state.value,
                    "summary": finding.summary,
                    "details": list(finding.details),
                    "advice": list(finding.advice),
                    "facts": dict(finding.facts),
                }
                for finding in self.findings
            ],
        }
