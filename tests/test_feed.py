"""The feed: whoever follows it holds what stands in the store; what may not be shown has gone from every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.feed import Feed, Node, nquads, trig
from kg.ledger import Ledger
from kg.ledger.events import Came
from kg.party import AUDIENCES
from kg.vocabulary import AS, DCTERMS, ENDED, LDES, LWS, RDF, SCHEMA, TREE
from tests.inside import Inside, inside
from tests.neighbourhood import BASE, folder, made_anew
from tests.running import copy_of
from tests.stories import story
from tests.test_integrity import Parallel, ends, says, speaking, steps
from tests.test_past import carry_out, open_parallel

PAGE, SPAN = 3, 2


class Mirror:
    """A follower in the plainest words: reads the pages from the one it read last, and does what each member says."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, list[bytes]]] = {}
        self.document_of: dict[str, str] = {}
        self.position = 0

    def read(self, quads: list[ox.Quad]) -> None:
        """Takes in one page."""
        facts: dict[str, dict[str, list[str]]] = {}
        for quad in quads:
            if isinstance(quad.graph_name, ox.DefaultGraph):
                facts.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, []).append(quad.object.value)  # type: ignore[union-attr]
        members = [one for told in list(facts.values()) for one in told.get(f"{TREE}member", ())]
        for member in sorted(members, key=lambda one: int(facts[one][f"{SCHEMA}position"][0])):
            told = facts[member]
            position = int(told[f"{SCHEMA}position"][0])
            assert len(told[f"{DCTERMS}isVersionOf"]) == 1
            if position <= self.position:
                continue
            contribution, document = member.partition("#")[0], told[f"{DCTERMS}isVersionOf"][0]
            if f"{AS}Delete" in told[f"{RDF}type"]:
                for gone in told[f"{AS}object"]:
                    self.kept.pop(self.document_of.get(gone, document), None)
            else:
                words = [str(q.triple).encode() for q in quads if q.graph_name == ox.NamedNode(member)]
                self.document_of[contribution] = document
                self.kept[document] = (contribution, sorted(words))
        self.position = max([self.position, *(int(facts[one][f"{SCHEMA}position"][0]) for one in members)])


def walk(feed: Feed, audience: str, now: datetime) -> Iterator[Node]:
    """Every page with members, reached from the root by relations alone; times bound what stands on them."""
    waiting = [feed.root(audience)]
    while waiting:
        node = waiting.pop(0)
        if node.events:
            yield node
        for relation in node.relations:
            found = feed.node(audience, relation.path.rsplit("/", 1)[1], now)
            assert found is not None
            times = [event.time for event in found.events]
            assert all(relation.since <= time <= (relation.until or time) for time in times)
            waiting.append(found)


def parsed(node: Node) -> list[ox.Quad]:
    """A page as quads, the same in both formats."""
    there = f"{BASE}{node.path}"
    quads = list(ox.parse(nquads(BASE, node), format=ox.RdfFormat.N_QUADS))
    again = ox.parse(trig(BASE, node), format=ox.RdfFormat.TRIG, base_iri=there)
    assert {str(q) for q in quads} == {str(q) for q in again}
    return quads


