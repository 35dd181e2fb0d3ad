"""What partners publish elsewhere is fetched, checked as any contribution and kept in step, through the doors."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from kg.harvesting import running
from kg.harvesting.addresses import Leave
from kg.harvesting.bringing import Brought, bring
from kg.harvesting.running import Harvester, asked_seconds, freely, wait_seconds
from kg.harvesting.sources import EVERY_SECONDS_MIN, Source, Sources, Standing, read_interval
from kg.keeping import utc_now
from kg.party import Right
from kg.register import party_document
from service.cli import app
from tests.inside import Inside, inside
from tests.partner import Partner, partner
from tests.running import copy_of
from tests.stories import BASE, PREFIXES

HERE = Leave(private=True, plain=True)
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Partner]:
    """A partner's web server."""
    with partner() as one:
        yield one


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A running service whose harvester is at hand."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("harvests"))) as one:
        yield one


@dataclass(frozen=True)
class Place:
    """A party of its own with a source, and how to act as it."""

    service: Inside
    server: Partner
    party: str
    steward: Mapping[str, str]

    @property
    def iri(self) -> str:
        """The party."""
        return f"{BASE}/id/{self.party}"

    def named(self, *names: str) -> list[str]:
        """The documents of these names."""
        return [f"{self.iri}/{name}" for name in names]

    def text(self, *names: str, title: str = "Groenplan", holder: str | None = None) -> str:
        """A policy of each name, in Turtle."""
        return PREFIXES + "".join(
            f"<{self.iri}/{name}> a lw:Policy ; lw:heldBy <{holder or self.iri}> ; lw:audience audience:public ; "
            f'dcterms:title "{title} {name}"@nl .\n'
            for name in names
        )

    def gives(self, *names: str, **more: Any) -> str:
        """Lets the server give these documents; the address."""
        return self.server.put(f"/{self.party}.ttl", self.text(*names, **more))

    def source(self, address: str, kind: str = "dump", **more: Any) -> str:
        """Registers an address of the party; the source's name."""
        leave, name = more.pop("leave", HERE), more.pop("name", self.party)
        source = Source(name, self.party, kind, address, 3600, leave=leave, **more)
        self.service.house.harvester.sources.add(source, utc_now(), replace=True)
        return source.name

    def run(self, name: str = "", **asked: str) -> dict[str, Any]:
        """Fetches it now; the report."""
        path = f"/harvests/{name or self.party}/runs"
        answer = self.service.client.post(path, params=asked, headers=self.steward)
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    def told(self, **asked: str) -> list[str]:
        """The names of the objections of a run that did not go well."""
        report = self.run(**asked)
        assert report["status"] in ("failed", "refused"), report
        return [one["name"] for one in report["objections"]]

    def token(self) -> dict[str, str]:
        """The header of the party's own token."""
        secret = self.service.house.accounts.create_token(self.party, Right.CONTRIBUTE, utc_now())
        return {"Authorization": f"Bearer {secret}"}

    def publish(self, turtle: str, **asked: str) -> httpx.Response:
        """The party publishes by hand."""
        headers = {**self.token(), "Content-Type": "text/turtle"}
        answer = self.service.client.post("/contributions", content=turtle, headers=headers, params=asked)
        assert answer.status_code in (200, 201), answer.text
        return answer

    def holds(self) -> dict[str, str]:
        """What is current of the party: its documents by name, with the title of each."""
        found = {}
        for one in self.service.house.ledger.view(self.party):
            titles = [q.object.value for q in ox.parse(one.payload or b"", format=ox.RdfFormat.N_TRIPLES)
                      if q.predicate.value.endswith("/title")]  # fmt: skip
            found[one.iri.removeprefix(self.iri + "/")] = titles[0]
        return found


@pytest.fixture
def place(service: Inside, server: Partner) -> Place:
    """A party of the test's own, in the register."""
    slug = f"partner-{next(_NUMBERS)}"
    steward = service.house.accounts.create_token("wijk", Right.STEWARD, utc_now())
    headers = {"Authorization": f"Bearer {steward}"}
    body = party_document(BASE, slug, [(f"Partner {slug}", "nl")], [])
    answer = service.client.post(
        "/contributions", content=body, headers={**headers, "Content-Type": "application/n-triples"}
    )
    assert answer.status_code == 201, answer.text
    return Place(service, server, slug, headers)


# --- a file


