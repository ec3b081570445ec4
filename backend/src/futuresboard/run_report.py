"""A simulated run as one HTML page that needs nothing else: figures, plots as SVG, first trades. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

import orjson

WIDTH, HEIGHT = 860, 220
_LEFT, _BOTTOM, _TOP = 76, 24, 10
_MOST_TRADES = 200
_STYLE = """
:root { color-scheme: light dark; --ink: #16202e; --soft: #5a6577; --line: #d5dbe5; --page: #fff;
  --good: #0b7a53; --bad: #b42336; --mark: #1d5fd1 }
@media (prefers-color-scheme: dark) { :root { --ink: #d6deeb; --soft: #8b98ad; --line: #263247;
  --page: #0b0f17; --good: #3ecf8e; --bad: #ff6b7a; --mark: #60a5fa } }
body { background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; max-width: 56rem;
  margin: 2rem auto; padding: 0 1rem; font-variant-numeric: tabular-nums }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
.soft, th { color: var(--soft) }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 500 }
td, th { border-top: 1px solid var(--line); padding: .25rem .8rem .25rem 0; vertical-align: top }
td.number, th.number { text-align: right } .scroll { overflow-x: auto }
.verdict { font-size: 1.15rem; font-weight: 600 } svg { width: 100%; height: auto }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif }
.badge { border: 1px solid currentColor; border-radius: 4px; padding: 0 .4rem; font-size: .8rem }
"""


def html_of(document: Mapping[str, Any]) -> str:
    """The page of a run's document (`run_document.document_of`)."""
    data, statistics = document["data"], document["statistics"]
    badge = ' <span class="badge">SIMULATED DATA</span>' if data["kind"] == "simulated" else ""
    parts = [
        f"<h1>{escape(title_of(document['settings']))}{badge}</h1>",
        f'<p class="soft">{escape(_over(data))}</p>',
        f'<p class="verdict">{escape(statistics["verdict"].capitalize())}</p>',
        _items(statistics["reasons"]),
        _items([f"But: {one}" for one in statistics["cautions"]]),
        "<h2>Hit rate</h2>",
        intervals(_rates(statistics)),
        _table(_figures(document)),
        "<h2>Equity</h2>",
        curve(document["curve"]["ts"], document["curve"]["equity"], _amount, "equity at each close"),
        "<h2>Drawdown</h2>",
        curve(
            document["curve"]["ts"],
            [None if one is None else -one for one in document["curve"]["drawdown"]],
            lambda value: f"{value:.1%}",
            "fall below the highest equity so far",
        ),
        "<h2>What became of the signals</h2>",
        _table([(name, str(count)) for name, count in document["outcomes"].items()]),
        "<h2>First trades</h2>",
        _trades(document),
        "<h2>What names this run</h2>",
        _table([(name, str(document[name])) for name in ("id", "settings_hash", "code_version")]),
        f"<p>Made again by <code>futuresboard reproduce {escape(str(document['id']))}</code>.</p>",
        f"<pre>{escape(orjson.dumps(document['settings'], option=orjson.OPT_INDENT_2).decode())}</pre>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>futuresboard: {escape(title_of(document['settings']))}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def title_of(settings: Mapping[str, Any]) -> str:
    """What a run tries, in words."""
    what = {
        "tier": f"tier {settings['tier']}",
        "confluence": "confluence",
        "rule": f"rule {settings['rule']}",
        "obv-rsi": "OBV/RSI",
    }[settings["entry"]]
    ways = {"hold": "{} bars", "take_profit": "take-profit {:.2%}", "stop_loss": "stop-loss {:.2%}"}
    ways |= {"trailing_stop": "trailing stop {:.2%}"}
    out = [text.format(settings[name]) for name, text in ways.items() if settings[name] is not None]
    late = f", {settings['late']} bars late" if settings["late"] else ""
    return f"{what}, {settings['direction']}, {', '.join(out) or 'until its exit signal'}{late}"


def _over(data: Mapping[str, Any]) -> str:
    where = data["exchange"] or "all exchanges"
    return (
        f"{data['pairs']} pairs of {where}, {data['tf']} bars from {_time(data['start'])} to "
        f"{_time(data['end'])}; data {data['hash']}"
    )


def _rates(statistics: Mapping[str, Any]) -> list[tuple[str, Any, Any, Any]]:
    hit, zero, late = statistics["hit"], statistics["zero_edge"], statistics["late"]
    rows = [
        ("this run, by event", hit["rate"], hit["low"], hit["high"]),
        ("this run, as if independent", hit["rate"], hit["wilson_low"], hit["wilson_high"]),
        ("the same trade at any bar", hit["base_rate"], None, None),
        ("one bar late", late["hit_rate"], None, None),
    ]
    if zero is not None:
        rows.append(("on driftless walks", zero["hit_rate"], zero["low"], zero["high"]))
    return rows


def _figures(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    statistics, portfolio = document["statistics"], document["portfolio"]
    net, daily, goal = statistics["net"], statistics["daily"], statistics["goal"]
    deflation, hit = statistics["deflation"], statistics["hit"]
    return [
        ("trades", f"{statistics['n']} in {statistics['clusters']} events, of {document['signals']} signals"),
        (f"goal above {goal['target']:.0%}", f"{goal['reached']}: {goal['words']}"),
        ("uplift over base", f"{_points(hit['uplift'])}, p = {_plain(hit['p'])}"),
        ("mean net of a trade", f"{_percent(net['expectancy'], 3)} ({_span(net, 3)})"),
        (
            "median net, mean regret",
            f"{_percent(net['median'], 3)}, {_percent(document['regret']['mean'], 3)}",
        ),
        ("gains to losses", f"{_plain(net['profit_factor'])} in sum, {_plain(net['payoff_ratio'])} each"),
        (
            "Sharpe, 365 days a year",
            f"{_plain(daily['sharpe'])} ({_plain(daily['sharpe_low'])} to {_plain(daily['sharpe_high'])}) "
            f"of {daily['days']} days",
        ),
        (
            "configurations tried",
            f"{deflation['tried']:g}; the best shows {_plain(deflation['benchmark'])} by chance; "
            f"deflated Sharpe ratio {_plain(deflation['dsr'])}",
        ),
        ("capital", f"{_amount(portfolio['capital'])} → {_amount(portfolio['final'])}"),
        ("deepest drawdown", _percent(portfolio["max_drawdown"])),
        ("turnover, refused for cash", f"{_plain(portfolio['turnover'])}, {portfolio['refused']}"),
    ]


def intervals(rows: Sequence[tuple[str, Any, Any, Any]]) -> str:
    """Shares 0…1 with their intervals, one under the other on one scale."""
    left, row = 210, 26
    height = row * len(rows) + 24
    scale = (WIDTH - left - 70) / 1.0
    marks = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + share * scale
        marks.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height - 20}" stroke="var(--line)"/>')
        marks.append(f'<text x="{x:.1f}" y="{height - 6}" text-anchor="middle">{share:.0%}</text>')
    for i, (name, rate, low, high) in enumerate(rows):
        y = row * i + row / 2
        marks.append(f'<text x="0" y="{y + 4:.1f}">{escape(name)}</text>')
        if rate is None:
            marks.append(f'<text x="{left}" y="{y + 4:.1f}">unknown</text>')
            continue
        if low is not None and high is not None:
            ends = f'x1="{left + low * scale:.1f}" x2="{left + high * scale:.1f}"'
            marks.append(f'<line {ends} y1="{y}" y2="{y}" stroke="var(--mark)" stroke-width="3"/>')
        marks.append(f'<circle cx="{left + rate * scale:.1f}" cy="{y}" r="4.5" fill="var(--mark)"/>')
        marks.append(f'<text x="{WIDTH - 60}" y="{y + 4:.1f}">{rate:.1%}</text>')
    words = "; ".join(f"{name} {_percent(rate)}" for name, rate, _, _ in rows)
    return _svg(height, words, marks)


def curve(ts: Sequence[int], values: Sequence[Any], shown: Callable[[float], str], words: str) -> str:
    """A line over time with its least and greatest value named."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return '<p class="soft">Nothing to draw.</p>'
    low, high = min(known), max(known)
    spread = (high - low) or 1.0
    wide, tall = WIDTH - _LEFT - 10, HEIGHT - _TOP - _BOTTOM
    span = (ts[-1] - ts[0]) or 1
    dots = " ".join(
        f"{_LEFT + wide * (at - ts[0]) / span:.1f},{_TOP + tall * (high - value) / spread:.1f}"
        for at, value in zip(ts, values, strict=True)
        if value is not None
    )
    marks = [f'<polyline points="{dots}" fill="none" stroke="var(--mark)" stroke-width="1.5"/>']
    for value in dict.fromkeys((high, low)):
        y = _TOP + tall * (high - value) / spread
        marks.append(f'<line x1="{_LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>')
        marks.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(shown(value))}</text>')
    for at, anchor, x in ((ts[0], "start", _LEFT), (ts[-1], "end", WIDTH - 10)):
        marks.append(f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}">{_time(at)}</text>')
    return _svg(HEIGHT, f"{words}: {shown(known[0])} to {shown(known[-1])}", marks)


def _svg(height: float, words: str, marks: Sequence[str]) -> str:
    label = escape(words, quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{label}">{"".join(marks)}</svg>'


def _trades(document: Mapping[str, Any]) -> str:
    head = ("pair", "in (UTC)", "out (UTC)", "way", "entry", "exit", "net", "how it ended")
    rows = []
    for one in document["trades"][:_MOST_TRADES]:
        way = "long" if one["direction"] > 0 else "short"
        rows.append(
            f"<tr><td>{escape(one['symbol'])} <span>{escape(one['exchange'])}</span></td>"
            f"<td>{_time(one['entry_ts'])}</td><td>{_time(one['exit_ts'])}</td><td>{way}</td>"
            f'<td class="number">{_plain(one["entry"])}</td><td class="number">{_plain(one["exit"])}</td>'
            f'<td class="number">{_percent(one["net"], 3)}</td><td>{escape(one["reason"])}</td></tr>'
        )
    if not rows:
        return '<p class="soft">None.</p>'
    names = "".join(f"<th>{name}</th>" for name in head)
    more = document["trade_count"] - len(rows)
    rest = f'<p class="soft">and {more} more in the run\'s file</p>' if more > 0 else ""
    return f'<div class="scroll"><table><tr>{names}</tr>{"".join(rows)}</table></div>{rest}'


def _table(rows: Sequence[tuple[str, str]]) -> str:
    found = "".join(
        f'<tr><td class="soft">{escape(name)}</td><td>{escape(text)}</td></tr>' for name, text in rows
    )
    return f"<table>{found}</table>"


def _items(texts: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>" if texts else ""


def _time(ts: int) -> str:
    return datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _percent(share: float | None, digits: int = 1) -> str:
    if share is None:
        return "unknown"
    # Three digits are returns: they have a side.
    return f"{share:+.{digits}%}" if digits > 1 else f"{share:.{digits}%}"


def _points(uplift: float | None) -> str:
    """A difference of two shares: no percent, which could be read as a ratio of them."""
    return "unknown" if uplift is None else f"{uplift * 100:+.1f} percentage points"


def _span(of: Mapping[str, Any], digits: int) -> str:
    return f"{_percent(of['low'], digits)} to {_percent(of['high'], digits)}"


def _plain(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def _amount(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f}"
