"""Who read what is not public, who recorded for whom, and what is kept of a party: told to whom it concerns."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from kg.accounts import Accounts
from kg.ledger import Ledger, tables
from kg.noting import Notes, Read
from kg.party import Right
from tests.neighbourhood import BASE as NEAR
from tests.neighbourhood import NOW
from tests.running import Service, copy_of, start_service
from tests.stories import BASE, story

TURTLE = {"Content-Type": "text/turtle"}
HOLDER = "voorbeeld-bewoners"


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one story of each audience of `voorbeeld-bewoners`, one of them recorded for it."""
    started = start_service(copy_of(moerwijk_folder, tmp_path_factory.mktemp("readers")), BASE)
    with started.client(started.token(HOLDER, "contribute")) as client:
        for audience in ("own", "table", "partners", "public"):
            table = f" ; lw:tableOf <{BASE}/id/voorbeeld-zorg>" if audience == "table" else ""
            body = story(HOLDER, f"l-{audience}", audience=audience, extra=table)
            assert 201 == client.post("/contributions", content=body.encode(), headers=TURTLE).status_code
    yield started
    started.stop()


@pytest.fixture(scope="module")
def clients(service: Service) -> Iterator[dict[str, httpx.Client]]:
    """The holder, a partner at its table, another partner, the steward."""
    who = {
        "holder": (HOLDER, "contribute"),
        "zorg": ("voorbeeld-zorg", "contribute"),
        "gemeente": ("voorbeeld-gemeente", "read-partners"),
        "steward": ("wijk", "steward"),
        "recorder": ("voorbeeld-zorg", "record-for"),
    }
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        now = datetime.now(UTC)
        made = {
            role: service.client(accounts.create_token(party, Right(right), now))
            for role, (party, right) in who.items()
        }
    made["anonymous"] = service.client()
    yield made
    for client in made.values():
        client.close()


