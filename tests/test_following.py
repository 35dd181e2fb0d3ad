"""Following by Atom, and word back: what happened with a story, for people and for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as Tree

import httpx
import pytest

from tests.inside import Inside, inside
from tests.page_reading import read_page
from tests.running import copy_of
from tests.stories import BASE, PREFIXES, connection, response, story
from tests.test_inbox import say

ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
POLICY = f"{BASE}/id/gemeente/b-agenda"
Who = Mapping[str, str]
FEEDS = {
    "whole": "",
    "thing": f"thing={POLICY}",
    "party": "party=gemeente",
    "theme": "theme=housing",
    "life domain": "theme=materialSituation",
    "place": "place=pl-oost",
    "question": "question=open-calls",
}


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("following"))) as service:
        yield service


@pytest.fixture(scope="module")
def who(service: Inside) -> dict[str, dict[str, str]]:
    """A header for each party that speaks here."""
    return {
        "residents": service.token("voorbeeld-bewoners", "contribute"),
        "care": service.token("voorbeeld-zorg", "contribute"),
        "municipality": service.token("voorbeeld-gemeente", "contribute"),
        "partner": service.token("voorbeeld-zorg", "read-partners"),
    }


def feed(answer: httpx.Response) -> Tree.Element:
    """The feed, after each MUST of RFC 4287 that it can break was looked at."""
    assert 200 == answer.status_code, answer.text[:500]
    assert "application/atom+xml; charset=utf-8" == answer.headers["content-type"]
    root = Tree.fromstring(answer.content)
    assert f"{ATOM}feed" == root.tag
    time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert 1 == len(element.findall(f"{ATOM}{name}")), name
            assert (element.findtext(f"{ATOM}{name}") or "").strip()
        assert time.fullmatch(element.findtext(f"{ATOM}updated") or "")
        assert re.match(r"[a-z]+:", element.findtext(f"{ATOM}id") or "")
        alternates = [(one.get("type"), one.get("hreflang")) for one in _links(element, "alternate")]
        assert len(alternates) == len(set(alternates)) == 1
        assert 1 >= len(element.findall(f"{ATOM}summary"))
    assert 1 == len(_links(root, "self"))
    for entry in root.findall(f"{ATOM}entry"):
        assert all((author.findtext(f"{ATOM}name") or "").strip() for author in entry.findall(f"{ATOM}author"))
        assert entry.findall(f"{ATOM}author")
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    updated = [entry.findtext(f"{ATOM}updated") or "" for entry in root.findall(f"{ATOM}entry")]
    assert not updated or (root.findtext(f"{ATOM}updated"), updated) == (updated[0], sorted(updated, reverse=True))
    return root


def _links(element: Tree.Element, rel: str) -> list[Tree.Element]:
    return [one for one in element.findall(f"{ATOM}link") if one.get("rel") == rel]


def entries(service: Inside, query: str = "", who: Who | None = None) -> dict[str, Tree.Element]:
    """The entries of a feed by their ids, over all its pages."""
    found: dict[str, Tree.Element] = {}
    address: str | None = f"/atom?{query}"
    while address:
        root = feed(service.client.get(address, headers=dict(who or {})))
        for entry in root.findall(f"{ATOM}entry"):
            id = entry.findtext(f"{ATOM}id") or ""
            assert id not in found
            found[id] = entry
        following = _links(root, "next")
        address = (following[0].get("href") or "").removeprefix(BASE) if following else None
    return found


@pytest.mark.parametrize("query", FEEDS.values(), ids=FEEDS)
@pytest.mark.parametrize("lang", ["nl", "en"])
def test_each_feed_is_valid_atom_in_both_languages(service: Inside, query: str, lang: str) -> None:
    """The elements, times and links that RFC 4287 demands; the page it names is there; 304 to who has it."""
    answer = service.client.get(f"/atom?{query}&lang={lang}".replace("?&", "?"))
    root = feed(answer)
    assert lang == root.get(f"{XML}lang")
    assert root.findall(f"{ATOM}entry")
    page = (_links(root, "alternate")[0].get("href") or "").removeprefix(BASE)
    assert 200 == service.client.get(page, headers={"Accept": "text/html"}).status_code
    again = {"If-None-Match": answer.headers["etag"]}
    assert 304 == service.client.get(f"/atom?{query}&lang={lang}", headers=again).status_code
    assert "no-cache" == answer.headers["cache-control"]


def test_a_feed_says_who_says_what_and_why(service: Inside, who: dict[str, Who]) -> None:
    """The author is the holder; the title a sentence; the reason its summary; markup in words stays text."""
    text = story("voorbeeld-bewoners", "a-1", text="<b>Schimmel</b> & <script>kou</script>")
    mine = say(service, who["residents"], text)
    tie = say(service, who["care"], connection("voorbeeld-zorg", "a-c1", mine, POLICY))
    for query in ("", f"thing={mine}", "party=voorbeeld-bewoners", "theme=housing", "place=pl-oost"):
        entry = entries(service, query)[tie]
        assert "Voorbeeld" in (entry.findtext(f"{ATOM}author/{ATOM}name") or ""), query
        assert f"{BASE}/id/voorbeeld-zorg" == entry.findtext(f"{ATOM}author/{ATOM}uri")
        assert "zegt: ‘<b>Schimmel</b> & <script>kou</script>’ laat zien: ‘" in (entry.findtext(f"{ATOM}title") or "")
        assert "Dit verhaal laat zien waar het plan over gaat." == entry.findtext(f"{ATOM}summary")
    seen = say(service, who["municipality"], response("voorbeeld-gemeente", "a-r1", tie))
    assert {mine, tie, seen} <= entries(service, f"thing={mine}").keys()
    service.end("withdraw", tie)
    assert tie not in entries(service)
    assert tie not in entries(service, "party=voorbeeld-bewoners")


def test_the_whole_holds_every_statement_that_stands_here(service: Inside) -> None:
    """Over all its pages: each public document but parties, places and sources, once."""
    query = """SELECT DISTINCT ?d { ?c <https://w3id.org/lerende-wijk/def#document> ?d FILTER NOT EXISTS {
        ?d a ?kind FILTER(STRAFTER(STR(?kind), "#") IN ("Party", "Place", "Neighbourhood", "Source")) } }"""
    asked = service.client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
    assert set(asked.text.split()[1:]) == entries(service).keys()


@pytest.mark.parametrize("audience", ["own", "table", "partners"])
def test_a_feed_shows_strangers_what_is_public(service: Inside, who: dict[str, Who], audience: str) -> None:
    """What is for partners is there for a token; own and table are in no feed; a hidden thing has none."""
    table = f" ; lw:tableOf <{BASE}/id/voorbeeld-zorg>" if audience == "table" else ""
    text = story("voorbeeld-bewoners", f"a-{audience}", text="Niet voor iedereen.", audience=audience, extra=table)
    before = {query: service.client.get(f"/atom?{query}").headers["etag"] for query in FEEDS.values()}
    hidden = say(service, who["residents"], text)
    for query in ("", "theme=housing", "place=pl-oost"):
        assert hidden not in entries(service, query)
        assert (audience == "partners") == (hidden in entries(service, query, who["partner"]))
    assert before == {query: service.client.get(f"/atom?{query}").headers["etag"] for query in FEEDS.values()}
    assert 404 == service.client.get("/atom", params={"thing": hidden}).status_code
    never = service.client.get("/atom", params={"thing": f"{BASE}/id/voorbeeld-bewoners/never"})
    told = service.client.get("/atom", params={"thing": hidden})
    assert never.text.replace("never", "") == told.text.replace(f"a-{audience}", "")
    private = service.client.get("/atom", headers=who["partner"])
    assert "private, no-store" == private.headers["cache-control"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("bla=1", 400),
        ("theme=nothing", 400),
        ("theme=", 400),
        ("theme=housing&place=pl-oost", 400),
        ("question=what", 404),
        ("question=pages/ties", 404),
        ("question=connections-not-responded-to", 400),
        ("place=nergens", 404),
        ("party=niemand", 404),
        ("party=../etc", 404),
        ("thing=x%3Ay", 404),
        ("before=x", 400),
        ("party=gemeente&before=x", 400),
        ("lang=fr", 400),
    ],
)
def test_a_feed_of_nothing_is_refused_with_a_reason(service: Inside, query: str, status: int) -> None:
    """Unknown names 404, unclear values 400, with what can be given."""
    answer = service.client.get(f"/atom?{query}", headers={"Accept": "application/atom+xml"})
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize(
    "path", ["/nl/", "/nl/wie/gemeente", "/en/theme/housing", "/nl/plek/pl-oost", "/doc/gemeente/b-agenda"]
)
def test_pages_name_their_feed(service: Inside, path: str) -> None:
    """A feed reader that is given the page finds the feed; a page of the past names none."""
    html = read_page(service.client.get(path, headers={"Accept": "text/html"}).text)
    found = [one.attributes["href"] for one in html.all("link", type="application/atom+xml")]
    assert 1 == len(found)
    feed(service.client.get(found[0]))


# Word back.


@pytest.fixture(scope="module")
def told(service: Inside, who: dict[str, Who]) -> dict[str, str]:
    """A story with what came of it: a connection, responses, a dialogue, an agreement that somebody joins."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "w-1", text="De lift is al maanden stuk."))
    tie = say(service, who["care"], connection("voorbeeld-zorg", "w-c", mine, POLICY))
    seen = say(
        service, who["municipality"], response("voorbeeld-gemeente", "w-r", mine, kind="asks", why="Welk portiek?")
    )
    talk = PREFIXES + (
        f"<{BASE}/id/voorbeeld-gemeente/w-d> a lw:Dialogue ; lw:heldBy <{BASE}/id/voorbeeld-gemeente> ;\n"
        f'  lw:audience audience:public ; dcterms:title "Gesprek over de lift"@nl ; lw:discusses <{mine}> ;\n'
        f"  lw:participant <{BASE}/id/voorbeeld-bewoners>, <{BASE}/id/voorbeeld-gemeente> .\n"
    )
    dialogue = say(service, who["municipality"], talk)
    deal = PREFIXES + (
        f"<{BASE}/id/voorbeeld-gemeente/w-a> a lw:Agreement ; lw:heldBy <{BASE}/id/voorbeeld-gemeente> ;\n"
        f'  lw:audience audience:public ; dcterms:title "De lift wordt gemaakt"@nl ;\n'
        f'  dcterms:description "Voor de zomer werkt de lift weer."@nl ; lw:outcomeOf <{dialogue}> .\n'
    )
    agreement = say(service, who["municipality"], deal)
    joined = say(service, who["residents"], response("voorbeeld-bewoners", "w-j", agreement, kind="joins"))
    return {"story": mine, "tie": tie, "asks": seen, "dialogue": dialogue, "agreement": agreement, "joins": joined}


