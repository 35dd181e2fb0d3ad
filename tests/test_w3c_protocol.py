"""The W3C suite for the SPARQL 1.1 Protocol, request by request, at a service with a ledger and at explored files."""

from __future__ import annotations

import http.client
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest

from tests.exploring import explored
from tests.running import Service
from tests.w3c_protocol import Exchange, Reply, disagreement, exchanges, send

KNOWN: dict[str, str] = tomllib.loads((Path(__file__).parent / "known" / "sparql.toml").read_text())["protocol"]
CASES = exchanges()
SD = "http://www.w3.org/ns/sparql-service-description#"
# Property → class of what it is said of, class of what it tells (None: a literal or an IRI of any kind).
SCHEMA = {
    "endpoint": ("Service", None),
    "feature": ("Service", None),
    "defaultEntailmentRegime": ("Service", None),
    "defaultSupportedEntailmentProfile": ("Service", None),
    "extensionFunction": ("Service", "Function"),
    "extensionAggregate": ("Service", "Aggregate"),
    "languageExtension": ("Service", None),
    "supportedLanguage": ("Service", None),
    "propertyFeature": ("Service", None),
    "inputFormat": ("Service", None),
    "resultFormat": ("Service", None),
    "defaultDataset": ("Service", "Dataset"),
    "availableGraphs": ("Service", "GraphCollection"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": (None, "NamedGraph"),
    "name": ("NamedGraph", None),
    "graph": ("NamedGraph", "Graph"),
}
pytestmark = pytest.mark.skipif(not CASES, reason="the W3C protocol suite is not there: set WIJKGRAAF_SUITES")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The suite's graphs explored, under the names that its requests use."""
    graphs = {iri: file for case in CASES for iri, file in case.graphs}
    with explored([], graphs, tmp_path_factory.mktemp("protocol")) as address:
        yield address


def check(case: Exchange, port: int) -> None:
    """Each request in order, until one differs from what the suite wants: then that is known."""
    for request in case.requests:
        reply = send(port, request)
        found = disagreement(request, reply)
        if case.updates:
            refused(reply, {"4xx"} == request.statuses)
        if found is not None:
            assert case.name in KNOWN, found
            return
    assert case.name not in KNOWN, f"{case.name} passes now: {KNOWN[case.name]}"


def refused(reply: Reply, is_bad: bool) -> None:
    """An update gets a problem that says why; a bad one may be refused for what is bad about it."""
    assert "application/problem+json" == reply.media_type
    if is_bad:
        assert 400 <= reply.status < 500
    else:
        assert (403, ["UpdateRefused"]) == (reply.status, reply.objections)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_protocol_is_spoken_over_files(case: Exchange, files: str) -> None:
    """Every case, its graphs at hand; updates are refused, and known as such."""
    check(case, int(files.rpartition(":")[2]))


@pytest.mark.parametrize("case", [case for case in CASES if not case.graphs], ids=lambda case: case.name)
def test_the_protocol_is_spoken_by_a_service_with_a_ledger(case: Exchange, moerwijk: Service) -> None:
    """Every case that needs no graphs of the suite; one graph that it names is not here, and so is empty."""
    check(case, moerwijk.port)


def test_every_known_difference_is_about_updates() -> None:
    """All query cases pass: what is on the list is an update that the suite wants done."""
    queries = [case for case in CASES if not case.updates]
    assert 20 == len(queries)
    assert set() == KNOWN.keys() & {case.name for case in queries}
    assert set() == KNOWN.keys() - {case.name for case in CASES}
    assert (34, 7) == (len(CASES), len(KNOWN))


@pytest.mark.parametrize("where", ["moerwijk", "files"])
def test_the_description_is_as_w3c_wants_it(where: str, request: pytest.FixtureRequest) -> None:
    """The three cases of the service description suite: RDF on a bare GET, sd:endpoint, and the schema's classes."""
    place = request.getfixturevalue(where)
    address = place.url if isinstance(place, Service) else place
    answer = httpx.get(f"{address}/sparql", headers={"Accept": "text/turtle, application/rdf+xml;q=0.5"})
    assert (200, "text/turtle") == (answer.status_code, answer.headers["content-type"].split(";")[0])
    store = ox.Store()
    store.load(answer.content, format=ox.RdfFormat.TURTLE)
    kinds: dict[str, set[str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), None):
        kinds.setdefault(str(quad.subject), set()).add(str(quad.object).strip("<>"))
    endpoint = place.base if isinstance(place, Service) else address
    assert [f"<{endpoint}/sparql>"] == [
        str(q.object) for q in store.quads_for_pattern(None, ox.NamedNode(SD + "endpoint"), None)
    ]
    said = [q for q in store if q.predicate.value.startswith(SD)]
    assert len(said) > 10
    for quad in said:
        subject, value = SCHEMA[quad.predicate.value.removeprefix(SD)]
        assert subject is None or SD + subject in kinds[str(quad.subject)], quad
        assert value is None or SD + value in kinds[str(quad.object)], quad


def test_a_bare_request_without_accept_is_described_too(moerwijk: Service) -> None:
    """A client that says nothing at all gets RDF."""
    connection = http.client.HTTPConnection("127.0.0.1", moerwijk.port, timeout=60)
    connection.putrequest("GET", "/sparql", skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    assert (200, "text/turtle; charset=utf-8") == (answer.status, answer.headers["content-type"])
    connection.close()
