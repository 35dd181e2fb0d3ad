"""Inboxes: what a party learns, for its eyes alone and only what it may read now; and Linked Data Notifications."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest

from kg.activity import activity_context
from tests.inside import Inside, inside
from tests.running import copy_of
from tests.stories import BASE, connection, response, story
from tests.test_times import TURTLE

LDP = "http://www.w3.org/ns/ldp#"
AS = "https://www.w3.org/ns/activitystreams"
JSONLD = {"Accept": "application/ld+json"}
ACTIVITIES = {"Accept": "application/activity+json"}
SENT = {"Content-Type": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'}
POLICY = f"{BASE}/id/gemeente/b-agenda"
Who = Mapping[str, str]


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("inbox"))) as service:
        yield service


@pytest.fixture(scope="module")
def who(service: Inside) -> dict[str, dict[str, str]]:
    """A header for each party that speaks here."""
    return {
        "residents": service.token("voorbeeld-bewoners", "contribute"),
        "reader of residents": service.token("voorbeeld-bewoners", "read-partners"),
        "care": service.token("voorbeeld-zorg", "contribute"),
        "municipality": service.token("voorbeeld-gemeente", "contribute"),
        "editors": service.token("redactie", "record-for"),
        "steward": service.token("wijk", "steward"),
    }


def say(service: Inside, who: Who, text: str, **parameters: str) -> str:
    """Publishes one document; its IRI."""
    taken = service.client.post("/contributions", content=text.encode(), headers={**TURTLE, **who}, params=parameters)
    assert taken.status_code in (200, 201), taken.text
    return str(taken.json()["contributions"][0]["document"])


def items(service: Inside, who: Who, party: str, **parameters: str) -> list[dict[str, Any]]:
    """The notifications in an inbox, the newest first."""
    answer = service.client.get(f"/inbox/{party}", headers={**ACTIVITIES, **who}, params=parameters)
    assert 200 == answer.status_code, answer.text
    return list(answer.json()["orderedItems"])


def about(found: list[dict[str, Any]], iri: str) -> list[dict[str, Any]]:
    """Those about one thing."""
    return [one for one in found if iri in (one["object"], *one["target"]) or one["object"] == iri or _id(one) == iri]


def _id(one: dict[str, Any]) -> str | None:
    thing = one["object"]
    return thing["id"] if isinstance(thing, dict) else thing


def test_a_party_learns_who_connects_to_its_story_and_why(service: Inside, who: dict[str, Who]) -> None:
    """A connection is announced to the holder of each end, with who says it and why, in both languages."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "n-1", text="Er zit schimmel op de muur."))
    tie = say(service, who["care"], connection("voorbeeld-zorg", "n-c1", mine, POLICY))
    found = about(items(service, who["residents"], "voorbeeld-bewoners"), tie)
    assert 1 == len(found)
    told = found[0]
    assert ("Announce", f"{BASE}/id/voorbeeld-zorg", tie, [mine]) == tuple(
        told[key] for key in ("type", "actor", "object", "target")
    )
    assert "zegt: ‘Er zit schimmel op de muur.’ laat zien: ‘" in told["summaryMap"]["nl"]
    assert "says: ‘Er zit schimmel op de muur.’ illustrates ‘" in told["summaryMap"]["en"]
    assert "Dit verhaal laat zien waar het plan over gaat." == told["contentMap"]["nl"]
    assert [] == about(items(service, who["care"], "voorbeeld-zorg"), tie)
    assert [] == about(items(service, who["municipality"], "voorbeeld-gemeente"), tie)


