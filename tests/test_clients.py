"""Clients that others made work against `/sparql` unchanged: what each sends is obeyed, what it gets it can read."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from urllib.error import HTTPError
from urllib.parse import quote
from xml.dom.minidom import Document

import httpx
import pandas
import pytest
import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

from tests.running import Service
from tests.stories import BASE

LW = "https://w3id.org/lerende-wijk/def#"
STORIES = f"SELECT ?story ?holder {{ ?story a <{LW}Story> ; <{LW}heldBy> ?holder }} ORDER BY ?story"
ASKED = f"ASK {{ ?story a <{LW}Story> }}"
MADE = f"CONSTRUCT {{ ?story <{LW}heldBy> ?holder }} WHERE {{ ?story a <{LW}Story> ; <{LW}heldBy> ?holder }}"
WAYS = (
    (SPARQLWrapper.GET, SPARQLWrapper.URLENCODED),
    (SPARQLWrapper.POST, SPARQLWrapper.URLENCODED),
    (SPARQLWrapper.POST, SPARQLWrapper.POSTDIRECTLY),
)
TRIPLE_FORMATS = (SPARQLWrapper.XML, SPARQLWrapper.RDFXML, SPARQLWrapper.TURTLE, SPARQLWrapper.N3, SPARQLWrapper.JSONLD)
# Libraries that call a deprecated name of rdflib, or warn that they send `Accept: */*`: theirs, not ours.
THEIR_WARNINGS = ("ignore::DeprecationWarning", "ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def stories(moerwijk: Service) -> list[tuple[str, str]]:
    """What STORIES answers, read without any of the clients tried here."""
    answer = httpx.post(f"{moerwijk.url}/sparql", content=STORIES, headers={"Content-Type": "application/sparql-query"})
    rows = [(row["story"]["value"], row["holder"]["value"]) for row in answer.json()["results"]["bindings"]]
    assert len(rows) > 20
    return rows


def wrapped(service: Service, query: str, form: str | None, way: tuple[str, str]) -> SPARQLWrapper.SPARQLWrapper:
    """SPARQLWrapper as people set it up."""
    asking = SPARQLWrapper.SPARQLWrapper(f"{service.url}/sparql")
    asking.setMethod(way[0])
    asking.setRequestMethod(way[1])
    asking.setQuery(query)
    if form:
        asking.setReturnFormat(form)
    return asking


@pytest.mark.parametrize("way", WAYS, ids=("GET", "POST", "POST directly"))
def test_sparqlwrapper_reads_rows_in_every_format(
    moerwijk: Service, stories: list[tuple[str, str]], way: tuple[str, str]
) -> None:
    """It sends the format three times, under three names; each of them is obeyed, and all rows are there."""
    found = wrapped(moerwijk, STORIES, SPARQLWrapper.JSON, way).query().convert()
    assert stories == [(row["story"]["value"], row["holder"]["value"]) for row in found["results"]["bindings"]]
    document = wrapped(moerwijk, STORIES, None, way).query().convert()  # Without a format it asks for XML.
    assert isinstance(document, Document)
    uris = [node.firstChild.nodeValue for node in document.getElementsByTagName("uri")]
    assert [name for row in stories for name in row] == uris
    table = wrapped(moerwijk, STORIES, SPARQLWrapper.CSV, way).query().convert().decode()
    assert [",".join(row) for row in stories] == table.splitlines()[1:]
    tabbed = wrapped(moerwijk, STORIES, SPARQLWrapper.TSV, way).query().convert().decode()
    assert [f"<{story}>\t<{holder}>" for story, holder in stories] == tabbed.splitlines()[1:]
    assert wrapped(moerwijk, ASKED, SPARQLWrapper.JSON, way).query().convert()["boolean"] is True
    said = wrapped(moerwijk, ASKED, SPARQLWrapper.XML, way).query().convert().getElementsByTagName("boolean")
    assert "true" == said[0].firstChild.nodeValue


@pytest.mark.filterwarnings(*THEIR_WARNINGS)
@pytest.mark.parametrize(("form", "way"), tuple(itertools.product(TRIPLE_FORMATS, WAYS[:2])))
def test_sparqlwrapper_reads_triples_in_every_format(
    moerwijk: Service, stories: list[tuple[str, str]], form: str, way: tuple[str, str]
) -> None:
    """Graphs come in the syntax that was asked for, with every triple; Turtle is N3 too."""
    found = wrapped(moerwijk, MADE, form, way).query().convert()
    graph = rdflib.Graph().parse(found, format="n3") if isinstance(found, bytes) else found
    assert sorted(stories) == sorted((str(story), str(holder)) for story, _, holder in graph)


def test_sparqlwrapper_tells_errors_as_its_exceptions(moerwijk: Service) -> None:
    """An unclear query is QueryBadFormed with the problem inside; a format that is not there is an HTTPError 406."""
    with pytest.raises(QueryBadFormed, match="column"):
        wrapped(moerwijk, "SELECT * WHERE { ?s ?p }", SPARQLWrapper.JSON, WAYS[0]).query()
    turtle = wrapped(moerwijk, STORIES, SPARQLWrapper.TURTLE, WAYS[0])
    with pytest.warns(RuntimeWarning), pytest.raises(HTTPError) as refused:
        turtle.query()
    refused.value.close()
    assert 406 == refused.value.code


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"format": "csv", "output": "csv", "results": "text/csv"}, 200),
        ({"output": "csv"}, 200),
        ({"format": "csv", "output": "json"}, 400),
        ({"format": "csv", "results": "xlsx"}, 400),
        ({"results": "xlsx"}, 406),
        ({"output": "turtle"}, 406),
    ],
)
def test_the_names_of_the_format_agree_or_are_refused(
    moerwijk: Service, parameters: dict[str, str], status: int
) -> None:
    """`output` and `results` are other names of `format`: obeyed before Accept, and never one of two ignored."""
    answer = httpx.get(
        f"{moerwijk.url}/sparql", params={"query": STORIES, **parameters}, headers={"Accept": "application/json"}
    )
    media = "text/csv; charset=utf-8" if status == 200 else "application/problem+json"
    assert (status, media) == (answer.status_code, answer.headers["content-type"])


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["xml", "json"])
def test_rdflibs_store_reads_us(moerwijk: Service, stories: list[tuple[str, str]], method: str, form: str) -> None:
    """Queries, patterns, membership and size, through SPARQLStore; a view as its graph is that party's alone."""
    endpoint = f"{moerwijk.url}/sparql"
    graph = rdflib.Graph(SPARQLStore(endpoint, method=method, returnFormat=form))  # type: ignore[arg-type]
    assert stories == [(str(row[0]), str(row[1])) for row in graph.query(STORIES)]  # type: ignore[index]
    assert graph.query(ASKED).askAnswer is True
    if form == "xml":  # With JSON it accepts rows alone, and asks for no syntax of triples.
        assert len(stories) == len(graph.query(MADE).graph or ())
    kind = rdflib.URIRef(f"{LW}Story")
    assert {story for story, _ in stories} == {str(s) for s in graph.subjects(rdflib.RDF.type, kind)}
    assert (rdflib.URIRef(stories[0][0]), rdflib.RDF.type, kind) in graph
    view = rdflib.Graph(SPARQLStore(endpoint, method=method, returnFormat=form), rdflib.URIRef(f"{BASE}/view/gemeente"))  # type: ignore[arg-type]
    holders = view.query(f"SELECT DISTINCT ?holder {{ ?thing <{LW}heldBy> ?holder }}")
    assert [f"{BASE}/id/gemeente"] == [str(row[0]) for row in holders]  # type: ignore[index]