def test_what_a_file_holds_is_taken_in_for_its_party(place: Place) -> None:
    """Held by the party, recorded by the register's party in its name, and every reader sees who recorded."""
    place.source(place.gives("a", "b"))
    report = place.run()
    assert (report["status"], report["httpStatus"]) == ("changed", 200)
    assert {k: v for k, v in report["counts"].items() if v} == {"added": 2}
    batch = place.service.client.get(report["batch"].removeprefix(BASE)).json()["contributions"]
    assert [(one["document"], one["heldBy"], one["recordedBy"], one["delegation"]) for one in batch] == [
        (iri, place.iri, f"{BASE}/id/wijk", "namens") for iri in place.named("a", "b")
    ]


def test_fetching_again_writes_nothing(place: Place) -> None:
    """304 by the ETag; the same bytes without one; and looked at anew all the same."""
    place.source(place.gives("a"))
    place.run()
    heads = place.service.house.ledger.heads()
    again = place.run()
    assert (again["status"], again["httpStatus"], again["bytes"]) == ("unchanged", 304, 0)
    place.server.answers[f"/{place.party}.ttl"].etag = False
    again = place.run()
    assert (again["status"], again["httpStatus"]) == ("unchanged", 200)
    anew = place.run(anew="true")
    assert (anew["status"], anew["counts"]["unchanged"]) == ("unchanged", 1)
    assert place.service.house.ledger.heads() == heads


def test_a_document_fetched_is_the_document_published(place: Place) -> None:
    """One digest, one contribution: what the party posts and what is fetched afterwards are the same."""
    posted = place.publish(place.text("a")).json()["contributions"][0]
    place.source(place.gives("a"))
    report = place.run()
    assert (report["status"], report["counts"]["unchanged"]) == ("unchanged", 1)
    current = place.service.house.ledger.document(place.named("a")[0])
    assert current is not None
    assert f"{BASE}/contributions/{current.contribution}" == posted["contribution"]
    assert current.digest == posted["digest"]


@pytest.mark.parametrize("form", ["application/n-triples", "application/rdf+xml", "application/ld+json", "gzip"])
def test_every_format_gives_the_same_digest(place: Place, form: str) -> None:
    """Turtle, N-Triples, RDF/XML, JSON-LD, packed or not."""
    turtle = place.text("a").encode()
    triples = [q.triple for q in ox.parse(turtle, format=ox.RdfFormat.TURTLE)]
    if form == "gzip":
        address = place.server.put(f"/{place.party}.ttl.gz", gzip.compress(turtle), "application/gzip")
    else:
        kind = ox.RdfFormat.from_media_type(form)
        assert kind is not None
        body = ox.serialize(triples, format=kind) or b""
        address = place.server.put(f"/{place.party}", body, form)
    place.source(address)
    assert place.run()["counts"]["added"] == 1
    place.publish(place.text("a"))  # Would be 409 if it were other content.


def test_a_file_is_kept_in_step(place: Place) -> None:
    """What changes is replaced, what goes is withdrawn, what is new comes in, in one batch."""
    place.source(place.gives("a", "b", "c"))
    place.run()
    place.gives("b", "d", title="Groenplan 2")
    report = place.run()
    assert {k: v for k, v in report["counts"].items() if v} == {"added": 1, "replaced": 1, "withdrawn": 2}
    assert place.holds() == {"b": "Groenplan 2 b", "d": "Groenplan 2 d"}


def test_relative_names_are_names_at_the_address(place: Place) -> None:
    """As RDF has it: a file in the party's own domain may say <a> for what stands beside it."""
    space = f"{place.server.url}/{place.party}/"
    place.service.house.accounts.add_namespace(place.party, space, utc_now())
    said = place.text("x").replace(f"<{place.iri}/x>", "<plan>")
    place.source(place.server.put(f"/{place.party}/data.ttl", said))
    assert place.run()["counts"]["added"] == 1
    assert set(place.holds()) == {space + "plan"}


def test_a_spreadsheet_at_an_address_is_a_file_too(place: Place) -> None:
    """With the columns of our template, by its ending or as the server calls it; a wrong cell is told by its place."""
    sheet = "Policy: name,Title (nl),Audience\nblad,Een plan,public\n"
    place.source(place.server.put(f"/{place.party}.csv", sheet, "text/csv"))
    report = place.run()
    assert (report["status"], place.holds()) == ("changed", {"blad": "Een plan"}), report
    place.server.put(f"/{place.party}.csv", sheet.replace("public", "iedereen!"), "application/octet-stream")
    assert place.run()["status"] == "refused"


