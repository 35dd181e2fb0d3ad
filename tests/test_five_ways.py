"""The same document in every way there is: one contribution with one digest, whichever way came first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest

from kg.keeping import utc_now
from kg.party import Right
from kg.register import party_document
from kg.sheets import XLSX
from tests.inside import Inside, inside
from tests.partner import Partner, partner
from tests.running import copy_of
from tests.sheets import written
from tests.stories import BASE
from tests.test_harvesting import Place
from tests.test_sheets import STORY
from tests.test_sheets import TURTLE as SHEETS_TURTLE
from tests.test_workbooks import workbook

_NUMBERS = count(1)
Way = Callable[[Place], None]


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A running service whose ledger and harvester are at hand."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("ways"))) as one:
        yield one


@pytest.fixture(scope="module")
def server() -> Iterator[Partner]:
    """A partner's web server."""
    with partner() as one:
        yield one


@pytest.fixture
def place(service: Inside, server: Partner) -> Place:
    """A party of the test's own, in the register."""
    slug = f"straat-{next(_NUMBERS)}"
    secret = service.house.accounts.create_token("wijk", Right.STEWARD, utc_now())
    steward = {"Authorization": f"Bearer {secret}"}
    body = party_document(BASE, slug, [("Een straat", "nl")], [])
    told = {**steward, "Content-Type": "application/n-triples"}
    assert 201 == service.client.post("/contributions", content=body, headers=told).status_code
    return Place(service, server, slug, steward)


def name_of(place: Place) -> str:
    """The document's name."""
    return f"{place.iri}/bank-1"


def turtle(place: Place) -> str:
    """The story in Turtle, as this party says it."""
    return SHEETS_TURTLE.replace(f"{BASE}/id/voorbeeld-bewoners", place.iri)


def as_form(place: Place, form: ox.RdfFormat) -> bytes:
    """The same statements in another form."""
    quads = ox.parse(turtle(place), format=ox.RdfFormat.TURTLE)
    return ox.serialize((quad.triple for quad in quads), format=form) or b""


def plain_json(place: Place) -> str:
    """The same in plain JSON, as one writes it by hand."""
    name = name_of(place)
    return json.dumps(
        {
            "@context": "https://w3id.org/lerende-wijk/context.jsonld",
            "id": name,
            "type": "Story",
            "heldBy": place.iri,
            "audience": "public",
            "description": {"nl": "Sinds er een bank staat,\ndurf ik weer."},
            "created": "2024-05-01",
            "theme": ["care", "housing"],
            "appliesTo": "/id/wijk/pl-oost",
            "toldBy": {
                "id": f"{name}#teller",
                "type": "Teller",
                "role": {"nl": "een bewoonster"},
                "perspective": "residents",
            },
            "ground": {"id": f"{name}#ground", "type": "Ground", "groundKind": "own"},
        }
    )


def sent(place: Place, method: str, path: str, body: str | bytes, media: str) -> None:
    """Sends it as the party, with the tag of what is there, and it is taken."""
    headers = {**place.token(), "Content-Type": media}
    there = place.service.client.get(f"/doc/{place.party}/bank-1.ttl", headers=place.token())
    if path.startswith(("/doc", "/graphs")) and there.status_code == 200:
        headers["If-Match"] = there.headers["etag"]
    answer: httpx.Response = place.service.client.request(method, path, content=body, headers=headers)
    assert answer.status_code in (200, 201, 204), answer.text


def posted(media: str, body: Callable[[Place], str | bytes]) -> Way:
    """Sent to /contributions."""
    return lambda place: sent(place, "POST", "/contributions", body(place), media)


def harvested(place: Place) -> None:
    """Put on the partner's own site, and fetched."""
    place.source(place.server.put(f"/{place.party}.ttl", turtle(place)))
    assert place.run()["status"] in ("changed", "unchanged")


def at_address(door: str) -> Way:
    """Put at an address of its own."""

    def put(place: Place) -> None:
        path = door.format(party=place.party, iri=quote(name_of(place), safe=""))
        sent(place, "PUT", path, turtle(place), "text/turtle")

    return put


WAYS: Mapping[str, Way] = {
    "Turtle": posted("text/turtle", turtle),
    "JSON-LD": posted("application/ld+json", lambda place: as_form(place, ox.RdfFormat.JSON_LD)),
    "plain JSON": posted("application/json", plain_json),
    "RDF/XML": posted("application/rdf+xml", lambda place: as_form(place, ox.RdfFormat.RDF_XML)),
    "N-Quads": posted("application/n-quads", lambda place: as_form(place, ox.RdfFormat.N_TRIPLES)),
    "CSV": posted("text/csv", lambda _: written(*STORY)),
    "XLSX": posted(XLSX, lambda _: workbook(("Verhaal", STORY))),
    "a whole viewpoint": lambda place: sent(place, "PUT", f"/view/{place.party}", turtle(place), "text/turtle"),
    "PUT of a document": at_address("/doc/{party}/bank-1"),
    "PUT by its IRI": at_address("/doc?iri={iri}"),
    "PUT of a graph": at_address("/graphs?graph={iri}"),
    "harvest": harvested,
}


@pytest.mark.parametrize("first", WAYS)
def test_the_same_document_is_one_contribution_whichever_way_it_comes(place: Place, first: str) -> None:
    """Published in one way; then in all others nothing is written, and the one digest is that of the statements."""
    ledger = place.service.house.ledger
    WAYS[first](place)
    taken = ledger.document(name_of(place))
    assert taken is not None
    heads, kept = ledger.heads(), ledger.contribution(taken.contribution)
    assert kept is not None
    for way, send in WAYS.items():
        send(place)
        assert heads == ledger.heads(), way
    (alone,) = ledger.view(place.party)
    assert (name_of(place), taken.contribution) == (alone.iri, alone.contribution)
    (checked,) = place.service.client.post(
        "/validate", content=turtle(place), headers={**place.token(), "Content-Type": "text/turtle"}
    ).json()["documents"]
    assert kept.digest == checked["digest"]
