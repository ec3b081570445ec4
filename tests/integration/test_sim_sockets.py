"""Real sockets to the simulated exchanges: conversation, limits, heartbeats, faults, a clean end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import orjson
import pytest
from support_sim import EPOCH, M5, NOW_BAR, QUICK, with_server

from futuresboard.sim_exchange import SimServer, SimThread
from futuresboard.sim_exchange.faults import Rule
from futuresboard.sim_exchange.socket_line import Delayed

MARKET, PUBLIC = "/binance/market/ws/0", "/binance/public/ws/0"
LINEAR = "/bybit/v5/public/linear"
OKX, BUSINESS = "/okx/ws/v5/public", "/okx/ws/v5/business"
SWAP = "BTC-USDT-SWAP"
GONE = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
type Ws = aiohttp.ClientWebSocketResponse


async def said(ws: Ws, request: object) -> Any:
    """The next message after a request."""
    await ws.send_str(request if isinstance(request, str) else orjson.dumps(request).decode())
    return await heard(ws)


async def heard(ws: Ws) -> Any:
    message = await ws.receive()
    assert message.type is aiohttp.WSMsgType.TEXT, message
    return orjson.loads(message.data) if message.data[:1] in ("{", "[") else message.data


async def closed(ws: Ws) -> int | None:
    """The close code, None when the connection just ended; messages before it are passed over."""
    while True:
        message = await ws.receive()
        if message.type in GONE:
            return ws.close_code if message.type is not aiohttp.WSMsgType.ERROR else None


def binance(*names: str, ident: object = 1) -> dict[str, object]:
    return {"method": "SUBSCRIBE", "params": list(names), "id": ident}


def bybit(*topics: str) -> dict[str, object]:
    return {"op": "subscribe", "args": list(topics), "req_id": "7"}


def okx(*channels: str) -> dict[str, object]:
    return {"op": "subscribe", "args": [{"channel": name, "instId": SWAP} for name in channels]}


# --- conversation --------------------------------------------------------------------------------
def test_binance_requests() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(MARKET) as ws:
            names = ["btcusdt@kline_5m", "ethusdt@ticker", "btcusdt@bookTicker"]
            assert await said(ws, binance(*names)) == {"result": None, "id": 1}
            listed = {"method": "LIST_SUBSCRIPTIONS", "id": "two"}
            assert await said(ws, listed) == {"result": names, "id": "two"}
            gone = {"method": "UNSUBSCRIBE", "params": names[1:], "id": 3}
            assert await said(ws, gone) == {"result": None, "id": 3}
            assert await said(ws, listed) == {"result": names[:1], "id": "two"}
            assert (await said(ws, binance("btcusdt@nope", ident=4))) == {
                "error": {"code": 2, "msg": "Invalid request: invalid stream"},
                "id": 4,
            }
            assert (await said(ws, {"method": "SUBSCRIBE", "params": "x", "id": 5}))["error"]["code"] == 2
            assert (await said(ws, {"method": "NOPE", "id": 6}))["error"]["code"] == 2
            assert (await said(ws, "{nonsense"))["error"]["code"] == 3
            sim.clock.advance(2_000)
            event = await heard(ws)
            assert (event["e"], event["E"]) == ("kline", EPOCH + 2_000)
        assert sim.stats["binanceusdm"].sockets.received == 8
        assert sim.stats["binanceusdm"].sockets.messages == 1

    with_server(use)


def test_binance_streams_in_the_address() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        single = http.ws_connect("/binance/market/ws/btcusdt@kline_5m")
        several = http.ws_connect("/binance/market/stream?streams=btcusdt@kline_5m/btcusdt@miniTicker")
        legacy = http.ws_connect("/binance/ws/btcusdt@bookTicker")
        async with single as one, several as many, legacy as old:
            while sim.stats["binanceusdm"].sockets.subscriptions < 4:
                await asyncio.sleep(0)
            sim.clock.advance(2_000)
            kline = await heard(one)
            assert kline["e"] == "kline"
            wrapped = [await heard(many) for _ in range(2)]
            assert wrapped[0] == {"stream": "btcusdt@kline_5m", "data": kline}
            assert wrapped[1]["stream"] == "btcusdt@miniTicker"
            assert (await heard(old))["e"] == "bookTicker"

    with_server(use)


def test_a_market_stream_on_the_wrong_route_stays_silent() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        for path in (PUBLIC, "/binance/ws"):
            async with http.ws_connect(path) as ws:
                answer = await said(ws, binance("btcusdt@kline_5m", "!ticker@arr", "btcusdt@bookTicker"))
                assert answer == {"result": None, "id": 1}, "it is acknowledged"
                for _ in range(3):
                    sim.clock.advance(M5)
                    assert (await heard(ws))["e"] == "bookTicker"

    with_server(use)


def test_bybit_requests() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(LINEAR) as ws:
            pong = await said(ws, {"op": "ping", "req_id": "1"})
            assert {k: pong[k] for k in ("success", "ret_msg", "op", "req_id")} == {
                "success": True,
                "ret_msg": "pong",
                "op": "ping",
                "req_id": "1",
            }
            answer = await said(ws, bybit("tickers.BTCUSDT", "kline.5.BTCUSDT"))
            assert (answer["success"], answer["op"], answer["req_id"]) == (True, "subscribe", "7")
            assert (await heard(ws))["type"] == "snapshot"
            wrong = await said(ws, bybit("kline.5.NOPE"))
            assert (wrong["success"], wrong["ret_msg"]) == (
                False,
                "error:handler not found,topic:kline.5.NOPE",
            )
            assert not (await said(ws, {"op": "nope"}))["success"]
            assert not (await said(ws, "nonsense"))["success"]
            assert not (await said(ws, "[1]"))["success"]
            gone = {"op": "unsubscribe", "args": ["tickers.BTCUSDT"], "req_id": "9"}
            assert (await said(ws, gone))["success"]
            sim.clock.advance(2_000)
            assert (await heard(ws))["topic"] == "kline.5.BTCUSDT"

    with_server(use)


def test_okx_requests() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(BUSINESS) as ws:
            assert await said(ws, "ping") == "pong"
            answer = await said(ws, okx("candle5m"))
            assert (answer["event"], answer["arg"]) == (
                "subscribe",
                {"channel": "candle5m", "instId": SWAP},
            )
            assert (await heard(ws))["data"][0][8] == "0"
            error = await said(ws, okx("tickers"))
            assert (error["event"], error["code"]) == ("error", "60018")
            assert (await said(ws, {"op": "subscribe", "args": "x"}))["code"] == "60012"
            assert (await said(ws, {"op": "login", "args": []}))["code"] == "60012"
            assert (await said(ws, "nonsense"))["code"] == "60012"
            gone = okx("candle5m") | {"op": "unsubscribe"}
            assert (await said(ws, gone))["event"] == "unsubscribe"
            sim.clock.advance(2_000)
            assert await said(ws, "ping") == "pong", "nothing was pushed before it"
        async with http.ws_connect(OKX) as ws:
            assert (await said(ws, okx("candle5m")))["code"] == "60018"

    with_server(use)


def test_unknown_paths_are_refused() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        for path in ("/binance/nope", "/bybit/v5/public/spot", "/okx/ws/v5/private", "/coingecko/ws"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(path)
            assert refused.value.status == 404

    with_server(use)


def test_pushes_follow_a_running_clock() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(BUSINESS) as ws:
            await said(ws, okx("candle5m"))
            rows = []
            while len([row for row in rows if row[8] == "1"]) < 2:
                rows += (await heard(ws))["data"]
        stamps = [int(row[0]) for row in rows]
        assert stamps == sorted(stamps)
        for row in rows:
            if row[8] == "1":
                bar = sim.truth.bar("okx", SWAP, int(row[0]))
                assert [float(row[i]) for i in (1, 2, 3, 4, 6)] == [
                    bar.open,
                    bar.high,
                    bar.low,
                    bar.close,
                    bar.volume,
                ]

    with_server(use, time_scale=1_000)


@pytest.mark.parametrize("exchange", ["binanceusdm", "bybit", "okx"])
def test_every_message_is_of_the_time_it_names(exchange: str) -> None:
    path = {"binanceusdm": MARKET, "bybit": LINEAR, "okx": OKX}[exchange]
    asked = {
        "binanceusdm": binance(*(f"{name}usdt@miniTicker" for name in ("btc", "eth", "sol"))),
        "bybit": bybit("tickers.BTCUSDT", "tickers.ETHUSDT"),
        "okx": okx("tickers"),
    }

    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(path) as ws:
            await said(ws, asked[exchange])
            for _ in range(300):
                message = await heard(ws)
                row = message if "c" in message else message["data"]
                row = row[0] if isinstance(row, list) else row
                stamp = int(message.get("E") or message.get("ts") or row["ts"])
                last = row.get("c") or row.get("lastPrice") or row.get("last")
                ident = row.get("s") or row.get("symbol") or row.get("instId")
                if last is not None:
                    assert float(last) == sim.truth.last(exchange, ident, stamp)

    with_server(use, time_scale=500)


def test_latency_lies_before_and_after_an_answer() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await http.ws_connect(LINEAR)
        sim.config = replace(sim.config, latency_ms=1e7)
        counts = sim.stats["bybit"].sockets
        await ws.send_json({"op": "ping"})
        while not counts.received:
            await asyncio.sleep(0)
        assert counts.answers == 0, "it is on its way"
        sim.config = replace(sim.config, latency_ms=0)
        await ws.close()

        async with http.ws_connect(LINEAR) as again:
            for ident in range(8):
                await again.send_json({"op": "ping", "req_id": ident})
            assert [(await heard(again))["req_id"] for _ in range(8)] == list(range(8))

    with_server(use)


def test_delayed_calls_keep_their_order_whatever_their_delay() -> None:
    async def go() -> None:
        delays, done, end = iter((0.02, 0.0, 0.01, 0.0)), [], asyncio.Event()
        line = Delayed(lambda: next(delays))
        for i in range(3):
            line.put(partial(done.append, i))
        line.put(end.set)
        await end.wait()
        assert done == [0, 1, 2]

    asyncio.run(go())


# --- limits --------------------------------------------------------------------------------------
def test_binance_takes_200_streams_a_connection() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(MARKET) as ws:
            names = [f"coin{i}usdt@kline_5m" for i in range(201)]
            assert "result" in await said(ws, binance(*names[:200]))
            assert "error" in await said(ws, binance(names[200]))
            assert "result" in await said(ws, binance(*names[:200])), "the same again are no more"
        assert sim.stats["binanceusdm"].violations == {"ws:streams": 1}
        assert sim.stats["binanceusdm"].most_used["ws:streams"] == 201

    with_server(use)


def test_binance_closes_after_ten_messages_a_second() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(MARKET) as ws:
            for i in range(11):
                await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": i})
            assert await closed(ws) == 1008
        assert sim.stats["binanceusdm"].violations == {"ws:messages": 1}
        async with http.ws_connect(MARKET) as ws:
            for i in range(10):
                assert (await said(ws, {"method": "LIST_SUBSCRIPTIONS", "id": i}))["id"] == i
            sim.clock.advance(1_000)
            assert (await said(ws, {"method": "LIST_SUBSCRIPTIONS", "id": 11}))["id"] == 11

    with_server(use, in_exchange_time=True)


def test_bybit_takes_21_000_characters_a_connection() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        rows = [row.id for row in sim.world.market.rows["bybit"] if row.id.endswith("USDT")]
        topics = [
            f"{kind}.{ident}"
            for ident in rows
            for kind in ("tickers", "publicTrade", *(f"kline.{i}" for i in ("1", "3", "5", "15", "30", "60")))
        ]
        assert sum(map(len, topics)) > 21_000
        async with http.ws_connect(LINEAR) as ws:
            answers, used = [], 0
            for topic in topics:
                if not topic.startswith("tickers"):
                    answers.append((await said(ws, bybit(topic)))["success"])
                    used += len(topic) if answers[-1] else 0
                    if not answers[-1]:
                        break
            assert answers[-1] is False
            assert used <= 21_000
            assert sim.stats["bybit"].violations == {"ws:characters": 1}

    with_server(use, pairs=170)


def test_okx_takes_480_requests_an_hour_and_64_kb_each() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(OKX) as ws:
            for _ in range(480):
                await ws.send_json({"op": "subscribe", "args": []})
            assert (await said(ws, okx("trades")))["code"] == "60014"
            assert await said(ws, "ping") == "pong", "pings are free"
            assert sim.stats["okx"].violations == {"ws:requests": 1}
            assert (await said(ws, okx("trades") | {"pad": "x" * 65_536}))["code"] == "60012"
            assert sim.stats["okx"].violations == {"ws:requests": 1, "ws:bytes": 1}

    with_server(use)


def test_okx_accepts_three_connections_a_second() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        for _ in range(3):
            await (await http.ws_connect(OKX)).close()
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(OKX)
        assert refused.value.status == 429
        assert sim.stats["okx"].violations == {"ws:connections": 1}
        sim.clock.advance(1_000)
        await (await http.ws_connect(OKX)).close()

    with_server(use, in_exchange_time=True)


def test_a_banned_client_gets_no_socket() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.limits.ban("binanceusdm", "127.0.0.1", 60)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(MARKET)
        assert refused.value.status == 418
        sim.clock.advance(60_000)
        await (await http.ws_connect(MARKET)).close()

    with_server(use, in_exchange_time=True)


# --- heartbeats ----------------------------------------------------------------------------------
def test_binance_pings_every_three_minutes_and_wants_pongs() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(MARKET, autoping=False) as ws:
            sim.clock.advance(180_000)
            assert (await ws.receive()).type is aiohttp.WSMsgType.PING
            await ws.pong()
            await said(ws, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
            sim.clock.advance(180_000)
            assert (await ws.receive()).type is aiohttp.WSMsgType.PING
            sim.clock.advance(600_000)
            assert await closed(ws) == 1008
        assert sim.stats["binanceusdm"].violations == {"ws:pong": 1}

    with_server(use, in_exchange_time=True)


@pytest.mark.parametrize("path", [MARKET, LINEAR, OKX])
def test_sockets_live_for_a_day_at_most(path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(path) as ws:
            sim.clock.advance(86_400_000)
            assert await closed(ws) == 1001

    with_server(use, in_exchange_time=True)


def test_okx_closes_after_30_s_of_nothing() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(OKX) as quiet:
            sim.clock.advance(30_000)
            assert await closed(quiet) == 4004
        async with http.ws_connect(OKX) as busy:
            await said(busy, okx("tickers"))
            await heard(busy)
            for _ in range(3):
                sim.clock.advance(29_000)
                await heard(busy)
                sim.sockets.watch()
            assert await said(busy, "ping") == "pong"
            assert sim.stats["okx"].violations == {"ws:idle": 1}

    with_server(use, in_exchange_time=True)


def test_bybit_closes_without_pings_or_data() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(LINEAR) as ws:
            sim.clock.advance(600_000)
            assert await closed(ws) == 1000
        assert sim.stats["bybit"].violations == {"ws:ping": 1}

    with_server(use, in_exchange_time=True)


@pytest.mark.parametrize("path", [MARKET, LINEAR, OKX])
def test_ping_frames_are_answered(path: str) -> None:
    async def use(_sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(path, autoping=False) as ws:
            await ws.ping(b"abc")
            message = await ws.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"abc")

    with_server(use)


# --- faults that concern the connection ------------------------------------------------------------
PLACES = [("binanceusdm", MARKET), ("bybit", LINEAR), ("okx", BUSINESS)]
ASK: dict[str, dict[str, object]] = {
    "binanceusdm": binance("btcusdt@kline_5m"),
    "bybit": bybit("kline.5.BTCUSDT"),
    "okx": okx("candle5m"),
}


async def watching(http: aiohttp.ClientSession, exchange: str, path: str) -> Ws:
    """A socket that has subscribed to a candle; the greeting is read."""
    ws = await http.ws_connect(path)
    await said(ws, ASK[exchange])
    if exchange == "okx":
        await heard(ws)
    return ws


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_drop(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        others = [await watching(http, *place) for place in PLACES if place[0] != exchange]
        ws = await watching(http, exchange, path)
        rule = sim.faults.add(Rule("drop", exchange=exchange))
        assert await closed(ws) in (None, 1006)
        again = await watching(http, exchange, path)
        sim.clock.advance(2_000)
        for left in (again, *others):
            await heard(left)
        sim.faults.add(Rule("drop", exchange=exchange, options={"code": 1012, "reason": "restart"}))
        assert await closed(again) == 1012
        assert rule.hits == 1
        counts = sim.stats[exchange].sockets
        assert (counts.drops, counts.opened, counts.subscriptions) == (2, 2, 0)
        assert sim.stats[exchange].faults == {"drop": 2}
        for left in others:
            await left.close()

    with_server(use)


def test_repeated_drops_and_those_of_one_symbol() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.faults.add(Rule("drop", exchange="bybit", symbol="BTCUSDT", options={"every_s": 60}))
        bitcoin = await watching(http, "bybit", LINEAR)
        ether = await http.ws_connect(LINEAR)
        await said(ether, bybit("kline.5.ETHUSDT"))
        sim.clock.advance(60_000)
        assert await closed(bitcoin) in (None, 1006)
        await heard(ether)
        assert not ether.closed
        await ether.close()

    with_server(use)


def test_okx_announces_a_planned_close() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(OKX) as ws:
            await said(ws, okx("tickers"))
            await heard(ws)
            sim.faults.add(Rule("drop", exchange="okx", options={"notice_s": 60}))
            notice = await heard(ws)
            assert (notice["event"], notice["code"]) == ("notice", "64008")
            sim.clock.advance(30_000)
            await heard(ws)
            sim.clock.advance(30_000)
            assert await closed(ws) == 1001

    with_server(use, in_exchange_time=True)


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_silence(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await watching(http, exchange, path)
        async with http.post("/_sim/faults", json={"kind": "silence", "exchange": exchange}) as answer:
            rule = await answer.json()
        for _ in range(3):
            sim.clock.advance(M5)
            await asyncio.sleep(0)
        while sim.faults.rules[0].hits < 4:
            await asyncio.sleep(0)
        if exchange == "okx":
            assert await said(ws, "ping") == "pong", "pings are answered, nothing came before"
        elif exchange == "bybit":
            assert (await said(ws, {"op": "ping"}))["ret_msg"] == "pong"
        else:
            assert "result" in await said(ws, {"method": "LIST_SUBSCRIPTIONS", "id": 1})
        late = await watching(http, exchange, path) if exchange != "okx" else None
        async with http.delete("/_sim/faults", json={"id": rule["id"]}):
            pass
        sim.clock.advance(2_000)
        await heard(ws)
        await ws.close()
        if late is not None:
            await heard(late)
            await late.close()

    with_server(use)


def test_a_silent_okx_socket_stays_open() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(OKX) as ws:
            await said(ws, okx("tickers"))
            await heard(ws)
            rule = sim.faults.add(Rule("silence", exchange="okx"))
            await asyncio.sleep(0)
            for _ in range(3):
                sim.clock.advance(29_000)
                hits = rule.hits
                while rule.hits == hits:
                    await asyncio.sleep(0)
                sim.sockets.watch()
            assert await said(ws, "ping") == "pong"

    with_server(use, in_exchange_time=True)


def test_silence_of_one_stream_and_of_a_share_of_sockets() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.faults.add(Rule("silence", exchange="binanceusdm", path="*@kline_5m", symbol="BTCUSDT"))
        async with http.ws_connect(MARKET) as ws:
            await said(ws, binance("btcusdt@kline_5m", "ethusdt@kline_5m", "btcusdt@miniTicker"))
            sim.clock.advance(2_000)
            assert [(await heard(ws))["s"] for _ in range(2)] == ["ETHUSDT", "BTCUSDT"]
        sim.faults.clear()
        sim.faults.add(Rule("silence", exchange="bybit", share=0.5))
        sockets = [await watching(http, "bybit", LINEAR) for _ in range(12)]
        sim.clock.advance(2_000)
        pongs = 0
        for ws in sockets:
            first = await said(ws, {"op": "ping"})
            pongs += first.get("ret_msg") == "pong"
            await ws.close()
        assert 0 < pongs < 12

    with_server(use)


@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_refused_handshakes(exchange: str, path: str, status: int) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        options = {"status": status, "headers": {"Retry-After": 7}}
        sim.faults.add(Rule("refuse", exchange=exchange, options=options))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(path)
        assert refused.value.status == status
        assert refused.value.headers is not None
        assert refused.value.headers["Retry-After"] == "7"
        assert sim.stats[exchange].sockets.refused == 1
        rest = {"binanceusdm": "/binance/fapi/v1/ping", "bybit": "/bybit/v5/market/time"}
        async with http.get(rest.get(exchange, "/okx/api/v5/public/time")) as answer:
            assert answer.status == 200, "only sockets are refused"
        sim.faults.clear()
        await (await http.ws_connect(path)).close()

    with_server(use)


def test_rest_faults_that_answer_instead_meet_handshakes_too() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.faults.add(Rule("geo_block", exchange="binanceusdm"))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(MARKET)
        assert refused.value.status == 451
        sim.faults.clear()
        sim.faults.add(Rule("reset", exchange="okx"))
        with pytest.raises(aiohttp.ClientError):
            await http.ws_connect(OKX)

    with_server(use)


# --- faults of messages ----------------------------------------------------------------------------
async def raw(ws: Ws) -> str:
    message = await ws.receive()
    assert message.type is aiohttp.WSMsgType.TEXT
    return str(message.data)


def candle_of(message: Any) -> tuple[int, float, bool]:
    """(open time, close, closed) of a candle message."""
    if "k" in message:
        k = message["k"]
        return k["t"], float(k["c"]), k["x"]
    row = message["data"][0]
    if isinstance(row, list):
        return int(row[0]), float(row[4]), row[8] == "1"
    return row["start"], float(row["close"]), row["confirm"]


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_messages_that_are_none(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await watching(http, exchange, path)
        for kind in ("empty", "html", "truncated", "wrong_shape"):
            sim.faults.clear()
            sim.faults.add(Rule(kind, exchange=exchange))
            await asyncio.sleep(0)
            sim.clock.advance(2_000)
            text = await raw(ws)
            if kind == "empty":
                assert text == ""
            elif kind == "html":
                assert text.startswith("<!DOCTYPE html>")
            elif kind == "truncated":
                with pytest.raises(orjson.JSONDecodeError):
                    orjson.loads(text)
            else:
                assert orjson.loads(text) == {"data": {"unexpected": True}, "result": "ok"}
        await ws.close()

    with_server(use)


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_order_and_repetition(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await watching(http, exchange, path)
        sim.faults.add(Rule("duplicate", exchange=exchange))
        await asyncio.sleep(0)
        sim.clock.advance(M5)
        seen = [candle_of(await heard(ws)) for _ in range(4)]
        assert seen[::2] == seen[1::2]
        assert [done for *_, done in seen] == [True, True, False, False]

        sim.faults.clear()
        sim.faults.add(Rule("shuffled", exchange=exchange))
        await asyncio.sleep(0)
        sim.clock.advance(M5)
        mixed = [candle_of(await heard(ws)) for _ in range(2)]
        assert [ts for ts, *_ in mixed] == [NOW_BAR + 2 * M5, NOW_BAR + M5], "the closed bar comes after"
        assert [done for *_, done in mixed] == [False, True]

        sim.faults.clear()
        sim.faults.add(Rule("unclosed", exchange=exchange))
        await asyncio.sleep(0)
        sim.clock.advance(2_000)
        ts, _, done = candle_of(await heard(ws))
        assert (ts, done) == (NOW_BAR + 2 * M5, True), "the open bar, said to be closed"

        sim.faults.clear()
        sim.faults.add(Rule("frozen", exchange=exchange))
        await asyncio.sleep(0)
        frozen = []
        for _ in range(3):
            sim.clock.advance(2_000)
            frozen.append(candle_of(await heard(ws)))
        assert len(set(frozen)) == 1

        sim.faults.clear()
        sim.faults.add(Rule("gap", exchange=exchange))
        await asyncio.sleep(0)
        steps = sim.clock.now_ms(exchange)
        for _ in range(6):
            sim.clock.advance(2_000)
            while sim.sockets.feeds[exchange].next_due() <= sim.clock.now_ms(exchange):  # type: ignore[operator]
                await asyncio.sleep(0)
        ident = SWAP if exchange == "okx" else "BTCUSDT"
        kept = [candle_of(await heard(ws))[1] for _ in range(4)]
        assert kept == [sim.truth.last(exchange, ident, steps + 2_000 * i) for i in (1, 3, 4, 6)]
        await ws.close()

    with_server(use)


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_numbers(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await watching(http, exchange, path)
        for value in ("NaN", "Infinity", "", None, "-1", "0"):
            sim.faults.clear()
            sim.faults.add(Rule("bad_numbers", exchange=exchange, options={"value": value}))
            await asyncio.sleep(0)
            sim.clock.advance(2_000)
            message = await heard(ws)
            row = message["k"] if "k" in message else message["data"][0]
            key: Any = {"binanceusdm": "c", "bybit": "close", "okx": 4}[exchange]
            assert row[key] == value
        sim.faults.clear()
        sim.faults.add(Rule("x1000", exchange=exchange, options={"fields": "price"}))
        await asyncio.sleep(0)
        sim.clock.advance(2_000)
        _, close, _ = candle_of(await heard(ws))
        ident = SWAP if exchange == "okx" else "BTCUSDT"
        assert close == pytest.approx(1000 * sim.truth.last(exchange, ident, sim.clock.now_ms(exchange)))
        await ws.close()

    with_server(use)


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_frozen_values_can_carry_fresh_stamps(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        public = OKX if exchange == "okx" else path
        async with http.ws_connect(public) as ws:
            ask = {"binanceusdm": binance("btcusdt@ticker"), "bybit": ASK["bybit"], "okx": okx("tickers")}
            await said(ws, ask[exchange])
            if exchange == "okx":
                await heard(ws)
            sim.faults.add(Rule("frozen", exchange=exchange, options={"fresh_stamps": True}))
            await asyncio.sleep(0)
            prices, stamps = [], []
            for _ in range(3):
                sim.clock.advance(2_000)
                message = await heard(ws)
                row = message if exchange == "binanceusdm" else message["data"][0]
                prices.append(row.get("c") or row.get("close") or row.get("last"))
                stamps.append(int(row.get("E") or row.get("timestamp") or row.get("ts")))
            assert len(set(prices)) == 1
            assert stamps == [EPOCH + 2_000 * i for i in (1, 2, 3)]

    with_server(use)


def test_open_interest_on_sockets() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(OKX) as ws:
            await said(ws, okx("open-interest"))
            await heard(ws)
            sim.faults.add(Rule("zero_oi", exchange="okx", path="*/open-interest"))
            await asyncio.sleep(0)
            sim.clock.advance(4_000)
            row = (await heard(ws))["data"][0]
            assert (row["oi"], row["oiCcy"], row["oiUsd"]) == ("0", "0", "0")
            sim.faults.clear()
            sim.faults.add(Rule("x1000", exchange="okx"))
            await asyncio.sleep(0)
            sim.clock.advance(4_000)
            row = (await heard(ws))["data"][0]
            now = sim.clock.now_ms("okx")
            assert float(row["oiCcy"]) == pytest.approx(1000 * sim.truth.live_oi("okx", SWAP, now))

    with_server(use)


def test_rules_that_were_there_before_the_server_started() -> None:
    async def go() -> None:
        sim = SimServer(QUICK)
        sim.faults.add(Rule("html", exchange="bybit"))
        async with sim, aiohttp.ClientSession(sim.url) as http:
            ws = await watching(http, "bybit", LINEAR)
            sim.clock.advance(2_000)
            assert (await raw(ws)).startswith("<!DOCTYPE html>")
            await ws.close()

    asyncio.run(go())


def test_one_symbol_of_an_array() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.faults.add(Rule("x1000", exchange="binanceusdm", symbol="ETHUSDT", options={"fields": "price"}))
        async with http.ws_connect(MARKET) as ws:
            await said(ws, binance("!ticker@arr"))
            sim.clock.advance(2_000)
            rows = {row["s"]: float(row["c"]) for row in await heard(ws)}
            now = sim.clock.now_ms("binanceusdm")
            for symbol, factor in (("ETHUSDT", 1000), ("BTCUSDT", 1)):
                last = sim.truth.last("binanceusdm", symbol, now)
                assert rows[symbol] == pytest.approx(factor * last)
            sim.faults.clear()
            sim.faults.add(Rule("frozen", exchange="binanceusdm", symbol="ETHUSDT"))
            await asyncio.sleep(0)
            frames = []
            for _ in range(3):
                sim.clock.advance(2_000)
                frames.append({row["s"]: row["E"] for row in await heard(ws)})
            assert len({frame["ETHUSDT"] for frame in frames}) == 1
            assert len({frame["BTCUSDT"] for frame in frames}) == 3

    with_server(use)


@pytest.mark.parametrize(("exchange", "path"), PLACES)
def test_lag(exchange: str, path: str) -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        sim.clock.set(NOW_BAR + 10_000)
        ident = SWAP if exchange == "okx" else "BTCUSDT"
        ws = await watching(http, exchange, path)
        rule = sim.faults.add(Rule("lag", exchange=exchange, options={"seconds": 30}))
        await asyncio.sleep(0)
        last = []
        for _ in range(15):
            sim.clock.advance(2_000)
            while sim.sockets.feeds[exchange].next_due() <= sim.clock.now_ms(exchange):  # type: ignore[operator]
                await asyncio.sleep(0)
            last.append(sim.truth.last(exchange, ident, sim.clock.now_ms()))
        assert sim.stats[exchange].sockets.messages == (1 if exchange == "okx" else 0)
        sim.clock.advance(2_000)
        assert candle_of(await heard(ws))[1] == last[0], "30 s late"
        sim.faults.clear(rule.id)
        caught_up = [candle_of(await heard(ws))[1] for _ in last[1:]]
        assert caught_up == last[1:], "the rest comes in order when it is over"
        await ws.close()

    with_server(use)


def test_a_skewed_clock_dates_the_pushes() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await watching(http, "binanceusdm", MARKET)
        sim.clock.skew("binanceusdm", M5)
        first, second = await heard(ws), await heard(ws)
        assert candle_of(first)[::2] == (NOW_BAR, True)
        assert second["E"] == EPOCH + M5
        await ws.close()

    with_server(use)


# --- the end -------------------------------------------------------------------------------------
def test_a_stopping_server_closes_its_sockets() -> None:
    async def go() -> None:
        async with aiohttp.ClientSession() as http:
            sim = SimServer(QUICK)
            await sim.start()
            sockets = [await http.ws_connect(sim.url + path) for _, path in PLACES]
            ends = [asyncio.ensure_future(closed(ws)) for ws in sockets]
            await sim.stop()
            assert await asyncio.gather(*ends) == [1001] * 3
            assert [sim.stats[name].sockets.open for name, _ in PLACES] == [0, 0, 0]

    asyncio.run(go())


def test_sockets_of_a_server_in_a_thread() -> None:
    with SimThread(QUICK) as sim:

        async def go() -> None:
            async with aiohttp.ClientSession(sim.url) as http:
                ws = await watching(http, "okx", BUSINESS)
                sim.server.clock.advance(2_000)
                assert candle_of(await heard(ws))[0] == NOW_BAR
                sim.server.faults.add(Rule("drop"))
                assert await closed(ws) in (None, 1006)

        asyncio.run(go())


def test_a_client_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("futuresboard.sim_exchange.socket_line._MOST_WAITING", 1 << 16)

    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        ws = await http.ws_connect(MARKET)
        await said(ws, binance("!ticker@arr", "!markPrice@arr@1s"))
        counts = sim.stats["binanceusdm"].sockets
        while not counts.too_slow:
            sim.clock.advance(2_000)
            await asyncio.sleep(0)
        while counts.open:
            await asyncio.sleep(0)
        await ws.close()

    with_server(use)


def test_stats_of_sockets() -> None:
    async def use(sim: SimServer, http: aiohttp.ClientSession) -> None:
        async with http.ws_connect(LINEAR) as ws:
            await said(ws, bybit("tickers.BTCUSDT"))
            await heard(ws)
            async with http.get("/_sim/stats") as answer:
                found = (await answer.json())["bybit"]["sockets"]
            wanted = {"open": 1, "opened": 1, "subscriptions": 1, "received": 1, "answers": 1, "messages": 1}
            assert {k: found[k] for k in wanted} == wanted
            assert not (await said(ws, bybit("x" * 22_000)))["success"]
            sim.reset()
            sockets = sim.stats["bybit"].sockets
            assert (sockets.open, sockets.subscriptions, sockets.received) == (1, 1, 0)
            for _ in range(2):
                await said(ws, bybit("nope"))
            assert sockets.received == 2, "an open socket goes on counting"
        while sim.stats["bybit"].sockets.open:
            await asyncio.sleep(0)
        assert sim.stats["bybit"].sockets.subscriptions == 0
        assert sim.stats["bybit"].requests == 0, "a handshake is no request"

    with_server(use)
