"""The operations page in a real browser, against a running server."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from support_page import PHONE, get, number, violations


def _open(page: Page) -> None:
    page.keyboard.press("e")
    page.get_by_role("region", name="Operations").wait_for()


def _fact(page: Page, part: str, label: str) -> str:
    """The value beside a label."""
    fact = page.get_by_role("region", name=part, exact=True).locator(
        "dl > div", has=page.get_by_text(label, exact=True)
    )
    return fact.locator("dd").inner_text()


def test_it_tells_of_every_exchange_what_health_tells(page: Page, server_url: str) -> None:
    _open(page)
    assert "view=ops" in page.url
    told = get(page, server_url, "/health")
    names = {"binanceusdm": "Binance", "bybit": "Bybit", "okx": "OKX"}
    for exchange, facts in told["exchanges"].items():
        name = names[exchange]
        card = page.get_by_role("region", name=name, exact=True)
        assert number(_fact(page, name, "Pairs")) == facts["pairs"]
        assert _fact(page, name, "Breaker").startswith(facts["breaker"]["state"])
        expect(card.get_by_role("progressbar")).to_have_count(len(facts["budgets"]))
        for line in facts["websockets"]:
            expect(card.get_by_text(line["name"], exact=True)).to_be_visible()
    expect(page.get_by_text("Market caps from CoinGecko")).to_be_visible()


def test_it_shows_cycles_and_database_or_says_that_they_are_not_told(page: Page, server_url: str) -> None:
    _open(page)
    told = get(page, server_url, "/health")
    for part, key in (("Cycles", "cycles"), ("Database", "database")):
        shown = page.get_by_role("region", name=part, exact=True)
        expect(shown).to_be_visible()
        expect(shown.get_by_text("not told by this server")).to_have_count(0 if key in told else 1)
    if "database" in told:
        assert number(_fact(page, "Database", "Pairs recorded now")) == told["database"]["pairs"]
    if "cycles" in told:
        rows = page.get_by_role("region", name="Cycles", exact=True).get_by_role("row")
        expect(rows).to_have_count(len(told["cycles"]["counts"]) + 1)


def test_its_links_lead_somewhere(page: Page, server_url: str) -> None:
    _open(page)
    for link in page.get_by_role("region", name="Elsewhere").get_by_role("link").all():
        href = link.get_attribute("href") or ""
        assert page.request.get(server_url.rstrip("/") + href).ok, href


def test_the_button_with_the_pulse_opens_it_and_back_leads_back(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="Exchanges").click()
    expect(page.get_by_role("region", name="Operations")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("region", name="Screener")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_is_accessible(page: Page, server_url: str, theme: str) -> None:
    page.evaluate("theme => localStorage.setItem('futuresboard.theme', JSON.stringify(theme))", theme)
    page.goto(f"{server_url.rstrip('/')}/?view=ops")
    page.get_by_role("region", name="Operations").wait_for()
    assert violations(page) == []


def test_it_fits_a_phone(phone: Page) -> None:
    phone.get_by_role("navigation").get_by_role("button", name="Ops").click()
    parts = phone.get_by_role("region", name="Operations").get_by_role("region")
    expect(parts.first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for part in parts.all():
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert part.evaluate("part => part.scrollWidth <= part.clientWidth")
    assert violations(phone) == []
