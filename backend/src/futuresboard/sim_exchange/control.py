"""The control endpoints under /_sim: faults, counts, clock, reset."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
from aiohttp import web

from futuresboard.sim_exchange.faults import Rule
from futuresboard.sim_exchange.limits import Counts

if TYPE_CHECKING:
    from futuresboard.sim_exchange.server import SimServer

_RULE_FIELDS = ("exchange", "path", "symbol", "share", "until_ms", "options")


class Control:
    """Answers GET and POST under /_sim; errors are 400 with a sentence."""

    def __init__(self, server: SimServer) -> None:
        self._server = server

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Route one control request."""
        body = orjson.loads(await request.read() or b"{}") if request.method in ("POST", "DELETE") else {}
        try:
            answer = self._route(request.method, request.path, body)
        except (KeyError, ValueError, TypeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)
        return _json({"error": "not found"}, 404) if answer is None else _json(answer, 200)

    def _route(self, method: str, path: str, body: dict[str, object]) -> object:
        server = self._server
        match method, path:
            case "GET", "/" | "/_sim/stats":
                return {name: counts_of(counts) for name, counts in server.stats.items()}
            case "GET", "/_sim/faults":
                return [_rule_of(rule) for rule in server.faults.rules]
            case "POST", "/_sim/faults":
                return _rule_of(server.faults.add(self._rule(body)))
            case "DELETE", "/_sim/faults":
                ident = body.get("id")
                server.faults.clear(None if ident is None else int(str(ident)))
                return {"left": len(server.faults.rules)}
            case "POST", "/_sim/reset":
                server.reset()
                return {"ok": True}
            case "GET", "/_sim/clock":
                return self._times()
            case "POST", "/_sim/clock":
                return self._move(body)
        return None

    def _rule(self, body: dict[str, object]) -> Rule:
        unknown = set(body) - set(_RULE_FIELDS) - {"kind", "for_s"}
        if unknown:
            raise ValueError(
                f"unknown field {sorted(unknown)[0]!r}, allowed: kind, for_s, {', '.join(_RULE_FIELDS)}"
            )
        options = body.get("options", {})
        if not isinstance(options, dict):
            raise TypeError("options: an object is wanted")
        until = body.get("until_ms")
        if body.get("for_s") is not None:
            until = self._server.clock.now_ms() + int(float(str(body["for_s"])) * 1000)
        return Rule(
            kind=str(body["kind"]),
            exchange=str(body.get("exchange", "*")),
            path=str(body.get("path", "*")),
            symbol=str(body.get("symbol", "*")),
            share=float(str(body.get("share", 1.0))),
            until_ms=None if until is None else int(str(until)),
            options=options,
        )

    def _times(self) -> dict[str, object]:
        clock = self._server.clock
        names = ("", *self._server.venues)
        return {"scale": clock.scale, "now_ms": {name or "all": clock.now_ms(name) for name in names}}

    def _move(self, body: dict[str, object]) -> dict[str, object]:
        clock = self._server.clock
        if "skew_ms" in body:
            exchange = str(body["exchange"])
            if exchange not in self._server.venues:
                raise KeyError(exchange)
            clock.skew(exchange, int(str(body["skew_ms"])))
        if "advance_ms" in body:
            clock.advance(float(str(body["advance_ms"])))
        if "set_ms" in body:
            clock.set(int(str(body["set_ms"])))
        if "scale" in body:
            clock.rescale(float(str(body["scale"])))
        return self._times()


def counts_of(c: Counts) -> dict[str, object]:
    """One exchange's counts as JSON."""
    return {
        "requests": c.requests,
        "in_flight": c.in_flight,
        "peak_in_flight": c.peak_in_flight,
        "violations": c.violations,
        "total_violations": c.total_violations,
        "most_used": c.most_used,
        "statuses": {str(status): n for status, n in c.statuses.items()},
        "paths": c.paths,
        "faults": c.faults,
        "sockets": asdict(c.sockets),
    }


def _rule_of(rule: Rule) -> dict[str, object]:
    return {"id": rule.id, "kind": rule.kind, "hits": rule.hits} | {
        name: getattr(rule, name) for name in (*_RULE_FIELDS, "since_ms")
    }


def _json(body: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
