"""Alerts on the page: what pops up and how often, the list of all, and what one of them was worth."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from futuresboard.sim_exchange import SimConfig, SimThread
from support_page import DESKTOP, PHONE, ROW, fits, get, screen, total, violations_in_both_themes
from support_system import Product, Row, environment, free_port, running, scaled

EPOCH = 1_773_791_100_000
# Low enough that every close starts alerts, so that a test need not wait for a rare one.
SETTINGS = {
    "EXCHANGES": "bybit,okx",
    "SYMBOLS": "BTC,ETH,SOL,DOGE,XRP",
    "HISTORY_BARS": "60",
    "INTERVAL": "30",
    "Z_THRESHOLD": "1",
    "LS_THRESHOLD": "0.5",
    "IMBALANCE_THRESHOLD": "0.5",
    "OI_DELTA_THRESHOLD": "0.05",
    "ALERT_COOLDOWN": "3",
}
ITEM = "ul[aria-label='Stored alerts'] li"
LIST = "ul[aria-label='Alerts'] li"
TOAST = "[data-toast]"

# The empty document before the page has no storage.
ON_THE_PAGE = "if (location.protocol === 'http:') {%s}"
# Writes down every toast of this tab, over reloads too.
WATCH_TOASTS = """
new MutationObserver(records => {
  for (const record of records) for (const node of record.addedNodes) {
    if (!(node instanceof Element)) continue;
    const toast = node.matches("[data-toast]") ? node : node.querySelector("[data-toast]");
    if (!toast) continue;
    const told = JSON.parse(sessionStorage.getItem("toasts") ?? "[]");
    sessionStorage.setItem("toasts", JSON.stringify([...told, toast.innerText]));
  }
}).observe(document, {childList: true, subtree: true});
"""
# Counts the notes this tab plays, and lets every kind of alert sound.
COUNT_NOTES = """
window.notes = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.notes += 1; return make.call(this); };
localStorage.setItem("futuresboard.sound", JSON.stringify({
  slots: ["t1", "t2", "t3", "t4", "t5", "t6", "confluence"], volume: 0.1,
  tones: {long: "rising", short: "falling", neither: "bell"},
}));
"""
# A browser without a screen shows no page as hidden, so that is said for it; the notifications are its own.
HIDDEN = """
window.notified = [];
const Real = Notification;
window.Notification = class extends Real {
  constructor(title, options) {
    super(title, options);
    window.notified.push({title, body: options.body, shown: this});
  }
};
Object.defineProperty(document, "hidden", {get: () => true});
localStorage.setItem("futuresboard.notify", "true");
"""
ALL_POP_UP = """
localStorage.setItem("futuresboard.popups", JSON.stringify(
  Object.fromEntries(["t1", "t2", "t3", "t4", "t5", "t6", "confluence"].map(slot => [slot, "always"]))));
"""


# Not a measure of speed: how long a busy machine may take.
expect.set_options(timeout=20_000)


@dataclass
class World:
    """Simulated exchanges whose market runs fast, and how to serve what is recorded of it."""

    env: dict[str, str]
    folder: Path

    def serve(self, *arguments: str, **settings: str) -> contextlib.AbstractContextManager[Product]:
        return running(["serve", *arguments], self.env | settings, self.folder)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alerts, some of their outcomes and evidence are stored; nothing runs but the exchanges."""
    folder = tmp_path_factory.mktemp("alerts")
    config = SimConfig(pairs=8, latency_ms=20, time_scale=20, in_exchange_time=True, epoch_ms=EPOCH)
    with SimThread(config) as sim:
        env = environment(folder, sim.url, PORT=str(free_port()), **SETTINGS, **scaled(config))
        found = World(env, folder)
        with found.serve() as product:
            product.until(lambda: len(product.alerts()) >= 30, 240, "alerted")
            product.until(
                lambda: any(outcomes_of(product, one) for one in product.alerts()[:20]), 60, "judged"
            )
            product.until(lambda: product.get("/api/evidence"), 180, "with evidence")
        yield found


@pytest.fixture(scope="module")
def stored_url(world: World) -> Iterator[str]:
    """What was recorded, standing still."""
    with world.serve("--no-scraper", PORT=str(free_port())) as product:
        product.until(lambda: product.get("/api/settings"), 120, "serving")
        yield product.url


def outcomes_of(product: Product, alert: Row) -> Any:
    return product.get(f"/api/alerts/{alert['id']}/outcomes")


