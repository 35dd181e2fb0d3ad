"""The catalogue: its formats, profiles, caching, audiences and snapshots, and what a register leaves unsaid."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
from rdflib import DCAT, DCTERMS, Graph, URIRef

from tests.running import Service, wijkgraaf

BASE = "http://127.0.0.1:8000"
SPDX = "http://spdx.org/rdf/terms#"
DCAT_AP_NL = "https://docs.geostandaarden.nl/dcat/dcat-ap-nl30/"
CATALOG = URIRef(f"{BASE}/catalog")
FORMATS = {
    "text/turtle": ("ttl", ox.RdfFormat.TURTLE),
    "application/n-triples": ("nt", ox.RdfFormat.N_TRIPLES),
    "application/ld+json": ("jsonld", ox.RdfFormat.JSON_LD),
    "application/rdf+xml": ("rdf", ox.RdfFormat.RDF_XML),
    "application/trig": ("trig", ox.RdfFormat.TRIG),
}


def get(service: Service, path: str, token: str | None = None, **headers: str) -> httpx.Response:
    """An answer of the service; `_` in a header's name stands for `-`."""
    with service.client(token) as client:
        return client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def datasets(response: httpx.Response) -> set[str]:
    """The data sets that a catalogue lists, in N-Triples."""
    graph = Graph().parse(data=response.text, format="nt")
    return {str(one).removeprefix(BASE) for one in graph.objects(CATALOG, DCAT.dataset)}


@pytest.mark.parametrize("media", FORMATS)
def test_every_format_says_the_same_by_accept_by_suffix_and_by_parameter(moerwijk: Service, media: str) -> None:
    """Three ways to ask for a format give equal bytes, and each tells where it stands alone."""
    suffix, parser = FORMATS[media]
    ways = [
        get(moerwijk, "/catalog", Accept=media),
        get(moerwijk, f"/catalog.{suffix}"),
        get(moerwijk, f"/catalog?_mediatype={media.replace('+', '%2B')}"),
    ]
    assert [200] * 3 == [one.status_code for one in ways]
    assert 1 == len({one.content for one in ways})
    assert {f"/catalog.{suffix}"} == {one.headers["content-location"] for one in ways}
    assert {media} == {one.headers["content-type"].partition(";")[0] for one in ways}
    kind = ox.NamedNode(str(DCAT.Catalog))
    found = [quad.subject for quad in ox.parse(ways[0].content, format=parser) if quad.object == kind]
    assert [ox.NamedNode(str(CATALOG))] == found


def test_a_browser_gets_a_page_with_every_viewpoint(moerwijk: Service) -> None:
    """At `/catalog` and at its own address in two languages: the same viewpoints as the catalogue, with their files."""
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    listed = {one for one in datasets(get(moerwijk, "/catalog.nt")) if one.startswith("/view/")}
    for path in ("/catalog?lang=en", "/nl/catalogus", "/en/catalogue"):
        page = get(moerwijk, path, Accept=browser)
        assert (200, "text/html") == (page.status_code, page.headers["content-type"].partition(";")[0])
        assert listed == set(re.findall(r'data-item="(/view/[^"]+)"', page.text))
        block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
        assert block
        schema = json.loads(block[1])
        assert listed == {one["@id"].removeprefix(BASE) for one in schema["dataset"]}
    assert get(moerwijk, "/nl/catalogus.csv").text.count("/view/") >= len(listed)


def test_unchanged_is_304_and_head_is_told_the_same(moerwijk: Service) -> None:
    """The ETag that was given is answered by 304, for GET and HEAD; another format or profile has another ETag."""
    first = get(moerwijk, "/catalog.ttl")
    assert "no-cache" in first.headers["cache-control"]
    assert {"Accept", "Accept-Profile", "Authorization"} <= {v.strip() for v in first.headers["vary"].split(",")}
    assert first.headers["wijkgraaf-position"].isdigit()
    assert 304 == get(moerwijk, "/catalog.ttl", If_None_Match=first.headers["etag"]).status_code
    tags = {get(moerwijk, p).headers["etag"] for p in ("/catalog.ttl", "/catalog.nt", "/catalog.ttl?_profile=schema")}
    assert 3 == len(tags)
    with moerwijk.client() as client:
        head = client.head("/catalog.ttl")
    assert (200, b"", first.headers["etag"]) == (head.status_code, head.content, head.headers["etag"])


