"""The report as plain aligned text, coloured only for a terminal."""

from __future__ import annotations

import textwrap

from futuresboard.doctor.report import Finding, Report, State
from futuresboard.doctor.words import moment

_COLOURS = {State.OK: "\033[32m", State.LOOK: "\033[33m", State.FAILED: "\033[31;1m"}
_DIM, _END = "\033[2m", "\033[0m"


def screen(report: Report, *, colour: bool, width: int) -> str:
    """All findings and the verdict; `width` in characters."""
    column = max(len(finding.name) for finding in report.findings) + 2
    lines = [f"futuresboard {report.version} doctor, {moment(report.at_ms)}", ""]
    for finding in report.findings:
        lines += _lines(finding, column, width, colour=colour)
    failed, looks = report.count(State.FAILED), report.count(State.LOOK)
    verdict = "all is well" if not failed + looks else f"{failed} failed, {looks} to look at"
    return "\n".join([*lines, "", f"{verdict} ({report.duration_s:.1f} s)"])


def _lines(finding: Finding, column: int, width: int, *, colour: bool) -> list[str]:
    word = f"{finding.state.value:<6}"
    shown = f"{_COLOURS[finding.state]}{word}{_END}" if colour else word
    indent = " " * (column + len(word) + 2)
    lines = [f"{finding.name:<{column}}{shown}  {_wrapped(finding.summary, indent, width)}"]
    for detail in finding.details:
        text = indent + _wrapped(detail, indent, width)
        lines.append(f"{_DIM}{text}{_END}" if colour else text)
    lines += [f"{indent}-> {_wrapped(text, indent + '   ', width)}" for text in finding.advice]
    return lines


def _wrapped(text: str, indent: str, width: int) -> str:
    """The text broken to fit beside and below `indent`."""
    room = max(40, width - len(indent))
    return f"\n{indent}".join(textwrap.wrap(text, room, break_long_words=False)) or text