def soon(look: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What is found once it is as wanted; notes are written a moment later."""
    deadline = time.monotonic() + 20
    while not wanted(found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_a_holder_sees_who_read_what_is_not_public(service: Service, clients: dict[str, httpx.Client]) -> None:
    """By party, door and minute; not what is public, not itself, not an anonymous reader; nobody else sees it."""
    rdf = {"Accept": "text/turtle"}
    location = clients["holder"].get(f"/doc/{HOLDER}/l-partners", headers=rdf).headers["link"]
    contribution = location.partition(f"{BASE}/contributions/")[2].partition(">")[0]
    for client in ("zorg", "gemeente", "holder"):
        for audience in ("own", "table", "partners", "public"):
            clients[client].get(f"/doc/{HOLDER}/l-{audience}", headers=rdf)
    clients["zorg"].get(f"/doc/{HOLDER}/l-table", headers={"Accept": "text/html"})
    clients["gemeente"].get(f"/view/{HOLDER}", headers={"Accept": "application/n-quads"})
    clients["gemeente"].get(f"/contributions/{contribution}", headers={"Accept": "application/n-quads"})
    clients["gemeente"].get("/sparql", params={"query": "ASK { ?s ?p ?o }"})

    def lines() -> set[tuple[str, str, str, int]]:
        told = clients["holder"].get("/readers").json()["reads"]
        return {
            (one["document"].rpartition("/")[2], one["reader"].rpartition("/")[2], one["door"], one["times"])
            for one in told
            if one["document"].rpartition("/")[2].startswith("l-")
        }

    expected = {
        ("l-table", "voorbeeld-zorg", "doc", 2),
        ("l-partners", "voorbeeld-zorg", "doc", 1),
        ("l-partners", "voorbeeld-gemeente", "doc", 1),
        ("l-partners", "voorbeeld-gemeente", "view", 1),
        ("l-partners", "voorbeeld-gemeente", "contributions", 1),
    }
    assert expected == soon(lines, lambda found: found == expected)
    one = clients["holder"].get("/readers", params={"iri": f"{BASE}/id/{HOLDER}/l-table"})
    assert ("private, no-store", 90) == (one.headers["cache-control"], one.json()["daysKept"])
    assert [f"{BASE}/id/voorbeeld-zorg"] == [line["reader"] for line in one.json()["reads"]]
    assert one.json()["reads"][0]["first"].endswith("Z")
    assert len("2026-01-01T00:00Z") == len(one.json()["reads"][0]["first"])
    for iri in (f"{BASE}/id/{HOLDER}/l-partners", f"{BASE}/id/{HOLDER}/nooit"):
        assert 404 == clients["zorg"].get("/readers", params={"iri": iri}).status_code
    assert [] == [line for line in clients["zorg"].get("/readers").json()["reads"] if HOLDER in line["document"]]
    assert 403 == clients["gemeente"].get("/readers").status_code
    assert 401 == clients["anonymous"].get("/readers").status_code
    assert 400 == clients["holder"].get("/readers", params={"wat": "1"}).status_code


def test_the_steward_sees_how_much_and_no_document(clients: dict[str, httpx.Client]) -> None:
    """Counts by day, holder, audience, reader and door; the store of partners, asked whole, has no holder."""
    clients["gemeente"].get("/sparql", params={"query": "ASK { ?s ?p ?o }"})
    assert 200 == clients["zorg"].get("/graphs", params={"default": ""}).status_code
    clients["zorg"].get(f"/doc/{HOLDER}/l-table")
    whole = {(None, "store", f"{BASE}/id/voorbeeld-{party}") for party in ("gemeente", "zorg")}

    def seen() -> set[tuple[str | None, str, str]]:
        counts = clients["steward"].get("/readers").json()["counts"]
        return {(one["holder"], one["door"], one["reader"]) for one in counts}

    table = (f"{BASE}/id/{HOLDER}", "doc", f"{BASE}/id/voorbeeld-zorg")
    assert whole | {table} <= soon(seen, lambda found: whole | {table} <= found)
    told = clients["steward"].get("/readers")
    assert "l-table" not in told.text
    counts = told.json()["counts"]
    assert (f"{BASE}/id/{HOLDER}", "table", 1) in {(one["holder"], one["audience"], one["documents"]) for one in counts}


def test_a_token_shows_the_day_of_its_last_use(service: Service, clients: dict[str, httpx.Client]) -> None:
    """A used one today, an unused one never."""
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        unused = accounts.create_token("gemeente", Right.READ_PARTNERS, datetime.now(UTC))
        clients["zorg"].get("/healthz")
        clients["zorg"].get("/readyz")

        def used(party: str) -> set[str]:
            return {one.used for one in accounts.tokens() if one.party == party and one.used}

        assert unused
        assert [10] == [len(day) for day in soon(lambda: used("voorbeeld-zorg"), bool)]
        assert set() == used("gemeente")


def test_what_is_erased_leaves_no_line_of_who_read_it(service: Service, clients: dict[str, httpx.Client]) -> None:
    """The lines go in the same commit, and what was still to be written is not written."""
    body = story(HOLDER, "l-weg", audience="partners")
    clients["holder"].post("/contributions", content=body.encode(), headers=TURTLE)
    iri = f"{BASE}/id/{HOLDER}/l-weg"

    def lines() -> list[dict[str, Any]]:
        told = clients["holder"].get("/readers").json()["reads"]
        return [one for one in told if one["document"] == iri]

    clients["gemeente"].get(f"/doc/{HOLDER}/l-weg")
    assert 1 == len(soon(lines, bool))
    clients["gemeente"].get(f"/doc/{HOLDER}/l-weg")
    assert 200 == clients["holder"].delete(f"/doc/{HOLDER}/l-weg", params={"erase": "true"}).status_code
    assert [] == lines()
    time.sleep(1.5)  # Longer than a note waits.
    assert [] == lines()


def test_a_holder_sees_what_was_recorded_for_it_and_ends_the_delegation(
    service: Service, clients: dict[str, httpx.Client]
) -> None:
    """It sees who, what and since when; it ends it itself; the recorder then changes nothing, and what stands stays."""
    body, where = story(HOLDER, "l-namens", audience="own").encode(), {"onBehalfOf": HOLDER}
    taken = clients["recorder"].post("/contributions", content=body, headers=TURTLE, params=where)
    assert 201 == taken.status_code, taken.text
    told = clients["holder"].get("/delegations").json()
    assert (f"{BASE}/id/voorbeeld-zorg", "namens", True) in {
        (one["recorder"], one["kind"], one["holds"]) for one in told["given"]
    }
    mine = [one for one in told["recordedFor"]["documents"] if one["document"].endswith("/l-namens")]
    assert [(f"{BASE}/id/voorbeeld-zorg", "namens", "own")] == [
        (one["recordedBy"], one["delegation"], one["audience"]) for one in mine
    ]
    assert told["recordedFor"]["counts"][f"{BASE}/id/voorbeeld-zorg"] >= 1
    received = clients["recorder"].get("/delegations").json()
    assert "recordedFor" not in received
    assert f"{BASE}/id/{HOLDER}" in {one["holder"] for one in received["received"]}
    assert 403 == clients["recorder"].delete("/delegations", params={"recorder": "voorbeeld-zorg"}).status_code
    assert 422 == clients["zorg"].delete("/delegations", params={"recorder": "voorbeeld-zorg"}).status_code
    ended = clients["holder"].delete("/delegations", params={"recorder": f"{BASE}/id/voorbeeld-zorg"})
    assert 200 == ended.status_code, ended.text
    assert {False} == {one["holds"] for one in ended.json()["given"] if one["recorder"].endswith("voorbeeld-zorg")}
    changed = story(HOLDER, "l-namens", text="Anders.", audience="own").encode()
    refused = clients["recorder"].post(
        "/contributions", content=changed, headers=TURTLE, params={**where, "replace": "true"}
    )
    assert (403, "DelegationEnded") == (refused.status_code, refused.json()["errors"][0]["name"])
    kept = clients["holder"].get(f"/doc/{HOLDER}/l-namens", headers={"Accept": "text/turtle"})
    assert 200 == kept.status_code
    receipt = clients["holder"].get(taken.headers["location"], headers={"Accept": "application/json"}).json()
    assert f"{BASE}/id/voorbeeld-zorg" == receipt["recordedBy"]
    with Accounts(f"sqlite:///{service.data}/ledger.sqlite") as accounts:
        assert any((one.ended_by or "").startswith(f"{HOLDER} ") for one in accounts.delegations(ended=True))
    for asked, status in (({}, 400), ({"recorder": "x", "kind": "y"}, 400), ({"wie": "x"}, 400)):
        assert status == clients["holder"].delete("/delegations", params=asked).status_code
    assert 401 == clients["anonymous"].get("/delegations").status_code


def test_the_register_of_processing_says_what_is_kept_and_no_small_number(service: Service) -> None:
    """By kind: grounds, audiences and recorders; fewer than five are told as such."""
    told = service.run("party", "processing", HOLDER).stdout
    story_line = next(line for line in told.splitlines() if line.startswith("Story\t"))
    assert all(word in story_line for word in ("own", "table", "partners", "public", HOLDER))
    assert "fewer than 5" in service.run("party", "processing", "voorbeeld-zorg").stdout


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of a new, empty ledger."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    Ledger.create(url, NEAR).close()
    return url


def test_notes_are_kept_so_many_days_and_no_longer(url: str) -> None:
    """What is older goes; with no days nothing is noted at all."""
    with Accounts(url) as accounts:
        notes = Notes(url, accounts, days=30)
        for back in (31, 29):
            notes.read([("", "", "partners")], reader="ans", token="t", door="store", now=NOW - timedelta(days=back))
        notes.flush()
        assert 2 == len(notes.counts(10))
        notes.sweep(NOW)
        assert [(NOW - timedelta(days=29)).date().isoformat()] == [one[0] for one in notes.counts(10)]
        notes.close()
        none = Notes(url, accounts, days=0)
        none.read([("", "", "partners")], reader="ans", token="t", door="store", now=NOW)
        none.flush()
        assert 1 == len(none.counts(10))
        none.close()


def test_a_reader_never_waits_for_a_note(url: str) -> None:
    """While somebody else holds the file's lock, noting takes no time; afterwards all is there, summed up."""
    with Accounts(url) as accounts:
        notes = Notes(url, accounts, days=30)
        engine = tables.open_engine(url, writes=True)
        with engine.begin():
            began = time.monotonic()
            for _ in range(1000):
                notes.read([("", "", "partners")], reader="ans", token="t", door="store", now=NOW)
            took = time.monotonic() - began
        engine.dispose()
        notes.close()
        assert took < 1.0
        with Accounts(url) as again:
            look = Notes(url, again, days=30)
            assert 1000 == sum(one[6] for one in look.counts(10))
            look.close()


def test_a_kill_loses_at_most_what_was_read_in_the_last_second(moerwijk_folder: Path, tmp_path: Path) -> None:
    """A read of before is there after kill -9."""
    killed = start_service(copy_of(moerwijk_folder, tmp_path), BASE)
    with killed.client(killed.token("voorbeeld-zorg", "read-partners")) as client:
        client.get("/sparql", params={"query": "ASK { ?s ?p ?o }"})
    time.sleep(2.5)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait(30)
    url = f"sqlite:///{killed.data}/ledger.sqlite"
    with Accounts(url) as accounts:
        notes = Notes(url, accounts, days=30)
        assert ["voorbeeld-zorg"] == [one[3] for one in notes.counts(10)]
        notes.close()


def test_a_line_holds_no_more_than_it_has_to() -> None:
    """No address of a reader, no time finer than a minute, no words."""
    fields = {"document", "day", "reader", "token", "door", "holder", "audience", "first", "times"}
    assert fields == set(Read.__dataclass_fields__) == set(tables.reads.c.keys())