# --- what the party does itself


def test_what_the_party_published_by_hand_stays(place: Place) -> None:
    """A source withdraws only what it brought."""
    place.publish(place.text("eigen"))
    place.source(place.gives("a", "b"))
    place.run()
    place.gives("a")
    assert place.run()["counts"]["withdrawn"] == 1
    assert set(place.holds()) == {"eigen", "a"}


def test_the_partys_own_act_wins(place: Place) -> None:
    """What it changed by hand its source neither changes nor withdraws, and the report says so; the rest goes on."""
    place.source(place.gives("a", "b"))
    place.run()
    place.publish(place.text("a", title="Met de hand"), replace="true")
    place.gives("a", "b", title="Van de site")
    report = place.run()
    assert (report["counts"]["leftToParty"], report["counts"]["replaced"]) == (1, 1)
    assert place.holds() == {"a": "Met de hand a", "b": "Van de site b"}
    place.gives("b", title="Van de site")
    place.run()
    assert place.holds() == {"a": "Met de hand a", "b": "Van de site b"}


def test_what_the_party_withdrew_does_not_come_back(place: Place) -> None:
    """Taken back is taken back, though its site still has it."""
    place.source(place.gives("a", "b"))
    place.run()
    place.service.end("withdraw", place.named("a")[0])
    place.gives("a", "b", "c")
    assert place.run()["counts"]["leftToParty"] == 1
    assert set(place.holds()) == {"b", "c"}


def test_what_was_erased_stays_so_and_stops_nothing(place: Place) -> None:
    """Erased is for good, its name is kept nowhere beside the ledger, and the other documents go on."""
    place.source(place.gives("a", "b"))
    place.run()
    place.service.end("erase", place.named("a")[0])
    place.gives("a", "b", "c")
    assert place.run()["counts"]["leftEnded"] == 1
    assert set(place.holds()) == {"b", "c"}
    sources = place.service.house.harvester.sources
    sources.forget_erased(place.service.house.ledger.is_erased)
    assert sources.brought(place.party) == set(place.named("b", "c"))


def test_no_report_keeps_the_name_of_what_was_erased(place: Place) -> None:
    """What an objection said of it goes with it; which objection it was stays."""
    place.source(place.gives("a", "b"))
    place.run()
    place.gives("a", "b", holder=f"{BASE}/id/gemeente")
    place.told()
    place.service.end("erase", place.named("a")[0])
    sources = place.service.house.harvester.sources
    sources.forget_erased(place.service.house.ledger.is_erased)
    assert sources.runs(place.party)[0].objections == ({"name": "SecondHolder"}, {"name": "SecondHolder"})


# --- what is refused, and what fails


@pytest.mark.parametrize("what", ["namespace", "holder", "register", "graph"])
def test_nobody_is_spoken_for_but_the_party(place: Place, what: str) -> None:
    """Another's namespace, another's name as holder, the register, a graph of somebody: all of it is refused."""
    others = {
        "namespace": place.text("a") + place.text("b").replace(place.iri + "/", f"{BASE}/id/gemeente/"),
        "holder": place.text("a") + place.text("b", holder=f"{BASE}/id/gemeente"),
        "register": place.text("a") + f'<{BASE}/id/gemeente> dcterms:title "Wij"@nl .',
        "graph": "",
    }[what]
    address = place.server.put(f"/{place.party}.ttl", others)
    if what == "graph":
        line = f'<{place.iri}/a> <http://purl.org/dc/terms/title> "x"@nl <{BASE}/view/gemeente> .\n'
        address = place.server.put(f"/{place.party}.nq", line, "application/n-quads")
    place.source(address)
    named = {
        "namespace": "ForeignSubject",
        "holder": "SecondHolder",
        "register": "ForeignSubject",
        "graph": "GraphName",
    }
    assert place.told()[0] == named[what]
    assert place.holds() == {}


