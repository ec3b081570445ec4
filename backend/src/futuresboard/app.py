"""The one place that knows every part of the web side."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import orjson
from flask import Flask
from flask_socketio import SocketIO

from futuresboard import __version__
from futuresboard.api import ApiContext, auth, cors, create_blueprint, problems, static
from futuresboard.api.context import RuleKeeper
from futuresboard.api.server import Server, WithoutCompression
from futuresboard.config import EXCHANGE_IDS, Settings
from futuresboard.db_read import Reader
from futuresboard.events import Feed, Publisher

_MAX_BODY = 64 * 1024


class _Json:
    """What Socket.IO encodes with: NaN and infinities leave as null."""

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        return orjson.dumps(value).decode()

    @staticmethod
    def loads(text: str, **_: object) -> object:
        return orjson.loads(text)


def create_app(
    settings: Settings,
    *,
    reader: Reader,
    now_ms: Callable[[], int],
    health: Callable[[], Mapping[str, object]],
    save_thresholds: Callable[[Mapping[str, float]], None] | None = None,
    rules: RuleKeeper | None = None,
    send_test: Callable[[Sequence[str]], Sequence[Mapping[str, object]]] | None = None,
) -> tuple[Flask, SocketIO, Publisher]:
    """Everything a browser or a script talks to; nothing runs yet.

    now_ms: exchange time in ms UTC; health: the document of `/health`; save_thresholds, rules and
    send_test: see `ApiContext`.
    """
    context = ApiContext(settings, reader, now_ms, health, __version__, save_thresholds, rules, send_test)
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    problems.register(app)
    auth.register(app, context)
    static.register(app, settings)
    cors.register(app, settings)
    app.register_blueprint(create_blueprint(context))
    socketio = SocketIO(
        app,
        async_mode="threading",
        json=_Json,
        cors_allowed_origins=cors.socket_origins(settings),
        cors_credentials=False,
        manage_session=False,
        http_compression=False,
    )
    app.wsgi_app = WithoutCompression(app.wsgi_app)  # type: ignore[method-assign]
    return app, socketio, Publisher(socketio, _feed(context))


def _feed(context: ApiContext) -> Feed:
    return Feed(
        timeframes=context.settings.timeframes,
        exchanges=EXCHANGE_IDS,
        version=context.newest.version,
        newest=context.newest.fresh,
        rely=context.newest.rely,
        alerts_after=context.reader.alerts_after,
        now_ms=context.now_ms,
        health=context.health,
        admits=auth.socket_gate(context),
        problem=problems.of_error,
    )


def run(app: Flask, publisher: Publisher, settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Serve on `settings.host` and `settings.port` until interrupted.

    `ready` is called with the URL once the port is had, before anything is answered. Raises
    ConfigError when it cannot be had.
    """
    with closing(Server(app, settings.host, settings.port)) as server:
        ready(server.url)
        publisher.start()
        try:
            server.serve()
        finally:
            publisher.stop()


if __name__ == "__main__":
    # `python app.py` in this folder, as the blueprint types it: the command line, `serve` by default.
    sys.argv[1:] = sys.argv[1:] or ["serve"]
    runpy.run_module("futuresboard", run_name="__main__")
