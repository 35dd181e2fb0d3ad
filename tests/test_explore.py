"""`wijkgraaf explore`: any RDF files as a read-only endpoint, through its command and HTTP."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rdflib import Graph

from tests.running import ROOT, Service, wijkgraaf
from tests.stories import BASE

RDFS = "http://www.w3.org/2000/01/rdf-schema#"
LEDGER = f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{BASE}/graph/ledger> {{ ?s ?p ?o }} }}"
TURTLE = '@prefix : <http://example.org/> . :a :p 1, "twee"@nl, <beside> .'
NQUADS = b'<http://example.org/s> <http://example.org/p> "g" <http://example.org/g> .\n'
RDFXML = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    '<rdf:Description rdf:about="http://example.org/x"><e:p>xml</e:p></rdf:Description></rdf:RDF>'
)
JSONLD = '{"@id": "http://example.org/j", "http://example.org/p": "json"}'


@contextlib.contextmanager
def exploring(*words: str, env: dict[str, str] | None = None) -> Iterator[str]:
    """The command on a free port; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "explore", *words, "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    try:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"Ask at (\S+)/sparql", line):
                yield found.group(1)
                break
        else:
            raise AssertionError("".join(lines))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each kind."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "a.ttl").write_text(TURTLE)
    (folder / "b.nq.gz").write_bytes(gzip.compress(NQUADS))
    (folder / "c.rdf").write_text(RDFXML)
    (folder / "d.jsonld").write_text(JSONLD)
    return folder


@pytest.fixture(scope="module")
def explored(files: Path) -> Iterator[str]:
    """All of them, and one once more under a graph name."""
    names = [str(files / name) for name in ("a.ttl", "b.nq.gz", "c.rdf", "d.jsonld")]
    with exploring(*names, "--graph", f"http://example.org/named={files / 'a.ttl'}") as address:
        yield address


