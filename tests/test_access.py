"""Who reads what, at every door: each role, each audience, each way in, and the shapes in which a secret could leak."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.running import Service, copy_of, start_service
from tests.stories import BASE, PREFIXES, story

LW = "https://w3id.org/lerende-wijk/def#"
TEXT = "http://purl.org/dc/terms/description"
ROLES = {
    "anonymous": None,
    "partner": ("voorbeeld-zorg", "read-partners"),
    "other party": ("voorbeeld-gemeente", "contribute"),
    "at the table": ("voorbeeld-zorg", "contribute"),
    "holder": ("voorbeeld-bewoners", "contribute"),
    "recorder": ("redactie", "record-for"),
    "steward": ("wijk", "steward"),
}
AUDIENCES = ("own", "table", "partners", "public")
# Which role reads the words of a document of which audience. `recorder` has recorded none of these.
READS = {
    "anonymous": {"public"},
    "partner": {"public", "partners"},
    "other party": {"public", "partners"},
    "at the table": {"public", "partners", "table"},
    "holder": {"public", "partners", "table", "own"},
    "recorder": {"public"},
    "steward": {"public"},
}
STORES = {"public", "partners"}


@dataclass(frozen=True)
class World:
    """A service with one story of each audience, and a client for each role."""

    service: Service
    clients: dict[str, httpx.Client]
    contributions: dict[str, str]
    at: str
    """When all of them stood there."""


def secret(audience: str) -> str:
    """The words by which a story of this audience is known when it leaks."""
    return f"woorden-van-{audience}"


@pytest.fixture(scope="module")
def world(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Four stories of `voorbeeld-bewoners`, one for each audience."""

    data = copy_of(moerwijk_folder, tmp_path_factory.mktemp("access"))
    service = start_service(data, BASE)
    clients = {role: service.client(service.token(*who) if who else None) for role, who in ROLES.items()}
    contributions: dict[str, str] = {}
    for audience in AUDIENCES:
        table = f" ; lw:tableOf <{BASE}/id/voorbeeld-zorg>" if audience == "table" else ""
        body = story("voorbeeld-bewoners", f"t-{audience}", text=secret(audience), audience=audience, extra=table)
        taken = clients["holder"].post("/contributions", content=body.encode(), headers={"Content-Type": "text/turtle"})
        assert taken.status_code == 201, taken.text
        contributions[audience] = taken.headers["location"]
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    yield World(service, clients, contributions, at)
    for client in clients.values():
        client.close()
    service.stop()


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_at_each_door_what_is_for_it(world: World, role: str, audience: str) -> None:
    """A document, its page, its contribution, the viewpoint and SPARQL agree; what is not for one is 404."""
    client = world.clients[role]
    reads = audience in READS[role]
    rdf = {"Accept": "application/n-quads"}
    document = client.get(f"/doc/voorbeeld-bewoners/t-{audience}", headers=rdf)
    assert (200 if reads else 404, reads) == (document.status_code, secret(audience) in document.text)
    page = client.get(f"/doc/voorbeeld-bewoners/t-{audience}", headers={"Accept": "text/html"})
    assert (200 if reads else 404, reads) == (page.status_code, secret(audience) in page.text)
    contribution = client.get(world.contributions[audience], headers=rdf)
    assert (200 if reads else 404, reads) == (contribution.status_code, secret(audience) in contribution.text)
    view = client.get("/view/voorbeeld-bewoners", headers=rdf)
    assert reads == (secret(audience) in view.text)
    query = f'SELECT ?s {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), "{secret(audience)}")) }}'
    asked = client.get("/sparql", params={"query": query}, headers={"Accept": "text/csv"})
    assert (reads and audience in STORES) == ("voorbeeld-bewoners" in asked.text)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_of_the_past_what_is_for_it(world: World, role: str, audience: str) -> None:
    """As it was a moment ago: the store's documents for its readers, and its own for the holder; no list tells more."""
    client = world.clients[role]
    in_store = audience in READS[role] & STORES
    reads = in_store or role == "holder"
    rdf = {"Accept": "application/n-quads"}
    path, at = f"voorbeeld-bewoners/t-{audience}", {"at": world.at}
    document = client.get(f"/doc/{path}", params=at, headers=rdf)
    assert (200 if reads else 404, reads) == (document.status_code, secret(audience) in document.text)
    view = client.get("/view/voorbeeld-bewoners", params=at, headers=rdf)
    assert in_store == (secret(audience) in view.text)
    timemap = client.get(f"/timemap/{path}")
    assert (200 if in_store else 404, in_store) == (timemap.status_code, f"t-{audience}?at=" in timemap.text)
    gate = client.get(f"/doc/{path}", headers={"Accept-Datetime": "Fri, 01 Jan 2100 00:00:00 GMT"})
    assert (302 if in_store else 404) == gate.status_code
    query = f'SELECT ?s {{ ?s ?p ?o FILTER(CONTAINS(STR(?o), "{secret(audience)}")) }}'
    asked = client.get("/sparql", params={"query": query, **at}, headers={"Accept": "text/csv"})
    assert in_store == ("voorbeeld-bewoners" in asked.text)


