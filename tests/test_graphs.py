"""The Graph Store Protocol beyond the suites of W3C: which graphs there are, whose they are, what writing them does."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from kg.accounts import Accounts
from kg.party import Right
from tests.running import Service
from tests.stories import BASE
from tests.test_documents import TURTLE, met, plan, speaking, told
from tests.test_doors import triples

PARTY = "graaf"
THING = f"{BASE}/id/gemeente/b-agenda"
NT = {"Accept": "application/n-triples"}
TTL = {"Accept": "text/turtle"}


@pytest.fixture(scope="module")
def accounts(shared: Service) -> Iterator[Accounts]:
    """Tokens, made beside the service."""
    with Accounts(f"sqlite:///{shared.data}/ledger.sqlite") as accounts:
        yield accounts


@pytest.fixture(scope="module")
def holder(shared: Service, accounts: Accounts) -> Iterator[httpx.Client]:
    """A party with a token."""
    shared.run("party", "add", PARTY, "--name", "De graaf", "--perspective", "residents")
    with speaking(shared, accounts, PARTY) as client:
        yield client


@pytest.fixture(scope="module")
def anybody(shared: Service) -> Iterator[httpx.Client]:
    """Who has no token."""
    with shared.client() as client:
        yield client


def at(iri: str) -> str:
    """The address of a graph."""
    return f"/graphs?graph={quote(iri, safe='')}"


def own(name: str) -> str:
    """The IRI of a thing of the party."""
    return f"{BASE}/id/{PARTY}/{name}"


def put(client: httpx.Client, iri: str, body: str | None = None, **headers: str) -> httpx.Response:
    """One PUT of Turtle."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(at(iri), content=plan(holder=PARTY) if body is None else body, headers=TURTLE | named)


def test_a_document_is_the_same_graph_here_and_at_its_own_address(anybody: httpx.Client) -> None:
    """In every format, with the same tag, by its name or its address; without a wish it is Turtle, never a page."""
    for accept in ("text/turtle", "application/ld+json", "application/rdf+xml", "application/n-quads"):
        here = anybody.get(at(THING), headers={"Accept": accept})
        there = anybody.get("/doc/gemeente/b-agenda", headers={"Accept": accept})
        assert (200, there.content, there.headers["etag"]) == (here.status_code, here.content, here.headers["etag"])
    assert "text/turtle" in anybody.get(at(THING), headers={"Accept": "text/html,*/*;q=0.1"}).headers["content-type"]
    assert (
        anybody.get(at(f"{BASE}/doc/gemeente/b-agenda"), headers=NT).content
        == anybody.get(at(THING), headers=NT).content
    )
    assert (406, ["FormatUnknown"]) == met(anybody.get(at(THING), headers={"Accept": "image/png"}))
    assert 304 == anybody.get(at(THING), headers=TTL | {"If-None-Match": "*"}).status_code
    head = anybody.head(at(THING), headers=TTL)
    assert (200, b"", True) == (head.status_code, head.content, int(head.headers["content-length"]) > 0)


def test_a_graph_that_is_not_here_is_404_and_never_empty(anybody: httpx.Client, holder: httpx.Client) -> None:
    """Unknown, hidden, of nobody, in any format: one answer; DELETE the same."""
    put(holder, own("geheim"), plan(holder=PARTY, audience="own"))
    for iri in (
        own("nooit"),
        own("geheim"),
        f"{BASE}/contributions/nooit",
        f"{BASE}/view/nooit",
        "urn:nooit",
        f"{BASE}/x",
    ):
        for accept in ("text/turtle", "image/png", "*/*"):
            assert 404 == anybody.get(at(iri), headers={"Accept": accept}).status_code, iri
        assert 404 == anybody.head(at(iri)).status_code
    for iri in (own("nooit"), "urn:nooit", THING.replace("b-agenda", "nooit")):
        assert (404, ["NotThere"]) == met(holder.delete(at(iri)))
    assert 401 == anybody.delete(at(THING)).status_code
    assert (403, ["NotHolder"]) == met(holder.delete(at(THING)))
    assert (403, ["ForeignSubject"]) == met(put(holder, THING))