def test_rdflibs_dataset_sees_contributions_as_graphs(moerwijk: Service, stories: list[tuple[str, str]]) -> None:
    """With the union as default graph, which is what ours is, GRAPH finds each contribution."""
    dataset = rdflib.Dataset(SPARQLStore(f"{moerwijk.url}/sparql"), default_union=True)
    graphs = list(dataset.query(f"SELECT DISTINCT ?graph {{ GRAPH ?graph {{ ?story a <{LW}Story> }} }}"))
    assert len(stories) == len(graphs)


@pytest.mark.parametrize("long", [False, True], ids=("GET", "POST"))
def test_rdflib_federates_into_us(moerwijk: Service, stories: list[tuple[str, str]], long: bool) -> None:
    """SERVICE in a query over somebody's own graph, in both ways in which rdflib sends it."""
    mine = rdflib.Graph()
    holder = stories[0][1]
    mine.add((rdflib.URIRef(holder), rdflib.RDFS.label, rdflib.Literal("ours", lang="en")))
    padding = "OPTIONAL { ?story lw:theme ?theme } " * 20 if long else ""
    # With prefixes: rdflib's parser takes a `#` inside an IRI for a comment here.
    rows = mine.query(
        f"PREFIX lw: <{LW}>\nPREFIX rdfs: <{rdflib.RDFS}>\nSELECT DISTINCT ?name ?story {{ ?holder rdfs:label ?name ."
        f" SERVICE <{moerwijk.url}/sparql> {{ ?story a lw:Story ; lw:heldBy ?holder . {padding} }} }}"
    )
    expected = sorted(("ours", story) for story, held_by in stories if held_by == holder)
    assert expected == sorted((str(row[0]), str(row[1])) for row in rows)  # type: ignore[index]