LEAKS = {
    "FROM": "SELECT * FROM <{graph}> { ?s ?p ?o }",
    "FROM NAMED": "SELECT * FROM NAMED <{graph}> { GRAPH ?g { ?s ?p ?o } }",
    "FROM view": f"SELECT * FROM <{BASE}/view/voorbeeld-bewoners> {{ ?s ?p ?o }}",
    "FROM NAMED view": f"SELECT * FROM NAMED <{BASE}/view/voorbeeld-bewoners> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    "GRAPH": "SELECT * { GRAPH <{graph}> { ?s ?p ?o } }",
    "GRAPH ?g": "SELECT * { GRAPH ?g { ?s ?p ?o } }",
    "path": f"SELECT * {{ <{BASE}/id/voorbeeld-bewoners/t-{{audience}}> (<{LW}x>|!<{LW}x>)* ?o }}",
    "inverse path": f"SELECT * {{ <{BASE}/id/voorbeeld-bewoners> ^<{LW}heldBy>/<{TEXT}> ?o }}",
    "EXISTS": f"SELECT (EXISTS {{ <{BASE}/id/voorbeeld-bewoners/t-{{audience}}> ?p ?o }} AS ?leak) {{ }}",
    "DESCRIBE": f"DESCRIBE <{BASE}/id/voorbeeld-bewoners/t-{{audience}}>",
    "sub-select": "SELECT * { { SELECT ?o { ?s <http://purl.org/dc/terms/description> ?o } } }",
    "VALUES": f"SELECT * {{ VALUES ?s {{ <{BASE}/id/voorbeeld-bewoners/t-{{audience}}> }} ?s ?p ?o }}",
    "MINUS": f"SELECT * {{ ?s ?p ?o MINUS {{ ?s a <{LW}Party> }} }}",
    "OPTIONAL": f"SELECT * {{ BIND(<{BASE}/id/voorbeeld-bewoners/t-{{audience}}> AS ?x) OPTIONAL {{ ?x ?p ?o }} }}",
    "aggregate": "SELECT (GROUP_CONCAT(STR(?o)) AS ?all) { ?s <http://purl.org/dc/terms/description> ?o }",
    "ledger": f"SELECT * {{ ?g <{LW}document> ?d }}",
    "CONSTRUCT": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
}


# The shapes that name what they look for, and some more that only count it or tell whether it is there.
NAMING = {name: text for name, text in LEAKS.items() if "{graph}" in text or "{audience}" in text} | {
    "COUNT": "SELECT (COUNT(*) AS ?n) { GRAPH <{graph}> { ?s ?p ?o } }",
    "ASK": f"ASK {{ <{BASE}/id/voorbeeld-bewoners/t-{{audience}}> ?p ?o }}",
    "NOT EXISTS": "SELECT ?x { VALUES ?x { 1 } FILTER NOT EXISTS { GRAPH <{graph}> { ?s ?p ?o } } }",
    "error": "SELECT * FROM <{graph}> { ?s ?p }",
}


@pytest.mark.parametrize("audience", ["own", "table", "partners"])
@pytest.mark.parametrize("shape", LEAKS)
def test_no_query_tells_a_stranger_what_is_not_public(world: World, shape: str, audience: str) -> None:
    """Seventeen shapes of query, against the words, the name and the graph of a story that is not public."""
    graph = BASE + world.contributions[audience]
    text = LEAKS[shape].replace("{graph}", graph).replace("{audience}", audience).replace("{{", "{").replace("}}", "}")
    answer = world.clients["anonymous"].post(
        "/sparql", data={"query": text}, headers={"Accept": "text/csv, application/n-triples"}
    )
    assert 200 == answer.status_code, answer.text
    shown = answer.text.replace(f"{BASE}/id/voorbeeld-bewoners/t-{audience}\n", "")
    assert secret(audience) not in shown
    assert graph not in shown
    if shape == "EXISTS":
        assert "false" in shown
    if shape in ("GRAPH ?g", "CONSTRUCT", "ledger"):
        assert f"t-{audience}" not in shown


