"""What a newcomer with the README does first: publish a story, see it everywhere, break it, take it away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.running import Service
from tests.stories import BASE, connection, response, story

TURTLE = {"Content-Type": "text/turtle"}


NUMBERS = itertools.count(1)


@dataclass
class Street:
    """A new party and its client: each test has a party of its own, so that one service serves them all."""

    party: str
    client: httpx.Client
    service: Service

    def iri(self, name: str) -> str:
        """The IRI of one of its things."""
        return f"{BASE}/id/{self.party}/{name}"


@pytest.fixture
def street(shared: Service) -> Iterator[Street]:
    """A client of a new party."""
    party = f"straat-{next(NUMBERS)}"
    shared.run("party", "add", party, "--name", "Mijn straat", "--perspective", "residents")
    with shared.client(shared.token(party, "contribute")) as client:
        yield Street(party, client, shared)


def publish(client: httpx.Client, turtle: str, **parameters: str) -> httpx.Response:
    """One POST of Turtle."""
    return client.post("/contributions", content=turtle.encode(), headers=TURTLE, params=parameters)


def test_a_story_is_published_and_seen_at_once_everywhere(street: Street) -> None:
    """201 with a receipt; then SPARQL, its own page, and Side by side show it without waiting."""
    published = publish(street.client, story(street.party, text="De lift staat al drie weken stil."))
    assert published.status_code == 201, published.text
    taken = published.json()["contributions"][0]
    assert published.headers["location"] == taken["contribution"].removeprefix(BASE)
    path = taken["document"].removeprefix(f"{BASE}/id/")
    assert path.startswith(f"{street.party}/v/")
    query = f"ASK {{ <{taken['document']}> a <https://w3id.org/lerende-wijk/def#Story> }}"
    assert httpx.get(f"{street.client.base_url}/sparql", params={"query": query}).json()["boolean"] is True
    page = httpx.get(f"{street.client.base_url}/doc/{path}", headers={"Accept": "text/html"})
    assert (page.status_code, "De lift staat al drie weken stil." in page.text) == (200, True)
    side = httpx.get(f"{street.client.base_url}/nl/naast-elkaar", params={"thema": "housing"})
    assert "De lift staat al drie weken stil." in side.text


def test_publishing_the_same_again_gives_the_same_receipt(street: Street) -> None:
    """200 instead of 201, and the very same contribution, with a name given by the writer and without."""
    for name in ("", "mijn-verhaal"):
        first = publish(street.client, story(street.party, name, text=f"Verhaal {name}."))
        again = publish(street.client, story(street.party, name, text=f"Verhaal {name}."))
        assert (first.status_code, again.status_code) == (201, 200)
        mine = [
            {k: c[k] for k in ("contribution", "document", "digest", "salt")} for c in first.json()["contributions"]
        ]
        theirs = [
            {k: c[k] for k in ("contribution", "document", "digest", "salt")} for c in again.json()["contributions"]
        ]
        assert mine == theirs


@pytest.mark.parametrize(
    ("turtle", "objection"),
    [
        (story("PARTY", text=None), "TextMissing"),
        (story("gemeente", "verhaal", holder="PARTY"), "ForeignSubject"),
        (story("PARTY", ground=False), "GroundMissing"),
        (story("PARTY", extra=f" ; owl:sameAs <{BASE}/id/wijk/pl-oost>"), "MergingWord"),
        (story("PARTY", extra=" ; lw:titel 'Schimmel'"), "UnknownWord"),
    ],
    ids=["no text", "foreign namespace", "no ground for public", "sameAs", "unknown predicate"],
)
def test_a_broken_story_is_refused_with_what_to_do(street: Street, turtle: str, objection: str) -> None:
    """422, every objection in Dutch and English, nothing kept; as RDF a report that parses."""
    turtle = turtle.replace("PARTY", street.party)
    refused = publish(street.client, turtle)
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    errors = refused.json()["errors"]
    assert objection in [e["name"] for e in errors], refused.text
    assert all(e["message"]["nl"] and e["message"]["en"] and e["docs"] for e in errors)
    untold = street.client.post("/validate", content=turtle.encode())
    assert (415, "MediaTypeMissing") == (untold.status_code, untold.json()["errors"][0]["name"])
    checked = street.client.post("/validate", content=turtle.encode(), headers=TURTLE)
    assert (422, sorted(e["name"] for e in errors)) == (
        checked.status_code,
        sorted(e["name"] for e in checked.json()["errors"]),
    )
    report = street.client.post("/contributions", content=turtle.encode(), headers={**TURTLE, "Accept": "text/turtle"})
    assert (report.status_code, "ValidationReport" in report.text) == (422, True)


def test_other_content_under_the_same_name_needs_a_word(street: Street) -> None:
    """409 at first; `replace=true` or the right If-Match replaces; a stale If-Match is 412."""
    first = publish(street.client, story(street.party, "lift", text="De lift staat stil."))
    other = story(street.party, "lift", text="De lift doet het weer.")
    assert publish(street.client, other).status_code == 409
    stale = street.client.post("/contributions", content=other.encode(), headers={**TURTLE, "If-Match": '"00000000"'})
    assert stale.status_code == 412
    matched = street.client.post(
        "/contributions", content=other.encode(), headers={**TURTLE, "If-Match": first.headers["etag"]}
    )
    assert matched.status_code == 201
    assert first.json()["contributions"][0]["contribution"] == matched.json()["contributions"][0]["supersedes"]
    third = publish(street.client, story(street.party, "lift", text="De lift is vernieuwd."), replace="true")
    assert third.status_code == 201


def test_what_others_tied_to_a_withdrawn_story_stays(street: Street) -> None:
    """The story's words are gone at once, its page is a tombstone, the connection to it says so."""
    publish(street.client, story(street.party, "lift", text="De lift staat stil."))
    mine = street.iri("lift")
    tie = publish(street.client, connection(street.party, "c-1", mine, f"{BASE}/id/gemeente/b-agenda"))
    assert tie.status_code == 201, tie.text
    gone = street.client.delete(f"/doc/{street.party}/lift")
    assert gone.status_code == 200, gone.text
    with street.service.client() as anonymous:
        assert anonymous.get(f"/doc/{street.party}/lift", headers={"Accept": "text/turtle"}).status_code == 410
        page = anonymous.get(f"/doc/{street.party}/lift", headers={"Accept": "text/html"})
        assert (page.status_code, "De lift staat stil." in page.text) == (410, False)
        assert anonymous.get(f"/doc/{street.party}/c-1", headers={"Accept": "text/turtle"}).status_code == 200
        ended = anonymous.get(
            "/sparql", params={"query": f"SELECT ?how {{ <{mine}> <https://w3id.org/lerende-wijk/def#ended> ?how }}"}
        )
        assert [b["how"]["value"] for b in ended.json()["results"]["bindings"]] == ["withdrawn"]


