"""Answers of `/sparql` as they come over the wire, read by parsers that are not ours; a refusal where one is due."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
import rdflib
from rdflib.query import Result
from rdflib.util import from_n3

from tests.running import Service
from tests.test_sparql_door import COUNT, LW, ask

JSON_TYPE = "application/sparql-results+json"
XML_TYPE = "application/sparql-results+xml"
# One row with what serialisers get wrong: separators, quotes, ends of line, controls, scripts, nothing at all.
ODD = {
    "comma": "a,b",
    "quote": 'c"d',
    "line": "e\nf",
    "return": "g\rh",
    "both": "i\r\nj",
    "tab": "k\tl",
    "backslash": "m\\n",
    "letters": "é€😀שלום",
    "markup": "<&>]]>",
    "formula": "=1+1",
    "spaces": "  o  ",
    "separator": "p\u2028q",
    "delete": "\x7f",
}
CONTROLS = {"nul": "\\u0000", "start": "a\\u0001b", "escape": "\\u001B", "not a character": "\\uFFFE"}


def written(text: str) -> str:
    """A string as SPARQL writes it."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


ODD_QUERY = f"SELECT {' '.join(f'({written(text)} AS ?{name})' for name, text in ODD.items())} {{ }}"


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rdflib_reads_every_result_format_alike(moerwijk: Service, form: str) -> None:
    """The rows that rdflib's own parsers find are those that stand in the store; no format loses one."""
    query = f"SELECT ?holder ?name {{ ?holder a <{LW}Party> ; <http://purl.org/dc/terms/title> ?name }}"
    media = {"json": JSON_TYPE, "xml": XML_TYPE, "csv": "text/csv", "tsv": "text/tab-separated-values"}[form]
    answer = ask(moerwijk, query, media)
    rows = Result.parse(io.BytesIO(answer.content), format=form).bindings
    number = int(ask(moerwijk, query.replace("?holder ?name", "(COUNT(*) AS ?n)", 1), "text/csv").text.split()[1])
    assert number > 5
    assert number == len(rows)
    assert {"holder", "name"} == {str(name) for row in rows for name in row}


@pytest.mark.parametrize("media", [JSON_TYPE, XML_TYPE, "text/csv", "text/tab-separated-values"])
def test_odd_characters_come_through_unharmed(moerwijk: Service, media: str) -> None:
    """Separators, quotes, ends of line, controls and every script are read back as they were asked."""
    answer = ask(moerwijk, ODD_QUERY, media)
    assert 200 == answer.status_code, answer.text
    if media == JSON_TYPE:
        (row,) = answer.json()["results"]["bindings"]
        found = {name: cell["value"] for name, cell in row.items()}
    elif media == XML_TYPE:
        bindings = ElementTree.fromstring(answer.content).iter("{http://www.w3.org/2005/sparql-results#}binding")
        found = {b.attrib["name"]: "".join(b.itertext()) for b in bindings}
    elif media == "text/csv":
        names, row = csv.reader(io.StringIO(answer.text, newline=""))
        found = dict(zip(names, row, strict=True))
        assert answer.content.endswith(b"\r\n")
    else:
        # Not rdflib's reader of TSV: it ends a line at U+2028. Its reader of terms is used.
        names, row = (line.split("\t") for line in answer.content.decode().removesuffix("\n").split("\n"))
        found = {name.removeprefix("?"): str(from_n3(cell)) for name, cell in zip(names, row, strict=True)}
    assert ODD == found


@pytest.mark.parametrize("name", CONTROLS)
def test_what_xml_cannot_hold_is_406_and_json_tells_it(moerwijk: Service, name: str) -> None:
    """XML 1.0 has no way to write some characters: the answer would not parse, so there is none."""
    query = f'SELECT ("{CONTROLS[name]}" AS ?x) {{ }}'
    refused = ask(moerwijk, query, XML_TYPE)
    assert (406, ["NotForXml"]) == (refused.status_code, [e["name"] for e in refused.json()["errors"]])
    value = ask(moerwijk, query, JSON_TYPE).json()["results"]["bindings"][0]["x"]["value"]
    assert CONTROLS[name].encode().decode("unicode-escape") == value
    graph = f'CONSTRUCT {{ <urn:a> <urn:p:x> "{CONTROLS[name]}" }} {{ }}'
    assert 406 == ask(moerwijk, graph, "application/rdf+xml").status_code
    assert 200 == ask(moerwijk, graph, "text/turtle").status_code


