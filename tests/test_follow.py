"""Following: a mirror equals the viewpoints whatever happened, keeps no erased word, and is fooled by no server."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from kg import following, mirror
from kg.exploring import rdf_file
from kg.feed import Feed, Node, nquads
from kg.following import Follower, Source
from kg.mirror import Mirror, Page
from kg.party import AUDIENCES
from kg.streams import Paths, read_page
from kg.vocabulary import AS, DCTERMS, LDES, SCHEMA, TREE
from service.cli import app
from tests.inside import Inside, inside
from tests.neighbourhood import BASE, folder
from tests.running import copy_of
from tests.stories import story
from tests.test_feed import PAGE, SPAN, stands, walk
from tests.test_integrity import steps
from tests.test_past import carry_out, open_parallel

PARTY = "voorbeeld-bewoners"
OURS = Paths(f"{DCTERMS}isVersionOf", f"{AS}published", f"{SCHEMA}position", (f"{AS}Delete",))


def take(copy: Mirror, node: Node) -> None:
    """Takes a page of a feed in, as a follower does."""
    quads = ox.parse(nquads(BASE, node), format=ox.RdfFormat.N_QUADS)
    page = read_page(quads, f"{BASE}{node.path}", OURS)
    copy.take(Page(f"{BASE}{node.path}", None, 0.0, False, page.onward), page.members)


def graphs(file: Path) -> dict[str, list[bytes]]:
    """What a mirror holds, by graph."""
    found: dict[str, list[bytes]] = {}
    for line in file.read_bytes().splitlines():
        triple, _, graph = line.removesuffix(b" .").rpartition(b" ")
        found.setdefault(graph[1:-1].decode(), []).append(triple)
    return {graph: sorted(lines) for graph, lines in found.items()}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_a_mirror_equals_the_store_in_whatever_order_pages_are_read(history: list[tuple[object, ...]]) -> None:
    """Pages again and again, the newest first or the oldest, and only what is new: always what the store holds."""
    with folder() as place:
        parallel = open_parallel(place)
        feed = Feed(parallel.ledger, page_positions=PAGE, span_pages=SPAN)
        copies = {
            (audience, way): Mirror(place / f"{audience}-{way}.nq", place / f"{audience}-{way}.state")
            for audience in AUDIENCES
            for way in ("again", "backward", "onward")
        }
        for step in history:
            carry_out(parallel, step)
            parallel.end_grounds()
            for (audience, way), copy in copies.items():
                pages = list(walk(feed, audience, parallel.now))
                if way == "onward":
                    seen = int(copy.recalled("position") or 0)
                    pages = [node for node in pages if node.events[-1].position > seen]
                for node in reversed(pages) if way == "backward" else pages:
                    take(copy, node)
                copy.write()
                assert stands(parallel.ledger, audience, parallel.now) == graphs(copy.file)
        for copy in copies.values():
            copy.close()
        parallel.ledger.close()


@pytest.fixture(scope="module")
def service(moerwijk_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that the tests of this file write to."""
    with inside(copy_of(moerwijk_folder, tmp_path_factory.mktemp("follow"))) as service:
        yield service


@pytest.fixture(scope="module")
def holder(service: Inside) -> dict[str, str]:
    """The token of who tells the stories."""
    return service.token(PARTY, "contribute")


def say(service: Inside, holder: dict[str, str], name: str, text: str, audience: str = "public") -> None:
    """Publishes or replaces a story."""
    sent = story(PARTY, name, text=text, audience=audience).encode()
    headers = holder | {"Content-Type": "text/turtle"}
    answer = service.client.post("/contributions?replace=true", content=sent, headers=headers)
    assert answer.status_code == 201, answer.text


def viewpoints(service: Inside, headers: dict[str, str] | None = None) -> list[bytes]:
    """The viewpoints of all parties, as sorted N-Quads."""
    lines: list[bytes] = []
    for party in service.house.ledger.parties():
        path = f"/view/{party.iri.rpartition('/')[2]}"
        answer = service.client.get(path, headers={"Accept": "application/n-quads", **(headers or {})})
        lines += answer.content.splitlines() if answer.status_code == 200 else []
    return sorted(lines)


