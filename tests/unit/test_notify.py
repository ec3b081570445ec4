"""Sending through Apprise to a real server, and what is told when that fails: never an address."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.telegram import NotifyTelegram

from futuresboard.errors import ConfigError
from futuresboard.messages import Message
from futuresboard.notify import LIMIT_S, Outlet, open_outlets
from futuresboard.routing import parse_routes
from support_system import free_port
from webhook_server import DRIP, HANG, RESET, Webhook, webhook

MESSAGE = Message((1,), "Tier 2 Confluence: BTC on OKX 5m", "so much <b>&</b> *more*")
SECRETS = ("xQ7kP2vZ9w", "s3cr3tP4th", "t0k3nV4lu3", "h34d3rV4lu3")
ADDRESS = "json://alice:xQ7kP2vZ9w@127.0.0.1:{port}/s3cr3tP4th?+X-Key=h34d3rV4lu3&-token=t0k3nV4lu3"
TELEGRAM_TOKEN, CHAT = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr", "987654321"
DISCORD_ID, DISCORD_TOKEN = "417421629812345678", "JHMHI8qBe7bk2ZwO5U711o3dV_jsKKllMM"


@pytest.fixture
def server() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged at the most talkative level, by whomever."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def outlet(text: str) -> Outlet:
    (made,) = open_outlets(parse_routes(text, ()))
    return made


def send(to: Outlet, limit_s: float = LIMIT_S) -> str | None:
    return asyncio.run(to.send(MESSAGE, limit_s))


def hidden(text: str, *secrets: str) -> bool:
    """No secret, nor four letters of one in a row, is in a text."""
    parts = {secret[i : i + 4] for secret in secrets for i in range(len(secret) - 3)}
    return not any(part in text for part in parts)


def test_a_message_arrives_as_it_is(server: Webhook):
    assert send(outlet(f"json://127.0.0.1:{server.port}/hook")) is None
    (taken,) = server.taken
    assert (taken.path, taken.title, taken.body["message"]) == ("/hook", MESSAGE.title, MESSAGE.body)


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (500, "error=500"),
        (403, "error=403"),
        (429, "error=429"),
        (RESET, "Connection error"),
        (HANG, "Connection error"),
    ],
)
def test_what_fails_is_told_without_the_address(
    server: Webhook, logged: io.StringIO, says: int | str, reason: str
):
    server.says[""] = says
    # What the server answers is no place for secrets to come back from either.
    server.answer = " ".join(SECRETS).encode()
    told = send(outlet(ADDRESS.format(port=server.port) + "&rto=0.5"))
    (taken,) = server.taken
    assert taken.headers["X-Key"] == "h34d3rV4lu3"
    assert told is not None
    assert reason in told
    assert hidden(told + logged.getvalue(), *SECRETS)


def test_a_message_that_arrives_logs_no_address_either(server: Webhook, logged: io.StringIO):
    assert send(outlet(ADDRESS.format(port=server.port))) is None
    assert hidden(logged.getvalue(), *SECRETS)


def test_nobody_there():
    told = send(outlet(ADDRESS.format(port=free_port())))
    assert told is not None
    assert "Connection error" in told
    assert hidden(told, *SECRETS)


def test_a_service_that_never_ends_is_given_up_and_holds_up_no_other(server: Webhook):
    server.says["/slow"] = DRIP
    slow, quick = (
        outlet(f"json://127.0.0.1:{server.port}/slow"),
        outlet(f"json://127.0.0.1:{server.port}/quick"),
    )
    assert send(slow, limit_s=0.5) == "no answer within 0.5 s"
    assert send(quick) is None
    # Its thread hangs still: the next message waits for its turn, in vain, and is not sent behind our back.
    assert send(slow, limit_s=0.2) == "no answer within 0.2 s"
    assert [taken.path for taken in server.taken] == ["/slow", "/quick"]
    server.says.clear()
    server.ending.set()
    assert send(slow) is None
    assert [taken.path for taken in server.taken] == ["/slow", "/quick", "/slow"]


@pytest.mark.parametrize("status", [200, 401, 500])
def test_telegram_and_discord_tell_no_token(
    server: Webhook, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch, status: int
):
    base = f"http://127.0.0.1:{server.port}"
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{base}/bot")
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{base}/webhooks")
    server.says[""] = status
    server.answer = f'{{"description": "no such token {TELEGRAM_TOKEN}"}}'.encode()
    told = [
        send(outlet(text))
        for text in (
            f"tgram://{TELEGRAM_TOKEN}/{CHAT}/",
            f"discord://{DISCORD_ID}/{DISCORD_TOKEN}/",
            f"https://discord.com/api/webhooks/{DISCORD_ID}/{DISCORD_TOKEN}",
        )
    ]
    assert any(TELEGRAM_TOKEN in taken.path for taken in server.taken)
    assert any(DISCORD_TOKEN in taken.path for taken in server.taken)
    # Telegram reads HTML: what looks like it is text.
    assert any("so much &lt;b&gt;&amp;&lt;/b&gt;" in str(taken.body.get("text")) for taken in server.taken)
    # No pictures from elsewhere, nobody else's name.
    assert not any("github" in str(taken.body) or "Apprise" in str(taken.body) for taken in server.taken)
    assert [reason is None for reason in told] == [status == 200] * 3
    assert hidden(f"{told} {logged.getvalue()}", TELEGRAM_TOKEN, CHAT, DISCORD_ID, DISCORD_TOKEN)


def test_mail_tells_no_password(logged: io.StringIO):
    address = f"mailto://alice:xQ7kP2vZ9w@127.0.0.1:{free_port()}?from=alice@example.org&to=bob@example.org&mode=insecure"
    told = send(outlet(address))
    assert told is not None
    assert hidden(told + logged.getvalue(), "xQ7kP2vZ9w")


def test_addresses_that_apprise_refuses_stop_the_start_one_line_each():
    routes = parse_routes("bogus://s3cr3tP4th name=phone tgram://s3cr3tP4th/ json://fine", ())
    with pytest.raises(ConfigError) as caught:
        open_outlets(routes)
    assert [line.partition(": got")[0] for line in caught.value.problems] == [
        "NOTIFY_URLS: target 1 (bogus)",
        "NOTIFY_URLS: target 2 (phone)",
    ]
    assert all("allowed: " in line for line in caught.value.problems)
    assert "s3cr3t" not in str(caught.value)


def test_the_documented_targets_are_good_ones():
    text = (Path(__file__).parents[2] / "docs/notifications.md").read_text()
    (example,) = re.findall(r'NOTIFY_URLS="(.*?)"', text, re.DOTALL)
    listed = re.findall(r"`((?:tgram|discord|mailtos?|json)://[^`]*[^/`…])`", text)
    assert len(listed) == 5
    real = {"BOT_TOKEN": TELEGRAM_TOKEN, "CHAT_ID": CHAT, "host:port": "localhost:9000"}
    real |= {
        "WEBHOOK_ID": DISCORD_ID,
        "WEBHOOK_TOKEN": DISCORD_TOKEN,
        "ID/TOKEN": f"{DISCORD_ID}/{DISCORD_TOKEN}",
    }
    text = f"{example} {' '.join(listed)}"
    for placeholder, value in real.items():
        text = text.replace(placeholder, value)
    names = [made.name for made in open_outlets(parse_routes(text, ()))]
    assert names == ["phone", "desk", "log", "tgram", "discord", "mailtos", "mailto", "json"]


def test_no_targets_no_apprise():
    assert open_outlets(()) == []


@pytest.mark.parametrize("secret", ["a9 b%20cQ", "100%25Zq", "pass:wOrd@home", "ÄÖÜ-pässwOrd", "+Zq7;Kp2"])
def test_masking_knows_what_is_meant_by_what_is_written(secret: str):
    made = outlet(f"json://alice:{quote(secret, safe='')}@127.0.0.1:9/x")
    for text in (secret, quote(secret, safe=""), quote_plus(secret), secret.upper()):
        masked = made.masked(f"refused {text}\nfor >{text}<")
        assert "\n" not in masked
        assert hidden(masked, secret, text)