def test_who_begins_a_name_with_the_address_of_the_service_is_told_how_names_begin(anybody: httpx.Client) -> None:
    """Reached elsewhere than names begin: the 404 says with what they begin; a name of elsewhere tells nothing more."""
    here = str(anybody.base_url).rstrip("/")
    assert here != BASE
    for name in ("/id/gemeente/b-agenda", "/view/gemeente", "/id/gemeente/no-such-thing"):
        for door in ("/graphs?graph=", "/doc?iri="):
            answer = anybody.get(door + quote(here + name, safe=""), headers={"Accept": "text/turtle"})
            assert (404, ["NotThere"]) == met(answer)
            words = answer.json()["errors"][0]["message"]
            assert all(f"{BASE}/" in words[tongue] for tongue in ("nl", "en"))
    other = anybody.get(at("http://elsewhere.example/id/gemeente/b-agenda"))
    assert (404, False) == (other.status_code, BASE in other.json()["errors"][0]["message"]["en"])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?graph=",
        "?graph=plan-1",
        "?graph=//x/y",
        "?default&graph=urn:x",
        "?default=false",
        "?graph=urn:a&graph=urn:b",
    ],
)
def test_one_graph_is_named_in_full(holder: httpx.Client, query: str) -> None:
    """Nothing, half a name or two names: 400 with what is expected, whatever the verb."""
    for verb in ("GET", "PUT", "DELETE", *(["POST"] if query else [])):
        status, names = met(holder.request(verb, f"/graphs{query}", content=plan(holder=PARTY), headers=TURTLE))
        assert (400, True) == (status, names[0] in ("GraphUnclear", "ParameterUnclear")), verb
    assert (400, ["ParameterUnknown"]) == met(holder.get("/graphs?default&at=2020-01-01"))


def test_put_replaces_whatever_is_there_unless_a_condition_says_no(holder: httpx.Client, anybody: httpx.Client) -> None:
    """The verb alone is enough here; conditions are obeyed; what was withdrawn does not come back by it."""
    iri = own("plan-1")
    first = put(holder, iri)
    assert (201, f"/doc/{PARTY}/plan-1") == (first.status_code, first.headers["location"])
    second = put(holder, iri, plan("Tweede", holder=PARTY))
    assert (200, told(first)["contribution"]) == (second.status_code, told(second)["supersedes"])
    assert (412, ["Stale"]) == met(put(holder, iri, plan("Derde", holder=PARTY), If_Match=first.headers["etag"]))
    assert (412, ["ExistsAlready"]) == met(put(holder, iri, plan("Derde", holder=PARTY), If_None_Match="*"))
    assert (422, ["OtherDocument"]) == met(put(holder, iri, plan(holder=PARTY, subject=own("ander"))))
    with ThreadPoolExecutor(6) as many:
        bodies = [plan(f"Tegelijk {n}", holder=PARTY) for n in range(6)]
        sent = [one.status_code for one in many.map(lambda body: put(holder, iri, body), bodies)]
    assert set(sent) <= {200, 409}
    assert 200 in sent
    assert 200 == holder.delete(at(iri)).status_code
    gone = anybody.get(at(iri), headers=TTL)
    assert (404, ["Gone"]) == met(gone)
    assert "naam" not in gone.json()["errors"][0]["message"]["nl"]
    assert 410 == anybody.get(f"/doc/{PARTY}/plan-1", headers=TTL).status_code
    assert (409, ["Withdrawn"]) == met(put(holder, iri))
    back = holder.put(f"{at(iri)}&replace=true", content=plan(holder=PARTY), headers=TURTLE)
    assert 201 == back.status_code
    assert 200 == holder.delete(f"{at(iri)}&erase=true").status_code
    assert (404, ["Gone"]) == met(anybody.get(at(iri), headers=TTL))


def test_post_adds_to_a_document_and_makes_new_ones(holder: httpx.Client) -> None:
    """To a graph its union; without a graph a new one under an opaque name, at its Location; several as one batch."""
    iri = own("plan-2")
    assert 201 == holder.post(at(iri), content=plan(holder=PARTY), headers=TURTLE).status_code
    more = '<> <http://purl.org/dc/terms/title> "A plan"@en .'
    assert 200 == holder.post(at(iri), content=more, headers=TURTLE).status_code
    assert 6 == len(triples(holder.get(at(iri), headers=TTL)))
    made = holder.post("/graphs", content=plan("Nieuw", holder=PARTY), headers=TURTLE)
    assert (201, True) == (made.status_code, made.headers["location"].startswith(f"/doc/{PARTY}/v/"))
    assert "Nieuw" in holder.get(made.headers["location"], headers=TTL).text
    again = holder.post("/graphs", content=plan("Nieuw", holder=PARTY), headers=TURTLE)
    assert (200, made.headers["location"]) == (again.status_code, again.headers["location"])
    two = plan("Een", holder=PARTY, subject=own("een")) + plan("Twee", holder=PARTY, subject=own("twee"))
    batch = holder.post("/graphs", content=two, headers=TURTLE)
    assert (201, True) == (batch.status_code, batch.headers["location"].startswith("/batches/"))


