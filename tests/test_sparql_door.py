"""`/sparql` through HTTP: the protocol's forms, honest statuses, and a service that stays up whatever it is asked."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gzip
import time

import httpx
import pytest
from rdflib import Graph, URIRef

from tests.running import Service
from tests.stories import BASE

LW = "https://w3id.org/lerende-wijk/def#"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
FORMS = {
    "SELECT * { ?s ?p ?o } LIMIT 2": (
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    ),
    "ASK { ?s ?p ?o }": ("application/sparql-results+json", "application/sparql-results+xml"),
    "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 2": (
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
        "application/rdf+xml",
        "application/trig",
        "application/n-quads",
    ),
    f"DESCRIBE <{BASE}/id/gemeente>": ("text/turtle",),
}
HOSTILE = {
    "nested braces": ("ASK {" + "{" * 3000, 400),
    "nested brackets": ("SELECT (" + "(" * 5000, 400),
    "negations": ("ASK { FILTER(" + "!" * 20000 + "true) }", 400),
    "nested optionals": ("ASK { " + "OPTIONAL { " * 2000, 400),
    "sums": ("SELECT (1" + "+1" * 20000 + " AS ?n) {}", 400),
    "long path": ("ASK { ?s " + "/".join(["<urn:p>"] * 5000) + " ?o }", 400),
    "many patterns": ("ASK { " + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(200)) + " }", 400),
    "service": ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 400),
    "update": ("DELETE WHERE { ?s ?p ?o }", 403),
    "load": ("LOAD <http://127.0.0.1:9/>", 403),
    "nonsense": ("SELEKT * { ?s ?p ?o }", 400),
    "doubling strings": (
        'SELECT (STRLEN(?x34) AS ?n) { BIND("0123456789abcdef" AS ?x0) '
        + " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(34))
        + " }",
        503,
    ),
}


def ask(service: Service, query: str, accept: str = "*/*", **more: str | list[str]) -> httpx.Response:
    """One GET."""
    return httpx.get(f"{service.url}/sparql", params={"query": query, **more}, headers={"Accept": accept}, timeout=60)


@pytest.mark.parametrize(("query", "media"), [(q, m) for q, forms in FORMS.items() for m in forms])
def test_every_result_format_is_given_when_asked(moerwijk: Service, query: str, media: str) -> None:
    """The type that is asked for is the type that comes, with a body."""
    answer = ask(moerwijk, query, media)
    assert (200, media) == (answer.status_code, answer.headers["content-type"].split(";")[0])
    assert answer.content


def test_the_three_forms_of_request_give_one_answer(moerwijk: Service) -> None:
    """GET, a form and a direct POST mean the same."""
    url = f"{moerwijk.url}/sparql"
    direct = httpx.post(url, content=COUNT, headers={"Content-Type": "application/sparql-query"})
    form = httpx.post(url, data={"query": COUNT})
    assert ask(moerwijk, COUNT).content == form.content == direct.content
    assert direct.status_code == 200


def test_the_protocols_dataset_is_obeyed(moerwijk: Service) -> None:
    """default-graph-uri and named-graph-uri choose the graphs, before FROM; an unknown graph is empty and noted."""
    party = f"SELECT (COUNT(DISTINCT ?h) AS ?n) {{ ?s <{LW}heldBy> ?h }}"

    def count(query: str, **more: str | list[str]) -> int:
        answer = ask(moerwijk, query, **more)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["results"]["bindings"][0]["n"]["value"])

    view = f"{BASE}/view/gemeente"
    assert count(party, **{"default-graph-uri": view}) == 1
    assert count(party, **{"default-graph-uri": [view, f"{BASE}/view/mcoop"]}) == 2
    assert count(party.replace("{", f"FROM <{view}> {{", 1)) == 1
    assert count(party.replace("{", f"FROM <{BASE}/view/mcoop> {{", 1), **{"default-graph-uri": view}) == 1
    named = f"SELECT (COUNT(DISTINCT ?h) AS ?n) {{ GRAPH ?g {{ ?s <{LW}heldBy> ?h }} }}"
    assert count(named, **{"named-graph-uri": view}) == 1
    assert count(party, **{"named-graph-uri": view}) == 0
    unknown = ask(moerwijk, party, **{"default-graph-uri": "urn:nowhere"})
    assert "urn:nowhere" in unknown.headers["wijkgraaf-note"]
    constant = ask(moerwijk, f"SELECT * {{ GRAPH <{view}> {{ ?s ?p ?o }} }}")
    assert (constant.status_code, constant.json()["errors"][0]["name"]) == (400, "ViewAsGraph")


def test_a_view_that_is_asked_as_a_graph_is_noted(moerwijk: Service) -> None:
    """A view is found through FROM alone: anywhere else, in whatever way it is written, a note says where it goes."""
    view = f"{BASE}/view/gemeente"
    for astray in (
        f"SELECT * {{ VALUES ?g {{ <{view}> }} GRAPH ?g {{ ?s ?p ?o }} }}",
        f"PREFIX v: <{BASE}/view/> SELECT * {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(?g = v:gemeente) }}",
        "SELECT * { VALUES ?g { <view/gemeente> } GRAPH ?g { ?s ?p ?o } }",
    ):
        answer = ask(moerwijk, astray)
        assert (200, []) == (answer.status_code, answer.json()["results"]["bindings"])
        assert f"{view} is a view and no graph by itself" in answer.headers["wijkgraaf-note"]
    for right in (f"FROM NAMED <{view}>", f"FROM <{view}>", f"FROM <{BASE}/view/mcoop> FROM <{view}>"):
        answer = ask(moerwijk, f"PREFIX view: <{BASE}/view/> SELECT * {right} {{ ?s ?p ?o }} LIMIT 1")
        assert (200, None) == (answer.status_code, answer.headers.get("wijkgraaf-note"))


def test_a_description_of_nothing_is_noted(moerwijk: Service) -> None:
    """In every format, without telling whether it is absent or not for this reader; of something there is no note."""
    for media in (*FORMS["CONSTRUCT { ?s ?p ?o } { ?s ?p ?o } LIMIT 2"],):
        nothing = ask(moerwijk, f"DESCRIBE <{BASE}/id/niemand>", media)
        assert (200, True) == (nothing.status_code, "found nothing" in nothing.headers.get("wijkgraaf-note", ""))
        party = ask(moerwijk, f"DESCRIBE <{BASE}/id/gemeente>", media)
        assert (200, None) == (party.status_code, party.headers.get("wijkgraaf-note"))


def test_a_graph_with_an_odd_name_is_noted_in_one_line(moerwijk: Service) -> None:
    """What ends a line, or is not ASCII, comes into the header as in an address: no header is made, no letter lost."""
    for name, noted in (
        ("urn:a\r\nSet-Cookie: b", "urn:a%0D%0ASet-Cookie: b"),
        ("urn:é", "urn:%C3%A9"),
        ("a\0", "a%00"),
    ):
        answer = ask(moerwijk, "ASK { }", **{"default-graph-uri": name})
        assert (200, True) == (answer.status_code, noted in answer.headers["wijkgraaf-note"])
        assert "set-cookie" not in answer.headers
    bracket = ask(moerwijk, "ASK FROM <http://a[b]/> { }")
    assert (400, "QueryWrong") == (bracket.status_code, bracket.json()["errors"][0]["name"])


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"query": COUNT, "timeout": "1"}, 400),
        ({"query": [COUNT, COUNT]}, 400),
        ({"default-graph-uri": "urn:x"}, 400),
        ({"query": COUNT, "format": "xlsx"}, 406),
        ({"update": "CLEAR ALL"}, 403),
    ],
    ids=["unknown", "twice", "no query", "unknown format", "update"],
)
def test_what_would_be_ignored_is_refused(moerwijk: Service, parameters: dict[str, str], status: int) -> None:
    """An unknown, repeated or impossible parameter is an error in the one shape, never silence."""
    answer = httpx.get(f"{moerwijk.url}/sparql", params=parameters)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert {"type", "title", "status", "detail", "errors"} <= answer.json().keys()


def test_an_unclear_query_is_told_with_line_and_column(moerwijk: Service) -> None:
    """Where the parser stopped, as numbers."""
    found = ask(moerwijk, "SELECT *\nWHERE { ?s ?p }").json()
    assert (found["status"], found["line"]) == (400, 2)
    assert found["column"] > 1


def test_a_function_that_is_not_there_is_named(moerwijk: Service) -> None:
    """The query is understood and one function is not: 400 with its name, and no empty answer in its place."""
    refused = ask(moerwijk, "SELECT * { ?s ?p ?o FILTER(<urn:f:near>(?s, ?o)) }")
    (error,) = refused.json()["errors"]
    assert (400, "FunctionUnknown", "urn:f:near") == (refused.status_code, error["name"], error["value"])


def test_a_format_that_is_not_there_is_406(moerwijk: Service) -> None:
    """No silent fall-back to another format."""
    assert ask(moerwijk, COUNT, "application/pdf").status_code == 406
    assert ask(moerwijk, COUNT, "text/turtle").status_code == 406
    assert ask(moerwijk, COUNT, "application/pdf, text/csv;q=0.1").status_code == 200


def test_a_bare_get_describes_the_service(moerwijk: Service) -> None:
    """The service description as RDF, the page to ask from as HTML."""
    rdf = httpx.get(f"{moerwijk.url}/sparql", headers={"Accept": "text/turtle"})
    assert (rdf.status_code, "sparql-service-description" in rdf.text) == (200, True)
    html = httpx.get(f"{moerwijk.url}/sparql", headers={"Accept": "text/html"})
    assert (html.status_code, "<textarea" in html.text) == (200, True)


def test_head_answers_like_get_without_a_body(moerwijk: Service) -> None:
    """Same status and headers, nothing after them."""
    got = ask(moerwijk, COUNT)
    head = httpx.head(f"{moerwijk.url}/sparql", params={"query": COUNT})
    assert (200, b"", got.headers["etag"], got.headers["content-length"]) == (
        head.status_code,
        head.content,
        head.headers["etag"],
        head.headers["content-length"],
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_query_is_an_error_in_time_and_nothing_else_notices(moerwijk: Service, name: str) -> None:
    """A proper status, the process unchanged, and the next question answered at once."""
    query, status = HOSTILE[name]
    answer = httpx.post(f"{moerwijk.url}/sparql", data={"query": query}, timeout=60)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"]), answer.text
    assert ask(moerwijk, COUNT).status_code == 200
    assert moerwijk.process.poll() is None


def test_time_over_is_503_and_look_ups_go_on_meanwhile(moerwijk: Service) -> None:
    """While cross products run to their limit, pages and small questions are answered."""
    cross = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        heavy = [pool.submit(ask, moerwijk, cross) for _ in range(4)]
        time.sleep(0.5)
        answered = 0
        while not all(f.done() for f in heavy):
            assert httpx.get(f"{moerwijk.url}/healthz", timeout=60).status_code == 200
            assert (
                httpx.get(f"{moerwijk.url}/queries/open-calls", headers={"Accept": "text/csv"}, timeout=60).status_code
                == 200
            )
            answered += 1
        statuses = [f.result().status_code for f in heavy]
    assert answered > 3
    assert statuses == [503] * 4


def test_one_client_does_not_take_all_the_places(moerwijk: Service) -> None:
    """Above what one client may have running and waiting, 429 tells so at once; who goes away frees its place."""
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

    async def crowd() -> tuple[list[int], str]:
        async with httpx.AsyncClient(
            base_url=moerwijk.url, timeout=60, limits=httpx.Limits(max_connections=40)
        ) as client:
            asked = [asyncio.create_task(client.get("/sparql", params={"query": slow})) for _ in range(22)]
            done, waiting = await asyncio.wait(asked, timeout=2)
            for task in waiting:
                task.cancel()
            return [t.result().status_code for t in done], next(t.result() for t in done).headers["retry-after"]

    # In a thread of its own: the browser's driver keeps a loop running in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        statuses, retry = pool.submit(lambda: asyncio.run(crowd())).result()
    assert ([429] * 4, "5") == (statuses, retry)
    # The eighteen that were left behind would have taken 9 × 3 s, one pair after the other.
    deadline = time.monotonic() + 15
    while ask(moerwijk, COUNT).status_code == 429 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert 200 == ask(moerwijk, COUNT).status_code


def test_a_short_question_does_not_wait_behind_others_long_ones(moerwijk: Service) -> None:
    """Every place taken by as many strangers, more of them waiting: a newcomer's look-up is answered before theirs."""
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

    def stranger(number: int) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(local_address=f"127.0.0.{number}")
        return httpx.AsyncClient(base_url=moerwijk.url, timeout=60, transport=transport)

    async def crowd() -> tuple[list[int], int]:
        async with contextlib.AsyncExitStack() as stack:
            strangers = [await stack.enter_async_context(stranger(20 + i)) for i in range(8)]
            newcomer = await stack.enter_async_context(stranger(90))
            asked = [asyncio.create_task(s.get("/sparql", params={"query": slow})) for s in strangers]
            await asyncio.sleep(0.5)
            answers = [await newcomer.get("/sparql", params={"query": f"ASK {{ ?s ?p ?o }} # {i}"}) for i in range(5)]
            waiting = sum(not task.done() for task in asked)
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            return [a.status_code for a in answers], waiting

    most = 0
    for _ in range(4):
        # On a machine busy with other tests a look-up may itself be a long one; without tries it waits every time.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            statuses, waiting = pool.submit(lambda: asyncio.run(crowd())).result()
        assert [200] * 5 == statuses
        most = max(most, waiting)
        if most >= 5:
            break
        time.sleep(1)
    assert 5 <= most


