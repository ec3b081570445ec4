"""The whole web side over a `World`: in process, and as a real server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask_socketio import SocketIO

from futuresboard.api.server import Server
from futuresboard.app import create_app
from futuresboard.config import THRESHOLDS_KEY, Settings, load
from futuresboard.events import Publisher
from support_rows import World

HEALTH: dict[str, Any] = {
    "status": "ok",
    "uptime_s": 12.5,
    "warm": 0.75,
    "last_cycle": {"id": 3, "started": 1, "duration_s": 0.4, "rows": 600, "errors": 0, "bar_close": False},
    "closed_bar_lag_s": {"p50": 3.0, "p99": 9.0},
    "exchanges": {
        "okx": {
            "state": "ok",
            "request_rate": 2.0,
            "budget_used": 0.1,
            "errors": 4,
            "error_rate": 0.01,
            "reconnects": 0,
            "clock_skew_ms": -120,
            "oldest_s": 1.5,
            "source": "rest",
            "breaker": {"state": "closed", "reason": None, "next_probe_s": None},
        }
    },
}


class Web:
    """The app over a world, with a health document that tests may change."""

    def __init__(self, world: World, folder: Path, *, can_save: bool = True, **environ: str) -> None:
        self.world = world
        self.settings: Settings = load({"DATABASE_URL": "sqlite:///x.db", **environ}, folder, demo=True)
        self.health: dict[str, Any] = orjson.loads(orjson.dumps(HEALTH))
        made: tuple[Flask, SocketIO, Publisher] = create_app(
            self.settings,
            reader=world.reader,
            now_ms=lambda: world.now,
            health=lambda: self.health,
            save_thresholds=self._save if can_save else None,
        )
        self.app, self.socketio, self.publisher = made
        self.client = self.app.test_client()

    def _save(self, thresholds: Mapping[str, float]) -> None:
        self.world.store.put_state({THRESHOLDS_KEY: orjson.dumps(thresholds).decode()})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(
            path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    @contextmanager
    def serving(self) -> Iterator[Server]:
        """A real server on a free port of loopback; the publisher is the caller's to start."""
        server = Server(self.app, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()
            server.close()
            self.socketio.server.shutdown()
