"""Which other origins may call the API and the socket: none, or those named in `CORS_ORIGINS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, Response, request

from futuresboard.config import Settings

_SHOWN = "Content-Range, ETag, Location, Retry-After"
_METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
_ASKED = "Authorization, Content-Type, If-None-Match"


def register(app: Flask, settings: Settings) -> None:
    """Answer the named origins' requests with the headers their browsers ask for."""
    allowed = {origin.rstrip("/") for origin in settings.cors_origins}
    if not allowed:
        return

    def permit(response: Response) -> Response:
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if origin in allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _SHOWN
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = _METHODS
                response.headers["Access-Control-Allow-Headers"] = _ASKED
                response.headers["Access-Control-Max-Age"] = "600"
        return response

    app.after_request(permit)


def socket_origins(settings: Settings) -> Callable[[str, Mapping[str, str]], bool] | None:
    """Who may open a socket: None is the library's same-origin rule, else that and the named origins."""
    allowed = {origin.rstrip("/") for origin in settings.cors_origins}
    if not allowed:
        return None

    def permits(origin: str, environ: Mapping[str, str]) -> bool:
        own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
        return origin in allowed or origin == own

    return permits
