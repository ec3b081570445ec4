"""The built page: files from memory, compressed once, with the headers a browser should hold us to."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from futuresboard.api.pages import Page, Pages, answer
from futuresboard.api.problems import from_http
from futuresboard.config import Settings

_FOREVER = "public, max-age=31536000, immutable"
_GZIP_LEVEL = 9
_PACKAGED = Path(__file__).parent.parent / "static"
_NOT_PAGES = ("/api", "/assets", "/health", "/metrics", "/socket.io")
_UNBUILT = (
    "The page is not built: run `make install` (or `npm ci && npm run build` in frontend/). "
    "The API answers at /api/docs.\n"
)
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self' ws: wss:",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class Files:
    """Files of a folder as pages, read again when they change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages = Pages()

    def get(self, name: str) -> Page | None:
        """The page of a file, None where there is none (or it lies outside)."""
        joined = safe_join(str(self._folder), name)
        if joined is None or not Path(joined).is_file():
            return None
        path = Path(joined)
        return self._pages.get(name, path.stat().st_mtime_ns, lambda: _page(path))


def _page(path: Path) -> Page:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Page(path.read_bytes(), media_type=media_type, level=_GZIP_LEVEL)


def folder(settings: Settings) -> Path:
    """Where the built page lies: the source tree's, else what the package brought along."""
    built = settings.root / "frontend" / "dist"
    return built if built.is_dir() else _PACKAGED


def register(app: Flask, settings: Settings) -> None:
    """Serve the page at `/` and at paths that are its own, and set the security headers."""
    files = Files(folder(settings))

    def index() -> Response:
        page = files.get("index.html")
        return Response(_UNBUILT, mimetype="text/plain") if page is None else answer(page)

    def asset(name: str) -> Response:
        return _file(files, f"assets/{name}", _FOREVER)

    def file(name: str) -> Response:
        return _file(files, name, "no-cache")

    app.add_url_rule("/", view_func=index, methods=["GET"])
    app.add_url_rule("/assets/<path:name>", view_func=asset, methods=["GET"])
    app.add_url_rule("/<name>", view_func=file, methods=["GET"])
    app.register_error_handler(NotFound, _own_paths(index))
    app.after_request(_protect)


def _file(files: Files, name: str, cache_control: str) -> Response:
    page = files.get(name)
    if page is None:
        raise NotFound
    return answer(page, cache_control)


def _own_paths(index: Callable[[], Response]) -> Callable[[NotFound], Response]:
    """A browser that reloads one of the page's own routes gets the page; all else a problem."""

    def missing(error: NotFound) -> Response:
        path = request.path
        ours = any(path == taken or path.startswith(f"{taken}/") for taken in _NOT_PAGES)
        wants_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if ours or not wants_page or "." in path.rsplit("/", 1)[-1]:
            return from_http(error)
        return index()

    return missing


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    return response
