"""`/api/simulate` and `/api/runs` over bars that the pipeline stored, beside plain loops."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

import reference_trades
from handmade_bars import M5
from support_core import Recorder
from support_schemas import of_answer
from support_simulate import PAIRS, Asking, recorded

HOLD = 6
TIER_1 = {"entry": "tier", "tier": 1, "hold": HOLD}


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    made = recorded(tmp_path_factory.mktemp("simulate"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def asking(recorder: Recorder) -> Iterator[Asking]:
    made = Asking(recorder)
    yield made
    made.reader.close()


@pytest.fixture(scope="module")
def run(asking: Asking) -> dict[str, Any]:
    return asking.run(TIER_1)


def wanted_trades(asking: Asking) -> list[tuple[str, int, float]]:
    """(exchange, signal, net) of a trade at every stored alert of tier 1 that its pair is free for."""
    alerts = asking.get("/api/alerts", tf="5m", tier=1, kind="tier", limit=1000).get_json()
    found = []
    for pair in PAIRS:
        bars = asking.bars(pair.exchange)
        begin = bars[0]["ts"]
        slots = sorted((one["ts"] - begin) // M5 for one in alerts if one["exchange"] == pair.exchange)
        nets = {slot: reference_trades.trade(bars, slot, HOLD, 1, M5, begin) for slot in slots}
        traded = [(0, slot) for slot in slots if nets[slot] is not None]
        for _, slot in reference_trades.without_overlap(traded, HOLD):
            found.append((pair.exchange, bars[slot]["ts"], nets[slot]))
    return sorted(found)


def test_trades_are_those_of_the_stored_alerts(asking: Asking, run: dict[str, Any]) -> None:
    wanted = wanted_trades(asking)
    assert len(wanted) > 10
    made = sorted((one["exchange"], one["signal_ts"], one["net"]) for one in run["trades"])
    assert [one[:2] for one in made] == [one[:2] for one in wanted]
    assert [one[2] for one in made] == pytest.approx([one[2] for one in wanted], abs=1e-12)
    hit = run["statistics"]["hit"]
    assert hit["hits"] == sum(net > 0 for *_, net in wanted)
    assert hit["rate"] == hit["hits"] / len(wanted)
    assert run["trade_count"] == run["statistics"]["n"] == len(wanted)
    assert run["statistics"]["net"]["expectancy"] == pytest.approx(
        sum(one[2] for one in wanted) / len(wanted)
    )


def test_the_base_rate_is_that_of_every_bar(asking: Asking, run: dict[str, Any]) -> None:
    nets = []
    for pair in PAIRS:
        bars = asking.bars(pair.exchange)
        found = [reference_trades.trade(bars, t, HOLD, 1, M5, bars[0]["ts"]) for t in range(len(bars))]
        nets += [net for net in found if net is not None]
    hit = run["statistics"]["hit"]
    assert hit["base_bars"] == len(nets)
    assert hit["base_rate"] == sum(net > 0 for net in nets) / len(nets)


def test_a_run_has_all_that_belongs_beside_a_hit_rate(run: dict[str, Any]) -> None:
    statistics = run["statistics"]
    assert statistics["hit"]["wilson_low"] < statistics["hit"]["rate"] < statistics["hit"]["wilson_high"]
    assert 0.2 < statistics["zero_edge"]["hit_rate"] < 0.6
    assert statistics["late"]["n"] > 0
    assert statistics["verdict"] in {"edge", "no measurable edge", "too few"}
    assert statistics["reasons"]
    assert statistics["goal"]["target"] == 0.6
    assert run["data"]["kind"] == "simulated"
    assert run["data"]["pairs"] == len(PAIRS)
    assert run["curve"]["equity"][-1] == run["portfolio"]["final"]
    assert max(run["curve"]["drawdown"]) == run["portfolio"]["max_drawdown"]


def test_the_same_again_is_the_same_bytes(asking: Asking, run: dict[str, Any]) -> None:
    again = asking.run(TIER_1)
    assert orjson.dumps(again) == orjson.dumps(run)


def test_runs_are_kept_listed_and_given_as_files(asking: Asking, run: dict[str, Any]) -> None:
    other = asking.run({**TIER_1, "direction": "short"})
    listed = asking.get("/api/runs")
    assert of_answer("/api/runs", listed.get_json()) == []
    by_id = {one["id"]: one for one in listed.get_json()}
    assert by_id[run["id"]]["hit_rate"] == run["statistics"]["hit"]["rate"]
    assert other["id"] in by_id
    assert listed.headers["Content-Range"] == f"runs 0-{len(by_id) - 1}/{len(by_id)}"
    path = f"/api/runs/{run['id']}"
    assert asking.get(path).get_json() == run
    table = pq.read_table(io.BytesIO(asking.get(f"{path}/trades", format="parquet").data)).to_pylist()
    for name in ("exchange", "symbol", "signal_ts", "entry_ts", "exit_ts", "net", "funding", "reason"):
        assert [row[name] for row in table] == [one[name] for one in run["trades"]]
    text = asking.get(f"{path}/trades").get_data(as_text=True)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["net"]) for row in rows] == [one["net"] for one in run["trades"]]


def test_every_configuration_counts_and_deflates(asking: Asking) -> None:
    before = asking.run({**TIER_1, "hold": 3})["statistics"]["deflation"]["tried"]
    assert asking.run({**TIER_1, "hold": 4})["statistics"]["deflation"]["tried"] == before + 1
    deleted = asking.run({**TIER_1, "hold": 5})
    assert asking.client.delete(f"/api/runs/{deleted['id']}").status_code == 204
    assert asking.run({**TIER_1, "hold": 8})["statistics"]["deflation"]["tried"] == before + 3


def test_a_stretch_of_some_pairs(asking: Asking, run: dict[str, Any]) -> None:
    start, end = run["data"]["start"] + 150 * M5, run["data"]["start"] + 300 * M5
    part = asking.run(TIER_1, start=start, end=end, exchange="okx", symbols=["BTC/USDT:USDT"])
    assert part["data"]["start"] == start
    assert part["data"]["end"] == end
    assert part["data"]["pairs"] == 1
    # What was known at the start is known: signals of the part are those of the whole.
    signals = {one["signal_ts"] for one in run["trades"] if one["exchange"] == "okx"}
    own = [one["signal_ts"] for one in part["trades"]]
    assert own
    assert all(start <= ts <= end for ts in own)
    assert set(own[1:]) <= signals


def test_levels_rules_and_obv_rsi_run(asking: Asking) -> None:
    for settings in (
        {"entry": "rule", "rule": "z > 2 and rsi < 60", "take_profit": 0.01, "stop_loss": 0.005},
        {"entry": "confluence", "hold": 12, "direction": "fade", "cash_limit": True},
        {"entry": "obv-rsi"},
        {"entry": "tier", "tier": 6, "hold": 3},
    ):
        found = asking.run(settings)
        assert sum(found["outcomes"].values()) == found["signals"]
        assert not any(isinstance(one, float) and math.isnan(one) for one in found["curve"]["equity"])


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ([], "body"),
        ({"more": 1}, "body"),
        ({"settings": 3}, "settings"),
        ({"settings": {"tier": 9}}, "tier"),
        ({"settings": {"tier": 1, "hold": 0}}, "hold"),
        ({"settings": {"tier": 1, "hold": "6"}}, "hold"),
        ({"settings": {"tier": 1}}, "hold"),
        ({"settings": {"entry": {}}}, "entry"),
        ({"settings": {"entry": "rule", "rule": "rsi >", "hold": 1}}, "expression"),
        ({"settings": {"nonsense": 1}}, "nonsense"),
        ({"settings": {"tier": 1, "hold": 6, "stop_loss": 1.5}}, "stop_loss"),
        ({"data": {"tf": "7m"}}, "data.tf"),
        ({"data": {"start": -1}}, "data.start"),
        ({"data": {"start": 5, "end": 4}}, "data.end"),
        ({"data": {"symbols": "BTC"}}, "data.symbols"),
        ({"data": {"exchange": 3}}, "data.exchange"),
        ({"data": {"colour": 3}}, "data.colour"),
        ({"data": {"symbols": ["NONE/USDT:USDT"]}}, "data"),
    ],
)
def test_what_is_not_allowed_is_named(asking: Asking, body: object, parameter: str) -> None:
    answer = asking.simulate(body)
    assert answer.status_code == 400, answer.get_json()
    assert answer.get_json()["parameter"] == parameter
    assert answer.get_json()["allowed"]


def test_what_is_not_there_is_said(asking: Asking) -> None:
    for path in ("/api/runs/x", "/api/runs/x/trades", "/api/simulate/x"):
        assert asking.get(path).status_code == 404
    assert asking.client.delete("/api/runs/x").status_code == 404
    assert asking.client.delete("/api/simulate/x").status_code == 404
    assert asking.client.post("/api/simulate", data="{}").status_code == 415