def test_a_party_learns_who_responds_and_who_joins(service: Inside, who: dict[str, Who]) -> None:
    """A response to a statement is told to its holder; one that joins says so."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "n-2"))
    tie = say(service, who["care"], connection("voorbeeld-zorg", "n-c2", mine, POLICY))
    seen = say(service, who["municipality"], response("voorbeeld-gemeente", "n-r2", tie, kind="adds", why="Ook hier."))
    told = about(items(service, who["care"], "voorbeeld-zorg"), seen)[0]
    assert ("Create", [tie], "Ook hier.") == (told["type"], told["target"], told["contentMap"]["nl"])
    assert "vult aan: ‘‘In mijn slaapkamer" in told["summaryMap"]["nl"]
    joined = say(service, who["municipality"], response("voorbeeld-gemeente", "n-r3", mine, kind="joins"))
    told = about(items(service, who["residents"], "voorbeeld-bewoners"), joined)[0]
    assert ("Join", [mine]) == (told["type"], told["target"])
    assert "doet mee: ‘In mijn slaapkamer" in told["summaryMap"]["nl"]


def test_what_is_replaced_is_told_once_and_what_is_withdrawn_without_words(
    service: Inside, who: dict[str, Who]
) -> None:
    """The newest word stands; withdrawn it says so and holds none; erased it is gone."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "n-3"))
    text = connection("voorbeeld-zorg", "n-c3", mine, POLICY)
    tie = say(service, who["care"], text)
    first = about(items(service, who["residents"], "voorbeeld-bewoners"), tie)[0]["id"]
    say(service, who["care"], text.replace("Dit verhaal", "Het verhaal"), replace="true")
    found = about(items(service, who["residents"], "voorbeeld-bewoners"), tie)
    assert ["Update"] == [one["type"] for one in found]
    assert 404 == service.client.get(first.removeprefix(BASE), headers=who["residents"]).status_code
    service.end("withdraw", tie)
    found = about(items(service, who["residents"], "voorbeeld-bewoners"), tie)
    assert ["Delete"] == [one["type"] for one in found]
    assert "verhaal laat zien" not in json.dumps(found)
    service.end("erase", tie)
    assert [] == about(items(service, who["residents"], "voorbeeld-bewoners"), tie)


@pytest.mark.parametrize("how", ["withdraw", "erase"])
def test_who_tied_to_something_learns_that_it_is_gone(service: Inside, who: dict[str, Who], how: str) -> None:
    """The holder of a connection is told when one of its ends is withdrawn or erased."""
    theirs = say(service, who["residents"], story("voorbeeld-bewoners", f"n-gone-{how}"))
    tie = say(service, who["care"], connection("voorbeeld-zorg", f"n-gone-{how}", theirs, POLICY))
    service.end(how, theirs)
    told = about(items(service, who["care"], "voorbeeld-zorg"), tie)[0]
    assert ("Delete", theirs, "Tombstone") == (told["type"], told["object"]["id"], told["object"]["type"])
    assert {"withdraw": "ingetrokken", "erase": "gewist"}[how] in told["summaryMap"]["nl"]


def test_a_ground_that_ends_soon_is_told_to_its_holder(service: Inside, who: dict[str, Who]) -> None:
    """The same stories as the question grounds-that-end names, within the days of the setting; others later."""
    soon, later = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (10, 200))
    for name, day in (("n-soon", soon), ("n-later", later)):
        text = story("voorbeeld-bewoners", name).replace(
            "lw:groundKind ground:own .", f'lw:groundKind ground:own ; dcterms:valid "{day}"^^xsd:date .'
        )
        say(service, who["residents"], "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n" + text)
    found = [one for one in items(service, who["residents"], "voorbeeld-bewoners") if "endTime" in one]
    assert [(f"{BASE}/id/voorbeeld-bewoners/n-soon", f"{soon}T23:59:59Z")] == [
        (one["object"], one["endTime"]) for one in found
    ]
    before = (datetime.now(UTC) + timedelta(days=31)).date().isoformat()
    asked = service.client.get(
        "/queries/grounds-that-end", params={"before": before}, headers={"Accept": "text/csv", **who["residents"]}
    )
    assert "n-soon" in asked.text
    assert "n-later" not in asked.text
    alone = service.client.get(found[0]["id"].removeprefix(BASE), headers={**JSONLD, **who["residents"]})
    assert found[0] == alone.json()
    assert [] == [one for one in items(service, who["care"], "voorbeeld-zorg") if "endTime" in one]