def test_a_source_that_fails_keeps_its_last_good_state(place: Place) -> None:
    """What came before stays; the report says why, and how it stands says since when. Then it goes on."""
    place.source(place.gives("a"))
    good = place.run()["ended"]
    place.server.answers[f"/{place.party}.ttl"].status = 500
    assert place.told() == ["AnswerRefused"]
    place.server.put(f"/{place.party}.ttl", "<a> <b>")
    assert place.told() == ["SyntaxUnclear"]
    place.server.put(f"/{place.party}.ttl", "<p>Onderhoud</p>", "text/html")
    assert place.told() == ["FetchedUnclear"]
    stands = place.service.client.get(f"/harvests/{place.party}", headers=place.steward).json()
    assert (stands["good"], stands["failures"], len(stands["runs"])) == (good, 3, 4)
    assert set(place.holds()) == {"a"}
    place.gives("a")
    assert place.run()["status"] == "unchanged"
    stands = place.service.client.get(f"/harvests/{place.party}", headers=place.steward).json()
    assert stands["failures"] == 0


def test_a_source_that_is_suddenly_empty_is_not_believed(place: Place) -> None:
    """Nothing, or less than half of what it gave: what we have stays until somebody says that it is meant."""
    place.source(place.gives("a", "b", "c", "d", "e"))
    place.run()
    for body in ("", PREFIXES, place.text("a")):
        place.server.put(f"/{place.party}.ttl", body)
        assert place.told() == ["SourceShrunk"]
        assert len(place.holds()) == 5
    assert place.run(allowWithdraw="4")["counts"]["withdrawn"] == 4


def test_a_private_address_is_refused_unless_the_source_may(place: Place) -> None:
    """By default a source is a public address over https."""
    place.source(place.gives("a"), leave=Leave(plain=True))
    before = len(place.server.asked)
    assert place.told() == ["AddressClosed"]
    assert len(place.server.asked) == before


def test_nobody_is_spoken_for_who_has_left(place: Place) -> None:
    """A party that is no longer in the register is not fetched from."""
    place.source(place.gives("a"))
    place.service.client.delete(f"/doc/{place.party}", headers=place.steward)
    current = place.service.house.ledger.document(place.iri)
    assert current is not None
    assert current.ended == "withdrawn"
    before = len(place.server.asked)
    assert place.told() == ["PartyUnknown"]
    assert len(place.server.asked) == before


def test_a_source_that_changes_during_its_run_keeps_what_it_became(place: Place) -> None:
    """What came from the old address says nothing of the new one; of a removed source no report is kept."""
    place.source(place.gives("a"))
    place.run()
    sources = place.service.house.harvester.sources
    before, (run,) = sources.find(place.party), sources.runs(place.party)
    assert before is not None
    place.source(place.server.put(f"/{place.party}-2.ttl", place.text("a", "b")))
    sources.report(before, replace(run, id="late"), reports_max=9)
    after = sources.find(place.party)
    assert after is not None
    assert (after.etag, after.digest) == (None, None)
    sources.remove(place.party)
    sources.report(before, replace(run, id="later"), reports_max=9)
    assert sources.runs(place.party) == []


def test_what_is_too_much_to_unpack_is_left(place: Place) -> None:
    """Nothing of it reaches a parser."""
    bomb = gzip.compress(bytes(80 * 1024 * 1024))
    place.source(place.server.put(f"/{place.party}.ttl.gz", bomb, "application/gzip"))
    assert place.told() == ["FetchTooLarge"]


# --- the other kinds


def test_a_catalogue_leads_to_its_file(place: Place) -> None:
    """The dataset's file in a format of ours; on another host only when the source may be led on."""
    file = place.gives("a")
    dcat = f"""@prefix dcat: <http://www.w3.org/ns/dcat#> .
        <x> a dcat:Dataset ; dcat:distribution [ dcat:mediaType "text/turtle" ; dcat:downloadURL <{file}> ] ."""
    place.source(place.server.put(f"/{place.party}/dcat", dcat), "dcat")
    assert place.run()["counts"]["added"] == 1
    assert place.run()["httpStatus"] == 304
    elsewhere = dcat.replace("127.0.0.1", "localhost")
    place.server.put(f"/{place.party}/dcat", elsewhere)
    assert place.told() == ["LeadsElsewhere"]
    place.source(f"{place.server.url}/{place.party}/dcat", "dcat", leave=replace(HERE, elsewhere=True))
    assert place.run()["status"] == "unchanged"


