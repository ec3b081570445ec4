"""`/api/corr` over a database: which coins, which bars, which numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import pearsonr

from support_rows import World
from support_web import Web

M5 = 300_000
SLOTS = 289


@pytest.fixture(scope="module")
def prices() -> np.ndarray:
    """(4, 289): two that go together, one against them, one of its own."""
    rng = np.random.default_rng(3)
    factor, own = rng.normal(0, 2e-3, SLOTS), rng.normal(0, 1e-3, (4, SLOTS))
    return 50.0 * np.exp(np.cumsum(np.array([[1.0], [-1.0], [1.0], [0.0]]) * factor + own, axis=1))


@pytest.fixture(scope="module")
def world(prices: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("corr"))
    okx = made.register("okx", "BTC", "ETH", "1000PEPE")
    bybit = made.register("bybit", "BTC", "SOL")
    series = [("okx", okx[0]), ("okx", okx[1]), ("okx", okx[2]), ("bybit", bybit[1])]
    last = (made.now // M5 - 1) * M5
    bars = [
        (
            *pair,
            "5m",
            last - (SLOTS - 1 - t) * M5,
            {"close": prices[i, t], "oi_contracts": 1e3 / prices[i, t]},
        )
        for i, pair in enumerate(series)
        for t in range(SLOTS)
        if (i, t) != (1, 100)  # a hole
    ]
    bars.append(("bybit", bybit[0], "5m", last, {"close": 1.0}))
    volumes = [5.0, 3.0, 2.0, 4.0]
    live = [(*pair, {"volume_24h_usd": volume}) for pair, volume in zip(series, volumes, strict=True)]
    made.commit(bars, [*live, ("bybit", bybit[0], {"volume_24h_usd": 1.0})])
    yield made
    made.close()


def changes(values: np.ndarray) -> np.ndarray:
    return np.diff(np.log(values), axis=-1)


def found(web: Web, query: str = "") -> dict:
    response = web.get(f"/api/corr?{query}")
    assert response.status_code == 200, response.get_json()
    return response.get_json()


SYMBOLS = ["BTC/USDT:USDT", "ETH/USDT:USDT", "1000PEPE/USDT:USDT", "SOL/USDT:USDT"]


def test_the_numbers_are_those_of_scipy(web: Web, prices: np.ndarray):
    answer = found(web)
    assert sorted(answer["symbols"]) == sorted(SYMBOLS)
    place = [SYMBOLS.index(symbol) for symbol in answer["symbols"]]
    moves = changes(prices)
    moves[1, 99:101] = np.nan
    for a, i in enumerate(place):
        for b, j in enumerate(place):
            both = np.isfinite(moves[i]) & np.isfinite(moves[j])
            want = pearsonr(moves[i][both], moves[j][both]).statistic
            assert answer["r"][a][b] == pytest.approx(want, abs=1e-9)
        assert answer["oi_price"][SYMBOLS[i]] == pytest.approx(-1.0, abs=1e-9)
    flagged = {frozenset(answer["symbols"][i] for i in pair) for pair in answer["flagged"]}
    assert flagged == {frozenset(pair) for pair in (SYMBOLS[:2], SYMBOLS[1:3], SYMBOLS[::2])}
    assert answer["ts"] == (web.world.now // M5 - 1) * M5
    together = [answer["symbols"].index(SYMBOLS[i]) for i in (0, 2)]
    assert abs(together[0] - together[1]) == 1


def test_a_coin_is_its_most_liquid_listing(web: Web):
    answer = found(web, "top=3")
    listings = dict(zip(answer["symbols"], answer["exchanges"], strict=True))
    assert listings == {"BTC/USDT:USDT": "okx", "SOL/USDT:USDT": "bybit", "ETH/USDT:USDT": "okx"}


def test_windows_and_levels(web: Web, prices: np.ndarray):
    short = found(web, "window=6h&top=2")
    moves = changes(prices)[:, -72:]
    assert short["r"][0][1] == pytest.approx(pearsonr(moves[0], moves[3]).statistic, abs=1e-9)
    levels = found(web, "on=levels&top=2")
    assert levels["r"][0][1] == pytest.approx(pearsonr(prices[0, 1:], prices[3, 1:]).statistic, abs=1e-9)
    # Two thirds of three days are not there.
    assert found(web, "window=3d&top=2")["r"] == [[None, None], [None, None]]


def test_lead_and_lag_are_said_when_asked_for(web: Web):
    assert "lead_lag" not in found(web)
    # All of the factor comes at once: nobody moves first.
    assert found(web, "lead_lag=12")["lead_lag"] == []


def test_who_moves_first(tmp_path: Path, prices: np.ndarray):
    made = World(tmp_path)
    names = made.register("okx", "BTC", "ETH", "SOL")
    last = (made.now // M5 - 1) * M5
    follows = np.concatenate([np.full(3, prices[0, 0]), prices[0, :-3]])
    made.commit(
        [
            ("okx", name, "5m", last - (SLOTS - 1 - t) * M5, {"close": row[t], "oi_contracts": 1.0 + t % 3})
            for name, row in zip(names, (follows, prices[0], prices[3]), strict=True)
            for t in range(SLOTS)
        ],
        [("okx", name, {"volume_24h_usd": 9.0 - i}) for i, name in enumerate(names)],
    )
    answer = found(Web(made, tmp_path), "lead_lag=4&on=levels")
    (lead,) = answer["lead_lag"]
    leader, follower = (answer["symbols"][lead[name]] for name in ("leader", "follower"))
    assert (leader, follower, lead["bars"]) == (names[1], names[0], 3)
    assert lead["r"] == pytest.approx(1.0)
    assert 0.1 < lead["threshold"] < 0.5
    assert found(Web(made, tmp_path), "lead_lag=2")["lead_lag"] == []
    made.close()


def test_r_over_time(web: Web, prices: np.ndarray):
    answer = found(web, "window=12h&rolling=6h")["rolling"]
    assert (answer["bars"], answer["against"]) == (72, SYMBOLS[0])
    last = (web.world.now // M5 - 1) * M5
    assert answer["ts"] == [last - M5 * back for back in range(143, -1, -1)]
    moves = changes(prices)
    moves[1, 99:101] = np.nan
    rows = {SYMBOLS[i]: moves[i] for i in range(4)}
    assert set(answer["r"]) == set(SYMBOLS[1:])
    for symbol, values in answer["r"].items():
        for back in (0, 50, 143):
            stop = SLOTS - 1 - back
            x, y = rows[SYMBOLS[0]][stop - 72 : stop], rows[symbol][stop - 72 : stop]
            both = np.isfinite(y)
            assert values[-1 - back] == pytest.approx(pearsonr(x[both], y[both]).statistic, abs=1e-9)
    assert answer["oi_price"][SYMBOLS[2]][-1] == pytest.approx(-1.0, abs=1e-9)
    matrix = found(web, "window=6h")
    pairs = [matrix["r"][i][j] for i in range(4) for j in range(i)]
    assert answer["together"][-1] == pytest.approx(np.mean(pairs), abs=1e-9)


def test_a_long_stretch_has_every_so_many_points(web: Web):
    answer = found(web, "window=3d&rolling=24h")["rolling"]
    assert len(answer["ts"]) == 288
    assert np.diff(answer["ts"]).tolist() == [3 * M5] * 287
    assert answer["ts"][-1] == (web.world.now // M5 - 1) * M5
    # Two of the three days are not there.
    assert answer["together"][0] is None
    assert answer["together"][-1] is not None


def test_what_is_not_known(web: Web, tmp_path: Path):
    assert found(web, "tf=15m") == {
        "symbols": [], "exchanges": [], "ts": None, "r": [], "flagged": [], "oi_price": {}
    }  # fmt: skip


def test_an_answer_is_kept_until_the_data_change(web: Web):
    first, second = (web.get("/api/corr") for _ in range(2))
    assert first.headers["ETag"] == second.headers["ETag"]
    again = web.get("/api/corr", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304


def test_it_is_worked_out_anew_with_bars_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = World(tmp_path)
    names = made.register("okx", "BTC", "ETH")
    made.fill("okx", names, bars=3)
    live = [("okx", name, {"volume_24h_usd": 1.0}) for name in names]
    made.commit(live=live)
    web = Web(made, tmp_path)
    reads: list[object] = []
    columns = made.reader.columns
    monkeypatch.setattr(made.reader, "columns", lambda *given: reads.append(given) or columns(*given))
    found(web)
    made.commit(live=live)
    found(web)
    assert len(reads) == 1
    made.now += M5
    made.fill("okx", names)
    assert found(web)["ts"] == (made.now // M5 - 1) * M5
    assert len(reads) == 2
    made.close()


@pytest.mark.parametrize(
    "query",
    ["top=1", "top=51", "window=1h", "on=returns", "tf=2m", "exchange=okx", "lead_lag=13", "rolling=7d"],
)
def test_what_is_not_allowed(web: Web, query: str):
    response = web.get(f"/api/corr?{query}")
    assert response.status_code == 400
    assert response.get_json()["parameter"] == query.partition("=")[0]
