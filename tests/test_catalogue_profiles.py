"""The live catalogue against the published shapes: DCAT-AP, DCAT-AP-NL, and what the Dutch heritage network asks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, OWL, RDF, RDFS, SH, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from tests.running import Service, start_service, wijkgraaf

ROOT = Path(__file__).parent.parent
SUITES = Path(os.environ.get("WIJKGRAAF_SUITES", ROOT.parent / "shared" / "suites"))
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
SCHEMA = Namespace("https://schema.org/")
AUDIENCES = ("public", "partners")
NL_FILES = tuple(
    f"dcat-ap-nl-SHACL{part}.ttl" for part in ("", "-aanbevolen", "-klassebereik", "-klassebereik-codelijsten")
)
# Each set of shapes is one graph: the ranges of DCAT-AP add to the properties of its first file.
SETS = {
    "DCAT-AP 3.0.1": tuple(f"dcat-ap/releases/3.0.1/shacl/{f}" for f in ("dcat-ap-SHACL.ttl", "ranges.ttl")),
    "DCAT-AP 3.0.1 in HTML": tuple(f"dcat-ap/releases/3.0.1/html/shacl/{f}" for f in ("shapes.ttl", "range.ttl")),
    "DCAT-AP-NL 3.0": tuple(f"dcat-ap-nl30/shapes/{f}" for f in (*NL_FILES, "dcat-ap-SHACL.ttl")),
    "DCAT-AP-NL 3.0.0": tuple(f"dcat-ap-nl30/shapes/300/{f}" for f in (*NL_FILES, "dcat-ap-SHACL.ttl")),
}
# What is recommended and not there, with the reason.
KNOWN_WARNINGS = {
    # A question is asked with POST or with a parameter: there is no file of its answer.
    (DCAT.Distribution, DCAT.downloadURL),
}


def shapes_of(name: str) -> Graph:
    """A set of shapes as one graph, without imports (nothing is fetched) and without names of shapes that are nowhere.

    The published files name a few property shapes that they do not hold; what has no path can check nothing.
    """
    graph = Graph()
    for file in SETS[name]:
        if not (SUITES / file).exists():
            pytest.skip(f"the shapes of {name} are not at {SUITES / file}: set WIJKGRAAF_SUITES")
        graph.parse(SUITES / file)
    graph.remove((None, OWL.imports, None))
    for node, _, shape in list(graph.triples((None, SH.property, None))):
        if (shape, SH.path, None) not in graph:
            graph.remove((node, SH.property, shape))
    return graph


def found_in(catalogue: Graph, shapes: Graph) -> set[tuple[str, Node | None, Node | None]]:
    """Severity, kind of thing and property of everything that the shapes find."""
    data = Graph()
    for triple in catalogue:
        data.add(triple)
    for node in {*data.subjects(), *(o for o in data.objects() if isinstance(o, URIRef))}:
        data.add((node, RDF.type, RDFS.Resource))  # As RDF Schema says of everything.
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes)
    assert isinstance(report, Graph)
    found = set()
    for result in report.subjects(RDF.type, SH.ValidationResult):
        focus = report.value(result, SH.focusNode)
        kinds = set(catalogue.objects(focus, RDF.type)) if focus is not None else set()
        kind = next((k for k in (DCAT.Distribution, DCAT.Dataset, DCAT.Catalog, DCAT.DataService) if k in kinds), None)
        severity = str(report.value(result, SH.resultSeverity)).rpartition("#")[2]
        found.add((severity, kind or focus, report.value(result, SH.resultPath)))
    return found


@pytest.fixture(scope="module")
def waterwijk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service with the Waterwijk example."""
    data = tmp_path_factory.mktemp("waterwijk") / "data"
    wijkgraaf("init", "--example", "waterwijk", "--base", "http://127.0.0.1:8000", "--data", str(data))
    service = start_service(data, "http://127.0.0.1:8000")
    yield service
    service.stop()


@pytest.fixture(scope="module")
def catalogues(waterwijk: Service) -> dict[str, Graph]:
    """Waterwijk's catalogue for each audience, with a snapshot whose files were asked for."""
    with waterwijk.client(waterwijk.token("wijk", "steward")) as steward:
        steward.post("/snapshots", json={"name": "lente", "title": "Lente"})
        steward.get("/snapshots/lente.nq.gz")
    return {audience: fetched(waterwijk, audience) for audience in AUDIENCES}


