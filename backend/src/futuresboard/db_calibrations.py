"""The calibrations the writer keeps, and what their days' alerts have spent."""

from __future__ import annotations

from futuresboard.db import Store
from futuresboard.model import MS_PER_DAY


def kept_calibration(store: Store, day: int, budget: int) -> tuple[int, bytes] | None:
    """(made_ts, document) of the newest calibration kept of a day (its midnight, ms) and a budget."""
    query = "SELECT made_ts, payload FROM calibrations WHERE day = ? AND budget = ? ORDER BY made_ts DESC"
    with store.transaction() as connection:
        found: tuple[int, bytes] | None = connection.execute(query, (day, budget)).fetchone()
    return found


def keep_calibration(store: Store, day: int, budget: int, made_ts: int, payload: bytes) -> None:
    """Keep a day's calibration, which serves from the next commit on; in a transaction of its own."""
    with store.transaction() as connection:
        seq = int(store.state("seq") or 0) + 1
        connection.execute(
            "INSERT OR IGNORE INTO calibrations VALUES (?, ?, ?, ?, ?)", (day, budget, made_ts, seq, payload)
        )


def calibrated_alerts(store: Store, day: int) -> list[tuple[int, int, int, bool]]:
    """(series_id, ts, tier, discovery) of the alerts of a day that calibrated thresholds started."""
    query = (
        "SELECT series_id, ts, tier, payload ->> '$.calibration.day', "
        "payload ->> '$.calibration.discovery' FROM alerts ORDER BY id DESC"
    )
    found = []
    with store.transaction() as connection:
        for series, ts, tier, made_for, discovery in connection.execute(query):
            if made_for == day:
                found.append((series, ts, tier, bool(discovery)))
            # Newest first: what is older than yesterday ends the walk.
            if ts < day - MS_PER_DAY:
                break
    return found