def test_rdf_xml_is_refused_where_a_property_has_no_name_for_an_element(moerwijk: Service) -> None:
    """RDF/XML writes a property as an element, whose name begins with a letter; what it can write, rdflib reads."""
    refused = ask(moerwijk, "CONSTRUCT { <urn:a> <urn:p:1> 1 } { }", "application/rdf+xml")
    assert (406, ["NotForXml"]) == (refused.status_code, [e["name"] for e in refused.json()["errors"]])
    given = ask(moerwijk, 'CONSTRUCT { <urn:a> <urn:p:x> "a\\rb<oxprefix: " } { }', "application/rdf+xml")
    (triple,) = rdflib.Graph().parse(data=given.content, format="xml")
    assert ("urn:a", "urn:p:x", "a\rb<oxprefix: ") == tuple(map(str, triple))


@pytest.mark.parametrize(
    ("media", "form"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/ld+json", "json-ld"),
        ("application/rdf+xml", "xml"),
        ("application/trig", "turtle"),  # What stands in the default graph is written as in Turtle,
        ("application/n-quads", "nt"),  # and as in N-Triples.
    ],
)
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own reader of JSON-LD uses it.
def test_rdflib_reads_every_graph_format_alike(moerwijk: Service, media: str, form: str) -> None:
    """A graph has as many triples in each format, and the same names and texts."""
    query = f"CONSTRUCT {{ ?s ?p ?o }} {{ ?s a <{LW}Story> ; ?p ?o }}"
    plain = rdflib.Graph().parse(data=ask(moerwijk, query, "application/n-triples").content, format="nt")
    graph = rdflib.Graph().parse(data=ask(moerwijk, query, media).content, format=form)
    assert len(plain) > 20
    assert set(plain) == set(graph)


@pytest.mark.parametrize("media", ["text/csv", "text/tab-separated-values"])
def test_columns_stand_as_the_query_says(moerwijk: Service, media: str) -> None:
    """In the order of SELECT; for `*` in an order that does not change; a column without any value keeps its place."""
    asked = {
        "SELECT ?z ?a ?m { ?z ?a ?m } LIMIT 1": ["z", "a", "m"],
        "SELECT (1 AS ?b) ?never (2 AS ?a) { }": ["b", "never", "a"],
        "SELECT ?o (COUNT(?s) AS ?n) { ?s a ?o } GROUP BY ?o LIMIT 1": ["o", "n"],
    }
    separator = "," if media == "text/csv" else "\t"
    for query, columns in asked.items():
        head = ask(moerwijk, query, media).text.splitlines()[0]
        assert columns == [c.removeprefix("?") for c in head.split(separator)], query
    star = "SELECT * { ?zeta ?beta ?alpha } LIMIT 1"
    heads = {ask(moerwijk, star, m).text.splitlines()[0].replace("?", "").replace("\t", ",") for m in (media, media)}
    assert 1 == len(heads)
    assert {"zeta", "beta", "alpha"} == set(heads.pop().split(","))
    assert ask(moerwijk, star, JSON_TYPE).json()["head"]["vars"] == ask(moerwijk, star, "text/csv").text.splitlines()[
        0
    ].split(",")


@pytest.mark.parametrize("media", ["text/csv", "text/tab-separated-values"])
def test_ask_in_csv_is_one_word(moerwijk: Service, media: str) -> None:
    """The standard has no CSV of a yes or no, the protocol allows it: `true` or `false`, and nothing round it."""
    answer = ask(moerwijk, "ASK { ?s ?p ?o }", media)
    assert (200, f"{media}; charset=utf-8", "true") == (
        answer.status_code,
        answer.headers["content-type"],
        answer.text.strip(),
    )
    assert "false" == ask(moerwijk, "ASK { <urn:x> <urn:y> <urn:z> }", media).text.strip()


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.9", XML_TYPE),
        ("application/*;q=0.1, text/tab-separated-values;q=0.2", "text/tab-separated-values"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json", JSON_TYPE),
        ("text/xml", XML_TYPE),
        ("application/sparql-results+json;q=0, */*", XML_TYPE),
        ("*/*;q=0.1, text/csv;q=0", JSON_TYPE),
        ("application/json;q=0.3, text/csv;q=0.4, */*;q=0.1", "text/csv"),
        ("", JSON_TYPE),
    ],
)
def test_accept_is_weighed_as_http_says(moerwijk: Service, accept: str, media: str) -> None:
    """Quality first, the most specific range for a type, and nothing that was excluded."""
    answer = ask(moerwijk, COUNT, accept)
    assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("accept", ["text/csv;q=0", "*/*;q=0", "image/png", "text/turtle", "text/csv;q=often"])
