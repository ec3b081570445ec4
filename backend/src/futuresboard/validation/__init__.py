"""`futuresboard validate`: runs that measure alerts, and the tables they make (K1 to K5)."""

from futuresboard.validation.run import Options, run

__all__ = ["Options", "run"]
