"""Saved questions as an API: catalogue, versions, formats, pages and the OpenAPI text, each read by others' means."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import DCTERMS, RDF, RDFS, SDO, SH, XSD
from rdflib.plugins.sparql import prepareQuery

from tests.running import Service, copy_of, start_service
from tests.stories import BASE

QUESTION = "/queries/instruments-for-a-place"
# rdflib's own reader of JSON-LD makes what rdflib itself no longer wants.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
RDF_TYPES = {
    "text/turtle": ("ttl", "turtle"),
    "application/ld+json": ("jsonld", "json-ld"),
    "application/n-triples": ("nt", "nt"),
    "application/rdf+xml": ("rdf", "xml"),
}
HEAD = "# What is odd?\n# nl: Wat is vreemd?\n# about: Odd things.\n# over: Vreemde dingen.\n"
ODD = (
    'SELECT ?n ?text ?number WHERE { VALUES (?n ?text ?number) { (1 "=HYPERLINK(\\"http://x.example\\")" -1.5) '
    '(2 "a;=1+1\\n-2,+3" 2.25) (3 "\\t@x \\"q\\" \\\\ é" UNDEF) (4 UNDEF 0) (5 "" 1e0) } } ORDER BY ?n\n'
)
GRAPH = (
    "PREFIX lw: <https://w3id.org/lerende-wijk/def#>\nCONSTRUCT { ?s lw:heldBy ?party } "
    "WHERE { VALUES (?party) { (UNDEF) } ?s lw:heldBy ?party }\n"
)


def get(service: Service, path: str, accept: str = "*/*", **more: str) -> httpx.Response:
    """One GET, with headers in `more`."""
    return httpx.get(service.url + path, headers={"Accept": accept, **more}, timeout=60)


def links(answer: httpx.Response) -> dict[str, str]:
    """The Link header: relation → address."""
    return {rel: there for there, rel in re.findall(r'<([^>]*)>; rel="([^"]*)"', answer.headers.get("link", ""))}


@pytest.fixture(scope="module")
def entries(moerwijk: Service) -> list[dict[str, Any]]:
    """The catalogue in JSON."""
    found: list[dict[str, Any]] = get(moerwijk, "/queries", "application/json").json()["questions"]
    return found


@pytest.fixture(scope="module")
def odd(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two questions of its steward's own, and without the library for Parquet."""
    extra, blocked = tmp_path_factory.mktemp("extra"), tmp_path_factory.mktemp("blocked")
    (extra / "queries").mkdir()
    (extra / "queries" / "odd.rq").write_text(HEAD + ODD)
    (extra / "queries" / "holders.rq").write_text(HEAD + "# param party party\n" + GRAPH)
    (blocked / "sitecustomize.py").write_text("import sys\nsys.modules['pyarrow'] = None\n")
    env = {"WIJKGRAAF_EXTRA": json.dumps([str(extra)]), "PYTHONPATH": str(blocked)}
    service = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("odd")), BASE, env=env)
    yield service
    service.stop()


@pytest.mark.parametrize("media", RDF_TYPES)
def test_the_catalogue_as_rdf_says_what_the_catalogue_as_json_says(
    moerwijk: Service, entries: list[dict[str, Any]], media: str
) -> None:
    """Each question is a SHACL executable: text, sentences, version, parameters and address, read by rdflib."""
    ending, name = RDF_TYPES[media]
    answer = get(moerwijk, "/queries", media)
    assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
    assert answer.content == get(moerwijk, f"/queries.{ending}").content
    graph = rdflib.Graph().parse(data=answer.content, format=name)
    found = set(graph.subjects(RDF.type, SH.SPARQLExecutable))
    assert {rdflib.URIRef(f"{BASE}{entry['href']}") for entry in entries} == found
    assert found == set(graph.objects(rdflib.URIRef(f"{BASE}/queries"), DCTERMS.hasPart))
    for entry in entries:
        it = rdflib.URIRef(BASE + entry["href"])
        assert (it, RDF.type, SH.SPARQLSelectExecutable) in graph
        assert {"nl", "en"} == {text.language for text in graph.objects(it, RDFS.label)}  # type: ignore[union-attr]
        assert {entry["about"]["nl"], entry["about"]["en"]} == {str(o) for o in graph.objects(it, DCTERMS.description)}
        assert str(graph.value(it, SDO.version)) == entry["version"]
        text = str(graph.value(it, SH.select))
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == entry["version"]
        parameters = set(graph.objects(it, SH.parameter))
        names = {str(graph.value(p, SH.path)).rsplit("#", 1)[1]: bool(graph.value(p, SH.optional)) for p in parameters}
        assert {p["parameter"]: not p["required"] for p in entry["parameters"]} == names
        declared = [graph.value(d, SH.prefix) for d in graph.objects(graph.value(it, SH.prefixes), SH.declare)]
        assert sorted(set(re.findall(r"^PREFIX (\w*):", text, re.M))) == sorted(str(prefix) for prefix in declared)
        template = str(graph.value(graph.value(graph.value(it, SDO.potentialAction), SDO.target), SDO.urlTemplate))
        assert template.startswith(f"{BASE}{entry['href']}{{?")


