"""What a newcomer with the README does first: publish a story, see it everywhere, break it, take it away."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from conftest import Service
from stories import BASE, connection, response, story

TURTLE = {"Content-Type": "text/turtle"}


@pytest.fixture
def street(writable: Service) -> Iterator[httpx.Client]:
    """A client of a new party, `mijn-straat`."""
    writable.run("party", "add", "mijn-straat", "--name", "Mijn straat", "--perspective", "residents")
    with writable.client(writable.token("mijn-straat", "contribute")) as client:
        yield client


def publish(client: httpx.Client, turtle: str, **parameters: str) -> httpx.Response:
    """One POST of Turtle."""
    return client.post("/contributions", content=turtle.encode(), headers=TURTLE, params=parameters)


def test_a_story_is_published_and_seen_at_once_everywhere(street: httpx.Client) -> None:
    """201 with a receipt; then SPARQL, its own page, and Side by side show it without waiting."""
    published = publish(street, story("mijn-straat", text="De lift staat al drie weken stil."))
    assert published.status_code == 201, published.text
    taken = published.json()["contributions"][0]
    assert published.headers["location"] == taken["contribution"].removeprefix(BASE)
    path = taken["document"].removeprefix(f"{BASE}/id/")
    assert path.startswith("mijn-straat/v/")
    query = f"ASK {{ <{taken['document']}> a <https://w3id.org/lerende-wijk/def#Story> }}"
    assert httpx.get(f"{street.base_url}/sparql", params={"query": query}).json()["boolean"] is True
    page = httpx.get(f"{street.base_url}/doc/{path}", headers={"Accept": "text/html"})
    assert (page.status_code, "De lift staat al drie weken stil." in page.text) == (200, True)
    side = httpx.get(f"{street.base_url}/nl/naast-elkaar", params={"thema": "housing"})
    assert "De lift staat al drie weken stil." in side.text


def test_publishing_the_same_again_gives_the_same_receipt(street: httpx.Client) -> None:
    """200 instead of 201, and the very same contribution, with a name given by the writer and without."""
    for name in ("", "mijn-verhaal"):
        first = publish(street, story("mijn-straat", name, text=f"Verhaal {name}."))
        again = publish(street, story("mijn-straat", name, text=f"Verhaal {name}."))
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
        (story("mijn-straat", text=None), "TextMissing"),
        (story("gemeente", "verhaal", holder="mijn-straat"), "ForeignSubject"),
        (story("mijn-straat", ground=False), "GroundMissing"),
        (story("mijn-straat", extra=f" ; owl:sameAs <{BASE}/id/wijk/pl-oost>"), "MergingWord"),
        (story("mijn-straat", extra=" ; lw:titel 'Schimmel'"), "UnknownWord"),
    ],
    ids=["no text", "foreign namespace", "no ground for public", "sameAs", "unknown predicate"],
)
def test_a_broken_story_is_refused_with_what_to_do(street: httpx.Client, turtle: str, objection: str) -> None:
    """422, every objection in Dutch and English, nothing kept; as RDF a report that parses."""
    refused = publish(street, turtle)
    assert refused.status_code == 422, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    errors = refused.json()["errors"]
    assert objection in [e["name"] for e in errors], refused.text
    assert all(e["message"]["nl"] and e["message"]["en"] and e["docs"] for e in errors)
    checked = street.post("/validate", content=turtle.encode(), headers=TURTLE)
    assert (422, sorted(e["name"] for e in errors)) == (
        checked.status_code,
        sorted(e["name"] for e in checked.json()["errors"]),
    )
    report = street.post("/contributions", content=turtle.encode(), headers={**TURTLE, "Accept": "text/turtle"})
    assert (report.status_code, "ValidationReport" in report.text) == (422, True)


def test_other_content_under_the_same_name_needs_a_word(street: httpx.Client) -> None:
    """409 at first; `replace=true` or the right If-Match replaces; a stale If-Match is 412."""
    first = publish(street, story("mijn-straat", "lift", text="De lift staat stil."))
    other = story("mijn-straat", "lift", text="De lift doet het weer.")
    assert publish(street, other).status_code == 409
    stale = street.post("/contributions", content=other.encode(), headers={**TURTLE, "If-Match": '"00000000"'})
    assert stale.status_code == 412
    matched = street.post(
        "/contributions", content=other.encode(), headers={**TURTLE, "If-Match": first.headers["etag"]}
    )
    assert matched.status_code == 201
    assert first.json()["contributions"][0]["contribution"] == matched.json()["contributions"][0]["supersedes"]
    third = publish(street, story("mijn-straat", "lift", text="De lift is vernieuwd."), replace="true")
    assert third.status_code == 201


def test_what_others_tied_to_a_withdrawn_story_stays(street: httpx.Client, writable: Service) -> None:
    """The story's words are gone at once, its page is a tombstone, the connection to it says so."""
    publish(street, story("mijn-straat", "lift", text="De lift staat stil."))
    mine = f"{BASE}/id/mijn-straat/lift"
    tie = publish(street, connection("mijn-straat", "c-1", mine, f"{BASE}/id/gemeente/b-agenda"))
    assert tie.status_code == 201, tie.text
    gone = street.delete("/doc/mijn-straat/lift")
    assert gone.status_code == 200, gone.text
    with writable.client() as anonymous:
        assert anonymous.get("/doc/mijn-straat/lift", headers={"Accept": "text/turtle"}).status_code == 410
        page = anonymous.get("/doc/mijn-straat/lift", headers={"Accept": "text/html"})
        assert (page.status_code, "De lift staat stil." in page.text) == (410, False)
        assert anonymous.get("/doc/mijn-straat/c-1", headers={"Accept": "text/turtle"}).status_code == 200
        ended = anonymous.get(
            "/sparql", params={"query": f"SELECT ?how {{ <{mine}> <https://w3id.org/lerende-wijk/def#ended> ?how }}"}
        )
        assert [b["how"]["value"] for b in ended.json()["results"]["bindings"]] == ["withdrawn"]


