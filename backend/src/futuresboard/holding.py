"""What only one process at a time may hold."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from futuresboard.errors import StoreError


def hold(path: Path, refused: str) -> sqlite3.Connection:
    """Hold a file until the connection is closed; the system takes it back from a process that dies.

    Raises StoreError with the words `refused` while another one holds it.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.0)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StoreError(refused) from error
    return connection