def test_word_back_tells_in_order_what_happened(service: Inside, told: dict[str, str]) -> None:
    """Who connected it and why, who responded, where it was discussed, what came of it and who joins: oldest first."""
    answer = service.client.get("/news", params={"thing": told["story"]}, headers={"Accept": "application/ld+json"})
    found = answer.json()["orderedItems"]
    assert list(told.values())[1:] == [one["object"] for one in found]
    assert sorted(one["published"] for one in found) == [one["published"] for one in found]
    assert all(one["actor"] and one["summaryMap"]["nl"] and one["summaryMap"]["en"] for one in found)
    assert [told["dialogue"]] == [one["target"] for one in found if one["object"] == told["agreement"]]
    assert "Welk portiek?" == next(one for one in found if one["object"] == told["asks"])["contentMap"]["nl"]
    atom = feed(
        service.client.get("/news", params={"thing": told["story"]}, headers={"Accept": "application/atom+xml"})
    )
    suffixed = service.client.get("/news.atom", params={"thing": told["story"]}, headers={"Accept": "text/html"})
    assert Tree.tostring(atom) == Tree.tostring(feed(suffixed))
    assert list(told.values())[:0:-1] == [entry.findtext(f"{ATOM}id") for entry in atom.findall(f"{ATOM}entry")]


