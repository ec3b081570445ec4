"""The settings on the page: thresholds, the planner, rules, how alerts are told, how it looks."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from support_page import DESKTOP, PHONE, ROW, fits, get, screen, violations_in_both_themes

# Not a measure of speed: how long a busy machine may take.
expect.set_options(timeout=20_000)

SECTIONS = ("thresholds", "alerts", "rules", "appearance", "kept")


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
            context.add_init_script(script)
        page = context.new_page()
        page.goto(url)
        yield page


def section(browser: Browser, url: str, name: str, **how: Any) -> contextlib.AbstractContextManager[Page]:
    return opened(browser, f"{url.rstrip('/')}/?view=settings&section={name}", **how)


def thresholds(page: Page, url: str) -> dict[str, float]:
    found: dict[str, float] = get(page, url, "/api/settings")["thresholds"]
    return found


@pytest.fixture
def put_back(browser: Browser, server_url: str) -> Iterator[None]:
    """Whatever a test saves is taken back."""
    yield
    with opened(browser, server_url) as page:
        names = list(thresholds(page, server_url))
        page.request.put(f"{server_url.rstrip('/')}/api/settings", data={"thresholds": dict.fromkeys(names)})
        for rule in get(page, server_url, "/api/rules"):
            page.request.delete(f"{server_url.rstrip('/')}/api/rules/{rule['id']}")


@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_is_accessible_in_both_themes(browser: Browser, server_url: str, name: str) -> None:
    with section(browser, server_url, name) as page:
        page.get_by_role("navigation", name="Settings").wait_for()
        expect(page.get_by_role("heading", level=3).first).to_be_visible()
        assert violations_in_both_themes(page) == []


def test_a_phone_cuts_nothing(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds", viewport=PHONE) as phone:
        for name in ("Thresholds", "Alerts", "Rules", "Appearance", "This browser"):
            phone.get_by_role("navigation", name="Settings").get_by_role("button", name=name).click()
            box = phone.get_by_role("region", name=name, exact=True).first
            expect(box.get_by_role("heading", level=3).first).to_be_visible()
            assert fits(phone)
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), name


@pytest.mark.usefixtures("put_back")
def test_a_threshold_is_saved_and_put_back(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds") as page:
        before = thresholds(page, server_url)["z_threshold"]
        field = page.locator("#server-z_threshold")
        expect(field).to_have_value(f"{before:g}")
        field.fill("3.25")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved: alerts of the next bars")).to_be_visible()
        assert thresholds(page, server_url)["z_threshold"] == 3.25
        page.get_by_role("button", name="Put back Z").click()
        expect(field).to_have_value(f"{before:g}")
        assert thresholds(page, server_url)["z_threshold"] == before


def test_a_refused_threshold_says_why_at_its_field(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds", allowed=("400",)) as page:
        before = thresholds(page, server_url)
        page.locator("#server-z_threshold").fill("99")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_have_text("Z_threshold: got 99, allowed: a number from 0 to 10.")
        expect(page.locator("#server-z_threshold")).to_have_attribute("aria-invalid", "true")
        assert thresholds(page, server_url) == before


def test_the_planner_says_what_the_api_does(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds") as page:
        page.get_by_role("button", name="Plan").first.click()
        plan = page.get_by_role("group", name="Plan Z")
        slider = plan.get_by_role("slider")
        slider.fill("3")
        told = plan.locator("[data-planned]")
        expect(told).to_contain_text("At 3:", timeout=60_000)
        for _ in range(5):
            expected = get(page, server_url, "/api/planner?tier=1&threshold=3&days=7&tf=5m")
            if str(expected["alerts"]) in told.inner_text().replace(",", ""):
                break
            # A bar has closed in between: ask again.
            slider.fill("3.1")
            expect(told).to_contain_text("At 3.1:", timeout=60_000)
            slider.fill("3")
            expect(told).to_contain_text("At 3:", timeout=60_000)
        expect(told).to_contain_text(f"{expected['series']} pairs")
        shown = float(told.get_attribute("data-planned") or "nan")
        assert shown == pytest.approx(expected["alerts_per_day"], rel=0.02)
        cell = next(one for one in expected["worth"] if one["direction"] == "long" and one["horizon"] == 1)
        row = plan.locator("[data-plot='long-1']").locator("xpath=ancestor::li")
        expect(row).to_contain_text(f"n {cell['n']:,} in {cell['clusters']} event")
        expect(row).to_contain_text(f"base {cell['base_rate'] * 100:.1f}%")
        # Nothing is saved by planning.
        assert thresholds(page, server_url)["z_threshold"] == 2.5
        assert violations_in_both_themes(page) == []


def test_personal_thresholds_filter_the_page_and_change_no_alert(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds") as page:
        before = thresholds(page, server_url)
        page.locator("#own-z").fill("0.5")
        expect(page.get_by_text("The page colours by Z 0.5")).to_be_visible()
        page.get_by_role("navigation", name="Views").get_by_role("button", name="Pairs").click()
        page.locator(ROW).first.wait_for()
        expect(page.get_by_text("|Z| > 0.5").first).to_be_visible()
        page.reload()
        page.locator(ROW).first.wait_for()
        expect(page.get_by_text("|Z| > 0.5").first).to_be_visible()
        assert thresholds(page, server_url) == before


@pytest.mark.usefixtures("put_back")
def test_a_rule_is_added_shown_and_deleted(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "rules", allowed=("400",)) as page:
        page.get_by_label("Name").fill("Squeeze")
        page.get_by_label("Condition").fill("z > > 2")
        page.get_by_role("button", name="Add the rule").click()
        expect(page.get_by_role("alert")).to_contain_text("at character 5")
        expect(page.locator("mark")).to_have_text(">")
        assert page.get_by_label("Condition").evaluate("box => box.selectionStart") == 4
        page.get_by_label("Condition").fill("z > 2 and funding < 0")
        page.get_by_role("button", name="Add the rule").click()
        listed = page.get_by_role("list", name="Rules")
        expect(listed).to_contain_text("z > 2 and funding < 0")
        stored = get(page, server_url, "/api/rules")
        assert [(one["name"], one["expression"]) for one in stored] == [("Squeeze", "z > 2 and funding < 0")]
        assert violations_in_both_themes(page) == []
        page.get_by_role("button", name="Its alerts: Squeeze").click()
        expect(page).to_have_url(re.compile(rf"rule={stored[0]['id']}"))
        expect(page.get_by_label("What")).to_have_value(f"rule:{stored[0]['id']}")
        page.go_back()
        listed.get_by_role("button", name="Delete").click()
        listed.get_by_role("button", name="Yes").click()
        expect(listed).to_be_empty()
        assert get(page, server_url, "/api/rules") == []


def test_a_rule_of_hostile_text_is_text(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "rules", allowed=("400",)) as page:
        page.get_by_label("Name").fill("<img src=x onerror=alert(1)>")
        page.get_by_label("Condition").fill("<img src=x onerror=alert(1)> > 1")
        page.get_by_role("button", name="Add the rule").click()
        expect(page.get_by_role("alert")).to_be_visible()
        assert page.locator("img[src='x']").count() == 0


def test_a_test_of_notifications_tells_the_servers_answer(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "alerts", allowed=("409",)) as page:
        page.get_by_role("button", name="Send a test to every target").click()
        expect(page.get_by_role("alert")).to_contain_text("NOTIFY_URLS is empty")


def test_what_pops_up_is_remembered(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "alerts") as page:
        tier4 = page.get_by_label("T4 Crowded unwind").and_(page.locator("select"))
        expect(tier4).to_have_value("list")
        tier4.select_option("watched")
        page.reload()
        expect(tier4).to_have_value("watched")


def test_a_sound_can_be_tried(browser: Browser, server_url: str) -> None:
    script = """
    window.notes = 0;
    const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.notes += 1; return make.call(this); };
    """
    with section(browser, server_url, "alerts", script=script) as page:
        page.get_by_role("button", name="Test ▲ Long").click()
        expect(page.get_by_text("This page may sound.")).to_be_visible()
        assert page.evaluate("window.notes") == 3


def test_the_theme_and_colours_change_at_once_and_stay(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "appearance") as page:
        ground = "getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(ground)
        page.get_by_role("radio", name="Light").check(force=True)
        assert page.evaluate(ground) != dark
        up = page.locator(".text-up").first
        green = up.evaluate("text => getComputedStyle(text).color")
        page.get_by_label("Blue up, orange down").check()
        assert up.evaluate("text => getComputedStyle(text).color") != green
        page.reload()
        expect(page.get_by_label("Blue up, orange down")).to_be_checked()
        expect(page.get_by_role("radio", name="Light")).to_be_checked()


def test_the_browser_forgets_when_told_to(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds") as page:
        page.locator("#own-z").fill("4")
        page.get_by_role("button", name="This browser").click()
        expect(page.get_by_role("list", name="Remembered")).to_contain_text("thresholds")
        page.get_by_role("button", name="Forget what this browser remembers").click()
        page.get_by_role("button", name="Yes").click()
        page.locator(ROW).first.wait_for()
        kept = page.evaluate("JSON.stringify(Object.keys(localStorage))")
        assert "futuresboard.thresholds" not in json.loads(kept)


def test_the_keyboard_reaches_it_all(browser: Browser, server_url: str) -> None:
    with section(browser, server_url, "thresholds") as page:
        page.locator("#server-z_threshold").focus()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Plan").first).to_be_focused()
        page.keyboard.press("Enter")
        plan = page.get_by_role("group", name="Plan Z")
        plan.get_by_role("slider").focus()
        page.keyboard.press("ArrowRight")
        expect(page.locator("#server-z_threshold")).to_have_value("2.6")
