"""Logging: one line a fact, in words or (for machines) as JSON."""

from __future__ import annotations

import logging
import sys
import time

import orjson

from futuresboard.config import Settings


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "ts": int(record.created * 1000),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(entry).decode()


def set_up(settings: Settings) -> None:
    """Log to standard error as the settings say, times in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(_JsonLines())
    else:
        words = logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%SZ")
        words.converter = time.gmtime
        handler.setFormatter(words)
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # Each request of the page is not news.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
