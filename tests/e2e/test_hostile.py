"""Hostile text, from the database and from the address, is text; the page's policy holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from futuresboard.db_rules import add_rule
from support_board import Board, board
from support_page import CARD, DESKTOP, PHONE, ROW, screen, violations

ATTACK = '"><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
"""As an exchange, a sentence and a rule's name; and in every parameter of the address."""
COIN = '"><img src=x onerror="window.pwned=1">'
"""As a coin: a symbol ends its coin at the first slash."""
NAMES = ("view", "tf", "exchange", "q", "chip", "filter", "pair", "at", "alert", "tab")
REFUSED = ("status of 400",)
"""The server knows no exchange of that name: its history is asked for, and refused."""
LINK = "javascript:window.pwned=1"
SHOWN = "[role=row][data-key], [role=status], main [role=alert], main li"
"""What a view shows once it has an answer: rows, a word on why there are none, or a list."""
WATCH = """
window.broken = [];
addEventListener("securitypolicyviolation", (event) => window.broken.push(event.violatedDirective));
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A database that has it everywhere, beside one plain pair."""
    with board(tmp_path_factory.mktemp("hostile")) as made:
        made.fill("okx", ("BTC", COIN))
        made.fill(ATTACK, ("ETH",))
        symbol = f"{COIN}/USDT:USDT"
        rule = add_rule(made.world.store, ATTACK, "z_score > 2", "z_score > 2", made.world.now)
        made.alert(symbol, ATTACK, base=COIN, direction="long")
        made.alert(symbol, ATTACK, bars_ago=2, kind="rule", tier=rule.id, rule=rule, base=COIN)
        made.start()
        yield made


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with screen(browser, DESKTOP, REFUSED) as made:
        made.add_init_script(WATCH)
        yield made


def _unharmed(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("[onerror]").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0
    assert page.evaluate("window.broken") == []


def test_rows_and_alerts_are_text(context: BrowserContext, hostile: Board) -> None:
    page = context.new_page()
    page.goto(hostile.url)
    expect(page.locator(ROW)).to_have_count(3)
    expect(page.get_by_role("table").get_by_text(ATTACK).first).to_be_visible()
    items = page.locator("ul[aria-label=Alerts] li")
    expect(items).to_have_count(2)
    expect(items.first).to_contain_text(ATTACK)
    page.locator(f"{ROW}[data-key^='okx|']").filter(has_text=COIN).click()
    expect(page.get_by_role("dialog")).to_contain_text(COIN)
    _unharmed(page)
    assert violations(page) == []


def test_cards_are_text(browser: Browser, hostile: Board) -> None:
    with screen(browser, PHONE, REFUSED) as made:
        made.add_init_script(WATCH)
        page = made.new_page()
        page.goto(hostile.url)
        expect(page.locator(CARD).filter(has_text=COIN).first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        _unharmed(page)
        assert violations(page) == []


@pytest.mark.parametrize("value", [ATTACK, LINK, "__proto__", "%00%F0%9F%92%A9", "9" * 400])
def test_the_address_is_text(context: BrowserContext, hostile: Board, value: str) -> None:
    for name in NAMES:
        page = context.new_page()
        page.goto(f"{hostile.url}?{urlencode({name: value})}")
        expect(page.get_by_role("heading", name="futuresboard")).to_be_visible()
        expect(page.locator(SHOWN).first).to_be_attached()
        _unharmed(page)
        if name == "q":
            expect(page.get_by_role("searchbox")).to_have_value(value)
            assert violations(page) == []
        page.close()


def test_all_of_the_address_at_once_on_a_phone(browser: Browser, hostile: Board) -> None:
    with screen(browser, PHONE, REFUSED) as made:
        made.add_init_script(WATCH)
        page = made.new_page()
        page.goto(f"{hostile.url}?{urlencode(dict.fromkeys(NAMES, ATTACK))}#{ATTACK}")
        expect(page.get_by_role("searchbox")).to_have_value(ATTACK)
        _unharmed(page)


def test_no_script_but_the_pages_own_runs(browser: Browser, hostile: Board) -> None:
    made = browser.new_context(viewport=DESKTOP, locale="en-US")  # type: ignore[arg-type]
    made.add_init_script(WATCH)
    page = made.new_page()
    answer = page.goto(hostile.url)
    assert answer is not None
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert "unsafe-inline" not in policy.get("script-src", policy["default-src"])
    assert "unsafe-eval" not in policy.get("script-src", policy["default-src"])
    # The built page itself has no script inside it that the policy would have to allow.
    assert re.findall(r"<script(?![^>]*\bsrc=)", answer.text()) == []
    page.locator(ROW).first.wait_for()
    assert page.evaluate("window.broken") == []
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.pwned = 1";
            document.body.append(script);
            const button = document.createElement("button");
            button.setAttribute("onclick", "window.pwned = 1");
            document.body.append(button);
            button.click();
        }"""
    )
    page.wait_for_function("() => window.broken.length >= 2")
    assert page.evaluate("window.pwned") is None
    made.close()


def test_a_hostile_folder_of_the_address_is_no_path(
    context: BrowserContext, hostile: Board, tmp_path: Path
) -> None:
    answer = context.request.get(f"{hostile.url}assets/..%2f..%2f..%2fetc%2fpasswd")
    assert answer.status == 404
    assert "root:" not in answer.text()
