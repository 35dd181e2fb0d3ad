"""The documentation in a real browser: for screen readers, by day and in the dark, at a desk and on a telephone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser


@pytest.mark.parametrize("name", ["model", "cookbook/connections"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_of_the_documentation_is_for_everybody(
    name: str, width: int, scheme: Literal["light", "dark"], built_docs: Path, browser: Browser
) -> None:
    """axe finds nothing, the page itself never scrolls sideways, and nothing is asked of any host."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((built_docs / f"{name}.html").as_uri())
    found = Axe().run(page).response["violations"]
    assert [] == [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]
    assert width == page.evaluate("document.documentElement.scrollWidth")
    assert [] == [url for url in asked if not url.startswith(("file:", "data:"))]
    context.close()
