"""What `docs/differences.md` and `docs/formats.md` say of this endpoint, each sentence tried through the door."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.running import Service

PAGE = (Path(__file__).parent.parent / "docs" / "differences.md").read_text()
LW = "PREFIX lw: <https://w3id.org/lerende-wijk/def#> "
STORIES = "SELECT ?story { ?story a lw:Story }"
VIEW = "http://127.0.0.1:8000/view/gemeente"
COMMENT = '"0100"^^<http://www.w3.org/2001/XMLSchema#integer>'


def ask(service: Service, query: str, accept: str = "text/csv", **more: str) -> httpx.Response:
    """One question at the door."""
    with service.client() as client:
        return client.post("/sparql", data={"query": query, **more}, headers={"Accept": accept})


def lines(service: Service, query: str) -> list[str]:
    """The rows of an answer in CSV, without its head."""
    found = ask(service, query)
    assert 200 == found.status_code, found.text
    return found.text.strip().splitlines()[1:]


@pytest.mark.parametrize(
    ("query", "status", "name"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/sparql> { ?s ?p ?o } }", 400, "ServiceRefused"),
        (
            'SELECT * { ?s ?p ?o SERVICE <http://wikiba.se/ontology#label> { <x:a> <x:b> "en" } }',
            400,
            "ServiceRefused",
        ),
        ("INSERT DATA { <x:a> <x:b> <x:c> }", 403, "UpdateRefused"),
        ("LOAD <http://127.0.0.1:1/x>", 403, "UpdateRefused"),
        (STORIES, 400, "PrefixUnknown"),
        (f"SELECT * {{ GRAPH <{VIEW}> {{ ?s ?p ?o }} }}", 400, "ViewAsGraph"),
        ("SELECT (<http://example.org/near>(1, 2) AS ?x) { }", 400, "FunctionUnknown"),
        ("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", 503, "TimeOut"),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f }", 413, "AnswerTooLarge"),
    ],
)
def test_what_is_not_answered_is_an_error_by_name(query: str, status: int, name: str, moerwijk: Service) -> None:
    """No SERVICE, no label service, no updates, no prefixes by themselves; too long and too large are never cut."""
    found = ask(moerwijk, query)
    assert (status, name) == (found.status_code, found.json()["errors"][0]["name"])
    assert "application/problem+json" == found.headers["content-type"]


def test_a_missing_prefix_is_named(moerwijk: Service) -> None:
    """The error says which one."""
    assert "PREFIX lw:" in ask(moerwijk, STORIES).json()["errors"][0]["message"]["en"]


def test_a_parameter_that_is_not_obeyed_is_refused(moerwijk: Service) -> None:
    """`timeout=5` is not accepted and forgotten, and nothing may be said twice."""
    with moerwijk.client() as client:
        assert 400 == client.get("/sparql?query=ASK{}&timeout=5").status_code
        assert 400 == client.get("/sparql?query=ASK{}&query=ASK{}").status_code


def test_the_default_graph_is_the_union(moerwijk: Service) -> None:
    """A story is found without GRAPH, and GRAPH gives its contribution."""
    assert 29 == len(lines(moerwijk, LW + STORIES))
    assert 29 == len(lines(moerwijk, LW + "SELECT ?g { GRAPH ?g { ?story a lw:Story } }"))


def test_no_row_is_left_out(moerwijk: Service) -> None:
    """There is no limit on rows: as many come as are counted."""
    (count,) = lines(moerwijk, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    found = ask(moerwijk, "SELECT ?s ?p ?o { ?s ?p ?o }", "application/sparql-results+json")
    assert int(count) == len(found.json()["results"]["bindings"]) > 10_000


def test_there_are_no_blank_nodes(moerwijk: Service) -> None:
    """Everything has an address."""
    assert [] == lines(moerwijk, "SELECT ?s { ?s ?p ?o FILTER(ISBLANK(?s) || ISBLANK(?o)) }")


def test_describe_gives_what_is_said_of_a_thing_itself(moerwijk: Service) -> None:
    """The triples whose subject it is, neither its parts nor what points to it."""
    thing = "http://127.0.0.1:8000/id/voorbeeld-bewoners/v-schimmel"
    found = ask(moerwijk, f"DESCRIBE <{thing}>", "application/n-triples").text.splitlines()
    assert {f"<{thing}>"} == {line.split(" ")[0] for line in found}
    assert len(lines(moerwijk, f"SELECT ?p ?o {{ <{thing}> ?p ?o }}")) == len(found)
    assert lines(moerwijk, f"SELECT ?s {{ ?s ?p <{thing}> }}")
    both = ask(moerwijk, f"DESCRIBE <{thing}> <{thing}#verteller>", "application/n-triples").text.splitlines()
    assert len(both) > len(found)


def test_numbers_lose_their_spelling_in_sparql_and_keep_it_in_the_document(shared: Service) -> None:
    """`0100` is shown as 100 and found by both; the document has it as its holder wrote it."""
    shared.run("party", "add", "spelling", "--name", "Spelling", "--perspective", "residents")
    token = shared.token("spelling", "contribute")
    thing = "http://127.0.0.1:8000/id/spelling/bank"
    body = f"""PREFIX lw: <https://w3id.org/lerende-wijk/def#>
        <{thing}> a lw:Facility ; lw:heldBy <http://127.0.0.1:8000/id/spelling> ;
        lw:audience <https://w3id.org/lerende-wijk/id/concept/audience/public> ; lw:accuracyMetres {COMMENT} ;
        <http://purl.org/dc/terms/title> "Een bank"@nl ."""
    with shared.client(token) as client:
        assert 201 == client.post("/contributions", content=body, headers={"Content-Type": "text/turtle"}).status_code
        kept = client.get("/doc/spelling/bank", headers={"Accept": "application/n-triples"}).text
    assert COMMENT in kept
    assert ["100"] == lines(shared, LW + f"SELECT ?m {{ <{thing}> lw:accuracyMetres ?m }}")
    for spelling in (COMMENT, "100"):
        assert [thing] == lines(shared, LW + f"SELECT ?s {{ ?s lw:accuracyMetres {spelling} }}")