@contextlib.contextmanager
def opened(
    browser: Browser,
    url: str,
    viewport: dict[str, int] = DESKTOP,
    script: str = "",
    allowed: tuple[str, ...] = (),
) -> Iterator[Page]:
    """A page of a profile of its own; `script` runs before the page's own."""
    with screen(browser, viewport, allowed) as context:
        if script:
            context.add_init_script(ON_THE_PAGE % script)
        page = context.new_page()
        page.goto(url)
        yield page


def still(browser: Browser, url: str, **how: Any) -> contextlib.AbstractContextManager[Page]:
    """A page of the server without a scraper, whose `/health` is down (503)."""
    return opened(browser, url, allowed=("503", *how.pop("allowed", ())), **how)


@contextlib.contextmanager
def history(browser: Browser, url: str, query: str = "", **how: Any) -> Iterator[Page]:
    with still(browser, f"{url}/?view=alerts{query}", **how) as page:
        page.locator(ITEM).first.wait_for()
        yield page


def sentence(alert: Row) -> str:
    """The alert's text as the page shows it beside its place."""
    told = str(alert["text"]).split(": ", 1)[1]
    return told[0].upper() + told[1:]


def shown_id(page: Page) -> str:
    return re.search(r"alert=(\d+)", page.url)[1]  # type: ignore[index]


def test_the_list_counts_and_shows_what_the_api_does(browser: Browser, stored_url: str):
    with history(browser, stored_url) as page:
        newest = get(page, stored_url, "/api/alerts?limit=1")[0]
        there = total(page, stored_url, "/api/alerts?limit=1")
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(there))
        first = page.locator(ITEM).first
        expect(first).to_contain_text(sentence(newest))
        expect(first).to_have_attribute("aria-setsize", str(there))
        utc = first.locator("time").get_attribute("title")
        assert utc is not None
        assert utc.endswith("UTC")
        assert page.locator(ITEM).count() < there
        assert violations_in_both_themes(page) == []


def test_the_last_of_the_list_is_the_oldest_of_the_api(browser: Browser, stored_url: str):
    with history(browser, stored_url) as page:
        there = total(page, stored_url, "/api/alerts?limit=1")
        oldest = get(page, stored_url, f"/api/alerts?limit=1&offset={there - 1}")[0]
        scroller = page.locator("ul[aria-label='Stored alerts']").locator("xpath=..")
        last = page.locator(f"{ITEM}[aria-posinset='{there}']")

        def reached() -> bool:
            scroller.evaluate("box => box.scrollTo(0, box.scrollHeight)")
            return last.count() > 0

        wait_until(page, reached, 20, "at the end of the list")
        expect(last).to_contain_text(sentence(oldest))


def test_filters_are_in_the_address_and_ask_the_api_the_same(browser: Browser, stored_url: str):
    with history(browser, stored_url) as page:
        page.get_by_label("What").select_option("t1")
        page.get_by_label("Timeframe").last.select_option("5m")
        page.get_by_label("Symbol").fill("btc")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"kind=tier"))
        for part in ("tier=1", "alerttf=5m", "symbol=btc"):
            assert part in page.url
        query = "kind=tier&tier=1&tf=5m&symbol=BTC/USDT:USDT"
        there = total(page, stored_url, f"/api/alerts?limit=1&{query}")
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(there))
        export = page.get_by_role("link", name="Export these alerts as csv").get_attribute("href")
        assert export is not None
        assert export.startswith("/api/export?kind=alerts&format=csv&alert_kind=tier")
        file = page.request.get(stored_url + export)
        assert file.ok, file.text()
        assert len(list(csv.DictReader(io.StringIO(file.text())))) == there
        page.reload()
        expect(page.locator("[data-total]")).to_have_attribute("data-total", str(there))
        expect(page.get_by_label("What")).to_have_value("t1")


def test_since_and_until_are_local_time(browser: Browser, stored_url: str):
    with history(browser, stored_url) as page:
        middle = get(page, stored_url, "/api/alerts?limit=1&offset=10")[0]["ts"]
        local = page.evaluate(
            "ms => new Date(ms - new Date(ms).getTimezoneOffset() * 60000).toISOString().slice(0, 16)", middle
        )
        for name in ("since", "until"):
            box = page.get_by_label(f"{name.title()}, local time")
            box.fill(local)
            there = total(page, stored_url, f"/api/alerts?limit=1&{name}={middle}")
            expect(page.locator("[data-total]")).to_have_attribute("data-total", str(there))
            box.fill("")