def texts(moerwijk: Service) -> Iterator[tuple[str, str]]:
    """Each text of the catalogue: as it stands, and with its own prefixes replaced by those that are declared."""
    graph = rdflib.Graph().parse(data=get(moerwijk, "/queries.ttl").content, format="turtle")
    for it, text in graph.subject_objects(SH.select):
        declarations = graph.objects(graph.value(it, SH.prefixes), SH.declare)
        before = [f"PREFIX {graph.value(d, SH.prefix)}: <{graph.value(d, SH.namespace)}>" for d in declarations]
        bare = [line for line in str(text).splitlines() if not line.startswith("PREFIX")]
        yield str(text), "\n".join([*before, *bare])


def test_every_text_in_the_catalogue_is_a_query(moerwijk: Service) -> None:
    """As it stands, and with the declared prefixes in the place of its own."""
    for as_it_stands, with_declared in texts(moerwijk):
        ox.Store().query(as_it_stands)
        ox.Store().query(with_declared)


@pytest.mark.slow
def test_every_text_in_the_catalogue_is_a_query_to_another_reader(moerwijk: Service) -> None:
    """rdflib, which takes its time, reads each too."""
    for as_it_stands, with_declared in texts(moerwijk):
        prepareQuery(as_it_stands)
        prepareQuery(with_declared)


def test_a_concept_says_where_its_values_come_from(moerwijk: Service) -> None:
    """A parameter has a datatype, or is an IRI with its kind or scheme; never neither."""
    graph = rdflib.Graph().parse(data=get(moerwijk, "/queries.ttl").content, format="turtle")
    parameters = set(graph.subjects(RDF.type, SH.Parameter))
    kinds = {(graph.value(p, SH.datatype), graph.value(p, SH.nodeKind)) for p in parameters}
    assert {(XSD.string, None), (XSD.date, None), (None, SH.IRI)} >= kinds
    theme = rdflib.URIRef(f"{BASE}/queries/open-calls#theme")
    assert rdflib.URIRef("https://w3id.org/lerende-wijk/id/scheme/theme") in set(graph.objects(theme))


@pytest.mark.parametrize(
    "path",
    [
        "/queries.json",
        "/queries.ttl",
        "/queries?lang=en",
        "/queries/open-calls/versions",
        *(f"/queries/open-calls{suffix}" for suffix in (".json", ".csv", ".csv?for=spreadsheets", ".parquet", ".rq")),
        "/queries/open-calls.html?lang=nl",
    ],
)
def test_what_the_client_has_is_not_sent_again(moerwijk: Service, path: str) -> None:
    """An ETag with every answer, and 304 without a body to who has it."""
    first = get(moerwijk, path, "text/html, */*;q=0.1")
    again = get(moerwijk, path, "text/html, */*;q=0.1", **{"If-None-Match": first.headers["etag"]})
    assert (200, 304, b"") == (first.status_code, again.status_code, again.content)
    assert first.headers["etag"] == again.headers["etag"]


def test_every_wrong_parameter_is_told_at_once_with_what_is_expected(moerwijk: Service) -> None:
    """Unknown, missing, repeated, out of a list, and those of every question: one answer."""
    path = "/queries/connections-not-responded-to?lang=fr&lang=nl&when=now&limt=2&limit=0&for=x&after=1"
    answer = get(moerwijk, path, "text/csv")
    assert 400 == answer.status_code
    told = {(error["path"], error["name"], error["limit"]) for error in answer.json()["errors"]}
    assert {
        ("lang", "ParameterUnclear", "1×"),
        ("when", "ParameterUnknown", "party, lang, limit, after, for, at"),
        ("limt", "ParameterUnknown", "limit"),
        ("limit", "ParameterUnclear", "1–10000"),
        ("for", "ParameterUnclear", "spreadsheets (.csv)"),
        ("party", "ParameterMissing", "gemeente, https://…/id/gemeente"),
    } == told
    typed = get(moerwijk, "/queries/open-calls.csv?theme=hosing&domain=nothing&place=A+B").json()["errors"]
    assert ["place", "theme", "domain"] == [error["path"] for error in typed]
    assert "housing" in typed[1]["limit"]


