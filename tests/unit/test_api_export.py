"""`/api/export`: files of what the JSON routes answer, and what is refused before their first byte."""

from __future__ import annotations

import csv
import http.client
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyarrow import parquet

from futuresboard.api import export
from futuresboard.db_read import ReadError
from futuresboard.db_rules import add_rule
from futuresboard.rows import JUDGED_COLUMNS, ROW_COLUMNS, STORED_COLUMNS
from futuresboard.tables import Form, csv_parts, harmless, parquet_parts
from support_rows import T0, World, make_alert
from support_web import Web

STEP = 300_000
BTC = "exchange=okx&symbol=BTC/USDT:USDT"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    btc, eth, sol = made.register("okx", "BTC", "ETH", "SOL")
    made.commit(
        [
            ("okx", btc, "5m", T0 + n * STEP, {"close": 100.0 + n * 0.1, "volume": 1.0 + n})
            for n in range(9)
            if n != 4
        ]
    )
    odd = {
        "tiers": 0b10010,
        "known": 0b1010110,
        "quality": 0b11,
        "guarded": '{"imbalance":63.1}',
        "rsi": 1e-7,
    }
    made.commit([("okx", eth, "5m", T0 + 8 * STEP, odd | {"z_score": 3.0, "funding": -0.1})])
    made.commit([("okx", sol, "5m", T0 + 8 * STEP, {"z_score": None, "close": 0.1 + 0.2})])
    rule = add_rule(made.store, "=HYPERLINK(1)", "z > 2", "z_score > 2", T0)
    made.commit(
        alerts=[
            make_alert(btc, T0 + n * STEP, text=f"@alert {n}", direction=("long", "short", None)[n % 3])
            for n in range(7)
        ]
    )
    made.commit(alerts=[make_alert(eth, T0, kind="rule", tier=None, rule=rule)])
    yield made
    made.close()


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_json()
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))


def table_of(answer: Any) -> Any:
    assert answer.status_code == 200, answer.get_json()
    return parquet.read_table(io.BytesIO(answer.get_data()))