def test_two_traps_of_the_engine_are_as_told(moerwijk: Service) -> None:
    """GROUP_CONCAT of addresses is empty without STR; HAVING does not know the names of SELECT."""
    concat = "SELECT (GROUP_CONCAT(?s) AS ?bare) (GROUP_CONCAT(STR(?s)) AS ?text) { ?s a lw:Offer }"
    assert [",http://127.0.0.1:8000/id/voorbeeld-bewoners/a-klussen"] == lines(moerwijk, LW + concat)
    counted = LW + "SELECT ?h (COUNT(*) AS ?n) { ?s a lw:Story ; lw:heldBy ?h } GROUP BY ?h "
    assert [] == lines(moerwijk, counted + "HAVING(?n > 3)")
    assert 2 == len(lines(moerwijk, counted + "HAVING(COUNT(*) > 3)"))


def test_two_more_traps_of_the_engine_are_as_told(moerwijk: Service) -> None:
    """A count inside GRAPH comes once, outside for each graph; a path of no steps needs a thing that is there."""
    inside = lines(moerwijk, LW + "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s a lw:Story } } }")
    assert [",29"] == inside
    outside = lines(moerwijk, LW + "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s a lw:Story } } GROUP BY ?g")
    assert 29 == len(outside)
    thing = "http://127.0.0.1:8000/id/voorbeeld-bewoners/v-schimmel"
    assert thing in lines(moerwijk, LW + f"SELECT ?x {{ <{thing}> lw:from* ?x }}")
    assert [] == lines(moerwijk, LW + "SELECT ?x { <http://example.org/nowhere> lw:from* ?x }")


def test_xml_is_refused_where_it_would_not_parse_and_ask_in_csv_is_one_word(moerwijk: Service) -> None:
    """406 with the name of the objection; JSON and Turtle hold everything."""
    query = 'SELECT ("\\u0001" AS ?x) { }'
    refused = ask(moerwijk, query, "application/sparql-results+xml")
    assert (406, "NotForXml") == (refused.status_code, refused.json()["errors"][0]["name"])
    assert 200 == ask(moerwijk, query, "application/sparql-results+json").status_code
    assert "true" == ask(moerwijk, "ASK { ?s ?p ?o }").text.strip()