def test_the_openapi_text_has_an_operation_for_each_question(moerwijk: Service, entries: list[dict[str, Any]]) -> None:
    """Its own summary, meaning, parameters and formats; the document is valid and every example answers 200."""
    text = get(moerwijk, "/api/openapi.json").json()
    for entry in entries:
        operation = text["paths"][entry["href"]]["get"]
        assert (entry["question"]["en"], True) == (
            operation["summary"],
            entry["about"]["nl"] in operation["description"],
        )
        own = {p["parameter"] for p in entry["parameters"]}
        parameters = {p["name"]: p for p in operation["parameters"]}
        assert own | {"lang", "limit", "after", "for", "at"} == parameters.keys()
        media = set(operation["responses"]["200"]["content"])
        assert {form["mediaType"] for form in entry["formats"]} <= media
        needed = {name: p["example"] for name, p in parameters.items() if p["required"]}
        assert {p["parameter"] for p in entry["parameters"] if p["required"]} == needed.keys()
        asked = {name: p["example"] for name, p in parameters.items() if "example" in p}
        answer = httpx.get(moerwijk.url + entry["href"], params=asked, timeout=60)
        assert 200 == answer.status_code, (entry["name"], asked, answer.text)
        assert "wijkgraaf-note" not in answer.headers, (entry["name"], asked)
    theme = next(p for p in text["paths"]["/queries/open-calls"]["get"]["parameters"] if p["name"] == "theme")
    assert "housing" in theme["schema"]["anyOf"][0]["enum"]


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("/queries/open-calls.csv?place=nergens", "unknown place: nergens"),
        ("/queries/open-calls.json?place=wijk/nergens", "unknown place: wijk/nergens"),
        (f"/queries/open-calls.csv?place={BASE}/id/gemeente", f"unknown place: {BASE}/id/gemeente"),
        ("/queries/how-a-viewpoint-developed.csv?party=niemand", "unknown party: niemand"),
        (
            f"/queries/how-a-viewpoint-developed.csv?party={BASE}/id/wijk/pl-oost",
            f"unknown party: {BASE}/id/wijk/pl-oost",
        ),
        ("/queries/who-said-this.parquet?thing=urn:é", "unknown thing: urn:%C3%A9"),
        ("/queries/open-calls.csv?place=pl-moerwijk", None),
        ("/queries/how-a-viewpoint-developed.csv?party=gemeente", None),
        (f"/queries/who-said-this.csv?thing={BASE}/id/gemeente/b-agenda", None),
        ("/queries/open-calls.csv?theme=housing", None),
        ("/queries/open-calls.rq?place=nergens", None),
    ],
)
def test_a_name_that_means_nothing_here_is_noted(moerwijk: Service, path: str, note: str | None) -> None:
    """Beside the rows, now and in the past; what is known, or is no name, is not noted."""
    assert (200, note) == ((answer := get(moerwijk, path)).status_code, answer.headers.get("wijkgraaf-note"))
    if note is not None:
        assert note == get(moerwijk, f"{path}&at={datetime.now(UTC):%FT%TZ}").headers.get("wijkgraaf-note")


def test_a_hidden_name_reads_like_an_absent_one(shared: Service) -> None:
    """What only its holder may read is noted word for word as what never was; on the page in words, once."""
    shared.run("party", "add", "stil", "--name", "Stil", "--perspective", "residents")
    text = """@prefix lw: <https://w3id.org/lerende-wijk/def#> . @prefix dcterms: <http://purl.org/dc/terms/> .
    </id/stil/plan> a lw:Policy ; lw:heldBy </id/stil> ; dcterms:title "Een plan"@nl ;
        lw:audience <https://w3id.org/lerende-wijk/id/concept/audience/own> ."""
    shared.run("publish", "-", "--party", "stil", text=text)
    notes = set()
    for name in ("plan", "niets"):
        thing = f"{BASE}/id/stil/{name}"
        answer = get(shared, f"/queries/who-said-this.json?thing={thing}")
        assert [] == answer.json()["results"]["bindings"]
        notes.add(answer.headers["wijkgraaf-note"].replace(thing, "THING"))
        page = get(shared, f"/queries/who-said-this?thing={thing}&lang=en", "text/html").text
        assert 1 == page.count(f"In these data there is nothing with the address {thing}.")
    assert {"unknown thing: THING"} == notes


