"""Listings, delistings and a rename while it runs: from the wire to the API, on one shared time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from futuresboard.sim_exchange import SimThread
from futuresboard.sim_exchange.faults import Rule
from support_faults import EXCHANGES, M5, MIDNIGHT, Stage, sim_config, staged
from support_system import Row
from support_web import Opened

BEGIN = MIDNIGHT - 20 * 60_000
AT = MIDNIGHT - 2 * M5
"""When pairs end, begin and are renamed; the lists are read 12.5 minutes after the hour."""
END = MIDNIGHT + 6 * M5 + 60_000
PEPE, THOUSAND = "PEPE/USDT:USDT", "1000PEPE/USDT:USDT"
ENDED, BEGUN = "XRP/USDT:USDT", "XAI/USDT:USDT"
SETTINGS = {"SYMBOLS": "BTC,ETH,PEPE,XRP,XAI", "HISTORY_BARS": "120", "INTERVAL": "30"}


@dataclass
class Run:
    """What the API said before and in the end."""

    sim: SimThread
    before: dict[tuple[str, str], Row]
    after: dict[tuple[str, str], Row]
    history: dict[tuple[str, str], list[Row]]


def _change(sim: SimThread) -> None:
    """Lets a pair end and one start on each exchange, and one be renamed."""
    for exchange in EXCHANGES:
        market = sim.server.venues[exchange].market
        for kind, symbol in (("delist", ENDED), ("new_listing", BEGUN)):
            found = market.find(exchange, symbol)
            assert found is not None
            sim.server.faults.add(Rule(kind, exchange, symbol=found.id, options={"at_ms": AT}))
    options: dict[str, object] = {"at_ms": AT, "to": "PEPEUSDT"}
    sim.server.faults.add(Rule("rename", "binanceusdm", symbol="1000PEPEUSDT", options=options))


def _rows(stage: Stage, at: int) -> dict[tuple[str, str], Row]:
    with closing(Opened(stage.settings, at)) as api:
        return api.rows()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    config = replace(sim_config(), epoch_ms=BEGIN)
    folder = tmp_path_factory.mktemp("universe")
    with (
        pytest.MonkeyPatch.context() as patch,
        staged(folder, patch, config=config, **SETTINGS) as stage,
    ):
        before: dict[tuple[str, str], Row] = {}
        stage.plan(AT - 120_000, lambda: before.update(_rows(stage, AT)))
        stage.plan(AT - 110_000, lambda: _change(stage.sim))
        stage.play(END)
        with closing(Opened(stage.settings, END)) as api:
            keys = [(exchange, symbol) for exchange in EXCHANGES for symbol in (ENDED, BEGUN)]
            keys += [("binanceusdm", symbol) for symbol in (PEPE, THOUSAND, "BTC/USDT:USDT")]
            yield Run(stage.sim, before, api.rows(), {key: api.history(*key, "5m") for key in keys})


def test_a_delisted_pair_leaves_the_page_and_keeps_its_history(run: Run) -> None:
    for exchange in EXCHANGES:
        assert (exchange, ENDED) in run.before
        assert (exchange, ENDED) not in run.after
        rows = run.history[exchange, ENDED]
        assert len(rows) > 100
        assert rows[-1]["ts"] + M5 <= AT
        assert rows[-1]["close"] == run.sim.truth.bar(exchange, ENDED, rows[-1]["ts"]).close


def test_a_new_listing_joins_with_its_first_bar_and_warms(run: Run) -> None:
    for exchange, symbol in ((name, BEGUN) for name in EXCHANGES):
        row, rows = run.after[exchange, symbol], run.history[exchange, symbol]
        assert rows[0]["ts"] == AT
        assert [one["ts"] for one in rows] == list(range(AT, rows[-1]["ts"] + M5, M5))
        assert row["rsi"] is None
        assert row["z_score"] is None
        assert "warming" in row["quality"]
        assert row["listed_ts"] == AT
        for one in rows:
            truth = run.sim.truth.bar(exchange, symbol, one["ts"])
            assert (one["open"], one["close"]) == (truth.open, truth.close)


def test_a_renamed_contract_is_a_new_series_in_its_own_unit(run: Run) -> None:
    old, new = run.history["binanceusdm", THOUSAND], run.history["binanceusdm", PEPE]
    assert ("binanceusdm", THOUSAND) not in run.after
    assert old[-1]["ts"] < AT <= new[0]["ts"]
    assert math.isclose(old[-1]["close"] / new[0]["open"], 1000, rel_tol=0.2)
    assert run.after["binanceusdm", PEPE]["base"] == run.before["binanceusdm", THOUSAND]["base"] == "PEPE"
    assert new[0]["oi_delta_pct"] is None
    assert all(abs(row["oi_delta_pct"] or 0.0) < 50 for row in new)


def test_nobody_else_notices(run: Run) -> None:
    others = {key for key in run.before if key[1] not in (ENDED, THOUSAND)}
    assert others <= set(run.after)
    rows = run.history["binanceusdm", "BTC/USDT:USDT"]
    assert [row["ts"] for row in rows] == list(range(rows[0]["ts"], rows[-1]["ts"] + M5, M5))
    assert sum(counts.total_violations for counts in run.sim.stats.values()) == 0
