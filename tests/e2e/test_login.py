"""Where the server wants a token: the form before the page, and the page's own when a login has ended."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from support_board import board
from support_page import DESKTOP, ROW, violations

TOKEN = "open sesame & more"


def test_a_login_and_its_end(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport=DESKTOP, locale="en-US")  # type: ignore[arg-type]
    with board(tmp_path / "locked", AUTH_TOKEN=TOKEN) as locked:
        locked.fill()
        page = context.new_page()
        locked.start()
        page.goto(locked.url)
        page.get_by_label("Access token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        page.locator(ROW).first.wait_for()

        # The page is kept by the browser: it loads by itself when the login is gone, and asks.
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        locked.kill()
        context.clear_cookies()
        page.reload()
        expect(page.get_by_text("Offline:").first).to_be_visible(timeout=20_000)
        locked.start()
        form = page.get_by_role("form", name="futuresboard")
        expect(form).to_be_visible(timeout=30_000)
        assert violations(page) == []
        form.get_by_label("Access token").fill("wrong")
        form.get_by_role("button", name="Log in").click()
        expect(form.get_by_role("alert")).to_have_text("That is not the token.")
        form.get_by_label("Access token").fill(TOKEN)
        form.get_by_role("button", name="Log in").click()
        page.locator(ROW).first.wait_for()
        expect(page.get_by_text("websocket", exact=True)).to_be_visible(timeout=30_000)
    context.close()