def shown(value: object) -> str:
    """A JSON value as its cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return orjson.dumps(value).decode() if value else ""
    return repr(value) if isinstance(value, float) else harmless(str(value))


def stored(value: object) -> object:
    """A JSON value as Parquet has it."""
    return orjson.dumps(value).decode() if isinstance(value, dict) else value


# Each: the query of a file, and the JSON route that shows the same.
SAME = [
    ("kind=metrics", "/api/metrics?"),
    ("kind=metrics&sort=symbol&filter=z > 1 or base %3D 'sol'", "/api/metrics?"),
    ("kind=metrics&search=e&tier=4&sort=-rsi", "/api/metrics?"),
    ("kind=metrics&pairs=bybit|SOL/USDT:USDT,okx|BTC/USDT:USDT", "/api/metrics?"),
    ("kind=metrics&tf=15m", "/api/metrics?"),
    ("kind=alerts", "/api/alerts?limit=1000&"),
    (f"kind=alerts&symbol=BTC/USDT:USDT&since={T0 + STEP}&until={T0 + 4 * STEP}", "/api/alerts?"),
    ("kind=alerts&direction=short&tier=1", "/api/alerts?"),
    ("kind=alerts&alert_kind=rule&rule=1", "/api/alerts?"),
]


@pytest.mark.parametrize(("query", "route"), SAME)
def test_a_file_says_what_the_route_says(web: Web, query: str, route: str):
    _, _, rest = query.partition("&")
    asked = rest.replace("alert_kind", "kind")
    answers = web.get(f"{route}{asked}").get_json()
    assert [{k: shown(v) for k, v in row.items()} for row in answers] == rows_of(
        web.get(f"/api/export?{query}")
    )
    table = table_of(web.get(f"/api/export?{query}&format=parquet"))
    assert table.to_pylist() == [{k: stored(v) for k, v in row.items()} for row in answers]


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
@pytest.mark.parametrize("span", ["", f"&start={T0 + 2 * STEP}", f"&end={T0 + 6 * STEP}"])
def test_history_in_pages_is_one_history(web: Web, monkeypatch: pytest.MonkeyPatch, at_once: int, span: str):
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", at_once)
    query = f"{BTC}&overlays=obv,atr{span}"
    found = web.get(f"/api/history?{query}&limit=5000").get_json()
    rows = rows_of(web.get(f"/api/export?kind=history&{query}"))
    assert list(rows[0]) == [
        "exchange", "symbol", "timeframe", "ts", *STORED_COLUMNS, *JUDGED_COLUMNS, "obv", "atr",
    ]  # fmt: skip
    assert {(row["exchange"], row["symbol"], row["timeframe"]) for row in rows} == {
        ("okx", "BTC/USDT:USDT", "5m")
    }
    for name, values in found.items():
        if name == "obv":
            # Summed in another order where a page ends.
            assert [row[name] and float(row[name]) for row in rows] == [
                "" if value is None else pytest.approx(value) for value in values
            ]
        else:
            assert [row[name] for row in rows] == [shown(value) for value in values], name
    table = table_of(web.get(f"/api/export?kind=history&{query}&format=parquet"))
    assert table.column("close").to_pylist() == found["close"]
    assert table.column("quality").to_pylist() == found["quality"]


def test_alerts_in_pages_each_come_once(web: Web, world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export, "_ALERTS_AT_ONCE", 2)
    before = world.reader.alerts_before

    def more_start_meanwhile(*asked: Any) -> Any:
        found = before(*asked)
        number = world.reader.seq()
        world.commit(alerts=[make_alert("SOL/USDT:USDT", T0 + number * STEP)])
        return found

    monkeypatch.setattr(world.reader, "alerts_before", more_start_meanwhile)
    rows = rows_of(web.get("/api/export?kind=alerts&columns=id"))
    assert [row["id"] for row in rows] == ["8", "7", "6", "5", "4", "3", "2", "1"]


def test_columns_are_those_asked_for_in_their_order(web: Web):
    text = web.get("/api/export?kind=metrics&columns=z_score,symbol,tiers,quality&sort=symbol").get_data(
        as_text=True
    )
    assert text == (
        "z_score,symbol,tiers,quality\r\n"
        "0.5,BTC/USDT:USDT,,\r\n"
        "3.0,ETH/USDT:USDT,1 4,stale revised\r\n"
        ",SOL/USDT:USDT,,\r\n"
    )
    history = rows_of(web.get(f"/api/export?kind=history&{BTC}&columns=macd,ts,obv"))
    assert list(history[0]) == ["macd", "ts", "obv"]
    table = table_of(web.get("/api/export?kind=metrics&columns=tiers,ts,guarded&format=parquet"))
    assert [str(field.type) for field in table.schema] == ["list<element: int64>", "int64", "string"]


def test_floats_read_back_as_they_were(web: Web):
    (row,) = rows_of(web.get("/api/export?kind=metrics&search=sol&columns=close"))
    assert row["close"] == "0.30000000000000004"
    (row,) = rows_of(web.get("/api/export?kind=metrics&search=eth&columns=rsi,funding"))
    assert (row["rsi"], row["funding"]) == ("1e-07", "-0.1")


def test_hostile_texts_are_no_formulas(web: Web):
    rows = rows_of(web.get("/api/export?kind=alerts&columns=text,rule"))
    assert rows[1]["text"] == "'@alert 6"
    assert orjson.loads(rows[0]["rule"])["name"] == "=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+x", "'+x"),
        ("-x", "'-x"),
        ("@x", "'@x"),
        ("  =x", "'  =x"),
        ("\t=x", "'\t=x"),
        ("\r=x", "'\r=x"),
        ("-1.5", "-1.5"),
        ("+1e-7", "+1e-7"),
        ("-1+1", "'-1+1"),
        ("-", "'-"),
        ("-1e", "'-1e"),
        ("BTC=", "BTC="),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_run(text: str, cell: str):
    assert harmless(text) == cell


@example([(0.0, "\r", []), (-0.0, 'a"\n,b', [1, 2])])
@given(st.lists(st.tuples(st.floats(allow_nan=False), st.text(), st.lists(st.integers(0, 9)))))
def test_any_rows_read_back(rows: list[tuple[float, str, list[int]]]):
    forms = {"a": Form.REAL, "b": Form.TEXT, "c": Form.INTEGERS}
    whole = b"".join(csv_parts(forms, [rows, [], rows]))
    _, *found = csv.reader(io.StringIO(whole.decode(), newline=""))
    assert [(float(a), b, c) for a, b, c in found] == [
        (a, harmless(b), " ".join(map(str, c))) for a, b, c in rows + rows
    ]
    packed = parquet.read_table(io.BytesIO(b"".join(parquet_parts(forms, [rows, [], rows]))))
    assert packed.to_pylist() == [dict(zip(forms, row, strict=True)) for row in rows + rows]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_nothing_is_a_file_with_a_header(web: Web, form: str):
    answer = web.get(f"/api/export?kind=metrics&tf=15m&columns=symbol,ts&format={form}")
    if form == "csv":
        assert answer.get_data(as_text=True) == "symbol,ts\r\n"
    else:
        assert table_of(answer).schema.names == ["symbol", "ts"]


def test_a_file_has_a_name_and_a_type(web: Web, world: World):
    world.now = 1_700_000_100_000
    for query, name, media in (
        ("kind=metrics&tf=15m", "metrics-15m-20231114T221500Z.csv", "text/csv"),
        (f"kind=history&{BTC}", "history-okx-BTC-USDT-USDT-5m-20231114T221500Z.csv", "text/csv"),
        ("kind=alerts&format=parquet", "alerts-20231114T221500Z.parquet", "application/vnd.apache.parquet"),
    ):
        answer = web.get(f"/api/export?{query}")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="futuresboard-{name}"'
        assert (answer.mimetype, answer.headers["Cache-Control"]) == (media, "no-store")


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("", 400, "kind"),
        ("kind=rules", 400, "kind"),
        ("kind=metrics&format=xlsx", 400, "format"),
        ("kind=metrics&columns=close,nothing", 400, "columns"),
        ("kind=metrics&columns=obv", 400, "columns"),
        ("kind=metrics&limit=5", 400, "limit"),
        ("kind=metrics&start=5", 400, "start"),
        ("kind=metrics&filter=z >", 400, "filter"),
        ("kind=metrics&sort=nothing", 400, "sort"),
        ("kind=history", 400, "exchange"),
        ("kind=history&exchange=okx&symbol=NO/USDT:USDT", 404, None),
        ("kind=alerts&since=x", 400, "since"),
    ],
)
def test_refusals_are_problems(web: Web, query: str, status: int, parameter: str | None):
    answer = web.get(f"/api/export?{query}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json().get("parameter") == parameter
    assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize("name", ["history", "alerts_before"])
def test_a_database_that_fails_is_told_before_the_first_byte(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch, name: str
):
    def fail(*_: object) -> None:
        raise ReadError("gone")

    monkeypatch.setattr(world.reader, name, fail)
    answer = web.get(
        "/api/export?kind=alerts" if name == "alerts_before" else f"/api/export?kind=history&{BTC}"
    )
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")


def test_over_http_it_comes_in_chunks_and_the_connection_stays(web: Web, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export, "_ROWS_AT_ONCE", 2)
    with web.serving() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.connect()
        first = connection.sock
        for _ in range(2):
            connection.request("GET", f"/api/export?kind=history&{BTC}&columns=ts,close")
            response = connection.getresponse()
            assert response.headers["Transfer-Encoding"] == "chunked"
            assert "Content-Length" not in response.headers
            assert len(response.read().splitlines()) == 10
            connection.request("GET", "/health/live")
            assert orjson.loads(connection.getresponse().read()) == {"status": "live"}
            assert connection.sock is first
        connection.close()


def test_every_column_can_be_named(web: Web):
    for query, names in (("kind=metrics", ROW_COLUMNS), ("kind=alerts", tuple(export._ALERT_FORMS))):
        header = web.get(f"/api/export?{query}").get_data(as_text=True).splitlines()[0]
        assert tuple(header.split(",")) == names
