"""Simulations on the page: what is shown is what the API says, on a desk and on a phone."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from support_page import (
    DESKTOP,
    PHONE,
    ROW,
    fits,
    get,
    number,
    screen,
    total,
    violations_in_both_themes,
)

# Not a measure of speed: how long a busy machine may take.
expect.set_options(timeout=30_000)

PARTS = ("result", "trades", "runs", "compare")
CARD = "ul[aria-label=Trades] li"


@contextlib.contextmanager
def opened(
    browser: Browser,
    url: str,
    query: str = "",
    viewport: dict[str, int] = DESKTOP,
    allowed: tuple[str, ...] = (),
) -> Iterator[Page]:
    """The view in a profile of its own."""
    with screen(browser, viewport, allowed) as context:
        page = context.new_page()
        page.goto(f"{url.rstrip('/')}/?view=simulate{query}")
        yield page


def made(page: Page, url: str, **settings: Any) -> dict[str, Any]:
    """A run by way of the API alone."""
    root = url.rstrip("/")
    asked = {"entry": "tier", "tier": 1, "thresholds": {"z": 1.5, "cooldown": 3}, "hold": 6} | settings
    answer = page.request.post(f"{root}/api/simulate", data={"settings": asked})
    while answer.status == 202:
        page.wait_for_timeout(200)
        answer = page.request.get(f"{root}{answer.headers['location']}")
    assert answer.ok, answer.text()
    run: dict[str, Any] = answer.json()
    return run


@pytest.fixture
def runs(browser: Browser, server_url: str) -> list[dict[str, Any]]:
    """Two runs that differ in how long they hold."""
    with opened(browser, server_url) as page:
        return [made(page, server_url, hold=hold) for hold in (6, 12)]


def shown(page: Page, rate: str) -> float | None:
    """A hit rate of the plot to its last digit."""
    text = page.locator(f"[data-rate={rate}] [data-value]").get_attribute("data-value")
    return float(text) if text else None


def fact(page: Page, box: str, label: str) -> str:
    """What a box of the result says of a figure."""
    line = page.get_by_role("region", name=box, exact=True).locator(
        "dl > div", has=page.get_by_text(label, exact=True)
    )
    return line.locator("dd").inner_text()


def percent(fraction: float, digits: int) -> float:
    return pytest.approx(fraction * 100, abs=0.51 * 10**-digits)  # type: ignore[no-any-return]


def first_percent(text: str) -> float:
    return number(text.split("%")[0])


def result_is_the_servers(page: Page, run: dict[str, Any]) -> None:
    """Verdict, every rate with what it stands beside, returns, the account."""
    said = run["statistics"]
    titles = {"edge": "Edge", "no measurable edge": "No measurable edge", "too few": "Too few to tell"}
    verdict = page.get_by_role("region", name="Verdict")
    expect(verdict.get_by_role("heading", level=3)).to_contain_text(titles[said["verdict"]])
    expect(verdict).to_contain_text(said["goal"]["words"])
    for reason in said["reasons"]:
        expect(verdict).to_contain_text(reason[1:])
    zero = said["zero_edge"]
    told = {
        "won": said["hit"]["rate"],
        "late": said["late"]["hit_rate"],
        "base": said["hit"]["base_rate"],
        "zero": None if zero is None else zero["hit_rate"],
    }
    assert {name: shown(page, name) for name in told} == told
    expect(page.locator("[data-rate=won]")).to_contain_text(f"of {said['n']:,} trades")
    assert first_percent(fact(page, "After costs", "Mean net a trade")) == percent(
        said["net"]["expectancy"], 3
    )
    assert first_percent(fact(page, "After costs", "Regret")) == percent(run["regret"]["mean"], 3)
    assert first_percent(fact(page, "After costs", "Mean net, one bar late")) == percent(
        said["late"]["expectancy"], 3
    )
    final = fact(page, "The account", "Account at the end")
    assert number(final.split(" ")[0]) == pytest.approx(run["portfolio"]["final"], abs=0.006)
    assert first_percent(fact(page, "The account", "Deepest fall")) == percent(
        run["portfolio"]["max_drawdown"], 2
    )
    assert number(fact(page, "Luck", "Best of").split(" ")[0]) == pytest.approx(
        said["deflation"]["tried"], abs=0.051
    )
    for how, count in run["outcomes"].items():
        assert number(fact(page, "What became of the signals", how)) == count


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_the_form_runs_as_it_stands_and_shows_what_the_api_says(
    browser: Browser, server_url: str, viewport: dict[str, int]
) -> None:
    with opened(browser, server_url, viewport=viewport) as page:
        expect(page.get_by_role("option", name="5m", selected=True)).to_be_attached()
        page.get_by_label("Hold").press("Enter")
        expect(page.get_by_role("region", name="Verdict")).to_be_visible()
        page.wait_for_url("**run=**")
        name = page.evaluate("new URLSearchParams(location.search).get('run')")
        run = get(page, server_url, f"/api/runs/{name}")
        assert run["settings"]["entry"] == "tier"
        assert run["settings"]["hold"] == 6
        assert (
            run["settings"]["thresholds"]["z"]
            == get(page, server_url, "/api/settings")["thresholds"]["z_threshold"]
        )
        result_is_the_servers(page, run)
        expect(page.get_by_role("tabpanel").get_by_text("SIMULATED").first).to_be_visible()
        assert fits(page)


def test_a_link_shows_the_run_to_who_has_never_been_here(
    browser: Browser, server_url: str, runs: list[dict[str, Any]]
) -> None:
    for run in runs:
        with opened(browser, server_url, f"&run={run['id']}") as page:
            result_is_the_servers(page, run)
            figure = page.locator("figure[data-part=equity] path.recharts-curve")
            expect(figure).to_have_count(1)
            page.get_by_text("The account as a table").click()
            last = page.get_by_role("region", name="The account as a table").get_by_role("row").last
            assert number(last.get_by_role("cell").first.inner_text()) == pytest.approx(
                run["curve"]["equity"][-1], abs=0.006
            )


def test_what_does_not_fit_is_said_where_it_stands(browser: Browser, server_url: str) -> None:
    with opened(browser, server_url, allowed=("400",)) as page:
        before = total(page, server_url, "/api/runs")
        page.get_by_label("Stop loss").fill("200")
        page.keyboard.press("Enter")
        expect(page.get_by_label("Stop loss")).to_be_focused()
        expect(page.get_by_text("Allowed: a number above 0 and below 100, or none.")).to_be_visible()
        page.get_by_label("Stop loss").fill("2")
        # What no bar is stored of, the server alone knows.
        page.get_by_label("Pairs, by coin or symbol").fill("NOSUCHCOIN")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("NOSUCHCOIN")
        assert total(page, server_url, "/api/runs") == before
        assert violations_in_both_themes(page) == []


def test_the_filter_of_the_pairs_opens_trades(browser: Browser, server_url: str) -> None:
    condition = "z > 1 and funding < 0.05%"
    with opened(browser, server_url, f"&filter={quote(condition)}") as page:
        page.get_by_role("combobox", name="On", exact=True).select_option("rule")
        line = page.get_by_role("combobox", name="Condition that opens a trade")
        line.fill("z > 1 and live_price > 2")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text("Closed bars do not know live_price")).to_be_visible()
        expect(line).to_be_focused()
        page.get_by_role("combobox", name="Saved conditions").select_option(label="The filter of the pairs")
        expect(line).to_have_value(condition)
        assert violations_in_both_themes(page) == []
        line.press("Enter")
        page.wait_for_url("**run=**")
        run = get(
            page, server_url, f"/api/runs/{page.evaluate('new URLSearchParams(location.search).get(`run`)')}"
        )
        assert run["settings"]["entry"] == "rule"
        assert run["settings"]["rule"].startswith("z_score > 1 and funding < ")
        result_is_the_servers(page, run)


def test_a_filter_leads_to_what_it_was_worth(browser: Browser, server_url: str) -> None:
    with opened(browser, server_url) as page:
        page.goto(f"{server_url.rstrip('/')}/?filter={quote('z > 1')}")
        page.locator(ROW).first.wait_for()
        page.keyboard.press("f")
        page.get_by_role("group", name="Filter", exact=True).get_by_role("button", name="Simulate…").click()
        expect(page.get_by_role("combobox", name="Condition that opens a trade")).to_have_value("z > 1")
        page.get_by_label("Hold").press("Enter")
        expect(page.get_by_role("heading", level=2)).to_contain_text("z_score > 1 · long · 6 bars")


def test_trades_are_the_servers_and_lead_to_their_bars(
    browser: Browser, server_url: str, runs: list[dict[str, Any]]
) -> None:
    run = runs[0]
    with opened(browser, server_url, f"&run={run['id']}&part=trades") as page:
        heading = page.get_by_role("columnheader").filter(has=page.get_by_role("button", name="Net"))
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", "descending")
        row = page.locator(f"{ROW}[aria-rowindex='2']")
        best = max(run["trades"], key=lambda trade: trade["net"])
        for column in ("net", "gross", "regret"):
            title = row.locator(f"[data-column={column}] [title]").get_attribute("title")
            assert number(title or "") == pytest.approx(best[column] * 100, rel=1e-12)
        row.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", level=2)).to_contain_text(best["symbol"].split(":")[0])
        assert f"at={best['entry_ts']}" in page.url
        mine = [
            trade
            for trade in run["trades"]
            if (trade["exchange"], trade["symbol"]) == (best["exchange"], best["symbol"])
        ]
        legend = page.get_by_role("group", name="Trades of a simulated run")
        expect(legend).to_contain_text(f"{len(mine)} trade")
        expect(legend).to_contain_text("T1 OI spike · long · 6 bars")
        later = sorted(trade["entry_ts"] for trade in mine if trade["entry_ts"] > best["entry_ts"])
        step = legend.get_by_role("button", name="The next trade")
        if later:
            step.click()
            page.wait_for_url(f"**at={later[0]}**")
        else:
            expect(step).to_be_disabled()
        page.locator("[role=dialog] canvas").first.wait_for()
        assert violations_in_both_themes(page) == []
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(row).to_be_focused()
        # Opened from anywhere else a pair knows nothing of the run.
        page.goto(
            page.url.replace("view=simulate", "view=").replace(
                "part=trades", f"pair={quote(best['exchange'] + '|' + best['symbol'])}"
            )
        )
        page.locator("[role=dialog] canvas").first.wait_for()
        expect(legend).to_have_count(0)


def test_a_link_to_a_trade_has_its_marks_and_another_timeframe_none(
    browser: Browser, server_url: str, runs: list[dict[str, Any]]
) -> None:
    trade = runs[0]["trades"][-1]
    pair = quote(f"{trade['exchange']}|{trade['symbol']}")
    query = f"&run={runs[0]['id']}&tf=15m&pair={pair}&at={trade['entry_ts']}"
    with opened(browser, server_url, query) as page:
        legend = page.get_by_role("group", name="Trades of a simulated run")
        expect(legend).to_contain_text("Its trades were made on 5m.")
        legend.get_by_role("button", name="Show 5m").click()
        expect(legend).to_contain_text("of this pair")
        expect(legend.get_by_role("checkbox", name="shown")).to_be_checked()


def test_files_hold_every_trade(
    browser: Browser, server_url: str, runs: list[dict[str, Any]], tmp_path: Path
) -> None:
    run = runs[0]
    with opened(browser, server_url, f"&run={run['id']}") as page:
        with page.expect_download() as download:
            page.get_by_role("link", name="Trades CSV").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == run["trade_count"]
        nets = sorted(float(row["net"]) for row in rows)
        if run["trade_count"] == len(run["trades"]):
            assert nets == pytest.approx(sorted(trade["net"] for trade in run["trades"]), rel=1e-12)
        href = page.get_by_role("link", name="Trades Parquet").get_attribute("href")
        assert page.request.get(server_url.rstrip("/") + (href or "")).body().startswith(b"PAR1")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_runs_are_compared_opened_and_deleted(
    browser: Browser, server_url: str, runs: list[dict[str, Any]], viewport: dict[str, int]
) -> None:
    with opened(browser, server_url, "&part=runs", viewport, allowed=("404",)) as page:
        kept = page.get_by_role("list", name="Kept runs")
        expect(page.locator("[data-total]")).to_have_attribute(
            "data-total", str(total(page, server_url, "/api/runs"))
        )
        for run in runs:
            item = kept.locator(f"[data-run='{run['id']}']")
            expect(item).to_contain_text(f"n {run['trade_count']:,}")
            item.get_by_role("checkbox").check()
        page.get_by_role("button", name="Compare (2)").click()
        comparison = page.get_by_role("region", name="Comparison")
        apart = comparison.locator("[data-differs=true]", has_text="Hold")
        expect(apart).to_contain_text("6 bars")
        expect(apart).to_contain_text("12 bars")
        expect(apart).to_contain_text("they differ")
        for run in runs:
            expect(comparison).to_contain_text(
                f"{run['statistics']['n']:,} in {run['statistics']['clusters']:,} event"
            )
            expect(comparison).to_contain_text(f"{run['statistics']['hit']['rate']:.1%}")
        expect(comparison.locator("figure[data-part=equity] path.recharts-curve")).to_have_count(2)
        assert fits(page)
        assert violations_in_both_themes(page) == []
        comparison.get_by_role("list", name="Runs compared").get_by_role("button", name="12 bars").click()
        expect(page.get_by_role("heading", level=2, name="12 bars")).to_be_visible()
        address = page.url
        page.get_by_role("tab", name="Runs").click()
        gone = kept.locator(f"[data-run='{runs[1]['id']}']")
        gone.get_by_role("button", name="Delete").click()
        assert get(page, server_url, f"/api/runs/{runs[1]['id']}")["id"] == runs[1]["id"]
        gone.get_by_role("button", name="Yes").click()
        expect(gone).to_have_count(0)
        assert page.request.get(f"{server_url.rstrip('/')}/api/runs/{runs[1]['id']}").status == 404
        page.goto(address)
        expect(page.get_by_text("The server has no run of this link")).to_be_visible()


def test_a_simulation_under_way_can_be_stopped(browser: Browser, server_url: str) -> None:
    """The demo is never slow: an answer of the server's shape stands in for a long one."""
    job = {"id": "slow", "state": "running", "progress": 0.25, "error": None}
    stopped: list[str] = []
    with opened(browser, server_url) as page:

        def answer(route: Any) -> None:
            if route.request.method == "DELETE":
                stopped.append(route.request.url)
                route.fulfill(status=204)
            else:
                route.fulfill(status=202, json=job)

        page.route("**/api/simulate**", answer)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
        page.reload()
        expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
        assert violations_in_both_themes(page) == []
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        assert [url.split("/api/")[1] for url in stopped] == ["simulate/slow"]
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()