def test_a_viewpoint_is_a_graph(anybody: httpx.Client) -> None:
    """The same as at its own address, in every format, with the same tag."""
    for accept in ("application/n-triples", "application/trig", "text/turtle", "application/n-quads"):
        here = anybody.get(at(f"{BASE}/view/gemeente"), headers={"Accept": accept})
        there = anybody.get("/view/gemeente", headers={"Accept": accept})
        assert (200, there.content, there.headers["etag"]) == (here.status_code, here.content, here.headers["etag"])
    assert triples(anybody.get(at(THING), headers=NT)) < triples(anybody.get(at(f"{BASE}/view/gemeente"), headers=NT))


def test_a_viewpoint_is_written_as_a_graph(shared: Service, accounts: Accounts) -> None:
    """PUT makes it what is sent, POST adds, DELETE takes all away: none of it by accident, or by another."""
    shared.run("party", "add", "overzicht", "--name", "Overzicht", "--perspective", "residents")
    view, mine = f"{BASE}/view/overzicht", f"{BASE}/id/overzicht"
    one, two, three = (plan(name, holder="overzicht", subject=f"{mine}/{name}") for name in ("een", "twee", "drie"))
    with speaking(shared, accounts, "overzicht") as client, speaking(shared, accounts, PARTY) as other:

        def names() -> list[str]:
            quads = ox.parse(client.get(at(view), headers=NT).content, format=ox.RdfFormat.N_TRIPLES)
            return sorted({str(q.subject)[1:-1].removeprefix(f"{mine}/") for q in quads})

        made = client.put(at(view), content=one + two, headers=TURTLE)
        assert (200, 2) == (made.status_code, made.json()["counts"]["added"])
        tag = client.get(at(view), headers=NT).headers["etag"]
        assert 200 == client.post(at(view), content=three, headers=TURTLE | {"If-Match": tag}).status_code
        assert ["drie", "een", "twee"] == names()
        assert (412, ["Stale"]) == met(client.put(at(view), content=one, headers=TURTLE | {"If-Match": tag}))
        dry = client.put(f"{at(view)}&dryRun=true", content=one, headers=TURTLE)
        assert (200, 2) == (dry.status_code, dry.json()["counts"]["withdrawn"])
        assert 200 == client.put(at(view), content=one + three, headers=TURTLE).status_code
        assert ["drie", "een"] == names()
        assert 403 == other.delete(f"{at(view)}&allowWithdraw=2").status_code
        assert (400, ["ParameterUnknown"]) == met(client.delete(f"{at(view)}&erase=true"))
        for allowed in ("", "&allowWithdraw=1"):
            assert 409 == client.delete(f"{at(view)}{allowed}").status_code
        assert ["drie", "een"] == names()
        gone = client.delete(f"{at(view)}&allowWithdraw=2")
        assert (200, 2) == (gone.status_code, gone.json()["counts"]["withdrawn"])
        assert [] == names()


def test_what_was_said_is_read_and_never_written(holder: httpx.Client, anybody: httpx.Client) -> None:
    """A contribution is a graph with its content; writing it, the default graph or one of ours is 405 with the way."""
    first = told(put(holder, own("plan-3")))["contribution"]
    read = anybody.get(at(first), headers={"Accept": "application/n-quads"})
    assert (200, {f"<{first}>"}) == (read.status_code, {line.split(" ")[-2] for line in read.text.splitlines()})
    assert triples(read) == triples(anybody.get(at(own("plan-3")), headers=TTL))
    hidden = told(put(holder, own("plan-4"), plan(holder=PARTY, audience="own")))["contribution"]
    assert 404 == anybody.get(at(hidden), headers=TTL).status_code
    assert 200 == holder.get(at(hidden), headers=TTL).status_code
    put(holder, own("plan-3"), plan("Anders", holder=PARTY))
    assert 404 == anybody.get(at(first), headers=TTL).status_code
    assert 200 == holder.get(at(first), headers=TTL).status_code
    unknown = f"{BASE}/contributions/00000000-0000-4000-8000-000000000000"
    for where in (at(first), at(hidden), at(unknown), at(f"{BASE}/graph/ledger"), "/graphs?default"):
        for verb in ("PUT", "POST", "DELETE"):
            answer = holder.request(verb, where, content=plan(holder=PARTY), headers=TURTLE)
            assert (405, ["GraphKept"]) == met(answer)
            assert "GET, HEAD, OPTIONS" == answer.headers["allow"]
            assert f"{verb} /graphs?graph=" in answer.json()["errors"][0]["message"]["en"]
    vocabulary = rdflib.Graph().parse(
        data=anybody.get(at(f"{BASE}/graph/vocabulary"), headers=TTL).text, format="turtle"
    )
    assert len(vocabulary) > 1000


