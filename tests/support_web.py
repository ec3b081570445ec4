"""The whole web side over a `World`, in process and as a real server on loopback; or over what a run left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask_socketio import SocketIO

from futuresboard.api.server import Server
from futuresboard.app import create_app
from futuresboard.config import THRESHOLDS_KEY, Settings, load
from futuresboard.db_read import Reader
from futuresboard.events import Publisher
from support_rows import Rules, World
from support_system import Asked

STALE_MS = 180_000
HEALTH: dict[str, Any] = {
    "status": "ok",
    "uptime_s": 12.5,
    "warm": 0.75,
    "last_cycle": {"id": 3, "started": 1, "duration_s": 0.4, "rows": 600, "errors": 0, "bar_close": False},
    "cycles": {"window": 9, "edges_s": [1.0], "counts": [2, 1], "p50_s": 0.5, "p99_s": 2.5},
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
            "gaps": {
                "missing": 1,
                "open": 3,
                "pairs": 2,
                "healing": False,
                "healed": 7,
                "given_up": 1,
                "looked_ts": 5,
            },
        }
    },
}


class Opened(Asked):
    """The API over a database that nobody writes any more."""

    def __init__(self, settings: Settings, now_ms: int) -> None:
        self._reader = Reader(settings.database_path, stale_after_ms=STALE_MS)
        made = create_app(settings, reader=self._reader, now_ms=lambda: now_ms, health=lambda: HEALTH)
        self._client = made[0].test_client()

    def text(self, path: str, **query: object) -> str | None:
        answer = self._client.get(path, query_string={k: v for k, v in query.items() if v is not None})
        return answer.get_data(as_text=True) if answer.status_code == 200 else None

    def close(self) -> None:
        """Let the database go."""
        self._reader.close()


class Web:
    """The app over a world, with a health document that tests may change."""

    def __init__(
        self,
        world: World,
        folder: Path,
        *,
        can_save: bool = True,
        send_test: Callable[[Sequence[str]], Sequence[Mapping[str, object]]] | None = None,
        **environ: str,
    ) -> None:
        self.world = world
        self.settings: Settings = load({"DATABASE_URL": "sqlite:///x.db", **environ}, folder, demo=True)
        self.health: dict[str, Any] = orjson.loads(orjson.dumps(HEALTH))
        made: tuple[Flask, SocketIO, Publisher] = create_app(
            self.settings,
            reader=world.reader,
            now_ms=lambda: world.now,
            health=lambda: self.health,
            save_thresholds=self._save if can_save else None,
            rules=Rules(world.store, lambda: world.now) if can_save else None,
            send_test=send_test,
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
