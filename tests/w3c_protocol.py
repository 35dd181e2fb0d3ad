"""The W3C suite for the SPARQL 1.1 Protocol as facts: each case's requests, byte for byte, and what has to come."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from tests.w3c_cases import MF, UT, W3C, Node, listed, objects, path_of, read

HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
FORMATS = {  # mf:expectedFormat → the media types that the manifest's names allow
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {
        "application/sparql-results+json",
        "application/sparql-results+xml",
        "text/csv",
        "text/tab-separated-values",
    },
    "RDF": {"application/rdf+xml", "text/turtle", "application/n-triples"},
}


@dataclass(frozen=True)
class Request:
    """One request of a case. `path` is what stands behind the endpoint's address: a query string, or nothing."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    statuses: frozenset[str]  # "2xx", "4xx" …
    boolean: bool | None
    format: str | None


@dataclass(frozen=True)
class Exchange:
    """One case: requests in order, and the graphs that have to be there."""

    name: str
    graphs: tuple[tuple[str, Path], ...]
    requests: tuple[Request, ...]

    @property
    def updates(self) -> bool:
        """Whether it is about updates, which are not offered."""
        return "update" in self.name


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Without its parameters."""
        return self.headers.get("content-type", "").split(";")[0]

    @property
    def objections(self) -> list[str]:
        """The names of what is objected to."""
        return [e["name"] for e in json.loads(self.body)["errors"]]


def exchanges() -> list[Exchange]:
    """Every case of the suite; none where it is absent."""
    manifest = W3C / "sparql11" / "protocol" / "manifest.ttl"
    if not manifest.exists():
        return []
    store = read(manifest)
    (head,) = (q.object for q in store.quads_for_pattern(None, ox.NamedNode(MF + "entries"), None))
    assert not isinstance(head, ox.Triple)
    return [_exchange(store, entry) for entry in listed(store, head) if not isinstance(entry, ox.Literal)]


def _one(store: ox.Store, subject: Node, predicate: str) -> Node | ox.Literal | None:
    found = objects(store, subject, predicate)
    assert len(found) <= 1, (subject, predicate, found)
    return found[0] if found else None


def _text(store: ox.Store, subject: Node, predicate: str) -> str | None:
    found = _one(store, subject, predicate)
    return None if found is None else found.value


def _exchange(store: ox.Store, entry: Node) -> Exchange:
    graphs = []
    for place in objects(store, entry, UT + "graphData"):
        assert not isinstance(place, ox.Literal)
        file, iri = _one(store, place, UT + "graph"), _text(store, place, LABEL)
        assert file is not None
        assert iri is not None
        graphs.append((iri, path_of(file)))
    connection = _one(store, entry, MF + "action")
    assert isinstance(connection, ox.BlankNode)
    (requests,) = objects(store, connection, HT + "requests")
    members = [m for m in listed(store, requests) if not isinstance(m, ox.Literal)]
    return Exchange(
        entry.value.rpartition("#")[2], tuple(sorted(graphs)), tuple(_request(store, member) for member in members)
    )


def _request(store: ox.Store, node: Node) -> Request:
    path = _text(store, node, HT + "absolutePath")
    assert path is not None
    assert path.startswith("/sparql/")
    headers = []
    for head in objects(store, node, HT + "headers"):
        for field in listed(store, head):
            assert isinstance(field, ox.BlankNode)
            headers.append((_text(store, field, HT + "fieldName") or "", _text(store, field, HT + "fieldValue") or ""))
    content = _one(store, node, HT + "body")
    body = None
    if isinstance(content, ox.BlankNode):
        body = (_text(store, content, CNT + "chars") or "").encode(
            _text(store, content, CNT + "characterEncoding") or ""
        )
    response = _one(store, node, HT + "resp")
    assert isinstance(response, ox.BlankNode)
    boolean = _text(store, response, MF + "expectedBoolean")
    return Request(
        _text(store, node, HT + "methodName") or "",
        path.removeprefix("/sparql/"),
        tuple(headers),
        body,
        frozenset(s.value.rpartition("StatusCode")[2] for s in objects(store, response, MF + "expectedStatus")),
        None if boolean is None else boolean == "true",
        _text(store, response, MF + "expectedFormat"),
    )


def send(port: int, request: Request) -> Reply:
    """Sends exactly what the case says: no header of our own but Host, Content-Length and Connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(request.method, f"/sparql{request.path}", skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body is not None:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def disagreement(request: Request, reply: Reply) -> str | None:
    """What a reply lacks of what the case asks; None when nothing."""
    if f"{reply.status // 100}xx" not in request.statuses:
        return f"{reply.status} instead of {sorted(request.statuses)}: {reply.body[:300]!r}"
    if request.format is not None and reply.media_type not in FORMATS[request.format]:
        return f"{reply.media_type} is not {request.format}"
    if request.boolean is not None and json.loads(reply.body)["boolean"] != request.boolean:
        return f"{request.boolean} expected: {reply.body!r}"
    return None
