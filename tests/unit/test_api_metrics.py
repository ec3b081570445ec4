from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futuresboard.api.metrics import content_range, sort_rows
from futuresboard.rows import ROW_COLUMNS
from support_rows import T0, World
from support_web import Web


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def fill(world: World) -> None:
    okx = world.register("okx", "BTC", "ETH", "1000PEPE")
    bybit = world.register("bybit", "BTC", "SOL")
    world.fill("okx", okx)
    world.fill("bybit", bybit)


@pytest.mark.parametrize(
    ("expression", "bases"),
    [
        ("z > 0", ["PEPE", "ETH", "SOL"]),
        ("z = 1 and exchange = 'OKX'", ["ETH"]),
        ("coin in ('btc', 'sol')", ["SOL", "BTC", "BTC"]),
        ("live_price > 5", ["BTC"]),
        ("not live_price > 5", []),
        ("market_cap_usd > 0 or z > 0", []),
        ("tier_1", ["ETH"]),
        ("not tier_1", ["PEPE", "SOL", "BTC", "BTC"]),
        ("tier_5 or not tier_5", []),
    ],
)
def test_a_filter_shows_the_rows_for_which_it_holds(
    web: Web, world: World, expression: str, bases: list[str]
):
    fill(world)
    world.commit(
        [("okx", "ETH/USDT:USDT", "5m", newest_ts(world), {"tiers": 2, "z_score": 1.0})],
        live=[("bybit", "BTC/USDT:USDT", {"live_price": 5.5})],
    )
    response = web.client.get("/api/metrics", query_string={"filter": expression, "sort": "-z_score,base"})
    assert [row["base"] for row in response.get_json()] == bases
    shown = f"metrics 0-{len(bases) - 1}/{len(bases)}" if bases else "metrics */0"
    assert response.headers["Content-Range"] == shown
    page = web.client.get("/api/metrics", query_string={"filter": expression, "limit": 1})
    assert len(page.get_json()) == min(1, len(bases))


def newest_ts(world: World) -> int:
    return world.reader.newest_bar("5m") or 0


def test_a_filter_is_one_of_several(web: Web, world: World):
    fill(world)
    asked = {"filter": "z >= 1", "exchange": "okx", "search": "e"}
    assert [row["base"] for row in web.client.get("/api/metrics", query_string=asked).get_json()] == [
        "PEPE",
        "ETH",
    ]
    assert len(web.client.get("/api/metrics", query_string=asked | {"filter": ""}).get_json()) == 2


@pytest.mark.parametrize(
    ("expression", "position", "came"),
    [
        ("z >", 3, "the end"),
        ("fundng < 0", 0, "fundng"),
        ("price_1h > 1", 0, "price_1h"),
        ("z > 1 && z", 6, "&&"),
    ],
)
def test_a_wrong_filter_is_told_with_its_place(web: Web, expression: str, position: int, came: str):
    response = web.client.get("/api/metrics", query_string={"filter": expression})
    problem = response.get_json()
    assert (response.status_code, problem["parameter"]) == (400, "filter")
    assert (problem["position"], problem["came"]) == (position, came)
    assert problem["allowed"]
    assert problem["detail"].startswith("filter: got ")


def symbols(response) -> list[tuple[str, str]]:
    return [(row["exchange"], row["base"]) for row in response.get_json()]


def test_empty(web: Web):
    response = web.get("/api/metrics")
    assert response.status_code == 200
    assert response.get_json() == []
    assert response.headers["Content-Range"] == "metrics */0"
    assert response.mimetype == "application/json"


def test_defaults_are_the_base_timeframe_sorted_by_z_downwards(web: Web, world: World):
    fill(world)
    response = web.get("/api/metrics")
    assert response.headers["Content-Range"] == "metrics 0-4/5"
    rows = response.get_json()
    assert [row["z_score"] for row in rows] == [2.0, 1.0, 1.0, 0.0, 0.0]
    # Ties stand by exchange and symbol.
    assert symbols(response) == [
        ("okx", "PEPE"),
        ("bybit", "SOL"),
        ("okx", "ETH"),
        ("bybit", "BTC"),
        ("okx", "BTC"),
    ]
    assert {row["timeframe"] for row in rows} == {"5m"}
    assert all(tuple(row) == ROW_COLUMNS for row in rows)
    assert web.get("/api/metrics?tf=15m").get_json() == []