def followed(url: object, to: Path, *words: str, token: str = "") -> tuple[int, Mapping[str, Any], str]:
    """The command, once: its exit code, what it found, and what it told on stderr."""
    env = {"WIJKGRAAF_TOKEN": token}
    done = CliRunner().invoke(app, ["follow", str(url), "--to", str(to), "--once", "--json", *words], env=env)
    return done.exit_code, json.loads(done.stdout or "{}"), done.stderr


def test_the_mirror_is_all_viewpoints_and_what_was_erased_is_in_no_file_of_it(
    service: Inside, holder: dict[str, str], tmp_path: Path
) -> None:
    """First everything, then only what is new; replaced, withdrawn, erased; ready for `wijkgraaf explore`."""
    url, copy = service.client.base_url, tmp_path / "mirror.nq"
    code, first, _ = followed(url, tmp_path)
    assert (0, 0) == (code, first["behind"])
    assert viewpoints(service) == sorted(copy.read_bytes().splitlines())
    say(service, holder, "gevolgd", "De lift is wortelzeventien kapot.")
    say(service, holder, "gevolgd", "De lift is wortelachttien kapot.")
    say(service, holder, "teruggenomen", "De trap is worteldonker.")
    service.end("withdraw", f"{BASE}/id/{PARTY}/teruggenomen")
    code, second, _ = followed(url, tmp_path)
    assert (0, 1, first["documents"] + 1) == (code, second["read"], second["documents"])
    assert second["lag_seconds"] > 0
    held = copy.read_bytes()
    assert viewpoints(service) == sorted(held.splitlines())
    assert b"wortelachttien" in held
    assert b"worteldonker" not in held
    assert not isinstance(rdf_file(copy), str)
    service.end("erase", f"{BASE}/id/{PARTY}/gevolgd")
    assert 0 == followed(url, tmp_path)[0]
    assert viewpoints(service) == sorted(copy.read_bytes().splitlines())
    for file in tmp_path.iterdir():
        for word in (b"wortelachttien", b"wortelzeventien", b"gevolgd"):
            assert word not in file.read_bytes(), file
    code, quiet, _ = followed(url, tmp_path)
    assert (0, 0, 0) == (code, quiet["read"], quiet["changes"])


def test_a_partner_mirrors_what_is_for_partners(service: Inside, holder: dict[str, str], tmp_path: Path) -> None:
    """With a token the mirror is that of its audience, for its owner's eyes; without, nothing of it."""
    say(service, holder, "onder-ons", "Alleen voor wie hier werkt.", "partners")
    reader = service.token("redactie", "read-partners")
    token = reader["Authorization"].removeprefix("Bearer ")
    assert 0 == followed(service.client.base_url, tmp_path / "ours", token=token)[0]
    copy = tmp_path / "ours" / "mirror.nq"
    assert viewpoints(service, reader) == sorted(copy.read_bytes().splitlines())
    assert 0o600 == copy.stat().st_mode & 0o777
    assert 0 == followed(service.client.base_url, tmp_path / "all")[0]
    assert b"onder-ons" not in (tmp_path / "all" / "mirror.nq").read_bytes()
    code, _, told = followed(service.client.base_url, tmp_path / "ours", token="x")
    assert (1, True) == (code, "answers 401" in told)


def test_a_full_page_that_was_rewritten_is_read_again(service: Inside, holder: dict[str, str], tmp_path: Path) -> None:
    """Not within five minutes; after that a new ETag is noticed, and one that stayed costs nothing."""
    say(service, holder, "herschreven", "Dit staat straks op een volle bladzijde.")
    for number in range(100):
        say(service, holder, "vulling", f"Vulling {number}.")
    now = [time.time()]
    copy = Mirror(tmp_path / "m.nq", tmp_path / "m.state")
    follower = Follower(Source(f"{service.client.base_url}/feed"), copy, clock=lambda: now[0])
    follower.start()
    try:
        assert follower.round().trouble is None
        service.end("erase", f"{BASE}/id/{PARTY}/herschreven")
        soon = follower.round()
        assert (0, 1, None) == (soon.rewritten, soon.changes, soon.trouble)
        now[0] += 301
        later = follower.round()
        assert (1, 0) == (later.rewritten, later.changes)
        assert later.unchanged >= 5
        assert viewpoints(service) == sorted(copy.file.read_bytes().splitlines())
    finally:
        follower.close()
        copy.close()