# What nobody may learn from an inbox.


def test_an_inbox_is_read_by_its_party_alone(service: Inside, who: dict[str, Who]) -> None:
    """Anonymous 401, another party 403 with the address of its own, an unknown party 404; nothing is cached."""
    get = service.client.get
    assert 401 == get("/inbox/voorbeeld-bewoners", headers=JSONLD).status_code
    other = get("/inbox/voorbeeld-bewoners", headers={**JSONLD, **who["care"]})
    assert (403, "InboxElsewhere") == (other.status_code, other.json()["errors"][0]["name"])
    assert 404 == get("/inbox/niemand", headers={**JSONLD, **who["care"]}).status_code
    own = get("/inbox", headers={**JSONLD, **who["care"]})
    assert (200, "/inbox/voorbeeld-zorg") == (own.status_code, own.headers["content-location"])
    assert "private, no-store" == own.headers["cache-control"]
    for id in ("sent-1", "ground-1", "00000000-0000-4000-8000-000000000000"):
        assert 404 == get(f"/inbox/voorbeeld-bewoners/{id}", headers={**JSONLD, **who["care"]}).status_code


@pytest.mark.parametrize("audience", ["own", "table", "partners", "public"])
def test_news_tells_nothing_that_its_reader_may_not_read(service: Inside, who: dict[str, Who], audience: str) -> None:
    """A statement about a public story is told to who may read it: a table that leaves the holder out is not."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", f"n-to-{audience}"))
    table = f"lw:audience audience:table ; lw:tableOf <{BASE}/id/voorbeeld-gemeente>"
    text = connection("voorbeeld-zorg", f"n-{audience}", mine, POLICY, audience=audience)
    before = len(items(service, who["residents"], "voorbeeld-bewoners"))
    tie = say(service, who["care"], text.replace("lw:audience audience:table", table))
    readable = audience in ("partners", "public")
    for reader in ("residents", "reader of residents"):
        found = items(service, who[reader], "voorbeeld-bewoners")
        assert readable == bool(about(found, tie))
        if reader == "residents":
            assert before + readable == len(found)
    # What it becomes for nobody disappears from the inbox too.
    say(
        service,
        who["care"],
        connection("voorbeeld-zorg", f"n-{audience}", mine, POLICY, audience="own"),
        replace="true",
    )
    assert [] == about(items(service, who["residents"], "voorbeeld-bewoners"), tie)


def test_who_sits_at_the_table_is_told(service: Inside, who: dict[str, Who]) -> None:
    """A statement for a table is news to who holds what it ties to, when that party sits there."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "n-table"))
    table = f"lw:audience audience:table ; lw:tableOf <{BASE}/id/voorbeeld-bewoners>"
    text = connection("voorbeeld-zorg", "n-at-table", mine, POLICY, audience="table")
    tie = say(service, who["care"], text.replace("lw:audience audience:table", table))
    assert [tie] == [_id(one) for one in about(items(service, who["residents"], "voorbeeld-bewoners"), tie)]
    assert [] == about(items(service, who["reader of residents"], "voorbeeld-bewoners"), tie)


def test_the_index_made_anew_tells_the_same(service: Inside, who: dict[str, Who]) -> None:
    """Nothing in an inbox depends on when the ledger was looked at."""
    parties = {"voorbeeld-bewoners": "residents", "voorbeeld-zorg": "care", "voorbeeld-gemeente": "municipality"}
    before = {party: items(service, who[name], party, limit="100") for party, name in parties.items()}
    assert any(before.values())
    service.house.news.rebuild()
    assert before == {party: items(service, who[name], party, limit="100") for party, name in parties.items()}


