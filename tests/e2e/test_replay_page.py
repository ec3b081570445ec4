"""The replay's player in a real browser, over a recording: what it shows is what `/api/replay` answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from support_page import (
    CARD,
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
from support_two_futures import COUNT, FORK, LATE, M5, record_two, served, time_of

PAIR = "okx|BTC/USDT:USDT"
COLUMNS = ("close", "z_score", "oi_abs_usd", "oi_delta_pct", "global_ls", "imbalance")
REFUSED = ("Failed to load resource",)
"""What a browser says itself of an answer that a test wants refused."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of two servers whose recordings differ after bar `FORK`."""
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    record_two(one, other)
    with served(one) as first, served(other) as second:
        yield first, second


@pytest.fixture
def url(recordings: tuple[str, str]) -> str:
    return recordings[0]


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    with screen(browser, DESKTOP) as context:
        yield context.new_page()


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Page]:
    with screen(browser, PHONE) as context:
        yield context.new_page()


def _open(page: Page, url: str, slot: int, **more: object) -> None:
    """The replay paused at a bar, its figures there."""
    address = {"view": "replay", "tf": "5m", "at": time_of(slot), **more}
    page.goto(f"{url}/?" + "&".join(f"{name}={value}" for name, value in address.items()))
    page.locator(f"{ROW}, {CARD}, [data-pane=price] time").first.wait_for()


def _at(page: Page) -> int:
    """The number of the bar that is shown."""
    told = page.locator("[data-at]").get_attribute("data-at")
    return (int(told or 0) - time_of(0)) // M5


def _is_at(page: Page, slot: int) -> None:
    expect(page.locator("[data-at]")).to_have_attribute("data-at", str(time_of(slot)))


def _frame(page: Page, url: str, slot: int, **more: object) -> dict[str, Any]:
    """The API's frame of a bar."""
    asked = "".join(f"&{name}={value}" for name, value in more.items())
    path = f"/api/replay?tf=5m&start={time_of(slot)}&end={time_of(slot)}&limit=1{asked}"
    frame: dict[str, Any] = get(page, url, path)["frames"][0]
    return frame


def _rows(frame: dict[str, Any]) -> dict[str, dict[str, Any]]:
    columns = frame["rows"]
    keys = [
        f"{exchange}|{symbol}"
        for exchange, symbol in zip(columns["exchange"], columns["symbol"], strict=True)
    ]
    return {key: {name: values[i] for name, values in columns.items()} for i, key in enumerate(keys)}


def _shown(cell: Locator) -> float | None:
    """The exact number of a cell: its tooltip's first line."""
    title = cell.locator("[title]").first.get_attribute("title") or ""
    line = title.splitlines()[0]
    return number(line) if line.lstrip("+\u2212")[:1].isdigit() else None


def _same(shown: float | None, told: float | None) -> bool:
    return shown is None if told is None else shown == pytest.approx(told, rel=1e-9)


def _table_is(page: Page, frame: dict[str, Any]) -> None:
    told = _rows(frame)
    expect(page.locator(ROW)).to_have_count(len(told))
    for key, row in told.items():
        line = page.locator(f"{ROW}[data-key='{key}']")
        # A row has the columns in sight.
        there = [name for name in COLUMNS if line.locator(f"[data-column={name}]").count()]
        assert there[:2] == ["close", "z_score"]
        for column in there:
            shown = _shown(line.locator(f"[data-column={column}]"))
            assert _same(shown, row[column]), (key, column, shown)
        chips = line.locator("[data-column=tiers] [data-tier]")
        shown_tiers = {int(chip.get_attribute("data-tier") or 0) for chip in chips.all()}
        assert shown_tiers <= set(row["tiers"])
        assert bool(shown_tiers) == bool(row["tiers"])


def _chart_is(page: Page, row: dict[str, Any]) -> None:
    """The legends, which speak of the newest bar, say what the row says."""
    for column in ("open", "high", "low", "close", "volume", "global_ls", "imbalance", "cvd", "rsi"):
        legend = page.locator(f"[data-pane] [data-column={column}]").first
        told = legend.get_attribute("data-value")
        assert _same(None if told is None else float(told), row[column]), column