def test_a_profile_is_chosen_by_header_by_token_and_by_iri(moerwijk: Service) -> None:
    """schema.org is given to who likes it best, and the answer says in which profile it is."""
    liked = f"<{DCAT_AP_NL}>;q=0.4, <https://schema.org/>;q=0.9"
    ways = [
        get(moerwijk, "/catalog", Accept="text/turtle", Accept_Profile=liked),
        get(moerwijk, "/catalog.ttl?_profile=schema"),
        get(moerwijk, "/catalog.ttl?_profile=https://schema.org/"),
    ]
    assert 1 == len({one.content for one in ways})
    assert "schema:DataCatalog" in ways[0].text
    assert all(one.headers["content-profile"].startswith("<https://schema.org/>") for one in ways)
    assert '<https://schema.org/>; rel="profile"' in ways[0].headers["link"]
    for name in ("http://www.w3.org/ns/dcat#", "http://data.europa.eu/r5r/", DCAT_AP_NL):
        same = get(moerwijk, "/catalog.ttl", Accept_Profile=f"<urn:nobody>, <{name}>;q=0.2")
        assert same.headers["content-profile"].startswith(f"<{DCAT_AP_NL}>")


@pytest.mark.parametrize("asked", ["<urn:example:none>", "<https://schema.org/>;q=0", "{}", "dcat-ap-xx"])
def test_a_profile_that_is_not_there_is_406_and_says_which_are(moerwijk: Service, asked: str) -> None:
    """Who lists only profiles that are not here can do nothing with the default: 406, with links to those there are."""
    refused = get(moerwijk, "/catalog.ttl", Accept_Profile=asked)
    assert (406, "ProfileUnknown") == (refused.status_code, refused.json()["errors"][0]["name"])
    assert 'profile="https://schema.org/"' in refused.headers["link"]
    assert 406 == get(moerwijk, "/catalog", Accept="image/png").status_code
    assert 400 == get(moerwijk, "/catalog?profile=schema").status_code


def test_catalogue_and_void_lead_to_each_other(moerwijk: Service) -> None:
    """One name for the whole neighbourhood in both; asked for VoID, the catalogue shows the way."""
    void = get(moerwijk, "/void", Accept="application/n-triples")
    assert f'<{BASE}/catalog>; rel="describedby"' == void.headers["link"]
    whole = URIRef(f"{BASE}/sparql#dataset")
    graph = Graph().parse(data=void.text, format="nt")
    assert (CATALOG, DCAT.dataset, whole) in graph
    assert "/sparql#dataset" in datasets(get(moerwijk, "/catalog.nt"))
    way = get(moerwijk, "/catalog", Accept_Profile="<http://rdfs.org/ns/void#>")
    assert (303, "/void") == (way.status_code, way.headers["location"])


def test_every_address_in_the_catalogue_answers(moerwijk: Service) -> None:
    """Endpoints, their descriptions, pages and files: none is an error; the graph store as its protocol asks it."""
    graph = Graph().parse(data=get(moerwijk, "/catalog.nt").text, format="nt")
    words = ("endpointURL", "endpointDescription", "accessURL", "downloadURL", "landingPage")
    told = {str(one) for word in words for one in graph.objects(None, URIRef(str(DCAT) + word))}
    ours = {one.removeprefix(BASE) for one in told if one.startswith(BASE)}
    # Of pages of parties and files of viewpoints, which are all made alike, those of two parties.
    some = {one for one in ours if not one.startswith(("/view/", "/nl/wie/"))}
    some |= {one for one in ours if re.match(r"/(view|nl/wie)/(gemeente|voorbeeld-bewoners)\b", one)}
    assert {"/", "/feed", "/graphs", "/queries", "/sparql"} <= some
    assert len(some) > 18
    with moerwijk.client() as client:
        for address in sorted(some):
            path = "/graphs?default" if address == "/graphs" else address
            accept = {"Accept": "text/html, */*;q=0.8"} if address.startswith("/nl/") or "lang=" in address else {}
            assert 200 == client.get(path, headers=accept, follow_redirects=True).status_code, address


def test_each_service_has_words_of_its_own(moerwijk: Service) -> None:
    """Titles, descriptions and keywords of one service are those of no other."""
    graph = Graph().parse(data=get(moerwijk, "/catalog.nt").text, format="nt")
    services = list(graph.objects(CATALOG, DCAT.service))
    assert len(services) >= 5
    for word in (DCTERMS.title, DCTERMS.description, DCAT.keyword, DCAT.endpointURL):
        said = [frozenset(graph.objects(one, word)) for one in services]
        assert all(said), word
        assert sum(map(len, said)) == len(frozenset().union(*said)), word


