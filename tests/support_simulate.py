"""Stored bars of one coin on three exchanges in which every tier comes up, and simulations over them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from futuresboard.app import create_app
from futuresboard.db_read import Reader
from futuresboard.model import Market
from handmade_bars import bars
from support_core import Recorder, make_settings, market
from support_schemas import of_answer
from support_web import HEALTH

PAIRS = tuple(market("BTC", exchange) for exchange in ("okx", "binanceusdm", "bybit"))
COUNT = 320


def random_rows(seed: int, count: int = COUNT) -> list[dict[str, Any]]:
    """Bars in which every tier comes up now and then; some open interest is unknown."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.004, count)))
    oi = 1e4 * np.exp(np.cumsum(rng.standard_t(3, count) * 0.008))
    made = bars(
        count,
        open=list(np.roll(close, 1)),
        close=list(close),
        oi_contracts=[math.nan if rng.random() < 0.01 else float(value) for value in oi],
        global_ls=list(rng.uniform(1.5, 3.0, count)),
        taker_buy=list(rng.uniform(45.0, 58.0, count)),
        funding=[
            float(value) for value in np.repeat(rng.choice([5e-5, 1e-4, 3e-4], count // 40 + 1), 40)[:count]
        ],
    )
    for row in made:
        row["oi_contracts"] = None if math.isnan(row["oi_contracts"]) else row["oi_contracts"]
    return made


def recorded(
    folder: Path, pairs: Sequence[Market] = PAIRS, count: int = 400, *, spoilt: bool = False
) -> Recorder:
    """A database of such bars, the same for the same pairs whatever their order. spoilt: with one close
    a hair off."""
    made = Recorder(folder, pairs=pairs)
    series = [random_rows(PAIRS.index(pair), count) for pair in pairs]
    if spoilt:
        series[0][count // 2]["close"] *= 1.0 + 1e-12
    for slot in range(count):
        made.steps([(pair, rows[slot]) for pair, rows in enumerate(series)])
    return made


class Asking:
    """The API over a recorder's database."""

    def __init__(self, recorder: Recorder, **given: str) -> None:
        self.reader = Reader(recorder.path, stale_after_ms=1)
        settings = make_settings(recorder.path.parent, **given)
        app = create_app(settings, reader=self.reader, now_ms=lambda: 7, health=lambda: HEALTH)[0]
        self.client = app.test_client()

    def simulate(self, body: object) -> Any:
        return self.client.post("/api/simulate", data=orjson.dumps(body), content_type="application/json")

    def run(self, settings: dict[str, object], **data: object) -> dict[str, Any]:
        answer = self.simulate({"settings": settings, "data": data})
        while answer.status_code == 202:
            assert of_answer(answer.headers["Location"], answer.get_json(), status=202) == []
            answer = self.client.get(answer.headers["Location"])
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        assert of_answer("/api/simulate", found, "post") == []
        return found

    def get(self, path: str, **query: object) -> Any:
        return self.client.get(path, query_string=query)

    def bars(self, exchange: str) -> list[dict[str, Any]]:
        table = self.get("/api/history", exchange=exchange, symbol="BTC/USDT:USDT", limit=5000).get_json()
        names = ("ts", "open", "close", "funding", "funding_interval_h")
        return [
            dict(zip(names, row, strict=True)) for row in zip(*(table[name] for name in names), strict=True)
        ]