class Ended(BaseException):
    """The process is ended here."""


def test_ended_anywhere_it_goes_on_where_it_was(
    service: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, in and after a page's transaction, and while the file is written: the next round mends everything."""
    code, whole, _ = followed(service.client.base_url, tmp_path / "whole")
    expected = (tmp_path / "whole" / "mirror.nq").read_bytes()
    assert (0, True) == (code, whole["read"] > 3)

    def ended(*_: object, **__: object) -> None:
        raise Ended

    places = [(mirror, "_note_page", 2), (mirror, "_note", 3), (mirror, "write_whole", 0), (following, "_members", 2)]
    for room, name, turns in places:
        to, left, real = tmp_path / f"{name}-{turns}", [turns], getattr(room, name)

        def counted(*words: Any, left: list[int] = left, real: Any = real, **named: Any) -> Any:
            left[0] -= 1
            return ended() if left[0] < 0 else real(*words, **named)

        with monkeypatch.context() as patch:
            patch.setattr(room, name, counted)
            with pytest.raises(Ended):
                CliRunner().invoke(app, ["follow", str(service.client.base_url), "--to", str(to), "--once"])
        (to / "mirror.nq.part").write_bytes(b"half a line")
        assert 0 == followed(service.client.base_url, to)[0]
        assert expected == (to / "mirror.nq").read_bytes()
        assert not (to / "mirror.nq.part").exists()


@contextmanager
def serving(answers: Mapping[str, tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers; its address, and what was asked."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in {"Content-Type": "text/turtle", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


HEAD = f"""@prefix ldes: <{LDES}> . @prefix tree: <{TREE}> . @prefix dcterms: <{DCTERMS}> . @prefix as: <{AS}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix ex: <http://example.org/> .
ex:stream a ldes:EventStream ; tree:view <> ; ldes:timestampPath dcterms:created ;
 ldes:versionOfPath dcterms:isVersionOf .
"""


def page(text: str) -> tuple[int, dict[str, str], bytes]:
    """A page of a stream of somebody else."""
    return 200, {}, (HEAD + text).encode()


def test_a_stream_of_others_is_mirrored_too(tmp_path: Path) -> None:
    """Members without graphs, with parts and nameless things; the newest version of each; ends; a cycle of pages."""
    answers = {
        "/s": page("<> tree:relation [ tree:node <p1> ], [ tree:node <p2> ] ."),
        "/p1": page(
            "ex:stream tree:member ex:a1, ex:b1 . <> tree:relation [ tree:node <p2> ], [ tree:node <s> ] .\n"
            'ex:a1 dcterms:isVersionOf ex:a ; dcterms:title "a, oud" ;\n'
            ' dcterms:created "2026-01-01T00:00:00Z"^^xsd:dateTime .\n'
            'ex:b1 dcterms:isVersionOf ex:b ; dcterms:title "b" ;\n'
            ' dcterms:created "2026-01-01T00:00:00Z"^^xsd:dateTime .'
        ),
        "/p2": page(
            "ex:stream tree:member ex:a2, ex:b2 . <> tree:relation [ tree:node <p1> ] .\n"
            'ex:a2 dcterms:isVersionOf ex:a ; dcterms:title "a, nieuw" ;\n'
            ' dcterms:created "2026-01-02T00:00:00Z"^^xsd:dateTime ;\n'
            '  dcterms:spatial [ dcterms:title "hier" ] .\n'
            'ex:b2 a as:Delete ; dcterms:isVersionOf ex:b ; dcterms:created "2026-01-02T00:00:00Z"^^xsd:dateTime .'
        ),
    }
    with serving(answers) as (url, asked):
        code, found, _ = followed(f"{url}/s", tmp_path)
    assert (0, 1, None) == (code, found["documents"], found["position"] or None)
    assert ["/p1", "/p2", "/s"] == sorted(asked)
    held = (tmp_path / "mirror.nq").read_text()
    assert "a, nieuw" in held
    assert '"hier"' in held
    assert "oud" not in held
    assert "example.org/b" not in held


def test_what_is_no_stream_is_said_and_nothing_is_written(service: Inside, tmp_path: Path) -> None:
    """A catalogue is RDF and no stream: exit 1, no file; the same --to then takes the stream that was meant."""
    url, copy = str(service.client.base_url).rstrip("/"), tmp_path / "mirror.nq"
    code, _, told = followed(f"{url}/catalog", tmp_path)
    assert (1, True) == (code, "is no event stream" in told.replace("\n", " ")), told
    assert [] == list(tmp_path.iterdir())
    assert 1 == followed(f"{url}/no-such-page", tmp_path)[0]
    assert [] == list(tmp_path.iterdir())
    assert 0 == followed(url, tmp_path)[0]
    before = copy.read_bytes()
    assert 2 == followed(f"{url}/catalog", tmp_path)[0]
    assert before == copy.read_bytes()


def test_no_server_leads_a_follower_astray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other hosts, redirects, endless streams, bombs, nonsense, and another stream than before; each is told."""
    monkeypatch.setattr(following, "PAGES_MAX", 20)
    monkeypatch.setattr(following, "PAGE_BYTES_MAX", 100_000)
    endless = {f"/n{i}": page(f"<> tree:relation [ tree:node <n{i + 1}> ] .") for i in range(40)}
    bomb = gzip.compress(b"# " + b"a" * 10_000_000)
    answers = {
        **endless,
        "/elders": page("<> tree:relation [ tree:node <http://127.0.0.2:9/x> ], [ tree:node <ftp://x/> ] ."),
        "/door": (302, {"Location": "http://127.0.0.1:1/"}, b""),
        "/bom": (200, {"Content-Encoding": "gzip"}, bomb),
        "/diep": (200, {}, b"[" * 50_000),
        "/stuk": (200, {}, b"<a> <b> ."),
        "/tekst": (200, {"Content-Type": "text/html"}, b"<p>"),
        "/context": (200, {"Content-Type": "application/ld+json"}, b'{"@context": "http://127.0.0.1:1/c", "@id": "x"}'),
        "/druk": (503, {"Retry-After": "7"}, b""),
        "/weg": (404, {}, b""),
        "/klein": page(""),
    }
    with serving(answers) as (url, asked):

        def one(path: str) -> tuple[int, str]:
            code, _, told = followed(f"{url}{path}", tmp_path / path.strip("/"))
            return code, told

        code, told = one("/elders")
        assert (0, True) == (code, "--allow-host 127.0.0.2" in told)
        for path, words in {
            "/n0": "more than 20 pages",
            "/door": "sends us to http://127.0.0.1:1/",
            "/bom": "more than 100000 bytes",
            "/diep": "cannot be read",
            "/stuk": "line 1",
            "/tekst": "text/html is not read",
            "/context": "JSON-LD with a context",
            "/weg": "answers 404",
        }.items():
            code, told = one(path)
            assert (1, True) == (code, words in told.replace("\n", " ")), (path, told)
        assert len(asked) < 60
        assert 3 == one("/druk")[0]
        assert 0 == followed(f"{url}/klein", tmp_path / "ander")[0]
        answers["/klein"] = (200, {}, HEAD.replace("ex:stream", "ex:ander").encode())
        code, _, told = followed(f"{url}/klein", tmp_path / "ander")
        assert (1, True) == (code, "another stream" in told)
    assert 3 == followed(f"{url}/klein", tmp_path / "uit")[0]
    assert 2 == followed(f"{url}/n38", tmp_path / "ander")[0]
    for wrong in ("ftp://x/", "geen adres", "http://a:b@127.0.0.1/"):
        assert 2 == followed(wrong, tmp_path / "x")[0], wrong
    assert 2 == followed("http://127.0.0.1/", tmp_path / "x", "--interval", "0")[0]