def stands(ledger: Ledger, audience: str, now: datetime) -> dict[str, list[bytes]]:
    """What the store holds, by contribution."""
    found: dict[str, list[bytes]] = {}
    for line in made_anew(ledger, audience, now):
        triple, _, graph = line.removesuffix(b" .").rpartition(b" ")
        if graph.startswith(f"<{BASE}/contributions/".encode()):
            found.setdefault(graph[1:-1].decode(), []).append(triple)
    return {contribution: sorted(lines) for contribution, lines in found.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_whoever_follows_holds_what_the_store_holds(history: list[tuple[object, ...]]) -> None:
    """After every step a follower, one who begins anew, and the store agree; and nothing is told beyond the past."""
    with folder() as place:
        parallel = open_parallel(place)
        feed = Feed(parallel.ledger, page_positions=PAGE, span_pages=SPAN)
        followers = {audience: Mirror() for audience in AUDIENCES}
        for step in history:
            carry_out(parallel, step)
            parallel.end_grounds()
            for audience, follower in followers.items():
                anew = Mirror()
                pages = list(walk(feed, audience, parallel.now))
                for node in pages:
                    anew.read(parsed(node))
                    if node.events[-1].position > follower.position:
                        follower.read(parsed(node))
                expected = stands(parallel.ledger, audience, parallel.now)
                assert expected == dict(anew.kept.values()) == dict(follower.kept.values())
                statements, stones = parallel.world.store(audience, parallel.today)
                ghosts = {name for name in stones if parallel.world.things[name].ended in (None, "withdrawn")}
                told = {e.document for node in pages for e in node.events if isinstance(e, Came) and e.said}
                assert told <= statements | ghosts
                named = {e.document for node in pages for e in node.events if e.document}
                assert named <= statements | stones
        parallel.ledger.close()


def ties_to_hidden(parallel: Parallel, audience: str, payload: bytes) -> bool:
    """Whether these words point to a document that this audience does not see now."""
    named = {iri.decode().partition("#")[0] for iri in re.findall(rb"<(http://127\.0\.0\.1:8000/id/[^>]+)>", payload)}
    found = (parallel.ledger.document(iri) for iri in named)
    return any(one is not None and one.ended is None and audience not in one.visible for one in found)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_a_page_tells_what_the_past_tells(history: list[tuple[object, ...]]) -> None:
    """Words that the past of their position shows stand on their page.

    Unless their own ground is over, or they tie to what is kept from this audience by now: the feed is copied by
    others, so it shows less rather than more.
    """
    with folder() as place:
        parallel = open_parallel(place)
        feed = Feed(parallel.ledger, page_positions=PAGE, span_pages=SPAN)
        for step in history:
            carry_out(parallel, step)
        for audience in AUDIENCES:
            for event in (e for node in walk(feed, audience, parallel.now) for e in node.events):
                with parallel.ledger.past(audience, event.position, parallel.now) as past:
                    numbers = {number for number, _ in past.kept.shown.values()}
                recorded = parallel.ledger.contribution(event.contribution)
                if isinstance(event, Came) and recorded is not None and recorded.number in numbers:
                    over = re.search(rb"\d{4}-\d\d-\d\d", recorded.payload or b"")
                    over_now = over is not None and over[0].decode() < parallel.today
                    assert event.said or over_now or ties_to_hidden(parallel, audience, recorded.payload or b"")
        parallel.ledger.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(speaking, min_size=1, max_size=6), st.lists(says | ends, min_size=1, max_size=6))
