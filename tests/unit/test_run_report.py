"""The HTML page of a run: whole, plain, and of the document's own numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from typing import Any

import orjson
import pytest

from futuresboard.run_report import html_of, intervals, title_of
from support_core import Recorder
from support_simulate import Asking, recorded

VOID = {"meta", "circle", "line", "polyline"}


class Page(HTMLParser):
    """Tags that are open at the end, names of all, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    made = recorded(tmp_path_factory.mktemp("report"), count=150)
    yield made
    made.close()


@pytest.fixture(scope="module")
def asking(recorder: Recorder) -> Iterator[Asking]:
    made = Asking(recorder)
    with closing(made.reader):
        yield made


def test_the_page_says_what_the_document_says(asking: Asking) -> None:
    run = asking.run({"entry": "tier", "tier": 1, "hold": 6})
    answer = asking.get(f"/api/runs/{run['id']}/report")
    assert answer.mimetype == "text/html"
    page = Page(answer.get_data(as_text=True))
    assert page.open == []
    assert "SIMULATED DATA" in page.text
    statistics = run["statistics"]
    assert f"{statistics['hit']['rate']:.1%}" in page.text
    assert f"{statistics['hit']['base_rate']:.1%}" in page.text
    assert f"{statistics['net']['expectancy']:+.3%}" in page.text
    assert f"{statistics['hit']['uplift'] * 100:+.1f} percentage points" in page.text
    assert statistics["verdict"].capitalize() in page.text
    for reason in statistics["reasons"]:
        assert reason in page.text
    (points, _) = (attrs["points"] for tag, attrs in page.tags if tag == "polyline")
    assert points is not None
    assert len(points.split()) == len(run["curve"]["ts"])
    rows = [tag for tag, _ in page.tags].count("tr")
    assert rows > run["trade_count"]
    assert asking.get("/api/runs/none/report").status_code == 404


def test_nothing_of_the_page_comes_from_elsewhere_or_runs(asking: Asking) -> None:
    run = asking.run({"entry": "tier", "tier": 1, "hold": 3})
    hostile = orjson.loads(orjson.dumps(run).replace(b"BTC/USDT:USDT", b"<script>alert(1)</script>"))
    hostile["settings"] |= {"entry": "rule", "rule": 'base = "<img src=x onerror=alert(1)>"'}
    hostile["statistics"]["cautions"] = ["<b>bold</b>"]
    page = Page(html_of(hostile))
    assert page.open == []
    assert {tag for tag, _ in page.tags} & {"script", "img", "b", "link", "iframe"} == set()
    assert not any(name in attrs for _, attrs in page.tags for name in ("src", "href", "onerror"))
    assert "<script>alert(1)</script>" in page.text


def test_a_run_without_a_trade_is_a_page_too(asking: Asking) -> None:
    run = asking.run({"entry": "rule", "rule": "rsi > 100", "hold": 3})
    assert run["trade_count"] == 0
    page = Page(html_of(run))
    assert page.open == []
    assert "Too few" in page.text
    assert "unknown" in page.text


def test_an_interval_stands_where_its_ends_are() -> None:
    text = intervals([("a", 0.5, 0.25, 0.75), ("b", None, None, None)])
    (low, high) = map(float, re.findall(r'x1="([\d.]+)" x2="([\d.]+)" y1="13.0"', text)[0])
    (at,) = map(float, re.findall(r'cx="([\d.]+)"', text))
    assert at == pytest.approx((low + high) / 2)
    assert "unknown" in text


@pytest.mark.parametrize(
    ("change", "title"),
    [
        ({}, "tier 1, long, 6 bars"),
        (
            {"take_profit": 0.01, "stop_loss": 0.005, "late": 1},
            "tier 1, long, 6 bars, take-profit 1.00%, stop-loss 0.50%, 1 bars late",
        ),
        ({"entry": "obv-rsi", "hold": None, "direction": "both"}, "OBV/RSI, both, until its exit signal"),
    ],
)
def test_titles(change: dict[str, Any], title: str) -> None:
    plain = {"entry": "tier", "tier": 1, "rule": None, "direction": "long", "hold": 6, "late": 0}
    assert (
        title_of({**plain, **dict.fromkeys(("take_profit", "stop_loss", "trailing_stop")), **change}) == title
    )