def test_an_endpoint_gives_what_the_stewards_query_constructs(place: Place, tmp_path: Path) -> None:
    """Here another service of ours is the endpoint, and the query tells it in the party's own domain and words."""
    space = f"https://{place.party}.example/"
    place.service.house.accounts.add_namespace(place.party, space, utc_now())
    query = tmp_path / "query.rq"
    query.write_text(
        PREFIXES.replace("@prefix", "PREFIX").replace("> .", ">")
        + f"""CONSTRUCT {{ ?own a lw:Policy ; lw:heldBy <{place.iri}> ; dcterms:title ?title ;
            lw:audience audience:public }}
        WHERE {{ ?policy a lw:Policy ; dcterms:title ?title ; lw:heldBy <{BASE}/id/gemeente>
        BIND(IRI(CONCAT("{space}", STRAFTER(STR(?policy), "/id/gemeente/"))) AS ?own) FILTER(LANG(?title) = "nl") }}"""
    )
    place.source(f"{place.service.client.base_url}/sparql", "sparql", recipe=str(query))
    report = place.run()
    assert report["status"] == "changed", report
    assert report["counts"]["added"] == len(place.holds()) > 0
    assert all(name.startswith(space) for name in place.holds())
    assert place.run()["status"] == "unchanged"
    query.unlink()
    assert place.told() == ["RecipeUnreadable"]