def test_what_is_not_public_moves_nothing_in_the_public_feed(
    history: list[tuple[object, ...]], restricted: list[tuple[object, ...]]
) -> None:
    """Whatever a party does below `public`, the root and every page of the public feed keep their bytes."""
    with folder() as place:
        parallel = open_parallel(place)
        feed = Feed(parallel.ledger, page_positions=PAGE, span_pages=SPAN)

        def everything() -> list[bytes]:
            nodes = [feed.root("public"), *walk(feed, "public", parallel.now)]
            return [trig(BASE, node) for node in nodes]

        for step in history:
            carry_out(parallel, step)
        before = everything()
        for act in restricted:
            if act[0] == "say":
                act = (act[0], act[1], "partners" if act[2] == "public" else act[2], *act[3:])
            parallel.speak("cor", [act])
        assert before == everything()
        parallel.ledger.close()


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("feed"))) as service:
        yield service


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of who tells the stories."""
    return service.token("voorbeeld-bewoners", "contribute")


def last_page(service: Inside, headers: dict[str, str] | None = None) -> tuple[str, httpx.Response]:
    """The address of the last page, and the page."""
    position = int(service.client.get("/feed", headers=headers).headers["wijkgraaf-position"])
    path = f"/feed/{-(-position // 100)}"
    return path, service.client.get(path, headers=headers)


def say(service: Inside, holder: dict[str, str], name: str, text: str, audience: str = "public") -> str:
    """Publishes or replaces a story; the id of its contribution."""
    sent = story("voorbeeld-bewoners", name, text=text, audience=audience)
    headers = holder | {"Content-Type": "text/turtle"}
    answer = service.client.post("/contributions?replace=true", content=sent.encode(), headers=headers)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["contributions"][0]["contribution"]
    return found


def test_the_root_says_what_a_client_needs(service: Inside) -> None:
    """Paths, shape, what is kept, and bounds for every page; the same in four formats; members only on pages."""
    there = f"{service.client.base_url}/feed"
    answers = {
        media: service.client.get("/feed", headers={"Accept": media})
        for media in ("application/trig", "text/turtle", "application/n-quads", "application/ld+json")
    }
    assert {200} == {answer.status_code for answer in answers.values()}
    store = ox.Store()
    store.load(answers["text/turtle"].content, format=ox.RdfFormat.TURTLE, base_iri=there)
    stream = ox.NamedNode(f"{BASE}/feed#public")

    def one(subject: ox.NamedNode, predicate: str) -> str:
        (quad,) = store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return quad.object.value  # type: ignore[union-attr]

    assert f"{LDES}EventStream" == one(stream, f"{RDF}type")
    assert f"{AS}published" == one(stream, f"{LDES}timestampPath")
    assert f"{SCHEMA}position" == one(stream, f"{LDES}sequencePath")
    assert f"{DCTERMS}isVersionOf" == one(stream, f"{LDES}versionOfPath")
    assert f"{LWS}FeedMember" == one(stream, f"{TREE}shape")
    # Pages are where they are served, whatever the names begin with.
    assert there == one(stream, f"{TREE}view")
    policy = ox.NamedNode(one(ox.NamedNode(there), f"{LDES}retentionPolicy"))
    assert 2 == len(
        list(store.quads_for_pattern(policy, ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#comment"), None))
    )
    nodes = {q.object.value for q in store.quads_for_pattern(None, ox.NamedNode(f"{TREE}node"), None)}  # type: ignore[union-attr]
    assert {f"{there}/{number}" for number in range(1, len(nodes) + 1)} == nodes
    assert [] == list(store.quads_for_pattern(None, ox.NamedNode(f"{TREE}member"), None))


def test_every_member_has_the_shape_of_members(service: Inside) -> None:
    """A first page and the last one conform to the shape that the root embeds; a member without a time does not."""
    root = service.client.get("/feed", headers={"Accept": "text/turtle"}).text
    shapes = rdflib.Graph().parse(data=root, format="turtle", publicID=f"{BASE}/feed")
    target = rdflib.URIRef("http://www.w3.org/ns/shacl#targetObjectsOf")
    shapes.add((rdflib.URIRef(f"{LWS}FeedMember"), target, rdflib.URIRef(f"{TREE}member")))
    for path in ("/feed/1", last_page(service)[0]):
        page = service.client.get(path, headers={"Accept": "application/trig"}).text
        quads = [q for q in ox.parse(page, format=ox.RdfFormat.TRIG, base_iri=BASE) if str(q.graph_name) == "DEFAULT"]
        text = "".join(f"{quad.triple} .\n" for quad in quads)
        assert pyshacl.validate(rdflib.Graph().parse(data=text, format="nt"), shacl_graph=shapes)[0]
        untimed = re.sub(rf"\S+ <{AS}published> .*\n", "", text, count=1)
        assert not pyshacl.validate(rdflib.Graph().parse(data=untimed, format="nt"), shacl_graph=shapes)[0]


def test_full_pages_are_kept_and_looked_at_again_and_the_last_is_not(service: Inside) -> None:
    """Cache-Control, ETag with 304, links, HEAD; what is not there, not offered or not known is refused."""
    path, open_page = last_page(service)
    assert "no-cache" == open_page.headers["cache-control"]
    assert 'rel="next"' not in open_page.headers["link"]
    full = service.client.get("/feed/2")
    assert "max-age=300, must-revalidate" == full.headers["cache-control"]
    assert '</feed/1>; rel="first", </feed/1>; rel="prev", </feed/3>; rel="next"' in full.headers["link"]
    again = service.client.get("/feed/2", headers={"If-None-Match": full.headers["etag"]})
    assert (304, b"") == (again.status_code, again.content)
    head = service.client.head("/feed/2")
    assert (200, b"", full.headers["etag"]) == (head.status_code, head.content, head.headers["etag"])
    assert (
        "text/plain; charset=utf-8"
        == service.client.get("/feed", headers={"Accept": "text/html,*/*;q=0.8"}).headers["content-type"]
    )
    number = int(path.rsplit("/", 1)[1])
    for wrong in (f"/feed/{number + 1}", "/feed/0", "/feed/01", "/feed/-1", "/feed/1-100", "/feed/x", "/feed/1-2"):
        assert 404 == service.client.get(wrong).status_code, wrong
    assert 406 == service.client.get("/feed/1", headers={"Accept": "text/turtle"}).status_code
    assert 406 == service.client.get("/feed", headers={"Accept": "image/png"}).status_code
    assert 400 == service.client.get("/feed?page=2").status_code
    assert 405 == service.client.post("/feed").status_code
    assert 401 == service.client.get("/feed", headers={"Authorization": "Bearer onbekend"}).status_code


def test_an_erased_story_is_on_no_page_and_its_end_is_announced(service: Inside, holder: dict[str, str]) -> None:
    """Replaced and withdrawn words stay where they came in; erased, a tombstone stands there, and a new ETag."""
    first = say(service, holder, "volgen", "De lift is zeventien dagen kapot.")
    path, page = last_page(service)
    assert "zeventien dagen" in page.text
    second = say(service, holder, "volgen", "De lift is achttien dagen kapot.")
    name = f"{BASE}/id/voorbeeld-bewoners/volgen"
    service.end("withdraw", name)
    before = service.client.get(path)
    assert all(words in before.text for words in ("zeventien", "achttien", f'<{ENDED}> "withdrawn"'))
    assert re.search(rf"{second}#ended-\d+> <{DCTERMS}isVersionOf> <{name}>", before.text)
    service.end("erase", name)
    end_path, after = last_page(service)
    pages = service.client.get(path).text + (after.text if end_path != path else "")
    assert "zeventien" not in pages
    assert "achttien" not in pages
    assert name not in pages
    assert before.headers["etag"] != service.client.get(path).headers["etag"]
    for contribution in (first, second):
        assert f"<{contribution}> <{AS}object> <{contribution}>" in pages
    assert f'> <{ENDED}> "erased" .' in service.client.get(end_path).text
    assert 1 == len(re.findall(rf'{second}#ended-\d+> <{ENDED}> "erased"', pages))


def test_a_story_for_fewer_readers_leaves_the_public_feed_without_a_word(
    service: Inside, holder: dict[str, str]
) -> None:
    """Narrowed to partners: the public page tells neither name nor words nor why; the partners' page has both."""
    say(service, holder, "smaller", "De verwarming doet het niet.")
    say(service, holder, "smaller", "De verwarming doet het weer niet.", audience="partners")
    public, partners = last_page(service)[1], last_page(service, holder)[1]
    for word in ("verwarming", "bewoners/smaller", '"hidden"'):
        assert word not in public.text, word
    assert "weer niet" in partners.text
    assert "private, no-store" == partners.headers["cache-control"]
    assert f"<{BASE}/feed#partners>" in partners.text
    assert f"{BASE}/feed#partners" not in public.text
    say(service, holder, "alleen-hier", "De buurman heeft het ook koud.", audience="partners")
    assert (public.text, public.headers["etag"]) == (last_page(service)[1].text, last_page(service)[1].headers["etag"])
    assert "ook koud" in last_page(service, holder)[1].text