def test_table_chart_and_alerts_of_a_bar_are_the_apis_and_follow_it(desk: Page, url: str) -> None:
    _open(desk, url, LATE, pair=PAIR)
    for slot in (LATE, LATE + 1, LATE + 2, LATE + 1):
        if slot != LATE:
            desk.keyboard.press("." if slot > _at(desk) else ",")
        _is_at(desk, slot)
        frame = _frame(desk, url, slot)
        expect(desk.locator("[data-pane=price] time")).to_have_attribute("data-ts", str(time_of(slot)))
        _table_is(desk, frame)
        _chart_is(desk, _rows(frame)[PAIR])
        began = desk.get_by_role("region", name="Alerts that began at this bar").get_by_role("listitem")
        expect(began).to_have_count(len(frame["alerts"]))
        for alert in frame["alerts"]:
            sentence = alert["text"].partition(": ")[2][1:]
            expect(began.filter(has_text=sentence).first).to_be_visible()
        revised = desk.get_by_role("region", name="Earlier bars that changed")
        expect(revised).to_have_count(1 if frame["revised"] else 0)


def test_a_bar_that_changed_later_is_told_and_marked_from_then_on_alone(desk: Page, url: str) -> None:
    _open(desk, url, LATE, pair=PAIR)
    expect(desk.get_by_role("region", name="Earlier bars that changed")).to_contain_text(
        "BTC on OKX: the bar of"
    )
    # As seen the volume is the first one; the record has the other.
    seen = _rows(_frame(desk, url, LATE - 2))[PAIR]["volume"]
    assert seen != 123.0
    desk.keyboard.press(",")
    desk.keyboard.press(",")
    _is_at(desk, LATE - 2)
    expect(desk.locator("[data-pane=price] [data-column=volume]")).to_have_attribute(
        "data-value", str(int(seen))
    )
    _open(desk, url, LATE - 2, pair=PAIR, **{"as": "revised"})
    told = _frame(desk, url, LATE - 2, **{"as": "revised"})
    assert _rows(told)[PAIR]["volume"] == 123.0
    expect(desk.locator("[data-pane=price] [data-column=volume]")).to_have_attribute("data-value", "123")
    _table_is(desk, told)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_of_what_comes_after_is_anywhere(
    browser: Browser, recordings: tuple[str, str], size: dict[str, int]
) -> None:
    """Two recordings that differ after a bar are the same on the page up to it, and differ after it."""
    shown: list[list[tuple[object, object]]] = []
    for url in recordings:
        with screen(browser, size, reduced_motion="reduce") as context:
            context.add_init_script(
                "if (location.protocol === 'http:') localStorage.setItem('futuresboard.replay.blind', 'true')"
            )
            page = context.new_page()
            # Alerts to come are hidden; the stretch reaches beyond the fork.
            stretch = {"from": time_of(FORK - 60), "to": time_of(COUNT - 5)}
            # The last bar before the fork is closed by then; what is known of it ends with the next close.
            _open(page, url, FORK - 2, pair=PAIR, **stretch)
            page.locator("[data-pane=price] time").wait_for()
            taken = [_all_of(page)]
            for slot in (FORK - 1, FORK + 3):
                while _at(page) < slot:
                    page.keyboard.press(".")
                expect(page.locator("[data-pane=price] time")).to_have_attribute(
                    "data-ts", str(time_of(slot))
                )
                taken.append(_all_of(page))
            # Back again, after the other future was here: nothing of it stays.
            while _at(page) > FORK - 2:
                page.keyboard.press(",")
            expect(page.locator("[data-pane=price] time")).to_have_attribute(
                "data-ts", str(time_of(FORK - 2))
            )
            taken.append(_all_of(page))
            shown.append(taken)
    one, other = shown
    assert one[0] == other[0]
    assert one[1] == other[1]
    assert one[2][0] != other[2][0]
    assert one[2][1] != other[2][1]
    assert one[3] == other[3]


_EVERYTHING = """node => [...node.querySelectorAll("*")].map(one => {
  const own = [...one.childNodes].filter(child => child.nodeType === 3).map(child => child.textContent);
  const said = [...one.attributes].filter(({value}) => value !== "" && !/:r\\w+:/.test(value));
  return [one.tagName, one.value ?? "", ...own, ...said.map(({name, value}) => name + "=" + value).sort()];
})"""