def test_a_version_of_a_question_has_an_address(moerwijk: Service, entries: list[dict[str, Any]]) -> None:
    """It answers like the question, in each format, and both say where the version is; another version is not here."""
    entry = next(e for e in entries if e["href"] == QUESTION)
    for suffix in (".csv", ".json", ".parquet", ".rq"):
        plain = get(moerwijk, f"{QUESTION}{suffix}?place=pl-oost&lang=en")
        fixed = get(moerwijk, f"{entry['versionHref']}{suffix}?place=pl-oost&lang=en")
        assert (200, plain.content, plain.headers["etag"]) == (fixed.status_code, fixed.content, fixed.headers["etag"])
        assert links(plain) == links(fixed)
        assert f"{entry['versionHref']}?place=pl-oost&lang=en" == links(plain)["latest-version"]
        assert f"{QUESTION}?place=pl-oost&lang=en" == links(plain)["canonical"]
    history = get(moerwijk, links(plain)["version-history"])
    (current,) = history.json()["versions"]
    assert (entry["version"], entry["versionHref"]) == (current["version"], current["href"])
    former = get(moerwijk, f"{QUESTION}/versions/{'0' * 16}")
    assert (404, "VersionUnknown") == (former.status_code, former.json()["errors"][0]["name"])
    assert entry["versionHref"] == former.json()["limit"] == links(former)["latest-version"]
    assert 404 == get(moerwijk, f"/queries/nothing/versions/{entry['version']}").status_code
    for path in ("/queries/open-cals", "/queries/open-cals.csv", "/queries/open-cals/versions"):
        unknown = get(moerwijk, path)
        told = (unknown.status_code, unknown.json()["errors"][0]["name"], unknown.json()["limit"].split(", ")[0])
        assert (404, "QuestionUnknown", "open-calls") == told
    assert 200 == get(moerwijk, entry["versionHref"], "text/html").status_code


def rows_of(answer: httpx.Response, ending: str) -> list[Any]:
    """The rows of an answer, read by a reader of that format."""
    if ending == ".parquet":
        return list(pq.read_table(io.BytesIO(answer.content)).to_pylist())
    if ending == ".json":
        return list(answer.json()["results"]["bindings"])
    if ending == ".srx":
        return re.findall(r"<result>.*?</result>", answer.text, re.S)
    if ending == ".tsv":
        return answer.text.splitlines()[1:]
    separator = ";" if "spreadsheets" in ending else ","
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".json", ".srx", ".parquet", ".csv?for=spreadsheets"])
def test_all_pages_are_the_whole_in_every_format(moerwijk: Service, ending: str) -> None:
    """Forward by `next` and back by `prev`: each row once and in order, and no empty page at the end."""
    path = f"{QUESTION}{ending}{'&' if '?' in ending else '?'}lang=nl"
    whole = rows_of(get(moerwijk, path), ending)
    size = next(n for n in (60, 61, 62) if len(whole) % n)
    pages = [get(moerwijk, f"{path}&limit={size}")]
    while "next" in links(pages[-1]):
        pages.append(get(moerwijk, links(pages[-1])["next"]))
    assert {200} == {page.status_code for page in pages}
    assert whole == [row for page in pages for row in rows_of(page, ending)]
    back = [pages[-1]]
    while "prev" in links(back[-1]):
        back.append(get(moerwijk, links(back[-1])["prev"]))
    assert [page.content for page in pages] == [page.content for page in reversed(back)]
    assert pages[0].content == get(moerwijk, links(pages[-1])["first"]).content
    full = get(moerwijk, f"{path}&limit={len(whole)}")
    assert (whole, False) == (rows_of(full, ending), "next" in links(full))


def test_a_page_leads_to_the_next_in_its_own_language(moerwijk: Service) -> None:
    """Who follows a link without saying again which language was negotiated gets the following rows in it."""
    whole = rows_of(get(moerwijk, f"{QUESTION}.csv?lang=en"), ".csv")
    page = get(moerwijk, f"{QUESTION}.csv?limit=5", **{"Accept-Language": "en"})
    following = get(moerwijk, links(page)["next"])
    assert (200, "en") == (following.status_code, following.headers["content-language"])
    assert whole[:10] == rows_of(page, ".csv") + rows_of(following, ".csv")
    assert page.content == get(moerwijk, links(following)["prev"]).content