def test_pandas_reads_an_address(moerwijk: Service, stories: list[tuple[str, str]]) -> None:
    """read_csv over `/sparql?…&format=csv`, over a header, and over a named question's `.csv`."""
    address = f"{moerwijk.url}/sparql?query={quote(STORIES)}"
    for table in (
        pandas.read_csv(f"{address}&format=csv"),
        pandas.read_csv(address, storage_options={"Accept": "text/csv"}),
    ):
        assert stories == list(table.itertuples(index=False, name=None))
    named = pandas.read_csv(f"{moerwijk.url}/queries/stories-on-a-theme.csv?lang=en")
    assert {story for story, _ in stories} == set(named["story"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_asks_as_the_readme_says(
    moerwijk: Service,
    stories: list[tuple[str, str]],
) -> None:
    """A form, an address, and a file as the body."""

    def curl(*words: str) -> str:
        done = subprocess.run(
            ["curl", "-sS", "--fail", *words], input=STORIES, capture_output=True, text=True, timeout=60
        )
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    endpoint = f"{moerwijk.url}/sparql"
    csv = ("-H", "Accept: text/csv")
    answers = {
        curl(endpoint, *csv, "--data-urlencode", f"query={STORIES}"),
        curl(endpoint, *csv, "-G", "--data-urlencode", f"query={STORIES}"),
        curl(endpoint, *csv, "-H", "Content-Type: application/sparql-query", "--data-binary", "@-"),
        curl(endpoint, "-G", "--data-urlencode", f"query={STORIES}", "-d", "format=csv"),
    }
    assert [[list(row) for row in stories]] == [[line.split(",") for line in a.splitlines()[1:]] for a in answers]
    assert (
        stories[0][0]
        == json.loads(curl(endpoint, "--data-urlencode", f"query={STORIES}"))["results"]["bindings"][0]["story"][
            "value"
        ]
    )


@pytest.mark.parametrize(
    ("query", "accept", "media"),
    [
        (STORIES, "application/sparql-results+json,*/*;q=0.9", "application/sparql-results+json"),  # YASGUI
        (MADE, "text/turtle,*/*;q=0.9", "text/turtle"),  # YASGUI
        (STORIES, "application/sparql-results+xml", "application/sparql-results+xml"),  # R, package SPARQL
        (STORIES, "text/csv", "text/csv"),  # R, package httr
        (STORIES, "application/json, application/xml, text/xml, */*", "application/sparql-results+json"),  # R, httr
        (ASKED, "application/sparql-results+json;q=1.0,application/sparql-results+xml;q=0.7",
         "application/sparql-results+json"),  # Comunica
        (STORIES, "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "text/html"),  # Java's URLConnection
        (STORIES, None, "application/sparql-results+json"),
    ],
)  # fmt: skip
def test_accept_lists_of_known_clients_get_their_first_wish(
    moerwijk: Service, query: str, accept: str | None, media: str
) -> None:
    """As a form and as an address; the type that comes is one that the client named."""
    client = httpx.Client(base_url=moerwijk.url, headers={"Accept": accept} if accept else None)
    if accept is None:
        del client.headers["Accept"]
    for answer in (client.post("/sparql", data={"query": query}), client.get("/sparql", params={"query": query})):
        assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
    client.close()