def test_no_format_is_given_that_was_not_asked(moerwijk: Service, accept: str) -> None:
    """406 with the formats there are, as a problem."""
    answer = ask(moerwijk, COUNT, accept)
    assert (406, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert "text/csv" in answer.json()["limit"]


def test_text_says_its_charset_and_is_in_it(moerwijk: Service) -> None:
    """UTF-8, said where the type is text; JSON and XML need no word for it."""
    for media in ("text/csv", "text/tab-separated-values"):
        answer = ask(moerwijk, 'SELECT ("é" AS ?x) { }', media)
        assert f"{media}; charset=utf-8" == answer.headers["content-type"]
        assert "é".encode() in answer.content
    assert JSON_TYPE == ask(moerwijk, COUNT, JSON_TYPE).headers["content-type"]


def test_a_query_in_another_charset_is_refused(moerwijk: Service) -> None:
    """SPARQL is UTF-8: a body that calls itself something else is 415, one that is not what it says 400."""
    url, text = f"{moerwijk.url}/sparql", 'SELECT ("é" AS ?x) { }'

    def post(body: bytes, charset: str) -> int:
        media = f"application/sparql-query{charset}"
        return httpx.post(url, content=body, headers={"Content-Type": media}).status_code

    assert 200 == post(text.encode(), "")
    assert 200 == post(text.encode(), "; charset=UTF-8")
    assert 200 == post(text.encode(), '; charset="utf-8"')
    assert 415 == post(text.encode("latin-1"), "; charset=ISO-8859-1")
    assert 415 == post(b"ASK { }", "; charset=utf-16")
    assert 400 == post(text.encode("latin-1"), "")
    in_latin = quote(text, encoding="latin-1")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 400 == httpx.get(f"{url}?query={in_latin}").status_code
    assert 400 == httpx.post(url, content=f"query={in_latin}", headers=form).status_code


@pytest.mark.parametrize("query", [COUNT, "ASK { ?s ?p ?o }", "DESCRIBE <urn:nowhere>", "", "SELECT *", "DELETE"])
def test_head_has_the_headers_of_get(moerwijk: Service, query: str) -> None:
    """Also of an error, and of the description; only the body is not there."""
    parameters = {"query": query} if query else {}
    got = httpx.get(f"{moerwijk.url}/sparql", params=parameters)
    head = httpx.head(f"{moerwijk.url}/sparql", params=parameters)
    assert b"" == head.content
    assert got.status_code == head.status_code

    def kept(answer: httpx.Response) -> dict[str, str]:
        return {n: v for n, v in answer.headers.items() if n not in ("date", "server-timing", "connection")}

    assert kept(got) == kept(head)


def test_a_page_elsewhere_may_ask_from_a_browser(moerwijk: Service) -> None:
    """The browser's question beforehand is answered, and what an answer says of itself may be read."""
    url, origin = f"{moerwijk.url}/sparql", {"Origin": "https://elders.example"}
    preflight = httpx.options(
        url,
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, authorization",
        },
    )
    assert (204, "*") == (preflight.status_code, preflight.headers["access-control-allow-origin"])
    assert {"GET", "POST", "HEAD"} <= set(preflight.headers["access-control-allow-methods"].split(", "))
    allowed = preflight.headers["access-control-allow-headers"].lower().split(", ")
    assert {"content-type", "authorization", "accept", "if-none-match"} <= set(allowed)
    for query, status in ((COUNT, 200), ("SELECT", 400)):
        answer = httpx.get(url, params={"query": query}, headers=origin)
        assert (status, "*") == (answer.status_code, answer.headers["access-control-allow-origin"])
        assert "access-control-allow-credentials" not in answer.headers
        exposed = answer.headers["access-control-expose-headers"].split(", ")
        assert {"ETag", "Link", "Retry-After", "Wijkgraaf-Position", "Wijkgraaf-Note"} <= set(exposed)