def test_pages_of_an_inbox_hold_each_notification_once(service: Inside, who: dict[str, Who]) -> None:
    """By the links `next`, whatever their size: no double, no gap."""
    whole = [one["id"] for one in items(service, who["residents"], "voorbeeld-bewoners", limit="100")]
    send(service, who["care"], "voorbeeld-bewoners", activity("voorbeeld-zorg"))
    whole = [one["id"] for one in items(service, who["residents"], "voorbeeld-bewoners", limit="100")]
    found, address = [], "/inbox/voorbeeld-bewoners?limit=2"
    while address:
        answer = service.client.get(address, headers={**ACTIVITIES, **who["residents"]})
        found += [one["id"] for one in answer.json()["orderedItems"]]
        address = answer.links.get("next", {}).get("url", "")
    assert whole == list(found)
    assert len(set(found)) == len(found)


def test_what_is_marked_as_read_is_left_out_when_asked(service: Inside, who: dict[str, Who]) -> None:
    """Marking is for the party alone, and hides nothing from who asks for all."""
    say(service, who["care"], connection("voorbeeld-zorg", "n-read", POLICY, f"{BASE}/id/voorbeeld-bewoners/n-1"))
    assert items(service, who["residents"], "voorbeeld-bewoners", unread="true")
    assert 403 == service.client.post("/inbox/voorbeeld-bewoners/read", headers=who["care"]).status_code
    assert 200 == service.client.post("/inbox/voorbeeld-bewoners/read", headers=who["residents"]).status_code
    assert [] == items(service, who["residents"], "voorbeeld-bewoners", unread="true")
    assert items(service, who["residents"], "voorbeeld-bewoners")


# Linked Data Notifications: each MUST of a receiver, https://www.w3.org/TR/ldn/


def activity(sender: str, **more: Any) -> dict[str, Any]:
    """What a sender posts."""
    return {
        "@context": AS,
        "type": "Offer",
        "actor": f"{BASE}/id/{sender}",
        "object": f"{BASE}/id/{sender}/voorstel",
        "summary": "Een voorstel",
        **more,
    }