def test_a_cursor_belongs_to_its_question_and_parameters(moerwijk: Service) -> None:
    """With another question, other parameters or a made-up text it is refused, never obeyed."""
    following = links(get(moerwijk, f"{QUESTION}.csv?lang=nl&limit=5"))["next"]
    after = httpx.QueryParams(following.partition("?")[2])["after"]
    assert 200 == get(moerwijk, f"{QUESTION}.json?lang=nl&limit=9&after={after}").status_code
    for path in (
        f"/queries/stories-on-a-theme.csv?lang=nl&limit=5&after={after}",
        f"{QUESTION}.csv?lang=en&limit=5&after={after}",
        f"{QUESTION}.csv?lang=nl&place=pl-oost&limit=5&after={after}",
        f"{QUESTION}.csv?lang=nl&limit=5&after=W1tbW1tb",
        f"{QUESTION}.csv?lang=nl&limit=5&after=%C3%A9",
        f"{QUESTION}.csv?lang=nl&limit=٣",
        f"{QUESTION}.csv?lang=nl&after={after}",
    ):
        assert 400 == get(moerwijk, path).status_code, path


def test_pages_and_writes_at_once_never_mix(shared: Service) -> None:
    """While parties are added, every page is of the position that its cursor names, or 410 with where to begin."""
    met = threading.Event()

    def write() -> None:
        for number in range(20):
            shared.run("party", "add", f"nieuw-{number}", "--name", f"Nieuw {number}", "--perspective", "residents")
            if met.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        page = get(shared, f"{QUESTION}.csv?lang=nl&limit=40")
        start = page.headers["wijkgraaf-position"]
        while "next" in links(page):
            page = get(shared, links(page)["next"])
            if page.status_code == 410:
                assert f"{QUESTION}.csv?lang=nl&limit=40" == page.json()["limit"] == links(page)["first"]
                assert 200 == get(shared, links(page)["first"]).status_code
                met.set()
                break
            assert (200, start) == (page.status_code, page.headers["wijkgraaf-position"])
    writer.join()
    assert met.is_set()


def test_parquet_has_types_and_says_what_it_holds(moerwijk: Service) -> None:
    """A moment is a moment, yes or no is a boolean, and the file carries the query and the position."""
    answer = get(moerwijk, "/queries/open-calls", "application/vnd.apache.parquet")
    assert 'attachment; filename="open-calls.parquet"' == answer.headers["content-disposition"]
    table = pq.read_table(io.BytesIO(answer.content))
    assert ("timestamp[us, tz=UTC]", "bool") == tuple(str(table.schema.field(n).type) for n in ("since", "fictional"))
    assert answer.headers["wijkgraaf-position"].encode() == table.schema.metadata[b"position"]
    assert get(moerwijk, "/queries/open-calls.rq").content == table.schema.metadata[b"query"]
    exact = list(csv.DictReader(io.StringIO(get(moerwijk, "/queries/open-calls.csv").text, newline="")))
    for name in ("connection", "fromName", "rationale", "holderName"):
        assert [row[name] for row in exact] == [text or "" for text in table[name].to_pylist()]


def test_without_its_library_parquet_is_refused_by_name(odd: Service) -> None:
    """406 that names the extra; the catalogue does not promise it; other formats go on."""
    for path, accept in (("/queries/odd.parquet", "*/*"), ("/queries/odd", "application/vnd.apache.parquet")):
        refused = get(odd, path, accept)
        assert (406, "ExtraMissing") == (refused.status_code, refused.json()["errors"][0]["name"])
        assert "wijkgraaf[parquet]" in refused.json()["detail"]
    assert "parquet" not in get(odd, "/queries.json").text
    assert 200 == get(odd, "/queries/odd", "application/vnd.apache.parquet, text/csv;q=0.5").status_code