def test_nobody_speaks_for_another(street: httpx.Client, writable: Service) -> None:
    """A token of one party neither publishes nor withdraws for another; without a token it is 401."""
    assert publish(street, story("gemeente", "x"), onBehalfOf="gemeente").status_code == 403
    assert street.delete("/doc/gemeente/b-agenda").status_code == 403
    with writable.client() as anonymous:
        assert publish(anonymous, story("mijn-straat")).status_code == 401
        assert anonymous.delete("/doc/gemeente/b-agenda").status_code == 401
        wrong = anonymous.get("/sparql", headers={"Authorization": "Bearer nonsense"})
        assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")


def test_a_response_is_a_contribution_like_any_other(street: httpx.Client) -> None:
    """Recognising another's connection: once; a second of the same kind is refused, one to oneself too."""
    target = f"{BASE}/id/pstad/c-01"
    if street.get("/doc/pstad/c-01", headers={"Accept": "text/turtle"}).status_code != 200:
        pytest.fail("the example's connection c-01 is not where this test looks for it")
    assert publish(street, response("mijn-straat", "r-1", target)).status_code == 201
    twice = publish(street, response("mijn-straat", "r-2", target))
    assert (twice.status_code, [e["name"] for e in twice.json()["errors"]]) == (422, ["ResponseTwice"])
    bare = publish(street, response("mijn-straat", "r-3", target, kind="seesDifferently"))
    assert (bare.status_code, [e["name"] for e in bare.json()["errors"]]) == (422, ["ResponseUnclear"])


def test_without_an_audience_only_the_writer_reads_it(street: httpx.Client, writable: Service) -> None:
    """Nothing said about the audience means `own`; the receipt says so, others find nothing."""
    published = publish(street, story("mijn-straat", "voor-mij", audience=None, ground=False))
    assert (published.status_code, published.json()["contributions"][0]["audience"]) == (201, "own")
    assert street.get("/doc/mijn-straat/voor-mij", headers={"Accept": "text/turtle"}).status_code == 200
    with writable.client() as anonymous:
        assert anonymous.get("/doc/mijn-straat/voor-mij", headers={"Accept": "text/turtle"}).status_code == 404
        contribution = published.headers["location"]
        assert anonymous.get(contribution).status_code == 404
    with writable.client(writable.token("gemeente", "contribute")) as other:
        assert other.get("/doc/mijn-straat/voor-mij", headers={"Accept": "text/turtle"}).status_code == 404
