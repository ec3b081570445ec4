"""Settings: typed, frozen, read once; every problem is reported at once.

Environment over `.env` over defaults. `FIELDS` is the one table of names, defaults, meanings and
parsers; `.env.example` and the docs are held to it by a test.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from dotenv import dotenv_values

from futuresboard.errors import ConfigError
from futuresboard.model import TIMEFRAME_MS, Thresholds, Tier
from futuresboard.quiet_hours import QuietHours, parse_quiet
from futuresboard.routing import Route, RoutesError, parse_routes

EXCHANGE_IDS = ("binanceusdm", "bybit", "okx")
BASE_TIMEFRAME = "5m"
THRESHOLDS_KEY = "thresholds"
"""Under which the database keeps thresholds changed on the page."""
DEMO_DEFAULTS: Mapping[str, str] = {
    "DATABASE_URL": "sqlite:///data/demo.db",
    "ARCHIVE_DIR": "data/demo-archive",
}
"""Defaults of a demo: its data stays apart."""
LEAST_RETENTION_DAYS = 30
"""What statistics, calibration and warm start read of the past lies within."""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: its default as text, what it means, what is allowed and how it is read."""

    default: str
    meaning: str
    allowed: str
    parse: Callable[[str], object]
    secret: bool = False


def _number(low: float, high: float, *, whole: bool = False) -> Callable[[str], float | int]:
    def parse(text: str) -> float | int:
        value: float | int = int(text) if whole else float(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _items(allowed: tuple[str, ...] | None = None) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        items = tuple(dict.fromkeys(item.strip() for item in text.split(",") if item.strip()))
        if allowed is not None and (not items or not set(items) <= set(allowed)):
            raise ValueError(text)
        return items

    return parse


def _timeframes(text: str) -> tuple[str, ...]:
    frames = _items(tuple(TIMEFRAME_MS))(text)
    if frames[0] != BASE_TIMEFRAME:
        raise ValueError(text)
    return frames


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return parse


def _flag(text: str) -> bool:
    return _choice("0", "1")(text) == "1"


def _scale(text: str) -> float:
    if not 0.0 < (value := float(text)) <= 100_000.0:
        raise ValueError(text)
    return value


def _moment(text: str) -> int | None:
    return int(_number(0, 10**14, whole=True)(text)) if text else None


def _retention(text: str) -> int:
    days = int(_number(0, 36_500, whole=True)(text))
    if 0 < days < LEAST_RETENTION_DAYS:
        raise ValueError(text)
    return days


def _folder(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise ValueError(text)
    return text.rstrip("/")


def _database(text: str) -> str:
    if not text.startswith("sqlite:///") or text == "sqlite:///":
        raise ValueError(text)
    return text


def _tiers(text: str) -> tuple[int, ...]:
    return tuple(map(int, _items(tuple(str(int(tier)) for tier in Tier))(text))) if text else ()


def _host(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


_N = "a number from {} to {}"
_W = "a whole number from {} to {}"
_URL = "empty, or an http(s) URL"
FIELDS: Mapping[str, Field] = {
    "EXCHANGES": Field(
        "binanceusdm,bybit,okx", "ccxt ids", f"a list of {', '.join(EXCHANGE_IDS)}", _items(EXCHANGE_IDS)
    ),
    "MAX_PAIRS": Field(
        "200",
        "per exchange: the most liquid USDT-margined linear perpetuals by 24 h quote volume",
        _W.format(1, 2000),
        _number(1, 2000, whole=True),
    ),
    "SYMBOLS": Field("", "base coins to record instead (BTC,ETH,...)", "empty, or a list", _items()),
    "TIMEFRAMES": Field(
        "5m,15m",
        "base timeframe first; the others are resampled from it",
        f"a list of {', '.join(TIMEFRAME_MS)}, {BASE_TIMEFRAME} first (what exchanges are asked for)",
        _timeframes,
    ),
    "INTERVAL": Field("30", "seconds between cycle starts", _N.format(0.05, 3600), _number(0.05, 3600)),
    "CONCURRENCY": Field(
        "8", "requests in flight per exchange", _W.format(1, 64), _number(1, 64, whole=True)
    ),
    "HISTORY_BARS": Field(
        "500", "base bars fetched per pair at start", _W.format(1, 5000), _number(1, 5000, whole=True)
    ),
    "FINALISE_AFTER": Field(
        "60", "seconds after a close to wait for late levels", _N.format(0, 300), _number(0, 300)
    ),
    "WEBSOCKETS": Field("1", "0: everything by REST", "0 or 1", _flag),
    "BYBIT_TRADES_PAIRS": Field(
        "50",
        "so many of Bybit's most liquid pairs are listened to with their trades, for taker volume",
        _W.format(0, 2000),
        _number(0, 2000, whole=True),
    ),
    "OKX_RUBIK_PER_IP": Field("0", "1: the stricter reading of OKX's rubik limit", "0 or 1", _flag),
    "TRADFI": Field("0", "1: stock, forex and commodity perpetuals too", "0 or 1", _flag),
    "DATABASE_URL": Field(
        "sqlite:///data/futuresboard.db",
        "relative paths from the project's root; stamped live or simulated at birth",
        "sqlite:///path",
        _database,
    ),
    "ARCHIVE_DIR": Field(
        "data/archive",
        "Parquet archive of old months, for replay; relative paths from the project's root",
        "a folder",
        _folder,
    ),
    "RETENTION_DAYS": Field(
        "90",
        "days the database keeps bars; whole months older than that move to the archive (0: it keeps all)",
        f"0, or a whole number from {LEAST_RETENTION_DAYS} to 36500",
        _retention,
    ),
    "HOST": Field("127.0.0.1", "address the server listens on", "a host name or address", _host),
    "PORT": Field("5000", "port the server listens on", _W.format(0, 65535), _number(0, 65535, whole=True)),
    "AUTH_TOKEN": Field("", "set: page, API and socket need it", "any text", str, secret=True),
    "ALLOW_NO_AUTH": Field("0", "1: allow a public HOST without AUTH_TOKEN", "0 or 1", _flag),
    "METRICS_TOKEN": Field("", "a second token, good for /metrics only", "any text", str, secret=True),
    "CORS_ORIGINS": Field("", "other origins that may call the API", "empty, or a list", _items()),
    "BINANCEUSDM_URL": Field("", "replaces scheme and host of every Binance URL", _URL, _url),
    "BYBIT_URL": Field("", "replaces scheme and host of every Bybit URL", _URL, _url),
    "OKX_URL": Field("", "replaces scheme and host of every OKX URL", _URL, _url),
    "COINGECKO_URL": Field("", "replaces scheme and host of every CoinGecko URL", _URL, _url),
    "TIME_SCALE": Field(
        "1",
        "beside simulated exchanges whose time runs faster: their seconds in one of ours",
        "a number above 0, up to 100000",
        _scale,
    ),
    "TIME_SINCE": Field(
        "",
        "with TIME_SCALE: since when time runs so, milliseconds UTC (empty: since the start)",
        "empty, or a whole number from 0",
        _moment,
    ),
    "Z_THRESHOLD": Field("2.5", "tiers 1 and 2: Z-score above", _N.format(0, 10), _number(0, 10)),
    "LS_THRESHOLD": Field("2", "tier 2: global long/short ratio above", _N.format(0, 1000), _number(0, 1000)),
    "IMBALANCE_THRESHOLD": Field("3", "tier 2: |imbalance| in % above", _N.format(0, 100), _number(0, 100)),
    "OI_DELTA_THRESHOLD": Field("1", "tier 3: OI change in % above", _N.format(0, 1000), _number(0, 1000)),
    "FUNDING_THRESHOLD": Field(
        "0.01", "tier 4: funding per 8 h in % above", _N.format(-5, 5), _number(-5, 5)
    ),
    "DIVERGENCE_SIGMA": Field("2", "tier 5: divergence in sigmas above", _N.format(0, 100), _number(0, 100)),
    "CONFLUENCE_MIN": Field(
        "2", "conditions of three that start a confluence alert", _W.format(1, 3), _number(1, 3, whole=True)
    ),
    "ALERT_COOLDOWN": Field(
        "12", "bars between two alerts of one kind", _W.format(1, 10000), _number(1, 10000, whole=True)
    ),
    "ALERT_MODE": Field(
        "literal",
        "calibrated: each pair's thresholds from its own past, so that ALERT_BUDGET alerts start a day",
        "literal or calibrated",
        _choice("literal", "calibrated"),
    ),
    "ALERT_BUDGET": Field(
        "50", "alerts a day in calibrated mode", _W.format(1, 100_000), _number(1, 100_000, whole=True)
    ),
    "NOTIFY_URLS": Field(
        "",
        "who is told of alerts: Apprise URLs (Telegram, Discord, webhook, e-mail …); docs/notifications.md",
        "empty, or targets: [name=…] [tier=2,6] [kind=…] [tf=…] [exchange=…] [coin=…] service://…",
        lambda text: parse_routes(text, EXCHANGE_IDS),
        secret=True,
    ),
    "NOTIFY_QUIET": Field(
        "",
        "hours of a day without notifications; what happened in them comes as one summary at their end",
        "empty, or HH:MM-HH:MM and perhaps a time zone (22:00-07:00 Europe/Berlin), else UTC",
        parse_quiet,
    ),
    "NOTIFY_QUIET_EXCEPT": Field(
        "", "tiers that come in quiet hours all the same", "empty, or a list of 1 to 6", _tiers
    ),
    "NOTIFY_PER_HOUR": Field(
        "20",
        "messages an hour to one target; what is beyond that comes as one message when there is room again",
        _W.format(1, 1000),
        _number(1, 1000, whole=True),
    ),
    "NOTIFY_MAX_AGE": Field(
        "3600",
        "seconds after which an alert that could not be sent is given up",
        _N.format(1, 604800),
        _number(1, 604800),
    ),
    "PUBLIC_URL": Field("", "where the page is found, for the link in notifications", _URL, _url),
    "LOG_LEVEL": Field(
        "INFO",
        "how much is logged",
        "DEBUG, INFO, WARNING or ERROR",
        _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    "LOG_FORMAT": Field("console", "json for machines", "console or json", _choice("console", "json")),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. `simulated` says whether the data comes from simulated exchanges."""

    exchanges: tuple[str, ...]
    max_pairs: int
    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]
    interval: float
    concurrency: int
    history_bars: int
    finalise_after: float
    websockets: bool
    bybit_trades_pairs: int
    okx_rubik_per_ip: bool
    tradfi: bool
    database_url: str
    archive_dir: str
    retention_days: int
    host: str
    port: int
    auth_token: str
    allow_no_auth: bool
    metrics_token: str
    cors_origins: tuple[str, ...]
    binanceusdm_url: str
    bybit_url: str
    okx_url: str
    coingecko_url: str
    time_scale: float
    time_since: int | None
    z_threshold: float
    ls_threshold: float
    imbalance_threshold: float
    oi_delta_threshold: float
    funding_threshold: float
    divergence_sigma: float
    confluence_min: int
    alert_cooldown: int
    alert_mode: str
    alert_budget: int
    notify_urls: tuple[Route, ...]
    notify_quiet: QuietHours | None
    notify_quiet_except: tuple[int, ...]
    notify_per_hour: int
    notify_max_age: float
    public_url: str
    log_level: str
    log_format: str
    root: Path
    simulated: bool = False

    @property
    def thresholds(self) -> Thresholds:
        """The tiers' thresholds as one value."""
        return Thresholds(
            z=self.z_threshold,
            ls=self.ls_threshold,
            imbalance_pct=self.imbalance_threshold,
            oi_delta_pct=self.oi_delta_threshold,
            funding_pct=self.funding_threshold,
            divergence_sigma=self.divergence_sigma,
            confluence_min=self.confluence_min,
            cooldown=self.alert_cooldown,
        )

    @property
    def database_path(self) -> Path:
        """The SQLite file; a relative path counts from the project's root."""
        return self.root / self.database_url.removeprefix("sqlite:///")

    @property
    def archive_path(self) -> Path:
        """The archive's folder; a relative path counts from the project's root."""
        return self.root / self.archive_dir

    @property
    def data_kind(self) -> str:
        """What a database or an archive of these settings holds: `live` or `simulated` data."""
        return "simulated" if self.simulated else "live"

    def exchange_url(self, exchange: str) -> str:
        """The override of an exchange's scheme and host, empty for the real one."""
        return {"binanceusdm": self.binanceusdm_url, "bybit": self.bybit_url, "okx": self.okx_url}[exchange]


def with_thresholds(settings: Settings, changed: Mapping[str, float]) -> Settings:
    """The settings with thresholds changed on the page, by lower-case setting name."""
    return replace(settings, **changed)  # type: ignore[arg-type]


def settings_hash(thresholds: Thresholds) -> str:
    """A short hash that names the thresholds an alert was made with."""
    return hashlib.sha256(orjson.dumps(thresholds, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(
    environ: Mapping[str, str], root: Path, *, demo: bool = False, overrides: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings.

    `environ` wins over `root/.env`, which wins over the defaults; `overrides` (from the command
    line) win over all. `demo` changes `DEMO_DEFAULTS` alone. Raises ConfigError with one line
    per problem.
    """
    file = {name: value for name, value in dotenv_values(root / ".env").items() if value is not None}
    given = {**file, **environ, **(overrides or {})}
    problems: list[str] = []
    values: dict[str, object] = {}
    for name, field in FIELDS.items():
        default = DEMO_DEFAULTS.get(name, field.default) if demo else field.default
        text = given.get(name, default).strip()
        try:
            values[name.lower()] = field.parse(text)
        except RoutesError as error:
            problems += [f"{name}: {line}" for line in error.lines]
        except ValueError:
            shown = "(hidden)" if field.secret else repr(text)
            problems.append(f"{name}: got {shown}, allowed: {field.allowed}")
    if not problems:
        problems += _exposure_problems(values) + _scale_problems(values) + _route_problems(values)
    if problems:
        raise ConfigError(problems)
    return Settings(**values, root=root, simulated=demo)  # type: ignore[arg-type]


def _scale_problems(values: Mapping[str, object]) -> list[str]:
    """Real exchanges' limits know one speed: another one is for those of this machine alone."""
    used: tuple[str, ...] = values["exchanges"]  # type: ignore[assignment]
    hosts = [urlsplit(str(values[f"{name}_url"])).hostname or "" for name in used]
    if values["time_scale"] == 1.0 or all(map(is_loopback, hosts)):
        return []
    return [
        f"TIME_SCALE: got {values['time_scale']}, allowed: 1, unless all exchanges' URLs are on this machine"
    ]


def _route_problems(values: Mapping[str, object]) -> list[str]:
    """A target of a timeframe that is not recorded would never be told anything."""
    routes: tuple[Route, ...] = values["notify_urls"]  # type: ignore[assignment]
    frames: tuple[str, ...] = values["timeframes"]  # type: ignore[assignment]
    return [
        f"NOTIFY_URLS: target {number} ({route.name}): got tf={','.join(sorted(missing))}, "
        f"allowed: TIMEFRAMES, {', '.join(frames)}"
        for number, route in enumerate(routes, 1)
        if (missing := route.timeframes - set(frames)) and route.timeframes != set(TIMEFRAME_MS)
    ]


def unknown_names(root: Path) -> list[str]:
    """Names in `root/.env` that are no settings: most often misspelt ones."""
    return [name for name in dotenv_values(root / ".env") if name not in FIELDS]


def _exposure_problems(values: Mapping[str, object]) -> list[str]:
    host = str(values["host"])
    if is_loopback(host) or values["auth_token"] or values["allow_no_auth"]:
        return []
    return [
        f"HOST: got {host!r} without AUTH_TOKEN, allowed: a loopback address, or set AUTH_TOKEN, "
        "or ALLOW_NO_AUTH=1 to serve everyone"
    ]
