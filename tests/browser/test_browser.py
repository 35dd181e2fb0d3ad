"""The pages in a real browser: for screen readers, keyboards, narrow screens, without scripts and without strangers."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW, WIDE = 320, 1280
STOPS = "a[href],button,input,select,summary,[tabindex='0']"
ADDRESSES = {
    "start": ("/nl/", "/en/"),
    "side": ("/nl/naast-elkaar", "/en/side-by-side"),
    "side-theme": ("/nl/naast-elkaar?thema=housing", "/en/side-by-side?theme=housing"),
    "side-empty": ("/nl/naast-elkaar?thema=meaning&periode=1900", "/en/side-by-side?theme=meaning&period=1900"),
    "pair": ("/nl/naast-elkaar?links=gemeente&rechts=pstad", "/en/side-by-side?left=gemeente&right=pstad"),
    "open": ("/nl/nog-open", "/en/still-open"),
    "who": ("/nl/wie", "/en/who"),
    "party": ("/nl/wie/gemeente", "/en/who/gemeente"),
    "themes": ("/nl/thema", "/en/theme"),
    "theme": ("/nl/thema/safety", "/en/theme/safety"),
    "places": ("/nl/plek", "/en/place"),
    "place": ("/nl/plek/pl-heeswijkplein", "/en/place/pl-heeswijkplein"),
    "search": ("/nl/zoeken?q=heeswijk", "/en/search?q=heeswijk"),
    "about": ("/nl/over", "/en/about"),
    "story": ("/doc/ddh/v-13?lang=nl", "/doc/ddh/v-13?lang=en"),
    "policy": ("/doc/gemeente/b-agenda?lang=nl", "/doc/gemeente/b-agenda?lang=en"),
    "connection": ("/doc/redactie/c-45?lang=nl", "/doc/redactie/c-45?lang=en"),
    "source": ("/doc/redactie/bron-hm?lang=nl", "/doc/redactie/bron-hm?lang=en"),
    "missing": ("/nl/bestaat-niet", "/en/does-not-exist"),
    "unknown": ("/nl/naast-elkaar?onzin=1", "/en/side-by-side?nonsense=1"),
}
# Each page is looked at in Dutch on a telephone and in English at a desk; the other way round in the slow tests.
COMBINATIONS = [
    pytest.param(
        (address, width),
        id=f"{name}-{lang}-{width}",
        marks=() if (lang == "nl") == (width == NARROW) else pytest.mark.slow,
    )
    for name, pair in ADDRESSES.items()
    for lang, address in zip(("nl", "en"), pair, strict=True)
    for width in (NARROW, WIDE)
]
DUTCH = [pytest.param(pair[0], id=name) for name, pair in ADDRESSES.items()]


def opened(browser: Browser, address: str, width: int = WIDE, *, scripts: bool = True) -> Page:
    """A page in a window of its own."""
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
    page = context.new_page()
    page.goto(address)
    return page


@dataclass
class Seen:
    """A page that is open, with all it asked for and all the browser said about it."""

    page: Page
    width: int
    hosts: set[str]
    said: list[str]
    policy: str


@pytest.fixture(scope="module", params=COMBINATIONS)
def seen(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Seen]:
    """Each page, opened once for all that is looked at."""
    address, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    found = Seen(page, width, set(), [], "")
    page.on("request", lambda asked: found.hosts.add(urlparse(asked.url).netloc))
    page.on("console", lambda message: found.said.append(message.text))
    answer = page.goto(site + address)
    assert answer is not None
    found.policy = answer.headers["content-security-policy"]
    yield found
    context.close()


def test_axe_finds_nothing(seen: Seen) -> None:
    """No violation of WCAG 2.2 AA that a program can find."""
    found = Axe().run(seen.page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [] == [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]


def test_only_regions_with_a_name_scroll_sideways(seen: Seen) -> None:
    """Also at 320 pixels the page itself never scrolls sideways."""
    wide = seen.page.evaluate("document.documentElement.scrollWidth")
    nameless = seen.page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 &&"
        " ['auto','scroll'].includes(getComputedStyle(e).overflowX) && !e.getAttribute('aria-label'))"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert (seen.width, []) == (wide, nameless)


def test_nothing_is_asked_of_another_host_and_the_policy_is_not_broken(seen: Seen, site: str) -> None:
    """Every request goes to this service, and the browser reports no violation of the content security policy."""
    assert "default-src 'self'" in seen.policy
    assert {urlparse(site).netloc} == seen.hosts
    assert [] == [text for text in seen.said if "Content Security Policy" in text or "Refused" in text]


def test_text_of_twice_the_size_still_fits(seen: Seen) -> None:
    """Letters of 200 % make nothing stick out sideways, on a desk's width and on twice a telephone's."""
    height = 900
    wide = max(seen.width, 2 * NARROW)
    seen.page.set_viewport_size({"width": wide, "height": height})
    seen.page.evaluate("document.documentElement.style.fontSize = '212%'")  # 17 px doubled.
    needed = seen.page.evaluate("document.documentElement.scrollWidth")
    seen.page.evaluate("document.documentElement.style.fontSize = ''")
    seen.page.set_viewport_size({"width": seen.width, "height": height})
    assert wide == needed


@pytest.mark.parametrize("address", DUTCH)
def test_the_keyboard_reaches_the_contents_soon_and_everything_at_last(
    browser: Browser, site: str, address: str
) -> None:
    """The first Tab is the skip link, the contents come within fifteen, and Tab reaches every control."""
    page = opened(browser, site + address)
    page.evaluate("window.reached = []; document.addEventListener('focusin', e => window.reached.push(e.target))")
    page.keyboard.press("Tab")
    assert "#main" == page.evaluate("document.activeElement.getAttribute('href')")
    stops = page.evaluate(f"[...document.querySelectorAll({STOPS!r})].findIndex(e => e.closest('main'))")
    assert -1 <= stops <= 15
    visible = (
        f"[...document.querySelectorAll({STOPS!r})].filter(e => e.checkVisibility({{contentVisibilityAuto: true}}))"
    )
    for _ in range(page.evaluate(f"{visible}.length") - 1):
        page.keyboard.press("Tab")
    missed = page.evaluate(f"{visible}.filter(e => !window.reached.includes(e)).map(e => e.outerHTML.slice(0, 160))")
    assert ([], True) == (missed, page.evaluate("!!document.activeElement.closest('footer')"))
    page.context.close()


def test_the_skip_link_leads_to_the_contents(browser: Browser, site: str) -> None:
    """Tab, Enter: the main part has the focus."""
    page = opened(browser, site + "/nl/naast-elkaar")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert "main" == page.evaluate("document.activeElement.id")
    page.context.close()


def test_each_box_of_a_figure_can_be_reached_and_followed_by_keyboard(browser: Browser, site: str) -> None:
    """Every node is a link with a name."""
    page = opened(browser, site + "/nl/naast-elkaar?thema=safety")
    nodes = page.locator("svg.ribbons a.node")
    assert nodes.count() > 3
    nodes.nth(0).focus()
    reached = {page.evaluate("document.activeElement.getAttribute('href')")}
    for _ in range(nodes.count() - 1):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href')"))
    assert reached == set(nodes.evaluate_all("all => all.map(e => e.getAttribute('href'))"))
    nodes.nth(0).focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.context.close()


@pytest.mark.parametrize("address", DUTCH)
def test_a_page_is_complete_without_scripts(browser: Browser, site: str, address: str) -> None:
    """The same words and the same items with scripts off as with scripts on."""
    texts = []
    for scripts in (True, False):
        page = opened(browser, site + address, scripts=scripts)
        texts.append((page.locator("main").text_content(), page.locator("[data-item]").count()))
        page.context.close()
    assert texts[0] == texts[1]


def test_choosing_a_theme_works_with_the_keyboard_and_without_scripts(browser: Browser, site: str) -> None:
    """The form is a plain form: choose, press the button, and the address keeps the choice."""
    page = opened(browser, site + "/nl/naast-elkaar", scripts=False)
    page.select_option("#f-theme", "housing")
    page.get_by_role("button", name="Toon").first.click()
    assert "thema=housing" in page.url
    assert "Naast elkaar: wonen" == page.locator("h1").text_content()
    page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("forced", ["active", "none"])
def test_axe_finds_nothing_in_the_dark_or_with_forced_colours(
    browser: Browser, site: str, scheme: str, forced: str
) -> None:
    """The contrasts hold in dark mode and under forced colours."""
    context = browser.new_context(color_scheme=scheme, forced_colors=forced)  # type: ignore[arg-type]
    page = context.new_page()
    for address in ("/nl/", "/nl/naast-elkaar?thema=housing", "/doc/ddh/v-13?lang=nl", "/nl/plek/pl-heeswijkplein"):
        page.goto(site + address)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
        assert [] == [(address, rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
    context.close()


def test_the_style_sheet_is_light(browser: Browser, site: str) -> None:
    """At most 40 KiB of style and script on a reading page, compressed."""
    page = opened(browser, site + "/nl/naast-elkaar")
    bodies = [page.request.get(site + "/static/style.css").body()]
    page.context.close()
    assert sum(len(gzip.compress(body)) for body in bodies) <= 40 * 1024
