"""The steward's pages in a real browser: without scripts, for screen readers, keyboards and narrow screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from kg.accounts import Accounts
from kg.party import Right
from tests.running import copy_of, start_service

BASE = "http://127.0.0.1:8000"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SECTIONS = {
    "nl": (
        "/nl/beheer",
        ("", "betrokkenen", "betrokkenen/gemeente", "sleutels", "machtigingen"),
    ),
    "en": ("/en/steward", ("", "tokens", "sources", "erasure", "readers")),
}
WIDTHS = {"nl": 320, "en": 1280}


@pytest.fixture(scope="module")
def served(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service of one's own, and a steward's token."""
    service = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("browser-steward")), BASE)
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        secret = accounts.create_token("wijk", Right.STEWARD, datetime.now(UTC))
    yield service.url, secret
    service.stop()


def entered(browser: Browser, served: tuple[str, str], start: str, width: int, *, scripts: bool) -> Page:
    """A window in which the steward signed in, with the keyboard alone."""
    page = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts).new_page()
    page.goto(served[0] + start)
    page.get_by_label("Sleutel" if start.startswith("/nl") else "Token").focus()
    page.keyboard.type(served[1])
    page.keyboard.press("Enter")
    page.locator("nav.jump").wait_for()
    return page


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    return [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]


@pytest.mark.parametrize("lang", list(SECTIONS))
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser: Browser, served: tuple[str, str], lang: str) -> None:
    """Signing in, each page, and a form that came back with reasons."""
    start, rests = SECTIONS[lang]
    width = WIDTHS[lang]
    out = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    out.goto(served[0] + start)
    assert [] == violations(out)
    page = entered(browser, served, start, width, scripts=True)
    for rest in rests:
        page.goto(f"{served[0]}{start}/{rest}".rstrip("/"))
        assert [] == violations(page), rest
        assert width == page.evaluate("document.documentElement.scrollWidth"), rest
    page.goto(f"{served[0]}{start}/{'sleutels' if lang == 'nl' else 'tokens'}")
    page.locator("form.entries button").click()
    assert page.locator("[role=alert]").is_visible()
    assert [] == violations(page)
    assert page.title().startswith("Niet gelukt" if lang == "nl" else "Not done")
    page.context.close()
    out.context.close()


def test_a_token_is_made_without_scripts(browser: Browser, served: tuple[str, str]) -> None:
    """A reason beside its field, what was entered kept; then the secret, once; then signing out."""
    page = entered(browser, served, "/nl/beheer", 1280, scripts=False)
    page.get_by_role("link", name="Sleutels").click()
    page.get_by_label("Betrokkene").select_option("gemeente")
    page.get_by_role("button", name="Maak de sleutel").click()
    right = page.get_by_label("Wat ermee mag")
    assert "true" == right.get_attribute("aria-invalid")
    assert "gemeente" == page.get_by_label("Betrokkene").input_value()
    right.select_option("contribute")
    page.get_by_role("button", name="Maak de sleutel").click()
    secret = page.locator(".secret code").inner_text()
    assert secret.startswith("wijkgraaf_")
    assert secret not in page.url
    page.reload()
    assert 0 == page.locator(".secret").count()
    page.get_by_role("button", name="Meld af").click()
    assert page.get_by_label("Sleutel").is_visible()
    page.go_back()
    page.reload()
    assert page.get_by_label("Sleutel").is_visible()
    page.context.close()