def test_labels_are_ordinary_triples(moerwijk: Service) -> None:
    """The pattern that the page gives finds the name of every theme."""
    pattern = PAGE.split("```sparql\n")[1].split("```")[0]
    query = (
        LW
        + "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT DISTINCT ?theme ?label { ?s lw:theme ?theme "
        + pattern
        + "}"
    )
    found = lines(moerwijk, query)
    assert "https://w3id.org/lerende-wijk/id/concept/theme/housing,housing" in found
    assert [] == [row for row in found if row.endswith(",")]


def test_a_viewpoint_stands_alone_and_an_unknown_graph_is_empty_and_named(moerwijk: Service) -> None:
    """FROM a viewpoint has no labels until the vocabulary is added; a graph that is not there is told of."""
    theme = LW + "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT DISTINCT ?label "
    where = "{ ?s lw:theme/skos:prefLabel ?label }"
    assert [] == lines(moerwijk, f"{theme} FROM <{VIEW}> {where}")
    assert "wonen" in lines(moerwijk, f"{theme} FROM <{VIEW}> FROM <http://127.0.0.1:8000/graph/vocabulary> {where}")
    empty = ask(moerwijk, "SELECT ?s FROM <http://example.org/g> { ?s ?p ?o }")
    assert ("s", "empty: http://example.org/g") == (empty.text.strip(), empty.headers["wijkgraaf-note"])
    named = lines(moerwijk, LW + f"SELECT DISTINCT ?g FROM NAMED <{VIEW}> {{ GRAPH ?g {{ ?s a lw:Policy }} }}")
    assert named
    assert all(g.startswith("http://127.0.0.1:8000/contributions/") for g in named)
    # The protocol's parameters win over the query.
    other = ask(moerwijk, f"SELECT DISTINCT ?h FROM <{VIEW}> {{ ?s <https://w3id.org/lerende-wijk/def#heldBy> ?h }}",
                **{"default-graph-uri": "http://127.0.0.1:8000/view/voorbeeld-zorg"})  # fmt: skip
    assert ["h", "http://127.0.0.1:8000/id/voorbeeld-zorg"] == other.text.split()


def test_the_past_is_asked_by_a_parameter(shared: Service) -> None:
    """At the first moment of the ledger an offer is not there, at its own it is; redactions are counted."""
    dated = LW + "PREFIX dcterms: <http://purl.org/dc/terms/> "
    offer = "http://127.0.0.1:8000/id/voorbeeld-bewoners/a-klussen"
    (first,) = lines(shared, dated + "SELECT (MIN(?t) AS ?first) { ?c lw:document ?d ; dcterms:created ?t }")
    (moment,) = lines(shared, dated + f"SELECT ?t {{ ?c lw:document <{offer}> ; dcterms:created ?t }}")
    before, after = (ask(shared, LW + "SELECT ?offer { ?offer a lw:Offer }", at=at) for at in (first, moment))
    assert ["offer"] == before.text.split()
    assert ["offer", offer] == after.text.split()
    assert "0" == after.headers["wijkgraaf-redactions"]
    assert int(before.headers["wijkgraaf-position"]) < int(after.headers["wijkgraaf-position"])


def test_a_rewritten_query_says_so_and_answers_the_same(moerwijk: Service) -> None:
    """The note is there when EXISTS of several patterns was rewritten, and not with rewrite=off; equal rows."""
    query = (
        LW + "SELECT ?s { ?s a lw:Story FILTER NOT EXISTS { ?t lw:from ?s ; lw:to ?p . ?p a lw:Policy } } ORDER BY ?s"
    )
    rewritten, written = ask(moerwijk, query), ask(moerwijk, query, rewrite="off")
    assert "EXISTS" in rewritten.headers["wijkgraaf-note"]
    assert "wijkgraaf-note" not in written.headers
    assert rewritten.text == written.text
    assert len(rewritten.text.split()) > 10
