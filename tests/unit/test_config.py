"""Settings: one table, all problems at once, no secret told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.config import (
    DEMO_DEFAULTS,
    FIELDS,
    Settings,
    is_loopback,
    load,
    settings_hash,
    with_thresholds,
)
from futuresboard.errors import ConfigError
from futuresboard.model import Thresholds

EXAMPLE = Path(__file__).parents[2] / ".env.example"


def problems(folder: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(environ, folder)
    return caught.value.problems


def test_the_example_documents_every_setting_and_its_default():
    blocks = EXAMPLE.read_text().strip().split("\n\n")[1:]
    assert blocks == [
        f"# {field.meaning}\n#   allowed: {field.allowed}\n# {name}={field.default}"
        for name, field in FIELDS.items()
    ]


def test_the_example_uncommented_is_the_defaults(tmp_path: Path):
    plain = load({}, tmp_path)
    lines = re.sub(r"^# (?=[A-Z_]+=)", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    (tmp_path / ".env").write_text(lines)
    assert load({}, tmp_path) == plain


def test_every_field_is_a_setting_and_the_other_way_round():
    names = set(Settings.__dataclass_fields__) - {"root", "simulated"}
    assert {name.lower() for name in FIELDS} == names


def test_defaults(tmp_path: Path):
    settings = load({}, tmp_path)
    assert settings.exchanges == ("binanceusdm", "bybit", "okx")
    assert (settings.timeframes, settings.interval, settings.max_pairs) == (("5m", "15m"), 30.0, 200)
    assert (settings.host, settings.port, settings.simulated) == ("127.0.0.1", 5000, False)
    assert settings.thresholds == Thresholds()
    assert settings.database_path == tmp_path / "data/futuresboard.db"


def test_environment_over_file_over_defaults(tmp_path: Path):
    (tmp_path / ".env").write_text("PORT=6000\nMAX_PAIRS=7\nINTERVAL=2.5\n")
    settings = load({"PORT": "7000", "MAX_PAIRS": "8"}, tmp_path, overrides={"PORT": "8000"})
    assert (settings.port, settings.max_pairs, settings.interval, settings.concurrency) == (8000, 8, 2.5, 8)


def test_demo_changes_the_default_database_alone(tmp_path: Path):
    demo = load({}, tmp_path, demo=True)
    assert demo.database_url == DEMO_DEFAULTS["DATABASE_URL"]
    assert demo.archive_path == tmp_path / DEMO_DEFAULTS["ARCHIVE_DIR"]
    assert load({}, tmp_path, demo=True).simulated
    chosen = load({"DATABASE_URL": "sqlite:///own.db"}, tmp_path, demo=True)
    assert chosen.database_path == tmp_path / "own.db"
    absolute = load({"DATABASE_URL": "sqlite:////var/own.db"}, tmp_path)
    assert absolute.database_path == Path("/var/own.db")


def test_all_problems_at_once_one_line_each(tmp_path: Path):
    found = problems(tmp_path, PORT="x", INTERVAL="0", EXCHANGES="mtgox", TIMEFRAMES="15m", OKX_URL="ftp://x")
    assert [line.partition(":")[0] for line in found] == [
        "EXCHANGES",
        "TIMEFRAMES",
        "INTERVAL",
        "PORT",
        "OKX_URL",
    ]
    for line, came in zip(found, ("mtgox", "15m", "0", "x", "ftp://x"), strict=True):
        assert repr(came) in line
        assert "allowed: " in line
        assert "\n" not in line


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EXCHANGES", ""),
        ("EXCHANGES", "okx,kraken"),
        ("MAX_PAIRS", "0"),
        ("MAX_PAIRS", "2.5"),
        ("TIMEFRAMES", ""),
        ("TIMEFRAMES", "5m,7m"),
        ("INTERVAL", "nan"),
        ("INTERVAL", "3601"),
        ("TIME_SCALE", "0"),
        ("TIME_SCALE", "nan"),
        ("TIME_SINCE", "today"),
        ("FINALISE_AFTER", "301"),
        ("TRADFI", "yes"),
        ("DATABASE_URL", "postgresql://x"),
        ("DATABASE_URL", "sqlite:///"),
        ("HOST", ""),
        ("PORT", "65536"),
        ("Z_THRESHOLD", "inf"),
        ("CONFLUENCE_MIN", "4"),
        ("LOG_LEVEL", "info"),
        ("BYBIT_URL", "localhost:9000"),
    ],
)
def test_what_is_not_allowed(tmp_path: Path, name: str, text: str):
    (line,) = problems(tmp_path, **{name: text})
    assert line.startswith(f"{name}: got {text!r}, allowed: ")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_a_public_address_needs_a_token(tmp_path: Path, host: str):
    (line,) = problems(tmp_path, HOST=host)
    assert line.startswith("HOST")
    assert "AUTH_TOKEN" in line
    assert load({"HOST": host, "AUTH_TOKEN": "t"}, tmp_path).host == host
    assert load({"HOST": host, "ALLOW_NO_AUTH": "1"}, tmp_path).host == host


def test_another_speed_of_time_is_for_exchanges_on_this_machine_alone(tmp_path: Path):
    (line,) = problems(tmp_path, TIME_SCALE="36")
    assert line.startswith("TIME_SCALE: got 36.0, allowed: 1, unless")
    given = {"EXCHANGES": "okx", "TIME_SCALE": "36", "TIME_SINCE": "1773748800000"}
    assert problems(tmp_path, **given, OKX_URL="https://example.org")
    settings = load({**given, "OKX_URL": "http://127.0.0.1:9000/okx"}, tmp_path)
    assert (settings.time_scale, settings.time_since) == (36.0, 1_773_748_800_000)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("x", False),
    ],
)
def test_loopback(host: str, expected: bool):
    assert is_loopback(host) is expected


def test_errors_hide_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(_: str) -> str:
        raise ValueError

    field = FIELDS["AUTH_TOKEN"]
    assert {name for name, entry in FIELDS.items() if entry.secret} == {
        "AUTH_TOKEN",
        "METRICS_TOKEN",
        "NOTIFY_URLS",
    }
    monkeypatch.setitem(
        FIELDS,  # type: ignore[arg-type]
        "AUTH_TOKEN",
        type(field)(field.default, field.meaning, field.allowed, refuse, secret=True),
    )
    (line,) = problems(tmp_path, AUTH_TOKEN="open sesame", HOST="0.0.0.0")
    assert "sesame" not in line


def test_lists_are_trimmed_and_unique(tmp_path: Path):
    settings = load({"SYMBOLS": " BTC , ETH,BTC,", "EXCHANGES": "okx, bybit"}, tmp_path)
    assert (settings.symbols, settings.exchanges) == (("BTC", "ETH"), ("okx", "bybit"))


def test_exchange_urls_lose_their_last_slash(tmp_path: Path):
    settings = load({"OKX_URL": "http://127.0.0.1:9000/okx/"}, tmp_path)
    assert settings.exchange_url("okx") == "http://127.0.0.1:9000/okx"
    assert settings.exchange_url("bybit") == ""


def test_thresholds_of_the_page_win(tmp_path: Path):
    settings = with_thresholds(
        load({"Z_THRESHOLD": "3"}, tmp_path), {"z_threshold": 4.0, "alert_cooldown": 6}
    )
    assert (settings.thresholds.z, settings.thresholds.cooldown, settings.thresholds.ls) == (4.0, 6, 2.0)


@given(st.floats(0, 10), st.floats(0, 10))
def test_the_hash_names_the_thresholds(a: float, b: float):
    one, two = settings_hash(Thresholds(z=a)), settings_hash(Thresholds(z=b))
    assert (one == two) == (repr(a) == repr(b))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("NOTIFY_QUIET", "22-7"),
        ("NOTIFY_QUIET", "22:00-07:00 Europe/Nowhere"),
        ("NOTIFY_QUIET_EXCEPT", "7"),
        ("NOTIFY_PER_HOUR", "0"),
        ("NOTIFY_MAX_AGE", "0"),
        ("PUBLIC_URL", "example.org"),
    ],
)
def test_what_notifications_do_not_allow(tmp_path: Path, name: str, text: str):
    (line,) = problems(tmp_path, **{name: text})
    assert line.startswith(f"{name}: got {text!r}, allowed: ")


def test_wrong_targets_are_told_one_line_each_without_their_addresses(tmp_path: Path):
    text = "tier=9 tgram://topsecret/1 kind=x;what=1 json://hidden.example/path coin="
    found = problems(tmp_path, NOTIFY_URLS=text)
    assert [line.partition(": got")[0] for line in found] == [
        "NOTIFY_URLS: target 1 (tgram)",
        "NOTIFY_URLS: target 2 (json)",
        "NOTIFY_URLS: target 2 (json)",
        "NOTIFY_URLS: the end",
    ]
    assert all("allowed: " in line for line in found)
    assert not re.search("topsecret|hidden.example|path|what", "\n".join(found))


def test_a_target_of_a_timeframe_that_is_not_recorded_is_refused(tmp_path: Path):
    (line,) = problems(tmp_path, NOTIFY_URLS="json://a tf=5m,1h;name=b json://b")
    assert line == "NOTIFY_URLS: target 2 (b): got tf=1h, allowed: TIMEFRAMES, 5m, 15m"
    for text in ("tf=1h json://a", "tf=all json://a"):
        settings = load({"NOTIFY_URLS": text, "TIMEFRAMES": "5m,1h"}, tmp_path)
        assert "json://a" not in repr(settings)
