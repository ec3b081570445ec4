"""`futuresboard doctor`: one screen that tells an operator what works and what to do about the rest."""

from futuresboard.doctor.examine import examine, refused
from futuresboard.doctor.report import Report
from futuresboard.doctor.screen import screen

__all__ = ["Report", "examine", "refused", "screen"]
