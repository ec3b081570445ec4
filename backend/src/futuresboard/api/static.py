"""The built page: files from memory, compressed once, with the headers a browser should hold us to."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from futuresboard.api.pages import Page, Pages, answer
from futuresboard.api.problems import from_http
from futuresboard.config import Settings

_FOREVER = "public, max-age=31536000, immutable"
# A file is compressed once, when it is first asked for.
_GZIP_LEVEL = 9
_PACKAGED = Path(__file__).parent.parent / "static"
_NOT_PAGES = ("/api", "/health", "/metrics", "/socket.io")
# What this machine believes of endings (on Windows its registry) must not decide whether a script runs.
_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_UNBUILT = (
    "The page is not built: run `make install` (or `npm ci && npm run build` in frontend/). "
    "The API answers at /api/docs.\n"
)
_NOWHERE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>futuresboard: not found</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ background: #0b0f17; color: #d6deeb; font: 16px system-ui, sans-serif; display: grid;
  place-items: center; min-height: 100vh; margin: 0; overflow-wrap: anywhere }}
main {{ max-width: 30rem; padding: 24px }} h1 {{ font-size: 18px }} a {{ color: #60a5fa }}
</style></head><body><main><h1>There is nothing here</h1>
<p>No page has the address {path}.</p><p><a href="/">To the dashboard</a></p></main></body></html>
"""
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        # Toasts and charts write styles of their own.
        "style-src 'self' 'unsafe-inline'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "worker-src 'self'",
        "manifest-src 'self'",
        "frame-src 'none'",
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
    media_type = _TYPES.get(path.suffix.lower(), "application/octet-stream")
    return Page(path.read_bytes(), media_type=media_type, gzip_level=_GZIP_LEVEL)


def folder(settings: Settings) -> Path:
    """Where the built page lies: the source tree's, else what the package brought along."""
    built = settings.root / "frontend" / "dist"
    return built if built.is_dir() else _PACKAGED


def register(app: Flask, settings: Settings) -> None:
    """Serve the page at `/`, its files, a page for what is not there, and set the security headers.

    What has its content's hash in its name (`/assets/`) is kept for ever; all else is asked about anew
    each time, the service worker and the manifest too.
    """
    files = Files(folder(settings))

    def index() -> Response:
        page = files.get("index.html")
        return Response(_UNBUILT, mimetype="text/plain") if page is None else answer(page)

    def asset(name: str) -> Response:
        return _file(files, f"assets/{name}", _FOREVER)

    def file(name: str) -> Response:
        return _file(files, name, "no-cache")

    def icon(name: str) -> Response:
        return _file(files, f"icons/{name}", "no-cache")

    app.add_url_rule("/", view_func=index, methods=["GET"])
    app.add_url_rule("/assets/<path:name>", view_func=asset, methods=["GET"])
    app.add_url_rule("/<name>", view_func=file, methods=["GET"])
    app.add_url_rule("/icons/<name>", view_func=icon, methods=["GET"])
    app.register_error_handler(NotFound, _missing)
    app.after_request(_protect)


def _file(files: Files, name: str, cache_control: str) -> Response:
    page = files.get(name)
    if page is None:
        raise NotFound
    return answer(page, cache_control)


def _missing(error: NotFound) -> Response:
    """A page for who follows a wrong address in a browser, a problem for everybody else."""
    path = request.path
    ours = any(path == taken or path.startswith(f"{taken}/") for taken in _NOT_PAGES)
    if ours or request.method != "GET" or "text/html" not in request.headers.get("Accept", ""):
        return from_http(error)
    response = Response(_NOWHERE.format(path=escape(path[:200])), status=404, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Frame-Options"] = "DENY"
    return response