def column(address: str, query: str, **more: str) -> list[str]:
    """The lines of a CSV answer, without its head."""
    answer = httpx.get(f"{address}/sparql", params={"query": query, **more}, headers={"Accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    return answer.text.split("\r\n")[1:-1]


def test_every_format_is_read_and_the_default_graph_is_the_files_own(explored: str) -> None:
    """Turtle, gzipped N-Quads, RDF/XML and JSON-LD; what stands in named graphs is not in the default graph."""
    subjects = column(explored, "SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?s")
    assert ["http://example.org/a", "http://example.org/j", "http://example.org/x"] == subjects
    graphs = column(explored, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g")
    assert ["http://example.org/g", "http://example.org/named"] == graphs


def test_union_asks_all_graphs_at_once(files: Path) -> None:
    """`--union`: what stands in a named graph is found without GRAPH, and the description says so."""
    with exploring(str(files / "b.nq.gz"), "--union") as address:
        assert ["g"] == column(address, "SELECT ?o { ?s ?p ?o }")
        assert "UnionDefaultGraph" in httpx.get(f"{address}/sparql", headers={"Accept": "text/turtle"}).text


def test_relative_names_are_relative_to_the_file_and_to_the_base(explored: str, files: Path) -> None:
    """In a file to where it stands (or to its graph's name), in a query to the base."""
    assert [(files / "beside").as_uri()] == column(explored, "SELECT ?o { ?s ?p ?o FILTER(isIRI(?o)) }")
    named = "SELECT ?o { GRAPH <http://example.org/named> { ?s ?p ?o FILTER(isIRI(?o)) } }"
    assert ["http://example.org/beside"] == column(explored, named)
    with exploring(str(files / "a.ttl"), "--base", "http://example.org") as address:
        assert ["1"] == column(address, "SELECT ?o { <a> <p> ?o FILTER(isNumeric(?o)) }")


def test_the_description_names_the_graphs_and_void_counts(explored: str) -> None:
    """Service description and VoID parse elsewhere and tell what is there; the well-known address leads to it."""
    answer = httpx.get(f"{explored}/sparql", headers={"Accept": "text/turtle"})
    description = Graph().parse(data=answer.text, format="turtle")
    named = {str(o) for o in description.objects(None, description.namespace_manager.expand_curie("sd:namedGraph"))}
    assert {"http://example.org/g", "http://example.org/named"} == named
    assert 304 == httpx.get(f"{explored}/sparql", headers={"If-None-Match": answer.headers["etag"]}).status_code
    void = httpx.get(f"{explored}/.well-known/void", follow_redirects=True)
    assert "/void" == void.url.path
    counts = {str(p).rsplit("#")[-1]: str(o) for _, p, o in Graph().parse(data=void.text, format="turtle")}
    assert ("5", "3", "1") == (counts["triples"], counts["distinctSubjects"], counts["properties"])


def test_health_measurements_and_objections_answer_there_too(explored: str) -> None:
    """`/readyz`, `/healthz`, `/metrics`, and the address that every problem points to."""
    assert httpx.get(f"{explored}/readyz").json()["ready"] is True
    assert httpx.get(f"{explored}/healthz").status_code == 200
    assert "wijkgraaf_requests_total" in httpx.get(f"{explored}/metrics").text
    problem = httpx.get(f"{explored}/sparql", params={"query": "SELEKT"})
    assert (400, 1) == (problem.status_code, problem.json()["line"])
    told = httpx.get(f"{explored}/def/objections", headers={"Accept": "application/json"}).json()["objections"]
    assert [400] == [one["status"] for one in told if one["docs"] == problem.json()["type"]]
    meaning = httpx.get(problem.json()["type"])
    assert meaning.status_code == 200
    assert "QueryUnclear" in meaning.text


def test_the_workbench_stands_alone_in_both_languages(explored: str) -> None:
    """A browser gets the page with the answer, in either language, without links to pages that are not there."""
    for language in ("nl", "en"):
        asked = {"query": "SELECT * { ?s ?p ?o }", "lang": language}
        page = httpx.get(f"{explored}/sparql", params=asked, headers={"Accept": "text/html"})
        assert (200, language) == (page.status_code, page.headers["content-language"])
        assert "http://example.org/x" in page.text
        for path in set(re.findall(r'(?:href|data-completion)="(/[^"#]*)', page.text)):
            assert httpx.get(f"{explored}{path.replace('&amp;', '&')}").status_code == 200, path


def test_limits_hold_and_updates_are_refused(explored: str, files: Path) -> None:
    """The same door: 403 for an update, 400 for SERVICE, 503 and 413 over time and size, never a cut answer."""
    ask = f"{explored}/sparql"
    assert 403 == httpx.post(ask, data={"update": "CLEAR ALL"}).status_code
    assert (
        400 == httpx.get(ask, params={"query": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"}).status_code
    )
    limits = {"WIJKGRAAF_QUERY_SECONDS_ANONYMOUS_MAX": "1", "WIJKGRAAF_ANSWER_BYTES_MAX": "200"}
    endless = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(18)) + " }"
    with exploring(str(files / "a.ttl"), str(files / "c.rdf"), env=limits) as address:
        assert 503 == httpx.get(f"{address}/sparql", params={"query": endless}, timeout=30).status_code
        large = httpx.get(f"{address}/sparql", params={"query": "SELECT * { ?s ?p ?o . ?x ?y ?z }"})
        assert (413, "200 bytes") == (large.status_code, large.json()["limit"])


def test_a_snapshot_is_asked_as_the_service_was(moerwijk: Service, tmp_path: Path) -> None:
    """Its viewpoints stand in FROM, and the words of the ontology stand there too: the same rows."""
    with moerwijk.client() as client:
        view = client.get("/view/gemeente", headers={"Accept": "application/n-quads"}).text
        triples = {"Accept": "application/n-triples"}
        ledger = client.get("/sparql", params={"query": LEDGER}, headers=triples).text
    about = f"<{BASE}/id/gemeente/b-agenda>"
    quads = view + ledger.replace(" .\n", f" <{BASE}/graph/ledger> .\n")
    assert about in quads
    (tmp_path / "s.nq").write_text(quads)
    with exploring(str(tmp_path / "s.nq"), "--union") as address:
        for query in (
            f"SELECT (COUNT(*) AS ?n) FROM <{BASE}/view/gemeente> {{ ?s ?p ?o }}",
            f"SELECT ?label {{ {about} a/<{RDFS}label> ?label FILTER(LANG(?label) = 'nl') }} ORDER BY ?label",
        ):
            rows = column(address, query)
            assert rows
            assert rows == column(moerwijk.url, query)


@pytest.mark.parametrize(
    ("name", "text", "code", "says"),
    [
        ("wrong.ttl", "<x> <y>\n  .", 1, "wrong.ttl:2:"),
        ("wrong.nq.gz", "no gzip", 1, "Not a gzipped file"),
        ("bomb.rdf", '<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><r>&b;</r>', 1, "entity"),
        ("text.docx", "", 2, "we do not know this ending"),
        ("absent.ttl", None, 2, "no such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, name: str, text: str | None, code: int, says: str
) -> None:
    """File, line and column, and an exit code; no stack trace, no half-loaded endpoint."""
    if text is not None:
        (tmp_path / name).write_text(text)
    done = wijkgraaf("explore", str(tmp_path / name), "--port", "0", check=False)
    assert code == done.returncode
    assert says in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


def test_two_sets_of_files_never_share_an_etag(tmp_path: Path) -> None:
    """Who asks again after the files have changed gets the new answer, although the address is the same."""
    etags = []
    for text in ("<urn:a> <urn:b> 1 .", "<urn:a> <urn:b> 2 ."):
        (tmp_path / "f.ttl").write_text(text)
        with exploring(str(tmp_path / "f.ttl")) as address:
            etags.append(httpx.get(f"{address}/sparql", params={"query": "SELECT * { ?s ?p ?o }"}).headers["etag"])
    assert etags[0] != etags[1]
