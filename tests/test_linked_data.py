"""Linked data as its clients use it: signposts, profiles, schema.org in pages, and what search engines do not get."""

from __future__ import annotations

import json
import re

import httpx
import pyoxigraph as ox
import pytest
from rdflib import RDF, Graph, Namespace, URIRef

from tests.running import Service

BASE = "http://127.0.0.1:8000"
SCHEMA = Namespace("https://schema.org/")
OWN = "https://w3id.org/lerende-wijk/def"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HOSTILE = "</script><script>alert(1)</script><!--"
LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*-]+="[^"]*")*)')


def get(service: Service, path: str, token: str | None = None, **headers: str) -> httpx.Response:
    """An answer of the service; `_` in a header's name stands for `-`."""
    with service.client(token) as client:
        return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def signposts(response: httpx.Response) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The links of an answer by relation: each target with its attributes."""
    found: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for target, rest in LINK.findall(response.headers["link"]):
        attributes = dict(re.findall(r'([\w*-]+)="([^"]*)"', rest))
        for relation in attributes.pop("rel").split():
            found.setdefault(relation, []).append((target, attributes))
    return found


def schema_block(page: httpx.Response) -> dict[str, object]:
    """What a page tells search engines; empty when it tells nothing."""
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
    found: dict[str, object] = json.loads(block[1]) if block else {}
    return found


# Signposts


def test_a_things_page_says_what_it_is_and_where_it_is_described(moerwijk: Service) -> None:
    """FAIR Signposting on a landing page: cite-as, type, author, license, describedby, collection; each leads on."""
    page = get(moerwijk, "/doc/gemeente/b-agenda", Accept=BROWSER)
    found = signposts(page)
    assert [f"{BASE}/id/gemeente/b-agenda"] == [target for target, _ in found["cite-as"]]
    assert {"https://schema.org/AboutPage", f"{OWN}#Policy"} <= {target for target, _ in found["type"]}
    assert [f"{BASE}/id/gemeente"] == [target for target, _ in found["author"]]
    assert ["http://publications.europa.eu/resource/authority/licence/EUPL_1_2"] == [t for t, _ in found["license"]]
    assert [f"{BASE}/view/gemeente"] == [target for target, _ in found["collection"]]
    assert {"timegate", "timemap", "canonical"} <= found.keys()
    described = [(target, attributes) for target, attributes in found["describedby"] if "type" in attributes]
    assert {OWN, "https://schema.org/"} == {attributes["profile"] for _, attributes in described}
    for target, attributes in described:
        answer = get(moerwijk, target)
        assert (200, attributes["type"]) == (answer.status_code, answer.headers["content-type"].partition(";")[0])
        assert f"<{attributes['profile']}>" in answer.headers["content-profile"]
        back = signposts(answer)
        assert ["/doc/gemeente/b-agenda.html"] == [t for t, _ in back["describes"]]
        assert [f"{BASE}/id/gemeente/b-agenda"] == [t for t, _ in back["cite-as"]]


def test_a_licence_of_its_own_goes_before_that_of_the_register(shared: Service) -> None:
    """A document's licence is its signpost; without one it is that of its party, then that of the register."""
    body = f"""<{BASE}/id/voorbeeld-zorg/vrij> a <{OWN}#Initiative> ; <{OWN}#heldBy> <{BASE}/id/voorbeeld-zorg> ;
        <{OWN}#audience> <https://w3id.org/lerende-wijk/id/concept/audience/public> ;
        <http://purl.org/dc/terms/title> "{HOSTILE}"@nl ; <http://purl.org/dc/terms/description> "{HOSTILE}"@nl ;
        <http://purl.org/dc/terms/license> <https://creativecommons.org/publicdomain/zero/1.0/> ."""
    with shared.client(shared.token("voorbeeld-zorg", "contribute")) as zorg:
        taken = zorg.post("/contributions", content=body, headers={"Content-Type": "text/turtle"})
    assert 201 == taken.status_code, taken.text
    page = get(shared, "/doc/voorbeeld-zorg/vrij", Accept=BROWSER)
    assert ["https://creativecommons.org/publicdomain/zero/1.0/"] == [t for t, _ in signposts(page)["license"]]
    # The same text in the block for search engines: nothing of it ends the block or becomes markup.
    assert HOSTILE == schema_block(page)["name"]
    assert HOSTILE not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    reworded = get(shared, "/doc/voorbeeld-zorg/vrij.ttl?_profile=schema")
    assert [HOSTILE] == [str(text) for text in Graph().parse(data=reworded.text).objects(None, SCHEMA.description)]