@pytest.mark.parametrize("audience", ["own", "table", "partners"])
@pytest.mark.parametrize("shape", NAMING)
def test_what_is_hidden_looks_like_what_never_was(world: World, shape: str, audience: str) -> None:
    """To a stranger: the same status, rows, notes and words for a hidden story and for a name nobody ever used."""
    text = NAMING[shape].replace("{{", "{").replace("}}", "}")
    graph = BASE + world.contributions[audience]
    never = f"{BASE}/contributions/00000000-0000-4000-8000-000000000000"

    def told(graph: str, name: str) -> tuple[int, list[str], str | None, str]:
        answer = world.clients["anonymous"].post(
            "/sparql",
            data={"query": text.replace("{graph}", graph).replace("{audience}", name)},
            headers={"Accept": "text/csv, application/n-triples"},
        )

        def plain(words: str) -> str:
            return words.replace(graph, "GRAPH").replace(f"t-{name}", "NAME")

        note = answer.headers.get("wijkgraaf-note")
        rows = sorted(plain(answer.text).splitlines())
        return answer.status_code, rows, note and plain(note), answer.headers["content-type"]

    assert told(never, "never") == told(graph, audience)


@pytest.mark.parametrize("audience", ["own", "table", "partners"])
def test_no_dataset_of_the_protocol_tells_a_stranger_more(world: World, audience: str) -> None:
    """Neither default-graph-uri nor named-graph-uri, for a graph, a document or a viewpoint."""
    graph = BASE + world.contributions[audience]
    for place in (graph, f"{BASE}/id/voorbeeld-bewoners/t-{audience}", f"{BASE}/view/voorbeeld-bewoners"):
        for way, query in (
            ("default-graph-uri", "SELECT * { ?s ?p ?o }"),
            ("named-graph-uri", "SELECT * { GRAPH ?g { ?s ?p ?o } }"),
        ):
            answer = world.clients["anonymous"].get(
                "/sparql", params={"query": query, way: place}, headers={"Accept": "text/csv"}
            )
            assert 200 == answer.status_code
            assert secret(audience) not in answer.text
            assert f"t-{audience}" not in answer.text


def test_an_answer_to_a_partner_is_kept_for_no_stranger(world: World) -> None:
    """The same question right after it was asked with a token, in the same words, and with its ETag."""
    query = {"query": f"SELECT ?o {{ ?s <{TEXT}> ?o }} # kept?"}
    mine = world.clients["partner"].get("/sparql", params=query)
    theirs = world.clients["anonymous"].get("/sparql", params=query)
    assert secret("partners") in mine.text
    assert secret("partners") not in theirs.text
    assert "private, no-store" == mine.headers["cache-control"]
    asked_again = world.clients["anonymous"].get(
        "/sparql", params=query, headers={"If-None-Match": mine.headers["etag"]}
    )
    assert (200, False) == (asked_again.status_code, secret("partners") in asked_again.text)
    assert secret("partners") in world.clients["partner"].get("/sparql", params=query).text


def test_nothing_public_moves_when_something_restricted_is_written(world: World) -> None:
    """Position and ETag that a stranger sees stay the same; a partner's move only for partners."""

    def seen(role: str) -> tuple[str, str]:
        answer = world.clients[role].get("/sparql", params={"query": "ASK { ?s ?p ?o }"})
        return answer.headers["wijkgraaf-position"], answer.headers["etag"]

    before = {role: seen(role) for role in ("anonymous", "partner")}
    for audience in ("own", "table"):
        table = f" ; lw:tableOf <{BASE}/id/voorbeeld-zorg>" if audience == "table" else ""
        body = story("voorbeeld-bewoners", f"m-{audience}", audience=audience, extra=table)
        headers = {"Content-Type": "text/turtle"}
        assert 201 == world.clients["holder"].post("/contributions", content=body.encode(), headers=headers).status_code
    assert before == {role: seen(role) for role in before}
    body = story("voorbeeld-bewoners", "m-partners", audience="partners")
    world.clients["holder"].post("/contributions", content=body.encode(), headers={"Content-Type": "text/turtle"})
    assert before["anonymous"] == seen("anonymous")
    assert before["partner"] != seen("partner")


def test_a_tie_may_not_be_more_public_than_its_ends(world: World) -> None:
    """Refused at the door, in words that tell nothing about the end that is hidden."""
    body = PREFIXES + (
        f"<{BASE}/id/voorbeeld-gemeente/c-x> a lw:Connection ; lw:heldBy <{BASE}/id/voorbeeld-gemeente> ;\n"
        f" lw:audience audience:public ; lw:from <{BASE}/id/voorbeeld-gemeente/plan> ;\n"
        f" lw:to <{BASE}/id/voorbeeld-bewoners/t-own> ; lw:relation relation:answers ; lw:rationale 'Omdat.'@nl .\n"
    )
    hidden = world.clients["other party"].post(
        "/contributions", content=body.encode(), headers={"Content-Type": "text/turtle"}
    )
    nowhere = world.clients["other party"].post(
        "/contributions",
        content=body.replace("t-own", "t-nix").encode(),
        headers={"Content-Type": "text/turtle"},
    )
    assert 422 == hidden.status_code == nowhere.status_code

    def told(answer: httpx.Response) -> list[str]:
        return sorted(e["name"] + e["message"]["en"].replace("t-own", "t-nix") for e in answer.json()["errors"])

    assert told(nowhere) == told(hidden)