def test_filters_without_a_hit_say_so(browser: Browser, stored_url: str):
    with still(browser, f"{stored_url}/?view=alerts&symbol=NO/USDT:USDT") as page:
        page.get_by_role("button", name="Show all alerts").click()
        expect(page.locator(ITEM).first).to_be_visible()


def test_an_alert_explains_itself(browser: Browser, stored_url: str):
    with history(browser, stored_url, "&kind=tier&tier=1") as page:
        page.locator(ITEM).first.get_by_role("button").first.click()
        details = page.get_by_role("region", name="Alert", exact=True)
        details.locator("[data-counterfactual]").wait_for()
        alert = get(page, stored_url, f"/api/alerts/{shown_id(page)}")
        z, limit = alert["values"]["z_raw"], alert["thresholds"]["z"]
        expect(details.locator("[data-counterfactual]")).to_have_text(
            f"Would not have fired if Z were {limit:.2f} or less (it was {z:.2f})."
        )
        expect(details).to_contain_text(alert["permalink"])
        expect(details).to_contain_text(f"version {alert['code_version']}")
        exact = details.locator("dt", has_text="oi_contracts").locator("xpath=following-sibling::dd").first
        assert float(exact.inner_text().replace(",", "")) == alert["values"]["oi_contracts"]
        page.keyboard.press("Escape")
        expect(details).to_have_count(0)
        assert "alert=" not in page.url


def test_the_evidence_card_is_the_api_evidence(browser: Browser, stored_url: str):
    with still(browser, stored_url) as page:
        cells = [one for one in get(page, stored_url, "/api/evidence") if one["n"] > 0]
        assert cells
        cell = max(cells, key=lambda one: one["clusters"])
        tier = "" if cell["tier"] is None else f"&tier={cell['tier']}"
        query = f"kind={cell['kind']}{tier}&tf={cell['timeframe']}"
        number = get(page, stored_url, f"/api/alerts?limit=1&{query}")[0]["id"]
        page.goto(f"{stored_url}/?alert={number}")
        card = page.get_by_role("region", name="What such alerts were worth")
        title = {"live": "Live alerts", "historical": "Alerts of stored history"}[cell["source"]]
        column = card.locator("div", has=page.get_by_role("heading", name=title)).last
        plot = column.locator(f"[data-plot='{cell['direction']}-{cell['horizon']}']")
        row = plot.locator("xpath=ancestor::li")
        expect(row).to_contain_text(f"n {cell['n']:,} in {cell['clusters']} event")
        expect(row).to_contain_text(f"{cell['hit_rate'] * 100:.1f}%")
        expect(row).to_contain_text(f"base {cell['base_rate'] * 100:.1f}%")
        expect(row).to_contain_text({"no measurable edge": "no edge"}.get(cell["verdict"], cell["verdict"]))
        expect(plot).to_have_attribute("aria-label", re.compile(r"Hit rate .*interval .*base rate"))
        assert violations_in_both_themes(page) == []


def test_outcomes_are_the_ledgers_and_the_open_ones_tell_when(browser: Browser, stored_url: str):
    with still(browser, stored_url) as page:
        oldest = get(page, stored_url, "/api/alerts?limit=1000")[-1]
        outcomes = get(page, stored_url, f"/api/alerts/{oldest['id']}/outcomes")
        one = next(found for found in outcomes if found["net"] is not None and not found["late"])
        page.goto(f"{stored_url}/?view=alerts&alert={oldest['id']}")
        table = page.get_by_role("region", name="What became of this one").get_by_role("table")
        row = table.locator("tbody tr").filter(has_text=re.compile(rf"^{one['horizon']} bar"))
        told = f"{one['net'] * 100:+.3f}%".replace("-", "\u2212")
        expect(row).to_contain_text(told)
        waiting = table.locator("tbody tr").last.locator("time").first
        step = {"5m": 300_000, "15m": 900_000}[oldest["timeframe"]]
        due = page.evaluate("ms => new Date(ms).toISOString()", oldest["ts"] + 49 * step)
        expect(waiting).to_have_attribute("datetime", due)


