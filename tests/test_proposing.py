"""A place that somebody misses: proposed to the steward, taken in under the register's own words, or not, with why."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.running import Service
from tests.stories import BASE

NUMBERS = itertools.count(1)


@pytest.fixture
def proposer(shared: Service) -> Iterator[httpx.Client]:
    """A party that proposes, with a client of its own; its slug is in the header X-Slug."""
    slug = f"voorstellers-{next(NUMBERS)}"
    shared.run("party", "add", slug, "--name", slug, "--perspective", "residents")
    client = shared.client(shared.token(slug, "contribute"))
    client.headers["X-Slug"] = slug
    with client:
        yield client


def proposed(service: Service, party: str, title: str, *more: str) -> str:
    """Proposes a place; the proposal's id."""
    return service.run("place", "propose", title, "--party", party, *more).stdout.strip()


def waiting(service: Service) -> list[str]:
    """The ids of what waits for an answer."""
    return [row["id"] for row in json.loads(service.run("place", "proposals", "--json").stdout)]


def inbox(client: httpx.Client) -> list[dict[str, object]]:
    """What stands in the inbox of a client's party."""
    found: list[dict[str, object]] = client.get(
        f"/inbox/{client.headers['X-Slug']}", headers={"Accept": "application/activity+json"}
    ).json()["orderedItems"]
    return found


def test_an_accepted_place_stands_in_the_register_and_its_proposer_knows(
    shared: Service, proposer: httpx.Client
) -> None:
    """As words of the register, with what was proposed; the answer in the inbox names it."""
    slug = proposer.headers["X-Slug"]
    more = ("--title-en", "Linden yard", "--sort", "square", "--within", "pl-oost", "--text", "Achter de school.")
    id = proposed(shared, slug, "Lindenhof", *more)
    assert id in waiting(shared)
    assert 404 == httpx.get(f"{shared.url}/doc/wijk/lindenhof", timeout=30).status_code
    iri = shared.run("place", "accept", id, "--name", "lindenhof").stdout.strip()
    assert f"{BASE}/id/wijk/lindenhof" == iri
    words = httpx.get(f"{shared.url}/doc/wijk/lindenhof.nt", timeout=30).text
    for said in ('title> "Lindenhof"@nl', 'title> "Linden yard"@en', "/placeKind/square>", "/id/wijk/pl-oost>"):
        assert said in words
    assert f"heldBy> <{BASE}/id/wijk>" in words
    (told,) = [one for one in inbox(proposer) if one["type"] == "Accept"]
    assert (iri, id) == (told["result"], str(told["object"]).rsplit("/", 1)[-1])
    assert id not in waiting(shared)
    again = shared.run("place", "accept", id, "--name", "lindenhof-2", check=False)
    assert (1, True) == (again.returncode, "answered already" in again.stderr)


def test_a_declined_place_says_why(shared: Service, proposer: httpx.Client) -> None:
    """The proposer reads the reason; nothing stands in the register."""
    id = proposed(shared, proposer.headers["X-Slug"], "Mijn eigen huis")
    shared.run("place", "decline", id, "--why", "Een woning komt niet in het register.")
    (told,) = [one for one in inbox(proposer) if one["type"] == "Reject"]
    assert "Een woning komt niet in het register." == told["content"]
    assert id not in waiting(shared)


def test_who_proposes_chooses_neither_holder_nor_name(shared: Service, proposer: httpx.Client) -> None:
    """Sent by hand with a holder and an audience of its own: the register says these itself."""
    slug = proposer.headers["X-Slug"]
    lw = "https://w3id.org/lerende-wijk/def#"
    place = {
        "@type": f"{lw}Place",
        "http://purl.org/dc/terms/title": {"@value": "Hoekje", "@language": "nl"},
        f"{lw}heldBy": {"@id": f"{BASE}/id/{slug}"},
        f"{lw}audience": {"@id": "https://w3id.org/lerende-wijk/id/concept/audience/own"},
    }
    context = "https://www.w3.org/ns/activitystreams"
    body = {"@context": context, "type": "Offer", "actor": f"{BASE}/id/{slug}", "object": place}
    sent = proposer.post("/inbox/wijk", content=json.dumps(body), headers={"Content-Type": "application/ld+json"})
    assert 201 == sent.status_code, sent.text
    shared.run("place", "accept", sent.headers["location"].rsplit("/", 1)[-1], "--name", "hoekje")
    words = httpx.get(f"{shared.url}/doc/wijk/hoekje.nt", timeout=30).text
    assert (True, False) == (f"heldBy> <{BASE}/id/wijk>" in words, slug in words)


def test_what_the_register_would_refuse_is_not_accepted(shared: Service, proposer: httpx.Client) -> None:
    """The same checks as any contribution; the proposal then still waits."""
    id = proposed(shared, proposer.headers["X-Slug"], "Pleintje", "--within", "bestaat-niet")
    refused = shared.run("place", "accept", id, "--name", "pleintje", check=False)
    assert (1, True) == (refused.returncode, "TargetMissing" in refused.stderr), refused.stderr
    assert id in waiting(shared)
    shared.run("place", "decline", id, "--why", "De plek waar het in ligt is er niet.")