def test_word_back_finds_the_outcomes_of_the_named_question(service: Inside, moerwijk_folder: Path) -> None:
    """Every outcome that what-changed-because-of-a-story names is among the steps of that story."""
    asked = service.client.get("/queries/what-changed-because-of-a-story", headers={"Accept": "application/json"})
    rows = [(row["story"]["value"], row["outcome"]["value"]) for row in asked.json()["results"]["bindings"]]
    assert len(rows) > 3
    for thing, outcome in rows:
        answer = service.client.get("/news", params={"thing": thing}, headers={"Accept": "application/ld+json"})
        assert outcome in {one["object"] for one in answer.json()["orderedItems"]}, thing


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_word_back_is_a_page_to_print(service: Inside, told: dict[str, str], lang: str) -> None:
    """Each statement with its voice and its link; what is still open, from the named question."""
    answer = service.client.get("/news", params={"thing": told["story"], "lang": lang}, headers={"Accept": "text/html"})
    assert (200, "noindex") == (answer.status_code, answer.headers["x-robots-tag"])
    html = read_page(answer.text)
    shown = [one.attributes["data-item"] for one in html.all("li", data_item=None)]
    assert list(told.values())[1:] == shown
    assert all(one.attributes["data-voice"].startswith(f"{BASE}/id/") for one in html.all("li", data_item=None))
    assert 1 == len(html.all("h1"))
    text = answer.text
    assert "Welk portiek?" in text
    assert {"nl": "reageerde nog niet op:", "en": "has not responded yet to:"}[lang] in text
    assert {"nl": "Een vraag waarop nog niemand antwoordde:", "en": "A question that nobody answered yet:"}[
        lang
    ] in text
    page = service.client.get(
        told["story"].removeprefix(BASE).replace("/id/", "/doc/"), headers={"Accept": "text/html"}
    )
    assert "/news?thing=" in page.text