def test_the_chip_is_the_evidence(browser: Browser, stored_url: str):
    with history(browser, stored_url, "&kind=confluence&alerttf=5m") as page:
        alert = get(page, stored_url, "/api/alerts?limit=1&kind=confluence&tf=5m")[0]
        direction = "short" if alert["direction"] == "short" else "long"
        cells = [
            one
            for one in get(page, stored_url, "/api/evidence?kind=confluence&tf=5m")
            if one["horizon"] == 12 and one["direction"] == direction
        ]
        most = max(cells, key=lambda one: one["clusters"])
        expect(page.locator(ITEM).first).to_contain_text(f"n {most['n']:,} ")


def test_a_row_leads_to_the_chart_at_its_bar(browser: Browser, stored_url: str):
    with history(browser, stored_url) as page:
        alert = get(page, stored_url, "/api/alerts?limit=1")[0]
        page.locator(ITEM).first.get_by_role("button", name="Chart of").click()
        expect(page).to_have_url(re.compile(f"at={alert['ts']}"))
        assert f"pair={alert['exchange']}%7C{alert['base']}" in page.url
        assert f"tf={alert['timeframe']}" in page.url


def test_a_phone_has_the_whole_screen_for_it(browser: Browser, stored_url: str):
    with history(browser, stored_url, viewport=PHONE) as phone:
        assert fits(phone)
        assert violations_in_both_themes(phone) == []
        phone.get_by_text("Filter and export").click()
        expect(phone.get_by_label("What")).to_be_visible()
        assert fits(phone)
        phone.locator(ITEM).first.get_by_role("button").first.click()
        phone.locator("[data-counterfactual]").wait_for()
        expect(phone.locator(ITEM)).to_have_count(0)
        assert fits(phone)
        assert violations_in_both_themes(phone) == []
        phone.get_by_role("button", name="Close the alert").click()
        expect(phone.locator(ITEM).first).to_be_visible()


def test_what_does_not_exist_is_said(browser: Browser, stored_url: str):
    with still(browser, f"{stored_url}/?alert=999999999", allowed=("404",)) as page:
        expect(page.get_by_role("alert").filter(has_text="there is no alert 999999999")).to_be_visible()


def test_hostile_addresses_are_text(browser: Browser, stored_url: str):
    bad = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"
    with still(browser, f"{stored_url}/?view=alerts&symbol={bad}&kind={bad}&tier={bad}&since={bad}") as page:
        expect(page.get_by_text("No alert fits")).to_be_visible()
        expect(page.get_by_label("Symbol")).to_have_value("<img src=x onerror=alert(1)>")
        assert page.locator("img[src='x']").count() == 0


# From here on the market runs. On a busy machine a cycle in exchange time may be late, and `/health` is down.
BUSY = ("503",)


@pytest.fixture(scope="module")
def lively(world: World, stored_url: str) -> Iterator[Product]:
    with world.serve() as product:
        product.until(product.warm, 180, "warm")
        yield product


def toasts_of(page: Page) -> list[str]:
    found: list[str] = page.evaluate("JSON.parse(sessionStorage.getItem('toasts') ?? '[]')")
    return found


def told_ids(page: Page) -> list[int]:
    memory = page.evaluate("JSON.parse(sessionStorage.getItem('futuresboard.alerts') ?? '{\"keys\": []}')")
    return [int(key.split("|")[0]) for key in memory["keys"]]


def wait_until(page: Page, found: Callable[[], object], seconds: float, what: str) -> None:
    for _ in range(int(seconds * 4)):
        if found():
            return
        page.wait_for_timeout(250)
    pytest.fail(f"not {what} after {seconds} s")


def test_a_toast_is_an_alert_and_leads_to_its_bar(browser: Browser, lively: Product):
    with opened(browser, lively.url, script=WATCH_TOASTS + ALL_POP_UP, allowed=BUSY) as page:
        page.locator(TOAST).first.wait_for(timeout=120_000)
        button = page.locator(TOAST).first.get_by_role("button").first
        first_line = button.inner_text().split("\n")[0].split()[0]
        button.click()
        expect(page).to_have_url(re.compile(r"at=\d+"))
        at = int(re.search(r"at=(\d+)", page.url)[1])  # type: ignore[index]
        known = [one for one in lively.alerts() if one["ts"] == at and one["base"] == first_line]
        assert known
        assert f"pair={known[0]['exchange']}" in page.url or len({one["exchange"] for one in known}) > 1
        # The next one stands over the open pair, and can be dismissed without closing it.
        heading = page.get_by_role("dialog").get_by_role("heading").first
        heading.wait_for()
        toast = page.locator(TOAST).first
        toast.wait_for(timeout=120_000)
        text = toast.inner_text()
        toast.get_by_role("button", name="Dismiss").click()
        expect(page.locator(TOAST).filter(has_text=text)).to_have_count(0)
        expect(heading).to_be_visible()