@pytest.mark.parametrize(
    ("path", "cited", "kinds"),
    [
        ("/view/gemeente", "/view/gemeente", {"http://www.w3.org/ns/dcat#Dataset"}),
        ("/catalog", "/catalog", {"http://www.w3.org/ns/dcat#Catalog"}),
        ("/nl/wie/gemeente", "/id/gemeente", {"https://schema.org/AboutPage"}),
        ("/en/place/pl-moerwijk", "/id/wijk/pl-moerwijk", {"https://schema.org/AboutPage"}),
        ("/nl/catalogus", "/catalog", {"https://schema.org/AboutPage"}),
    ],
)
def test_sets_of_data_and_pages_have_signposts(moerwijk: Service, path: str, cited: str, kinds: set[str]) -> None:
    """Viewpoints, the catalogue and the pages of parties and places name what they are about and where it stands."""
    found = signposts(get(moerwijk, path))
    assert [BASE + cited] == [target for target, _ in found["cite-as"]]
    assert kinds <= {target for target, _ in found["type"]}
    for target, attributes in found["describedby"]:
        answer = get(moerwijk, target)
        assert (200, attributes["type"]) == (answer.status_code, answer.headers["content-type"].partition(";")[0])
    for target, attributes in found.get("item", ()):
        answer = get(moerwijk, target)
        assert (200, attributes["type"]) == (answer.status_code, answer.headers["content-type"].partition(";")[0])


def test_a_snapshot_has_signposts_to_its_files(shared: Service) -> None:
    """Its name to cite, its descriptions, and each dump as an item with the media type that it has."""
    with shared.client(shared.token("wijk", "steward")) as steward:
        steward.post("/snapshots", json={"name": "voorjaar"})
    found = signposts(get(shared, "/snapshots/voorjaar", Accept="application/json"))
    assert [f"{BASE}/snapshots/voorjaar"] == [target for target, _ in found["cite-as"]]
    assert {"/snapshots/voorjaar.nq.gz", "/snapshots/voorjaar.trig.gz"} == {target for target, _ in found["item"]}
    assert {"application/gzip"} == {attributes["type"] for _, attributes in found["item"]}
    assert ["/snapshots"] == [target for target, _ in found["collection"]]


# Profiles


def test_a_policy_a_place_and_a_party_in_schema_org(moerwijk: Service) -> None:
    """Kind, name in both languages, and whose it is: the same thing, under the same name, in other words."""
    expected = {
        "/doc/gemeente/b-agenda": SCHEMA.CreativeWork,
        "/doc/wijk/pl-moerwijk": SCHEMA.AdministrativeArea,
        "/doc/gemeente": SCHEMA.Organization,
    }
    for path, kind in expected.items():
        answer = get(moerwijk, path, Accept="text/turtle", Accept_Profile="<https://schema.org/>")
        assert 200 == answer.status_code, answer.text
        graph = Graph().parse(data=answer.text)
        thing = URIRef(BASE + path.replace("/doc", "/id"))
        assert (thing, RDF.type, kind) in graph
        assert {"nl", "en"} <= {name.language for name in graph.objects(thing, SCHEMA.name)}  # type: ignore[attr-defined]
        if kind != SCHEMA.Organization:
            holder = graph.value(thing, SCHEMA.publisher)
            assert list(graph.objects(holder, SCHEMA.name))
        assert answer.headers["content-profile"].startswith("<https://schema.org/>")
        assert f"{path}.ttl?_profile=schema" == answer.headers["content-location"]
        assert "Accept-Profile" in answer.headers["vary"]


def test_every_document_can_be_had_in_its_holders_words_by_profile(moerwijk: Service) -> None:
    """Our own profile is the default, by IRI, by token, or by a list in which it is liked best."""
    plain = get(moerwijk, "/doc/gemeente/b-agenda.nt")
    for header in (f"<{OWN}>", f"<https://schema.org/>;q=0.5, <{OWN}>", "wijk"):
        same = get(moerwijk, "/doc/gemeente/b-agenda.nt", Accept_Profile=header)
        assert plain.content == same.content
        assert same.headers["content-profile"].startswith(f"<{OWN}>")
    asked = get(moerwijk, "/doc/gemeente/b-agenda?_profile=wijk&_mediatype=application/n-triples")
    assert plain.content == asked.content


def test_a_profile_that_a_thing_does_not_have_is_406(moerwijk: Service) -> None:
    """A connection is somebody's statement, for which schema.org has no words: 406 that says what there is."""
    connection = "/doc/redactie/c-45"
    assert 200 == get(moerwijk, connection + ".ttl").status_code
    for path in (f"{connection}.ttl", "/doc/gemeente/b-agenda.ttl"):
        profile = "<https://schema.org/>" if path.startswith(connection) else "<http://www.w3.org/ns/dcat#>"
        refused = get(moerwijk, path, Accept_Profile=profile)
        assert (406, "ProfileUnknown") == (refused.status_code, refused.json()["errors"][0]["name"])
    # What is not there is 404 before it is 406.
    assert 404 == get(moerwijk, "/doc/gemeente/niets.ttl", Accept_Profile="<urn:x>").status_code


