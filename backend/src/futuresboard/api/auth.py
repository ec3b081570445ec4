"""Who may read: a bearer token, or the cookie that the login form gives for it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from futuresboard.api.context import ApiContext
from futuresboard.api.problems import problem
from futuresboard.config import Settings

COOKIE = "futuresboard_login"
_LOGIN_MS = 30 * 86_400_000
_OPEN_PATHS = ("/health", "/health/live", "/health/ready", "/metrics", "/login")

_FORM = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>futuresboard: log in</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ background: #0b0f17; color: #d6deeb; font: 16px system-ui, sans-serif; display: grid;
  place-items: center; min-height: 100vh; margin: 0 }}
form {{ background: #0f1521; border: 1px solid #1c2535; border-radius: 8px; padding: 24px; width: 300px }}
h1 {{ font-size: 18px; margin: 0 0 16px }} label {{ display: block; margin-bottom: 8px }}
input {{ width: 100%; box-sizing: border-box; padding: 8px; background: #0b0f17; color: inherit;
  border: 1px solid #33415a; border-radius: 4px }}
button {{ margin-top: 16px; padding: 8px 16px; background: #2563eb; color: #fff; border: 0;
  border-radius: 4px; font: inherit }}
p {{ color: #fbbf24; margin: 12px 0 0 }}
</style></head><body><form method="post" action="/login"><h1>futuresboard</h1>
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Log in</button>{note}</form></body></html>
"""


def same(given: str, token: str) -> bool:
    """Whether a text is the token, in a time that tells nothing about it; an empty token is nobody's."""
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def cookie_value(token: str, expires_ms: int) -> str:
    """A login that ends at a time: the time and its signature by the token."""
    signature = hmac.new(token.encode(), f"login {expires_ms}".encode(), hashlib.sha256).hexdigest()
    return f"{expires_ms}.{signature}"


def cookie_holds(value: str, token: str, now_ms: int) -> bool:
    """Whether a login cookie was given for this token and has not ended."""
    expires, _, _ = value.partition(".")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 16):
        return False
    return same(value, cookie_value(token, int(expires))) and now_ms < int(expires)


def is_admitted(settings: Settings, now_ms: int) -> bool:
    """Whether the current request carries the token (or there is none to carry)."""
    if not settings.auth_token:
        return True
    return has_bearer((settings.auth_token,)) or cookie_holds(
        request.cookies.get(COOKIE, ""), settings.auth_token, now_ms
    )


def has_bearer(tokens: Sequence[str]) -> bool:
    """Whether the current request's Authorization header is one of some tokens."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and any(same(given.strip(), token) for token in tokens)


def socket_gate(context: ApiContext) -> Callable[[object], bool]:
    """What a socket's connect asks: header, cookie, or `{"token": …}` as the client's auth payload."""
    token = context.settings.auth_token

    def admits(payload: object) -> bool:
        given = payload.get("token") if isinstance(payload, dict) else None
        return is_admitted(context.settings, context.now_ms()) or same(str(given or ""), token)

    return admits


def register(app: Flask, context: ApiContext) -> None:
    """Ask every request for the token when one is set, and serve the login form."""
    settings = context.settings
    if not settings.auth_token:
        return

    def gate() -> Response | None:
        if request.path in _OPEN_PATHS or request.method == "OPTIONS":
            return None
        if is_admitted(settings, context.now_ms()):
            return None
        if request.path == "/" and request.method == "GET":
            return _form("")
        return problem(401, headers={"WWW-Authenticate": 'Bearer realm="futuresboard"'})

    def login() -> AnyResponse:
        if not same(request.form.get("token", ""), settings.auth_token):
            return _form("<p role=alert>That is not the token.</p>")
        response = redirect("/", 303)
        response.set_cookie(
            COOKIE,
            cookie_value(settings.auth_token, context.now_ms() + _LOGIN_MS),
            max_age=_LOGIN_MS // 1000,
            httponly=True,
            secure=request.is_secure,
            samesite="Strict",
        )
        return response

    app.before_request(gate)
    app.add_url_rule("/login", view_func=login, methods=["POST"])


def _form(note: str) -> Response:
    response = Response(_FORM.format(note=note), status=401, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
