"""Pages while people publish, respond and withdraw: seen at once, gone at once, and never as mark-up."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import pytest

from tests.page_reading import Element, read_page
from tests.running import Service
from tests.stories import BASE, PREFIXES, connection, response, story

HTML = {"Accept": "text/html", "Accept-Language": "nl"}
TURTLE = {"Content-Type": "text/turtle"}
NUMBERS = itertools.count(1)


class Neighbour:
    """A new party with a client of its own."""

    def __init__(self, service: Service) -> None:
        self.slug = f"buren-{next(NUMBERS)}"
        service.run("party", "add", self.slug, "--name", f"Buren {self.slug}", "--perspective", "residents")
        self.client = service.client(service.token(self.slug, "contribute"))

    def says(self, turtle: str) -> None:
        """Publishes Turtle."""
        answer = self.client.post("/contributions", content=turtle.encode(), headers=TURTLE)
        assert 201 == answer.status_code, answer.text


@pytest.fixture
def buren(shared: Service) -> Iterator[Neighbour]:
    """A neighbour."""
    made = Neighbour(shared)
    with made.client:
        yield made


def page(service: Service, path: str, client: httpx.Client | None = None) -> tuple[int, Element, str]:
    """A page as a stranger sees it, or as a client does: status, elements, HTML."""
    answer = client.get(path, headers=HTML) if client else httpx.get(service.url + path, headers=HTML, timeout=30)
    return answer.status_code, read_page(answer.text), answer.text


def test_a_story_for_oneself_has_a_page_for_oneself_alone(shared: Service, buren: Neighbour) -> None:
    """Its holder reads it, with the audience beside it; a stranger gets 404."""
    buren.says(story(buren.slug, "dagboek", text="Dit is alleen voor mij.", audience="own"))
    path = f"/doc/{buren.slug}/dagboek"
    status, mine, _ = page(shared, path, buren.client)
    assert (200, True) == (status, "Dit is alleen voor mij." in mine.all("main")[0].text)
    assert "alleen wie dit vertelde" in mine.all("main")[0].text
    status, _, text = page(shared, path)
    assert (404, False) == (status, "Dit is alleen voor mij." in text)


def test_a_withdrawn_story_leaves_a_page_without_its_words(shared: Service, buren: Neighbour) -> None:
    """410 that says how it ended; a connection to it stays and says that its end was withdrawn."""
    buren.says(story(buren.slug, "lift", text="De lift staat al drie weken stil."))
    buren.says(connection(buren.slug, "verband", f"{BASE}/id/{buren.slug}/lift", f"{BASE}/id/gemeente/b-agenda"))
    assert 200 == buren.client.delete(f"/doc/{buren.slug}/lift").status_code
    status, gone, text = page(shared, f"/doc/{buren.slug}/lift")
    assert (410, "Dit staat hier niet meer") == (status, gone.all("h1")[0].text)
    assert "drie weken stil" not in text
    _, agenda, _ = page(shared, "/doc/gemeente/b-agenda")
    kept = agenda.all("li", data_item=f"{BASE}/id/{buren.slug}/verband")
    assert ["ingetrokken"] == [span.text for li in kept for span in li.all("span") if span.has_class("gone")]


def test_a_response_stands_by_name_under_what_it_is_about(shared: Service, buren: Neighbour) -> None:
    """Who sees a connection differently is named, with the reason, wherever the connection stands."""
    why = "Bij ons in de straat is het anders gegaan."
    buren.says(response(buren.slug, "anders", f"{BASE}/id/redactie/c-45", kind="seesDifferently", why=why))
    for path in ("/doc/redactie/c-45", "/nl/naast-elkaar"):
        _, html, _ = page(shared, path)
        found = html.all("li", data_item=f"{BASE}/id/{buren.slug}/anders")
        assert found != []
        for said in found:
            assert f"Buren {buren.slug} ziet dit anders: {why}" in said.text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "' onfocus='alert(1)' autofocus='",
    "</script><script>alert(1)</script>",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_are_never_mark_up(shared: Service, buren: Neighbour, words: str) -> None:
    """What somebody writes is shown as written: no element, attribute or template comes of it."""
    title = f' ; dcterms:title "{words}"@nl'
    buren.says(story(buren.slug, "hallo", text=words, extra=title))
    for path in (f"/doc/{buren.slug}/hallo", f"/nl/wie/{buren.slug}", "/nl/naast-elkaar?thema=housing"):
        status, html, text = page(shared, path)
        assert (200, True) == (status, words in html.all("main")[0].text)
        assert {"application/ld+json"} >= {script.attributes.get("type", "") for script in html.all("script")}
        assert [] == [e.name for e in html.all() if any(name.startswith("on") for name in e.attributes)]
        assert "<img" not in text


def test_an_address_that_is_no_address_is_no_link(shared: Service, buren: Neighbour) -> None:
    """Only http, https, mailto, tel and urn are linked; the door refuses the rest, and pages would not link it."""
    turtle = story(buren.slug, "adres", extra=" ; lw:recordedAs <javascript:alert(1)>")
    answer = buren.client.post("/contributions", content=turtle.encode(), headers=TURTLE)
    assert 422 == answer.status_code


def test_a_place_says_where_else_it_is_recorded(shared: Service) -> None:
    """With a link, and that this does not make the two one."""
    register = httpx.Client(base_url=shared.url, headers={"Authorization": f"Bearer {shared.token('wijk', 'steward')}"})
    address = "http://www.wikidata.org/entity/Q42"
    turtle = f"""{PREFIXES}<{BASE}/id/wijk/lindeplein> a lw:Place ; lw:heldBy <{BASE}/id/wijk> ;
        lw:audience audience:public ; dcterms:title "Lindeplein"@nl ; lw:recordedAs <{address}> ."""
    with register:
        answer = register.post("/contributions", content=turtle.encode(), headers=TURTLE)
    assert 201 == answer.status_code, answer.text
    _, html, _ = page(shared, "/nl/plek/lindeplein")
    (link,) = html.all("a", href=address)
    assert "www.wikidata.org/entity/Q42" == link.text
    assert "niet dat het precies hetzelfde is" in html.all("main")[0].text


def test_a_connection_that_names_no_basis_says_nothing_of_one(shared: Service, buren: Neighbour) -> None:
    """Whether it stands so in the source is said only where its holder said so."""
    buren.says(connection(buren.slug, "zonder", f"{BASE}/id/ddh/v-13", f"{BASE}/id/gemeente/b-agenda"))
    status, _, text = page(shared, f"/doc/{buren.slug}/zonder")
    assert (200, False) == (status, "in de bron" in text)
    said = [page(shared, f"/doc/redactie/{name}")[2] for name in ("c-45", "c-1")]
    assert any("in de bron" in text for text in said)


def test_a_replaced_contribution_is_not_called_withdrawn(shared: Service, buren: Neighbour) -> None:
    """Its words are gone for strangers, 410 that names what replaced it; its receipt stays; the page leads to both."""
    buren.says(story(buren.slug, "twee", text="Eerst zo."))
    receipt = "application/json"
    path = f"/doc/{buren.slug}/twee"
    tag = httpx.get(shared.url + path, headers={"Accept": "text/turtle"}).headers["etag"]
    first = tag.strip('"').rsplit("-", 1)[0]
    again = story(buren.slug, "twee", text="Nu anders.").encode()
    answer = buren.client.post("/contributions?replace=true", content=again, headers=TURTLE)
    assert 201 == answer.status_code
    old = httpx.get(f"{shared.url}/contributions/{first}", headers={"Accept": "text/turtle"})
    assert (410, ["Replaced"]) == (old.status_code, [e["name"] for e in old.json()["errors"]])
    assert f"/timemap/{buren.slug}/twee" in old.json()["detail"]
    kept = httpx.get(f"{shared.url}/contributions/{first}", headers={"Accept": receipt}).json()
    assert kept["supersededBy"] == answer.json()["contributions"][0]["contribution"]
    _, html, _ = page(shared, path)
    before = [str(a.attributes["href"]) for a in html.all("a") if a.text == "de vorige versie"]
    status, _, text = page(shared, before[0])
    assert (200, True) == (status, "Eerst zo." in text)