def test_a_person_in_a_browser_gets_a_page_with_the_answer(moerwijk: Service) -> None:
    """The query stays in its field, the answer stands below it, and what is wrong is said in words."""
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    rows = ask(moerwijk, f"SELECT ?p {{ ?p a <{LW}Party> }}", browser)
    assert (200, True, True) == (rows.status_code, "<td" in rows.text, f"{LW}Party&gt;" in rows.text)
    graph = ask(moerwijk, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 3", browser)
    assert (200, True) == (graph.status_code, "<pre" in graph.text)
    unclear = ask(moerwijk, "SELECT * { ?s lw:heldBy ?o }", browser)
    assert (400, True) == (unclear.status_code, "PREFIX lw:" in unclear.text)
    assert "<textarea" in httpx.get(f"{moerwijk.url}/sparql?lang=en", headers={"Accept": browser}).text


def test_columns_stand_in_the_order_of_the_query(moerwijk: Service) -> None:
    """As SELECT lists them, and with `*` as the query first names them; sub-selects and paths included."""
    for query, head in {
        "SELECT ?s ?p ?o { ?o ?p ?s } LIMIT 1": "s,p,o",
        "SELECT * { ?s ?p ?o } LIMIT 1": "s,p,o",
        "SELECT DISTINCT * { ?z ?y ?x FILTER(?x != ?nowhere || true) } LIMIT 1": "z,y,x",
        "SELECT * { { SELECT ?b ?a { ?a a ?b } } ?b ?c* ?d }".replace("?c*", "a*") + " LIMIT 1": "b,a,d",
        "SELECT (COUNT(*) AS ?n) ?p { ?s ?p ?o } GROUP BY ?p LIMIT 1": "n,p",
    }.items():
        assert head == ask(moerwijk, query, "text/csv").text.split("\r\n")[0], query
        tsv = ask(moerwijk, query, "text/tab-separated-values").text.split("\n")[0]
        assert "\t".join(f"?{name}" for name in head.split(",")) == tsv
        assert head.split(",") == ask(moerwijk, query).json()["head"]["vars"]


def test_options_tells_what_a_browser_and_a_program_may_do(moerwijk: Service) -> None:
    """A preflight is answered for any origin, with the headers a page may read; plain OPTIONS names the verbs."""
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    before = httpx.options(f"{moerwijk.url}/sparql", headers=asked)
    assert (204, "*") == (before.status_code, before.headers["access-control-allow-origin"])
    assert "POST" in before.headers["access-control-allow-methods"]
    plain = httpx.options(f"{moerwijk.url}/sparql")
    assert (204, "GET, HEAD, OPTIONS, POST") == (plain.status_code, plain.headers["allow"])
    exposed = ask(moerwijk, COUNT).headers["access-control-expose-headers"]
    assert {"ETag", "Wijkgraaf-Position", "Wijkgraaf-Note", "Retry-After"} <= set(exposed.split(", "))


@pytest.mark.parametrize("media", ["application/sparql-query", "application/x-www-form-urlencoded"])
def test_another_charset_than_utf_8_is_refused(moerwijk: Service, media: str) -> None:
    """A body is UTF-8; one that says it is something else would be misread."""
    body = COUNT if media == "application/sparql-query" else "query=ASK%7B%7D"
    for charset, status in (("utf-8", 200), ('"UTF-8"', 200), ("iso-8859-1", 415)):
        headers = {"Content-Type": f"{media}; charset={charset}"}
        assert status == httpx.post(f"{moerwijk.url}/sparql", content=body, headers=headers).status_code


@pytest.mark.parametrize(
    ("headers", "body", "status", "name", "told"),
    [
        ({}, b"", 415, "MediaTypeMissing", "application/sparql-query"),
        ({"Content-Type": "text/plain"}, b"ASK {}", 415, "QueryMediaUnknown", "application/sparql-query"),
        ({"Content-Type": "application/sparql-query; charset=latin1"}, b"ASK {}", 415, "CharsetUnknown", "UTF-8"),
        ({"Content-Type": "application/sparql-query"}, b"#" * (2 << 20), 413, "QueryTooLong", "65536 bytes"),
        ({"Content-Type": "application/sparql-query"}, b"#" * (65 << 10), 413, "QueryTooLong", "65536 bytes"),
        (
            {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"},
            gzip.compress(COUNT.encode(), mtime=0),
            415,
            "EncodingUnknown",
            "identity",
        ),
    ],
)
def test_a_body_that_is_not_read_is_refused_in_words_of_its_own(
    moerwijk: Service, headers: dict[str, str], body: bytes, status: int, name: str, told: str
) -> None:
    """What is the matter (no type, no query, the charset, its size, that it is compressed), and what is read here."""
    answer = httpx.post(f"{moerwijk.url}/sparql", content=body, headers=headers)
    found = answer.json()
    assert (status, name, told) == (answer.status_code, found["errors"][0]["name"], found["limit"].partition(",")[0])
    assert "Turtle" not in found["detail"]
    assert (name == "EncodingUnknown") == (answer.headers.get("accept-encoding") == "identity")


def test_what_is_posted_is_never_unchanged(moerwijk: Service) -> None:
    """An ETag is that of an address: for another query, posted to the same address, it tells nothing."""
    media = {"Content-Type": "application/sparql-query"}
    first = httpx.post(f"{moerwijk.url}/sparql", content="SELECT (1 AS ?n) {}", headers=media)
    for known in (first.headers["etag"], "*"):
        kept = media | {"If-None-Match": known}
        other = httpx.post(f"{moerwijk.url}/sparql", content="SELECT (2 AS ?n) {}", headers=kept)
        assert (200, "2") == (other.status_code, other.json()["results"]["bindings"][0]["n"]["value"])


def test_the_description_tells_graphs_viewpoints_and_limits(moerwijk: Service) -> None:
    """Side graphs as the default dataset's, each party's view as available, each limit as a number."""
    text = httpx.get(f"{moerwijk.url}/sparql", headers={"Accept": "application/n-triples"}).text
    sd = "http://www.w3.org/ns/sparql-service-description#"
    assert f"<{BASE}/sparql#dataset> <{sd}namedGraph> <{BASE}/graph/ledger> ." in text
    assert f"<{BASE}/sparql#views> <{sd}namedGraph> <{BASE}/view/gemeente> ." in text
    assert f"<{BASE}/sparql> <{sd}availableGraphs> <{BASE}/sparql#views> ." in text
    assert f'<{BASE}/sparql#query_seconds_anonymous_max> <https://schema.org/value> "3" .' in text
    assert '"Query only; updates are not offered' in text
    assert "The parameter at asks the data as they stood then" in text
    assert f"{BASE}/snapshots" in text


def test_the_dataset_is_counted_in_void(moerwijk: Service) -> None:
    """`/.well-known/void` leads to it; the count is the endpoint's own, and unchanged data are 304."""
    void = httpx.get(f"{moerwijk.url}/.well-known/void", follow_redirects=True, headers={"Accept": "text/turtle"})
    assert (200, "/void") == (void.status_code, void.url.path)
    count = ask(moerwijk, COUNT).json()["results"]["bindings"][0]["n"]["value"]
    graph = Graph().parse(data=void.text, format="turtle")
    assert count in {str(o) for o in graph.objects(None, URIRef("http://rdfs.org/ns/void#triples"))}
    kept = {"If-None-Match": void.headers["etag"], "Accept": "text/turtle"}
    assert 304 == httpx.get(f"{moerwijk.url}/void", headers=kept).status_code
    assert 400 == httpx.get(f"{moerwijk.url}/void?x=1").status_code
    assert 406 == httpx.get(f"{moerwijk.url}/void", headers={"Accept": "image/png"}).status_code