STREAM = """@prefix ldes: <https://w3id.org/ldes#> . @prefix tree: <https://w3id.org/tree#> .
@prefix as: <https://www.w3.org/ns/activitystreams#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def version(place: Place, number: int, name: str, title: str | None) -> str:
    """A version of a document; without a title its end."""
    iri = place.named(name)[0]
    said = f'a lw:Policy ; lw:heldBy <{place.iri}> ; lw:audience audience:public ; dcterms:title "{title}"@nl'
    return (
        f"<#s> tree:member <#v{number}> . <#v{number}> {said if title else 'a as:Delete'} ; "
        f'dcterms:isVersionOf <{iri}> ; dcterms:created "2026-01-{number:02}T00:00:00Z"^^xsd:dateTime .\n'
    )


def stream(place: Place, first: str, second: str, policy: str = "") -> str:
    """A stream of two pages; its address."""
    address = f"/{place.party}/feed"
    head = STREAM + PREFIXES + f"<#s> a ldes:EventStream ; tree:view <{address}> . {policy}"
    place.server.put(address, head + f"<{address}> tree:relation [ tree:node <{address}2> ] .\n" + first)
    place.server.put(address + "2", head + second)
    return place.server.url + address


def test_a_stream_is_read_page_by_page(place: Place) -> None:
    """Of each document the newest version, with its ends; what is erased there is not in the stream any more."""
    pages = (version(place, 1, "a", "Oud") + version(place, 2, "b", "B"), version(place, 3, "a", "Nieuw"))
    place.source(stream(place, *pages), "ldes")
    assert place.run()["counts"]["added"] == 2
    assert place.holds() == {"a": "Nieuw", "b": "B"}
    stream(place, pages[0], pages[1] + version(place, 4, "b", None) + version(place, 5, "c", "C"))
    assert place.run()["counts"] == {"added": 1, "replaced": 0, "withdrawn": 1, "unchanged": 1}
    stream(place, version(place, 5, "c", "C"), version(place, 6, "c", "D"))
    assert place.run()["counts"]["withdrawn"] == 1
    assert place.holds() == {"c": "D"}


def test_a_stream_that_forgets_withdraws_only_what_it_says(place: Place) -> None:
    """Where what is old goes from a stream, what is not there may still hold."""
    forgets = "<#s> ldes:retentionPolicy [ a ldes:DurationAgoPolicy ] . "
    place.source(stream(place, version(place, 1, "a", "A"), version(place, 2, "b", "B"), forgets), "ldes")
    place.run()
    stream(place, version(place, 3, "c", "C"), "", forgets)
    place.run()
    assert place.holds() == {"a": "A", "b": "B", "c": "C"}
    stream(place, version(place, 3, "c", None), version(place, 4, "a", None), forgets)
    place.run()
    assert place.holds() == {"b": "B"}


def test_our_own_feed_read_so_is_what_is_public_here(place: Place) -> None:
    """Every page of /feed: the newest versions together are the current public documents, triple by triple."""
    place.publish(place.text("a"))
    place.publish(place.text("a", title="Nieuw"), replace="true")
    place.publish(place.text("b"))
    place.service.end("withdraw", place.named("b")[0])
    source = Source("feed", place.party, "ldes", f"{place.service.client.base_url}/feed", 3600, leave=HERE)
    got = asyncio.run(bring(Standing(source, "", ""), place.service.house.harvester.means))
    assert isinstance(got, Brought), got
    ledger = place.service.house.ledger
    parties = {one.party for one in ledger.parties()} | {one.iri.rsplit("/", 1)[-1] for one in ledger.parties()}
    current = [one for party in parties for one in ledger.view(party, "public")]
    assert {line for one in current for line in (one.payload or b"").splitlines()} == set(got.body.splitlines())
    assert set(place.named("b")) <= got.ended


def test_what_is_no_stream_is_told(place: Place) -> None:
    """And nothing of it is taken for documents."""
    place.source(place.gives("a"), "ldes")
    assert place.told() == ["StreamUnclear"]


def test_proposals_of_a_platform_come_in_as_the_publishers(place: Place) -> None:
    """Title, text, day and address by a mapping that is a file; the same shapes look at them."""
    table = "id;author/name;title/nl;body/nl;published_at;url\n" + "".join(
        f"{n};Somebody;Plan {n};<p>Tekst {n}</p>;2026-02-0{n} 10:00:00;https://p.example/{n}\n" for n in (1, 2)
    )
    place.source(place.server.put(f"/{place.party}.csv", table, "text/csv"), "decidim", recipe="decidim-proposals")
    report = place.run()
    assert report["status"] == "changed", report
    assert place.holds() == {"decidim-proposal-1": "Plan 1", "decidim-proposal-2": "Plan 2"}
    assert place.run()["httpStatus"] == 304
    meetings = (
        "id;title/nl;description/nl;start_time;url\n9;Wijkgesprek;Praat mee;2026-03-01 19:00;https://p.example/m\n"
    )
    address = place.server.put(f"/{place.party}-m.csv", meetings, "text/csv")
    second = place.source(address, "decidim", recipe="decidim-meetings", name=f"{place.party}-m")
    assert place.run(second)["counts"] == {"added": 1, "replaced": 0, "withdrawn": 0, "unchanged": 0}
    assert len(place.holds()) == 3


# --- reports, and who reads them


def test_a_report_is_for_the_steward_and_for_the_party(place: Place) -> None:
    """The party reads its own; another party finds nothing there, and nobody finds out whether there is one."""
    place.source(place.gives("a", holder=f"{BASE}/id/gemeente"))
    place.run()
    client, path = place.service.client, f"/harvests/{place.party}"
    assert client.get(path).status_code == 401
    gemeente = place.service.token("gemeente", "contribute")
    there, not_there = client.get(path, headers=gemeente), client.get("/harvests/no-such", headers=gemeente)
    assert (there.status_code, not_there.status_code) == (404, 404)
    assert there.text.replace(path, "/harvests/no-such") == not_there.text
    assert client.get("/harvests", headers=gemeente).json() == {"sources": []}
    own = client.get(path, headers=place.token())
    assert own.headers["cache-control"] == "private, no-store"
    (report,) = own.json()["runs"]
    assert {"started", "ended", "status", "httpStatus", "bytes", "counts", "objections"} <= report.keys()
    assert report["objections"][0]["message"].keys() == {"nl", "en"}
    assert report["objections"][0]["focus"] == place.named("a")[0]
    assert [s["name"] for s in client.get("/harvests", headers=place.token()).json()["sources"]] == [place.party]
    assert client.post(path + "/runs", headers=place.token()).status_code == 403
    assert client.post(path + "/runs").status_code == 401
    assert client.post("/harvests/no-such/runs", headers=place.steward).status_code == 404
    for asked in ({"anew": "maybe"}, {"allowWithdraw": "-1"}, {"x": "1"}):
        assert client.post(path + "/runs", headers=place.steward, params=asked).status_code == 400


def test_older_reports_keep_no_names_and_there_are_not_ever_more(place: Place) -> None:
    """What a document was called and what it said stands in the last report alone."""
    place.source(place.gives("a", holder=f"{BASE}/id/gemeente"))
    for _ in range(3):
        place.run()
    sources = place.service.house.harvester.sources
    last, *older = sources.runs(place.party)
    assert "focus" in last.objections[0]
    assert all(run.objections == ({"name": "SecondHolder"},) for run in older)
    standing = sources.find(place.party)
    assert standing is not None
    sources.report(standing, replace(last, id="x", started="2999"), reports_max=2)
    assert [run.id for run in sources.runs(place.party)] == ["x", last.id]


def test_readers_see_how_old_it_is(place: Place) -> None:
    """The party's page says when it was last fetched, and that the last try failed."""
    page = f"/nl/wie/{place.party}"
    assert "halen wij op" not in place.service.client.get(page).text
    place.source(place.gives("a"))
    place.run()
    assert "Dat lukte voor het laatst op" in place.service.client.get(page).text
    assert "mislukte" not in place.service.client.get(page).text
    place.server.answers.pop(f"/{place.party}.ttl")
    place.run()
    assert "De laatste poging" in place.service.client.get(page).text
    assert "The last try" in place.service.client.get(f"/en/who/{place.party}").text