def test_a_page_out_of_sight_notifies_and_the_note_leads_to_its_bar(browser: Browser, lively: Product):
    with screen(browser, DESKTOP, BUSY, permissions=["notifications"]) as context:
        context.add_init_script(ON_THE_PAGE % (HIDDEN + ALL_POP_UP))
        page = context.new_page()
        page.goto(lively.url)
        wait_until(page, lambda: page.evaluate("window.notified.length"), 120, "notified")
        title, body = page.evaluate("[window.notified[0].title, window.notified[0].body]")
        page.evaluate("window.notified[0].shown.onclick()")
        expect(page).to_have_url(re.compile(r"at=\d+"))
        at = int(re.search(r"at=(\d+)", page.url)[1])  # type: ignore[index]
        there = [one for one in lively.alerts() if one["ts"] == at]
        if "coins alert together" in title:
            assert any(body.startswith(f"{one['base']} (") for one in there), (title, body)
        else:
            assert body in {sentence(one) for one in there if title.startswith(f"{one['base']}: ")}


def test_every_alert_once_over_reloads_and_a_server_that_was_away(
    browser: Browser, world: World, lively: Product
):
    away = ("ERR_CONNECTION_REFUSED", "WebSocket", "Failed to load resource", "ERR_EMPTY_RESPONSE", *BUSY)
    with opened(browser, lively.url, script=WATCH_TOASTS + ALL_POP_UP, allowed=away) as page:
        page.locator(TOAST).first.wait_for(timeout=120_000)
        first = min(told_ids(page))
        page.reload()
        page.locator(ROW).first.wait_for()
        seen = len(toasts_of(page))
        wait_until(page, lambda: len(toasts_of(page)) > seen, 120, "told again after the reload")
        # The server is killed while the page is open; the page goes on when it is back.
        assert lively.end(seconds=90) == 0
        page.get_by_text(re.compile("^Offline:")).wait_for(timeout=30_000)
        with world.serve() as again:
            again.until(again.warm, 180, "warm again")
            page.get_by_text(re.compile("^Offline:")).wait_for(state="detached", timeout=120_000)
            seen = len(toasts_of(page))
            wait_until(page, lambda: len(toasts_of(page)) > seen, 120, "told after the server came back")
        # Nothing new comes any more: what was recorded has been told, or is now.
        with world.serve("--no-scraper") as last:
            last.until(lambda: last.get("/api/settings"), 120, "serving")
            raised = [int(one["id"]) for one in last.alerts() if int(one["id"]) >= first]
            wait_until(page, lambda: set(told_ids(page)) >= set(raised), 60, "told of all")
        singles = [
            text
            for text in toasts_of(page)
            if "coins alert together" not in text and "while you were away" not in text
        ]
        assert len(set(singles)) == len(singles)


def test_two_tabs_make_one_sound_and_a_mute_none(browser: Browser, world: World):
    with world.serve(PORT=str(free_port())) as product:
        product.until(product.warm, 180, "warm")
        with screen(browser, DESKTOP, BUSY) as context:
            context.add_init_script(ON_THE_PAGE % (COUNT_NOTES + ALL_POP_UP))
            first, second = context.new_page(), context.new_page()
            for tab in (first, second):
                tab.goto(product.url)
                tab.locator(ROW).first.wait_for()
                # Browsers let a page sound after a click.
                tab.get_by_role("heading", name="futuresboard").click()
            # The first tab may have sounded before there was another.
            before = first.evaluate("window.notes")
            wait_until(second, lambda: second.evaluate("window.notes"), 120, "heard")
            second.locator(TOAST).first.wait_for(timeout=120_000)
            first.locator(TOAST).first.wait_for(timeout=120_000)
            assert first.evaluate("window.notes") == before
            # Muted in one tab is muted in the other; the list goes on.
            second.get_by_role("button", name="Mute", exact=True).click()
            expect(first.get_by_role("button", name=re.compile("unmute"))).to_be_visible()
            notes = second.evaluate("window.notes")
            newest = second.locator(LIST).first.inner_text()
            expect(second.locator(LIST).first).not_to_have_text(newest, timeout=120_000)
            expect(second.locator(TOAST)).to_have_count(0, timeout=30_000)
            assert second.evaluate("window.notes") == notes
