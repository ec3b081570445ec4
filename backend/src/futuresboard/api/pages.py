"""Answers kept as bytes: encoded, compressed and tagged once per data version, then only sent."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property

import orjson
from flask import Request, Response, request

_SMALLEST_GZIP = 500
_GZIP_LEVEL = 4
_MAX_BYTES = 64 * 1024 * 1024
JSON_TYPE = "application/json"


class Page:
    """One answer: its body, its other encoding and their tags, all made at most once."""

    def __init__(
        self,
        body: bytes,
        *,
        media_type: str = JSON_TYPE,
        content_range: str | None = None,
        gzip_level: int = _GZIP_LEVEL,
    ) -> None:
        self.body = body
        self._gzip_level = gzip_level
        self.media_type = media_type
        self.content_range = content_range

    @cached_property
    def gzipped(self) -> bytes | None:
        """The compressed body, None where that would gain nothing."""
        if len(self.body) < _SMALLEST_GZIP:
            return None
        # A fixed time in the header keeps equal bodies equal.
        packed = gzip.compress(self.body, self._gzip_level, mtime=0)
        return packed if len(packed) < len(self.body) else None

    @cached_property
    def tag(self) -> str:
        """The strong validator of the plain body, without quotes."""
        return hashlib.blake2b(self.body, digest_size=12).hexdigest()


def json_page(value: object, *, content_range: str | None = None) -> Page:
    """A page from a value; NaN and infinities leave as null."""
    return Page(orjson.dumps(value), content_range=content_range)


def answer(page: Page, cache_control: str = "no-cache") -> Response:
    """The response to the current request: the encoding it accepts, or 304 when it has this one."""
    packed = page.gzipped if accepts_gzip(request) else None
    tag = page.tag if packed is None else f"{page.tag}-gzip"
    response = Response(mimetype=page.media_type)
    response.headers["ETag"] = f'"{tag}"'
    response.headers["Cache-Control"] = cache_control
    response.vary.add("Accept-Encoding")
    if page.content_range is not None:
        response.headers["Content-Range"] = page.content_range
    # Weak comparison, as RFC 9110 has it for If-None-Match; `*` matches whatever there is.
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        return response
    if packed is not None:
        response.headers["Content-Encoding"] = "gzip"
    response.set_data(page.body if packed is None else packed)
    return response


def accepts_gzip(asked: Request) -> bool:
    """Whether the client takes gzip (`q=0` says no; no header says no)."""
    return "Accept-Encoding" in asked.headers and asked.accept_encodings.quality("gzip") > 0


class Pages:
    """The pages last built, by request; the oldest go when their bytes exceed a bound."""

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, tuple[Hashable, Page]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, version: Hashable, build: Callable[[], Page]) -> Page:
        """The page of a request at a data version, built when it is not there."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == version:
                self._kept.move_to_end(key)
                return kept[1]
        # Built outside the lock: two equal requests may build twice, no request waits for another's.
        page = build()
        with self._lock:
            self._keep(key, version, page)
        return page

    def _keep(self, key: Hashable, version: Hashable, page: Page) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= len(old[1].body)
        self._kept[key] = (version, page)
        self._bytes += len(page.body)
        while self._bytes > self._max_bytes:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._bytes -= len(dropped.body)
