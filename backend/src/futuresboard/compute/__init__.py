"""`futuresboard compute`: every metric and tier of a user's own bars, from file to file."""

from futuresboard.compute.run import compute

__all__ = ["compute"]