@pytest.mark.parametrize(
    ("query", "bases"),
    [
        ("exchange=bybit&sort=symbol", ["BTC", "SOL"]),
        ("symbol=BTC/USDT:USDT&sort=exchange", ["BTC", "BTC"]),
        ("symbol=BTC", []),
        ("symbol=btc/usdt:usdt", []),
        ("search=PeP", ["PEPE"]),
        ("search=1000pepe/", ["PEPE"]),
        ("search=sol&exchange=okx", []),
        ("pairs=bybit|SOL/USDT:USDT,okx|BTC/USDT:USDT&sort=base", ["BTC", "SOL"]),
        ("pairs=okx|SOL/USDT:USDT", []),
        ("search=/usdt&sort=base,exchange&limit=2", ["BTC", "BTC"]),
        ("overlays=&exchange=bybit&sort=base", ["BTC", "SOL"]),
        ("exchange=&symbol=&search=&tier=&sort=&limit=&offset=&tf=", ["PEPE", "SOL", "ETH", "BTC", "BTC"]),
    ],
)
def test_filters(web: Web, world: World, query: str, bases: list[str]):
    fill(world)
    assert [base for _, base in symbols(web.get(f"/api/metrics?{query}"))] == bases


def test_tier_means_every_tier_that_is_true(web: Web, world: World):
    btc, eth = world.register("okx", "BTC", "ETH")
    world.commit(
        [("okx", btc, "5m", T0, {"tiers": 1 << 1 | 1 << 4}), ("okx", eth, "5m", T0, {"tiers": 1 << 4})]
    )
    assert symbols(web.get("/api/metrics?tier=1")) == [("okx", "BTC")]
    assert len(web.get("/api/metrics?tier=4").get_json()) == 2
    assert web.get("/api/metrics?tier=2").headers["Content-Range"] == "metrics */0"
    row = web.get("/api/metrics?tier=1").get_json()[0]
    assert (row["tiers"], row["tier"]) == ([1, 4], 1)


@pytest.mark.parametrize(
    ("query", "range_", "shown"),
    [
        ("limit=2", "metrics 0-1/5", 2),
        ("limit=2&offset=2", "metrics 2-3/5", 2),
        ("limit=2&offset=4", "metrics 4-4/5", 1),
        ("limit=5", "metrics 0-4/5", 5),
        ("limit=1000", "metrics 0-4/5", 5),
        ("offset=5", "metrics */5", 0),
        ("offset=6", "metrics */5", 0),
        ("search=nothing", "metrics */0", 0),
        ("exchange=bybit&limit=1", "metrics 0-0/2", 1),
    ],
)
def test_content_range(web: Web, world: World, query: str, range_: str, shown: int):
    fill(world)
    response = web.get(f"/api/metrics?{query}")
    assert (response.headers["Content-Range"], len(response.get_json())) == (range_, shown)


