"""One switch for all URLs of an exchange: scheme and host replaced, its own paths kept."""

from __future__ import annotations

from urllib.parse import urlsplit


def redirect(urls: object, override: str) -> object:
    """Every URL string in ccxt's `urls['api']` (nested) with scheme and host replaced.

    The exchange's own path follows the override's; websocket URLs keep a websocket scheme, with
    TLS where the override has it.
    """
    if isinstance(urls, dict):
        return {name: redirect(value, override) for name, value in urls.items()}
    if isinstance(urls, list):
        return [redirect(value, override) for value in urls]
    if not isinstance(urls, str) or "://" not in urls:
        return urls
    old, new = urlsplit(urls), urlsplit(override)
    scheme = new.scheme
    if old.scheme in ("ws", "wss"):
        scheme = "wss" if new.scheme in ("https", "wss") else "ws"
    query = f"?{old.query}" if old.query else ""
    return f"{scheme}://{new.netloc}{new.path.rstrip('/')}{old.path}{query}"
