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
