"""What a browser meets at addresses that were made for programs: something to read, and refusals as pages."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from service.negotiation import HTML, QUADS, RESULTS, TRIPLES, choose, prefers_page
from tests.page_reading import site_of

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(scope="module")
def base(request: pytest.FixtureRequest) -> str:
    """The address of a service with the Moerwijk example."""
    return site_of(request)


def get(base: str, path: str, accept: str = BROWSER) -> httpx.Response:
    """What a Dutch browser gets."""
    return httpx.get(f"{base}{path}", headers={"Accept": accept, "Accept-Language": "nl"}, timeout=30)


def test_a_wide_name_beside_a_page_chooses_no_xml() -> None:
    """A browser's `application/xml` is no wish for RDF/XML; a program that asks for it alone still gets it."""
    assert choose(BROWSER, (*QUADS, *TRIPLES)) is QUADS[0]
    assert choose(BROWSER, RESULTS) is RESULTS[0]
    assert choose(BROWSER, (*RESULTS, HTML)) is HTML
    assert choose("application/xml", TRIPLES) is TRIPLES[3]
    assert choose("text/html, application/json", RESULTS) is RESULTS[0]
    assert choose("text/html", TRIPLES) is None
    assert prefers_page(BROWSER)
    assert not prefers_page("application/json, text/html;q=0.5")
    assert not prefers_page("*/*")


def test_a_contribution_and_a_viewpoint_can_be_read_in_a_browser(base: str) -> None:
    """A contribution is its receipt, a batch JSON, a viewpoint text; `text/html` alone is 406 with words."""
    page = get(base, "/doc/gemeente/b-agenda")
    found = re.search(r'href="(/contributions/[^"]+)"', page.text)
    assert found
    receipt = get(base, found[1])
    assert receipt.headers["content-type"] == "application/json"
    batch = get(base, urlsplit(receipt.json()["batch"]).path)
    assert (batch.status_code, batch.headers["content-type"]) == (200, "application/json")
    view = get(base, "/view/gemeente")
    assert (view.status_code, view.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert get(base, "/view/gemeente.trig").headers["content-type"] == "application/trig"
    refused = get(base, "/view/gemeente", "text/html")
    assert (refused.status_code, refused.headers["content-type"]) == (406, "text/html; charset=utf-8")
    assert "application/trig" in refused.text


def test_a_page_of_rows_is_shown_in_a_browser(base: str) -> None:
    """`limit` on a question's page shows that many rows; a program without a wish gets JSON as before."""
    whole, two = (get(base, f"/queries/open-calls{end}") for end in ("", "?limit=2"))
    assert (two.status_code, two.headers["content-type"]) == (200, "text/html; charset=utf-8")
    rows = [len(re.findall("<tr><td", page.text)) for page in (whole, two)]
    assert rows[0] > rows[1] == 2
    assert "json" in get(base, "/queries/open-calls?limit=2", "*/*").headers["content-type"]
    assert get(base, "/queries/open-calls?limit=x").status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/queries/nope", 404, "/queries"),
        ("/queries/open-calls?nope=1", 400, "nope"),
        ("/sparql?nope=1", 400, "nope"),
        ("/snapshots?nope=1", 400, "nope"),
        ("/snapshots/nope", 404, "/snapshots?lang=nl"),
        ("/view/nope", 404, "/nl/wie"),
        ("/doc", 400, "iri"),
        ("/timemap", 400, "iri"),
        ("/doc/gemeente/b-agenda?at=gisteren", 404, "gisteren"),
    ],
)
def test_a_refusal_is_a_page_in_a_browser_with_the_same_words(base: str, path: str, status: int, words: str) -> None:
    """The page says what the problem says, with its status and a way on; a program gets the problem as before."""
    page, told = get(base, path), get(base, path, "application/json")
    assert (page.status_code, told.status_code) == (status, status)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert told.headers["content-type"] == "application/problem+json"
    assert 'id="main"' in page.text
    assert words in page.text
    assert "/doc" not in path or told.json()["title"] in page.text


def test_the_other_language_of_a_missing_page_is_at_the_same_address(base: str) -> None:
    """The language link of a 404 stays where the reader is."""
    for path in ("/snapshots/nope", "/doc/gemeente/niets"):
        assert f'href="{path}?lang=en"' in get(base, path).text


def test_a_document_leads_to_its_versions_and_every_page_to_the_snapshots(base: str) -> None:
    """The past is found from a page."""
    page = get(base, "/doc/gemeente/b-agenda").text
    assert 'href="/timemap/gemeente/b-agenda?lang=nl"' in page
    assert 'href="/snapshots?lang=nl"' in page
    assert get(base, "/timemap/gemeente/b-agenda?lang=nl").status_code == 200


def test_a_wrong_value_is_told_by_its_label_with_all_that_may_be_chosen(base: str) -> None:
    """Every theme is named, not only the likest one."""
    page = get(base, "/queries/stories-no-policy-meets?theme=nope").text
    assert all(theme in page for theme in ("income", "housing", "safety"))
    assert "Thema met de waarde nope" in page
