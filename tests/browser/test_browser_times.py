"""The pages about time in a real browser: for screen readers, on narrow screens, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.test_browser import NARROW, TAGS, WIDE
from tests.inside import Inside, inside
from tests.running import copy_of
from tests.test_times import say

ADDRESSES = {
    "snapshots": "/snapshots?lang={lang}",
    "snapshot": "/snapshots/twee.html?lang={lang}",
    "difference": "/snapshots/diff?from=een&to=twee&lang={lang}",
    "no difference yet": "/snapshots/diff?lang={lang}",
    "unclear": "/snapshots/diff?from=een&to=vroeger&lang={lang}",
    "versions": "/timemap/voorbeeld-bewoners/b-1?lang={lang}",
    "past": "/doc/voorbeeld-bewoners/b-1?at=een&lang={lang}",
}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service with a story of two versions, and a snapshot of each."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("browsed"))) as service:
        holder = service.token("voorbeeld-bewoners", "contribute")
        steward = service.token("wijk", "steward")
        for name in ("een", "twee"):
            say(service, holder, "b-1", f"Versie {name}")
            assert 201 == service.client.post("/snapshots", json={"name": name}, headers=steward).status_code
        yield service


@pytest.mark.parametrize(("lang", "width"), [("nl", NARROW), ("en", WIDE)])
@pytest.mark.parametrize("name", ADDRESSES)
def test_axe_finds_nothing_and_nothing_sticks_out(
    service: Inside, browser: Browser, name: str, lang: str, width: int
) -> None:
    """No violation of WCAG 2.2 AA that a program can find, and no scrolling sideways."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(str(service.client.base_url).rstrip("/") + ADDRESSES[name].format(lang=lang))
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    assert [] == [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
    assert width == page.evaluate("document.documentElement.scrollWidth")
    assert lang == page.get_attribute("html", "lang")
    context.close()


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_label_stands_above_its_field(service: Inside, browser: Browser, width: int) -> None:
    """Both labels begin where their fields begin; on a narrow screen a whole time fits in its field."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{str(service.client.base_url).rstrip('/')}/snapshots/diff?from=2026-01-31T12:00:00Z&lang=nl")
    for name in ("from", "to"):
        label, field = (page.locator(found).bounding_box() for found in (f"label[for={name}]", f"#{name}"))
        assert label is not None
        assert field is not None
        assert (label["x"], True) == (field["x"], label["y"] + label["height"] <= field["y"])
    assert page.evaluate("(f => f.scrollWidth <= f.clientWidth)(document.getElementById('from'))")
    context.close()


def test_two_times_are_compared_by_keyboard_without_scripts(service: Inside, browser: Browser) -> None:
    """Type two names, press Enter: the change stands there with its holder."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(str(service.client.base_url).rstrip("/") + "/snapshots/diff?lang=nl")
    page.focus("#from")
    page.keyboard.type("een")
    page.keyboard.press("Tab")
    page.keyboard.type("twee")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-kind=replaced]")
    assert "voorbeeld-bewoners" in page.inner_text("section[data-party]")
    context.close()