def test_hostile_cells_are_text_in_a_spreadsheet_and_exact_elsewhere(odd: Service) -> None:
    """What begins as a formula gets an apostrophe in the CSV for spreadsheets alone; numbers are numbers there."""
    exact = rows_of(get(odd, "/queries/odd.csv"), ".csv")
    sheet = get(odd, "/queries/odd.csv?for=spreadsheets")
    assert sheet.content.startswith("\ufeffn;text;number\r\n".encode())
    shown = rows_of(sheet, ".csv?for=spreadsheets")
    assert ['=HYPERLINK("http://x.example")', "a;=1+1\n-2,+3", '\t@x "q" \\ é', "", ""] == [r["text"] for r in exact]
    assert ["'" + exact[0]["text"], "a;'=1+1\n'-2,'+3", "'\t'@x \"q\" \\ é", "", ""] == [r["text"] for r in shown]
    assert ["-1,5", "2,25", "", "0", "1"] == [r["number"] for r in shown]
    pages = [rows_of(get(odd, f"/queries/odd{e}{'&' if '?' in e else '?'}limit=4"), e) for e in (".csv", ".json")]
    assert (exact[:4], 4) == (pages[0], len(pages[1]))
    assert 400 == get(odd, "/queries/odd.json?for=spreadsheets").status_code
    assert 406 == get(odd, "/queries/odd?for=spreadsheets", "application/json").status_code
    assert sheet.content == get(odd, "/queries/odd?for=spreadsheets", "text/html,*/*;q=0.8").content


def test_a_question_for_a_graph_answers_in_rdf(odd: Service) -> None:
    """CONSTRUCT in four formats, its parameter bound; pages and spreadsheets are refused, and the catalogue says so."""
    sizes = set()
    for media, (ending, name) in RDF_TYPES.items():
        answer = get(odd, f"/queries/holders.{ending}?party=gemeente")
        assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
        graph = rdflib.Graph().parse(data=answer.content, format=name)
        assert {rdflib.URIRef(f"{BASE}/id/gemeente")} == set(graph.objects())
        sizes.add(len(graph))
    assert len(sizes) == 1
    assert "latest-version" in links(answer)
    for wrong in ("limit=5", "after=x", "for=spreadsheets"):
        assert 400 == get(odd, f"/queries/holders.ttl?{wrong}").status_code
    assert 406 == get(odd, "/queries/holders.csv").status_code
    assert 200 == get(odd, "/queries/holders", "text/html").status_code
    graph = rdflib.Graph().parse(data=get(odd, "/queries.ttl").content, format="turtle")
    it = rdflib.URIRef(f"{BASE}/queries/holders")
    assert {SH.SPARQLExecutable, SH.SPARQLConstructExecutable} == set(graph.objects(it, RDF.type))
    assert "CONSTRUCT" in str(graph.value(it, SH.construct))


@pytest.mark.parametrize(
    "path", ["/queries/open-calls?theme=housing", "/queries/who-said-this", "/queries/connections-not-responded-to"]
)
def test_the_page_of_a_question_leads_to_all_its_forms(moerwijk: Service, path: str) -> None:
    """Every format, the version, and the workbench with this question in it: each address answers."""
    page = get(moerwijk, f"{path}{'&' if '?' in path else '?'}lang=en", "text/html").text
    found = [unescape(there) for there in re.findall(r'<a href="(/queries/[^"]*)"', page)]
    found = [there for there in found if "lang=en" in there]
    asked = "required" not in page
    endings = (".json", ".srx", ".csv", ".tsv", ".parquet", ".rq", "spreadsheets", "/versions/")
    assert [asked] * len(endings) == [any(end in there for there in found) for end in endings]
    for there in found:
        assert 200 == get(moerwijk, there, "text/html, */*;q=0.5").status_code, there
    text = re.search(r'name="query" value="([^"]*)"', page)
    assert text is not None
    if asked:
        assert unescape(text[1]) == get(moerwijk, f"{path.replace('?', '.rq?')}&lang=en").text
        form = {"query": unescape(text[1]), "lang": "en"}
        answer = httpx.post(f"{moerwijk.url}/sparql", data=form, headers={"Accept": "text/html"}, timeout=60)
        assert 200 == answer.status_code


def test_every_question_can_be_asked_in_the_workbench(moerwijk: Service, entries: list[dict[str, Any]]) -> None:
    """The limits for callers' own queries leave room for each of ours."""
    for entry in entries:
        text = get(moerwijk, f"{entry['href']}.rq?" + "&".join(_needed(entry))).text
        answer = httpx.get(f"{moerwijk.url}/sparql", params={"query": text}, headers={"Accept": "text/csv"}, timeout=60)
        assert 200 == answer.status_code, entry["name"]


def _needed(entry: dict[str, Any]) -> list[str]:
    """An example of each parameter that must be given."""
    names = {"place": "pl-oost", "party": "gemeente"}
    needed = [p for p in entry["parameters"] if p["required"]]
    return [f"{p['parameter']}={names.get(p['type']) or p['expected'].split(', ')[0]}" for p in needed]