def test_nobody_speaks_for_another(street: Street) -> None:
    """A token of one party neither publishes nor withdraws for another; without a token it is 401."""
    assert publish(street.client, story("gemeente", "x"), onBehalfOf="gemeente").status_code == 403
    assert street.client.delete("/doc/gemeente/b-agenda").status_code == 403
    with street.service.client() as anonymous:
        assert publish(anonymous, story(street.party)).status_code == 401
        assert anonymous.delete("/doc/gemeente/b-agenda").status_code == 401
        wrong = anonymous.get("/sparql", headers={"Authorization": "Bearer nonsense"})
        assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")


def test_a_response_is_a_contribution_like_any_other(street: Street) -> None:
    """Recognising another's connection: once; a second of the same kind is refused, one to oneself too."""
    target = f"{BASE}/id/pstad/c-01"
    if street.client.get("/doc/pstad/c-01", headers={"Accept": "text/turtle"}).status_code != 200:
        pytest.fail("the example's connection c-01 is not where this test looks for it")
    assert publish(street.client, response(street.party, "r-1", target)).status_code == 201
    twice = publish(street.client, response(street.party, "r-2", target))
    assert (twice.status_code, [e["name"] for e in twice.json()["errors"]]) == (422, ["ResponseTwice"])
    bare = publish(street.client, response(street.party, "r-3", target, kind="seesDifferently"))
    assert (bare.status_code, [e["name"] for e in bare.json()["errors"]]) == (422, ["ResponseUnclear"])


def test_without_an_audience_only_the_writer_reads_it(street: Street) -> None:
    """Nothing said about the audience means `own`; the receipt says so, others find nothing."""
    published = publish(street.client, story(street.party, "voor-mij", audience=None, ground=False))
    assert (published.status_code, published.json()["contributions"][0]["audience"]) == (201, "own")
    assert street.client.get(f"/doc/{street.party}/voor-mij", headers={"Accept": "text/turtle"}).status_code == 200
    with street.service.client() as anonymous:
        assert anonymous.get(f"/doc/{street.party}/voor-mij", headers={"Accept": "text/turtle"}).status_code == 404
        contribution = published.headers["location"]
        assert anonymous.get(contribution).status_code == 404
    with street.service.client(street.service.token("gemeente", "contribute")) as other:
        assert other.get(f"/doc/{street.party}/voor-mij", headers={"Accept": "text/turtle"}).status_code == 404