def test_a_source_registered_again_goes_on_where_it_was(place: Place) -> None:
    """Removed, what it brought stays; back under its name, what it gives no more is withdrawn after all."""
    place.source(place.gives("a", "b"))
    place.run()
    sources = place.service.house.harvester.sources
    assert (sources.remove(place.party), sources.remove(place.party)) == (True, False)
    assert set(place.holds()) == {"a", "b"}
    place.source(place.gives("b"))
    assert place.run()["counts"]["withdrawn"] == 1
    assert set(place.holds()) == {"b"}


# --- in its time


def test_an_interval_has_a_unit_and_a_minimum() -> None:
    """`6h` is one; what is faster than a partner's server deserves is not."""
    assert [read_interval(text) for text in ("15m", "6h", "1d")] == [900, 21_600, 86_400]
    for unclear in ("6", "h", "6w", "14m", "0d", "367d", "-1d", "1.5h"):
        with pytest.raises(ValueError, match=unclear.replace(".", r"\.")):
            read_interval(unclear)


def test_a_failing_source_is_tried_soon_and_then_ever_less_often() -> None:
    """A quarter of an hour, half an hour, … a day; never sooner than the server asks."""
    day = 86_400
    assert [wait_seconds(day, failures) for failures in (0, 1, 2, 3, 20)] == [day, 900, 1800, 3600, day]
    assert wait_seconds(EVERY_SECONDS_MIN, 20) == day
    assert wait_seconds(day, 1, asked=7200) == 7200
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert asked_seconds("Thu, 01 Jan 2026 00:02:00 GMT", now) == 120
    assert [asked_seconds(text, now) for text in (None, "60", "soon", "Thu, 01 Jan 2015 00:02:00 GMT")] == [0, 60, 0, 0]


@pytest.mark.parametrize(("brought", "may"), [(0, 0), (1, 1), (5, 3), (19, 10), (100, 10), (1000, 100)])
def test_so_much_may_go_without_a_word(brought: int, may: int) -> None:
    """As much as a party may withdraw at once, and never more than half."""
    assert freely(brought) == may


def test_the_clock_fetches_what_is_due(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the service itself, one after the other; then it waits for the next time, a little longer than asked."""
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.01)
    place.source(place.gives("a"))
    mine = Harvester(place.service.house.admission, place.service.house.harvester.sources, chance=lambda: 0.5)

    async def while_it_keeps() -> None:
        keeping = asyncio.create_task(mine.keep())
        while mine.sources.next_due(utc_now()) is not None or not mine.sources.runs(place.party):
            await asyncio.sleep(0.02)
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    asyncio.run(asyncio.wait_for(while_it_keeps(), 30))
    (run,) = mine.sources.runs(place.party)
    standing = mine.sources.find(place.party)
    assert standing is not None
    waits = datetime.fromisoformat(standing.due) - datetime.fromisoformat(run.ended)
    assert waits == timedelta(seconds=3600 * 1.05)


def test_what_goes_wrong_with_one_source_stops_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of ours is in the log with its trace; the clock goes on."""
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.01)
    mine = Harvester(place.service.house.admission, place.service.house.harvester.sources)
    rounds: list[int] = []

    async def faulty(name: str) -> Any:
        rounds.append(len(rounds))
        raise RuntimeError(f"a fault with {name}")

    monkeypatch.setattr(mine, "run", faulty)
    place.source(place.gives("a"))

    async def while_it_keeps() -> None:
        keeping = asyncio.create_task(mine.keep())
        while len(rounds) < 2:
            await asyncio.sleep(0.02)
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping

    asyncio.run(asyncio.wait_for(while_it_keeps(), 30))
    assert "a fault with" in caplog.text
    place.service.house.harvester.sources.postpone(place.party, utc_now() + timedelta(days=1))