def test_pages_cover_every_row_once(web: Web, world: World):
    fill(world)
    pages = [symbols(web.get(f"/api/metrics?sort=-close&limit=2&offset={offset}")) for offset in (0, 2, 4)]
    together = [pair for page in pages for pair in page]
    assert len(together) == len(set(together)) == 5
    assert together == symbols(web.get("/api/metrics?sort=-close"))


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("tf=7m", "tf"),
        ("tf=1h", "tf"),
        ("exchange=mtgox", "exchange"),
        ("tier=7", "tier"),
        ("tier=x", "tier"),
        ("sort=nonsense", "sort"),
        ("sort=-z_score,", "sort"),
        ("sort=--z_score", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=1_0", "limit"),
        ("limit=٣", "limit"),
        ("limit=1.0", "limit"),
        ("offset=-1", "offset"),
        ("timeframe=5m", "timeframe"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_what_is_not_allowed_is_named(web: Web, query: str, parameter: str):
    response = web.get(f"/api/metrics?{query}")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem["status"] == 400
    assert problem["parameter"] == parameter
    assert problem["allowed"]
    assert parameter in problem["detail"]
    assert "came" in problem


def test_nulls_sort_last_both_ways(web: Web, world: World):
    names = world.register("okx", "A", "B", "C", "D")
    values = [1.0, None, 3.0, None]
    world.commit([("okx", n, "5m", T0, {"z_score": z}) for n, z in zip(names, values, strict=True)])
    assert [b for _, b in symbols(web.get("/api/metrics?sort=z_score"))] == ["A", "C", "B", "D"]
    assert [b for _, b in symbols(web.get("/api/metrics?sort=-z_score"))] == ["C", "A", "B", "D"]


@pytest.mark.parametrize("column", ROW_COLUMNS)
def test_every_column_sorts(web: Web, world: World, column: str):
    names = world.register("okx", "A", "B")
    world.commit(
        [
            ("okx", names[0], "5m", T0, {"guarded": '{"imbalance": 63.1}', "tiers": 2}),
            ("okx", names[1], "5m", T0, {"guarded": '{"funding": 0.2}', "quality": 32}),
        ]
    )
    assert len(web.get(f"/api/metrics?sort={column}").get_json()) == 2


def test_no_nan_leaves(web: Web, world: World):
    (name,) = world.register("okx", "BTC")
    world.commit([("okx", name, "5m", T0, {"rsi": math.inf, "cvd": -math.inf, "close": math.nan})])
    body = web.get("/api/metrics").get_data(as_text=True)
    row = json.loads(body, parse_constant=pytest.fail)[0]
    assert (row["rsi"], row["cvd"], row["close"]) == (None, None, None)


def test_closed_part_equals_history(web: Web, world: World):
    (name,) = world.register("okx", "BTC")
    world.fill("okx", [name], bars=3)
    world.commit(live=[("okx", name, {"live_price": 7.0, "live_ts": world.now})])
    row = web.get("/api/metrics").get_json()[0]
    history = web.get(f"/api/history?exchange=okx&symbol={name}").get_json()
    assert history["ts"][-1] == row["ts"]
    for column, values in history.items():
        assert values[-1] == row[column], column
    assert row["live_price"] == 7.0
    assert "live_price" not in history


def test_ages_and_stale_move_without_new_data(web: Web, world: World):
    (name,) = world.register("okx", "BTC")
    world.fill("okx", [name])
    before = web.get("/api/metrics").get_json()[0]
    assert "stale" not in before["quality"]
    world.now += 900_000
    after = web.get("/api/metrics").get_json()[0]
    assert "stale" in after["quality"]
    assert after["age_s"] == before["age_s"] + 900.0


keys = st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=3)
cells = st.one_of(st.none(), st.integers(-2, 2))


@given(st.lists(st.tuples(cells, cells, cells), max_size=12), keys)
def test_sorting_is_lexicographic_stable_and_nulls_are_last(cells_: list[tuple], by: list[tuple[str, bool]]):
    rows = [{"a": a, "b": b, "c": c, "n": n} for n, (a, b, c) in enumerate(cells_)]

    def rank(row: dict) -> tuple:
        parts = []
        for name, downwards in by:
            value = row[name]
            parts.append((value is None, 0 if value is None else -value if downwards else value))
        return (*parts, row["n"])

    assert sort_rows(list(rows), tuple(by)) == sorted(rows, key=rank)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50))
def test_content_range_counts_what_a_slice_shows(offset: int, limit: int, total: int):
    shown = list(range(total))[offset : offset + limit]
    expected = f"m {shown[0]}-{shown[-1]}/{total}" if shown else f"m */{total}"
    assert content_range("m", offset, limit, total) == expected