def test_what_is_reworded_is_revalidated(moerwijk: Service) -> None:
    """Another ETag than the holder's words, 304 to who has it, the same headers to HEAD."""
    path = "/doc/gemeente/b-agenda.jsonld"
    own, reworded = get(moerwijk, path), get(moerwijk, f"{path}?_profile=schema")
    assert own.headers["etag"] != reworded.headers["etag"]
    again = get(moerwijk, f"{path}?_profile=schema", If_None_Match=reworded.headers["etag"])
    assert (304, b"") == (again.status_code, again.content)
    with moerwijk.client() as client:
        head = client.head(f"{path}?_profile=schema")
    assert (200, reworded.headers["etag"]) == (head.status_code, head.headers["etag"])


# What search engines get, and what not


def test_the_words_of_a_story_are_not_for_search_engines(moerwijk: Service) -> None:
    """`noindex` on its page and on its data, no block of schema.org in its page, and no text of it in schema.org."""
    listed = get(moerwijk, "/queries/stories-on-a-theme?theme=housing", Accept="application/json").json()
    story = listed["results"]["bindings"][0]["story"]["value"].removeprefix(f"{BASE}/id/")
    page = get(moerwijk, f"/doc/{story}", Accept=BROWSER)
    assert "noindex" == page.headers["x-robots-tag"]
    assert {} == schema_block(page)
    for path in (f"/doc/{story}.ttl", f"/doc/{story}.ttl?_profile=schema"):
        assert "noindex" == get(moerwijk, path).headers["x-robots-tag"]
    reworded = Graph().parse(data=get(moerwijk, f"/doc/{story}.ttl?_profile=schema").text)
    assert not list(reworded.objects(None, SCHEMA.description))
    assert list(reworded.objects(URIRef(f"{BASE}/id/{story}"), SCHEMA.publisher))
    policy = get(moerwijk, "/doc/gemeente/b-agenda", Accept=BROWSER)
    assert "x-robots-tag" not in policy.headers
    assert f"{BASE}/id/gemeente/b-agenda" == schema_block(policy)["@id"]


def test_robots_are_kept_from_what_holds_many_stories(moerwijk: Service) -> None:
    """Viewpoints, dumps, queries and stories with a minted name are closed to them; the catalogue is open."""
    robots = get(moerwijk, "/robots.txt")
    assert (200, "text/plain") == (robots.status_code, robots.headers["content-type"].partition(";")[0])
    closed = {line.removeprefix("Disallow: ") for line in robots.text.splitlines() if line.startswith("Disallow")}
    assert {"/view/", "/sparql", "/contributions", "/feed", "/doc/*/v/"} <= closed
    assert not any("/catalog".startswith(path) for path in closed)
    assert "noindex" == get(moerwijk, "/view/gemeente.nt").headers["x-robots-tag"]


# Clients


def test_rdflib_follows_a_name_to_its_document(moerwijk: Service) -> None:
    """`Graph().parse(address)` of a thing, a viewpoint and the catalogue gives a graph about it."""
    for path, about in (
        ("/id/gemeente/b-agenda", "/id/gemeente/b-agenda"),
        ("/view/gemeente", "/id/gemeente/b-agenda"),
        ("/catalog", "/catalog"),
    ):
        graph = Graph().parse(moerwijk.url + path, format="turtle")
        assert list(graph.predicate_objects(URIRef(BASE + about))), path


@pytest.mark.parametrize(
    "media", ["text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml", "application/trig"]
)
def test_each_format_stands_at_an_address_of_its_own(moerwijk: Service, media: str) -> None:
    """A thing's name redirects (303); the answer says where this format stands, and there it is the same."""
    first = get(moerwijk, "/id/gemeente/b-agenda", Accept=media)
    assert (303, "/doc/gemeente/b-agenda") == (first.status_code, first.headers["location"])
    answer = get(moerwijk, "/doc/gemeente/b-agenda", Accept=media)
    alone = get(moerwijk, answer.headers["content-location"])
    assert media == answer.headers["content-type"].partition(";")[0]
    assert (answer.content, answer.headers["etag"]) == (alone.content, alone.headers["etag"])
    form = ox.RdfFormat.from_media_type(media)
    assert form is not None
    assert any(quad.subject == ox.NamedNode(f"{BASE}/id/gemeente/b-agenda") for quad in ox.parse(answer.content, form))