def test_a_stop_in_the_middle_is_written_down(place: Place) -> None:
    """Nothing is kept half, and the source is not at once tried again by whoever starts next."""
    place.source(place.gives("a"))
    place.server.answers[f"/{place.party}.ttl"].silent_seconds = 3.0
    mine = Harvester(place.service.house.admission, place.service.house.harvester.sources)

    async def stopped() -> None:
        task = asyncio.create_task(mine.run(place.party))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    begun = time.monotonic()
    asyncio.run(stopped())
    assert time.monotonic() - begun < 2.5
    (run,) = mine.sources.runs(place.party)
    assert (run.status, run.objections[0]["name"]) == ("failed", "Interrupted")
    assert mine.sources.next_due(utc_now()) is None


def test_a_ledger_from_before_has_no_sources(moerwijk_folder: Path, tmp_path: Path) -> None:
    """It is read as one without any, and the first that is registered makes room for them."""
    url = f"sqlite:///{copy_of(moerwijk_folder, tmp_path) / 'ledger.sqlite'}"
    sources = Sources(url)
    with sources._writes.begin() as connection:
        for name in ("harvest_sources", "harvest_runs", "harvested"):
            connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    assert (sources.all(), sources.find("x"), sources.next_due(utc_now()), sources.runs("x")) == ((), None, None, ())
    assert (sources.brought("x"), sources.fetched_from("gemeente")) == (frozenset(), ())
    sources.add(Source("x", "gemeente", "dump", "https://partner.example/x.ttl", 3600), utc_now())
    assert [one.source.name for one in sources.all()] == ["x"]
    sources.close()


# --- on the command line


def test_the_command_line_keeps_the_register(place: Place) -> None:
    """Add, list, run, show and remove beside a running service; a run that fails ends with 1."""
    folder = ("--data", str(place.service.house.settings.data))
    door = ("--url", str(place.service.client.base_url), "--token", place.steward["Authorization"].split()[1])
    add = ("add", "site", place.gives("a"), "--party", place.party, "--every", "6h", *folder)
    assert said(*add).exit_code == 2
    assert said(*add, "--allow-private", "--allow-http").exit_code == 0
    assert "add --replace" in said(*add, "--allow-private", "--allow-http").stderr.replace("\n", " ")
    ran = said("run", "site", *door)
    assert (ran.exit_code, "changed HTTP 200" in ran.stdout, "1 added" in ran.stdout) == (0, True, True), ran.stdout
    assert f"site\t{place.party}\tdump\tgood at" in said("list", *door).stdout
    place.server.answers.pop(f"/{place.party}.ttl")
    failed = said("run", "site", *door)
    assert (failed.exit_code, "AnswerRefused" in failed.stderr) == (1, True)
    shown = json.loads(said("show", "site", "--json", *door).stdout)
    assert [run["status"] for run in shown["runs"]] == ["failed", "changed"]
    assert "failed HTTP 404" in said("show", "site", *door).stdout
    assert (said("remove", "site", *folder).exit_code, said("remove", "site", *folder).exit_code) == (0, 2)
    assert set(place.holds()) == {"a"}


def said(*words: str) -> Result:
    """What `wijkgraaf harvest` with these words ends with."""
    return CliRunner().invoke(app, ["harvest", *words])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--party", "nobody"), "no such party"),
        (("--party", "wijk"), "register itself"),
        (("--party", "gemeente", "--every", "1m"), "15m"),
        (("--party", "gemeente", "--kind", "ftp"), "choose one of"),
        (("--party", "gemeente", "--kind", "sparql"), "--query"),
        (("--party", "gemeente", "--kind", "decidim", "--mapping", "no-such"), "decidim-meetings"),
        (("--party", "gemeente", "--format", "text/html"), "choose one of"),
        (("--party", "gemeente", "--dataset", "x"), "dcat"),
    ],
)
def test_a_source_that_could_never_be_fetched_is_refused(
    moerwijk_folder: Path, words: tuple[str, ...], why: str
) -> None:
    """At once, with what to do."""
    done = said("add", "site", "https://partner.example/x.ttl", *words, "--data", str(moerwijk_folder))
    assert (done.exit_code, why in done.stderr.replace("\n", " ")) == (2, True), done.stderr