def test_the_documents_own_etag_replaces_it(street: Street) -> None:
    """What GET gave as ETag is what If-Match takes, in a list and as `*` too; a wrong one is 412."""
    publish(street.client, story(street.party, "bank", text="De bank is weg."))
    for number, tag in enumerate(("{etag}", '"x", {etag}', "*")):
        etag = street.client.get(f"/doc/{street.party}/bank", headers={"Accept": "text/turtle"}).headers["etag"]
        body = story(street.party, "bank", text=f"De bank staat er weer, keer {number}.").encode()
        answer = street.client.post(
            "/contributions", content=body, headers={**TURTLE, "If-Match": tag.format(etag=etag)}
        )
        assert 201 == answer.status_code, answer.text


def test_replacing_needs_a_name(street: Street) -> None:
    """`replace=true` on a text without a name would make a second story: it is refused and says what to write."""
    publish(street.client, story(street.party, text="Het is koud in huis."))
    second = publish(street.client, story(street.party, text="Het is warm in huis."), replace="true")
    assert (422, ["NameMissing"]) == (second.status_code, [e["name"] for e in second.json()["errors"]])


def test_parts_belong_to_the_one_document_with_a_name(street: Street) -> None:
    """`<#verteller>` beside a document with a full address is a part of that document."""
    body = story(street.party, "lamp", text="De lamp is stuk.").replace(f"<{street.iri('lamp')}#", "<#")
    answer = publish(street.client, body)
    assert (201, street.iri("lamp")) == (answer.status_code, answer.json()["contributions"][0]["document"])


def test_a_withdrawn_story_comes_back_on_purpose_only(street: Street) -> None:
    """A script that sends everything again does not undo a withdrawal; `replace=true` does."""
    body = story(street.party, "terug", text="Ik neem dit terug.")
    publish(street.client, body)
    street.client.delete(f"/doc/{street.party}/terug")
    again = publish(street.client, body)
    assert (409, ["Withdrawn"]) == (again.status_code, [e["name"] for e in again.json()["errors"]])
    assert 201 == publish(street.client, body, replace="true").status_code


def test_a_context_takes_no_word_away(street: Street) -> None:
    """A context of one's own that unmakes a word would drop what is said with it: it is refused by name."""
    ours = "https://w3id.org/lerende-wijk/context.jsonld"
    for taken in ({"title": None}, {"@vocab": None}, {"title": {"@id": None}}):
        body = {"@context": [ours, taken], "id": "", "type": "Story", "titel": "x"}
        answer = street.client.post("/validate", json=body)
        assert (400, ["SyntaxUnclear"]) == (answer.status_code, [e["name"] for e in answer.json()["errors"]])


def test_a_token_can_be_listed_and_revoked(street: Street) -> None:
    """Revoked, it is 401 at the next request of the running service; a past date makes no token."""
    token = street.service.token(street.party, "read-partners")
    listed = street.service.run("token", "list").stdout.splitlines()
    mine = [line.split("\t")[0] for line in listed if line.split("\t")[1:3] == [street.party, "read-partners"]]
    with street.service.client(token) as client:
        assert 200 == client.get("/readyz").status_code
        street.service.run("token", "revoke", mine[0])
        assert 401 == client.get("/readyz").status_code
    late = ("token", "create", "--party", street.party, "--right", "contribute", "--expires", "2020-01-01")
    assert 2 == street.service.run(*late, check=False).returncode


def test_a_delegated_recorder_is_shown(street: Street) -> None:
    """Without a delegation 403; with one, the story is the holder's and says who wrote it down."""
    body = story(street.party, "namens", text="Opgeschreven aan de keukentafel.")
    with street.service.client(street.service.token("voorbeeld-zorg", "record-for")) as recorder:
        refused = publish(recorder, body, onBehalfOf=street.party)
        assert (403, True) == (refused.status_code, street.party in refused.json()["detail"])
        street.service.run("party", "delegate", "voorbeeld-zorg", street.party)
        taken = publish(recorder, body, onBehalfOf=street.party)
        assert 201 == taken.status_code, taken.text
        recorded = recorder.get(taken.headers["location"]).json()
    assert (f"{BASE}/id/{street.party}", f"{BASE}/id/voorbeeld-zorg", "namens") == (
        recorded["heldBy"],
        recorded["recordedBy"],
        recorded["delegation"],
    )


def test_what_the_client_has_is_not_sent_again(street: Street) -> None:
    """304 for a question and for SPARQL, until something changes."""
    for path in ("/queries/open-calls", "/sparql?query=ASK%20%7B%3Fs%20%3Fp%20%3Fo%7D"):
        first = street.client.get(path, headers={"Accept": "application/json"})
        headers = {"Accept": "application/json", "If-None-Match": first.headers["etag"]}
        assert 304 == street.client.get(path, headers=headers).status_code
    publish(street.client, story(street.party, "nieuw"))
    assert 200 == street.client.get("/queries/open-calls", headers=headers).status_code