def test_options_tells_the_verbs(moerwijk: Service) -> None:
    """OPTIONS is answered with what may be done; another verb is 405 with the same."""
    told = httpx.options(f"{moerwijk.url}/sparql")
    assert (204, "GET, HEAD, OPTIONS, POST") == (told.status_code, told.headers["allow"])
    for verb in ("PUT", "DELETE", "PATCH"):
        refused = httpx.request(verb, f"{moerwijk.url}/sparql", params={"query": COUNT})
        assert (405, told.headers["allow"]) == (refused.status_code, refused.headers["allow"])
    assert 404 == httpx.options(f"{moerwijk.url}/nowhere/at/all").status_code


@pytest.mark.parametrize(
    "pairs",
    [
        [("query", COUNT), ("query", "ASK { }")],
        [("query", COUNT), ("Query", COUNT)],
        [("query", COUNT), ("format", "csv"), ("format", "json")],
        [("query", COUNT), ("timeout", "0")],
        [("query", COUNT), ("infer", "true")],
        [("query", "")],
        [("default-graph-uri", "urn:x")],
        [("named-graph-uri", "urn:x")],
    ],
    ids=lambda pairs: "&".join(f"{n}={v[:6]}" for n, v in pairs),
)
def test_a_parameter_that_nobody_would_obey_is_400(moerwijk: Service, pairs: list[tuple[str, str]]) -> None:
    """In an address, in a form, and split over both."""
    url = f"{moerwijk.url}/sparql"
    query = str(httpx.QueryParams(pairs))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    split = httpx.QueryParams(pairs[:1])
    answers = [
        httpx.get(f"{url}?{query}"),
        httpx.post(url, content=query, headers=form),
        httpx.post(f"{url}?{split}", content=str(httpx.QueryParams(pairs[1:])), headers=form),
    ]
    assert [400] * 3 == [a.status_code for a in answers], [a.text for a in answers]
    assert all("application/problem+json" == a.headers["content-type"] for a in answers)


def test_ten_megabytes_come_complete(moerwijk: Service) -> None:
    """As many bytes as announced, as many rows as asked, the same twice, and as many rows in another format."""
    rows = 20_000
    query = f"SELECT ?a ?p ?o ?text {{ ?a ?p ?o . ?b ?q ?c BIND(REPEAT AS ?text) }} LIMIT {rows}".replace(
        "REPEAT", f'"{"woorden " * 60}"'
    )
    url, wanted = f"{moerwijk.url}/sparql", {"Accept": "text/csv"}
    with httpx.stream("POST", url, data={"query": query}, headers=wanted) as answer:
        assert 200 == answer.status_code
        body = b"".join(answer.iter_raw())
    assert len(body) > 10_000_000
    assert str(len(body)) == answer.headers["content-length"]
    lines = list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert rows + 1 == len(lines)
    assert {4} == {len(line) for line in lines}
    again = httpx.post(url, data={"query": query}, headers=wanted, timeout=60)
    assert body == again.content
    whole = httpx.post(url, data={"query": query}, headers={"Accept": JSON_TYPE}, timeout=60)
    assert rows == len(json.loads(whole.content)["results"]["bindings"])


def test_an_answer_over_the_limit_is_413_and_never_begins(moerwijk: Service) -> None:
    """A hundred megabytes is the limit that the description publishes: no status 200, no first part."""
    query = 'SELECT ?a ?text { ?a ?p ?o . ?b ?q ?c BIND("LONG" AS ?text) }'.replace("LONG", "woorden " * 500)
    for accept in ("text/csv", XML_TYPE):
        answer = ask(moerwijk, query, accept)
        assert (413, ["AnswerTooLarge"]) == (answer.status_code, [e["name"] for e in answer.json()["errors"]])
        assert "bytes" in answer.json()["limit"]


def test_a_question_over_its_time_is_503_and_never_begins(moerwijk: Service) -> None:
    """However much was looked at before the time was up; a graph no less than a table."""
    body = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) < 0) }"
    answer = ask(moerwijk, f"CONSTRUCT {{ ?a ?b ?c }} {body}")
    assert (503, ["TimeOut"]) == (answer.status_code, [e["name"] for e in answer.json()["errors"]])
    assert "3 s" == answer.json()["limit"]