def test_the_default_graph_is_all_that_one_may_read(
    shared: Service, accounts: Accounts, holder: httpx.Client, anybody: httpx.Client
) -> None:
    """What `/sparql` asks when no graph is named, for each audience its own; tagged by position, in every format."""
    put(holder, own("voor-partners"), plan("Woorden voor partners", holder=PARTY, audience="partners"))
    put(holder, own("voor-mij"), plan("Woorden voor mij", holder=PARTY, audience="own"))
    with speaking(shared, accounts, "voorbeeld-zorg", Right.READ_PARTNERS) as partner:
        answers = {}
        for client in (anybody, partner, holder):
            answer = client.get("/graphs?default", headers=NT)
            query = {"query": "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"}
            assert triples(answer) == triples(client.post("/sparql", data=query, headers=NT))
            answers[client] = answer.text
        assert [False, True, True] == ["Woorden voor partners" in text for text in answers.values()]
        assert not any("Woorden voor mij" in text for text in answers.values())
    first = anybody.get("/graphs?default", headers=TTL)
    assert 304 == anybody.get("/graphs?default", headers=TTL | {"If-None-Match": first.headers["etag"]}).status_code
    assert triples(first) == triples(anybody.get("/graphs?default", headers=NT))
    put(holder, own("plan-5"))
    after = anybody.get("/graphs?default", headers=TTL | {"If-None-Match": first.headers["etag"]})
    assert (200, True) == (after.status_code, own("plan-5") in after.text)
    assert "private, no-store" == holder.get("/graphs?default", headers=TTL).headers["cache-control"]
    head = anybody.head("/graphs?default", headers=TTL)
    assert (200, str(len(after.content))) == (head.status_code, head.headers["content-length"])


def test_rdflib_reads_graphs_where_they_are(shared: Service, holder: httpx.Client) -> None:
    """A graph, and everything, parsed straight from the address; what it writes it reads back, isomorphic."""
    mine = rdflib.Graph().parse(data=plan("Van rdflib", holder=PARTY), format="turtle", publicID=own("rdflib"))
    sent = holder.put(
        at(own("rdflib")), content=mine.serialize(format="xml"), headers={"Content-Type": "application/rdf+xml"}
    )
    assert 201 == sent.status_code, sent.text
    back = rdflib.Graph().parse(f"{shared.url}{at(own('rdflib'))}")
    assert isomorphic(mine, back)
    assert set(mine) <= set(rdflib.Graph().parse(f"{shared.url}/graphs?default", format="nt"))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_writes_and_reads_as_the_documentation_says(shared: Service, accounts: Accounts, tmp_path: Path) -> None:
    """-T puts a file, -F adds files, -X DELETE takes it away."""
    with speaking(shared, accounts, PARTY) as client:
        bearer = f"Authorization: {client.headers['Authorization']}"
    (tmp_path / "plan.ttl").write_text(plan("Van curl", holder=PARTY))
    (tmp_path / "titel.ttl").write_text('<> <http://purl.org/dc/terms/title> "From curl"@en .')
    graph = f"{shared.url}{at(own('curl'))}"

    def curl(*words: str) -> str:
        done = subprocess.run(
            ["curl", "-sS", "--fail", "-H", bearer, *words, graph],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    assert '"created":true' in curl("-T", "plan.ttl", "-H", "Content-Type: text/turtle")
    assert '"created":true' in curl("-F", "titel=@titel.ttl;type=text/turtle")
    assert {"Van curl", "From curl"} == {
        q.object.value
        for q in ox.parse(curl("-H", "Accept: application/n-triples"), format=ox.RdfFormat.N_TRIPLES)
        if q.predicate.value.endswith("terms/title") and isinstance(q.object, ox.Literal)
    }
    assert '"kind":"withdraw"' in curl("-X", "DELETE")