def fetched(service: Service, audience: str, profile: str = "dcat") -> Graph:
    """A catalogue as a harvester fetches it."""
    token = None if audience == "public" else service.token("wijk", "read-partners")
    with service.client(token) as client:
        response = client.get(f"/catalog?_profile={profile}", headers={"Accept": "application/n-triples"})
    assert 200 == response.status_code
    return Graph().parse(data=response.text, format="nt")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_catalogue_fits_the_shapes(catalogues: dict[str, Graph], audience: str, name: str) -> None:
    """Nothing is violated, and nothing recommended is missing but what is known, for everybody and for partners."""
    found = found_in(catalogues[audience], shapes_of(name))
    assert set() == {(kind, path) for _, kind, path in found} - KNOWN_WARNINGS
    assert set() == {one for one in found if one[0] == "Violation"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_catalogue_of_real_sources_fits_the_shapes(moerwijk: Service, audience: str, name: str) -> None:
    """The same for Moerwijk, with its forty parties."""
    found = found_in(fetched(moerwijk, audience), shapes_of(name))
    assert set() == {one for one in found if one[0] == "Violation"}
    assert set() == {(kind, path) for _, kind, path in found} - KNOWN_WARNINGS


@pytest.mark.parametrize(
    ("kind", "predicate"),
    [
        (DCAT.Dataset, DCAT.contactPoint),
        (DCAT.Dataset, DCTERMS.creator),
        (DCAT.Dataset, DCTERMS.title),
        (DCAT.Dataset, DCAT.theme),
        (DCAT.Distribution, DCTERMS.license),
        (DCAT.DataService, DCAT.endpointDescription),
        (DCAT.Catalog, DCTERMS.publisher),
    ],
)
def test_what_is_left_out_is_found(catalogues: dict[str, Graph], kind: URIRef, predicate: URIRef) -> None:
    """A catalogue without one of its properties does not pass: the shapes above do look."""
    poorer = Graph()
    for triple in catalogues["public"]:
        if not (triple[1] == predicate and (triple[0], RDF.type, kind) in catalogues["public"]):
            poorer.add(triple)
    assert ("Violation", kind, predicate) in found_in(poorer, shapes_of("DCAT-AP-NL 3.0"))


def test_a_set_of_shapes_is_not_empty() -> None:
    """Each set holds property shapes, so that nothing passes because a file moved or its shapes fell away."""
    assert all(len(set(shapes_of(name).objects(None, SH.property))) > 40 for name in SETS)


def test_the_dutch_heritage_network_gets_what_it_asks_in_schema_org(
    catalogues: dict[str, Graph], waterwijk: Service
) -> None:
    """Of a catalogue: name, description, publisher, datasets. Of each dataset all that must and should be there.

    From the «Requirements for Datasets» of the Netwerk Digitaal Erfgoed (docs.nde.nl), its schema.org shapes: what must
    be there (name, publisher with a name, licence, of a file its address and format), and what should (description,
    creator, contact with an e-mail address, dates, keywords, genre, place, time).
    """
    graph = fetched(waterwijk, "public", "schema")
    (catalogue,) = graph.subjects(RDF.type, SCHEMA.DataCatalog)
    datasets = set(graph.subjects(RDF.type, SCHEMA.Dataset))
    assert datasets == set(graph.objects(catalogue, SCHEMA.dataset))
    views = set(catalogues["public"].subjects(DCTERMS.isPartOf)) - {None}
    assert views <= datasets
    for node in (catalogue, *datasets):
        for predicate in (SCHEMA.name, SCHEMA.description):
            texts = list(graph.objects(node, predicate))
            assert {"nl", "en"} == {t.language for t in texts if isinstance(t, Literal)}, (node, predicate)
            assert 2 == len(texts)
        assert list(graph.objects(node, SCHEMA.publisher)) == [graph.value(node, SCHEMA.publisher)]
        assert 1 == len(list(graph.objects(node, SCHEMA.license)))
    once = (SCHEMA.dateCreated, SCHEMA.datePublished, SCHEMA.dateModified, SCHEMA.temporalCoverage)
    some = (SCHEMA.creator, SCHEMA.keywords, SCHEMA.genre, SCHEMA.spatialCoverage, SCHEMA.inLanguage)
    for dataset in datasets:
        assert [1] * len(once) == [len(list(graph.objects(dataset, p))) for p in once], dataset
        assert [p for p in some if not list(graph.objects(dataset, p))] == [], dataset
        for who in (*graph.objects(dataset, SCHEMA.publisher), *graph.objects(dataset, SCHEMA.creator)):
            assert (who, RDF.type, SCHEMA.Organization) in graph
            assert list(graph.objects(who, SCHEMA.name))
    register = graph.value(catalogue, SCHEMA.publisher)
    assert list(graph.objects(register, SCHEMA.contactPoint / SCHEMA.email))
    files = set(graph.subjects(RDF.type, SCHEMA.DataDownload))
    assert files
    for file in files:
        assert str(graph.value(file, SCHEMA.contentUrl)).startswith("http")
        assert "/" in str(graph.value(file, SCHEMA.encodingFormat))


def test_the_dutch_heritage_network_gets_what_it_asks_in_dcat(catalogues: dict[str, Graph]) -> None:
    """A title, a description, an organisation that publishes and one that made it, one contact with name and e-mail,
    a licence, an address and a format for each file; dates, keywords, place, time and language of each dataset."""
    graph = catalogues["public"]
    for dataset in graph.subjects(RDF.type, DCAT.Dataset):
        for predicate in (DCTERMS.title, DCTERMS.description, DCTERMS.issued, DCAT.keyword, DCTERMS.spatial):
            assert graph.value(dataset, predicate, any=True), (dataset, predicate)
        for who in (*graph.objects(dataset, DCTERMS.publisher), *graph.objects(dataset, DCTERMS.creator)):
            assert (who, RDF.type, FOAF.Organization) in graph
            assert all(name.language for name in graph.objects(who, FOAF.name) if isinstance(name, Literal))
        (contact,) = graph.objects(dataset, DCAT.contactPoint)
        assert graph.value(contact, VCARD.fn, any=True)
        assert str(graph.value(contact, VCARD.hasEmail)).startswith("mailto:")
        assert all("/authority/language/" in str(one) for one in graph.objects(dataset, DCTERMS.language))
    for file in graph.subjects(RDF.type, DCAT.Distribution):
        assert 1 == len(list(graph.objects(file, DCTERMS.license)))
        assert graph.value(file, DCAT.accessURL)
        assert graph.value(file, DCAT.mediaType)