@pytest.mark.parametrize("part", PARTS)
def test_a_desk_shows_every_part_in_both_themes(
    browser: Browser, server_url: str, runs: list[dict[str, Any]], part: str
) -> None:
    query = f"&run={runs[0]['id']}&runs={runs[0]['id']},{runs[1]['id']}&part={part}"
    with opened(browser, server_url, query) as page:
        expect(
            page.get_by_role("tabpanel").get_by_role("heading").or_(page.locator(ROW)).first
        ).to_be_visible()
        expect(page.get_by_role("tabpanel").locator(".skeleton")).to_have_count(0)
        assert fits(page)
        assert violations_in_both_themes(page) == []


@pytest.mark.parametrize("part", ["setup", *PARTS])
def test_a_phone_shows_every_part_without_cutting(
    browser: Browser, server_url: str, runs: list[dict[str, Any]], part: str
) -> None:
    query = f"&run={runs[0]['id']}&runs={runs[0]['id']},{runs[1]['id']}&part={part}"
    with opened(browser, server_url, query, PHONE) as page:
        panel = page.get_by_role("tabpanel")
        expect(
            panel.get_by_role("heading").or_(panel.locator("fieldset")).or_(page.locator(CARD)).first
        ).to_be_visible()
        expect(panel.locator(".skeleton")).to_have_count(0)
        assert fits(page)
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
        assert violations_in_both_themes(page) == []
        if part == "trades":
            card = page.locator(CARD).first
            newest = max(trade["entry_ts"] for trade in runs[0]["trades"])
            coins = {one["symbol"].split("/")[0] for one in runs[0]["trades"] if one["entry_ts"] == newest}
            assert card.locator(".font-semibold").first.inner_text() in coins
            card.get_by_role("button").click()
            expect(page.get_by_role("group", name="Trades of a simulated run")).to_be_visible()