def test_silence_is_shown_as_silence(service: Inside, who: dict[str, Who]) -> None:
    """A story to which nobody did anything: the page says so, and that it says nothing about the story."""
    quiet = say(service, who["residents"], story("voorbeeld-bewoners", "w-quiet"))
    answer = service.client.get("/news", params={"thing": quiet, "lang": "nl"}, headers={"Accept": "text/html"})
    assert "Tot nu toe heeft niemand" in answer.text
    assert [] == service.client.get("/news", params={"thing": quiet}).json()["orderedItems"]


@pytest.mark.parametrize("audience", ["own", "table", "partners"])
def test_word_back_is_for_who_may_read_the_story(service: Inside, who: dict[str, Who], audience: str) -> None:
    """404 to others, like a name that nobody used; its holder reads it, with what is for its eyes."""
    table = f" ; lw:tableOf <{BASE}/id/voorbeeld-zorg>" if audience == "table" else ""
    text = story("voorbeeld-bewoners", f"w-{audience}", audience=audience, extra=table)
    mine = say(service, who["residents"], text)
    get = service.client.get
    for form in ("text/html", "application/ld+json", "application/atom+xml"):
        accept = {"Accept": form}
        assert 404 == get("/news", params={"thing": mine}, headers=accept).status_code
        own = get("/news", params={"thing": mine}, headers={**accept, **who["residents"]})
        assert (200, "private, no-store") == (own.status_code, own.headers["cache-control"])
    for reader in ("care", "municipality"):
        reads = audience == "partners" or (audience == "table" and reader == "care")
        assert (200 if reads else 404) == get("/news", params={"thing": mine}, headers=who[reader]).status_code


def test_word_back_tells_each_reader_what_it_may_read(service: Inside, who: dict[str, Who]) -> None:
    """A connection for partners to a public story is in nobody's word back but a partner's; withdrawn it is gone."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "w-mixed"))
    tie = say(service, who["care"], connection("voorbeeld-zorg", "w-mixed", mine, POLICY, audience="partners"))

    def steps(headers: Who) -> list[str]:
        answer = service.client.get(
            "/news", params={"thing": mine}, headers={"Accept": "application/ld+json", **headers}
        )
        return [one["object"] for one in answer.json()["orderedItems"]]

    assert ([], [tie]) == (steps({}), steps(who["residents"]))
    service.end("withdraw", tie)
    assert [] == steps(who["residents"])
    service.end("withdraw", mine)
    gone = service.client.get("/news", params={"thing": mine})
    assert (410, "Gone") == (gone.status_code, json.loads(gone.text)["errors"][0]["name"])
