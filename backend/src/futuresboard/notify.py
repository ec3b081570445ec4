"""Sending through Apprise: the one module that knows it. One message to one target, in a thread.

Apprise blocks, so each message has a daemon thread of its own and a time limit: a service that hangs
holds up neither the next target nor the end of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

from futuresboard.clock import SystemClock
from futuresboard.errors import ConfigError
from futuresboard.messages import Message
from futuresboard.routing import Route

if TYPE_CHECKING:
    from apprise import Apprise

LIMIT_S = 20.0
"""How long one message may take."""

_SEPARATORS = re.compile(r"[/:@?&=#,;+<>\s]+")
_HIDDEN = "***"
_SHORTEST_SECRET = 3
_MAX_REASON = 200
# They log addresses and tokens, at DEBUG whole ones; what is worth knowing comes back as the reason.
_TALKATIVE = ("apprise", "urllib3", "requests_oauthlib", "oauthlib")


def open_outlets(routes: Sequence[Route]) -> list[Outlet]:
    """A way to send for every route; raises ConfigError with a line for each that Apprise refuses."""
    if routes:
        _hush()
    problems: list[str] = []
    outlets: list[Outlet] = []
    for number, route in enumerate(routes, 1):
        service = _service(route.url)
        if service is None:
            problems.append(
                f"NOTIFY_URLS: target {number} ({route.name}): got an address that Apprise refuses, "
                "allowed: a service it knows with all its parts (see docs/notifications.md)"
            )
        else:
            outlets.append(Outlet(route, service))
    if problems:
        raise ConfigError(problems)
    return outlets


class Outlet:
    """Sends messages to one target, one at a time."""

    def __init__(self, route: Route, service: Apprise) -> None:
        self.name = route.name
        self._service = service
        self._secrets = _secrets(route.url)
        self._one_at_a_time = threading.Lock()

    async def send(self, message: Message, limit_s: float = LIMIT_S) -> str | None:
        """Send; None when the service took it, else why not, with nothing of the address in it.

        limit_s: real seconds, also where time is scaled: the service outside knows no others.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str | None] = loop.create_future()
        given_up = threading.Event()

        def tell(reason: str | None) -> None:
            if not answer.done():
                answer.set_result(reason)

        def work() -> None:
            with self._one_at_a_time:
                # Who waited behind a message that hung must not send when nobody waits any more.
                reason = "given up" if given_up.is_set() else self._deliver(message)
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(tell, reason)

        threading.Thread(target=work, name=f"notify {self.name}", daemon=True).start()
        try:
            async with SystemClock().timeout(limit_s):
                return await answer
        except TimeoutError:
            return f"no answer within {limit_s:g} s"
        finally:
            given_up.set()

    def _deliver(self, message: Message) -> str | None:
        try:
            with self._service.notify(title=message.title, body=message.body, body_format="text") as result:
                if result:
                    return None
                said = [entry.message for service in result for entry in service.logs()]
        except Exception as error:  # noqa: BLE001
            # The outermost edge of this thread. No traceback: it may hold the address.
            return type(error).__name__
        return self.masked(said[-1]) if said else "refused without a reason"

    def masked(self, text: str) -> str:
        """A text in one line, without any part of the address."""
        line = " ".join(text.split())
        for secret in self._secrets:
            line = re.sub(re.escape(secret), _HIDDEN, line, flags=re.IGNORECASE)
        return line[:_MAX_REASON]


def _secrets(url: str) -> list[str]:
    """Every part of an address behind its scheme, as written and as meant, longest first.

    Apprise's own `url(privacy=True)` shows first and last letters of tokens, and paths and headers of
    webhooks in full; so names are the user's own and no address is shown at all.
    """
    _, _, rest = url.partition("://")
    meant = {unquote(word) for word in (rest, *_SEPARATORS.split(rest))}
    words = {rest, *_SEPARATORS.split(rest), *meant}
    for word in meant:
        # Libraries write them in their own ways.
        words |= {quote(word, safe=""), quote_plus(word), *_SEPARATORS.split(word)}
    return sorted((word for word in words if len(word) >= _SHORTEST_SECRET), key=len, reverse=True)


def _service(url: str) -> Apprise | None:
    # Imported here, not above: it takes a third of a second and 25 MB, which only those who set
    # NOTIFY_URLS should pay.
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    asset = AppriseAsset(
        app_id="futuresboard",
        app_desc="futuresboard",
        app_url="",
        # No pictures from a third party's server.
        image_url_mask="",
        image_url_logo="",
    )
    # One service each: it is asked in the thread that sends, not in a pool that the process would have to
    # wait for at its end.
    service = Apprise(asset=asset)
    return service if service.add(url) else None


def _hush() -> None:
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
        # Not less, whatever LOG_LEVEL says: reasons are taken from its warnings.
        logger.setLevel(logging.WARNING)
