"""futuresboard: a self-hosted, statistics-first dashboard for crypto perpetual futures."""

__version__ = "0.1.0"