def send(service: Inside, who: Who, party: str, body: object, **headers: str) -> httpx.Response:
    """One POST to an inbox."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return service.client.post(f"/inbox/{party}", content=text, headers={**SENT, **headers, **who})


def triples(answer: httpx.Response) -> set[tuple[str, str, str]]:
    """The triples of an answer in JSON-LD; the context of ActivityStreams is ours, nothing is fetched."""
    tree = answer.json()
    given = tree["@context"] if isinstance(tree["@context"], list) else [tree["@context"]]
    tree["@context"] = [activity_context() if one == AS else one for one in given]
    parsed = ox.parse(json.dumps(tree).encode(), format=ox.RdfFormat.JSON_LD, base_iri=BASE + answer.request.url.path)
    return {(str(q.subject), q.predicate.value, str(q.object)) for q in parsed}


def test_each_thing_and_its_page_tell_where_the_inbox_is(service: Inside) -> None:
    """Discovery: a Link header with rel ldp:inbox, on GET and on HEAD."""
    for method in ("GET", "HEAD"):
        for accept in ("text/turtle", "text/html"):
            answer = service.client.request(method, "/doc/gemeente/b-agenda", headers={"Accept": accept})
            assert "/inbox/gemeente" == answer.links[LDP + "inbox"]["url"]


def test_an_inbox_says_what_it_takes(service: Inside) -> None:
    """OPTIONS gives Allow and Accept-Post."""
    answer = service.client.options("/inbox/voorbeeld-zorg")
    assert 204 == answer.status_code
    assert {"GET", "HEAD", "OPTIONS", "POST"} == set(answer.headers["allow"].split(", "))
    assert "application/ld+json" in answer.headers["accept-post"]


def test_a_notification_that_is_sent_can_be_retrieved_and_is_listed(service: Inside, who: dict[str, Who]) -> None:
    """201 with Location; JSON-LD there, and in the list under ldp:contains; the receiver sees from whom."""
    sent = send(service, who["care"], "voorbeeld-bewoners", activity("voorbeeld-zorg"))
    assert (201, b"") == (sent.status_code, sent.content)
    address = sent.headers["location"]
    for reader in ("residents", "care"):
        answer = service.client.get(address, headers={**JSONLD, **who[reader]})
        assert (200, "application/ld+json") == (answer.status_code, answer.headers["content-type"])
        assert (f"<{BASE}{address}>", AS + "#actor", f"<{BASE}/id/voorbeeld-zorg>") in triples(answer)
    assert 404 == service.client.get(address, headers={**JSONLD, **who["municipality"]}).status_code
    listing = service.client.get("/inbox/voorbeeld-bewoners", headers=who["residents"])
    assert (200, "application/ld+json") == (listing.status_code, listing.headers["content-type"])
    contained = {
        o for s, p, o in triples(listing) if (s, p) == (f"<{BASE}/inbox/voorbeeld-bewoners>", LDP + "contains")
    }
    assert f"<{BASE}{address}>" in contained
    for one in contained:
        got = service.client.get(one[1:-1].removeprefix(BASE), headers={**JSONLD, **who["residents"]})
        assert 200 == got.status_code
        assert triples(got)
    for media, form in (("text/turtle", ox.RdfFormat.TURTLE), ("application/n-triples", ox.RdfFormat.N_TRIPLES)):
        for path in (address, "/inbox/voorbeeld-bewoners"):
            answer = service.client.get(path, headers={"Accept": media, **who["residents"]})
            assert answer.headers["content-type"].startswith(media)
            assert list(ox.parse(answer.content, format=form))
    head = service.client.head("/inbox/voorbeeld-bewoners", headers=who["residents"])
    assert (200, b"") == (head.status_code, head.content)
    assert 406 == service.client.get(address, headers={"Accept": "image/png", **who["residents"]}).status_code


def test_a_notification_keeps_all_that_its_sender_said(service: Inside, who: dict[str, Who]) -> None:
    """Own name, own context beside that of ActivityStreams, things within things: as they were sent."""
    body = activity(
        "voorbeeld-zorg",
        id="urn:uuid:7f6b3a4e-4a3d-4b8e-9d3e-2f1a0c9b8d7e",
        object={"type": "Place", "name": "Het plein", "lw:precision": {"id": "https://example.org/p"}},
    )
    body["@context"] = [AS, {"lw": "https://w3id.org/lerende-wijk/def#"}]
    sent = send(service, who["care"], "voorbeeld-bewoners", body)
    assert 201 == sent.status_code, sent.text
    found = service.client.get(sent.headers["location"], headers={**JSONLD, **who["residents"]}).json()
    assert body == {key: value for key, value in found.items() if key != "published"}


OTHER = f"{BASE}/id/voorbeeld-gemeente"
REFUSED: dict[str, tuple[int, str, Any]] = {
    "another actor": (403, "ActorOther", activity("voorbeeld-zorg", actor=OTHER)),
    "two actors": (422, "NotificationUnclear", activity("voorbeeld-zorg", actor=[OTHER, f"{BASE}/id/voorbeeld-zorg"])),
    "no actor": (422, "NotificationUnclear", {"@context": AS, "type": "Offer", "object": "urn:x:y"}),
    "no object": (422, "NotificationUnclear", activity("voorbeeld-zorg", object=[])),
    "no activity": (422, "NotificationUnclear", activity("voorbeeld-zorg", type="Note")),
    "a list": (422, "NotificationUnclear", [activity("voorbeeld-zorg")]),
    "a context to fetch": (400, "ForeignContext", activity("voorbeeld-zorg") | {"@context": [AS, "https://example.org/c"]}),
    "an unknown word": (422, "UnknownWord", activity("voorbeeld-zorg", sumary="x")),
    "a link that runs": (422, "UnsafeIri", activity("voorbeeld-zorg", url="javascript:alert(1)")),
    "a text that hides": (400, "UnsafeText", activity("voorbeeld-zorg", content="a\u0007b")),
    "not JSON": (400, "SyntaxUnclear", b"{"),
    "nothing": (400, "EmptyBody", b""),
    "too deep": (400, "TooNested", b"[" * 3000),
    "too large": (413, "TooLarge", b" " * 70_000),
    "too many facts": (413, "TooManyTriples", activity("voorbeeld-zorg", tag=[f"urn:x:{n}" for n in range(600)])),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_notification_is_refused_with_a_reason(service: Inside, who: dict[str, Who], what: str) -> None:
    """4xx in both languages, and where the rules are; nothing is kept."""
    status, name, body = REFUSED[what]
    before = items(service, who["residents"], "voorbeeld-bewoners", limit="100")
    answer = send(service, who["care"], "voorbeeld-bewoners", body)
    assert (status, name) == (answer.status_code, answer.json()["errors"][0]["name"]), answer.text
    assert LDP + "constrainedBy" in answer.links
    assert before == items(service, who["residents"], "voorbeeld-bewoners", limit="100")


def test_who_may_send_and_where_to(service: Inside, who: dict[str, Who]) -> None:
    """A token of any party; not anonymously, not to nobody, not as something else than JSON-LD."""
    assert 401 == send(service, {}, "voorbeeld-bewoners", activity("voorbeeld-zorg")).status_code
    assert 404 == send(service, who["care"], "niemand", activity("voorbeeld-zorg")).status_code
    turtle = {"Content-Type": "text/turtle"}
    other = send(service, who["care"], "voorbeeld-bewoners", b"<> a <urn:x:y> .", **turtle)
    assert (415, "MediaTypeOther") == (other.status_code, other.json()["errors"][0]["name"])
    assert "Stuur het als application/ld+json" in other.json()["errors"][0]["message"]["nl"]
    assert 201 == send(service, who["editors"], "voorbeeld-bewoners", activity("redactie")).status_code
    assert 405 == service.client.post("/inbox", content=b"{}", headers={**SENT, **who["care"]}).status_code


def test_what_was_sent_about_something_goes_when_that_is_erased(service: Inside, who: dict[str, Who]) -> None:
    """No message keeps the name of what is erased."""
    mine = say(service, who["residents"], story("voorbeeld-bewoners", "n-named"))
    sent = send(service, who["care"], "voorbeeld-gemeente", activity("voorbeeld-zorg", object=mine))
    address = sent.headers["location"]
    assert 200 == service.client.get(address, headers={**JSONLD, **who["municipality"]}).status_code
    service.end("erase", mine)
    assert 404 == service.client.get(address, headers={**JSONLD, **who["municipality"]}).status_code
    assert 404 == service.client.get(address, headers={**JSONLD, **who["care"]}).status_code


def test_a_sender_of_too_much_is_asked_to_wait(service: Inside, who: dict[str, Who]) -> None:
    """429 with Retry-After after a hundred in an hour; others go on."""
    status = [send(service, who["steward"], "voorbeeld-zorg", activity("wijk")).status_code for _ in range(101)]
    assert [201] * 100 + [429] == status
    assert 201 == send(service, who["editors"], "voorbeeld-zorg", activity("redactie")).status_code


@pytest.mark.parametrize(
    "query", ["unread=maybe", "limit=0", "limit=1000", "before=x", "before=x_y", "bla=1", "limit=²"]
)
def test_a_parameter_that_is_unclear_is_refused(service: Inside, who: dict[str, Who], query: str) -> None:
    """400, never ignored."""
    assert 400 == service.client.get(f"/inbox?{query}", headers=who["care"]).status_code