def test_nobody_with_nothing_public_is_in_the_public_catalogue(shared: Service) -> None:
    """A party of which only partners may read something is a data set for partners alone, and restricted there."""
    shared.run("party", "add", "stil", "--name", "Stil", "--perspective", "residents")
    body = f"""<{BASE}/id/stil/plan> a <https://w3id.org/lerende-wijk/def#Initiative> ;
        <https://w3id.org/lerende-wijk/def#heldBy> <{BASE}/id/stil> ;
        <https://w3id.org/lerende-wijk/def#audience> <https://w3id.org/lerende-wijk/id/concept/audience/partners> ;
        <http://purl.org/dc/terms/title> "Een plan"@nl ; <http://purl.org/dc/terms/description> "Voor later."@nl ."""
    before = get(shared, "/catalog.nt")
    with shared.client(shared.token("stil", "contribute")) as stil:
        taken = stil.post("/contributions", content=body, headers={"Content-Type": "text/turtle"})
    assert 201 == taken.status_code, taken.text
    after = get(shared, "/catalog.nt")
    partners = get(shared, "/catalog.nt", shared.token("stil", "read-partners"))
    assert (before.headers["etag"], before.content) == (after.headers["etag"], after.content)
    assert {"/view/stil"} == datasets(partners) - datasets(after)
    assert "private, no-store" == partners.headers["cache-control"]
    graph = Graph().parse(data=partners.text, format="nt")
    rights = {str(one).rpartition("/")[2] for one in graph.objects(URIRef(f"{BASE}/view/stil"), DCTERMS.accessRights)}
    assert {"RESTRICTED"} == rights


def test_a_snapshot_is_there_at_once_and_its_files_have_a_checksum(shared: Service) -> None:
    """A named position is a data set in the series; the digest of its files stands there once they were made."""
    with shared.client(shared.token("wijk", "steward")) as steward:
        assert 201 == steward.post("/snapshots", json={"name": "herfst", "title": "Herfst"}).status_code
    assert "/snapshots/herfst" in datasets(get(shared, "/catalog.nt"))
    file = get(shared, "/snapshots/herfst.nq.gz")
    graph = Graph().parse(data=get(shared, "/catalog.nt").text, format="nt")
    snapshot, series = URIRef(f"{BASE}/snapshots/herfst"), URIRef(f"{BASE}/snapshots")
    assert (snapshot, URIRef(str(DCAT) + "inSeries"), series) in graph
    sums = {str(o) for o in graph.objects(None, URIRef(SPDX + "checksumValue"))}
    assert file.headers["etag"].strip('"') in sums


def test_the_doctor_asks_for_what_a_new_register_does_not_say(tmp_path: Path) -> None:
    """Nothing is made up: a new ledger lacks contact, licence and theme until the steward says them."""
    data = str(tmp_path / "data")
    wijkgraaf("init", "--data", data)
    told = json.loads(wijkgraaf("doctor", "--data", data, "--json", check=False).stdout)
    assert "contact, licence, theme" == told["catalogue lacks"]
    (tmp_path / "register.ttl").write_text(
        f"""@prefix lw: <https://w3id.org/lerende-wijk/def#> . @prefix dcterms: <http://purl.org/dc/terms/> .
        <{BASE}/id/wijk> a lw:Party ; lw:heldBy <{BASE}/id/wijk> ;
          lw:audience <https://w3id.org/lerende-wijk/id/concept/audience/public> ; dcterms:title "Onze wijk"@nl ;
          dcterms:type <https://w3id.org/lerende-wijk/id/concept/partyKind/steward> ;
          <http://www.w3.org/2006/vcard/ns#hasEmail> <mailto:register@wijk.example> ;
          dcterms:license <http://publications.europa.eu/resource/authority/licence/CC0> ;
          <http://www.w3.org/ns/dcat#theme> <http://publications.europa.eu/resource/authority/data-theme/SOCI> ."""
    )
    wijkgraaf("publish", str(tmp_path / "register.ttl"), "--party", "wijk", "--replace", "--data", data)
    told = json.loads(wijkgraaf("doctor", "--data", data, "--json", check=False).stdout)
    assert "nothing" == told["catalogue lacks"]