def _all_of(page: Page) -> tuple[object, object]:
    """Every word, number, tooltip and place of the replay, and every pixel of its chart."""
    page.wait_for_timeout(600)
    region = page.get_by_role("region", name="Replay", exact=True)
    return (
        region.evaluate(_EVERYTHING),
        region.evaluate("node => [...node.querySelectorAll('canvas')].map(one => one.toDataURL())"),
    )


def test_the_keyboard_does_everything(desk: Page, url: str) -> None:
    _open(desk, url, 50)
    desk.keyboard.press(".")
    _is_at(desk, 51)
    desk.keyboard.press(",")
    _is_at(desk, 50)
    desk.keyboard.press("Home")
    _is_at(desk, 0)
    desk.keyboard.press("End")
    _is_at(desk, COUNT - 1)
    slider = desk.get_by_role("slider")
    slider.focus()
    desk.keyboard.press("ArrowLeft")
    _is_at(desk, COUNT - 2)
    expect(slider).to_have_attribute(
        "aria-valuetext", desk.locator("[data-at]").inner_text() + f", bar {COUNT - 1} of {COUNT}"
    )
    alerts = sorted(
        {(one["ts"] - time_of(0)) // M5 for one in get(desk, url, "/api/alerts?tf=5m&limit=1000")}
    )
    before = [slot for slot in alerts if slot < COUNT - 2]
    desk.keyboard.press("p")
    _is_at(desk, before[-1])
    desk.keyboard.press("p")
    _is_at(desk, before[-2])
    desk.keyboard.press("n")
    _is_at(desk, before[-1])
    desk.keyboard.press("5")
    expect(desk.get_by_label("Bars a second")).to_have_value("20")
    desk.keyboard.press("Home")
    desk.keyboard.press(" ")
    expect(desk.get_by_role("button", name="Pause")).to_be_visible()
    desk.keyboard.press(" ")
    expect(desk.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert _at(desk) < COUNT - 1
    # A pair is chosen and left by the keyboard too; the bar stays.
    where = _at(desk)
    desk.locator(ROW).first.focus()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("region", name="Chart")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("region", name="Chart")).to_have_count(0)
    _is_at(desk, where)


_WATCH = """() => {
  const shown = document.querySelector("[data-at]");
  window.seen = [Number(shown.dataset.at)];
  const note = () => window.seen.push(Number(shown.dataset.at));
  new MutationObserver(note).observe(shown, {attributeFilter: ["data-at"]});
}"""


def test_playing_shows_every_bar_once_and_halts_at_the_end(desk: Page, url: str) -> None:
    _open(desk, url, COUNT - 60, pair=PAIR)
    desk.evaluate(_WATCH)
    desk.keyboard.press("5")
    desk.keyboard.press(" ")
    _wait_for(lambda: _at(desk) == COUNT - 1, desk)
    expect(desk.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert desk.evaluate("window.seen") == [time_of(slot) for slot in range(COUNT - 60, COUNT)]
    _table_is(desk, _frame(desk, url, COUNT - 1))


def _wait_for(held: Callable[[], bool], page: Page) -> None:
    for _ in range(600):
        if held():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come")


def test_a_marked_part_is_looped_and_in_the_address(desk: Page, url: str) -> None:
    _open(desk, url, 70)
    desk.keyboard.press("b")
    for _ in range(3):
        desk.keyboard.press(".")
    desk.keyboard.press("b")
    expect(desk.locator("[data-loop]")).to_be_visible()
    assert f"loop={time_of(70)}-{time_of(73)}" in desk.url
    desk.evaluate(_WATCH)
    desk.keyboard.press("5")
    desk.keyboard.press(" ")
    _wait_for(lambda: len(desk.evaluate("window.seen")) > 9, desk)
    desk.keyboard.press(" ")
    seen = [(ts - time_of(0)) // M5 for ts in desk.evaluate("window.seen")]
    assert seen[:9] == [73, 70, 71, 72, 73, 70, 71, 72, 73]
    desk.reload()
    expect(desk.locator("[data-loop]")).to_be_visible()
    desk.get_by_role("button", name="Loop off").click()
    expect(desk.locator("[data-loop]")).to_have_count(0)


def test_every_alert_has_a_mark_and_a_place_in_the_list(desk: Page, url: str) -> None:
    first, last = 40, 140
    _open(desk, url, 60, **{"from": time_of(first), "to": time_of(last)})
    path = f"/api/alerts?tf=5m&since={time_of(first)}&until={time_of(last)}&limit=1000"
    told = get(desk, url, path)
    desk.locator("[data-mark]").first.wait_for()
    marks = desk.locator("[data-mark]")
    assert sum(int(mark.get_attribute("data-count") or 0) for mark in marks.all()) == len(told)
    assert len(told) == total(desk, url, path)
    desk.get_by_role("radio", name="Alerts").check(force=True)
    listed = desk.get_by_role("list", name="Alerts of the stretch").get_by_role("listitem")
    expect(listed.first).to_have_attribute("aria-setsize", str(len(told)))
    marks.last.click()
    _is_at(desk, max(one["ts"] for one in told) // M5 - time_of(0) // M5)
    desk.get_by_role("button", name="Hide alerts to come").click()
    desk.keyboard.press("Home")
    at_start = [one for one in told if one["ts"] <= time_of(first)]
    expect(marks).to_have_count(min(1, len(at_start)))


def test_an_alert_leads_to_its_replay(desk: Page, url: str) -> None:
    alert = get(desk, url, "/api/alerts?tf=5m&limit=30")[-1]
    desk.goto(f"{url}/?view=alerts&alert={alert['id']}")
    link = desk.get_by_role("link", name="Replay from this bar")
    href = link.get_attribute("href")
    link.click()
    slot = (alert["ts"] - time_of(0)) // M5
    _is_at(desk, slot)
    expect(desk.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(desk.locator("[data-pane=price] time")).to_have_attribute("data-ts", str(alert["ts"]))
    began = desk.get_by_role("region", name="Alerts that began at this bar")
    expect(began).to_contain_text(alert["text"].partition(": ")[2][1:])
    # The link alone, in another page, shows the same.
    desk.goto(f"{url}/{href}")
    _is_at(desk, slot)
    expect(desk.locator("[data-pane=price] time")).to_have_attribute("data-ts", str(alert["ts"]))
    desk.get_by_role(
        "button", name=f"Why T{alert['tier']} of BTC fired" if alert["tier"] else "Why"
    ).first.click()
    expect(desk.get_by_role("region", name="Alert", exact=True)).to_be_visible()


def test_the_address_is_the_whole_replay(desk: Page, url: str) -> None:
    """A shared link shows the same stretch, pairs, knowledge and bar."""
    _open(
        desk,
        url,
        100,
        exchange="bybit",
        pairs="BTC",
        **{"as": "revised", "from": time_of(80), "to": time_of(120)},
    )
    expect(desk.locator(ROW)).to_have_count(1)
    _table_is(desk, _frame(desk, url, 100, exchange="bybit", **{"as": "revised"}))
    expect(desk.get_by_text("bar 21 of 41")).to_be_visible()
    desk.keyboard.press(".")
    desk.wait_for_url(f"**at={time_of(101)}**")
    desk.reload()
    _is_at(desk, 101)
    desk.get_by_role("radio", name="As seen").check(force=True)
    _is_at(desk, 101)
    expect(desk.get_by_text("Each bar as it stood before the next one closed")).to_be_visible()
    desk.go_back()
    expect(desk.get_by_role("radio", name="As revised")).to_be_checked()


def test_other_pairs_and_other_stretches_are_chosen_and_wrong_ones_told(browser: Browser, url: str) -> None:
    with screen(browser, DESKTOP, allowed=REFUSED) as context:
        page = context.new_page()
        _open(page, url, 100)
        field = page.get_by_role("textbox", name="Pairs")
        field.fill("NONSUCH")
        field.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("No pair with 5m bars")
        page.get_by_role("button", name="All pairs").click()
        expect(page.locator(ROW)).to_have_count(3)
        page.goto(f"{url}/?view=replay&at=1")
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_role("button", name="The newest day").click()
        expect(page.locator(ROW)).to_have_count(3)
        page.get_by_label("Length of the stretch").select_option("6 h")
        expect(page.get_by_text("of 72")).to_be_visible()


@pytest.mark.parametrize("status", [429, 503, 409])
def test_refusals_are_told_and_got_over(browser: Browser, url: str, status: int) -> None:
    refused: list[str] = []

    def refuse(route: Route) -> None:
        if "limit=0" in route.request.url or refused:
            route.continue_()
            return
        refused.append(route.request.url)
        headers = {"Retry-After": "2"} if status == 429 else {}
        body = f'{{"title": "no", "status": {status}, "detail": "not now"}}'
        route.fulfill(status=status, content_type="application/problem+json", body=body, headers=headers)

    with screen(browser, DESKTOP, allowed=REFUSED) as context:
        page = context.new_page()
        page.route("**/api/replay?*", refuse)
        page.goto(f"{url}/?view=replay&tf=5m&at={time_of(100)}")
        if status != 409:
            expect(page.get_by_text("Not now.")).to_be_visible()
            page.get_by_role("button", name="Now", exact=True).click()
        expect(page.locator(ROW)).to_have_count(3)
        assert len(refused) == 1
        _table_is(page, _frame(page, url, 100))


def test_it_reads_ahead_and_stops_when_it_is_left(desk: Page, url: str) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url) if "/api/replay" in request.url else None)
    _open(desk, url, 20)
    _wait_for(lambda: any("cursor=" in one for one in asked), desk)
    desk.wait_for_timeout(500)
    before = len(asked)
    desk.keyboard.press(".")
    desk.keyboard.press(".")
    _is_at(desk, 22)
    desk.wait_for_timeout(300)
    # What comes next had been read.
    assert len(asked) <= before + 1
    desk.keyboard.press("5")
    desk.keyboard.press(" ")
    desk.get_by_role("navigation", name="Views").get_by_role("button", name="Pairs").click()
    expect(desk.get_by_role("region", name="Screener")).to_be_visible()
    assert "at=" not in desk.url
    left = len(asked)
    desk.wait_for_timeout(1500)
    assert len(asked) == left


def test_a_toast_or_chart_elsewhere_does_not_move_the_replay(desk: Page, url: str) -> None:
    """The address' pair is the replay's own: no dialog stands over it, and none is left behind."""
    _open(desk, url, 100, pair=PAIR)
    expect(desk.get_by_role("region", name="Chart")).to_be_visible()
    expect(desk.get_by_role("dialog")).to_have_count(0)
    desk.get_by_role("navigation", name="Views").get_by_role("button", name="Pairs").click()
    expect(desk.get_by_role("region", name="Screener")).to_be_visible()
    expect(desk.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("pair", [None, PAIR])
def test_a_desktop_shows_it_whole_in_both_themes(desk: Page, url: str, pair: str | None) -> None:
    _open(desk, url, LATE + 1, **({} if pair is None else {"pair": pair}))
    if pair is not None:
        desk.locator("[data-pane=price] time").wait_for()
    assert fits(desk)
    assert violations_in_both_themes(desk) == []
    desk.get_by_role("radio", name="Alerts").check(force=True)
    desk.get_by_role("list", name="Alerts of the stretch").get_by_role("listitem").first.wait_for()
    assert violations_in_both_themes(desk) == []


def test_a_phone_shows_one_thing_at_a_time(telephone: Page, url: str) -> None:
    _open(telephone, url, LATE + 1)
    frame = _frame(telephone, url, LATE + 1)
    expect(telephone.locator(CARD)).to_have_count(len(_rows(frame)))
    for key, row in _rows(frame).items():
        card = telephone.locator(f"{CARD}[data-key='{key}']")
        for column in ("close", "z_score", "oi_delta_pct", "rsi"):
            assert _same(_shown(card.locator(f"[data-column={column}]").first), row[column]), column
    assert fits(telephone)
    assert violations_in_both_themes(telephone) == []
    telephone.locator(CARD).first.get_by_role("button").first.click()
    telephone.locator("[data-pane=price] time").wait_for()
    for name in ("Chart", "This bar", "Alerts", "Table"):
        telephone.get_by_role("radio", name=name, exact=True).check(force=True)
        assert fits(telephone)
        assert violations_in_both_themes(telephone) == []
    telephone.get_by_text("What is replayed").click()
    expect(telephone.get_by_label("From")).to_be_visible()
    assert fits(telephone)
    telephone.get_by_role("button", name="One bar on").click()
    _is_at(telephone, LATE + 2)
